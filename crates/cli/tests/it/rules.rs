//! The merchant's rules about which orders a sweep leaves alone, and what `duka explain` says.

use duka_emulator::Operation;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::shop::{CliFixture, HEADER, Run};

const KEEP: &str = "[[sweep.rule]]\nmethod = [\"bank_transfer\", \"cod\"]\naction = \"keep\"\n";

/// Orders at KwikPaisa, two hours old by the list that they are tracked from, each with its
/// method.
pub(crate) fn tracked(settings: &str, orders: &[(&str, &str)]) -> CliFixture {
    let mut shop = CliFixture::open();
    shop.terminal.write("duka.toml", settings);
    shop.terminal.set("DUKA_STORE", "sqlite:created.db");
    let two_hours_ago = Timestamp::now() - SignedDuration::from_hours(2);
    let mut list = format!("{HEADER},method\n");
    for (id, method) in orders {
        shop.create("kwikpaisa", id);
        list += &format!("kwikpaisa,{id},{two_hours_ago:.0},105.50,INR,{method}\n");
    }
    shop.terminal.unset("DUKA_STORE");
    let list = shop.terminal.write("orders.csv", list);
    shop.duka(&["track", &list]).exits(0);
    shop
}

pub(crate) fn explain(shop: &CliFixture, args: &[&str]) -> Value {
    let run = shop.duka(&[&["explain", "--json"], args].concat());
    run.exits(0).json()
}

pub(crate) fn by_order(rows: &[Value], order: &str) -> Value {
    let found = rows.iter().find(|row| row["order"] == order);
    found
        .cloned()
        .unwrap_or_else(|| panic!("{order} is not in {rows:?}"))
}

#[test]
fn a_sweep_keeps_what_a_rule_keeps_and_names_the_rule() {
    let orders = [("7001", "cod"), ("7002", "card")];
    let shop = tracked(KEEP, &orders);
    let reads = shop.received(Operation::Status);
    for (args, sent) in [
        (&["sweep", "--json", "--dry-run"][..], 0),
        (&["sweep", "--json"], 1),
    ] {
        let (rows, summary) = shop.duka(args).exits(0).swept();
        let kept = by_order(&rows, "7001");
        assert_eq!(
            (
                &kept["state"],
                &kept["outcome"],
                &kept["skip_reason"],
                &kept["id"]
            ),
            (
                &"done".into(),
                &"skipped".into(),
                &"kept_by_rule".into(),
                &Value::Null
            )
        );
        let said = kept["message"].as_str().unwrap();
        assert!(
            said.contains("rule 1 keeps it (method bank_transfer or cod)"),
            "{said}"
        );
        assert_eq!(
            (&summary["considered"], &summary["skipped"]),
            (&2.into(), &1.into())
        );
        assert_eq!(summary["sent"], sent);
    }
    // One read for the dry run, and two for the order that was cancelled.
    assert_eq!(shop.received(Operation::Status) - reads, 3);
    let text = shop.duka(&["sweep"]).exits(0).stdout;
    assert!(
        text.contains("7001 at kwikpaisa  105.50 INR  skipped  nothing was sent: rule 1 keeps it"),
        "{text}"
    );
}

#[test]
fn a_rule_may_give_its_orders_an_age_of_their_own() {
    let rule = "[[sweep.rule]]\nmethod = [\"mpesa\"]\nmin_age = \"72h\"\n";
    let shop = tracked(rule, &[("7001", "mpesa"), ("7002", "card")]);
    let (rows, summary) = shop.duka(&["sweep", "--json"]).exits(0).swept();
    assert_eq!((rows.len(), &summary["confirmed"]), (1, &1.into()));
    let plan = explain(&shop, &["7001"]);
    assert_eq!(
        (&plan["plan"], &plan["reason"], &plan["rule"]),
        (&"leave".into(), &"too_young".into(), &1.into())
    );
    let created: Timestamp = plan["created_at"].as_str().unwrap().parse().unwrap();
    let until: Timestamp = plan["until"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        until.duration_since(created),
        SignedDuration::from_hours(72)
    );
}

#[test]
fn the_command_line_has_the_last_word_on_ages_and_the_file_the_next() {
    let shop = tracked("[sweep]\nmin_age = \"3h\"\n", &[("7001", "card")]);
    let reason = |args: &[&str]| explain(&shop, &[&["7001"], args].concat())["reason"].clone();
    assert_eq!(reason(&[]), "too_young");
    assert_eq!(reason(&["--min-age", "1h"]), Value::Null);
    shop.terminal.write("duka.toml", "");
    assert_eq!(reason(&[]), Value::Null);
    assert_eq!(reason(&["--min-age", "121m"]), "too_young");
    shop.terminal
        .write("duka.toml", "[sweep]\nmin_age = \"3h\"\n");
    let considered = |args: &[&str]| {
        let (_, summary) = shop
            .duka(&[&["sweep", "--json"], args].concat())
            .exits(0)
            .swept();
        summary["considered"].clone()
    };
    assert_eq!(considered(&[]), 0);
    assert_eq!(considered(&["--min-age", "1h"]), 1);
}

