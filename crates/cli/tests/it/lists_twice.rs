//! The same order twice: in one list, or imported again.

use jiff::{SignedDuration, Timestamp};

use crate::shop::{CliFixture, HEADER};

/// A row of an order of this age in hours.
fn row(id: &str, hours: i64, money: &str) -> String {
    let created = Timestamp::now() - SignedDuration::from_hours(hours);
    format!("kwikpaisa,{id},{created:.0},{money}\n")
}

fn write(shop: &CliFixture, rows: &[String]) -> String {
    let list = format!("{HEADER}\n{}", rows.concat());
    shop.terminal.write("orders.csv", list)
}

/// What is tracked of an order.
fn amount(shop: &CliFixture, id: &str) -> String {
    let shown = shop.duka(&["show", id, "--json"]).exits(0).json();
    let order = &shown["order"];
    let text = |key: &str| order[key].as_str().unwrap().to_owned();
    format!("{} {}", text("amount"), text("currency"))
}

#[test]
fn an_order_that_a_list_names_twice_and_otherwise_is_refused_with_both_lines_and_values() {
    let shop = CliFixture::open();
    for (second, column, said) in [
        (
            row("17", 2, "99.00,INR"),
            "amount",
            "on line 3 with 10.00 INR, and here with 99.00 INR",
        ),
        (
            row("17", 2, "10.00,KES"),
            "currency",
            "on line 3 with 10.00 INR, and here with 10.00 KES",
        ),
        (row("17", 3, "10.00,INR"), "created_at", "on line 3 with 20"),
    ] {
        let rows = [row("16", 2, "10.00,INR"), row("17", 2, "10.00,INR"), second];
        let name = write(&shop, &rows);
        for command in [&["track", &name][..], &["sweep", "--orders", &name]] {
            let run = shop.duka(command).exits(2);
            run.complains(&format!(
                "orders.csv: line 4, column {column}: order 17 stands {said}"
            ));
            run.complains("--update takes what a row says otherwise");
        }
    }
    assert!(shop.emulator.requests().is_empty());
    shop.duka(&["show", "16"]).exits(2);
}

#[test]
fn an_order_that_a_list_names_twice_in_the_same_words_is_one_order() {
    let shop = CliFixture::open();
    let same = row("17", 2, "10.00,INR");
    let rows = [same.clone(), same.replace("10.00", "10.0"), same];
    let name = write(&shop, &rows);
    let tracked = shop.duka(&["track", &name, "--json"]).exits(0).json();
    assert_eq!(
        tracked,
        serde_json::json!({"added": 1, "known": 2, "bad": 0})
    );
}

