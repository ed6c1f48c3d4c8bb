//! The bounds of a sweep: age, number, how many at a time, and when to stop.

use std::sync::Arc;
use std::time::Duration;

use duka_core::cancel::State;
use duka_engine::sweep::{Bounds, ListError, Source, SweepEvent};
use duka_engine::{TrackedOrder, Tracking};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::fixture::{Fixture, HOUR, MINUTE, by, noon, order};
use crate::scripted::{Answer, Scripted};
use crate::sweep::{adds_up, all, list, sweep};

fn aged(id: &str, age: Duration) -> TrackedOrder {
    let mut order = order("shop", id);
    order.created_at = noon() - age;
    order
}

fn numbered(count: usize) -> Vec<TrackedOrder> {
    (0..count)
        .map(|n| order("shop", &format!("A-{n}")))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn orders_too_young_or_too_old_are_left_alone_in_the_store_and_in_a_list() {
    let day = 24 * HOUR;
    let orders = || {
        vec![
            aged("young", 30 * MINUTE - Duration::from_secs(1)),
            aged("just", 30 * MINUTE),
            aged("old", 7 * day),
            aged("ancient", 7 * day + Duration::from_secs(1)),
        ]
    };
    let stored = Fixture::new(Scripted::repeatable());
    stored.store().track(orders()).await.unwrap();
    let listed = Fixture::new(Scripted::repeatable());
    // The virtual clock stands still while nothing sleeps.
    let confirmed = ["just at shop confirmed", "old at shop confirmed"];
    let (summary, events) = sweep(&stored.canceller, Source::Tracked, &Bounds::default()).await;
    assert_eq!(events.reported(), confirmed);
    let summary = summary.unwrap();
    assert_eq!((summary.skipped, summary.too_old), (0, 1));
    let (summary, events) = sweep(&listed.canceller, list(orders()), &Bounds::default()).await;
    let left = [
        "ancient at shop left alone: TooOld",
        confirmed[0],
        confirmed[1],
        "young at shop left alone: TooYoung",
    ];
    assert_eq!(events.reported(), left);
    let summary = summary.unwrap();
    assert_eq!((summary.skipped, summary.too_old), (2, 1));
    // Its grace ends only when no worker has acted on it for that long.
    let bounds = Bounds {
        grace: Some(HOUR),
        ..Bounds::default()
    };
    let refused = Fixture::new(Scripted::repeatable().will_answer([Answer::No]));
    for line in [
        "just at shop refused",
        "just at shop left alone: RecentAction",
    ] {
        let orders = list(vec![aged("just", 30 * MINUTE)]);
        let (_, events) = sweep(&refused.canceller, orders, &bounds).await;
        assert_eq!(events.reported(), [line]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_with_a_recent_action_is_left_alone_for_a_while() {
    let fixture = Fixture::new(Scripted::repeatable().will_answer([Answer::No]));
    fixture.store().track(numbered(1)).await.unwrap();
    let hourly = Bounds::default();
    let mut confirmed = Vec::new();
    for _ in 0..3 {
        let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &hourly).await;
        confirmed.push(summary.unwrap().confirmed);
        fixture.ahead.by(20 * MINUTE);
    }
    // Refused, still resting after twenty minutes, and tried again after forty.
    assert_eq!((confirmed, fixture.gateway.requests()), (vec![0, 0, 1], 2));
}

#[tokio::test(start_paused = true)]
async fn no_more_orders_are_worked_on_than_allowed() {
    for listed in [false, true] {
        let fixture = Fixture::new(Scripted::repeatable());
        fixture.store().track(numbered(20)).await.unwrap();
        let bounds = Bounds {
            max: Some(7),
            concurrency: 3,
            ..Bounds::default()
        };
        let source = if listed {
            list(numbered(20))
        } else {
            Source::Tracked
        };
        let (summary, _) = sweep(&fixture.canceller, source, &bounds).await;
        assert_eq!(summary.unwrap().confirmed, 7);
        assert_eq!(fixture.gateway.requests(), 7);
        let none = Bounds {
            max: Some(0),
            ..bounds
        };
        let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &none).await;
        assert_eq!(summary.unwrap().considered, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_left_alone_does_not_count_against_the_number() {
    let fixture = Fixture::new(Scripted::repeatable());
    let mut orders: Vec<_> = (0..5)
        .map(|n| aged(&format!("young-{n}"), MINUTE))
        .collect();
    orders.extend(numbered(2));
    let bounds = Bounds {
        max: Some(2),
        ..Bounds::default()
    };
    let (summary, _) = sweep(&fixture.canceller, list(orders), &bounds).await;
    let summary = summary.unwrap();
    assert_eq!((summary.confirmed, summary.skipped), (2, 5));
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_are_under_way_than_allowed() {
    for concurrency in [1, 4] {
        let slow = Scripted::repeatable().slow(Duration::from_millis(20));
        let fixture = Fixture::new(slow.will_answer([Answer::Lost; 6]));
        fixture.store().track(numbered(24)).await.unwrap();
        let bounds = Bounds {
            concurrency,
            ..Bounds::default()
        };
        let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
        assert_eq!(summary.unwrap().confirmed, 24);
        let most = fixture.gateway.most_in_flight();
        assert!(most <= concurrency, "{most}");
        assert_eq!(most > 1, concurrency > 1, "{most}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_is_stopped_finishes_what_it_has_begun_and_begins_nothing() {
    let gateway = Arc::new(CancellationToken::new());
    let stop = gateway.clone();
    let mut requests = 0;
    let fixture = Fixture::new(Scripted::repeatable().during_cancel(move |_| {
        requests += 1;
        if requests == 5 {
            stop.cancel();
        }
    }));
    fixture.store().track(numbered(50)).await.unwrap();
    let (bounds, cron) = (
        Bounds {
            concurrency: 3,
            ..Bounds::default()
        },
        by("cron"),
    );
    let quiet = |_: SweepEvent<'_>| {};
    let swept = fixture
        .canceller
        .sweep(Source::Tracked, &bounds, &cron, &gateway, &quiet);
    let first = swept.await.unwrap();
    adds_up(&first);
    assert!((5..=8).contains(&first.considered), "{first:?}");
    assert_eq!(
        first.confirmed, first.considered,
        "what was begun is verified as well"
    );
    let records = all(&**fixture.store()).await;
    assert!(
        records
            .iter()
            .all(|r| matches!(r.progress.state, State::Done(_)))
    );

    let (second, _) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    assert_eq!(first.confirmed + second.unwrap().confirmed, 50);
    assert_eq!(fixture.gateway.requests(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_is_stopped_before_it_begins_does_nothing() {
    let fixture = Fixture::new(Scripted::repeatable());
    fixture.store().track(numbered(3)).await.unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    let (bounds, cron) = (Bounds::default(), by("cron"));
    let quiet = |_: SweepEvent<'_>| {};
    let swept = fixture
        .canceller
        .sweep(Source::Tracked, &bounds, &cron, &stop, &quiet);
    assert_eq!(swept.await.unwrap().considered, 0);
    assert_eq!(fixture.gateway.reads(), 0);
    let left = fixture
        .store()
        .order(&order("shop", "A-0").key)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(left.tracking, Tracking::Pending);
}

#[tokio::test(start_paused = true)]
async fn a_stop_cuts_the_waiting_short_and_reports_what_is_left() {
    let stop = CancellationToken::new();
    let lost = Scripted::once_only().always_answers(Answer::Lost);
    let fixture = Fixture::new(lost.stops_at_read(5, &stop));
    fixture.store().track(numbered(1)).await.unwrap();
    let (bounds, cron) = (
        Bounds {
            wait: HOUR,
            ..Bounds::default()
        },
        by("cron"),
    );
    let quiet = |_: SweepEvent<'_>| {};
    let swept = fixture
        .canceller
        .sweep(Source::Tracked, &bounds, &cron, &stop, &quiet);
    let summary = swept.await.unwrap();
    adds_up(&summary);
    assert_eq!((summary.in_doubt, fixture.gateway.reads()), (1, 5));
    assert!(summary.elapsed < MINUTE, "{:?}", summary.elapsed);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_never_ends_can_be_stopped() {
    let fixture = Fixture::new(Scripted::repeatable());
    let endless = (0_u64..).map(|n| Ok::<_, ListError>(order("shop", &format!("A-{n}"))));
    let source = Source::List(Box::pin(futures::stream::iter(endless)));
    let stop = CancellationToken::new();
    let (bounds, cron) = (Bounds::default(), by("cron"));
    let on_event = |event: SweepEvent<'_>| {
        if let SweepEvent::Cancellation(_) = event {
            stop.cancel();
        }
    };
    let summary = fixture
        .canceller
        .sweep(source, &bounds, &cron, &stop, &on_event)
        .await
        .unwrap();
    adds_up(&summary);
    assert!(summary.considered <= 16, "{summary:?}");
}

#[tokio::test(start_paused = true)]
async fn ages_beyond_the_calendar_are_no_bound() {
    let fixture = Fixture::new(Scripted::repeatable());
    let mut first = order("shop", "A-1");
    first.created_at = noon() - SignedDuration::from_hours(24 * 365 * 50);
    fixture.store().track(vec![first]).await.unwrap();
    let bounds = Bounds {
        look_back: Duration::MAX,
        ..Bounds::default()
    };
    let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    assert_eq!(summary.unwrap().confirmed, 1);
}
