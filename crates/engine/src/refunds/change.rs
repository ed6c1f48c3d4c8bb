//! The writes that may follow a refund's intent. Each is made by a rule, from the refund as
//! it was read.

use duka_core::RefundId;
use duka_core::refund::{RefundEvent, RefundFinding, RefundOutcome, RefundState, step};

use super::{Refund, RefundProgress};
use crate::message;
use crate::record::Acknowledgement;
use crate::store::{Change, Entry, Schedule};

/// The next state of a refund; only the rules make one.
#[derive(Debug, Clone)]
pub struct RefundUpdate {
    change: Change<RefundId, RefundProgress>,
    precondition: RefundPrecondition,
}

/// What must hold for an update of a refund to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundPrecondition {
    /// Nothing.
    None,
    /// The lease of the worker that sends it has [ended](Refund::is_lapsed), by the store's
    /// clock.
    LeaseEnded,
}

impl RefundUpdate {
    /// What follows from `event`, by [`step`]; `None` if nothing does.
    /// `detail` is what was sent or came back, in words.
    pub fn after(refund: &Refund, event: RefundEvent, detail: &str, actor: &str) -> Option<Self> {
        let next = step(refund.progress.state, event)?;
        let message = format!("{detail}; {}", message::refund(next));
        let mut update = Self::note(refund, event.as_str(), detail.to_owned(), actor);
        (update.change.next.state, update.change.message) = (next, Some(message));
        if event == RefundEvent::LeaseLapsed {
            update.precondition = RefundPrecondition::LeaseEnded;
        }
        Some(update)
    }

    /// Keeps an answer that comes after another request has taken the payment: the state
    /// stays, and [`RefundFinding::DoubleRequest`] is raised. `None` where no other request
    /// can have been made.
    pub fn double_request(
        refund: &Refund,
        event: RefundEvent,
        detail: &str,
        actor: &str,
    ) -> Option<Self> {
        let detail = format!(
            "{detail}; this came after another refund request of the payment had been made"
        );
        let mut update = Self::note(refund, event.as_str(), detail, actor);
        update.change.next.finding = Some(RefundFinding::DoubleRequest);
        let state = refund.progress.state;
        state.allows_another_request().then_some(update)
    }

    /// Keeps an answer that comes after the money was seen to go back: it changes nothing.
    /// `None` for anything else.
    pub fn late_answer(
        refund: &Refund,
        event: RefundEvent,
        detail: &str,
        actor: &str,
    ) -> Option<Self> {
        let answered = matches!(event, RefundEvent::Received | RefundEvent::Refused);
        let over = refund.progress.state == RefundState::Done(RefundOutcome::Reversed);
        let detail = format!("{detail}; this came after the end, and changes nothing");
        (answered && over).then(|| Self::note(refund, event.as_str(), detail, actor))
    }

    /// Closes a finding that `by` has seen to; `None` if there is none.
    pub fn acknowledged(refund: &Refund, by: &str, note: &str) -> Option<Self> {
        let finding = refund.progress.finding?;
        let detail = Acknowledgement::detail(by, note);
        let message = format!("{detail}; a person has seen to the {}", finding.as_str());
        let mut update = Self::note(refund, "acknowledged", detail, by);
        let next = &mut update.change.next;
        (next.finding, next.acknowledged) = (None, Some(finding));
        update.change.message = Some(message);
        Some(update)
    }

    /// A log entry that changes nothing yet, and releases the lease.
    fn note(refund: &Refund, event: &str, detail: String, actor: &str) -> Self {
        let change = Change {
            id: refund.id,
            version: refund.version,
            next: refund.progress,
            message: Some(detail.clone()),
            schedule: Schedule::Never,
            entry: Entry::new(event, actor, Some(detail)),
        };
        Self {
            change,
            precondition: RefundPrecondition::None,
        }
    }

    /// What to store.
    pub const fn change(&self) -> &Change<RefundId, RefundProgress> {
        &self.change
    }

    /// What must hold for it to be stored.
    pub const fn precondition(&self) -> RefundPrecondition {
        self.precondition
    }
}
