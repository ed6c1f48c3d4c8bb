//! `duka create`, killed at every named point, at both gateways: no order is at its gateway and
//! not in the store.

use std::thread;

use duka_emulator::Gateway;
use serde_json::Value;

use crate::crashes::sweep_on;
use crate::shop::CliFixture;

/// The points, and whether the order is at the gateway by then.
const POINTS: [(&str, bool); 10] = [
    ("before_creation", false),
    ("in_transaction:1", false),
    ("committed:1", false),
    ("creation_intent", false),
    ("before_send", false),
    ("after_send", true),
    ("creation_reply", true),
    ("in_transaction:2", true),
    ("committed:2", true),
    ("creation_end", true),
];

fn tracked(shop: &CliFixture) -> bool {
    shop.duka(&["show", "KANGA-1"]).code == 0
}

/// The open requests to create order `KANGA-1`.
fn open(shop: &CliFixture) -> Vec<Value> {
    let run = shop.duka(&["pending", "--json"]);
    let mut lines = run.lines();
    run.exits(if lines.is_empty() { 0 } else { 4 });
    lines.retain(|line| line["kind"] == "creation" && line["order"] == "KANGA-1");
    lines
}

/// A shop whose `duka create` was killed at this point, and the arguments of that command.
fn killed(gateway: Gateway, point: &str) -> (CliFixture, Vec<String>) {
    let mut shop = CliFixture::only(gateway);
    let account = gateway.as_str();
    let mut args = CliFixture::create_args(account, "KANGA-1");
    let ipn = (gateway == Gateway::Pesapal).then(|| shop.ipn());
    if let Some(ipn) = &ipn {
        args.extend(["--notification-id", ipn]);
    }
    shop.terminal.set("DUKA_CRASH_AT", point);
    let run = shop.duka(&args);
    shop.terminal.unset("DUKA_CRASH_AT");
    assert_eq!(run.code, -1, "{point} was not reached: {run:?}");
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    (shop, args)
}

/// Kills the program there, and creates the order again.
fn play(gateway: Gateway, point: &str, at_the_gateway: bool) {
    let (shop, args) = killed(gateway, point);
    let place = format!("{point} at {gateway}");
    // The gateway may be about to apply what has just left.
    if at_the_gateway {
        crate::shop::wait_until("the order", || shop.emulator.orders().len() == 1);
    }
    assert_eq!(
        shop.emulator.orders().len(),
        usize::from(at_the_gateway),
        "{place}"
    );
    let is_open = !matches!(
        point,
        "before_creation" | "in_transaction:1" | "committed:2" | "creation_end"
    );
    assert_eq!(open(&shop).len(), usize::from(is_open), "{place}");
    let is_tracked = match gateway {
        Gateway::Pesapal => matches!(point, "committed:2" | "creation_end"),
        _ => !matches!(point, "before_creation" | "in_transaction:1"),
    };
    assert_eq!(tracked(&shop), is_tracked, "{place}");

    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let again = shop.duka(&args);
    let code = match gateway {
        Gateway::Pesapal => 0,
        // Where it is paid was in the lost answer.
        _ if at_the_gateway => 3,
        _ => 0,
    };
    assert_eq!(again.code, code, "{place}: {again:?}");
    assert_eq!(shop.emulator.orders().len(), 1, "{place}");
    assert!(tracked(&shop), "{place}");
    assert_eq!(open(&shop).len(), 0, "{place}");
}

#[test]
fn a_program_killed_at_any_point_of_a_creation_loses_no_order_and_creates_none_twice() {
    thread::scope(|scope| {
        for gateway in Gateway::ALL {
            for (point, at_the_gateway) in POINTS {
                scope.spawn(move || play(gateway, point, at_the_gateway));
            }
        }
    });
}

#[test]
fn a_sweep_cancels_an_order_whose_creation_was_killed_where_the_id_is_the_merchants() {
    let (shop, _) = killed(Gateway::KwikPaisa, "creation_reply");
    sweep_on(&shop);
    assert_eq!(shop.emulator.order("KANGA-1").unwrap().cancels_applied, 1);
    assert_eq!(open(&shop).len(), 0);
}
