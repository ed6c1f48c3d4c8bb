//! What the core promises, by subject.

mod cancel;
mod errors;
mod ids;
mod money;
mod orders;
mod pauses;
mod privacy;
mod rules;
