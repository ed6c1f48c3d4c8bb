//! Cancellations in doubt: a reply that never came, a worker that never came back.

use std::sync::Arc;
use std::time::Duration;

use duka_core::cancel::{Outcome, SkipReason, State};
use duka_core::{ErrorKind, OrderStatus};
use duka_engine::Record;
use duka_engine::sweep::{Bounds, Source, SweepEvent};
use tokio_util::sync::CancellationToken;

use crate::fixture::{Fixture, HOUR, LONG, MINUTE, by, killed_elsewhere, worker};
use crate::scripted::{Answer, Scripted, StatusReply};

/// One sweep of the orders in the store, with the wait a CLI would give it.
async fn sweep(fixture: &Fixture) {
    let (bounds, cron) = (Bounds::default(), by("cron"));
    let stop = CancellationToken::new();
    let quiet = |_: SweepEvent<'_>| {};
    let swept = fixture
        .canceller
        .sweep(Source::Tracked, &bounds, &cron, &stop, &quiet);
    swept.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_settled_by_the_status_where_it_shows() {
    for (lost, requests) in [(Answer::AppliedButLost, 1), (Answer::Lost, 2)] {
        let fixture = Fixture::new(Scripted::repeatable().will_answer([lost]));
        let record = fixture.cancel(LONG).await;
        assert_eq!(
            record.progress.state,
            State::Done(Outcome::Confirmed),
            "{lost:?}"
        );
        // Still open after the settling time: a repeat is harmless here.
        assert_eq!(fixture.gateway.requests(), requests, "{lost:?}");
        assert_eq!(record.progress.attempts, u32::try_from(requests).unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn where_a_repeat_is_harmless_it_still_waits_for_the_status_to_settle() {
    let fixture = Fixture::new(Scripted::repeatable().will_answer([Answer::Lost]));
    let record = fixture.cancel(Duration::from_secs(9)).await;
    assert_eq!(record.progress.state, State::InDoubt);
    assert_eq!(fixture.gateway.requests(), 1);
    assert!(
        fixture.gateway.reads() > 2,
        "the status is read again meanwhile"
    );
    fixture.cancel(Duration::from_secs(3)).await;
    assert_eq!(fixture.gateway.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_once_only_request_in_doubt_is_never_repeated_for_any_caller() {
    for unclear in [
        Answer::Lost,
        Answer::AppliedButLost,
        Answer::Unlisted,
        Answer::Hangs,
    ] {
        let fixture = Fixture::new(Scripted::once_only().will_answer([unclear]));
        let record = fixture.cancel(5 * MINUTE).await;
        assert_eq!(record.progress.state, State::InDoubt, "{unclear:?}");
        for _ in 0..20 {
            fixture.ahead.by(5 * MINUTE);
            sweep(&fixture).await;
        }
        let record = fixture.reload(&record).await;
        assert_eq!(record.progress.state, State::NeedsReview, "{unclear:?}");
        assert_eq!(record.due_at, None);
        let again = fixture.cancel(LONG).await;
        assert_eq!(
            (again.id, again.progress.state),
            (record.id, State::NeedsReview)
        );
        assert_eq!(fixture.gateway.requests(), 1, "{unclear:?}");
        assert_eq!(
            fixture.temp_store.number("SELECT count(*) FROM attempts"),
            1
        );
    }
}

#[tokio::test(start_paused = true)]
async fn review_comes_at_the_deadline_and_not_before() {
    let fixture = Fixture::new(Scripted::once_only().will_answer([Answer::Lost]));
    let record = fixture.cancel(HOUR - MINUTE).await;
    assert_eq!(record.progress.state, State::InDoubt);
    let record = fixture.cancel(10 * MINUTE).await;
    assert_eq!(record.progress.state, State::NeedsReview);
    let log = fixture.store().log(record.id).await.unwrap();
    let request_used = log.last().unwrap().at.duration_since(record.created_at);
    assert_eq!(request_used.as_secs(), 60 * 60);
    assert!(
        log.len() < 40,
        "{} reads of one status in an hour",
        log.len()
    );
}

#[tokio::test(start_paused = true)]
async fn doubt_ends_as_soon_as_a_status_shows_the_truth() {
    for (make, truth, outcome) in [
        (
            Scripted::once_only as fn() -> Scripted,
            OrderStatus::Paid,
            Outcome::NotCancelledPaid,
        ),
        (
            Scripted::once_only,
            OrderStatus::Reversed,
            Outcome::NotCancelledFinal,
        ),
        (
            Scripted::once_only,
            OrderStatus::Cancelled,
            Outcome::Confirmed,
        ),
        (
            Scripted::repeatable,
            OrderStatus::Paid,
            Outcome::NotCancelledPaid,
        ),
    ] {
        let unpaid = StatusReply::Shows(OrderStatus::Unpaid);
        let broken = StatusReply::Fails(ErrorKind::Unavailable);
        let sights = [unpaid.clone(), broken, unpaid];
        let fixture = Fixture::new(make().will_show(sights).will_answer([Answer::Lost]));
        fixture.gateway.set("A-1", truth.clone());
        let record = fixture.cancel(Duration::from_secs(9)).await;
        assert_eq!(record.progress.state, State::Done(outcome), "{truth}");
        assert_eq!(fixture.gateway.requests(), 1, "{truth}");
    }
}

/// A record as a worker leaves it that was killed between its intent and the answer.
async fn killed_while_sending(fixture: &Fixture) -> Record {
    let (canceller, gateway) = (fixture.canceller.clone(), Arc::clone(&fixture.gateway));
    killed_elsewhere(
        async move {
            let order = crate::fixture::order("shop", "A-1");
            canceller.cancel(order, by("amina"), LONG).await
        },
        async move {
            while gateway.requests() == 0 {
                tokio::task::yield_now().await;
            }
        },
    );
    let key = crate::fixture::key("shop", "A-1");
    let record = fixture
        .store()
        .cancellations_of(&key)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(record.progress.state, State::Sending);
    record
}

#[tokio::test(start_paused = true)]
async fn a_worker_killed_while_sending_leaves_doubt_and_never_a_second_request() {
    let fixture = Fixture::new(Scripted::once_only().will_answer([Answer::Hangs]));
    let record = killed_while_sending(&fixture).await;
    sweep(&fixture).await;
    let untouched = fixture.reload(&record).await;
    assert_eq!(untouched, record, "its claim has not lapsed yet");
    fixture.ahead.by(2 * MINUTE);
    sweep(&fixture).await;
    let doubtful = fixture.reload(&record).await;
    assert_eq!(doubtful.progress.state, State::InDoubt);
    fixture.ahead.by(HOUR);
    sweep(&fixture).await;
    let doubtful = fixture.reload(&record).await;
    assert_eq!(doubtful.progress.state, State::NeedsReview);
    assert_eq!(fixture.gateway.requests(), 1);
    let story = fixture.story(&record).await;
    assert_eq!(story[2], "lease_lapsed -> in_doubt");
}

#[tokio::test(start_paused = true)]
async fn what_a_killed_worker_left_is_taken_up_by_the_next_program() {
    let fixture = Fixture::new(Scripted::repeatable().will_answer([Answer::Hangs]));
    let record = killed_while_sending(&fixture).await;
    fixture.ahead.by(3 * MINUTE);
    let gateways = [("shop", &fixture.gateway)];
    let next = worker(
        "w2",
        fixture.temp_store.store(),
        fixture.ahead.clock(),
        &gateways,
    );
    let order = crate::fixture::order("shop", "A-1");
    let handled = next.cancel(order, by("amina"), LONG).await.unwrap();
    assert_eq!(handled.record.id, record.id);
    assert_eq!(
        handled.record.progress.state,
        State::Done(Outcome::Confirmed)
    );
    assert_eq!(fixture.gateway.requests(), 2);
    let ends: Vec<_> = ["lease_lapsed", "answered_yes"]
        .map(|end| format!("SELECT count(*) FROM attempts WHERE result = '{end}'"))
        .map(|count| fixture.temp_store.number(&count))
        .into();
    assert_eq!(ends, [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_gateway_is_given_up_before_the_claim_lapses() {
    let fixture = Fixture::new(Scripted::once_only().will_answer([Answer::Hangs]));
    let started = tokio::time::Instant::now();
    let record = fixture.cancel(Duration::ZERO).await;
    assert_eq!(record.progress.state, State::InDoubt);
    assert_eq!(started.elapsed(), Duration::from_secs(96));
}

#[tokio::test(start_paused = true)]
async fn once_an_orders_only_request_is_used_a_new_cancellation_sends_nothing() {
    let fixture = Fixture::new(Scripted::once_only().will_answer([Answer::No]));
    let record = fixture.cancel(LONG).await;
    assert_eq!(record.progress.state, State::Done(Outcome::Refused));
    let again = fixture.cancel(LONG).await;
    assert_ne!(again.id, record.id);
    let skipped = Outcome::Skipped(SkipReason::AlreadySubmitted);
    assert_eq!(again.progress.state, State::Done(skipped));
    assert_eq!(fixture.gateway.requests(), 1);
}
