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

const DIFFERS: &str = "the request names 50.00 INR, the gateway 9999.00 INR";

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
    let (mut shop, list) = eaten_zeros();
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
    shop.duka(&sweep)
        .exits(1)
        .complains("order 1234 is tracked with 9999.00 INR, and stands here with 50.00 INR");
    assert_eq!(shop.cancels_received(), 0);
    // A shop that has not created the orders with this store.
    shop.terminal.set("DUKA_STORE", "sqlite:other.db");
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

/// A sweep of a list that has 2000 where the gateway has another amount, in a store of its own.
fn sweep_of_2000(shop: &mut CliFixture, account: &str, order: &str, more: &[&str]) -> Run {
    shop.terminal.set("DUKA_STORE", "sqlite:other.db");
    let created = Timestamp::now() - SignedDuration::from_hours(2);
    let currency = if account == "pesapal" { "KES" } else { "INR" };
    let list = format!("{HEADER}\n{account},{order},{created:.0},2000.00,{currency}\n");
    let list = shop.terminal.write("orders.csv", list);
    let sweep = ["sweep", "--orders", &list, "--min-age", "0s"];
    shop.duka(&[&sweep[..], more].concat())
}

fn acknowledge(shop: &CliFixture, id: &Value, decision: &str) {
    let id = id.as_str().unwrap();
    let by = ["--by", "amina", "--note", "asked for the rest"];
    shop.duka(&[&["resolve", id, "--as", decision][..], &by].concat())
        .exits(0);
}

#[test]
fn a_payment_of_another_amount_is_pending_with_both_amounts_until_it_is_acknowledged() {
    for (account, paid, shown) in [("kwikpaisa", "105.50", "INR"), ("pesapal", "1500", "KES")] {
        let mut shop = CliFixture::open();
        let order = shop.create(account, "A-17");
        shop.emulator.pay(&order).unwrap();
        let (rows, summary) = sweep_of_2000(&mut shop, account, &order, &["--json"])
            .exits(4)
            .swept();
        assert_eq!(rows[0]["skip_reason"], "not_eligible");
        assert_eq!(summary["amount_differs"], 1);
        assert_eq!(summary["late_payments"], 0);
        let pending = shop.duka(&["pending", "--json"]).exits(4).lines();
        assert_eq!(pending.len(), 1, "{account}");
        let found = &pending[0];
        assert_eq!(found["finding"], "amount_differs");
        assert_eq!(found["amount"], "2000.00");
        let amount: f64 = found["paid_amount"].as_str().unwrap().parse().unwrap();
        assert_eq!(Ok(amount), paid.parse());
        assert_eq!(found["paid_currency"], shown);
        assert_eq!(found["verified_status"], "paid");
        let text = shop.duka(&["pending", "--long"]).exits(4).stdout;
        assert!(text.contains("2000.00"), "{text}");
        assert!(text.contains("--as acknowledged"), "{text}");

        acknowledge(&shop, &found["id"], "acknowledged");
        shop.duka(&["status", &order, "--account", account])
            .exits(0);
        assert!(
            shop.duka(&["pending", "--json"])
                .exits(0)
                .lines()
                .is_empty()
        );
        assert_eq!(shop.cancels_received(), 0);
    }
}

/// Pesapal shows a receipt with a failed payment.
#[test]
fn a_failed_payment_of_another_amount_waits_for_a_person_and_one_of_its_own_is_cancelled() {
    let mut shop = CliFixture::open();
    let order = shop.create("pesapal", "KANGA-17");
    shop.emulator.fail(&order).unwrap();
    let (rows, summary) = sweep_of_2000(&mut shop, "pesapal", &order, &["--json"])
        .exits(4)
        .swept();
    assert_eq!(rows[0]["state"], "needs_review");
    assert_eq!(rows[0]["finding"], "amount_differs");
    assert_eq!(summary["needs_review"], 1);
    assert_eq!(shop.cancels_received(), 0);
    acknowledge(&shop, &rows[0]["id"], "not-cancelled");
    assert!(
        shop.duka(&["pending", "--json"])
            .exits(0)
            .lines()
            .is_empty()
    );

    let ordinary = shop.create("pesapal", "KANGA-18");
    shop.emulator.fail(&ordinary).unwrap();
    let cancel = ["cancel", &ordinary, "--account", "pesapal", "--json"];
    let done = shop.duka(&cancel).exits(0).json();
    assert_eq!(done["outcome"], "confirmed");
}

#[test]
fn a_sweep_counts_the_orders_whose_amount_it_did_not_compare() {
    let shop = CliFixture::open();
    shop.create("kwikpaisa", "777");
    let sweep = ["sweep", "--min-age", "0s", "--no-amount-check"];
    let said = shop.duka(&[&sweep[..], &["--dry-run"]].concat());
    let said = said.exits(0).stdout;
    assert!(said.contains("0 errors; 1 amount unchecked"), "{said}");
    let (_, summary) = shop
        .duka(&[&sweep[..], &["--json"]].concat())
        .exits(0)
        .swept();
    assert_eq!(summary["unchecked"], 1);
    assert_eq!(summary["confirmed"], 1);
    shop.create("kwikpaisa", "778");
    let compared = ["sweep", "--min-age", "0s", "--json"];
    let (_, summary) = shop.duka(&compared).exits(0).swept();
    assert_eq!(
        (&summary["unchecked"], &summary["confirmed"]),
        (&0.into(), &1.into())
    );
}

/// The payment fails, and the customer pays after all.
#[test]
fn an_order_that_failed_is_looked_at_again_and_found_paid() {
    let shop = CliFixture::open();
    let order = shop.create("kwikpaisa", "777");
    shop.emulator.fail(&order).unwrap();
    let sweep = ["sweep", "--min-age", "0s", "--grace", "0s", "--json"];
    let (rows, _) = shop.duka(&sweep).exits(0).swept();
    assert_eq!(rows[0]["verified_status"], "failed");
    let (rows, summary) = shop.duka(&sweep).exits(0).swept();
    assert!(rows.is_empty(), "{rows:?}");
    assert_eq!(summary["skipped"], 1);
    shop.emulator.pay_late(&order).unwrap();
    shop.duka(&sweep).exits(0);
    let shown = shop.duka(&["show", &order, "--json"]).exits(0).json();
    assert_eq!(shown["order"]["status"], "paid");
    let (_, summary) = shop.duka(&sweep).exits(0).swept();
    assert_eq!(summary["considered"], 0);
}
