//! `duka sweep --reconcile-only`: reads, records and reports, and cancels nothing.

use crate::rules::{by_order, tracked};

#[test]
fn a_reconciling_sweep_lists_what_is_newly_paid_and_sends_no_cancel() {
    let orders = [("7001", "card"), ("7002", "card"), ("7003", "card")];
    let shop = tracked("", &orders);
    shop.emulator.pay("7002").unwrap();
    let sweep = ["sweep", "--reconcile-only", "--json"];
    let (rows, summary) = shop.duka(&sweep).exits(0).swept();
    assert_eq!(rows.len(), 1, "{rows:?}");
    let paid = by_order(&rows, "7002");
    assert_eq!(
        (&paid["newly_paid"], &paid["verified_status"], &paid["id"]),
        (&true.into(), &"paid".into(), &serde_json::Value::Null)
    );
    assert_eq!(
        (&paid["paid_amount"], &paid["paid_currency"]),
        (&"105.50".into(), &"INR".into())
    );
    assert_eq!(
        (
            &summary["considered"],
            &summary["newly_paid"],
            &summary["sent"]
        ),
        (&3.into(), &1.into(), &0.into())
    );
    // It is known from then on.
    shop.emulator.pay("7003").unwrap();
    let text = shop.duka(&["sweep", "--reconcile-only"]).exits(0).stdout;
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "paid at the gateway, and not known as paid here before:",
            "7003 at kwikpaisa  paid  105.50 INR, paid 105.50 INR",
        ]
    );
    assert!(lines[2].contains("2 considered"), "{text}");
    assert!(lines[2].contains("; 1 newly paid"), "{text}");
    assert_eq!(shop.cancels_received(), 0);
    let shown = shop.duka(&["show", "7002", "--json"]).exits(0).json();
    assert_eq!(shown["order"]["status"], "paid");
    let both = shop.duka(&["sweep", "--reconcile-only", "--dry-run"]);
    both.exits(2);
}
