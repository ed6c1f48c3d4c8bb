//! Each command as a person meets it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use duka_emulator::{Fault, FaultKind, Gateway, Operation};
use serde_json::Value;

use crate::shop::{CliFixture, HEADER, INDIAN, Terminal, row, wait_until};

/// The body of a control call's reply.
fn control(address: &str, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} /_emulator/{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn emulate_says_where_it_listens_and_a_whole_life_can_be_led_there() {
    let mut terminal = Terminal::open();
    let mut emulator = terminal.start(&["emulate", "--listen", "127.0.0.1:0"]);
    let mut first = String::new();
    let stdout = emulator.child().stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut first).unwrap();
    let url = first.trim_end().strip_prefix("listening on ").unwrap();
    let address = url.strip_prefix("http://").unwrap();

    terminal
        .set("DUKA_KWIKPAISA_API_KEY", "pk_test_emulator")
        .set("DUKA_KWIKPAISA_SECRET_KEY", "sk_test_emulator")
        .set("DUKA_KWIKPAISA_BASE_URL", url);
    terminal
        .duka(&CliFixture::create_args("kwikpaisa", INDIAN))
        .exits(0);
    terminal
        .duka(&CliFixture::create_args("kwikpaisa", "A-2"))
        .exits(0);
    control(address, "POST", "orders/A-2/pay", "");
    terminal.duka(&["cancel", INDIAN]).exits(0);
    terminal.duka(&["cancel", "A-2"]).exits(3);
    let orders: Value = serde_json::from_str(&control(address, "GET", "orders", "")).unwrap();
    assert_eq!(orders[0]["cancels_applied"], 1);
    assert_eq!(orders[1]["cancel_requests"], 0);

    #[cfg(unix)]
    {
        emulator.signal("-TERM");
        emulator.end().exits(0);
    }
}

#[test]
fn emulate_names_the_flag_that_opens_it_to_others_and_why_a_port_cannot_be_had() {
    let shop = CliFixture::open();
    let run = shop.duka(&["emulate", "--listen", "10.1.2.3:0"]).exits(2);
    run.complains("--expose");
    let taken = shop.emulator.addr().to_string();
    let run = shop.duka(&["emulate", "--listen", &taken]).exits(1);
    run.complains(&taken).complains("in use");
}

#[test]
fn emulate_takes_another_side_by_name_and_names_the_sides_there_are() {
    let terminal = Terminal::open();
    let chosen = [
        "emulate",
        "--listen=127.0.0.1:0",
        "--variant=pesapal.second_cancel=accepted",
        "--variant=kwikpaisa.date_zone=india",
    ];
    let mut emulator = terminal.start(&chosen);
    let mut first = String::new();
    let stdout = emulator.child().stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut first).unwrap();
    let address = first.trim_end().strip_prefix("listening on http://");
    let listed = control(address.unwrap(), "GET", "variants", "");
    let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
    let unusual = listed.iter().filter(|it| it["value"] != it["default"]);
    let unusual: Vec<_> = unusual.map(|it| (&it["name"], &it["value"])).collect();
    let named = |name: &str, value: &str| (Value::from(name), Value::from(value));
    let expected = [
        named("kwikpaisa.date_zone", "india"),
        named("pesapal.second_cancel", "accepted"),
    ];
    assert!(
        unusual
            .into_iter()
            .eq(expected.iter().map(|it| (&it.0, &it.1)))
    );

    for (choice, said) in [
        ("pesapal.second_cancel", "it is NAME=VALUE"),
        (
            "pesapal.second_cancel=maybe",
            "it is one of refused, accepted",
        ),
        (
            "second_cancel=accepted",
            "is it kwikpaisa.second_cancel or pesapal.second_cancel?",
        ),
        ("pesapal.mood=good", "pesapal.second_refund"),
    ] {
        let run = terminal.duka(&["emulate", "--variant", choice]).exits(2);
        run.complains(choice).complains(said);
    }
}

