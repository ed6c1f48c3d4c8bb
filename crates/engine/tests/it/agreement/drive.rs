//! The change that follows from a step, as the driver makes it. That it is the same is a
//! test of its own.

use duka_core::PaymentDetails;
use duka_core::cancel::{
    Action, CancelRules, Cancellation, Event, Outcome, Repeat, SkipReason, State, Step,
};
use duka_core::{Observation, OrderStatus};
use duka_engine::store::{Attempt, Change, Claim, Entry, Precondition, Schedule, Update};
use duka_engine::{AmountCheck, Record, Tracking};
use jiff::Timestamp;

/// What happened to a record, and who says so.
pub(super) struct Transition<'a> {
    pub(super) event: &'a Event,
    pub(super) actor: &'a str,
    pub(super) detail: Option<String>,
    pub(super) message: Option<String>,
    pub(super) seen: Option<Observation>,
}

/// `claim` is what the worker would claim at this moment, `now`.
pub(super) fn change(
    record: &Record,
    step: &Step,
    transition: Transition<'_>,
    rules: &CancelRules,
    claim: &Claim,
    now: Timestamp,
) -> Update {
    let schedule = match step.action {
        Action::ReadStatus { not_before } if not_before > now => {
            Schedule::Due(not_before.duration_since(now).unsigned_abs())
        }
        Action::ReadStatus { .. } | Action::SendRequest => Schedule::Hold {
            worker: claim.worker.clone(),
            lease: claim.lease,
        },
        Action::AskPerson | Action::Stop => Schedule::Never,
    };
    Update {
        change: Change {
            id: record.id,
            version: record.version,
            next: step.next.clone(),
            message: transition.message,
            schedule,
            entry: Entry::new(
                transition.event.as_str(),
                transition.actor,
                transition.detail,
            ),
        },
        seen: transition.seen,
        amount_check: AmountCheck::Compare,
        answered: PaymentDetails::default(),
        attempt: attempt(record.progress.state, transition.event, step, rules),
        tracking: tracking(&step.next, rules),
        precondition: precondition(&step.next),
    }
}

fn attempt(before: State, event: &Event, step: &Step, rules: &CancelRules) -> Attempt {
    if step.action == Action::SendRequest {
        return Attempt::Begins(rules.repeat());
    }
    let unsent = matches!(event, Event::NotSent | Event::Unauthenticated);
    // An answer ends its attempt however late it comes.
    let answered = matches!(event, Event::AnsweredYes | Event::AnsweredNo);
    if before == State::Sending && unsent {
        Attempt::TakenBack
    } else if before == State::Sending || answered {
        Attempt::Ended
    } else {
        Attempt::Unchanged
    }
}

/// A request, and every end but one by a payment, must not be written over one.
fn precondition(next: &Cancellation) -> Precondition {
    let paid = next.verified.as_ref().is_some_and(OrderStatus::was_paid);
    let ends_as_unpaid = matches!(
        next.state,
        State::Done(
            Outcome::Confirmed
                | Outcome::NotCancelledFinal
                | Outcome::Refused
                | Outcome::Skipped(
                    SkipReason::NotEligible | SkipReason::AmountDiffers | SkipReason::Held
                )
        )
    );
    if next.state == State::Sending || (ends_as_unpaid && !paid) {
        Precondition::Unpaid
    } else {
        Precondition::None
    }
}

fn tracking(next: &Cancellation, rules: &CancelRules) -> Tracking {
    let State::Done(outcome) = next.state else {
        return Tracking::InProgress;
    };
    let ended = next.verified.as_ref().is_some_and(|status| {
        use OrderStatus::{Cancelled, Expired, Paid, Reversed};
        matches!(status, Paid | Expired | Cancelled | Reversed)
    });
    let open = match outcome {
        Outcome::Refused => rules.repeat() == Repeat::Harmless,
        Outcome::Skipped(SkipReason::NotEligible) => !ended,
        Outcome::Skipped(SkipReason::AlreadySubmitted) => false,
        Outcome::Skipped(
            SkipReason::NotFound
            | SkipReason::StatusUnreadable
            | SkipReason::CouldNotSend
            | SkipReason::AmountDiffers
            | SkipReason::Held,
        ) => true,
        Outcome::Confirmed
        | Outcome::NotCancelledPaid
        | Outcome::NotCancelledFinal
        | Outcome::ResolvedCancelled
        | Outcome::ResolvedNotCancelled => false,
    };
    if open {
        Tracking::Pending
    } else {
        Tracking::Closed
    }
}
