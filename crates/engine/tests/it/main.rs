//! What the crate promises, one module per subject.

#![cfg(feature = "sqlite")]
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod agreement;
mod amounts;
mod bounds;
mod create;
mod details;
mod doubt;
mod dropped;
mod fake_refund_gateway;
mod fault;
mod faulty_store;
mod findings;
mod fixture;
mod holds;
mod late;
mod leases;
mod life;
mod memory;
mod payments;
mod reconcile;
mod refunds;
mod renamed;
mod review;
mod reviews_again;
mod rules;
mod scripted;
mod seen;
mod sqlite;
mod stranded;
mod sweep;
mod sweep_accounts;
mod trouble;
mod unknown_orders;
mod workers;
