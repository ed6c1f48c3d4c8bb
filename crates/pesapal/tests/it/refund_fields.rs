//! Refund requests: their exact bytes, and what is refused before anything is sent.

use duka_core::{Delivery, ErrorKind, Gateway, Money, OrderStatus, RefundRequest};
use duka_http::Intent;
use insta::assert_snapshot;

use crate::fake::{Fake, pesapal};
use crate::refund::request;
use crate::replies;

async fn sent(request: &RefundRequest) -> crate::fake::Sent {
    let fake = Fake::new().reply(200, replies::REFUND_RECEIVED);
    pesapal(&fake).check_refund(request).unwrap();
    assert!(fake.sent().is_empty(), "the check sends nothing");
    pesapal(&fake).refund(request).await.unwrap();
    fake.calls().remove(0)
}

/// The error for a request that never left.
async fn refused(request: &RefundRequest) -> String {
    let fake = Fake::new();
    let error = pesapal(&fake).refund(request).await.unwrap_err();
    let checked = pesapal(&fake).check_refund(request).unwrap_err();
    assert_eq!(checked.to_string(), error.to_string());
    assert_eq!(checked.field(), error.field());
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
    assert!(fake.sent().is_empty(), "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_refund_of_everything_takes_amount_and_receipt_from_the_status() {
    let sent = sent(&request().await).await;
    assert_eq!(sent.intent, Intent::Mutation);
    assert_snapshot!(sent.text(), @r#"
    POST https://cybqa.pesapal.com/pesapalv3/api/Transactions/RefundRequest
    Accept: application/json
    Authorization: Bearer canary-token-1
    Content-Type: application/json

    {"confirmation_code":"6513008693186320103009","amount":0.4,"username":"amina","remarks":"came back torn"}
    "#);
}

#[tokio::test]
async fn a_part_of_a_card_payment_goes_with_the_digits_it_was_given() {
    let mut request = request().await;
    request.paid.money = Some(Money::parse("1500.00", "KES").unwrap());
    request.username = " amina@shop.example ".to_owned();
    request.remarks = "One of two \u{201c}kangas\u{201d}\ncame back".to_owned();
    let request = request.amount("750.50".parse().unwrap());
    assert_snapshot!(sent(&request).await.body, @r#"{"confirmation_code":"6513008693186320103009","amount":750.50,"username":"amina@shop.example","remarks":"One of two “kangas”\ncame back"}"#);
}

#[tokio::test]
async fn an_amount_as_fine_as_the_status_shows_it_is_sent_as_it_is() {
    let mut request = request().await;
    request.paid.money = Some(Money::parse("38.4615", "USD").unwrap());
    assert!(sent(&request).await.body.contains(r#""amount":38.4615,"#));
    // In other digits it is the same amount, and so not a part.
    let mut request = request.amount("38.46150".parse().unwrap());
    request.paid.details.method = Some("MpesaKE".to_owned());
    assert!(!request.is_partial());
    assert!(sent(&request).await.body.contains(r#""amount":38.4615,"#));
}

#[tokio::test]
async fn each_field_is_checked_before_anything_is_sent_and_named() {
    let request = request().await;
    let wrong = |change: fn(&mut RefundRequest)| {
        let mut request = request.clone();
        change(&mut request);
        request
    };
    let mut lines = Vec::new();
    for request in [
        wrong(|it| it.paid.status = OrderStatus::Unpaid),
        wrong(|it| it.paid.status = OrderStatus::Reversed),
        wrong(|it| it.paid.status = OrderStatus::Unknown("Completed with status 500".to_owned())),
        wrong(|it| it.paid.money = None),
        wrong(|it| it.paid.money = Some(Money::parse("0", "USD").unwrap())),
        wrong(|it| it.amount = Some("0".parse().unwrap())),
        wrong(|it| it.amount = Some("-0.1".parse().unwrap())),
        wrong(|it| it.amount = Some("0.41".parse().unwrap())),
        wrong(|it| it.amount = Some("0.399".parse().unwrap())),
        wrong(|it| it.paid.details.receipt = None),
        wrong(|it| it.paid.details.receipt = Some(" ".to_owned())),
        wrong(|it| it.username = "  ".to_owned()),
        wrong(|it| it.remarks = "\n".to_owned()),
    ] {
        lines.push(refused(&request).await);
    }
    assert_snapshot!(lines.join("\n"), @r"
    invalid request: order status unpaid will not do: only a paid order is refunded
    invalid request: order status reversed will not do: only a paid order is refunded
    invalid request: order status unknown (Completed with status 500) will not do: only a paid order is refunded
    invalid request: amount is not shown by the status of the order
    invalid request: amount 0.00 USD is not above zero
    invalid request: amount 0 is not above zero
    invalid request: amount -0.1 is not above zero
    invalid request: amount 0.41 USD is more than the 0.40 USD that were paid
    invalid request: amount 0.399 has more than the 2 decimal places of USD
    invalid request: confirmation_code is not shown by the status of the order, and a refund is asked for by it
    invalid request: confirmation_code is not shown by the status of the order, and a refund is asked for by it
    invalid request: username is empty
    invalid request: remarks is empty
    ");
}

#[tokio::test]
async fn mobile_money_goes_back_whole_or_not_at_all() {
    let part = request().await.amount("0.2".parse().unwrap());
    for method in [
        "MPESA",
        "MpesaKE",
        "M-Pesa",
        "MTNUG",
        "Tigo Pesa",
        "AirtelKE",
    ] {
        let mut part = part.clone();
        part.paid.details.method = Some(method.to_owned());
        let error = refused(&part).await;
        assert!(
            error.contains("amount") && error.contains(method),
            "{error}"
        );
        part.amount = None;
        sent(&part).await;
    }
    // Whatever else it is called, the gateway knows best.
    for method in [Some("Visa"), Some("CARD"), Some("PesaLink"), None] {
        let mut part = part.clone();
        part.paid.details.method = method.map(ToOwned::to_owned);
        sent(&part).await;
    }
}
