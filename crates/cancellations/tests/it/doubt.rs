//! Cancellations in doubt: a reply that never came, a worker that never came back.

use std::sync::Arc;
use std::time::Duration;

use duka_cancellations::Record;
use duka_cancellations::sweep::{Bounds, News, Source};
use duka_core::cancel::{Outcome, SkipReason, State};
use duka_core::{ErrorKind, OrderStatus};
use tokio_util::sync::CancellationToken;

use crate::scene::{HOUR, LONG, MINUTE, Scene, by, killed_elsewhere, worker};
use crate::scripted::{Answer, Scripted, Sight};

/// One sweep of the orders in the store, with the wait a CLI would give it.
async fn sweep(scene: &Scene) {
    let (bounds, cron) = (Bounds::default(), by("cron"));
    let stop = CancellationToken::new();
    let quiet = |_: News<'_>| {};
    let swept = scene
        .canceller
        .sweep(Source::Tracked, &bounds, &cron, &stop, &quiet);
    swept.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_settled_by_the_status_where_it_shows() {
    for (lost, requests) in [(Answer::AppliedButLost, 1), (Answer::Lost, 2)] {
        let scene = Scene::new(Scripted::repeatable().will_answer([lost]));
        let record = scene.cancel(LONG).await;
        assert_eq!(
            record.progress.state,
            State::Done(Outcome::Confirmed),
            "{lost:?}"
        );
        // Still open after the settling time: a repeat is harmless here.
        assert_eq!(scene.gateway.requests(), requests, "{lost:?}");
        assert_eq!(record.progress.attempts, u32::try_from(requests).unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn where_a_repeat_is_harmless_it_still_waits_for_the_status_to_settle() {
    let scene = Scene::new(Scripted::repeatable().will_answer([Answer::Lost]));
    let record = scene.cancel(Duration::from_secs(9)).await;
    assert_eq!(record.progress.state, State::InDoubt);
    assert_eq!(scene.gateway.requests(), 1);
    assert!(
        scene.gateway.reads() > 2,
        "the status is read again meanwhile"
    );
    scene.cancel(Duration::from_secs(3)).await;
    assert_eq!(scene.gateway.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_once_only_request_in_doubt_is_never_repeated_whoever_asks() {
    for unclear in [
        Answer::Lost,
        Answer::AppliedButLost,
        Answer::Unlisted,
        Answer::Hangs,
    ] {
        let scene = Scene::new(Scripted::once_only().will_answer([unclear]));
        let record = scene.cancel(5 * MINUTE).await;
        assert_eq!(record.progress.state, State::InDoubt, "{unclear:?}");
        for _ in 0..20 {
            scene.ahead.by(5 * MINUTE);
            sweep(&scene).await;
        }
        let record = scene.reload(&record).await;
        assert_eq!(record.progress.state, State::NeedsReview, "{unclear:?}");
        assert_eq!(record.due_at, None);
        let again = scene.cancel(LONG).await;
        assert_eq!(
            (again.id, again.progress.state),
            (record.id, State::NeedsReview)
        );
        assert_eq!(scene.gateway.requests(), 1, "{unclear:?}");
        assert_eq!(scene.shelf.number("SELECT count(*) FROM attempts"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn review_comes_at_the_deadline_and_not_before() {
    let scene = Scene::new(Scripted::once_only().will_answer([Answer::Lost]));
    let record = scene.cancel(HOUR - MINUTE).await;
    assert_eq!(record.progress.state, State::InDoubt);
    let record = scene.cancel(10 * MINUTE).await;
    assert_eq!(record.progress.state, State::NeedsReview);
    let log = scene.store().log(record.id).await.unwrap();
    let spent = log.last().unwrap().at.duration_since(record.created_at);
    assert_eq!(spent.as_secs(), 60 * 60);
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
        (
            Scripted::repeatable,
            OrderStatus::Failed,
            Outcome::NotCancelledFinal,
        ),
    ] {
        let unpaid = Sight::Shows(OrderStatus::Unpaid);
        let broken = Sight::Fails(ErrorKind::Unavailable);
        let sights = [unpaid.clone(), broken, unpaid];
        let scene = Scene::new(make().will_show(sights).will_answer([Answer::Lost]));
        scene.gateway.set("A-1", truth.clone());
        let record = scene.cancel(Duration::from_secs(9)).await;
        assert_eq!(record.progress.state, State::Done(outcome), "{truth}");
        assert_eq!(scene.gateway.requests(), 1, "{truth}");
    }
}

/// A record as a worker leaves it that was killed between its intent and the answer.
async fn killed_while_sending(scene: &Scene) -> Record {
    let (canceller, gateway) = (scene.canceller.clone(), Arc::clone(&scene.gateway));
    killed_elsewhere(
        async move {
            let order = crate::scene::order("shop", "A-1");
            canceller.cancel(order, by("amina"), LONG).await
        },
        async move {
            while gateway.requests() == 0 {
                tokio::task::yield_now().await;
            }
        },
    );
    let key = crate::scene::key("shop", "A-1");
    let record = scene
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
    let scene = Scene::new(Scripted::once_only().will_answer([Answer::Hangs]));
    let record = killed_while_sending(&scene).await;
    sweep(&scene).await;
    let untouched = scene.reload(&record).await;
    assert_eq!(untouched, record, "its claim has not lapsed yet");
    scene.ahead.by(2 * MINUTE);
    sweep(&scene).await;
    let doubtful = scene.reload(&record).await;
    assert_eq!(doubtful.progress.state, State::InDoubt);
    scene.ahead.by(HOUR);
    sweep(&scene).await;
    let doubtful = scene.reload(&record).await;
    assert_eq!(doubtful.progress.state, State::NeedsReview);
    assert_eq!(scene.gateway.requests(), 1);
    let story = scene.story(&record).await;
    assert_eq!(story[2], "lease_lapsed -> in_doubt");
}

#[tokio::test(start_paused = true)]
async fn what_a_killed_worker_left_is_taken_up_by_the_next_program() {
    let scene = Scene::new(Scripted::repeatable().will_answer([Answer::Hangs]));
    let record = killed_while_sending(&scene).await;
    scene.ahead.by(3 * MINUTE);
    let gateways = [("shop", &scene.gateway)];
    let next = worker("w2", scene.shelf.store(), scene.ahead.clock(), &gateways);
    let order = crate::scene::order("shop", "A-1");
    let handled = next.cancel(order, by("amina"), LONG).await.unwrap();
    assert_eq!(handled.record.id, record.id);
    assert_eq!(
        handled.record.progress.state,
        State::Done(Outcome::Confirmed)
    );
    assert_eq!(scene.gateway.requests(), 2);
    let ends: Vec<_> = ["lease_lapsed", "answered_yes"]
        .map(|end| format!("SELECT count(*) FROM attempts WHERE result = '{end}'"))
        .map(|count| scene.shelf.number(&count))
        .into();
    assert_eq!(ends, [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_gateway_is_given_up_before_the_claim_lapses() {
    let scene = Scene::new(Scripted::once_only().will_answer([Answer::Hangs]));
    let started = tokio::time::Instant::now();
    let record = scene.cancel(Duration::ZERO).await;
    assert_eq!(record.progress.state, State::InDoubt);
    assert_eq!(started.elapsed(), Duration::from_secs(96));
}

#[tokio::test(start_paused = true)]
async fn once_an_orders_only_request_is_used_a_new_cancellation_sends_nothing() {
    for (first, outcome) in [
        (Answer::No, Outcome::Refused),
        (Answer::Yes, Outcome::Confirmed),
    ] {
        let scene = Scene::new(Scripted::once_only().will_answer([first]));
        let record = scene.cancel(LONG).await;
        assert_eq!(record.progress.state, State::Done(outcome));
        let again = scene.cancel(LONG).await;
        assert_ne!(again.id, record.id);
        let skipped = Outcome::Skipped(SkipReason::AlreadySubmitted);
        assert_eq!(again.progress.state, State::Done(skipped));
        assert_eq!(scene.gateway.requests(), 1);
    }
}
