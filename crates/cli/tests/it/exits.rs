//! Exit codes, and the messages that go with them: 0 done, 1 failed, 2 usage, 3 final no,
//! 4 unknown.

use std::time::{Duration, Instant};

use duka_emulator::{Fault, FaultKind, Gateway, Operation};

use crate::shop::{CliFixture, HEADER, INDIAN, Run, Terminal, row, wait_until};

/// A port of this machine on which no program listens.
const CLOSED_PORT: &str = "http://127.0.0.1:1";

/// Sweeps again and again until there is something to do: what was looked at a moment ago is
/// left alone for a while.
fn sweep_when_due(shop: &CliFixture, wait: &str) -> Run {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let run = shop.duka(&["sweep", "--json", "--min-age", "0s", "--wait", wait]);
        if run.swept().1["considered"] != 0 || Instant::now() > deadline {
            return run;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_paid_order_is_not_cancelled_and_says_so_with_3() {
    let shop = CliFixture::open();
    for account in ["kwikpaisa", "pesapal"] {
        let id = shop.create(account, "A-17");
        shop.emulator.pay(&id).unwrap();
        let run = shop.duka(&["cancel", &id]).exits(3);
        assert!(run.stdout.contains("skipped"), "{}", run.stdout);
        assert_eq!(shop.emulator.order(&id).unwrap().cancel_requests, 0);
    }
}

#[test]
fn an_open_order_is_cancelled_and_says_so_with_0() {
    let shop = CliFixture::open();
    for account in ["kwikpaisa", "pesapal"] {
        let id = shop.create(account, "A-18");
        let run = shop.duka(&["cancel", &id]).exits(0);
        assert!(run.stdout.contains("confirmed"), "{}", run.stdout);
        assert_eq!(shop.emulator.order(&id).unwrap().cancels_applied, 1);
        // Once more: it is done, and no second request leaves.
        let first = shop.duka(&["report", "--json"]).exits(0).lines();
        let of_this = |it: &&serde_json::Value| it["order"] == *id;
        let first = first.iter().find(of_this).unwrap();
        let again = shop.duka(&["cancel", &id, "--json"]).exits(0).json();
        assert_eq!(again["outcome"], "already_cancelled");
        assert_eq!(again["id"], first["id"]);
        let known = format!(
            "already cancelled ({}, {})",
            first["id"].as_str().unwrap(),
            first["sent_at"].as_str().unwrap()
        );
        assert_eq!(again["message"], known);
        let again = shop.duka(&["cancel", &id]).exits(0);
        assert!(again.stdout.contains(&known), "{}", again.stdout);
        let rows = shop.duka(&["report", "--json"]).exits(0).lines();
        assert_eq!(rows.iter().filter(of_this).count(), 1);
        assert_eq!(shop.emulator.order(&id).unwrap().cancel_requests, 1);
        // A payment ends that.
        shop.emulator.pay_late(&id).unwrap();
        shop.duka(&["cancel", &id]).exits(3);
        let found = shop.duka(&["pending", "--json"]).lines();
        assert!(
            found
                .iter()
                .any(|it| it["finding"] == "late_payment" && of_this(&it))
        );
    }
}

#[test]
fn a_reply_lost_at_pesapal_is_unknown_and_a_later_sweep_hands_it_to_a_person() {
    let shop = CliFixture::only(Gateway::Pesapal);
    let id = shop.create("pesapal", "KANGA-3");
    let fault = Fault::new(FaultKind::ReplyLost).on(Operation::Cancel);
    shop.emulator.arm(fault).unwrap();
    let run = shop.duka(&["cancel", &id, "--wait", "0s"]).exits(4);
    run.complains("run `duka sweep`");
    let (records, summary) = sweep_when_due(&shop, "30s").exits(4).swept();
    assert_eq!(records[0]["state"], "needs_review");
    assert_eq!(summary["needs_review"], 1);
    assert_eq!(shop.emulator.order(&id).unwrap().cancel_requests, 1);
    // By its own reference as well.
    let run = shop.duka(&["cancel", "KANGA-3"]).exits(4);
    run.complains("dashboard");
}

#[test]
fn a_reply_lost_at_kwikpaisa_is_told_by_the_status() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    let id = shop.create("kwikpaisa", INDIAN);
    let fault = Fault::new(FaultKind::ReplyLost).on(Operation::Cancel);
    shop.emulator.arm(fault).unwrap();
    shop.duka(&["cancel", &id]).exits(0);
}

#[test]
fn a_gateway_that_is_down_is_a_failure_and_nothing_is_lost() {
    let mut shop = CliFixture::only(Gateway::KwikPaisa);
    let id = shop.create("kwikpaisa", INDIAN);
    shop.terminal.set("DUKA_KWIKPAISA_BASE_URL", CLOSED_PORT);
    let refused = |run: Run| {
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("no connection to 127.0.0.1:1"), "{said}");
    };
    let why = "no connection to 127.0.0.1:1: connection refused";
    shop.duka(&["status", &id]).exits(1).complains(why);
    let run = shop.duka(&["doctor"]).exits(1);
    assert_eq!(run.stdout.matches(why).count(), 2, "{}", run.stdout);
    shop.duka(&CliFixture::create_args("kwikpaisa", "A-2"))
        .exits(1)
        .complains(why);
    let run = shop.duka(&["cancel", &id, "--wait", "0s"]).exits(1);
    assert!(run.stdout.contains(why), "{}", run.stdout);
    refused(shop.duka(&["status", &id]).exits(1));
    refused(shop.duka(&["cancel", &id, "--wait", "100ms"]).exits(1));
    refused(sweep_when_due(&shop, "100ms").exits(1));
    refused(shop.duka(&["doctor"]).exits(1));
    let url = shop.emulator.kwikpaisa_url();
    shop.terminal.set("DUKA_KWIKPAISA_BASE_URL", &url);
    let (_, summary) = sweep_when_due(&shop, "30s").exits(0).swept();
    let settled = summary["confirmed"].as_u64().unwrap() + summary["skipped"].as_u64().unwrap();
    assert_eq!(settled, 1, "{summary}");
}

