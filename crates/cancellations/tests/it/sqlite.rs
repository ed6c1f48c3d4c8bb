//! The SQLite store: the suite, and what its file refuses whoever asks.

use duka_cancellations::refunds::{RefundEvent, RefundOutcome, RefundState};
use duka_cancellations::store::Attempt;
use duka_core::cancel::{Repeat, State};

use crate::fixture::{TempRefundStore, TempStore, noon};
use crate::suite::{change, opened, store_suite, stored};

store_suite! { TempStore::new(),
    suite::an_order_is_kept_with_all_that_is_known_of_it
    suite::tracking_again_counts_and_changes_nothing
    suite::an_id_keeps_the_json_type_it_was_tracked_with
    suite::an_order_is_found_by_its_id_or_its_reference_in_any_account
    suite::what_was_seen_of_an_order_never_goes_back
    suite::an_unknown_status_keeps_the_words_it_was_seen_with
    suite::what_was_seen_paid_is_not_offered_to_a_sweep_again
    suite::an_order_that_is_not_followed_cannot_be_cancelled
    suite::a_second_cancellation_waits_until_the_first_is_over
    suite::what_a_sweep_saw_a_while_ago_must_still_hold_when_it_begins
    suite::of_many_that_open_at_once_exactly_one_begins
    suite::a_change_is_kept_with_everything_it_says
    suite::a_change_made_from_an_old_version_writes_nothing
    suite::a_second_request_at_a_once_only_gateway_cannot_be_written_down
    suite::a_request_that_never_left_gives_the_orders_turn_back
    suite_fences::one_orders_request_does_not_use_up_anothers
    suite_fences::an_account_under_a_new_name_has_the_same_orders
    suite_fences::a_payment_and_its_findings_are_written_together
    suite_fences::deciding_cancelled_of_a_paid_order_is_a_finding_at_once
    suite_fences::whoever_goes_on_with_a_late_answer_holds_the_record
    suite_fences::what_a_wrong_clock_has_claimed_for_a_year_is_anybodys
    suite::where_a_repeat_is_harmless_every_attempt_is_written_down
    suite::the_log_tells_everything_in_order_and_without_holes
    suite::a_report_gives_each_cancellation_once_page_by_page
    suite_claims::only_what_is_due_in_these_accounts_is_claimed_oldest_first
    suite_claims::an_account_that_is_named_twice_takes_no_others_place
    suite_claims::what_is_over_is_never_claimed
    suite_claims::what_waits_for_a_person_is_claimed_by_name_and_never_as_due
    suite_claims::a_claim_holds_until_it_lapses_and_then_goes_to_another
    suite_claims::what_waits_in_nobodys_hands_can_be_claimed_by_name_before_its_turn
    suite_claims::workers_that_claim_at_once_never_get_the_same_record
    suite_claims::abandoned_orders_come_by_age_page_by_page
    suite_claims::an_order_we_have_just_touched_is_left_alone_for_a_while
    suite_claims::holdings_count_what_is_there
    suite_claims::everything_survives_the_end_of_the_program
}

store_suite! { TempRefundStore::new(),
    suite_refunds::an_intent_is_kept_with_all_that_it_says
    suite_refunds::a_change_is_made_by_the_rules_alone
    suite_refunds::an_intent_needs_an_order_that_was_seen_paid
    suite_refunds::a_second_request_of_a_payment_cannot_be_written_down
    suite_refunds::a_request_that_never_left_makes_room_for_another
    suite_refunds::a_late_answer_is_a_finding_where_another_request_has_the_payment
    suite_refunds::one_payments_request_is_not_in_anothers_way
    suite_refunds::a_refund_made_from_an_old_version_writes_nothing
    suite_refunds::a_refunds_log_tells_everything_in_order
    suite_refunds::money_seen_to_go_back_ends_what_waits_for_it
    suite_refunds::what_is_not_over_is_listed_page_by_page
    suite_refunds::a_claim_of_a_wrong_clock_is_lapsed
}

/// A store with one cancellation of order `A-1` whose request is on its way.
async fn sending() -> TempStore {
    let temp_store = TempStore::new();
    let store = temp_store.store();
    let record = opened(&*store, 1, "shop", "A-1", noon()).await;
    let begins = Attempt::Begins(Repeat::Once);
    stored(&*store, change(&record, State::Sending, begins)).await;
    temp_store
}

#[tokio::test]
async fn the_file_itself_refuses_any_change_to_the_log() {
    let temp_store = sending().await;
    let sql = temp_store.sql();
    for forgery in [
        "UPDATE events SET actor = 'nobody'",
        "UPDATE events SET at = at + 1 WHERE number = 1",
        "DELETE FROM events WHERE number = 2",
        "DELETE FROM events",
        "REPLACE INTO events (seq, cancellation, number, at, event, to_state, actor)
             SELECT seq, cancellation, number, at, event, to_state, 'nobody' FROM events",
        "REPLACE INTO events (cancellation, number, at, event, to_state, actor)
             SELECT cancellation, number, at, event, to_state, 'nobody' FROM events",
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
    let record = opened(&*store, 1, "shop", "A-1", noon()).await;
    let begins = Attempt::Begins(Repeat::Harmless);
    let record = stored(&*store, change(&record, State::Sending, begins)).await;
    let mut muddled = change(&record, State::Sending, begins);
    muddled.next.attempts = 1;
    let error = store.advance(muddled).await.unwrap_err();
    assert_eq!(error.kind(), duka_cancellations::StoreErrorKind::Internal);
}

/// Statements that the file refuses whoever makes them, and with what words.
#[tokio::test]
async fn the_file_itself_keeps_a_refund_request_as_it_was_sent() {
    let temp_store = TempRefundStore::new();
    let store = temp_store.store();
    let refund = crate::suite_refunds::begun(&*store, 1, "A-1").await;
    let sql = temp_store.0.sql();
    let again = "INSERT INTO refunds SELECT 'another', version, account, order_id, gateway,
            amount, currency, confirmation_code, username, remarks, actor, ?1, ?2, NULL, message,
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
    let in_doubt = crate::suite_refunds::by("w1", &refund, RefundEvent::Unclear);
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
        ("UPDATE refund_events SET actor = 'nobody'", "append-only"),
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
            let temp_store = TempRefundStore::new();
            crate::suite_refunds::begun(&*temp_store.store(), 1, "A-1").await;
            let sql = temp_store.0.sql();
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
        for event in crate::suite_refunds::EVENTS {
            let next = duka_core::refund::step(RefundState::Done(from), event);
            let frees = next.is_some_and(RefundState::allows_another_request);
            assert!(
                !frees || !taken.contains(&from.as_str()),
                "{from:?} {event:?}"
            );
        }
    }
}
