//! The exact bytes of every operation.

use duka_core::{Gateway, NewOrder};
use duka_http::Intent;
use duka_pesapal::IpnMethod;
use insta::assert_snapshot;

use crate::fake::{Fake, Sent, new_order, order, pesapal};
use crate::replies;

async fn created(order: NewOrder) -> Sent {
    let fake = Fake::new().reply(200, replies::SUBMITTED);
    pesapal(&fake).create(&order).await.unwrap();
    fake.calls().remove(0)
}

#[tokio::test]
async fn the_first_call_fetches_a_token_and_the_second_uses_it() {
    let fake = Fake::new()
        .reply(200, replies::UNPAID)
        .reply(200, replies::UNPAID);
    let pesapal = pesapal(&fake);
    pesapal.status(&order()).await.unwrap();
    pesapal.status(&order()).await.unwrap();
    let sent = fake.sent();
    assert_eq!(sent.len(), 3);
    assert_eq!(sent[0].intent, Intent::Read);
    assert_snapshot!(sent[0].text(), @r#"
    POST https://cybqa.pesapal.com/pesapalv3/api/Auth/RequestToken
    Accept: application/json
    Content-Type: application/json

    {"consumer_key":"canary-consumer-key","consumer_secret":"canary-consumer-secret"}
    "#);
}

#[tokio::test]
async fn a_status_request() {
    let fake = Fake::new().reply(200, replies::UNPAID);
    pesapal(&fake).status(&order()).await.unwrap();
    let sent = &fake.calls()[0];
    assert_eq!(sent.intent, Intent::Read);
    assert_snapshot!(sent.text(), @r"
    GET https://cybqa.pesapal.com/pesapalv3/api/Transactions/GetTransactionStatus?orderTrackingId=b945e4af-80a5-4ec1-8706-e03f8332fb04
    Accept: application/json
    Authorization: Bearer canary-token-1
    Content-Type: application/json
    ");
}

#[tokio::test]
async fn a_cancel_request_names_the_order_in_snake_case() {
    let fake = Fake::new().reply(200, replies::CANCELLED);
    pesapal(&fake).cancel(&order()).await.unwrap();
    let sent = &fake.calls()[0];
    assert_eq!(sent.intent, Intent::Mutation);
    assert_snapshot!(sent.text(), @r#"
    POST https://cybqa.pesapal.com/pesapalv3/api/Transactions/CancelOrder
    Accept: application/json
    Authorization: Bearer canary-token-1
    Content-Type: application/json

    {"order_tracking_id":"b945e4af-80a5-4ec1-8706-e03f8332fb04"}
    "#);
}

#[tokio::test]
async fn an_order_with_everything() {
    let order = new_order()
        .cancellation_url("https://shop.example/gave-up".parse().unwrap())
        .notification_id("1da86d1c-1e8c-4183-bdfd-dd759463e4ce");
    let sent = created(order).await;
    assert_eq!(sent.intent, Intent::Mutation);
    assert_snapshot!(sent.text(), @r#"
    POST https://cybqa.pesapal.com/pesapalv3/api/Transactions/SubmitOrderRequest
    Accept: application/json
    Authorization: Bearer canary-token-1
    Content-Type: application/json

    {"id":"TEST1515111119","currency":"KES","amount":1000.50,"description":"Two baskets","callback_url":"https://shop.example/thanks","cancellation_url":"https://shop.example/gave-up","notification_id":"1da86d1c-1e8c-4183-bdfd-dd759463e4ce","billing_address":{"email_address":"achieng@example.com","phone_number":"0723000000","first_name":"Achieng","last_name":"Grace Odhiambo"}}
    "#);
}

#[tokio::test]
async fn an_order_with_as_little_as_possible() {
    let mut order = new_order();
    order.customer.name = None;
    order.customer.email = Some("  ".to_owned());
    assert_snapshot!(created(order).await.body, @r#"{"id":"TEST1515111119","currency":"KES","amount":1000.50,"description":"Two baskets","callback_url":"https://shop.example/thanks","notification_id":"fe078e53-78da-4a83-aa89-e7ded5c456e6","billing_address":{"phone_number":"0723000000"}}"#);
}

#[tokio::test]
async fn a_single_name_is_the_first_name() {
    let mut order = new_order();
    order.customer.name = Some(" Wanjiku ".to_owned());
    let body = created(order).await.body;
    assert!(body.contains(r#""first_name":"Wanjiku"}"#), "{body}");
}

#[tokio::test]
async fn registering_an_address() {
    let fake = Fake::new()
        .reply(200, replies::REGISTERED)
        .reply(200, replies::REGISTERED);
    let pesapal = pesapal(&fake);
    let url = "http://shop.example/ipn".parse().unwrap();
    pesapal.register_ipn(&url, IpnMethod::Get).await.unwrap();
    pesapal.register_ipn(&url, IpnMethod::Post).await.unwrap();
    let sent = fake.calls();
    assert_eq!(sent[0].intent, Intent::Mutation);
    assert_snapshot!(sent[0].text(), @r#"
    POST https://cybqa.pesapal.com/pesapalv3/api/URLSetup/RegisterIPN
    Accept: application/json
    Authorization: Bearer canary-token-1
    Content-Type: application/json

    {"url":"http://shop.example/ipn","ipn_notification_type":"GET"}
    "#);
    assert!(sent[1].body.contains(r#""ipn_notification_type":"POST""#));
}

#[tokio::test]
async fn listing_addresses() {
    let fake = Fake::new().reply(200, "[]");
    pesapal(&fake).list_ipns().await.unwrap();
    let sent = &fake.calls()[0];
    assert_eq!(sent.intent, Intent::Read);
    assert_snapshot!(sent.text(), @r"
    GET https://cybqa.pesapal.com/pesapalv3/api/URLSetup/GetIpnList
    Accept: application/json
    Authorization: Bearer canary-token-1
    Content-Type: application/json
    ");
}
