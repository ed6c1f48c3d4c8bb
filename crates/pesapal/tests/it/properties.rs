//! Sentences about any reply, token and notification, with bytes and envelopes made up at
//! random.

use std::sync::Arc;

use duka_core::{CancelAnswer, Delivery, Error, Gateway};
use duka_pesapal::{Ipn, IpnVerdict, MAX_IPN_LEN};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::fake::{Fake, GUID, new_order, order, pesapal, token};
use crate::replies;

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(200)
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

const REAL: [&str; 8] = [
    replies::BAD_KEYS,
    replies::BAD_BEARER,
    replies::SUBMITTED,
    replies::BAD_IPN_ID,
    replies::UNPAID,
    replies::PAID,
    replies::CANCELLED,
    replies::NOT_CANCELLED,
];

fn statuses() -> impl Strategy<Value = u16> {
    prop_oneof![
        6 => Just(200_u16),
        3 => prop::sample::select(vec![201, 204, 301, 400, 401, 404, 422, 429, 500, 503]),
        1 => any::<u16>(),
    ]
}

/// A real reply with one member gone, or of another type.
fn damaged_members() -> impl Strategy<Value = Vec<u8>> {
    let put = prop::option::of(prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(200),
        json!(-1.5e300),
        json!("200"),
        json!(""),
        json!([]),
        json!({}),
        json!({"code": "invalid_api_credentials_provided"}),
    ]));
    let real = prop::sample::select(REAL.to_vec());
    (real, any::<prop::sample::Index>(), put).prop_map(|(real, which, put)| {
        let mut members: Map<String, Value> = serde_json::from_str(real).unwrap();
        let keys: Vec<_> = members.keys().cloned().collect();
        let key = which.get(&keys).clone();
        match put {
            Some(other) => members.insert(key, other),
            None => members.remove(&key),
        };
        serde_json::to_vec(&members).unwrap()
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

fn member(values: &[Value]) -> impl Strategy<Value = Option<Value>> + use<> {
    prop::option::weighted(0.8, prop::sample::select(values.to_vec()))
}

fn filled<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let own = |(key, value): (&str, Option<Value>)| Some((key.to_owned(), value?));
    members.into_iter().filter_map(own).collect()
}

/// A well-formed reply to a cancel, in words that are often the right ones.
fn envelopes() -> impl Strategy<Value = Value> {
    let status = member(&[
        json!("200"),
        json!(200),
        json!("500"),
        json!(500),
        json!(null),
        json!("404"),
        json!(true),
    ]);
    let message = member(&[json!("some words"), json!(""), json!(null), json!(7)]);
    let error = member(&[
        json!(null),
        json!({}),
        json!({"error_type": null, "code": null, "message": null}),
        json!({"code": "oops"}),
        json!({"error_type": "authentication_error", "code": "x"}),
        json!(""),
        json!("boom"),
    ]);
    (status, message, error).prop_map(|(status, message, error)| {
        Value::Object(filled([
            ("status", status),
            ("message", message),
            ("error", error),
        ]))
    })
}

#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Yes,
    No,
    Open,
}

/// What a page or a recorded reply would say of this one, worked out without the adapter.
fn meaning(http: u16, body: &Value) -> Meaning {
    let has = |status: u16| {
        let member = &body["status"];
        let text = member
            .as_str()
            .map(|text| text.trim().trim_start_matches('+'));
        *member == json!(status) || text == Some(&status.to_string())
    };
    let error = &body["error"];
    let filled = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => true,
    };
    let faulty = if error.is_object() {
        filled(&error["code"]) || filled(&error["message"])
    } else {
        filled(error)
    };
    let credentials = [
        json!("authentication_error"),
        json!("invalid_api_credentials_provided"),
        json!("invalid_consumer_key_or_secret_provided"),
    ];
    let about_the_token = faulty
        && (credentials.contains(&error["error_type"]) || credentials.contains(&error["code"]));
    let good = (200..300).contains(&http);
    let answered = good || (400..500).contains(&http) && http != 401 && http != 429;
    let words = body["message"]
        .as_str()
        .is_some_and(|text| !text.trim().is_empty());
    if good && has(200) && !faulty {
        Meaning::Yes
    } else if answered && has(500) && words && !about_the_token {
        Meaning::No
    } else {
        Meaning::Open
    }
}

