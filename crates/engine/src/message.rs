//! One line for a person: what happened to a cancellation, and what it means.

use duka_core::OrderStatus;
use duka_core::cancel::{Event, Finding, Outcome, Resolution, SkipReason, State, Step};
use duka_core::refund::{RefundOutcome, RefundState};

/// What was learnt, and then what follows from it.
pub(crate) fn line(step: &Step, event: &Event, detail: &str) -> String {
    format!("{detail}; {}", meaning(step, event))
}

fn meaning(step: &Step, event: &Event) -> &'static str {
    let next = &step.next;
    match next.state {
        State::Requested if next.requests > 0 => "still open, so a new attempt will be made",
        State::Requested => "nothing has been done at the gateway; it will be tried again",
        State::Sending => "a cancel request is being sent",
        State::Accepted | State::Refused => "to be verified by the order's status",
        State::InDoubt => "whether the order is cancelled is not known yet",
        State::NeedsReview if event.shows_other_payment() => {
            "the customer may have paid that: a person must look at the gateway's dashboard and decide"
        }
        State::NeedsReview => "a person must look at the gateway's dashboard and decide",
        State::Done(outcome) if matches!(event, Event::AnsweredYes | Event::AnsweredNo) => {
            late_answer(outcome, event)
        }
        // Closing a finding does not change the outcome, and says nothing new of it.
        State::Done(_) if *event == Event::Resolved(Resolution::Acknowledged) => {
            "a person has acknowledged the payment"
        }
        State::Done(outcome) if next.finding == Some(Finding::LatePayment) => match outcome {
            Outcome::NotCancelledFinal => "paid after it had ended without a payment",
            Outcome::Confirmed
            | Outcome::NotCancelledPaid
            | Outcome::Refused
            | Outcome::Skipped(_)
            | Outcome::ResolvedCancelled
            | Outcome::ResolvedNotCancelled => "paid after it was reported cancelled",
        },
        State::Done(_) if event.shows_other_payment() => {
            "the customer has paid another amount: a person must look before the goods leave"
        }
        State::Done(outcome) => match outcome {
            Outcome::Confirmed if *event == Event::Observed(OrderStatus::Cancelled) => {
                "the order is cancelled"
            }
            Outcome::Confirmed => {
                "the gateway answered that it cancelled the order, which no status shows here"
            }
            Outcome::NotCancelledPaid => "the customer has paid; the order stands",
            Outcome::NotCancelledFinal => "the order has ended without a payment to keep",
            Outcome::Refused => "the gateway refused and the order is still open",
            Outcome::Skipped(reason) => skipped(reason),
            Outcome::ResolvedCancelled => "decided by a person: cancelled",
            Outcome::ResolvedNotCancelled => "decided by a person: not cancelled",
        },
    }
}

/// An answer that a worker brings when the cancellation is over.
fn late_answer(outcome: Outcome, event: &Event) -> &'static str {
    match (outcome, event) {
        (Outcome::ResolvedNotCancelled, Event::AnsweredYes) => {
            "this came after a person had decided otherwise, which stands: not cancelled; look again"
        }
        (Outcome::ResolvedCancelled, Event::AnsweredNo) => {
            "this came after a person had decided otherwise, which stands: cancelled; look again"
        }
        _ => "this came after the end, and changes nothing",
    }
}

fn skipped(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::NotEligible => "nothing was sent: not an order to be cancelled",
        SkipReason::NotFound => "nothing was sent: no such order",
        SkipReason::AlreadySubmitted => {
            "nothing was sent: this gateway takes one cancel request per order, and it has been used"
        }
        SkipReason::AmountDiffers => {
            "nothing was sent: it may be another customer's order; look at the gateway's dashboard, then correct the amount, or turn the comparison off"
        }
        SkipReason::Held => "nothing was sent: the order is held",
        SkipReason::StatusUnreadable => {
            "nothing was sent: the status could not be read for too long"
        }
        SkipReason::CouldNotSend => {
            "the request could not be made for too long: the gateway was out of reach, or refused the credentials"
        }
    }
}

/// What the state of a refund request means.
pub(crate) const fn refund(state: RefundState) -> &'static str {
    match state {
        RefundState::Sending => "a refund request is being sent",
        RefundState::InDoubt => {
            "whether the gateway has the request is not known, and it is not sent again by itself"
        }
        RefundState::Done(outcome) => match outcome {
            RefundOutcome::Received => {
                "received, not refunded yet: the merchant approves it in the dashboard"
            }
            RefundOutcome::Refused => {
                "not taken by the gateway; whether this used up the one request of the payment is not known"
            }
            RefundOutcome::NotSent => "nothing has been asked of the gateway",
            RefundOutcome::Reversed => "the money has gone back",
            RefundOutcome::ResolvedReceived => "decided by a person: the gateway has the request",
            RefundOutcome::ResolvedNotReceived => {
                "decided by a person: the gateway has no request, and another may be made"
            }
        },
    }
}
