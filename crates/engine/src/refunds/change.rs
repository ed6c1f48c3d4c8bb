//! The writes that may follow a refund's intent. Each is made by a rule, from the refund as
//! it was read.

use duka_core::RefundId;
use duka_core::refund::{RefundEvent, RefundFinding, RefundOutcome, RefundState, step};

use super::Refund;
use crate::message;
use crate::store::Entry;

/// The next state of a refund.
///
/// **If you implement a store:** the state and the finding are to be stored as they are
/// here, under the condition that the version is still [`RefundUpdate::version`].
#[derive(Debug, Clone)]
pub struct RefundUpdate {
    /// Which.
    pub id: RefundId,
    /// The version it was made from.
    pub version: u64,
    /// What was learnt.
    pub message: String,
    /// What the log will say.
    pub entry: Entry,
    next: RefundState,
    finding: Option<RefundFinding>,
}

impl RefundUpdate {
    /// What follows from `event`, by [`step`]; `None` if nothing does.
    /// `detail` is what was sent or came back, in words.
    pub fn after(refund: &Refund, event: RefundEvent, detail: &str, actor: &str) -> Option<Self> {
        let next = step(refund.state, event)?;
        Some(Self {
            next,
            message: format!("{detail}; {}", message::refund(next)),
            ..Self::note(refund, event.as_str(), detail.to_owned(), actor)
        })
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
        refund.state.allows_another_request().then(|| Self {
            finding: Some(RefundFinding::DoubleRequest),
            ..Self::note(refund, event.as_str(), detail, actor)
        })
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
        let over = refund.state == RefundState::Done(RefundOutcome::Reversed);
        let detail = format!("{detail}; this came after the end, and changes nothing");
        (answered && over).then(|| Self::note(refund, event.as_str(), detail, actor))
    }

    /// Closes a finding that `by` has seen to; `None` if there is none.
    pub fn acknowledged(refund: &Refund, by: &str, note: &str) -> Option<Self> {
        let finding = refund.finding?;
        let detail = format!("{by}: {note}");
        Some(Self {
            finding: None,
            message: format!("{detail}; a person has seen to the {}", finding.as_str()),
            ..Self::note(refund, "acknowledged", detail, by)
        })
    }

    /// A log entry that changes nothing yet.
    fn note(refund: &Refund, event: &str, detail: String, actor: &str) -> Self {
        Self {
            id: refund.id,
            version: refund.version,
            next: refund.state,
            finding: refund.finding,
            message: detail.clone(),
            entry: Entry {
                event: event.to_owned(),
                actor: actor.to_owned(),
                detail: Some(detail),
            },
        }
    }

    /// The state to store.
    pub const fn next(&self) -> RefundState {
        self.next
    }

    /// The finding to store.
    pub const fn finding(&self) -> Option<RefundFinding> {
        self.finding
    }
}
