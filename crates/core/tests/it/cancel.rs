//! The rules of cancellation: the whole table, and the sentences that must hold in it.

use std::time::Duration;

use duka_core::OrderStatus;
use duka_core::cancel::{
    self, Action, CancelRules, Cancellable, Cancellation, Event, Finding, Outcome, Repeat,
    Resolution, ShowsCancelled, SkipReason, State, WaitPolicy, mermaid, table,
};
use jiff::Timestamp;

#[test]
fn the_whole_transition_table_where_a_repeat_is_harmless() {
    let rules = CancelRules::repeatable([Cancellable::Unpaid, Cancellable::Processing]);
    insta::assert_snapshot!(table(&rules));
}

#[test]
fn the_whole_transition_table_at_a_once_only_gateway() {
    let rules = CancelRules::once_only([Cancellable::Unpaid, Cancellable::Failed])
        .ambiguous_statuses(["INVALID"]);
    insta::assert_snapshot!(table(&rules));
}

#[test]
fn the_picture_of_the_life_of_a_cancellation() {
    insta::assert_snapshot!(mermaid());
}

/// Takes the events one after the other, each so many seconds after the epoch.
fn after(rules: &CancelRules, events: &[(i64, Event)]) -> Cancellation {
    let wait_policy = WaitPolicy::default();
    let mut record = Cancellation::requested();
    for (second, event) in events {
        let now = Timestamp::from_second(*second).unwrap();
        record = cancel::step(&record, event, rules, &wait_policy, now)
            .unwrap()
            .next;
    }
    record
}

#[test]
fn a_closed_late_payment_is_not_raised_again() {
    let rules = CancelRules::repeatable([Cancellable::Unpaid]);
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
    let rules = CancelRules::new([Cancellable::Unpaid], Repeat::Harmless, ShowsCancelled::No);
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
    let rules = CancelRules::repeatable([Cancellable::Unpaid]);
    let state = after(&rules, &events).state;
    assert_eq!(state, State::Done(Outcome::Refused));
}

/// A cancellation that has waited for a person since the time for review was over.
fn in_review(rules: &CancelRules) -> Cancellation {
    let unpaid = || Event::Observed(OrderStatus::Unpaid);
    let events = [
        (0, unpaid()),
        (1, Event::Unclear),
        (3600, Event::StatusUnreadable),
    ];
    let record = after(rules, &events);
    assert_eq!(record.state, State::NeedsReview);
    record
}

fn step_at(
    record: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    second: i64,
) -> (Cancellation, Action) {
    let now = Timestamp::from_second(second).unwrap();
    let step = cancel::step(record, event, rules, &WaitPolicy::default(), now).unwrap();
    (step.next, step.action)
}

#[test]
fn a_review_makes_new_attempts_where_a_repeat_is_harmless() {
    let rules = CancelRules::repeatable([Cancellable::Unpaid]);
    let unpaid = Event::Observed(OrderStatus::Unpaid);
    let (again, _) = step_at(&in_review(&rules), &unpaid, &rules, 8000);
    assert_eq!(again.state, State::Requested);
    let (sending, action) = step_at(&again, &unpaid, &rules, 8001);
    assert_eq!((action, sending.requests), (Action::SendRequest, 2));
    // The time until a review starts again: another lost answer is doubt, and no review yet.
    let (doubt, _) = step_at(&sending, &Event::Unclear, &rules, 8002);
    let (doubt, _) = step_at(&doubt, &Event::StatusUnreadable, &rules, 8003);
    assert_eq!(doubt.state, State::InDoubt);
    let (review, _) = step_at(&doubt, &Event::StatusUnreadable, &rules, 8000 + 3600);
    assert_eq!(review.state, State::NeedsReview);
}

#[test]
fn a_review_at_a_once_only_gateway_continues_while_the_order_is_open() {
    let rules = CancelRules::once_only([Cancellable::Unpaid]);
    let unpaid = Event::Observed(OrderStatus::Unpaid);
    let (still, action) = step_at(&in_review(&rules), &unpaid, &rules, 800_000);
    assert_eq!(
        (still.state, action),
        (State::NeedsReview, Action::AskPerson)
    );
}

/// A status at once after the last request proves nothing, in review as before it.
#[test]
fn a_review_makes_no_new_attempt_before_the_last_one_has_settled() {
    let rules = CancelRules::repeatable([Cancellable::Unpaid]);
    let unpaid = Event::Observed(OrderStatus::Unpaid);
    let mut record = in_review(&rules);
    record.sent_at = Some(Timestamp::from_second(3600).unwrap());
    let state = |second| step_at(&record, &unpaid, &rules, second).0.state;
    assert_eq!(state(3609), State::NeedsReview);
    assert_eq!(state(3610), State::Requested);
}

#[test]
fn pauses_in_a_review_grow_with_the_doubt_up_to_an_hour() {
    let wait_policy = WaitPolicy::default();
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    for (doubt, pause) in [(60, 15), (120, 30), (240, 60), (10_000, 60)] {
        assert_eq!(wait_policy.review_pause(minutes(doubt)), minutes(pause));
    }
    let first = Duration::from_millis(1250);
    assert_eq!(wait_policy.review_pause(Duration::ZERO), first);
}

