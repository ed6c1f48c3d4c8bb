//! Plays a life on a store and on the model at the same time, and looks at both after every
//! move.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use duka_core::cancel::{
    CancelRules, Cancellable, Event, NotAllowed, Repeat, ShowsCancelled, Step, WaitPolicy, step,
};
use duka_core::clock::SharedClock;
use duka_core::{
    CancellationId, ErrorKind, Gateway, GatewayName, Money, Observation, OrderId, OrderStatus,
    PaymentDetails,
};
use duka_engine::store::{Abandoned, AbandonedPage, Claim, Condition, NewCancellation};
use duka_engine::{AmountCheck, EngineError, OrderKey, Record, Store, TrackedOrder, Tracking};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use uuid::Uuid;

use super::asked::{Answer, Call, LOOKER, ask};
use super::drive::{self, Transition};
use super::model::Model;
use super::moves::{ACCOUNTS, Life, Move, On, Order, Pick, TEXTS, events};
use super::view::{Difference, Questions, View, same};
use crate::fixture::{HOUR, MINUTE, TempStore, account, by, key, noon, worker};
use crate::scripted::Scripted;

/// A claim's length: that of the driver's settings.
const LEASE: Duration = MINUTE.saturating_mul(2);

const PATIENCE: WaitPolicy = WaitPolicy {
    settle: Duration::from_secs(10),
    review_after: HOUR,
};

/// Opens a handle on the store in this file.
pub(super) type Opener<'a> = &'a dyn Fn(&Path, SharedClock) -> Arc<dyn Store>;

/// The store under test, as two processes have it.
pub(super) struct Subject<'a> {
    temp_store: TempStore,
    opener: Opener<'a>,
    /// What the clock of the store says, in microseconds.
    now: Arc<AtomicI64>,
    handles: Vec<Arc<dyn Store>>,
    file: Connection,
}

impl<'a> Subject<'a> {
    pub(super) fn new(opener: Opener<'a>) -> Self {
        let temp_store = TempStore::new();
        let now = Arc::new(AtomicI64::new(noon().as_microsecond()));
        let handles = handles(&temp_store, opener, &now);
        let file = temp_store.sql();
        Self {
            temp_store,
            opener,
            now,
            handles,
            file,
        }
    }

    fn handle(&self, number: usize) -> &Arc<dyn Store> {
        &self.handles[number % self.handles.len()]
    }

    fn reopen(&mut self) {
        self.handles.clear();
        self.handles = handles(&self.temp_store, self.opener, &self.now);
    }
}

fn handles(
    temp_store: &TempStore,
    opener: Opener<'_>,
    now: &Arc<AtomicI64>,
) -> Vec<Arc<dyn Store>> {
    let now = Arc::clone(now);
    let clock =
        SharedClock::new(move || Timestamp::from_microsecond(now.load(Ordering::SeqCst)).unwrap());
    let handle = |_| opener(&temp_store.path(), clock.clone());
    (0..2).map(handle).collect()
}

/// What came of a life.
#[derive(Default)]
pub(super) struct Played {
    pub(super) moves: u64,
    /// How often what happened.
    pub(super) tally: BTreeMap<String, u64>,
    /// The first disagreement, and the move after which it showed.
    pub(super) difference: Option<(Difference, String)>,
}

impl Played {
    pub(super) fn add(&mut self, more: &Self) {
        self.moves += more.moves;
        for (what, times) in &more.tally {
            *self.tally.entry(what.clone()).or_default() += times;
        }
    }
}

/// Without a subject the model plays alone.
pub(super) async fn play(life: &Life, subject: Option<Subject<'_>>) -> Played {
    let mut stage = Stage {
        model: Model::default(),
        subject,
        now: noon(),
        orders: life.orders.iter().map(tracked).collect(),
        begun: Vec::new(),
        looks: 0,
        played: Played::default(),
    };
    let orders = 0..life.orders.len();
    let first = Move::Track {
        orders: orders.filter(|at| life.orders[*at].followed).collect(),
        altered: false,
    };
    for each in [&first].into_iter().chain(&life.moves) {
        stage.played.moves += 1;
        if let Err(difference) = stage.make_and_look(each).await {
            let at = format!("move {}, {each:?}", stage.played.moves);
            stage.played.difference = Some((difference, at));
            break;
        }
    }
    stage.played
}

