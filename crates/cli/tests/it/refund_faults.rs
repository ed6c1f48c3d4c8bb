//! Every fault that can strike a refund request, the real program, and what it says of it.

use duka_emulator::{Fault, FaultKind, Operation};

use crate::fault_table::forms;
use crate::refunds::{paid, sent};

/// What a run of `duka refund` says: its exit code and its record.
fn words(run: &crate::shop::Run) -> String {
    let view = run.json();
    let word = view["outcome"].as_str().or(view["state"].as_str());
    format!("{} {}", run.code, word.unwrap())
}

#[test]
fn whatever_goes_wrong_a_refund_is_told_as_it_is_and_asked_for_once() {
    let table = [
        (FaultKind::ResetBefore, "4 in_doubt"),
        (FaultKind::ReplyLost, "4 in_doubt"),
        (FaultKind::Delay, "0 received"),
        (FaultKind::Http429, "4 in_doubt"),
        (FaultKind::Http500, "4 in_doubt"),
        (FaultKind::Http503, "4 in_doubt"),
        (FaultKind::HtmlBody, "4 in_doubt"),
        (FaultKind::EmptyBody, "4 in_doubt"),
        (FaultKind::TruncatedBody, "4 in_doubt"),
        (FaultKind::GarbageBody, "4 in_doubt"),
        (FaultKind::Odd401, "4 in_doubt"),
        (FaultKind::InterimFlood, "4 in_doubt"),
        (FaultKind::StrayReply, "0 received"),
        (FaultKind::OddWord, "4 in_doubt"),
        // Refused for its token, and made once more with a new one.
        (FaultKind::TokenExpired, "0 received"),
    ];
    let mut wrong = Vec::new();
    let with_form = |(kind, expected)| (0..forms(kind)).map(move |form| (kind, form, expected));
    for (kind, form, expected) in table.into_iter().flat_map(with_form) {
        let (shop, order) = paid();
        shop.emulator
            .arm(Fault::new(kind).on(Operation::Refund).form(form))
            .unwrap();
        let refund = ["refund", &order, "--remarks", "torn", "--json"];
        let said = words(&shop.duka(&refund));
        if said != expected {
            wrong.push(format!("{kind} in form {form}: {said}, not {expected}"));
        }
        let truth = shop.emulator.order(&order).unwrap();
        let made = if kind == FaultKind::TokenExpired {
            2
        } else {
            1
        };
        if sent(&shop) != made || truth.refund_requests > 1 {
            wrong.push(format!("{kind}: {} sent; {truth:?}", sent(&shop)));
        }
        if said.ends_with("received") && !truth.refund_received {
            wrong.push(format!("{kind}: reported as received, and is not"));
        }
        if !shop.emulator.faults().is_empty() {
            wrong.push(format!("{kind} never struck"));
        }
        // No command makes it leave again.
        for _ in 0..2 {
            shop.duka(&refund);
            shop.duka(&["sweep", "--min-age", "0s"]);
        }
        if sent(&shop) != made {
            wrong.push(format!("{kind}: sent again"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn keys_that_are_refused_free_the_payment_and_are_usage() {
    let (mut shop, order) = paid();
    let refund = ["refund", &order, "--remarks", "torn", "--json"];
    let good = "emulator-secret";
    shop.terminal
        .set("DUKA_PESAPAL_CONSUMER_SECRET", "mistyped");
    shop.duka(&refund).exits(2);
    shop.terminal.set("DUKA_PESAPAL_CONSUMER_SECRET", good);
    // Refused for its token every time: the gateway never processed it.
    let fault = Fault::new(FaultKind::TokenExpired).on(Operation::Refund);
    shop.emulator.arm(fault.times(2)).unwrap();
    let view = shop.duka(&refund).exits(2).json();
    assert_eq!(view["outcome"], "not_sent");
    assert_eq!(view["sent_at"], serde_json::Value::Null);
    assert_eq!(view["attempts"], 0);
    let second = shop.duka(&refund).exits(0).json();
    assert_eq!(second["outcome"], "received");
    assert_ne!(second["id"], view["id"]);
    let shown = shop.duka(&["show", &order, "--json"]).exits(0).json();
    assert_eq!(shown["refunds"].as_array().unwrap().len(), 2);
}

#[test]
fn a_gateway_out_of_reach_fails_before_anything_is_written_down() {
    let (mut shop, order) = paid();
    shop.terminal
        .set("DUKA_PESAPAL_BASE_URL", "http://127.0.0.1:1/pesapalv3");
    shop.duka(&["refund", &order, "--remarks", "torn"])
        .exits(1)
        .complains("failed to ask for a refund");
    let shown = shop.duka(&["show", &order, "--json"]).exits(0).json();
    assert_eq!(shown["refunds"], serde_json::json!([]));
}
