//! The types of a cancellation: its states and outcomes, its events, and the next action.

use std::fmt;

use jiff::Timestamp;

use crate::order::OrderStatus;
use crate::text::words;

/// The state of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The merchant wants it; no request is being sent.
    Requested,
    /// A request is about to leave or has left; stored before it does.
    Sending,
    /// The gateway said yes; the status has not been read since.
    Accepted,
    /// The gateway said no; the status has not been read since.
    Refused,
    /// A request may or may not have arrived, and nothing readable came back.
    InDoubt,
    /// The outcome could not be determined in time; waits for a person, or for a status that
    /// decides it.
    NeedsReview,
    /// Ended.
    Done(Outcome),
}

impl State {
    /// The word used in JSON and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::InDoubt => "in_doubt",
            Self::NeedsReview => "needs_review",
            Self::Done(_) => "done",
        }
    }

    /// The outcome, once it has ended.
    pub const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Done(outcome) => Some(outcome),
            Self::Requested
            | Self::Sending
            | Self::Accepted
            | Self::Refused
            | Self::InDoubt
            | Self::NeedsReview => None,
        }
    }

    /// Reads what [`State::as_str`], [`Outcome::as_str`] and [`SkipReason::as_str`] write.
    pub fn from_words(state: &str, outcome: Option<&str>, skip: Option<&str>) -> Option<Self> {
        Some(match (state, outcome) {
            ("requested", None) => Self::Requested,
            ("sending", None) => Self::Sending,
            ("accepted", None) => Self::Accepted,
            ("refused", None) => Self::Refused,
            ("in_doubt", None) => Self::InDoubt,
            ("needs_review", None) => Self::NeedsReview,
            ("done", Some(word)) => Self::Done(Outcome::from_words(word, skip)?),
            _ => return None,
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a cancellation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The order is cancelled, by a readable answer or by its status.
    Confirmed,
    /// The customer paid, before the request or in spite of it: *paid wins*.
    NotCancelledPaid,
    /// The order had ended in some other way: failed, expired or reversed. What has failed or
    /// expired may still be paid, which is a [`Finding`] then.
    NotCancelledFinal,
    /// The gateway said no, and the order is still open.
    Refused,
    /// No request left.
    Skipped(SkipReason),
    /// A person looked and found it cancelled.
    ResolvedCancelled,
    /// A person looked and found it not cancelled.
    ResolvedNotCancelled,
}

impl Outcome {
    /// The word used in JSON and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::NotCancelledPaid => "not_cancelled_paid",
            Self::NotCancelledFinal => "not_cancelled_final",
            Self::Refused => "refused",
            Self::Skipped(_) => "skipped",
            Self::ResolvedCancelled => "resolved_cancelled",
            Self::ResolvedNotCancelled => "resolved_not_cancelled",
        }
    }

    /// Why no request was sent, if none was.
    pub const fn skip_reason(self) -> Option<SkipReason> {
        match self {
            Self::Skipped(reason) => Some(reason),
            Self::Confirmed
            | Self::NotCancelledPaid
            | Self::NotCancelledFinal
            | Self::Refused
            | Self::ResolvedCancelled
            | Self::ResolvedNotCancelled => None,
        }
    }

    /// Reads what [`Outcome::as_str`] and [`SkipReason::as_str`] write.
    pub fn from_words(outcome: &str, skip: Option<&str>) -> Option<Self> {
        Some(match (outcome, skip) {
            ("confirmed", None) => Self::Confirmed,
            ("not_cancelled_paid", None) => Self::NotCancelledPaid,
            ("not_cancelled_final", None) => Self::NotCancelledFinal,
            ("refused", None) => Self::Refused,
            ("skipped", Some(reason)) => Self::Skipped(reason.parse().ok()?),
            ("resolved_cancelled", None) => Self::ResolvedCancelled,
            ("resolved_not_cancelled", None) => Self::ResolvedNotCancelled,
            _ => return None,
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why no request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// The order's status does not allow it.
    NotEligible,
    /// The gateway knows no such order.
    NotFound,
    /// The one request that this gateway takes for the order has been used.
    AlreadySubmitted,
    /// The status could not be read for as long as the merchant wants to wait.
    StatusUnreadable,
    /// The request could not be sent for as long as the merchant wants to wait.
    CouldNotSend,
    /// The gateway shows the order with another amount or currency than the merchant has for
    /// it: it may be another customer's.
    AmountDiffers,
    /// A person holds the order: no request is to be sent.
    Held,
}

impl SkipReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::NotEligible,
        Self::NotFound,
        Self::AlreadySubmitted,
        Self::StatusUnreadable,
        Self::CouldNotSend,
        Self::AmountDiffers,
        Self::Held,
    ];

    /// The word used in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotEligible => "not_eligible",
            Self::NotFound => "not_found",
            Self::AlreadySubmitted => "already_submitted",
            Self::StatusUnreadable => "status_unreadable",
            Self::CouldNotSend => "could_not_send",
            Self::AmountDiffers => "amount_differs",
            Self::Held => "held",
        }
    }
}

