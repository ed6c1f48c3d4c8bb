//! The suite itself: a correct gateway passes, and every broken one is caught by name.

mod flaw;
mod server;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use duka_core::cancel::{CancelRules, Cancellable, Repeat, ShowsCancelled};
use duka_core::conformance::{self, Fault, Harness, check_all};

use flaw::Flaw;
use server::TestServer;

/// Nothing here waits, so one poll is enough.
fn block_on<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the server in memory never waits"),
    }
}

/// A function of the suite.
type Promise = for<'a> fn(&'a dyn Harness) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

macro_rules! promises {
    (names; $($name:ident)+) => {
        [$((stringify!($name), (|harness| Box::pin(conformance::$name(harness))) as Promise)),+]
    };
}

/// Every function of the suite, with its name.
fn promises() -> Vec<(&'static str, Promise)> {
    duka_core::for_each_promise!([promises] names;).to_vec()
}

/// The names of the functions that fail, each run at a server of its own, and the messages.
fn failures(server: impl Fn() -> TestServer) -> Vec<(&'static str, String)> {
    let failure = |(name, promise): (&'static str, Promise)| {
        let server = server();
        let run = AssertUnwindSafe(|| block_on(promise(&server)));
        let panic = catch_unwind(run).err()?;
        let message = panic.downcast_ref::<String>().cloned();
        let message = message.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Some((name, message.unwrap_or_default()))
    };
    promises().into_iter().filter_map(failure).collect()
}

fn failing(server: impl Fn() -> TestServer) -> Vec<&'static str> {
    failures(server).into_iter().map(|(name, _)| name).collect()
}

fn caught(flaw: Flaw) -> Vec<&'static str> {
    failing(|| TestServer::with(Some(flaw), repeatable()))
}

fn repeatable() -> CancelRules {
    CancelRules::repeatable([Cancellable::Unpaid, Cancellable::Processing])
}

async fn correct() -> TestServer {
    TestServer::with(None, repeatable())
}

mod one_by_one {
    duka_core::conformance_tests!(block_on = super::block_on, harness = super::correct);
}

#[test]
fn a_correct_gateway_keeps_every_promise() {
    block_on(check_all(&block_on(correct())));
}

#[test]
fn a_correct_once_only_gateway_keeps_every_promise() {
    let rules = CancelRules::once_only([Cancellable::Unpaid, Cancellable::Failed]);
    block_on(check_all(&TestServer::with(None, rules)));
}

#[test]
fn every_flaw_is_caught_by_name() {
    let mut lines = Vec::new();
    let mut caught_by = Vec::new();
    for flaw in Flaw::ALL {
        let names = caught(flaw);
        assert!(!names.is_empty(), "{flaw:?} passed for a correct gateway");
        lines.push(format!("{flaw:?}: {}", names.join(", ")));
        caught_by.extend(names);
    }
    insta::assert_snapshot!(lines.join("\n"));
    // And no function is there in vain.
    let names = promises().into_iter().map(|(name, _)| name);
    let idle: Vec<_> = names.filter(|name| !caught_by.contains(name)).collect();
    assert_eq!(idle, Vec::<&str>::new());
}

#[test]
fn every_function_of_the_suite_is_in_its_list() {
    let sources = [
        include_str!("../../../src/conformance/orders.rs"),
        include_str!("../../../src/conformance/cancels.rs"),
        include_str!("../../../src/conformance/refunds.rs"),
        include_str!("../../../src/conformance/notifications.rs"),
        include_str!("../../../src/conformance/requests.rs"),
    ];
    let lines = sources.iter().flat_map(|source| source.lines());
    let functions = lines.filter_map(|line| line.strip_prefix("pub async fn ")?.split_once('('));
    let mut functions: Vec<_> = functions.map(|(name, _)| name).collect();
    let mut listed: Vec<_> = promises().into_iter().map(|(name, _)| name).collect();
    functions.sort_unstable();
    listed.sort_unstable();
    assert_eq!(functions, listed);
}

