#![doc = include_str!("../README.md")]

mod amount;
mod call;
pub mod create;
mod creation;
mod deadline;
mod driver;
mod error;
mod lease;
mod message;
mod order;
mod record;
pub mod refunds;
mod review;
mod settings;
#[cfg(feature = "sqlite")]
mod sqlite;
pub mod store;
#[cfg(feature = "store-suite")]
pub mod store_suite;
pub mod sweep;
mod task;
mod write;

pub use amount::{AmountCheck, AmountDifference, Expected};
pub use create::{CreateError, CreateTerms, Created};
pub use driver::{CancelOutcome, Canceller};
pub use error::{EngineError, RequestKind};
pub use lease::{BadLease, Lease};
pub use order::{Hold, LastUse, OrderEvent, OrderKey, Origin, TrackedOrder, Tracking};
pub use record::{Acknowledgement, CancelTerms, LogEntry, Record, Request};
pub use refunds::{Refund, RefundStore, Refunder};
pub use settings::Settings;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use store::{Store, StoreError, StoreErrorKind};

/// Compiles the example in the project's README.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
