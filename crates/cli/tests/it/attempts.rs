//! Several payment orders for one order of the shop: the second is made knowingly, the first is
//! cancelled or replaced, and two payments are not silent.

use duka_emulator::{Fault, FaultKind, Gateway, Operation};
use serde_json::{Value, json};

use crate::shop::{CliFixture, HEADER, Run, row};

const BOTH: [(&str, Gateway); 2] = [
    ("kwikpaisa", Gateway::KwikPaisa),
    ("pesapal", Gateway::Pesapal),
];

/// Asks for an order for shop order `17`.
fn attempt(shop: &CliFixture, account: &str, id: &str, more: &[&str]) -> Run {
    let ipn = (account == "pesapal").then(|| shop.ipn());
    let mut args = CliFixture::create_args(account, id);
    args.extend(["--shop-order", "17"]);
    args.extend(ipn.iter().flat_map(|ipn| ["--notification-id", ipn]));
    args.extend(more);
    shop.duka(&args)
}

/// Creates an order for shop order `17`; returns its id and where it is paid.
fn made(shop: &CliFixture, account: &str, id: &str, more: &[&str]) -> (String, String) {
    let more = [more, &["--json"]].concat();
    let made = attempt(shop, account, id, &more).exits(0).json();
    assert_eq!(made["shop_order"], "17", "{made:#}");
    let text = |key: &str| made[key].as_str().unwrap().to_owned();
    (text("order"), text("payment_link"))
}

#[test]
fn the_shops_own_order_number_finds_an_order_and_is_in_all_json() {
    for (account, _) in BOTH {
        let shop = CliFixture::open();
        let (id, _) = made(&shop, account, "A-1", &[]);
        let status = shop.duka(&["status", "17", "--json"]).exits(0).json();
        assert_eq!(
            [&status["order"], &status["shop_order"]],
            [&json!(id), &json!("17")]
        );
        let plan = shop.duka(&["explain", "17", "--json"]).exits(0).json();
        assert_eq!(plan["shop_order"], "17");
        let planned = shop.duka(&["sweep", "--dry-run", "--min-age", "0s", "--json"]);
        assert_eq!(planned.exits(0).swept().0[0]["shop_order"], "17");
        let cancelled = shop.duka(&["cancel", "17", "--json"]).exits(0).json();
        assert_eq!(
            [&cancelled["order"], &cancelled["shop_order"]],
            [&json!(id), &json!("17")]
        );
        let shown = shop.duka(&["show", "17", "--json"]).exits(0).json();
        assert_eq!(shown["order"]["shop_order"], "17");
        assert_eq!(shown["cancellations"][0]["cancellation"], cancelled);
        let text = shop.duka(&["show", "17"]).exits(0).stdout;
        assert!(text.contains("shop order 17"), "{text}");
        let csv = shop
            .duka(&["report", "--format", "csv", "--raw"])
            .exits(0)
            .stdout;
        let (header, line) = csv.trim_end().split_once('\n').unwrap();
        let place = header.split(',').position(|it| it == "shop_order").unwrap();
        assert_eq!(
            line.split(',')
                .nth_back(header.split(',').count() - 1 - place),
            Some("17"),
            "{csv}"
        );
    }
}

#[test]
fn a_shop_order_with_several_attempts_is_ambiguous_and_they_are_listed() {
    let shop = CliFixture::open();
    made(&shop, "kwikpaisa", "A-1", &[]);
    made(&shop, "kwikpaisa", "A-2", &["--allow-duplicate"]);
    for command in ["status", "cancel"] {
        let run = shop.duka(&[command, "17"]).exits(2);
        run.complains("A-1 at kwikpaisa")
            .complains("A-2 at kwikpaisa");
    }
    assert_eq!(shop.cancels_received(), 0);
    let shown = shop.duka(&["show", "17"]).exits(0).stdout;
    assert!(shown.contains("order      A-1") && shown.contains("order      A-2"));
    // An order whose own id this is can be named all the same.
    shop.create("kwikpaisa", "17");
    let status = shop.duka(&["status", "17", "--json"]).exits(0).json();
    assert_eq!(status["order"], "17");
}

