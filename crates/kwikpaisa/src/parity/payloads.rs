//! Payloads at random, another spelling of each, and what in one of them no two languages agree about.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use duka_core::money::Decimal;
use proptest::prelude::*;

use super::signers::Signer;
use crate::payload::Json;

/// What a program cannot read and write again without a change, or sorts in a way of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Quirk {
    /// An integer beyond 2^53: Node has no exact one.
    IntegerBeyondFloats,
    /// An integer beyond 64 bits: PHP makes a float of it.
    IntegerBeyondPhp,
    /// A fraction of more than 15 digits: both read floats.
    LongFraction,
    /// A fraction below 0.0001: PHP writes an exponent, and below 0.000001 so does Node.
    TinyFraction,
    /// A key that looks like a number: Node puts integers first, and PHP compares by value.
    NumericKey,
    /// Keys of which one has a character above U+FFFF and one has any above U+DFFF: PHP
    /// sorts bytes, Node UTF-16 units.
    KeysAroundSurrogates,
    /// An object without members: PHP cannot tell it from an empty list.
    EmptyObject,
    /// U+2028 or U+2029: PHP escapes them even where it leaves Unicode alone.
    LineSeparator,
}

impl Quirk {
    pub(super) const ALL: [Self; 8] = [
        Self::IntegerBeyondFloats,
        Self::IntegerBeyondPhp,
        Self::LongFraction,
        Self::TinyFraction,
        Self::NumericKey,
        Self::KeysAroundSurrogates,
        Self::EmptyObject,
        Self::LineSeparator,
    ];

    /// Whether `signer` may sign something else for it than we do.
    pub(super) fn troubles(self, signer: Signer) -> bool {
        let node = signer == Signer::Node;
        match self {
            Self::IntegerBeyondPhp | Self::LongFraction | Self::TinyFraction | Self::NumericKey => {
                true
            }
            Self::IntegerBeyondFloats => node,
            Self::KeysAroundSurrogates | Self::EmptyObject => !node,
            Self::LineSeparator => signer == Signer::Php,
        }
    }
}

/// Everything of that kind in one payload.
pub(super) fn quirks(json: &Json) -> BTreeSet<Quirk> {
    let mut found = BTreeSet::new();
    look(json, &mut found);
    found
}

fn look(json: &Json, found: &mut BTreeSet<Quirk>) {
    match json {
        Json::Null | Json::Bool(_) => {}
        Json::Number(text) => look_at_number(text, found),
        Json::Text(text) => look_at_text(text, found),
        Json::Array(items) => items.iter().for_each(|item| look(item, found)),
        Json::Object(members) => {
            if members.is_empty() {
                found.insert(Quirk::EmptyObject);
            }
            let any = |from: char| {
                members
                    .iter()
                    .any(|(key, _)| key.chars().any(|c| c >= from))
            };
            if members.len() > 1 && any('\u{10000}') && any('\u{e000}') {
                found.insert(Quirk::KeysAroundSurrogates);
            }
            for (key, value) in members {
                let numeric = |c: char| c.is_ascii_digit() || "+-.".contains(c);
                if key.trim_start().starts_with(numeric) {
                    found.insert(Quirk::NumericKey);
                }
                look_at_text(key, found);
                look(value, found);
            }
        }
    }
}

fn look_at_text(text: &str, found: &mut BTreeSet<Quirk>) {
    if text.contains(['\u{2028}', '\u{2029}']) {
        found.insert(Quirk::LineSeparator);
    }
}

fn look_at_number(text: &str, found: &mut BTreeSet<Quirk>) {
    if !text.contains('.') {
        let value: i128 = text.parse().unwrap();
        if value.unsigned_abs() > 1 << 53 {
            found.insert(Quirk::IntegerBeyondFloats);
        }
        if i64::try_from(value).is_err() {
            found.insert(Quirk::IntegerBeyondPhp);
        }
        return;
    }
    let digits = text.trim_start_matches(['-', '0', '.']);
    if digits.bytes().filter(u8::is_ascii_digit).count() > 15 {
        found.insert(Quirk::LongFraction);
    }
    if text.trim_start_matches('-').starts_with("0.0000") {
        found.insert(Quirk::TinyFraction);
    }
}

