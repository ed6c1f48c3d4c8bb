//! Webhooks and IPNs as a merchant's server receives them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duka_emulator::{Behaviour, Emulator, Fault, FaultKind, Gateway, Redelivery};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::client::{
    Pesapal, START, config, kwikpaisa, kwikpaisa_order, order_body, post, sign, start,
};

/// What the merchant's server received.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) line: String,
    head: String,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.head.lines().find_map(|it| {
            let (key, value) = it.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        });
        found.unwrap()
    }

    fn event(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        body["event"].as_str().unwrap().to_owned()
    }
}

/// A merchant's server that gives the prepared answers first, then HTTP 200.
pub(crate) struct Merchant {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Merchant {
    pub(crate) async fn answering(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        let mut answers: VecDeque<String> = answers.iter().map(|it| (*it).to_owned()).collect();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answers.pop_front().unwrap_or_else(|| ok(""));
                take(stream, &answer, &log).await;
            }
        });
        Self { url, received }
    }

    pub(crate) async fn start() -> Self {
        Self::answering(&[]).await
    }

    /// Waits for so many, and a little longer for one too many.
    pub(crate) async fn received(&self, count: usize) -> Vec<Received> {
        for _ in 0..500 {
            if self.received.lock().unwrap().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
        let received = self.received.lock().unwrap().clone();
        assert_eq!(received.len(), count, "{received:?}");
        received
    }
}

pub(crate) fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn take(mut stream: TcpStream, answer: &str, log: &Mutex<Vec<Received>>) {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        let text = String::from_utf8(bytes.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|it| it.strip_prefix("content-length: "))
                .map_or(0, |it| it.parse().unwrap());
            if body.len() >= length {
                break (head.to_owned(), body.to_owned());
            }
        }
        let mut chunk = [0; 1024];
        let n = stream.read(&mut chunk).await.unwrap();
        assert!(n > 0, "the request ended early");
        bytes.extend_from_slice(&chunk[..n]);
    };
    let line = head.lines().next().unwrap().to_owned();
    log.lock().unwrap().push(Received { line, head, body });
    stream.write_all(answer.as_bytes()).await.unwrap();
}

async fn with_webhook(merchant: &Merchant) -> Emulator {
    let emulator = start().await;
    let body = json!({"url": merchant.url}).to_string();
    assert_eq!(
        post(&emulator, "/_emulator/webhook", &body).await.status,
        200
    );
    emulator
}

#[tokio::test]
async fn a_webhook_is_signed_over_its_raw_body_and_time() {
    let merchant = Merchant::start().await;
    let emulator = with_webhook(&merchant).await;
    kwikpaisa_order(&emulator, "6116229263036").await;
    emulator.pay("6116229263036").unwrap();
    let received = merchant.received(1).await.remove(0);
    assert_eq!(received.line, "POST /hook HTTP/1.1");
    assert_eq!(
        received.body,
        r#"{"event":"payment.success","data":{"order_id":"6116229263036","amount":"105.00","currency":"INR","status":"PAID"}}"#
    );
    assert_eq!(received.header("content-type"), "application/json");
    assert_eq!(received.header("x-timestamp"), START.to_string());
    let signature = sign("sk_test_emulator", &received.body, START);
    assert_eq!(received.header("x-signature"), signature);
}

#[tokio::test]
async fn each_payment_event_has_its_webhook_and_a_cancel_has_none() {
    let merchant = Merchant::start().await;
    let emulator = with_webhook(&merchant).await;
    for id in ["1", "2", "3"] {
        kwikpaisa_order(&emulator, id).await;
    }
    kwikpaisa(&emulator, "cancel", &order_body("3")).await;
    emulator.process("1").unwrap();
    merchant.received(1).await;
    emulator.fail("1").unwrap();
    merchant.received(2).await;
    emulator.expire("2").unwrap();
    let events: Vec<_> = merchant
        .received(3)
        .await
        .iter()
        .map(Received::event)
        .collect();
    assert_eq!(
        events,
        ["payment.processing", "payment.failed", "payment.expired"]
    );
}

#[tokio::test]
async fn one_orders_notifications_arrive_in_order_unless_a_fault_says_otherwise() {
    let merchant = Merchant::start().await;
    let emulator = with_webhook(&merchant).await;
    for id in 0..20 {
        let id = id.to_string();
        kwikpaisa_order(&emulator, &id).await;
        emulator.process(&id).unwrap();
        emulator.pay(&id).unwrap();
    }
    let mut seen = std::collections::HashMap::new();
    for it in merchant.received(40).await {
        let body: Value = serde_json::from_str(&it.body).unwrap();
        let id = body["data"]["order_id"].as_str().unwrap().to_owned();
        seen.entry(id).or_insert_with(Vec::new).push(it.event());
    }
    assert_eq!(seen.len(), 20);
    for events in seen.values() {
        assert_eq!(events, &["payment.processing", "payment.success"]);
    }
}

#[tokio::test]
async fn a_webhook_not_answered_200_is_tried_again_with_a_fresh_signature() {
    let refusal = "HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n";
    let merchant = Merchant::answering(&[refusal, ""]).await;
    let emulator = with_webhook(&merchant).await;
    kwikpaisa_order(&emulator, "7").await;
    emulator.pay("7").unwrap();
    let received = merchant.received(3).await;
    assert!(received.iter().all(|it| it.body == received[0].body));
}

