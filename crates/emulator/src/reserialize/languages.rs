//! JSON as Node and PHP write it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Reserializer;

/// `JSON.parse`, a sort of the top level and `JSON.stringify`.
pub(crate) const NODE: Reserializer = Reserializer {
    write: as_node,
    named: "as Node writes it again",
};

/// `json_decode` to arrays, a recursive `ksort` and `json_encode` with slashes and Unicode not escaped.
pub(crate) const PHP: Reserializer = Reserializer {
    write: as_php,
    named: "as PHP writes it again",
};

/// The same with everything but ASCII escaped, as `json_encode` does unless it is told otherwise.
pub(crate) const PHP_ESCAPED: Reserializer = Reserializer {
    write: as_php_escaped,
    named: "as PHP writes it again with Unicode escaped",
};

/// A real body is two deep; this is far from what the stack holds.
const DEEPEST: usize = 64;

/// The body after `JSON.parse`, a sort of the top level and `JSON.stringify`; None where it is no JSON.
fn as_node(body: &[u8]) -> Option<String> {
    let mut value = read_body(body)?;
    if let Json::Object(members) = &mut value {
        members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    }
    let mut out = String::new();
    write(&value, Language::Node, &mut out);
    Some(out)
}

/// The body after `json_decode` to arrays, a recursive `ksort` and `json_encode` with slashes and Unicode not
/// escaped; None where it is no JSON.
fn as_php(body: &[u8]) -> Option<String> {
    let value = read_body(body)?;
    let mut out = String::new();
    write(&value, Language::Php, &mut out);
    Some(out)
}

/// The same with all but ASCII escaped, as `json_encode` does unless it is told otherwise; None where it is no JSON.
fn as_php_escaped(body: &[u8]) -> Option<String> {
    // Outside of texts and keys there is nothing but ASCII.
    let raw = as_php(body)?;
    let mut out = String::new();
    for it in raw.chars() {
        if it.is_ascii() {
            out.push(it);
        } else {
            for unit in it.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!(r"\u{unit:04x}"));
            }
        }
    }
    Some(out)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Node,
    Php,
}

enum Json {
    /// `true`, `false` or `null`.
    Word(String),
    /// Its digits as received.
    Number(String),
    Text(String),
    Array(Vec<Self>),
    /// Each key once, where it stood first, with its last value.
    Object(Vec<(String, Self)>),
}

fn read_body(body: &[u8]) -> Option<Json> {
    read(serde_json::from_slice(body).ok()?, 0)
}

fn read(raw: &RawValue, depth: usize) -> Option<Json> {
    if depth > DEEPEST {
        return None;
    }
    let text = raw.get();
    Some(match text.as_bytes().first()? {
        b'{' => {
            let Members(members) = serde_json::from_str(text).ok()?;
            let mut read_members: Vec<(String, Json)> = Vec::new();
            for (key, value) in members {
                let value = read(value, depth + 1)?;
                match read_members.iter_mut().find(|it| it.0 == key) {
                    Some(known) => known.1 = value,
                    None => read_members.push((key, value)),
                }
            }
            Json::Object(read_members)
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let items: Option<_> = items.into_iter().map(|it| read(it, depth + 1)).collect();
            Json::Array(items?)
        }
        b'"' => Json::Text(serde_json::from_str(text).ok()?),
        b't' | b'f' | b'n' => Json::Word(text.to_owned()),
        _ => Json::Number(text.to_owned()),
    })
}

/// An object's members in the order they stand.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

fn write(value: &Json, language: Language, out: &mut String) {
    match value {
        Json::Word(word) => out.push_str(word),
        Json::Number(digits) => out.push_str(&number(digits, language)),
        Json::Text(text) => write_text(text, language, out),
        Json::Array(items) => write_list(items.iter(), language, out),
        Json::Object(members) => {
            let members = in_order(members, language);
            // PHP's arrays do not remember that they were objects.
            let is_list = || (0..).zip(&members).all(|(at, it)| index(&it.0) == Some(at));
            if language == Language::Php && is_list() {
                return write_list(members.iter().map(|it| &it.1), language, out);
            }
            out.push('{');
            for (at, (key, value)) in members.into_iter().enumerate() {
                separate(at, out);
                write_text(key, language, out);
                out.push(':');
                write(value, language, out);
            }
            out.push('}');
        }
    }
}

