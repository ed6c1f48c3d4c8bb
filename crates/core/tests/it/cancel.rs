//! The rules of cancellation: the whole table, and the sentences that must hold in it.

use duka_core::OrderStatus;
use duka_core::cancel::{
    self, CancelRules, Cancellation, Event, Finding, Outcome, Patience, Repeat, Resolution,
    ShowsCancelled, State, mermaid, table,
};
use jiff::Timestamp;

#[test]
fn the_whole_transition_table_where_a_repeat_is_harmless() {
    let rules = CancelRules::repeatable([OrderStatus::Unpaid, OrderStatus::Processing]);
    insta::assert_snapshot!(table(&rules));
}

#[test]
fn the_whole_transition_table_at_a_once_only_gateway() {
    let rules = CancelRules::once_only([OrderStatus::Unpaid, OrderStatus::Failed])
        .mute_statuses(["INVALID"]);
    insta::assert_snapshot!(table(&rules));
}

#[test]
fn the_picture_of_the_life_of_a_cancellation() {
    insta::assert_snapshot!(mermaid());
}

/// Takes the events one after the other, each so many seconds after the epoch.
fn after(rules: &CancelRules, events: &[(i64, Event)]) -> Cancellation {
    let patience = Patience::default();
    let mut record = Cancellation::requested();
    for (second, event) in events {
        let now = Timestamp::from_second(*second).unwrap();
        record = cancel::step(&record, event, rules, &patience, now)
            .unwrap()
            .next;
    }
    record
}

#[test]
fn a_late_payment_that_somebody_has_dealt_with_is_not_raised_again() {
    let rules = CancelRules::repeatable([OrderStatus::Unpaid]);
    let mut events = vec![
        (0, Event::Observed(OrderStatus::Unpaid)),
        (1, Event::AnsweredYes),
        (2, Event::Observed(OrderStatus::Cancelled)),
        (3, Event::Observed(OrderStatus::Paid)),
    ];
    assert_eq!(after(&rules, &events).finding, Some(Finding::LatePayment));
    events.push((4, Event::Resolved(Resolution::Acknowledged)));
    assert_eq!(after(&rules, &events).finding, None);
    // The same payment, seen again by a second notification or an operator's look.
    events.push((5, Event::Observed(OrderStatus::Paid)));
    assert_eq!(after(&rules, &events).finding, None);
}

#[test]
fn a_refusal_says_nothing_of_an_earlier_request_that_no_status_can_show() {
    let rules = CancelRules::new([OrderStatus::Unpaid], Repeat::Harmless, ShowsCancelled::No);
    let unpaid = || Event::Observed(OrderStatus::Unpaid);
    // The first request may be what the second was refused for.
    let events = [
        (0, unpaid()),
        (1, Event::Unclear),
        (11, unpaid()),
        (11, unpaid()),
        (12, Event::AnsweredNo),
        (30, unpaid()),
    ];
    assert_eq!(after(&rules, &events).state, State::Refused);
    let late = [&events[..], &[(3600, unpaid())]].concat();
    assert_eq!(after(&rules, &late).state, State::NeedsReview);
    // Where a status would show it, the refusal stands.
    let rules = CancelRules::repeatable([OrderStatus::Unpaid]);
    let state = after(&rules, &events).state;
    assert_eq!(state, State::Done(Outcome::Refused));
}