#[test]
fn creating_while_the_gateway_is_down_fails_and_a_lost_reply_is_unknown() {
    let mut shop = CliFixture::open();
    let args = CliFixture::create_args("kwikpaisa", INDIAN);
    let fault = Fault::new(FaultKind::ReplyLost).on(Operation::Create);
    shop.emulator.arm(fault).unwrap();
    shop.duka(&args).exits(4);
    // It may exist, so it is tracked, and a sweep finds it.
    shop.duka(&["sweep", "--min-age", "0s"]).exits(0);
    assert_eq!(shop.emulator.order(INDIAN).unwrap().cancels_applied, 1);
    // The id is used up.
    shop.duka(&args).exits(3).complains("use another id");
    shop.terminal.set("DUKA_KWIKPAISA_BASE_URL", CLOSED_PORT);
    shop.duka(&CliFixture::create_args("kwikpaisa", "A-2"))
        .exits(1);
    shop.duka(&["show", "A-2"]).exits(2);
}

#[test]
fn an_order_lost_at_pesapal_is_recovered_by_creating_it_again() {
    let shop = CliFixture::only(Gateway::Pesapal);
    let ipn = shop.ipn();
    let mut args = CliFixture::create_args("pesapal", "KANGA-4");
    args.extend(["--notification-id", &ipn]);
    let fault = Fault::new(FaultKind::ReplyLost).on(Operation::Create);
    shop.emulator.arm(fault).unwrap();
    shop.duka(&args).exits(4).complains("the same id");
    shop.duka(&args).exits(0);
    assert_eq!(shop.emulator.orders().len(), 1);
}