#[test]
fn an_answer_that_comes_after_the_end_is_taken_and_changes_nothing() {
    for rules in [
        CancelRules::repeatable([Cancellable::Unpaid]),
        CancelRules::once_only([Cancellable::Unpaid]),
    ] {
        let ends = [
            Event::Resolved(Resolution::Cancelled),
            Event::Resolved(Resolution::NotCancelled),
            Event::Observed(OrderStatus::Paid),
            Event::Observed(OrderStatus::Cancelled),
            Event::Observed(OrderStatus::Expired),
        ];
        for end in ends {
            let (ended, _) = step_at(&in_review(&rules), &end, &rules, 4000);
            for answer in [Event::AnsweredYes, Event::AnsweredNo] {
                let late = step_at(&ended, &answer, &rules, 4001);
                assert_eq!(late, (ended.clone(), Action::Stop), "{end:?}, {answer:?}");
            }
        }
        // One of which nothing had left takes none.
        let paid = [(0, Event::Observed(OrderStatus::Paid))];
        let skipped = after(&rules, &paid);
        let now = Timestamp::UNIX_EPOCH;
        let wait_policy = WaitPolicy::default();
        let refused = cancel::step(&skipped, &Event::AnsweredYes, &rules, &wait_policy, now);
        assert!(refused.is_err());
    }
}

#[test]
fn no_rules_can_make_a_payment_eligible() {
    use Cancellable::{Expired, Failed, Processing, Unpaid};
    let rules = CancelRules::repeatable([Unpaid, Processing, Failed, Expired]);
    for status in [
        OrderStatus::Unpaid,
        OrderStatus::Processing,
        OrderStatus::Failed,
        OrderStatus::Expired,
    ] {
        assert!(rules.is_eligible(&status), "{status}");
        assert!(!CancelRules::once_only([]).is_eligible(&status), "{status}");
    }
    for status in [
        OrderStatus::Paid,
        OrderStatus::Reversed,
        OrderStatus::Cancelled,
        OrderStatus::Unknown("UNPAID".to_owned()),
    ] {
        assert!(!rules.is_eligible(&status), "{status}");
    }
}

/// In doubt about this many requests, or accepted, for so long that pauses are the longest.
fn grown(state: State, requests: u32) -> Cancellation {
    Cancellation {
        state,
        attempts: requests,
        requests,
        sent_at: Some(Timestamp::from_second(1000).unwrap()),
        doubt_since: Some(Timestamp::UNIX_EPOCH),
        failed_polls: 9,
        ..Cancellation::requested()
    }
}

/// The second at which the status is read again, after a read that failed at this one.
fn reads_again(record: &Cancellation, second: i64) -> i64 {
    let rules = CancelRules::repeatable([Cancellable::Unpaid]);
    let (_, action) = step_at(record, &Event::StatusUnreadable, &rules, second);
    let Action::ReadStatus { not_before } = action else {
        panic!("{action:?}");
    };
    not_before.as_second()
}

#[test]
fn the_status_is_read_when_a_request_settles_unless_it_is_a_repeat_in_doubt() {
    for (state, requests, at) in [
        (State::InDoubt, 1, 1010),
        (State::InDoubt, 2, 1601),
        (State::InDoubt, 3, 1601),
        (State::Accepted, 1, 1010),
        (State::Accepted, 2, 1010),
        (State::Refused, 2, 1010),
    ] {
        let again = reads_again(&grown(state, requests), 1001);
        assert_eq!(again, at, "{state:?} after {requests} requests");
    }
}

#[test]
fn once_a_request_has_settled_only_the_pause_counts() {
    let record = grown(State::InDoubt, 1);
    assert_eq!(reads_again(&record, 1009), 1010);
    assert_eq!(reads_again(&record, 1010), 1610);
    assert_eq!(reads_again(&record, 2000), 2600);
    assert_eq!(reads_again(&record, 3500), 3600, "the time for review");
}

#[test]
fn a_review_that_another_amount_ends_in_again_keeps_its_age() {
    let rules = CancelRules::repeatable([Cancellable::Unpaid]);
    let unpaid = || Event::Observed(OrderStatus::Unpaid);
    let events = [
        (0, unpaid()),
        (1, Event::Unclear),
        (3_601, unpaid()),
        // A status read in review begins again, and another amount ends that.
        (7_200, unpaid()),
        (7_201, Event::AmountDiffers(OrderStatus::Unpaid)),
    ];
    let record = after(&rules, &events);
    assert_eq!(record.state, State::NeedsReview);
    assert_eq!(record.doubt_since, Timestamp::from_second(0).ok());
}

#[test]
fn another_amount_matters_only_while_a_request_could_leave() {
    let rules = CancelRules::repeatable([Cancellable::Unpaid]);
    let differs = |status| (0, Event::AmountDiffers(status));
    let skipped = |reason| State::Done(Outcome::Skipped(reason));
    let open = after(&rules, &[differs(OrderStatus::Unpaid)]);
    assert_eq!(open.state, skipped(SkipReason::AmountDiffers));
    // A paid order is paid, whatever it shows.
    let paid = after(&rules, &[differs(OrderStatus::Paid)]);
    assert_eq!(paid.state, skipped(SkipReason::NotEligible));
    assert_eq!(paid.verified, Some(OrderStatus::Paid));
}
