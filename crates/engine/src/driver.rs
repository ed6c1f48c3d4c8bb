//! Carries out what the rules say: it stores first, acts second, and trusts only what it
//! has read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use duka_core::cancel::{
    self, Action, Cancellable, Event, Outcome, RequestUsed, ShowsCancelled, SkipReason, State, Step,
};
use duka_core::clock::SharedClock;
use duka_core::{
    AccountName, CancelAnswer, CancellationId, Error, ErrorKind, Gateway, GatewayName, Money,
    Observation, OrderStatus, StatusReading,
};
use jiff::Timestamp;
use tracing::{info, trace, warn};
use uuid::Uuid;

pub(crate) use self::transition::{Transition, is_hopeless};
use self::transition::{answers, precondition};
use crate::amount;
use crate::call::{FailedRequest, call};
use crate::deadline::Deadline;
use crate::error::{EngineError, RequestKind};
use crate::message;
use crate::order::{OrderKey, TrackedOrder};
use crate::record::{Record, Request, new_id, tracking_after};
use crate::settings::Settings;
use crate::store::{
    Attempt, Change, Claim, Condition, Entry, NewCancellation, Obstacle, OpenResult, Schedule,
    Store, StoreError, StoreErrorKind, Update,
};
use crate::task::detached;
use crate::write::{Decision, Reason, Swapped, compare_and_swap, retry_until_lease_ends};

mod transition;

/// The least time from one look at a cancellation that is waited for to the next.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// A record after a worker has worked on it.
#[derive(Debug)]
pub struct CancelOutcome {
    /// As it stands in the store.
    pub record: Record,
    /// What the gateway's last failure was, if one stopped the work.
    pub error: Option<Error>,
    /// Whether this worker or another had cancelled the order before; then nothing was begun, and
    /// the record is the one of that cancellation.
    pub cancelled_before: bool,
}

impl CancelOutcome {
    fn worked(record: Record, error: Option<Error>) -> Self {
        Self {
            record,
            error,
            cancelled_before: false,
        }
    }

    fn of_earlier(record: Record) -> Self {
        Self {
            cancelled_before: true,
            ..Self::worked(record, None)
        }
    }
}

/// Carries out cancellations, one order at a time or many at once.
///
/// Cheap to clone; all clones are one worker.
#[derive(Clone)]
pub struct Canceller {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: SharedClock,
    pub(crate) settings: Arc<Settings>,
    gateways: Arc<BTreeMap<AccountName, Arc<dyn Gateway>>>,
    requests: Requests,
}

/// Whether a worker sends requests to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Requests {
    Sent,
    Withheld,
}

/// Names only the accounts: an adapter of another crate could print a secret.
impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller")
            .field("store", &self.store)
            .field("accounts", &self.accounts())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

enum NextStep {
    VerifyStatus,
    SendRequest,
    /// The worker before us left the record while a request was on its way.
    RecoverLease,
}

enum ApplyResult {
    Held(Record, Action),
    Lost(Record),
}

impl Canceller {
    /// A worker on this store, for these accounts.
    pub fn new(
        store: Arc<dyn Store>,
        gateways: BTreeMap<AccountName, Arc<dyn Gateway>>,
        clock: SharedClock,
        settings: Settings,
    ) -> Self {
        Self {
            store,
            clock,
            settings: Arc::new(settings),
            gateways: Arc::new(gateways),
            requests: Requests::Sent,
        }
    }

    /// The same worker, but that it sends no request to cancel: it works on each order as if it
    /// were held.
    pub(crate) fn reading_only(&self) -> Self {
        Self {
            requests: Requests::Withheld,
            ..self.clone()
        }
    }

    /// The store it works on.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The gateway of an account.
    ///
    /// # Errors
    /// When no such account is configured.
    pub fn gateway(&self, account: &AccountName) -> Result<&Arc<dyn Gateway>, EngineError> {
        self.gateways
            .get(account)
            .ok_or_else(|| EngineError::UnknownAccount(account.clone()))
    }

