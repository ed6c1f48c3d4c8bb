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

    /// The same with every field that the gateway knows, as far as they go together; the
    /// plain one if there is no other.
    async fn full_order(&self) -> Result<NewOrder, BenchError> {
        self.new_order().await
    }

    /// Orders that each break one documented limit, or have one field that the gateway
    /// must refuse, and are like [`new_order`](Self::new_order) otherwise. With none, the
    /// rule about them is left out.
    async fn flawed_orders(&self) -> Result<Vec<FlawedOrder>, BenchError> {
        Ok(Vec::new())
    }

    /// How many requests to create an order have arrived so far, if the bench counts them.
    async fn creates_received(&self) -> Result<Option<u32>, BenchError> {
        Ok(None)
    }

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

    /// A notification about this order, as the adapter's own type reads it: the last one
    /// that the gateway sent, over whatever it travels, or one that a stranger makes up.
    async fn notification(&self, order: &OrderId, from: Sender) -> Result<Notified, BenchError> {
        let _ = (order, from);
        Ok(Notified::NotPossible)
    }

    /// Texts that must show nowhere: keys, secrets, tokens.
    fn secrets(&self) -> Vec<String>;

    /// The same kind of gateway, at an address where nobody listens; if there can be one.
    fn unreachable(&self) -> Option<Arc<dyn Gateway>> {
        None
    }
}

/// An order that must not be sent, and why.
#[derive(Debug, Clone)]
pub struct FlawedOrder {
    /// What is to be created.
    pub order: NewOrder,
    /// The field that must be named, as [`Error::field`](crate::Error::field) has it.
    pub field: &'static str,
}

impl FlawedOrder {
    /// `order` with `change` made to it, which breaks a limit of `field`.
    pub fn new(
        mut order: NewOrder,
        field: &'static str,
        change: impl FnOnce(&mut NewOrder),
    ) -> Self {
        change(&mut order);
        Self { order, field }
    }
}

/// What really happened to one order, on the gateway's side.
///
/// ```
/// use duka_core::OrderStatus;
/// use duka_core::conformance::Truth;
///
/// let mut truth = Truth::new(OrderStatus::Cancelled);
/// truth.cancels_received = 1;
/// truth.cancel_requests = 1;
/// truth.cancels_applied = 1;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
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

impl Truth {
    /// An order of which nothing was asked.
    pub fn new(status: OrderStatus) -> Self {
        Self {
            status,
            cancels_received: 0,
            cancel_requests: 0,
            cancels_applied: 0,
            paid_after_cancel: false,
            refunds: RefundTruth::default(),
        }
    }
}

/// What really happened to the refund requests of one payment. It starts from `default()`,
/// of no request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefundTruth {
    /// Those that arrived, counting those refused at the door and those whose connection
    /// was reset.
    pub received: u32,
    /// Those of them that were looked at: past the credentials.
    pub requests: u32,
    /// Those of them that the gateway took.
    pub applied: u32,
}

/// Who sends a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The gateway.
    Gateway,
    /// Somebody who knows the order's id and the form, and none of the secrets. Says that
    /// the order was paid, where a notification can say so.
    Stranger,
}

/// What an adapter makes of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notified {
    /// There are none there; the case is left out, and the report says so.
    NotPossible,
    /// It was not let in.
    Refused,
    /// It was read.
    Read {
        /// The order it names.
        order: OrderId,
        /// The status it claims, where the adapter believes it one.
        status: Option<OrderStatus>,
    },
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
    Unauthenticated,
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
        Self::Unauthenticated,
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
            Self::Unauthenticated => "turned_away",
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
