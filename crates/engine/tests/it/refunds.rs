//! Refunds from the paid order to what the record says: one request per payment, whatever
//! happens on the way.

use std::sync::Arc;

use duka_core::clock::SharedClock;
use duka_core::{Delivery, ErrorKind, Money, OrderStatus};
use duka_engine::refunds::{
    PendingRefunds, RefundEvent, RefundFinding, RefundOutcome, RefundResolution, RefundState,
    RefundStore, Refunder, Refunding,
};
use duka_engine::{AmountCheck, EngineError, Refund, SqliteStore};
use tokio::sync::Notify;

use crate::fake_refund_gateway::{AtPoint, Counter, FakeRefundGateway, ask, terms};
use crate::fixture::{MINUTE, elsewhere, key, killed_elsewhere, noon, order};
use crate::scripted::Answer;

fn done(outcome: RefundOutcome) -> RefundState {
    RefundState::Done(outcome)
}

/// The one request that stood in the way.
async fn already_requested(counter: &Counter) -> Refund {
    let asked = counter.ask().await;
    let Refunding::AlreadyRequested { refund, .. } = asked else {
        panic!("nothing was in the way: {asked:?}");
    };
    refund
}

/// The status for which nothing was sent.
async fn not_eligible(counter: &Counter) -> OrderStatus {
    let asked = counter.ask().await;
    let Refunding::NotEligible(reading) = asked else {
        panic!("it was eligible: {asked:?}");
    };
    reading.status
}