#[tokio::test]
async fn redelivery_stops_after_its_attempts() {
    let refusal = "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n";
    let merchant = Merchant::answering(&[refusal; 9]).await;
    let config = config()
        .webhook_url(merchant.url.parse().unwrap())
        .redelivery(Redelivery::new(3, Duration::from_millis(5)));
    let emulator = Emulator::start(config).await.unwrap();
    kwikpaisa_order(&emulator, "7").await;
    emulator.pay("7").unwrap();
    merchant.received(3).await;
}

#[tokio::test]
async fn an_ipn_arrives_by_the_method_it_was_registered_for() {
    let merchant = Merchant::start().await;
    let emulator = start().await;
    let by_get = Pesapal::with_ipn(&emulator, &format!("{}?shop=1", merchant.url), "GET").await;
    let first = by_get.order("A1").await;
    emulator.pay(&first).unwrap();
    let received = merchant.received(1).await.remove(0);
    assert_eq!(
        received.line,
        format!(
            "GET /hook?shop=1&OrderTrackingId={first}&OrderMerchantReference=A1&OrderNotificationType=IPNCHANGE HTTP/1.1"
        )
    );
    let by_post = Pesapal::with_ipn(&emulator, &merchant.url, "POST").await;
    let second = by_post.order("A2").await;
    emulator.fail(&second).unwrap();
    let received = merchant.received(2).await.remove(1);
    assert_eq!(
        received.body,
        format!(
            r#"{{"OrderTrackingId":"{second}","OrderMerchantReference":"A2","OrderNotificationType":"IPNCHANGE"}}"#
        )
    );
}

#[tokio::test]
async fn an_ipn_said_not_to_be_served_is_sent_again() {
    let merchant = Merchant::answering(&[&ok(r#"{"status":500}"#), &ok(r#"{"status":200}"#)]).await;
    let emulator = start().await;
    let pesapal = Pesapal::with_ipn(&emulator, &merchant.url, "POST").await;
    let id = pesapal.order("A1").await;
    emulator.pay(&id).unwrap();
    merchant.received(2).await;
}

#[tokio::test]
async fn a_payment_under_way_changes_nothing_pesapal_would_tell() {
    let merchant = Merchant::start().await;
    let emulator = start().await;
    let pesapal = Pesapal::with_ipn(&emulator, &merchant.url, "POST").await;
    let id = pesapal.order("A1").await;
    emulator.process(&id).unwrap();
    pesapal.cancel(&id).await;
    merchant.received(0).await;
}

#[tokio::test]
async fn a_cancel_may_send_an_ipn_as_a_variant() {
    let merchant = Merchant::start().await;
    let mut behaviour = Behaviour::default();
    behaviour.set("pesapal.ipn_after_cancel", "sent").unwrap();
    let emulator = Emulator::start(config().behaviour(behaviour))
        .await
        .unwrap();
    let pesapal = Pesapal::with_ipn(&emulator, &merchant.url, "POST").await;
    let (open, processing) = (pesapal.order("A1").await, pesapal.order("A2").await);
    emulator.process(&processing).unwrap();
    pesapal.cancel(&open).await;
    pesapal.cancel(&processing).await;
    merchant.received(2).await;
}

#[tokio::test]
async fn an_address_with_tls_is_registered_but_nothing_is_sent_there() {
    let merchant = Merchant::start().await;
    let emulator = start().await;
    let url = merchant.url.replace("http:", "https:");
    let pesapal = Pesapal::with_ipn(&emulator, &url, "GET").await;
    let id = pesapal.order("A1").await;
    emulator.pay(&id).unwrap();
    merchant.received(0).await;
}

#[tokio::test]
async fn a_duplicate_notification_arrives_twice() {
    let merchant = Merchant::start().await;
    let emulator = with_webhook(&merchant).await;
    kwikpaisa_order(&emulator, "7").await;
    emulator
        .arm(Fault::new(FaultKind::DuplicateNotification))
        .unwrap();
    emulator.pay("7").unwrap();
    let received = merchant.received(2).await;
    assert_eq!(received[0].body, received[1].body);
}

#[tokio::test]
async fn a_reordered_notification_arrives_after_the_next_one() {
    let merchant = Merchant::start().await;
    let emulator = with_webhook(&merchant).await;
    kwikpaisa_order(&emulator, "7").await;
    let fault = Fault::new(FaultKind::ReorderedNotification).at(Gateway::KwikPaisa);
    emulator.arm(fault).unwrap();
    emulator.process("7").unwrap();
    emulator.pay("7").unwrap();
    let events: Vec<_> = merchant
        .received(2)
        .await
        .iter()
        .map(Received::event)
        .collect();
    assert_eq!(events, ["payment.success", "payment.processing"]);
}

#[tokio::test]
async fn a_reordered_notification_that_nothing_overtakes_arrives_all_the_same() {
    let merchant = Merchant::start().await;
    let config = config()
        .webhook_url(merchant.url.parse().unwrap())
        .hold_back(Duration::from_millis(50));
    let emulator = Emulator::start(config).await.unwrap();
    kwikpaisa_order(&emulator, "7").await;
    emulator
        .arm(Fault::new(FaultKind::ReorderedNotification))
        .unwrap();
    emulator.pay("7").unwrap();
    merchant.received(1).await;
}