#[cfg(unix)]
#[test]
fn emulate_goes_on_where_it_ended_with_a_file_for_its_state() {
    let terminal = Terminal::open();
    let file = terminal.path("emulator.json");
    let state = file.to_str().unwrap();
    let begin = |more: &[&str]| {
        let args = [&["emulate", "--listen=127.0.0.1:0", "--state", state], more].concat();
        let mut emulator = terminal.start(&args);
        let mut first = String::new();
        let stdout = emulator.child().stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut first).unwrap();
        let address = first
            .trim_end()
            .strip_prefix("listening on http://")
            .unwrap();
        (emulator, address.to_owned())
    };
    let (emulator, address) = begin(&[]);
    control(
        &address,
        "POST",
        "variants",
        r#"{"pesapal.payment_method":"mpesa_ke","pesapal.payer_phone":"bare"}"#,
    );
    control(&address, "POST", "clock", r#"{"advance_seconds":3600}"#);
    let before = control(&address, "GET", "state", "");
    emulator.signal("-TERM");
    emulator.end().exits(0);
    let (emulator, address) = begin(&["--variant", "pesapal.payer_phone=masked"]);
    let after = control(&address, "GET", "state", "");
    let line = "    \"pesapal.payer_phone\": \"bare\",\n";
    assert_eq!(after, before.replace(line, ""));
    assert_ne!(after, before);
    emulator.signal("-TERM");
    emulator.end().exits(0);
    terminal.write("emulator.json", "{}");
    let run = terminal
        .duka(&["emulate", "--listen=127.0.0.1:0", "--state", state])
        .exits(2);
    run.complains("emulator.json").complains("not a snapshot");
    let run = terminal
        .duka(&["emulate", "--listen=127.0.0.1:0", "--state", "/dev/zero"])
        .exits(2);
    run.complains("is not a file");
}

#[test]
fn the_demo_agrees_with_itself() {
    let terminal = Terminal::open();
    let run = terminal
        .duka(&["demo", "--orders", "60", "--seed", "1"])
        .exits(0);
    let verdict = "ok: the report and the gateways agree about every order";
    assert_eq!(run.stdout.lines().last(), Some(verdict));
    let run = terminal.duka(&["demo", "--orders", "20", "--seed", "7", "--json"]);
    let document = run.exits(0).json();
    assert_eq!(document["agree"], true);
    assert_eq!(document["seed"], 7);
    assert_eq!(document["report"]["summary"]["considered"], 14);
    // Two at each gateway are left alone, and two are paid at a second attempt.
    // It needs nothing and leaves nothing.
    assert_eq!(
        std::fs::read_dir(terminal.folder.path()).unwrap().count(),
        0
    );
}

#[test]
fn an_order_is_created_paid_for_read_and_shown() {
    let shop = CliFixture::only(Gateway::Pesapal);
    let ipn = shop.ipn();
    let mut args = CliFixture::create_args("pesapal", "KANGA-17");
    args.extend(["--notification-id", &ipn]);
    let made = shop.duka(&args).exits(0);
    let line = |name: &str| {
        let found = made.stdout.lines().find_map(|it| it.strip_prefix(name));
        found
            .unwrap_or_else(|| panic!("{name}: {}", made.stdout))
            .trim()
            .to_owned()
    };
    let (id, link) = (line("order"), line("pay at"));
    assert_eq!(line("yours"), "KANGA-17");
    assert!(link.contains(&id), "{link}");
    shop.emulator.pay(&id).unwrap();
    let status = shop.duka(&["status", "KANGA-17"]).exits(0);
    assert!(status.stdout.contains("paid"), "{}", status.stdout);
    let shown = shop.duka(&["show", "KANGA-17"]).exits(0);
    for text in [
        id.as_str(),
        "KANGA-17",
        "1500.00 KES",
        "paid",
        "no cancellation",
    ] {
        assert!(shown.stdout.contains(text), "{text}: {}", shown.stdout);
    }
}

