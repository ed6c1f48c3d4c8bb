//! What a payment order may become, and what every gateway must do.
//!
//! `duka-core` holds the vocabulary of the workspace and the rules of safe
//! cancellation. It opens no socket, starts no task, reads no clock and knows no
//! database: everything that happens is handed in as a value, so the same rules run
//! in a single call, in a durable sweep and in a test.
//!
//! - [`order`]: an order's [status](OrderStatus) and how observations of it merge.
//! - [`cancel`]: the life of a cancellation as one pure function, [`cancel::step`].
//! - [`gateway`]: the object-safe [`Gateway`] trait that adapters implement.
//! - [`refund`]: a request to give a payment back, its answers, and the rules of a request
//!   that is sent once, [`refund::step`].
//! - [`error`]: what went wrong, whose fault it was, and whether the request left.
//! - [`evidence`]: the tables in which each adapter says what it does and what it only assumes.
//!
//! ```
//! use std::time::Duration;
//! use duka_core::cancel::{self, Action, CancelRules, Cancellable, Cancellation, Event, State, WaitPolicy};
//! use duka_core::OrderStatus;
//!
//! let now = "2026-05-13T08:34:00Z".parse()?;
//! let wait_policy = WaitPolicy::default();
//! let rules = CancelRules::once_only([Cancellable::Unpaid]);
//!
//! let requested = Cancellation::requested();
//! let event = Event::Observed(OrderStatus::Unpaid);
//! let step = cancel::step(&requested, &event, &rules, &wait_policy, now)?;
//! assert_eq!(step.next.state, State::Sending);
//! assert_eq!(step.action, Action::SendRequest); // only after `next` is stored
//!
//! // The reply is lost: from here nothing but evidence ends the doubt.
//! let step = cancel::step(&step.next, &Event::Unclear, &rules, &wait_policy, now)?;
//! assert_eq!(step.next.state, State::InDoubt);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod cancel;
pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod error;
pub mod evidence;
pub mod gateway;
pub mod id;
pub mod money;
mod new_order;
pub mod order;
pub mod refund;
pub mod text;

pub use cancel::{CancelRules, Cancellable, Cancellation, Outcome, State, WaitPolicy};
pub use clock::{Clock, SharedClock};
pub use error::{Delivery, Error, ErrorKind};
pub use gateway::{
    BillingAddress, CancelAnswer, CreatedOrder, Customer, Frequency, Gateway, GatewayExt, NewOrder,
    Recurring, RedirectMode, StatusReading, Subscription,
};
pub use id::{AccountName, CancellationId, GatewayName, OrderId, RefundId};
pub use money::Money;
pub use order::{Observation, OrderStatus};
pub use refund::{RefundAnswer, RefundRequest};
