//! What no reply and no webhook with something changed in it may be taken for; and for each of these
//! sentences a broken reader, which the same cases find out.

use duka_core::{CancelAnswer, Error, Gateway, OrderStatus};
use duka_kwikpaisa::{Event, WebhookVerifier, codes};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::fake::{NOW, clock, new_order, order_id};
use crate::fuzz::{finds, holds, mutated};
use crate::loose_json::value_of;
use crate::mutated::{call, is_documented_401, is_refused};

const KEY: &str = "YOUR_SECRET_KEY";

const STATUSES: &[&str] = &[
    r#"{"code":"200","status":"success","message":"ok","return_data":{"order_id":"6116229263036","order_status":"UN_PAID","order_amount":"105.00","currency":"INR"}}"#,
    r#"{"code":"200","status":"success","message":"ok","return_data":{"order_id":6116229263036,"order_status":"PAID","order_amount":"105.00","currency":"INR"}}"#,
    r#"{"code":"200","status":"failed","message":"Payment failed.","return_data":{"order_id":6116229263036,"order_status":"FAILED"}}"#,
    r#"{"code":200,"status":true,"message":"ok","return_data":{"order_id":6116229263036,"order_status":"CANCELLED"}}"#,
    r#"{"code":200,"status":true,"message":"ok","return_data":{"order_id":6116229263036,"order_status":"EXPIRED"}}"#,
    r#"{"code":200,"status":true,"message":"ok","return_data":{"order_id":6116229263036,"order_status":"PROCESSING"}}"#,
];

const REFUSALS: &[&str] = &[
    r#"{"status":false,"code":401,"message":"Invalid signature."}"#,
    r#"{"status":false,"code":"401","message":"Invalid key."}"#,
    r#"{"status":false,"code":422,"message":"Order cannot be cancelled."}"#,
    r#"{"error":"unauthorized"}"#,
    "",
    "<html>401</html>",
];

const ANSWERS: &[&str] = &[
    r#"{"code":"200","status":"success","message":"Order cancelled successfully.","return_data":{"order_id":6116229263036,"order_status":"CANCELLED","cancelled_at":"13-05-2026 09:14 AM"}}"#,
    r#"{"status":false,"code":422,"message":"Order cannot be cancelled."}"#,
    r#"{"code":"200","status":"failed","message":"Order cannot be cancelled.","return_data":{"order_id":6116229263036,"order_status":"PAID"}}"#,
    r#"{"code":200,"status":true,"message":"created","return_data":{"order_id":6116229263036,"kwikX_order_id":"KX1","payment_link":"https://pay.example/x"}}"#,
];

/// Replies that quote what has to stay secret.
const QUOTING: &[&str] = &[
    r#"{"status":false,"code":422,"message":"Signed with YOUR_SECRET_KEY."}"#,
    r#"{"code":"200","status":"success","message":"YOUR_SECRET_KEY","return_data":{"order_id":6116229263036,"order_status":"YOUR_SECRET_KEY"}}"#,
    r#"{"code":"YOUR_SECRET_KEY","status":"YOUR_SECRET_KEY","return_data":{"order_id":"YOUR_SECRET_KEY"}}"#,
    "<html>YOUR_SECRET_KEY</html>",
];

const WEBHOOKS: &[&str] = &[
    r#"{"event":"payment.success","data":{"order_id":"6116229263036","amount":"105.00","currency":"INR","status":"PAID"}}"#,
    r#"{"event":"payment.failed","data":{"order_id":6116229263036,"amount":"105.00","currency":"INR","status":"FAILED"}}"#,
    r#"{"event":"payment.processing","data":{"order_id":6116229263036,"status":"PROCESSING"}}"#,
    r#"{"event":"payment.expired","data":{"order_id":6116229263036,"status":"EXPIRED"}}"#,
    r#"{"event":"payout.success","data":{"payout_id":"p1","status":"PAID"}}"#,
];

fn https() -> impl Strategy<Value = u16> {
    prop_oneof![
        4 => Just(200_u16),
        3 => Just(401_u16),
        3 => prop::sample::select(vec![201, 204, 302, 400, 403, 404, 409, 422, 429, 500, 503]),
        1 => 100_u16..1000,
    ]
}

