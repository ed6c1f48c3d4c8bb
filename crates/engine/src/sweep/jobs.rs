//! One order or cancellation of an account, from its begin to its end.

use std::time::Duration;

use duka_core::cancel::{Outcome, SkipReason};
use duka_core::gateway::{Eligibility, GatewayExt};
use duka_core::{CancellationId, Error, ErrorKind, Money, OrderStatus, State};
use jiff::Timestamp;

use super::bounds::{Bounds, Mode};
use super::breaker::Remedy;
use super::context::Context;
use super::disposition::{Disposition, LeaveReason, PlannedAction, Shown, Superseded};
use super::events::{Plan, SweepEvent};
use crate::amount::AmountDifference;
use crate::driver::{CancelOutcome, Canceller, is_hopeless};
use crate::error::EngineError;
use crate::lease::after;
use crate::order::{OrderKey, TrackedOrder};
use crate::record::{Record, Request};
use crate::store::{Condition, NewCancellation, OpenResult};

/// What another worker holds is asked of the store again after this at the earliest.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What an account is asked to do.
pub(super) enum Job {
    /// To cancel an order, or in a dry run to say what would be done. Where nothing is to be sent,
    /// to read it.
    Cancel(Box<Abandoned>),
    /// To read again what was reported before.
    Recheck(Box<Record>),
    /// To read again what waits for a person.
    Review(Box<Record>),
}

/// An order that may be abandoned.
pub(super) struct Abandoned {
    pub(super) order: TrackedOrder,
    /// Its amount by the list, which may not be the one it is tracked with.
    pub(super) listed: Option<Money>,
    /// The newer attempt for its shop order that is paid, if it is cancelled for that.
    pub(super) superseded_by: Option<OrderKey>,
}

impl Canceller {
    /// What a sweep within these bounds would do about a tracked order now, and why. The status
    /// is read; nothing is stored or sent. Where what is tracked decides already, a gateway
    /// that gives no reading does no harm.
    ///
    /// # Errors
    /// When the account is not configured, or at another gateway now, or the gateway gives no
    /// reading.
    pub async fn plan(&self, order: &TrackedOrder, bounds: &Bounds) -> Result<Plan, EngineError> {
        let (plan, _) = planned(self, order, None, bounds).await?;
        Ok(plan)
    }
}

/// How a job ended.
#[derive(Default)]
pub(super) struct Ended {
    /// What the last call of its gateway gave; `None` if it says nothing of the account.
    pub(super) call: Option<Result<(), Error>>,
    /// The cancellation, if it is to be looked at again.
    pub(super) unsettled: Option<(CancellationId, Unsettled)>,
    /// The order, if its gateway does not know it.
    pub(super) unknown: Option<OrderKey>,
}

/// A cancellation that this sweep may look at again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unsettled {
    /// When.
    pub(super) due_at: Timestamp,
    /// What would help it when this sweep last worked on it, if it has.
    pub(super) remedy: Option<Remedy>,
    /// Whether it has been counted as considered.
    pub(super) counted: bool,
}

impl Job {
    pub(super) fn key(&self) -> &OrderKey {
        match self {
            Self::Cancel(work) => &work.order.key,
            Self::Recheck(record) | Self::Review(record) => &record.key,
        }
    }

    pub(super) async fn run(self, context: &Context<'_>) -> Ended {
        match (self, context.bounds.mode) {
            (Self::Cancel(work), Mode::Act) => cancel(context, &work).await,
            (Self::Cancel(work), Mode::DryRun) => plan(context, *work).await,
            (Self::Cancel(work), Mode::Reconcile) => reconcile(context, &work).await,
            (Self::Recheck(record), _) => recheck(context, &record).await,
            (Self::Review(record), _) => review(context, &record).await,
        }
    }
}

impl Ended {
    fn with_call(error: Option<Error>) -> Self {
        Self {
            call: Some(error.map_or(Ok(()), Err)),
            ..Self::default()
        }
    }

    /// A read of an order that nothing was sent for.
    fn read(key: &OrderKey, error: Option<Error>) -> Self {
        let unknown = error.as_ref().is_some_and(is_not_known);
        Self {
            unknown: unknown.then(|| key.clone()),
            ..Self::with_call(error)
        }
    }

