//! What must hold in every run: each invariant is checked on every move.

use duka_core::OrderStatus;
use duka_core::cancel::{Event, Finding, Outcome, Repeat, State};

use super::actors::allows_second;
use super::moves::Move;
use super::system::{Amount, System};
use super::workers::can_be_taken;
use super::world::{NOW, Record, Second, TICK, World, has_finding};

/// A property that must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Invariant {
    OneRequest,
    NothingAfterTheLease,
    Evidence,
    PaidWins,
    LatePayment,
    OtherPayment,
    Settles,
    Ends,
    NotLost,
    AnotherAmount,
    SecondAttempt,
    PaidTwice,
}

impl Invariant {
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::OneRequest => "a once-only gateway gets one request for an order",
            Self::NothingAfterTheLease => "no worker sends once its lease is over",
            Self::Evidence => {
                "nothing but a readable, listed answer or a status yields confirmed or refused"
            }
            Self::PaidWins => "an order is reported cancelled only after a status that is not paid",
            Self::LatePayment => {
                "a payment seen after a reported cancellation is a finding until a person closes it"
            }
            Self::OtherPayment => {
                "a payment of another amount is a finding until a person closes it, and no request leaves after it was seen"
            }
            Self::Settles => "a failed or expired order is an end only once a request has settled",
            Self::Ends => "every run ends, or a person is asked",
            Self::AnotherAmount => "no request leaves for an order that shows another amount",
            Self::SecondAttempt => {
                "a second attempt begins only where the store knows nothing of the first that forbids it"
            }
            Self::PaidTwice => "two attempts that are known to be paid are a finding",
            Self::NotLost => "an open record is held by a worker, or can be taken by one",
        }
    }
}

/// Which invariant this move breaks, if any.
pub(super) fn broken(system: &System, from: &World, it: &Move, to: &World) -> Option<Invariant> {
    let checks: [(Invariant, bool); 11] = [
        (Invariant::OneRequest, one_request(system, to)),
        (Invariant::NothingAfterTheLease, in_time(from, it)),
        (
            Invariant::Evidence,
            each_ends(from, to, |a, b| evident(a, it, b)),
        ),
        (
            Invariant::PaidWins,
            each_ends(from, to, |_, b| verified(it, b)),
        ),
        (Invariant::LatePayment, findings_stay(from, it, to)),
        (Invariant::OtherPayment, other_payment(from, it, to)),
        (Invariant::Settles, each_ends(from, to, settled)),
        (Invariant::NotLost, nothing_lost(system, to)),
        (
            Invariant::AnotherAmount,
            system.amount != Amount::Another || !matches!(it, Move::Sends { .. }),
        ),
        (
            Invariant::SecondAttempt,
            *it != Move::BeginsSecond || allows_second(system, from),
        ),
        (Invariant::PaidTwice, paid_twice(from, to)),
    ];
    let fails =
        |(invariant, holds): &(Invariant, bool)| !holds && !system.excused.contains(invariant);
    checks
        .into_iter()
        .find(fails)
        .map(|(invariant, _)| invariant)
}

fn one_request(system: &System, to: &World) -> bool {
    system.gateway.repeat() == Repeat::Harmless || (to.left <= 1 && to.examined.len() <= 1)
}

fn in_time(from: &World, it: &Move) -> bool {
    let Move::Sends { worker } = it else {
        return true;
    };
    let sender = &from.workers[*worker];
    let record = &from.records[usize::from(sender.on)];
    !sender.overtaken && record.due_in != Some(0)
}

/// Asks about every record that moves to another state.
fn each_ends(from: &World, to: &World, holds: impl Fn(&Record, &Record) -> bool) -> bool {
    let mut both = from.records.iter().zip(&to.records);
    both.all(|(before, after)| {
        before.progress.state == after.progress.state || holds(before, after)
    })
}

fn stored(it: &Move) -> Option<&Event> {
    if let Move::Stores { event, .. } | Move::Reads { gives: event, .. } = it {
        Some(event)
    } else {
        None
    }
}

fn evident(before: &Record, it: &Move, after: &Record) -> bool {
    let event = stored(it);
    let past = &before.past;
    match after.progress.state {
        State::Accepted => event == Some(&Event::AnsweredYes),
        State::Refused => event == Some(&Event::AnsweredNo),
        State::Done(Outcome::Confirmed) => {
            let shown = [
                Some(&Event::Observed(OrderStatus::Cancelled)),
                Some(&Event::AnsweredYes),
            ];
            let observer = matches!(it, Move::Shows(Event::Observed(OrderStatus::Cancelled)));
            past.said_yes || past.shown_cancelled || shown.contains(&event) || observer
        }
        State::Done(Outcome::Refused) => past.said_no || event == Some(&Event::AnsweredNo),
        State::Done(
            Outcome::NotCancelledPaid
            | Outcome::NotCancelledFinal
            | Outcome::Skipped(_)
            | Outcome::ResolvedCancelled
            | Outcome::ResolvedNotCancelled,
        )
        | State::Requested
        | State::Sending
        | State::InDoubt
        | State::NeedsReview => true,
    }
}

fn verified(it: &Move, after: &Record) -> bool {
    if after.outcome() != Some(Outcome::Confirmed) {
        return true;
    }
    let shown = if let Move::Shows(event) = it {
        Some(event)
    } else {
        stored(it)
    };
    let status = shown.and_then(Event::status);
    status.is_some_and(|status| !status.was_paid())
}

/// Whether a record that ends because the order failed or expired has waited.
fn settled(before: &Record, after: &Record) -> bool {
    let sent_at = before.progress.sent_at;
    after.outcome() != Some(Outcome::NotCancelledFinal) || sent_at.is_none_or(|at| at <= NOW - TICK)
}

fn other_payment(from: &World, it: &Move, to: &World) -> bool {
    let current = to.current().0;
    let raised = to.records.iter().enumerate().all(|(on, record)| {
        let known = record.past.known_other || (to.stored_other && on == current);
        let told = has_finding(record) || record.past.acknowledged;
        !known || record.outcome().is_none() || told
    });
    let sends = if let Move::Sends { worker } = it {
        let on = usize::from(from.workers[*worker].on);
        from.records[on].past.known_other
    } else {
        false
    };
    raised && !sends
}

fn paid_twice(from: &World, to: &World) -> bool {
    let both = to.stored_paid && to.second == Second::KnownPaid;
    to.paid_twice >= (both || from.paid_twice)
}

fn findings_stay(from: &World, it: &Move, to: &World) -> bool {
    let closed = matches!(it, Move::Resolves(_));
    let kept =
        |(before, after): (&Record, &Record)| closed || !has_finding(before) || has_finding(after);
    let raised = |record: &Record| {
        let late = record.progress.finding == Some(Finding::LatePayment);
        let told = late || record.past.acknowledged;
        told || !record.past.known_paid || !record.is_reported_unpaid()
    };
    from.records.iter().zip(&to.records).all(kept) && to.records.iter().all(raised)
}

fn nothing_lost(system: &System, to: &World) -> bool {
    to.records.iter().enumerate().all(|(at, record)| {
        let in_hand = to.workers.iter().any(|worker| worker.holds(at));
        record.is_over_or_asks_a_person() || in_hand || can_be_taken(system, record)
    })
}
