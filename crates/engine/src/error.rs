//! Why a worker could not go on.

use std::fmt;

use duka_core::{AccountName, CancellationId, Error, GatewayName, RefundId, cancel};

use crate::order::{Hold, OrderKey};
use crate::record::Refund;
use crate::store::StoreError;

/// Why a worker could not go on. The record stands as it was last stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The store failed; nothing was sent after that.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The gateway could not be asked.
    #[error(transparent)]
    Gateway(#[from] Error),
    /// There is no such cancellation.
    #[error("there is no cancellation {0}")]
    UnknownCancellation(CancellationId),
    /// There is no such refund.
    #[error("there is no refund {0}")]
    UnknownRefund(RefundId),
    /// A request may have left, and what came of it could not be stored until the lease
    /// ended. The record says *sending*, or what other workers have made of it meanwhile;
    /// once the store is mended, the worker that takes it up settles it.
    #[error(
        "a {request} request for order {order} may have left, and what came of it ({heard}) could not be stored: {error}"
    )]
    NotStored {
        /// Which request.
        request: RequestKind,
        /// The order.
        order: OrderKey,
        /// What came of it, in words: the gateway's answer, or why there is none. It is
        /// stored nowhere.
        heard: String,
        /// Why it could not be stored.
        #[source]
        error: StoreError,
    },
    /// The runtime was shut down while the order was being worked on. The record stands as
    /// it was last stored, and a later sweep goes on with it.
    #[error(
        "the runtime was shut down during the work on order {0}; a later sweep goes on with it"
    )]
    ShutDown(OrderKey),
    /// The account is configured for another gateway than the order's.
    #[error(
        "order {order} belongs to {tracked_at}, but the account is now configured for {configured}; use another account name"
    )]
    OtherGateway {
        /// The order.
        order: OrderKey,
        /// The gateway whose order it is.
        tracked_at: GatewayName,
        /// The gateway of the account as it is configured.
        configured: GatewayName,
    },
    /// The order is held, so nothing was sent.
    #[error("order {order} is held by {} since {}: {}", hold.by, hold.at, hold.note)]
    Held {
        /// The order.
        order: OrderKey,
        /// Who holds it, and why.
        hold: Box<Hold>,
    },
    /// No account of this name is configured.
    #[error("account {0} is not configured")]
    UnknownAccount(AccountName),
    /// The rules do not allow what was asked for.
    #[error(transparent)]
    NotAllowed(#[from] cancel::NotAllowed),
    /// There is nothing to decide about this refund.
    #[error("there is nothing to decide about the {0}")]
    NothingToDecide(Box<Refund>),
    /// The answer came after another request of the same payment was made. Both are in the
    /// store, and this one has a [finding](crate::refunds::RefundProgress::finding).
    #[error(
        "two refund requests were made for order {}: {}",
        .0.key,
        .0.message.as_deref().unwrap_or_default()
    )]
    DoubleRequest(Box<Refund>),
}

impl EngineError {
    /// Whether the gateway could not be asked, or did not answer.
    pub(crate) fn is_of_the_gateway(&self) -> bool {
        matches!(
            self,
            Self::Gateway(_) | Self::UnknownAccount(_) | Self::OtherGateway { .. }
        )
    }
}

/// What a request that may leave only once asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// That an order be cancelled.
    Cancel,
    /// That a payment go back.
    Refund,
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancel => "cancel",
            Self::Refund => "refund",
        })
    }
}
