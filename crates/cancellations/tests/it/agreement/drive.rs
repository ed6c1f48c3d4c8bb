//! The change that follows from a step, as the driver makes it. That it is the same is a
//! test of its own.

use duka_cancellations::store::{Attempt, Change, Claim, Entry, Guard, Hold};
use duka_cancellations::{Follow, Record};
use duka_core::cancel::{
    Action, CancelRules, Cancellation, Event, Outcome, Repeat, SkipReason, State, Step,
};
use duka_core::{Observation, OrderStatus};

/// What happened to a record, and who says so.
pub(super) struct Happened<'a> {
    pub(super) event: &'a Event,
    pub(super) actor: &'a str,
    pub(super) detail: Option<String>,
    pub(super) message: Option<String>,
    pub(super) seen: Option<Observation>,
}

/// `claim` is what the worker would claim at this moment.
pub(super) fn change(
    record: &Record,
    step: &Step,
    happened: Happened<'_>,
    rules: &CancelRules,
    claim: &Claim,
) -> Change {
    let (due_at, hold) = match step.action {
        Action::ReadStatus { not_before } if not_before > claim.now => {
            (Some(not_before), Hold::Release)
        }
        Action::ReadStatus { .. } | Action::SendRequest => (Some(claim.until), Hold::Keep),
        Action::AskPerson | Action::Stop => (None, Hold::Release),
    };
    Change {
        id: record.id,
        version: record.version,
        next: step.next.clone(),
        message: happened.message,
        seen: happened.seen,
        due_at,
        hold,
        entry: Entry {
            event: happened.event.as_str().to_owned(),
            actor: happened.actor.to_owned(),
            detail: happened.detail,
        },
        attempt: attempt(record.progress.state, happened.event, step, rules),
        follow: follow(&step.next, rules),
        guard: guard(&step.next),
        now: claim.now,
    }
}

fn attempt(before: State, event: &Event, step: &Step, rules: &CancelRules) -> Attempt {
    if step.action == Action::SendRequest {
        return Attempt::Begins(rules.repeat());
    }
    let unsent = matches!(event, Event::NotSent | Event::TurnedAway);
    // An answer ends its attempt however late it comes.
    let answered = matches!(event, Event::AnsweredYes | Event::AnsweredNo);
    if before == State::Sending && unsent {
        Attempt::TakenBack
    } else if before == State::Sending || answered {
        Attempt::Ended
    } else {
        Attempt::Untouched
    }
}

/// A request, and every end but one by a payment, must not be written over one.
fn guard(next: &Cancellation) -> Guard {
    let paid = next.verified.as_ref().is_some_and(OrderStatus::was_paid);
    let ends_as_unpaid = matches!(
        next.state,
        State::Done(
            Outcome::Confirmed
                | Outcome::NotCancelledFinal
                | Outcome::Refused
                | Outcome::Skipped(SkipReason::NotEligible | SkipReason::AmountDiffers)
        )
    );
    if next.state == State::Sending || (ends_as_unpaid && !paid) {
        Guard::Unpaid
    } else {
        Guard::None
    }
}

fn follow(next: &Cancellation, rules: &CancelRules) -> Follow {
    let State::Done(outcome) = next.state else {
        return Follow::InHand;
    };
    let ended = next.verified.as_ref().is_some_and(|status| {
        use OrderStatus::{Cancelled, Expired, Failed, Paid, Reversed};
        matches!(status, Paid | Failed | Expired | Cancelled | Reversed)
    });
    let open = match outcome {
        Outcome::Refused => rules.repeat() == Repeat::Harmless,
        Outcome::Skipped(SkipReason::NotEligible) => !ended,
        Outcome::Skipped(SkipReason::AlreadySubmitted) => false,
        Outcome::Skipped(
            SkipReason::NotFound
            | SkipReason::StatusUnreadable
            | SkipReason::CouldNotSend
            | SkipReason::AmountDiffers,
        ) => true,
        Outcome::Confirmed
        | Outcome::NotCancelledPaid
        | Outcome::NotCancelledFinal
        | Outcome::ResolvedCancelled
        | Outcome::ResolvedNotCancelled => false,
    };
    if open { Follow::Open } else { Follow::Settled }
}