/// Two of the same, since a refused token is tried once more with a new one.
fn fake(http: u16, body: &[u8]) -> Arc<Fake> {
    Fake::new().reply(http, body).reply(http, body)
}

fn cancel(http: u16, body: &[u8]) -> Result<CancelAnswer, Error> {
    runtime().block_on(pesapal(&fake(http, body)).cancel(&order()))
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

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_cancel_is_answered_yes_or_no_only_by_what_says_so(http in statuses(), body in bodies()) {
        let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
        // In a member that is not looked at, bytes that are no text do no harm.
        let shown = String::from_utf8_lossy(text);
        let says = match serde_json::from_str::<Value>(&shown) {
            Ok(json) => meaning(http, &json),
            Err(_) => Meaning::Open,
        };
        let read = read(&cancel(http, &body));
        // What is ambiguous may be left open; it is never taken for more than it says.
        prop_assert!(read == Meaning::Open || read == says, "{read:?}, but it says {says:?}: {shown}");
    }

    #[test]
    fn a_well_formed_reply_to_a_cancel_is_read_as_recorded_ones_say(http in statuses(), body in envelopes()) {
        let answer = cancel(http, &serde_json::to_vec(&body).unwrap());
        prop_assert_eq!(read(&answer), meaning(http, &body), "{:?}", answer);
    }

    #[test]
    fn a_status_and_a_create_have_an_outcome_whatever_comes_back(http in statuses(), body in bodies()) {
        let runtime = runtime();
        let status = runtime.block_on(pesapal(&fake(http, &body)).status(&order()));
        let created = runtime.block_on(pesapal(&fake(http, &body)).create(&new_order()));
        if !(200..300).contains(&http) {
            prop_assert!(status.is_err() && created.is_err());
        }
    }

    /// Nothing is sent to cancel an order where no token was given.
    #[test]
    fn any_reply_to_a_token_request_is_a_token_or_nothing_is_sent(http in statuses(), body in bodies(), words in "[ -~]{0,20}") {
        for body in [body, token(&words.replace(['"', '\\'], ""), 3600).into_bytes()] {
            let fake = Fake::new().token_reply(http, body).reply(200, replies::CANCELLED);
            let answer = runtime().block_on(pesapal(&fake).cancel(&order()));
            match answer {
                Ok(_) => prop_assert_eq!(fake.calls().len(), 1),
                Err(error) => {
                    prop_assert_eq!(fake.calls().len(), 0);
                    prop_assert_eq!(error.delivery(), Delivery::NotSent);
                }
            }
        }
    }

    #[test]
    fn any_notification_is_read_or_refused(query in any::<String>(), body in bodies(), long in 0_usize..2 * MAX_IPN_LEN) {
        let _ = Ipn::from_query(&query);
        let _ = Ipn::from_json(&body);
        prop_assert!(Ipn::from_query(&"&".repeat(long)).is_err());
        prop_assert!(Ipn::from_json(&vec![b' '; long]).is_err());
    }

    #[test]
    fn both_ways_to_deliver_a_notification_say_the_same(kind in "[a-zA-Z]{1,12}", reference in any::<String>()) {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("OrderTrackingId", GUID);
        query.append_pair("OrderMerchantReference", &reference);
        query.append_pair("OrderNotificationType", &kind);
        let body = json!({
            "OrderTrackingId": GUID,
            "OrderMerchantReference": reference,
            "OrderNotificationType": kind,
        });
        let by_get = Ipn::from_query(&query.finish());
        let by_post = Ipn::from_json(&serde_json::to_vec(&body).unwrap());
        prop_assert_eq!(&by_get, &by_post);
        let ipn = by_get.unwrap();
        prop_assert_eq!(&ipn.reference, &reference);
        let reply: Value = serde_json::from_slice(&ipn.reply(IpnVerdict::Served)).unwrap();
        prop_assert_eq!(&reply["orderMerchantReference"], &json!(reference));
    }
}
