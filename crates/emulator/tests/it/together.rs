//! Many clients at once, and one merchant's whole day on one connection after another.

use duka_emulator::{Fault, FaultKind, Gateway, Operation};
use serde_json::json;

use crate::client::{
    Answer, Pesapal, create_body, get, kwikpaisa, kwikpaisa_answer, kwikpaisa_order, order_body,
    post, send, start,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_cancels_at_once_one_is_applied() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    let all = (0..16).map(|_| merchant.cancel(&id));
    let mut yes = 0;
    for reply in futures_in_turn(all).await {
        yes += u32::from(reply.json()["status"] == "200");
    }
    assert_eq!(yes, 1);
    let order = emulator.order(&id).unwrap();
    assert_eq!((order.cancel_requests, order.cancels_applied), (16, 1));
}

/// Polls all of them at once.
async fn futures_in_turn<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.map(|it| (Box::pin(it), None)).collect();
    std::future::poll_fn(|cx| {
        let mut open = 0;
        for (future, output) in &mut pending {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => open += 1,
                }
            }
        }
        if open == 0 {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    pending
        .into_iter()
        .filter_map(|(_, output)| output)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_creates_of_one_id_one_makes_an_order() {
    let emulator = start().await;
    let body = create_body("7");
    let all = (0..16).map(|_| kwikpaisa(&emulator, "create", &body));
    let statuses: Vec<u16> = futures_in_turn(all)
        .await
        .iter()
        .map(|it| it.status)
        .collect();
    assert_eq!(statuses.iter().filter(|it| **it == 200).count(), 1);
    assert_eq!(statuses.iter().filter(|it| **it == 409).count(), 15);
}

#[tokio::test]
async fn both_gateways_may_use_the_same_reference_without_meeting() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, r#""A1""#).await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    emulator.pay("A1").unwrap();
    assert_eq!(emulator.order("A1").unwrap().gateway, Gateway::KwikPaisa);
    assert_eq!(emulator.order(&id).unwrap().status, "PENDING");
    // An id of one gateway means nothing at the other.
    let body = order_body(&format!("{id:?}"));
    assert_eq!(kwikpaisa(&emulator, "status", &body).await.status, 404);
    assert_eq!(merchant.cancel("A1").await.json()["status"], "500");
}

#[tokio::test]
async fn every_pesapal_operation_can_lose_its_reply_and_be_applied() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    emulator
        .arm(Fault::new(FaultKind::ReplyLost).times(2))
        .unwrap();
    let body = merchant.submit_body("A1");
    let path = "Transactions/SubmitOrderRequest";
    let lost = merchant.answer("POST", path, &body).await;
    assert!(matches!(lost, Answer::Closed(bytes) if bytes.is_empty()));
    let ipn = r#"{"url":"http://127.0.0.1:9/two","ipn_notification_type":"POST"}"#;
    let lost = merchant.answer("POST", "URLSetup/RegisterIPN", ipn).await;
    assert!(matches!(lost, Answer::Closed(bytes) if bytes.is_empty()));
    // What a lost submit made is found again by the same id.
    let id = emulator.orders()[0].order.clone();
    assert_eq!(merchant.order("A1").await, id);
    let list = merchant.get("URLSetup/GetIpnList").await.json();
    assert_eq!(list.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_outage_looks_like_each_gateways_own() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    emulator
        .arm(Fault::new(FaultKind::Http503).times(2))
        .unwrap();
    let reply = merchant.get("URLSetup/GetIpnList").await;
    assert_eq!(reply.json(), json!({"message": "Service unavailable."}));
    let reply = kwikpaisa(&emulator, "status", &order_body("7")).await;
    let expected = json!({"status": false, "code": 503, "message": "Service unavailable."});
    assert_eq!(reply.json(), expected);
}

#[tokio::test]
async fn a_merchants_day_ends_with_the_truth_in_the_log() {
    let emulator = start().await;
    for id in ["1", "2", "3"] {
        kwikpaisa_order(&emulator, id).await;
    }
    emulator.pay("1").unwrap();
    let lost = Fault::new(FaultKind::ReplyLost)
        .at(Gateway::KwikPaisa)
        .on(Operation::Cancel);
    emulator.arm(lost).unwrap();
    kwikpaisa_answer(&emulator, "cancel", &order_body("2")).await;
    let status = kwikpaisa(&emulator, "status", &order_body("2")).await;
    assert_eq!(status.json()["return_data"]["order_status"], "CANCELLED");
    emulator.pay_late("2").unwrap();
    let orders = get(&emulator, "/_emulator/orders").await.json();
    let seen: Vec<_> = orders
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["status"].as_str().unwrap(),
                it["paid_after_cancel"] == true,
            )
        })
        .collect();
    assert_eq!(seen, [("PAID", false), ("PAID", true), ("UN_PAID", false)]);
    let cancels = emulator
        .requests()
        .into_iter()
        .filter(|it| it.operation == Some(Operation::Cancel));
    assert_eq!(
        cancels.count(),
        1,
        "the log counts what was really received"
    );
}

#[tokio::test]
async fn a_webhook_address_is_set_and_unset_over_http() {
    let emulator = start().await;
    for (body, status) in [
        (r#"{"url":"http://127.0.0.1:9/hook"}"#, 200),
        (r#"{"url":null}"#, 200),
        (r#"{"url":"http://192.0.2.1/hook"}"#, 400),
        (r#"{"url":"https://localhost/hook"}"#, 400),
        (r#"{"url":"nowhere"}"#, 400),
        (r#"{"url":7}"#, 400),
        (r#"{"address":"http://127.0.0.1:9/"}"#, 400),
        ("{}", 400),
    ] {
        let reply = post(&emulator, "/_emulator/webhook", body).await;
        assert_eq!(reply.status, status, "{body}");
        assert_eq!(reply.json()["error"].is_null(), status == 200);
    }
}

#[tokio::test]
async fn a_header_sent_twice_is_not_trusted() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let bearer = format!("Bearer {}", merchant.token);
    let twice = [
        ("authorization", bearer.as_str()),
        ("authorization", "Bearer other"),
    ];
    let target = "/v3/api/URLSetup/GetIpnList";
    let reply = send(emulator.addr(), "GET", target, &twice, "").await;
    assert_eq!(reply.reply().status, 401);
}
