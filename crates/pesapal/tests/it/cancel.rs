//! What counts as yes, as no, and as neither.

use duka_core::cancel::{Repeat, ShowsCancelled};
use duka_core::{CancelAnswer, Delivery, ErrorKind, Gateway, OrderId, OrderStatus};
use duka_http::Reply;

use crate::fake::{Fake, GUID, order, pesapal};
use crate::replies;

/// The outcome in one word: `yes`, `no`, or the kind of error.
async fn outcome(status: u16, body: &str) -> String {
    let fake = Fake::new().reply(status, body).reply(status, body);
    match pesapal(&fake).cancel(&order()).await {
        Ok(CancelAnswer::Accepted { message, .. }) => format!("yes: {message}"),
        Ok(CancelAnswer::Refused { message, .. }) => format!("no: {message}"),
        Err(error) => {
            assert_eq!(error.delivery(), Delivery::Answered, "{error}");
            assert_eq!(error.http_status(), Some(status), "{error}");
            format!("{:?}", error.kind())
        }
    }
}

#[tokio::test]
async fn every_reply_has_one_outcome() {
    let table: &[(u16, &str, &str)] = &[
        // Recorded.
        (
            200,
            replies::CANCELLED,
            "yes: Order successfully cancelled.",
        ),
        (
            200,
            replies::NOT_CANCELLED,
            "no: Invalid order request. Transaction cannot be cancelled",
        ),
        // About this order, in either spelling, or about another.
        (
            200,
            r#"{"status":"200","message":"x","order_tracking_id":"96A5E1D9-5B0C-4B8E-9D3A-0C1F6F1F2A11"}"#,
            "yes: x",
        ),
        (
            200,
            r#"{"status":"200","message":"x","order_tracking_id":"0001869f-0000-4000-8000-000000000000"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":"500","message":"x","order_tracking_id":"0001869f-0000-4000-8000-000000000000"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":"200","message":"x","order_tracking_id":""}"#,
            "yes: x",
        ),
        (
            200,
            r#"{"status":"200","message":"x","order_tracking_id":"96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11\ud800"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":"200","message":"x","order_tracking_id":{}}"#,
            "UnlistedReply",
        ),
        // Half of a surrogate pair is JSON by its grammar, and no text.
        (200, r#"{"status":"200","message":"\ud800"}"#, "yes: "),
        (200, r#"{"status":"200","trace":"\ud800"}"#, "yes: "),
        (
            200,
            r#"{"status":"200\ud800","message":"x"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":"500","message":"\ud800"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":"200","message":"x","error":"\ud800"}"#,
            "UnlistedReply",
        ),
        // Every way to write the two statuses.
        (200, r#"{"status":200,"message":"done"}"#, "yes: done"),
        (
            200,
            r#"{"status":500,"message":"too late"}"#,
            "no: too late",
        ),
        (200, r#"{"status":"200"}"#, "yes: "),
        (200, r#"{"status":"200","message":null}"#, "yes: "),
        (201, r#"{"status":"200","message":"done"}"#, "yes: done"),
        (
            200,
            "\u{feff} {\"status\":\"200\",\"message\":\"done\"}\r\n",
            "yes: done",
        ),
        // An error that is none.
        (
            200,
            r#"{"status":"200","message":"done","error":null}"#,
            "yes: done",
        ),
        (
            200,
            r#"{"status":"200","message":"done","error":{}}"#,
            "yes: done",
        ),
        (
            200,
            r#"{"status":"200","message":"done","error":{"error_type":null,"code":null,"message":null}}"#,
            "yes: done",
        ),
        (
            200,
            r#"{"status":"200","message":"done","error":{"type":"","code":"","message":""}}"#,
            "yes: done",
        ),
        (
            200,
            r#"{"status":"200","message":"done","error":{"type":"","code":" ","message":""}}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":"200","message":"done","error":""}"#,
            "yes: done",
        ),
        (
            200,
            r#"{"status":"200","message":"done","trace_id":"x"}"#,
            "yes: done",
        ),
        // An error that is one contradicts a yes, in whatever form.
        (
            200,
            r#"{"status":"200","message":"done","error":{"code":"oops"}}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":"200","message":"done","error":{"message":"oops"}}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":"200","message":"done","error":{"message":{"en":"oops"}}}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":"200","message":"done","error":"oops"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":"200","message":"done","error":["oops"]}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":"200","message":"done","error":true}"#,
            "UnlistedReply",
        ),
        // A no with an HTTP status of its own.
        (
            400,
            replies::NOT_CANCELLED,
            "no: Invalid order request. Transaction cannot be cancelled",
        ),
        (
            404,
            replies::NOT_CANCELLED,
            "no: Invalid order request. Transaction cannot be cancelled",
        ),
        // A no without words.
        (200, r#"{"status":"500"}"#, "UnlistedReply"),
        (200, r#"{"status":"500","message":""}"#, "UnlistedReply"),
        (200, r#"{"status":"500","message":7}"#, "UnlistedReply"),
        (
            200,
            r#"{"status":"500","message":null,"error":{"code":"x","message":"y"}}"#,
            "UnlistedReply",
        ),
        // Yes in the body and no in HTTP.
        (400, replies::CANCELLED, "UnlistedReply"),
        (401, replies::CANCELLED, "UnlistedReply"),
        (403, replies::CANCELLED, "UnlistedReply"),
        (429, replies::CANCELLED, "UnlistedReply"),
        (500, replies::CANCELLED, "UnlistedReply"),
        (503, r#"{"status":200}"#, "UnlistedReply"),
        // A server that failed says nothing about the order.
        (500, replies::NOT_CANCELLED, "Unavailable"),
        (500, "", "Unavailable"),
        (502, replies::HTML, "Unavailable"),
        (
            503,
            r#"{"message":"An error has occurred."}"#,
            "Unavailable",
        ),
        (429, "", "RateLimited"),
        (429, replies::NOT_CANCELLED, "RateLimited"),
        // What is nearly one of the two statuses.
        (200, r#"{"status":"200 ","message":"x"}"#, "UnlistedReply"),
        (200, r#"{"status":" 200","message":"x"}"#, "UnlistedReply"),
        (200, r#"{"status":"200\n","message":"x"}"#, "UnlistedReply"),
        (200, r#"{"status":"+200","message":"x"}"#, "UnlistedReply"),
        (200, r#"{"status":"0200","message":"x"}"#, "UnlistedReply"),
        (
            200,
            r#"{"status":"2\u200b00","message":"x"}"#,
            "UnlistedReply",
        ),
        (200, r#"{"status":"٢٠٠","message":"x"}"#, "UnlistedReply"),
        (200, r#"{"status":200.0,"message":"x"}"#, "UnlistedReply"),
        (200, r#"{"status":2e2,"message":"x"}"#, "UnlistedReply"),
        (200, r#"{"status":["200"],"message":"x"}"#, "UnlistedReply"),
        (200, r#"{"status":"500 ","message":"x"}"#, "UnlistedReply"),
        (200, r#"{"status":"+500","message":"x"}"#, "UnlistedReply"),
        (200, r#"{"status":"","message":"x"}"#, "UnlistedReply"),
        // A no whose words are nothing but blanks, or invisible.
        (200, r#"{"status":"500","message":"  "}"#, "UnlistedReply"),
        (
            200,
            r#"{"status":"500","message":"\u200b\u001b"}"#,
            "UnlistedReply",
        ),
        // An answer that is about the token as well.
        (
            200,
            r#"{"status":"500","message":"{\"error\":{\"code\":\"invalid_api_credentials_provided\"}}"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":"200","message":"{\"error\":{\"code\":\"invalid_api_credentials_provided\"}}"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":"500","message":"x","error":{"code":"INVALID_API_CREDENTIALS_PROVIDED"}}"#,
            "UnlistedReply",
        ),
        // Another order, by a name that is nearly the right one.
        (
            200,
            r#"{"status":"200","message":"x","order_tracking_id":" 96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11"}"#,
            "UnlistedReply",
        ),
        // Other statuses.
        (200, r#"{"status":"201","message":"done"}"#, "UnlistedReply"),
        (200, r#"{"status":"OK","message":"done"}"#, "UnlistedReply"),
        (200, r#"{"status":true,"message":"done"}"#, "UnlistedReply"),
        (200, r#"{"status":200.5,"message":"done"}"#, "UnlistedReply"),
        (
            200,
            r#"{"status":null,"message":"Order successfully cancelled."}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"message":"Order successfully cancelled."}"#,
            "UnlistedReply",
        ),
        (200, "{}", "UnlistedReply"),
        (404, replies::NO_SUCH_PATH, "UnlistedReply"),
        (405, replies::WRONG_METHOD, "UnlistedReply"),
        // How other requests are refused; no cancel was recorded to be, so it says nothing certain.
        (200, replies::BAD_PARAMETERS, "UnlistedReply"),
        // JSON, but no object; by position it would read as a yes.
        (200, r#"["200","done",null]"#, "UnlistedReply"),
        (200, "200", "UnlistedReply"),
        (200, "null", "UnlistedReply"),
        // Not readable.
        (200, "", "UnreadableReply"),
        (200, "  \n", "UnreadableReply"),
        (200, replies::HTML, "UnreadableReply"),
        (403, replies::HTML, "UnreadableReply"),
        (200, r#"{"status":"200","mess"#, "UnreadableReply"),
        (
            200,
            r#"{"status":"200","status":"500","message":"both"}"#,
            "UnreadableReply",
        ),
        (200, "{'status':'200'}", "UnreadableReply"),
        // No status of HTTP.
        (600, replies::NOT_CANCELLED, "UnlistedReply"),
        (199, replies::NOT_CANCELLED, "UnlistedReply"),
        // Redirects are not followed, whatever they say.
        (302, "", "UnlistedReply"),
        (301, replies::CANCELLED, "UnlistedReply"),
        (308, replies::NOT_CANCELLED, "UnlistedReply"),
        (304, "", "UnlistedReply"),
    ];
    for (status, body, expected) in table {
        assert_eq!(
            outcome(*status, body).await,
            *expected,
            "HTTP {status} {body}"
        );
    }
}

#[tokio::test]
async fn a_reply_in_another_encoding_is_unreadable() {
    let fake = Fake::new().reply(200, b"{\"status\":\"200\",\"message\":\"\xff\"}".to_vec());
    let error = pesapal(&fake).cancel(&order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnreadableReply);
}

#[tokio::test]
async fn a_refused_cancel_in_http_200_is_no_success() {
    let fake = Fake::new().reply(200, replies::NOT_CANCELLED);
    let answer = pesapal(&fake).cancel(&order()).await.unwrap();
    assert_eq!(
        answer,
        CancelAnswer::refused("Invalid order request. Transaction cannot be cancelled")
    );
}

#[tokio::test]
async fn a_lost_reply_is_unknown_and_no_second_request_leaves() {
    let fake = Fake::new().fail(Delivery::Unknown);
    let error = pesapal(&fake).cancel(&order()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_that_was_answered_is_sent_again_by_the_default_policy() {
    for (status, body) in [(503, ""), (500, replies::HTML), (429, ""), (200, "cut {")] {
        let fake = Fake::new().reply(status, body);
        let clock = crate::fake::ByHand::new();
        let eager = crate::fake::builder(&fake, &clock).retry(duka_http::RetryPolicy::default());
        eager.build().unwrap().cancel(&order()).await.unwrap_err();
        assert_eq!(fake.calls().len(), 1, "HTTP {status}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_proved_not_to_have_left_is_sent_again() {
    let fake = Fake::new()
        .fail(Delivery::NotSent)
        .reply(200, replies::CANCELLED);
    let clock = crate::fake::ByHand::new();
    let eager = crate::fake::builder(&fake, &clock).retry(duka_http::RetryPolicy::default());
    eager.build().unwrap().cancel(&order()).await.unwrap();
    assert_eq!(fake.calls().len(), 2);
}

#[tokio::test]
async fn an_order_that_is_no_guid_is_refused_before_anything_is_sent() {
    let fake = Fake::new();
    let pesapal = pesapal(&fake);
    let bad = [
        "TEST1515111119",
        "96a5e1d95b0c4b8e9d3a0c1f6f1f2a11",
        "{96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11}",
        "96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a1g",
        "96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11&x=1",
    ];
    for text in bad {
        let order = OrderId::text(text).unwrap();
        for error in [
            pesapal.cancel(&order).await.unwrap_err(),
            pesapal.status(&order).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{text}");
            assert_eq!(error.delivery(), Delivery::NotSent, "{text}");
            assert!(error.to_string().contains("order id"), "{error}");
        }
    }
    assert!(fake.sent().is_empty());
}

#[tokio::test]
async fn a_guid_in_capitals_is_sent_in_its_one_form() {
    let fake = Fake::new().reply(200, replies::CANCELLED);
    let order = OrderId::text(order().as_str().to_uppercase()).unwrap();
    pesapal(&fake).cancel(&order).await.unwrap();
    assert!(fake.calls()[0].body.contains(GUID));
}

#[tokio::test]
async fn a_request_to_slow_down_carries_its_wait() {
    let mut reply = Reply::new(429, "");
    reply.retry_after = Some(std::time::Duration::from_secs(7));
    let fake = Fake::new().full_reply(reply);
    let error = pesapal(&fake).cancel(&order()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(7)));
    assert_eq!(
        error.to_string(),
        "gateway asks to slow down: cancel: too many requests (HTTP 429)"
    );
}

#[tokio::test]
async fn a_redirect_names_where_it_would_have_led() {
    let mut reply = Reply::new(302, "");
    reply.location = Some("elsewhere.example".to_owned());
    let fake = Fake::new().full_reply(reply);
    let error = pesapal(&fake).cancel(&order()).await.unwrap_err();
    assert!(error.to_string().contains("elsewhere.example"), "{error}");
}

#[tokio::test]
async fn long_words_are_cut_and_kept_on_one_line() {
    let long = format!(r#"{{"status":"500","message":"a\nb{}"}}"#, "x".repeat(9000));
    let fake = Fake::new().reply(200, long);
    let answer = pesapal(&fake).cancel(&order()).await.unwrap();
    assert!(answer.message().starts_with("a b"));
    assert!(answer.message().chars().count() <= 300);
}

#[test]
fn one_request_per_order_and_only_for_pending_and_failed_ones() {
    let pesapal = pesapal(&Fake::new());
    let rules = pesapal.cancel_rules();
    assert_eq!(rules.repeat(), Repeat::Once);
    assert_eq!(rules.shows_cancelled(), ShowsCancelled::No);
    let eligible = [
        OrderStatus::Unpaid,
        OrderStatus::Processing,
        OrderStatus::Failed,
    ];
    assert!(eligible.iter().all(|status| rules.is_eligible(status)));
    let not = [
        OrderStatus::Paid,
        OrderStatus::Reversed,
        OrderStatus::Cancelled,
        OrderStatus::Expired,
        OrderStatus::Unknown("INVALID".to_owned()),
    ];
    assert!(!not.iter().any(|status| rules.is_eligible(status)));
}

#[tokio::test]
async fn a_tracking_id_has_one_form_however_it_is_written() {
    let gateway = pesapal(&Fake::new());
    let capitals = OrderId::text("96A5E1D9-5B0C-4B8E-9D3A-0C1F6F1F2A11").unwrap();
    let small = OrderId::text("96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11").unwrap();
    assert_eq!(gateway.canonical_order(&capitals), small);
    assert_eq!(gateway.canonical_order(&small), small);
    let reference = OrderId::text("TEST1515111119").unwrap();
    assert_eq!(gateway.canonical_order(&reference), reference);
}