#[test]
fn a_list_has_the_shops_order_numbers_and_when_the_offers_end() {
    let shop = CliFixture::open();
    let line = row("kwikpaisa", "A-1");
    let expires_at = "2099-05-13T09:19:00Z";
    let csv = format!("{HEADER},shop_order,expires_at\n{line},17,{expires_at}\n");
    shop.terminal.write("list.csv", csv);
    shop.duka(&["track", "list.csv"]).exits(0);
    let cells: Vec<_> = line.split(',').collect();
    let object = json!({
        "account": cells[0], "order": "A-2", "created_at": cells[2], "amount": cells[3],
        "currency": cells[4], "shop_order": "18", "expires_at": expires_at,
    });
    shop.terminal.write("list.ndjson", object.to_string());
    shop.duka(&["track", "list.ndjson"]).exits(0);
    for (number, id) in [("17", "A-1"), ("18", "A-2")] {
        let shown = shop.duka(&["show", number, "--json"]).exits(0).json();
        let order = &shown["order"];
        assert_eq!([&order["order"], &order["expires_at"]], [id, expires_at]);
    }
    for (cell, said) in [
        (
            "17,soon",
            "column expires_at: \"soon\" is not an RFC 3339 time",
        ),
        ("17,2000-01-01T00:00:00Z", "is not after created_at"),
        ("6.11623E+12,", "column shop_order: \"6.11623E+12\""),
    ] {
        let csv = format!("{HEADER},shop_order,expires_at\n{line},{cell}\n");
        shop.terminal.write("bad.csv", csv);
        shop.duka(&["track", "bad.csv"]).exits(2).complains(said);
    }
}

#[test]
fn a_second_order_for_a_shop_order_is_refused_while_the_first_is_open_and_its_link_is_shown() {
    for (account, _) in BOTH {
        let shop = CliFixture::open();
        let (id, link) = made(&shop, account, "A-1", &[]);
        let refused = attempt(&shop, account, "A-2", &[]).exits(3);
        refused
            .complains(&format!(
                "order {id} at {account} is open for the same shop order"
            ))
            .complains("nothing was sent")
            .complains(&link);
        assert_eq!(shop.received(Operation::Create), 1);
        // The link stands nowhere else.
        for args in [
            &["show", "17", "--json"][..],
            &["status", "17", "-vvv", "--json"],
            &["sweep", "--dry-run", "-vvv", "--min-age", "0s", "--json"],
        ] {
            let run = shop.duka(args).exits(0);
            assert!(!format!("{run:?}").contains(&link), "{args:?}");
        }
        made(&shop, account, "A-2", &["--allow-duplicate"]);
        // Another shop's order 17 is another order.
        let other = if account == "pesapal" {
            "kwikpaisa"
        } else {
            "pesapal"
        };
        made(&shop, other, "A-3", &[]);
    }
}

#[test]
fn a_shop_order_that_is_paid_gets_no_second_order() {
    for (account, _) in BOTH {
        let shop = CliFixture::open();
        let (id, _) = made(&shop, account, "A-1", &[]);
        shop.emulator.pay(&id).unwrap();
        shop.duka(&["status", &id]).exits(0);
        attempt(&shop, account, "A-2", &[])
            .exits(3)
            .complains("paid already");
        assert_eq!(shop.received(Operation::Create), 1);
        made(&shop, account, "A-2", &["--allow-duplicate"]);
    }
}

#[test]
fn an_attempt_that_ended_does_not_stand_in_the_way_of_the_next() {
    for (account, _) in BOTH {
        let shop = CliFixture::open();
        let (id, _) = made(&shop, account, "A-1", &[]);
        shop.duka(&["cancel", &id]).exits(0);
        let (id, _) = made(&shop, account, "A-2", &[]);
        shop.emulator.fail(&id).unwrap();
        shop.duka(&["status", &id]).exits(0);
        made(&shop, account, "A-3", &[]);
    }
}

#[test]
fn an_order_that_replaces_another_is_created_once_that_is_cancelled() {
    for (account, _) in BOTH {
        let shop = CliFixture::open();
        let (id, _) = made(&shop, account, "A-1", &[]);
        let mut args = CliFixture::create_args(account, "A-2");
        let ipn = (account == "pesapal").then(|| shop.ipn());
        args.extend(ipn.iter().flat_map(|ipn| ["--notification-id", ipn]));
        args.extend(["--replaces", &id, "--json"]);
        let created = shop.duka(&args).exits(0).json();
        // It is for the same shop order.
        assert_eq!(created["shop_order"], "17");
        let report = shop.duka(&["report", "--json"]).exits(0).lines();
        let [cancelled] = &report[..] else {
            panic!("{report:#?}");
        };
        assert_eq!(cancelled["order"], *id);
        assert_eq!(cancelled["outcome"], "confirmed");
        assert_eq!(cancelled["reason"], "replaced by A-2");
        // What is cancelled already is not cancelled again.
        let again = ["--replaces", &id];
        attempt(&shop, account, "A-3", &again)
            .exits(3)
            .complains("is open for the same shop order");
        assert_eq!(shop.cancels_received(), 1);
    }
}

