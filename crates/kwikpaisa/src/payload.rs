//! JSON as the signature wants it: exact numbers, sorted keys, one way to write each value.

use std::fmt::Write as _;

use duka_core::money::Decimal;
use duka_http::adapter::{JsonMembers, JsonScalar};
use serde::de;

/// How deep a value may be nested when it is read. The gateway's are two deep.
const DEEPEST: usize = 16;

/// A JSON value whose numbers are kept as text, since ids exceed what a float can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// A JSON number, as it is to be written.
    Number(String),
    Text(String),
    Array(Vec<Self>),
    /// Members in the order they were given.
    Object(Vec<(String, Self)>),
}

/// How characters outside ASCII are written in a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Unicode {
    /// As they are, as JavaScript writes them.
    ///
    /// assumed: that the gateway signs the bytes it received, or writes them so itself.
    /// No page says whether its PHP escapes; if a name with an accent is refused with HTTP
    /// 401 and a plain one is not, it does, and the other setting is right.
    #[default]
    Raw,
    /// As `\u` and four lowercase hex digits for each UTF-16 code unit, as PHP writes them
    /// unless told otherwise.
    Escaped,
}

/// The order in which an object's members are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Members {
    /// By key, recursively (page *signature*).
    Sorted,
    AsGiven,
}

impl Json {
    /// An amount in its shortest form: 105 and 105.5, never 105.00. A server that reads
    /// the body and writes it again before checking the signature arrives at the same.
    pub(crate) fn amount(amount: Decimal) -> Self {
        Self::Number(amount.normalize().to_string())
    }

    /// Reads any JSON, numbers exactly. Duplicate keys and deep nesting are refused.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        Self::from_member(serde_json::from_slice(bytes)?, 0)
    }

    fn from_member(member: JsonScalar, depth: usize) -> Result<Self, serde_json::Error> {
        if depth > DEEPEST {
            return Err(de::Error::custom("nested too deeply"));
        }
        Ok(match member {
            JsonScalar::Null => Self::Null,
            JsonScalar::Bool(value) => Self::Bool(value),
            JsonScalar::Number(digits) => Self::Number(digits),
            JsonScalar::Text(text) => Self::Text(text),
            JsonScalar::Other(json) if json.starts_with('{') => {
                let JsonMembers(members) = serde_json::from_str(&json)?;
                let read = |(key, value)| Ok((key, Self::from_member(value, depth + 1)?));
                Self::Object(members.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            // An array; a string that cannot be decoded is none, and refused.
            JsonScalar::Other(json) => {
                let items: Vec<JsonScalar> = serde_json::from_str(&json)?;
                let read = |item| Self::from_member(item, depth + 1);
                Self::Array(items.into_iter().map(read).collect::<Result<_, _>>()?)
            }
        })
    }

    /// Numbers as a program writes them that read them as decimals: 105.00 becomes 105.
    /// What is not a plain decimal stays as it is.
    pub(crate) fn with_short_numbers(self) -> Self {
        match self {
            Self::Number(text) => match Decimal::from_str_exact(&text) {
                Ok(value) => Self::amount(value),
                Err(_) => Self::Number(text),
            },
            Self::Array(items) => {
                Self::Array(items.into_iter().map(Self::with_short_numbers).collect())
            }
            Self::Object(members) => Self::Object(
                members
                    .into_iter()
                    .map(|(key, value)| (key, value.with_short_numbers()))
                    .collect(),
            ),
            other @ (Self::Null | Self::Bool(_) | Self::Text(_)) => other,
        }
    }

    /// The bytes to sign and to send: compact, slashes raw.
    pub(crate) fn write(&self, members: Members, unicode: Unicode) -> Vec<u8> {
        let mut out = String::new();
        self.write_to(&mut out, members, unicode);
        out.into_bytes()
    }

    fn write_to(&self, out: &mut String, order: Members, unicode: Unicode) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => write_text(out, text, unicode),
            Self::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    separate(out, index);
                    item.write_to(out, order, unicode);
                }
                out.push(']');
            }
            Self::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                match order {
                    // By UTF-16 code unit, as JavaScript sorts; Rust's own order differs
                    // beyond U+FFFF.
                    Members::Sorted => {
                        members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
                    }
                    Members::AsGiven => {}
                }
                out.push('{');
                for (index, (key, value)) in members.into_iter().enumerate() {
                    separate(out, index);
                    write_text(out, key, unicode);
                    out.push(':');
                    value.write_to(out, order, unicode);
                }
                out.push('}');
            }
        }
    }
}

