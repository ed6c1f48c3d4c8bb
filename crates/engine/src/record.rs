//! The merchant's record of a request that may leave only once, and the log behind it.

use std::fmt;
use std::time::Duration;

use duka_core::cancel::{CancelRules, Cancellation, OtherAmount, Repeat, SkipReason, WaitPolicy};
use duka_core::refund::{RefundFinding, RefundState};
use duka_core::{
    CancellationId, GatewayName, Money, Observation, OrderStatus, Outcome, RefundId, State,
};
use jiff::Timestamp;
use uuid::{Timestamp as UuidTime, Uuid};

use crate::lease::{Claim, after};
use crate::order::{Hold, LastUse, OrderKey, Tracking};

/// Who wants a cancellation, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Why, in the merchant's words.
    pub reason: Option<String>,
    /// A person or a program.
    pub actor: String,
}

/// A request that may leave only once, as it is stored: a cancellation, or a
/// [refund](crate::Refund).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<I = CancellationId, T = CancelTerms, P = Cancellation> {
    /// Its id.
    pub id: I,
    /// Counts the writes to it; every change names the version it was made from.
    pub version: u64,
    /// The order that it is about.
    pub key: OrderKey,
    /// The gateway of its account.
    pub gateway: GatewayName,
    /// The merchant's reference, as the order is tracked.
    pub reference: Option<String>,
    /// The shop's own order number, as the order is tracked.
    pub shop_order: Option<String>,
    /// Who asked for it: a person or a program.
    pub actor: String,
    /// What was asked for.
    pub terms: T,
    /// Where it stands.
    pub progress: P,
    /// What was last learnt, as a sentence fragment.
    pub message: Option<String>,
    /// When it is due; while a worker holds it, when the lease ends. `None` once it is over or
    /// an operator has to decide; then a sweep reads the status of an order to be cancelled again
    /// from [`Record::recheck_at`] on.
    pub due_at: Option<Timestamp>,
    /// The worker that holds it.
    pub worker: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What is asked for by a cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelTerms {
    /// Why, in the merchant's words.
    pub reason: Option<String>,
    /// What the order costs, by the list or the caller that asked for this.
    pub listed_money: Option<Money>,
    /// What the order costs, as it is tracked.
    pub tracked_money: Option<Money>,
    /// While the order shows that a payment is under way, no request is sent before it has this
    /// age. `None` if a caller has asked for this order by its name.
    pub processing_min_age: Option<Duration>,
    /// When the order was created.
    pub ordered_at: Timestamp,
    /// When its customer came back to it.
    pub last_use: LastUse,
    /// What was last seen of the order.
    pub seen: Option<Observation>,
    /// How the customer meant to pay, as the order is tracked.
    pub method: Option<String>,
    /// Who holds the order, if a person does.
    pub hold: Option<Hold>,
    /// Who has [acknowledged](Cancellation::acknowledged) a finding last.
    pub acknowledgement: Option<Acknowledgement>,
}

/// A person has seen to a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What the person says about it.
    pub note: String,
}

impl Acknowledgement {
    /// What the log says of a person's decision.
    pub(crate) fn detail(by: &str, note: &str) -> String {
        format!("{by}: {note}")
    }

    /// Reads a line of the log whose [detail](Self::detail) this is.
    pub(crate) fn read(at: Timestamp, by: String, detail: &str) -> Self {
        let note = detail.strip_prefix(&Self::detail(&by, ""));
        let note = note.unwrap_or(detail).to_owned();
        Self { at, by, note }
    }
}

impl CancelTerms {
    /// With what a later list or caller has to say: the amount, where the first one had none, and
    /// that the order was asked for by its name.
    pub fn with(&self, listed_money: Option<Money>, processing_min_age: Option<Duration>) -> Self {
        let bound = |_: &Duration| processing_min_age.is_some();
        Self {
            listed_money: self.listed_money.or(listed_money),
            processing_min_age: self.processing_min_age.filter(bound),
            ..self.clone()
        }
    }
}

impl Record {
    /// What the customer has paid by the gateway's account, if that is known: the order was paid,
    /// or a failed payment has left a receipt of another amount than the order's.
    pub fn paid_money(&self) -> Option<Money> {
        let seen = self.terms.seen.as_ref()?;
        let in_part =
            seen.status == OrderStatus::Failed && self.progress.other_amount == OtherAmount::Seen;
        seen.money.filter(|_| in_part || seen.status.was_paid())
    }

