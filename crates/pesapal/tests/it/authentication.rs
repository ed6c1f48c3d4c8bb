//! A refused token: one new one, one more try, and then no more.

use duka_core::{Delivery, ErrorKind, Gateway, OrderStatus};
use futures::future::join_all;

use crate::fake::{ByHand, Fake, Sent, builder, order, pesapal, token};
use crate::replies;

/// Every form in which a token is known or believed to be refused. For what only looks like one
/// see `doubtful_door`.
fn refusals() -> Vec<(u16, &'static str)> {
    vec![
        (401, replies::BAD_BEARER),
        (200, replies::BAD_BEARER),
        (400, replies::BAD_BEARER),
        (500, replies::BAD_BEARER),
        (403, replies::BAD_BEARER),
        (
            200,
            r#"{"error":{"type":"authentication_error","code":"invalid_api_credentials_provided","message":"x"}}"#,
        ),
        (
            401,
            r#"{"error":{"error_type":"authentication_error","code":"invalid_api_credentials_provided","message":""},"status":500,"message":null}"#,
        ),
        (
            401,
            "\u{feff}{\"error\":{\"code\":\"invalid_api_credentials_provided\"},\"message\":\"\"}\r\n",
        ),
        (
            200,
            r#"{"error":{"code":"invalid_api_credentials_provided"},"status":"500"}"#,
        ),
    ]
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_call_is_sent_once_more() {
    for (status, body) in refusals() {
        let fake = Fake::new()
            .reply(status, body)
            .reply(200, replies::CANCELLED);
        pesapal(&fake).cancel(&order()).await.unwrap();
        assert_eq!(
            fake.bearers(),
            ["Bearer canary-token-1", "Bearer canary-token-2"],
            "HTTP {status} {body}"
        );
    }
}

#[tokio::test]
async fn a_second_refusal_is_final_and_no_third_request_leaves() {
    for (status, body) in refusals() {
        let fake = Fake::new().reply(status, body).reply(status, body);
        let error = pesapal(&fake).cancel(&order()).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Authentication,
            "HTTP {status} {body}"
        );
        assert_eq!(error.delivery(), Delivery::Answered);
        assert_eq!(error.http_status(), Some(status));
        assert_eq!(fake.calls().len(), 2);
        assert_eq!(fake.token_requests(), 2);
    }
}

#[tokio::test]
async fn the_error_of_a_second_refusal_shows_the_code() {
    let fake = Fake::new()
        .reply(200, replies::BAD_BEARER)
        .reply(200, replies::BAD_BEARER);
    let error = pesapal(&fake).status(&order()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "credentials refused: status: Invalid Access Token (HTTP 200, code invalid_api_credentials_provided)"
    );
}

#[tokio::test]
async fn after_a_second_refusal_the_next_call_begins_with_a_new_token() {
    let fake = Fake::new()
        .reply(401, replies::BAD_BEARER)
        .reply(401, replies::BAD_BEARER)
        .reply(200, replies::UNPAID);
    let pesapal = pesapal(&fake);
    pesapal.status(&order()).await.unwrap_err();
    pesapal.status(&order()).await.unwrap();
    assert_eq!(fake.bearers()[2], "Bearer canary-token-3");
}

#[tokio::test]
async fn many_calls_with_one_refused_token_fetch_one_new_one() {
    let fake = Fake::new().reply(200, replies::UNPAID);
    let pesapal = pesapal(&fake);
    let id = order();
    pesapal.status(&id).await.unwrap();
    for _ in 0..20 {
        fake.reply(401, replies::BAD_BEARER);
    }
    for _ in 0..20 {
        fake.reply(200, replies::UNPAID);
    }
    let readings = join_all((0..20).map(|_| pesapal.status(&id))).await;
    assert!(readings.iter().all(Result::is_ok));
    assert_eq!(fake.token_requests(), 2);
}

#[tokio::test]
async fn a_refusal_of_an_old_token_does_not_drop_the_new_one() {
    let fake = Fake::new()
        .reply(401, replies::BAD_BEARER)
        .reply(200, replies::UNPAID)
        .reply(401, replies::BAD_BEARER)
        .reply(200, replies::UNPAID);
    let clock = ByHand::new();
    let pesapal = builder(&fake, &clock).build().unwrap();
    let id = order();
    // The slow call holds the first token when it is refused; by then it has run out and
    // the quick call has fetched another.
    let slow = async {
        let mut slow = Box::pin(pesapal.status(&id));
        while fake.calls().is_empty() {
            assert!(futures::poll!(slow.as_mut()).is_pending());
        }
        clock.advance(3600);
        let quick = pesapal.status(&id);
        (slow.await, quick.await)
    };
    let (first, second) = slow.await;
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(
        fake.bearers(),
        [
            "Bearer canary-token-1",
            "Bearer canary-token-2",
            "Bearer canary-token-2",
            "Bearer canary-token-3"
        ]
    );
}