#[test]
fn what_is_imported_again_and_otherwise_is_refused_and_taken_with_update() {
    let shop = CliFixture::open();
    let first = write(
        &shop,
        &[row("17", 2, "10.00,INR"), row("18", 2, "10.00,INR")],
    );
    shop.duka(&["track", &first]).exits(0);
    // The same again is no news.
    shop.duka(&["track", &first]).exits(0);
    let again = [
        row("16", 2, "10.00,INR"),
        row("17", 2, "99.00,INR"),
        row("18", 5, "10.00,INR"),
    ];
    let again = write(&shop, &again);
    for command in [&["track", &again][..], &["sweep", "--orders", &again]] {
        let run = shop.duka(command).exits(2);
        run.complains(
            "orders.csv: line 3, column amount: order 17 is tracked with 10.00 INR, and stands here with 99.00 INR",
        );
        run.complains("orders.csv: line 4, column created_at: order 18 is tracked with ");
        run.complains("orders.csv has 2 bad rows; ");
    }
    shop.duka(&["show", "16"]).exits(2);
    assert_eq!(amount(&shop, "17"), "10.00 INR");
    let partly = shop
        .duka(&["track", &again, "--skip-bad", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        partly,
        serde_json::json!({"added": 1, "known": 0, "bad": 2})
    );
    assert_eq!(amount(&shop, "17"), "10.00 INR");
    let taken = shop
        .duka(&["track", &again, "--update", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        taken,
        serde_json::json!({"added": 0, "known": 1, "updated": 2, "bad": 0})
    );
    assert_eq!(amount(&shop, "17"), "99.00 INR");
    shop.duka(&["track", &again]).exits(0);
}

#[test]
fn a_sweep_with_update_goes_by_what_the_list_says_now() {
    let shop = CliFixture::open();
    let young = write(&shop, &[row("17", 0, "10.00,INR")]);
    shop.duka(&["track", &young]).exits(0);
    let old = write(&shop, &[row("17", 2, "105.50,INR")]);
    shop.duka(&["sweep", "--orders", &old]).exits(2);
    // The store has no dry run of its own to take it into.
    shop.duka(&["sweep", "--orders", &old, "--update", "--dry-run"])
        .exits(2);
    let swept = shop
        .duka(&["sweep", "--orders", &old, "--update", "--json"])
        .exits(1);
    let (rows, _) = swept.swept();
    assert_eq!(rows[0]["skip_reason"], "not_found");
    assert_eq!(amount(&shop, "17"), "105.50 INR");
}

#[test]
fn an_order_that_was_created_here_is_as_old_as_it_is_whatever_a_list_says() {
    let shop = CliFixture::open();
    shop.create("kwikpaisa", "17");
    let list = write(&shop, &[row("17", 2, "105.50,INR")]);
    shop.duka(&["track", &list]).exits(0);
    let (_, summary) = shop.duka(&["sweep", "--json"]).exits(0).swept();
    assert_eq!(summary["considered"], 0);
}

#[test]
fn a_list_says_the_method_of_an_order_that_was_tracked_without_and_another_method_is_refused() {
    let shop = CliFixture::open();
    let keep = "[[sweep.rule]]\nmethod = [\"cod\"]\naction = \"keep\"\n";
    shop.terminal.write("duka.toml", keep);
    let first = write(&shop, &[row("17", 2, "10.00,INR")]);
    shop.duka(&["track", &first]).exits(0);
    let with = |method: &str| {
        let row = row("17", 2, &format!("10.00,INR,{method}"));
        let list = format!("{HEADER},method\n{row}");
        shop.terminal.write("methods.csv", list)
    };
    let cod = with("cod");
    for args in [
        &["sweep", "--orders", &cod, "--dry-run", "--json"][..],
        &["sweep", "--orders", &cod, "--json"],
        &["sweep", "--json"],
    ] {
        let (rows, _) = shop.duka(args).exits(0).swept();
        assert_eq!(rows[0]["skip_reason"], "kept_by_rule", "{args:?}");
    }
    let card = with("card");
    for command in [&["track", &card][..], &["sweep", "--orders", &card]] {
        shop.duka(command).exits(2).complains(
            "line 2, column method: order 17 is tracked with method \"cod\", and stands here with method \"card\"",
        );
    }
    shop.duka(&["sweep", "--orders", &card, "--update"])
        .exits(1);
    assert_eq!(shop.cancels_received(), 0);
    assert_eq!(
        shop.duka(&["explain", "17", "--json"]).exits(0).json()["rule"],
        serde_json::Value::Null
    );
}

#[test]
fn a_row_that_differs_from_two_is_one_bad_row() {
    let shop = CliFixture::open();
    let first = write(&shop, &[row("17", 2, "10.00,INR")]);
    shop.duka(&["track", &first]).exits(0);
    let twice = write(
        &shop,
        &[row("17", 2, "10.00,INR"), row("17", 2, "99.00,INR")],
    );
    let run = shop.duka(&["track", &twice]).exits(2);
    run.complains("orders.csv has 1 bad row; ");
    assert_eq!(run.stderr.matches("line 3").count(), 1, "{}", run.stderr);
}

#[test]
fn an_empty_word_of_ndjson_is_no_word() {
    let shop = CliFixture::open();
    let created = Timestamp::now() - SignedDuration::from_hours(2);
    let with = |method: &str, reference: &str| {
        let row = serde_json::json!({
            "account": "kwikpaisa", "order": 17, "created_at": format!("{created:.0}"),
            "amount": "10.00", "currency": "INR", "method": method, "reference": reference,
        });
        shop.terminal.write("orders.ndjson", row.to_string())
    };
    let first = with(" cod ", "");
    shop.duka(&["track", &first]).exits(0);
    let empty = with(" ", "");
    shop.duka(&["track", &empty, "--update"]).exits(0);
    // Both rules fit: the method is kept, and the id stands in for the reference.
    for rule in ["method = [\"cod\"]", "reference_prefix = \"1\""] {
        let rule = format!("[[sweep.rule]]\n{rule}\naction = \"keep\"\n");
        shop.terminal.write("duka.toml", rule);
        let plan = shop.duka(&["explain", "17", "--json"]).exits(0).json();
        assert_eq!(plan["reason"], "kept_by_rule");
    }
}

#[test]
fn with_update_the_last_row_of_an_order_counts_for_a_sweep() {
    let mut shop = CliFixture::open();
    shop.terminal.set("DUKA_STORE", "sqlite:created.db");
    shop.create("kwikpaisa", "17");
    shop.terminal.unset("DUKA_STORE");
    let rows = [row("17", 2, "10.00,INR"), row("17", 2, "105.50,INR")];
    let list = write(&shop, &rows);
    let swept = shop.duka(&["sweep", "--orders", &list, "--update", "--json"]);
    let (_, summary) = swept.exits(0).swept();
    assert_eq!(summary["confirmed"], 1);
}
