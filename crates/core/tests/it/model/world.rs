//! What there is in the model: one order at its gateway, its cancellations in the store, two
//! workers, requests on their way, another caller who reads the status, and a second attempt
//! to pay for the same shop order.
//!
//! Time is counted in ticks, and the present moment is always [`NOW`]: what grows older is
//! moved back. Ages that the rules do not tell apart are one age, so the model is finite
//! although its runs are not.

use std::time::Duration;

use duka_core::OrderStatus;
use duka_core::cancel::{
    Cancellation, Event, Outcome, Receipt, Repeat, RequestUsed, State, WaitPolicy,
};
use jiff::Timestamp;

use super::system::{PaidTwice, System};

/// One tick is the settling time.
pub(super) const TICK: Duration = Duration::from_secs(80);
pub(super) const NOW: Timestamp = Timestamp::constant(1_000_000, 0);
/// A lease lasts two ticks; nothing is sent in the second.
pub(super) const LEASE: u8 = 2;
pub(super) const DEADLINE: u8 = 1;
const REVIEW: u32 = 2;

pub(super) const REVIEW_AFTER: WaitPolicy = WaitPolicy {
    settle: TICK,
    review_after: Duration::from_secs(TICK.as_secs() * REVIEW as u64),
};

/// What the order really is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Order {
    Unpaid,
    Cancelled,
    Paid,
    /// With another amount.
    PaidOther,
    Expired,
    /// The customer may try again.
    Failed,
    /// With a receipt of another amount.
    FailedInPart,
}

/// What happened to a cancellation that the rules do not keep, and the invariants refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Past {
    pub(super) said_yes: bool,
    pub(super) said_no: bool,
    pub(super) shown_cancelled: bool,
    /// A reader has seen *paid* and stored it.
    pub(super) known_paid: bool,
    /// A reader has seen a payment of another amount and stored it here.
    pub(super) known_other: bool,
    pub(super) acknowledged: bool,
}

/// A cancellation in the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Record {
    pub(super) progress: Cancellation,
    /// In how many ticks a worker may take it.
    pub(super) due_in: Option<u8>,
    /// Whether a worker's name stands in it.
    pub(super) held: bool,
    pub(super) past: Past,
}

impl Record {
    pub(super) fn outcome(&self) -> Option<Outcome> {
        self.progress.state.outcome()
    }

    pub(super) fn is_over_or_asks_a_person(&self) -> bool {
        matches!(self.progress.state, State::Done(_) | State::NeedsReview)
    }

    /// Whether the merchant was told that the order has ended without a payment.
    pub(super) fn is_reported_unpaid(&self) -> bool {
        matches!(
            self.outcome(),
            Some(Outcome::Confirmed | Outcome::ResolvedCancelled | Outcome::NotCancelledFinal)
        )
    }

    /// Keeps what makes a difference to the rules, and nothing else.
    pub(super) fn normalise(&mut self) {
        let progress = &mut self.progress;
        // A shorter pause only lets more happen: any worker may come later than it could.
        progress.failed_polls = 0;
        progress.attempts = 0;
        // Only whether another request is out tells two counts apart, and one may be taken
        // back while it is being sent.
        let most = if progress.state == State::Sending {
            2
        } else {
            1
        };
        progress.requests = progress.requests.min(most);
        if progress.state.outcome().is_some() {
            progress.verified = progress.verified.take().filter(OrderStatus::was_paid);
            progress.sent_at = None;
            progress.doubt_since = None;
            progress.blocked_since = None;
            progress.requests = 0;
            self.past.said_yes = false;
            self.past.said_no = false;
            self.past.shown_cancelled = false;
        } else {
            progress.verified = None;
        }
    }

    fn ages(&mut self, by: i64) {
        let progress = &mut self.progress;
        let cap = |at: Timestamp, most: u32| at.max(NOW - TICK * most);
        let shift = |at: Timestamp| {
            Timestamp::from_second(at.as_second() - by * TICK.as_secs().cast_signed()).unwrap()
        };
        progress.sent_at = progress.sent_at.map(|at| cap(shift(at), 1));
        progress.doubt_since = progress.doubt_since.map(|at| cap(shift(at), REVIEW));
        progress.blocked_since = progress.blocked_since.map(|at| cap(shift(at), REVIEW));
    }
}

