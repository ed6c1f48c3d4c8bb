//! Paid wins: no paid order is reported cancelled, and one that is paid later is not lost.

use duka_core::cancel::{Finding, Outcome, State};
use duka_core::{ErrorKind, OrderStatus};
use duka_engine::Record;
use duka_engine::store::Attempt;

use crate::fixture::{Fixture, LONG, MINUTE, key};
use crate::scripted::{Answer, Scripted, StatusReply};
use duka_engine::store_suite::changes::{change, stored};

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
        Pays::DuringTheCall => gateway.will_show([StatusReply::Shows(OrderStatus::Unpaid)]),
        // Nothing can be read after the call, until a caller asks again.
        Pays::InDoubt => gateway.will_show([
            StatusReply::Shows(OrderStatus::Unpaid),
            StatusReply::Fails(ErrorKind::Unavailable),
        ]),
    };
    let fixture = Fixture::new(gateway);
    fixture.gateway.set("A-1", OrderStatus::Paid);
    if pays == Pays::InDoubt {
        fixture.cancel(std::time::Duration::ZERO).await;
        fixture.ahead.by(MINUTE);
    }
    fixture.cancel(LONG).await
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
            Answer::Unauthenticated,
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
async fn confirmed() -> (Fixture, Record) {
    let fixture = Fixture::new(Scripted::once_only());
    let record = fixture.cancel(LONG).await;
    assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
    (fixture, record)
}

async fn look(fixture: &Fixture) -> OrderStatus {
    let (reading, _) = fixture.canceller.status(&key("shop", "A-1")).await.unwrap();
    reading.status
}

#[tokio::test(start_paused = true)]
async fn a_payment_after_the_report_raises_a_finding_that_stays() {
    for status in [OrderStatus::Paid, OrderStatus::Reversed] {
        let (fixture, record) = confirmed().await;
        fixture.gateway.set("A-1", status.clone());
        assert_eq!(look(&fixture).await, status);
        let late = fixture.reload(&record).await;
        assert_eq!(late.progress.state, State::Done(Outcome::Confirmed));
        assert_eq!(late.progress.finding, Some(Finding::LatePayment));
        let message = format!("status {status}; paid after it was reported cancelled");
        assert_eq!(late.message, Some(message));
        fixture.gateway.set("A-1", OrderStatus::Unpaid);
        look(&fixture).await;
        assert_eq!(fixture.reload(&record).await, late, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_that_shows_nothing_new_writes_nothing() {
    let (fixture, record) = confirmed().await;
    look(&fixture).await;
    assert_eq!(fixture.reload(&record).await, record);
    let order = fixture.store().order(&record.key).await.unwrap().unwrap();
    assert_eq!(order.seen.unwrap().status, OrderStatus::Unpaid);
}

#[tokio::test(start_paused = true)]
async fn a_late_payment_is_found_after_the_order_was_asked_for_again_too() {
    let (fixture, record) = confirmed().await;
    let again = fixture.cancel(LONG).await;
    assert_eq!(again, record, "it is cancelled already");
    fixture.gateway.set("A-1", OrderStatus::Paid);
    look(&fixture).await;
    let late = fixture.reload(&record).await;
    assert_eq!(late.progress.finding, Some(Finding::LatePayment));
}

#[tokio::test(start_paused = true)]
async fn a_later_cancellation_that_reads_paid_raises_the_finding_of_the_earlier() {
    let (fixture, record) = confirmed().await;
    fixture.gateway.set("A-1", OrderStatus::Paid);
    fixture.cancel(LONG).await;
    let late = fixture.reload(&record).await;
    assert_eq!(late.progress.finding, Some(Finding::LatePayment));
}

#[tokio::test(start_paused = true)]
async fn a_finding_that_was_closed_is_not_raised_again_by_the_same_payment() {
    let (fixture, record) = confirmed().await;
    fixture.gateway.set("A-1", OrderStatus::Paid);
    look(&fixture).await;
    let late = fixture.reload(&record).await;
    let mut closing = change(&late, late.progress.state, Attempt::Unchanged);
    closing.change.next.finding = None;
    let closed = stored(&**fixture.store(), closing).await;
    look(&fixture).await;
    assert_eq!(fixture.reload(&record).await, closed);
}

#[tokio::test(start_paused = true)]
async fn a_look_ends_a_review_when_it_shows_the_truth() {
    let fixture = Fixture::new(Scripted::once_only().will_answer([Answer::Lost]));
    let record = fixture.cancel(LONG).await;
    assert_eq!(record.progress.state, State::NeedsReview);
    look(&fixture).await;
    assert_eq!(
        fixture.reload(&record).await,
        record,
        "still open says nothing"
    );
    fixture.gateway.set("A-1", OrderStatus::Paid);
    look(&fixture).await;
    let over = fixture.reload(&record).await;
    assert_eq!(over.progress.state, State::Done(Outcome::NotCancelledPaid));
}

#[tokio::test(start_paused = true)]
async fn a_look_leaves_a_cancellation_alone_that_a_worker_has_in_hand() {
    let fixture = Fixture::new(Scripted::once_only().will_answer([Answer::Lost]));
    let record = fixture.cancel(MINUTE).await;
    assert_eq!(record.progress.state, State::InDoubt);
    fixture.gateway.set("A-1", OrderStatus::Paid);
    look(&fixture).await;
    assert_eq!(fixture.reload(&record).await.version, record.version);
    let order = fixture.store().order(&record.key).await.unwrap().unwrap();
    assert_eq!(order.seen.unwrap().status, OrderStatus::Paid);
}
