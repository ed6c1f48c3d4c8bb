//! Cancellations that must not be lost.

mod driver;
mod fence;
mod message;
mod order;
mod record;
#[cfg(feature = "sqlite")]
mod sqlite;
pub mod store;
pub mod sweep;

pub use driver::{Canceller, Handled, Settings, Trouble};
pub use order::{Follow, OrderKey, TrackedOrder};
pub use record::{LogEntry, Record, Request};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use store::{Store, StoreError, StoreErrorKind};
