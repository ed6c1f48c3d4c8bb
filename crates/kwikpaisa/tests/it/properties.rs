//! Sentences about any reply and any webhook, with bytes and envelopes made up at random.

use duka_core::{CancelAnswer, Delivery, Error, Gateway};
use duka_http::Reply;
use duka_kwikpaisa::{SignedForm, WebhookError, WebhookVerifier};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sha2::Sha256;
use tokio::runtime::{Builder, Runtime};

use crate::fake::{Fake, NOW, account, clock, new_order, order_id};

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// Replies like those on the pages, one of each kind.
const REAL: [&str; 6] = [
    r#"{"code":"200","status":"success","message":"Order cancelled successfully.","return_data":{"order_id":6116229263036,"order_status":"CANCELLED","cancelled_at":"13-05-2026 09:14 AM"}}"#,
    r#"{"status":false,"code":422,"message":"Order cannot be cancelled."}"#,
    r#"{"code":"200","status":"failed","message":"Order cannot be cancelled.","return_data":{"order_id":6116229263036,"order_status":"PAID"}}"#,
    r#"{"code":"200","status":"success","message":"ok","return_data":{"order_id":"6116229263036","order_status":"PAID","order_amount":"105.00","order_currency":"INR"}}"#,
    r#"{"code":200,"status":true,"message":"created","return_data":{"order_id":6116229263036,"kwikX_order_id":"KX1","payment_link":"https://pay.example/x"}}"#,
    r#"{"status":false,"code":401,"message":"Invalid signature."}"#,
];

fn statuses() -> impl Strategy<Value = u16> {
    prop_oneof![
        4 => Just(200_u16),
        4 => prop::sample::select(vec![201, 204, 301, 400, 401, 403, 404, 409, 422, 429, 500, 503]),
        1 => any::<u16>(),
    ]
}

fn scalars() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(200),
        json!(6.1e12),
        json!("success"),
        json!("CANCELLED"),
        json!(""),
        json!([]),
        json!({}),
        json!([1, {"order_id": 1}]),
    ])
}

/// Every object inside, the outermost first.
fn objects<'a>(value: &'a mut Value, found: &mut Vec<&'a mut Map<String, Value>>, at: usize) {
    if let Value::Object(members) = value {
        if at == 0 && members.contains_key("return_data") {
            objects(members.get_mut("return_data").unwrap(), found, 1);
        } else {
            found.push(members);
        }
    }
}

/// A real reply with one member gone, or of another type.
fn damaged_members() -> impl Strategy<Value = Vec<u8>> {
    let inside = any::<bool>();
    let which = any::<prop::sample::Index>();
    let real = prop::sample::select(REAL.to_vec());
    let put = prop::option::of(scalars());
    (real, inside, which, put).prop_map(|(real, inside, which, put)| {
        let mut value: Value = serde_json::from_str(real).unwrap();
        let mut found = Vec::new();
        objects(&mut value, &mut found, usize::from(!inside));
        if let Some(members) = found.into_iter().next() {
            let keys: Vec<_> = members.keys().cloned().collect();
            let key = which.get(&keys).clone();
            match put {
                Some(other) => members.insert(key, other),
                None => members.remove(&key),
            };
        }
        serde_json::to_vec(&value).unwrap()
    })
}

/// A real reply that breaks off, or in which a bit has changed.
fn damaged_bytes() -> impl Strategy<Value = Vec<u8>> {
    let real = prop::sample::select(REAL.to_vec());
    let flips = prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 0..4);
    (real, any::<prop::sample::Index>(), any::<bool>(), flips).prop_map(
        |(real, end, cut, flips)| {
            let mut bytes = real.as_bytes().to_vec();
            for (at, bit) in flips {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            let end = end.index(bytes.len());
            bytes.truncate(if cut { end } else { real.len() });
            bytes
        },
    )
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => any::<String>().prop_map(String::into_bytes),
        2 => prop::sample::select(REAL.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        4 => damaged_members(),
        4 => damaged_bytes(),
    ]
}

