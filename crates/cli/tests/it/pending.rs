//! What needs a person, and what the person decides.

use duka_emulator::{Fault, FaultKind, Gateway, Operation};
use serde_json::Value;

use crate::shop::{CliFixture, INDIAN};

/// A shop with one cancellation that waits for a person; returns its id and the order's.
fn reviewed() -> (CliFixture, String, String) {
    let shop = CliFixture::only(Gateway::Pesapal);
    let order = shop.create("pesapal", "KANGA-1");
    let fault = Fault::new(FaultKind::ReplyLost).on(Operation::Cancel);
    shop.emulator.arm(fault).unwrap();
    let record = shop.duka(&["cancel", &order, "--json"]).exits(4).json();
    assert_eq!(record["state"], "needs_review");
    let id = record["id"].as_str().unwrap().to_owned();
    (shop, id, order)
}

fn pending(shop: &CliFixture) -> Vec<Value> {
    let run = shop.duka(&["pending", "--json"]);
    let lines = run.lines();
    run.exits(if lines.is_empty() { 0 } else { 4 });
    lines
}

#[test]
fn a_decision_closes_a_review_and_says_who_and_why_for_ever() {
    for (word, outcome) in [
        ("cancelled", "resolved_cancelled"),
        ("not-cancelled", "resolved_not_cancelled"),
    ] {
        let (shop, id, order) = reviewed();
        assert_eq!(pending(&shop)[0]["id"], *id);
        let text = shop.duka(&["pending", "--long"]).exits(4);
        // A sweep that finds nothing to do says so as well, and a doctor.
        let summary = shop.duka(&["sweep", "--json"]).swept().1;
        assert_eq!(summary["waiting"], 1);
        let swept = shop.duka(&["sweep"]);
        let last = swept.stdout.lines().last();
        assert_eq!(last, Some("1 waits for a person, see `duka pending`"));
        let doctor = shop.duka(&["doctor"]).exits(0).stdout;
        assert!(doctor.contains("1 waits for a person"), "{doctor}");
        let heard = "heard    cancel request: gateway out of reach";
        for part in [&id, &order, heard, "duka resolve", "dashboard"] {
            assert!(text.stdout.contains(part), "{part}: {}", text.stdout);
        }
        let decide = [
            "resolve",
            &id,
            "--as",
            word,
            "--by",
            "amina",
            "--note",
            "saw it there",
        ];
        let args = [&decide[..], &["--json"]].concat();
        let record = shop.duka(&args).exits(0).json();
        assert_eq!(record["outcome"], outcome);
        assert_eq!(record["state"], "done");
        assert_eq!(pending(&shop), Vec::<Value>::new());
        let shown = shop.duka(&["show", &order]).exits(0);
        for part in ["amina", "saw it there"] {
            assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
        }
        // It is decided.
        shop.duka(&decide).exits(2).complains("nothing to decide");
        assert_eq!(shop.emulator.order(&order).unwrap().cancel_requests, 1);
    }
}

#[test]
fn a_late_payment_is_pending_until_an_operator_closes_it_and_is_not_raised_again() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    shop.create("kwikpaisa", INDIAN);
    shop.duka(&["cancel", INDIAN]).exits(0);
    assert_eq!(pending(&shop), Vec::<Value>::new());
    shop.emulator.pay_late(INDIAN).unwrap();
    shop.duka(&["status", INDIAN]).exits(0);
    let found = pending(&shop);
    assert_eq!(found[0]["finding"], "late_payment");
    let id = found[0]["id"].as_str().unwrap();
    let close = [
        "resolve",
        id,
        "--as",
        "acknowledged",
        "--by",
        "amina",
        "--note",
        "refunded",
    ];
    shop.duka(&close).exits(0);
    assert_eq!(pending(&shop), Vec::<Value>::new());
    shop.duka(&["status", INDIAN]).exits(0);
    assert_eq!(pending(&shop), Vec::<Value>::new());
    shop.duka(&close).exits(2);
}