/// What a worker is about to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Doing {
    Nothing,
    Read,
    /// The intent is stored.
    Send,
    /// It has checked its deadline.
    Write,
    WaitForReply,
    /// It knows what happened and is about to store it.
    Store(Event),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Worker {
    pub(super) doing: Doing,
    /// The record it works on.
    pub(super) on: u8,
    /// Whether a later attempt was started since its own.
    pub(super) outdated: bool,
    /// Whether the record has been written since this worker read it.
    pub(super) overtaken: bool,
    /// For how many ticks it may send.
    pub(super) may_send: u8,
}

impl Worker {
    pub(super) const IDLE: Self = Self {
        doing: Doing::Nothing,
        on: 0,
        outdated: false,
        overtaken: false,
        may_send: 0,
    };

    pub(super) fn is_idle(&self) -> bool {
        self.doing == Doing::Nothing
    }

    /// Something to sort by.
    fn key(&self) -> (u8, &'static str, &'static str, u8, bool, bool, u8) {
        let (rank, event, status) = match &self.doing {
            Doing::Nothing => (0, "", ""),
            Doing::Read => (1, "", ""),
            Doing::Send => (2, "", ""),
            Doing::Write => (3, "", ""),
            Doing::WaitForReply => (4, "", ""),
            Doing::Store(event) => (
                5,
                event.as_str(),
                event.status().map_or("", |status| status.as_str()),
            ),
        };
        let (on, outdated, overtaken) = (self.on, self.outdated, self.overtaken);
        (rank, event, status, on, outdated, overtaken, self.may_send)
    }

    pub(super) fn holds(&self, record: usize) -> bool {
        !self.is_idle() && usize::from(self.on) == record && !self.overtaken
    }
}

/// A cancel request between us and the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Request {
    /// Its copies have the same number.
    pub(super) number: u8,
    /// The worker that waits for the reply.
    pub(super) to: Option<u8>,
}

/// The second attempt to pay for the same shop order. No cancellation of it is modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Second {
    Absent,
    /// The shop has looked at the first attempt and is about to store the request.
    Allowed,
    /// The request is stored, and on its way or lost.
    Begun,
    Unpaid,
    Paid,
    /// Paid, and a reader has stored it.
    KnownPaid,
}

/// Everything, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) order: Order,
    /// What a slow status may still show.
    pub(super) order_before: Option<Order>,
    /// The cancellations, oldest first.
    pub(super) records: Vec<Record>,
    /// Rows of the attempts table that were not taken back.
    pub(super) attempts: u8,
    pub(super) workers: [Worker; 2],
    pub(super) requests: Vec<Request>,
    /// What another caller has read and not yet applied to the records.
    pub(super) observer: Option<Event>,
    /// Whether the order is stored as paid.
    pub(super) stored_paid: bool,
    /// Whether it is stored as paid with another amount.
    pub(super) stored_other: bool,
    pub(super) second: Second,
    /// Whether the finding that both attempts are paid was raised.
    pub(super) paid_twice: bool,
    /// Requests that left and whose credentials were not refused; counted where one is allowed.
    pub(super) left: u8,
    /// The requests of which the gateway has processed a copy; kept where one is allowed.
    pub(super) examined: Vec<u8>,
    pub(super) duplicates: u8,
    pub(super) steps_back: u8,
}

impl World {
    /// A cancellation has just been requested.
    pub(super) fn begin(system: &System) -> Self {
        let mut world = Self {
            order: Order::Unpaid,
            order_before: None,
            records: Vec::new(),
            attempts: 0,
            workers: [Worker::IDLE, Worker::IDLE],
            requests: Vec::new(),
            observer: None,
            stored_paid: false,
            stored_other: false,
            second: Second::Absent,
            paid_twice: false,
            left: 0,
            examined: Vec::new(),
            duplicates: system.duplicates,
            steps_back: system.clock_steps_back,
        };
        world.ask(0);
        world
    }

