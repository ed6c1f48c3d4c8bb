//! Every kind of fault: what the client sees, and what was really applied.

use std::time::{Duration, Instant};

use duka_emulator::{Emulator, Fault, FaultError, FaultKind, Gateway, Operation};

use crate::client::{
    Answer, Pesapal, create_body, kwikpaisa, kwikpaisa_answer, kwikpaisa_order, order_body, start,
    verdict,
};

fn cancel_fault(kind: FaultKind) -> Fault {
    Fault::new(kind).on(Operation::Cancel)
}

/// A KwikPaisa order whose next cancel meets the fault; returns what the client saw.
async fn cancel_under(emulator: &Emulator, kind: FaultKind) -> Answer {
    kwikpaisa_order(emulator, "7").await;
    emulator.arm(cancel_fault(kind)).unwrap();
    kwikpaisa_answer(emulator, "cancel", &order_body("7")).await
}

fn truth(emulator: &Emulator) -> (&'static str, u32, u32) {
    let order = emulator.orders().remove(0);
    (order.status, order.cancel_requests, order.cancels_applied)
}

#[tokio::test]
async fn a_reset_before_reaches_the_client_as_a_reset_and_applies_nothing() {
    let emulator = start().await;
    let answer = cancel_under(&emulator, FaultKind::ResetBefore).await;
    assert!(matches!(answer, Answer::Reset), "{answer:?}");
    assert_eq!(truth(&emulator), ("UN_PAID", 0, 0));
}

#[tokio::test]
async fn a_lost_reply_closes_the_connection_without_a_byte_after_applying() {
    let emulator = start().await;
    let answer = cancel_under(&emulator, FaultKind::ReplyLost).await;
    let Answer::Closed(bytes) = answer else {
        panic!("{answer:?}")
    };
    assert!(bytes.is_empty());
    assert_eq!(truth(&emulator), ("CANCELLED", 1, 1));
    assert!(verdict(&emulator).contains("reply lost"));
}

#[tokio::test]
async fn a_truncated_body_ends_before_its_announced_length_after_applying() {
    let emulator = start().await;
    let answer = cancel_under(&emulator, FaultKind::TruncatedBody).await;
    let Answer::Closed(bytes) = answer else {
        panic!("{answer:?}")
    };
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let announced = head
        .lines()
        .find_map(|it| it.strip_prefix("content-length: "));
    let announced: usize = announced.unwrap().parse().unwrap();
    assert!(!body.is_empty() && body.len() < announced, "{text}");
    assert_eq!(truth(&emulator), ("CANCELLED", 1, 1));
}

#[tokio::test]
async fn a_delay_holds_the_reply_back_and_changes_nothing_else() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    let delay = Duration::from_millis(80);
    emulator
        .arm(cancel_fault(FaultKind::Delay).delay(delay))
        .unwrap();
    let before = Instant::now();
    let reply = kwikpaisa(&emulator, "cancel", &order_body("7")).await;
    assert!(before.elapsed() >= delay);
    assert_eq!(reply.status, 200);
    assert_eq!(truth(&emulator), ("CANCELLED", 1, 1));
}

#[tokio::test]
async fn a_delayed_request_is_applied_even_if_the_client_has_left() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    let delay = Duration::from_millis(100);
    emulator
        .arm(cancel_fault(FaultKind::Delay).delay(delay))
        .unwrap();
    let body = order_body("7");
    let given_up = tokio::time::timeout(
        Duration::from_millis(20),
        kwikpaisa_answer(&emulator, "cancel", &body),
    )
    .await;
    assert!(given_up.is_err());
    assert_eq!(truth(&emulator), ("UN_PAID", 0, 0));
    assert_eq!(verdict(&emulator), "under way");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(truth(&emulator), ("CANCELLED", 1, 1));
}

#[tokio::test]
async fn a_429_says_when_to_come_back_and_applies_nothing() {
    let emulator = start().await;
    let reply = cancel_under(&emulator, FaultKind::Http429).await.reply();
    assert_eq!(reply.status, 429);
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(truth(&emulator), ("UN_PAID", 0, 0));
}

#[tokio::test]
async fn a_503_applies_nothing() {
    let emulator = start().await;
    let reply = cancel_under(&emulator, FaultKind::Http503).await.reply();
    assert_eq!(reply.status, 503);
    assert_eq!(truth(&emulator), ("UN_PAID", 0, 0));
}

