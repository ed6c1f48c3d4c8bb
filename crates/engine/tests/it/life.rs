//! The life of one cancellation, from the call to its end, with a gateway that is read as
//! it answers.

use std::time::Duration;

use duka_core::cancel::{Outcome, SkipReason, State};
use duka_core::{ErrorKind, OrderStatus};

use crate::fixture::{Fixture, HOUR, LONG, MINUTE, by, order};
use crate::scripted::{Answer, Scripted, StatusReply};

type Make = fn() -> Scripted;

const BOTH: [Make; 2] = [Scripted::repeatable, Scripted::once_only];

#[tokio::test(start_paused = true)]
async fn an_order_that_may_not_be_cancelled_is_skipped_and_nothing_is_sent() {
    for (make, status) in [
        (Scripted::repeatable as Make, OrderStatus::Paid),
        (Scripted::repeatable, OrderStatus::Expired),
        (Scripted::repeatable, OrderStatus::Cancelled),
        (
            Scripted::repeatable,
            OrderStatus::Unknown("ON_HOLD".to_owned()),
        ),
        (Scripted::once_only, OrderStatus::Paid),
        (Scripted::once_only, OrderStatus::Processing),
        (Scripted::once_only, OrderStatus::Reversed),
    ] {
        let fixture = Fixture::new(make());
        fixture.gateway.set("A-1", status.clone());
        let record = fixture.cancel(LONG).await;
        let skipped = Outcome::Skipped(SkipReason::NotEligible);
        assert_eq!(record.progress.state, State::Done(skipped), "{status}");
        assert_eq!(record.progress.verified, Some(status));
        assert_eq!(
            (fixture.gateway.requests(), fixture.gateway.reads()),
            (0, 1)
        );
        assert_eq!(
            fixture.temp_store.number("SELECT count(*) FROM attempts"),
            0
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_yes_is_verified_before_it_counts() {
    for make in BOTH {
        let fixture = Fixture::new(make());
        let record = fixture.cancel(LONG).await;
        assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
        assert_eq!((record.progress.attempts, record.progress.requests), (1, 1));
        assert_eq!(
            (fixture.gateway.requests(), fixture.gateway.reads()),
            (1, 2)
        );
        assert_eq!((record.due_at, &record.worker), (None, &None));
        assert_eq!(
            fixture.story(&record).await,
            [
                "requested -> requested",
                "status -> sending",
                "answered_yes -> accepted",
                "status -> done: confirmed",
            ]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_intent_is_on_disk_before_the_request_leaves() {
    for make in BOTH {
        // The fake needs the path of a store that is made after it.
        let path = std::sync::Arc::new(std::sync::OnceLock::<std::path::PathBuf>::new());
        let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let (there, found) = (path.clone(), seen.clone());
        let gateway = make().during_cancel(move |order| {
            let sql = rusqlite::Connection::open(there.get().unwrap()).unwrap();
            let row: (String, i64, String, i64) = sql
                .query_row(
                    "SELECT c.state, c.requests, a.result, a.number FROM cancellations c
                     JOIN attempts a ON a.cancellation = c.id WHERE c.order_id = ?1",
                    [order.as_str()],
                    |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)),
                )
                .unwrap();
            found.lock().unwrap().push(row);
        });
        let fixture = Fixture::new(gateway);
        path.set(fixture.temp_store.path()).unwrap();
        fixture.cancel(LONG).await;
        let intent = ("sending".to_owned(), 1, "sending".to_owned(), 1);
        assert_eq!(*seen.lock().unwrap(), [intent]);
        let ended = "SELECT count(*) FROM attempts WHERE result = 'answered_yes' AND ended_at > 0";
        assert_eq!(fixture.temp_store.number(ended), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_yes_that_the_status_never_shows_waits_for_a_person() {
    let fixture = Fixture::new(Scripted::repeatable().will_answer([Answer::EmptyYes]));
    let record = fixture.cancel(LONG).await;
    assert_eq!(record.progress.state, State::NeedsReview);
    assert_eq!(
        fixture.gateway.requests(),
        1,
        "a yes is never asked for twice"
    );
}

#[tokio::test(start_paused = true)]
async fn a_no_ends_as_the_status_says() {
    let open = |make: Make| (make, OrderStatus::Unpaid, Outcome::Refused);
    for (make, status, outcome) in [
        open(Scripted::repeatable),
        open(Scripted::once_only),
        (
            Scripted::repeatable,
            OrderStatus::Paid,
            Outcome::NotCancelledPaid,
        ),
        (
            Scripted::once_only,
            OrderStatus::Paid,
            Outcome::NotCancelledPaid,
        ),
        (
            Scripted::repeatable,
            OrderStatus::Expired,
            Outcome::NotCancelledFinal,
        ),
        (
            Scripted::once_only,
            OrderStatus::Reversed,
            Outcome::NotCancelledFinal,
        ),
        (
            Scripted::repeatable,
            OrderStatus::Cancelled,
            Outcome::Confirmed,
        ),
    ] {
        let fixture = Fixture::new(
            make()
                .will_show([StatusReply::Shows(OrderStatus::Unpaid)])
                .will_answer([Answer::No]),
        );
        fixture.gateway.set("A-1", status.clone());
        let started = tokio::time::Instant::now();
        let record = fixture.cancel(LONG).await;
        assert_eq!(record.progress.state, State::Done(outcome), "{status}");
        assert_eq!(fixture.gateway.requests(), 1);
        // A payment that the status is slow to show has ten seconds to come out, also of an
        // order that has ended: it may still be paid.
        let settled = started.elapsed() >= Duration::from_secs(10);
        let waits = outcome == Outcome::Refused || status == OrderStatus::Expired;
        assert_eq!(settled, waits, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_shows_up_after_the_refusal_wins() {
    let sights = [
        OrderStatus::Unpaid,
        OrderStatus::Unpaid,
        OrderStatus::Unpaid,
    ];
    let gateway = Scripted::once_only().will_answer([Answer::No]);
    let fixture = Fixture::new(gateway.will_show(sights.map(StatusReply::Shows)));
    fixture.gateway.set("A-1", OrderStatus::Paid);
    let record = fixture.cancel(LONG).await;
    assert_eq!(
        record.progress.state,
        State::Done(Outcome::NotCancelledPaid)
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_that_did_not_leave_is_tried_again_later() {
    for (make, first) in [
        (Scripted::repeatable as Make, Answer::NotSent),
        (Scripted::once_only, Answer::NotSent),
        (Scripted::repeatable, Answer::Unauthenticated),
        (Scripted::once_only, Answer::Unauthenticated),
    ] {
        let fixture = Fixture::new(make().will_answer([first]));
        let record = fixture.cancel(Duration::ZERO).await;
        assert_eq!(record.progress.state, State::Requested, "{first:?}");
        assert_eq!((record.progress.attempts, record.progress.requests), (1, 0));
        assert_eq!(record.progress.sent_at, None);
        let record = fixture.cancel(LONG).await;
        assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
        assert_eq!((record.progress.attempts, record.progress.requests), (2, 1));
        assert_eq!(fixture.gateway.requests(), 1);
        let taken_back = "SELECT count(*) FROM attempts WHERE result = 'taken_back'";
        assert_eq!(fixture.temp_store.number(taken_back), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_never_reached_is_given_up_within_the_merchants_patience() {
    for make in BOTH {
        let fixture = Fixture::new(make().always_answers(Answer::NotSent));
        let started = tokio::time::Instant::now();
        let record = fixture.cancel(LONG).await;
        let skipped = Outcome::Skipped(SkipReason::CouldNotSend);
        assert_eq!(record.progress.state, State::Done(skipped));
        assert_eq!(record.progress.requests, 0);
        assert!(started.elapsed() >= HOUR && started.elapsed() < HOUR + 11 * MINUTE);
    }
}

#[tokio::test(start_paused = true)]
async fn a_status_that_cannot_be_read_sends_nothing_and_is_given_up_in_the_end() {
    let fixture = Fixture::new(Scripted::once_only());
    fixture.gateway.break_down(ErrorKind::UnreadableReply);
    let tracked = vec![order("shop", "A-1")];
    fixture.store().track(tracked).await.unwrap();
    let handled = fixture
        .canceller
        .cancel(order("shop", "A-1"), by("amina"), MINUTE)
        .await;
    let handled = handled.unwrap();
    assert_eq!(handled.record.progress.state, State::Requested);
    assert_eq!(handled.error.unwrap().kind(), ErrorKind::UnreadableReply);
    let record = fixture.cancel(LONG).await;
    let skipped = Outcome::Skipped(SkipReason::StatusUnreadable);
    assert_eq!(record.progress.state, State::Done(skipped));
    assert_eq!(fixture.gateway.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_the_gateway_does_not_know_is_skipped_at_once() {
    let fixture =
        Fixture::new(Scripted::repeatable().will_show([StatusReply::Fails(ErrorKind::NotFound)]));
    let record = fixture.cancel(LONG).await;
    let skipped = Outcome::Skipped(SkipReason::NotFound);
    assert_eq!(record.progress.state, State::Done(skipped));
    assert_eq!(fixture.gateway.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_returns_when_its_time_is_up_and_a_later_one_goes_on() {
    let gateway = Scripted::repeatable().will_answer([Answer::AppliedButLost]);
    let unpaid = || StatusReply::Shows(OrderStatus::Unpaid);
    let fixture = Fixture::new(gateway.will_show([unpaid(), unpaid()]));
    let record = fixture.cancel(Duration::ZERO).await;
    assert_eq!(record.progress.state, State::InDoubt);
    let later = fixture.cancel(MINUTE).await;
    assert_eq!(later.id, record.id);
    assert_eq!(later.progress.state, State::Done(Outcome::Confirmed));
    assert_eq!(fixture.gateway.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn there_is_no_wait_too_long_to_be_asked_for() {
    let fixture = Fixture::new(Scripted::once_only().always_answers(Answer::Lost));
    let record = fixture.cancel(Duration::MAX).await;
    assert_eq!(record.progress.state, State::NeedsReview);
}

#[tokio::test]
async fn an_account_without_a_gateway_is_refused_before_anything_is_stored() {
    let fixture = Fixture::new(Scripted::repeatable());
    let order = order("shop-tz", "A-1");
    let error = fixture
        .canceller
        .cancel(order, by("amina"), LONG)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "account shop-tz is not configured");
    assert_eq!(fixture.store().check().await.unwrap().orders, 0);
}

#[tokio::test]
async fn nothing_of_a_gateways_secrets_is_printed_with_the_worker() {
    let fixture = Fixture::new(Scripted::repeatable());
    assert!(format!("{:?}", fixture.gateway).contains("sk_live_canary"));
    let shown = format!("{:?} {:#?}", fixture.canceller, fixture.canceller);
    assert!(!shown.contains("sk_live_canary"), "{shown}");
    assert!(shown.contains("shop") && shown.contains("w1"), "{shown}");
    let path = fixture.temp_store.path();
    let store = format!("{:?}", fixture.store());
    assert_eq!(store, format!("SqliteStore {{ path: {path:?}, .. }}"));
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_asks_again_need_not_wait_for_the_next_turn() {
    for make in BOTH {
        let fixture = Fixture::new(make());
        fixture.gateway.break_down(ErrorKind::Authentication);
        let record = fixture.cancel(LONG).await;
        assert_eq!(record.progress.state, State::Requested);
        assert!(record.due_at.is_some(), "it waits for its next turn");
        // The keys are mended, and a caller asks at once.
        fixture.gateway.mend();
        let record = fixture.cancel(Duration::ZERO).await;
        assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
    }
}
