//! What no reply, token or notification with something changed in it may be taken for; and for each
//! of these sentences a broken reader, which the same cases find out.

use duka_core::{CancelAnswer, Error, ErrorKind, Gateway, OrderStatus, RefundAnswer};
use duka_pesapal::{Ipn, IpnKind, IpnMethod};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::fake::{Fake, KEY, SECRET, new_order, order, pesapal};
use crate::fuzz::{finds, holds, mutated};
use crate::loose_json::value_of;
use crate::mutated::{AS_TEXT, call, is_known_refusal};
use crate::refund::request;
use crate::replies;

const STATUSES: &[&str] = &[
    replies::UNPAID,
    replies::UNPAID_IN_2025,
    replies::PAID,
    replies::PAID_BY_MPESA,
    replies::FAILED_BY_MPESA,
    replies::FAILED_BY_CARD,
    r#"{"order_tracking_id":"96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11","payment_status_description":"Reversed","status_code":3,"error":null,"status":"200"}"#,
    r#"{"status_code":1,"payment_status_description":"COMPLETED","status":"200"}"#,
];

const REFUSALS: &[&str] = &[
    replies::BAD_BEARER,
    replies::BAD_BEARER,
    replies::BAD_KEYS,
    AS_TEXT,
    r#"{"message":"Authorization has been denied for this request."}"#,
    replies::CANCELLED,
    "",
    replies::HTML,
];

const ANSWERS: &[&str] = &[
    replies::CANCELLED,
    replies::NOT_CANCELLED,
    replies::REFUND_RECEIVED,
    replies::REFUND_KNOWN,
    replies::REFUND_BAD_AMOUNT,
    replies::SUBMITTED,
    replies::REGISTERED,
    replies::LISTED,
    replies::BAD_PARAMETERS,
    replies::NO_SUCH_PATH,
];

/// Replies that quote what has to stay secret.
const QUOTING: &[&str] = &[
    r#"{"status":"500","message":"refused: canary-token-1 canary-consumer-secret","error":null}"#,
    r#"{"error":{"error_type":"api_error","code":"canary-token-1","message":"canary-consumer-key"},"status":"500"}"#,
    r#"{"status_code":1,"payment_status_description":"canary-token-1","status":"canary-consumer-secret"}"#,
    r#"{"order_tracking_id":"canary-token-1","redirect_url":"https://pay.example/canary-token-1","status":"200"}"#,
    "<html>Bearer canary-token-1</html>",
];

const TOKENS: &[&str] = &[
    r#"{"token":"canary-token-1","expiryDate":"2026-05-13T08:05:00Z","error":null,"status":"200","message":"Request processed successfully"}"#,
    replies::BAD_KEYS,
];

const BODIES: &[&str] = &[
    r#"{"OrderTrackingId":"96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11","OrderMerchantReference":"A-1","OrderNotificationType":"IPNCHANGE"}"#,
    r#"{"OrderTrackingId":"96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11","OrderMerchantReference":"A-1","OrderNotificationType":"RECURRING"}"#,
    r#"{"OrderTrackingId":"96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11","OrderMerchantReference":"A-1","OrderNotificationType":"CALLBACKURL"}"#,
];

const QUERIES: &[&str] = &[
    "OrderTrackingId=96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11&OrderMerchantReference=A-1&OrderNotificationType=IPNCHANGE",
    "OrderNotificationType=RECURRING&OrderMerchantReference=A-1&OrderTrackingId=96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11",
    "OrderTrackingId=96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11&OrderMerchantReference=A-1",
];

fn https() -> impl Strategy<Value = u16> {
    prop_oneof![
        4 => Just(200_u16),
        3 => Just(401_u16),
        3 => prop::sample::select(vec![201, 204, 302, 400, 403, 404, 429, 500, 502, 503]),
        1 => 100_u16..1000,
    ]
}

/// A status and nothing but letters, as a careless reader would compare it.
fn cleaned(word: &str) -> String {
    let letters = word.chars().filter(char::is_ascii_alphabetic);
    letters.collect::<String>().to_uppercase()
}

