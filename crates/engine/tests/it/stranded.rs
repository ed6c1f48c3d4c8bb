//! What would leave an order where no worker looks: a store that fails after the request has
//! left, an account that moved to another gateway, keys that are refused again and again, a
//! payment on an order that waits for a person.

use std::sync::Arc;
use std::time::Duration;

use duka_core::cancel::{Outcome, Resolution, State};
use duka_core::{GatewayName, OrderStatus};
use duka_engine::store::{ReportFilter, ReportPage};
use duka_engine::sweep::{Bounds, Source};
use duka_engine::{EngineError, Store, StoreError, StoreErrorKind};

use crate::faulty_store::FaultyStore;
use crate::fixture::{Fixture, HOUR, LONG, TempStore, by, order, worker};
use crate::scripted::{Answer, Scripted};
use crate::sweep::sweep;

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_after_the_request_has_left_says_that_it_may_have() {
    let temp_store = TempStore::new();
    let faulty_store = Arc::new(FaultyStore::new(temp_store.store()));
    faulty_store.before_advance(|change| {
        if change.change.next.state == State::Accepted {
            return Err(StoreError::new(StoreErrorKind::Full, "the disk is full"));
        }
        Ok(())
    });
    let gateway = Arc::new(Scripted::once_only());
    let store: Arc<dyn Store> = Arc::<FaultyStore>::clone(&faulty_store);
    let canceller = worker("w1", store, temp_store.clock.clock(), &[("shop", &gateway)]);
    let handled = canceller.cancel(order("shop", "A-1"), by("amina"), LONG);
    let trouble = handled.await.unwrap_err();
    assert!(
        matches!(trouble, EngineError::NotStored { .. }),
        "{trouble:?}"
    );
    assert_eq!(
        trouble.to_string(),
        "a cancel request for order A-1 at shop may have left, and what came of it (answered yes: Order successfully cancelled) could not be stored: the disk is full"
    );
    // A person who looks for it finds it.
    let page = ReportPage {
        which: ReportFilter::Pending,
        limit: 9,
        ..ReportPage::default()
    };
    let pending = temp_store.store().report(page).await.unwrap();
    assert_eq!(pending[0].progress.state, State::Sending);
}

#[tokio::test(start_paused = true)]
async fn an_order_does_not_follow_its_account_to_another_gateway() {
    let fixture = Fixture::new(Scripted::once_only().will_answer([Answer::Lost]));
    let mut elsewhere = order("shop", "A-1");
    elsewhere.gateway = GatewayName::from_static("pesapal");
    fixture
        .store()
        .track(vec![elsewhere.clone()])
        .await
        .unwrap();
    let cancelled = fixture
        .canceller
        .cancel(elsewhere.clone(), by("amina"), LONG);
    let said = "order A-1 at shop belongs to pesapal, but the account is now configured for kwikpaisa; use another account name";
    assert_eq!(cancelled.await.unwrap_err().to_string(), said);
    let read = fixture.canceller.status(&elsewhere.key).await;
    assert_eq!(read.unwrap_err().to_string(), said);
    assert_eq!(
        (fixture.gateway.reads(), fixture.gateway.requests()),
        (0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_refused_twice_by_authentication_waits_until_the_keys_are_corrected() {
    let fixture = Fixture::new(Scripted::once_only().always_answers(Answer::Unauthenticated));
    let record = fixture.cancel(LONG).await;
    assert_eq!(record.progress.state, State::Requested);
    assert_eq!((record.progress.attempts, record.progress.requests), (2, 0));
}

/// Lost on its way, and waiting for a person since.
async fn in_review() -> Fixture {
    let fixture = Fixture::new(Scripted::once_only().will_answer([Answer::Lost]));
    let record = fixture.cancel(10 * HOUR).await;
    assert_eq!(record.progress.state, State::NeedsReview);
    fixture
}

#[tokio::test(start_paused = true)]
async fn a_recheck_finds_a_payment_on_an_order_that_waits_for_a_person() {
    let fixture = in_review().await;
    fixture.gateway.set("A-1", OrderStatus::Paid);
    let bounds = Bounds {
        recheck: Some(100 * HOUR),
        ..Bounds::default()
    };
    let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    assert_eq!(events.reported(), ["A-1 at shop not_cancelled_paid"]);
    assert_eq!(summary.unwrap().not_cancelled, 1);
}

#[tokio::test(start_paused = true)]
async fn a_decision_is_refused_once_the_customer_has_paid() {
    let fixture = in_review().await;
    let record = fixture.cancel(Duration::ZERO).await;
    fixture.gateway.set("A-1", OrderStatus::Paid);
    let decided = fixture
        .canceller
        .resolve(record.id, Resolution::Cancelled, "amina", "looked")
        .await;
    assert!(
        matches!(decided, Err(EngineError::NotAllowed(_))),
        "{decided:?}"
    );
    let now = fixture
        .store()
        .cancellation(record.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(now.progress.state, State::Done(Outcome::NotCancelledPaid));
}
