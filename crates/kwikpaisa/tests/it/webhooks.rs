//! Which webhooks are let in, and what is read from them.

use std::time::Duration;

use duka_core::{Money, OrderId, OrderStatus};
use duka_kwikpaisa::{Event, SignedForm, Webhook, WebhookError, WebhookVerifier};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::fake::{Fake, NOW, account, clock};

/// As the page *webhook-setup* shows it.
const SUCCESS: &str = r#"{"event":"payment.success","data":{"order_id":"6116229263036","amount":"105.00","currency":"INR","status":"PAID"}}"#;

fn sign(payload: &str, time: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"YOUR_SECRET_KEY").unwrap();
    mac.update(payload.as_bytes());
    mac.update(time.to_string().as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn verifier() -> WebhookVerifier {
    WebhookVerifier::new("YOUR_SECRET_KEY".into(), clock(0))
}

fn receive(body: &str) -> Result<Webhook, WebhookError> {
    verifier().verify(body.as_bytes(), &sign(body, NOW), &NOW.to_string())
}

fn payment(event: &str, status: &str) -> Webhook {
    let body = format!(r#"{{"event":"{event}","data":{{"order_id":17,"status":"{status}"}}}}"#);
    receive(&body).unwrap()
}

#[test]
fn a_signed_webhook_is_read() {
    let webhook = receive(SUCCESS).unwrap();
    assert_eq!(webhook.event, Event::PaymentSuccess);
    // An integer in the replies, a string here: the same order.
    assert_eq!(
        webhook.order,
        Some(OrderId::integer("6116229263036").unwrap())
    );
    assert_eq!(webhook.status, Some(OrderStatus::Paid));
    assert_eq!(webhook.raw_status, "PAID");
    assert_eq!(webhook.money, Some(Money::parse("105", "INR").unwrap()));
    assert_eq!(webhook.received_at.as_second(), NOW);
    let sight = webhook.observation().unwrap();
    assert_eq!(
        (sight.status, sight.money),
        (OrderStatus::Paid, webhook.money)
    );
}

#[test]
fn an_account_checks_with_its_own_key() {
    let webhooks = account(Fake::new([])).webhooks();
    let signature = sign(SUCCESS, NOW);
    let time = NOW.to_string();
    assert!(
        webhooks
            .verify(SUCCESS.as_bytes(), &signature, &time)
            .is_ok()
    );
}

#[test]
fn a_wrong_signature_is_refused_before_anything_is_parsed() {
    let time = NOW.to_string();
    let good = sign(SUCCESS, NOW);
    let bad = |body: &str, signature: &str| {
        let outcome = verifier().verify(body.as_bytes(), signature, &time);
        assert_eq!(outcome, Err(WebhookError::BadSignature));
    };
    bad("not JSON at all", &good);
    bad(&SUCCESS.replace("105.00", "5.00"), &good);
    bad(&format!("{SUCCESS} "), &good);
    bad(SUCCESS, "");
    bad(SUCCESS, "00");
    bad(SUCCESS, &good[..63]);
    bad(SUCCESS, &sign(SUCCESS, NOW + 1));
    let other = WebhookVerifier::new("ANOTHER_KEY".into(), clock(0));
    let outcome = other.verify(SUCCESS.as_bytes(), &good, &time);
    assert_eq!(outcome, Err(WebhookError::BadSignature));
}

#[test]
fn an_old_webhook_is_refused_although_its_signature_is_right() {
    let at = |verifier: &WebhookVerifier, time: i64| {
        verifier.verify(SUCCESS.as_bytes(), &sign(SUCCESS, time), &time.to_string())
    };
    let usual = verifier();
    for near in [-300, -1, 0, 1, 300] {
        assert!(at(&usual, NOW + near).is_ok(), "{near}");
    }
    for far in [-301, 301] {
        let outcome = at(&usual, NOW + far);
        assert_eq!(outcome, Err(WebhookError::TooOld { seconds: 301 }));
    }
    let patient = verifier().max_age(Duration::from_secs(3600));
    assert!(at(&patient, NOW - 3600).is_ok());
    assert!(at(&patient, NOW - 3601).is_err());
}

#[test]
fn a_timestamp_is_a_number_of_seconds() {
    for time in [
        "",
        " ",
        "now",
        "-1",
        "+1778659835",
        "1778659835.0",
        "99999999999999999999",
    ] {
        let outcome = verifier().verify(SUCCESS.as_bytes(), &sign(SUCCESS, NOW), time);
        assert_eq!(outcome, Err(WebhookError::BadTimestamp), "{time}");
    }
}

#[test]
fn every_event_has_its_status() {
    for (event, word, status) in [
        ("payment.success", "PAID", OrderStatus::Paid),
        ("payment.failed", "FAILED", OrderStatus::Failed),
        ("payment.processing", "PROCESSING", OrderStatus::Processing),
        ("payment.expired", "EXPIRED", OrderStatus::Expired),
    ] {
        let webhook = payment(event, word);
        assert_eq!(webhook.status, Some(status));
        assert_eq!(webhook.event.as_str(), event);
    }
}

#[test]
fn an_event_and_a_status_that_contradict_each_other_are_unknown() {
    for (event, word) in [
        ("payment.success", "FAILED"),
        ("payment.success", "SUCCESS"),
        ("payment.failed", "PAID"),
        ("payment.expired", "CANCELLED"),
    ] {
        let status = payment(event, word).status;
        assert_eq!(
            status,
            Some(OrderStatus::Unknown(word.to_owned())),
            "{event}"
        );
    }
}

#[test]
fn a_word_that_only_looks_like_an_event_or_a_status_is_none() {
    for odd in [
        "pay\\u200bment.success",
        "payment.success\\u001b",
        "\\u202epayment.success",
        " payment.success",
        "payment.success\\n",
        "PAYMENT.SUCCESS",
        "pay\\u200bout.success",
    ] {
        let webhook = payment(odd, "PAID");
        assert!(matches!(webhook.event, Event::Unknown(_)), "{odd}");
        assert_eq!(webhook.status, None);
    }
    for odd in [
        "PA\\u200bID",
        "PAID\\u001b",
        "\\u202ePAID",
        " PAID",
        "PAID\\n",
    ] {
        let status = payment("payment.success", odd).status;
        assert!(matches!(status, Some(OrderStatus::Unknown(_))), "{odd}");
    }
    for id in ["17 ", "1\\u200b7", "17\\n", "\\u202e17"] {
        let body = format!(
            r#"{{"event":"payment.success","data":{{"order_id":"{id}","status":"PAID"}}}}"#
        );
        assert_eq!(receive(&body), Err(WebhookError::Unreadable), "{id}");
    }
}

#[test]
fn what_is_not_about_an_order_is_no_sight_of_one() {
    for event in [
        "payout.success",
        "payout.reversed",
        "payment.cancelled",
        "new",
    ] {
        let webhook = payment(event, "PAID");
        assert_eq!(
            (webhook.status.clone(), webhook.observation()),
            (None, None)
        );
        assert_eq!(webhook.event.as_str(), event);
    }
    let payout = r#"{"event":"payout.failed","data":{"payout_id":"p1"}}"#;
    assert_eq!(receive(payout).unwrap().order, None);
}

#[test]
fn a_signed_body_of_another_form_is_refused() {
    for body in [
        "",
        "{}",
        "[]",
        r#"{"event":"payment.success"}"#,
        r#"{"event":"payment.success","data":{}}"#,
        r#"{"event":"payment.success","data":{"order_id":"1"}}"#,
        r#"{"event":"payment.success","data":{"status":"PAID"}}"#,
        r#"{"event":"payment.success","data":{"order_id":"","status":"PAID"}}"#,
        r#"{"event":"payment.success","data":{"order_id":[],"status":"PAID"}}"#,
        r#"{"event":"payment.success","data":{"order_id":1,"order_id":2,"status":"PAID"}}"#,
    ] {
        assert_eq!(receive(body), Err(WebhookError::Unreadable), "{body}");
    }
}

#[test]
fn a_rewritten_body_counts_only_where_the_setting_allows_it() {
    // Sent with spaces, a float and an escaped slash; signed without.
    let sent = r#"{ "event" : "payment.success", "data": {"status":"PAID","order_id":"a\/1","amount":105.00,"currency":"INR"} }"#;
    let given = r#"{"event":"payment.success","data":{"status":"PAID","order_id":"a/1","amount":105,"currency":"INR"}}"#;
    let sorted = r#"{"data":{"amount":105,"currency":"INR","order_id":"a/1","status":"PAID"},"event":"payment.success"}"#;
    let time = NOW.to_string();
    let tolerant = verifier().signed_form(SignedForm::RawOrRewritten);
    for signed in [given, sorted] {
        let signature = sign(signed, NOW);
        let strict = verifier().verify(sent.as_bytes(), &signature, &time);
        assert_eq!(strict, Err(WebhookError::BadSignature));
        let webhook = tolerant.verify(sent.as_bytes(), &signature, &time).unwrap();
        assert_eq!(webhook.money, Some(Money::parse("105", "INR").unwrap()));
    }
    let signature = sign(sent, NOW);
    assert!(tolerant.verify(sent.as_bytes(), &signature, &time).is_ok());
    for body in [sent.replace("PAID", "FAILED"), "not JSON".to_owned()] {
        let outcome = tolerant.verify(body.as_bytes(), &sign(given, NOW), &time);
        assert_eq!(outcome, Err(WebhookError::BadSignature));
    }
}

#[test]
fn a_stranger_cannot_have_a_long_body_parsed() {
    let time = NOW.to_string();
    let tolerant = verifier().signed_form(SignedForm::RawOrRewritten);
    let padded = |spaces: usize| SUCCESS.replacen('{', &format!("{{{}", " ".repeat(spaces)), 1);
    let rewritten = sign(SUCCESS, NOW);
    for (spaces, is_let_in) in [(1, true), (64 * 1024, false)] {
        let body = padded(spaces);
        let outcome = tolerant.verify(body.as_bytes(), &rewritten, &time);
        assert_eq!(outcome.is_ok(), is_let_in, "{spaces}");
        // As it arrived, it is no more work than any other.
        let signature = sign(&body, NOW);
        assert!(tolerant.verify(body.as_bytes(), &signature, &time).is_ok());
    }
}