#[tokio::test]
async fn a_500_comes_after_the_request_was_applied() {
    let emulator = start().await;
    let reply = cancel_under(&emulator, FaultKind::Http500).await.reply();
    assert_eq!(reply.status, 500);
    assert_eq!(truth(&emulator), ("CANCELLED", 1, 1));
}

#[tokio::test]
async fn an_html_body_has_http_200_after_applying() {
    let emulator = start().await;
    let reply = cancel_under(&emulator, FaultKind::HtmlBody).await.reply();
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(reply.text().starts_with("<!DOCTYPE html>"));
    assert_eq!(truth(&emulator), ("CANCELLED", 1, 1));
}

#[tokio::test]
async fn an_empty_body_has_http_200_after_applying() {
    let emulator = start().await;
    let reply = cancel_under(&emulator, FaultKind::EmptyBody).await.reply();
    assert_eq!(reply.status, 200);
    assert!(reply.body.is_empty());
    assert_eq!(truth(&emulator), ("CANCELLED", 1, 1));
}

#[tokio::test]
async fn a_garbage_body_is_neither_text_nor_json_after_applying() {
    let emulator = start().await;
    let reply = cancel_under(&emulator, FaultKind::GarbageBody)
        .await
        .reply();
    assert_eq!(reply.status, 200);
    assert!(std::str::from_utf8(&reply.body).is_err());
    assert_eq!(truth(&emulator), ("CANCELLED", 1, 1));
}

#[tokio::test]
async fn an_expired_token_is_refused_once_and_then_accepted_again() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let order = merchant.order("A1").await;
    emulator.arm(Fault::new(FaultKind::TokenExpired)).unwrap();
    let refused = merchant.cancel(&order).await;
    assert_eq!(refused.status, 401);
    let code = &refused.json()["error"]["code"];
    assert_eq!(code, "invalid_api_credentials_provided");
    assert_eq!(truth(&emulator), ("PENDING", 0, 0));
    assert_eq!(merchant.cancel(&order).await.json()["status"], "200");
}

#[tokio::test]
async fn an_expired_token_is_an_expired_timestamp_at_kwikpaisa() {
    let emulator = start().await;
    let reply = cancel_under(&emulator, FaultKind::TokenExpired)
        .await
        .reply();
    assert_eq!(reply.status, 401);
    assert_eq!(truth(&emulator), ("UN_PAID", 0, 0));
}

#[tokio::test]
async fn a_token_fault_waits_for_a_request_that_carries_a_token() {
    let emulator = start().await;
    emulator
        .arm(Fault::new(FaultKind::TokenExpired).at(Gateway::Pesapal))
        .unwrap();
    crate::client::token(&emulator).await;
    assert_eq!(emulator.faults().len(), 1);
}

#[tokio::test]
async fn a_payment_just_before_the_cancel_makes_it_refused() {
    let emulator = start().await;
    let reply = cancel_under(&emulator, FaultKind::PayBeforeApply)
        .await
        .reply();
    assert_eq!(reply.status, 422);
    assert_eq!(truth(&emulator), ("PAID", 1, 0));
    assert!(!emulator.orders()[0].paid_after_cancel);
}

#[tokio::test]
async fn a_payment_right_after_the_cancel_leaves_a_paid_order_that_was_said_cancelled() {
    let emulator = start().await;
    let reply = cancel_under(&emulator, FaultKind::PayAfterApply)
        .await
        .reply();
    assert_eq!(reply.json()["return_data"]["order_status"], "CANCELLED");
    assert_eq!(truth(&emulator), ("PAID", 1, 1));
    assert!(emulator.orders()[0].paid_after_cancel);
    let status = kwikpaisa(&emulator, "status", &order_body("7")).await;
    assert_eq!(status.json()["return_data"]["order_status"], "PAID");
}

#[tokio::test]
async fn both_races_happen_at_pesapal_too() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let (before, after) = (merchant.order("A1").await, merchant.order("A2").await);
    emulator.arm(Fault::new(FaultKind::PayBeforeApply)).unwrap();
    assert_eq!(merchant.cancel(&before).await.json()["status"], "500");
    emulator.arm(Fault::new(FaultKind::PayAfterApply)).unwrap();
    assert_eq!(merchant.cancel(&after).await.json()["status"], "200");
    assert_eq!(merchant.status(&after).await["status_code"], 1);
    let orders = emulator.orders();
    assert_eq!(
        (orders[0].status, orders[0].paid_after_cancel),
        ("COMPLETED", false)
    );
    assert_eq!(
        (orders[1].status, orders[1].paid_after_cancel),
        ("COMPLETED", true)
    );
}