    /// The accounts it works for.
    pub fn accounts(&self) -> Vec<AccountName> {
        self.gateways.keys().cloned().collect()
    }

    /// The key under which an order is kept, however its id was written.
    ///
    /// # Errors
    /// When its account is not configured.
    pub fn canonical(&self, key: &OrderKey) -> Result<OrderKey, EngineError> {
        let order = self.gateway(&key.account)?.canonical_order(&key.order);
        Ok(OrderKey::new(key.account.clone(), order))
    }

    /// Cancels one order: reads its status, and if the rules allow it, stores the intent,
    /// sends one request and verifies what came of it. If a cancellation of it is open
    /// already, goes on with that one.
    ///
    /// An order that is not tracked yet is tracked from here on, once its gateway has shown its
    /// status. If the gateway does not know the order or does not answer, nothing is stored or
    /// sent, so that an order that gets this id later starts with a new record.
    ///
    /// Where an amount is known, in `order` or in the store, and the gateway shows another,
    /// nothing is sent; see [`AmountCheck`](crate::AmountCheck).
    ///
    /// An order that is cancelled already, by a record of the store and as far as its status can
    /// show, is left as it is ([`CancelOutcome::cancelled_before`]).
    ///
    /// An order that is held is refused. A hold that comes later, while the cancellation is open,
    /// keeps every request from leaving that was not stored before it.
    ///
    /// Returns when it is over or needs a person, or when nothing is to be done before
    /// `wait` has passed; then a later call or sweep goes on.
    ///
    /// Once the cancellation is in the store, dropping the future only stops the wait. What is
    /// under way is done by a task of the tokio runtime, which ends with an answer or at the deadline of the lease, and what
    /// came of it is stored.
    ///
    /// # Errors
    /// When the store fails, the account is not configured, the order is held
    /// ([`EngineError::Held`]), or an order that is not tracked gives no status ([`EngineError::Gateway`]). What else the gateway says, or does not say, is
    /// in the record.
    pub async fn cancel(
        &self,
        order: TrackedOrder,
        request: Request,
        wait: Duration,
    ) -> Result<CancelOutcome, EngineError> {
        let key = self.canonical(&order.key)?;
        let listed_money = match self.store.order(&key).await? {
            Some(known) => {
                self.check_gateway(&key, &known.gateway)?;
                if let Some(hold) = known.hold {
                    let (order, hold) = (key, Box::new(hold));
                    return Err(EngineError::Held { order, hold });
                }
                if let Some(done) = self.cancelled_before(&key).await? {
                    return Ok(done);
                }
                order.money.filter(|money| known.money != Some(*money))
            }
            None => {
                self.check_gateway(&key, &order.gateway)?;
                // Whether it is there; whether it may be cancelled is read again once this
                // cancellation is the only open one.
                let reading = self.gateway(&key.account)?.status(&key.order).await?;
                let money = order.money;
                let order = TrackedOrder {
                    key: key.clone(),
                    ..order
                };
                self.store.track(vec![order]).await?;
                // The next status may lag behind this one, which may show a payment.
                self.observe(&key, self.observation(&reading)).await?;
                money
            }
        };
        let mut asked = self.asked(key.clone(), request, listed_money, None, Condition::Always);
        let handled = self.go_on(asked.clone(), None).await?;
        asked.condition = Condition::IfOpen(handled.record.id);
        let handled = self.wait_for(handled, asked, wait).await?;
        let was_over = matches!(
            handled.record.progress.state,
            State::Done(Outcome::Skipped(
                SkipReason::NotEligible | SkipReason::AlreadySubmitted
            ))
        );
        if !was_over {
            return Ok(handled);
        }
        // Another worker may have cancelled it while this one began.
        match self.cancelled_before(&key).await {
            Ok(Some(done)) => Ok(done),
            Ok(None) | Err(_) => Ok(handled),
        }
    }

