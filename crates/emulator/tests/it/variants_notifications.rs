//! The variants of webhooks and IPNs: how they are signed and worded, and when they come again.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use duka_emulator::{Emulator, EmulatorConfig, Redelivery};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::{Pesapal, START, config, kwikpaisa_order, sign};
use crate::notifications::{Merchant, Received, ok};

const CREATED: &str = "HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n";

async fn with_variant(
    config: EmulatorConfig,
    merchant: &Merchant,
    choice: (&str, &str),
) -> Emulator {
    let config = config.webhook_url(merchant.url.parse().unwrap());
    let emulator = Emulator::start(config).await.unwrap();
    emulator.set_variant(choice.0, choice.1).unwrap();
    emulator
}

/// The webhooks of an order that is paid.
async fn webhooks(
    config: EmulatorConfig,
    answers: &[&str],
    choice: (&str, &str),
    count: usize,
) -> Vec<Received> {
    let merchant = Merchant::answering(answers).await;
    let emulator = with_variant(config, &merchant, choice).await;
    kwikpaisa_order(&emulator, "7").await;
    emulator.pay("7").unwrap();
    merchant.received(count).await
}

#[tokio::test]
async fn a_webhook_may_be_sent_with_other_white_space_than_was_signed() {
    for (value, raw) in [("raw_body", true), ("rewritten", false)] {
        let choice = ("kwikpaisa.webhook_signed", value);
        let received = webhooks(config(), &[], choice, 1).await.remove(0);
        let signature = received.header("x-signature");
        let body: Value = serde_json::from_str(&received.body).unwrap();
        let shortest = r#"{"event":"payment.success","data":{"order_id":"7","amount":"105.00","currency":"INR","status":"PAID"}}"#;
        assert_eq!(body, serde_json::from_str::<Value>(shortest).unwrap());
        assert_eq!(signature, sign("sk_test_emulator", shortest, START));
        assert_eq!(
            signature == sign("sk_test_emulator", &received.body, START),
            raw
        );
    }
}

#[tokio::test]
async fn a_redelivery_may_repeat_the_first_timestamp_and_signature() {
    // The clock advances by a second at each reading.
    let now = AtomicI64::new(START);
    let ticking = EmulatorConfig::new(move || {
        Timestamp::from_second(now.fetch_add(1, Ordering::SeqCst)).unwrap()
    });
    let ticking = ticking.redelivery(Redelivery::new(3, Duration::from_millis(5)));
    for (value, same) in [("fresh_timestamp", false), ("first_timestamp", true)] {
        let choice = ("kwikpaisa.webhook_redelivery", value);
        let received = webhooks(ticking.clone(), &[CREATED, CREATED], choice, 3).await;
        for name in ["x-timestamp", "x-signature"] {
            assert_eq!(
                received[0].header(name) == received[1].header(name),
                same,
                "{value}"
            );
            assert_eq!(
                received[0].header(name) == received[2].header(name),
                same,
                "{value}"
            );
        }
        for it in &received {
            let time = it.header("x-timestamp").parse().unwrap();
            assert_eq!(
                it.header("x-signature"),
                sign("sk_test_emulator", &it.body, time)
            );
        }
    }
}

#[tokio::test]
async fn a_webhook_may_have_the_events_word_for_its_status() {
    for (value, word) in [("order_word", "PAID"), ("event_word", "SUCCESS")] {
        let choice = ("kwikpaisa.webhook_status", value);
        let received = webhooks(config(), &[], choice, 1).await.remove(0);
        let body: Value = serde_json::from_str(&received.body).unwrap();
        assert_eq!(body["event"], "payment.success");
        assert_eq!(body["data"]["status"], word);
    }
}

#[tokio::test]
async fn a_webhook_may_be_ended_by_any_good_answer() {
    for (value, count) in [("only_200", 2), ("any_2xx", 1)] {
        let choice = ("kwikpaisa.webhook_accepts", value);
        webhooks(config(), &[CREATED], choice, count).await;
    }
    let error = "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n";
    webhooks(
        config(),
        &[error],
        ("kwikpaisa.webhook_accepts", "any_2xx"),
        2,
    )
    .await;
}

#[tokio::test]
async fn an_ipn_by_get_may_have_names_that_begin_small() {
    let merchant = Merchant::start().await;
    let emulator = with_variant(config(), &merchant, ("pesapal.ipn_names", "camel")).await;
    let pesapal = Pesapal::with_ipn(&emulator, &merchant.url, "GET").await;
    let id = pesapal.order("A1").await;
    emulator.pay(&id).unwrap();
    let expected = format!(
        "GET /hook?orderTrackingId={id}&orderMerchantReference=A1&orderNotificationType=IPNCHANGE HTTP/1.1"
    );
    assert_eq!(merchant.received(1).await.remove(0).line, expected);
}

#[tokio::test]
async fn an_ipn_said_not_to_be_served_may_not_come_again() {
    for (value, count) in [("again", 2), ("not_again", 1)] {
        let not_served = ok(&json!({"status": 500}).to_string());
        let merchant = Merchant::answering(&[&not_served]).await;
        let emulator = with_variant(config(), &merchant, ("pesapal.ipn_after_500", value)).await;
        let pesapal = Pesapal::with_ipn(&emulator, &merchant.url, "POST").await;
        let id = pesapal.order("A1").await;
        emulator.pay(&id).unwrap();
        merchant.received(count).await;
    }
}
