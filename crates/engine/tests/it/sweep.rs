//! The sweep: what it works on, what it reports, and how it adds up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duka_core::cancel::{Outcome, State};
use duka_core::{ErrorKind, OrderStatus};
use duka_engine::store::{Claim, ReportPage};
use duka_engine::sweep::{
    Bounds, LeaveReason, ListError, Mode, Plan, PlannedAction, Source, Summary, SweepEvent,
};
use duka_engine::{Canceller, EngineError, Record, Store, TrackedOrder, Tracking};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::faulty_store::FaultyStore;
use crate::fixture::{
    Fixture, HOUR, LONG, MINUTE, TempStore, account, by, key, noon, order, worker,
};
use crate::scripted::{Answer, Scripted};

/// The events of a sweep, in words.
#[derive(Default)]
pub(crate) struct EventRecorder(Mutex<Vec<String>>);

impl EventRecorder {
    fn record(&self, event: &SweepEvent<'_>) {
        let line = match event {
            SweepEvent::Considered => "considered".to_owned(),
            SweepEvent::Cancellation(record) => {
                let outcome = record.progress.state.outcome().map(Outcome::as_str);
                format!(
                    "{} {}",
                    record.key,
                    outcome.unwrap_or(record.progress.state.as_str())
                )
            }
            SweepEvent::Plan(plan) => match plan.disposition.action {
                PlannedAction::Cancel => format!("{} would be cancelled", plan.key),
                PlannedAction::Leave(_) => {
                    let status = plan.reading.as_ref().map(|it| it.status.as_str());
                    let status = status.unwrap_or("not found");
                    format!("{} would be skipped: {status}", plan.key)
                }
            },
            SweepEvent::LeftAlone(plan) => format!("{} left alone: {}", plan.key, why(plan)),
            SweepEvent::NewlyPaid(order) => format!("{} newly paid", order.key),
            SweepEvent::Failed(key, trouble) => format!("{key} failed: {trouble}"),
            SweepEvent::AccountStopped(account, why) => format!("{account} stopped: {why}"),
            other => format!("{other:?}"),
        };
        self.0.lock().unwrap().push(line);
    }

    /// What was reported, without the count of orders, in alphabetical order.
    pub(crate) fn reported(&self) -> Vec<String> {
        let mut lines = self.0.lock().unwrap().clone();
        lines.retain(|line| line != "considered");
        lines.sort();
        lines
    }

    pub(crate) fn considered(&self) -> usize {
        let lines = self.0.lock().unwrap();
        lines.iter().filter(|line| *line == "considered").count()
    }
}

/// Why an order is left alone, in a word or two.
fn why(plan: &Plan) -> String {
    let PlannedAction::Leave(reason) = plan.disposition.action else {
        panic!("{} is not left alone", plan.key);
    };
    let word = match reason {
        LeaveReason::Held => "Held",
        LeaveReason::KeptByRule => "KeptByRule",
        LeaveReason::TooYoung { .. } => "TooYoung",
        LeaveReason::NotExpired { .. } => "NotExpired",
        LeaveReason::Duplicate => "Duplicate",
        LeaveReason::TooOld => "TooOld",
        LeaveReason::RecentAction { .. } => "RecentAction",
        LeaveReason::InProgress => "InProgress",
        LeaveReason::Closed => "Closed",
        LeaveReason::Failed => "Failed",
        LeaveReason::Processing { .. } => "Processing",
        LeaveReason::NotEligible => "NotEligible",
        LeaveReason::NotFound => "NotFound",
        LeaveReason::AmountDiffers(_) => "AmountDiffers",
    };
    match plan.disposition.rule {
        Some(rule) => format!("{word}, rule {rule}"),
        None => word.to_owned(),
    }
}

pub(crate) fn list(orders: Vec<TrackedOrder>) -> Source {
    let orders = orders.into_iter().map(Ok::<_, ListError>);
    Source::List(Box::pin(futures::stream::iter(orders)))
}

