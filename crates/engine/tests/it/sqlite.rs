//! The SQLite store: the suite, and what its file refuses to any program.

use duka_core::cancel::{Repeat, State};
use duka_engine::refunds::{RefundEvent, RefundOutcome, RefundState};
use duka_engine::store::Attempt;

use crate::fixture::TempStore;
use crate::holds::hold;
use duka_engine::store_suite::changes::{change, opened, stored};

duka_engine::store_suite!(TempStore::new());

/// A store with one cancellation of order `A-1` whose request is on its way.
async fn sending() -> TempStore {
    let temp_store = TempStore::new();
    let store = temp_store.store();
    let record = opened(&*store, 1, "shop", "A-1").await;
    let begins = Attempt::Begins(Repeat::Once);
    stored(&*store, change(&record, State::Sending, begins)).await;
    temp_store
}

#[tokio::test]
async fn the_file_itself_refuses_any_change_to_the_log() {
    let temp_store = sending().await;
    let sql = temp_store.sql();
    for forgery in [
        "UPDATE events SET actor = 'intruder'",
        "UPDATE events SET at = at + 1 WHERE number = 1",
        "DELETE FROM events WHERE number = 2",
        "DELETE FROM events",
        "REPLACE INTO events (seq, cancellation, number, at, event, to_state, actor)
             SELECT seq, cancellation, number, at, event, to_state, 'intruder' FROM events",
        "REPLACE INTO events (cancellation, number, at, event, to_state, actor)
             SELECT cancellation, number, at, event, to_state, 'intruder' FROM events",
    ] {
        let error = sql.execute(forgery, []).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("the event log is append-only"),
            "{forgery}: {text}"
        );
    }
    let actors = "SELECT count(*) FROM events WHERE actor IN ('amina', 'w1')";
    assert_eq!(temp_store.number(actors), 2);
}

#[tokio::test]
async fn the_file_itself_refuses_any_change_to_what_people_decided_about_orders() {
    let temp_store = sending().await;
    hold(&*temp_store.store(), "A-1").await;
    let sql = temp_store.sql();
    for forgery in [
        "UPDATE order_events SET actor = 'intruder'",
        "DELETE FROM order_events",
        "REPLACE INTO order_events SELECT * FROM order_events",
    ] {
        let error = sql.execute(forgery, []).unwrap_err().to_string();
        assert!(error.contains("append-only"), "{forgery}: {error}");
    }
    let half = "UPDATE orders SET held_by = NULL";
    let error = sql.execute(half, []).unwrap_err().to_string();
    assert!(error.contains("CHECK constraint failed"), "{error}");
}

#[tokio::test]
async fn the_file_itself_refuses_a_second_request_of_a_once_only_order() {
    let temp_store = sending().await;
    let sql = temp_store.sql();
    let again = "INSERT INTO attempts
        (cancellation, number, account, order_id, gateway, once_only, started_at, result)
        SELECT cancellation, 2, account, order_id, gateway, 1, 0, 'sending' FROM attempts";
    let error = sql.execute(again, []).unwrap_err();
    assert!(
        error.to_string().contains("UNIQUE constraint failed"),
        "{error}"
    );
    sql.execute("UPDATE attempts SET result = 'taken_back'", [])
        .unwrap();
    sql.execute(again, []).unwrap();
}

#[tokio::test]
async fn the_file_itself_refuses_a_second_open_cancellation_of_an_order() {
    let temp_store = sending().await;
    let again = "INSERT INTO cancellations (id, version, account, order_id, actor, state,
            attempts, requests, request_used, failed_polls, log_entries, created_at, updated_at)
        SELECT 'another', 1, account, order_id, 'x', ?1, 0, 0, 0, 0, 0, 0, 0
        FROM cancellations";
    for state in [
        "requested",
        "sending",
        "accepted",
        "refused",
        "in_doubt",
        "needs_review",
    ] {
        let error = temp_store.sql().execute(again, [state]).unwrap_err();
        assert!(
            error.to_string().contains("UNIQUE constraint failed"),
            "{state}: {error}"
        );
    }
}

#[tokio::test]
async fn an_order_with_a_cancellation_cannot_leave_the_file() {
    let temp_store = sending().await;
    let sql = temp_store.sql();
    sql.pragma_update(None, "foreign_keys", true).unwrap();
    let error = sql.execute("DELETE FROM orders", []).unwrap_err();
    assert!(
        error.to_string().contains("FOREIGN KEY constraint failed"),
        "{error}"
    );
}

