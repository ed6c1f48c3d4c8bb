//! Ids that no order has yet: nothing is kept of them, for an order may get them later.

use std::time::Duration;

use duka_core::cancel::{Outcome, SkipReason, State};
use duka_core::{ErrorKind, GatewayName, OrderStatus};
use duka_engine::EngineError;

use duka_engine::sweep::{Bounds, Mode, Source};

use crate::fixture::{Fixture, HOUR, LONG, account, by, order};
use crate::scripted::{Scripted, StatusReply};
use crate::sweep::{list, sweep};

#[tokio::test(start_paused = true)]
async fn an_id_that_the_gateway_does_not_know_is_not_followed() {
    for make in [
        Scripted::repeatable as fn() -> Scripted,
        Scripted::once_only,
    ] {
        for kind in [
            ErrorKind::NotFound,
            ErrorKind::Unavailable,
            ErrorKind::UnlistedReply,
            ErrorKind::Authentication,
        ] {
            let fixture = Fixture::new(make().will_show([StatusReply::Fails(kind)]));
            let asked = fixture
                .canceller
                .cancel(order("shop", "A-1"), by("amina"), LONG);
            let Err(EngineError::Gateway(error)) = asked.await else {
                panic!("it was taken for an order: {kind:?}");
            };
            assert_eq!(error.kind(), kind);
            assert_eq!(fixture.gateway.requests(), 0);
            for table in ["orders", "cancellations", "events"] {
                let rows = fixture
                    .temp_store
                    .number(&format!("SELECT count(*) FROM {table}"));
                assert_eq!(rows, 0, "{table} after {kind:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_followed_keeps_a_record_of_what_its_gateway_did_not_say() {
    let fixture =
        Fixture::new(Scripted::repeatable().will_show([StatusReply::Fails(ErrorKind::NotFound)]));
    let record = fixture.cancel(Duration::ZERO).await;
    let skipped = State::Done(Outcome::Skipped(SkipReason::NotFound));
    assert_eq!(record.progress.state, skipped);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_not_tracked_yet_is_tracked_once_its_gateway_shows_it() {
    let fixture = Fixture::new(Scripted::once_only());
    let listed = order("shop", "A-1");
    let asked = fixture.canceller.cancel(listed.clone(), by("amina"), LONG);
    let record = asked.await.unwrap().record;
    assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
    assert_eq!(
        (fixture.gateway.requests(), fixture.gateway.reads()),
        (1, 3)
    );
    let kept = fixture.store().order(&record.key).await.unwrap().unwrap();
    assert_eq!(kept.created_at, listed.created_at);
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_the_first_status_shows_wins_over_a_later_status_that_lags_behind() {
    for make in [
        Scripted::repeatable as fn() -> Scripted,
        Scripted::once_only,
    ] {
        let shows = [OrderStatus::Paid, OrderStatus::Unpaid].map(StatusReply::Shows);
        let fixture = Fixture::new(make().will_show(shows));
        let asked = fixture
            .canceller
            .cancel(order("shop", "A-1"), by("amina"), LONG);
        let record = asked.await.unwrap().record;
        let skipped = State::Done(Outcome::Skipped(SkipReason::NotEligible));
        assert_eq!(record.progress.state, skipped);
        assert_eq!(record.progress.verified, Some(OrderStatus::Paid));
        assert_eq!(fixture.gateway.requests(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn no_cancellation_is_begun_for_an_order_of_another_gateway() {
    let fixture = Fixture::new(Scripted::once_only());
    let mut elsewhere = order("shop", "A-1");
    elsewhere.gateway = GatewayName::from_static("pesapal");
    for tracked in [false, true] {
        if tracked {
            let orders = vec![elsewhere.clone()];
            fixture.store().track(orders).await.unwrap();
        }
        let asked = fixture
            .canceller
            .cancel(elsewhere.clone(), by("amina"), LONG);
        let error = asked.await.unwrap_err();
        assert!(matches!(error, EngineError::OtherGateway { .. }), "{error}");
        let rows = |table| {
            fixture
                .temp_store
                .number(&format!("SELECT count(*) FROM {table}"))
        };
        assert_eq!((rows("cancellations"), rows("orders")), (0, tracked.into()));
        assert_eq!(fixture.gateway.reads(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_its_gateway_does_not_know_is_counted_and_gets_one_record_whatever_sweeps() {
    for make in [
        Scripted::repeatable as fn() -> Scripted,
        Scripted::once_only,
    ] {
        let fixture = Fixture::new(make());
        fixture.gateway.break_down(ErrorKind::NotFound);
        let orders = vec![order("shop", "A-1"), order("shop", "A-2")];
        fixture.store().track(orders).await.unwrap();
        for _ in 0..3 {
            let (summary, events) =
                sweep(&fixture.canceller, Source::Tracked, &Bounds::default()).await;
            let summary = summary.unwrap();
            let skipped = ["A-1 at shop skipped", "A-2 at shop skipped"];
            assert_eq!(events.reported(), skipped);
            assert_eq!((summary.unknown, summary.skipped), (2, 2));
            assert_eq!(summary.all_unknown, [account("shop")]);
            fixture.ahead.by(HOUR);
        }
        let records = "SELECT count(*) FROM cancellations";
        assert_eq!(fixture.temp_store.number(records), 2);
        // One that is known proves the account, and is cancelled like any other.
        fixture.gateway.mend();
        let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &Bounds::default()).await;
        let summary = summary.unwrap();
        assert_eq!((summary.unknown, summary.confirmed), (0, 2));
        assert!(summary.all_unknown.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn orders_that_are_not_known_are_counted_where_nothing_is_sent() {
    for mode in [Mode::DryRun, Mode::Reconcile] {
        let fixture = Fixture::new(Scripted::repeatable());
        fixture.gateway.break_down(ErrorKind::NotFound);
        let listed = list(vec![order("shop", "A-1")]);
        let bounds = Bounds {
            mode,
            ..Bounds::default()
        };
        let (summary, _) = sweep(&fixture.canceller, listed, &bounds).await;
        let summary = summary.unwrap();
        assert_eq!(
            (summary.unknown, summary.skipped, summary.errors),
            (1, 1, 0)
        );
        assert_eq!(summary.all_unknown, [account("shop")]);
    }
}
