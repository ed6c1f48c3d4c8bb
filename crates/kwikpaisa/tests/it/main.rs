//! Tests of duka-kwikpaisa: bytes and replies through a fake transport, and the emulator over sockets.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; clippy only exempts functions marked as tests"
)]

mod accounts;
mod cancelling;
mod conformance;
mod creating;
mod emulated;
mod fake;
#[path = "../../../core/tests/it/fuzz.rs"]
mod fuzz;
mod fuzzed;
#[path = "../../../http/tests/it/loose_json.rs"]
mod loose_json;
mod merchant;
mod mutated;
mod properties;
mod reading;
mod requests;
mod secrets;
mod traps;
mod variants;
mod webhooks;