#[test]
fn an_order_that_its_gateway_does_not_know_is_a_final_no() {
    let shop = CliFixture::open();
    let unknown = "d0fa69d6-f3cd-433b-858e-df86555b86c8";
    shop.duka(&["status", "A-404", "--account", "kwikpaisa"])
        .exits(3)
        .complains("order not found");
    shop.duka(&["cancel", "A-404", "--account", "kwikpaisa"])
        .exits(3);
    shop.duka(&["show", "A-405"]).exits(2).complains("A-405");
    // Pesapal knows orders by GUIDs only: nothing is sent.
    shop.duka(&["status", "A-404", "--account", "pesapal"])
        .exits(2);
    let run = shop.duka(&["status", unknown, "--account", "pesapal"]);
    assert!(matches!(run.code, 1 | 3), "{run:?}");
    assert_eq!(shop.cancels_received(), 0);
}

#[test]
fn keys_that_are_refused_are_bad_configuration() {
    let mut shop = CliFixture::open();
    let id = shop.create("kwikpaisa", INDIAN);
    shop.terminal
        .set("DUKA_KWIKPAISA_SECRET_KEY", "sk_test_mistyped")
        .set("DUKA_PESAPAL_CONSUMER_SECRET", "mistyped");
    shop.duka(&["status", &id])
        .exits(2)
        .complains("credentials refused");
    shop.duka(&["ipn", "list"])
        .exits(2)
        .complains("credentials refused");
    let run = shop.duka(&["cancel", &id, "--wait", "100ms"]).exits(2);
    assert!(run.stdout.contains("credentials refused"), "{}", run.stdout);
    let run = shop.duka(&["doctor"]).exits(1);
    assert_eq!(run.stdout.matches("credentials refused").count(), 2);
}

#[test]
fn a_sweep_that_fails_for_refused_keys_alone_is_bad_configuration() {
    let keys = |shop: &mut CliFixture, pesapal: &str, kwikpaisa: &str| {
        shop.terminal
            .set("DUKA_PESAPAL_CONSUMER_SECRET", pesapal)
            .set("DUKA_KWIKPAISA_SECRET_KEY", kwikpaisa);
    };
    let sweep = |shop: &CliFixture, more: &[&str]| {
        let args = [&["sweep", "--min-age", "0s", "--wait", "0s"], more].concat();
        let run = shop.duka(&args);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("credentials refused"), "{run:?}");
        run
    };
    let both = || {
        let shop = CliFixture::open();
        for id in ["A-1", "A-2", "A-3"] {
            shop.create("kwikpaisa", id);
        }
        shop.create("pesapal", "KANGA-1");
        shop
    };
    for more in [&["--dry-run"][..], &[], &["--json", "--concurrency", "1"]] {
        let mut shop = both();
        keys(&mut shop, "mistyped", "sk_test_mistyped");
        let run = sweep(&shop, more).exits(2);
        let stopped = "account kwikpaisa is left for a later sweep: credentials refused";
        // Three that were in flight together may be refused as one.
        if more.contains(&"--concurrency") {
            run.complains(stopped);
        }
        assert_eq!(shop.cancels_received(), 0);
    }

    // Something was sent, so more than the configuration is to be looked at.
    let mut shop = both();
    keys(&mut shop, "mistyped", "sk_test_emulator");
    sweep(&shop, &[]).exits(1);
    assert_eq!(shop.cancels_received(), 3);

    // Nothing was sent, but not for the keys alone.
    let mut shop = both();
    keys(&mut shop, "mistyped", "sk_test_emulator");
    shop.terminal.set("DUKA_KWIKPAISA_BASE_URL", CLOSED_PORT);
    sweep(&shop, &[]).exits(1);
    assert_eq!(shop.cancels_received(), 0);

    // An account that is gone from the configuration can be fixed only there.
    let mut shop = both();
    shop.terminal.unset("DUKA_PESAPAL_CONSUMER_KEY");
    shop.terminal.unset("DUKA_PESAPAL_CONSUMER_SECRET");
    for id in ["A-1", "A-2", "A-3"] {
        shop.duka(&["cancel", id]).exits(0);
    }
    shop.duka(&["sweep", "--min-age", "0s"])
        .exits(2)
        .complains("account pesapal is not configured");
}

