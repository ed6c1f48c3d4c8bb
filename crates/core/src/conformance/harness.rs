//! What an adapter's tests provide: the gateway, the server behind it, and its customers.

use std::sync::Arc;

use async_trait::async_trait;

use crate::gateway::{Gateway, NewOrder, Operation};
use crate::id::OrderId;
use crate::order::OrderStatus;

/// A gateway together with the server behind it, usually an emulator.
///
/// A method that cannot do what it is asked to panics: that fails the test, and so a broken
/// harness is never taken for a correct gateway.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The gateway under test; the same one at each call.
    fn gateway(&self) -> Arc<dyn Gateway>;

    /// The same kind of gateway, at an address where no server listens; `None` if there is
    /// no such thing.
    fn unreachable_gateway(&self) -> Option<Arc<dyn Gateway>> {
        None
    }

    /// An order that the gateway accepts, with a reference that was never used before.
    async fn new_order(&self) -> NewOrder;

    /// The same with as many of the fields that the gateway knows as go together.
    async fn full_order(&self) -> NewOrder {
        self.new_order().await
    }

    /// Orders that each break one documented limit, or have one field that the gateway
    /// must refuse, each with the name of that field as [`Error::field`](crate::Error::field)
    /// has it.
    async fn invalid_orders(&self) -> Vec<(NewOrder, &'static str)> {
        Vec::new()
    }

    /// How many requests to create an order the server has received; `None` if it does not
    /// count them.
    async fn creates_received(&self) -> Option<u32> {
        None
    }

    /// An id in the gateway's form that no order has.
    fn unknown_order(&self) -> OrderId;

    /// The customer pays.
    async fn pay(&self, order: &OrderId);

    /// The customer's payment fails.
    async fn fail_payment(&self, order: &OrderId);

    /// Whether this fault can happen to this operation here. A function of the suite that
    /// needs a fault which cannot happen checks nothing.
    fn can_inject(&self, fault: Fault, operation: Operation) -> bool {
        let _ = (fault, operation);
        true
    }

    /// Lets `fault` happen to the next request of this operation, once.
    async fn inject(&self, fault: Fault, operation: Operation);

    /// Removes every fault that has not happened yet.
    async fn clear_faults(&self);

    /// What the server knows about an order.
    async fn server_state(&self, order: &OrderId) -> ServerState;

    /// Whether the gateway sends notifications. If not, the functions about them check
    /// nothing.
    fn sends_notifications(&self) -> bool {
        false
    }

    /// The gateway's last notification about this order, as the adapter's own code reads it;
    /// `None` if the adapter refuses it.
    async fn notification(&self, order: &OrderId) -> Option<Notification> {
        panic!("this harness has no notification about order {order}");
    }

    /// A notification about this order from a sender that knows the form and none of the
    /// secrets, and that says *paid* where a notification can say so; as the adapter's own
    /// code reads it, and `None` if the adapter refuses it.
    async fn forged_notification(&self, order: &OrderId) -> Option<Notification> {
        panic!("this harness has no notification about order {order}");
    }

    /// Texts that the adapter must never show: keys, secrets, tokens.
    fn secrets(&self) -> Vec<String>;
}

/// What the server knows about one order.
///
/// ```
/// use duka_core::OrderStatus;
/// use duka_core::conformance::ServerState;
///
/// let mut state = ServerState::new(OrderStatus::Cancelled);
/// state.cancels.received = 1;
/// state.cancels.authenticated = 1;
/// state.cancels.applied = 1;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerState {
    /// The status. A paid order is *paid* even if it was cancelled before.
    pub status: OrderStatus,
    /// Requests to cancel it.
    pub cancels: RequestCounts,
    /// Requests to refund it; all zero at a gateway without refunds.
    pub refunds: RequestCounts,
    /// Whether a payment arrived after a cancellation took effect.
    pub paid_after_cancel: bool,
}

impl ServerState {
    /// An order without any request yet.
    pub fn new(status: OrderStatus) -> Self {
        Self {
            status,
            cancels: RequestCounts::default(),
            refunds: RequestCounts::default(),
            paid_after_cancel: false,
        }
    }
}

/// How many requests of one kind the server has received for one order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// All that arrived, including those whose credentials were refused and those whose
    /// connection was reset.
    pub received: u32,
    /// Those of them whose credentials were accepted and that were processed.
    pub authenticated: u32,
    /// Those of them that took effect.
    pub applied: u32,
}

/// A notification, as an adapter reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The order it names.
    pub order: OrderId,
    /// The status it claims, if the adapter believes it.
    pub status: Option<OrderStatus>,
}

/// A fault on the way to the gateway or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is reset once the request has arrived. Nothing is carried out.
    ConnectionReset,
    /// The request is carried out, and the connection ends without a reply.
    ReplyLost,
    /// The request is carried out, and a page of HTML comes back, as from a proxy.
    HtmlReply,
    /// The request is carried out, and a reply with the usual status and no body comes back.
    EmptyReply,
    /// The request is carried out, and half of the reply comes back.
    TruncatedReply,
    /// The request is carried out, and meaningless bytes come back.
    GarbageReply,
    /// HTTP 500. Carried out or not, as the harness likes: a client cannot know.
    Status500,
    /// HTTP 503. Nothing is carried out, which a client cannot know either.
    Status503,
    /// HTTP 429. Nothing is carried out.
    Status429,
    /// The request is carried out, and its reply comes back under HTTP 401: not the
    /// gateway's documented refusal of credentials.
    SuccessInStatus401,
    /// Valid credentials are refused, as an expired token or timestamp is. Nothing is
    /// carried out.
    CredentialsRefused,
    /// The customer pays just before the cancellation is processed.
    PaidBeforeCancel,
    /// The customer's payment arrives just after the cancellation took effect.
    PaidAfterCancel,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 13] = [
        Self::ConnectionReset,
        Self::ReplyLost,
        Self::HtmlReply,
        Self::EmptyReply,
        Self::TruncatedReply,
        Self::GarbageReply,
        Self::Status500,
        Self::Status503,
        Self::Status429,
        Self::SuccessInStatus401,
        Self::CredentialsRefused,
        Self::PaidBeforeCancel,
        Self::PaidAfterCancel,
    ];
}
