//! Pesapal's cancel: pending and failed payments only, and one request per order.

use crate::client::{Pesapal, start, verdict};

const NO: &str =
    r#"{"status":"500","message":"Invalid order request. Transaction cannot be cancelled"}"#;

#[tokio::test]
async fn a_pending_order_is_cancelled_and_its_status_does_not_show_it() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    let before = merchant.status(&id).await;
    let reply = merchant.cancel(&id).await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.text(),
        r#"{"status":"200","message":"Order successfully cancelled."}"#
    );
    assert_eq!(merchant.status(&id).await, before);
    assert_eq!(emulator.orders()[0].status, "CANCELLED");
}

#[tokio::test]
async fn a_second_cancel_is_refused() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    merchant.cancel(&id).await;
    let second = merchant.cancel(&id).await;
    assert_eq!((second.status, second.text().as_str()), (200, NO));
    assert!(verdict(&emulator).contains("applied before"));
    let order = emulator.order(&id).unwrap();
    assert_eq!((order.cancel_requests, order.cancels_applied), (2, 1));
}

#[tokio::test]
async fn a_failed_payment_can_be_cancelled_and_then_no_longer_paid() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    emulator.fail(&id).unwrap();
    assert_eq!(merchant.cancel(&id).await.json()["status"], "200");
    let problem = emulator.pay(&id).unwrap_err();
    assert_eq!(
        problem.to_string(),
        format!("cannot pay pesapal order {id:?}: it is CANCELLED")
    );
    assert_eq!(merchant.status(&id).await["status_code"], 2);
}

#[tokio::test]
async fn a_paid_or_reversed_order_cannot_be_cancelled() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    emulator.pay(&id).unwrap();
    assert_eq!(merchant.cancel(&id).await.text(), NO);
    assert!(verdict(&emulator).contains("the order is COMPLETED"));
    emulator.reverse(&id).unwrap();
    assert_eq!(merchant.cancel(&id).await.text(), NO);
    let order = emulator.order(&id).unwrap();
    assert_eq!((order.cancel_requests, order.cancels_applied), (2, 0));
}

#[tokio::test]
async fn a_payment_that_lands_after_the_cancel_is_counted() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    merchant.cancel(&id).await;
    emulator.pay_late(&id).unwrap();
    let order = emulator.order(&id).unwrap();
    assert_eq!((order.status, order.paid_after_cancel), ("COMPLETED", true));
    assert_eq!(merchant.status(&id).await["status_code"], 1);
}

#[tokio::test]
async fn an_unknown_id_or_a_misspelt_member_cancels_nothing() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    let unknown = merchant
        .cancel("b945e4af-80a5-4ec1-8706-e03f8332fb04")
        .await;
    assert_eq!(unknown.json()["status"], "500");
    let camel = format!(r#"{{"orderTrackingId":"{id}"}}"#);
    let reply = merchant.post("Transactions/CancelOrder", &camel).await;
    assert_eq!(reply.json()["status"], "500");
    assert!(verdict(&emulator).contains("order_tracking_id is missing"));
    assert_eq!(emulator.order(&id).unwrap().cancel_requests, 0);
}

#[tokio::test]
async fn a_cancel_with_a_bad_token_does_not_count_as_the_one_request() {
    let emulator = start().await;
    let mut merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    let good = std::mem::replace(&mut merchant.token, "eyJunknown".to_owned());
    assert_eq!(merchant.cancel(&id).await.status, 401);
    assert_eq!(emulator.order(&id).unwrap().cancel_requests, 0);
    merchant.token = good;
    assert_eq!(merchant.cancel(&id).await.json()["status"], "200");
}
