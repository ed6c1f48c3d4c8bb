//! Refund requests: what counts as received, as refused, and as neither.

use duka_core::{Delivery, ErrorKind, Gateway, RefundAnswer, RefundRequest, StatusReading};

use crate::fake::{Fake, GUID, order, pesapal};
use crate::replies;

/// The reading of the recorded paid order.
pub(crate) async fn paid() -> StatusReading {
    let fake = Fake::new().reply(200, replies::PAID);
    pesapal(&fake).status(&order()).await.unwrap()
}

pub(crate) async fn request() -> RefundRequest {
    RefundRequest::new(order(), paid().await, "amina", "came back torn")
}

/// The outcome in one word: `received`, `refused`, or the kind of error.
async fn outcome(status: u16, body: &str) -> String {
    let request = request().await;
    let fake = Fake::new().reply(status, body).reply(status, body);
    match pesapal(&fake).refund(&request).await {
        Ok(RefundAnswer::Received { message }) => format!("received: {message}"),
        Ok(RefundAnswer::Refused { message }) => format!("refused: {message}"),
        Err(error) => {
            assert_eq!(error.delivery(), Delivery::Answered, "{error}");
            assert_eq!(error.http_status(), Some(status), "{error}");
            format!("{:?}", error.kind())
        }
    }
}

