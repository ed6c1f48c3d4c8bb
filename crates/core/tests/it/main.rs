//! What the core promises, by subject.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; clippy only exempts functions marked as tests"
)]

mod cancel;
#[cfg(feature = "conformance")]
mod conformance;
mod errors;
mod evidence;
mod fuzz;
mod fuzzed;
mod ids;
#[cfg(feature = "serde")]
mod json;
mod model;
mod money;
mod new_orders;
mod orders;
mod pauses;
mod privacy;
mod properties;
mod refunds;
mod rules;
mod words;