/// A sweep that is not stopped, and whose sum must add up.
pub(crate) async fn sweep(
    canceller: &Canceller,
    source: Source,
    bounds: &Bounds,
) -> (Result<Summary, EngineError>, EventRecorder) {
    let (events, cron) = (EventRecorder::default(), by("cron"));
    let on_event = |event: SweepEvent<'_>| events.record(&event);
    let stop = CancellationToken::new();
    let swept = canceller
        .sweep(source, bounds, &cron, &stop, &on_event)
        .await;
    if let Ok(summary) = &swept {
        assert_eq!(
            events.considered(),
            usize::try_from(summary.considered).unwrap()
        );
        if bounds.mode != Mode::DryRun {
            adds_up(summary);
        }
    }
    (swept, events)
}

pub(crate) fn adds_up(s: &Summary) {
    let sum = s.confirmed + s.not_cancelled + s.skipped + s.in_doubt + s.needs_review + s.errors;
    assert_eq!(s.considered, sum, "{s:?}");
}

async fn tracked(fixture: &Fixture, ids: &[&str]) {
    let orders = ids.iter().map(|id| order("shop", id)).collect();
    fixture.store().track(orders).await.unwrap();
}

pub(crate) async fn all(store: &dyn Store) -> Vec<Record> {
    let page = ReportPage {
        limit: 100_000,
        ..ReportPage::default()
    };
    store.report(page).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_order_ends_as_its_gateway_has_it_and_is_reported_once() {
    let gateway = Scripted::repeatable().will_answer([Answer::Yes, Answer::No, Answer::Lost]);
    let fixture = Fixture::new(gateway);
    tracked(&fixture, &["A-1", "A-2", "A-3", "A-4", "A-5"]).await;
    fixture.gateway.set("A-4", OrderStatus::Paid);
    fixture
        .gateway
        .set("A-5", OrderStatus::Unknown("ON_HOLD".to_owned()));
    let bounds = Bounds {
        concurrency: 1,
        ..Bounds::default()
    };
    let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    assert_eq!(
        events.reported(),
        [
            "A-1 at shop confirmed",
            "A-2 at shop refused",
            "A-3 at shop confirmed",
            "A-4 at shop skipped",
            "A-5 at shop skipped",
        ]
    );
    let summary = summary.unwrap();
    let wanted = Summary {
        considered: 5,
        eligible: 3,
        sent: 3,
        confirmed: 2,
        not_cancelled: 1,
        skipped: 2,
        unchecked: 5,
        elapsed: summary.elapsed,
        ..Summary::default()
    };
    assert_eq!(summary, wanted);
    assert!(
        summary.elapsed >= Duration::from_secs(10),
        "the lost reply had to settle"
    );
    assert!(
        all(&**fixture.store())
            .await
            .iter()
            .all(|r| (&r.actor, &r.terms.reason) == (&by("cron").actor, &by("cron").reason))
    );
    let tracking = |id: &'static str| {
        let store = fixture.store();
        async move {
            store
                .order(&key("shop", id))
                .await
                .unwrap()
                .unwrap()
                .tracking
        }
    };
    assert_eq!(tracking("A-1").await, Tracking::Closed);
    assert_eq!(
        tracking("A-2").await,
        Tracking::Pending,
        "it may be asked again another day"
    );
    assert_eq!(tracking("A-4").await, Tracking::Closed);
    assert_eq!(
        tracking("A-5").await,
        Tracking::Pending,
        "the meaning of ON_HOLD is not documented"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_in_doubt_from_before_is_settled_first() {
    let fixture = Fixture::new(Scripted::once_only().will_answer([Answer::Lost]));
    fixture.cancel(Duration::ZERO).await;
    fixture.gateway.set("A-1", OrderStatus::Paid);
    fixture.ahead.by(MINUTE);
    let (summary, events) = sweep(&fixture.canceller, list(vec![]), &Bounds::default()).await;
    assert_eq!(events.reported(), ["A-1 at shop not_cancelled_paid"]);
    let summary = summary.unwrap();
    assert_eq!(
        (summary.considered, summary.not_cancelled, summary.sent),
        (1, 1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn what_stays_in_doubt_is_waited_for_and_then_left_to_a_later_sweep() {
    let fixture = Fixture::new(Scripted::once_only().always_answers(Answer::Lost));
    tracked(&fixture, &["A-1", "A-2"]).await;
    let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &Bounds::default()).await;
    let summary = summary.unwrap();
    assert_eq!((summary.in_doubt, summary.sent), (2, 2));
    assert_eq!(
        events.reported(),
        ["A-1 at shop in_doubt", "A-2 at shop in_doubt"]
    );
    assert!(summary.elapsed <= Duration::from_secs(30));
    let patient = Bounds {
        wait: 2 * HOUR,
        ..Bounds::default()
    };
    fixture.ahead.by(MINUTE);
    let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &patient).await;
    assert_eq!(summary.unwrap().needs_review, 2);
    assert_eq!(
        events.reported(),
        ["A-1 at shop needs_review", "A-2 at shop needs_review"]
    );
    assert_eq!(fixture.gateway.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_may_wait_for_ever() {
    let fixture = Fixture::new(Scripted::once_only().always_answers(Answer::Lost));
    tracked(&fixture, &["A-1"]).await;
    let bounds = Bounds {
        wait: Duration::MAX,
        min_age: Duration::ZERO,
        look_back: Duration::MAX,
        max: Some(u64::MAX),
        concurrency: 0,
        ..Bounds::default()
    };
    let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    assert_eq!(summary.unwrap().needs_review, 1);
}

#[tokio::test(start_paused = true)]
async fn a_list_is_tracked_and_worked_on() {
    let fixture = Fixture::new(Scripted::repeatable());
    let orders = vec![order("shop", "6116229263036"), order("shop", "A-2")];
    let (summary, _) = sweep(&fixture.canceller, list(orders), &Bounds::default()).await;
    assert_eq!(summary.unwrap().confirmed, 2);
    assert_eq!(fixture.store().check().await.unwrap().orders, 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_list_names_that_is_settled_already_costs_no_network() {
    let fixture = Fixture::new(Scripted::repeatable());
    let orders = || {
        (0..40)
            .map(|n| order("shop", &format!("A-{n}")))
            .collect::<Vec<_>>()
    };
    sweep(&fixture.canceller, list(orders()), &Bounds::default())
        .await
        .0
        .unwrap();
    let (reads, records) = (fixture.gateway.reads(), all(&**fixture.store()).await);
    fixture.ahead.by(2 * HOUR);
    let (summary, events) = sweep(&fixture.canceller, list(orders()), &Bounds::default()).await;
    let summary = summary.unwrap();
    assert_eq!((summary.considered, summary.skipped), (40, 40));
    assert_eq!(fixture.gateway.reads(), reads);
    assert_eq!(all(&**fixture.store()).await, records);
    let lines = events.reported();
    assert_eq!(lines.len(), 40);
    assert_eq!(lines[0], "A-0 at shop left alone: Closed");
}

#[tokio::test(start_paused = true)]
async fn an_order_that_a_list_names_twice_is_cancelled_once() {
    let fixture = Fixture::new(Scripted::once_only());
    let orders = vec![
        order("shop", "A-1"),
        order("shop", "A-2"),
        order("shop", "A-1"),
    ];
    let bounds = Bounds {
        concurrency: 1,
        ..Bounds::default()
    };
    let (summary, _) = sweep(&fixture.canceller, list(orders), &bounds).await;
    let summary = summary.unwrap();
    assert_eq!((summary.confirmed, summary.skipped), (2, 1));
    assert_eq!(all(&**fixture.store()).await.len(), 2);
    assert_eq!(fixture.gateway.reads(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_breaks_off_is_worked_on_as_far_as_it_was_read() {
    let fixture = Fixture::new(Scripted::repeatable());
    let broken: Vec<Result<_, ListError>> = vec![
        Ok(order("shop", "A-1")),
        Ok(order("shop", "A-2")),
        Err("line 4, column 3: \"yesterday\" is not a time".into()),
        Ok(order("shop", "A-4")),
    ];
    let source = Source::List(Box::pin(futures::stream::iter(broken)));
    let (summary, _) = sweep(&fixture.canceller, source, &Bounds::default()).await;
    let summary = summary.unwrap();
    assert_eq!((summary.considered, summary.confirmed), (2, 2));
    let error = summary.list_error.unwrap();
    assert_eq!(error, "line 4, column 3: \"yesterday\" is not a time");
    assert_eq!(fixture.gateway.requests_for("A-4"), 0);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_another_worker_has_in_hand_is_left_to_it() {
    let fixture = Fixture::new(Scripted::repeatable());
    tracked(&fixture, &["A-1", "A-2"]).await;
    let new_cancellation = duka_engine::store::NewCancellation {
        claim: Claim::new("w2", HOUR),
        ..duka_engine::store_suite::changes::new_cancellation(1, "shop", "A-1")
    };
    fixture.store().open(new_cancellation).await.unwrap();
    // The clock must not leap to the end of the claim.
    let store = Arc::new(FaultyStore::new(fixture.temp_store.store()));
    let accounts = [("shop", &fixture.gateway)];
    let canceller = worker("w1", store, fixture.ahead.clock(), &accounts);
    let orders = vec![order("shop", "A-1"), order("shop", "A-2")];
    let (summary, _) = sweep(&canceller, list(orders), &Bounds::default()).await;
    let summary = summary.unwrap();
    assert_eq!((summary.confirmed, summary.skipped), (1, 1));
    assert_eq!(fixture.gateway.requests_for("A-1"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sweeps_of_several_workers_share_the_orders_and_cancel_each_once() {
    let temp_store = TempStore::new();
    let gateway = Arc::new(Scripted::repeatable().slow(Duration::from_millis(1)));
    let orders = (0..150).map(|n| order("shop", &format!("A-{n}"))).collect();
    let stores = [temp_store.store(), temp_store.store()];
    stores[0].track(orders).await.unwrap();
    let clock = temp_store.clock.clock();
    let sweeps = (0..3).map(|n| {
        let name = format!("w{n}");
        let store = stores[n % 2].clone();
        let canceller = worker(&name, store, clock.clone(), &[("shop", &gateway)]);
        tokio::spawn(async move {
            let (summary, events) = sweep(&canceller, Source::Tracked, &Bounds::default()).await;
            (summary.unwrap(), events.reported())
        })
    });
    let (mut confirmed, mut lines) = (0, Vec::new());
    for swept in futures::future::join_all(sweeps).await {
        let (summary, news) = swept.unwrap();
        confirmed += summary.confirmed;
        lines.extend(news);
    }
    let records = all(&*stores[0]).await;
    let mut per_order = BTreeMap::<_, Vec<State>>::new();
    for record in records {
        per_order
            .entry(record.key.order)
            .or_default()
            .push(record.progress.state);
    }
    assert_eq!(per_order.len(), 150);
    let once = vec![State::Done(Outcome::Confirmed)];
    assert!(per_order.values().all(|states| *states == once));
    assert_eq!((confirmed, gateway.requests()), (150, 150));
    let (left, done): (Vec<_>, Vec<_>) = lines.iter().partition(|it| it.contains("left alone"));
    assert_eq!(done.len(), 150);
    // What another was faster at.
    assert!(left.iter().all(|it| it.ends_with("InProgress")), "{left:?}");
    assert_eq!(gateway.reads(), 300);
}

#[tokio::test(start_paused = true)]
async fn orders_of_an_account_without_a_gateway_are_named_and_left_as_they_are() {
    let fixture = Fixture::new(Scripted::repeatable());
    let lost = vec![order("shop-tz", "T-1"), order("shop", "A-1")];
    fixture.store().track(lost).await.unwrap();
    let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &Bounds::default()).await;
    let summary = summary.unwrap();
    assert_eq!((summary.errors, summary.confirmed), (1, 1));
    let failed = "T-1 at shop-tz failed: account shop-tz is not configured";
    assert_eq!(events.reported(), ["A-1 at shop confirmed", failed]);
    let left = fixture
        .store()
        .order(&key("shop-tz", "T-1"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (left.tracking, left.last_action_at),
        (Tracking::Pending, None)
    );
    assert!(
        fixture
            .store()
            .cancellations_of(&left.key)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_says_what_it_would_do_and_stores_nothing() {
    let fixture = Fixture::new(Scripted::once_only().will_answer([Answer::Lost]));
    fixture.cancel(Duration::ZERO).await;
    fixture.ahead.by(HOUR);
    let mut young = order("shop", "young");
    young.created_at = noon() + HOUR - SignedDuration::from_mins(1);
    tracked(&fixture, &["A-2", "A-3"]).await;
    fixture.store().track(vec![young]).await.unwrap();
    fixture.gateway.set("A-3", OrderStatus::Paid);
    let dump = || {
        let sql = fixture.temp_store.sql();
        ["orders", "cancellations", "attempts", "events"].map(|table| {
            let mut all = sql.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = all.column_count();
            let mut rows = all.query([]).unwrap();
            let mut text = Vec::new();
            while let Some(row) = rows.next().unwrap() {
                let value = |n| row.get::<_, rusqlite::types::Value>(n).unwrap();
                text.push((0..columns).map(value).collect::<Vec<_>>());
            }
            text
        })
    };
    let before = (dump(), fixture.gateway.requests());
    let bounds = Bounds {
        mode: Mode::DryRun,
        ..Bounds::default()
    };
    let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    let plans = [
        "A-2 at shop would be cancelled",
        "A-3 at shop would be skipped: paid",
    ];
    assert_eq!(events.reported(), plans);
    let summary = summary.unwrap();
    assert_eq!(
        (summary.considered, summary.eligible, summary.skipped),
        (2, 1, 1)
    );

    let listed = list(vec![
        order("shop", "A-2"),
        order("shop", "new"),
        order("shop", "A-1"),
    ]);
    let (summary, events) = sweep(&fixture.canceller, listed, &bounds).await;
    assert_eq!(
        events.reported(),
        [
            "A-1 at shop left alone: InProgress",
            "A-2 at shop would be cancelled",
            "new at shop would be cancelled"
        ]
    );
    assert_eq!(summary.unwrap().skipped, 1, "A-1 is in hand");
    assert_eq!((dump(), fixture.gateway.requests()), before);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_names_an_order_that_its_gateway_does_not_know() {
    let fixture = Fixture::new(Scripted::repeatable());
    tracked(&fixture, &["A-1"]).await;
    fixture.gateway.break_down(ErrorKind::NotFound);
    let bounds = Bounds {
        mode: Mode::DryRun,
        ..Bounds::default()
    };
    let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    assert_eq!(summary.unwrap().skipped, 1);
    assert_eq!(
        events.reported(),
        ["A-1 at shop would be skipped: not found"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_at_a_gateway_out_of_order_counts_errors() {
    let fixture = Fixture::new(Scripted::repeatable());
    tracked(&fixture, &["A-1"]).await;
    fixture.gateway.break_down(ErrorKind::Unavailable);
    let bounds = Bounds {
        mode: Mode::DryRun,
        ..Bounds::default()
    };
    let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    assert_eq!(summary.unwrap().errors, 1);
    let failed = "A-1 at shop failed: gateway out of reach: as the test wants it";
    assert_eq!(events.reported(), [failed]);
    fixture.gateway.mend();
    let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    assert_eq!(summary.unwrap().eligible, 1);
}

#[tokio::test(start_paused = true)]
async fn an_account_filter_holds_for_what_is_due_and_for_what_is_new() {
    let temp_store = TempStore::new();
    let gateways = [(); 2].map(|()| Arc::new(Scripted::once_only().will_answer([Answer::Lost])));
    let ahead = temp_store.clock.clone();
    let both = [("shop-in", &gateways[0]), ("shop-ke", &gateways[1])];
    let canceller = worker("w1", temp_store.store(), ahead.clock(), &both);
    for shop in ["shop-in", "shop-ke"] {
        let handled = canceller
            .cancel(
                order(shop, &format!("{shop}-1")),
                by("amina"),
                Duration::ZERO,
            )
            .await;
        assert_eq!(handled.unwrap().record.progress.state, State::InDoubt);
    }
    let orders = || vec![order("shop-in", "A-2"), order("shop-ke", "A-3")];
    canceller.store().track(orders()).await.unwrap();
    ahead.by(LONG);
    let bounds = Bounds {
        account: Some(account("shop-ke")),
        ..Bounds::default()
    };
    for source in [Source::Tracked, list(orders())] {
        sweep(&canceller, source, &bounds).await.0.unwrap();
    }
    assert_eq!((gateways[0].requests(), gateways[1].requests()), (1, 2));
    let states = |shop, order| {
        let store = canceller.store();
        async move {
            let records = store.cancellations_of(&key(shop, order)).await.unwrap();
            records.iter().map(|r| r.progress.state).collect::<Vec<_>>()
        }
    };
    assert_eq!(states("shop-in", "shop-in-1").await, [State::InDoubt]);
    assert_eq!(states("shop-ke", "shop-ke-1").await, [State::NeedsReview]);
    assert!(states("shop-in", "A-2").await.is_empty());
}
