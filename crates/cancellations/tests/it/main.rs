//! What the crate promises, one module per subject.

#![cfg(feature = "sqlite")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod agreement;
mod amounts;
mod bounds;
mod doubt;
mod dropped;
mod fault;
mod findings;
mod late;
mod leases;
mod life;
mod meddler;
mod memory;
mod refunds;
mod renamed;
mod review;
mod reviews_again;
mod scene;
mod scripted;
mod seen;
mod sqlite;
mod stranded;
mod suite;
mod suite_claims;
mod suite_fences;
mod suite_refunds;
mod sweep;
mod till;
mod trouble;
mod unknown_orders;
mod versions;
mod workers;
