//! The checker can fail: every system broken on purpose is caught, by the invariant that it
//! breaks, with a run that can be read.

use duka_core::OrderStatus;
use duka_core::cancel::{
    Action, CancelRules, Cancellable, Cancellation, Event, NotAllowed, Outcome, Repeat,
    ShowsCancelled, State, Step, WaitPolicy, step,
};
use jiff::Timestamp;

use super::invariants::Invariant;
use super::search::{Breach, explore};
use super::system::{
    Amount, AttemptsCheck, Authentication, Deadline, ExpiredLease, PaidTwice, Reporting, Rules,
    SecondAttempt, System,
};

fn caught(system: &System) -> Breach {
    let system = System {
        duplicates: u8::from(system.authentication == Authentication::PerCopy),
        ..system.clone()
    };
    explore(&system).breach.expect("nothing is broken")
}

fn goes_to(mut step: Step, state: State) -> Step {
    step.next.state = state;
    step
}

type Stepped = Result<Step, NotAllowed>;

/// An undocumented reply is read as a refusal.
fn unclear_is_no(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Stepped {
    let unclear = *event == Event::Unclear;
    let taken_for = if unclear { &Event::AnsweredNo } else { event };
    step(current, taken_for, rules, wait_policy, now)
}

/// A worker that died while sending is taken for one that never began.
fn a_crash_starts_over(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Stepped {
    let mut stepped = step(current, event, rules, wait_policy, now)?;
    if current.state == State::Sending && *event == Event::LeaseLapsed {
        stepped = goes_to(stepped, State::Requested);
        stepped.next.requests = 0;
    }
    Ok(stepped)
}

/// A yes is reported at once.
fn a_yes_is_believed(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Stepped {
    let mut stepped = step(current, event, rules, wait_policy, now)?;
    if *event == Event::AnsweredYes {
        stepped = goes_to(stepped, State::Done(Outcome::Confirmed));
        stepped.action = Action::Stop;
    }
    Ok(stepped)
}

/// The amount is read and not compared.
fn amount_not_compared(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Stepped {
    let seen = if let Event::AmountDiffers(status, _) = event {
        Event::Observed(status.clone())
    } else {
        event.clone()
    };
    step(current, &seen, rules, wait_policy, now)
}

/// A payment after the yes counts for nothing.
fn a_yes_beats_a_payment(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Stepped {
    let stepped = step(current, event, rules, wait_policy, now)?;
    let paid = *event == Event::Observed(OrderStatus::Paid);
    Ok(if current.state == State::Accepted && paid {
        goes_to(stepped, State::Done(Outcome::Confirmed))
    } else {
        stepped
    })
}

/// No cancellation is ever handed to a person.
fn no_review(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Stepped {
    let forever = WaitPolicy {
        review_after: std::time::Duration::MAX,
        ..*wait_policy
    };
    step(current, event, rules, &forever, now)
}

/// What waits for a person goes on by itself, whatever the gateway takes.
fn a_review_begins_again(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Stepped {
    let open = matches!(event, Event::Observed(status) if rules.is_eligible(status));
    let mut stepped = step(current, event, rules, wait_policy, now)?;
    if current.state == State::NeedsReview && open {
        stepped = goes_to(stepped, State::Requested);
        stepped.action = Action::ReadStatus { not_before: now };
        stepped.next.requests = 0;
    }
    Ok(stepped)
}

/// Later observations of an order that was reported cancelled are ignored.
fn later_payments_are_ignored(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Stepped {
    let mut stepped = step(current, event, rules, wait_policy, now)?;
    stepped.next.finding = None;
    Ok(stepped)
}

/// A payment is a payment, whatever its amount.
fn amounts_of_payments_do_not_matter(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Stepped {
    let paid = Event::Observed(OrderStatus::Paid);
    let differs = matches!(event, Event::AmountDiffers(OrderStatus::Paid, _));
    let seen = if differs { &paid } else { event };
    step(current, seen, rules, wait_policy, now)
}

/// A failed payment is a failed payment, whatever its receipt says.
fn receipts_do_not_matter(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Stepped {
    let failed = Event::Observed(OrderStatus::Failed);
    let differs = matches!(event, Event::AmountDiffers(OrderStatus::Failed, _));
    let seen = if differs { &failed } else { event };
    step(current, seen, rules, wait_policy, now)
}

/// A review of the amount is over once the order looks open again.
fn a_review_forgets_the_amount(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Stepped {
    let mut forgetful = current.clone();
    if current.state == State::NeedsReview {
        forgetful.finding = None;
    }
    let mut stepped = step(&forgetful, event, rules, wait_policy, now)?;
    stepped.next.finding = stepped.next.finding.max(current.finding);
    Ok(stepped)
}

/// What has failed has ended.
fn failed_is_final(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Stepped {
    let failed = *event == Event::Observed(OrderStatus::Failed);
    let settled = WaitPolicy {
        settle: if failed {
            std::time::Duration::ZERO
        } else {
            wait_policy.settle
        },
        ..*wait_policy
    };
    step(current, event, rules, &settled, now)
}

/// What has failed is not looked at again.
fn payments_after_a_failure_are_ignored(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Stepped {
    let mut stepped = step(current, event, rules, wait_policy, now)?;
    if current.state == State::Done(Outcome::NotCancelledFinal) {
        stepped.next.finding = current.finding;
    }
    Ok(stepped)
}

#[test]
fn a_once_only_gateway_taken_for_a_repeatable_one_is_caught() {
    let believed = CancelRules::new(
        [Cancellable::Unpaid, Cancellable::Failed],
        Repeat::Harmless,
        ShowsCancelled::No,
    );
    let breach = caught(&System {
        believed,
        ..System::once_only()
    });
    assert_eq!(breach.invariant, Invariant::OneRequest, "{}", breach.trace);
    insta::assert_snapshot!(breach.trace);
}

#[test]
fn an_unclear_reply_taken_for_a_no_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&System {
            rules: unclear_is_no,
            ..system
        });
        assert_eq!(breach.invariant, Invariant::Evidence, "{}", breach.trace);
    }
}

#[test]
fn a_crash_taken_for_a_request_that_never_left_is_caught() {
    let blind = System {
        rules: a_crash_starts_over,
        attempts_constraint: false,
        ..System::once_only()
    };
    let breach = caught(&blind);
    assert_eq!(breach.invariant, Invariant::OneRequest, "{}", breach.trace);
}

/// The database refuses the second request, so the record never ends.
#[test]
fn the_attempts_constraint_stops_that_request_and_the_endless_loop_is_caught() {
    let constrained = System {
        rules: a_crash_starts_over,
        ..System::once_only()
    };
    let breach = caught(&constrained);
    assert_eq!(breach.invariant, Invariant::Ends, "{}", breach.trace);
    assert!(breach.trace.contains("and so on from step"));
}

#[test]
fn a_yes_that_is_not_verified_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&System {
            rules: a_yes_is_believed,
            ..system
        });
        assert_eq!(breach.invariant, Invariant::PaidWins, "{}", breach.trace);
    }
}

#[test]
fn an_amount_that_is_not_compared_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&System {
            rules: amount_not_compared,
            amount: Amount::Another,
            ..system
        });
        assert_eq!(
            breach.invariant,
            Invariant::AnotherAmount,
            "{}",
            breach.trace
        );
    }
}

#[test]
fn a_payment_that_does_not_win_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&System {
            rules: a_yes_beats_a_payment,
            ..system
        });
        assert_eq!(breach.invariant, Invariant::PaidWins, "{}", breach.trace);
        assert!(breach.trace.contains("the customer pays"));
    }
}

#[test]
fn a_program_without_a_deadline_for_sending_is_caught() {
    for deadline in [Deadline::None, Deadline::CheckThenWrite] {
        let breach = caught(&System {
            deadline,
            ..System::once_only()
        });
        let invariant = breach.invariant;
        assert_eq!(
            invariant,
            Invariant::NothingAfterTheLease,
            "{}",
            breach.trace
        );
    }
}

#[test]
fn a_record_that_no_worker_takes_up_again_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&System {
            expired_lease: ExpiredLease::Stuck,
            ..system
        });
        assert_eq!(breach.invariant, Invariant::NotLost, "{}", breach.trace);
        assert!(breach.trace.contains("crashes"));
    }
}