    /// The cancellation by which the order is cancelled already, if its status does not say
    /// otherwise now.
    async fn cancelled_before(&self, key: &OrderKey) -> Result<Option<CancelOutcome>, EngineError> {
        let mut records = self.store.cancellations_of(key).await?;
        records.retain(|it| !matches!(it.progress.state, State::Done(Outcome::Skipped(_))));
        let Some(last) = records.pop().filter(is_cancelled) else {
            return Ok(None);
        };
        // A payment that is seen now becomes the finding of that record.
        let reading = match self.status(key).await {
            Ok((reading, _)) => reading,
            // What the store knows stands until a status says otherwise.
            Err(error) if error.is_of_the_gateway() => {
                return Ok(Some(CancelOutcome::of_earlier(last)));
            }
            Err(error) => return Err(error),
        };
        let shows_cancelled = self.gateway(&key.account)?.cancel_rules().shows_cancelled();
        let stands = match (&reading.status, shows_cancelled) {
            (OrderStatus::Cancelled, _) => true,
            (OrderStatus::Paid | OrderStatus::Reversed, _) | (_, ShowsCancelled::Yes) => false,
            (_, ShowsCancelled::No) => true,
        };
        let last = self.store.cancellation(last.id).await?;
        let last = last.filter(|it| stands && is_cancelled(it));
        Ok(last.map(CancelOutcome::of_earlier))
    }

    /// Goes on with a cancellation whenever it is due, for so long.
    async fn wait_for(
        &self,
        mut handled: CancelOutcome,
        asked: NewCancellation,
        wait: Duration,
    ) -> Result<CancelOutcome, EngineError> {
        let started = tokio::time::Instant::now();
        let mut least = Duration::ZERO;
        while let Some(due_at) = handled.record.due_at {
            // Nothing was looked at, and waiting does not mend credentials or settings. A
            // request that was turned away after its status was read gets one more chance.
            let progress = &handled.record.progress;
            if progress.requests == 0
                && progress.attempts != 1
                && handled.error.as_ref().is_some_and(is_hopeless)
            {
                break;
            }
            // Another worker may be done with it long before its lease ends.
            let in_hand = handled.record.worker.is_some();
            let due_in = self.until(due_at);
            let due_in = if in_hand {
                due_in.min(LEAST_PAUSE)
            } else {
                due_in
            };
            let pause = due_in.max(least);
            // To a worker whose clock is ahead of the store's, every record is due.
            least = LEAST_PAUSE;
            if started.elapsed().saturating_add(pause) > wait {
                break;
            }
            tokio::time::sleep(pause).await;
            handled = self.go_on(asked.clone(), handled.error).await?;
        }
        Ok(handled)
    }

    /// Starts what is asked for, or takes the open cancellation a step further; if another worker
    /// holds that, only reads it again.
    async fn go_on(
        &self,
        asked: NewCancellation,
        error: Option<Error>,
    ) -> Result<CancelOutcome, EngineError> {
        let key = asked.key.clone();
        self.detached(key, |worker| async move {
            worker.open_and_work(asked, error).await
        })
        .await
    }

    async fn open_and_work(
        &self,
        asked: NewCancellation,
        error: Option<Error>,
    ) -> Result<CancelOutcome, EngineError> {
        let record = match self.store.open(asked.clone()).await? {
            OpenResult::New(record) => return self.carry_out(record).await,
            OpenResult::AlreadyOpen(record) => {
                let (terms, listed) = (&record.terms, asked.listed_money);
                // What the caller has to say must be in the record before a request can leave.
                let is_said = terms.with(listed, asked.processing_min_age) == *terms;
                let claimed = if is_said {
                    // The caller asks for it now, so it need not wait until it is due.
                    self.store.claim_one(record.id, self.claim()).await?
                } else {
                    None
                };
                match claimed {
                    Some(record) => return self.carry_out(record).await,
                    None => Some(record),
                }
            }
            OpenResult::Stale => match asked.condition {
                Condition::IfOpen(id) => self.store.cancellation(id).await?,
                Condition::Always | Condition::IfUnmodifiedSince { .. } => None,
            },
        };
        let broken = "the store refused what was asked for without a condition";
        let record = record.ok_or_else(|| StoreError::new(StoreErrorKind::Internal, broken))?;
        Ok(CancelOutcome::worked(record, error))
    }

