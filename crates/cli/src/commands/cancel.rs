//! `duka cancel`: one safe cancellation, through the store.

use std::fmt;
use std::time::Duration;

use duka_core::cancel::SkipReason;
use duka_core::{Outcome, State};
use duka_engine::{
    AmountCheck, CancelOutcome, Canceller, OrderKey, Record, Request, Store, StoreError,
    TrackedOrder,
};

use crate::args::CancelArgs;
use crate::bound::{Bound, End, LOOK_EVERY, Left, Work};
use crate::context::{Absent, Context};
use crate::failure::{Exit, Failure, exit_of_read};
use crate::output::{colorize, print_error};
use crate::views::CancellationView;

const WHAT: &str = "cancel the order";

pub(crate) async fn run(args: CancelArgs, context: &Context) -> Result<Exit, Failure> {
    let mut config = context.config()?;
    if args.no_amount_check {
        config.amount_check = AmountCheck::Ignore;
    }
    let request = Request {
        reason: args.reason,
        actor: super::actor(args.actor)?,
    };
    let bound = context.bound(&config, args.bound.give_up_after);
    let failed = |error| Failure::engine(WHAT, &error);
    let (canceller, order, key, earlier) = bound
        .read(WHAT, async {
            let canceller = context.canceller(&config, Absent::Make).await?;
            let store = super::store_of(&canceller);
            let order = super::find_order(&args.order.order, context, &config, store).await?;
            let key = canceller.canonical(&order.key).map_err(failed)?;
            let earlier = store.cancellations_of(&key).await;
            let earlier = earlier.map_err(|error| Failure::store(WHAT, &error))?;
            Ok((canceller, order, key, earlier))
        })
        .await?;
    let bound = bound.plus(args.wait);
    bound.begin(WHAT).await?;
    let asked = Asked {
        order,
        request,
        wait: args.wait,
    };
    print(
        &carry_out(&canceller, asked, &key, &earlier, &bound).await?,
        context,
    )
}

/// What is asked of the engine.
pub(super) struct Asked {
    pub(super) order: TrackedOrder,
    pub(super) request: Request,
    pub(super) wait: Duration,
}

/// Cancels an order, of which there were these cancellations before, and waits as long as the
/// bound allows.
pub(super) async fn carry_out(
    canceller: &Canceller,
    asked: Asked,
    key: &OrderKey,
    earlier: &[Record],
    bound: &Bound,
) -> Result<CancelOutcome, Failure> {
    let mut work = Work::start({
        let canceller = canceller.clone();
        async move {
            canceller
                .cancel(asked.order, asked.request, asked.wait)
                .await
        }
    })?;
    let handled = match bound.within(work.done()).await {
        Ok(done) => done.map_err(|_| unclear("it was cut off", key))?,
        Err(end) => {
            let store = super::store_of(canceller);
            let (rest, look) = (at_rest(store, key), left_behind(store, key, earlier));
            match bound.leave(end, work, rest, look).await {
                Left::Done(done) => done,
                Left::Record(record) => {
                    print_error(&left_said(end, &record));
                    // The worker that holds it is this command's own.
                    let worker = None;
                    Ok(CancelOutcome {
                        record: Record { worker, ..record },
                        error: None,
                        cancelled_before: false,
                    })
                }
                Left::Nothing => {
                    let problem = format!("failed to {WHAT}: {end}; nothing was sent");
                    return Err(Failure::failed(problem));
                }
                Left::Unreadable => return Err(unclear(end, key)),
            }
        }
    };
    handled.map_err(|error| Failure::engine(WHAT, &error))
}

