//! Orders that are older than a sweep looks back: they are left alone, and not in silence.

use jiff::{SignedDuration, Timestamp};

use crate::shop::{CliFixture, HEADER};

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
    let track = shop.duka(&["track", &list, "--json"]).exits(0);
    track.complains(said);
    assert_eq!(track.json()["too_old"], 2);
    shop.duka(&["report"]).exits(0).complains(said);
    let dry = shop
        .duka(&["sweep", "--dry-run", "--max", "1", "--json"])
        .exits(0);
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
        .exits(0);
    assert_eq!(listed.complains(said).swept().1["too_old"], 2);
    // A sweep that looks back as far leaves none out, and does not say so.
    let far = shop
        .duka(&["sweep", "--look-back", "30d", "--dry-run", "--json"])
        .exits(0);
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
