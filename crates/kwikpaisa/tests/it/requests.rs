//! The exact bytes and headers of every operation.

use duka_core::{Delivery, Error, ErrorKind, Gateway, OrderId};
use duka_http::Intent;
use duka_kwikpaisa::{Environment, KwikPaisa, Unicode};

use crate::fake::{Fake, account, builder, clock, new_order, order_id, reply};

/// Any answer will do.
fn fake() -> std::sync::Arc<Fake> {
    Fake::new([Ok(reply(200, "{}"))])
}

#[tokio::test]
async fn a_create_request_is_sorted_signed_and_nothing_else() {
    let fake = fake();
    account(fake.clone())
        .create(&new_order())
        .await
        .unwrap_err();
    insta::assert_snapshot!(fake.sent(), @r#"
    POST https://sandbox.kwikpaisa.com/api/v3/pg/order/create
    Content-Type: application/json
    Accept: application/json
    X-API-KEY: pk_test_1 (secret)
    X-TIMESTAMP: 1778659835
    X-SIGNATURE: 92507eebe062955461fc943e79f187ce4425a31fffd45448d14f53871d9ce2a9 (secret)

    {"customer":{"email":"a@example.com","name":"Ajay","phone":"9999999999"},"order_amount":105,"order_currency":"INR","order_id":6116229263036,"order_note":"Additional order info","return_url":"https://merchant.example/return","service_type":"DIGITAL"}
    "#);
    assert_eq!(fake.requests()[0].1, Intent::Mutation);
}

#[tokio::test]
async fn a_create_request_with_every_field() {
    let fake = fake();
    let order = new_order()
        .service_type("PHYSICAL_GOODS")
        .order_note("Leave it with the neighbours");
    account(fake.clone()).create(&order).await.unwrap_err();
    insta::assert_snapshot!(fake.body(), @r#"{"customer":{"email":"a@example.com","name":"Ajay","phone":"9999999999"},"order_amount":105,"order_currency":"INR","order_id":6116229263036,"order_note":"Leave it with the neighbours","return_url":"https://merchant.example/return","service_type":"PHYSICAL_GOODS"}"#);
}

#[tokio::test]
async fn a_status_request_names_the_order_and_is_a_read() {
    let fake = fake();
    account(fake.clone()).status(&order_id()).await.unwrap_err();
    insta::assert_snapshot!(fake.sent(), @r#"
    POST https://sandbox.kwikpaisa.com/api/v3/pg/order/status
    Content-Type: application/json
    Accept: application/json
    X-API-KEY: pk_test_1 (secret)
    X-TIMESTAMP: 1778659835
    X-SIGNATURE: cea778fa5a41f1fdb806384d9183202785390d7063d4d2cf83ad5ac28ae953ed (secret)

    {"order_id":6116229263036}
    "#);
    assert_eq!(fake.requests()[0].1, Intent::Read);
}

#[tokio::test]
async fn a_cancel_request_has_the_same_body_and_is_a_mutation() {
    let fake = fake();
    account(fake.clone()).cancel(&order_id()).await.unwrap_err();
    insta::assert_snapshot!(fake.sent(), @r#"
    POST https://sandbox.kwikpaisa.com/api/v3/pg/order/cancel
    Content-Type: application/json
    Accept: application/json
    X-API-KEY: pk_test_1 (secret)
    X-TIMESTAMP: 1778659835
    X-SIGNATURE: cea778fa5a41f1fdb806384d9183202785390d7063d4d2cf83ad5ac28ae953ed (secret)

    {"order_id":6116229263036}
    "#);
    assert_eq!(fake.requests()[0].1, Intent::Mutation);
}

#[tokio::test]
async fn an_id_goes_out_in_the_type_the_merchant_has_it_in() {
    let ids = [
        (
            OrderId::integer("6116229263036"),
            r#"{"order_id":6116229263036}"#,
        ),
        (
            OrderId::text("6116229263036"),
            r#"{"order_id":"6116229263036"}"#,
        ),
        (OrderId::text("A/17 \"é\""), r#"{"order_id":"A/17 \"é\""}"#),
        // Beyond 2^53 and beyond 64 bits.
        (
            OrderId::integer("9007199254740993"),
            r#"{"order_id":9007199254740993}"#,
        ),
        (
            OrderId::integer("340282366920938463463374607431768211457"),
            r#"{"order_id":340282366920938463463374607431768211457}"#,
        ),
    ];
    for (id, body) in ids {
        let fake = fake();
        account(fake.clone())
            .cancel(&id.unwrap())
            .await
            .unwrap_err();
        assert_eq!(fake.body(), body);
    }
}

#[tokio::test]
async fn characters_outside_ascii_are_written_as_the_setting_says() {
    for (unicode, note) in [
        (Unicode::Raw, r#""order_note":"Chai für 2 ☕ 😀/""#),
        (
            Unicode::Escaped,
            r#""order_note":"Chai f\u00fcr 2 \u2615 \ud83d\ude00/""#,
        ),
    ] {
        let fake = fake();
        let account = builder(fake.clone()).unicode(unicode).build().unwrap();
        let mut order = new_order();
        order.description = "Chai für 2 ☕ 😀/".to_owned();
        account.create(&order).await.unwrap_err();
        assert!(fake.body().contains(note), "{}", fake.body());
    }
}

#[tokio::test]
async fn production_is_another_host() {
    let fake = fake();
    let account = KwikPaisa::builder("pk_live_1".into(), "sk_live_1".into(), clock(0))
        .environment(Environment::Production)
        .transport(fake.clone())
        .build()
        .unwrap();
    account.status(&order_id()).await.unwrap_err();
    let url = "POST https://api.kwikpaisa.com/api/v3/pg/order/status\n";
    assert!(fake.sent().starts_with(url));
}

#[tokio::test]
async fn every_try_has_a_timestamp_and_a_signature_of_its_own() {
    let not_sent = || {
        Err(Error::new(
            ErrorKind::Unavailable,
            Delivery::NotSent,
            "no connection",
        ))
    };
    let fake = Fake::new([not_sent(), not_sent(), Ok(reply(200, "{}"))]);
    let account = KwikPaisa::builder("pk_test_1".into(), "sk_test_1".into(), clock(1))
        .transport(fake.clone())
        .retry(duka_http::RetryPolicy::new(
            3,
            std::time::Duration::ZERO,
            std::time::Duration::ZERO,
        ))
        .build()
        .unwrap();
    account.cancel(&order_id()).await.unwrap_err();
    let value = |name: &'static str| -> Vec<String> {
        let of = |(request, _): &(duka_http::Request, Intent)| {
            let header = request.headers().find(|it| it.name == name).unwrap();
            header.value.to_owned()
        };
        fake.requests().iter().map(of).collect()
    };
    assert_eq!(
        value("X-TIMESTAMP"),
        ["1778659835", "1778659836", "1778659837"]
    );
    let mut signatures = value("X-SIGNATURE");
    signatures.dedup();
    assert_eq!(signatures.len(), 3);
}
