//! A sweep of several accounts, and of a store that other workers use: a limit of one account
//! holds up no other, it binds every call, and what another worker has settled is let go.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use duka_core::{ErrorKind, OrderStatus, State};
use duka_engine::sweep::{Bounds, Source};
use duka_engine::{Canceller, RefundStore, Store, TrackedOrder};
use tokio::time::Instant;

use crate::faulty_store::FaultyStore;
use crate::fixture::{Fixture, HOUR, MINUTE, TempStore, by, key, order, worker};
use crate::scripted::{Answer, Scripted, StatusReply};
use crate::sweep::{list, sweep};

/// Two accounts, `slow` and `quick`, on a store during whose writes the clock stands still.
struct TwoAccounts {
    _temp_store: TempStore,
    slow: Arc<Scripted>,
    quick: Arc<Scripted>,
    canceller: Canceller,
}

impl TwoAccounts {
    fn new(slow: Scripted, quick: Scripted) -> Self {
        let temp_store = TempStore::new();
        let (slow, quick) = (Arc::new(slow), Arc::new(quick));
        let canceller = worker(
            "w1",
            Arc::new(FaultyStore::new(temp_store.store())),
            temp_store.clock.clock(),
            &[("slow", &slow), ("quick", &quick)],
        );
        Self {
            _temp_store: temp_store,
            slow,
            quick,
            canceller,
        }
    }

