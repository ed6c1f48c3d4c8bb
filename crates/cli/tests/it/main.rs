//! The program as its users meet it, and the whole chain behind it, against the emulator.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot be set up, or meets what it does not know, has failed"
)]

mod attempts;
mod bench;
mod bounds;
mod canary;
mod clock;
mod colour;
mod commands;
mod configuration;
#[cfg(all(feature = "crash-points", unix))]
mod crashes;
mod creating;
#[cfg(all(feature = "crash-points", unix))]
mod creation_crashes;
mod details;
mod environment;
mod exits;
mod fault_table;
mod faults_at_random;
mod holds;
mod hostile;
mod keys;
mod lists_bad;
mod lists_good;
mod lists_of_shops;
mod lists_twice;
#[cfg(all(feature = "crash-points", unix))]
mod pauses;
mod pending;
mod pipes;
mod probe;
mod readme;
mod reconcile;
#[cfg(all(feature = "crash-points", unix))]
mod refund_crashes;
mod refund_faults;
mod refunds;
mod rules;
mod shop;
mod silence;
#[cfg(unix)]
mod soak;
mod spreadsheets;
#[cfg(unix)]
mod stopping;
mod streaming;
mod survival;
mod truth;
mod wrong_order;