/// How a worker writes.
#[derive(Debug, Clone, Copy, Default)]
struct Manner {
    /// See [`Move::Happen`].
    reckless: bool,
    silent: bool,
}

struct Stage<'a> {
    model: Model,
    subject: Option<Subject<'a>>,
    now: Timestamp,
    orders: Vec<TrackedOrder>,
    /// Cancellations in the order in which they were begun.
    begun: Vec<CancellationId>,
    looks: usize,
    played: Played,
}

impl Stage<'_> {
    async fn make_and_look(&mut self, what: &Move) -> Result<(), Difference> {
        self.make(what).await?;
        // Time that goes by asks nothing of a store.
        if matches!(what, Move::Wait(_)) {
            return Ok(());
        }
        self.look().await
    }

    async fn make(&mut self, what: &Move) -> Result<(), Difference> {
        match what {
            Move::Track { orders, altered } => {
                let orders = orders.iter().map(|at| self.order(*at));
                let orders = if *altered {
                    orders.map(|it| told_otherwise(it, self.now)).collect()
                } else {
                    orders.cloned().collect()
                };
                self.call(0, Call::Track(orders)).await?;
            }
            Move::Observe { order, sight } => {
                let key = self.order(*order).key.clone();
                let at = self.now - SignedDuration::from_secs(sight.lag);
                let mut seen = observation(&sight.status, at);
                // A payment of another amount would begin a record, with an id of the store's own.
                if self.model.records(|record| record.key == key).is_empty() {
                    seen.money = None;
                }
                let check = if sight.lag == 5 {
                    AmountCheck::Ignore
                } else {
                    AmountCheck::Compare
                };
                self.call(
                    1,
                    Call::Observe(key, Box::new(seen), check, LOOKER.to_owned()),
                )
                .await?;
            }
            Move::Open { worker, order, on } => {
                let key = self.order(*order).key.clone();
                self.open(*worker, key, *on).await?;
            }
            Move::Happen {
                worker,
                which,
                behind,
                event,
                reckless,
                silent,
            } => {
                let Some(record) = self.record(*which, *behind, event) else {
                    return Ok(());
                };
                if matches!(event, Pick::Onward(_)) && record.progress.state.outcome().is_some() {
                    return self.open(*worker, record.key, On::Always).await;
                }
                let manner = Manner {
                    reckless: *reckless,
                    silent: *silent,
                };
                let event = self.event(event, &record, manner);
                self.write(*worker, &record, &event, manner).await?;
            }
            Move::PaidMeanwhile {
                worker,
                which,
                event,
            } => self.paid_meanwhile(*worker, *which, event).await?,
            Move::ClaimOne { worker, which } => {
                let id = which.and_then(|which| self.chosen(which));
                let id = id.unwrap_or(unknown_id());
                let call = Call::ClaimOne(id, claim(*worker));
                self.call(*worker, call).await?;
            }
            Move::Wait(millis) => {
                self.now += SignedDuration::from_millis(*millis);
                if let Some(subject) = &self.subject {
                    let now = self.now.as_microsecond();
                    subject.now.store(now, Ordering::SeqCst);
                }
            }
            Move::Reopen => {
                if let Some(subject) = &mut self.subject {
                    subject.reopen();
                }
            }
        }
        Ok(())
    }

    /// Asks both and compares the answers.
    async fn call(&mut self, worker: usize, call: Call) -> Result<Answer, Difference> {
        let wanted = self.model.take(&call, self.now);
        self.count(format!("{}: {}", call.name(), wanted.name()));
        if let Some(subject) = &self.subject {
            let place = call.name();
            let given = ask(&**subject.handle(worker), call).await;
            same(place, &[given], std::slice::from_ref(&wanted))?;
        }
        Ok(wanted)
    }

    async fn open(&mut self, worker: usize, key: OrderKey, on: On) -> Result<(), Difference> {
        let last_action_at = self
            .model
            .order(&key)
            .and_then(|order| order.last_action_at);
        let condition = match on {
            On::Always => Condition::Always,
            On::AsItIs => Condition::IfUnmodifiedSince {
                since: last_action_at,
            },
            On::Never => Condition::IfUnmodifiedSince { since: None },
            On::Stale => Condition::IfUnmodifiedSince {
                since: Some(noon()),
            },
        };
        let id = id(self.begun.len() as u128 + 1);
        let new_cancellation = NewCancellation {
            id,
            key,
            request: by("amina"),
            listed_money: (worker % 2 == 1).then(|| Money::parse("50.00", "INR").unwrap()),
            processing_min_age: worker.is_multiple_of(3).then_some(HOUR),
            claim: claim(worker),
            condition,
        };
        let answer = self.call(worker, Call::Open(new_cancellation)).await?;
        if let Answer::New(_) = answer {
            self.begun.push(id);
        }
        Ok(())
    }

    async fn paid_meanwhile(
        &mut self,
        worker: usize,
        which: usize,
        event: &Pick,
    ) -> Result<(), Difference> {
        let Some(record) = self.record(which, 0, event) else {
            return Ok(());
        };
        let manner = Manner::default();
        let event = self.event(event, &record, manner);
        let seen = observation(&OrderStatus::Paid, self.now);
        let check = AmountCheck::Compare;
        let call = Call::Observe(record.key.clone(), Box::new(seen), check, LOOKER.to_owned());
        self.call(worker + 1, call).await?;
        self.write(worker, &record, &event, manner).await
    }

    /// Writes what follows from an event, as the driver does it: a worker that finds the
    /// order paid writes that instead.
    async fn write(
        &mut self,
        worker: usize,
        record: &Record,
        event: &Event,
        manner: Manner,
    ) -> Result<(), Difference> {
        let answer = self.write_once(worker, record, event, manner).await?;
        if let Some(Answer::SeenPaid(status)) = answer {
            let event = Event::Observed(status);
            self.write_once(worker, record, &event, manner).await?;
        }
        Ok(())
    }

    /// Steps, and writes what follows. `None` when the rules do not allow the event.
    async fn write_once(
        &mut self,
        worker: usize,
        record: &Record,
        event: &Event,
        manner: Manner,
    ) -> Result<Option<Answer>, Difference> {
        let Ok(step) = self.step(record, event, manner) else {
            self.count("not allowed");
            self.decide_in_vain(record, event).await?;
            return Ok(None);
        };
        let claim = claim(worker);
        let seen = match event {
            Event::Observed(status) | Event::AmountDiffers(status, _) => {
                Some(observation(status, self.now))
            }
            Event::OrderNotFound
            | Event::StatusUnreadable
            | Event::NotSent
            | Event::Unauthenticated
            | Event::AnsweredYes
            | Event::AnsweredNo
            | Event::Unclear
            | Event::LeaseLapsed
            | Event::Resolved(_) => None,
        };
        let by_person = matches!(event, Event::Resolved(_));
        let news = (!manner.silent).then(|| format!("news of look {}", self.looks));
        let transition = Transition {
            event,
            actor: if by_person { "amina" } else { &claim.worker },
            detail: news.clone(),
            message: news,
            seen,
        };
        // A gateway that takes one request is one, whatever rules the worker goes by.
        let rules = rules_at(record);
        let change = drive::change(record, &step, transition, &rules, &claim, self.now);
        let answer = self.call(worker, Call::Advance(Box::new(change))).await?;
        if let Answer::Stored(record) = &answer {
            self.count(format!("{:?}", record.progress.state));
            self.count(format!("written: {}", event.as_str()));
            if let Some(finding) = record.progress.finding {
                self.count(format!("{finding:?}"));
            }
        }
        Ok(Some(answer))
    }

    /// A person decides what cannot be decided, through the driver itself: it is refused,
    /// and the look that follows finds nothing changed.
    async fn decide_in_vain(&self, record: &Record, event: &Event) -> Result<(), Difference> {
        let (Some(subject), Event::Resolved(resolution)) = (&self.subject, event) else {
            return Ok(());
        };
        let present = self.model.present(record.id).unwrap();
        if self.step(present, event, Manner::default()).is_ok() {
            return Ok(());
        }
        let now = self.now;
        let [harmless, once] = gateways().map(Arc::new);
        // An observation would be one that the model has not heard of.
        harmless.break_down(ErrorKind::Unavailable);
        once.break_down(ErrorKind::Unavailable);
        let canceller = worker(
            "w0",
            Arc::clone(subject.handle(0)),
            SharedClock::new(move || now),
            &[(ACCOUNTS[0], &harmless), (ACCOUNTS[1], &once)],
        );
        let decided = canceller.resolve(record.id, *resolution, "amina", "sure");
        let refused = matches!(decided.await, Err(EngineError::NotAllowed(_)));
        same(
            "resolve",
            &["refused"],
            &[if refused { "refused" } else { "decided" }],
        )
    }

    /// Looks at everything through one of the handles.
    async fn look(&mut self) -> Result<(), Difference> {
        self.looks += 1;
        let Some(subject) = &self.subject else {
            return Ok(());
        };
        let asked = self.questions();
        let store = &**subject.handle(self.looks);
        let view = View::of_store(store, &subject.file, &asked).await;
        let view = view.map_err(|error| Difference {
            place: "reading",
            store: error.to_string(),
            model: "no trouble".to_owned(),
        })?;
        view.compare(&View::of_model(&self.model, &asked))
    }

    fn questions(&self) -> Questions {
        let look = self.looks;
        let ago = |seconds| self.now - SignedDuration::from_secs(seconds);
        let mut ids = self.begun.clone();
        ids.push(unknown_id());
        let mut keys: Vec<_> = self.orders.iter().map(|order| order.key.clone()).collect();
        keys.push(key("shop-in", "A-0"));
        let account = ACCOUNTS.get(look % 4).map(|name| account(name));
        Questions {
            keys,
            texts: TEXTS.into_iter().chain(["A-0"]).collect(),
            ids,
            since: [None, Some(self.now), Some(ago(60)), Some(noon())][look / 2 % 4],
            account: account.clone(),
            page: AbandonedPage {
                which: Abandoned::ByAge,
                from: [Timestamp::MIN, noon() - SignedDuration::from_mins(1)][look % 2],
                until: [noon(), noon() - SignedDuration::from_mins(1)][look / 2 % 2],
                untouched_since: [ago(0), ago(30), ago(3_000)][look / 3 % 3],
                account,
                after: None,
                limit: [1, 2, 3][look % 3],
            },
        }
    }

    fn step(&self, record: &Record, event: &Event, manner: Manner) -> Result<Step, NotAllowed> {
        let rules = if manner.reckless {
            // Takes any gateway for one where a repeat is harmless.
            let eligible = [Cancellable::Unpaid, Cancellable::Failed];
            CancelRules::new(eligible, Repeat::Harmless, ShowsCancelled::No)
        } else {
            rules_at(record)
        };
        step(&record.progress, event, &rules, &PATIENCE, self.now)
    }

    fn event(&self, pick: &Pick, record: &Record, manner: Manner) -> Event {
        let (number, goes_on) = match pick {
            Pick::Any(event) => return event.clone(),
            Pick::Fitting(number) => (number, false),
            Pick::Onward(number) => (number, true),
        };
        let (mut fitting, mut onward) = (Vec::new(), Vec::new());
        for event in events() {
            if let Ok(step) = self.step(record, &event, manner) {
                if step.next.state.outcome().is_none() {
                    onward.push(event.clone());
                }
                fitting.push(event);
            }
        }
        // Every state takes some event.
        let choice = if goes_on && !onward.is_empty() {
            &onward
        } else {
            &fitting
        };
        choice[number % choice.len()].clone()
    }

    fn order(&self, number: usize) -> &TrackedOrder {
        &self.orders[number % self.orders.len()]
    }

    fn chosen(&self, which: usize) -> Option<CancellationId> {
        let back = which % self.begun.len().max(1);
        self.begun.iter().rev().nth(back).copied()
    }

    /// As a worker has it that read it so many versions ago. One that is to go on is not
    /// over, if there is such a one.
    fn record(&self, which: usize, behind: usize, pick: &Pick) -> Option<Record> {
        let is_open = |id: &&CancellationId| {
            let record = self.model.present(**id);
            record.is_some_and(|it| it.progress.state.outcome().is_none())
        };
        let open: Vec<_> = self.begun.iter().rev().filter(is_open).collect();
        let id = if matches!(pick, Pick::Onward(_)) && !open.is_empty() {
            *open[which % open.len()]
        } else {
            self.chosen(which)?
        };
        let versions = self.model.versions(id);
        let at = versions.len().saturating_sub(1 + behind);
        versions.get(at).cloned()
    }

    fn count(&mut self, what: impl Into<String>) {
        *self.played.tally.entry(what.into()).or_default() += 1;
    }
}

