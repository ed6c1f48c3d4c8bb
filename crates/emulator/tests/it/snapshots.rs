//! A snapshot of everything, taken and put back.

use duka_emulator::Emulator;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::client::{
    Pesapal, config, create_body, get, kwikpaisa, kwikpaisa_order, order_body, send, start,
};

async fn put(emulator: &Emulator, document: &str) -> crate::client::Reply {
    send(emulator.addr(), "PUT", "/_emulator/state", &[], document)
        .await
        .reply()
}

/// An emulator in which much has happened.
async fn eventful() -> Emulator {
    let emulator = start().await;
    emulator
        .set_variant("pesapal.payment_method", "mpesa_ke")
        .unwrap();
    emulator.advance_clock(SignedDuration::from_secs(90));
    kwikpaisa_order(&emulator, "9007199254740993").await;
    kwikpaisa_order(&emulator, r#""a/b""#).await;
    kwikpaisa(&emulator, "cancel", &order_body(r#""a/b""#)).await;
    let racing = create_body("8").replace("9999999999", "9999990006");
    kwikpaisa(&emulator, "create", &racing).await;
    let merchant = Pesapal::sign_in(&emulator).await;
    for (reference, act) in [("A1", "pay"), ("A2", "fail"), ("A3", "")] {
        let id = merchant.order(reference).await;
        match act {
            "pay" => emulator.pay(&id).unwrap(),
            "fail" => emulator.fail(&id).unwrap(),
            _ => {}
        }
    }
    emulator
}

#[tokio::test]
async fn an_emulator_goes_on_from_the_snapshot_of_another() {
    let first = eventful().await;
    let merchant = Pesapal::sign_in(&first).await;
    let document = get(&first, "/_emulator/state").await.text();
    let second = Emulator::start(config()).await.unwrap();
    assert_eq!(put(&second, &document).await.status, 200);
    assert_eq!(second.orders(), first.orders());
    assert_eq!(second.now(), first.now());
    assert_eq!(second.variants(), first.variants());
    assert_eq!(get(&second, "/_emulator/state").await.text(), document);
    // Tokens, addresses and receipts are still good, and an armed customer still pays.
    let second_merchant = Pesapal {
        emulator: &second,
        token: merchant.token.clone(),
        ipn_id: merchant.ipn_id.clone(),
    };
    let id = second_merchant.order("A4").await;
    assert!(first.order(&id).is_none(), "ids do not repeat");
    let paid = second
        .orders()
        .into_iter()
        .find(|it| it.status == "COMPLETED")
        .unwrap();
    let refund =
        json!({"confirmation_code": paid.receipt, "amount": 10, "username": "a", "remarks": "b"});
    let reply = second_merchant
        .post("Transactions/RefundRequest", &refund.to_string())
        .await;
    assert_eq!(reply.json()["status"], "200", "{}", reply.text());
    kwikpaisa(&second, "cancel", &order_body("8")).await;
    assert!(second.order("8").unwrap().paid_after_cancel);
    let status = kwikpaisa(&second, "status", &order_body("9007199254740993"))
        .await
        .text();
    assert!(status.contains("9007199254740993"), "{status}");
}

#[tokio::test]
async fn what_is_no_snapshot_changes_nothing() {
    let emulator = eventful().await;
    let document = get(&emulator, "/_emulator/state").await.text();
    let value: Value = serde_json::from_str(&document).unwrap();
    let with = |name: &str, other: Value| {
        let mut value = value.clone();
        value[name] = other;
        value.to_string()
    };
    for (bad, words) in [
        (String::new(), "not a snapshot"),
        ("[]".to_owned(), "not a snapshot"),
        ("{}".to_owned(), "not a snapshot"),
        (document[..document.len() / 2].to_owned(), "not a snapshot"),
        (with("version", json!(2)), "version 2"),
        (with("webhook_url", json!("http://192.0.2.1/")), "loopback"),
        (with("orders", json!([{}])), "not a snapshot"),
        (with("more", json!(1)), "not a snapshot"),
        (
            with("variants", json!({"pesapal.payment_method": "barter"})),
            "barter",
        ),
    ] {
        let reply = put(&emulator, &bad).await;
        assert_eq!(reply.status, 400, "{bad:.80}");
        let message = reply.json()["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(get(&emulator, "/_emulator/state").await.text(), document);
}

#[tokio::test]
async fn a_snapshot_may_be_longer_than_any_other_request() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    let document = get(&emulator, "/_emulator/state").await.text();
    let long = format!("{document}{}", " ".repeat(3 * 1024 * 1024));
    assert_eq!(put(&emulator, &long).await.status, 200);
    emulator.restore(emulator.snapshot().as_bytes()).unwrap();
    assert_eq!(emulator.orders().len(), 1);
}
