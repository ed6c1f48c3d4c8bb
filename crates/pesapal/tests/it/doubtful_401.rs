//! What looks like a refused token and is not one of the forms that are known: the outcome is
//! unknown, and nothing that changes anything leaves a second time.

use duka_core::{
    Delivery, Error, ErrorKind, Gateway, Money, OrderStatus, RefundRequest, StatusReading,
};
use duka_pesapal::{IpnMethod, Pesapal};

use crate::fake::{Fake, new_order, order, pesapal, token};
use crate::replies;

/// Bodies that say nothing certain of the token.
const DOUBTFUL: &[&str] = &[
    r#"{"status":"200","status":"200","message":"Order successfully cancelled."}"#,
    r#"{"status":"200","message":"Order successfully canc"#,
    replies::HTML,
    r#"{"status":"OK","message":"Order successfully cancelled."}"#,
    r#"["200","Order successfully cancelled.",null]"#,
    r#"{"message":"Order successfully cancelled."}"#,
    r#"{"message":"Authorization has been denied for this request."}"#,
    "{}",
    "null",
    "\u{0}\u{1}",
    r#"{"status":"500"}"#,
    r#"{"error":null,"status":null}"#,
    r#"{"error":"Invalid Access Token"}"#,
    r#"{"error":{"code":"invalid_url","message":"x"},"status":"500"}"#,
    replies::BAD_KEYS,
    replies::CANCELLED,
    replies::NOT_CANCELLED,
];

