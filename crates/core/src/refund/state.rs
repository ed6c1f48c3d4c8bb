//! The states of a refund request, what happens to it, and the words for both.

use std::fmt;

use crate::text::words;

/// Where a refund request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundState {
    /// The intent is stored; from here on the request may have been sent.
    Sending,
    /// The request may or may not have reached the gateway.
    InDoubt,
    /// The request is over.
    Done(RefundOutcome),
}

/// How a refund request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundOutcome {
    /// The gateway has the request. The merchant approves it in the gateway's dashboard; the
    /// money has not gone back yet.
    Received,
    /// The gateway refused the request. Whether that used up the one request is not known.
    Refused,
    /// It is proved that the gateway did not process the request.
    NotSent,
    /// The status of the order shows that the money went back.
    Reversed,
    /// An operator has found the request at the gateway.
    ResolvedReceived,
    /// An operator has found no request at the gateway.
    ResolvedNotReceived,
}

/// What happens to a refund request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundEvent {
    /// The gateway answered that it has the request.
    Received,
    /// The gateway answered that it refuses the request.
    Refused,
    /// It is proved that the request was not sent.
    NotSent,
    /// The gateway refused the credentials and did not process the request.
    Unauthenticated,
    /// There was no readable, listed answer.
    Unclear,
    /// The lease of the worker that was sending the request has ended.
    LeaseLapsed,
    /// The status of the order shows that the money went back.
    SeenReversed,
    /// An operator has decided.
    Resolved(RefundResolution),
}

/// What an operator has found at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundResolution {
    /// The gateway has the request.
    Received,
    /// The gateway has no request; another one may be made.
    NotReceived,
}

/// What an operator has to look at although the request is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefundFinding {
    /// The gateway answered this request after another one of the same payment was made.
    DoubleRequest,
}

impl RefundFinding {
    /// Every finding.
    pub const ALL: [Self; 1] = [Self::DoubleRequest];

    /// The word used in JSON and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DoubleRequest => "double_request",
        }
    }

    /// Reads what [`RefundFinding::as_str`] writes.
    pub fn from_word(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

impl RefundState {
    /// Whether another request may be made for the same payment. A store's unique index
    /// names the same outcomes.
    pub const fn allows_another_request(self) -> bool {
        match self {
            Self::Sending | Self::InDoubt => false,
            Self::Done(outcome) => match outcome {
                RefundOutcome::NotSent | RefundOutcome::ResolvedNotReceived => true,
                RefundOutcome::Received
                | RefundOutcome::Refused
                | RefundOutcome::Reversed
                | RefundOutcome::ResolvedReceived => false,
            },
        }
    }

    /// The word used in JSON and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::InDoubt => "in_doubt",
            Self::Done(_) => "done",
        }
    }

    /// The outcome, if it is over.
    pub const fn outcome(self) -> Option<RefundOutcome> {
        match self {
            Self::Sending | Self::InDoubt => None,
            Self::Done(outcome) => Some(outcome),
        }
    }

    /// Reads what [`RefundState::as_str`] and [`RefundOutcome::as_str`] write.
    pub fn from_words(state: &str, outcome: Option<&str>) -> Option<Self> {
        match (state, outcome) {
            ("sending", None) => Some(Self::Sending),
            ("in_doubt", None) => Some(Self::InDoubt),
            ("done", Some(word)) => word.parse().ok().map(Self::Done),
            _ => None,
        }
    }

    /// Its words in the log: `in_doubt`, or `done: received`.
    pub fn words(self) -> String {
        match self.outcome() {
            None => self.as_str().to_owned(),
            Some(outcome) => format!("done: {}", outcome.as_str()),
        }
    }
}

impl RefundOutcome {
    /// Every outcome.
    pub const ALL: [Self; 6] = [
        Self::Received,
        Self::Refused,
        Self::NotSent,
        Self::Reversed,
        Self::ResolvedReceived,
        Self::ResolvedNotReceived,
    ];

    /// The word used in JSON and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Refused => "refused",
            Self::NotSent => "not_sent",
            Self::Reversed => "reversed",
            Self::ResolvedReceived => "resolved_received",
            Self::ResolvedNotReceived => "resolved_not_received",
        }
    }
}

impl RefundResolution {
    /// Every resolution.
    pub const ALL: [Self; 2] = [Self::Received, Self::NotReceived];

    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::NotReceived => "not_received",
        }
    }
}

words! {
    RefundOutcome: "refund outcome";
    RefundFinding: "refund finding";
    RefundResolution: "refund resolution";
}

impl fmt::Display for RefundState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl RefundEvent {
    /// Its name in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "answered_received",
            Self::Refused => "answered_refused",
            Self::NotSent => "not_sent",
            Self::Unauthenticated => "turned_away",
            Self::Unclear => "unclear",
            Self::LeaseLapsed => "lease_lapsed",
            Self::SeenReversed => "seen_reversed",
            Self::Resolved(RefundResolution::Received) => "resolved_received",
            Self::Resolved(RefundResolution::NotReceived) => "resolved_not_received",
        }
    }
}
