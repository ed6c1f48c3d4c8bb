//! JSON keys and value words, which scripts rely on; nothing but JSON on stdout.

use duka_emulator::{Fault, FaultKind, Gateway, Operation};
use serde_json::Value;

use crate::shop::{CliFixture, HEADER, INDIAN, row};

const CANCELLATION: &str = "account acknowledged_at acknowledged_by actor amount attempts currency finding gateway gateway_time held_at held_by hold_note id message method note order outcome paid_amount paid_currency reason receipt reference sent_at shop_order skip_reason state updated_at verified_status";
const SUMMARY: &str = "amount_differs confirmed considered dry_run eligible errors in_doubt late_payments needs_review newly_paid not_cancelled paid_twice seconds sent skipped too_old unchecked unknown waiting";
const STATUS: &str = "account amount currency gateway gateway_time method observed_at order raw_status receipt reference shop_order status";

#[track_caller]
fn has_keys(value: &Value, expected: &str) {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
    keys.sort_unstable();
    assert_eq!(keys.join(" "), expected);
}

#[test]
fn status_has_the_documented_keys_and_a_word_for_every_state_of_an_order() {
    let shop = CliFixture::open();
    for (account, act, words) in [
        ("kwikpaisa", "", ("unpaid", "UN_PAID")),
        ("kwikpaisa", "process", ("processing", "PROCESSING")),
        ("kwikpaisa", "pay", ("paid", "PAID")),
        ("kwikpaisa", "fail", ("failed", "FAILED")),
        ("kwikpaisa", "expire", ("expired", "EXPIRED")),
        ("pesapal", "", ("unpaid", "INVALID")),
        ("pesapal", "pay", ("paid", "Completed")),
        ("pesapal", "fail", ("failed", "FAILED")),
    ] {
        let name = format!("A-{account}-{act}");
        let id = shop.create(account, &name);
        match act {
            "process" => shop.emulator.process(&id).unwrap(),
            "pay" => shop.emulator.pay(&id).unwrap(),
            "fail" => shop.emulator.fail(&id).unwrap(),
            "expire" => shop.emulator.expire(&id).unwrap(),
            _ => {}
        }
        let view = shop.duka(&["status", &id, "--json"]).exits(0).json();
        has_keys(&view, STATUS);
        assert_eq!(view["status"], words.0);
        let raw = view["raw_status"].as_str().unwrap();
        assert!(raw.eq_ignore_ascii_case(words.1), "{raw}");
        assert_eq!(view["account"], account);
        assert_eq!(view["gateway"], account);
        assert_eq!(view["order"], *id);
        let observed: Result<jiff::Timestamp, _> = view["observed_at"].as_str().unwrap().parse();
        observed.unwrap();
    }
    let money = shop.duka(&["status", "A-kwikpaisa-pay", "--json"]).json();
    assert_eq!(money["currency"], "INR");
    assert_eq!(money["amount"].as_str().unwrap().parse(), Ok(105.5));
}

