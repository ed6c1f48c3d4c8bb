//! The token: fetched once, shared, dropped when it is refused, and never a storm.

use std::time::Duration;

use duka_core::{Delivery, ErrorKind, Gateway};
use futures::future::join_all;

use crate::fake::{ByHand, Fake, builder, order, pesapal, token};
use crate::replies;

/// Checks that a token is still used one second before this time after its issue, and not
/// at that time.
async fn is_used_for(seconds: i64, reply: &str, margin: u64) {
    let clock = ByHand::new();
    let fake = Fake::new().token_reply(200, reply);
    let pesapal = builder(&fake, &clock)
        .token_margin(Duration::from_secs(margin))
        .build()
        .unwrap();
    for (advance, tokens) in [(0, 1), (seconds - 1, 1), (1, 2)] {
        clock.advance(advance);
        fake.reply(200, replies::UNPAID);
        pesapal.status(&order()).await.unwrap();
        assert_eq!(fake.token_requests(), tokens, "{reply}");
    }
}

#[tokio::test]
async fn fifty_calls_at_once_share_one_token() {
    let fake = Fake::new();
    for _ in 0..50 {
        fake.reply(200, replies::UNPAID);
    }
    let pesapal = pesapal(&fake);
    let id = order();
    let readings = join_all((0..50).map(|_| pesapal.status(&id))).await;
    assert!(readings.iter().all(Result::is_ok));
    assert_eq!(fake.token_requests(), 1);
    assert_eq!(fake.calls().len(), 50);
}

#[tokio::test]
async fn clones_share_the_token() {
    let fake = Fake::new()
        .reply(200, replies::UNPAID)
        .reply(200, replies::UNPAID);
    let first = pesapal(&fake);
    let second = first.clone();
    first.status(&order()).await.unwrap();
    second.status(&order()).await.unwrap();
    assert_eq!(fake.token_requests(), 1);
}

#[tokio::test]
async fn a_failed_fetch_is_told_to_everybody_who_waited_and_not_repeated_for_each() {
    let fake = Fake::new().token_fails(Delivery::Unknown);
    let pesapal = pesapal(&fake);
    let id = order();
    let outcomes = join_all((0..50).map(|_| pesapal.status(&id))).await;
    assert_eq!(fake.token_requests(), 1);
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(std::error::Error::source(&error).is_some());
    }
    // Who asks afterwards tries again.
    fake.reply(200, replies::UNPAID);
    pesapal.status(&id).await.unwrap();
    assert_eq!(fake.token_requests(), 2);
}

#[tokio::test]
async fn a_caller_who_gives_up_while_fetching_does_not_block_the_others() {
    let fake = Fake::new().reply(200, replies::UNPAID);
    let pesapal = pesapal(&fake);
    let id = order();
    let mut given_up = Box::pin(pesapal.status(&id));
    assert!(futures::poll!(given_up.as_mut()).is_pending());
    assert_eq!(fake.token_requests(), 1);
    drop(given_up);
    pesapal.status(&id).await.unwrap();
    assert_eq!(fake.token_requests(), 2);
}

#[tokio::test]
async fn a_token_is_used_until_its_end_less_the_margin() {
    is_used_for(3555, &token("abc", 3600), 45).await;
    is_used_for(255, &token("abc", 300), 45).await;
    is_used_for(300, &token("abc", 300), 0).await;
}

#[tokio::test]
async fn a_token_that_lives_shorter_than_the_margin_is_used_for_half_of_its_life() {
    is_used_for(15, &token("abc", 30), 45).await;
    is_used_for(1, &token("abc", 2), 3600).await;
}