#[tokio::test]
async fn an_answer_about_something_else_says_about_what() {
    for (status, reply, words) in [
        (
            200,
            r#"{"status":200,"message":"x","confirmation_code":"6513008693186320103010"}"#,
            "the answer is about another payment, by its receipt",
        ),
        (
            200,
            r#"{"status":200,"message":"x","order_tracking_id":"0001869f-0000-4000-8000-000000000000"}"#,
            "the answer is about another order",
        ),
        (
            200,
            r#"{"status":"500","message":"x","error":{"code":"invalid_api_credentials_provided"}}"#,
            "an answer and a refusal of the token in one reply",
        ),
        (
            401,
            r#"{"status":"500","message":"Invalid Access Token"}"#,
            "does not tell whether the request was looked at: Invalid Access Token",
        ),
    ] {
        let fake = Fake::new().reply(status, reply);
        let error = pesapal(&fake).refund(&request().await).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

const RECEIVED: &str = "received: Refund request successfully";
const BAD_PARAMETERS: &str = "refused: Invalid API request.";
const KNOWN: &str = "refused: Refund request has been received already";

#[tokio::test]
async fn every_reply_has_one_outcome() {
    let table: &[(u16, &str, &str)] = &[
        // Recorded.
        (200, replies::REFUND_RECEIVED, RECEIVED),
        (200, replies::REFUND_KNOWN, KNOWN),
        (
            200,
            replies::REFUND_BAD_AMOUNT,
            "refused: Invalid amount provided. Please check your transaction details",
        ),
        // Refused for its fields, in the one form of a refused request: recorded, or as documented.
        (200, replies::BAD_PARAMETERS, BAD_PARAMETERS),
        (400, replies::BAD_PARAMETERS, BAD_PARAMETERS),
        (
            200,
            r#"{"error":{"type":"invalid_request_error","code":"invalid_api_request_parameters","message":"Invalid API request."}}"#,
            BAD_PARAMETERS,
        ),
        (
            200,
            r#"{"error":{"error_type":"invalid_request_error","code":"something_new","message":""},"status":500}"#,
            "refused: something_new",
        ),
        (
            200,
            replies::OVER_THE_LIMIT,
            "refused: Request Declined.Maximum allowed test transactions limit exceeded",
        ),
        // Nearly in that form: something stands beside it, or it is not about the request.
        (
            200,
            r#"{"error":{"error_type":"invalid_request_error","code":"x","message":"y"},"status":"200"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"error":{"error_type":"invalid_request_error","code":"x","message":"y"},"status":"500","order_tracking_id":"0001869f-0000-4000-8000-000000000000"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"error":{"error_type":"invalid_request_error","code":"x","message":"y","trace":"z"},"status":"500"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"error":{"error_type":"invalid_request_error","type":"api_error","code":"x","message":"y"},"status":"500"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"error":{"error_type":"invalid_request_error","code":"","message":"y"},"status":"500"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"error":{"error_type":"api_error","code":"something_new","message":"y"},"status":"500"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"error":{"error_type":"api_error","code":"payment_details_not_found","message":"Pending Payment"},"status":"500"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"error":{"error_type":"invalid_request_error","code":"invalid_api_credentials_provided","message":"y"},"status":"500"}"#,
            "UnlistedReply",
        ),
        (401, replies::BAD_PARAMETERS, "UnlistedReply"),
        (500, replies::BAD_PARAMETERS, "Unavailable"),
        (429, replies::BAD_PARAMETERS, "RateLimited"),
        (404, replies::NO_SUCH_PATH, "UnlistedReply"),
        (405, replies::WRONG_METHOD, "UnlistedReply"),
        // About this payment, or about another.
        (
            200,
            r#"{"status":200,"message":"x","confirmation_code":"6513008693186320103009"}"#,
            "received: x",
        ),
        (
            200,
            r#"{"status":200,"message":"x","order_tracking_id":"96A5E1D9-5B0C-4B8E-9D3A-0C1F6F1F2A11"}"#,
            "received: x",
        ),
        (
            200,
            r#"{"status":200,"message":"x","confirmation_code":"6513008693186320103010"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":500,"message":"x","confirmation_code":"6513008693186320103010"}"#,
            "UnlistedReply",
        ),
        (
            200,
            r#"{"status":200,"message":"x","order_tracking_id":"0001869f-0000-4000-8000-000000000000"}"#,
            "UnlistedReply",
        ),
        // Every way to write the two statuses, and an error that is none.
        (200, r#"{"status":200}"#, "received: "),
        (201, r#"{"status":"200","message":null}"#, "received: "),
        (200, r#"{"status":500,"message":"no"}"#, "refused: no"),
        (400, replies::REFUND_KNOWN, KNOWN),
        (
            200,
            r#"{"status":"200","message":"x","error":{"code":null,"message":null}}"#,
            "received: x",
        ),
        // An error that is one, a no without words, an undocumented status.
        (
            200,
            r#"{"status":"200","message":"x","error":{"code":"oops"}}"#,
            "UnlistedReply",
        ),
        (200, r#"{"status":"500"}"#, "UnlistedReply"),
        (200, r#"{"status":"201","message":"x"}"#, "UnlistedReply"),
        (
            200,
            r#"{"message":"Refund request successfully"}"#,
            "UnlistedReply",
        ),
        (200, "{}", "UnlistedReply"),
        (200, "null", "UnlistedReply"),
        (200, r#"["200","done",null]"#, "UnlistedReply"),
        // Yes in the body and no in HTTP.
        (400, replies::REFUND_RECEIVED, "UnlistedReply"),
        (401, replies::REFUND_RECEIVED, "UnlistedReply"),
        (500, replies::REFUND_RECEIVED, "UnlistedReply"),
        // A server that failed says nothing, whatever its body says.
        (500, replies::REFUND_KNOWN, "Unavailable"),
        (500, "", "Unavailable"),
        (502, replies::HTML, "Unavailable"),
        (
            503,
            r#"{"message":"An error has occurred."}"#,
            "Unavailable",
        ),
        (429, replies::REFUND_KNOWN, "RateLimited"),
        // Not readable, and redirects.
        (200, "", "UnreadableReply"),
        (200, replies::HTML, "UnreadableReply"),
        (200, r#"{"status":"200","mess"#, "UnreadableReply"),
        (302, replies::REFUND_RECEIVED, "UnlistedReply"),
        // A bad bearer, twice.
        (401, replies::BAD_BEARER, "Authentication"),
        (200, replies::BAD_BEARER, "Authentication"),
    ];
    for (status, body, expected) in table {
        let outcome = outcome(*status, body).await;
        assert_eq!(outcome, *expected, "HTTP {status} {body}");
    }
}

#[tokio::test]
async fn a_lost_reply_is_unknown_and_no_second_request_leaves() {
    let request = request().await;
    let fake = Fake::new().fail(Delivery::Unknown);
    let error = pesapal(&fake).refund(&request).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_that_was_answered_is_sent_again_by_the_default_policy() {
    let request = request().await;
    for (status, body) in [(503, ""), (500, replies::HTML), (429, ""), (200, "cut {")] {
        let fake = Fake::new().reply(status, body);
        let clock = crate::fake::ByHand::new();
        let eager = crate::fake::builder(&fake, &clock).retry(duka_http::RetryPolicy::default());
        let error = eager.build().unwrap().refund(&request).await.unwrap_err();
        assert_eq!(fake.calls().len(), 1, "HTTP {status}: {error}");
    }
}

#[tokio::test]
async fn a_request_refused_for_its_token_is_made_once_more_with_a_new_one() {
    let request = request().await;
    let fake = Fake::new()
        .reply(401, replies::BAD_BEARER)
        .reply(200, replies::REFUND_RECEIVED);
    let answer = pesapal(&fake).refund(&request).await.unwrap();
    assert_eq!(answer.message(), "Refund request successfully");
    assert_eq!(
        fake.bearers(),
        ["Bearer canary-token-1", "Bearer canary-token-2"]
    );
}

#[tokio::test]
async fn a_receipt_is_read_as_it_stands_or_not_at_all() {
    let with = |member: &str| {
        let recorded = r#""confirmation_code":"6513008693186320103009""#;
        assert!(replies::PAID.contains(recorded));
        replies::PAID.replace(recorded, member)
    };
    for (member, code) in [
        (
            r#""confirmation_code":"6513008693186320103009""#,
            Some("6513008693186320103009"),
        ),
        (
            r#""confirmation_code":6513008693186320103009"#,
            Some("6513008693186320103009"),
        ),
        (r#""confirmation_code":"AA11BB22""#, Some("AA11BB22")),
        (r#""confirmation_code":" AA11BB22 ""#, None),
        (r#""confirmation_code":"""#, None),
        (r#""confirmation_code":null"#, None),
        (r#""confirmation_code":true"#, None),
        (r#""confirmation_code":{"code":"AA11BB22"}"#, None),
        (r#""confirmation_code":"AA11\u200bBB22""#, None),
        (r#""confirmation_code":"canary-consumer-secret""#, None),
        (r#""trace_id":"x""#, None),
    ] {
        let fake = Fake::new().reply(200, with(member));
        let reading = pesapal(&fake).status(&order()).await.unwrap();
        assert_eq!(reading.details.receipt.as_deref(), code, "{member}");
        assert_eq!(reading.details.method.as_deref(), Some("Visa"));
    }
}

#[tokio::test]
async fn an_order_that_is_no_guid_is_refused_before_anything_is_sent() {
    let fake = Fake::new();
    let mut request = request().await;
    request.order = duka_core::OrderId::text("TEST1515111119").unwrap();
    let error = pesapal(&fake).refund(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.to_string().contains("order id"), "{error}");
    assert!(!error.to_string().contains(GUID));
    assert!(fake.sent().is_empty());
}