#[test]
fn an_acknowledged_payment_says_so_and_by_whom_at_either_gateway() {
    let shop = CliFixture::open();
    for account in ["kwikpaisa", "pesapal"] {
        let order = shop.create(account, "A-17");
        let cancel = ["cancel", &order, "--account", account, "--json"];
        let record = shop.duka(&cancel).exits(0).json();
        let id = record["id"].as_str().unwrap();
        shop.emulator.pay_late(&order).unwrap();
        shop.duka(&["status", &order, "--account", account])
            .exits(0);
        let close = [
            "resolve",
            id,
            "--as",
            "acknowledged",
            "--by",
            "amina",
            "--note",
            "refunded",
            "--json",
        ];
        let record = shop.duka(&close).exits(0).json();
        let said = "amina: refunded; a person has acknowledged the payment";
        assert_eq!(record["message"], said);
        assert_eq!(record["outcome"], "confirmed");
        // Books that leave out what is paid must leave it out after that, too.
        let of_report = &shop.duka(&["report", "--json"]).exits(0).lines();
        for seen in [&record, of_report.last().unwrap()] {
            assert_eq!(seen["finding"], "late_payment");
            assert_eq!(seen["acknowledged_by"], "amina");
            assert_eq!(seen["note"], "refunded");
            let at: Result<jiff::Timestamp, _> = seen["acknowledged_at"].as_str().unwrap().parse();
            at.unwrap();
        }
        let csv = shop.duka(&["report", "--format", "csv"]).exits(0).stdout;
        assert!(csv.contains(",late_payment,"), "{csv}");
        let shown = shop.duka(&["show", &order, "--json"]).exits(0).json();
        let last = shown["cancellations"][0]["log"].as_array().unwrap().last();
        let last = last.unwrap();
        assert_eq!(last["event"], "acknowledged");
        assert_eq!(last["actor"], "amina");
        assert_eq!(last["detail"], "amina: refunded");
    }
}

#[test]
fn a_sweep_does_not_count_orders_paid_late_as_confirmed() {
    let shop = CliFixture::open();
    for account in ["kwikpaisa", "pesapal"] {
        let order = shop.create(account, "A-17");
        shop.duka(&["cancel", &order, "--account", account])
            .exits(0);
        shop.emulator.pay_late(&order).unwrap();
    }
    let sweep = ["sweep", "--recheck", "48h", "--json"];
    let (orders, summary) = shop.duka(&sweep).exits(4).swept();
    assert_eq!(orders.len(), 2);
    assert_eq!(summary["late_payments"], 2);
    assert_eq!(summary["confirmed"], 0);
    assert_eq!(summary["not_cancelled"], 2);
}

#[test]
fn a_decision_that_cannot_be_is_usage() {
    let (shop, id, _) = reviewed();
    let unknown = "01a20128-5bd5-7219-a4c2-b4aa018712f1";
    for (id, word, by, note, said) in [
        (
            "17",
            "cancelled",
            "amina",
            "n",
            "nothing to decide about 17",
        ),
        (unknown, "cancelled", "amina", "n", unknown),
        (&id, "perhaps", "amina", "n", "possible values"),
        (&id, "cancelled", "", "n", "--by"),
        (&id, "cancelled", "  ", "n", "--by is blank"),
        (&id, "cancelled", "amina", " ", "--note is blank"),
        (&id, "acknowledged", "amina", "n", "nothing to decide"),
    ] {
        let args = ["resolve", id, "--as", word, "--by", by, "--note", note];
        shop.duka(&args).exits(2).complains(said);
    }
    assert_eq!(pending(&shop).len(), 1);
}

#[test]
fn a_status_that_shows_the_truth_ends_a_review_by_itself() {
    let (shop, _, order) = reviewed();
    shop.emulator.pay_late(&order).unwrap();
    shop.duka(&["status", &order]).exits(0);
    assert_eq!(pending(&shop), Vec::<Value>::new());
    let records = shop.duka(&["report", "--json"]).exits(0).lines();
    assert_eq!(records[0]["outcome"], "not_cancelled_paid");
}

/// A shop with so many orders whose one cancel request has no answer.
fn in_doubt(orders: u32) -> CliFixture {
    let shop = CliFixture::only(Gateway::Pesapal);
    let ipn = shop.ipn();
    for number in 0..orders {
        let id = format!("KANGA-{number}");
        let mut args = CliFixture::create_args("pesapal", &id);
        args.extend(["--notification-id", &ipn]);
        shop.duka(&args).exits(0);
    }
    let fault = Fault::new(FaultKind::ReplyLost)
        .on(Operation::Cancel)
        .times(orders);
    shop.emulator.arm(fault).unwrap();
    let sweep = ["sweep", "--min-age", "0s", "--grace", "0s", "--json"];
    let (_, summary) = shop.duka(&sweep).exits(4).swept();
    assert_eq!(summary["needs_review"], orders);
    shop
}