#[test]
fn orders_of_a_list_are_tracked_swept_and_reported() {
    let shop = CliFixture::open();
    let open = shop.create("kwikpaisa", INDIAN);
    let paid = shop.create("pesapal", "KANGA-8");
    let mut elsewhere = CliFixture::open();
    // Another machine, which knows the orders from a list only.
    for (name, url) in [
        ("DUKA_KWIKPAISA_BASE_URL", shop.emulator.kwikpaisa_url()),
        ("DUKA_PESAPAL_BASE_URL", shop.emulator.pesapal_url()),
    ] {
        elsewhere.terminal.set(name, &url);
    }
    shop.emulator.pay(&paid).unwrap();
    let rows = [row("kwikpaisa", &open), row("pesapal", &paid)];
    let list = format!("{HEADER}\n{}\n{}\n", rows[0], rows[1]);
    let tracked = elsewhere
        .terminal
        .duka_reading(&list, &["track", "-"])
        .exits(0);
    assert!(
        tracked
            .stdout
            .starts_with("2 orders tracked, 0 known before")
    );
    let tracked = elsewhere
        .terminal
        .duka_reading(&list, &["track", "-"])
        .exits(0);
    assert!(
        tracked
            .stdout
            .starts_with("0 orders tracked, 2 known before")
    );

    let swept = elsewhere.duka(&["sweep"]).exits(0);
    let last = swept.stdout.lines().last().unwrap();
    assert!(last.starts_with("2 considered in "), "{last}");
    assert!(
        last.contains("1 confirmed, 0 not cancelled, 1 skipped"),
        "{last}"
    );
    let again = elsewhere.duka(&["sweep"]).exits(0);
    assert!(again.stdout.starts_with("0 considered"), "{}", again.stdout);

    let table = elsewhere.duka(&["report"]).exits(0);
    assert_eq!(table.stdout.lines().count(), 3, "{}", table.stdout);
    assert!(table.stdout.contains("confirmed") && table.stdout.contains("skipped"));
    let csv = elsewhere.duka(&["report", "--format", "csv"]).exits(0);
    let mut reader = csv::Reader::from_reader(csv.stdout.as_bytes());
    let header: Vec<_> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(
        header.join(","),
        "id,account,gateway,order,state,outcome,reason,actor,attempts,sent_at,verified_status,finding,message,updated_at,receipt,method,gateway_time,shop_order,reference,amount,currency,paid_amount,skip_reason,held_by,held_at,hold_note"
    );
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    let since = elsewhere
        .duka(&["report", "--since", "1h", "--json"])
        .exits(0);
    assert_eq!(since.lines().len(), 2);
    let since = elsewhere
        .duka(&["report", "--since", "2099-01-01T00:00:00Z"])
        .exits(0);
    assert!(!since.stdout.contains("confirmed"), "{}", since.stdout);
}

#[test]
fn a_sweep_keeps_to_its_bounds() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    for number in 0..5 {
        shop.create("kwikpaisa", &format!("A-{number}"));
    }
    let considered = |args: &[&str]| {
        let args = [&["sweep", "--json"], args].concat();
        let (_, summary) = shop.duka(&args).exits(0).swept();
        let number = |key: &str| summary[key].as_u64().unwrap();
        (number("considered"), number("confirmed"))
    };
    // Too young, all of them.
    assert_eq!(considered(&[]), (0, 0));
    assert_eq!(
        considered(&["--min-age", "0s", "--look-back", "0s"]),
        (0, 0)
    );
    assert_eq!(considered(&["--min-age", "0s", "--max", "2"]), (2, 2));
    assert_eq!(
        considered(&["--min-age", "0s", "--concurrency", "1"]),
        (3, 3)
    );
    assert_eq!(shop.cancels_received(), 5);
}