#[test]
fn a_cancellation_has_the_same_keys_wherever_it_is_printed() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    shop.create("kwikpaisa", INDIAN);
    let cancelled = shop.duka(&[
        "cancel",
        INDIAN,
        "--json",
        "--reason",
        "out of stock",
        "--actor",
        "amina",
    ]);
    let view = cancelled.exits(0).json();
    has_keys(&view, CANCELLATION);
    assert_eq!(view["state"], "done");
    assert_eq!(view["outcome"], "confirmed");
    assert_eq!(view["reason"], "out of stock");
    assert_eq!(view["actor"], "amina");
    assert_eq!(view["attempts"], 1);
    assert_eq!(view["verified_status"], "cancelled");
    assert_eq!(view["finding"], Value::Null);

    let reported = shop.duka(&["report", "--format", "json"]).exits(0).lines();
    assert_eq!(reported, std::slice::from_ref(&view));
    let reported = shop.duka(&["report", "--json"]).exits(0).lines();
    assert_eq!(reported, std::slice::from_ref(&view));

    let shown = shop.duka(&["show", INDIAN, "--json"]).exits(0).json();
    assert_eq!(shown["cancellations"][0]["cancellation"], view);
    let log = shown["cancellations"][0]["log"].as_array().unwrap();
    let events: Vec<_> = log.iter().map(|it| it["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["requested", "status", "answered_yes", "status"]);

    shop.create("kwikpaisa", "A-2");
    let swept = shop.duka(&["sweep", "--json", "--min-age", "0s"]).exits(0);
    let (orders, summary) = swept.swept();
    has_keys(&orders[0], CANCELLATION);
    has_keys(&summary, SUMMARY);
    assert_eq!(orders[0]["reason"], "abandoned");
    assert_eq!(summary["considered"], 1);
    assert_eq!(summary["confirmed"], 1);
}

#[test]
fn a_dry_run_prints_the_same_keys_and_neither_sends_nor_stores() {
    let shop = CliFixture::open();
    let open = shop.create("kwikpaisa", INDIAN);
    let paid = shop.create("pesapal", "KANGA-17");
    shop.emulator.pay(&paid).unwrap();
    let swept = shop.duka(&["sweep", "--dry-run", "--json", "--min-age", "0s"]);
    let (plans, summary) = swept.exits(0).swept();
    assert_eq!(plans.len(), 2);
    let planned = CANCELLATION.replace("paid_currency ", "paid_currency plan ");
    for plan in &plans {
        has_keys(plan, &planned);
        let word = plan["plan"].as_str().unwrap();
        assert!(["cancel", "leave"].contains(&word), "{plan}");
        assert_eq!(plan["id"], Value::Null);
        let skipped = plan["order"] == *paid;
        assert!(skipped || plan["order"] == *open, "{plan}");
        assert_eq!(plan["state"], if skipped { "done" } else { "requested" });
    }
    assert_eq!(summary["eligible"], 1);
    assert_eq!(summary["sent"], 0);
    assert_eq!(shop.cancels_received(), 0);
    let report = shop.duka(&["report", "--json"]).exits(0);
    assert_eq!(report.stdout, "");
}

#[test]
fn outcomes_and_findings_are_the_documented_words() {
    let shop = CliFixture::open();
    let arm = |kind, id: &str| {
        let side = if id.len() > 30 {
            Gateway::Pesapal
        } else {
            Gateway::KwikPaisa
        };
        let fault = Fault::new(kind).at(side).on(Operation::Cancel);
        shop.emulator.arm(fault).unwrap();
    };
    let raced = shop.create("kwikpaisa", "6116229263001");
    arm(FaultKind::PayBeforeApply, &raced);
    let view = shop.duka(&["cancel", &raced, "--json"]).exits(3).json();
    assert_eq!(view["outcome"], "not_cancelled_paid");
    assert_eq!(view["verified_status"], "paid");

    let lost = shop.create("pesapal", "KANGA-1");
    arm(FaultKind::ReplyLost, &lost);
    let view = shop
        .duka(&["cancel", &lost, "--json", "--wait", "0s"])
        .exits(4)
        .json();
    assert_eq!(view["state"], "in_doubt");
    assert_eq!(view["outcome"], Value::Null);
    let view = shop.duka(&["cancel", &lost, "--json"]).exits(4).json();
    assert_eq!(view["state"], "needs_review");

    let late = shop.create("kwikpaisa", "6116229263002");
    shop.duka(&["cancel", &late]).exits(0);
    shop.emulator.pay_late(&late).unwrap();
    shop.duka(&["status", &late]).exits(0);
    let records = shop.duka(&["report", "--json"]).exits(0).lines();
    let record = records.iter().find(|it| it["order"] == *late).unwrap();
    assert_eq!(record["outcome"], "confirmed");
    assert_eq!(record["finding"], "late_payment");
}

#[test]
fn json_mode_prints_nothing_else_on_stdout_even_where_it_fails() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    shop.create("kwikpaisa", INDIAN);
    let known = format!("{HEADER}\n{}\n", row("kwikpaisa", INDIAN));
    let list = shop.terminal.write("orders.csv", known);
    let bad = shop.terminal.write("bad.csv", "nonsense\n");
    for (args, code) in [
        (vec!["status", INDIAN], 0),
        (vec!["status", "A-404"], 3),
        (vec!["track", &list], 0),
        (vec!["track", &bad], 2),
        (vec!["sweep", "--orders", &bad], 2),
        (vec!["sweep", "--dry-run"], 0),
        (vec!["doctor"], 0),
        (vec!["report", "--since", "noon"], 2),
        (vec!["show", "A-404"], 2),
        (vec!["cancel", INDIAN], 0),
        (vec!["show", INDIAN], 0),
        (vec!["report"], 0),
    ] {
        let mut args = args;
        args.extend(["--json", "-vvv"]);
        let run = shop.duka(&args).exits(code);
        run.lines();
        let failed = run.stdout.starts_with(r#"{"error":"#);
        assert_eq!(failed, code != 0, "{args:?}: {}", run.stdout);
    }
}

#[test]
fn track_create_and_ipn_print_documents_of_their_own() {
    let shop = CliFixture::open();
    let list = shop.terminal.write(
        "orders.csv",
        format!("{HEADER}\n{}\n", row("kwikpaisa", "A-9")),
    );
    let tracked = shop.duka(&["track", &list, "--json"]).exits(0).json();
    has_keys(&tracked, "added bad known");
    let ipn = shop
        .duka(&["ipn", "register", "https://merchant.example/ipn", "--json"])
        .exits(0)
        .json();
    has_keys(&ipn, "ipn_id method status url");
    let listed = shop.duka(&["ipn", "list", "--json"]).exits(0).json();
    assert_eq!(listed[0]["ipn_id"], ipn["ipn_id"]);
    let mut args = CliFixture::create_args("pesapal", "KANGA-2");
    let id = ipn["ipn_id"].as_str().unwrap();
    args.extend(["--json", "--notification-id", id]);
    let made = shop.duka(&args).exits(0).json();
    has_keys(
        &made,
        "account expires_at gateway gateway_id order payment_link reference shop_order status",
    );
    assert_eq!(made["reference"], "KANGA-2");
    assert!(made["payment_link"].as_str().unwrap().starts_with("http"));
}