#[test]
fn fifty_orders_in_doubt_are_settled_with_the_four_commands_that_pending_prints() {
    let shop = in_doubt(50);
    // Two customers have paid meanwhile, so their status tells.
    for order in shop.emulator.orders().iter().take(2) {
        let id = order.tracking_id.clone().unwrap();
        shop.emulator.pay_late(&id).unwrap();
    }
    let run = shop.duka(&["pending"]);
    let listed = run.stdout.lines().filter(|line| line.contains("KANGA-"));
    assert_eq!(listed.count(), 50, "{}", run.stdout);
    assert!(
        run.stdout.contains("50 pending, the oldest since "),
        "{}",
        run.stdout
    );
    let commands: Vec<String> = run
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("  duka "))
        .map(str::to_owned)
        .collect();
    assert_eq!(
        commands,
        [
            "pending --recheck",
            "pending --format csv > pending.csv",
            "resolve - --as … --by … --note … < pending.csv",
            "pending",
        ]
    );

    let run = shop.duka(&["pending", "--recheck"]);
    run.complains("2 settled by their status");
    assert!(run.stdout.contains("48 pending"), "{}", run.stdout);
    let csv = shop.duka(&["pending", "--format", "csv"]).stdout;
    assert_eq!(csv.lines().count(), 49);
    let decide = [
        "resolve",
        "-",
        "--as",
        "cancelled",
        "--by",
        "amina",
        "--note",
        "dashboard",
    ];
    let run = shop.terminal.duka_reading(&csv, &decide).exits(0);
    assert_eq!(run.stdout.lines().count(), 48);
    let run = shop.duka(&["pending"]).exits(0);
    assert!(run.stderr.contains("nothing is pending"), "{run:?}");
    let outcome = |word: &str| {
        let args = ["report", "--json", "--outcome", word];
        shop.duka(&args).exits(0).lines().len()
    };
    assert_eq!(
        (outcome("resolved_cancelled"), outcome("not_cancelled_paid")),
        (48, 2)
    );
    assert_eq!(shop.cancels_received(), 50);
}

#[test]
fn pending_and_report_list_only_what_the_filters_fit() {
    let shop = in_doubt(3);
    let count = |args: &[&str]| {
        let args = [args, &["--json"]].concat();
        shop.duka(&args).lines().len()
    };
    for command in ["pending", "report"] {
        for (filter, expected) in [
            (&["--state", "needs_review"][..], 3),
            (&["--state", "done"], 0),
            (&["--outcome", "confirmed"], 0),
            (&["--finding", "late_payment"], 0),
            (&["--limit", "2"], 2),
            (&["--since", "1h"], 3),
            (&["--until", "1h"], 0),
            (&["--since", "2020-01-01", "--until", "2020-12-31"], 0),
            (&["--account", "pesapal"], 3),
        ] {
            assert_eq!(
                count(&[&[command], filter].concat()),
                expected,
                "{command} {filter:?}"
            );
        }
        let both = [command, "--since", "2020-12-31", "--until", "2020-01-01"];
        shop.duka(&both).exits(2).complains("nothing lies between");
        shop.duka(&[command, "--outcome", "gone"]).exits(2);
        shop.duka(&[command, "--since", "soon"])
            .exits(2)
            .complains("no date such as");
    }
    assert_eq!(count(&["pending", "KANGA-1"]), 1);
    assert_eq!(count(&["pending", "KANGA-9"]), 0);
    let rows = shop.duka(&["pending", "KANGA-1", "--json"]).lines();
    assert_eq!(rows[0]["reference"], "KANGA-1");
    assert_eq!(
        (&rows[0]["amount"], &rows[0]["currency"]),
        (&"1500.00".into(), &"KES".into())
    );
}

#[test]
fn resolve_takes_a_reference_an_order_and_a_unique_beginning_and_a_list_with_a_slip_decides_nothing()
 {
    let shop = in_doubt(3);
    let rows = pending_rows(&shop);
    let id = rows[2]["id"].as_str().unwrap();
    let said = ["--as", "cancelled", "--by", "amina", "--note", "dashboard"];
    let resolve = |what: &str| shop.duka(&[&["resolve", what], &said[..]].concat());
    let list = |text: &str| {
        let args = [&["resolve", "-"], &said[..]].concat();
        shop.terminal.duka_reading(text, &args)
    };
    list("KANGA-0\nKANGA-7\n").exits(2).complains("KANGA-7");
    list("\n").exits(2).complains("names nothing");
    // Those made within seven weeks begin so.
    resolve(&id[..4]).exits(2).complains("nothing to decide");
    assert_eq!(pending_rows(&shop).len(), 3);
    resolve("KANGA-0").exits(0);
    resolve(rows[1]["order"].as_str().unwrap()).exits(0);
    resolve(&id[..id.len() - 1]).exits(0);
    assert_eq!(pending_rows(&shop).len(), 0);
}

