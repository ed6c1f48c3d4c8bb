//! Orders that a person holds: nothing more is sent for them, and what was sent is settled.

use std::sync::Arc;
use std::time::Duration;

use duka_core::OrderStatus;
use duka_core::cancel::{Outcome, SkipReason, State};
use duka_engine::store::{Attempt, HoldChange};
use duka_engine::sweep::{Bounds, Source};
use duka_engine::{EngineError, Record, Settings, Store, Tracking};

use crate::faulty_store::FaultyStore;
use crate::fixture::{
    Fixture, HOUR, LONG, MINUTE, TempStore, by, elsewhere, key, order, worker_with,
};
use crate::scripted::{Answer, Scripted};
use crate::sweep::{list, sweep};

const BOTH: [fn() -> Scripted; 2] = [Scripted::repeatable, Scripted::once_only];
const HELD: State = State::Done(Outcome::Skipped(SkipReason::Held));

pub(crate) async fn hold(store: &dyn Store, id: &str) {
    let change = HoldChange::Place {
        by: "amina".to_owned(),
        note: "pays by cheque".to_owned(),
    };
    store.change_hold(&key("shop", id), change).await.unwrap();
}

async fn release(store: &dyn Store, id: &str) {
    let by = "amina".to_owned();
    let change = HoldChange::Release { by };
    store.change_hold(&key("shop", id), change).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_sweep_asks_or_writes_anything_about_a_held_order() {
    for make in BOTH {
        let fixture = Fixture::new(make());
        let (store, bounds) = (fixture.store(), Bounds::default());
        store.track(vec![order("shop", "A-1")]).await.unwrap();
        hold(&**store, "A-1").await;
        let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
        assert_eq!(
            (summary.unwrap().considered, events.reported().len()),
            (0, 0)
        );
        let listed = list(vec![order("shop", "A-1")]);
        let (summary, events) = sweep(&fixture.canceller, listed, &bounds).await;
        assert_eq!(events.reported(), ["A-1 at shop left alone: Held"]);
        assert_eq!(summary.unwrap().skipped, 1);
        assert_eq!(
            (fixture.gateway.reads(), fixture.gateway.requests()),
            (0, 0)
        );
        let records = store.cancellations_of(&key("shop", "A-1")).await.unwrap();
        assert!(records.is_empty());
        release(&**store, "A-1").await;
        let (_, events) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
        assert_eq!(events.reported(), ["A-1 at shop confirmed"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_held_order_is_not_cancelled_by_its_name_either() {
    for make in BOTH {
        let fixture = Fixture::new(make());
        fixture
            .store()
            .track(vec![order("shop", "A-1")])
            .await
            .unwrap();
        hold(&**fixture.store(), "A-1").await;
        let cancelled = fixture
            .canceller
            .cancel(order("shop", "A-1"), by("joe"), LONG);
        let refused = cancelled.await.unwrap_err();
        assert!(matches!(refused, EngineError::Held { .. }), "{refused:?}");
        assert_eq!(
            (fixture.gateway.reads(), fixture.gateway.requests()),
            (0, 0)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_comes_after_the_status_was_read_keeps_the_request_from_being_sent() {
    for make in BOTH {
        let (temp_store, gateway) = (TempStore::new(), Arc::new(make()));
        let faulty = Arc::new(FaultyStore::new(temp_store.store()));
        let other = temp_store.store();
        faulty.before_advance(move |update| {
            if matches!(update.attempt, Attempt::Begins(_)) {
                let other = Arc::clone(&other);
                elsewhere(async move { hold(&*other, "A-1").await });
            }
            Ok(())
        });
        let clock = temp_store.clock.clock();
        let store = Arc::<FaultyStore>::clone(&faulty);
        let canceller = worker_with(Settings::new("w1"), store, clock, &[("shop", &gateway)]);
        faulty.track(vec![order("shop", "A-1")]).await.unwrap();
        let cancelled = canceller
            .cancel(order("shop", "A-1"), by("joe"), LONG)
            .await;
        let record = cancelled.unwrap().record;
        assert_eq!((record.progress.state, record.progress.requests), (HELD, 0));
        assert_eq!(gateway.requests(), 0);
        assert_eq!(
            record.message.as_deref(),
            Some("status unpaid; nothing was sent: the order is held")
        );
        let order = faulty.order(&key("shop", "A-1")).await.unwrap().unwrap();
        assert_eq!(order.tracking, Tracking::Pending);
    }
}

/// Sweeps for so long, every ten minutes.
async fn sweeps(fixture: &Fixture, whole: Duration) {
    let bounds = Bounds {
        wait: MINUTE,
        ..Bounds::default()
    };
    let end = tokio::time::Instant::now() + whole;
    while tokio::time::Instant::now() < end {
        let (swept, _) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
        swept.unwrap();
        tokio::time::sleep(10 * MINUTE).await;
    }
}

async fn in_doubt_and_held(gateway: Scripted) -> (Fixture, Record) {
    let fixture = Fixture::new(gateway.will_answer([Answer::Lost]));
    let record = fixture.cancel(Duration::ZERO).await;
    assert_eq!(record.progress.state, State::InDoubt);
    hold(&**fixture.store(), "A-1").await;
    (fixture, record)
}

#[tokio::test(start_paused = true)]
async fn what_is_in_doubt_when_a_hold_comes_is_settled_by_reading_and_never_repeated() {
    for make in BOTH {
        let (fixture, record) = in_doubt_and_held(make()).await;
        sweeps(&fixture, 5 * HOUR).await;
        let waiting = fixture.reload(&record).await;
        assert_eq!(waiting.progress.state, State::NeedsReview);
        assert_eq!(fixture.gateway.requests(), 1);
        fixture.gateway.set("A-1", OrderStatus::Paid);
        sweeps(&fixture, 2 * HOUR).await;
        let paid = fixture.reload(&record).await.progress.state;
        assert_eq!(paid, State::Done(Outcome::NotCancelledPaid));
        assert_eq!(fixture.gateway.requests(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_released_order_gets_the_attempt_that_the_hold_had_stopped() {
    let (fixture, record) = in_doubt_and_held(Scripted::repeatable()).await;
    sweeps(&fixture, HOUR / 2).await;
    assert_eq!(fixture.gateway.requests(), 1);
    release(&**fixture.store(), "A-1").await;
    sweeps(&fixture, HOUR / 2).await;
    let state = fixture.reload(&record).await.progress.state;
    assert_eq!(state, State::Done(Outcome::Confirmed));
    assert_eq!(fixture.gateway.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_hold_under_another_name_of_a_once_only_account_counts_as_well() {
    let (temp_store, gateway) = (TempStore::new(), Arc::new(Scripted::once_only()));
    let store = temp_store.store();
    store.track(vec![order("shop", "A-1")]).await.unwrap();
    hold(&*store, "A-1").await;
    let renamed = [("renamed", &gateway)];
    let clock = temp_store.clock.clock();
    let canceller = worker_with(Settings::new("w1"), temp_store.store(), clock, &renamed);
    let cancelled = canceller
        .cancel(order("renamed", "A-1"), by("joe"), LONG)
        .await;
    assert_eq!(cancelled.unwrap().record.progress.state, HELD);
    assert_eq!(gateway.requests(), 0);
}
