//! Carries out what the rules say: stores first, acts second, and believes nothing but
//! what was read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use duka_core::cancel::{self, Action, Event, Outcome, Spent, State, Step};
use duka_core::clock::SharedClock;
use duka_core::{
    AccountName, CancelAnswer, CancellationId, Delivery, Error, ErrorKind, Gateway, GatewayName,
    Money, Observation, StatusReading,
};
use tracing::{info, trace, warn};
use uuid::{Timestamp as UuidTime, Uuid};

pub(crate) use self::again::Again;
pub(crate) use self::happened::{Happened, is_hopeless};
use self::happened::{answers, guard};
pub use self::trouble::Trouble;
use crate::amount::AmountDifference;
use crate::fence::Fence;
use crate::message;
use crate::order::{OrderKey, TrackedOrder};
use crate::record::{Record, Request, follow_after};
use crate::settings::Settings;
use crate::store::{
    Advanced, Attempt, Change, Claim, Condition, Entry, Hold, Opened, Opening, Store, StoreError,
    StoreErrorKind,
};
use crate::task::detached;

mod again;
mod happened;
mod trouble;

/// A record after somebody worked on it.
#[derive(Debug)]
pub struct Handled {
    /// As it stands in the store.
    pub record: Record,
    /// What the gateway's last failure was, if one stopped the work.
    pub error: Option<Error>,
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
}

/// Names the accounts only: what an adapter of somebody else's prints is not known here.
impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller")
            .field("store", &self.store)
            .field("accounts", &self.accounts())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

enum Todo {
    Read,
    Send,
    /// The worker before us left the record while a request was on its way.
    Lapsed,
}

enum Applied {
    Mine(Record, Action),
    SomebodyElses(Record),
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
    pub fn gateway(&self, account: &AccountName) -> Result<&Arc<dyn Gateway>, Trouble> {
        self.gateways
            .get(account)
            .ok_or_else(|| Trouble::UnknownAccount(account.clone()))
    }

    /// The accounts it works for.
    pub fn accounts(&self) -> Vec<AccountName> {
        self.gateways.keys().cloned().collect()
    }

    /// The key under which an order is kept, however its id was written.
    ///
    /// # Errors
    /// When its account is not configured.
    pub fn canonical(&self, key: &OrderKey) -> Result<OrderKey, Trouble> {
        let order = self.gateway(&key.account)?.canonical_order(&key.order);
        Ok(OrderKey::new(key.account.clone(), order))
    }

    /// Cancels one order: reads its status, and if the rules allow it, stores the intent,
    /// sends one request and verifies what came of it. If a cancellation of it is open
    /// already, goes on with that one.
    ///
    /// An order that is not followed yet is followed from here on, once its gateway has shown
    /// its status. One that the gateway does not know, or does not tell of, is not: nothing is
    /// stored or sent, so that an order that gets this id later begins its own life.
    ///
    /// Where an amount is known, in `order` or in the store, and the gateway shows another,
    /// nothing is sent; see [`AmountCheck`](crate::AmountCheck).
    ///
    /// Returns when it is over or needs a person, or when nothing is to be done before
    /// `wait` has passed; then a later call or sweep goes on.
    ///
    /// Dropping the future only stops the wait. What is under way is done by a task of the
    /// tokio runtime, which ends with an answer or at the deadline of the claim, and what
    /// came of it is stored.
    ///
    /// # Errors
    /// When the store fails, the account is not configured, or an order that is not followed
    /// gives no status ([`Trouble::Gateway`]). What else the gateway says, or does not say, is
    /// in the record.
    pub async fn cancel(
        &self,
        order: TrackedOrder,
        request: Request,
        wait: Duration,
    ) -> Result<Handled, Trouble> {
        let key = self.canonical(&order.key)?;
        let listed_money = match self.store.order(&key).await? {
            Some(known) => order.money.filter(|money| known.money != Some(*money)),
            None => {
                // Whether it is there; whether it may be cancelled is read again once this
                // cancellation is the only open one.
                self.gateway(&key.account)?.status(&key.order).await?;
                let key = key.clone();
                self.store
                    .track(vec![TrackedOrder { key, ..order }])
                    .await?;
                None
            }
        };
        let opened = self.open(key, request, listed_money, Condition::Always);
        let handled = match opened.await? {
            Opened::New(record) => self.work(record).await?,
            Opened::AlreadyOpen(record) => {
                // Somebody asks for it now: it need not wait for its turn.
                let waiting = Handled {
                    record,
                    error: None,
                };
                self.go_on(waiting).await?
            }
            Opened::Touched => {
                let broken = "the store refused what was asked for without a condition";
                return Err(StoreError::new(StoreErrorKind::Internal, broken).into());
            }
        };
        self.wait_for(handled, wait).await
    }

