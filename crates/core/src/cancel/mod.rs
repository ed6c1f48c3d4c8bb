//! The life of a cancellation: a record of its own, never a state of the order.
//!
//! [`step`] is the whole of it: a pure function over a [`Cancellation`], an [`Event`], the
//! gateway's [`CancelRules`] and the merchant's [`WaitPolicy`]. The caller must store
//! `next` **before** carrying out the action, and only then send anything.

mod picture;
mod rules;
mod state;
mod step;

pub use picture::{mermaid, table};
pub use rules::{CancelRules, Cancellable, Repeat, ShowsCancelled, WaitPolicy};
pub use state::{
    Action, Cancellation, Event, Finding, OtherAmount, Outcome, Receipt, RequestUsed, Resolution,
    SkipReason, State,
};
pub use step::{NotAllowed, Step, step};
