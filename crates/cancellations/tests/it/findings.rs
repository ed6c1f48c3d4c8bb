//! Paid wins: no paid order is reported cancelled, and one that is paid later is not lost.

use duka_cancellations::Record;
use duka_cancellations::store::{Attempt, Hold};
use duka_core::cancel::{Finding, Outcome, State};
use duka_core::{ErrorKind, OrderStatus};

use crate::scene::{LONG, MINUTE, Scene, key};
use crate::scripted::{Answer, Scripted, Sight};
use crate::suite::{change, stored};

/// When the customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pays {
    BeforeWeLook,
    /// Between our look and our request.
    DuringTheCall,
    /// A minute later, when nothing is settled yet.
    InDoubt,
}

async fn cancel_while_paying(make: fn() -> Scripted, answer: Answer, pays: Pays) -> Record {
    let gateway = make().will_answer([answer]);
    let gateway = match pays {
        Pays::BeforeWeLook => gateway,
        Pays::DuringTheCall => gateway.will_show([Sight::Shows(OrderStatus::Unpaid)]),
        // Nothing can be read after the call, until somebody asks again.
        Pays::InDoubt => gateway.will_show([
            Sight::Shows(OrderStatus::Unpaid),
            Sight::Fails(ErrorKind::Unavailable),
        ]),
    };
    let scene = Scene::new(gateway);
    scene.gateway.set("A-1", OrderStatus::Paid);
    if pays == Pays::InDoubt {
        scene.cancel(std::time::Duration::ZERO).await;
        scene.ahead.by(MINUTE);
    }
    scene.cancel(LONG).await
}

#[tokio::test(start_paused = true)]
async fn a_paid_order_is_never_reported_cancelled() {
    for make in [
        Scripted::repeatable as fn() -> Scripted,
        Scripted::once_only,
    ] {
        for answer in [
            Answer::Yes,
            Answer::EmptyYes,
            Answer::No,
            Answer::AppliedButLost,
            Answer::Lost,
            Answer::NotSent,
            Answer::TurnedAway,
            Answer::Unlisted,
            Answer::Hangs,
        ] {
            for pays in [Pays::BeforeWeLook, Pays::DuringTheCall, Pays::InDoubt] {
                let record = cancel_while_paying(make, answer, pays).await;
                let outcome = record.progress.state.outcome();
                let case = format!("{answer:?}, {pays:?}, {:?}", record.gateway);
                assert!(
                    matches!(
                        outcome,
                        Some(Outcome::NotCancelledPaid | Outcome::Skipped(_))
                    ),
                    "{case}: {outcome:?}"
                );
                assert_eq!(record.progress.verified, Some(OrderStatus::Paid), "{case}");
            }
        }
    }
}

/// A once-only order that was reported cancelled.
async fn confirmed() -> (Scene, Record) {
    let scene = Scene::new(Scripted::once_only());
    let record = scene.cancel(LONG).await;
    assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
    (scene, record)
}

async fn look(scene: &Scene) -> OrderStatus {
    let (reading, _) = scene.canceller.status(&key("shop", "A-1")).await.unwrap();
    reading.status
}

#[tokio::test(start_paused = true)]
async fn a_payment_after_the_report_raises_a_finding_that_stays() {
    for status in [OrderStatus::Paid, OrderStatus::Reversed] {
        let (scene, record) = confirmed().await;
        scene.gateway.set("A-1", status.clone());
        assert_eq!(look(&scene).await, status);
        let late = scene.reload(&record).await;
        assert_eq!(late.progress.state, State::Done(Outcome::Confirmed));
        assert_eq!(late.progress.finding, Some(Finding::LatePayment));
        let message = format!("status {status}; paid after it was reported cancelled");
        assert_eq!(late.message, Some(message));
        scene.gateway.set("A-1", OrderStatus::Unpaid);
        look(&scene).await;
        assert_eq!(scene.reload(&record).await, late, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_that_shows_nothing_new_writes_nothing() {
    let (scene, record) = confirmed().await;
    look(&scene).await;
    assert_eq!(scene.reload(&record).await, record);
    let order = scene.store().order(&record.key).await.unwrap().unwrap();
    assert_eq!(order.seen.unwrap().status, OrderStatus::Unpaid);
}

#[tokio::test(start_paused = true)]
async fn a_late_payment_is_found_behind_a_later_cancellation_too() {
    let (scene, record) = confirmed().await;
    let again = scene.cancel(LONG).await;
    assert_ne!(again.id, record.id);
    scene.gateway.set("A-1", OrderStatus::Paid);
    look(&scene).await;
    let late = scene.reload(&record).await;
    assert_eq!(late.progress.finding, Some(Finding::LatePayment));
    assert_eq!(scene.reload(&again).await.progress.finding, None);
}

#[tokio::test(start_paused = true)]
async fn a_later_cancellation_that_reads_paid_raises_the_finding_of_the_earlier() {
    let (scene, record) = confirmed().await;
    scene.gateway.set("A-1", OrderStatus::Paid);
    scene.cancel(LONG).await;
    let late = scene.reload(&record).await;
    assert_eq!(late.progress.finding, Some(Finding::LatePayment));
}

#[tokio::test(start_paused = true)]
async fn a_finding_that_was_closed_is_not_raised_again_by_the_same_payment() {
    let (scene, record) = confirmed().await;
    scene.gateway.set("A-1", OrderStatus::Paid);
    look(&scene).await;
    let late = scene.reload(&record).await;
    let mut closing = change(&late, late.progress.state, Attempt::Untouched);
    closing.next.finding = None;
    closing.hold = Hold::Release;
    let closed = stored(&**scene.store(), closing).await;
    look(&scene).await;
    assert_eq!(scene.reload(&record).await, closed);
}

#[tokio::test(start_paused = true)]
async fn a_look_ends_a_review_when_it_shows_the_truth() {
    let scene = Scene::new(Scripted::once_only().will_answer([Answer::Lost]));
    let record = scene.cancel(LONG).await;
    assert_eq!(record.progress.state, State::NeedsReview);
    look(&scene).await;
    assert_eq!(
        scene.reload(&record).await,
        record,
        "still open says nothing"
    );
    scene.gateway.set("A-1", OrderStatus::Paid);
    look(&scene).await;
    let over = scene.reload(&record).await;
    assert_eq!(over.progress.state, State::Done(Outcome::NotCancelledPaid));
}

#[tokio::test(start_paused = true)]
async fn a_look_leaves_a_cancellation_alone_that_a_worker_has_in_hand() {
    let scene = Scene::new(Scripted::once_only().will_answer([Answer::Lost]));
    let record = scene.cancel(MINUTE).await;
    assert_eq!(record.progress.state, State::InDoubt);
    scene.gateway.set("A-1", OrderStatus::Paid);
    look(&scene).await;
    assert_eq!(scene.reload(&record).await, record);
    let order = scene.store().order(&record.key).await.unwrap().unwrap();
    assert_eq!(order.seen.unwrap().status, OrderStatus::Paid);
}
