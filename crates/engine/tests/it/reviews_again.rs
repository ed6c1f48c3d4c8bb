//! What waits for a person is read again by every sweep, slowly.

use std::time::Duration;

use duka_core::cancel::Resolution;
use duka_core::{ErrorKind, OrderStatus, Outcome, State};
use duka_engine::Record;
use duka_engine::store::{Claim, ReportFilter, ReportPage};
use duka_engine::sweep::{Bounds, Mode, Source, Summary};

use crate::fixture::{Fixture, HOUR, LONG, MINUTE, by, order};
use crate::scripted::{Answer, Scripted};
use crate::sweep::sweep;

/// An outage that outlasts the time for review, after the first reply was lost.
async fn after_an_outage(gateway: Scripted) -> (Fixture, Record) {
    let fixture = Fixture::new(gateway.will_answer([Answer::Lost]));
    fixture.cancel(Duration::ZERO).await;
    fixture.gateway.break_down(ErrorKind::Unavailable);
    let record = fixture.cancel(LONG).await;
    assert_eq!(record.progress.state, State::NeedsReview);
    (fixture, record)
}

async fn swept(fixture: &Fixture) -> (Summary, Vec<String>) {
    let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &Bounds::default()).await;
    (summary.unwrap(), events.reported())
}

#[tokio::test(start_paused = true)]
async fn a_sweep_ends_a_review_when_the_status_is_clear() {
    for gateway in [
        Scripted::repeatable as fn() -> Scripted,
        Scripted::once_only,
    ] {
        for (status, outcome) in [
            (OrderStatus::Paid, Outcome::NotCancelledPaid),
            (OrderStatus::Expired, Outcome::NotCancelledFinal),
            (OrderStatus::Cancelled, Outcome::Confirmed),
        ] {
            let (fixture, record) = after_an_outage(gateway()).await;
            fixture.gateway.mend();
            fixture.gateway.set("A-1", status);
            fixture.ahead.by(HOUR);
            let (summary, lines) = swept(&fixture).await;
            assert_eq!(lines, [format!("A-1 at shop {}", outcome.as_str())]);
            assert_eq!((summary.considered, summary.errors), (1, 0));
            let now = fixture.reload(&record).await;
            assert_eq!(now.progress.state, State::Done(outcome));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn where_a_repeat_is_harmless_an_order_that_is_still_open_is_cancelled_after_all() {
    let (fixture, record) = after_an_outage(Scripted::repeatable()).await;
    fixture.gateway.mend();
    fixture.ahead.by(HOUR);
    let (summary, lines) = swept(&fixture).await;
    assert_eq!(lines, ["A-1 at shop confirmed"]);
    assert_eq!(summary.confirmed, 1);
    assert_eq!(fixture.gateway.requests(), 2);
    let story = fixture.story(&record).await;
    assert!(
        story.contains(&"status -> requested".to_owned()),
        "{story:?}"
    );
}

/// The reply to the new attempt is lost as well: it is in doubt and read again by the same
/// sweep, with the pauses of a fresh doubt.
#[tokio::test(start_paused = true)]
async fn a_new_attempt_after_a_review_has_a_wait_policy_of_its_own() {
    let lost_and_applied = Scripted::repeatable().will_answer([Answer::Lost, Answer::Lost]);
    let fixture = Fixture::new(lost_and_applied);
    fixture.cancel(Duration::ZERO).await;
    fixture.gateway.break_down(ErrorKind::Unavailable);
    fixture.cancel(LONG).await;
    fixture.gateway.mend();
    fixture.ahead.by(HOUR);
    let (summary, _) = swept(&fixture).await;
    assert_eq!(summary.confirmed, 1);
    assert_eq!(fixture.gateway.requests(), 3);
}

#[tokio::test(start_paused = true)]
async fn at_a_once_only_gateway_an_order_that_is_still_open_waits_on_for_a_person() {
    let (fixture, record) = after_an_outage(Scripted::once_only()).await;
    fixture.gateway.mend();
    let reads = fixture.gateway.reads();
    fixture.ahead.by(HOUR);
    let (summary, lines) = swept(&fixture).await;
    assert_eq!(lines, [""; 0]);
    assert_eq!(summary.considered, 0);
    assert_eq!(fixture.gateway.reads(), reads + 1);
    assert_eq!(fixture.gateway.requests(), 1);
    let now = fixture.reload(&record).await;
    assert_eq!(now.progress.state, State::NeedsReview);
    assert_eq!(now.due_at, None);
    let page = ReportPage {
        which: ReportFilter::Pending,
        limit: 10,
        ..ReportPage::default()
    };
    assert_eq!(fixture.store().report(page).await.unwrap(), [now]);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_with_recheck_reads_a_review_once_and_a_failed_read_is_no_error() {
    let (fixture, _) = after_an_outage(Scripted::once_only()).await;
    let bounds = Bounds {
        recheck: Some(48 * HOUR),
        ..Bounds::default()
    };
    for broken in [true, false] {
        if !broken {
            fixture.gateway.mend();
        }
        fixture.ahead.by(HOUR);
        let reads = fixture.gateway.reads();
        let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
        assert_eq!(summary.unwrap().errors, 0);
        assert_eq!(fixture.gateway.reads(), reads + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn looks_at_a_review_become_rare_but_never_rarer_than_an_hour() {
    let (fixture, record) = after_an_outage(Scripted::once_only()).await;
    fixture.gateway.mend();
    let begin = fixture.gateway.reads();
    // A day of sweeps, one each minute.
    let mut looks = Vec::new();
    for minute in 1..=24 * 60_u64 {
        fixture.ahead.by(MINUTE);
        let before = fixture.gateway.reads();
        swept(&fixture).await;
        if fixture.gateway.reads() > before {
            looks.push(minute);
        }
    }
    assert_eq!(fixture.gateway.reads(), begin + looks.len() as u64);
    let gaps: Vec<_> = looks.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(looks[0], 15);
    assert!(gaps.is_sorted(), "{gaps:?}");
    assert_eq!(gaps.last(), Some(&60));
    assert_eq!(
        fixture.reload(&record).await.progress.state,
        State::NeedsReview
    );
}

#[tokio::test(start_paused = true)]
async fn looks_without_an_answer_are_no_errors_and_soon_given_up() {
    let gateway = Scripted::once_only().always_answers(Answer::Lost);
    let fixture = Fixture::new(gateway);
    let orders = (0..30).map(|n| order("shop", &format!("A-{n}"))).collect();
    fixture.store().track(orders).await.unwrap();
    let patient = Bounds {
        wait: 2 * HOUR,
        ..Bounds::default()
    };
    let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &patient).await;
    assert_eq!(summary.unwrap().needs_review, 30);
    fixture.gateway.break_down(ErrorKind::Unavailable);
    fixture.ahead.by(HOUR);
    let reads = fixture.gateway.reads();
    let one_by_one = Bounds {
        concurrency: 1,
        ..Bounds::default()
    };
    let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &one_by_one).await;
    let summary = summary.unwrap();
    assert_eq!((summary.considered, summary.errors), (0, 0));
    assert_eq!(events.reported(), [""; 0]);
    assert_eq!(fixture.gateway.reads(), reads + 3);
    // The next sweep does not begin with the same three.
    let (_, _) = sweep(&fixture.canceller, Source::Tracked, &one_by_one).await;
    let all = crate::sweep::all(&**fixture.store()).await;
    let newest = all.iter().map(|record| record.updated_at).max();
    let looked = all.iter().filter(|it| Some(it.updated_at) == newest);
    assert_eq!(looked.count(), 6);
}

#[tokio::test(start_paused = true)]
async fn fresh_orders_come_before_what_waits_for_a_person() {
    let slow = Scripted::repeatable().slow(Duration::from_millis(10));
    let (fixture, _) = after_an_outage(slow).await;
    fixture.gateway.mend();
    fixture.ahead.by(HOUR);
    let fresh = order("shop", "A-2");
    fixture.store().track(vec![fresh]).await.unwrap();
    let one_by_one = Bounds {
        concurrency: 1,
        ..Bounds::default()
    };
    let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &one_by_one).await;
    assert_eq!(summary.unwrap().confirmed, 2);
    let ended = crate::sweep::all(&**fixture.store()).await;
    let ended = |id: &str| {
        let mut of = ended.iter().filter(|it| it.key.order.as_str() == id);
        of.next().unwrap().updated_at
    };
    assert!(ended("A-2") < ended("A-1"));
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_reads_no_reviews() {
    let (fixture, record) = after_an_outage(Scripted::repeatable()).await;
    fixture.gateway.mend();
    fixture.ahead.by(HOUR);
    let reads = fixture.gateway.reads();
    let dry = Bounds {
        mode: Mode::DryRun,
        ..Bounds::default()
    };
    sweep(&fixture.canceller, Source::Tracked, &dry)
        .await
        .0
        .unwrap();
    assert_eq!(fixture.gateway.reads(), reads);
    assert_eq!(fixture.reload(&record).await, record);
}

/// A worker that dies while it reads what waits for a person leaves a claim that lapses.
#[tokio::test(start_paused = true)]
async fn a_review_that_a_dead_worker_was_reading_is_taken_up_again() {
    let (fixture, record) = after_an_outage(Scripted::once_only()).await;
    let claim = Claim::new("dead", 2 * MINUTE);
    let claimed = fixture.store().claim_one(record.id, claim).await.unwrap();
    assert!(claimed.is_some());
    let reads = fixture.gateway.reads();
    swept(&fixture).await;
    assert_eq!(
        fixture.gateway.reads(),
        reads,
        "the claim has not lapsed yet"
    );
    fixture.gateway.mend();
    fixture.gateway.set("A-1", OrderStatus::Paid);
    fixture.ahead.by(3 * MINUTE);
    let (summary, _) = swept(&fixture).await;
    assert_eq!((summary.considered, summary.not_cancelled), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn asking_again_for_what_waits_for_a_person_goes_on_where_a_repeat_is_harmless() {
    let (fixture, record) = after_an_outage(Scripted::repeatable()).await;
    fixture.gateway.mend();
    let asked = fixture
        .canceller
        .cancel(order("shop", "A-1"), by("amina"), MINUTE);
    let now = asked.await.unwrap().record;
    assert_eq!(now.id, record.id);
    assert_eq!(now.progress.state, State::Done(Outcome::Confirmed));
}

/// Reading a status sends nothing, and the decision stays a person's.
#[tokio::test(start_paused = true)]
async fn a_look_from_outside_begins_nothing_and_a_person_may_still_decide() {
    let (fixture, record) = after_an_outage(Scripted::repeatable()).await;
    fixture.gateway.mend();
    fixture.canceller.status(&record.key).await.unwrap();
    assert_eq!(fixture.reload(&record).await.version, record.version);
    let resolution = Resolution::NotCancelled;
    let decided = fixture
        .canceller
        .resolve(record.id, resolution, "joe", "kept");
    let outcome = decided.await.unwrap().progress.state.outcome();
    assert_eq!(outcome, Some(Outcome::ResolvedNotCancelled));
    assert_eq!(fixture.gateway.requests(), 1);
}