#[test]
fn bad_flags_and_commands_are_usage() {
    let terminal = Terminal::open();
    for args in [
        &[][..],
        &["refund", INDIAN],
        &["--loud"],
        &["sweep", "--min-age", "soon"],
        &["sweep", "--concurrency", "0"],
        &["sweep", "--max", "-1"],
        &["demo", "--orders", "0"],
        &["emulate", "--listen", "4010"],
        &["-q", "-v", "report"],
        &["ipn", "register", "merchant"],
        &["report", "--format", "xml"],
    ] {
        let run = terminal.duka(args).exits(2);
        assert_eq!(run.stdout, "", "{args:?}");
        assert!(!run.stderr.is_empty(), "{args:?}");
    }
    for args in [&["--help"][..], &["sweep", "--help"], &["--version"]] {
        let run = terminal.duka(args).exits(0);
        assert!(!run.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn bad_values_of_an_order_are_usage_and_nothing_is_sent() {
    let shop = CliFixture::open();
    for (flag, value, said) in [
        ("--amount", "lots", "\"lots\" is not a decimal number"),
        ("--amount", "0", "not above zero"),
        ("--amount", "1.234", "more than the 2 decimal places"),
        ("--currency", "XQX", "not an ISO 4217 code"),
        ("--id", " A", "white space"),
    ] {
        let mut args = CliFixture::create_args("kwikpaisa", INDIAN);
        let at = args.iter().position(|it| *it == flag).unwrap();
        args[at + 1] = value;
        shop.duka(&args).exits(2).complains(said);
    }
    let args = CliFixture::create_args("pesapal", "KANGA-5");
    shop.duka(&args).exits(2).complains("notification");
    assert_eq!(shop.emulator.orders(), []);
}

#[test]
fn with_json_too_a_failure_is_explained_on_stderr_even_when_quiet() {
    let mut shop = CliFixture::only(Gateway::KwikPaisa);
    let id = shop.create("kwikpaisa", INDIAN);
    shop.terminal.write("bad.csv", "account,order\n");
    shop.terminal.set("DUKA_KWIKPAISA_BASE_URL", CLOSED_PORT);
    let create = CliFixture::create_args("kwikpaisa", "A-2");
    for (args, code) in [
        (&["status", &id][..], 1),
        (&create, 1),
        (&["track", "bad.csv"], 2),
        (&["sweep", "--orders", "bad.csv"], 2),
        (&["report", "--store", "sqlite:none.db"], 2),
        (&["show", "A-404"], 2),
        (&["ipn", "list"], 2),
        (&["status", &id, "--account", "unknown"], 2),
    ] {
        let run = shop.duka(&[args, &["--json", "-q"]].concat()).exits(code);
        assert!(run.json()["error"]["message"].is_string(), "{args:?}");
        assert!(run.stderr.starts_with("error: "), "{args:?}: {run:?}");
    }
    // These have a record to print as well.
    let args = ["cancel", &id, "--wait", "0s", "--json", "-q"];
    let run = shop.duka(&args).exits(1);
    let message = run.json()["message"].as_str().unwrap().to_owned();
    assert_eq!(run.stderr, format!("error: {message}\n"));
    let args = ["sweep", "--min-age", "0s", "--wait", "0s", "--json", "-q"];
    let run = shop.duka(&args).exits(1);
    assert_eq!(run.swept().1["errors"], 1);
    assert_eq!(
        run.stderr,
        "error: 1 order could not be worked on; a later sweep tries again\n"
    );
    let url = shop.emulator.kwikpaisa_url();
    shop.terminal
        .set("DUKA_KWIKPAISA_BASE_URL", &url)
        .set("DUKA_KWIKPAISA_SECRET_KEY", "sk_test_mistyped");
    let args = ["cancel", "A-3", "--wait", "0s", "--json", "-q"];
    let run = shop.duka(&args).exits(2);
    run.complains("error: failed to cancel the order: credentials refused");
    let list = format!("{HEADER}\n{}\n", row("kwikpaisa", "A-4"));
    shop.terminal.write("list.csv", list);
    let args = ["sweep", "--orders", "list.csv", "--dry-run", "--json", "-q"];
    let run = shop.duka(&args).exits(2);
    run.complains("error: A-4 at kwikpaisa: credentials refused")
        .complains(
            "error: 1 order could not be worked on; fix the credentials or settings of its account",
        );
}

#[test]
fn refused_keys_end_a_sweep_of_many_orders_soon() {
    let mut shop = CliFixture::only(Gateway::KwikPaisa);
    shop.terminal
        .set("DUKA_KWIKPAISA_SECRET_KEY", "sk_test_mistyped");
    let rows: String = (0..60)
        .map(|n| row("kwikpaisa", &format!("A-{n}")) + "\n")
        .collect();
    shop.terminal.write("list.csv", format!("{HEADER}\n{rows}"));
    let started = Instant::now();
    let args = ["sweep", "--orders", "list.csv", "--rate", "20", "--json"];
    let run = shop.duka(&args).exits(2);
    assert_eq!(run.swept().1["errors"], 60);
    assert!(started.elapsed() < Duration::from_secs(20), "{run:?}");
    // What was in flight, the two probes, and what each may have been asked twice.
    assert!(shop.emulator.requests().len() <= 20);
}

#[test]
fn a_gateway_whose_clock_is_wrong_for_a_moment_costs_no_order() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    for n in 0..12 {
        shop.create("kwikpaisa", &format!("A-{n}"));
    }
    let fault = Fault::new(FaultKind::TokenExpired).on(Operation::Status);
    shop.emulator.arm(fault.times(u32::MAX)).unwrap();
    let sweep = shop.terminal.start(&["sweep", "--min-age", "0s", "--json"]);
    wait_until("the first refusal", || shop.received(Operation::Status) > 0);
    // Shorter than the pause that follows a refusal.
    std::thread::sleep(Duration::from_secs(1));
    shop.emulator.clear_faults();
    let run = sweep.end().exits(0);
    assert_eq!(run.swept().1["confirmed"], 12);
}

#[test]
fn a_failure_with_json_is_an_error_on_stdout_and_exits_as_before() {
    let shop = CliFixture::open();
    for (args, code, kind, part) in [
        (&["report"][..], 2, "usage", "there is no store"),
        (&["report", "--limit", "x"], 2, "usage", "--limit"),
        (&["report", "--limits"], 2, "usage", "--limits"),
        (
            &["cancel", "A-1", "--account", "no"],
            2,
            "usage",
            "account no",
        ),
        (
            &["status", "A-1", "--account", "kwikpaisa"],
            3,
            "refused",
            "order not found",
        ),
    ] {
        let plain = shop.duka(args).exits(code);
        assert_eq!(plain.stdout, "", "{args:?}");
        let run = shop.duka(&[args, &["--json"]].concat()).exits(code);
        let error = run.json()["error"].clone();
        assert_eq!(error["kind"], kind, "{args:?}");
        let message = error["message"].as_str().unwrap();
        assert!(
            !message.is_empty() && run.stderr.contains(part),
            "{args:?}: {run:?}"
        );
        assert!(error.get("hint").is_some(), "{args:?}");
    }
}

#[test]
fn the_rows_of_a_dry_run_carry_plan_and_reason_and_its_summary_says_so() {
    let shop = CliFixture::open();
    shop.create("kwikpaisa", INDIAN);
    let run = |args: &[&str]| {
        let args = [
            &["sweep", "--min-age", "0s", "--grace", "0s", "--json"],
            args,
        ]
        .concat();
        shop.duka(&args).exits(0).swept()
    };
    let (rows, summary) = run(&["--dry-run"]);
    assert_eq!(summary["dry_run"], true);
    assert_eq!(
        (&rows[0]["plan"], &rows[0]["reason"]),
        (&"cancel".into(), &"abandoned".into())
    );
    shop.emulator.pay(INDIAN).unwrap();
    let (rows, _) = run(&["--dry-run"]);
    assert_eq!(
        (&rows[0]["plan"], &rows[0]["reason"]),
        (&"leave".into(), &"not_eligible".into())
    );
    let (rows, summary) = run(&[]);
    assert_eq!(summary["dry_run"], false);
    assert_eq!(rows[0].get("plan"), None);
}