/// The documented error, with something in the reply that does not go with it.
const DISFIGURED: &[&str] = &[
    // Something else is claimed beside it.
    r#"{"error":{"error_type":"authentication_error","code":"invalid_api_credentials_provided","message":"x"},"status":"200"}"#,
    r#"{"error":{"error_type":"authentication_error","code":"invalid_api_credentials_provided","message":"x"},"status":"OK"}"#,
    r#"{"error":{"error_type":"authentication_error","code":"invalid_api_credentials_provided","message":"x"},"status":""}"#,
    r#"{"error":{"error_type":"authentication_error","code":"invalid_api_credentials_provided","message":"x"},"status":"500","message":"Order successfully cancelled."}"#,
    r#"{"error":{"error_type":"authentication_error","code":"invalid_api_credentials_provided","message":"x"},"order_tracking_id":"96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11"}"#,
    // A key stands there twice.
    r#"{"error":{"error_type":"authentication_error","code":"invalid_api_credentials_provided","message":"x"},"status":null,"status":null}"#,
    r#"{"error":{"code":"invalid_api_credentials_provided","code":"invalid_api_credentials_provided"}}"#,
    r#"{"error":null,"error":{"code":"invalid_api_credentials_provided"}}"#,
    r#"{"error":{"code":"invalid_api_credentials_provided"},"x":null,"x":null}"#,
    // The code is not quite the code.
    r#"{"error":{"error_type":"authentication_error","code":"invalid_api_credentials_provided ","message":"x"}}"#,
    r#"{"error":{"error_type":"authentication_error","code":"invalid_api_\u200bcredentials_provided","message":"x"}}"#,
    r#"{"error":{"error_type":"authentication_error","code":"INVALID_API_CREDENTIALS_PROVIDED","message":"x"}}"#,
    r#"{"error":{"error_type":"authentication_error","code":"brand_new","message":"x"}}"#,
    r#"{"error":{"type":"authentication_error","code":"","message":"x"}}"#,
    r#"{"error":{"error_type":"api_error","code":"invalid_api_credentials_provided","message":"x"}}"#,
    r#"{"error":{"error_type":"authentication_error","code":["invalid_api_credentials_provided"]}}"#,
    r#"{"error":{"code":"invalid_api_credentials_provided","order":"cancelled"}}"#,
    // Text that tells of the error, and more.
    r#"{"message":"{\"error\":{\"code\":\"invalid_api_credentials_provided\"}} cancelled"}"#,
    r#"{"message":"{\"error\":{\"code\":\"invalid_api_credentials_provided\"},\"status\":\"200\"}"}"#,
    r#"{"message":"{\"message\":\"{\\\"error\\\":{\\\"code\\\":\\\"invalid_api_credentials_provided\\\"}}\"}"}"#,
    r#"{"message":"{\"error\":{\"code\":\"invalid_api_credentials_provided\"}}","status":"200"}"#,
    r#"{"message":"{\"error\":{\"code\":\"invalid_api_credentials_provided\"}}","status":"500"}"#,
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Call {
    Create,
    Cancel,
    Refund,
    Register,
    Status,
    List,
}

const MUTATIONS: [Call; 4] = [Call::Create, Call::Cancel, Call::Refund, Call::Register];
const READS: [Call; 2] = [Call::Status, Call::List];

impl Call {
    async fn make(self, pesapal: &Pesapal) -> Result<(), Error> {
        match self {
            Self::Create => pesapal.create(&new_order()).await.map(drop),
            Self::Cancel => pesapal.cancel(&order()).await.map(drop),
            Self::Refund => pesapal.refund(&refund()).await.map(drop),
            Self::Register => {
                let url = "http://shop.example/ipn".parse().unwrap();
                pesapal.register_ipn(&url, IpnMethod::Get).await.map(drop)
            }
            Self::Status => pesapal.status(&order()).await.map(drop),
            Self::List => pesapal.list_ipns().await.map(drop),
        }
    }
}

fn refund() -> RefundRequest {
    let mut paid = StatusReading::new(OrderStatus::Paid, "Completed");
    paid.money = Some(Money::parse("0.4", "USD").unwrap());
    paid.details.receipt = Some("6513008693186320103009".to_owned());
    paid.details.method = Some("Visa".to_owned());
    RefundRequest::new(order(), paid, "Asha", "the vase was broken")
}

/// Unknown to the caller, and in a way that the engine takes for doubt.
fn assert_unknown(error: &Error, what: &str) {
    assert_eq!(error.delivery(), Delivery::Answered, "{what}: {error}");
    assert!(
        matches!(
            error.kind(),
            ErrorKind::UnlistedReply | ErrorKind::UnreadableReply | ErrorKind::Unavailable
        ),
        "{what}: {error}"
    );
}

#[tokio::test]
async fn a_401_in_no_known_form_leaves_a_mutation_unknown_after_one_request() {
    for body in DOUBTFUL.iter().chain(DISFIGURED).chain(&["", " \n"]) {
        for call in MUTATIONS {
            let fake = Fake::new().reply(401, *body);
            let error = call.make(&pesapal(&fake)).await.unwrap_err();
            assert_unknown(&error, &format!("{call:?} {body}"));
            assert_eq!(error.http_status(), Some(401));
            assert_eq!(fake.calls().len(), 1, "{call:?} {body}");
        }
    }
}

#[tokio::test]
async fn a_disfigured_refusal_of_the_token_is_no_refusal_under_any_http_status() {
    for http in [200, 201, 400, 401, 403, 404, 500] {
        for body in DISFIGURED {
            for call in MUTATIONS {
                let fake = Fake::new().reply(http, *body);
                let outcome = call.make(&pesapal(&fake)).await;
                assert_eq!(fake.calls().len(), 1, "{call:?} HTTP {http} {body}");
                // A claim of success beside the error is none either.
                assert_unknown(&outcome.unwrap_err(), &format!("{call:?} {http} {body}"));
            }
        }
    }
}

#[tokio::test]
async fn the_documented_refusal_counts_for_nothing_in_a_redirect_or_from_a_proxy() {
    for http in [300, 302, 307, 429, 501, 502, 503, 504, 520, 600] {
        for call in MUTATIONS {
            let fake = Fake::new().reply(http, replies::BAD_BEARER);
            let error = call.make(&pesapal(&fake)).await.unwrap_err();
            assert_ne!(error.kind(), ErrorKind::Authentication, "{call:?} {http}");
            assert_eq!(error.delivery(), Delivery::Answered);
            assert_eq!(fake.calls().len(), 1, "{call:?} {http}");
        }
    }
}

#[tokio::test]
async fn after_a_doubtful_401_the_next_call_begins_with_a_new_token() {
    let fake = Fake::new()
        .reply(401, replies::HTML)
        .reply(200, replies::UNPAID);
    let pesapal = pesapal(&fake);
    pesapal.cancel(&order()).await.unwrap_err();
    pesapal.status(&order()).await.unwrap();
    assert_eq!(
        fake.bearers(),
        ["Bearer canary-token-1", "Bearer canary-token-2"]
    );
}

#[tokio::test]
async fn a_doubtful_401_after_the_door_is_unknown_and_nothing_more_is_sent() {
    let fake = Fake::new()
        .reply(401, replies::BAD_BEARER)
        .reply(401, replies::CANCELLED)
        .reply(200, replies::UNPAID);
    let pesapal = pesapal(&fake);
    let error = pesapal.cancel(&order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnlistedReply);
    assert_eq!(error.delivery(), Delivery::Answered);
    assert_eq!(fake.calls().len(), 2);
    pesapal.status(&order()).await.unwrap();
    assert_eq!(fake.bearers()[2], "Bearer canary-token-3");
}

#[tokio::test]
async fn a_create_whose_401_is_doubtful_tells_how_to_get_hold_of_the_order() {
    for body in [replies::SUBMITTED, replies::HTML, ""] {
        let fake = Fake::new().reply(401, body);
        let error = pesapal(&fake).create(&new_order()).await.unwrap_err();
        assert!(error.to_string().contains("the order may exist"), "{error}");
    }
    // What was answered otherwise is told as it is.
    let fake = Fake::new().reply(200, "{}");
    let error = pesapal(&fake).create(&new_order()).await.unwrap_err();
    assert!(!error.to_string().contains("may exist"), "{error}");
}

/// To read twice harms nothing, and the token may well be the reason.
#[tokio::test]
async fn a_read_is_tried_once_more_with_a_new_token_after_any_401() {
    for body in DOUBTFUL.iter().chain(&["", " \n"]) {
        let fake = Fake::new().reply(401, *body).reply(200, replies::PAID);
        let reading = pesapal(&fake).status(&order()).await.unwrap();
        assert_eq!(reading.status, OrderStatus::Paid, "{body}");
        assert_eq!(fake.token_requests(), 2, "{body}");
    }
}

#[tokio::test]
async fn a_read_whose_401_stays_in_no_known_form_is_no_refusal_of_the_credentials() {
    for body in DOUBTFUL.iter().chain(DISFIGURED) {
        for call in READS {
            let fake = Fake::new().reply(401, *body).reply(401, *body);
            let error = call.make(&pesapal(&fake)).await.unwrap_err();
            assert_unknown(&error, &format!("{call:?} {body}"));
            assert_eq!(fake.calls().len(), 2);
        }
    }
}

#[tokio::test]
async fn an_empty_401_to_a_read_is_a_refusal_of_the_credentials() {
    for call in READS {
        let fake = Fake::new().reply(401, "").reply(401, "\r\n");
        let error = call.make(&pesapal(&fake)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication, "{call:?}");
    }
}

/// Three clients tell of it; no recording shows it.
#[tokio::test]
async fn the_error_as_the_text_of_a_message_is_a_refused_token_under_an_http_error() {
    let whole = r#"{"message":"{\"error\":{\"error_type\":\"authentication_error\",\"code\":\"invalid_api_credentials_provided\",\"message\":\"Invalid Access Token\"},\"status\":null}"}"#;
    let inner = r#"{"message":"{\"error_type\":\"authentication_error\",\"code\":\"invalid_api_credentials_provided\",\"message\":\"Invalid Access Token\"}"}"#;
    for body in [whole, inner] {
        for http in [400, 401, 403, 500] {
            let fake = Fake::new().reply(http, body).reply(200, replies::CANCELLED);
            pesapal(&fake).cancel(&order()).await.unwrap();
            assert_eq!(fake.token_requests(), 2, "HTTP {http} {body}");
            let fake = Fake::new().reply(http, body).reply(http, body);
            let error = pesapal(&fake).cancel(&order()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Authentication);
            assert_eq!(error.code(), Some("invalid_api_credentials_provided"));
        }
        for http in [200, 201, 302, 429, 502, 503] {
            let fake = Fake::new().reply(http, body);
            let error = pesapal(&fake).cancel(&order()).await.unwrap_err();
            assert_ne!(
                error.kind(),
                ErrorKind::Authentication,
                "HTTP {http} {body}"
            );
            assert_eq!(fake.calls().len(), 1, "HTTP {http} {body}");
        }
    }
}

#[tokio::test]
async fn a_doubtful_answer_to_the_token_call_is_no_refusal_of_the_keys() {
    let keys = r#"{"error":{"error_type":"api_error","code":"invalid_consumer_key_or_secret_provided","message":""},"status":"200"}"#;
    let twice = r#"{"error":{"code":"invalid_consumer_key_or_secret_provided"},"status":"500","status":"500"}"#;
    let with_token = r#"{"token":"canary-t0ken-x","error":{"code":"invalid_consumer_key_or_secret_provided"},"status":"500"}"#;
    let good = token("canary-t0ken-x", 3600);
    let bodies = [keys, twice, with_token, &good, replies::HTML, "{}", "[]"];
    let refused = [
        replies::HTML,
        replies::CANCELLED,
        r#"{"message":"Unauthorized"}"#,
    ];
    let table = bodies.iter().chain(&refused).map(|body| (401, *body));
    let redirects = [302, 503].map(|http| (http, replies::BAD_KEYS));
    for (http, body) in table.chain(redirects) {
        for call in MUTATIONS.into_iter().chain(READS) {
            let fake = Fake::new().token_reply(http, body);
            let error = call.make(&pesapal(&fake)).await.unwrap_err();
            assert_ne!(
                error.kind(),
                ErrorKind::Authentication,
                "{call:?} HTTP {http} {body}"
            );
            assert_eq!(error.delivery(), Delivery::NotSent);
            assert!(fake.calls().is_empty());
            assert!(!format!("{} {error:?}", error.in_full()).contains("t0ken"));
        }
    }
}

#[tokio::test]
async fn keys_are_refused_by_the_recorded_forms_and_by_an_empty_401() {
    let among_nulls = r#"{"token":null,"expiryDate":null,"error":{"error_type":"api_error","code":"invalid_consumer_key_or_secret_provided","message":""},"status":"500","message":null}"#;
    let table = [200, 400, 401, 500]
        .iter()
        .flat_map(|http| [(*http, replies::BAD_KEYS), (*http, among_nulls)])
        .chain([(401, "")]);
    for (http, body) in table {
        let fake = Fake::new().token_reply(http, body);
        let error = pesapal(&fake).cancel(&order()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication, "{http} {body}");
        assert_eq!(error.delivery(), Delivery::NotSent);
    }
}