#[tokio::test(start_paused = true)]
async fn a_paid_order_is_refunded_as_its_status_shows_it_by_one_request() {
    let counter = Counter::new(FakeRefundGateway::new());
    let refund = counter.made().await;
    assert_eq!(refund.progress.state, done(RefundOutcome::Received));
    assert_eq!(refund.terms.money, Money::parse("1500.00", "KES").unwrap());
    assert_eq!(refund.terms.confirmation_code.as_deref(), Some("R-A-1"));
    let said = "answered received: Refund request successfully; received, not refunded yet: the merchant approves it in the dashboard";
    assert_eq!(refund.message.as_deref(), Some(said));
    let requests = counter.fake_refund_gateway.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].username, "amina@shop.example");
    assert_eq!(requests[0].remarks, "came back torn");
    assert_eq!(
        counter.story(&refund).await,
        [
            "intent by amina -> sending",
            "answered_received by w1 -> done: received"
        ]
    );
    // Asked for once more, it is the same one.
    assert_eq!(already_requested(&counter).await, refund);
    assert_eq!(counter.fake_refund_gateway.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_paid_is_not_eligible_and_leaves_no_trace() {
    for status in [
        OrderStatus::Unpaid,
        OrderStatus::Processing,
        OrderStatus::Failed,
        OrderStatus::Cancelled,
        OrderStatus::Reversed,
        OrderStatus::Unknown("PARTLY".to_owned()),
    ] {
        let counter = Counter::new(FakeRefundGateway::new());
        counter.fake_refund_gateway.set("A-1", status.clone());
        assert_eq!(not_eligible(&counter).await, status);
        assert!(counter.fake_refund_gateway.requests().is_empty());
        // Followed, a sweep would cancel it one day.
        assert_eq!(counter.temp_store.number("SELECT count(*) FROM orders"), 0);
        assert_eq!(counter.temp_store.number("SELECT count(*) FROM refunds"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_money_was_seen_to_go_back_is_not_eligible_whatever_a_status_says() {
    let counter = Counter::new(FakeRefundGateway::new());
    let store = counter.store();
    store.track(vec![order("shop", "A-1")]).await.unwrap();
    let seen = duka_engine::store_suite::changes::seen(OrderStatus::Reversed, 0);
    store
        .observe(&key("shop", "A-1"), seen, AmountCheck::Compare, "w2")
        .await
        .unwrap();
    assert_eq!(not_eligible(&counter).await, OrderStatus::Reversed);
    assert!(counter.fake_refund_gateway.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_gateway_without_refunds_says_so_before_anything_is_asked() {
    let counter = Counter::new(FakeRefundGateway::new().without_refunds());
    let asked = counter.refunder.refund(order("shop", "A-1"), terms()).await;
    let trouble = asked.unwrap_err();
    let EngineError::Gateway(error) = trouble else {
        panic!("{trouble}");
    };
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(counter.fake_refund_gateway.reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_amount_that_will_not_do_is_refused_before_anything_is_written_down() {
    let counter = Counter::new(FakeRefundGateway::new());
    for amount in ["0", "-1", "1500.01", "0.001"] {
        let mut terms = terms();
        terms.amount = Some(amount.parse().unwrap());
        let asked = counter.refunder.refund(order("shop", "A-1"), terms).await;
        let error = asked.unwrap_err();
        assert!(error.to_string().contains("amount"), "{error}");
    }
    assert_eq!(counter.temp_store.number("SELECT count(*) FROM refunds"), 0);
    assert!(counter.fake_refund_gateway.requests().is_empty());
    let mut part = terms();
    part.amount = Some("0.01".parse().unwrap());
    let asked = counter.refunder.refund(order("shop", "A-1"), part).await;
    assert!(matches!(asked.unwrap(), Refunding::Made { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_status_that_cannot_be_read_sends_nothing() {
    let counter = Counter::new(FakeRefundGateway::new());
    counter
        .fake_refund_gateway
        .break_down(ErrorKind::Unavailable);
    let asked = counter.refunder.refund(order("shop", "A-1"), terms()).await;
    assert!(matches!(asked.unwrap_err(), EngineError::Gateway(_)));
    assert!(counter.fake_refund_gateway.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_came_of_each_answer_and_whether_another_request_may_be_made() {
    for (answer, state, frees) in [
        (Answer::Yes, done(RefundOutcome::Received), false),
        (Answer::No, done(RefundOutcome::Refused), false),
        (Answer::NotSent, done(RefundOutcome::NotSent), true),
        (Answer::Unauthenticated, done(RefundOutcome::NotSent), true),
        (Answer::AppliedButLost, RefundState::InDoubt, false),
        (Answer::Lost, RefundState::InDoubt, false),
        (Answer::Unlisted, RefundState::InDoubt, false),
        (Answer::Hangs, RefundState::InDoubt, false),
    ] {
        let counter = Counter::new(FakeRefundGateway::new().will_answer([answer]));
        let refund = counter.made().await;
        assert_eq!(refund.progress.state, state, "{answer:?}");
        assert_eq!((refund.due_at, refund.worker.as_deref()), (None, None));
        // However often and by whomever it is asked for again, and for however long.
        counter.ahead.by(100 * MINUTE);
        for worker in ["w1", "w2"] {
            match ask(&counter.worker(worker)).await {
                Refunding::Made { refund: second, .. } => {
                    assert!(frees, "{answer:?}: asked for again");
                    assert_eq!(second.progress.state, done(RefundOutcome::Received));
                    assert_ne!(second.id, refund.id);
                    break;
                }
                Refunding::AlreadyRequested { refund: first, .. } => {
                    assert!(!frees, "{answer:?}");
                    assert_eq!((first.id, first.progress.state), (refund.id, state));
                }
                Refunding::NotEligible(reading) => panic!("{reading:?}"),
            }
        }
        assert!(
            counter.fake_refund_gateway.requests().len() <= 1,
            "{answer:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_worker_died_is_in_doubt_once_its_claim_lapses_and_never_before() {
    let counter = Counter::new(FakeRefundGateway::new().will_answer([Answer::Hangs]));
    let dies = counter.worker("w2");
    let arrived = Arc::new(Notify::new());
    let arrives = Arc::clone(&arrived);
    counter
        .fake_refund_gateway
        .during(move || arrives.notify_one());
    killed_elsewhere(async move { ask(&dies).await }, async move {
        arrived.notified().await;
    });
    let refund = already_requested(&counter).await;
    assert_eq!(refund.progress.state, RefundState::Sending);
    assert_eq!(refund.worker.as_deref(), Some("w2"));
    let early =
        counter
            .refunder
            .resolve(refund.id, RefundResolution::NotReceived, "amina", "looked");
    assert!(matches!(
        early.await.unwrap_err(),
        EngineError::NothingToDecide(_)
    ));

    counter.ahead.by(2 * MINUTE);
    let refund = already_requested(&counter).await;
    assert_eq!(refund.progress.state, RefundState::InDoubt);
    assert_eq!(counter.fake_refund_gateway.requests().len(), 1);
    assert_eq!(
        counter.story(&refund).await,
        [
            "intent by amina -> sending",
            "lease_lapsed by w1 -> in_doubt"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_process_that_sleeps_over_its_claim_sends_nothing_on_waking() {
    let counter = Counter::new(FakeRefundGateway::new());
    let ahead = counter.ahead.clone();
    let sleeps = AtPoint::new("after_intent", move || ahead.by(MINUTE));
    let refund = {
        let _listening = tracing::subscriber::set_default(sleeps);
        counter.made().await
    };
    assert!(
        counter.fake_refund_gateway.requests().is_empty(),
        "sent after the fence"
    );
    assert_eq!(refund.progress.state, RefundState::InDoubt);
    for worker in ["w1", "w2"] {
        let asked = ask(&counter.worker(worker)).await;
        assert!(
            matches!(asked, Refunding::AlreadyRequested { .. }),
            "{asked:?}"
        );
    }
    assert!(counter.fake_refund_gateway.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_a_worker_took_it_for_doubtful_is_still_evidence() {
    for (answer, outcome) in [
        (Answer::Yes, RefundOutcome::Received),
        (Answer::No, RefundOutcome::Refused),
        (Answer::NotSent, RefundOutcome::NotSent),
    ] {
        let counter = Counter::new(FakeRefundGateway::new().will_answer([answer]));
        let path = counter.temp_store.path();
        counter.fake_refund_gateway.during(move || {
            let path = path.clone();
            elsewhere(async move {
                let store =
                    SqliteStore::open(path, SharedClock::new(|| noon() + 10 * MINUTE)).unwrap();
                doubt(&store).await;
            });
        });
        let refund = counter.made().await;
        assert_eq!(refund.progress.state, done(outcome), "{answer:?}");
        let story = counter.story(&refund).await;
        assert_eq!(story[1], "lease_lapsed by w2 -> in_doubt");
        assert_eq!(story.len(), 3, "{story:?}");
    }
}

/// What another process does that takes the worker for dead.
async fn doubt(store: &SqliteStore) {
    let page = PendingRefunds {
        limit: 10,
        ..PendingRefunds::default()
    };
    let found = store.pending_refunds(page).await.unwrap();
    let change = duka_engine::store_suite::refunds::by("w2", &found[0], RefundEvent::LeaseLapsed);
    store.advance_refund(change).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_another_request_was_made_is_kept_as_a_finding() {
    for (answer, event) in [
        (Answer::Yes, "answered_received"),
        (Answer::No, "answered_refused"),
    ] {
        // The second request is answered while the first one's worker stands still.
        let counter = Counter::new(FakeRefundGateway::new().will_answer([Answer::Yes, answer]));
        let (other, ahead) = (counter.worker("w2"), counter.ahead.clone());
        counter.fake_refund_gateway.during(move || {
            ahead.by(MINUTE);
            let other = other.clone();
            elsewhere(async move { takes_it_for_dead_and_asks_again(&other).await });
        });
        let asked = counter.refunder.refund(order("shop", "A-1"), terms()).await;
        let trouble = asked.unwrap_err();
        let EngineError::DoubleRequest(first) = &trouble else {
            panic!("{trouble}");
        };
        assert!(
            trouble
                .to_string()
                .starts_with("two refund requests were made for order A-1 at shop: "),
            "{trouble}"
        );
        // Nothing is undone, and nothing is lost.
        assert_eq!(
            first.progress.state,
            done(RefundOutcome::ResolvedNotReceived)
        );
        assert_eq!(first.progress.finding, Some(RefundFinding::DoubleRequest));
        assert_eq!(counter.reload(first).await, **first);
        let story = counter.story(first).await;
        let last = format!("{event} by w1 -> done: resolved_not_received");
        assert_eq!(story.last(), Some(&last));
        let both = counter.store().refunds_of(&first.key).await.unwrap();
        assert_eq!(both.len(), 2);
        assert_eq!(both[1].progress.state, done(RefundOutcome::Received));
        assert_eq!(counter.fake_refund_gateway.requests().len(), 2);

        // Until a person has seen to it.
        let page = PendingRefunds {
            limit: 10,
            ..PendingRefunds::default()
        };
        let listed = counter.store().pending_refunds(page.clone()).await.unwrap();
        assert_eq!(listed, [(**first).clone()]);
        let note = "rejected one of the two";
        let closes = || counter.refunder.acknowledge(first.id, "amina", note);
        let closed = closes().await.unwrap();
        assert_eq!(
            (closed.progress.state, closed.progress.finding),
            (first.progress.state, None)
        );
        assert_eq!(counter.store().pending_refunds(page).await.unwrap(), []);
        let log = counter.store().refund_log(first.id).await.unwrap();
        let last = log.last().unwrap();
        assert_eq!((&*last.event, &*last.actor), ("acknowledged", "amina"));
        assert_eq!(
            last.detail.as_deref(),
            Some("amina: rejected one of the two")
        );
        let twice = closes().await.unwrap_err();
        assert!(matches!(twice, EngineError::NothingToDecide(_)), "{twice}");
    }
}

/// What others do while a worker stands still with the answer in its hand.
async fn takes_it_for_dead_and_asks_again(refunder: &Refunder) {
    let Refunding::AlreadyRequested { refund, .. } = ask(refunder).await else {
        panic!("nothing was in the way");
    };
    assert_eq!(refund.progress.state, RefundState::InDoubt);
    let resolution = RefundResolution::NotReceived;
    let resolved = refunder.resolve(refund.id, resolution, "amina", "not in the dashboard");
    resolved.await.unwrap();
    assert!(matches!(ask(refunder).await, Refunding::Made { .. }));
}

#[tokio::test(start_paused = true)]
async fn what_the_gateway_could_never_be_asked_for_leaves_no_trace() {
    let counter = Counter::new(FakeRefundGateway::new().without_receipts());
    let asked = counter.refunder.refund(order("shop", "A-1"), terms()).await;
    let trouble = asked.unwrap_err();
    let EngineError::Gateway(error) = trouble else {
        panic!("{trouble}");
    };
    assert_eq!(error.field(), Some("confirmation_code"));
    assert!(counter.fake_refund_gateway.requests().is_empty());
    assert_eq!(counter.temp_store.number("SELECT count(*) FROM orders"), 0);
    assert_eq!(counter.temp_store.number("SELECT count(*) FROM refunds"), 0);
}

#[tokio::test(start_paused = true)]
async fn an_earlier_request_is_looked_at_with_the_account_that_made_it() {
    let counter = Counter::new(FakeRefundGateway::new().will_answer([Answer::Lost]));
    counter.made().await;
    counter
        .fake_refund_gateway
        .set("A-1", OrderStatus::Reversed);
    // Another account of this gateway, whose keys do not see the order.
    let stranger = Arc::new(FakeRefundGateway::new());
    stranger.break_down(ErrorKind::NotFound);
    let both = counter.with_accounts(&[
        ("shop", &counter.fake_refund_gateway),
        ("shop-new", &stranger),
    ]);
    let asked = both.refund(order("shop-new", "A-1"), terms()).await;
    let Refunding::AlreadyRequested { refund, reading } = asked.unwrap() else {
        panic!("nothing was in the way");
    };
    assert_eq!(refund.progress.state, done(RefundOutcome::Reversed));
    assert_eq!(reading.unwrap().status, OrderStatus::Reversed);
    assert_eq!(stranger.reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_order_seen_reversed_under_another_name_of_its_account_is_not_refunded() {
    let counter = Counter::new(FakeRefundGateway::new());
    let old = counter.with_accounts(&[("shop-old", &counter.fake_refund_gateway)]);
    let tracked = vec![order("shop-old", "A-1")];
    old.store().track(tracked).await.unwrap();
    let reversed = duka_core::Observation {
        status: OrderStatus::Reversed,
        raw_status: "REVERSED".to_owned(),
        money: None,
        details: duka_core::PaymentDetails::default(),
        observed_at: noon(),
    };
    let known = key("shop-old", "A-1");
    let seen = old
        .store()
        .observe(&known, reversed, AmountCheck::Compare, "w0");
    seen.await.unwrap();
    // The status lags behind, and this name of the account knows nothing of the reversal.
    assert_eq!(not_eligible(&counter).await, OrderStatus::Reversed);
    assert!(counter.fake_refund_gateway.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_earlier_request_of_an_account_that_is_gone_is_looked_at_by_any_caller() {
    let counter = Counter::new(FakeRefundGateway::new().will_answer([Answer::Lost]));
    counter.made().await;
    let renamed = counter.with_accounts(&[("shop-new", &counter.fake_refund_gateway)]);
    let asked = renamed.refund(order("shop-new", "A-1"), terms()).await;
    let Refunding::AlreadyRequested { refund, reading } = asked.unwrap() else {
        panic!("nothing was in the way");
    };
    assert_eq!(refund.progress.state, RefundState::InDoubt);
    assert_eq!(reading.unwrap().status, OrderStatus::Paid);
}

#[tokio::test(start_paused = true)]
async fn doubt_is_ended_by_money_that_went_back_and_by_no_other_status() {
    let counter = Counter::new(FakeRefundGateway::new().will_answer([Answer::Lost]));
    let refund = counter.made().await;
    for status in [
        OrderStatus::Paid,
        OrderStatus::Failed,
        OrderStatus::Unknown("PARTLY".to_owned()),
    ] {
        counter.fake_refund_gateway.set("A-1", status.clone());
        assert_eq!(
            already_requested(&counter).await.progress.state,
            RefundState::InDoubt,
            "{status}"
        );
    }
    counter
        .fake_refund_gateway
        .set("A-1", OrderStatus::Reversed);
    let reversed = already_requested(&counter).await;
    assert_eq!(reversed.progress.state, done(RefundOutcome::Reversed));
    assert_eq!(reversed.id, refund.id);
    let story = counter.story(&refund).await;
    assert_eq!(story[2], "seen_reversed by w1 -> done: reversed");
}

#[tokio::test(start_paused = true)]
async fn a_received_request_is_told_to_be_done_when_the_money_went_back() {
    let counter = Counter::new(FakeRefundGateway::new());
    let refund = counter.made().await;
    counter
        .fake_refund_gateway
        .set("A-1", OrderStatus::Reversed);
    assert_eq!(
        already_requested(&counter).await.progress.state,
        done(RefundOutcome::Reversed)
    );
    assert_eq!(
        counter.reload(&refund).await.message.as_deref(),
        Some("status reversed; the money has gone back")
    );
}

#[tokio::test(start_paused = true)]
async fn a_person_says_what_is_at_the_gateway_and_stays_in_the_log_for_ever() {
    for answer in [Answer::Lost, Answer::No] {
        for (resolution, outcome, again) in [
            (
                RefundResolution::Received,
                RefundOutcome::ResolvedReceived,
                false,
            ),
            (
                RefundResolution::NotReceived,
                RefundOutcome::ResolvedNotReceived,
                true,
            ),
        ] {
            let counter = Counter::new(FakeRefundGateway::new().will_answer([answer]));
            let refund = counter.made().await;
            let resolve = || {
                counter
                    .refunder
                    .resolve(refund.id, resolution, "amina", "looked at the dashboard")
            };
            let resolved = resolve().await.unwrap();
            assert_eq!(resolved.progress.state, done(outcome));
            let log = counter.store().refund_log(refund.id).await.unwrap();
            let last = log.last().unwrap();
            assert_eq!(last.actor, "amina");
            assert_eq!(
                last.detail.as_deref(),
                Some("amina: looked at the dashboard")
            );
            // It is decided.
            let twice = resolve().await.unwrap_err();
            assert!(matches!(twice, EngineError::NothingToDecide(_)), "{twice}");
            let made = matches!(counter.ask().await, Refunding::Made { .. });
            assert_eq!(made, again, "{answer:?} {resolution:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn there_is_nothing_to_decide_about_what_is_known() {
    let counter = Counter::new(FakeRefundGateway::new());
    let refund = counter.made().await;
    let decided =
        counter
            .refunder
            .resolve(refund.id, RefundResolution::NotReceived, "amina", "looked");
    let error = decided.await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is nothing to decide about the refund of 1500.00 KES for order A-1 at shop"
    );
    let unknown_id = duka_core::RefundId::from_uuid(uuid::Uuid::from_u128(7));
    let decided =
        counter
            .refunder
            .resolve(unknown_id, RefundResolution::Received, "amina", "looked");
    assert!(matches!(
        decided.await.unwrap_err(),
        EngineError::UnknownRefund(id) if id == unknown_id
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_workers_that_ask_at_once_exactly_one_sends() {
    let counter = Counter::new(FakeRefundGateway::new());
    let workers: Vec<_> = (0..8).map(|n| counter.worker(&format!("w{n}"))).collect();
    let asked = workers.iter().map(ask);
    let made = futures::future::join_all(asked).await;
    let made = made
        .iter()
        .filter(|it| matches!(it, Refunding::Made { .. }))
        .count();
    assert_eq!(made, 1);
    assert_eq!(counter.fake_refund_gateway.requests().len(), 1);
}
