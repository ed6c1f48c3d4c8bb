//! What we sign against what Node and PHP sign: a server that reads a body and writes it
//! again, before it checks the signature, must arrive at the same.

mod payloads;
mod signers;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use duka_core::clock::SharedClock;
use duka_core::{Customer, Delivery, Error, ErrorKind, Gateway, Money, NewOrder, OrderId};
use duka_http::{Intent, Reply, Request, RetryPolicy, Transport};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::gateway::KwikPaisa;
use crate::payload::{Json, Members, Unicode};
use payloads::{Quirk, payloads, quirks, respelt};
use signers::{Signed, Signer, Task};

pub(crate) const KEY: &str = "YOUR_SECRET_KEY";
pub(crate) const TIME: i64 = 1_778_659_835;

/// Payloads and what the formula makes of them with [`KEY`] at [`TIME`], computed with Node,
/// PHP and Python when the pages were read.
pub(crate) const VECTORS: [(&str, &str); 3] = [
    (
        r#"{"amount":"100","order_id":"123456"}"#,
        "6aafa6ffebb2465388bb65c4bcd41a125b218686fa305979d23b4c435af6d209",
    ),
    (
        r#"{"order_id":6116229263036}"#,
        "cea778fa5a41f1fdb806384d9183202785390d7063d4d2cf83ad5ac28ae953ed",
    ),
    (
        r#"{"customer":{"email":"a@example.com","name":"Ajay","phone":"9999999999"},"order_amount":105,"order_currency":"INR","order_id":6116229263036,"order_note":"Additional order info","return_url":"https://merchant.example/return","service_type":"DIGITAL"}"#,
        "92507eebe062955461fc943e79f187ce4425a31fffd45448d14f53871d9ce2a9",
    ),
];

/// Where the random payloads begin; another one makes another thousand.
const SEED: [u8; 32] = *b"kwikpaisa signing parity, seed 1";
const PAYLOADS: usize = 1000;

/// Made once for all tests.
static RANDOM: LazyLock<Vec<Json>> = LazyLock::new(|| random(&payloads(), PAYLOADS));

fn random<S: Strategy>(strategy: &S, count: usize) -> Vec<S::Value> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let one = |_| strategy.new_tree(&mut runner).unwrap().current();
    (0..count).map(one).collect()
}

/// How we write for a server that is `signer`.
fn unicode_for(signer: Signer) -> Unicode {
    match signer {
        Signer::Node | Signer::Php => Unicode::Raw,
        Signer::PhpEscaped => Unicode::Escaped,
    }
}

/// Ours, by way of the header that a request carries.
fn signed(json: &Json, unicode: Unicode, time: i64) -> Signed {
    let body = json.write(Members::Sorted, unicode);
    let signer = crate::auth::Signer::new("pk_test_1".into(), KEY.into());
    let url = "https://gateway.example/".parse().unwrap();
    shown(&signer.sign(url, body, Timestamp::from_second(time).unwrap()))
}

fn shown(request: &Request) -> Signed {
    let signature = request.headers().find(|it| it.name == "X-SIGNATURE");
    Signed {
        signature: signature.unwrap().value.to_owned(),
        payload: String::from_utf8(request.body().unwrap().to_vec()).unwrap(),
    }
}

fn time_of(number: usize) -> i64 {
    TIME + i64::try_from(number).unwrap()
}

#[test]
fn a_thousand_random_payloads_have_the_signatures_that_node_and_php_give_them() {
    let payloads = &*RANDOM;
    let seed = String::from_utf8_lossy(&SEED);
    let task = |(number, json)| Task {
        timestamp: time_of(number).to_string(),
        json: respelt(json),
    };
    let tasks: Vec<_> = payloads.iter().enumerate().map(task).collect();
    for signer in Signer::ALL {
        let Some(theirs) = signer.sign(KEY, &tasks) else {
            continue;
        };
        let mut compared = 0;
        for (number, (json, theirs)) in payloads.iter().zip(theirs).enumerate() {
            if quirks(json).iter().any(|it| it.troubles(signer)) {
                continue;
            }
            let ours = signed(json, unicode_for(signer), time_of(number));
            let which = format!("{signer:?}, payload {number} of {seed:?}");
            assert_eq!(ours, theirs, "{which}: {}", tasks[number].json);
            compared += 1;
        }
        assert!(compared >= PAYLOADS * 3 / 4, "{signer:?}: only {compared}");
    }
}