/// The status that a reply is read as, if it is one.
type ReadStatus = fn(u16, &str) -> Option<OrderStatus>;

fn status(http: u16, body: &str) -> Option<OrderStatus> {
    let read = call(http, body, async |fake| {
        pesapal(&fake).status(&order()).await
    });
    read.0.ok().map(|reading| reading.status)
}

fn broken_status(_http: u16, body: &str) -> Option<OrderStatus> {
    let value: Value = serde_json::from_str(body).ok()?;
    match cleaned(value["payment_status_description"].as_str()?).as_str() {
        "COMPLETED" => Some(OrderStatus::Paid),
        "FAILED" => Some(OrderStatus::Failed),
        _ => None,
    }
}

/// A status has its own number, no other word beside it, and stands there once.
fn is_said(http: u16, body: &str, read: ReadStatus) -> Result<(), TestCaseError> {
    let Some(status) = read(http, body) else {
        return Ok(());
    };
    let listed = match &status {
        OrderStatus::Unknown(_) => return Ok(()),
        OrderStatus::Unpaid => Some((0, "INVALID")),
        OrderStatus::Processing => Some((0, "PENDING")),
        OrderStatus::Paid => Some((1, "COMPLETED")),
        OrderStatus::Failed => Some((2, "FAILED")),
        OrderStatus::Reversed => Some((3, "REVERSED")),
        OrderStatus::Expired | OrderStatus::Cancelled => None,
    };
    prop_assert!((200..300).contains(&http), "{status:?} with HTTP {http}");
    let value: Value = value_of(body);
    let code = &value["status_code"];
    let said = listed.is_some_and(|(number, text)| {
        let word = &value["payment_status_description"];
        let fits = match word {
            Value::Null => true,
            Value::String(word) => word.is_empty() || word.eq_ignore_ascii_case(text),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
        };
        fits && [json!(number), json!(number.to_string())].contains(code)
    });
    prop_assert!(said, "{status:?}: {body}");
    Ok(())
}

#[test]
fn a_mangled_status_is_never_taken_for_a_listed_one() {
    let inputs = (https(), mutated(STATUSES));
    holds("pesapal status", 1000, &inputs, |(http, body)| {
        is_said(http, &body, status)
    });
    finds(1500, &inputs, |(http, body)| {
        is_said(http, &body, broken_status)
    });
    finds(1500, &inputs, |(http, body)| {
        is_said(http, &body, |_, body| {
            let paid = body.to_uppercase().contains("COMPLETED");
            paid.then_some(OrderStatus::Paid)
        })
    });
}

fn is_refused<T>(outcome: &Result<T, Error>) -> bool {
    outcome
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::Authentication)
}

fn refused(http: u16, body: &str) -> bool {
    is_refused(
        &call(http, body, async |fake| {
            pesapal(&fake).cancel(&order()).await
        })
        .0,
    )
}

#[test]
fn a_401_around_anything_but_the_known_refusal_leaves_a_mutation_open() {
    let inputs = (https(), mutated(REFUSALS));
    let is_known = |read: fn(u16, &str) -> bool, (http, body): (u16, String)| {
        prop_assert!(
            !read(http, &body) || is_known_refusal(http, &body),
            "HTTP {http}: {body}"
        );
        Ok(())
    };
    holds("pesapal refusals", 800, &inputs, |it| is_known(refused, it));
    finds(1500, &inputs, |it| is_known(|http, _| http == 401, it));
    finds(1500, &inputs, |it| {
        is_known(
            |_, body| cleaned(body).contains("INVALIDAPICREDENTIALSPROVIDED"),
            it,
        )
    });
    holds(
        "pesapal refusals of a create and a refund",
        500,
        &inputs,
        |(http, body)| {
            let created = call(http, &body, async |fake| {
                pesapal(&fake).create(&new_order()).await
            })
            .0;
            let refunded = call(http, &body, async |fake| {
                pesapal(&fake).refund(&request().await).await
            })
            .0;
            for refused in [is_refused(&created), is_refused(&refunded)] {
                prop_assert!(!refused || is_known_refusal(http, &body));
            }
            Ok(())
        },
    );
}