fn separate(out: &mut String, index: usize) {
    if index > 0 {
        out.push(',');
    }
}

/// A string as `JSON.stringify` and PHP's `json_encode` both write it, but for the setting.
///
/// assumed: U+2028 and U+2029 raw as in JavaScript, where PHP escapes them in either setting.
fn write_text(out: &mut String, text: &str, unicode: Unicode) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' || (!c.is_ascii() && unicode == Unicode::Escaped) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}").expect("a String takes all that is written");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(json: &str, unicode: Unicode) -> String {
        let value = Json::parse(json.as_bytes()).unwrap();
        String::from_utf8(value.write(Members::Sorted, unicode)).unwrap()
    }

    #[test]
    fn keys_are_sorted_at_every_depth_and_arrays_keep_their_order() {
        let text = sorted(
            r#" {"b" : 1, "a": [ {"z":null,"y":true}, 2 ], "B": {} } "#,
            Unicode::Raw,
        );
        assert_eq!(text, r#"{"B":{},"a":[{"y":true,"z":null},2],"b":1}"#);
    }

    #[test]
    fn keys_are_sorted_by_utf16_code_unit() {
        // U+1F600 is a pair that begins with D83D, below U+FF5E, although it is above it.
        let text = sorted("{\"\u{ff5e}\":1,\"\u{1f600}\":2}", Unicode::Raw);
        assert_eq!(text, "{\"\u{1f600}\":2,\"\u{ff5e}\":1}");
    }

    #[test]
    fn slashes_and_unicode_are_raw_unless_told_otherwise() {
        let json = r#"{"u":"https:\/\/a/é😀","c":"\u0001\b\f\n\r\t\"\\\u007f"}"#;
        assert_eq!(
            sorted(json, Unicode::Raw),
            "{\"c\":\"\\u0001\\b\\f\\n\\r\\t\\\"\\\\\u{7f}\",\"u\":\"https://a/é😀\"}"
        );
        assert_eq!(
            sorted(json, Unicode::Escaped),
            "{\"c\":\"\\u0001\\b\\f\\n\\r\\t\\\"\\\\\u{7f}\",\"u\":\"https://a/\\u00e9\\ud83d\\ude00\"}"
        );
    }

    #[test]
    fn numbers_are_written_as_they_were_read() {
        let json = r#"[9007199254740993,123456789012345678901234567890,105.00,-0,1e5]"#;
        assert_eq!(sorted(json, Unicode::Raw), json);
    }

    #[test]
    fn short_numbers_are_the_same_values() {
        let value = Json::parse(b"{\"a\":[105.00,105.50,1e5,-0.0,9007199254740993,null]}").unwrap();
        let bytes = value
            .with_short_numbers()
            .write(Members::AsGiven, Unicode::Raw);
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text, r#"{"a":[105,105.5,1e5,0,9007199254740993,null]}"#);
    }

    #[test]
    fn an_amount_has_its_shortest_form() {
        let cases = [
            ("105.00", "105"),
            ("105.50", "105.5"),
            ("0.10", "0.1"),
            ("100", "100"),
            ("1000000000000", "1000000000000"),
        ];
        for (given, written) in cases {
            let amount = Decimal::from_str_exact(given).unwrap();
            assert_eq!(Json::amount(amount), Json::Number(written.to_owned()));
        }
    }

    #[test]
    fn what_is_ambiguous_or_endless_is_refused() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        for json in [r#"{"a":1,"a":2}"#, r#"{"a":1}x"#, "{", "", "NaN", &deep] {
            assert!(Json::parse(json.as_bytes()).is_err());
        }
    }

    /// Any JSON with whole numbers, as another program's parser holds it.
    fn values() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

        #[test]
        fn any_json_is_signed_the_same_after_a_program_has_read_and_written_it(value in values()) {
            let compact = serde_json::to_string(&value).unwrap();
            let spread = serde_json::to_string_pretty(&value).unwrap();
            for unicode in [Unicode::Raw, Unicode::Escaped] {
                let signed = sorted(&compact, unicode);
                prop_assert_eq!(&sorted(&spread, unicode), &signed);
                prop_assert_eq!(&sorted(&signed, unicode), &signed);
                let read: serde_json::Value = serde_json::from_str(&signed).unwrap();
                prop_assert_eq!(&read, &value);
            }
        }

        #[test]
        fn any_bytes_are_json_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let valid = serde_json::from_slice::<serde_json::Value>(&bytes).is_ok();
            prop_assert!(valid || Json::parse(&bytes).is_err());
        }
    }
}
