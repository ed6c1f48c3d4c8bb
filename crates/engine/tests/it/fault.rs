//! Sweeps that meet failures: credentials refused, a gateway out of order, a store that fails.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use duka_core::cancel::State;
use duka_core::{ErrorKind, Gateway, OrderStatus, WaitPolicy};
use duka_engine::sweep::{Bounds, ListError, Mode, Source};
use duka_engine::{
    Canceller, EngineError, Record, Settings, StoreError, StoreErrorKind, TrackedOrder,
};

use crate::faulty_store::FaultyStore;
use crate::fixture::{Fixture, HOUR, MINUTE, TempStore, account, noon, order, worker};
use crate::scripted::{Answer, Scripted, StatusReply};
use crate::sweep::{all, list, sweep};

fn orders(shop: &str, count: usize) -> Vec<TrackedOrder> {
    (0..count).map(|n| order(shop, &format!("A-{n}"))).collect()
}

fn one_by_one() -> Bounds {
    Bounds {
        concurrency: 1,
        ..Bounds::default()
    }
}

fn full() -> StoreError {
    StoreError::new(StoreErrorKind::Full, "the disk of the store is full")
}

#[tokio::test(start_paused = true)]
async fn an_account_whose_credentials_are_refused_is_stopped_and_the_other_goes_on() {
    let temp_store = TempStore::new();
    let (bad, good) = (
        Arc::new(Scripted::once_only()),
        Arc::new(Scripted::repeatable()),
    );
    bad.break_down(ErrorKind::Authentication);
    let both = [("shop-ke", &bad), ("shop-in", &good)];
    let canceller = worker("w1", temp_store.store(), temp_store.clock.clock(), &both);
    let mixed = orders("shop-ke", 12).into_iter().zip(orders("shop-in", 12));
    let mixed = mixed.flat_map(|(a, b)| [a, b]).collect();
    let (summary, events) = sweep(&canceller, list(mixed), &one_by_one()).await;
    let summary = summary.unwrap();
    assert_eq!(
        (summary.considered, summary.confirmed, summary.errors),
        (24, 12, 12)
    );
    assert_eq!((bad.reads(), bad.requests(), good.requests()), (3, 0, 12));
    let told = events.reported();
    let stopped = "shop-ke stopped: credentials refused: as the test wants it";
    assert_eq!(
        told.iter().filter(|line| *line == stopped).count(),
        1,
        "{told:?}"
    );
    // A few wait for better days, one of which may have been the probe again; the rest was
    // not even begun.
    let records = all(&**canceller.store()).await;
    let waiting: Vec<_> = records
        .iter()
        .filter(|r| r.key.account == account("shop-ke"))
        .collect();
    assert!((1..=3).contains(&waiting.len()), "{waiting:?}");
    let requested = |r: &&Record| r.progress.state == State::Requested;
    assert!(waiting.iter().all(requested), "{waiting:?}");
}

