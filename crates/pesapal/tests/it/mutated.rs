//! Recorded replies with something changed in them, under every HTTP status that matters, to
//! every operation: an answer or a refusal of the credentials is made only of a known form.

use std::sync::Arc;

use duka_core::evidence::Intent;
use duka_core::{CancelAnswer, Error, ErrorKind, Gateway, OrderStatus, RefundAnswer};
use duka_pesapal::IpnMethod;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::fake::{Fake, GUID, new_order, order, pesapal};
use crate::refund::request;
use crate::replies;

pub(crate) const AS_TEXT: &str = r#"{"message":"{\"error\":{\"error_type\":\"authentication_error\",\"code\":\"invalid_api_credentials_provided\",\"message\":\"Invalid Access Token\"},\"status\":null}"}"#;
const LIST: &str = r#"[{"ipn_id":"1da86d1c-1e8c-4183-bdfd-dd759463e4ce","url":"https://shop.example/ipn","status":"1"}]"#;

const REAL: [&str; 13] = [
    replies::BAD_KEYS,
    replies::BAD_BEARER,
    replies::BAD_BEARER,
    AS_TEXT,
    LIST,
    replies::SUBMITTED,
    replies::REGISTERED,
    replies::BAD_IPN_ID,
    replies::UNPAID,
    replies::PAID,
    replies::CANCELLED,
    replies::NOT_CANCELLED,
    replies::REFUND_RECEIVED,
];

/// What makes another word of one and is not seen, or hardly.
const ODD: [&str; 8] = [
    r"\u200b", r"\u001b", r"\u202e", r"\n", " ", "+", "0", r"\ufeff",
];

/// Something put in behind any `"` or before one, so inside a text or between two members.
fn odd_words() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(ODD.to_vec());
    let real = prop::sample::select(REAL.to_vec());
    (real, any::<prop::sample::Index>(), any::<bool>(), odd).prop_map(|(real, at, behind, odd)| {
        let quotes: Vec<_> = real.match_indices('"').map(|(at, _)| at).collect();
        let at = at.get(&quotes) + usize::from(behind);
        format!("{}{odd}{}", &real[..at], &real[at..])
    })
}

/// A member put in front, often one that stands there already, or something to contradict.
fn added_members() -> impl Strategy<Value = String> {
    let members = prop::sample::select(vec![
        r#""status":"200","#,
        r#""status":null,"#,
        r#""status":"500","#,
        r#""status":"OK","#,
        r#""error":null,"#,
        r#""message":"Order successfully cancelled.","#,
        r#""message":null,"#,
        r#""order_tracking_id":"96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11","#,
        r#""code":"invalid_api_credentials_provided","#,
        r#""status_code":1,"#,
        r#""x":1,"#,
    ]);
    let real = prop::sample::select(REAL.to_vec());
    (real, any::<prop::sample::Index>(), members).prop_map(|(real, at, member)| {
        let objects: Vec<_> = real.match_indices('{').map(|(at, _)| at + 1).collect();
        let at = *at.get(&objects);
        format!("{}{member}{}", &real[..at], &real[at..])
    })
}

fn bodies() -> impl Strategy<Value = String> {
    let cut = |(real, at): (&str, prop::sample::Index)| real[..at.index(real.len())].to_owned();
    prop_oneof![
        2 => prop::sample::select(REAL.to_vec()).prop_map(str::to_owned),
        3 => odd_words(),
        3 => added_members(),
        1 => (prop::sample::select(REAL.to_vec()), any::<prop::sample::Index>()).prop_map(cut),
        1 => prop::sample::select(vec!["", "[]", "{}", "null", replies::HTML]).prop_map(str::to_owned),
    ]
}

/// Whether a body is JSON without a key that stands there twice: written again, it would be
/// shorter by one.
fn is_sound(body: &str, value: &Value) -> bool {
    let keys = |text: &str| text.matches(':').count();
    keys(&value.to_string()) == keys(body)
}

/// The error of a refused token and nothing else, worked out without the adapter.
fn is_refusal(body: &str) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        return false;
    };
    let Some(members) = value.as_object().filter(|_| is_sound(body, &value)) else {
        return false;
    };
    let error = &value["error"];
    let status = [json!(null), json!("500"), json!(500)].contains(&value["status"]);
    let kind = |name: &str| [json!(null), json!("authentication_error")].contains(&error[name]);
    let known = |name: &&String| ["error_type", "type", "code", "message"].contains(&name.as_str());
    let empty = |value: &Value| value.is_null() || *value == json!("");
    let bare = members
        .iter()
        .all(|(name, value)| name == "error" || name == "status" || empty(value));
    let inside = error.as_object().is_some_and(|error| {
        error
            .iter()
            .all(|(name, value)| known(&name) || empty(value))
    });
    error["code"] == json!("invalid_api_credentials_provided")
        && kind("error_type")
        && kind("type")
        && status
        && bare
        && inside
}