    /// When all cancel requests of account `quick` had left, and when the sweep ended.
    async fn sweep(&self, source: Source, bounds: &Bounds, requests: usize) -> [Duration; 2] {
        let started = Instant::now();
        let swept = async {
            sweep(&self.canceller, source, bounds).await.0.unwrap();
            started.elapsed()
        };
        let quick = async {
            while self.quick.requests() < requests {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            started.elapsed()
        };
        let (ended, quick) = tokio::join!(swept, quick);
        [quick, ended]
    }
}

fn numbered(account: &str, count: usize) -> Vec<TrackedOrder> {
    (0..count)
        .map(|n| order(account, &format!("{account}-{n}")))
        .collect()
}

/// All of one account first, so that they stand in the way of the other's, if they can.
fn one_account_after_the_other(count: usize) -> Vec<TrackedOrder> {
    [numbered("slow", count), numbered("quick", count)].concat()
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_asked_to_wait_holds_up_no_other() {
    for listed in [true, false] {
        let busy = Scripted::repeatable()
            .will_show([StatusReply::Fails(ErrorKind::RateLimited)])
            .asks_to_wait(4 * MINUTE);
        let accounts = TwoAccounts::new(busy, Scripted::repeatable());
        let orders = one_account_after_the_other(40);
        let source = if listed {
            list(orders)
        } else {
            accounts.canceller.store().track(orders).await.unwrap();
            Source::Tracked
        };
        let bounds = Bounds {
            concurrency: 2,
            wait: HOUR,
            ..Bounds::default()
        };
        let [quick, ended] = accounts.sweep(source, &bounds, 40).await;
        assert!(quick < Duration::from_secs(5), "{listed}: {quick:?}");
        assert!(ended >= 4 * MINUTE, "{listed}: {ended:?}");
        assert_eq!(accounts.slow.requests(), 40);
    }
}

#[tokio::test(start_paused = true)]
async fn the_rate_of_an_account_with_many_orders_does_not_bind_another() {
    let accounts = TwoAccounts::new(Scripted::repeatable(), Scripted::repeatable());
    let orders = [numbered("slow", 60), numbered("quick", 6)].concat();
    let bounds = Bounds {
        concurrency: 3,
        rate: NonZeroU32::new(2),
        ..Bounds::default()
    };
    let [quick, ended] = accounts.sweep(list(orders), &bounds, 6).await;
    assert!(quick < Duration::from_secs(4), "{quick:?}");
    assert!(ended >= Duration::from_secs(29), "{ended:?}");
}

/// So many orders in doubt, all due.
async fn after_an_outage(orders: usize, gateway: Scripted) -> (Fixture, Canceller) {
    let fixture = Fixture::new(gateway.always_answers(Answer::Lost));
    let bounds = Bounds {
        wait: Duration::ZERO,
        ..Bounds::default()
    };
    let source = list(numbered("shop", orders));
    let (summary, _) = sweep(&fixture.canceller, source, &bounds).await;
    assert_eq!(summary.unwrap().in_doubt, u64::try_from(orders).unwrap());
    for n in 0..orders {
        fixture.gateway.set(&format!("shop-{n}"), OrderStatus::Paid);
    }
    fixture.ahead.by(MINUTE);
    let canceller = worker(
        "w2",
        Arc::new(FaultyStore::new(fixture.temp_store.store())),
        fixture.ahead.clock(),
        &[("shop", &fixture.gateway)],
    );
    (fixture, canceller)
}

#[tokio::test(start_paused = true)]
async fn a_rate_binds_the_settling_of_what_is_in_doubt() {
    let (_fixture, canceller) = after_an_outage(20, Scripted::once_only()).await;
    let bounds = Bounds {
        rate: NonZeroU32::new(2),
        ..Bounds::default()
    };
    let (summary, _) = sweep(&canceller, list(vec![]), &bounds).await;
    let summary = summary.unwrap();
    assert_eq!(summary.not_cancelled, 20);
    // The first at once, the twentieth after nineteen halves of a second.
    assert!(
        summary.elapsed >= Duration::from_millis(9_500),
        "{summary:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_asks_to_wait_is_not_asked_to_settle_meanwhile() {
    let (fixture, canceller) =
        after_an_outage(20, Scripted::once_only().asks_to_wait(4 * MINUTE)).await;
    fixture.gateway.fail_next(ErrorKind::RateLimited);
    let reads = fixture.gateway.reads();
    let bounds = Bounds {
        concurrency: 1,
        wait: HOUR,
        ..Bounds::default()
    };
    let swept = sweep(&canceller, list(vec![]), &bounds);
    let read_early = async {
        tokio::time::sleep(3 * MINUTE).await;
        fixture.gateway.reads() - reads
    };
    let ((summary, _), read_early) = tokio::join!(swept, read_early);
    assert_eq!(read_early, 1);
    assert_eq!(summary.unwrap().not_cancelled, 20);
}

#[tokio::test(start_paused = true)]
async fn what_another_worker_has_settled_is_asked_of_the_store_once_and_reported() {
    let fixture = Fixture::new(Scripted::once_only().will_answer([Answer::Lost]));
    let record = fixture.cancel(Duration::ZERO).await;
    assert_eq!(record.progress.state, State::InDoubt);
    fixture.gateway.set("A-1", OrderStatus::Paid);
    let within: Arc<dyn RefundStore> = fixture.temp_store.store();
    let store = Arc::new(FaultyStore::new(within));
    let second: Arc<dyn Store> = Arc::<FaultyStore>::clone(&store);
    let accounts = [("shop", &fixture.gateway)];
    let second = worker("w2", second, fixture.ahead.clock(), &accounts);
    let first = Arc::new(FaultyStore::new(fixture.temp_store.store()));
    let first = worker("w1", first, fixture.ahead.clock(), &accounts);
    let bounds = Bounds {
        rate: NonZeroU32::new(1),
        ..Bounds::default()
    };
    // It remembers A-1 as due in some seconds; before that, another worker settles it.
    let swept = sweep(&second, list(numbered("shop", 60)), &bounds);
    let settled = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let order = order("shop", "A-1");
        let cancelled = first.cancel(order, by("amina"), Duration::ZERO);
        cancelled.await.unwrap().record
    };
    let ((summary, events), settled) = tokio::join!(swept, settled);
    assert!(matches!(settled.progress.state, State::Done(_)));
    let summary = summary.unwrap();
    assert_eq!((summary.considered, summary.not_cancelled), (61, 1));
    let reported = format!("{} not_cancelled_paid", key("shop", "A-1"));
    assert!(
        events.reported().contains(&reported),
        "{:?}",
        events.reported()
    );
    assert!(store.claims() <= 3, "{} claims", store.claims());
}
