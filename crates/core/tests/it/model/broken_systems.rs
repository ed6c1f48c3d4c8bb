//! The checker can fail: every system broken on purpose is caught, by the truth that it
//! breaks, with a run that can be read.

use duka_core::OrderStatus;
use duka_core::cancel::{
    Action, CancelRules, Cancellable, Cancellation, Event, NotAllowed, Outcome, Repeat,
    ShowsCancelled, State, Step, WaitPolicy, step,
};
use jiff::Timestamp;

use super::search::{Breach, explore};
use super::system::{Amount, Door, Fence, Lapsed, Reporting, System};
use super::truths::Truth;

fn caught(system: &System) -> Breach {
    let system = System {
        duplicates: u8::from(system.door == Door::Fickle),
        ..system.clone()
    };
    explore(&system).breach.expect("nothing is broken")
}

fn goes_to(mut step: Step, state: State) -> Step {
    step.next.state = state;
    step
}

type Stepped = Result<Step, NotAllowed>;

/// What nobody has described is taken for a no.
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
fn any_amount_will_do(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Stepped {
    let seen = if let Event::AmountDiffers(status) = event {
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

/// Patience never ends.
fn nobody_is_asked(
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

/// Later sights of an order that was reported cancelled are not looked at.
fn what_is_done_is_done(
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
    assert_eq!(breach.truth, Truth::OneRequest, "{}", breach.trace);
    insta::assert_snapshot!(breach.trace);
}

#[test]
fn an_unclear_reply_taken_for_a_no_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&System {
            rules: unclear_is_no,
            ..system
        });
        assert_eq!(breach.truth, Truth::Evidence, "{}", breach.trace);
    }
}

#[test]
fn a_crash_taken_for_a_request_that_never_left_is_caught() {
    let blind = System {
        rules: a_crash_starts_over,
        attempts_fence: false,
        ..System::once_only()
    };
    let breach = caught(&blind);
    assert_eq!(breach.truth, Truth::OneRequest, "{}", breach.trace);
}

/// The database holds the request back, and so the record goes round for ever.
#[test]
fn the_attempts_fence_stops_that_request_and_the_circle_is_caught() {
    let fenced = System {
        rules: a_crash_starts_over,
        ..System::once_only()
    };
    let breach = caught(&fenced);
    assert_eq!(breach.truth, Truth::Ends, "{}", breach.trace);
    assert!(breach.trace.contains("and so on from step"));
}

#[test]
fn a_yes_that_is_not_verified_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&System {
            rules: a_yes_is_believed,
            ..system
        });
        assert_eq!(breach.truth, Truth::PaidWins, "{}", breach.trace);
    }
}

#[test]
fn an_amount_that_is_not_compared_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&System {
            rules: any_amount_will_do,
            amount: Amount::Another,
            ..system
        });
        assert_eq!(breach.truth, Truth::AnotherAmount, "{}", breach.trace);
    }
}

#[test]
fn a_payment_that_does_not_win_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&System {
            rules: a_yes_beats_a_payment,
            ..system
        });
        assert_eq!(breach.truth, Truth::PaidWins, "{}", breach.trace);
        assert!(breach.trace.contains("the customer pays"));
    }
}

#[test]
fn a_program_without_a_fence_of_time_is_caught() {
    for fence in [Fence::None, Fence::LookThenWrite] {
        let breach = caught(&System {
            fence,
            ..System::once_only()
        });
        let truth = breach.truth;
        assert_eq!(truth, Truth::NothingAfterTheClaim, "{}", breach.trace);
    }
}

#[test]
fn a_record_that_nobody_takes_up_again_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&System {
            lapsed: Lapsed::Nobody,
            ..system
        });
        assert_eq!(breach.truth, Truth::NotLost, "{}", breach.trace);
        assert!(breach.trace.contains("crashes"));
    }
}

#[test]
fn a_wait_without_end_is_caught() {
    for system in [System::repeatable(), System::once_only()] {
        let breach = caught(&System {
            rules: nobody_is_asked,
            ..system
        });
        assert_eq!(breach.truth, Truth::Ends, "{}", breach.trace);
    }
}

#[test]
fn a_review_that_begins_again_at_a_once_only_gateway_is_caught() {
    let breach = caught(&System {
        rules: a_review_begins_again,
        attempts_fence: false,
        ..System::once_only()
    });
    assert_eq!(breach.truth, Truth::OneRequest, "{}", breach.trace);
    let looks = "takes up what waits for a person";
    assert!(breach.trace.contains(looks), "{}", breach.trace);
}

#[test]
fn a_late_payment_that_nobody_is_told_of_is_caught() {
    let breach = caught(&System {
        rules: what_is_done_is_done,
        onlooker: true,
        ..System::once_only()
    });
    assert_eq!(breach.truth, Truth::LatePayment, "{}", breach.trace);
}

/// A limit rather than a mutation: where one copy of a request is refused at the door and
/// the other looked at, the refusal is a lie, and nobody on this side can know.
#[test]
fn a_door_that_refuses_one_copy_of_two_defeats_the_one_request() {
    let breach = caught(&System {
        door: Door::Fickle,
        ..System::once_only()
    });
    assert_eq!(breach.truth, Truth::OneRequest, "{}", breach.trace);
    assert!(breach.trace.contains("the network doubles the request"));
}

/// A worker reads *paid* and finds that somebody else has written meanwhile: a person who
/// decided, or a worker who took over. If it gives way with what it knows, it is lost.
#[test]
fn a_payment_read_by_a_worker_that_gives_way_is_missed_unless_it_is_stored() {
    let breach = caught(&System {
        reporting: Reporting::OwnReading,
        ..System::once_only()
    });
    assert_eq!(breach.truth, Truth::LatePayment, "{}", breach.trace);
    insta::assert_snapshot!(breach.trace);
}

/// Somebody else reads *paid* while a worker has *unpaid* in its hands.
#[test]
fn a_payment_seen_by_somebody_else_is_missed_unless_reports_look_at_the_order() {
    let breach = caught(&System {
        reporting: Reporting::OwnReading,
        onlooker: true,
        ..System::repeatable()
    });
    assert_eq!(breach.truth, Truth::LatePayment, "{}", breach.trace);
}