/// A member that may be left out.
fn member(values: &[Value]) -> impl Strategy<Value = Option<Value>> + use<> {
    prop::option::weighted(0.9, prop::sample::select(values.to_vec()))
}

/// A well-formed reply to a cancel, in words that are often the right ones.
fn envelopes() -> impl Strategy<Value = Value> {
    let code = member(&[
        json!("200"),
        json!(200),
        json!("201"),
        json!(422),
        json!("400"),
        json!(409),
        json!(401),
        json!("500"),
        json!(true),
    ]);
    let status = member(&[
        json!("success"),
        json!(true),
        json!("failed"),
        json!(false),
        json!("SUCCESS"),
        json!(1),
    ]);
    let message = member(&[json!("some words"), json!(""), json!(7), json!(null)]);
    let id = member(&[
        json!(6_116_229_263_036_u64),
        json!("6116229263036"),
        json!(17),
        json!([]),
        json!(null),
    ]);
    let order_status = member(&[
        json!("CANCELLED"),
        json!("CANCELLED"),
        json!("PAID"),
        json!(true),
        json!(null),
    ]);
    let order = (id, order_status).prop_map(|(id, status)| {
        let members = [("order_id", id), ("order_status", status)];
        Value::Object(filled(members))
    });
    let data = prop_oneof![
        6 => order.prop_map(Some),
        2 => member(&[json!([]), json!(null), json!("CANCELLED"), json!([1])]),
    ];
    (code, status, message, data).prop_map(|(code, status, message, data)| {
        let members = [
            ("code", code),
            ("status", status),
            ("message", message),
            ("return_data", data),
        ];
        Value::Object(filled(members))
    })
}

fn filled<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let own = |(key, value): (&str, Option<Value>)| Some((key.to_owned(), value?));
    members.into_iter().filter_map(own).collect()
}

#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Yes,
    No,
    Open,
}

