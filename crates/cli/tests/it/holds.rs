//! `duka hold` and `duka release`, and what the other commands say of a held order.

use duka_emulator::{Fault, FaultKind, Operation};
use serde_json::Value;

use crate::rules::{by_order, explain, tracked};
use crate::shop::CliFixture;

const NOTE: &str = "pays by cheque";

fn hold(shop: &CliFixture, id: &str) -> Value {
    let args = ["hold", id, "--note", NOTE, "--by", "amina", "--json"];
    shop.duka(&args).exits(0).json()
}

fn assert_held(row: &Value) {
    assert_eq!(row["held_by"], "amina", "{row}");
    assert_eq!(row["hold_note"], NOTE);
    let at: Result<jiff::Timestamp, _> = row["held_at"].as_str().unwrap().parse();
    assert!(at.is_ok(), "{row}");
}

#[test]
fn a_held_order_is_never_swept_and_every_command_says_who_holds_it_and_why() {
    let shop = tracked("", &[("7001", "card"), ("7002", "card")]);
    assert_held(&hold(&shop, "7001"));
    let (rows, summary) = shop.duka(&["sweep", "--json"]).exits(0).swept();
    assert_eq!((rows.len(), &summary["considered"]), (1, &1.into()));
    // A list may name it.
    for dry in [&["--dry-run"][..], &[]] {
        let args = [&["sweep", "--json", "--orders", "orders.csv"], dry].concat();
        let (rows, summary) = shop.duka(&args).exits(0).swept();
        let held = by_order(&rows, "7001");
        assert_held(&held);
        assert_eq!(
            (&held["state"], &held["outcome"], &held["skip_reason"]),
            (&"done".into(), &"skipped".into(), &"held".into())
        );
        assert_eq!(summary["sent"], 0);
    }
    let plan = explain(&shop, &["7001"]);
    assert_held(&plan);
    assert_eq!(
        (&plan["plan"], &plan["reason"]),
        (&"leave".into(), &"held".into())
    );
    let shown = shop.duka(&["show", "7001", "--json"]).exits(0).json();
    assert_held(&shown["order"]);
    assert_eq!(shown["holds"][0]["event"], "held");
    let report = shop.duka(&["report", "--json"]).exits(0).lines();
    assert_held(&by_order(&report, "7001"));
    for args in [&["show", "7001"][..], &["explain", "7001"], &["report"]] {
        let said = shop.duka(args).exits(0).stdout;
        assert!(said.contains("held by amina since"), "{args:?}: {said}");
        assert!(said.contains(NOTE), "{args:?}: {said}");
    }
    assert_eq!(shop.cancels_received(), 1);
}

#[test]
fn cancelling_a_held_order_by_its_name_is_refused_until_it_is_released() {
    let shop = tracked("", &[("7001", "card")]);
    hold(&shop, "7001");
    let reads = shop.received(Operation::Status);
    let refused = shop.duka(&["cancel", "7001"]).exits(3);
    refused.complains("order 7001 at kwikpaisa is held by amina since ");
    refused.complains(": pays by cheque; nothing was sent; `duka release` ends the hold");
    assert_eq!(shop.received(Operation::Status), reads);
    assert_eq!(shop.cancels_received(), 0);
    let released = shop.duka(&["release", "7001", "--by", "joe"]).exits(0);
    assert_eq!(released.stdout, "7001 at kwikpaisa  released\n");
    shop.duka(&["cancel", "7001"]).exits(0);
    assert_eq!(shop.cancels_received(), 1);
    let shown = shop.duka(&["show", "7001", "--json"]).exits(0).json();
    assert_eq!(shown["order"]["held_by"], Value::Null);
    let lines: Vec<_> = shown["holds"].as_array().unwrap().iter().collect();
    assert_eq!(
        (lines.len(), &lines[1]["event"], &lines[1]["actor"]),
        (2, &"released".into(), &"joe".into())
    );
}

#[test]
fn a_second_hold_and_a_second_release_change_nothing_and_say_so() {
    let shop = tracked("", &[("7001", "card")]);
    let not_held = shop.duka(&["release", "7001"]).exits(3);
    not_held.complains("order 7001 at kwikpaisa is not held");
    hold(&shop, "7001");
    let again = shop.duka(&["hold", "7001", "--note", "again", "--by", "joe"]);
    let again = again.exits(3);
    again.complains("order 7001 at kwikpaisa is already held by amina since ");
    again.complains(": pays by cheque; `duka release` ends that");
    let shown = shop.duka(&["show", "7001", "--json"]).exits(0).json();
    assert_held(&shown["order"]);
    let blank = shop.duka(&["hold", "7001", "--note", " ", "--by", "joe"]);
    blank.exits(2).complains("--note is blank");
    let unknown = shop.duka(&["hold", "9999", "--note", "x", "--by", "joe"]);
    unknown.exits(2).complains("order 9999 is not tracked");
}

#[test]
fn a_hold_says_that_an_earlier_request_is_still_settled() {
    let shop = tracked("", &[("7001", "card")]);
    let fault = Fault::new(FaultKind::Http503).on(Operation::Cancel);
    shop.emulator.arm(fault).unwrap();
    let args = ["hold", "7001", "--note", NOTE, "--by", "amina"];
    shop.duka(&["cancel", "7001", "--wait", "0s"]).exits(4);
    shop.duka(&args)
        .exits(0)
        .complains("a request to cancel it was sent before");
}
