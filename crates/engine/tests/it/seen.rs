//! What has been seen once is not unseen: a status that lags behind does not win over a
//! payment, whichever worker saw it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use duka_core::cancel::SkipReason;
use duka_core::clock::SharedClock;
use duka_core::{ErrorKind, OrderStatus, Outcome, State};
use duka_engine::SqliteStore;
use duka_engine::sweep::{Bounds, Source};

use crate::fixture::{Fixture, HOUR, LONG, MINUTE, elsewhere, key, noon, order, worker};
use crate::scripted::{Scripted, StatusReply};
use crate::sweep::{list, sweep};

const PAID: StatusReply = StatusReply::Shows(OrderStatus::Paid);
const UNPAID: StatusReply = StatusReply::Shows(OrderStatus::Unpaid);

#[tokio::test(start_paused = true)]
async fn an_order_once_seen_paid_is_never_asked_to_be_cancelled() {
    for gateway in [Scripted::once_only(), Scripted::repeatable()] {
        // The second sight comes from a replica that lags behind.
        let fixture = Fixture::new(gateway.will_show([PAID, UNPAID]));
        let orders = vec![order("shop", "A-1")];
        fixture.store().track(orders).await.unwrap();
        fixture.canceller.status(&key("shop", "A-1")).await.unwrap();
        let record = fixture.cancel(MINUTE).await;
        let skipped = Outcome::Skipped(SkipReason::NotEligible);
        assert_eq!(record.progress.state, State::Done(skipped));
        assert_eq!(fixture.gateway.requests(), 0);
        // The log says why: what is written is the payment, and not the read.
        let log = fixture.store().log(record.id).await.unwrap();
        let last = log.last().unwrap();
        assert_eq!(last.event, "status");
        let detail = "seen paid before; now: status unpaid";
        assert_eq!(last.detail.as_deref(), Some(detail));
        assert!(record.message.unwrap().starts_with(detail));
    }
}

#[tokio::test(start_paused = true)]
async fn a_sweep_leaves_an_order_that_a_worker_has_seen_paid() {
    let fixture = Fixture::new(Scripted::repeatable().will_show([PAID, UNPAID]));
    let orders = vec![order("shop", "A-1")];
    fixture.store().track(orders).await.unwrap();
    fixture.canceller.status(&key("shop", "A-1")).await.unwrap();
    fixture.ahead.by(2 * HOUR);
    let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &Bounds::default()).await;
    assert_eq!(summary.unwrap().considered, 0);
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_another_reader_saw_meanwhile_wins_over_our_older_sight() {
    let path = Arc::<OnceLock<PathBuf>>::default();
    let there = Arc::clone(&path);
    let other = Arc::new(Scripted::once_only().will_show([PAID]));
    let gateway = Scripted::once_only().during_cancel(move |_| {
        let (path, other) = (Arc::clone(&there), Arc::clone(&other));
        elsewhere(async move {
            let clock = SharedClock::new(noon);
            let store = Arc::new(SqliteStore::open(path.get().unwrap(), clock.clone()).unwrap());
            let reader = worker("reader", store, clock, &[("shop", &other)]);
            reader.status(&key("shop", "A-1")).await.unwrap();
        });
    });
    // Our own reads go on saying that the order is unpaid.
    let fixture = Fixture::new(gateway);
    path.set(fixture.temp_store.path()).unwrap();
    let record = fixture.cancel(LONG).await;
    assert_eq!(
        record.progress.state,
        State::Done(Outcome::NotCancelledPaid)
    );
    assert_eq!(fixture.gateway.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn orders_that_the_gateway_refuses_to_tell_of_do_not_starve_the_others() {
    let refused = (0..25).map(|_| StatusReply::Fails(ErrorKind::Rejected));
    let fixture = Fixture::new(Scripted::repeatable().will_show(refused));
    let orders = (0..26).map(|n| order("shop", &format!("A-{n}"))).collect();
    let bounds = Bounds {
        concurrency: 1,
        wait: Duration::ZERO,
        ..Bounds::default()
    };
    let (summary, events) = sweep(&fixture.canceller, list(orders), &bounds).await;
    let summary = summary.unwrap();
    assert_eq!((summary.confirmed, summary.errors), (1, 25));
    assert!(
        !events
            .reported()
            .iter()
            .any(|line| line.contains("stopped"))
    );
}

#[tokio::test(start_paused = true)]
async fn an_order_that_was_not_found_once_is_looked_for_again() {
    let gone = StatusReply::Fails(ErrorKind::NotFound);
    let fixture = Fixture::new(Scripted::repeatable().will_show([gone]));
    let orders = || list(vec![order("shop", "A-1")]);
    let bounds = Bounds::default();
    let (summary, _) = sweep(&fixture.canceller, orders(), &bounds).await;
    assert_eq!(summary.unwrap().skipped, 1);
    fixture.ahead.by(HOUR);
    let (summary, _) = sweep(&fixture.canceller, orders(), &bounds).await;
    assert_eq!(summary.unwrap().confirmed, 1);
}

#[cfg(unix)]
#[test]
fn a_new_store_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let temp_store = crate::fixture::TempStore::new();
    drop(temp_store.store());
    let mode = std::fs::metadata(temp_store.path())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}