/// Else a sweep would give the account up for a failure of the network.
#[tokio::test]
async fn without_a_second_token_the_cause_decides_what_kind_of_failure_it_was() {
    let network = |delivery| {
        let fake = Fake::new().token_reply(200, token("canary-token-1", 3600));
        fake.reply(401, replies::BAD_BEARER).token_fails(delivery)
    };
    let answer = |status, body: &str| {
        let fake = Fake::new().token_reply(200, token("canary-token-1", 3600));
        fake.reply(401, replies::BAD_BEARER)
            .token_reply(status, body)
    };
    let table = [
        (network(Delivery::NotSent), ErrorKind::Unavailable),
        (network(Delivery::Unknown), ErrorKind::Unavailable),
        (network(Delivery::Answered), ErrorKind::Unavailable),
        (answer(503, ""), ErrorKind::Unavailable),
        (answer(429, ""), ErrorKind::RateLimited),
        (answer(200, replies::HTML), ErrorKind::UnreadableReply),
        (answer(200, "{}"), ErrorKind::UnlistedReply),
    ];
    for (fake, kind) in table {
        let error = pesapal(&fake).cancel(&order()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        // The one request that left was refused unread.
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(std::error::Error::source(&error).is_some());
        assert_eq!(fake.calls().len(), 1);
    }
}

#[tokio::test]
async fn keys_that_are_refused_in_between_are_a_refusal_of_the_credentials() {
    let fake = Fake::new()
        .token_reply(200, token("canary-token-1", 3600))
        .reply(401, replies::BAD_BEARER)
        .token_reply(200, replies::BAD_KEYS);
    let error = pesapal(&fake).cancel(&order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.delivery(), Delivery::Answered);
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn after_the_door_a_lost_reply_is_unknown_and_nothing_more_is_sent() {
    let fake = Fake::new()
        .reply(401, replies::BAD_BEARER)
        .fail(Delivery::Unknown);
    let error = pesapal(&fake).cancel(&order()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(fake.calls().len(), 2);
}

#[tokio::test]
async fn a_reply_that_says_how_the_cancel_went_is_never_taken_for_a_refusal_of_the_token() {
    let contradictions = [
        (401, replies::CANCELLED),
        (
            401,
            r#"{"status":200,"error":{"code":"invalid_api_credentials_provided"}}"#,
        ),
        (
            200,
            r#"{"status":"200","error":{"error_type":"authentication_error","code":"x"}}"#,
        ),
        (401, replies::NOT_CANCELLED),
        (
            200,
            r#"{"error":{"code":"invalid_api_credentials_provided"},"status":"500","message":"x"}"#,
        ),
        // Of something that stands before the gateway, which may have looked at the request.
        (502, replies::BAD_BEARER),
        (504, replies::BAD_BEARER),
    ];
    for (status, body) in contradictions {
        let fake = Fake::new().reply(status, body);
        let error = pesapal(&fake).cancel(&order()).await.unwrap_err();
        assert_eq!(
            error.kind(),
            if status >= 500 {
                ErrorKind::Unavailable
            } else {
                ErrorKind::UnlistedReply
            },
            "HTTP {status} {body}"
        );
        assert_eq!(fake.calls().len(), 1);
    }
}

#[tokio::test]
async fn every_operation_is_tried_again_after_the_door() {
    let url = "http://shop.example/ipn".parse().unwrap();
    let fake = Fake::new()
        .reply(401, replies::BAD_BEARER)
        .reply(200, replies::SUBMITTED)
        .reply(401, replies::BAD_BEARER)
        .reply(200, replies::REGISTERED)
        .reply(401, replies::BAD_BEARER)
        .reply(200, "[]")
        .reply(401, replies::BAD_BEARER)
        .reply(200, replies::PAID);
    let pesapal = pesapal(&fake);
    pesapal.create(&crate::fake::new_order()).await.unwrap();
    pesapal
        .register_ipn(&url, duka_pesapal::IpnMethod::Post)
        .await
        .unwrap();
    pesapal.list_ipns().await.unwrap();
    let reading = pesapal.status(&order()).await.unwrap();
    assert_eq!(reading.status, OrderStatus::Paid);
    // The two of a pair differ in their token and in nothing else.
    for pair in fake.calls().chunks(2) {
        let plain = |sent: &Sent| (sent.url.clone(), sent.body.clone());
        assert_eq!(plain(&pair[0]), plain(&pair[1]));
    }
}