fn write_list<'a>(items: impl Iterator<Item = &'a Json>, language: Language, out: &mut String) {
    out.push('[');
    for (at, item) in items.enumerate() {
        separate(at, out);
        write(item, language, out);
    }
    out.push(']');
}

fn separate(at: usize, out: &mut String) {
    if at > 0 {
        out.push(',');
    }
}

/// Keys that are whole numbers come first in either language; PHP sorts the others too.
fn in_order(members: &[(String, Json)], language: Language) -> Vec<&(String, Json)> {
    let mut members: Vec<_> = members.iter().collect();
    if language == Language::Php {
        members.sort_by(|a, b| a.0.cmp(&b.0));
    }
    members.sort_by_key(|it| index(&it.0).unwrap_or(u64::MAX));
    members
}

/// The number that a key is, where it is written as that number would be.
fn index(key: &str) -> Option<u64> {
    let number: u32 = key.parse().ok()?;
    (number.to_string() == key).then_some(number.into())
}

fn number(digits: &str, language: Language) -> String {
    if language == Language::Php
        && let Ok(integer) = digits.parse::<i64>()
    {
        return integer.to_string();
    }
    // Rust reads the nearest double, and writes the fewest digits that lead back to it, as both languages do.
    let value: f64 = digits.parse().unwrap_or_default();
    if !value.is_finite() {
        return "null".to_owned();
    }
    let sign = match language {
        // JavaScript forgets the sign of a zero.
        Language::Node if value == 0.0 => "",
        Language::Node | Language::Php if value.is_sign_negative() => "-",
        Language::Node | Language::Php => "",
    };
    let shortest = format!("{:e}", value.abs());
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits = mantissa.replace('.', "");
    let exponent: i32 = exponent.parse().unwrap_or_default();
    format!("{sign}{}", placed(&digits, exponent, language))
}

/// The digits with their point, or with an exponent where the language takes to one.
fn placed(digits: &str, exponent: i32, language: Language) -> String {
    let plain = match language {
        Language::Node => -6..=20,
        Language::Php => -4..=16,
    };
    if !plain.contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        let rest = match (rest, language) {
            ("", Language::Node) => String::new(),
            ("", Language::Php) => ".0".to_owned(),
            (rest, Language::Node | Language::Php) => format!(".{rest}"),
        };
        return format!("{first}{rest}e{exponent:+}");
    }
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let before_point = usize::try_from(exponent + 1).unwrap_or_default();
    if exponent < 0 {
        format!("0.{}{digits}", zeros(-exponent - 1))
    } else if exponent + 1 >= count {
        format!("{digits}{}", zeros(exponent + 1 - count))
    } else {
        let (whole, fraction) = digits.split_at(before_point);
        format!("{whole}.{fraction}")
    }
}