#[test]
fn an_order_whose_older_attempt_turns_out_paid_is_not_created() {
    for (account, gateway) in BOTH {
        for late in [false, true] {
            let shop = CliFixture::open();
            let (id, _) = made(&shop, account, "A-1", &[]);
            if late {
                let fault = Fault::new(FaultKind::PayBeforeApply);
                let fault = fault.at(gateway).on(Operation::Cancel);
                shop.emulator.arm(fault).unwrap();
            } else {
                shop.emulator.pay(&id).unwrap();
            }
            attempt(&shop, account, "A-2", &["--replaces", &id])
                .exits(3)
                .complains("paid already");
            assert_eq!(shop.received(Operation::Create), 1);
        }
    }
}

#[test]
fn an_order_whose_older_attempt_is_in_doubt_is_not_created_unless_that_is_wanted() {
    let shop = CliFixture::open();
    let (id, _) = made(&shop, "pesapal", "A-1", &[]);
    let lost = Fault::new(FaultKind::ReplyLost)
        .at(Gateway::Pesapal)
        .on(Operation::Cancel);
    shop.emulator.arm(lost).unwrap();
    let replaces = ["--replaces", &id, "--wait", "500ms"];
    attempt(&shop, "pesapal", "A-2", &replaces)
        .exits(4)
        .complains("is not known yet");
    assert_eq!(shop.received(Operation::Create), 1);
    let all_the_same = [&replaces[..], &["--even-in-doubt"]].concat();
    attempt(&shop, "pesapal", "A-2", &all_the_same).exits(0);
    assert_eq!(shop.cancels_received(), 1);
    // One that is neither of the two is in the way.
    attempt(&shop, "pesapal", "A-3", &all_the_same)
        .exits(3)
        .complains("is open for the same shop order");
}

#[test]
fn what_cannot_be_replaced_is_said_before_anything_is_sent() {
    let shop = CliFixture::open();
    let (id, _) = made(&shop, "kwikpaisa", "A-1", &[]);
    let requests = shop.emulator.requests().len();
    attempt(&shop, "kwikpaisa", "A-1", &["--replaces", &id])
        .exits(2)
        .complains("the new one needs another");
    let mut args = CliFixture::create_args("kwikpaisa", "A-2");
    args.extend(["--shop-order", "18", "--replaces", &id]);
    shop.duka(&args)
        .exits(2)
        .complains("is for shop order 17, and not for 18");
    for more in [
        &["--even-in-doubt"][..],
        &["--replaces", "A-1", "--allow-duplicate"],
        &["--shop-order", ""],
        &["--expires-in", "0s"],
    ] {
        let args = [&CliFixture::create_args("kwikpaisa", "A-2"), more].concat();
        shop.duka(&args).exits(2);
    }
    assert_eq!(shop.emulator.requests().len(), requests);
}

#[test]
fn of_two_programs_that_create_for_one_shop_order_at_once_one_is_refused() {
    for (account, _) in BOTH {
        let shop = CliFixture::open();
        let ipn = shop.ipn();
        let start = |id| {
            let mut args = CliFixture::create_args(account, id);
            args.extend(["--shop-order", "17"]);
            if account == "pesapal" {
                args.extend(["--notification-id", &ipn]);
            }
            shop.terminal.start(&args)
        };
        let running = [start("A-1"), start("A-2"), start("A-3")];
        let mut codes = running.map(|run| run.end().code);
        codes.sort_unstable();
        assert_eq!(codes, [0, 3, 3]);
        assert_eq!(shop.received(Operation::Create), 1);
    }
}

#[test]
fn an_id_whose_order_was_cancelled_is_not_used_again() {
    for (account, _) in BOTH {
        for here in [true, false] {
            let mut shop = CliFixture::open();
            let id = shop.create(account, "A-1");
            if here {
                shop.duka(&["cancel", &id]).exits(0);
            } else if account == "kwikpaisa" {
                // By another program; Pesapal shows no such status.
                shop.terminal.set("DUKA_STORE", "sqlite:other.db");
                shop.duka(&["cancel", &id, "--account", account]).exits(0);
                shop.terminal.unset("DUKA_STORE");
                shop.duka(&["status", &id]).exits(0);
            } else {
                continue;
            }
            for amount in ["as before", "7"] {
                let ipn = (account == "pesapal").then(|| shop.ipn());
                let mut args = CliFixture::create_args(account, "A-1");
                args.extend(ipn.iter().flat_map(|ipn| ["--notification-id", ipn]));
                if amount != "as before" {
                    let place = args.iter().position(|it| *it == "--amount").unwrap();
                    args[place + 1] = amount;
                }
                shop.duka(&args).exits(3).complains("use another id");
            }
            assert_eq!(shop.received(Operation::Create), 1);
        }
    }
}

