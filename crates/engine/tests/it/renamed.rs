//! Accounts that get another name, or another gateway, while their orders are tracked.

use std::sync::Arc;
use std::time::Duration;

use duka_core::cancel::{Finding, Outcome, SkipReason, State};
use duka_core::{GatewayName, OrderStatus};
use duka_engine::store::{Claim, NewCancellation};
use duka_engine::sweep::{Bounds, Mode, Source, Summary};
use duka_engine::{Canceller, Record, TrackedOrder, Tracking};

use crate::fixture::{Fixture, HOUR, LONG, MINUTE, TempStore, by, key, order, worker};
use crate::scripted::{Answer, Scripted};
use crate::sweep::{list, sweep};

/// One gateway under two names, in one store.
struct TwoNames {
    temp_store: TempStore,
    gateway: Arc<Scripted>,
}

impl TwoNames {
    fn new(gateway: Scripted) -> Self {
        Self {
            temp_store: TempStore::new(),
            gateway: Arc::new(gateway),
        }
    }

    /// The worker that has the account under this name alone.
    fn named(&self, name: &str) -> Canceller {
        let accounts = [(name, &self.gateway)];
        worker(
            name,
            self.temp_store.store(),
            self.temp_store.clock.clock(),
            &accounts,
        )
    }

    async fn cancel(&self, name: &str, wait: Duration) -> Record {
        let asked = self.named(name);
        let asked = asked.cancel(order(name, "A-1"), by("amina"), wait).await;
        asked.unwrap().record
    }

    /// A cancellation under this name whose worker died before it did anything.
    async fn begin(&self, name: &str) -> Record {
        let store = self.temp_store.store();
        store.track(vec![order(name, "A-1")]).await.unwrap();
        let new_cancellation = NewCancellation {
            claim: Claim::new("dead", MINUTE),
            ..duka_engine::store_suite::changes::new_cancellation(77, name, "A-1")
        };
        store.open(new_cancellation).await.unwrap();
        self.record(name).await
    }

    async fn record(&self, name: &str) -> Record {
        let store = self.temp_store.store();
        let mut all = store.cancellations_of(&key(name, "A-1")).await.unwrap();
        all.remove(0)
    }

    async fn tracking(&self, name: &str) -> Tracking {
        let order = self.temp_store.store().order(&key(name, "A-1")).await;
        order.unwrap().unwrap().tracking
    }
}