#[test]
fn a_dry_run_says_so_and_of_each_order_what_would_be_done_and_why() {
    let shop = CliFixture::open();
    let open = shop.create("kwikpaisa", "A-1");
    let paid = shop.create("pesapal", "KANGA-1");
    shop.emulator.pay(&paid).unwrap();
    let aged = |id: &str, hours: i64| {
        let created = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours);
        format!("kwikpaisa,{id},{created:.0},105.50,INR")
    };
    let rows = [
        row("kwikpaisa", "A-404"),
        aged("A-5", 0),
        aged("A-6", 24 * 8),
    ];
    let list = format!("{HEADER}\n{}\n", rows.join("\n"));
    shop.terminal.write("list.csv", list);
    let dry = ["sweep", "--dry-run"];
    let summary = |text: &str| {
        let last = text.lines().last().unwrap();
        let (start, counts) = last.split_once(" considered in ").unwrap();
        let (_, counts) = counts.split_once(" s: ").unwrap();
        format!("{start}: {counts}")
    };

    let run = shop
        .duka(&[&dry[..], &["--min-age", "0s"]].concat())
        .exits(0);
    for line in [
        format!("{open} at kwikpaisa  dry run  would be cancelled: the order is unpaid"),
        format!("{paid} at pesapal  dry run  would be left alone: the order is paid"),
    ] {
        assert!(
            run.stdout.lines().any(|it| it == line),
            "{line}: {}",
            run.stdout
        );
    }
    assert_eq!(
        summary(&run.stdout),
        "dry run, nothing was sent or stored: 2: 1 would be cancelled, 1 would be left alone, 0 errors"
    );

    let run = shop
        .duka(&[&dry[..], &["--orders", "list.csv"]].concat())
        // The one order that was asked about is not known: it may be another account.
        .exits(1);
    for line in [
        "A-404 at kwikpaisa  dry run  would be left alone: the gateway knows no such order",
        "A-5 at kwikpaisa  dry run  would be left alone: it is younger than --min-age 30m",
        "A-6 at kwikpaisa  dry run  would be left alone: it is older than --look-back 7days",
    ] {
        assert!(
            run.stdout.lines().any(|it| it == line),
            "{line}: {}",
            run.stdout
        );
    }
    let counted = "dry run, nothing was sent or stored: 3: 0 would be cancelled, 3 would be left alone, 0 errors; 1 not known to their gateway";
    assert_eq!(summary(&run.stdout), counted);
    let args = [&dry[..], &["--orders", "list.csv", "--json"]].concat();
    let (plans, _) = shop.duka(&args).exits(1).swept();
    assert_eq!(plans.len(), 1);
    let said = "dry run: would send nothing, for the gateway knows no such order";
    assert_eq!(plans[0]["message"], said);
    assert_eq!(shop.cancels_received(), 0);
}

#[test]
fn a_dry_run_tells_of_what_a_sweep_would_go_on_with() {
    let shop = CliFixture::only(Gateway::Pesapal);
    let order = shop.create("pesapal", "KANGA-1");
    let fault = Fault::new(FaultKind::ReplyLost).on(Operation::Cancel);
    shop.emulator.arm(fault).unwrap();
    shop.duka(&["cancel", &order, "--wait", "0s"]).exits(4);
    shop.duka(&["sweep", "--dry-run"])
        .exits(0)
        .complains("1 cancellation is not settled; a sweep would first go on with that");
}