/// What a person must know about the payment of an order, whatever became of its
/// cancellation. The later in this list is the graver: where a record meets two, that one is
/// shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// The customer paid another amount or currency than the merchant has for the order.
    AmountDiffers,
    /// The order was paid after it had been reported cancelled, or ended without a payment.
    LatePayment,
    /// The customer has paid another order for the same order of the shop, too. The store finds
    /// it: the rules know one order.
    PaidTwice,
}

impl Finding {
    /// Every finding, the graver later.
    pub const ALL: [Self; 3] = [Self::AmountDiffers, Self::LatePayment, Self::PaidTwice];

    /// The word used in JSON and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AmountDiffers => "amount_differs",
            Self::LatePayment => "late_payment",
            Self::PaidTwice => "paid_twice",
        }
    }

    /// Reads what [`Finding::as_str`] writes.
    pub fn from_word(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

words! {
    SkipReason: "skip reason";
    Finding: "finding";
}

/// Whether an earlier cancellation of the same order may have used its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestUsed {
    /// No request for this order ever left.
    No,
    /// One may have left.
    Yes,
}

/// Whether a payment of another amount than the order's has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OtherAmount {
    /// None was.
    NotSeen,
    /// One was, and has its [`Finding`], open or closed.
    Seen,
}

/// The part of a cancellation's record that the rules read and write.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cancellation {
    /// Its state.
    pub state: State,
    /// How often a request was started, counting those proved not to have left.
    pub attempts: u32,
    /// How many requests may have reached the gateway and been looked at.
    pub requests: u32,
    /// Whether an earlier cancellation used the order's request.
    pub request_used: RequestUsed,
    /// When the last request was started.
    pub sent_at: Option<Timestamp>,
    /// When the first request that may have arrived was started. The time for review
    /// counts from here.
    pub doubt_since: Option<Timestamp>,
    /// Since when nothing could be read or sent at all.
    pub blocked_since: Option<Timestamp>,
    /// Failed status reads and calls so far; each lengthens the next pause.
    pub failed_polls: u32,
    /// The last status read.
    pub verified: Option<OrderStatus>,
    /// Whether a status has shown a payment of another amount.
    pub other_amount: OtherAmount,
    /// What a person must know, until one has acknowledged it.
    pub finding: Option<Finding>,
    /// The gravest finding that a person has acknowledged. The payment is there all the same.
    pub acknowledged: Option<Finding>,
}

impl Cancellation {
    /// How a status that was read changes a cancellation that is over: a payment that it has
    /// not seen before is a [`Finding`] if the order was reported to have ended without one,
    /// or if its amount differs. `None` if the status changes nothing, and for any other event.
    ///
    /// A store calls this in the transaction in which an order is first known to be paid, so
    /// that no crash comes between the payment and the finding.
    #[must_use]
    pub fn paid_late(&self, event: &Event) -> Option<Self> {
        let outcome = self.state.outcome()?;
        let status = event.status()?;
        let reported_unpaid = matches!(
            outcome,
            Outcome::Confirmed | Outcome::ResolvedCancelled | Outcome::NotCancelledFinal
        );
        // A payment that was seen before already has its finding, open or closed.
        let first = status.was_paid() && !self.verified.as_ref().is_some_and(OrderStatus::was_paid);
        let late = first && reported_unpaid;
        let differs = event.shows_other_payment();
        let other = differs && (first || self.other_amount == OtherAmount::NotSeen);
        let raised = [
            late.then_some(Finding::LatePayment),
            other.then_some(Finding::AmountDiffers),
        ];
        let graver = raised.into_iter().flatten().max()?;
        Some(Self {
            verified: Some(status.clone()),
            other_amount: if differs {
                OtherAmount::Seen
            } else {
                self.other_amount
            },
            finding: self.finding.max(Some(graver)),
            ..self.clone()
        })
    }

