//! Why a worker could not go on.

use duka_core::{AccountName, CancellationId, Error, GatewayName, cancel};

use crate::order::OrderKey;
use crate::store::StoreError;

/// Why a worker could not go on. The record stands as it was last stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CancelError {
    /// The store failed; nothing was sent after that.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The gateway could not be asked.
    #[error(transparent)]
    Gateway(#[from] Error),
    /// There is no such cancellation.
    #[error("there is no cancellation {0}")]
    Unknown(CancellationId),
    /// A cancel request may have left, and what came of it could not be stored until the
    /// claim lapsed. The record says *sending*; once the store is mended, the worker that
    /// takes it up settles it.
    #[error(
        "a cancel request for order {order} may have left, and what came of it ({heard}) could not be stored: {error}"
    )]
    NotStored {
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
    /// No account of this name is configured.
    #[error("account {0} is not configured")]
    UnknownAccount(AccountName),
    /// The rules do not allow what was asked for.
    #[error(transparent)]
    NotAllowed(#[from] cancel::NotAllowed),
}