    /// Goes on with a cancellation whenever it is due, for so long.
    async fn wait_for(&self, mut handled: Handled, wait: Duration) -> Result<Handled, Trouble> {
        let started = tokio::time::Instant::now();
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
            let pause = self.until(due_at);
            if started.elapsed().saturating_add(pause) > wait {
                break;
            }
            tokio::time::sleep(pause).await;
            handled = self.go_on(handled).await?;
        }
        Ok(handled)
    }

    /// Takes a cancellation a step further, unless somebody else has it in hand; then sees
    /// what they make of it.
    async fn go_on(&self, handled: Handled) -> Result<Handled, Trouble> {
        let id = handled.record.id;
        match self.store.claim_one(id, self.claim()).await? {
            Some(record) => self.work(record).await,
            None => self.reload(handled).await,
        }
    }

    async fn reload(&self, handled: Handled) -> Result<Handled, Trouble> {
        let record = self.store.cancellation(handled.record.id).await?;
        Ok(Handled {
            record: record.unwrap_or(handled.record),
            error: handled.error,
        })
    }

    /// Starts a cancellation of a followed order. The key must be a canonical one.
    pub(crate) async fn open(
        &self,
        key: OrderKey,
        request: Request,
        listed_money: Option<Money>,
        condition: Condition,
    ) -> Result<Opened, Trouble> {
        let claim = self.claim();
        Ok(self
            .store
            .open(Opening {
                id: new_id(&claim),
                key,
                request,
                listed_money,
                claim,
                condition,
            })
            .await?)
    }

    pub(crate) fn claim(&self) -> Claim {
        let settings = &self.settings;
        Claim::new(
            settings.worker.clone(),
            self.clock.now(),
            settings.lease.get(),
        )
    }

    /// The time from now until then, at least a millisecond.
    pub(crate) fn until(&self, then: jiff::Timestamp) -> Duration {
        let wait = then.duration_since(self.clock.now());
        Duration::try_from(wait)
            .unwrap_or_default()
            .max(Duration::from_millis(1))
    }

    /// Takes a record that this worker has claimed as far as it goes without waiting, on a
    /// task of its own: a caller that is dropped must not leave a request half made, nor its
    /// answer unread.
    pub(crate) async fn work(&self, record: Record) -> Result<Handled, Trouble> {
        let (worker, key) = (self.clone(), record.key.clone());
        let done = detached(async move { worker.carry_out(record).await }).await;
        done.unwrap_or_else(|| Err(Trouble::ShutDown(key)))
    }

    async fn carry_out(&self, record: Record) -> Result<Handled, Trouble> {
        self.check_gateway(&record.key, &record.gateway)?;
        let mut record = record;
        let mut todo = match record.progress.state {
            State::Sending => Todo::Lapsed,
            State::Requested
            | State::Accepted
            | State::Refused
            | State::InDoubt
            | State::NeedsReview
            | State::Done(_) => Todo::Read,
        };
        // The lease runs from the last write, so the fence does too.
        let mut fence = Fence::after(&self.clock, self.settings.lease.may_send_for());
        loop {
            let (before, after) = points(&todo, &record);
            passes(&record, before);
            let happened = match todo {
                Todo::Read => self.read(&record, &fence).await?,
                Todo::Send => self.send(&record, &fence).await?,
                Todo::Lapsed => Happened::new(
                    Event::LeaseLapsed,
                    "the worker that was sending the request stopped without a word",
                ),
            };
            passes(&record, after);
            fence = Fence::after(&self.clock, self.settings.lease.may_send_for());
            let applied = match record.progress.state {
                State::Sending => self.apply_in_time(&record, &happened).await?,
                State::Requested
                | State::Accepted
                | State::Refused
                | State::InDoubt
                | State::NeedsReview
                | State::Done(_) => self.apply(&record, &happened).await?,
            };
            let (now_mine, action) = match applied {
                Applied::Mine(record, action) => (record, action),
                Applied::SomebodyElses(record) => {
                    warn!(id = %record.id, "another worker has taken over");
                    // It may have ended meanwhile without the payment that we have read.
                    if let Event::Observed(status) = &happened.event
                        && status.was_paid()
                    {
                        self.show(record.clone(), status).await?;
                    }
                    return Ok(Handled {
                        record,
                        error: happened.error,
                    });
                }
            };
            record = now_mine;
            // What was written decides whether it is still ours, not a second look at the
            // clock: the write may have taken longer than the pause that it announced.
            let is_mine = record.worker.as_deref() == Some(&self.settings.worker);
            todo = match action {
                Action::SendRequest if is_mine => Todo::Send,
                Action::ReadStatus { .. } if is_mine => Todo::Read,
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
                    return Ok(Handled {
                        record,
                        error: happened.error,
                    });
                }
            };
        }
    }

    /// Orders stay where they are; an account that was pointed at another gateway does not.
    pub(crate) fn check_gateway(
        &self,
        order: &OrderKey,
        followed: &GatewayName,
    ) -> Result<(), Trouble> {
        let configured = self.gateway(&order.account)?.name();
        if configured == *followed {
            return Ok(());
        }
        Err(Trouble::OtherGateway {
            order: order.clone(),
            followed: followed.clone(),
            configured,
        })
    }

    async fn read(&self, record: &Record, fence: &Fence) -> Result<Happened, Trouble> {
        let gateway = self.gateway(&record.key.account)?;
        let Some(reading) = fence.guard(gateway.status(&record.key.order)).await else {
            return Ok(Happened::cut_off(
                Event::StatusUnreadable,
                "status not read before the claim on this record would have lapsed",
            ));
        };
        Ok(match reading {
            Ok(reading) => self.observed(record, reading),
            Err(error) => {
                let event = if error.kind() == ErrorKind::NotFound {
                    Event::OrderNotFound
                } else {
                    Event::StatusUnreadable
                };
                Happened {
                    error: Some(error),
                    ..Happened::new(event, String::new())
                }
            }
        }
        .with_error_detail("status not read"))
    }

    fn observed(&self, record: &Record, reading: StatusReading) -> Happened {
        let seen = self.observation(&reading);
        let detail = format!("status {}", reading.status);
        let happened = match self.amount_in_the_way(record, &reading) {
            Some(differs) => Happened::new(
                Event::AmountDiffers(reading.status),
                format!("{detail}; {differs}"),
            ),
            None => Happened::new(Event::Observed(reading.status), detail),
        };
        Happened {
            seen: Some(seen),
            ..happened
        }
    }

    /// The amount because of which no request may leave, where this reading would let one.
    fn amount_in_the_way(
        &self,
        record: &Record,
        reading: &StatusReading,
    ) -> Option<AmountDifference> {
        let rules = self.gateway(&record.key.account).ok()?.cancel_rules();
        let may_send =
            record.progress.state == State::Requested && rules.is_eligible(&reading.status);
        let check = self.settings.amount_check;
        let (listed, tracked) = (record.listed_money, record.tracked_money);
        AmountDifference::between(check, listed, tracked, reading.money).filter(|_| may_send)
    }

    /// Sends one cancel request. The intent is on disk by now.
    async fn send(&self, record: &Record, fence: &Fence) -> Result<Happened, Trouble> {
        let gateway = self.gateway(&record.key.account)?;
        let sent = fence.guard(gateway.cancel(&record.key.order)).await;
        let Some(answer) = sent else {
            return Ok(Happened::cut_off(
                Event::Unclear,
                "no answer before the claim on this record would have lapsed",
            ));
        };
        Ok(match answer {
            Ok(CancelAnswer::Accepted { message }) => {
                Happened::new(Event::AnsweredYes, format!("answered yes: {message}"))
            }
            Ok(CancelAnswer::Refused { message }) => {
                Happened::new(Event::AnsweredNo, format!("answered no: {message}"))
            }
            Err(error) => {
                let event = match (error.delivery(), error.kind()) {
                    (Delivery::NotSent, _) => Event::NotSent,
                    (Delivery::Answered, ErrorKind::Authentication) => Event::TurnedAway,
                    (Delivery::Unknown | Delivery::Answered, _) => Event::Unclear,
                };
                Happened {
                    error: Some(error),
                    ..Happened::new(event, String::new())
                }
            }
        }
        .with_error_detail("cancel request"))
    }

    /// Writes what follows from `happened`.
    ///
    /// A readable answer that comes after the claim was lost is still the best evidence
    /// there is: it is written over the doubt, and the worker that holds the record now gives
    /// way. Where a status or a person has ended the doubt, the end stands, and the answer
    /// goes into the log.
    async fn apply(&self, record: &Record, happened: &Happened) -> Result<Applied, Trouble> {
        let mut current = record.clone();
        let mut event = happened.event.clone();
        loop {
            let step = self.step(&current, &event)?;
            if step.action == Action::SendRequest {
                passes(record, "before_intent");
            }
            let written = self.write(&current, &step, happened).await;
            if step.action == Action::SendRequest && is_once_used(&written) {
                // Another cancellation, under another name of the account, was faster than
                // this one, which began before. The rules know what follows.
                current.progress.spent = Spent::Yes;
                continue;
            }
            match written? {
                Advanced::Stored(record) => return Ok(Applied::Mine(record, step.action)),
                Advanced::Conflict(now) if answers(happened, record, &now) => current = now,
                Advanced::Conflict(now) => {
                    // The record is somebody else's, but a sight of the order is everybody's.
                    if let Some(seen) = &happened.seen {
                        let worker = &self.settings.worker;
                        self.store
                            .observe(&record.key, seen.clone(), worker)
                            .await?;
                    }
                    return Ok(Applied::SomebodyElses(now));
                }
                // Paid wins over a status that has not heard of it yet.
                Advanced::SeenPaid(status) => event = Event::Observed(status),
            }
        }
    }

    pub(crate) fn step(&self, record: &Record, event: &Event) -> Result<Step, Trouble> {
        let rules = self.gateway(&record.key.account)?.cancel_rules();
        let patience = &self.settings.patience;
        let now = self.clock.now();
        Ok(cancel::step(&record.progress, event, rules, patience, now)?)
    }

    pub(crate) async fn write(
        &self,
        record: &Record,
        step: &Step,
        happened: &Happened,
    ) -> Result<Advanced, Trouble> {
        let rules = self.gateway(&record.key.account)?.cancel_rules();
        let now = self.clock.now();
        let (due_at, hold) = match step.action {
            Action::ReadStatus { not_before } if not_before > now => {
                (Some(not_before), Hold::Release)
            }
            Action::ReadStatus { .. } | Action::SendRequest => {
                (Some(self.claim().until), Hold::Keep)
            }
            Action::AskPerson | Action::Stop => (None, Hold::Release),
        };
        let attempt = match (&happened.event, step.action, record.progress.state) {
            (_, Action::SendRequest, _) => Attempt::Begins(rules.repeat()),
            (Event::NotSent | Event::TurnedAway, _, State::Sending) => Attempt::TakenBack,
            (_, _, State::Sending) => Attempt::Ended,
            (Event::AnsweredYes | Event::AnsweredNo, _, _) => Attempt::Ended,
            _ => Attempt::Untouched,
        };
        let change = Change {
            id: record.id,
            version: record.version,
            message: Some(message::line(step, &happened.event, &happened.detail)),
            seen: happened.seen.clone(),
            due_at,
            hold,
            entry: Entry {
                event: happened.event.as_str().to_owned(),
                actor: happened
                    .actor
                    .clone()
                    .unwrap_or_else(|| self.settings.worker.clone()),
                detail: Some(happened.detail.clone()),
            },
            attempt,
            follow: follow_after(&step.next, rules),
            guard: guard(record.progress.state, step),
            next: step.next.clone(),
            now,
        };
        Ok(self.store.advance(change).await?)
    }

    pub(crate) fn observation(&self, reading: &StatusReading) -> Observation {
        Observation {
            status: reading.status.clone(),
            raw_status: reading.raw_status.clone(),
            money: reading.money,
            observed_at: self.clock.now(),
        }
    }
}