/// What a sweep did about this order, or nothing.
#[track_caller]
fn swept(run: Run, id: &str) -> Option<Value> {
    let (rows, _) = run.exits(0).swept();
    rows.into_iter().find(|row| row["order"] == id)
}

#[test]
fn an_order_that_expires_is_swept_from_then_on_and_not_before() {
    for (account, _) in BOTH {
        let shop = CliFixture::open();
        let made_with = |id: &str, expires_in: &str| {
            made(
                &shop,
                account,
                id,
                &["--allow-duplicate", "--expires-in", expires_in],
            )
            .0
        };
        let (soon, later) = (made_with("A-1", "1ms"), made_with("A-2", "45m"));
        let shown = shop.duka(&["show", &later, "--json"]).exits(0).json();
        assert!(shown["order"]["expires_at"].is_string(), "{shown:#}");
        let planned = shop.duka(&["explain", &later, "--json"]).exits(0).json();
        assert_eq!(
            [&planned["plan"], &planned["reason"]],
            ["leave", "not_expired"]
        );
        // The one is too young and the other old enough, but for that.
        let (rows, _) = shop.duka(&["sweep", "--json"]).exits(0).swept();
        assert_eq!(rows.len(), 1, "{rows:#?}");
        assert_eq!(
            [&rows[0]["order"], &rows[0]["outcome"]],
            [&*soon, "confirmed"]
        );
        let run = shop.duka(&["sweep", "--min-age", "0s", "--json"]);
        assert_eq!(swept(run, &later), None);
        assert_eq!(shop.cancels_received(), 1);
    }
}

#[test]
fn an_expired_order_of_a_list_is_cancelled_whatever_its_age_and_a_kept_one_is_not() {
    let shop = CliFixture::open();
    for id in ["A-1", "A-2", "A-3"] {
        shop.create("kwikpaisa", id);
    }
    let mut shop = shop;
    shop.terminal.set("DUKA_STORE", "sqlite:other.db");
    let now = jiff::Timestamp::now();
    let line = |id: &str, expires_in: i64, note: &str| {
        let created = now - jiff::SignedDuration::from_mins(5);
        let expires = now + jiff::SignedDuration::from_mins(expires_in);
        format!("kwikpaisa,{id},{created},105.50,INR,{expires},{note}\n")
    };
    let rows = [
        line("A-1", -1, ""),
        line("A-2", 1, ""),
        line("A-3", -1, "door"),
    ];
    let csv = format!("{HEADER},expires_at,note\n{}", rows.concat());
    shop.terminal.write("list.csv", csv);
    let toml = "[[sweep.rule]]\nnote_contains = \"door\"\naction = \"keep\"\n";
    let keys = shop.emulator.kwikpaisa_url();
    let account = format!(
        "[accounts.kwikpaisa]\ngateway = \"kwikpaisa\"\nbase_url = \"{keys}\"\napi_key_env = \"DUKA_KWIKPAISA_API_KEY\"\nsecret_key_env = \"DUKA_KWIKPAISA_SECRET_KEY\"\n"
    );
    shop.terminal.write("duka.toml", format!("{account}{toml}"));
    let run = shop.duka(&["sweep", "--orders", "list.csv", "--min-age", "1h", "--json"]);
    let (rows, _) = run.exits(0).swept();
    let of = |id: &str| rows.iter().find(|row| row["order"] == id);
    assert_eq!(of("A-1").unwrap()["outcome"], "confirmed");
    assert_eq!(of("A-2"), None);
    assert_eq!(of("A-3").unwrap()["skip_reason"], "kept_by_rule");
    assert_eq!(shop.cancels_received(), 1);
}

