//! What a person decides, and payments that come after the report.

use std::time::Duration;

use duka_core::cancel::{Finding, Resolution};
use duka_core::{OrderStatus, Outcome, State};
use duka_engine::EngineError;
use duka_engine::store::{ReportFilter, ReportPage};
use duka_engine::sweep::{Bounds, Source};

use crate::fixture::{Fixture, HOUR, LONG, MINUTE};
use crate::scripted::{Answer, Scripted};
use crate::sweep::sweep;

async fn pending(fixture: &Fixture) -> Vec<duka_engine::Record> {
    let page = ReportPage {
        which: ReportFilter::Pending,
        limit: 10,
        ..ReportPage::default()
    };
    fixture.canceller.store().report(page).await.unwrap()
}

/// A cancellation at a once-only gateway whose one reply was lost.
async fn in_review() -> (Fixture, duka_engine::Record) {
    let fixture = Fixture::new(Scripted::once_only().will_answer([Answer::Lost]));
    let record = fixture.cancel(LONG).await;
    assert_eq!(record.progress.state, State::NeedsReview);
    (fixture, record)
}

#[tokio::test(start_paused = true)]
async fn a_person_ends_a_review_and_stays_in_the_log() {
    let (fixture, record) = in_review().await;
    assert_eq!(pending(&fixture).await, std::slice::from_ref(&record));
    let resolved = fixture
        .canceller
        .resolve(
            record.id,
            Resolution::Cancelled,
            "amina",
            "seen at the dashboard",
        )
        .await
        .unwrap();
    assert_eq!(
        resolved.progress.state,
        State::Done(Outcome::ResolvedCancelled)
    );
    assert_eq!(pending(&fixture).await, []);
    let log = fixture.canceller.store().log(record.id).await.unwrap();
    let last = log.last().unwrap();
    assert_eq!(
        (last.event.as_str(), last.actor.as_str()),
        ("resolved_cancelled", "amina")
    );
    assert_eq!(last.detail.as_deref(), Some("amina: seen at the dashboard"));
}

#[tokio::test(start_paused = true)]
async fn what_is_over_cannot_be_decided_again() {
    let (fixture, record) = in_review().await;
    let resolve = |resolution| {
        fixture
            .canceller
            .resolve(record.id, resolution, "joe", "looked")
    };
    resolve(Resolution::NotCancelled).await.unwrap();
    for again in [
        Resolution::Cancelled,
        Resolution::NotCancelled,
        Resolution::Acknowledged,
    ] {
        let refused = resolve(again).await.unwrap_err();
        assert!(matches!(refused, EngineError::NotAllowed(_)), "{refused}");
    }
    let log = fixture.canceller.store().log(record.id).await.unwrap();
    let decisions = log.iter().filter(|entry| entry.actor == "joe").count();
    assert_eq!(decisions, 1);
}

#[tokio::test(start_paused = true)]
async fn a_payment_after_a_persons_decision_is_pending_until_an_operator_closes_it() {
    let (fixture, record) = in_review().await;
    let canceller = &fixture.canceller;
    canceller
        .resolve(record.id, Resolution::Cancelled, "amina", "looked")
        .await
        .unwrap();
    fixture.gateway.set("A-1", OrderStatus::Paid);
    let bounds = Bounds {
        recheck: Some(2 * HOUR),
        wait: MINUTE,
        ..Bounds::default()
    };
    let (summary, events) = sweep(canceller, Source::Tracked, &bounds).await;
    assert_eq!(summary.unwrap().considered, 1);
    assert_eq!(events.reported(), ["A-1 at shop resolved_cancelled"]);
    let found = pending(&fixture).await;
    assert_eq!(found[0].progress.finding, Some(Finding::LatePayment));

    // Told once; a second look finds nothing new.
    let (summary, _) = sweep(canceller, Source::Tracked, &bounds).await;
    assert_eq!(summary.unwrap().considered, 0);

    canceller
        .resolve(record.id, Resolution::Acknowledged, "joe", "refunded")
        .await
        .unwrap();
    assert_eq!(pending(&fixture).await, []);
    let (summary, _) = sweep(canceller, Source::Tracked, &bounds).await;
    assert_eq!(
        summary.unwrap().considered,
        0,
        "what is closed stays closed"
    );
    assert_eq!(pending(&fixture).await, []);
}

#[tokio::test(start_paused = true)]
async fn what_was_confirmed_long_ago_is_not_read_again() {
    let fixture = Fixture::new(Scripted::repeatable());
    fixture.cancel(MINUTE).await;
    fixture.ahead.by(72 * HOUR);
    let reads = fixture.gateway.reads();
    let bounds = Bounds {
        recheck: Some(48 * HOUR),
        wait: Duration::ZERO,
        ..Bounds::default()
    };
    let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    assert_eq!(summary.unwrap().considered, 0);
    assert_eq!(fixture.gateway.reads(), reads);
}

#[tokio::test(start_paused = true)]
async fn doubt_does_not_wait_for_the_end_of_a_long_list() {
    // A call takes a minute: the list takes longer than the time for review.
    let gateway = Scripted::repeatable()
        .will_answer([Answer::Lost])
        .slow(MINUTE);
    let fixture = Fixture::new(gateway);
    let orders = (0..40).map(|n| crate::fixture::order("shop", &format!("A-{n}")));
    let bounds = Bounds {
        concurrency: 1,
        wait: Duration::ZERO,
        ..Bounds::default()
    };
    let list = crate::sweep::list(orders.collect());
    let (summary, _) = sweep(&fixture.canceller, list, &bounds).await;
    let summary = summary.unwrap();
    assert!(summary.elapsed > HOUR);
    assert_eq!((summary.confirmed, summary.needs_review), (40, 0));
}