#[test]
fn the_random_payloads_hold_everything_that_is_hard_to_sign() {
    let payloads = &*RANDOM;
    let mut found: BTreeMap<Quirk, usize> = BTreeMap::new();
    for quirk in payloads.iter().flat_map(quirks) {
        *found.entry(quirk).or_default() += 1;
    }
    for quirk in Quirk::ALL {
        assert!(found.contains_key(&quirk), "no {quirk:?} among {found:?}");
    }
    let spellings: String = payloads.iter().map(respelt).collect();
    for (what, text) in [
        ("an object in an array", "[ { "),
        ("an array in an object", ": [ "),
        ("a slash", "\\/"),
        ("a control character", "\\u001"),
        ("a combining character", "\\u0301"),
        ("a character of two units", "\\uD83D\\uDE"),
        ("a line separator", "\\u2028"),
        ("a fraction", ".5"),
    ] {
        assert!(spellings.contains(text), "no payload has {what}");
    }
}

#[test]
fn the_published_vectors_hold_in_every_language() {
    let task = |(payload, _): &(&str, &str)| Task {
        timestamp: TIME.to_string(),
        json: (*payload).to_owned(),
    };
    let tasks: Vec<_> = VECTORS.iter().map(task).collect();
    let wanted = VECTORS.map(|(payload, signature)| Signed {
        signature: signature.to_owned(),
        payload: payload.to_owned(),
    });
    for signer in Signer::ALL {
        if let Some(theirs) = signer.sign(KEY, &tasks) {
            assert_eq!(theirs, wanted, "{signer:?}");
        }
    }
    for wanted in wanted {
        let json = Json::parse(wanted.payload.as_bytes()).unwrap();
        assert_eq!(signed(&json, Unicode::Raw, TIME), wanted);
    }
}

