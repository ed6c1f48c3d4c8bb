//! For how long a worker holds a record: bounds that are checked where a lease is made, and
//! the part of it in which a request may leave.

use std::sync::Arc;
use std::time::Duration;

use duka_core::Gateway;
use duka_core::cancel::State;
use duka_engine::{Canceller, Lease, Settings};
use tokio::time::Instant;

use crate::fixture::{TempStore, account, by, order};
use crate::scripted::{Answer, Scripted};

#[test]
fn a_lease_that_sends_nothing_or_outlasts_an_hour_is_refused() {
    let millisecond = Duration::from_millis(1);
    for bad in [
        Duration::ZERO,
        Lease::MIN - millisecond,
        Lease::MAX + millisecond,
        Duration::from_secs(24 * 60 * 60),
        Duration::MAX,
    ] {
        assert!(Lease::new(bad).is_err(), "{bad:?}");
    }
    for good in [Lease::MIN, Duration::from_secs(120), Lease::MAX] {
        assert_eq!(Lease::new(good).unwrap().get(), good);
    }
    let refused = Lease::new(Duration::ZERO).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a lease of 0ns is not between 1s and 3600s; a shorter one sends nothing, and what a dead worker held is left alone for as long as it lasts"
    );
}

#[test]
fn the_lease_of_a_worker_that_sets_none_is_two_minutes() {
    let lease = Settings::new("w1").lease;
    assert_eq!(Lease::new(Duration::from_secs(120)), Ok(lease));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_given_up_after_four_fifths_of_any_lease_and_the_claim_lasts_all_of_it() {
    for lease in [Lease::MIN, Duration::from_secs(100), Lease::MAX] {
        let temp_store = TempStore::new();
        let gateway = Arc::new(Scripted::once_only().will_answer([Answer::Hangs]));
        let there: Arc<dyn Gateway> = gateway.clone();
        let settings = Settings::new("w1").lease(Lease::new(lease).unwrap());
        let clock = temp_store.clock.clock();
        let gateways = [(account("shop"), there)].into();
        let canceller = Canceller::new(temp_store.store(), gateways, clock, settings);
        let started = Instant::now();
        let asked = canceller.cancel(order("shop", "A-1"), by("amina"), Duration::ZERO);
        let record = asked.await.unwrap().record;
        assert_eq!(record.progress.state, State::InDoubt);
        assert_eq!(started.elapsed(), lease / 5 * 4);
    }
}