fn claim(worker: usize) -> Claim {
    Claim::new(format!("w{worker}"), LEASE)
}

fn gateways() -> [Scripted; 2] {
    [Scripted::repeatable(), Scripted::once_only()]
}

fn rules_at(record: &Record) -> CancelRules {
    let [harmless, once] = gateways();
    let at_once_only = record.key.account.as_str() == ACCOUNTS[1];
    let gateway = if at_once_only { once } else { harmless };
    gateway.cancel_rules().clone()
}

/// Ids whose order is not that in which they were made.
fn id(number: u128) -> CancellationId {
    let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    CancellationId::from_uuid(Uuid::from_u128(scattered))
}

fn unknown_id() -> CancellationId {
    id(0)
}

/// Of an unknown status the raw words are the first: the adapter may know more.
fn observation(status: &OrderStatus, at: Timestamp) -> Observation {
    let raw_status = match status {
        OrderStatus::Unknown(words) => words.split(' ').next().unwrap_or_default().to_owned(),
        OrderStatus::Unpaid
        | OrderStatus::Processing
        | OrderStatus::Paid
        | OrderStatus::Failed
        | OrderStatus::Expired
        | OrderStatus::Cancelled
        | OrderStatus::Reversed => status.as_str().to_uppercase(),
    };
    let money = (*status != OrderStatus::Unpaid).then(|| Money::parse("105.50", "KES").unwrap());
    Observation {
        status: status.clone(),
        raw_status,
        money,
        details: PaymentDetails::default(),
        observed_at: at,
    }
}

