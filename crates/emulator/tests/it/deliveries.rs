//! What was delivered, and sending it once more.

use duka_emulator::{Emulator, Redelivery};
use serde_json::{Value, json};
use std::time::Duration;

use crate::client::{Pesapal, config, get, kwikpaisa_order, post, start};
use crate::notifications::{Merchant, ok};

const REFUSED: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";

async fn listed(emulator: &Emulator) -> Value {
    get(emulator, "/_emulator/deliveries").await.json()
}

#[tokio::test]
async fn each_delivery_is_listed_with_every_attempt_and_its_answer() {
    let shop = Merchant::answering(&[REFUSED]).await;
    let emulator = start().await;
    assert_eq!(listed(&emulator).await, json!([]));
    let url = format!("{}?secret=s1", shop.url);
    let merchant = Pesapal::with_ipn(&emulator, &url, "POST").await;
    let id = merchant.order("A1").await;
    emulator.pay(&id).unwrap();
    let received = shop.received(2).await;
    let delivery = listed(&emulator).await[0].take();
    let now = emulator.now().to_string();
    assert_eq!(
        delivery,
        json!({
            "id": 1, "time": now, "gateway": "pesapal", "order": id, "method": "POST", "url": shop.url,
            "body": received[0].body, "taken": true,
            "attempts": [
                {"time": now, "http_status": 503, "problem": null, "taken": false},
                {"time": now, "http_status": 200, "problem": null, "taken": true},
            ],
        })
    );
}

#[tokio::test]
async fn a_delivery_is_sent_once_more_whether_or_not_it_was_taken() {
    let shop = Merchant::answering(&[&ok("")]).await;
    let emulator = start().await;
    emulator
        .set_webhook_url(Some(shop.url.parse().unwrap()))
        .unwrap();
    kwikpaisa_order(&emulator, "7").await;
    emulator.pay("7").unwrap();
    let first = shop.received(1).await;
    let reply = post(&emulator, "/_emulator/deliveries/1/resend", "").await;
    assert_eq!((reply.status, reply.json()["id"].clone()), (200, json!(1)));
    let both = shop.received(2).await;
    assert_eq!(both[1].body, first[0].body);
    assert_eq!(
        both[1].header("x-signature"),
        first[0].header("x-signature")
    );
    let attempts = listed(&emulator).await[0]["attempts"].take();
    assert_eq!(attempts.as_array().unwrap().len(), 2);
    for unknown in ["2", "x", ""] {
        let reply = post(
            &emulator,
            &format!("/_emulator/deliveries/{unknown}/resend"),
            "",
        )
        .await;
        assert_eq!(reply.status, 404, "{unknown}");
    }
    assert!(emulator.resend(1) && !emulator.resend(2));
    shop.received(3).await;
}

#[tokio::test]
async fn what_could_not_be_delivered_says_why() {
    let once = config().redelivery(Redelivery::new(1, Duration::ZERO));
    let emulator = Emulator::start(once).await.unwrap();
    for (number, url) in ["https://shop.example/ipn", "http://127.0.0.1:9/ipn"]
        .into_iter()
        .enumerate()
    {
        let merchant = Pesapal::with_ipn(&emulator, url, "GET").await;
        let id = merchant.order(&format!("A{number}")).await;
        emulator.pay(&id).unwrap();
        let problem = loop {
            let attempts = listed(&emulator).await[number]["attempts"].take();
            if let Some(attempt) = attempts.get(0) {
                break attempt["problem"].as_str().unwrap().to_owned();
            }
            tokio::task::yield_now().await;
        };
        assert!(!problem.is_empty());
        assert_eq!(listed(&emulator).await[number]["taken"], false);
    }
    emulator.reset();
    assert_eq!(listed(&emulator).await, json!([]));
}
