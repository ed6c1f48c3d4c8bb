//! `duka refund`, and what `show`, `pending` and `resolve` make of refunds.

use duka_emulator::{Fault, FaultKind, Gateway, Operation};
use serde_json::Value;

use crate::shop::{CliFixture, INDIAN};

/// Those of a cancellation, and more.
const REFUND: &str = "account acknowledged_at acknowledged_by actor amount attempts confirmation_code currency finding gateway gateway_time id kind message method note order outcome reason receipt reference sent_at shop_order state updated_at username verified_status";

/// A shop with one paid order at Pesapal.
pub(crate) fn paid() -> (CliFixture, String) {
    let shop = CliFixture::only(Gateway::Pesapal);
    let order = shop.create("pesapal", "KANGA-1");
    shop.emulator.pay(&order).unwrap();
    (shop, order)
}

pub(crate) fn sent(shop: &CliFixture) -> usize {
    shop.received(Operation::Refund)
}

#[track_caller]
fn has_keys(value: &Value) {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
    keys.sort_unstable();
    assert_eq!(keys.join(" "), REFUND);
}

fn pending(shop: &CliFixture) -> Vec<Value> {
    let run = shop.duka(&["pending", "--json"]);
    let lines = run.lines();
    run.exits(if lines.is_empty() { 0 } else { 4 });
    lines
}

#[test]
fn a_paid_order_is_refunded_once_and_for_what_its_status_shows() {
    let (shop, order) = paid();
    let refund = [
        "refund",
        &order,
        "--remarks",
        "came back torn",
        "--username",
        "till-2",
        "--actor",
        "amina",
        "--json",
    ];
    let view = shop.duka(&refund).exits(0).json();
    has_keys(&view);
    for (key, value) in [
        ("kind", "refund"),
        ("state", "done"),
        ("outcome", "received"),
        ("order", &order),
        ("amount", "1500.00"),
        ("currency", "KES"),
        ("reason", "came back torn"),
        ("username", "till-2"),
        ("actor", "amina"),
        ("verified_status", "paid"),
    ] {
        assert_eq!(view[key], value, "{key}");
    }
    assert_eq!(view["attempts"], 1);
    assert!(view["confirmation_code"].is_string() && view["sent_at"].is_string());
    let truth = shop.emulator.order(&order).unwrap();
    assert_eq!((truth.refund_requests, truth.refund_received), (1, true));

    // By the merchant's own reference, too.
    let again = shop.duka(&["refund", "KANGA-1", "--remarks", "twice", "--json"]);
    let again = again.exits(3).json();
    has_keys(&again);
    assert_eq!(again["id"], view["id"]);
    let said = again["message"].as_str().unwrap();
    assert!(said.starts_with("nothing was sent now"), "{said}");
    assert_eq!(sent(&shop), 1);
    assert_eq!(pending(&shop), Vec::<Value>::new());
}