#[tokio::test(start_paused = true)]
async fn credentials_refused_at_the_cancel_request_stop_the_account_too() {
    let fixture = Fixture::new(Scripted::repeatable().always_answers(Answer::Unauthenticated));
    fixture.store().track(orders("shop", 9)).await.unwrap();
    let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &one_by_one()).await;
    let summary = summary.unwrap();
    assert_eq!((summary.errors, summary.sent), (9, 0));
    assert_eq!(
        (fixture.gateway.reads(), fixture.gateway.requests()),
        (3, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn credentials_refused_once_in_a_while_stop_nothing() {
    let glitch = || StatusReply::Fails(ErrorKind::Authentication);
    // Two orders are turned away; then one is read, cancelled and read again.
    let seen = || StatusReply::Shows(OrderStatus::Unpaid);
    let shown = (0..3).flat_map(|_| [glitch(), glitch(), seen(), seen()]);
    let fixture = Fixture::new(Scripted::repeatable().will_show(shown));
    let bounds = Bounds {
        wait: HOUR,
        ..one_by_one()
    };
    let (summary, events) = sweep(&fixture.canceller, list(orders("shop", 9)), &bounds).await;
    assert_eq!(summary.unwrap().confirmed, 9, "{:?}", events.reported());
}

#[tokio::test(start_paused = true)]
async fn what_is_due_is_left_alone_once_its_account_is_stopped() {
    let fixture = Fixture::new(Scripted::once_only().always_answers(Answer::Lost));
    fixture.store().track(orders("shop", 9)).await.unwrap();
    sweep(&fixture.canceller, Source::Tracked, &Bounds::default())
        .await
        .0
        .unwrap();
    fixture.ahead.by(20 * MINUTE);
    fixture.gateway.break_down(ErrorKind::Authentication);
    let reads = fixture.gateway.reads();
    let bounds = Bounds {
        wait: 2 * HOUR,
        ..one_by_one()
    };
    let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    let summary = summary.unwrap();
    assert_eq!(fixture.gateway.reads() - reads, 3);
    assert_eq!((summary.considered, summary.in_doubt), (3, 3));
    assert!(summary.elapsed < MINUTE, "there is nothing to wait for");
    assert_eq!(events.reported().len(), 4, "{:?}", events.reported());
    fixture.gateway.mend();
    fixture.ahead.by(2 * HOUR);
    let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    assert_eq!(summary.unwrap().needs_review, 9, "none is lost");
}

#[tokio::test(start_paused = true)]
async fn twenty_failures_in_a_row_stop_an_account_and_nineteen_do_not() {
    for (failures, stopped) in [(19, false), (20, true)] {
        let fails = || StatusReply::Fails(ErrorKind::Unavailable);
        let gateway = Scripted::repeatable().will_show((0..failures).map(|_| fails()));
        let fixture = Fixture::new(gateway);
        let bounds = Bounds {
            wait: Duration::ZERO,
            ..one_by_one()
        };
        let source = list(orders("shop", 30));
        let (summary, events) = sweep(&fixture.canceller, source, &bounds).await;
        let summary = summary.unwrap();
        let told = events
            .reported()
            .iter()
            .any(|line| line.starts_with("shop stopped"));
        assert_eq!(told, stopped, "{failures}");
        let confirmed = if stopped { 0 } else { 11 };
        assert_eq!(
            (summary.confirmed, summary.errors),
            (confirmed, 30 - confirmed)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_goes_on_until_its_share_of_failures_passes_the_limit() {
    for (error_rate, stopped) in [(0.5, false), (0.4, true)] {
        let turn = |_| {
            [
                StatusReply::Shows(OrderStatus::Paid),
                StatusReply::Fails(ErrorKind::Unavailable),
            ]
        };
        let script: Vec<_> = (0..22).flat_map(turn).collect();
        let fixture = Fixture::new(Scripted::repeatable().will_show(script));
        let bounds = Bounds {
            wait: MINUTE,
            error_rate,
            ..one_by_one()
        };
        let (summary, events) = sweep(&fixture.canceller, list(orders("shop", 45)), &bounds).await;
        let summary = summary.unwrap();
        let told = events
            .reported()
            .iter()
            .any(|line| line.contains("stopped"));
        assert_eq!(told, stopped, "{error_rate}");
        if !stopped {
            let counts = (summary.confirmed, summary.skipped, summary.errors);
            assert_eq!(counts, (23, 22, 0), "what failed at first is tried again");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_spreads_the_orders_of_an_account_over_time() {
    let fixture = Fixture::new(Scripted::repeatable());
    let bounds = Bounds {
        rate: std::num::NonZeroU32::new(2),
        concurrency: 8,
        ..one_by_one()
    };
    let (summary, _) = sweep(&fixture.canceller, list(orders("shop", 9)), &bounds).await;
    let summary = summary.unwrap();
    assert_eq!(summary.confirmed, 9);
    // The first goes at once, the ninth after eight halves of a second.
    assert!(summary.elapsed >= Duration::from_secs(4), "{summary:?}");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_recovers_within_the_wait_costs_nothing() {
    let fails = (0..3).map(|_| StatusReply::Fails(ErrorKind::Unavailable));
    let fixture = Fixture::new(Scripted::repeatable().will_show(fails));
    let (summary, events) = sweep(&fixture.canceller, list(orders("shop", 2)), &one_by_one()).await;
    let summary = summary.unwrap();
    assert_eq!((summary.confirmed, summary.errors), (2, 0));
    assert_eq!(
        events.reported(),
        ["A-0 at shop confirmed", "A-1 at shop confirmed"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_ends_the_sweep_and_nothing_more_is_sent() {
    let temp_store = TempStore::new();
    let gateway = Arc::new(Scripted::once_only());
    let store = FaultyStore::new(temp_store.store());
    let mut intents = 0;
    store.before_advance(move |change| {
        intents += u32::from(change.change.next.state == State::Sending);
        if intents > 3 { Err(full()) } else { Ok(()) }
    });
    let clock = temp_store.clock.clock();
    let canceller = worker("w1", Arc::new(store), clock, &[("shop", &gateway)]);
    let source = list(orders("shop", 40));
    let (swept, events) = sweep(&canceller, source, &one_by_one()).await;
    let Err(EngineError::Store(error)) = swept else {
        panic!("the sweep went on: {swept:?}");
    };
    assert_eq!(error, full());
    assert_eq!(gateway.requests(), 3, "no intent, no request");
    assert_eq!(events.considered(), 4);
    assert!(
        events
            .reported()
            .contains(&"A-3 at shop failed: the disk of the store is full".to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn a_list_that_the_store_cannot_track_is_not_read_further() {
    let temp_store = TempStore::new();
    let gateway = Arc::new(Scripted::repeatable());
    let store = Arc::new(FaultyStore::new(temp_store.store()));
    let mut batches = 0;
    store.before_track(move |_| {
        batches += 1;
        if batches > 1 { Err(full()) } else { Ok(()) }
    });
    let clock = temp_store.clock.clock();
    let canceller = worker("w1", store.clone(), clock, &[("shop", &gateway)]);
    let read = Arc::new(AtomicUsize::new(0));
    let count = read.clone();
    let long = (0..100_000).map(move |n| {
        count.fetch_add(1, Ordering::SeqCst);
        let mut young = order("shop", &format!("A-{n}"));
        young.created_at = noon();
        Ok::<_, ListError>(young)
    });
    let source = Source::List(Box::pin(futures::stream::iter(long)));
    let (swept, _) = sweep(&canceller, source, &Bounds::default()).await;
    assert!(matches!(swept, Err(EngineError::Store(error)) if error == full()));
    let read = read.load(Ordering::SeqCst);
    assert!(
        read < 2_000,
        "{read} orders were read of a list that could not be tracked"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_about_one_order_is_not_the_stores_and_the_others_go_on() {
    let temp_store = TempStore::new();
    let gateway = Arc::new(Scripted::once_only());
    let store = FaultyStore::new(temp_store.store());
    let mut first = true;
    store.before_advance(move |change| {
        let lost = change.change.next.state == State::Sending && std::mem::take(&mut first);
        let error = || StoreError::new(StoreErrorKind::UnknownOrder, "it is not followed");
        if lost { Err(error()) } else { Ok(()) }
    });
    let clock = temp_store.clock.clock();
    let canceller = worker("w1", Arc::new(store), clock, &[("shop", &gateway)]);
    canceller.store().track(orders("shop", 3)).await.unwrap();
    let (summary, events) = sweep(&canceller, Source::Tracked, &one_by_one()).await;
    let summary = summary.unwrap();
    assert_eq!((summary.confirmed, summary.errors), (2, 1));
    assert!(
        events
            .reported()
            .contains(&"A-0 at shop failed: it is not followed".to_owned())
    );
}

/// A worker that comes back to nothing within a sweep, so that every order is asked about
/// once.
fn unhurried(fixture: &Fixture) -> Canceller {
    let gateway: Arc<dyn Gateway> = fixture.gateway.clone();
    let gateways = BTreeMap::from([(account("shop"), gateway)]);
    let wait_policy = WaitPolicy {
        settle: HOUR,
        review_after: 2 * HOUR,
    };
    let settings = Settings::new("w1").wait_policy(wait_policy);
    Canceller::new(
        fixture.temp_store.store(),
        gateways,
        fixture.ahead.clock(),
        settings,
    )
}

fn refusals(count: usize) -> impl Iterator<Item = StatusReply> {
    (0..count).map(|_| StatusReply::Fails(ErrorKind::Authentication))
}

#[tokio::test(start_paused = true)]
async fn a_moment_of_refused_credentials_costs_a_pause_however_many_orders_were_in_flight() {
    let gateway = Scripted::repeatable().will_show(refusals(8));
    let fixture = Fixture::new(gateway.slow(Duration::from_millis(20)));
    let orders = list(orders("shop", 40));
    let (summary, events) = sweep(&fixture.canceller, orders, &Bounds::default()).await;
    let summary = summary.unwrap();
    assert_eq!(
        (summary.confirmed, summary.errors),
        (40, 0),
        "{:?}",
        events.reported()
    );
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_wrong_for_good_are_tried_one_order_at_a_time_and_not_for_long() {
    for mode in [Mode::Act, Mode::DryRun] {
        let fixture = Fixture::new(Scripted::repeatable().slow(Duration::from_millis(20)));
        fixture.gateway.break_down(ErrorKind::Authentication);
        let bounds = Bounds {
            wait: Duration::ZERO,
            rate: std::num::NonZeroU32::new(1_000),
            mode,
            ..Bounds::default()
        };
        let orders = list(orders("shop", 40));
        let (summary, _) = sweep(&unhurried(&fixture), orders, &bounds).await;
        let summary = summary.unwrap();
        assert_eq!((summary.errors, summary.misconfigured), (40, 40));
        // The eight in flight, and one after each of two pauses.
        assert_eq!(fixture.gateway.reads(), 10, "{mode:?} {summary:?}");
        let seconds = summary.elapsed.as_secs();
        assert!((3..6).contains(&seconds), "{summary:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_an_answer_to_accepted_credentials_proves_that_a_refusal_was_an_accident() {
    use ErrorKind::{Authentication, InvalidRequest, NotFound, RateLimited, Rejected, Unavailable};
    for (between, stops) in [
        (Unavailable, true),
        (RateLimited, true),
        // Our own checks refused it; the gateway has said nothing.
        (InvalidRequest, true),
        (NotFound, false),
        (Rejected, false),
    ] {
        let script = [Authentication, Authentication, between].repeat(3);
        let script = script.into_iter().map(StatusReply::Fails);
        let fixture = Fixture::new(Scripted::repeatable().will_show(script));
        let bounds = Bounds {
            wait: Duration::ZERO,
            ..one_by_one()
        };
        let orders = list(orders("shop", 9));
        let (_, events) = sweep(&unhurried(&fixture), orders, &bounds).await;
        let stopped = events
            .reported()
            .iter()
            .any(|line| line.contains("stopped"));
        assert_eq!(stopped, stops, "{between:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_failed_is_counted_by_its_own_cause_and_not_by_its_accounts_state() {
    let refused = || StatusReply::Fails(ErrorKind::Authentication);
    let down = || StatusReply::Fails(ErrorKind::Unavailable);
    let paid = || StatusReply::Shows(OrderStatus::Paid);
    for (script, misconfigured) in [
        (vec![refused(), down(), down()], 1),
        (vec![refused(), down(), paid()], 1),
        (vec![down(), refused(), paid()], 1),
        (vec![down(), down(), paid()], 0),
    ] {
        let fixture = Fixture::new(Scripted::repeatable().will_show(script.clone()));
        let bounds = Bounds {
            wait: Duration::ZERO,
            ..one_by_one()
        };
        let orders = list(orders("shop", 3));
        let (summary, _) = sweep(&unhurried(&fixture), orders, &bounds).await;
        let summary = summary.unwrap();
        assert_eq!(summary.misconfigured, misconfigured, "{script:?}");
        assert_eq!(summary.errors + summary.skipped, 3, "{script:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_unsettled_at_an_account_that_is_gone_is_named_and_counted() {
    let fixture = Fixture::new(Scripted::once_only().will_answer([Answer::Lost]));
    fixture.cancel(Duration::ZERO).await;
    let other = Arc::new(Scripted::repeatable());
    let clock = fixture.ahead.clock();
    let renamed = worker(
        "w2",
        fixture.temp_store.store(),
        clock,
        &[("shop-ke", &other)],
    );
    for mode in [Mode::Act, Mode::DryRun] {
        let bounds = Bounds {
            mode,
            ..Bounds::default()
        };
        let (summary, events) = sweep(&renamed, Source::Tracked, &bounds).await;
        let summary = summary.unwrap();
        assert_eq!(
            events.reported(),
            ["A-1 at shop failed: account shop is not configured"]
        );
        let counts = (summary.considered, summary.errors, summary.misconfigured);
        assert_eq!(counts, (1, 1, 1));
    }
    // A sweep of one account reports nothing about the others.
    let bounds = Bounds {
        account: Some(account("shop-ke")),
        ..Bounds::default()
    };
    let (summary, _) = sweep(&renamed, Source::Tracked, &bounds).await;
    assert_eq!(summary.unwrap().considered, 0);
}