#[tokio::test]
async fn an_attempt_that_is_numbered_twice_is_not_taken_for_a_second_request() {
    let temp_store = TempStore::new();
    let store = temp_store.store();
    let record = opened(&*store, 1, "shop", "A-1").await;
    let begins = Attempt::Begins(Repeat::Harmless);
    let record = stored(&*store, change(&record, State::Sending, begins)).await;
    let mut muddled = change(&record, State::Sending, begins);
    muddled.change.next.attempts = 1;
    let error = store.advance(muddled).await.unwrap_err();
    assert_eq!(error.kind(), duka_engine::StoreErrorKind::Internal);
}

/// Statements that the file refuses from any program, and the words of each refusal.
#[tokio::test]
async fn the_file_itself_keeps_a_refund_request_as_it_was_sent() {
    let temp_store = TempStore::new();
    let store = temp_store.store();
    let refund = duka_engine::store_suite::refunds::begun(&*store, 1, "A-1").await;
    let sql = temp_store.sql();
    let again = "INSERT INTO refunds SELECT 'another', version, account, order_id, gateway,
            amount, currency, confirmation_code, username, remarks, actor, ?1, ?2, NULL, NULL, message,
            due_at, worker, log_entries, created_at, updated_at FROM refunds LIMIT 1";
    for (state, outcome) in [
        ("sending", None),
        ("in_doubt", None),
        ("done", Some("received")),
        ("done", Some("refused")),
        ("done", Some("reversed")),
        ("done", Some("resolved_received")),
    ] {
        let error = sql.execute(again, (state, outcome)).unwrap_err();
        assert!(
            error.to_string().contains("UNIQUE constraint failed"),
            "{state} {outcome:?}: {error}"
        );
    }
    let in_doubt = duka_engine::store_suite::refunds::by("w1", &refund, RefundEvent::Unclear);
    store.advance_refund(in_doubt).await.unwrap();
    for (forgery, words) in [
        ("DELETE FROM refunds", "never deleted"),
        (
            "REPLACE INTO refunds SELECT * FROM refunds",
            "never deleted",
        ),
        (
            "UPDATE refunds SET order_id = 'A-2'",
            "stays with its payment",
        ),
        (
            "UPDATE refunds SET gateway = 'other'",
            "stays with its payment",
        ),
        (
            "UPDATE refunds SET amount = '1.00'",
            "stays with its payment",
        ),
        (
            "UPDATE refunds SET currency = 'USD'",
            "stays with its payment",
        ),
        (
            "UPDATE refunds SET confirmation_code = 'R-18'",
            "stays with its payment",
        ),
        ("UPDATE refunds SET state = 'sending'", "sent once"),
        (
            "UPDATE refunds SET state = 'lost'",
            "CHECK constraint failed",
        ),
        (
            "UPDATE refunds SET outcome = 'received'",
            "CHECK constraint failed",
        ),
        ("UPDATE refund_events SET actor = 'intruder'", "append-only"),
        ("DELETE FROM refund_events", "append-only"),
        (
            "REPLACE INTO refund_events SELECT * FROM refund_events",
            "append-only",
        ),
    ] {
        let error = sql.execute(forgery, []).unwrap_err();
        assert!(error.to_string().contains(words), "{forgery}: {error}");
    }
}

/// Every step from one outcome to another that the rules do not have and that would make
/// room for a second request; and no other.
#[tokio::test]
async fn the_file_itself_keeps_a_payment_taken_as_far_as_the_rules_do() {
    let taken = ["received", "reversed", "resolved_received"];
    for from in RefundOutcome::ALL.map(RefundOutcome::as_str) {
        for to in [None, Some("not_sent"), Some("resolved_not_received")] {
            let temp_store = TempStore::new();
            duka_engine::store_suite::refunds::begun(&*temp_store.store(), 1, "A-1").await;
            let sql = temp_store.sql();
            let is = "UPDATE refunds SET state = ?1, outcome = ?2";
            sql.execute(is, ("done", from)).unwrap();
            let state = if to.is_some() { "done" } else { "in_doubt" };
            let step = sql.execute(is, (state, to));
            if taken.contains(&from) {
                let error = step.unwrap_err().to_string();
                assert!(
                    error.contains("keeps its payment"),
                    "{from}, {to:?}: {error}"
                );
            } else {
                step.unwrap();
            }
        }
    }
    // Which is what the rules say.
    for from in RefundOutcome::ALL {
        for event in duka_engine::store_suite::refunds::EVENTS {
            let next = duka_core::refund::step(RefundState::Done(from), event);
            let frees = next.is_some_and(RefundState::allows_another_request);
            assert!(
                !frees || !taken.contains(&from.as_str()),
                "{from:?} {event:?}"
            );
        }
    }
}