#[test]
fn orders_of_a_list_that_are_left_alone_are_named_if_they_are_few_or_all_with_v() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    let young = |id: u32| {
        let now = jiff::Timestamp::now();
        format!("kwikpaisa,A-{id},{now:.0},105.50,INR\n")
    };
    let list = |ids: std::ops::Range<u32>| {
        let rows: String = ids.map(young).collect();
        shop.terminal.write("list.csv", format!("{HEADER}\n{rows}"))
    };
    let sweep = |more: &[&str]| {
        let args = [&["sweep", "--orders", "list.csv"], more].concat();
        shop.duka(&args).exits(0)
    };
    let left = "at kwikpaisa is left alone: it is younger than --min-age 30m";
    list(0..2);
    let run = sweep(&[]);
    for id in ["A-0", "A-1"] {
        run.complains(&format!("{id} {left}\n"));
    }
    assert!(run.stdout.starts_with("2 considered"), "{}", run.stdout);
    assert_eq!(sweep(&["-q"]).stderr, "");
    let run = sweep(&["--json"]);
    assert_eq!((run.lines().len(), run.stderr.as_str()), (1, ""));
    let run = sweep(&["--json", "-v"]);
    assert_eq!(
        (run.lines().len(), run.stderr.matches(left).count()),
        (1, 2)
    );
    let run = sweep(&["--look-back", "0s", "--min-age", "0s"]);
    run.complains("A-0 at kwikpaisa is left alone: it is older than --look-back 0s");
    list(0..25);
    let run = sweep(&[]);
    run.complains("and 5 more are left alone; -v names them all");
    assert_eq!(run.stderr.matches(left).count(), 20);
    assert_eq!(sweep(&["-v"]).stderr.matches(left).count(), 25);
    // What was just looked at gets a rest, and what has ended gets it for ever.
    let paid = shop.create("kwikpaisa", "A-99");
    shop.emulator.pay(&paid).unwrap();
    let rows = [row("kwikpaisa", "A-404"), row("kwikpaisa", &paid)];
    let rows = format!("{HEADER}\n{}\n{}\n", rows[0], rows[1]);
    shop.terminal.write("list.csv", rows);
    assert_eq!(sweep(&["--min-age", "0s"]).stderr, "");
    sweep(&["--min-age", "0s", "--grace", "30m"])
        .complains("A-404 at kwikpaisa is left alone: it was looked at less than 30m ago (--grace)")
        .complains("A-99 at kwikpaisa is left alone: it was settled before");
}

#[cfg(unix)]
#[test]
fn a_sweep_that_repeats_finds_what_comes_later_and_ends_when_asked() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    let first = shop.create("kwikpaisa", "A-1");
    let args = ["sweep", "--min-age", "0s", "--every", "100ms", "--json"];
    let running = shop.terminal.start(&args);
    let applied = |id: &str| {
        shop.emulator
            .order(id)
            .is_some_and(|it| it.cancels_applied == 1)
    };
    wait_until("the first order's end", || applied(&first));
    let second = shop.create("kwikpaisa", "A-2");
    wait_until("the second order's end", || applied(&second));
    running.signal("-TERM");
    let run = running.end().exits(0);
    let confirmed = run.stdout.matches("\"outcome\":\"confirmed\"").count();
    assert_eq!(confirmed, 2, "{}", run.stdout);
}

#[cfg(unix)]
#[test]
fn a_sweep_of_a_list_goes_on_after_a_round_that_could_not_read_it() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    let first = shop.create("kwikpaisa", "A-1");
    let list = |orders: &[&str]| {
        let rows = orders.iter().map(|id| row("kwikpaisa", id) + "\n");
        format!("{HEADER}\n{}", rows.collect::<String>())
    };
    shop.terminal.write("list.csv", list(&[&first]));
    let args = [
        "sweep",
        "--orders",
        "list.csv",
        "--min-age",
        "0s",
        "--every",
        "100ms",
    ];
    let running = shop.terminal.start(&args);
    let applied = |id: &str| {
        shop.emulator
            .order(id)
            .is_some_and(|it| it.cancels_applied == 1)
    };
    wait_until("the first order's end", || applied(&first));
    // A shop is just writing it.
    shop.terminal.write("list.csv", "account,ord");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let second = shop.create("kwikpaisa", "A-2");
    shop.terminal.write("list.csv", list(&[&first, &second]));
    wait_until("the second order's end", || applied(&second));
    running.signal("-TERM");
    running.end().exits(0).complains("list.csv");
    // What is wrong from the start ends it.
    shop.terminal.write("list.csv", "account,ord");
    shop.duka(&args).exits(2);
}

#[test]
fn standard_input_cannot_be_swept_again_and_again() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    let args = ["sweep", "--orders", "-", "--every", "1h"];
    shop.duka(&args).exits(2).complains("--every");
}

#[test]
fn completions_are_printed_for_every_shell() {
    let terminal = Terminal::open();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = terminal.duka(&["completions", shell]).exits(0);
        assert!(run.stdout.contains("sweep"), "{shell}");
    }
}