/// What each signs for a payload that is as we sign it: where they differ, no spelling suits all.
#[test]
fn where_the_languages_part_is_known() {
    let same = |json: &'static str| [json; 3];
    let table: [(&str, &str, [&str; 3]); 16] = [
        // Node has no exact integers beyond 2^53: an id of that size goes as text.
        (
            "2^53",
            r#"{"a":9007199254740992}"#,
            same(r#"{"a":9007199254740992}"#),
        ),
        (
            "2^53 + 1",
            r#"{"a":9007199254740993}"#,
            [
                r#"{"a":9007199254740992}"#,
                r#"{"a":9007199254740993}"#,
                r#"{"a":9007199254740993}"#,
            ],
        ),
        (
            "2^63",
            r#"{"a":9223372036854775808}"#,
            [
                r#"{"a":9223372036854776000}"#,
                r#"{"a":9.223372036854776e+18}"#,
                r#"{"a":9.223372036854776e+18}"#,
            ],
        ),
        (
            "the same as text",
            r#"{"a":"9223372036854775808"}"#,
            same(r#"{"a":"9223372036854775808"}"#),
        ),
        // Amounts have fifteen digits at most, and no currency more than four decimals.
        (
            "15 digits",
            r#"{"a":9999999999999.99}"#,
            same(r#"{"a":9999999999999.99}"#),
        ),
        (
            "18 digits",
            r#"{"a":1234567890123456.78}"#,
            [
                r#"{"a":1234567890123456.8}"#,
                r#"{"a":1234567890123456.8}"#,
                r#"{"a":1234567890123456.8}"#,
            ],
        ),
        (
            "the fourth decimal",
            r#"{"a":0.0001}"#,
            same(r#"{"a":0.0001}"#),
        ),
        (
            "the fifth decimal",
            r#"{"a":0.00001}"#,
            [r#"{"a":0.00001}"#, r#"{"a":1.0e-5}"#, r#"{"a":1.0e-5}"#],
        ),
        // Why amounts are written in their shortest form.
        ("zeros at the end", r#"{"a":105.00}"#, same(r#"{"a":105}"#)),
        // None of our keys is a number.
        (
            "numbers as keys",
            r#"{"1":1,"10":3,"2":2}"#,
            same(r#"{"1":1,"2":2,"10":3}"#),
        ),
        (
            "numbers from nought as keys",
            r#"{"0":1,"1":2}"#,
            [r#"{"0":1,"1":2}"#, "[1,2]", "[1,2]"],
        ),
        (
            "equal numbers as keys",
            r#"{"1e1":1,"10":2}"#,
            [
                r#"{"10":2,"1e1":1}"#,
                r#"{"1e1":1,"10":2}"#,
                r#"{"1e1":1,"10":2}"#,
            ],
        ),
        // All of our keys are ASCII.
        (
            "keys around the surrogates",
            "{\"\u{1f600}\":1,\"\u{ff5e}\":2}",
            [
                "{\"\u{1f600}\":1,\"\u{ff5e}\":2}",
                "{\"\u{ff5e}\":2,\"\u{1f600}\":1}",
                r#"{"\uff5e":2,"\ud83d\ude00":1}"#,
            ],
        ),
        // We leave out what is absent.
        (
            "no members",
            r#"{"a":{}}"#,
            [r#"{"a":{}}"#, r#"{"a":[]}"#, r#"{"a":[]}"#],
        ),
        // A note may hold it: no spelling of it is right in Node and in PHP.
        (
            "a line separator",
            "{\"a\":\"\u{2028}\"}",
            [
                "{\"a\":\"\u{2028}\"}",
                r#"{"a":"\u2028"}"#,
                r#"{"a":"\u2028"}"#,
            ],
        ),
        (
            "an accent",
            r#"{"a":"é"}"#,
            [r#"{"a":"é"}"#, r#"{"a":"é"}"#, r#"{"a":"\u00e9"}"#],
        ),
    ];
    let task = |(_, json, _): &(&str, &str, _)| Task {
        timestamp: TIME.to_string(),
        json: (*json).to_owned(),
    };
    let tasks: Vec<_> = table.iter().map(task).collect();
    for (column, signer) in Signer::ALL.into_iter().enumerate() {
        for ((what, _, wanted), theirs) in table
            .iter()
            .zip(signer.sign(KEY, &tasks).into_iter().flatten())
        {
            assert_eq!(theirs.payload, wanted[column], "{what}, {signer:?}");
        }
    }
}

/// Keeps what it is to send and answers nothing.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<Request>>);

#[async_trait]
impl Transport for Kept {
    async fn exchange(&self, request: Request, _: Intent) -> Result<Reply, Error> {
        self.0.lock().unwrap().push(request);
        Err(Error::new(
            ErrorKind::Unavailable,
            Delivery::Unknown,
            "no server answers",
        ))
    }
}

/// Orders as shops have them, with any text in the note and the name.
fn orders() -> impl Strategy<Value = NewOrder> {
    let ids = prop_oneof![
        (1..=1_u64 << 53).prop_map(|id| OrderId::integer(id.to_string()).unwrap()),
        any::<u128>().prop_map(|id| OrderId::text(id.to_string()).unwrap()),
        "[A-Za-zé/][ -~]{0,20}[a-z]".prop_map(|id| OrderId::text(id).unwrap()),
    ];
    let money = prop_oneof![
        (1..1_000_000_000_000_000_i64, Just("INR"), Just(2)),
        (1..1_000_000_000_000_000_i64, Just("KWD"), Just(3)),
        (1..1_000_000_000_000_000_i64, Just("JPY"), Just(0)),
    ];
    // No spelling of a line separator is right in Node and in PHP.
    let text = || "\\PC{1,40}[a-z]".prop_map(|text| text.replace(['\u{2028}', '\u{2029}'], " "));
    (ids, money, text(), text()).prop_map(|(id, (digits, currency, scale), note, name)| {
        let amount = duka_core::money::Decimal::new(digits, scale).to_string();
        let customer = Customer {
            name: Some(name),
            email: Some("a@example.com".to_owned()),
            phone: Some("9999999999".to_owned()),
        };
        let url = "https://shop.example/r?a=1&b=é".parse().unwrap();
        NewOrder::new(
            id,
            Money::parse(&amount, currency).unwrap(),
            note,
            customer,
            url,
        )
    })
}

#[tokio::test]
async fn an_order_is_signed_so_that_reading_and_writing_it_again_changes_nothing() {
    let orders = random(&orders(), 200);
    for signer in Signer::ALL {
        let kept = Arc::new(Kept::default());
        let now = SharedClock::new(|| Timestamp::from_second(TIME).unwrap());
        let gateway = KwikPaisa::builder("pk_test_1".into(), KEY.into(), now)
            .transport(kept.clone())
            .retry(RetryPolicy::new(1, Duration::ZERO, Duration::ZERO))
            .default_service_type("DIGITAL")
            .unicode(unicode_for(signer))
            .build()
            .unwrap();
        for order in &orders {
            gateway.create(order).await.unwrap_err();
            gateway.status(&order.reference).await.unwrap_err();
        }
        let sent: Vec<_> = kept.0.lock().unwrap().iter().map(shown).collect();
        assert!(sent.len() >= 2 * orders.len());
        let task = |sent: &Signed| Task {
            timestamp: TIME.to_string(),
            json: sent.payload.clone(),
        };
        let tasks: Vec<_> = sent.iter().map(task).collect();
        if let Some(theirs) = signer.sign(KEY, &tasks) {
            for (ours, theirs) in sent.iter().zip(&theirs) {
                assert_eq!(ours, theirs, "{signer:?}");
            }
        }
    }
}
