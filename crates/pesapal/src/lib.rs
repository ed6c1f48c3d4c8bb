//! Pesapal (East Africa), API 3.0 JSON, as a [`Gateway`](duka_core::Gateway).
//!
//! [`Pesapal`] creates orders, reads where they stand and sends the one request to cancel
//! that Pesapal accepts per order. Every request carries a bearer token, which is fetched,
//! shared and renewed without being asked for.
//!
//! What a caller should know of this gateway:
//! - **A cancel request may be submitted only once per order**, and no status shows that
//!   an order was cancelled. Use the `duka-cancellations` crate rather than calling
//!   [`cancel`](duka_core::Gateway::cancel) yourself.
//! - **A refund may be requested only once per payment**, and *received* is not *refunded*:
//!   the merchant approves it in Pesapal's dashboard. No status shows the request.
//! - An order nobody has paid reads `INVALID`; only together with one error code does that
//!   mean *unpaid*. Any other `INVALID` is *unknown*, and nothing is done to such an order.
//! - Submitting the same id again returns the first order, which recovers a lost reply.
//!   Never use an id again with other values.
//! - [Notifications](Ipn) are not signed and carry no status: read the status.
//!
//! What replies look like is documented in part only. In the source, every reading that
//! neither a page nor a recorded reply backs is marked `assumed:`.
//! [A page for people](https://github.com/duka-rs/duka/blob/main/docs/gateways/pesapal.md)
//! says what is known of this gateway and how, and
//! [another](https://github.com/duka-rs/duka/blob/main/docs/unverified.md) what is assumed,
//! with what to try first.
//!
//! ```no_run
//! use duka_core::clock::SharedClock;
//! use duka_core::{Gateway, OrderId};
//! use duka_pesapal::{Environment, Pesapal};
//!
//! # async fn demo(now: fn() -> jiff::Timestamp) -> Result<(), Box<dyn std::error::Error>> {
//! let clock = SharedClock::new(now); // a program hands in `jiff::Timestamp::now`
//! let pesapal = Pesapal::builder("my-key".into(), "my-secret".into(), clock)
//!     .environment(Environment::Sandbox)
//!     .build()?;
//! let order = OrderId::text("b945e4af-80a5-4ec1-8706-e03f8332fb04")?;
//! println!("{}", pesapal.status(&order).await?.status);
//! # Ok(())
//! # }
//! ```

pub mod assumptions;
mod auth;
pub mod codes;
mod config;
mod gateway;
mod ipn;
mod limits;
mod notify;
pub mod operations;
mod wire;

pub use config::{Builder, Environment};
pub use gateway::Pesapal;
pub use ipn::{IpnMethod, RegisteredIpn};
pub use notify::{Ipn, IpnError, IpnKind, IpnVerdict, MAX_LEN as MAX_IPN_LEN};