/// Nothing but letters, as a careless reader would compare a word.
fn cleaned(word: &str) -> String {
    let letters = word
        .chars()
        .filter(|it| it.is_ascii_alphabetic() || *it == '_');
    letters.collect::<String>().to_uppercase()
}

type ReadStatus = fn(u16, &str) -> Option<OrderStatus>;

fn status(http: u16, body: &str) -> Option<OrderStatus> {
    let read = call(http, body, async |account| {
        account.status(&order_id()).await
    });
    read.ok().map(|reading| reading.status)
}

/// A status is the listed word for it, to the letter, of the order that was asked for.
fn is_said(read: ReadStatus, (http, body): (u16, String)) -> Result<(), TestCaseError> {
    let Some(status) = read(http, &body) else {
        return Ok(());
    };
    prop_assert!((200..300).contains(&http), "{status:?} with HTTP {http}");
    let value = value_of(&body);
    let data = &value["return_data"];
    let id = [json!(6_116_229_263_036_u64), json!("6116229263036")];
    prop_assert!(id.contains(&data["order_id"]), "{body}");
    let word = data["order_status"].as_str().unwrap_or_default();
    let row = codes::STATUS_CODES.iter().find(|row| row.text == word);
    if !matches!(status, OrderStatus::Unknown(_)) {
        prop_assert_eq!(Some(&status), row.map(|row| &row.status), "{}", body);
    }
    Ok(())
}

#[test]
fn a_mangled_status_is_never_taken_for_a_listed_one() {
    let inputs = (https(), mutated(STATUSES));
    holds("kwikpaisa status", 2000, &inputs, |it| is_said(status, it));
    finds(2000, &inputs, |it| {
        is_said(
            |http, body| {
                status(http, body)?;
                let word = cleaned(value_of(body)["return_data"]["order_status"].as_str()?);
                Some(codes::order_status(&word))
            },
            it,
        )
    });
    finds(2000, &inputs, |it| {
        is_said(
            |_, body| body.contains("PAID").then_some(OrderStatus::Paid),
            it,
        )
    });
}

fn cancel(http: u16, body: &str) -> Result<CancelAnswer, Error> {
    call(http, body, async |account| {
        account.cancel(&order_id()).await
    })
}

#[test]
fn a_401_around_anything_but_the_documented_refusal_leaves_a_mutation_open() {
    let inputs = (https(), mutated(REFUSALS));
    let is_known = |read: fn(u16, &str) -> bool, (http, body): (u16, String)| {
        let documented = is_documented_401(http, &body, &value_of(&body));
        prop_assert!(!read(http, &body) || documented, "HTTP {http}: {body}");
        Ok(())
    };
    holds("kwikpaisa refusals of a cancel", 1500, &inputs, |it| {
        is_known(|http, body| is_refused(&cancel(http, body)), it)
    });
    let create = |http, body: &str| {
        is_refused(&call(http, body, async |account| {
            account.create(&new_order()).await
        }))
    };
    holds("kwikpaisa refusals of a create", 1000, &inputs, |it| {
        is_known(create, it)
    });
    finds(1500, &inputs, |it| is_known(|http, _| http == 401, it));
    finds(1500, &inputs, |it| {
        is_known(|_, body| body.contains("401"), it)
    });
}

type ReadAnswer = fn(u16, &str) -> Option<bool>;

fn says_so(read: ReadAnswer, (http, body): (u16, String)) -> Result<(), TestCaseError> {
    let Some(is_yes) = read(http, &body) else {
        return Ok(());
    };
    let value = value_of(&body);
    let is = |listed: [Value; 2]| listed.contains(&value["status"]);
    let code = |listed: u16| [json!(listed), json!(listed.to_string())].contains(&value["code"]);
    let good = (200..300).contains(&http) && (code(200) || code(201));
    let refused =
        matches!(http, 200..=299 | 400 | 409 | 422) && (code(400) || code(409) || code(422));
    let said = if is_yes {
        good && is([json!("success"), json!(true)])
    } else {
        (good || refused) && is([json!("failed"), json!(false)])
    };
    prop_assert!(said, "HTTP {http}: {body}");
    Ok(())
}

