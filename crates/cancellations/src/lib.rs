//! Cancellations that must not be lost.
//!
//! Asking a gateway to cancel an order is one request, and a safe cancellation is not: the
//! customer can pay meanwhile, the reply can be lost, the program can be killed, and some
//! gateways take one request per order, ever. This crate carries out the rules of
//! [`duka_core::cancel`] and keeps every step on disk.
//!
//! - A [`Store`] keeps orders, cancellations and an append-only log. [`SqliteStore`] is one
//!   file, shared by any number of processes on a machine.
//! - A [`Canceller`] is one worker on a store, with a [`Gateway`](duka_core::Gateway) for
//!   each account. [`Canceller::cancel`] takes one order through, and
//!   [`Canceller::status`] looks at one and finds late payments.
//! - [`Canceller::sweep`] settles what is in doubt and cancels abandoned orders, within
//!   [bounds](sweep::Bounds).
//! - A [`Refunder`] asks for a payment to go back, once, under the same rules.
//!
//! # What holds, whatever happens
//!
//! 1. **The intent is on disk before the request leaves.** Whoever finds a record in
//!    *sending* whose claim has lapsed takes it to be in doubt, never to be unsent.
//! 2. **At a once-only gateway at most one request leaves for an order.** The database
//!    refuses to write down a second one, and what is not written down is not sent.
//! 3. **Nothing but a readable answer or a status ends the doubt**, and *paid* wins over
//!    both. What stays unclear waits for a person.
//! 4. **A claim is a lease, and a write names the version it was made from.** A worker that
//!    was overtaken writes nothing, unless it has a readable answer: that is evidence,
//!    whoever holds the record. Nothing is sent in the last fifth of a lease, so a process
//!    that was paused does not send on waking what has become somebody else's to decide.
//!    The work belongs to the claim and not to the future of its caller: a web server that
//!    drops a handler does not stop the request of that handler half way.
//! 5. **An order paid after it was reported cancelled** raises
//!    [`Finding::LatePayment`](duka_core::cancel::Finding::LatePayment), which stays until
//!    somebody closes it.
//!
//! # One cancellation
//!
//! `fake` is a gateway made up for this page, where the order is unpaid until it is cancelled.
//! In its place stands an adapter such as `duka-kwikpaisa`; `path` is where the store's file is.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use duka_cancellations::{Canceller, OrderKey, Request, Settings, SqliteStore, TrackedOrder};
//! use duka_core::cancel::{Outcome, State};
//! use duka_core::clock::SharedClock;
//! use duka_core::{AccountName, Gateway, GatewayName, OrderId};
//! use jiff::Timestamp;
//! # use std::sync::atomic::{AtomicBool, Ordering};
//! # use duka_core::OrderStatus;
//! # use duka_core::gateway::Operation;
//! # use duka_core::{CancelAnswer, CancelRules, Cancellable, CreatedOrder, Error, NewOrder, StatusReading};
//! #
//! # #[derive(Debug)]
//! # struct Fake { rules: CancelRules, cancelled: AtomicBool }
//! #
//! # #[async_trait::async_trait]
//! # impl Gateway for Fake {
//! #     fn name(&self) -> GatewayName { GatewayName::from_static("fake") }
//! #     fn cancel_rules(&self) -> &CancelRules { &self.rules }
//! #     fn supports(&self, _: Operation) -> bool { true }
//! #     async fn create(&self, _: &NewOrder) -> Result<CreatedOrder, Error> { unreachable!() }
//! #     async fn status(&self, _: &OrderId) -> Result<StatusReading, Error> {
//! #         let cancelled = self.cancelled.load(Ordering::SeqCst);
//! #         let status = if cancelled { OrderStatus::Cancelled } else { OrderStatus::Unpaid };
//! #         let raw_status = status.to_string();
//! #         Ok(StatusReading::new(status, raw_status))
//! #     }
//! #     async fn cancel(&self, _: &OrderId) -> Result<CancelAnswer, Error> {
//! #         self.cancelled.store(true, Ordering::SeqCst);
//! #         Ok(CancelAnswer::Accepted { message: "cancelled".to_owned() })
//! #     }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("duka.db");
//! # let rules = CancelRules::repeatable([Cancellable::Unpaid]);
//! # let fake = Arc::new(Fake { rules, cancelled: AtomicBool::new(false) });
//! let shop = AccountName::new("shop-in")?;
//! let gateway: Arc<dyn Gateway> = fake;
//! let store = Arc::new(SqliteStore::open(path)?);
//! let gateways = BTreeMap::from([(shop.clone(), gateway)]);
//! let clock = SharedClock::new(Timestamp::now);
//! let canceller = Canceller::new(store, gateways, clock, Settings::new("worker-1"));
//!
//! let key = OrderKey::new(shop, OrderId::integer("6116229263036")?);
//! let created: Timestamp = "2026-05-13T08:34:00Z".parse()?;
//! let order = TrackedOrder::new(key, GatewayName::from_static("fake"), created);
//! let request = Request { reason: Some("abandoned".to_owned()), actor: "amina".to_owned() };
//! let handled = canceller.cancel(order, request, Duration::from_secs(30)).await?;
//!
//! assert_eq!(handled.record.progress.state, State::Done(Outcome::Confirmed));
//! let log = canceller.store().log(handled.record.id).await?;
//! let story: Vec<_> = log.iter().map(|entry| entry.to.as_str()).collect();
//! assert_eq!(story, ["requested", "sending", "accepted", "done: confirmed"]);
//! # Ok(())
//! # }
//! ```
//!
//! # What is deliberately absent
//!
//! No HTTP, no adapter, no wall clock, no printing: gateways and the clock are handed in,
//! and what happens is told through values and `tracing` events. No retry of a request that
//! may have arrived; where a repeat is harmless, it is a new attempt with a record of its
//! own, after the status has had time to settle.

mod amount;
mod deadline;
mod driver;
mod message;
mod order;
mod record;
pub mod refunds;
mod review;
mod settings;
#[cfg(feature = "sqlite")]
mod sqlite;
pub mod store;
pub mod sweep;
mod task;

pub use amount::{AmountCheck, AmountDifference, Expected};
pub use driver::{CancelError, CancelOutcome, Canceller};
pub use order::{OrderKey, TrackedOrder, Tracking};
pub use record::{LogEntry, Record, Request};
pub use refunds::{Refund, RefundStore, Refunder};
pub use settings::{BadLease, Lease, Settings};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use store::{Store, StoreError, StoreErrorKind};

/// Compiles the example in the project's README.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