/// What an answer says: yes, no, or neither.
type ReadAnswer = fn(u16, &str) -> Option<bool>;

fn cancelled(http: u16, body: &str) -> Option<bool> {
    let answer = call(http, body, async |fake| {
        pesapal(&fake).cancel(&order()).await
    })
    .0;
    answer
        .ok()
        .map(|it| matches!(it, CancelAnswer::Accepted { .. }))
}

fn refunded(http: u16, body: &str) -> Option<bool> {
    let answer = call(http, body, async |fake| {
        pesapal(&fake).refund(&request().await).await
    })
    .0;
    answer
        .ok()
        .map(|it| matches!(it, RefundAnswer::Received { .. }))
}

fn says_so(read: ReadAnswer, (http, body): (u16, String)) -> Result<(), TestCaseError> {
    let Some(is_yes) = read(http, &body) else {
        return Ok(());
    };
    let value: Value = value_of(&body);
    let is = |number: u16| [json!(number), json!(number.to_string())].contains(&value["status"]);
    // A refund's members may be refused by an error alone.
    let by_error = value["error"]["error_type"] == json!("invalid_request_error");
    prop_assert!(
        if is_yes { is(200) } else { is(500) || by_error },
        "HTTP {http}: {body}"
    );
    let (good, bad) = ((200..300).contains(&http), (400..500).contains(&http));
    prop_assert!(
        good || !is_yes && bad && http != 401 && http != 429,
        "HTTP {http}: {body}"
    );
    Ok(())
}

#[test]
fn nothing_but_a_readable_answer_settles_a_mutation() {
    let inputs = (https(), mutated(ANSWERS));
    holds("pesapal cancels", 500, &inputs, |it| says_so(cancelled, it));
    holds("pesapal refunds", 200, &inputs, |it| says_so(refunded, it));
    finds(1500, &inputs, |it| {
        says_so(|http, body| (http < 300).then(|| body.contains("200")), it)
    });
    holds(
        "pesapal creates and registrations",
        500,
        &inputs,
        |(http, body)| {
            let url = "https://shop.example/ipn".parse().unwrap();
            let value: Value = value_of(&body);
            let good = (200..300).contains(&http);
            let done = good && [json!(200), json!("200")].contains(&value["status"]);
            let created = call(http, &body, async |fake| {
                pesapal(&fake).create(&new_order()).await
            })
            .0;
            if let Ok(created) = created {
                prop_assert!(done && value["order_tracking_id"].is_string(), "{body}");
                let id = value["order_tracking_id"].as_str().unwrap_or_default();
                prop_assert!(created.order.as_str().eq_ignore_ascii_case(id), "{body}");
            }
            let ipn = async |fake| pesapal(&fake).register_ipn(&url, IpnMethod::Get).await;
            if let Ok(ipn) = call(http, &body, ipn).0 {
                let id = &value["ipn_id"];
                // It is shown without what is not seen.
                let odd = id
                    .as_str()
                    .is_some_and(|id| !id.bytes().all(|it| it.is_ascii_graphic()));
                let long = ipn.id.len() > 100;
                let said = *id == json!(ipn.id) || id.is_number() && body.contains(&ipn.id);
                let said = said || odd || long;
                prop_assert!(done && said, "{body}");
            }
            let listed = call(http, &body, async |fake| pesapal(&fake).list_ipns().await).0;
            prop_assert!(listed.is_err() || good && value.is_array(), "{body}");
            Ok(())
        },
    );
}

fn shown<T: std::fmt::Debug>(outcome: &Result<T, Error>) -> String {
    match outcome {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => format!("{error} {error:?}"),
    }
}

fn keeps_secrets(text: &str) -> Result<(), TestCaseError> {
    for secret in ["canary-token-1", KEY, SECRET] {
        prop_assert!(!text.contains(secret), "{text}");
    }
    Ok(())
}