#[test]
fn a_wait_without_end_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&System {
            rules: no_review,
            ..system
        });
        assert_eq!(breach.invariant, Invariant::Ends, "{}", breach.trace);
    }
}

#[test]
fn a_review_that_begins_again_at_a_once_only_gateway_is_caught() {
    let breach = caught(&System {
        rules: a_review_begins_again,
        attempts_constraint: false,
        ..System::once_only()
    });
    assert_eq!(breach.invariant, Invariant::OneRequest, "{}", breach.trace);
    let looks = "takes up what waits for a person";
    assert!(breach.trace.contains(looks), "{}", breach.trace);
}

#[test]
fn a_late_payment_that_raises_no_finding_is_caught() {
    let breach = caught(&System {
        rules: later_payments_are_ignored,
        observer: true,
        ..System::once_only()
    });
    assert_eq!(breach.invariant, Invariant::LatePayment, "{}", breach.trace);
}

fn pays_less(system: System, rules: Rules) -> System {
    System {
        rules,
        pays_less: true,
        fails: true,
        ..system
    }
}

#[test]
fn a_payment_of_another_amount_that_raises_no_finding_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&pays_less(system, amounts_of_payments_do_not_matter));
        assert_eq!(
            breach.invariant,
            Invariant::OtherPayment,
            "{}",
            breach.trace
        );
        assert!(breach.trace.contains("the customer pays another amount"));
    }
}

