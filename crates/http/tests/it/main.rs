//! Tests of duka-http: over loopback sockets against a hand-made server, and through fake transports.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; clippy only exempts functions marked as tests"
)]

mod addresses;
mod answers;
mod certified;
mod members;
mod policy;
mod proxied;
mod secrets;
mod server;
mod sockets;
mod words;
