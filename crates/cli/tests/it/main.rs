//! The program as its users meet it, and the whole chain behind it, against the emulator.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot be set up, or meets what it does not know, has failed"
)]

mod bench;
mod fault_table;
mod faults_at_random;
mod truth;
