//! An order that shows another amount than expected is another customer's: nothing is sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use duka_core::cancel::{Outcome, SkipReason, State};
use duka_core::{Money, OrderStatus};
use duka_engine::store::{Attempt, Claim, NewCancellation, OpenResult};
use duka_engine::store_suite::changes::{change, new_cancellation};
use duka_engine::sweep::{Bounds, LeaveReason, Mode, PlannedAction, Source, SweepEvent};
use duka_engine::{AmountCheck, Record, Settings, Store, TrackedOrder, Tracking};
use futures::stream::{self, StreamExt};
use tokio_util::sync::CancellationToken;

use crate::faulty_store::FaultyStore;
use crate::fixture::{Fixture, HOUR, LONG, MINUTE, by, key, order, worker};
use crate::scripted::{Answer, Scripted};

type Make = fn() -> Scripted;

const BOTH: [Make; 2] = [Scripted::repeatable, Scripted::once_only];

const SKIPPED: State = State::Done(Outcome::Skipped(SkipReason::AmountDiffers));

fn money(amount: &str, currency: &str) -> Money {
    Money::parse(amount, currency).unwrap()
}

fn costing(amount: &str, currency: &str) -> TrackedOrder {
    TrackedOrder {
        money: Some(money(amount, currency)),
        ..order("shop", "A-1")
    }
}

async fn cancelled(fixture: &Fixture, order: TrackedOrder) -> Record {
    fixture.store().track(vec![order.clone()]).await.unwrap();
    let handled = fixture.canceller.cancel(order, by("amina"), LONG).await;
    handled.unwrap().record
}

