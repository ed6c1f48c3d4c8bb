//! Orders that a list or a command line names by mistake: nothing is sent for another customer's.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::shop::{CliFixture, HEADER, Run, Terminal};

/// Creates an order with this amount at KwikPaisa.
fn create(shop: &CliFixture, id: &str, amount: &str) -> Run {
    let mut args = CliFixture::create_args("kwikpaisa", id);
    let at = args.iter().position(|arg| *arg == "105.50").unwrap();
    args[at] = amount;
    shop.duka(&args)
}

/// Two orders, one of 50.00 INR and one of 9999.00 INR, and a list of a spreadsheet that has
/// eaten the zeros of the first.
fn eaten_zeros() -> (CliFixture, String) {
    let shop = CliFixture::open();
    create(&shop, "0001234", "50.00").exits(0);
    create(&shop, "1234", "9999.00").exits(0);
    let created = Timestamp::now() - SignedDuration::from_hours(2);
    let list = format!("{HEADER}\nkwikpaisa,1234,{created:.0},50.00,INR\n");
    let list = shop.terminal.write("orders.csv", list);
    (shop, list)
}

fn status(shop: &CliFixture, order: &str) -> String {
    let run = shop.duka(&["status", order, "--account", "kwikpaisa", "--json"]);
    run.exits(0).json()["status"].as_str().unwrap().to_owned()
}

const DIFFERS: &str = "the list says 50.00 INR, the gateway 9999.00 INR";

#[test]
fn a_row_whose_amount_is_not_the_orders_is_skipped_and_named_with_both_amounts() {
    let (mut shop, list) = eaten_zeros();
    // A shop that has not created the orders with this store.
    shop.terminal.set("DUKA_STORE", "sqlite:other.db");
    let sweep = [
        "sweep",
        "--orders",
        &list,
        "--min-age",
        "0s",
        "--grace",
        "0s",
    ];
    let (rows, summary) = shop
        .duka(&[&sweep[..], &["--json"]].concat())
        .exits(0)
        .swept();
    assert_eq!(
        (&rows[0]["outcome"], &rows[0]["skip_reason"]),
        (&"skipped".into(), &"amount_differs".into())
    );
    let said = rows[0]["message"].as_str().unwrap();
    assert!(said.contains(DIFFERS), "{said}");
    assert_eq!(
        (&summary["sent"], &summary["skipped"]),
        (&0.into(), &1.into())
    );
    let (rows, summary) = shop
        .duka(&[&sweep[..], &["--json", "--dry-run"]].concat())
        .exits(0)
        .swept();
    assert_eq!(rows[0]["skip_reason"], "amount_differs");
    let said = rows[0]["message"].as_str().unwrap();
    assert!(said.contains(DIFFERS), "{said}");
    assert_eq!(
        (&summary["eligible"], &summary["skipped"]),
        (&0.into(), &1.into())
    );
    assert_eq!(shop.cancels_received(), 0);
    assert_eq!(status(&shop, "1234"), "unpaid");

    let shown = shop.duka(&["show", "1234"]).exits(0).stdout;
    assert!(
        shown.contains("amount     50.00 INR\nat gateway 9999.00 INR\n"),
        "{shown}"
    );
    // A cancellation by name is bound by what is tracked, unless an option turns that off.
    let cancel = ["cancel", "1234", "--account", "kwikpaisa", "--json"];
    let refused: Value = shop.duka(&cancel).exits(3).json();
    assert_eq!(refused["skip_reason"], "amount_differs");
    assert_eq!(shop.cancels_received(), 0);
    let done = shop
        .duka(&[&cancel[..], &["--no-amount-check"]].concat())
        .exits(0)
        .json();
    assert_eq!(done["outcome"], "confirmed");
}

#[test]
fn the_comparison_of_amounts_can_be_turned_off_for_a_sweep_and_in_the_configuration() {
    let (shop, list) = eaten_zeros();
    let sweep = [
        "sweep",
        "--orders",
        &list,
        "--min-age",
        "0s",
        "--grace",
        "0s",
        "--json",
    ];
    let (_, summary) = shop.duka(&sweep).exits(0).swept();
    assert_eq!(summary["sent"], 0);
    shop.terminal
        .write("duka.toml", "[cancel]\ncheck_amount = false\n");
    let (_, summary) = shop
        .duka(&[&sweep[..], &["--dry-run"]].concat())
        .exits(0)
        .swept();
    assert_eq!(summary["eligible"], 1);
    shop.terminal
        .write("duka.toml", "[cancel]\ncheck_amount = true\n");
    let (rows, _) = shop
        .duka(&[&sweep[..], &["--no-amount-check"]].concat())
        .exits(0)
        .swept();
    assert_eq!(rows[0]["outcome"], "confirmed");
}

#[test]
fn an_id_that_does_not_exist_yet_is_not_tracked_and_ages_from_its_creation() {
    let shop = CliFixture::open();
    let gone = shop
        .duka(&["cancel", "777", "--account", "kwikpaisa"])
        .exits(3);
    gone.complains("failed to cancel the order");
    let tracked = |terminal: &Terminal| terminal.duka(&["show", "777"]);
    tracked(&shop.terminal)
        .exits(2)
        .complains("order 777 is not tracked");
    std::thread::sleep(std::time::Duration::from_secs(2));
    create(&shop, "777", "105.50").exits(0);
    let sweep = ["sweep", "--min-age", "2s", "--grace", "0s", "--json"];
    let (_, summary) = shop.duka(&sweep).exits(0).swept();
    assert_eq!(summary["considered"], 0);
    assert_eq!(shop.cancels_received(), 0);
}

#[test]
fn an_order_that_was_listed_before_it_was_created_ages_from_its_creation() {
    let shop = CliFixture::open();
    let created = Timestamp::now() - SignedDuration::from_hours(2);
    let list = format!("{HEADER}\nkwikpaisa,777,{created:.0},105.50,INR\n");
    let list = shop.terminal.write("orders.csv", list);
    shop.duka(&["track", &list]).exits(0);
    create(&shop, "777", "105.50").exits(0);
    let (_, summary) = shop
        .duka(&["sweep", "--grace", "0s", "--json"])
        .exits(0)
        .swept();
    assert_eq!(summary["considered"], 0);
    assert_eq!(shop.cancels_received(), 0);
}
