//! Sweeps that are stopped or killed in the middle, and the next one.

#![cfg(unix)]

use std::time::Duration;

use duka_emulator::{Fault, FaultKind, Gateway, Operation};

use jiff::SignedDuration;

use crate::bench;
use crate::shop::{CliFixture, HEADER, row, wait_until};
use crate::truth::lies;

/// A shop that tracks so many open orders at either gateway.
fn stocked(orders: usize) -> CliFixture {
    let shop = CliFixture::open();
    let ipn = shop.ipn();
    let mut list = format!("{HEADER}\n");
    for number in 0..orders {
        for account in ["kwikpaisa", "pesapal"] {
            let id = format!("A-{number}");
            let mut args = CliFixture::create_args(account, &id);
            args.extend(["--notification-id", &ipn, "--json"]);
            let made = shop.duka(&args).exits(0).json();
            list += &format!("{}\n", row(account, made["order"].as_str().unwrap()));
        }
    }
    shop.terminal.write("list.csv", list);
    shop
}

fn slow(shop: &CliFixture, operation: Operation, delay: Duration) {
    let fault = Fault::new(FaultKind::Delay)
        .on(operation)
        .times(u32::MAX)
        .delay(delay);
    shop.emulator.arm(fault).unwrap();
}

/// Sweeps until nothing is left to settle, and compares each order with its record.
fn finish(shop: &CliFixture) {
    shop.emulator.clear_faults();
    shop.duka(&["sweep", "--min-age", "0s", "--json"]);
    let records = shop.duka(&["report", "--json"]).exits(0).lines();
    for truth in shop.emulator.orders() {
        let mine: Vec<_> = records
            .iter()
            .filter(|it| it["order"] == *truth.order)
            .collect();
        let ended = mine
            .iter()
            .any(|it| it["state"] == "done" || it["state"] == "needs_review");
        assert!(ended, "{truth:?}: {mine:?}");
        let confirmed = mine.iter().any(|it| it["outcome"] == "confirmed");
        if confirmed {
            assert_eq!(truth.cancels_applied, 1, "{truth:?}");
        }
        if truth.gateway == Gateway::Pesapal {
            assert!(truth.cancel_requests <= 1, "{truth:?}");
        } else {
            assert!(confirmed, "{truth:?}: {mine:?}");
        }
    }
}

#[test]
fn ctrl_c_finishes_what_is_in_flight_and_the_next_sweep_does_the_rest() {
    let shop = stocked(8);
    slow(&shop, Operation::Cancel, Duration::from_millis(500));
    let args = ["sweep", "--min-age", "0s", "--concurrency", "4", "--json"];
    let running = shop.terminal.start(&args);
    wait_until("the first cancel request", || shop.cancels_received() >= 4);
    running.signal("-INT");
    let run = running.end().exits(1);
    run.complains("stopping: finishing what is in flight");
    // Those that had begun were waited for: none is left in doubt.
    let (records, summary) = run.swept();
    assert!(records.len() >= 4, "{records:?}");
    for record in &records {
        assert_eq!(record["outcome"], "confirmed", "{record}");
    }
    assert_eq!(summary["in_doubt"], 0);
    assert!(shop.cancels_received() < 16);
    finish(&shop);
    for order in shop.emulator.orders() {
        assert_eq!(order.cancels_applied, 1, "{order:?}");
    }
}

#[test]
fn ctrl_c_twice_leaves_what_is_in_flight_in_doubt_and_says_so() {
    let shop = stocked(2);
    slow(&shop, Operation::Cancel, Duration::from_secs(5));
    let running = shop.terminal.start(&["sweep", "--min-age", "0s"]);
    wait_until("a cancel request", || shop.cancels_received() >= 2);
    running.signal("-INT");
    std::thread::sleep(Duration::from_millis(300));
    running.signal("-INT");
    let run = running.end().exits(4);
    run.complains("once more to leave it in doubt");
    let pending = shop.duka(&["pending", "--json"]).exits(4).lines();
    assert!(!pending.is_empty());
    for record in pending {
        assert_eq!(record["state"], "sending", "{record}");
    }
}

#[test]
fn a_sweep_that_is_killed_loses_nothing_and_sends_nothing_twice() {
    let shop = stocked(6);
    slow(&shop, Operation::Cancel, Duration::from_millis(400));
    let args = [
        "sweep",
        "--orders",
        "list.csv",
        "--min-age",
        "0s",
        "--concurrency",
        "4",
    ];
    let running = shop.terminal.start(&args);
    wait_until("the first cancel request", || shop.cancels_received() >= 2);
    running.signal("-KILL");
    assert_eq!(running.end().code, -1);
    // The next one leaves alone what the dead one holds a lease on, as long as that may live.
    shop.emulator.clear_faults();
    shop.duka(&["sweep", "--min-age", "0s", "--wait", "0s"]);
    let records = shop.duka(&["report", "--json"]).exits(0).lines();
    let held = records.iter().filter(|it| it["state"] == "sending").count();
    assert!((1..=4).contains(&held), "{records:?}");
    for truth in shop.emulator.orders() {
        let mine = records.iter().filter(|it| it["order"] == *truth.order);
        assert_eq!(mine.count(), 1, "{truth:?}");
        assert!(truth.cancel_requests <= 1, "{truth:?}");
    }

    // Once its leases have ended, what it was sending is in doubt, and is settled.
    let later = SignedDuration::from_secs(130);
    let file = shop.terminal.store();
    let wrong = shop.runtime.block_on(async {
        let worker = bench::worker_ahead(&shop.emulator, &file, later);
        let orders = shop.emulator.orders().len();
        let records = bench::sweep_until_settled(std::slice::from_ref(&worker), orders).await;
        lies(&records, &shop.emulator, worker.store().as_ref()).await
    });
    assert_eq!(wrong, Vec::<String>::new());
}
