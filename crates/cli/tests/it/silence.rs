//! What a sweep does not leave in silence: orders older than it looks back, and orders that their
//! gateways do not know.

use jiff::{SignedDuration, Timestamp};

use crate::shop::{CliFixture, HEADER, row};

/// A list of orders of these ages in days.
fn write(shop: &CliFixture, days: &[i64]) -> String {
    let rows = days.iter().zip(7001..).map(|(days, id)| {
        let created = Timestamp::now() - SignedDuration::from_hours(days * 24 + 1);
        format!("kwikpaisa,{id},{created:.0},10.00,INR\n")
    });
    let list = format!("{HEADER}\n{}", rows.collect::<String>());
    shop.terminal.write("orders.csv", list)
}

#[test]
fn orders_older_than_the_look_back_are_counted_by_track_sweep_and_report() {
    let shop = CliFixture::open();
    let list = write(&shop, &[7, 8, 5]);
    let said = "2 open orders are older than --look-back 7days";
    // The emulator knows none of these orders, so a sweep that asks about them exits 1.
    let track = shop.duka(&["track", &list, "--json"]).exits(0);
    track.complains(said);
    assert_eq!(track.json()["too_old"], 2);
    shop.duka(&["report"]).exits(0).complains(said);
    let dry = shop
        .duka(&["sweep", "--dry-run", "--max", "1", "--json"])
        .exits(1);
    dry.complains(said);
    assert_eq!(dry.swept().1["too_old"], 2);
    let (_, all) = shop
        .duka(&[
            "sweep",
            "--look-back",
            "4d",
            "--max",
            "1",
            "--dry-run",
            "--json",
        ])
        .exits(0)
        .swept();
    assert_eq!(
        (&all["too_old"], &all["considered"]),
        (&3.into(), &0.into())
    );
    let listed = shop
        .duka(&["sweep", "--orders", &list, "--json", "--dry-run"])
        .exits(1);
    assert_eq!(listed.complains(said).swept().1["too_old"], 2);
    // A sweep that looks back as far leaves none out, and does not say so.
    let far = shop
        .duka(&["sweep", "--look-back", "30d", "--dry-run", "--json"])
        .exits(1);
    assert_eq!(far.swept().1["too_old"], 0);
    assert!(!far.stderr.contains("older than"), "{}", far.stderr);
}

#[test]
fn a_window_that_no_order_is_in_is_refused_with_both_ages() {
    let shop = CliFixture::open();
    let list = write(&shop, &[1]);
    shop.duka(&["track", &list]).exits(0);
    let ages = ["--min-age", "8d", "--look-back", "7d"];
    for command in [
        &["sweep"][..],
        &["sweep", "--orders", &list],
        &["explain", "7001"],
    ] {
        let run = shop.duka(&[command, &ages].concat()).exits(2);
        run.complains("the minimum age 8days");
        run.complains("--look-back 7days");
    }
    shop.terminal
        .write("duka.toml", "[sweep]\nmin_age = \"8d\"\n");
    shop.duka(&["sweep"])
        .exits(2)
        .complains("no older than --look-back 7days");
    assert!(shop.emulator.requests().is_empty());
    // A rule may let other orders in.
    let rule = "[sweep]\nmin_age = \"8d\"\n[[sweep.rule]]\nmethod = [\"upi\"]\nmin_age = \"1h\"\n";
    shop.terminal.write("duka.toml", rule);
    shop.duka(&["sweep"]).exits(0);
}

#[test]
fn when_an_account_knows_none_of_its_orders_the_sweep_fails_and_asks_for_the_right_account() {
    for (gateway, orders) in [
        ("kwikpaisa", ["7001", "7002"]),
        (
            "pesapal",
            [
                "d0fa69d6-f3cd-433b-858e-df86555b86c8",
                "d0fa69d6-f3cd-433b-858e-df86555b86c9",
            ],
        ),
    ] {
        for variant in ["error_200", "http_404"] {
            let shop = CliFixture::open();
            let unknown = "pesapal.unknown_order";
            shop.emulator.set_variant(unknown, variant).unwrap();
            let rows = orders.map(|id| row(gateway, id)).join("\n");
            let list = shop
                .terminal
                .write("orders.csv", format!("{HEADER}\n{rows}\n"));
            let said = format!("account {gateway}: its gateway knows none of the orders");
            let sweep = [
                "sweep", "--orders", &list, "--json", "--wait", "0s", "--grace", "0s",
            ];
            for args in [&["--dry-run"][..], &["--reconcile-only"], &[]] {
                let run = shop.duka(&[&sweep[..], args].concat()).exits(1);
                run.complains(&said);
                assert_eq!(run.swept().1["unknown"], 2, "{run:?}");
            }
            // Where the gateway refuses to tell, the same records wait to be read again.
            shop.duka(&sweep).exits(1);
            let records = shop.duka(&["report", "--json"]).exits(0).lines();
            assert_eq!(records.len(), 2, "{gateway} {variant}");
        }
    }
}