/// The same in another spelling: spaces, members as they stand, all but letters and digits
/// of every text as an escape. It shares no code with what writes our requests.
pub(super) fn respelt(json: &Json) -> String {
    match json {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(text) => text.clone(),
        Json::Text(text) => escaped(text),
        Json::Array(items) => {
            let items: Vec<_> = items.iter().map(respelt).collect();
            format!("[ {} ]", items.join(" , "))
        }
        Json::Object(members) => {
            let member =
                |(key, value): &(String, Json)| format!("{}: {}", escaped(key), respelt(value));
            let members: Vec<_> = members.iter().map(member).collect();
            format!("{{ {} }}", members.join(" , "))
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        if c == '/' {
            out.push_str("\\/");
        } else if c.is_ascii_alphanumeric() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04X}").unwrap();
            }
        }
    }
    out.push('"');
    out
}

/// Any object, most of them without a quirk.
pub(super) fn payloads() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        1 => Just(Json::Null),
        1 => any::<bool>().prop_map(Json::Bool),
        4 => integers(),
        4 => fractions(),
        8 => texts().prop_map(Json::Text),
    ];
    let value = leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            objects(inner),
        ]
    });
    objects(value)
}

/// Members in any order, each key once.
fn objects(value: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    let usual = prop::collection::vec((keys(), value), 1..6);
    usual
        .prop_flat_map(|members| prop_oneof![150 => Just(members), 1 => Just(Vec::new())])
        .prop_map(|members| {
            let mut known = BTreeSet::new();
            let once = members
                .into_iter()
                .filter(|(key, _)| known.insert(key.clone()));
            Json::Object(once.collect())
        })
}

fn keys() -> impl Strategy<Value = String> {
    prop_oneof![
        120 => "[a-zA-Z_][a-zA-Z0-9_]{0,6}",
        20 => "[a-z]{0,2}[\\u{e9}\\u{4e2d}\\u{301}/ ]{1,2}",
        // Both sides of the surrogates.
        2 => "[a-z]{0,1}[\\u{ff5e}\\u{e000}\\u{1f600}\\u{d7ff}]",
        1 => "[0-9]{1,3}",
        1 => Just("__proto__".to_owned()),
    ]
}

fn integers() -> impl Strategy<Value = Json> {
    prop_oneof![
        30 => -(1_i128 << 53)..=1 << 53,
        30 => 0..10_000_i128,
        1 => any::<i64>().prop_map(Into::into),
        1 => any::<u64>().prop_map(Into::into),
    ]
    .prop_map(|value| Json::Number(value.to_string()))
}

fn fractions() -> impl Strategy<Value = Json> {
    prop_oneof![
        30 => (-10_000_000_i64..10_000_000, 0..3_u32),
        30 => (-999_999_999_999_999_i64..=999_999_999_999_999, 1..10_u32),
        1 => (0..100_i64, 4..9_u32),
        1 => (any::<i64>(), 2..6_u32),
    ]
    .prop_map(|(digits, scale)| Json::amount(Decimal::new(digits, scale)))
}

fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        40 => "[ -~]{0,6}",
        6 => "[\\u{0}-\\u{1f}\\u{7f}-\\u{9f}]",
        6 => prop::sample::select(&["https://shop.example/a?b=c&d", "</script>", "\\/", "'", "\\u00e9"][..])
            .prop_map(str::to_owned),
        6 => prop::sample::select(&["\u{e9}", "e\u{301}", "\u{928}\u{93f}", "\u{4e2d}", "\u{200d}"][..])
            .prop_map(str::to_owned),
        // The edges of what UTF-16 writes as one unit and as two.
        6 => prop::sample::select(&["\u{d7ff}", "\u{e000}", "\u{feff}", "\u{fffd}", "\u{ffff}", "\u{10000}", "\u{10ffff}"][..])
            .prop_map(str::to_owned),
        6 => "[\\u{1f300}-\\u{1f64f}]{1,2}",
        6 => "[0-9]{16,40}",
        6 => any::<String>(),
        1 => "[\\u{2028}\\u{2029}]",
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}