    /// This worker opens a cancellation and claims it.
    pub(super) fn ask(&mut self, worker: usize) {
        let request_used = if self.attempts > 0 {
            RequestUsed::Yes
        } else {
            RequestUsed::No
        };
        self.workers[worker] = Worker {
            doing: Doing::Read,
            on: u8::try_from(self.records.len()).unwrap(),
            may_send: DEADLINE,
            ..Worker::IDLE
        };
        self.records.push(Record {
            progress: Cancellation::requested_again(request_used),
            due_in: Some(LEASE),
            held: true,
            past: Past::default(),
        });
    }

    /// The cancellation asked for last.
    pub(super) fn current(&self) -> (usize, &Record) {
        let last = self.records.len() - 1;
        (last, &self.records[last])
    }

    /// What a status says to this record. The amount is the newest record's alone, or every
    /// old one would have a finding of its own.
    pub(super) fn of_record(&self, event: &Event, on: usize) -> Event {
        match event.status() {
            Some(status) if on != self.current().0 => Event::Observed(status.clone()),
            Some(_) | None => event.clone(),
        }
    }

    /// The payment that the store has seen, as it shows it to a record.
    pub(super) fn stored_payment(&self) -> Option<Event> {
        let other = Event::AmountDiffers(OrderStatus::Paid, Receipt::Absent);
        let paid = Event::Observed(OrderStatus::Paid);
        self.stored_paid
            .then_some(if self.stored_other { other } else { paid })
    }

    pub(super) fn stores_payment(&mut self, event: &Event, system: &System) {
        let paid = event.status() == Some(&OrderStatus::Paid);
        let looks = system.paid_twice == PaidTwice::OfEither && !self.stored_paid;
        self.paid_twice |= paid && looks && self.second == Second::KnownPaid;
        self.stored_paid |= paid;
        self.stored_other |= paid && event.shows_other_payment();
    }

    /// Whether the store knows that the first attempt can be paid no more.
    pub(super) fn first_is_over(&self) -> bool {
        self.records.iter().any(Record::is_reported_unpaid)
    }

    pub(super) fn becomes(&mut self, order: Order, system: &System) {
        if system.slow_status {
            self.order_before = Some(self.order);
        }
        self.order = order;
    }

    pub(super) fn tick(&mut self) {
        self.order_before = None;
        for record in &mut self.records {
            record.ages(1);
            record.due_in = record.due_in.map(|ticks| ticks.saturating_sub(1));
        }
        for worker in &mut self.workers {
            worker.may_send = worker.may_send.saturating_sub(1);
        }
    }

    /// The clock on the wall is set back; the one that only counts, and guards the
    /// sending, does not move.
    pub(super) fn tick_back(&mut self) {
        self.steps_back -= 1;
        for record in &mut self.records {
            record.ages(-1);
            record.due_in = record.due_in.map(|ticks| ticks + 1);
        }
    }

    /// Forgets what can make no difference any more; whether the two workers have changed
    /// their places.
    pub(super) fn normalise(&mut self, system: &System) -> bool {
        if system.gateway.repeat() == Repeat::Harmless {
            // No worker waits for these: one of them can do as much as all.
            for request in &mut self.requests {
                request.number = 0;
            }
        }
        for record in &mut self.records {
            record.normalise();
        }
        for worker in &mut self.workers {
            if worker.is_idle() {
                *worker = Worker::IDLE;
            }
        }
        self.requests.sort_unstable();
        if system.gateway.repeat() == Repeat::Harmless {
            self.requests.dedup();
        }
        // Which of the two workers is which makes no difference.
        let swap = self.workers[0].key() > self.workers[1].key();
        if swap {
            self.workers.swap(0, 1);
            for request in &mut self.requests {
                request.to = request.to.map(|worker| 1 - worker);
            }
            self.requests.sort_unstable();
        }
        swap
    }
}

/// A finding that a person has not closed yet.
pub(super) fn has_finding(record: &Record) -> bool {
    record.progress.finding.is_some()
}