    /// A cancellation of a tracked order, to be started. The key must be a canonical one.
    pub(crate) fn asked(
        &self,
        key: OrderKey,
        request: Request,
        listed_money: Option<Money>,
        processing_min_age: Option<Duration>,
        condition: Condition,
    ) -> NewCancellation {
        NewCancellation {
            id: CancellationId::from_uuid(self.new_id()),
            key,
            request,
            listed_money,
            processing_min_age,
            claim: self.claim(),
            condition,
        }
    }

    pub(crate) fn claim(&self) -> Claim {
        let settings = &self.settings;
        Claim::new(settings.worker.clone(), settings.lease.get())
    }

    /// A UUID that sorts by the time it was made.
    pub(crate) fn new_id(&self) -> Uuid {
        new_id(self.clock.now())
    }

    /// The time from now until then, at least a millisecond.
    pub(crate) fn until(&self, then: Timestamp) -> Duration {
        let wait = then.duration_since(self.clock.now());
        Duration::try_from(wait)
            .unwrap_or_default()
            .max(Duration::from_millis(1))
    }

    /// Runs `work` on a task of its own: a caller that is dropped must leave neither a record
    /// that is claimed and not worked on, nor a request half made, nor its answer unread.
    pub(crate) async fn detached<T: Send + 'static, W>(
        &self,
        key: OrderKey,
        work: impl FnOnce(Self) -> W,
    ) -> Result<T, EngineError>
    where
        W: Future<Output = Result<T, EngineError>> + Send + 'static,
    {
        let done = detached(work(self.clone())).await;
        done.unwrap_or(Err(EngineError::ShutDown(key)))
    }

    /// Claims a record and takes it as far as it goes without waiting; `None` if another worker
    /// holds it, or it is over.
    pub(crate) async fn claim_and_work(
        &self,
        record: &Record,
    ) -> Result<Option<CancelOutcome>, EngineError> {
        let id = record.id;
        let work = |worker: Self| async move {
            match worker.store.claim_one(id, worker.claim()).await? {
                Some(record) => worker.carry_out(record).await.map(Some),
                None => Ok(None),
            }
        };
        self.detached(record.key.clone(), work).await
    }

    /// Takes a record that this worker has claimed as far as it goes without waiting.
    pub(crate) async fn carry_out(&self, record: Record) -> Result<CancelOutcome, EngineError> {
        self.check_gateway(&record.key, &record.gateway)?;
        let mut record = record;
        let mut next_step = match record.progress.state {
            State::Sending => NextStep::RecoverLease,
            State::Requested
            | State::Accepted
            | State::Refused
            | State::InDoubt
            | State::NeedsReview
            | State::Done(_) => NextStep::VerifyStatus,
        };
        // The lease runs from the last write, and so does the deadline.
        let mut deadline = self.settings.lease.deadline(&self.clock);
        loop {
            let (before, after) = points(&next_step, &record);
            passes(&record, before);
            let transition = match next_step {
                NextStep::VerifyStatus => self.read(&record, &deadline).await?,
                NextStep::SendRequest => self.send(&record, &deadline).await?,
                NextStep::RecoverLease => Transition::new(
                    Event::LeaseLapsed,
                    "the worker that was sending the request stopped without a word",
                ),
            };
            passes(&record, after);
            deadline = self.settings.lease.deadline(&self.clock);
            let result = match record.progress.state {
                State::Sending => self.apply_in_time(&record, &transition).await?,
                State::Requested
                | State::Accepted
                | State::Refused
                | State::InDoubt
                | State::NeedsReview
                | State::Done(_) => self.apply(&record, &transition).await?,
            };
            let (now_mine, action) = match result {
                ApplyResult::Held(record, action) => (record, action),
                ApplyResult::Lost(record) => {
                    warn!(id = %record.id, "another worker has taken over");
                    // It may have ended meanwhile without the payment that we have read.
                    let status = transition.event.status();
                    if status.is_some_and(OrderStatus::was_paid) {
                        let event = transition.event.clone();
                        let shown = Transition::new(event, transition.detail.clone());
                        self.show(record.clone(), &shown).await?;
                    }
                    return Ok(CancelOutcome::worked(record, transition.error));
                }
            };
            record = now_mine;
            // What was written decides whether it is still ours, not a second look at the
            // clock: the write may have taken longer than the pause that it announced.
            let is_mine = record.worker.as_deref() == Some(&self.settings.worker);
            next_step = match action {
                Action::SendRequest if is_mine => NextStep::SendRequest,
                Action::ReadStatus { .. } if is_mine => NextStep::VerifyStatus,
                Action::SendRequest
                | Action::ReadStatus { .. }
                | Action::AskPerson
                | Action::Stop => {
                    info!(
                        id = %record.id,
                        state = record.progress.state.as_str(),
                        outcome = record.progress.state.outcome().map(Outcome::as_str),
                        "released"
                    );
                    return Ok(CancelOutcome::worked(record, transition.error));
                }
            };
        }
    }

    /// Refuses an order of another gateway than its account is configured for now.
    pub(crate) fn check_gateway(
        &self,
        order: &OrderKey,
        tracked_at: &GatewayName,
    ) -> Result<(), EngineError> {
        let configured = self.gateway(&order.account)?.name();
        if configured == *tracked_at {
            return Ok(());
        }
        Err(EngineError::OtherGateway {
            order: order.clone(),
            tracked_at: tracked_at.clone(),
            configured,
        })
    }

    async fn read(&self, record: &Record, deadline: &Deadline) -> Result<Transition, EngineError> {
        let gateway = self.gateway(&record.key.account)?;
        Ok(
            match call(deadline, gateway.status(&record.key.order)).await {
                Ok(reading) => self.observed(record, reading),
                Err(error) => {
                    let event = if error.kind() == ErrorKind::NotFound {
                        Event::OrderNotFound
                    } else {
                        Event::StatusUnreadable
                    };
                    Transition {
                        error: Some(error),
                        ..Transition::new(event, String::new())
                    }
                }
            }
            .with_error_detail("status not read"),
        )
    }

    fn observed(&self, record: &Record, reading: StatusReading) -> Transition {
        let shown = (&reading.status, reading.money, amount::receipt(&reading));
        let (event, mut detail) = amount::observed(self.settings.amount_check, record, shown);
        if let Some(until) = self.processing_until(record)
            && reading.status == OrderStatus::Processing
        {
            detail = format!(
                "{detail}, and while a payment is under way nothing is sent before {until}"
            );
        }
        Transition {
            seen: Some(self.observation(&reading)),
            ..Transition::new(event, detail)
        }
    }

    /// Sends one cancel request. The intent is on disk by now.
    async fn send(&self, record: &Record, deadline: &Deadline) -> Result<Transition, EngineError> {
        let gateway = self.gateway(&record.key.account)?;
        Ok(
            match call(deadline, gateway.cancel(&record.key.order)).await {
                Ok(CancelAnswer::Accepted { message, details }) => {
                    Transition::answered(Event::AnsweredYes, "yes", &message, details)
                }
                Ok(CancelAnswer::Refused { message, details }) => {
                    Transition::answered(Event::AnsweredNo, "no", &message, details)
                }
                Err(error) => {
                    let event = Event::from(FailedRequest::of(&error));
                    Transition {
                        error: Some(error),
                        ..Transition::new(event, String::new())
                    }
                }
            }
            .with_error_detail("cancel request"),
        )
    }

    /// Writes what follows from `transition`.
    ///
    /// A readable answer that comes after the lease was lost is still the best evidence
    /// there is: it is written over the doubt, and the worker that holds the record now gives
    /// way. Where a status or a person has ended the doubt, the end stands, and the answer
    /// goes into the log.
    async fn apply(
        &self,
        record: &Record,
        transition: &Transition,
    ) -> Result<ApplyResult, EngineError> {
        let mut replaced = None;
        let mut last_action = None;
        let mut request_used = None;
        let mut hold = None;
        let decide = |present: &Record, reason: Reason<Obstacle>| {
            match reason {
                Reason::First => {}
                Reason::Conflict if answers(transition, record, present) => {}
                Reason::Conflict => return Ok(Decision::Leave),
                // Another cancellation, under another name of the account, was faster than
                // this one, which began before. The rules know what follows.
                Reason::OnceUsed(_) if last_action == Some(Action::SendRequest) => {
                    request_used = Some(RequestUsed::Yes);
                }
                Reason::OnceUsed(error) => return Err(error.into()),
                // Paid wins over a status that was read before the payment.
                Reason::PreconditionFailed(Obstacle::SeenPaid(status)) => {
                    let detail = format!("seen {status} before; now: {}", transition.detail);
                    replaced = Some(Transition {
                        seen: transition.seen.clone(),
                        ..Transition::new(Event::Observed(status), detail)
                    });
                }
                // Held since the record was read, or under another name of the account.
                Reason::PreconditionFailed(Obstacle::Held(held)) => hold = Some(held),
            }
            let transition = replaced.as_ref().unwrap_or(transition);
            let mut present = present.clone();
            present.terms.hold = present.terms.hold.or(hold.clone());
            present.progress.request_used = request_used.unwrap_or(present.progress.request_used);
            let step = self.step(&present, &transition.event)?;
            if step.action == Action::SendRequest {
                passes(record, "before_intent");
            }
            last_action = Some(step.action);
            let update = self.update(&present, &step, transition)?;
            Ok(Decision::Write(update, step.action))
        };
        let swapped = compare_and_swap(record.clone(), decide, |update| self.store.advance(update));
        match swapped.await? {
            Swapped::Stored(record, action) => Ok(ApplyResult::Held(record, action)),
            Swapped::Left(present) => {
                // Another worker holds the record, but an observation of the order counts.
                if let Some(seen) = &transition.seen {
                    self.observe(&record.key, seen.clone()).await?;
                }
                Ok(ApplyResult::Lost(present))
            }
        }
    }

    /// Writes what came of a request, again and again if it has to.
    async fn apply_in_time(
        &self,
        record: &Record,
        sent: &Transition,
    ) -> Result<ApplyResult, EngineError> {
        let (clock, request) = (&self.clock, RequestKind::Cancel);
        let apply = || self.apply(record, sent);
        retry_until_lease_ends(clock, record, request, &sent.detail, apply).await
    }

    pub(crate) fn step(&self, record: &Record, event: &Event) -> Result<Step, EngineError> {
        let mut rules = Cow::Borrowed(self.gateway(&record.key.account)?.cancel_rules());
        if self.processing_until(record).is_some() {
            rules = Cow::Owned(rules.into_owned().without(Cancellable::Processing));
        }
        if record.terms.hold.is_some() || self.requests == Requests::Withheld {
            rules = Cow::Owned(rules.into_owned().held());
        }
        let wait_policy = &self.settings.wait_policy;
        let now = self.clock.now();
        Ok(cancel::step(
            &record.progress,
            event,
            &rules,
            wait_policy,
            now,
        )?)
    }

    /// The moment before which a payment under way forbids a request, if one could be sent next.
    fn processing_until(&self, record: &Record) -> Option<Timestamp> {
        let may_send = match record.progress.state {
            State::Requested | State::InDoubt | State::NeedsReview => true,
            State::Sending | State::Accepted | State::Refused | State::Done(_) => false,
        };
        let (terms, now) = (&record.terms, self.clock.now());
        let min_age = terms.processing_min_age?;
        let until = terms
            .last_use
            .processing_until(terms.ordered_at, min_age, now);
        (may_send && until > now).then_some(until)
    }

    /// The update that writes `step`.
    pub(crate) fn update(
        &self,
        record: &Record,
        step: &Step,
        transition: &Transition,
    ) -> Result<Update, EngineError> {
        let rules = self.gateway(&record.key.account)?.cancel_rules();
        let now = self.clock.now();
        let schedule = match step.action {
            Action::ReadStatus { not_before } if not_before > now => {
                let pause = not_before.duration_since(now);
                Schedule::Due(Duration::try_from(pause).unwrap_or_default())
            }
            Action::ReadStatus { .. } | Action::SendRequest => Schedule::Hold {
                worker: self.settings.worker.clone(),
                lease: self.settings.lease.get(),
            },
            Action::AskPerson | Action::Stop => Schedule::Never,
        };
        let attempt = match (&transition.event, step.action, record.progress.state) {
            (_, Action::SendRequest, _) => Attempt::Begins(rules.repeat()),
            (Event::NotSent | Event::Unauthenticated, _, State::Sending) => Attempt::TakenBack,
            (_, _, State::Sending) => Attempt::Ended,
            (Event::AnsweredYes | Event::AnsweredNo, _, _) => Attempt::Ended,
            _ => Attempt::Unchanged,
        };
        let worker = &self.settings.worker;
        Ok(Update {
            change: Change {
                id: record.id,
                version: record.version,
                next: step.next.clone(),
                message: Some(message::line(step, &transition.event, &transition.detail)),
                schedule,
                entry: Entry::new(
                    transition.event.as_str(),
                    transition.actor.as_ref().unwrap_or(worker),
                    Some(transition.detail.clone()),
                ),
            },
            seen: transition.seen.clone(),
            amount_check: self.settings.amount_check,
            answered: transition.answered.clone(),
            attempt,
            tracking: tracking_after(&step.next, rules),
            precondition: precondition(record.progress.state, step),
        })
    }

    /// Stores what was seen of an order.
    pub(crate) async fn observe(
        &self,
        key: &OrderKey,
        seen: Observation,
    ) -> Result<(), StoreError> {
        let Settings {
            amount_check,
            worker,
            ..
        } = &*self.settings;
        self.store.observe(key, seen, *amount_check, worker).await
    }

    pub(crate) fn observation(&self, reading: &StatusReading) -> Observation {
        Observation {
            status: reading.status.clone(),
            raw_status: reading.raw_status.clone(),
            money: reading.money,
            details: reading.details.clone(),
            observed_at: self.clock.now(),
        }
    }
}

/// Whether it ended with the order cancelled, and no payment has been seen since.
fn is_cancelled(record: &Record) -> bool {
    let outcome = record.progress.state.outcome();
    let cancelled = matches!(
        outcome,
        Some(Outcome::Confirmed | Outcome::ResolvedCancelled)
    );
    cancelled && !record.progress.is_paid_late()
}

/// Tells the trace where a cancellation stands, on either side of everything that cannot be
/// taken back. The names are what a test kills the program at.
fn passes(record: &Record, point: &'static str) {
    trace!(id = %record.id, point, "passes");
}

/// What the two sides of a piece of work are called.
fn points(next_step: &NextStep, record: &Record) -> (&'static str, &'static str) {
    match next_step {
        NextStep::VerifyStatus if record.progress.attempts == 0 => ("before_check", "after_check"),
        NextStep::VerifyStatus => ("before_verify", "after_verify"),
        NextStep::SendRequest => ("after_intent", "after_reply"),
        NextStep::RecoverLease => ("before_doubt", "after_doubt"),
    }
}