fn write_text(text: &str, language: Language, out: &mut String) {
    out.push('"');
    for it in text.chars() {
        match it {
            '"' => out.push_str(r#"\""#),
            '\\' => out.push_str(r"\\"),
            '\u{8}' => out.push_str(r"\b"),
            '\u{c}' => out.push_str(r"\f"),
            '\n' => out.push_str(r"\n"),
            '\r' => out.push_str(r"\r"),
            '\t' => out.push_str(r"\t"),
            '\u{2028}' | '\u{2029}' if language == Language::Php => push_code(it, out),
            it if it < ' ' => push_code(it, out),
            it => out.push(it),
        }
    }
    out.push('"');
}

fn push_code(it: char, out: &mut String) {
    out.push_str(&format!(r"\u{:04x}", u32::from(it)));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What differs between the two languages, and what is lost in each.
    const BODY: &str = r#"{"z": [105.00,105.5,0.1,1e21,1e20,123456789012345680000000,0.000001,0.0000001,1.5e-7,0.0001,0.00001,1e16,1e17,1.25e17,123456789012345678,9007199254740993,18446744073709551616,-0,-0.0,0.0,0,-1.5,1e5,-7,0.30000000000000004,12345678901234567.5],"a":{"b":{},"10":1,"9":2,"a":[],"é\/\u2028":"\u0001\u001f\u007f\b\f\n\r\t\"\\/é😀"},"l":{"0":"x","1":"y"},"m":{"1":"x","0":"y"},"dup":1,"dup":{"q":null,"p":true},"B":false}"#;

    #[test]
    fn node_writes_it_as_node_22_did() {
        let expected = concat!(
            r#"{"B":false,"a":{"9":2,"10":1,"b":{},"a":[],"é/"#,
            "\u{2028}\":\"\\u0001\\u001f\u{7f}",
            r#"\b\f\n\r\t\"\\/é😀"},"dup":{"q":null,"p":true},"l":{"0":"x","1":"y"},"m":{"0":"y","1":"x"},"#,
            r#""z":[105,105.5,0.1,1e+21,100000000000000000000,1.2345678901234569e+23,0.000001,1e-7,1.5e-7,"#,
            "0.0001,0.00001,10000000000000000,100000000000000000,125000000000000000,123456789012345680,",
            "9007199254740992,18446744073709552000,0,0,0,0,-1.5,100000,-7,0.30000000000000004,",
            "12345678901234568]}",
        );
        assert_eq!(as_node(BODY.as_bytes()).as_deref(), Some(expected));
    }

    #[test]
    fn php_writes_it_as_php_8_2_did() {
        let expected = concat!(
            r#"{"B":false,"a":{"9":2,"10":1,"a":[],"b":[],"é/\u2028":"\u0001\u001f"#,
            "\u{7f}",
            r#"\b\f\n\r\t\"\\/é😀"},"dup":{"p":true,"q":null},"l":["x","y"],"m":["y","x"],"#,
            r#""z":[105,105.5,0.1,1.0e+21,1.0e+20,1.2345678901234569e+23,1.0e-6,1.0e-7,1.5e-7,0.0001,"#,
            "1.0e-5,10000000000000000,1.0e+17,1.25e+17,123456789012345678,9007199254740993,",
            "1.8446744073709552e+19,0,-0,0,0,-1.5,100000,-7,0.30000000000000004,12345678901234568]}",
        );
        assert_eq!(as_php(BODY.as_bytes()).as_deref(), Some(expected));
    }

    #[test]
    fn php_escapes_unicode_unless_told_otherwise_as_8_2_did() {
        let expected = concat!(
            r#"{"B":false,"a":{"9":2,"10":1,"a":[],"b":[],"\u00e9/\u2028":"\u0001\u001f"#,
            "\u{7f}",
            r#"\b\f\n\r\t\"\\/\u00e9\ud83d\ude00"},"dup":{"p":true,"q":null},"l":["x","y"],"m":["y","x"],"#,
            r#""z":[105,105.5,0.1,1.0e+21,1.0e+20,1.2345678901234569e+23,1.0e-6,1.0e-7,1.5e-7,0.0001,"#,
            "1.0e-5,10000000000000000,1.0e+17,1.25e+17,123456789012345678,9007199254740993,",
            "1.8446744073709552e+19,0,-0,0,0,-1.5,100000,-7,0.30000000000000004,12345678901234568]}",
        );
        let written = as_php_escaped(BODY.as_bytes());
        assert_eq!(written.as_deref(), Some(expected));
    }

    #[test]
    fn what_is_no_json_or_endless_is_not_rewritten() {
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        for body in ["", "{", "x", r#"{"a":1}x"#, &deep] {
            assert_eq!(as_node(body.as_bytes()), None, "{body}");
            assert_eq!(as_php(body.as_bytes()), None, "{body}");
            assert_eq!(as_php_escaped(body.as_bytes()), None, "{body}");
        }
    }
}