#[test]
fn a_failed_payment_with_a_receipt_taken_for_an_ordinary_one_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&pays_less(system, receipts_do_not_matter));
        assert_eq!(
            breach.invariant,
            Invariant::OtherPayment,
            "{}",
            breach.trace
        );
        assert!(breach.trace.contains("a receipt of another amount"));
    }
}

#[test]
fn a_review_of_the_amount_that_sends_once_the_order_looks_open_is_caught() {
    let breach = caught(&System {
        slow_status: true,
        ..pays_less(System::repeatable(), a_review_forgets_the_amount)
    });
    assert_eq!(
        breach.invariant,
        Invariant::OtherPayment,
        "{}",
        breach.trace
    );
}

#[test]
fn a_failed_order_that_is_final_at_once_is_caught() {
    let breach = caught(&pays_less(System::repeatable(), failed_is_final));
    assert_eq!(breach.invariant, Invariant::Settles, "{}", breach.trace);
}

#[test]
fn a_payment_after_a_failure_that_raises_no_finding_is_caught() {
    let breach = caught(&System {
        observer: true,
        pays_less: false,
        ..pays_less(System::repeatable(), payments_after_a_failure_are_ignored)
    });
    assert_eq!(breach.invariant, Invariant::LatePayment, "{}", breach.trace);
    assert!(
        breach.trace.contains("the payment fails"),
        "{}",
        breach.trace
    );
}

/// A known limit, not a mutation: if the gateway refuses the credentials of one copy of a
/// request and processes the other copy, the client cannot detect it.
#[test]
fn a_gateway_that_refuses_the_credentials_of_one_copy_of_two_defeats_the_one_request() {
    let breach = caught(&System {
        authentication: Authentication::PerCopy,
        ..System::once_only()
    });
    assert_eq!(breach.invariant, Invariant::OneRequest, "{}", breach.trace);
    assert!(breach.trace.contains("the network doubles the request"));
}

/// A worker reads *paid* and finds that the record has changed meanwhile: a person decided,
/// or another worker took over. If the worker gives way without storing *paid*, it is lost.
#[test]
fn a_payment_read_by_a_worker_that_gives_way_is_missed_unless_it_is_stored() {
    let breach = caught(&System {
        reporting: Reporting::OwnReading,
        ..System::once_only()
    });
    assert_eq!(breach.invariant, Invariant::LatePayment, "{}", breach.trace);
    insta::assert_snapshot!(breach.trace);
}

/// Another caller reads *paid* while a worker still holds *unpaid*.
#[test]
fn a_payment_seen_by_another_caller_is_missed_unless_reports_look_at_the_order() {
    let breach = caught(&System {
        reporting: Reporting::OwnReading,
        observer: true,
        ..System::repeatable()
    });
    assert_eq!(breach.invariant, Invariant::LatePayment, "{}", breach.trace);
}

/// The first attempt is looked at, and paid before the request for the second is stored.
#[test]
fn a_second_attempt_that_begins_after_an_earlier_look_at_the_first_is_caught() {
    for second_attempt in [SecondAttempt::Replaces, SecondAttempt::ReplacesInDoubt] {
        for system in [System::repeatable(), System::once_only()] {
            let breach = caught(&System {
                second_attempt,
                attempts_check: AttemptsCheck::Before,
                ..system
            });
            let invariant = breach.invariant;
            assert_eq!(invariant, Invariant::SecondAttempt, "{}", breach.trace);
            assert!(breach.trace.contains("the customer pays"));
        }
    }
}

/// The second attempt is paid first, and then the first, late.
#[test]
fn a_late_payment_of_the_first_attempt_that_does_not_look_at_the_second_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&System {
            second_attempt: SecondAttempt::Replaces,
            paid_twice: PaidTwice::OfTheSecond,
            observer: true,
            ..system
        });
        assert_eq!(breach.invariant, Invariant::PaidTwice, "{}", breach.trace);
    }
}
