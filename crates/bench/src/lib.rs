//! The parts of the measurements: a gateway that answers from memory, and both sides of each comparison. `cargo xtask
//! bench` runs them in processes of their own and compares; the benchmarks in `benches/` use them one at a time.

#![expect(
    clippy::disallowed_methods,
    reason = "what is measured goes by this machine's clock, as the program does"
)]

pub mod calls;
pub mod gateway;
pub mod lists;
pub mod measure;
pub mod store;
pub mod tokens;

/// Why something could not be measured.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
