//! The emulator over real sockets: one module per promise it makes.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod client;
mod clock;
mod control;
mod deliveries;
mod faults;
mod faults_odd;
mod foreign;
mod kwikpaisa;
mod limits;
mod notifications;
mod outcomes;
mod pages;
mod pesapal;
mod pesapal_cancel;
mod recorded;
mod secrets;
mod snapshots;
mod together;
mod variants;
mod variants_kwikpaisa;
mod variants_notifications;
mod variants_pesapal;