    /// A cancellation that this worker has worked on, to be looked at again or reported.
    fn worked(context: &Context<'_>, outcome: CancelOutcome) -> Self {
        let CancelOutcome { record, error, .. } = outcome;
        let remedy = match &error {
            Some(error) if is_hopeless(error) => Remedy::FixSettings,
            Some(_) | None => Remedy::LaterSweep,
        };
        let mut ended = if record.progress.requests == 0 {
            Self::read(&record.key, error)
        } else {
            Self::with_call(error)
        };
        match record.due_at {
            Some(due_at) => {
                let unsettled = Unsettled {
                    due_at,
                    remedy: Some(remedy),
                    counted: true,
                };
                ended.unsettled = Some((record.id, unsettled));
            }
            None => context.finish(&record, remedy),
        }
        ended
    }
}

/// Goes on with a cancellation that is due.
pub(super) async fn settle(context: &Context<'_>, record: Record, known: Unsettled) -> Ended {
    let canceller = context.canceller;
    if !known.counted {
        context.considered();
    }
    if nothing_was_sent(&record) && context.bounds.mode == Mode::Reconcile {
        // Another worker has taken its request back since: it is for a sweep that sends.
        context.summary().skipped += 1;
        return Ended::default();
    }
    let worked = canceller.claim_and_work(&record).await;
    note_payment(context, &record.key, known_paid(&record)).await;
    match worked {
        Ok(Some(outcome)) => Ended::worked(context, outcome),
        // Another worker was faster.
        Ok(None) => {
            let soon = context.now().checked_add(ASK_AGAIN);
            let unsettled = Unsettled {
                due_at: soon.unwrap_or(known.due_at),
                counted: true,
                ..known
            };
            Ended {
                unsettled: Some((record.id, unsettled)),
                ..Ended::default()
            }
        }
        Err(error) => {
            context.failed(&record.key, &error);
            Ended::default()
        }
    }
}

/// Whether an open cancellation has never sent a request: nothing of it is in doubt.
pub(super) fn nothing_was_sent(record: &Record) -> bool {
    record.progress.state == State::Requested && record.progress.requests == 0
}

/// Reads an order, and stores and reports what its status shows.
async fn reconcile(context: &Context<'_>, work: &Abandoned) -> Ended {
    context.considered();
    let (canceller, key) = (context.canceller, &work.order.key);
    let reading = match canceller.status(key).await {
        Ok((reading, _)) => reading,
        Err(EngineError::Gateway(error)) if error.kind() == ErrorKind::NotFound => {
            leave(context, &work.order, LeaveReason::NotFound);
            return Ended::read(key, Some(error));
        }
        Err(error) => return failed_read(context, key, error),
    };
    let (listed, tracked) = (work.listed, work.order.money);
    if !reading.status.was_paid() {
        context.amount_read(listed.or(tracked), reading.money);
        context.summary().skipped += 1;
        return Ended::with_call(None);
    }
    let check = canceller.settings.amount_check;
    let differs = AmountDifference::between(check, listed, tracked, reading.money);
    let ended = match finish_found(context, key).await {
        Ok(true) => Ended::with_call(None),
        Ok(false) if differs.is_some() => record_payment(context, work).await,
        Ok(false) => {
            context.amount_read(listed.or(tracked), reading.money);
            context.summary().not_cancelled += 1;
            Ended::with_call(None)
        }
        Err(error) => {
            context.failed(key, &error);
            return Ended::default();
        }
    };
    note_payment(context, key, work.order.was_paid()).await;
    ended
}

/// Reports what the store has found by itself in a payment of this order; `false` if it has
/// found nothing.
async fn finish_found(context: &Context<'_>, key: &OrderKey) -> Result<bool, EngineError> {
    let records = context.canceller.store.cancellations_of(key).await?;
    let found = records.into_iter().rfind(|record| {
        record.progress.finding.is_some() && record.progress.state.outcome().is_some()
    });
    if let Some(record) = &found {
        context.finish(record, Remedy::LaterSweep);
    }
    Ok(found.is_some())
}