    /// From when on a sweep reads the status of a cancellation that waits for a person again;
    /// `None` for any other, and while a worker is reading it.
    pub fn recheck_at(&self, wait_policy: &WaitPolicy) -> Option<Timestamp> {
        if self.progress.state != State::NeedsReview || self.due_at.is_some() {
            return None;
        }
        let doubt_since = self.progress.doubt_since.unwrap_or(self.created_at);
        let in_doubt_for = self.updated_at.duration_since(doubt_since);
        // A clock that was set back makes a fresh doubt of it.
        let in_doubt_for = Duration::try_from(in_doubt_for).unwrap_or_default();
        let pause = wait_policy.review_pause(in_doubt_for);
        Some(after(self.updated_at, pause))
    }
}

/// One refund request as it is stored, from just before it was sent.
pub type Refund = Record<RefundId, RefundTerms, RefundProgress>;

/// What is asked for by a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundTerms {
    /// How much.
    pub money: Money,
    /// By which receipt, as the status showed it.
    pub confirmation_code: Option<String>,
    /// Who asks, as the gateway is told.
    pub username: String,
    /// Why, as the gateway is told.
    pub remarks: String,
    /// Who has [acknowledged](RefundProgress::acknowledged) a finding last.
    pub acknowledgement: Option<Acknowledgement>,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundProgress {
    /// Its state.
    pub state: RefundState,
    /// What an operator has to look at, until one has acknowledged it.
    pub finding: Option<RefundFinding>,
    /// What an operator has acknowledged.
    pub acknowledged: Option<RefundFinding>,
}

impl RefundProgress {
    /// What was found: what a person has still to acknowledge, or else what one has acknowledged.
    pub fn finding_of_any_time(&self) -> Option<RefundFinding> {
        self.finding.or(self.acknowledged)
    }
}

impl Refund {
    /// Whether it is being sent and the lease of its worker has [lapsed](Claim::has_lapsed).
    pub fn is_lapsed(&self, now: Timestamp) -> bool {
        let lapsed = self.due_at.is_none_or(|due| Claim::has_lapsed(due, now));
        self.progress.state == RefundState::Sending && lapsed
    }
}

impl fmt::Display for Refund {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refund of {} for order {}", self.terms.money, self.key)
    }
}

/// A UUID that sorts by the time it was made.
pub(crate) fn new_id(now: Timestamp) -> Uuid {
    let since = now.as_duration();
    let seconds = u64::try_from(since.as_secs()).unwrap_or(0);
    let nanos = u32::try_from(since.subsec_nanos()).unwrap_or(0);
    Uuid::new_v7(UuidTime::from_unix(uuid::NoContext, seconds, nanos))
}

/// One line of the append-only log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry<I = CancellationId> {
    /// Its place in the log of this record, from 1, without gaps.
    pub number: u64,
    /// The cancellation or refund.
    pub id: I,
    /// When it happened.
    pub at: Timestamp,
    /// What happened: the name of an event; the first is `requested`, or `intent` of a refund.
    pub event: String,
    /// The state before.
    pub from: Option<String>,
    /// The state after, with the outcome if it is over.
    pub to: String,
    /// Who: the worker, or the person.
    pub actor: String,
    /// What was sent or came back, in words; never a secret, never a whole reply.
    pub detail: Option<String>,
}

/// What becomes of the order once its cancellation is over.
pub(crate) fn tracking_after(progress: &Cancellation, rules: &CancelRules) -> Tracking {
    let Some(outcome) = progress.state.outcome() else {
        return Tracking::InProgress;
    };
    let still_open = match outcome {
        Outcome::Confirmed
        | Outcome::NotCancelledPaid
        | Outcome::NotCancelledFinal
        | Outcome::ResolvedCancelled
        | Outcome::ResolvedNotCancelled
        | Outcome::Skipped(SkipReason::AlreadySubmitted) => false,
        // Not found may be a gateway in trouble: the order is asked about again until it
        // is too old for any sweep.
        Outcome::Skipped(SkipReason::NotFound) => true,
        Outcome::Refused => rules.repeat() == Repeat::Harmless,
        Outcome::Skipped(SkipReason::NotEligible) => match &progress.verified {
            // A failed order can still be paid.
            None
            | Some(
                OrderStatus::Unknown(_)
                | OrderStatus::Unpaid
                | OrderStatus::Processing
                | OrderStatus::Failed,
            ) => true,
            Some(
                OrderStatus::Paid
                | OrderStatus::Expired
                | OrderStatus::Cancelled
                | OrderStatus::Reversed,
            ) => false,
        },
        // The list may be corrected, and until then the order may be another customer's.
        Outcome::Skipped(
            SkipReason::StatusUnreadable
            | SkipReason::CouldNotSend
            | SkipReason::AmountDiffers
            | SkipReason::Held,
        ) => true,
    };
    if still_open {
        Tracking::Pending
    } else {
        Tracking::Closed
    }
}