#[tokio::test]
async fn a_lost_reply_at_pesapal_still_uses_up_the_one_cancel() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let order = merchant.order("A1").await;
    emulator.arm(cancel_fault(FaultKind::ReplyLost)).unwrap();
    let lost = merchant.cancel_answer(&order).await;
    assert!(matches!(lost, Answer::Closed(bytes) if bytes.is_empty()));
    assert_eq!(merchant.cancel(&order).await.json()["status"], "500");
    assert_eq!(truth(&emulator), ("CANCELLED", 2, 1));
}

#[tokio::test]
async fn a_fault_strikes_as_often_as_it_says_and_only_where_it_says() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    let fault = Fault::new(FaultKind::Http503)
        .at(Gateway::KwikPaisa)
        .on(Operation::Status)
        .times(2);
    emulator.arm(fault).unwrap();
    let mut seen = Vec::new();
    for operation in ["status", "cancel", "status", "status"] {
        seen.push(
            kwikpaisa(&emulator, operation, &order_body("7"))
                .await
                .status,
        );
    }
    assert_eq!(seen, [503, 200, 503, 200]);
    assert!(emulator.faults().is_empty());
}

#[tokio::test]
async fn faults_before_authentication_and_in_the_reply_combine() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    let delay = Duration::from_millis(30);
    emulator
        .arm(cancel_fault(FaultKind::Delay).delay(delay))
        .unwrap();
    emulator.arm(cancel_fault(FaultKind::ReplyLost)).unwrap();
    let before = Instant::now();
    let answer = kwikpaisa_answer(&emulator, "cancel", &order_body("7")).await;
    assert!(matches!(answer, Answer::Closed(bytes) if bytes.is_empty()));
    assert!(before.elapsed() >= delay);
    let last = emulator.requests().pop().unwrap();
    assert_eq!(last.faults, [FaultKind::Delay, FaultKind::ReplyLost]);
}

#[tokio::test]
async fn a_fault_of_the_reply_is_kept_for_an_authenticated_request() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    emulator.arm(cancel_fault(FaultKind::ReplyLost)).unwrap();
    let now = emulator.now().as_second().to_string();
    let forged = crate::client::kwikpaisa_signed(
        &emulator,
        "cancel",
        &order_body("7"),
        &now,
        &"0".repeat(64),
    )
    .await
    .reply();
    assert_eq!(forged.status, 401);
    assert_eq!(emulator.faults().len(), 1);
}

async fn struck_of_forty(seed: u64) -> Vec<bool> {
    let emulator = Emulator::start(crate::client::config().seed(seed))
        .await
        .unwrap();
    emulator
        .arm(Fault::new(FaultKind::Http503).probability(0.5).times(1000))
        .unwrap();
    let mut struck = Vec::new();
    for id in 0..40 {
        let reply = kwikpaisa(&emulator, "create", &create_body(&id.to_string())).await;
        struck.push(reply.status == 503);
    }
    struck
}

#[tokio::test]
async fn a_probability_strikes_sometimes_and_the_same_way_for_the_same_seed() {
    let first = struck_of_forty(5).await;
    let strikes = first.iter().filter(|it| **it).count();
    assert!((8..=32).contains(&strikes), "{strikes}");
    assert_eq!(first, struck_of_forty(5).await);
    assert_ne!(first, struck_of_forty(6).await);
}

#[tokio::test]
async fn a_fault_that_could_never_strike_is_refused() {
    let emulator = start().await;
    let never = |fault: Fault| emulator.arm(fault).unwrap_err();
    let new = Fault::new;
    assert_eq!(never(new(FaultKind::Delay).times(0)), FaultError::Times);
    for probability in [0.0, -1.0, 1.5, f64::NAN] {
        let fault = new(FaultKind::Delay).probability(probability);
        assert_eq!(never(fault), FaultError::Probability);
    }
    let elsewhere = new(FaultKind::PayAfterApply).on(Operation::Status);
    assert_eq!(
        never(elsewhere).to_string(),
        "pay_after_apply never happens in operation status there"
    );
    never(
        new(FaultKind::Delay)
            .at(Gateway::KwikPaisa)
            .on(Operation::Refund),
    );
    never(new(FaultKind::TokenExpired).on(Operation::Token));
    assert!(emulator.faults().is_empty());
}