pub(crate) fn is_known_refusal(http: u16, body: &str) -> bool {
    if !matches!(http, 200..=299 | 400..=428 | 430..=500) {
        return false;
    }
    let within = |value: Value| {
        let empty = |value: &Value| value.is_null() || *value == json!("");
        let members = value.as_object().filter(|_| is_sound(body, &value))?;
        let alone = members
            .iter()
            .all(|(name, value)| name == "message" || empty(value));
        let text = value["message"].as_str().filter(|_| alone);
        text.map(str::to_owned)
    };
    let text = serde_json::from_str(body).ok().and_then(within);
    is_refusal(body) || http >= 400 && text.is_some_and(|text| is_refusal(&text))
}

/// One call, answered twice alike.
pub(crate) fn call<T>(http: u16, body: &str, make: impl AsyncFnOnce(Arc<Fake>) -> T) -> (T, usize) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let fake = Fake::new().reply(http, body).reply(http, body);
    let outcome = runtime.block_on(make(fake.clone()));
    (outcome, fake.calls().len())
}

/// What holds of every outcome; an answer comes only with one of the statuses `good`.
fn check<T>(
    good: &[u16],
    http: u16,
    body: &str,
    (outcome, requests): (Result<T, Error>, usize),
    intent: Intent,
) -> Result<(), TestCaseError> {
    let is_read = intent == Intent::Read;
    let refused = is_known_refusal(http, body);
    let asked_twice = refused || is_read && http == 401;
    prop_assert_eq!(requests, 1 + usize::from(asked_twice));
    match outcome {
        Ok(_) => prop_assert!(good.contains(&http) && !refused),
        Err(error) if error.kind() == ErrorKind::Authentication => {
            let empty = is_read && http == 401 && body.is_empty();
            prop_assert!(refused || empty, "{error}");
        }
        Err(_) => prop_assert!(!refused),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn a_changed_reply_is_an_answer_or_a_refusal_of_the_token_only_in_a_known_form(
        http in prop::sample::select(vec![200_u16, 302, 401, 403, 500]),
        body in bodies(),
    ) {
        let url: url::Url = "https://shop.example/ipn".parse().unwrap();
        let value: Value = serde_json::from_str(&body).unwrap_or_default();

        let cancelled = call(http, &body, async |fake| pesapal(&fake).cancel(&order()).await);
        if let Ok(answer) = &cancelled.0 {
            let is_yes = matches!(answer, CancelAnswer::Accepted { .. });
            let wanted = if is_yes { "200" } else { "500" };
            prop_assert_eq!(&value["status"], &json!(wanted));
            prop_assert!(http == 200 || !is_yes);
        }
        check(&[200, 403], http, &body, cancelled, Intent::Mutation)?;
        let refunded = call(http, &body, async |fake| pesapal(&fake).refund(&request().await).await);
        if let Ok(answer) = &refunded.0 {
            let is_yes = matches!(answer, RefundAnswer::Received { .. });
            let wanted = if is_yes { "200" } else { "500" };
            prop_assert_eq!(&value["status"], &json!(wanted));
            prop_assert!(http == 200 || !is_yes);
        }
        check(&[200, 403], http, &body, refunded, Intent::Mutation)?;
        let created = call(http, &body, async |fake| pesapal(&fake).create(&new_order()).await);
        if created.0.is_ok() {
            prop_assert_eq!(&value["status"], &json!("200"));
            prop_assert_eq!(&value["order_tracking_id"], &json!(replies::SUBMITTED_ID));
        }
        check(&[200], http, &body, created, Intent::Mutation)?;
        let registered = call(http, &body, async |fake| pesapal(&fake).register_ipn(&url, IpnMethod::Get).await);
        if registered.0.is_ok() {
            prop_assert_eq!(&value["status"], &json!("200"));
        }
        check(&[200], http, &body, registered, Intent::Mutation)?;
        let listed = call(http, &body, async |fake| pesapal(&fake).list_ipns().await);
        check(&[200], http, &body, listed, Intent::Read)?;

        let read = call(http, &body, async |fake| pesapal(&fake).status(&order()).await);
        if let Ok(reading) = &read.0 {
            let word = value["payment_status_description"].as_str();
            let is = |text: &str| word.is_none_or(|word| word.eq_ignore_ascii_case(text));
            let number = |number: i64| {
                [json!(number), json!(number.to_string())].contains(&value["status_code"])
            };
            let says = match &reading.status {
                OrderStatus::Unpaid => {
                    let pending = json!("payment_details_not_found");
                    let named = value["order_tracking_id"] == json!(GUID);
                    number(0) && is("INVALID") && value["error"]["code"] == pending && named
                }
                OrderStatus::Paid => number(1) && is("COMPLETED"),
                OrderStatus::Unknown(_) => true,
                // No reply above shows any of these.
                OrderStatus::Processing
                | OrderStatus::Failed
                | OrderStatus::Expired
                | OrderStatus::Cancelled
                | OrderStatus::Reversed => false,
            };
            prop_assert!(says, "{:?}", reading);
        }
        check(&[200], http, &body, read, Intent::Read)?;
    }
}
