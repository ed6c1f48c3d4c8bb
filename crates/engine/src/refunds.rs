//! Refund requests that must not be made twice: what is stored of them, and the driver.
//!
//! A gateway that takes one refund request per payment and shows none of them in any status
//! is like one that takes one cancel request per order. So a request is stored before it is
//! sent, a request whose answer was lost is *in doubt* and is not sent again, and the
//! database refuses a second request for the same payment. Only what is proved not to have
//! been processed, or what an operator has not found at the gateway, allows another request.

mod change;
mod driver;

use async_trait::async_trait;
use duka_core::{AccountName, GatewayName, OrderId, OrderStatus, RefundId};
use jiff::Timestamp;

use crate::order::OrderKey;
use crate::record::LogEntry;
use crate::store::{Claim, Store, StoreError, UpdateResult};

pub use crate::record::{Refund, RefundProgress, RefundTerms};
pub use change::{RefundPrecondition, RefundUpdate};
pub use driver::{RefundParams, Refunder, Refunding};
pub use duka_core::refund::{
    RefundEvent, RefundFinding, RefundOutcome, RefundResolution, RefundState,
};

/// One line of a refund's append-only log.
pub type RefundEntry = LogEntry<RefundId>;

/// A refund request about to leave.
#[derive(Debug, Clone)]
pub struct RefundIntent {
    /// Its id.
    pub id: RefundId,
    /// The order, which must be tracked and have been seen paid.
    pub key: OrderKey,
    /// Who asked for it here.
    pub actor: String,
    /// What is asked for.
    pub terms: RefundTerms,
    /// The worker that sends it.
    pub claim: Claim,
}

/// What came of writing an intent down.
#[derive(Debug, Clone)]
pub enum BeginRefund {
    /// It is on disk, and may be sent.
    New(Refund),
    /// Nothing was written: this one has been sent, or may have been.
    AlreadyRequested(Refund),
    /// Nothing was written: the order has not been seen paid, or its money has gone back.
    NotPaid(Option<OrderStatus>),
}

/// What came of an update of a refund. Its precondition fails while the worker holds the lease.
pub type RefundUpdateResult = UpdateResult<Refund, ()>;

/// A page of refunds that are not over, or have a finding.
#[derive(Debug, Clone, Default)]
pub struct PendingRefunds {
    /// Only this account.
    pub account: Option<AccountName>,
    /// After this one.
    pub after: Option<(Timestamp, RefundId)>,
    /// At most so many.
    pub limit: u32,
}

/// Keeps refund requests and their log, beside orders and cancellations.
///
/// **If you implement it:** the database itself must refuse a second request for the order
/// of a gateway, under whatever name of the account, until the first
/// [allows another request](RefundState::allows_another_request); that a payment is freed by what
/// [`duka_core::refund::step`] knows no way from; and any change to a log entry.
///
/// An observation of an order that is [`OrderStatus::Reversed`] ([`Store::observe`]) ends, in the
/// same transaction, every refund of it that [waits for that](duka_core::refund::step); one that
/// is being sent only if its worker's lease has ended.
#[async_trait]
pub trait RefundStore: Store {
    /// Writes an intent down, unless another request exists or the order has not been
    /// seen paid.
    ///
    /// # Errors
    /// When the store cannot be written, or the order is not tracked.
    async fn begin_refund(&self, intent: RefundIntent) -> Result<BeginRefund, StoreError>;

    /// Writes the next state of a refund with its log entry: both or nothing.
    ///
    /// # Errors
    /// When the store cannot be written, there is no such refund, or the change would take a
    /// payment that another refund has taken
    /// ([`OnceUsed`](crate::StoreErrorKind::OnceUsed)).
    async fn advance_refund(&self, update: RefundUpdate) -> Result<RefundUpdateResult, StoreError>;

    /// One refund.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn refund(&self, id: RefundId) -> Result<Option<Refund>, StoreError>;

    /// The refund that prevents another one for this order of this gateway: the one that
    /// takes the payment, else one with a finding.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn earlier_refund(
        &self,
        gateway: &GatewayName,
        order: &OrderId,
    ) -> Result<Option<Refund>, StoreError>;

    /// All refunds of an order, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn refunds_of(&self, key: &OrderKey) -> Result<Vec<Refund>, StoreError>;

    /// A page of refunds that are being sent, in doubt or have a finding, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn pending_refunds(&self, page: PendingRefunds) -> Result<Vec<Refund>, StoreError>;

    /// The log of one refund, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn refund_log(&self, id: RefundId) -> Result<Vec<RefundEntry>, StoreError>;
}
