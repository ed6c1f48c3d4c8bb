//! Refund requests: what is asked of a gateway, and the rules of a request that is sent once.
//!
//! [`step`] decides what follows from an event. As with [`cancel::step`](crate::cancel::step),
//! the caller stores the next state before it does anything else.

mod request;
mod state;
mod step;

pub use request::{RefundAnswer, RefundRequest};
pub use state::{RefundEvent, RefundFinding, RefundOutcome, RefundResolution, RefundState};
pub use step::step;
