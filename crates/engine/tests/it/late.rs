//! Answers that come late: after a person has decided, after a status has, and while the
//! store cannot be written. None is lost.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use duka_core::cancel::{Outcome, Resolution, State};
use duka_core::clock::SharedClock;
use duka_core::{Observation, OrderStatus, PaymentDetails};
use duka_engine::refunds::{PendingRefunds, RefundEvent, RefundOutcome, RefundState};
use duka_engine::{
    AmountCheck, Canceller, EngineError, Record, RefundStore, SqliteStore, StoreError,
    StoreErrorKind,
};
use tokio::time::Instant;

use crate::fake_refund_gateway::{Counter, FakeRefundGateway, terms};
use crate::faulty_store::FaultyStore;
use crate::fixture::{Fixture, LONG, MINUTE, TempStore, by, elsewhere, key, noon, order, worker};
use crate::scripted::{Answer, Scripted};
use crate::sweep::{list, sweep};

/// Another worker ten minutes later, for whom the first one's claim has lapsed.
fn second(path: PathBuf, gateway: &Arc<Scripted>) -> Canceller {
    let clock = SharedClock::new(|| noon() + 10 * MINUTE);
    let store = Arc::new(SqliteStore::open(path, clock.clone()).unwrap());
    worker("w2", store, clock, &[("shop", gateway)])
}

/// A cancellation whose answer comes after another worker has settled it, and after a person
/// has decided if one does.
async fn answered_after(
    answer: Answer,
    status: OrderStatus,
    decision: Option<Resolution>,
) -> (Fixture, Record) {
    let path = Arc::<OnceLock<PathBuf>>::default();
    let there = Arc::clone(&path);
    let gateway = Scripted::once_only().will_answer([answer]);
    let fixture = Fixture::new(gateway.during_cancel(move |_| {
        let (path, status) = (there.get().unwrap().clone(), status.clone());
        elsewhere(async move {
            let reader = Arc::new(Scripted::once_only());
            reader.set("A-1", status);
            let other = second(path, &reader);
            sweep(&other, list(Vec::new()), &quick()).await.0.unwrap();
            let key = key("shop", "A-1");
            let id = other.store().cancellations_of(&key).await.unwrap()[0].id;
            if let Some(decision) = decision {
                other
                    .resolve(id, decision, "amina", "looked")
                    .await
                    .unwrap();
            }
        });
    }));
    path.set(fixture.temp_store.path()).unwrap();
    let record = fixture.cancel(LONG).await;
    (fixture, record)
}