#[test]
fn nothing_but_a_readable_answer_settles_a_mutation() {
    let inputs = (https(), mutated(ANSWERS));
    let cancelled = |http, body: &str| {
        let answer = cancel(http, body).ok()?;
        Some(matches!(answer, CancelAnswer::Accepted { .. }))
    };
    let created = |http, body: &str| {
        let outcome = call(http, body, async |account| {
            account.create(&new_order()).await
        });
        outcome.ok().map(|_| true)
    };
    holds("kwikpaisa cancels", 1500, &inputs, |it| {
        says_so(cancelled, it)
    });
    holds("kwikpaisa creates", 1000, &inputs, |it| {
        says_so(created, it)
    });
    finds(1500, &inputs, |it| {
        says_so(
            |http, body| (http < 300).then(|| body.contains("success")),
            it,
        )
    });
    finds(1500, &inputs, |it| {
        says_so(
            |_, body| {
                let word = cleaned(value_of(body)["status"].as_str()?);
                (word == "SUCCESS").then_some(true)
            },
            it,
        )
    });
}

fn keeps_secrets(text: &str) -> Result<(), TestCaseError> {
    prop_assert!(!text.contains(KEY), "{text}");
    Ok(())
}

#[test]
fn no_reply_makes_the_secret_key_shown() {
    let inputs = (https(), mutated(QUOTING));
    holds("kwikpaisa secrets", 1000, &inputs, |(http, body)| {
        let read = call(http, &body, async |account| {
            account.status(&order_id()).await
        });
        let created = call(http, &body, async |account| {
            account.create(&new_order()).await
        });
        for text in [shown(&read), shown(&created), shown(&cancel(http, &body))] {
            keeps_secrets(&text)?;
        }
        Ok(())
    });
    finds(500, &inputs, |(_, body)| keeps_secrets(&body));
}

fn shown<T: std::fmt::Debug>(outcome: &Result<T, Error>) -> String {
    match outcome {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => format!("{error} {error:?}"),
    }
}

/// What a webhook says: the order and the status.
type ReadWebhook = fn(&str) -> Option<(String, OrderStatus)>;

fn webhook(body: &str) -> Option<(String, OrderStatus)> {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.update(NOW.to_string().as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let verifier = WebhookVerifier::new(KEY.into(), clock(0));
    let read = verifier.verify(body.as_bytes(), &signature, &NOW.to_string());
    let read = read.ok()?;
    if let Event::Unknown(_) = read.event {
        assert_eq!(read.status, None, "{body}");
    }
    Some((read.order?.as_str().to_owned(), read.status?))
}

fn is_signed_for(read: ReadWebhook, body: &str) -> Result<(), TestCaseError> {
    let Some((order, status)) = read(body) else {
        return Ok(());
    };
    let value = value_of(body);
    let data = &value["data"];
    let id = data["order_id"].as_str().map(str::to_owned);
    let id = id.unwrap_or_else(|| data["order_id"].to_string());
    // A number keeps its digits, whatever they are.
    prop_assert!(
        id == order || data["order_id"].is_number() && body.contains(&order),
        "{order}: {body}"
    );
    let listed = match status {
        OrderStatus::Unknown(_) => return Ok(()),
        OrderStatus::Paid => Some(("payment.success", "PAID")),
        OrderStatus::Failed => Some(("payment.failed", "FAILED")),
        OrderStatus::Processing => Some(("payment.processing", "PROCESSING")),
        OrderStatus::Expired => Some(("payment.expired", "EXPIRED")),
        OrderStatus::Unpaid | OrderStatus::Cancelled | OrderStatus::Reversed => None,
    };
    let said = listed.is_some_and(|(event, word)| {
        let fits = data["status"].is_null() || data["status"] == json!(word);
        value["event"] == json!(event) && fits
    });
    prop_assert!(said, "{status:?}: {body}");
    Ok(())
}

#[test]
fn a_mangled_webhook_says_what_stands_there_or_nothing() {
    let inputs = mutated(WEBHOOKS);
    holds("kwikpaisa webhooks", 4000, &inputs, |body| {
        is_signed_for(webhook, &body)
    });
    finds(4000, &inputs, |body| {
        is_signed_for(
            |body| {
                let value = value_of(body);
                let order = value["data"]["order_id"].as_str()?.to_owned();
                let word = cleaned(value["data"]["status"].as_str()?);
                Some((order, codes::order_status(&word)))
            },
            &body,
        )
    });
}
