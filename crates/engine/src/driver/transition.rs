//! What happened to a cancellation, and what may be written of it.

use duka_core::cancel::{Event, Outcome, SkipReason, State, Step};
use duka_core::{Error, ErrorKind, Observation, OrderStatus, PaymentDetails};

use crate::record::Record;
use crate::store::Precondition;

/// An event, with what goes into the record beside it.
pub(crate) struct Transition {
    pub(crate) event: Event,
    pub(super) detail: String,
    /// Who did it, if not this worker.
    pub(super) actor: Option<String>,
    pub(super) seen: Option<Observation>,
    pub(super) answered: PaymentDetails,
    pub(super) error: Option<Error>,
}

impl Transition {
    pub(crate) fn new(event: Event, detail: impl Into<String>) -> Self {
        Self {
            event,
            detail: detail.into(),
            actor: None,
            seen: None,
            answered: PaymentDetails::default(),
            error: None,
        }
    }

    /// A readable answer to the request, with what it tells about the order.
    pub(super) fn answered(event: Event, word: &str, said: &str, details: PaymentDetails) -> Self {
        let told = details.to_string();
        let told = if told.is_empty() {
            told
        } else {
            format!(" ({told})")
        };
        Self {
            answered: details,
            ..Self::new(event, format!("answered {word}: {said}{told}"))
        }
    }

    /// Names who did it.
    pub(crate) fn by(mut self, actor: &str) -> Self {
        self.actor = Some(actor.to_owned());
        self
    }

    pub(super) fn with_error_detail(mut self, what: &str) -> Self {
        if let Some(error) = &self.error {
            self.detail = format!("{what}: {}", error.in_full());
        }
        self
    }
}

/// Whether the same call will fail again until the operator corrects the account's settings.
pub(crate) fn is_hopeless(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Authentication | ErrorKind::Configuration
    )
}

/// What must not be written once the order has been seen paid: that a request may leave, or
/// that the cancellation ended in any other way than by a payment.
pub(super) fn precondition(before: State, step: &Step) -> Precondition {
    // What was written before stands, whatever was seen since.
    if before.outcome().is_some() {
        return Precondition::None;
    }
    let by_a_payment = step
        .next
        .verified
        .as_ref()
        .is_some_and(OrderStatus::was_paid);
    match step.next.state {
        State::Sending => Precondition::Unpaid,
        State::Done(outcome) => match outcome {
            Outcome::Confirmed
            | Outcome::NotCancelledFinal
            | Outcome::Refused
            | Outcome::Skipped(
                SkipReason::NotEligible | SkipReason::AmountDiffers | SkipReason::Held,
            ) if !by_a_payment => Precondition::Unpaid,
            Outcome::Confirmed
            | Outcome::NotCancelledPaid
            | Outcome::NotCancelledFinal
            | Outcome::Refused
            | Outcome::Skipped(_)
            | Outcome::ResolvedCancelled
            | Outcome::ResolvedNotCancelled => Precondition::None,
        },
        State::Requested
        | State::Accepted
        | State::Refused
        | State::InDoubt
        | State::NeedsReview => Precondition::None,
    }
}

/// Whether a late answer belongs to the record's last attempt and was not heard before. It
/// is written over doubt; where a status or a person has decided meanwhile, it is kept in
/// the log.
pub(super) fn answers(transition: &Transition, sent: &Record, current: &Record) -> bool {
    let is_answer = matches!(transition.event, Event::AnsweredYes | Event::AnsweredNo);
    let same_attempt = sent.progress.attempts == current.progress.attempts;
    // Still *sending*: another worker has claimed it and has not written yet.
    let unanswered = match current.progress.state {
        State::Sending | State::InDoubt | State::NeedsReview => true,
        State::Done(_) => current.progress.requests > 0,
        State::Requested | State::Accepted | State::Refused => false,
    };
    is_answer && same_attempt && unanswered
}
