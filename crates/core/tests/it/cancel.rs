//! The rules of cancellation: the whole table, and the sentences that must hold in it.

use std::time::Duration;

use duka_core::OrderStatus;
use duka_core::cancel::{
    self, Action, CancelRules, Cancellable, Cancellation, Event, Finding, OtherAmount, Outcome,
    Receipt, Repeat, Resolution, ShowsCancelled, SkipReason, State, WaitPolicy, mermaid, table,
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
    let acknowledged = after(&rules, &events).acknowledged;
    assert_eq!(acknowledged, Some(Finding::LatePayment), "it is paid");
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
        (7_201, differs(OrderStatus::Unpaid)),
    ];
    let record = after(&rules, &events);
    assert_eq!(record.state, State::NeedsReview);
    assert_eq!(record.doubt_since, Timestamp::from_second(0).ok());
}

fn differs(status: OrderStatus) -> Event {
    Event::AmountDiffers(status, Receipt::Absent)
}

fn skipped(reason: SkipReason) -> State {
    State::Done(Outcome::Skipped(reason))
}

fn failed_with_receipt() -> Event {
    Event::AmountDiffers(OrderStatus::Failed, Receipt::Shown)
}

fn both() -> [CancelRules; 2] {
    [
        CancelRules::repeatable([Cancellable::Unpaid, Cancellable::Processing]),
        CancelRules::once_only([Cancellable::Unpaid, Cancellable::Failed]),
    ]
}

/// A record in every state in which a status is read, each by way of what leads there.
fn readable_states(rules: &CancelRules) -> Vec<Cancellation> {
    let unpaid = || (0, Event::Observed(OrderStatus::Unpaid));
    let to = |events: Vec<(i64, Event)>| after(rules, &[vec![unpaid()], events].concat());
    vec![
        Cancellation::requested(),
        to(vec![(1, Event::AnsweredYes)]),
        to(vec![(1, Event::AnsweredNo)]),
        to(vec![(1, Event::Unclear)]),
        in_review(rules),
    ]
}

#[test]
fn an_open_order_with_another_amount_is_skipped_before_the_first_request() {
    for rules in both() {
        let open = after(&rules, &[(0, differs(OrderStatus::Unpaid))]);
        assert_eq!(open.state, skipped(SkipReason::AmountDiffers));
        assert_eq!((open.finding, open.requests), (None, 0));
    }
}

#[test]
fn a_payment_of_another_amount_is_a_finding_in_every_state_in_which_a_status_is_read() {
    for rules in both() {
        for record in readable_states(&rules) {
            let paid = differs(OrderStatus::Paid);
            let (next, action) = step_at(&record, &paid, &rules, 3700);
            let outcome = next.state.outcome();
            let wanted = if record.requests == 0 {
                Outcome::Skipped(SkipReason::NotEligible)
            } else {
                Outcome::NotCancelledPaid
            };
            assert_eq!((outcome, action), (Some(wanted), Action::Stop));
            assert_eq!(next.finding, Some(Finding::AmountDiffers), "{record:?}");
            // The order's own amount is none.
            let paid = Event::Observed(OrderStatus::Paid);
            let (next, _) = step_at(&record, &paid, &rules, 3700);
            assert_eq!((next.state, next.finding), (State::Done(wanted), None));
            // A later look at what is over finds it as well.
            let (next, _) = step_at(&next, &differs(OrderStatus::Paid), &rules, 3800);
            assert_eq!(next.finding, Some(Finding::AmountDiffers), "{record:?}");
        }
    }
}

#[test]
fn a_closed_finding_about_the_amount_is_not_raised_again_by_the_same_payment() {
    for rules in both() {
        for (status, receipt) in [
            (OrderStatus::Paid, Receipt::Absent),
            (OrderStatus::Reversed, Receipt::Absent),
            (OrderStatus::Failed, Receipt::Shown),
        ] {
            let seen = Event::AmountDiffers(status, receipt);
            let skipped = after(&rules, &[(0, Event::OrderNotFound)]);
            let (found, _) = step_at(&skipped, &seen, &rules, 1);
            assert_eq!(found.finding, Some(Finding::AmountDiffers), "{seen:?}");
            let closing = Event::Resolved(Resolution::Acknowledged);
            let (closed, _) = step_at(&found, &closing, &rules, 2);
            assert_eq!(closed.finding, None);
            let (again, _) = step_at(&closed, &seen, &rules, 3);
            assert_eq!(again, closed, "{seen:?}");
        }
    }
}

#[test]
fn a_payment_after_a_part_of_it_was_acknowledged_is_found_by_itself() {
    let rules = &both()[1];
    let skipped = after(rules, &[(0, Event::OrderNotFound)]);
    let (part, _) = step_at(&skipped, &failed_with_receipt(), rules, 1);
    let closing = Event::Resolved(Resolution::Acknowledged);
    let (closed, _) = step_at(&part, &closing, rules, 2);
    let (paid, _) = step_at(&closed, &differs(OrderStatus::Paid), rules, 3);
    assert_eq!(paid.finding, Some(Finding::AmountDiffers));
}

