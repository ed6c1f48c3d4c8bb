//! What the suite needs of the other side: somebody who acts for the customer and the
//! network, and knows the truth.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::gateway::{Gateway, NewOrder, Operation};
use crate::id::OrderId;
use crate::order::OrderStatus;

/// A gateway together with the world behind it; each adapter's test has one.
///
/// Methods that fail end their case with a violation, so that a bench that does not work
/// cannot pass for a gateway that does.
#[async_trait]
pub trait Bench: Send + Sync {
    /// The gateway under test; the same one each time.
    fn gateway(&self) -> Arc<dyn Gateway>;

    /// An order that the gateway would create, with a reference never used before.
    async fn new_order(&self) -> Result<NewOrder, BenchError>;

    /// An id in the gateway's form that no order has.
    fn unknown_order(&self) -> OrderId;

    /// The customer pays.
    async fn customer_pays(&self, order: &OrderId) -> Result<(), BenchError>;

    /// The customer's payment fails.
    async fn customer_fails(&self, order: &OrderId) -> Result<(), BenchError>;

    /// Lets `fault` strike the next request of this operation, once.
    async fn arm(&self, fault: Fault, operation: Operation) -> Result<Armed, BenchError>;

    /// Takes back every fault that has not struck.
    async fn disarm(&self) -> Result<(), BenchError>;

    /// What really happened to an order.
    async fn truth(&self, order: &OrderId) -> Result<Truth, BenchError>;

    /// Texts that must show nowhere: keys, secrets, tokens.
    fn secrets(&self) -> Vec<String>;

    /// The same kind of gateway, at an address where nobody listens; if there can be one.
    fn unreachable(&self) -> Option<Arc<dyn Gateway>> {
        None
    }
}

/// What really happened to one order, on the gateway's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// What the order is. A paid order is paid even if it was cancelled before.
    pub status: OrderStatus,
    /// Cancel requests that arrived, counting those refused at the door and those whose
    /// connection was reset.
    pub cancels_received: u32,
    /// Those of them that were looked at: past the credentials.
    pub cancel_requests: u32,
    /// Those of them that took effect.
    pub cancels_applied: u32,
    /// Whether a payment landed after a cancellation took effect.
    pub paid_after_cancel: bool,
    /// What became of refund requests; nothing at a gateway that knows none.
    pub refunds: RefundTruth,
}

/// What really happened to the refund requests of one payment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefundTruth {
    /// Those that arrived, counting those refused at the door and those whose connection
    /// was reset.
    pub received: u32,
    /// Those of them that were looked at: past the credentials.
    pub requests: u32,
    /// Those of them that the gateway took.
    pub applied: u32,
}

/// Whether a bench can do what it is asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Armed {
    /// The fault will strike.
    Yes,
    /// This cannot happen there; the case is left out, and the report says so.
    NotPossible,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is reset once the request has arrived. Nothing is carried out.
    ResetBefore,
    /// The request is carried out, and the connection ends without a reply.
    ReplyLost,
    /// The request is carried out, and a page of HTML comes back, as from a proxy.
    HtmlBody,
    /// The request is carried out, and a good reply without a body comes back.
    EmptyBody,
    /// The request is carried out, and half of the reply comes back.
    TruncatedBody,
    /// The request is carried out, and bytes that mean nothing come back.
    GarbageBody,
    /// HTTP 500. Carried out or not, as the bench likes: a client cannot know.
    ServerError,
    /// HTTP 503. Nothing is carried out, which a client cannot know either.
    Unavailable,
    /// HTTP 429. Nothing is carried out.
    TooManyRequests,
    /// Good credentials are refused at the door, as an old token or timestamp would be.
    TurnedAway,
    /// The customer pays just before the cancellation is looked at.
    PayBeforeApply,
    /// The customer's payment lands just after the cancellation took effect.
    PayAfterApply,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 12] = [
        Self::ResetBefore,
        Self::ReplyLost,
        Self::HtmlBody,
        Self::EmptyBody,
        Self::TruncatedBody,
        Self::GarbageBody,
        Self::ServerError,
        Self::Unavailable,
        Self::TooManyRequests,
        Self::TurnedAway,
        Self::PayBeforeApply,
        Self::PayAfterApply,
    ];

    /// The word that stands in the names of cases.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResetBefore => "reset_before",
            Self::ReplyLost => "reply_lost",
            Self::HtmlBody => "html_body",
            Self::EmptyBody => "empty_body",
            Self::TruncatedBody => "truncated_body",
            Self::GarbageBody => "garbage_body",
            Self::ServerError => "server_error",
            Self::Unavailable => "unavailable",
            Self::TooManyRequests => "too_many_requests",
            Self::TurnedAway => "turned_away",
            Self::PayBeforeApply => "pay_before_apply",
            Self::PayAfterApply => "pay_after_apply",
        }
    }

    /// Whether it happens to every operation, and not only to a cancel.
    pub(super) const fn is_anywhere(self) -> bool {
        !matches!(self, Self::PayBeforeApply | Self::PayAfterApply)
    }
}

/// Why a bench could not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BenchError(String);

impl BenchError {
    /// Keeps the reason.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}
