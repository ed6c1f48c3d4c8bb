//! The adapter from outside: what it sends, and what it makes of what comes back.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; clippy only exempts functions marked as tests"
)]

mod authentication;
mod cancel;
mod codes;
mod conformance;
mod create;
mod doubtful_401;
mod emulator;
mod fake;
#[path = "../../../core/tests/it/fuzz.rs"]
mod fuzz;
mod fuzzed;
mod ipns;
mod limits;
#[path = "../../../http/tests/it/loose_json.rs"]
mod loose_json;
mod merchant;
mod mutated;
mod notify;
mod properties;
mod refund;
mod refund_fields;
mod replies;
mod requests;
mod secrets;
mod settings;
mod status;
mod token;
mod variants;