/// Opens a cancellation of an order that was seen paid with another amount than a list's, which
/// the store does not know: it ends at once, and is the record that the finding belongs to.
async fn record_payment(context: &Context<'_>, work: &Abandoned) -> Ended {
    let (canceller, request) = (context.canceller, context.request.clone());
    let begun = match canceller.canonical(&work.order.key) {
        Ok(key) => {
            let always = Condition::Always;
            begin(
                canceller,
                canceller.asked(key, request, work.listed, None, always),
            )
            .await
        }
        Err(error) => Err(error),
    };
    match begun {
        Ok(Some(outcome)) => Ended::worked(context, outcome),
        // Its own worker has the payment before it.
        Ok(None) => {
            context.summary().not_cancelled += 1;
            Ended::with_call(None)
        }
        Err(error) => {
            context.failed(&work.order.key, &error);
            Ended::default()
        }
    }
}

/// Starts a cancellation and takes it as far as it goes without waiting; `None` if there is one
/// already, or another worker has dealt with the order meanwhile.
async fn begin(
    canceller: &Canceller,
    asked: NewCancellation,
) -> Result<Option<CancelOutcome>, EngineError> {
    let key = asked.key.clone();
    let work = |worker: Canceller| async move {
        match worker.store.open(asked).await? {
            OpenResult::New(record) => worker.carry_out(record).await.map(Some),
            OpenResult::AlreadyOpen(_) | OpenResult::Stale => Ok(None),
        }
    };
    canceller.detached(key, work).await
}

/// Reports an order that is paid and was not known as paid, if the sweep is to find such orders.
async fn note_payment(context: &Context<'_>, key: &OrderKey, known: bool) {
    if known || context.bounds.mode != Mode::Reconcile {
        return;
    }
    let Ok(key) = context.canceller.canonical(key) else {
        return;
    };
    match context.canceller.store.order(&key).await {
        Ok(Some(order)) if order.was_paid() => {
            context.summary().newly_paid += 1;
            context.emit(SweepEvent::NewlyPaid(&order));
        }
        Ok(_) => {}
        Err(error) => context.end_with(error.into()),
    }
}

fn known_paid(record: &Record) -> bool {
    let seen = record.terms.seen.as_ref();
    seen.is_some_and(|seen| seen.status.was_paid())
}

/// Reads again an order that had failed when a sweep last saw it, where its gateway cannot
/// cancel it: it may be paid by now. It has a record that says so, and gets no other while that is
/// all there is to say. `None` where it is an order like any other.
async fn look_if_failed(context: &Context<'_>, order: &TrackedOrder) -> Option<Ended> {
    let (canceller, key) = (context.canceller, &order.key);
    let seen = order.seen.as_ref()?;
    let gateway = canceller.gateway(&key.account).ok()?;
    if seen.status != OrderStatus::Failed || gateway.cancel_rules().is_eligible(&seen.status) {
        return None;
    }
    let until = after(seen.observed_at, context.bounds.effective_grace());
    if until > context.now() {
        return Some(leave(context, order, LeaveReason::RecentAction { until }));
    }
    match canceller.status(key).await {
        Ok((reading, _)) if reading.status.was_paid() => match finish_found(context, key).await {
            Ok(true) => {}
            Ok(false) => drop(leave(context, order, LeaveReason::Failed)),
            Err(error) => return Some(failed_call(context, key, error)),
        },
        Ok((reading, _)) if reading.status == OrderStatus::Failed => {
            leave(context, order, LeaveReason::Failed);
        }
        Ok(_) => return None,
        Err(error) => return Some(failed_call(context, key, error)),
    }
    Some(Ended::with_call(None))
}

/// Reads again an order that its gateway did not know when a sweep last asked. It has a record that
/// says so, and gets no other while the answer is the same. `None` where it is an order like any
/// other.
async fn look_if_unknown(context: &Context<'_>, order: &TrackedOrder) -> Option<Ended> {
    let canceller = context.canceller;
    order.last_action_at?;
    let key = canceller.canonical(&order.key).ok()?;
    let record = match canceller.store.cancellations_of(&key).await {
        Ok(mut records) => records.pop()?,
        Err(error) => return Some(failed_call(context, &key, error.into())),
    };
    let State::Done(Outcome::Skipped(SkipReason::NotFound | SkipReason::StatusUnreadable)) =
        record.progress.state
    else {
        return None;
    };
    match canceller.status(&key).await {
        Ok(_) => None,
        Err(EngineError::Gateway(error)) if is_not_known(&error) => {
            context.finish(&record, Remedy::LaterSweep);
            Some(Ended::read(&key, Some(error)))
        }
        Err(error) => Some(failed_call(context, &key, error)),
    }
}