fn tracked(model: &Order) -> TrackedOrder {
    let (shop, gateway) = if model.once {
        (ACCOUNTS[1], GatewayName::from_static("pesapal"))
    } else {
        (ACCOUNTS[0], GatewayName::from_static("kwikpaisa"))
    };
    let created = noon() - SignedDuration::from_mins(model.age);
    let mut order = TrackedOrder::new(key(shop, model.id), gateway, created);
    order.reference = model.reference.map(str::to_owned);
    // No two orders have the same one: two payments would begin a record, as well.
    let at = TEXTS.iter().position(|text| *text == model.id);
    order.shop_order = at.map(|at| TEXTS[(at + 1) % TEXTS.len()].to_owned());
    order.note = model.reference.map(|reference| format!("see {reference}"));
    order
}

/// The same order from another source, which knows everything otherwise.
fn told_otherwise(order: &TrackedOrder, now: Timestamp) -> TrackedOrder {
    let text = order.key.order.as_str();
    let mut key = order.key.clone();
    key.order = OrderId::text(text).unwrap();
    TrackedOrder {
        key,
        reference: Some("A-2".to_owned()),
        created_at: now,
        money: Some(Money::parse("1500.00", "KES").unwrap()),
        method: Some("mpesa".to_owned()),
        note: None,
        seen: Some(observation(&OrderStatus::Paid, now)),
        last_action_at: Some(now),
        tracking: Tracking::Closed,
        ..order.clone()
    }
}
