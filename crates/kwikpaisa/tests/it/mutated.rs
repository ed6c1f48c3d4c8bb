//! Documented replies with something changed in them, under every HTTP status that matters, to
//! every operation: an answer or a refusal of the credentials is made only of a documented form.

use std::sync::Arc;

use duka_core::{CancelAnswer, Error, ErrorKind, Gateway, OrderStatus};
use duka_http::{Reply, RetryPolicy};
use duka_kwikpaisa::{KwikPaisa, codes};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::fake::{Fake, builder, new_order, order_id};

const REAL: [&str; 7] = [
    r#"{"code":"200","status":"success","message":"Order cancelled successfully.","return_data":{"order_id":6116229263036,"order_status":"CANCELLED","cancelled_at":"13-05-2026 09:14 AM"}}"#,
    r#"{"status":false,"code":422,"message":"Order cannot be cancelled."}"#,
    r#"{"code":"200","status":"failed","message":"Payment failed.","return_data":{"order_id":6116229263036,"order_status":"FAILED"}}"#,
    r#"{"code":"200","status":"success","message":"ok","return_data":{"order_id":"6116229263036","order_status":"UN_PAID","order_amount":"105.00","currency":"INR"}}"#,
    r#"{"code":200,"status":true,"message":"created","return_data":{"order_id":6116229263036,"kwikX_order_id":"KX1","payment_link":"https://pay.example/x"}}"#,
    r#"{"status":false,"code":401,"message":"Invalid signature."}"#,
    r#"{"status":false,"code":401,"message":"Invalid signature."}"#,
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
        r#""status":"success","#,
        r#""status":false,"#,
        r#""code":"200","#,
        r#""code":401,"#,
        r#""message":"x","#,
        r#""order_id":6116229263036,"#,
        r#""order_id":1,"#,
        r#""order_status":"CANCELLED","#,
        r#""return_data":null,"#,
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
        1 => prop::sample::select(vec!["", "[]", "{}", "null", "<html>"]).prop_map(str::to_owned),
    ]
}

/// The documented envelope of HTTP 401, each member once, worked out without the adapter.
pub(crate) fn is_documented_401(http: u16, body: &str, value: &Value) -> bool {
    let three = value.as_object().is_some_and(|members| members.len() == 3);
    let each_once = ["\"status\"", "\"code\"", "\"message\""]
        .iter()
        .all(|name| body.matches(name).count() == 1);
    http == 401
        && three
        && each_once
        && value["status"] == json!(false)
        && [json!(401), json!("401")].contains(&value["code"])
        && value["message"].is_string()
}

/// One call, answered once.
pub(crate) fn call<T>(http: u16, body: &str, make: impl AsyncFnOnce(KwikPaisa) -> T) -> T {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let fake: Arc<Fake> = Fake::new([Ok(Reply::new(http, body))]);
    let account = builder(fake.clone()).retry(RetryPolicy::none());
    let outcome = runtime.block_on(make(account.build().unwrap()));
    assert_eq!(fake.requests().len(), 1);
    outcome
}

pub(crate) fn is_refused<T>(outcome: &Result<T, Error>) -> bool {
    outcome
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::Authentication)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn a_changed_reply_is_an_answer_or_a_refusal_of_the_credentials_only_in_a_documented_form(
        http in prop::sample::select(vec![200_u16, 302, 401, 403, 422, 500]),
        body in bodies(),
    ) {
        let value: Value = serde_json::from_str(&body).unwrap_or_default();
        let data = &value["return_data"];
        let documented = is_documented_401(http, &body, &value);
        let id = [json!(6_116_229_263_036_u64), json!("6116229263036")];

        let cancelled = call(http, &body, async |account| account.cancel(&order_id()).await);
        prop_assert_eq!(is_refused(&cancelled), documented, "{:?}", cancelled);
        match &cancelled {
            Ok(CancelAnswer::Accepted { .. }) => {
                prop_assert_eq!(http, 200);
                prop_assert!([json!("success"), json!(true)].contains(&value["status"]));
                prop_assert!([json!("200"), json!(200)].contains(&value["code"]));
                prop_assert!(id.contains(&data["order_id"]));
                prop_assert!([json!(null), json!("CANCELLED")].contains(&data["order_status"]));
            }
            Ok(CancelAnswer::Refused { .. }) => {
                prop_assert!([200, 422].contains(&http));
                prop_assert!([json!("failed"), json!(false)].contains(&value["status"]));
            }
            Err(_) => {}
        }

        let created = call(http, &body, async |account| account.create(&new_order()).await);
        prop_assert_eq!(is_refused(&created), documented, "{:?}", created);
        prop_assert!(created.is_err() || http == 200);

        let read = call(http, &body, async |account| account.status(&order_id()).await);
        let empty = http == 401 && body.is_empty();
        prop_assert_eq!(is_refused(&read), documented || empty, "{:?}", read);
        if let Ok(reading) = &read {
            prop_assert_eq!(http, 200);
            prop_assert!(id.contains(&data["order_id"]));
            let word = data["order_status"].as_str().unwrap();
            let row = codes::STATUS_CODES.iter().find(|row| row.text == word);
            match (&reading.status, row) {
                (OrderStatus::Unknown(words), None) => {
                    prop_assert!(codes::STATUS_CODES.iter().all(|row| row.text != words));
                }
                (status, row) => prop_assert_eq!(Some(status), row.map(|row| &row.status)),
            }
        }
    }
}