/// Leaves an order alone for a reason that no rule has given.
fn leave(context: &Context<'_>, order: &TrackedOrder, reason: LeaveReason) -> Ended {
    let action = PlannedAction::Leave(reason);
    context.leave(order, Disposition { rule: None, action });
    Ended::default()
}

async fn cancel(context: &Context<'_>, work: &Abandoned) -> Ended {
    context.considered();
    let key = &work.order.key;
    if let Some(ended) = look_if_failed(context, &work.order).await {
        return ended;
    }
    if let Some(ended) = look_if_unknown(context, &work.order).await {
        return ended;
    }
    match open_and_work(context, work).await {
        Ok(Some(outcome)) => Ended::worked(context, outcome),
        // Another worker was faster, or a list names it twice.
        Ok(None) => leave(context, &work.order, LeaveReason::InProgress),
        Err(error) => {
            context.failed(key, &error);
            Ended::default()
        }
    }
}

/// Starts a cancellation and takes it as far as it goes without waiting; `None` if another worker
/// has dealt with the order meanwhile.
async fn open_and_work(
    context: &Context<'_>,
    work: &Abandoned,
) -> Result<Option<CancelOutcome>, EngineError> {
    let Abandoned {
        order,
        listed,
        superseded_by,
    } = work;
    let canceller = context.canceller;
    // What this worker cannot carry out it does not begin.
    canceller.check_gateway(&order.key, &order.gateway)?;
    let key = canceller.canonical(&order.key)?;
    if key.order.as_str() != order.key.order.as_str() {
        // Tracked under another form of its id, it would get a record, and a request, of its
        // own.
        let order = TrackedOrder {
            key: key.clone(),
            ..order.clone()
        };
        canceller.store.track(vec![order]).await?;
    }
    let since = order.last_action_at;
    let unmodified = Condition::IfUnmodifiedSince { since };
    let mut request: Request = context.request.clone();
    if let Some(newer) = superseded_by {
        request.reason = Some(format!(
            "order {} for the same shop order is paid",
            newer.order
        ));
    }
    let min_age = Some(context.bounds.processing_min_age);
    let asked = canceller.asked(key, request, *listed, min_age, unmodified);
    begin(canceller, asked).await
}

async fn plan(context: &Context<'_>, work: Abandoned) -> Ended {
    context.considered();
    let Abandoned { order, listed, .. } = work;
    match planned(context.canceller, &order, listed, context.bounds).await {
        Ok((plan, not_found)) => {
            if let Some(reading) = &plan.reading {
                context.amount_read(plan.money, reading.money);
            }
            let mut summary = context.summary();
            match plan.disposition.action {
                PlannedAction::Cancel => summary.eligible += 1,
                PlannedAction::Leave(_) => summary.skipped += 1,
            }
            drop(summary);
            context.emit(SweepEvent::Plan(&plan));
            Ended::read(&order.key, not_found)
        }
        Err(error) => failed_read(context, &order.key, error),
    }
}