/// Returns once no request to cancel this order is on its way.
async fn at_rest(store: &dyn Store, key: &OrderKey) {
    loop {
        let records = store.cancellations_of(key).await;
        // If the store cannot be read, a request may be on its way.
        let sending = |record: &Record| record.progress.state == State::Sending;
        if records.is_ok_and(|records| !records.iter().any(sending)) {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The cancellation that the command worked on: the open one, or one that was not there before.
async fn left_behind(
    store: &dyn Store,
    key: &OrderKey,
    earlier: &[Record],
) -> Result<Option<Record>, StoreError> {
    // A read on the writing connection, so that it sees writes that were waiting.
    store.check().await?;
    let mut records = store.cancellations_of(key).await?;
    records.retain(|record| {
        let is_open = record.progress.state.outcome().is_none();
        is_open || earlier.iter().all(|known| known.id != record.id)
    });
    Ok(records.pop())
}

fn left_said(end: End, record: &Record) -> String {
    let (key, id) = (&record.key, record.id);
    match record.progress.state {
        State::Sending => format!(
            "{end} while a request to cancel {key} was on its way; whether it is cancelled is not known, and cancellation {id} says so"
        ),
        State::Requested => {
            format!("{end} before a request to cancel {key} was sent; cancellation {id} stays open")
        }
        State::Accepted | State::Refused | State::InDoubt | State::NeedsReview => format!(
            "{end} before it was known what came of the request to cancel {key}; cancellation {id} stays open"
        ),
        State::Done(_) => format!("{end}; cancellation {id} of {key} had ended by then"),
    }
}

/// What may have been sent is in the store, if anything was.
fn unclear(why: impl fmt::Display, key: &OrderKey) -> Failure {
    Failure::unknown(format!(
        "failed to {WHAT}: {why}, and how far it came could not be read from the store; see `duka show {}`",
        key.order
    ))
}

fn print(handled: &CancelOutcome, context: &Context) -> Result<Exit, Failure> {
    let mut view = CancellationView::from(&handled.record);
    if handled.cancelled_before {
        view.outcome = Some("already_cancelled");
        let record = &handled.record;
        // What was decided without a request has no other time.
        let at = record.progress.sent_at.unwrap_or(record.updated_at);
        let id = record.id;
        view.message = Some(format!("already cancelled ({id}, {at})"));
    }
    if context.output.is_json() {
        context.output.json(&view)?;
    } else {
        context.output.line(&format!(
            "{}  {}  {}",
            handled.record.key,
            colorize(view.finding.unwrap_or_else(|| view.standing())),
            view.said()
        ))?;
        if let Some(advice) = advice(&handled.record) {
            context.output.print_note(advice);
        }
    }
    if let Some(said) = in_hand(&handled.record) {
        context.output.print_note(&said);
    }
    let exit = exit_of(handled);
    match exit {
        // A script may read stderr alone, and the record is on stdout.
        Exit::Failed | Exit::Usage if context.output.is_json() => print_error(&view.said()),
        Exit::Done | Exit::Failed | Exit::Usage | Exit::Refused | Exit::Unknown => {}
    }
    Ok(exit)
}

/// Who is at it, where another worker is.
fn in_hand(record: &Record) -> Option<String> {
    let (worker, until) = (record.worker.as_ref()?, record.due_at?);
    Some(format!(
        "worker {worker} is at it, and holds it until {until} at the latest; a longer --wait waits for what comes of it"
    ))
}

fn advice(record: &Record) -> Option<&'static str> {
    match record.progress.state {
        State::Requested | State::Sending | State::Accepted | State::Refused | State::InDoubt => {
            Some("not settled yet; run `duka sweep` (or this command again) to go on")
        }
        State::NeedsReview => Some(
            "look the order up at the gateway's dashboard, then record what you found with `duka resolve`",
        ),
        State::Done(_) if record.progress.finding.is_some() => {
            Some("`duka pending` lists it until a person has acknowledged it with `duka resolve`")
        }
        State::Done(_) => None,
    }
}

pub(super) fn exit_of(handled: &CancelOutcome) -> Exit {
    match handled.record.progress.state {
        State::Requested if handled.record.worker.is_some() => Exit::Unknown,
        State::Requested => handled.error.as_ref().map_or(Exit::Failed, exit_of_read),
        State::Sending | State::Accepted | State::Refused | State::InDoubt | State::NeedsReview => {
            Exit::Unknown
        }
        State::Done(outcome) => match outcome {
            Outcome::Confirmed | Outcome::ResolvedCancelled => Exit::Done,
            Outcome::NotCancelledPaid
            | Outcome::NotCancelledFinal
            | Outcome::Refused
            | Outcome::ResolvedNotCancelled
            | Outcome::Skipped(
                SkipReason::NotEligible
                | SkipReason::NotFound
                | SkipReason::AlreadySubmitted
                | SkipReason::AmountDiffers
                | SkipReason::Held,
            ) => Exit::Refused,
            Outcome::Skipped(SkipReason::StatusUnreadable | SkipReason::CouldNotSend) => {
                Exit::Failed
            }
        },
    }
}