#[test]
fn once_a_newer_attempt_is_paid_a_sweep_cancels_the_older_ones_however_young() {
    for (account, _) in BOTH {
        let shop = CliFixture::open();
        let mut ids = Vec::new();
        for (id, more) in [
            ("A-1", &[][..]),
            ("A-2", &["--expires-in", "45m"]),
            ("A-3", &[]),
            ("A-4", &[]),
        ] {
            let more = [&["--allow-duplicate"], more].concat();
            ids.push(made(&shop, account, id, &more).0);
        }
        shop.emulator.pay(&ids[2]).unwrap();
        // Nothing is known of the payment yet.
        let (rows, _) = shop.duka(&["sweep", "--json"]).exits(0).swept();
        assert_eq!(rows, [] as [Value; 0]);
        shop.duka(&["status", &ids[2]]).exits(0);
        let plan = shop.duka(&["explain", &ids[0], "--json"]).exits(0).json();
        assert_eq!(plan["plan"], "cancel");
        let (mut rows, _) = shop.duka(&["sweep", "--json"]).exits(0).swept();
        rows.sort_by_key(|row| ids.iter().position(|id| row["order"] == **id));
        assert_eq!(rows.len(), 2, "{rows:#?}");
        for (row, id) in rows.iter().zip(&ids) {
            assert_eq!([&row["order"], &row["outcome"]], [id, "confirmed"]);
            let reason = row["reason"].as_str().unwrap();
            assert!(
                reason.contains(&ids[2]) && reason.contains("is paid"),
                "{reason}"
            );
        }
        // The newer one may be another sale.
        assert_eq!(shop.cancels_received(), 2);
    }
}

#[test]
fn older_attempts_are_only_reported_where_the_settings_say_so() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    let (older, _) = made(&shop, "kwikpaisa", "A-1", &[]);
    let (newer, _) = made(&shop, "kwikpaisa", "A-2", &["--allow-duplicate"]);
    shop.emulator.pay(&newer).unwrap();
    shop.duka(&["status", &newer]).exits(0);
    shop.terminal
        .write("duka.toml", "[sweep]\nduplicates = \"report\"\n");
    let row = swept(shop.duka(&["sweep", "--json"]), &older).unwrap();
    assert_eq!(row["skip_reason"], "duplicate");
    assert_eq!(shop.cancels_received(), 0);
    shop.terminal
        .write("duka.toml", "[sweep]\nduplicates = \"both\"\n");
    shop.duka(&["sweep"])
        .exits(2)
        .complains("it can be \"cancel_older\" or \"report\"");
}

#[test]
fn two_payments_for_one_shop_order_are_pending_until_a_person_acknowledges_them() {
    for (account, _) in BOTH {
        let shop = CliFixture::open();
        let (first, _) = made(&shop, account, "A-1", &[]);
        let (second, _) = made(&shop, account, "A-2", &["--allow-duplicate"]);
        shop.emulator.pay(&first).unwrap();
        shop.emulator.pay(&second).unwrap();
        shop.duka(&["status", &second]).exits(0);
        assert_eq!(shop.duka(&["pending", "--json"]).exits(0).stdout, "");
        shop.duka(&["status", &first]).exits(0);
        let [found] = &shop.duka(&["pending", "--json"]).exits(4).lines()[..] else {
            panic!("it is silent");
        };
        for (key, value) in [
            ("order", &*first),
            ("shop_order", "17"),
            ("finding", "paid_twice"),
            ("outcome", "skipped"),
            ("skip_reason", "not_eligible"),
        ] {
            assert_eq!(found[key], value, "{key}: {found:#}");
        }
        let text = shop.duka(&["pending", "--long"]).exits(4).stdout;
        assert!(
            text.contains(&second) && text.contains("refund one"),
            "{text}"
        );
        let id = found["id"].as_str().unwrap();
        let by = [
            "--as",
            "acknowledged",
            "--by",
            "amina",
            "--note",
            "refunded",
        ];
        shop.duka(&[&["resolve", id], &by[..]].concat()).exits(0);
        for id in [&first, &second] {
            shop.duka(&["status", id]).exits(0);
        }
        assert_eq!(shop.duka(&["pending", "--json"]).exits(0).stdout, "");
    }
}

#[test]
fn a_sweep_that_learns_of_a_second_payment_says_so_and_exits_4() {
    for (account, gateway) in BOTH {
        let shop = CliFixture::open();
        let (older, _) = made(&shop, account, "A-1", &[]);
        let (newer, _) = made(&shop, account, "A-2", &["--allow-duplicate"]);
        shop.emulator.pay(&newer).unwrap();
        shop.duka(&["status", &newer]).exits(0);
        let fault = Fault::new(FaultKind::PayBeforeApply);
        let fault = fault.at(gateway).on(Operation::Cancel);
        shop.emulator.arm(fault).unwrap();
        let (rows, summary) = shop.duka(&["sweep", "--json"]).exits(4).swept();
        let row = rows.iter().find(|row| row["order"] == *older).unwrap();
        assert_eq!(
            [&row["outcome"], &row["finding"]],
            ["not_cancelled_paid", "paid_twice"]
        );
        assert_eq!(summary["paid_twice"], 1);
    }
}