/// What a sweep within these bounds would do about an order, with the error of a gateway that
/// does not know it. A gateway that gives no reading is an error only where its word decides.
async fn planned(
    canceller: &Canceller,
    order: &TrackedOrder,
    listed: Option<Money>,
    bounds: &Bounds,
) -> Result<(Plan, Option<Error>), EngineError> {
    let now = canceller.clock.now();
    let superseded_by = newer_paid(canceller, order).await?;
    let superseded = match superseded_by {
        Some(_) => Superseded::Yes,
        None => Superseded::No,
    };
    let disposition = |shown| Disposition::of(order, superseded, shown, bounds, now);
    let plan = |reading, disposition| Plan {
        key: order.key.clone(),
        gateway: order.gateway.clone(),
        reference: order.reference.clone(),
        shop_order: order.shop_order.clone(),
        money: listed.or(order.money),
        reading,
        superseded_by: superseded_by.clone(),
        disposition,
        hold: order.hold.clone(),
    };
    canceller.check_gateway(&order.key, &order.gateway)?;
    let gateway = canceller.gateway(&order.key.account)?;
    let seen = match gateway.eligibility(&order.key.order).await {
        Ok(seen) => seen,
        // A sweep would send nothing for an order that its gateway does not know.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok((plan(None, disposition(Shown::NotFound)), Some(error)));
        }
        Err(error) => {
            let without = disposition(Shown::NotAsked);
            return match without.action {
                PlannedAction::Cancel => Err(EngineError::Gateway(error)),
                PlannedAction::Leave(_) => Ok((plan(None, without), Some(error))),
            };
        }
    };
    let (Eligibility::Eligible(reading) | Eligibility::NotEligible(reading)) = &seen;
    let check = canceller.settings.amount_check;
    let differs = AmountDifference::between(check, listed, order.money, reading.money);
    let disposition = disposition(Shown::Status(&seen, differs));
    Ok((plan(Some(reading.clone()), disposition), None))
}

/// The newer attempt for the order's shop order that is paid.
pub(super) async fn newer_paid(
    canceller: &Canceller,
    order: &TrackedOrder,
) -> Result<Option<OrderKey>, EngineError> {
    let Some(shop_order) = &order.shop_order else {
        return Ok(None);
    };
    let account = &order.key.account;
    let attempts = canceller.store.attempts(account, shop_order).await?;
    let newer = attempts
        .into_iter()
        .find(|it| it.key != order.key && it.created_at >= order.created_at && it.is_paid());
    Ok(newer.map(|it| it.key))
}

/// Reads a status again; only what it changes is reported.
async fn recheck(context: &Context<'_>, record: &Record) -> Ended {
    if let Err(error) = context.canceller.status(&record.key).await {
        context.considered();
        return failed_call(context, &record.key, error);
    }
    note_payment(context, &record.key, known_paid(record)).await;
    let now = context.canceller.store.cancellation(record.id).await;
    let found = |it: &Record| (it.progress.finding, it.progress.state);
    if let Ok(Some(now)) = now
        && found(&now) != found(record)
    {
        context.considered();
        context.finish(&now, Remedy::LaterSweep);
    }
    Ended::with_call(None)
}

/// Whether a gateway does not know the order that it was asked about, or refuses to tell of it, as
/// Pesapal may of an id that it does not know: no recorded reply shows which it is.
fn is_not_known(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Rejected)
}

fn failed_read(context: &Context<'_>, key: &OrderKey, error: EngineError) -> Ended {
    let ended = failed_call(context, key, error);
    let not_known = matches!(&ended.call, Some(Err(error)) if is_not_known(error));
    Ended {
        unknown: not_known.then(|| key.clone()),
        ..ended
    }
}

fn failed_call(context: &Context<'_>, key: &OrderKey, error: EngineError) -> Ended {
    context.failed(key, &error);
    let EngineError::Gateway(error) = error else {
        return Ended::default();
    };
    Ended::with_call(Some(error))
}

/// Reads again what waits for a person: a status may have become clear meanwhile, and where a
/// repeat is harmless the work goes on by itself. Only what is found is reported and counted;
/// a read that fails is no error of the sweep.
async fn review(context: &Context<'_>, record: &Record) -> Ended {
    let canceller = context.canceller;
    let worked = canceller.claim_and_work(record).await;
    note_payment(context, &record.key, known_paid(record)).await;
    match worked {
        // A person has decided, or another worker is reading it.
        Ok(None) => Ended::default(),
        Ok(Some(outcome)) if outcome.record.progress.state == record.progress.state => {
            Ended::with_call(outcome.error)
        }
        Ok(Some(outcome)) => {
            context.considered();
            Ended::worked(context, outcome)
        }
        Err(error) => {
            context.considered();
            context.failed(&record.key, &error);
            Ended::default()
        }
    }
}
