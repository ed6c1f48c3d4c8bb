//! The invariants hold in every correct system; each test says how many worlds it visits at least.

use super::invariants::Invariant;
use super::search::explore;
use super::system::{Amount, Authentication, Deadline, SecondAttempt, System};

/// Explores a system, says how large it is, and fails with the run that breaks an invariant.
#[expect(clippy::print_stdout, reason = "the number of states is worth reading")]
fn holds(name: &str, system: &System, at_least: usize) {
    let explored = explore(system);
    let (states, moves) = (explored.states, explored.moves);
    println!("{name}: {states} states, {moves} moves");
    if let Some(breach) = explored.breach {
        panic!(
            "{name}: {}\n{}",
            breach.invariant.description(),
            breach.trace
        );
    }
    assert!(states >= at_least, "{name}: only {states} states");
}

fn both() -> [(&'static str, System); 2] {
    [
        ("repeatable", System::repeatable()),
        ("once only", System::once_only()),
    ]
}

fn hold(what: &str, change: impl Fn(System) -> System, at_least: [usize; 2]) {
    for ((name, system), floor) in both().into_iter().zip(at_least) {
        holds(&format!("{name}, {what}"), &change(system), floor);
    }
}

#[test]
fn the_invariants_hold_with_two_workers_and_everything_that_a_network_does() {
    hold("plain", |system| system, [20_000, 18_000]);
}

#[test]
fn the_invariants_hold_where_a_status_is_slow_to_show_what_is() {
    let slow = |system| System {
        slow_status: true,
        ..system
    };
    hold("slow status", slow, [40_000, 35_000]);
}

#[test]
fn the_invariants_hold_when_the_clock_is_set_back() {
    let back = |system| System {
        clock_steps_back: 1,
        duplicates: 0,
        ..system
    };
    hold("clock set back", back, [30_000, 25_000]);
}

#[test]
fn the_invariants_hold_when_another_caller_asks_for_the_status() {
    let watched = |system| System {
        observer: true,
        duplicates: 0,
        ..system
    };
    hold("observer", watched, [35_000, 25_000]);
}

#[test]
fn the_invariants_hold_when_the_gateway_shows_another_amount_now_and_then() {
    let changing = |system| System {
        amount: Amount::Either,
        duplicates: 0,
        ..system
    };
    hold("amount now and then another", changing, [10_000, 8_000]);
}

#[test]
fn nothing_leaves_for_an_order_that_shows_another_amount() {
    let another = |system| System {
        amount: Amount::Another,
        duplicates: 0,
        ..system
    };
    hold("another amount", another, [40, 40]);
}

/// A failed payment that the customer makes good, as was recorded of M-Pesa.
#[test]
fn the_invariants_hold_when_a_payment_fails_and_is_made_good() {
    let fails = |system| System {
        fails: true,
        expires: false,
        duplicates: 0,
        observer: true,
        ..system
    };
    hold("pays after failing", fails, [100_000, 25_000]);
}

#[test]
fn the_invariants_hold_when_the_customer_pays_another_amount() {
    let pays_less = |system| System {
        fails: true,
        pays_less: true,
        expires: false,
        duplicates: 0,
        ..system
    };
    hold("pays another amount", pays_less, [50_000, 15_000]);
}

#[test]
fn the_invariants_hold_when_another_caller_sees_a_payment_of_another_amount() {
    let watched = |system| System {
        pays_less: true,
        observer: true,
        expires: false,
        duplicates: 0,
        ..system
    };
    hold("pays another amount, observer", watched, [120_000, 20_000]);
}

#[test]
fn the_invariants_hold_when_a_cancellation_is_asked_for_twice() {
    let again = |system| System {
        asks: 2,
        expires: false,
        duplicates: 0,
        ..system
    };
    hold("asked twice", again, [150_000, 60_000]);
}

/// Every cancellation of the order is told of a late payment, and the newest of its amount.
#[test]
fn the_invariants_hold_when_an_order_that_was_cancelled_twice_is_paid_with_another_amount() {
    let system = System {
        asks: 2,
        pays_less: true,
        expires: false,
        duplicates: 0,
        ..System::once_only()
    };
    holds(
        "once only, asked twice, pays another amount",
        &system,
        50_000,
    );
}

/// A second attempt for the same shop order, made once the first is over, or although its end is
/// in doubt. Either may be paid at any time, and a payment of the first may be late.
#[test]
fn the_invariants_hold_when_a_shop_order_has_two_attempts() {
    // Without another caller, no reader looks at an order that is over.
    let (watched, alone) = (true, false);
    let kinds = [
        ("replaces", SecondAttempt::Replaces, watched, [1, 1]),
        (
            "replaces in doubt",
            SecondAttempt::ReplacesInDoubt,
            alone,
            [1, 1],
        ),
    ];
    for (what, second_attempt, observer, at_least) in kinds {
        let two = |system| System {
            second_attempt,
            observer,
            expires: false,
            duplicates: 0,
            ..system
        };
        hold(&format!("second attempt {what}"), two, at_least);
    }
}

/// The moment between looking at the time and writing cannot be closed: a request may leave
/// late. It is still the only one at a once-only gateway, and everything else stands.
#[test]
fn a_worker_that_is_stopped_before_it_writes_breaks_nothing_but_the_time() {
    let leaky = |system| System {
        deadline: Deadline::CheckThenWrite,
        excused: vec![Invariant::NothingAfterTheLease],
        duplicates: 0,
        ..system
    };
    hold("look, then write", leaky, [10_000, 8_000]);
}

/// The same holds for a program without any deadline.
#[test]
fn without_a_deadline_a_once_only_gateway_still_gets_one_request() {
    let open = |system| System {
        deadline: Deadline::None,
        excused: vec![Invariant::NothingAfterTheLease],
        duplicates: 0,
        ..system
    };
    hold("no deadline", open, [10_000, 8_000]);
}

/// The rules alone keep the one request; the database is a second guard.
#[test]
fn without_the_attempts_constraint_the_rules_alone_send_one_request() {
    let system = System {
        attempts_constraint: false,
        asks: 2,
        expires: false,
        late_payment: false,
        duplicates: 0,
        ..System::once_only()
    };
    holds("once only, no attempts constraint", &system, 50_000);
}

#[test]
fn a_repeatable_gateway_may_refuse_the_credentials_of_one_copy_and_process_another() {
    let system = System {
        authentication: Authentication::PerCopy,
        ..System::repeatable()
    };
    holds("repeatable, authentication per copy", &system, 20_000);
}