#[test]
fn doctor_finds_nothing_to_mend_in_a_healthy_shop() {
    let shop = CliFixture::open();
    let run = shop.duka(&["doctor"]).exits(0);
    for line in run.stdout.lines() {
        assert!(line.starts_with("    ok  "), "{line:?}");
    }
    for part in [
        "configuration",
        "store",
        "kwikpaisa: clock",
        "pesapal: credentials",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    let checks = shop.duka(&["doctor", "--json"]).exits(0).json();
    assert!(checks.as_array().unwrap().iter().all(|it| it["ok"] == true));
}

#[test]
fn doctor_waits_no_longer_than_the_settings_say() {
    let mut shop = CliFixture::only(Gateway::KwikPaisa);
    // It takes connections, and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    shop.terminal
        .set("DUKA_KWIKPAISA_BASE_URL", &url)
        .set("DUKA_TIMEOUT", "200ms");
    let started = std::time::Instant::now();
    let run = shop.duka(&["doctor"]).exits(1);
    assert!(
        run.stdout.contains("kwikpaisa: reachable"),
        "{}",
        run.stdout
    );
    let took = started.elapsed();
    assert!(took < std::time::Duration::from_secs(15), "{took:?}");
}

#[test]
fn doctor_names_what_is_unsettled_at_an_account_that_is_gone() {
    let mut shop = CliFixture::open();
    let order = shop.create("pesapal", "KANGA-1");
    let fault = Fault::new(FaultKind::ReplyLost).on(Operation::Cancel);
    shop.emulator.arm(fault).unwrap();
    shop.duka(&["cancel", &order, "--wait", "0s"]).exits(4);
    shop.duka(&["doctor"]).exits(0);
    shop.terminal.unset("DUKA_PESAPAL_CONSUMER_KEY");
    shop.terminal.unset("DUKA_PESAPAL_CONSUMER_SECRET");
    let run = shop.duka(&["doctor"]).exits(1);
    let said = "   fix  store: 1 cancellation of account pesapal is not settled, and no such account is configured";
    assert!(run.stdout.contains(said), "{}", run.stdout);
    let run = shop.duka(&["sweep", "--dry-run"]).exits(2);
    run.complains("account pesapal is not configured");
    assert!(!run.stderr.contains("would first go on"), "{run:?}");
    shop.duka(&["sweep", "--wait", "0s"])
        .exits(2)
        .complains("account pesapal is not configured");
}

#[test]
fn a_sweep_of_a_store_that_is_not_there_makes_none() {
    let shop = CliFixture::open();
    shop.terminal.write("list.csv", format!("{HEADER}\n"));
    for args in [
        &["sweep"][..],
        &["sweep", "--every", "1h"],
        &["sweep", "--dry-run"],
    ] {
        shop.duka(args)
            .exits(2)
            .complains("there is no store at duka.db; fix --store");
        assert!(!shop.terminal.store().exists(), "{args:?}");
    }
    shop.duka(&["sweep", "--orders", "list.csv"]).exits(0);
    assert!(shop.terminal.store().exists());
}

#[cfg(unix)]
#[test]
fn a_store_that_cannot_be_looked_for_is_not_taken_for_absent() {
    let shop = CliFixture::open();
    // Root may look anywhere, but not at the end of a link that leads to itself.
    std::os::unix::fs::symlink("loop.db", shop.terminal.path("loop.db")).unwrap();
    for command in [&["report"][..], &["sweep"], &["status", INDIAN]] {
        let args = [command, &["--store", "sqlite:loop.db"]].concat();
        let args = if command[0] == "status" {
            [&args[..], &["--account", "kwikpaisa"]].concat()
        } else {
            args
        };
        let run = shop.duka(&args).exits(2);
        run.complains("failed to look for a store at loop.db: ");
    }
    let run = shop.duka(&["doctor", "--store", "sqlite:loop.db"]).exits(1);
    let said = "   fix  store: failed to look for a store at loop.db: ";
    assert!(run.stdout.contains(said), "{}", run.stdout);
}