#[test]
fn explain_says_what_a_sweep_would_do_by_which_rule_and_why_and_sends_nothing() {
    let orders = [("7001", "cod"), ("7002", "card"), ("7003", "card")];
    let shop = tracked(KEEP, &orders);
    shop.emulator.pay("7003").unwrap();
    let plan = explain(&shop, &["7001"]);
    assert_eq!(
        (
            &plan["plan"],
            &plan["reason"],
            &plan["rule"],
            &plan["status"]
        ),
        (
            &"leave".into(),
            &"kept_by_rule".into(),
            &1.into(),
            &"unpaid".into()
        )
    );
    let plan = explain(&shop, &["7002"]);
    assert_eq!(
        (&plan["plan"], &plan["reason"], &plan["rule"]),
        (&"cancel".into(), &Value::Null, &Value::Null)
    );
    assert!(plan["age_seconds"].as_i64().unwrap() >= 7200);
    let plan = explain(&shop, &["7003"]);
    assert_eq!(
        (&plan["plan"], &plan["reason"], &plan["status"]),
        (&"leave".into(), &"not_eligible".into(), &"paid".into())
    );
    let text = |id| shop.duka(&["explain", id]).exits(0).stdout;
    let said = text("7001");
    assert!(
        said.starts_with(
            "7001 at kwikpaisa: a sweep would leave it alone now: rule 1 keeps it (method bank_transfer or cod)\n"
        ),
        "{said}"
    );
    let said = text("7002");
    assert!(
        said.starts_with("7002 at kwikpaisa: a sweep would cancel it now: the order is unpaid\n"),
        "{said}"
    );
    assert_eq!(shop.cancels_received(), 0);
    // Nothing was stored, either: what explain has read is no observation.
    let shown = shop.duka(&["show", "7003", "--json"]).exits(0).json();
    assert_eq!(shown["order"]["status"], Value::Null);
    let unknown = shop.duka(&["explain", "9999"]).exits(2);
    unknown.complains("order 9999 is not tracked");
}

#[test]
fn explain_needs_the_gateway_only_where_its_word_decides() {
    let shop = tracked(KEEP, &[("7001", "cod"), ("7002", "card")]);
    let mut terminal = shop.terminal;
    terminal.set("DUKA_KWIKPAISA_BASE_URL", "http://127.0.0.1:1");
    let kept = terminal
        .duka(&["explain", "7001", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        (&kept["reason"], &kept["status"]),
        (&"kept_by_rule".into(), &Value::Null)
    );
    terminal
        .duka(&["explain", "7002"])
        .exits(1)
        .complains("failed to read the status");
}

#[cfg(unix)]
#[test]
fn a_service_does_not_repeat_round_by_round_what_a_rule_keeps() {
    let shop = tracked(KEEP, &[("7001", "cod"), ("7002", "card")]);
    let service = shop
        .terminal
        .start(&["sweep", "--json", "--every", "100ms"]);
    crate::shop::wait_until("the order to be cancelled", || shop.cancels_received() > 0);
    service.signal("-TERM");
    let run: Run = service.end();
    assert!(!run.stdout.contains("kept_by_rule"), "{}", run.stdout);
}

#[test]
fn a_rule_whose_age_no_order_reaches_within_the_look_back_is_named() {
    let rule = "[[sweep.rule]]\nmethod = [\"mpesa\"]\nmin_age = \"10d\"\n";
    let shop = tracked(rule, &[("7001", "mpesa")]);
    let said = "rule 1 never lets an order be cancelled: its min_age 10days is longer than --look-back 7days";
    shop.duka(&["sweep"]).exits(0).complains(said);
    let longer = shop.duka(&["sweep", "--look-back", "10d"]).exits(0);
    assert_eq!(longer.stderr, "");
}

#[test]
fn settings_of_a_sweep_that_make_no_sense_are_refused_with_their_place() {
    let shop = CliFixture::open();
    for (settings, said) in [
        (
            "[sweep]\nmin_agee = \"1h\"\n",
            "duka.toml: line 2 unknown field `min_agee`",
        ),
        (
            "[sweep]\nmin_age = \"soon\"\n",
            "duka.toml: sweep.min_age: \"soon\" is not a duration",
        ),
        (
            "[[sweep.rule]]\naction = \"keep\"\n",
            "duka.toml: sweep.rule 1: has no condition",
        ),
        (
            "[[sweep.rule]]\naccount = \"shop\"\naction = \"keep\"\n",
            "duka.toml: sweep.rule 1: account shop is not configured",
        ),
    ] {
        shop.terminal.write("duka.toml", settings);
        shop.duka(&["sweep"]).exits(2).complains(said);
    }
}

#[test]
fn a_sweep_leaves_an_order_alone_while_its_customer_pays_and_cancel_does_not() {
    let shop = tracked("", &[("7001", "upi"), ("7002", "upi")]);
    for id in ["7001", "7002"] {
        shop.emulator.process(id).unwrap();
    }
    let plan = explain(&shop, &["7001"]);
    assert_eq!(
        (&plan["plan"], &plan["reason"], &plan["status"]),
        (&"leave".into(), &"processing".into(), &"processing".into())
    );
    let sweep = ["sweep", "--json", "--grace", "0s"];
    for dry in [&["--dry-run"][..], &[]] {
        let (rows, summary) = shop.duka(&[&sweep[..], dry].concat()).exits(0).swept();
        assert_eq!(
            (&summary["skipped"], &summary["sent"]),
            (&2.into(), &0.into())
        );
        assert_eq!(rows[0]["skip_reason"], "not_eligible");
        let said = rows[0]["message"].as_str().unwrap();
        assert!(said.contains("a payment is under way"), "{said}");
    }
    assert_eq!(shop.cancels_received(), 0);
    let named = shop.duka(&["cancel", "7001", "--json"]).exits(0).json();
    assert_eq!(named["outcome"], "confirmed");
    // The file, and over it the command line, may say otherwise.
    shop.terminal
        .write("duka.toml", "[sweep]\nprocessing_min_age = \"1h\"\n");
    let longer = [&sweep[..], &["--processing-min-age", "3h"]].concat();
    assert_eq!(shop.duka(&longer).exits(0).swept().1["sent"], 0);
    assert_eq!(shop.duka(&sweep).exits(0).swept().1["confirmed"], 1);
}