fn pending_rows(shop: &CliFixture) -> Vec<Value> {
    shop.duka(&["pending", "--json"]).lines()
}

#[test]
fn a_cell_that_a_spreadsheet_would_calculate_gets_an_apostrophe_unless_raw_is_asked_for() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    for (number, reason) in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"]
        .into_iter()
        .enumerate()
    {
        let id = format!("{INDIAN}{number}");
        shop.create("kwikpaisa", &id);
        let cancel = format!("--reason={reason}");
        shop.duka(&["cancel", &id, &cancel]).exits(0);
        let rows = |args: &[&str]| shop.duka(&[&["report", "--format", "csv"], args].concat());
        let safe = rows(&[]).exits(0).stdout;
        assert!(safe.contains(&format!(",'{reason},")), "{safe}");
        let raw = rows(&["--raw"]).exits(0).stdout;
        assert!(raw.contains(&format!(",{reason},")), "{raw}");
    }
}

#[test]
fn an_id_that_a_spreadsheet_would_take_for_a_number_or_a_date_is_text_in_csv_unless_raw() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    for (id, changes) in [
        (INDIAN, true),
        ("0017", true),
        ("4E12", true),
        ("1-2", true),
        ("2026.05.13", true),
        ("ORDER-12", false),
        ("E-book 7", false),
    ] {
        shop.create("kwikpaisa", id);
        shop.duka(&["cancel", id]).exits(0);
        let rows = |args: &[&str]| {
            let csv = shop.duka(&[&["report", "--format", "csv"], args].concat());
            let csv = csv.exits(0).stdout;
            let mut reader = csv::Reader::from_reader(csv.as_bytes());
            let header = reader.headers().unwrap().clone();
            let place = |name: &str| header.iter().position(|it| it == name).unwrap();
            let columns = (place("order"), place("amount"));
            let mut rows = reader.records().map(Result::unwrap);
            let found = rows.find(|row| row[columns.0].trim_start_matches('\'') == id);
            let row = found.unwrap_or_else(|| panic!("{id}: {csv}"));
            (row[columns.0].to_owned(), row[columns.1].to_owned())
        };
        let text = if changes {
            format!("'{id}")
        } else {
            id.to_owned()
        };
        // Amounts are numbers, so that a spreadsheet can add them up.
        assert_eq!(rows(&[]), (text, "105.50".to_owned()));
        assert_eq!(rows(&["--raw"]).0, id);
    }
}

#[test]
fn show_and_pending_tell_times_in_local_time_with_its_zone_or_in_utc() {
    let (mut shop, _, order) = reviewed();
    shop.terminal.set("TZ", "EAT-3");
    let hold = ["hold", &order, "--note", "asked", "--by", "amina"];
    shop.duka(&hold).exits(0);
    // What a person reads, aside from the time that the gateway told.
    let text = |args: &[&str], code| {
        let text = shop.duka(args).exits(code).stdout;
        let lines = text.lines().filter(|line| !line.starts_with("their time"));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    for (args, code) in [
        (&["show", order.as_str()][..], 0),
        (&["pending"], 4),
        (&["pending", "--long"], 4),
    ] {
        let local = text(args, code);
        let utc = text(&[args, &["--utc"]].concat(), code);
        assert!(local.contains(" EAT") && !local.contains(" UTC"), "{local}");
        assert!(utc.contains(" UTC") && !utc.contains(" EAT"), "{utc}");
        // RFC 3339 is for programs.
        let rfc_3339 = |text: &str| {
            let mut words = text.split_whitespace();
            words.any(|it| it.trim_end_matches(':').parse::<jiff::Timestamp>().is_ok())
        };
        assert!(!rfc_3339(&local) && !rfc_3339(&utc), "{local}{utc}");
    }
    let shown = shop.duka(&["show", &order, "--json"]).exits(0).json();
    let created = shown["order"]["created_at"].as_str().unwrap();
    assert!(created.ends_with('Z'), "{created}");
}