fn quick() -> duka_engine::sweep::Bounds {
    duka_engine::sweep::Bounds {
        wait: Duration::ZERO,
        ..Default::default()
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_a_persons_decision_is_kept_and_the_decision_stands() {
    for (answer, decision, outcome, said) in [
        (
            Answer::Yes,
            Resolution::NotCancelled,
            Outcome::ResolvedNotCancelled,
            "answered yes: Order successfully cancelled; this came after a person had decided otherwise, which stands: not cancelled; look again",
        ),
        (
            Answer::No,
            Resolution::Cancelled,
            Outcome::ResolvedCancelled,
            "answered no: Order cannot be cancelled; this came after a person had decided otherwise, which stands: cancelled; look again",
        ),
        (
            Answer::Yes,
            Resolution::Cancelled,
            Outcome::ResolvedCancelled,
            "answered yes: Order successfully cancelled; this came after the end, and changes nothing",
        ),
    ] {
        let (fixture, record) = answered_after(answer, OrderStatus::Unpaid, Some(decision)).await;
        assert_eq!(record.progress.state, State::Done(outcome));
        assert_eq!(record.message.as_deref(), Some(said));
        assert_eq!(fixture.reload(&record).await, record);
        let story = fixture.story(&record).await;
        let last = story.last().unwrap();
        assert!(last.starts_with("answered_"), "{story:?}");
        assert!(last.ends_with(outcome.as_str()), "{story:?}");
        let ended = "SELECT count(*) FROM attempts WHERE result LIKE 'answered_%'";
        assert_eq!(fixture.temp_store.number(ended), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_a_status_has_ended_it_is_kept_too() {
    for (status, outcome) in [
        (OrderStatus::Paid, Outcome::NotCancelledPaid),
        (OrderStatus::Expired, Outcome::NotCancelledFinal),
        (OrderStatus::Cancelled, Outcome::Confirmed),
    ] {
        let (fixture, record) = answered_after(Answer::Yes, status, None).await;
        assert_eq!(record.progress.state, State::Done(outcome));
        let story = fixture.story(&record).await;
        let last = format!("answered_yes -> done: {}", outcome.as_str());
        assert_eq!(story.last(), Some(&last));
        let detail = fixture.store().log(record.id).await.unwrap();
        let detail = detail.last().unwrap().detail.clone();
        assert_eq!(
            detail.as_deref(),
            Some("answered yes: Order successfully cancelled")
        );
    }
}

fn trouble(kind: StoreErrorKind) -> StoreError {
    StoreError::new(kind, "the store is in trouble")
}

/// A worker whose store fails for so long after the answer is there.
fn while_the_store_fails(
    temp_store: &TempStore,
    gateway: &Arc<Scripted>,
    kind: StoreErrorKind,
    lasts: Duration,
) -> Canceller {
    let store = FaultyStore::new(temp_store.store());
    let mut since = None;
    store.before_advance(move |change| {
        if change.change.next.state != State::Accepted {
            return Ok(());
        }
        let since = *since.get_or_insert_with(Instant::now);
        if since.elapsed() < lasts {
            Err(trouble(kind))
        } else {
            Ok(())
        }
    });
    let clock = temp_store.clock.clock();
    worker("w1", Arc::new(store), clock, &[("shop", gateway)])
}

#[tokio::test(start_paused = true)]
async fn a_yes_that_comes_while_the_store_is_in_trouble_is_stored_as_soon_as_it_can_be() {
    for kind in [
        StoreErrorKind::Busy,
        StoreErrorKind::Full,
        StoreErrorKind::Internal,
    ] {
        let (temp_store, gateway) = (TempStore::new(), Arc::new(Scripted::once_only()));
        let canceller = while_the_store_fails(&temp_store, &gateway, kind, MINUTE);
        let started = Instant::now();
        let asked = canceller.cancel(order("shop", "A-1"), by("amina"), Duration::ZERO);
        let record = asked.await.unwrap().record;
        assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
        let took = started.elapsed();
        assert!(took >= MINUTE && took <= MINUTE + Duration::from_secs(5));
    }
}

#[tokio::test(start_paused = true)]
async fn a_yes_that_cannot_be_stored_before_the_claim_lapses_is_told_to_the_caller() {
    for (kind, at_most) in [
        (StoreErrorKind::Busy, 2 * MINUTE + Duration::from_secs(1)),
        (StoreErrorKind::ReadOnly, Duration::ZERO),
        (StoreErrorKind::Corrupt, Duration::ZERO),
    ] {
        let (temp_store, gateway) = (TempStore::new(), Arc::new(Scripted::once_only()));
        let canceller = while_the_store_fails(&temp_store, &gateway, kind, LONG);
        let started = Instant::now();
        let asked = canceller.cancel(order("shop", "A-1"), by("amina"), LONG);
        let trouble = asked.await.unwrap_err();
        assert!(
            matches!(trouble, EngineError::NotStored { .. }),
            "{trouble:?}"
        );
        assert_eq!(
            trouble.to_string(),
            "a cancel request for order A-1 at shop may have left, and what came of it (answered yes: Order successfully cancelled) could not be stored: the store is in trouble"
        );
        assert!(started.elapsed() <= at_most, "{:?}", started.elapsed());
        assert_eq!(gateway.requests(), 1);
    }
}

fn meddled(counter: &Counter, kind: StoreErrorKind, lasts: Duration) -> FaultyStore {
    let store = FaultyStore::new(counter.temp_store.store());
    let mut since = None;
    store.before_refund(move |_| {
        let since = *since.get_or_insert_with(Instant::now);
        if since.elapsed() < lasts {
            Err(trouble(kind))
        } else {
            Ok(())
        }
    });
    store
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_refund_is_stored_as_soon_as_the_store_can_be_written() {
    let counter = Counter::new(FakeRefundGateway::new());
    let store = meddled(&counter, StoreErrorKind::Busy, Duration::from_secs(40));
    let refunder = counter.meddled(Arc::new(store));
    let asked = refunder.refund(order("shop", "A-1"), terms()).await;
    let made = crate::fake_refund_gateway::made(asked.unwrap());
    assert_eq!(
        made.progress.state,
        RefundState::Done(RefundOutcome::Received)
    );
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_refund_that_cannot_be_stored_is_told_to_the_caller() {
    for (kind, at_most) in [
        (StoreErrorKind::Full, MINUTE + Duration::from_secs(1)),
        (StoreErrorKind::ReadOnly, Duration::ZERO),
    ] {
        let counter = Counter::new(FakeRefundGateway::new());
        let refunder = counter.meddled(Arc::new(meddled(&counter, kind, LONG)));
        let started = Instant::now();
        let asked = refunder.refund(order("shop", "A-1"), terms()).await;
        let trouble = asked.unwrap_err();
        assert!(matches!(trouble, EngineError::NotStored { .. }));
        assert_eq!(
            trouble.to_string(),
            "a refund request for order A-1 at shop may have left, and what came of it (answered received: Refund request successfully) could not be stored: the store is in trouble"
        );
        assert!(started.elapsed() <= at_most, "{:?}", started.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_refund_that_comes_after_the_money_went_back_is_kept() {
    for (answer, event) in [
        (Answer::Yes, "answered_received"),
        (Answer::No, "answered_refused"),
    ] {
        let counter = Counter::new(FakeRefundGateway::new().will_answer([answer]));
        let path = counter.temp_store.path();
        counter.fake_refund_gateway.during(move || {
            let path = path.clone();
            elsewhere(async move {
                let store =
                    SqliteStore::open(path, SharedClock::new(|| noon() + 10 * MINUTE)).unwrap();
                the_money_goes_back(&store).await;
            });
        });
        let refund = counter.made().await;
        assert_eq!(
            refund.progress.state,
            RefundState::Done(RefundOutcome::Reversed)
        );
        let story = counter.story(&refund).await;
        let last = format!("{event} by w1 -> done: reversed");
        assert_eq!(story.last(), Some(&last), "{story:?}");
    }
}

/// What another process sees that takes the worker for dead.
async fn the_money_goes_back(store: &dyn RefundStore) {
    let page = PendingRefunds {
        limit: 10,
        ..PendingRefunds::default()
    };
    let found = store.pending_refunds(page).await.unwrap();
    let lapsed = duka_engine::store_suite::refunds::by("w2", &found[0], RefundEvent::LeaseLapsed);
    store.advance_refund(lapsed).await.unwrap();
    let seen = Observation {
        status: OrderStatus::Reversed,
        raw_status: "REVERSED".to_owned(),
        money: None,
        details: PaymentDetails::default(),
        observed_at: noon(),
    };
    store
        .observe(&found[0].key, seen, AmountCheck::Compare, "w2")
        .await
        .unwrap();
}