#[test]
fn the_text_says_plainly_that_received_is_not_refunded() {
    let (shop, order) = paid();
    let run = shop.duka(&["refund", &order, "--remarks", "torn", "--amount", "750.50"]);
    let said = "750.50 KES  received  answered received: Refund request successfully; received, not refunded yet: the merchant approves it in the dashboard";
    assert_eq!(run.exits(0).stdout, format!("{order} at pesapal  {said}\n"));
    let bodies = shop.emulator.requests();
    let body = bodies
        .iter()
        .find(|it| it.operation == Some(Operation::Refund));
    let body = &body.unwrap().body;
    assert!(body.contains(r#""amount":750.50,"#), "{body}");
}

#[test]
fn what_is_not_paid_is_not_eligible_and_nothing_is_sent_or_stored() {
    let shop = CliFixture::only(Gateway::Pesapal);
    let (open, failed) = (shop.create("pesapal", "A-1"), shop.create("pesapal", "A-2"));
    shop.emulator.fail(&failed).unwrap();
    let reversed = shop.create("pesapal", "A-3");
    shop.emulator.pay(&reversed).unwrap();
    shop.emulator.reverse(&reversed).unwrap();
    for (order, status) in [(open, "unpaid"), (failed, "failed"), (reversed, "reversed")] {
        let view = shop.duka(&["refund", &order, "--remarks", "torn", "--json"]);
        let view = view.exits(3).json();
        has_keys(&view);
        assert_eq!(
            (&view["id"], &view["sent_at"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(view["outcome"], "skipped");
        assert_eq!(view["verified_status"], status);
        let shown = shop.duka(&["show", &order, "--json"]).exits(0).json();
        assert_eq!(shown["refunds"], Value::Array(Vec::new()));
    }
    assert_eq!(sent(&shop), 0);
}

#[test]
fn what_cannot_be_asked_for_is_usage_and_nothing_is_sent() {
    let shop = CliFixture::open();
    shop.create("kwikpaisa", INDIAN);
    shop.emulator.pay(INDIAN).unwrap();
    let order = shop.create("pesapal", "KANGA-1");
    shop.emulator.pay(&order).unwrap();
    for (args, said) in [
        (
            vec!["refund", INDIAN, "--remarks", "torn"],
            "kwikpaisa documents no refunds",
        ),
        (vec!["refund", &order], "--remarks"),
        (vec!["refund", &order, "--remarks", ""], "--remarks"),
        (
            vec!["refund", &order, "--remarks", " "],
            "--remarks is blank",
        ),
        (
            vec!["refund", &order, "--remarks", "torn", "--username", " "],
            "--username is blank",
        ),
        (
            vec!["refund", &order, "--remarks", "torn", "--amount", "0"],
            "above zero",
        ),
        (
            vec!["refund", &order, "--remarks", "torn", "--amount", "-1"],
            "not a number above zero",
        ),
        (
            vec!["refund", &order, "--remarks", "torn", "--amount=-1"],
            "not a number above zero",
        ),
        (
            vec!["refund", &order, "--remarks", "torn", "--amount", "abc"],
            "not a number",
        ),
        (
            vec!["refund", &order, "--remarks", "torn", "--amount", ""],
            "--amount",
        ),
        (
            vec!["refund", &order, "--remarks", "torn", "--amount", "1_000"],
            "not a number",
        ),
        (
            vec!["refund", &order, "--remarks", "torn", "--amount", "1500.01"],
            "more than the 1500.00 KES that were paid",
        ),
        (
            vec!["refund", &order, "--remarks", "torn", "--amount", "0.001"],
            "decimal places",
        ),
        (
            vec![
                "refund",
                "no-such-order",
                "--account",
                "pesapal",
                "--remarks",
                "torn",
            ],
            "is not a tracking id (a GUID), by which Pesapal knows orders",
        ),
    ] {
        let run = shop.duka(&args).exits(2);
        assert_eq!(run.stdout, "", "{args:?}");
        run.complains(said);
    }
    assert_eq!(sent(&shop), 0);
    for order in [INDIAN, &order] {
        let shown = shop.duka(&["show", order, "--json"]).exits(0).json();
        assert_eq!(shown["refunds"], Value::Array(Vec::new()));
    }
}

#[test]
fn a_lost_answer_waits_for_a_person_and_is_never_asked_for_again_by_itself() {
    let (shop, order) = paid();
    let fault = Fault::new(FaultKind::ReplyLost).on(Operation::Refund);
    shop.emulator.arm(fault).unwrap();
    let refund = ["refund", &order, "--remarks", "torn", "--json"];
    let view = shop.duka(&refund).exits(4).json();
    assert_eq!(
        (&view["state"], &view["outcome"]),
        (&"in_doubt".into(), &Value::Null)
    );
    let id = view["id"].as_str().unwrap();
    assert_eq!(shop.duka(&refund).exits(4).json()["id"], id);
    let listed = pending(&shop);
    assert_eq!(listed.len(), 1);
    has_keys(&listed[0]);
    assert_eq!(listed[0]["id"], id);
    let text = shop.duka(&["pending", "--long"]).exits(4).stdout;
    for part in [
        id,
        &order,
        "1500.00 KES",
        "dashboard",
        "duka resolve",
        "not-received",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // A sweep has nothing to do with it.
    shop.duka(&["sweep", "--min-age", "0s"]).exits(0);
    assert_eq!(sent(&shop), 1);

    let decide = |id: &str, word: &str, code: i32| {
        let note = [
            "--by",
            "amina",
            "--note",
            "looked at the dashboard",
            "--json",
        ];
        shop.duka(&[&["resolve", id, "--as", word], &note[..]].concat())
            .exits(code)
    };
    // It is a refund, and those are words for cancellations.
    decide(id, "cancelled", 2).complains("is a refund; decide about it with --as received");
    let resolved = decide(id, "not-received", 0).json();
    has_keys(&resolved);
    assert_eq!(resolved["outcome"], "resolved_not_received");
    assert_eq!(pending(&shop), Vec::<Value>::new());
    decide(id, "received", 2).complains("nothing to decide");

    // The person was wrong, as the gateway says.
    let second = shop.duka(&refund).exits(3).json();
    assert_eq!(second["outcome"], "refused");
    let said = second["message"].as_str().unwrap();
    assert!(
        said.contains("Refund request has been received already"),
        "{said}"
    );
    assert_ne!(second["id"], id);
    assert_eq!(sent(&shop), 2);
    shop.duka(&refund).exits(3);
    assert_eq!(sent(&shop), 2);
    decide(second["id"].as_str().unwrap(), "received", 0);
    shop.duka(&refund).exits(3);
    assert_eq!(sent(&shop), 2);
    assert!(!shop.emulator.order(&order).unwrap().paid_after_cancel);
}

#[test]
fn an_orders_timeline_tells_of_its_refunds_and_of_the_money_that_went_back() {
    let (shop, order) = paid();
    let fault = Fault::new(FaultKind::ReplyLost).on(Operation::Refund);
    shop.emulator.arm(fault).unwrap();
    shop.duka(&[
        "refund",
        &order,
        "--remarks",
        "came back torn",
        "--actor",
        "amina",
    ])
    .exits(4);
    shop.emulator.reverse(&order).unwrap();
    shop.duka(&["status", &order]).exits(0);
    assert_eq!(pending(&shop), Vec::<Value>::new());

    let shown = shop.duka(&["show", &order, "--json"]).exits(0).json();
    let part = &shown["refunds"][0];
    has_keys(&part["refund"]);
    assert_eq!(part["refund"]["outcome"], "reversed");
    let log = part["log"].as_array().unwrap();
    let events: Vec<_> = log.iter().map(|it| it["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["intent", "unclear", "seen_reversed"]);
    let text = shop.duka(&["show", &order]).exits(0).stdout;
    for part in [
        "refund ",
        "1500.00 KES",
        "came back torn",
        "amina",
        "done: reversed",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn of_programs_that_ask_at_once_one_sends() {
    let (shop, order) = paid();
    let args = ["refund", &order, "--remarks", "torn", "--json"];
    let running: Vec<_> = (0..6).map(|_| shop.terminal.start(&args)).collect();
    let mut codes: Vec<_> = running.into_iter().map(|it| it.end().code).collect();
    codes.sort_unstable();
    assert_eq!(
        codes.iter().filter(|code| **code == 0).count(),
        1,
        "{codes:?}"
    );
    assert!(
        codes.iter().all(|code| [0, 3, 4].contains(code)),
        "{codes:?}"
    );
    assert_eq!(sent(&shop), 1);
}