/// Sweeps a list of this one order, or what is tracked.
async fn swept(fixture: &Fixture, listed: Option<TrackedOrder>, mode: Mode) -> Vec<String> {
    let source = listed.map_or(Source::Tracked, |order| {
        Source::List(stream::iter([Ok(order)]).boxed())
    });
    let bounds = Bounds {
        mode,
        ..Bounds::default()
    };
    let messages = Mutex::new(Vec::new());
    let tell = |news: SweepEvent<'_>| match news {
        SweepEvent::Cancellation(record) => {
            messages
                .lock()
                .unwrap()
                .push(record.message.clone().unwrap());
        }
        SweepEvent::Plan(plan) => {
            let (skips, why) = match plan.disposition.action {
                PlannedAction::Leave(LeaveReason::AmountDiffers(differs)) => {
                    (true, differs.to_string())
                }
                PlannedAction::Leave(_) => (true, String::new()),
                PlannedAction::Cancel => (false, String::new()),
            };
            messages
                .lock()
                .unwrap()
                .push(format!("skips: {skips}; {why}"));
        }
        SweepEvent::Failed(_, trouble) => panic!("{trouble}"),
        SweepEvent::Considered | SweepEvent::LeftAlone(_) | SweepEvent::AccountStopped(..) | _ => {}
    };
    let stop = CancellationToken::new();
    let request = by("sweep");
    let swept = fixture
        .canceller
        .sweep(source, &bounds, &request, &stop, &tell);
    swept.await.unwrap();
    messages.into_inner().unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_open_order_with_another_amount_or_currency_is_skipped_and_nothing_is_sent() {
    for make in BOTH {
        for shown in [
            money("9999.00", "INR"),
            money("50.00", "KES"),
            money("50.01", "INR"),
        ] {
            let fixture = Fixture::new(make());
            fixture.gateway.set_money("A-1", shown);
            let record = cancelled(&fixture, costing("50.00", "INR")).await;
            assert_eq!(record.progress.state, SKIPPED, "{shown}");
            assert_eq!(record.progress.verified, Some(OrderStatus::Unpaid));
            let said = format!(
                "status unpaid; the order is tracked with 50.00 INR, the gateway says {shown}; "
            );
            let message = record.message.unwrap();
            assert!(message.starts_with(&said), "{message}");
            assert_eq!(
                (fixture.gateway.requests(), fixture.gateway.reads()),
                (0, 1)
            );
            // A later sweep may find it corrected.
            let kept = fixture.store().order(&record.key).await.unwrap().unwrap();
            assert_eq!(kept.tracking, Tracking::Pending);
            assert_eq!(kept.seen.unwrap().money, Some(shown));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_amount_by_value_is_the_same() {
    for make in BOTH {
        let fixture = Fixture::new(make());
        fixture.gateway.set_money("A-1", money("50", "INR"));
        let record = cancelled(&fixture, costing("50.00", "INR")).await;
        assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
    }
}

#[tokio::test(start_paused = true)]
async fn an_amount_that_one_of_the_two_does_not_know_is_no_obstacle() {
    let unknown_here = Fixture::new(Scripted::once_only());
    unknown_here.gateway.set_money("A-1", money("50.00", "INR"));
    let record = cancelled(&unknown_here, order("shop", "A-1")).await;
    assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
    let unknown_there = Fixture::new(Scripted::once_only());
    let record = cancelled(&unknown_there, costing("50.00", "INR")).await;
    assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
}

#[tokio::test(start_paused = true)]
async fn the_list_is_compared_even_if_the_order_is_tracked_with_the_amount_that_shows() {
    for make in BOTH {
        let fixture = Fixture::new(make());
        fixture.gateway.set_money("A-1", money("9999.00", "INR"));
        let tracked = costing("9999.00", "INR");
        fixture.store().track(vec![tracked]).await.unwrap();
        let messages = swept(&fixture, Some(costing("50.00", "INR")), Mode::Act).await;
        let [message] = messages.try_into().unwrap();
        let said = "the request names 50.00 INR, the gateway 9999.00 INR";
        assert!(message.contains(said), "{message}");
        assert_eq!(fixture.gateway.requests(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_sweep_of_what_is_tracked_compares_too() {
    let fixture = Fixture::new(Scripted::repeatable());
    fixture.gateway.set_money("A-1", money("9999.00", "INR"));
    let tracked = vec![costing("50.00", "INR")];
    fixture.store().track(tracked).await.unwrap();
    let messages = swept(&fixture, None, Mode::Act).await;
    assert!(
        messages[0].contains("tracked with 50.00 INR"),
        "{messages:?}"
    );
    assert_eq!(fixture.gateway.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_says_so_and_stores_nothing() {
    let fixture = Fixture::new(Scripted::repeatable());
    fixture.gateway.set_money("A-1", money("9999.00", "INR"));
    let messages = swept(&fixture, Some(costing("50.00", "INR")), Mode::DryRun).await;
    assert_eq!(
        messages,
        ["skips: true; the request names 50.00 INR, the gateway 9999.00 INR"]
    );
    assert_eq!(fixture.temp_store.number("SELECT count(*) FROM orders"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_caller_expects_counts_beside_what_is_tracked() {
    let fixture = Fixture::new(Scripted::repeatable());
    fixture.gateway.set_money("A-1", money("9999.00", "INR"));
    let tracked = vec![costing("9999.00", "INR")];
    fixture.store().track(tracked).await.unwrap();
    let record = cancelled(&fixture, costing("50.00", "INR")).await;
    assert_eq!(record.progress.state, SKIPPED);
}

#[tokio::test(start_paused = true)]
async fn a_new_attempt_is_not_made_once_another_amount_shows() {
    let fixture = Fixture::new(Scripted::repeatable().will_answer([Answer::Lost]));
    fixture.gateway.set_money("A-1", money("50.00", "INR"));
    let gateway = Arc::clone(&fixture.gateway);
    let cancelling = async {
        let order = costing("50.00", "INR");
        fixture.canceller.cancel(order, by("amina"), HOUR / 2).await
    };
    let changes = async {
        while gateway.requests() == 0 {
            tokio::task::yield_now().await;
        }
        gateway.set_money("A-1", money("9999.00", "INR"));
    };
    let (handled, ()) = tokio::join!(cancelling, changes);
    let record = handled.unwrap().record;
    assert_eq!(record.progress.state, State::NeedsReview);
    assert_eq!(fixture.gateway.requests(), 1);
    let story = fixture.story(&record).await;
    assert_eq!(story.last().unwrap(), "amount_differs -> needs_review");
}

#[tokio::test(start_paused = true)]
async fn without_the_comparison_amounts_are_not_looked_at() {
    let settings = Settings::new("w1").amount_check(AmountCheck::Ignore);
    let fixture = Fixture::with(Scripted::repeatable(), settings);
    fixture.gateway.set_money("A-1", money("9999.00", "INR"));
    let record = cancelled(&fixture, costing("50.00", "INR")).await;
    assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
}

#[tokio::test(start_paused = true)]
async fn what_the_list_said_outlives_the_worker_that_read_it() {
    let fixture = Fixture::new(Scripted::repeatable());
    fixture
        .gateway
        .break_down(duka_core::ErrorKind::Unavailable);
    let tracked = vec![costing("9999.00", "INR")];
    fixture.store().track(tracked).await.unwrap();
    let handled = fixture
        .canceller
        .cancel(costing("50.00", "INR"), by("amina"), Duration::ZERO);
    assert_eq!(
        handled.await.unwrap().record.progress.state,
        State::Requested
    );
    fixture.gateway.mend();
    fixture.gateway.set_money("A-1", money("9999.00", "INR"));
    fixture.ahead.by(HOUR / 2);
    swept(&fixture, None, Mode::Act).await;
    let [record] = fixture
        .store()
        .cancellations_of(&key("shop", "A-1"))
        .await
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!(record.progress.state, SKIPPED);
    assert_eq!(record.terms.listed_money, Some(money("50.00", "INR")));
    assert_eq!(fixture.gateway.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_amount_that_comes_later_binds_a_cancellation_that_waits_without_one() {
    let fixture = Fixture::new(Scripted::repeatable());
    fixture
        .gateway
        .break_down(duka_core::ErrorKind::Unavailable);
    let waiting = fixture.cancel(Duration::ZERO).await;
    assert_eq!(waiting.progress.state, State::Requested);
    fixture.gateway.mend();
    fixture.gateway.set_money("A-1", money("9999.00", "INR"));
    let asked = fixture
        .canceller
        .cancel(costing("50.00", "INR"), by("amina"), LONG);
    let record = asked.await.unwrap().record;
    assert_eq!((record.id, record.progress.state), (waiting.id, SKIPPED));
    assert_eq!(fixture.gateway.requests(), 0);
}

/// Opens a cancellation of order `A-1`, which is tracked without an amount, for another worker.
async fn held_by_another(fixture: &Fixture, lease: Duration) -> Record {
    let store = fixture.store();
    store.track(vec![order("shop", "A-1")]).await.unwrap();
    let held = NewCancellation {
        claim: Claim::new("w2", lease),
        ..new_cancellation(1, "shop", "A-1")
    };
    let OpenResult::New(record) = store.open(held).await.unwrap() else {
        panic!("A-1 has a cancellation already");
    };
    record
}

#[tokio::test(start_paused = true)]
async fn the_callers_amount_binds_a_cancellation_whose_worker_has_died() {
    for make in BOTH {
        let fixture = Fixture::new(make());
        fixture.gateway.set_money("A-1", money("9999.00", "INR"));
        let held = held_by_another(&fixture, MINUTE).await;
        fixture.ahead.by(MINUTE);
        let asked = fixture
            .canceller
            .cancel(costing("50.00", "INR"), by("amina"), LONG);
        let record = asked.await.unwrap().record;
        assert_eq!((record.id, record.progress.state), (held.id, SKIPPED));
        assert_eq!(fixture.gateway.requests(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_callers_amount_binds_a_cancellation_that_another_worker_releases_later() {
    for make in BOTH {
        let fixture = Fixture::new(make());
        fixture.gateway.set_money("A-1", money("9999.00", "INR"));
        let held = held_by_another(&fixture, MINUTE).await;
        let store = Arc::new(FaultyStore::new(fixture.temp_store.store()));
        let accounts = [("shop", &fixture.gateway)];
        let canceller = worker("w1", store.clone(), fixture.ahead.clock(), &accounts);
        let releases = async {
            // The caller has asked by then, and waits for the end of the lease.
            tokio::time::sleep(MINUTE / 2).await;
            let release = change(&held, State::Requested, Attempt::Unchanged);
            store.advance(release).await.unwrap();
        };
        let asked = canceller.cancel(costing("50.00", "INR"), by("amina"), LONG);
        let (handled, ()) = tokio::join!(asked, releases);
        let record = handled.unwrap().record;
        assert_eq!((record.id, record.progress.state), (held.id, SKIPPED));
        assert_eq!(record.terms.listed_money, Some(money("50.00", "INR")));
        assert_eq!(fixture.gateway.requests(), 0);
    }
}