#[tokio::test]
async fn without_a_readable_end_a_token_lives_four_minutes() {
    let with_end =
        |end: &str| format!(r#"{{"token":"abc","expiryDate":{end},"error":null,"status":"200"}}"#);
    let ends = [
        "null",
        r#""""#,
        r#""soon""#,
        "17",
        // No zone: UTC or East Africa Time?
        r#""2026-05-13T09:00:00.123""#,
        // Past already, by a clock that runs ahead.
        r#""2021-08-26T12:29:30.5177702Z""#,
    ];
    for end in ends {
        is_used_for(200, &with_end(end), 40).await;
    }
    is_used_for(200, r#"{"token":"abc"}"#, 40).await;
}

#[tokio::test]
async fn the_end_may_have_any_number_of_fraction_digits() {
    for fraction in ["", ".1", ".5177702", ".123456789"] {
        let reply = format!(
            r#"{{"token":"abc","expiryDate":"2026-05-13T08:10:00{fraction}Z","error":null,"status":"200"}}"#
        );
        let seconds = if fraction.is_empty() { 540 } else { 541 };
        is_used_for(seconds, &reply, 60).await;
    }
}

#[tokio::test]
async fn an_end_beyond_all_time_is_no_overflow() {
    let fake = Fake::new()
        .token_reply(
            200,
            r#"{"token":"abc","expiryDate":"9999-12-30T00:00:00Z"}"#,
        )
        .reply(200, replies::UNPAID);
    pesapal(&fake).status(&order()).await.unwrap();
}

#[tokio::test]
async fn a_cancel_that_got_no_token_was_never_sent() {
    let failures = [
        (
            Fake::new().token_fails(Delivery::NotSent),
            ErrorKind::Unavailable,
        ),
        (
            Fake::new().token_fails(Delivery::Unknown),
            ErrorKind::Unavailable,
        ),
        (
            Fake::new().token_fails(Delivery::Answered),
            ErrorKind::Unavailable,
        ),
        (Fake::new().token_reply(503, ""), ErrorKind::Unavailable),
        (Fake::new().token_reply(429, ""), ErrorKind::RateLimited),
        (
            Fake::new().token_reply(200, replies::HTML),
            ErrorKind::UnreadableReply,
        ),
        (Fake::new().token_reply(200, "{}"), ErrorKind::UnlistedReply),
        (
            Fake::new().token_reply(200, r#"{"token":""}"#),
            ErrorKind::UnlistedReply,
        ),
        (
            Fake::new().token_reply(200, r#"{"token":7}"#),
            ErrorKind::UnlistedReply,
        ),
        (
            Fake::new().token_reply(200, r#"{"token":"a b"}"#),
            ErrorKind::UnlistedReply,
        ),
        (
            Fake::new().token_reply(200, r#"{"token":"a\r\nHost: x"}"#),
            ErrorKind::UnlistedReply,
        ),
        (
            Fake::new().token_reply(200, r#"{"token":"a","status":"500"}"#),
            ErrorKind::UnlistedReply,
        ),
        (
            Fake::new().token_reply(400, r#"{"token":"a","status":"200"}"#),
            ErrorKind::UnlistedReply,
        ),
        (
            Fake::new().token_reply(200, r#"{"token":"a","error":{"code":"oops"}}"#),
            ErrorKind::Rejected,
        ),
        (Fake::new().token_reply(302, ""), ErrorKind::UnlistedReply),
        (
            Fake::new().token_reply(200, replies::BAD_KEYS),
            ErrorKind::Authentication,
        ),
    ];
    for (fake, kind) in failures {
        let error = pesapal(&fake).cancel(&order()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert_eq!(error.delivery(), Delivery::NotSent, "{error:?}");
        assert!(
            error.to_string().contains("cancel: no access token"),
            "{error}"
        );
        assert!(fake.calls().is_empty());
    }
}

#[tokio::test]
async fn refused_keys_are_an_authentication_error_with_the_code_whatever_the_http_status() {
    for (status, body) in [
        (200, replies::BAD_KEYS),
        (400, replies::BAD_KEYS),
        (500, replies::BAD_KEYS),
    ] {
        let fake = Fake::new().token_reply(status, body);
        let error = pesapal(&fake).status(&order()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert_eq!(
            error.code(),
            Some("invalid_consumer_key_or_secret_provided")
        );
        assert_eq!(error.http_status(), Some(status));
    }
    let fake = Fake::new().token_reply(401, "");
    let error = pesapal(&fake).status(&order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
}

#[tokio::test]
async fn what_kept_the_token_away_can_be_told_to_everybody_who_waited() {
    let fake = Fake::new().token_fails(Delivery::Unknown);
    let pesapal = pesapal(&fake);
    let id = order();
    for outcome in join_all((0..2).map(|_| pesapal.status(&id))).await {
        assert_eq!(
            outcome.unwrap_err().in_full().to_string(),
            "gateway out of reach: status: no access token, so nothing was sent: the network, in this test"
        );
    }
    // The same where a token was refused and no second one can be had.
    let fake = Fake::new()
        .token_reply(200, token("canary-token", 3600))
        .token_fails(Delivery::NotSent)
        .reply(401, replies::BAD_BEARER);
    let error = self::pesapal(&fake).cancel(&id).await.unwrap_err();
    assert_eq!(
        error.in_full().to_string(),
        "gateway out of reach: cancel: the access token was refused, and there is no new one: the network, in this test"
    );
}