#[test]
fn no_reply_makes_a_secret_shown() {
    let inputs = (https(), mutated(QUOTING));
    holds("pesapal secrets", 300, &inputs, |(http, body)| {
        let read = call(http, &body, async |fake| {
            pesapal(&fake).status(&order()).await
        })
        .0;
        let cancelled = call(http, &body, async |fake| {
            pesapal(&fake).cancel(&order()).await
        })
        .0;
        let refunded = call(http, &body, async |fake| {
            pesapal(&fake).refund(&request().await).await
        })
        .0;
        let created = call(http, &body, async |fake| {
            pesapal(&fake).create(&new_order()).await
        })
        .0;
        for text in [
            shown(&read),
            shown(&cancelled),
            shown(&refunded),
            shown(&created),
        ] {
            keeps_secrets(&text)?;
        }
        Ok(())
    });
    finds(500, &inputs, |(_, body)| keeps_secrets(&body));
}

#[test]
fn a_mangled_token_is_the_one_that_stands_there_or_nothing_is_sent() {
    let inputs = (https(), mutated(TOKENS));
    let runtime = || Builder::new_current_thread().enable_time().build().unwrap();
    holds("pesapal tokens", 1000, &inputs, |(http, body)| {
        let fake = Fake::new()
            .token_reply(http, body.clone())
            .reply(200, replies::CANCELLED);
        let outcome = runtime().block_on(pesapal(&fake).cancel(&order()));
        keeps_secrets(&shown(&outcome))?;
        if let Some(bearer) = fake.bearers().first() {
            let value: Value = value_of(&body);
            let token = value["token"].as_str().unwrap_or_default();
            // `value_of` shortens a text of very many digits.
            prop_assert!(
                *bearer == format!("Bearer {token}") || token.len() > 100,
                "{body}"
            );
            prop_assert!((200..300).contains(&http) && !token.is_empty());
        } else {
            prop_assert!(outcome.is_err());
        }
        Ok(())
    });
}

/// The member of a query that has this name, in any case of letters.
fn in_query(query: &str, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let found = pairs.find(|(own, _)| own.eq_ignore_ascii_case(name))?.1;
    Some(found.into_owned())
}

fn in_body(body: &str, name: &str) -> Option<String> {
    value_of(body)[name].as_str().map(str::to_owned)
}

type Member = fn(&str, &str) -> Option<String>;

fn is_what_stands_there(
    read: Option<(IpnKind, String)>,
    text: &str,
    member: Member,
) -> Result<(), TestCaseError> {
    let Some((kind, order)) = read else {
        return Ok(());
    };
    let said = member(text, "OrderTrackingId").unwrap_or_default();
    prop_assert!(said.eq_ignore_ascii_case(&order), "{order}: {text}");
    let word = member(text, "OrderNotificationType");
    let is = |listed: &str| {
        word.as_ref()
            .is_some_and(|word| word.eq_ignore_ascii_case(listed))
    };
    let said = if kind == IpnKind::Change {
        is("IPNCHANGE")
    } else if kind == IpnKind::Recurring {
        is("RECURRING")
    } else if kind == IpnKind::Callback {
        is("CALLBACKURL") || word.is_none_or(|word| word.is_empty())
    } else {
        matches!(kind, IpnKind::Unknown(_))
    };
    prop_assert!(said, "{kind:?}: {text}");
    Ok(())
}

#[test]
fn a_mangled_notification_is_about_what_stands_there() {
    let parts = |ipn: Ipn| (ipn.kind, ipn.order.as_str().to_owned());
    holds(
        "pesapal notifications in JSON",
        4000,
        &mutated(BODIES),
        |body| {
            let read = Ipn::from_json(body.as_bytes()).ok().map(parts);
            is_what_stands_there(read, &body, in_body)
        },
    );
    holds(
        "pesapal notifications in a query",
        4000,
        &mutated(QUERIES),
        |query| {
            let read = Ipn::from_query(&query).ok().map(parts);
            is_what_stands_there(read, &query, in_query)
        },
    );
    finds(4000, &mutated(BODIES), |body| {
        let word = cleaned(&in_body(&body, "OrderNotificationType").unwrap_or_default());
        let order = in_body(&body, "OrderTrackingId").unwrap_or_default();
        let read = (word == "IPNCHANGE").then_some((IpnKind::Change, order));
        is_what_stands_there(read, &body, in_body)
    });
}