#[test]
fn a_failure_says_what_was_wrong() {
    let failures = failures(|| TestServer::with(Some(Flaw::SendsTwice), repeatable()));
    let wanted = (
        "cancel_with_a_connection_reset_is_in_doubt",
        "one call sent more than one request: RequestCounts { received: 2, authenticated: 1, applied: 1 }",
    );
    let first = failures.iter().find(|(name, _)| name.starts_with("cancel"));
    assert_eq!(
        first.map(|(name, text)| (*name, text.as_str())),
        Some(wanted)
    );
}

#[test]
fn rules_that_promise_what_the_gateway_does_not_do_are_caught() {
    let rules = CancelRules::new([Cancellable::Unpaid], Repeat::Harmless, ShowsCancelled::No);
    let names = failing(|| {
        let mut server = TestServer::with(None, rules.clone());
        server.shows_cancelled = ShowsCancelled::Yes;
        server
    });
    assert_eq!(names, ["cancelled_order_shows_it_if_the_rules_say_so"]);
}

#[test]
fn a_gateway_may_refuse_to_cancel_a_failed_order_if_the_adapter_says_so() {
    let rules = CancelRules::repeatable([Cancellable::Unpaid, Cancellable::Failed]);
    let refuses = |flaw| {
        let mut server = TestServer::with(flaw, rules.clone());
        server.cancels_failed = false;
        server
    };
    block_on(check_all(&refuses(None)));
    let names = failing(|| refuses(Some(Flaw::TakesEveryAnswerForYes)));
    assert!(names.contains(&"failed_order_is_cancelled_if_the_rules_say_so"));
}

#[test]
fn a_gateway_may_show_a_cancellation_a_read_or_two_late_and_no_more() {
    for (late, passes) in [(1, true), (2, true), (3, false)] {
        let names = failing(|| {
            let mut server = TestServer::with(None, repeatable());
            server.shows_cancelled_after = late;
            server
        });
        assert_eq!(names.is_empty(), passes, "{late} reads late: {names:?}");
    }
}

/// The harness panics if such a fault is injected all the same.
#[test]
fn a_fault_that_cannot_happen_is_not_injected() {
    for fault in Fault::ALL {
        let mut server = TestServer::with(None, repeatable());
        server.impossible_fault = Some(fault);
        block_on(check_all(&server));
    }
}

/// The harness panics if one is asked for all the same.
#[test]
fn a_gateway_without_notifications_is_not_asked_for_one() {
    let mut server = TestServer::with(None, repeatable());
    server.without_notifications = true;
    block_on(check_all(&server));
}

#[test]
fn a_harness_without_invalid_orders_passes() {
    let mut server = TestServer::with(None, repeatable());
    server.without_limits = true;
    block_on(check_all(&server));
}

#[test]
fn a_harness_whose_faults_never_happen_does_not_pass() {
    let names = failing(|| {
        let mut server = TestServer::with(None, repeatable());
        server.ignores_faults = true;
        server
    });
    let under_a_fault = |name: &&str| {
        let (cancel, refund) = (
            name.starts_with("cancel_"),
            name.starts_with("refund_with_"),
        );
        cancel || refund
    };
    let all = promises().into_iter().map(|(name, _)| name);
    let expected: Vec<_> = all.filter(under_a_fault).collect();
    assert_eq!(expected.len(), Fault::ALL.len() + Fault::ALL.len() - 2);
    for name in expected {
        assert!(names.contains(&name), "{name}");
    }
}

#[test]
#[should_panic(expected = "the cancel was accepted")]
fn a_broken_promise_fails_its_test() {
    let server = TestServer::with(Some(Flaw::TakesEveryAnswerForYes), repeatable());
    block_on(conformance::paid_order_is_never_cancelled(&server));
}