#[test]
fn of_two_findings_the_graver_is_shown() {
    for rules in both() {
        let cancelled = [
            (0, Event::Observed(OrderStatus::Unpaid)),
            (1, Event::AnsweredYes),
            (2, Event::Observed(OrderStatus::Cancelled)),
        ];
        let late = Some(Finding::LatePayment);
        let confirmed = after(&rules, &cancelled);
        // Both at once.
        let (at_once, _) = step_at(&confirmed, &differs(OrderStatus::Paid), &rules, 3);
        assert_eq!(
            (at_once.finding, at_once.other_amount),
            (late, OtherAmount::Seen)
        );
        // First the lesser one, and then the payment.
        let (part, _) = step_at(&confirmed, &failed_with_receipt(), &rules, 3);
        assert_eq!(part.finding, Some(Finding::AmountDiffers));
        let paid = Event::Observed(OrderStatus::Paid);
        assert_eq!(step_at(&part, &paid, &rules, 4).0.finding, late);
        // First the payment, and then its amount.
        let (paid, _) = step_at(&confirmed, &paid, &rules, 3);
        let (amount, _) = step_at(&paid, &differs(OrderStatus::Paid), &rules, 4);
        assert_eq!(
            (amount.finding, amount.other_amount),
            (late, OtherAmount::Seen)
        );
        // The person who closes the one has seen the other.
        let closing = Event::Resolved(Resolution::Acknowledged);
        assert_eq!(step_at(&amount, &closing, &rules, 5).0.finding, None);
    }
}

#[test]
fn a_failed_payment_with_a_receipt_of_another_amount_waits_for_a_person_and_nothing_is_sent() {
    for rules in both() {
        for record in readable_states(&rules) {
            let (next, action) = step_at(&record, &failed_with_receipt(), &rules, 3500);
            let case = format!("{record:?}");
            assert_eq!(
                (next.state, action),
                (State::NeedsReview, Action::AskPerson),
                "{case}"
            );
            assert_eq!(next.finding, Some(Finding::AmountDiffers), "{case}");
            assert_eq!(next.requests, record.requests, "{case}");
            // However often the order looks open again, a person decides.
            let unpaid = Event::Observed(OrderStatus::Unpaid);
            let (still, action) = step_at(&next, &unpaid, &rules, 800_000);
            assert_eq!(
                (still.state, action),
                (State::NeedsReview, Action::AskPerson),
                "{case}"
            );
            let decision = Event::Resolved(Resolution::NotCancelled);
            let (over, _) = step_at(&still, &decision, &rules, 800_001);
            assert_eq!(over.finding, None, "the person has seen it");
            assert_eq!(over.acknowledged, Some(Finding::AmountDiffers));
        }
    }
}

#[test]
fn a_failed_payment_of_the_orders_own_amount_or_without_a_receipt_is_an_ordinary_failure() {
    let [repeatable, once_only] = both();
    let failed = [(0, Event::Observed(OrderStatus::Failed))];
    assert_eq!(after(&once_only, &failed).state, State::Sending);
    let not_eligible = skipped(SkipReason::NotEligible);
    assert_eq!(after(&repeatable, &failed).state, not_eligible);
    let no_receipt = [(0, differs(OrderStatus::Failed))];
    let differs = skipped(SkipReason::AmountDiffers);
    assert_eq!(after(&once_only, &no_receipt).state, differs);
    assert_eq!(after(&repeatable, &no_receipt).state, not_eligible);
}

/// An M-Pesa order was paid three minutes after it had failed.
#[test]
fn failed_and_expired_are_an_end_only_after_the_settling_time() {
    let rules = CancelRules::repeatable([Cancellable::Unpaid]);
    for ended in [OrderStatus::Failed, OrderStatus::Expired] {
        for came in [Event::AnsweredYes, Event::AnsweredNo, Event::Unclear] {
            let sent = [(0, Event::Observed(OrderStatus::Unpaid)), (1, came)];
            let record = after(&rules, &sent);
            let ended = Event::Observed(ended.clone());
            let (early, action) = step_at(&record, &ended, &rules, 9);
            assert_eq!(early.state, record.state, "{ended:?}");
            assert!(matches!(action, Action::ReadStatus { .. }), "{action:?}");
            let (settled, _) = step_at(&early, &ended, &rules, 10);
            assert_eq!(settled.state, State::Done(Outcome::NotCancelledFinal));
            // Paid in the meantime, it is paid.
            let paid = Event::Observed(OrderStatus::Paid);
            let (paid, _) = step_at(&early, &paid, &rules, 10);
            assert_eq!(paid.state, State::Done(Outcome::NotCancelledPaid));
        }
    }
}

/// Before a new attempt, and in a review that was reached before the last request settled.
#[test]
fn a_failed_order_settles_in_every_other_state_too() {
    let rules = CancelRules::repeatable([Cancellable::Unpaid]);
    let failed = Event::Observed(OrderStatus::Failed);
    for (state, early) in [
        (State::Requested, State::InDoubt),
        (State::NeedsReview, State::NeedsReview),
    ] {
        let record = grown(state, 2);
        assert_eq!(step_at(&record, &failed, &rules, 1001).0.state, early);
        let settled = step_at(&record, &failed, &rules, 1010).0.state;
        assert_eq!(settled, State::Done(Outcome::NotCancelledFinal));
    }
}

