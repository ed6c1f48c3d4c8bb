//! `duka refund`, killed or stopped at every named point: what is left, and that no second
//! request ever leaves.

use std::thread;
use std::time::Duration;

use duka_emulator::Gateway;

use crate::crashes::shop;
use crate::pauses::{LONG, stopped};
use crate::refunds::sent;
use crate::shop::CliFixture;

/// A shop with short leases and one paid order at Pesapal.
fn paid() -> (CliFixture, String) {
    let (shop, order) = shop(Gateway::Pesapal);
    shop.emulator.pay(&order).unwrap();
    (shop, order)
}

/// How the first refund of the order stands in the store.
fn left(shop: &CliFixture, order: &str) -> String {
    let shown = shop.duka(&["show", order, "--json"]).exits(0).json();
    let refund = &shown["refunds"][0]["refund"];
    let word = refund["outcome"].as_str().or(refund["state"].as_str());
    word.unwrap_or("nothing").to_owned()
}

#[test]
fn a_program_killed_at_any_point_of_a_refund_sends_no_second_request() {
    // The point; what it leaves; how many requests have left; what asking again ends as, once
    // the lease has ended, and with which exit code.
    let table = [
        ("before_check", "nothing", 0, "received", 0),
        ("after_check", "nothing", 0, "received", 0),
        ("before_intent", "nothing", 0, "received", 0),
        ("after_intent", "sending", 0, "in_doubt", 4),
        ("before_send", "sending", 0, "in_doubt", 4),
        ("after_reply", "sending", 1, "in_doubt", 4),
        ("committed:4", "sending", 0, "in_doubt", 4),
        ("committed:5", "received", 1, "received", 3),
    ];
    let play = |(point, leaves, requests, ends, code): (&str, &str, usize, &str, i32)| {
        let (mut shop, order) = paid();
        let refund = ["refund", &order, "--remarks", "torn", "--json"];
        shop.terminal.set("DUKA_CRASH_AT", point);
        let run = shop.duka(&refund);
        shop.terminal.unset("DUKA_CRASH_AT");
        assert_eq!(run.code, -1, "{point} was not reached: {run:?}");
        assert_eq!(left(&shop, &order), leaves, "{point}");
        assert_eq!(sent(&shop), requests, "{point}");
        // While the lease holds, the worker may be alive.
        if leaves == "sending" {
            let early = shop.duka(&refund);
            assert_eq!((early.code, sent(&shop)), (4, requests), "{point}");
            thread::sleep(LONG);
        }
        shop.duka(&["sweep", "--min-age", "0s", "--wait", "0s"]);
        assert_eq!(shop.duka(&refund).code, code, "{point}");
        assert_eq!(left(&shop, &order), ends, "{point}");
        assert!(sent(&shop) <= 1, "{point}: sent twice");
    };
    thread::scope(|scope| {
        for row in table {
            scope.spawn(move || play(row));
        }
    });
}

#[test]
fn a_program_that_slept_beyond_its_lease_asks_for_nothing_when_it_wakes() {
    thread::scope(|scope| {
        for point in ["committed:4", "after_intent", "before_send"] {
            scope.spawn(move || {
                let (mut shop, order) = paid();
                let refund = ["refund", &order, "--remarks", "torn"];
                let asleep = stopped(&mut shop, point, &refund);
                assert_eq!(left(&shop, &order), "sending", "{point}");
                thread::sleep(LONG);
                shop.duka(&refund).exits(4);
                asleep.signal("-CONT");
                asleep.end().exits(4);
                assert_eq!(sent(&shop), 0, "{point}");
                assert_eq!(left(&shop, &order), "in_doubt", "{point}");
            });
        }
    });
}

#[test]
fn an_answer_that_comes_after_another_request_was_made_waits_for_a_person() {
    let (mut shop, order) = paid();
    let refund = ["refund", &order, "--remarks", "torn", "--json"];
    let asleep = stopped(&mut shop, "after_reply", &refund);
    thread::sleep(LONG);
    let first = shop.duka(&refund).exits(4).json();
    let id = first["id"].as_str().unwrap();
    let decide = |word: &str, code: i32| {
        let note = ["--by", "amina", "--note", "looked", "--json"];
        shop.duka(&[&["resolve", id, "--as", word], &note[..]].concat())
            .exits(code)
    };
    decide("acknowledged", 2).complains("nothing to decide");
    decide("not-received", 0);
    // It is there, as the gateway knows.
    assert_eq!(shop.duka(&refund).exits(3).json()["outcome"], "refused");
    asleep.signal("-CONT");
    let woken = asleep.end().exits(4);
    for part in [
        "two refund requests were made",
        "answered received: Refund request successfully",
        "another refund request of the payment",
        "duka pending",
    ] {
        woken.complains(part);
    }

    let listed = shop.duka(&["pending", "--json"]).exits(4).lines();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], id);
    assert_eq!(listed[0]["finding"], "double_request");
    assert_eq!(listed[0]["outcome"], "resolved_not_received");
    for (command, exit) in [(vec!["pending", "--long"], 4), (vec!["show", &order], 0)] {
        let text = shop.duka(&command).exits(exit).stdout;
        assert!(text.contains("double_request"), "{command:?}: {text}");
    }
    let text = shop.duka(&["pending", "--long"]).exits(4).stdout;
    assert!(text.contains("--as acknowledged"), "{text}");
    let closed = decide("acknowledged", 0).json();
    assert_eq!(closed["finding"], "double_request");
    assert_eq!(closed["acknowledged_by"], "amina");
    assert_eq!(listed[0]["acknowledged_by"], serde_json::Value::Null);
    assert_eq!(closed["kind"], "refund");
    let listed = shop.duka(&["pending", "--json"]).exits(0).lines();
    assert_eq!(listed, Vec::<serde_json::Value>::new());
    assert_eq!(sent(&shop), 2);
}

#[test]
fn a_program_that_slept_for_a_moment_goes_on() {
    let (mut shop, order) = paid();
    let asleep = stopped(
        &mut shop,
        "after_intent",
        &["refund", &order, "--remarks", "torn"],
    );
    thread::sleep(Duration::from_millis(200));
    asleep.signal("-CONT");
    asleep.end().exits(0);
    assert_eq!(sent(&shop), 1);
}
