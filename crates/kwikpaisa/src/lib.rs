//! KwikPaisa (India) as a [`Gateway`](duka_core::Gateway): requests signed with an HMAC.
//!
//! [`KwikPaisa`] creates an order with a hosted checkout, reads its status and asks to
//! cancel it, over version 3 of the gateway's API. Money is decimal and ids are text
//! throughout: no number passes through a float.
//!
//! What this adapter takes for a *yes* or a *no* is only what the pages show
//! (`developers.kwikpaisa.com/v3-guide`). Everything else, from HTML to a well-formed
//! reply nobody has described, is an error whose [`delivery`](duka_core::Error::delivery)
//! says that the gateway answered and whose kind says that the outcome is open. A comment
//! marked `assumed:` stands wherever the pages are silent and a reading had to be chosen.
//! [A page for people](https://github.com/duka-rs/duka/blob/main/docs/gateways/kwikpaisa.md)
//! says what is known of this gateway and how, and
//! [another](https://github.com/duka-rs/duka/blob/main/docs/unverified.md) what is assumed,
//! with what to try first.
//!
//! A webhook is a hint and the status operation the truth: [`WebhookVerifier`] lets in
//! only what carries a fresh, correct signature.
//!
//! ```
//! use duka_core::clock::SharedClock;
//! use duka_kwikpaisa::{Environment, KwikPaisa};
//!
//! # fn shop(now: fn() -> jiff::Timestamp) -> Result<KwikPaisa, duka_core::Error> {
//! let clock = SharedClock::new(now); // a program hands in `jiff::Timestamp::now`
//! let gateway = KwikPaisa::builder("pk_test_…".into(), "sk_test_…".into(), clock)
//!     .environment(Environment::Sandbox)
//!     .default_service_type("DIGITAL")
//!     .build()?;
//! # Ok(gateway)
//! # }
//! ```

pub mod assumptions;
mod auth;
pub mod codes;
mod config;
mod gateway;
mod limits;
mod notify;
pub mod operations;
#[cfg(test)]
mod parity;
mod payload;
mod reply;
mod wire;

pub use config::{Builder, Environment, Unicode};
pub use gateway::KwikPaisa;
pub use notify::{Event, SignedForm, Webhook, WebhookError, WebhookVerifier};
