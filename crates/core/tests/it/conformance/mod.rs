//! The suite itself: a correct gateway passes, and every broken one is caught by name.

mod flaw;
mod shop;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use duka_core::cancel::{CancelRules, Cancellable, Repeat, ShowsCancelled};
use duka_core::conformance::{self, Fault, Report, Verdict, cases};

use flaw::Flaw;
use shop::Shop;

/// Nothing here ever waits, so one look is enough.
fn block_on<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the shop never waits"),
    }
}

fn report(shop: &Shop) -> Report {
    block_on(conformance::check_all(shop))
}

fn caught(flaw: Flaw) -> Vec<String> {
    let report = report(&Shop::with(Some(flaw), repeatable()));
    let names = report.violated();
    names.into_iter().map(ToOwned::to_owned).collect()
}

fn repeatable() -> CancelRules {
    CancelRules::repeatable([Cancellable::Unpaid, Cancellable::Processing])
}

async fn good() -> Shop {
    Shop::with(None, repeatable())
}

mod one_by_one {
    duka_core::conformance_tests!(block_on = super::block_on, bench = super::good);
}

#[test]
fn a_correct_gateway_passes_every_case() {
    let report = report(&block_on(good()));
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.passed.len(), cases().len(), "{report}");
    assert!(
        report
            .to_string()
            .ends_with(" cases passed, 0 are violated")
    );
}

#[test]
fn a_correct_once_only_gateway_passes_every_case_but_the_repeat() {
    let rules = CancelRules::once_only([Cancellable::Unpaid, Cancellable::Failed]);
    let report = report(&Shop::with(None, rules));
    assert!(report.is_clean(), "{report}");
    let left_out: Vec<_> = report
        .left_out
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        left_out,
        ["a_repeated_cancel_does_no_harm_where_the_rules_say_so"]
    );
}

#[test]
fn every_flaw_is_caught_by_name() {
    let lines: Vec<_> = Flaw::ALL
        .into_iter()
        .map(|flaw| format!("{flaw:?}: {}", caught(flaw).join(", ")))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
    for flaw in Flaw::ALL {
        assert!(
            !caught(flaw).is_empty(),
            "{flaw:?} passed for a correct gateway"
        );
    }
}

#[test]
fn every_case_catches_some_flaw() {
    let caught: Vec<_> = Flaw::ALL.into_iter().flat_map(caught).collect();
    let idle: Vec<_> = cases()
        .iter()
        .map(|case| case.name().to_owned())
        .filter(|name| !caught.contains(name))
        .collect();
    assert_eq!(idle, Vec::<String>::new());
}

#[test]
fn a_violation_says_what_was_expected_and_seen() {
    let report = report(&Shop::with(Some(Flaw::SendsTwice), repeatable()));
    let first = report.violations[0].to_string();
    assert_eq!(
        first,
        "cancel_under_reset_before: expected one request for one call; saw 2 received, 1 of them looked at"
    );
}

#[test]
fn rules_that_promise_what_the_gateway_does_not_do_are_caught() {
    let rules = CancelRules::new([Cancellable::Unpaid], Repeat::Harmless, ShowsCancelled::No);
    let mut shop = Shop::with(None, rules);
    shop.shows_cancelled = ShowsCancelled::Yes;
    assert_eq!(
        report(&shop).violated(),
        ["a_cancelled_order_shows_it_where_the_rules_say_so"]
    );
}

#[test]
fn a_gateway_may_refuse_to_cancel_a_failed_order_as_long_as_it_is_told_so() {
    let rules = CancelRules::repeatable([Cancellable::Unpaid, Cancellable::Failed]);
    let mut shop = Shop::with(None, rules.clone());
    shop.cancels_failed = false;
    let clean = report(&shop);
    assert!(clean.is_clean(), "{clean}");
    let mut shop = Shop::with(Some(Flaw::TakesEveryAnswerForYes), rules);
    shop.cancels_failed = false;
    let case = "a_failed_order_is_cancelled_where_the_rules_say_so";
    assert!(report(&shop).violated().contains(&case));
}

#[test]
fn a_gateway_may_show_a_cancellation_a_read_or_two_late_and_no_more() {
    for (late, clean) in [(1, true), (2, true), (3, false)] {
        let mut shop = Shop::with(None, repeatable());
        shop.shows_cancelled_after = late;
        let report = report(&shop);
        assert_eq!(report.is_clean(), clean, "{late} reads late: {report}");
    }
}

#[test]
fn a_fault_that_cannot_happen_leaves_its_cases_out_and_says_so() {
    let mut shop = Shop::with(None, repeatable());
    shop.impossible = Some(Fault::TooManyRequests);
    let report = report(&shop);
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.left_out.len(), 4);
    let text = report.to_string();
    let wanted = "cancel_under_too_many_requests: left out, too_many_requests does not happen in Cancel there";
    assert!(text.contains(wanted), "{text}");
}

#[test]
fn a_gateway_without_notifications_leaves_their_cases_out() {
    let mut shop = Shop::with(None, repeatable());
    shop.silent = true;
    let report = report(&shop);
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.left_out.len(), 3, "{report}");
    let wanted = "a_notification_names_its_order: left out, there are no notifications there";
    assert!(report.to_string().contains(wanted), "{report}");
}

#[test]
fn a_bench_without_flawed_orders_leaves_the_rule_about_them_out() {
    let mut shop = Shop::with(None, repeatable());
    shop.has_no_limits = true;
    let report = report(&shop);
    assert!(report.is_clean(), "{report}");
    let name = "a_flawed_order_is_not_sent_and_its_field_is_named";
    let reason = "the bench has no flawed orders";
    assert_eq!(report.left_out, [(name.to_owned(), reason.to_owned())]);
}

#[test]
fn a_bench_whose_faults_never_strike_does_not_pass() {
    let mut shop = Shop::with(None, repeatable());
    shop.deaf = true;
    let report = report(&shop);
    for fault in Fault::ALL {
        let name = format!("cancel_under_{}", fault.as_str());
        assert!(report.violated().contains(&name.as_str()), "{name}");
        let refund = format!("refund_under_{}", fault.as_str());
        let is_case = conformance::Case::named(&refund).is_some();
        let is_caught = report.violated().contains(&refund.as_str());
        assert_eq!(is_caught, is_case, "{refund}");
    }
}

#[test]
#[should_panic(expected = "a_paid_order_is_never_cancelled: expected anything but a yes")]
fn a_violated_case_fails_its_test() {
    let shop = Shop::with(Some(Flaw::TakesEveryAnswerForYes), repeatable());
    let case = conformance::Case::named("a_paid_order_is_never_cancelled").unwrap();
    block_on(case.run(&shop)).assert_not_violated();
}

#[test]
fn a_case_that_is_left_out_passes_its_test() {
    Verdict::LeftOut("because".to_owned()).assert_not_violated();
    Verdict::Passed.assert_not_violated();
}