#[test]
fn money_that_went_back_is_the_end_at_once() {
    for rules in both() {
        for record in readable_states(&rules)
            .into_iter()
            .filter(|it| it.requests > 0)
        {
            let reversed = Event::Observed(OrderStatus::Reversed);
            let (over, _) = step_at(&record, &reversed, &rules, 2);
            assert_eq!(over.state, State::Done(Outcome::NotCancelledFinal));
        }
    }
}

#[test]
fn a_payment_after_a_failed_or_expired_end_is_a_late_payment() {
    let rules = CancelRules::repeatable([Cancellable::Unpaid]);
    for ended in [OrderStatus::Failed, OrderStatus::Expired] {
        let mut events = vec![
            (0, Event::Observed(OrderStatus::Unpaid)),
            (1, Event::Unclear),
            (20, Event::Observed(ended)),
            (200, Event::Observed(OrderStatus::Paid)),
        ];
        let late = after(&rules, &events);
        assert_eq!(late.state, State::Done(Outcome::NotCancelledFinal));
        assert_eq!(late.finding, Some(Finding::LatePayment));
        events.push((201, Event::Resolved(Resolution::Acknowledged)));
        events.push((202, Event::Observed(OrderStatus::Paid)));
        assert_eq!(after(&rules, &events).finding, None);
    }
    // What was paid and went back before is no late payment.
    let events = [
        (0, Event::Observed(OrderStatus::Unpaid)),
        (1, Event::Unclear),
        (20, Event::Observed(OrderStatus::Reversed)),
        (200, Event::Observed(OrderStatus::Paid)),
    ];
    assert_eq!(after(&rules, &events).finding, None);
}

#[test]
fn nothing_is_repeated_for_an_order_that_shows_another_amount() {
    let rules = CancelRules::repeatable([Cancellable::Unpaid]);
    let sent = [
        (0, Event::Observed(OrderStatus::Unpaid)),
        (1, Event::Unclear),
    ];
    let doubt = after(&rules, &sent);
    let unpaid = differs(OrderStatus::Unpaid);
    assert_eq!(step_at(&doubt, &unpaid, &rules, 5).0.state, State::InDoubt);
    let (review, action) = step_at(&doubt, &unpaid, &rules, 10);
    assert_eq!(
        (review.state, action),
        (State::NeedsReview, Action::AskPerson)
    );
    let (still, _) = step_at(&review, &unpaid, &rules, 8000);
    assert_eq!(still.state, State::NeedsReview);
    // Another customer's order that shows no payment says nothing of ours.
    assert_eq!(still.finding, None);
}

#[test]
fn nothing_is_sent_for_a_held_order_and_what_was_sent_is_settled_by_reading() {
    for rules in both() {
        let held = rules.clone().held();
        let unpaid = Event::Observed(OrderStatus::Unpaid);
        for record in readable_states(&rules) {
            for status in [
                OrderStatus::Unpaid,
                OrderStatus::Processing,
                OrderStatus::Failed,
                OrderStatus::Expired,
            ] {
                for second in [1, 30, 3_700, 90_000] {
                    let event = Event::Observed(status.clone());
                    let (next, action) = step_at(&record, &event, &held, second);
                    assert_ne!(action, Action::SendRequest, "{record:?} {status}");
                    assert_eq!(next.requests, record.requests);
                    // No new attempt is begun either, which would be sent in the end.
                    let begun = next.state == State::Requested;
                    assert!(!begun || record.state == State::Requested, "{record:?}");
                }
            }
            // A payment wins as ever.
            let paid = Event::Observed(OrderStatus::Paid);
            let (as_ever, _) = step_at(&record, &paid, &rules, 3_700);
            assert_eq!(step_at(&record, &paid, &held, 3_700).0, as_ever);
        }
        let (next, _) = step_at(&Cancellation::requested(), &unpaid, &held, 0);
        assert_eq!(next.state, skipped(SkipReason::Held));
    }
}

#[test]
fn an_attempt_that_a_hold_stops_before_it_is_sent_is_in_doubt_about_the_earlier_one() {
    let rules = CancelRules::repeatable([Cancellable::Unpaid]);
    let unpaid = Event::Observed(OrderStatus::Unpaid);
    let events = [
        (0, unpaid.clone()),
        (1, Event::Unclear),
        (60, unpaid.clone()),
    ];
    let again = after(&rules, &events);
    assert_eq!((again.state, again.requests), (State::Requested, 1));
    let (next, _) = step_at(&again, &unpaid, &rules.clone().held(), 61);
    assert_eq!((next.state, next.requests), (State::InDoubt, 1));
    let (next, action) = step_at(&next, &unpaid, &rules.held(), 3_700);
    assert_eq!(
        (next.state, action),
        (State::NeedsReview, Action::AskPerson)
    );
}
