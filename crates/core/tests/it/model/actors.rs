//! The customer, the merchant, the person who reviews, and an observer who asks for the status;
//! and what the customer and the shop do about a second attempt.

use duka_core::OrderStatus;
use duka_core::cancel::{Event, Resolution, State};

use super::moves::{After, Move};
use super::system::{AttemptsCheck, SecondAttempt, System};
use super::workers::{visible, write};
use super::world::{Order, Second, World, has_finding};

pub(super) fn moves(system: &System, world: &World, after: After<'_>) {
    customer(system, world, after);
    merchant(system, world, after);
    reviewer(system, world, after);
    if system.second_attempt != SecondAttempt::Never {
        second_attempt(system, world, after);
    }
    if system.observer {
        observer(system, world, after);
    }
}

fn customer(system: &System, world: &World, after: After<'_>) {
    let mut act = |it: Move, order: Order| {
        let mut acted = world.clone();
        acted.becomes(order, system);
        after(it, acted);
    };
    let late = world.order == Order::Cancelled && system.late_payment;
    let unpaid = world.order == Order::Unpaid;
    // Failed is not final.
    let failed = matches!(world.order, Order::Failed | Order::FailedInPart);
    if unpaid || failed || late {
        act(Move::Pays, Order::Paid);
        if system.pays_less {
            act(Move::PaysLess, Order::PaidOther);
        }
    }
    if unpaid && system.expires {
        act(Move::Expires, Order::Expired);
    }
    if unpaid && system.fails {
        act(Move::Fails, Order::Failed);
        if system.pays_less {
            act(Move::FailsInPart, Order::FailedInPart);
        }
    }
}

fn merchant(system: &System, world: &World, after: After<'_>) {
    let over = world.current().1.outcome().is_some();
    if !over || world.records.len() >= usize::from(system.asks) {
        return;
    }
    for worker in 0..world.workers.len() {
        if world.workers[worker].is_idle() {
            let mut asked = world.clone();
            asked.ask(worker);
            after(Move::Asks { worker }, asked);
        }
    }
}

fn reviewer(system: &System, world: &World, after: After<'_>) {
    for on in 0..world.records.len() {
        let record = &world.records[on];
        let mut resolutions = Vec::new();
        let undecided = [State::InDoubt, State::NeedsReview];
        if undecided.contains(&record.progress.state) {
            resolutions.extend([Resolution::Cancelled, Resolution::NotCancelled]);
        }
        if has_finding(record) {
            resolutions.push(Resolution::Acknowledged);
        }
        for resolution in resolutions {
            let mut next = world.clone();
            if write(system, &mut next, on, &Event::Resolved(resolution)).is_some() {
                // Who decides has seen what was found as well.
                next.records[on].past.acknowledged |= has_finding(record);
                after(Move::Resolves(resolution), next);
            }
        }
    }
}

/// Whether the store allows a second attempt now.
pub(super) fn allows_second(system: &System, world: &World) -> bool {
    match system.second_attempt {
        SecondAttempt::Never => false,
        SecondAttempt::Replaces => !world.stored_paid && world.first_is_over(),
        SecondAttempt::ReplacesInDoubt => !world.stored_paid,
    }
}

/// The shop creates it, the customer pays it, and a reader stores that.
fn second_attempt(system: &System, world: &World, after: After<'_>) {
    let mut becomes = |it: Move, second: Second| {
        let mut next = world.clone();
        next.paid_twice |= second == Second::KnownPaid && next.stored_paid;
        next.second = second;
        after(it, next);
    };
    match world.second {
        Second::Absent if allows_second(system, world) => match system.attempts_check {
            AttemptsCheck::WhenItBegins => becomes(Move::BeginsSecond, Second::Begun),
            AttemptsCheck::Before => becomes(Move::LooksAtFirst, Second::Allowed),
        },
        Second::Absent | Second::KnownPaid => {}
        Second::Allowed => becomes(Move::BeginsSecond, Second::Begun),
        Second::Begun => becomes(Move::CreatesSecond, Second::Unpaid),
        Second::Unpaid => becomes(Move::PaysSecond, Second::Paid),
        Second::Paid => becomes(Move::SeesSecondPaid, Second::KnownPaid),
    }
}

/// Another caller asks the same program for the status: a reading, and then an observation
/// of the records.
fn observer(system: &System, world: &World, after: After<'_>) {
    let Some(event) = &world.observer else {
        for event in visible(system, world) {
            let mut looked = world.clone();
            looked.observer = Some(event.clone());
            after(Move::Observes(event), looked);
        }
        return;
    };
    let mut next = world.clone();
    next.observer = None;
    next.stores_payment(event, system);
    for on in 0..next.records.len() {
        let event = next.of_record(event, on);
        show(system, &mut next, on, &event);
    }
    after(Move::Shows(event.clone()), next);
}

/// Applies an observed status to a cancellation that no worker holds.
pub(super) fn show(system: &System, world: &mut World, on: usize, event: &Event) {
    let record = &mut world.records[on];
    record.past.known_paid |= event.status() == Some(&OrderStatus::Paid);
    if record.due_in.is_some() {
        return;
    }
    let before = (record.progress.state, record.progress.finding);
    let mut shown = world.clone();
    if write(system, &mut shown, on, event).is_some() {
        let progress = &shown.records[on].progress;
        let ends = progress.state.outcome().is_some();
        if ends && (progress.state, progress.finding) != before {
            *world = shown;
        }
    }
}
