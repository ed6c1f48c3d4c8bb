//! Submitting an order: the limits that are checked first, and what may come back.

use duka_core::{Delivery, Error, ErrorKind, Gateway, Money, OrderId};

use crate::fake::{ByHand, Fake, builder, new_order, pesapal};
use crate::replies::{self, SUBMITTED_ID};

async fn fails(status: u16, body: &str) -> Error {
    let fake = Fake::new().reply(status, body);
    let error = pesapal(&fake).create(&new_order()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Answered);
    assert_eq!(fake.calls().len(), 1);
    error
}

#[tokio::test]
async fn the_recorded_reply_is_a_created_order() {
    let fake = Fake::new().reply(200, replies::SUBMITTED);
    let created = pesapal(&fake).create(&new_order()).await.unwrap();
    assert_eq!(created.order, OrderId::text(SUBMITTED_ID).unwrap());
    assert_eq!(created.details.gateway_id.as_deref(), Some(SUBMITTED_ID));
    assert!(
        created
            .payment_link
            .reveal()
            .starts_with("https://cybqa.pesapal.com/pesapaliframe/")
    );
    assert!(created.status.is_none());
}

#[tokio::test]
async fn a_tracking_id_in_capitals_is_kept_in_its_one_form() {
    let body = replies::SUBMITTED.replace(
        &format!(r#""order_tracking_id":"{SUBMITTED_ID}""#),
        &format!(r#""order_tracking_id":"{}""#, SUBMITTED_ID.to_uppercase()),
    );
    let fake = Fake::new().reply(200, body);
    let pesapal = pesapal(&fake);
    let created = pesapal.create(&new_order()).await.unwrap();
    assert_eq!(created.order, OrderId::text(SUBMITTED_ID).unwrap());
    assert_eq!(created.details.gateway_id.as_deref(), Some(SUBMITTED_ID));
    assert_eq!(pesapal.canonical_order(&created.order), created.order);
}

#[tokio::test]
async fn an_integer_reference_goes_out_as_text() {
    let mut order = new_order();
    order.reference = OrderId::integer("6116229263036").unwrap();
    let body = replies::SUBMITTED.replace("TEST1515111119", "6116229263036");
    let fake = Fake::new().reply(200, body);
    pesapal(&fake).create(&order).await.unwrap();
    assert!(
        fake.calls()[0]
            .body
            .starts_with(r#"{"id":"6116229263036","#)
    );
}

#[tokio::test]
async fn amounts_keep_their_digits() {
    for (amount, currency) in [("0.10", "KES"), ("9007199254740993", "UGX"), ("100", "USD")] {
        let mut order = new_order();
        order.money = Money::parse(amount, currency).unwrap();
        let fake = Fake::new().reply(200, replies::SUBMITTED);
        pesapal(&fake).create(&order).await.unwrap();
        let wanted = format!(r#""currency":"{currency}","amount":{amount},"#);
        assert!(fake.calls()[0].body.contains(&wanted), "{wanted}");
    }
}

#[tokio::test]
async fn an_error_in_the_reply_is_a_refusal_with_its_code() {
    let error = fails(200, replies::BAD_IPN_ID).await;
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(
        error.to_string(),
        "refused by the gateway: create: Invalid IPN URL ID provided.Check format and try again (HTTP 200, code invalid_api_request_parameters)"
    );
    let error = fails(200, replies::NO_BILLING_DETAILS).await;
    assert_eq!(error.code(), Some("missing_mandatory_billing_address"));
    let error = fails(200, replies::OVER_THE_LIMIT).await;
    assert_eq!(error.code(), Some("maximum_amount_limit_exceeded"));
    let documented = r#"{"error":{"type":"api_error","code":"missing_mandatory_billing_address","message":"…"}}"#;
    let error = fails(400, documented).await;
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.code(), Some("missing_mandatory_billing_address"));
}

#[tokio::test]
async fn an_error_that_is_not_listed_does_not_prove_that_there_is_no_order() {
    for error in [
        r#"{"message":"An unexpected error occurred"}"#,
        r#"{"code":"timeout_at_bank","message":"An unexpected error occurred"}"#,
        r#"{"code":"payment_details_not_found","message":"Pending Payment"}"#,
        r#""An unexpected error occurred""#,
    ] {
        for status in [200, 400] {
            let body = format!(r#"{{"error":{error},"status":"500"}}"#);
            let error = fails(status, &body).await;
            assert_eq!(error.kind(), ErrorKind::UnlistedReply, "{body}");
            assert!(error.to_string().contains("not listed"), "{error}");
        }
    }
}

#[tokio::test]
async fn whatever_is_neither_an_order_nor_an_error_is_unlisted() {
    let without = |part: &str| {
        assert!(replies::SUBMITTED.contains(part));
        replies::SUBMITTED.replace(part, r#""x":1"#)
    };
    let other = |part: &str, with: &str| replies::SUBMITTED.replace(part, with);
    let table = [
        (200, without(r#""status":"200""#)),
        (200, other(r#""status":"200""#, r#""status":null"#)),
        (200, other(r#""status":"200""#, r#""status":"500""#)),
        (
            200,
            without(&format!(r#""order_tracking_id":"{SUBMITTED_ID}""#)),
        ),
        (
            200,
            other(
                &format!(r#""order_tracking_id":"{SUBMITTED_ID}""#),
                r#""order_tracking_id":"12""#,
            ),
        ),
        (200, other("https://cybqa", "javascript:cybqa")),
        (200, other("https://cybqa.pesapal.com", "/relative")),
        (200, other(r#""error":null"#, r#""error":{"code":"oops"}"#)),
        (
            200,
            r#"{"error":{"code":"oops"},"status":"200"}"#.to_owned(),
        ),
        (400, replies::SUBMITTED.to_owned()),
        (200, "{}".to_owned()),
        (
            404,
            r#"{"message":"No HTTP resource was found"}"#.to_owned(),
        ),
        (302, String::new()),
    ];
    for (status, body) in table {
        let error = fails(status, &body).await;
        assert_eq!(
            error.kind(),
            ErrorKind::UnlistedReply,
            "HTTP {status} {body}: {error}"
        );
    }
}

#[tokio::test]
async fn another_order_than_the_one_submitted_is_not_taken_for_it() {
    for other in [
        r#""TEST1515111118""#,
        r#""TEST1515111119\ud800""#,
        "true",
        "{}",
    ] {
        let body = replies::SUBMITTED.replace(r#""TEST1515111119""#, other);
        let error = fails(200, &body).await;
        assert_eq!(error.kind(), ErrorKind::UnlistedReply);
        assert!(
            error.to_string().contains("another merchant reference"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_member_that_is_missing_or_no_use_is_named() {
    let redirect = r#""redirect_url":"https://cybqa"#;
    let id = format!(r#""order_tracking_id":"{SUBMITTED_ID}""#);
    for (part, with, text) in [
        (
            id.as_str(),
            r#""order_tracking_id":null"#,
            "create: no order_tracking_id",
        ),
        (
            id.as_str(),
            r#""order_tracking_id":"12""#,
            "create: order_tracking_id of an undocumented form",
        ),
        (redirect, r#""x":"https://cybqa"#, "create: no redirect_url"),
        (
            redirect,
            r#""redirect_url":"ftp://cybqa"#,
            "create: redirect_url of an undocumented form",
        ),
    ] {
        assert!(replies::SUBMITTED.contains(part), "{part}");
        let error = fails(200, &replies::SUBMITTED.replace(part, with)).await;
        assert_eq!(error.kind(), ErrorKind::UnlistedReply);
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[tokio::test]
async fn after_a_lost_reply_the_way_to_the_order_is_told_and_nothing_is_repeated() {
    let fake = Fake::new().fail(Delivery::Unknown);
    let error = pesapal(&fake).create(&new_order()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(
        error.to_string(),
        "gateway out of reach: create: the order may exist; repeating the call with the same id \"TEST1515111119\" and the same values recovers it"
    );
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn after_an_unreadable_reply_it_is_told_too() {
    let replies = [
        (200, replies::HTML, ErrorKind::UnreadableReply),
        (200, "", ErrorKind::UnreadableReply),
        (502, replies::HTML, ErrorKind::Unavailable),
    ];
    for (status, body, kind) in replies {
        let error = fails(status, body).await;
        assert_eq!(error.kind(), kind);
        assert_eq!(error.http_status(), Some(status));
        assert!(error.to_string().contains("recovers it"), "{error}");
    }
}

#[tokio::test]
async fn what_was_never_sent_needs_no_recovery() {
    let fake = Fake::new().fail(Delivery::NotSent);
    let error = pesapal(&fake).create(&new_order()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(!error.to_string().contains("may exist"), "{error}");
}

#[tokio::test]
async fn the_order_names_its_own_notification_id_before_the_accounts() {
    let fake = Fake::new()
        .reply(200, replies::SUBMITTED)
        .reply(200, replies::SUBMITTED);
    let pesapal = builder(&fake, &ByHand::new())
        .notification_id("of-the-account")
        .build()
        .unwrap();
    pesapal.create(&new_order()).await.unwrap();
    let order = new_order().notification_id("of-the-order");
    pesapal.create(&order).await.unwrap();
    let calls = fake.calls();
    assert!(
        calls[0]
            .body
            .contains(r#""notification_id":"of-the-account""#)
    );
    assert!(
        calls[1]
            .body
            .contains(r#""notification_id":"of-the-order""#)
    );
}