    /// What was found about the payment: what a person has still to acknowledge, or else what
    /// one has acknowledged.
    #[must_use]
    pub fn finding_of_any_time(&self) -> Option<Finding> {
        self.finding.or(self.acknowledged)
    }

    /// Whether the order was paid all the same, acknowledged or not.
    #[must_use]
    pub fn is_paid_late(&self) -> bool {
        self.finding.max(self.acknowledged) >= Some(Finding::LatePayment)
    }

    /// The finding is acknowledged, if there is one.
    #[must_use]
    pub(super) fn acknowledging(self) -> Self {
        Self {
            acknowledged: self.acknowledged.max(self.finding),
            finding: None,
            ..self
        }
    }

    /// A cancellation that has just been asked for, of an order never asked about before.
    pub const fn requested() -> Self {
        Self::requested_again(RequestUsed::No)
    }

    /// A cancellation that has just been asked for.
    pub const fn requested_again(request_used: RequestUsed) -> Self {
        Self {
            state: State::Requested,
            attempts: 0,
            requests: 0,
            request_used,
            sent_at: None,
            doubt_since: None,
            blocked_since: None,
            failed_polls: 0,
            verified: None,
            other_amount: OtherAmount::NotSeen,
            finding: None,
            acknowledged: None,
        }
    }
}

/// An event in the life of a cancellation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Event {
    /// A status was read, and the amount that it shows is the order's, as far as both are
    /// known.
    Observed(OrderStatus),
    /// A status was read that shows another amount or currency than the merchant has for the
    /// order.
    AmountDiffers(OrderStatus, Receipt),
    /// A status read was answered: there is no such order.
    OrderNotFound,
    /// A status read gave nothing.
    StatusUnreadable,
    /// The request is proved not to have left.
    NotSent,
    /// The gateway refused the credentials, the signature or the timestamp, and did not look
    /// at the request.
    Unauthenticated,
    /// The gateway answered, readably and as documented, that it has cancelled.
    AnsweredYes,
    /// The gateway answered, readably and as documented, that it has not.
    AnsweredNo,
    /// Anything else came back, or nothing.
    Unclear,
    /// The lease ended before the worker that held it stored a result.
    LeaseLapsed,
    /// A person decided.
    Resolved(Resolution),
}

impl Event {
    /// The status, if one was read.
    pub const fn status(&self) -> Option<&OrderStatus> {
        match self {
            Self::Observed(status) | Self::AmountDiffers(status, _) => Some(status),
            Self::OrderNotFound
            | Self::StatusUnreadable
            | Self::NotSent
            | Self::Unauthenticated
            | Self::AnsweredYes
            | Self::AnsweredNo
            | Self::Unclear
            | Self::LeaseLapsed
            | Self::Resolved(_) => None,
        }
    }

    /// Whether a status was read that shows a payment of another amount: the order is paid,
    /// or its payment failed and has a receipt, so that the customer may have paid less.
    pub const fn shows_other_payment(&self) -> bool {
        match self {
            Self::AmountDiffers(OrderStatus::Failed, receipt) => matches!(receipt, Receipt::Shown),
            Self::AmountDiffers(status, _) => status.was_paid(),
            Self::Observed(_)
            | Self::OrderNotFound
            | Self::StatusUnreadable
            | Self::NotSent
            | Self::Unauthenticated
            | Self::AnsweredYes
            | Self::AnsweredNo
            | Self::Unclear
            | Self::LeaseLapsed
            | Self::Resolved(_) => false,
        }
    }
}

/// Whether a status shows a receipt of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Receipt {
    /// It does not.
    Absent,
    /// It does.
    Shown,
}

/// What a person can decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// It is cancelled at the gateway.
    Cancelled,
    /// It is not.
    NotCancelled,
    /// The finding has been dealt with.
    Acknowledged,
}

/// What to do next, once the new state is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Read the order's status, not before this moment.
    ReadStatus {
        /// The earliest moment.
        not_before: Timestamp,
    },
    /// Send one cancel request, now.
    SendRequest,
    /// Wait for a person. Until one decides, the status is still read now and then, after
    /// [`WaitPolicy::review_pause`](super::WaitPolicy::review_pause).
    AskPerson,
    /// Nothing.
    Stop,
}