/// Whether the store has refused a second request at a once-only gateway.
fn is_once_used(written: &Result<Advanced, Trouble>) -> bool {
    matches!(written, Err(Trouble::Store(error)) if error.kind() == StoreErrorKind::OnceUsed)
}

/// Tells the trace where a cancellation stands, on either side of everything that cannot be
/// taken back. The names are what a test kills the program at.
fn passes(record: &Record, point: &'static str) {
    trace!(id = %record.id, point, "passes");
}

/// What the two sides of a piece of work are called.
fn points(todo: &Todo, record: &Record) -> (&'static str, &'static str) {
    match todo {
        Todo::Read if record.progress.attempts == 0 => ("before_check", "after_check"),
        Todo::Read => ("before_verify", "after_verify"),
        Todo::Send => ("after_intent", "after_reply"),
        Todo::Lapsed => ("before_doubt", "after_doubt"),
    }
}

/// A UUID that sorts by the time it was made.
pub(crate) fn new_id(claim: &Claim) -> CancellationId {
    let since = claim.now.as_duration();
    let seconds = u64::try_from(since.as_secs()).unwrap_or(0);
    let nanos = u32::try_from(since.subsec_nanos()).unwrap_or(0);
    let time = UuidTime::from_unix(uuid::NoContext, seconds, nanos);
    CancellationId::from_uuid(Uuid::new_v7(time))
}