fn skipped(reason: SkipReason) -> State {
    State::Done(Outcome::Skipped(reason))
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_that_another_one_was_faster_than_ends_as_already_submitted() {
    let names = TwoNames::new(Scripted::once_only());
    names.begin("shop-ke").await;
    names.cancel("pesapal", LONG).await;
    names.temp_store.clock.by(2 * MINUTE);
    let ke = names.named("shop-ke");
    let (summary, events) = sweep(&ke, Source::Tracked, &Bounds::default()).await;
    let summary = summary.unwrap();
    assert_eq!(events.reported(), ["A-1 at shop-ke skipped"]);
    assert_eq!((summary.skipped, summary.errors), (1, 0));
    let ended = names.record("shop-ke").await;
    assert_eq!(ended.progress.state, skipped(SkipReason::AlreadySubmitted));
    assert_eq!(
        ended.message.as_deref(),
        Some(
            "status unpaid; nothing was sent: this gateway takes one cancel request per order, and it has been used"
        )
    );
    assert_eq!(names.tracking("shop-ke").await, Tracking::Closed);
    assert_eq!(names.gateway.requests(), 1);
}

/// Its own request was proved not to have left before the other one did.
#[tokio::test(start_paused = true)]
async fn a_cancellation_whose_request_was_taken_back_gives_way_to_a_faster_one() {
    let names = TwoNames::new(Scripted::once_only().will_answer([Answer::NotSent]));
    let taken_back = names.cancel("shop-ke", Duration::ZERO).await;
    assert_eq!(taken_back.progress.state, State::Requested);
    names.cancel("pesapal", LONG).await;
    let ended = names.cancel("shop-ke", LONG).await;
    assert_eq!(ended.id, taken_back.id);
    assert_eq!(ended.progress.state, skipped(SkipReason::AlreadySubmitted));
    assert_eq!(names.gateway.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_payment_is_found_under_whatever_name_it_is_seen() {
    for status in [OrderStatus::Paid, OrderStatus::Reversed] {
        let names = TwoNames::new(Scripted::once_only());
        let reported = names.cancel("pesapal", LONG).await;
        assert_eq!(reported.progress.state, State::Done(Outcome::Confirmed));
        let renamed = names.named("shop-ke");
        let orders = vec![order("shop-ke", "A-1")];
        renamed.store().track(orders).await.unwrap();
        names.gateway.set("A-1", status.clone());
        renamed.status(&key("shop-ke", "A-1")).await.unwrap();
        let late = names.record("pesapal").await;
        assert_eq!(late.progress.finding, Some(Finding::LatePayment));
        assert_eq!(late.progress.verified, Some(status));
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_seen_paid_under_another_name_is_not_asked_to_be_cancelled() {
    let names = TwoNames::new(Scripted::once_only());
    let before = names.named("pesapal");
    let orders = vec![order("pesapal", "A-1")];
    before.store().track(orders).await.unwrap();
    names.gateway.set("A-1", OrderStatus::Paid);
    before.status(&key("pesapal", "A-1")).await.unwrap();
    // A replica that lags behind.
    names.gateway.set("A-1", OrderStatus::Unpaid);
    let record = names.cancel("shop-ke", LONG).await;
    assert_eq!(record.progress.state, skipped(SkipReason::NotEligible));
    assert_eq!(names.gateway.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_payment_seen_under_another_name_wins_over_a_yes() {
    let names = TwoNames::new(Scripted::once_only().will_answer([Answer::Lost]));
    names.cancel("shop-ke", Duration::ZERO).await;
    let before = names.named("pesapal");
    let orders = vec![order("pesapal", "A-1")];
    before.store().track(orders).await.unwrap();
    names.gateway.set("A-1", OrderStatus::Paid);
    before.status(&key("pesapal", "A-1")).await.unwrap();
    // The status has forgotten it.
    names.gateway.set("A-1", OrderStatus::Expired);
    let record = names.cancel("shop-ke", LONG).await;
    assert_eq!(
        record.progress.state,
        State::Done(Outcome::NotCancelledPaid)
    );
}

/// Where requests may be repeated the ids are the merchants' own: order 1234 of one shop is
/// not order 1234 of the other.
#[tokio::test(start_paused = true)]
async fn two_shops_that_number_their_orders_alike_do_not_share_a_payment() {
    let names = TwoNames::new(Scripted::repeatable());
    let reported = names.cancel("shop-in", LONG).await;
    assert_eq!(reported.progress.state, State::Done(Outcome::Confirmed));
    let other = names.named("other-in");
    let orders = vec![order("other-in", "A-1")];
    other.store().track(orders).await.unwrap();
    names.gateway.set("A-1", OrderStatus::Paid);
    other.status(&key("other-in", "A-1")).await.unwrap();
    assert_eq!(names.record("shop-in").await, reported);
}

/// An order that was tracked while its account was at Pesapal.
fn followed_elsewhere(id: &str) -> TrackedOrder {
    TrackedOrder {
        gateway: GatewayName::from_static("pesapal"),
        ..order("shop", id)
    }
}

const SAID: &str = "failed: order A-1 at shop belongs to pesapal, but the account is now configured for kwikpaisa; use another account name";

fn named_once(summary: &Summary, told: &[String]) {
    assert_eq!(told, [format!("A-1 at shop {SAID}")]);
    assert_eq!(summary.considered, 1);
    assert_eq!((summary.errors, summary.misconfigured), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn no_cancellation_is_opened_for_an_order_whose_account_is_at_another_gateway_now() {
    let fixture = Fixture::new(Scripted::repeatable());
    let orders = vec![followed_elsewhere("A-1")];
    fixture.store().track(orders).await.unwrap();
    for mode in [Mode::DryRun, Mode::Act] {
        let bounds = Bounds {
            mode,
            ..Bounds::default()
        };
        for source in [Source::Tracked, list(vec![order("shop", "A-1")])] {
            let (summary, events) = sweep(&fixture.canceller, source, &bounds).await;
            named_once(&summary.unwrap(), &events.reported());
        }
    }
    let key = key("shop", "A-1");
    let opened = fixture.store().cancellations_of(&key).await.unwrap();
    assert_eq!(opened, []);
    assert_eq!(fixture.gateway.reads(), 0);
    let order = fixture.store().order(&key).await.unwrap().unwrap();
    assert_eq!(
        (order.tracking, order.last_action_at),
        (Tracking::Pending, None)
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_unsettled_from_before_its_account_moved_is_named_once() {
    let fixture = Fixture::new(Scripted::repeatable());
    let store = fixture.store();
    let orders = vec![followed_elsewhere("A-1")];
    store.track(orders).await.unwrap();
    let new_cancellation = NewCancellation {
        claim: Claim::new("dead", MINUTE),
        ..duka_engine::store_suite::changes::new_cancellation(77, "shop", "A-1")
    };
    store.open(new_cancellation).await.unwrap();
    // Before its claim has lapsed, and after.
    for _ in 0..2 {
        let (summary, events) =
            sweep(&fixture.canceller, Source::Tracked, &Bounds::default()).await;
        named_once(&summary.unwrap(), &events.reported());
        fixture.ahead.by(HOUR);
    }
    assert_eq!(fixture.gateway.reads(), 0);
}