/// What a page would say of this reply, worked out without the adapter.
fn meaning(http: u16, body: &Value) -> Meaning {
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    };
    let code = word(&body["code"]);
    let data = &body["return_data"];
    let about_it = match data {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        // assumed: a refusal may leave the order out; an empty text names none, either.
        Value::Object(_) => {
            let id = &data["order_id"];
            id.is_null() || *id == json!("") || word(id) == "6116229263036"
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    let succeeded = [json!("success"), json!(true)].contains(&body["status"]);
    let failed = [json!("failed"), json!(false)].contains(&body["status"]);
    let shown = &data["order_status"];
    let cancelled = shown.is_null() || *shown == json!("CANCELLED");
    let named = !data["order_id"].is_null() && data["order_id"] != json!("");
    let good = (200..300).contains(&http);
    let yes =
        good && succeeded && ["200", "201"].contains(&&*code) && about_it && named && cancelled;
    let refusal = ["400", "409", "422"].contains(&&*code);
    let no_within = good && (refusal || ["200", "201"].contains(&&*code));
    let no_outside = [400, 409, 422].contains(&http) && refusal && body["message"].is_string();
    if yes {
        Meaning::Yes
    } else if failed && about_it && (no_within || no_outside) {
        Meaning::No
    } else {
        Meaning::Open
    }
}

fn cancel(http: u16, body: &[u8]) -> Result<CancelAnswer, Error> {
    let fake = Fake::new([Ok(Reply::new(http, body))]);
    runtime().block_on(account(fake).cancel(&order_id()))
}

fn read(answer: &Result<CancelAnswer, Error>) -> Meaning {
    match answer {
        Ok(CancelAnswer::Accepted { .. }) => Meaning::Yes,
        Ok(CancelAnswer::Refused { .. }) => Meaning::No,
        Err(error) => {
            assert_eq!(error.delivery(), Delivery::Answered);
            Meaning::Open
        }
    }
}

fn sign(payload: &[u8], time: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"YOUR_SECRET_KEY").unwrap();
    mac.update(payload);
    mac.update(time.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn verifiers() -> [WebhookVerifier; 2] {
    let verifier = WebhookVerifier::new("YOUR_SECRET_KEY".into(), clock(0));
    [
        verifier.clone(),
        verifier.signed_form(SignedForm::RawOrRewritten),
    ]
}

fn webhooks() -> impl Strategy<Value = Vec<u8>> {
    let event = member(&[
        json!("payment.success"),
        json!("payment.failed"),
        json!("payout.success"),
        json!("?"),
        json!(1),
    ]);
    let id = member(&[json!("17"), json!(17), json!(""), json!({}), json!(null)]);
    let status = member(&[
        json!("PAID"),
        json!("FAILED"),
        json!(""),
        json!(1),
        json!(null),
    ]);
    let amount = member(&[json!("105.00"), json!(1e300), json!("x"), json!(105.5)]);
    let made = (event, id, status, amount).prop_map(|(event, id, status, amount)| {
        let data = filled([("order_id", id), ("status", status), ("amount", amount)]);
        let body = filled([("event", event), ("data", Some(Value::Object(data)))]);
        serde_json::to_vec(&body).unwrap()
    });
    prop_oneof![made, bodies()]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_cancel_is_answered_yes_or_no_only_by_what_says_so(http in statuses(), body in bodies()) {
        // In a member that is not looked at, bytes that are no text do no harm.
        let shown = String::from_utf8_lossy(&body);
        let says = match serde_json::from_str::<Value>(&shown) {
            Ok(json) => meaning(http, &json),
            Err(_) => Meaning::Open,
        };
        let read = read(&cancel(http, &body));
        // What is ambiguous may be left open; it is never taken for more than it says.
        prop_assert!(read == Meaning::Open || read == says, "{read:?}, but it says {says:?}: {shown}");
    }

    #[test]
    fn a_well_formed_reply_to_a_cancel_is_read_as_the_pages_say(http in statuses(), body in envelopes()) {
        let answer = cancel(http, &serde_json::to_vec(&body).unwrap());
        prop_assert_eq!(read(&answer), meaning(http, &body), "{:?}", answer);
    }

    #[test]
    fn a_status_and_a_create_have_an_outcome_whatever_comes_back(http in statuses(), body in bodies()) {
        let replies = || (0..4).map(|_| Ok(Reply::new(http, body.clone())));
        let runtime = runtime();
        let status = runtime.block_on(account(Fake::new(replies())).status(&order_id()));
        let created = runtime.block_on(account(Fake::new(replies())).create(&new_order()));
        if !(200..300).contains(&http) {
            prop_assert!(status.is_err() && created.is_err());
        }
    }

    #[test]
    fn a_webhook_that_is_not_signed_is_not_let_in(
        body in webhooks(),
        signature in any::<String>(),
        timestamp in prop_oneof![any::<String>(), Just(NOW.to_string())],
    ) {
        for verifier in verifiers() {
            prop_assert!(verifier.verify(&body, &signature, &timestamp).is_err());
        }
    }

    #[test]
    fn a_signed_webhook_has_an_outcome_whatever_is_in_it(body in webhooks(), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let time = NOW.to_string();
        let signature = sign(&body, &time);
        for verifier in verifiers() {
            let outcome = verifier.verify(&body, &signature, &time);
            prop_assert!(matches!(outcome, Ok(_) | Err(WebhookError::Unreadable)), "{outcome:?}");
        }
        if !body.is_empty() {
            let mut changed = body.clone();
            let at = at.index(changed.len());
            changed[at] ^= 1 << bit;
            let outcome = verifiers()[0].verify(&changed, &signature, &time);
            prop_assert_eq!(outcome, Err(WebhookError::BadSignature));
        }
    }
}
