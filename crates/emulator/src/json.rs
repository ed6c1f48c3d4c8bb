//! JSON numbers and texts whose digits must survive: ids, amounts and codes.
//!
//! They are read from the raw text, since a float holds neither ids beyond 2^53 nor decimals.

use std::fmt::Display;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// Whether a scalar stands in JSON as a number or as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonType {
    Number,
    Text,
}

/// A JSON number with its exact digits, or a JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonScalar {
    json_type: JsonType,
    text: String,
}

impl JsonScalar {
    /// None unless the value is a number or a text.
    pub(crate) fn read(raw: &RawValue) -> Option<Self> {
        let raw = raw.get();
        let (json_type, text) = match raw.as_bytes().first()? {
            b'"' => (JsonType::Text, serde_json::from_str(raw).ok()?),
            b'-' | b'0'..=b'9' => (JsonType::Number, raw.to_owned()),
            _ => return None,
        };
        Some(Self { json_type, text })
    }

    /// An order id as a merchant sends it: an integer, or a text that is not empty.
    pub(crate) fn read_id(raw: &RawValue) -> Option<Self> {
        let digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
        Self::read(raw).filter(|it| match it.json_type {
            JsonType::Number => digits(it.text.strip_prefix('-').unwrap_or(&it.text)),
            JsonType::Text => !it.text.is_empty(),
        })
    }

    /// A value that can be written as a number, in this type.
    pub(crate) fn number(value: impl Display, json_type: JsonType) -> Self {
        let text = value.to_string();
        Self { json_type, text }
    }

    pub(crate) const fn from_text(text: String) -> Self {
        let json_type = JsonType::Text;
        Self { json_type, text }
    }

    /// An amount with at least two decimal places, in this type.
    pub(crate) fn amount(amount: Decimal, json_type: JsonType) -> Self {
        Self::number(amount_text(amount), json_type)
    }

    /// The same in another type; a text stays text where it is not written as an integer would be.
    pub(crate) fn to_type(&self, json_type: JsonType) -> Self {
        let is_integer = self.text.bytes().all(|it| it.is_ascii_digit())
            && (self.text == "0" || !self.text.starts_with('0'));
        match json_type {
            JsonType::Number if !is_integer => self.clone(),
            JsonType::Number | JsonType::Text => Self::number(&self.text, json_type),
        }
    }

    /// The digits of a number, or the text, by which ids are compared.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The exact decimal that it is, if it is one.
    pub(crate) fn decimal(&self) -> Option<Decimal> {
        Decimal::from_str_exact(&self.text)
            .or_else(|_| Decimal::from_scientific(&self.text))
            .or_else(|_| Decimal::from_str(&self.text))
            .ok()
    }
}

impl Serialize for JsonScalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.json_type {
            JsonType::Text => serializer.serialize_str(&self.text),
            JsonType::Number => RawValue::from_string(self.text.clone())
                .map_err(S::Error::custom)?
                .serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for JsonScalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::read(&raw).ok_or_else(|| D::Error::custom("neither a number nor text"))
    }
}

/// A decimal as text, digit for digit.
pub(crate) mod decimal_text {
    use rust_decimal::Decimal;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(decimal: &Decimal, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(decimal)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
        let text = String::deserialize(from)?;
        Decimal::from_str_exact(&text).map_err(D::Error::custom)
    }
}

/// An amount sent as a number or as text; None unless it is a decimal.
pub(crate) fn read_amount(raw: &RawValue) -> Option<Decimal> {
    JsonScalar::read(raw)?.decimal()
}

/// An amount as text with two decimal places, or more where the merchant gave more.
pub(crate) fn amount_text(amount: Decimal) -> String {
    let amount = amount.normalize();
    let places = usize::try_from(amount.scale()).unwrap_or(2).max(2);
    format!("{amount:.places$}")
}

/// A currency as ISO 4217 writes it: three capital letters. Whether it exists is not checked.
pub(crate) fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|it| it.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn an_order_id_is_an_integer_or_text_and_nothing_else() {
        for (sent, text) in [
            ("7", "7"),
            ("-7", "-7"),
            (r#""7""#, "7"),
            (r#""a\/b""#, "a/b"),
            (r#""\u00e9""#, "é"),
            ("18446744073709551616", "18446744073709551616"),
        ] {
            assert_eq!(JsonScalar::read_id(&raw(sent)).unwrap().text(), text);
        }
        for sent in ["7.0", "7e3", "true", "null", "{}", "[7]", r#""""#] {
            assert!(JsonScalar::read_id(&raw(sent)).is_none(), "{sent}");
        }
    }

    #[test]
    fn an_order_id_is_written_as_it_was_sent_or_in_one_type_where_it_can_be() {
        let cases = [
            (
                "9007199254740993",
                r#""9007199254740993""#,
                "9007199254740993",
            ),
            (r#""7""#, r#""7""#, "7"),
            (r#""007""#, r#""007""#, r#""007""#),
            (r#""a/b""#, r#""a/b""#, r#""a/b""#),
            ("0", r#""0""#, "0"),
            ("-7", r#""-7""#, "-7"),
        ];
        for (sent, text, integer) in cases {
            let id = JsonScalar::read_id(&raw(sent)).unwrap();
            let written = |id: &JsonScalar| serde_json::to_string(id).unwrap();
            assert_eq!(written(&id), sent);
            assert_eq!(written(&id.to_type(JsonType::Text)), text);
            assert_eq!(written(&id.to_type(JsonType::Number)), integer);
        }
    }

    #[test]
    fn an_amount_is_read_exactly_or_not_at_all() {
        for (sent, shown) in [
            ("0.1", "0.10"),
            ("105.000", "105.00"),
            ("0.30000000000000004", "0.30000000000000004"),
            (r#""7""#, "7.00"),
            ("1.5E+2", "150.00"),
        ] {
            let amount = read_amount(&raw(sent)).unwrap();
            assert_eq!(amount_text(amount), shown);
            assert_eq!(
                serde_json::to_string(&JsonScalar::amount(amount, JsonType::Number)).unwrap(),
                shown
            );
        }
        for sent in ["null", "true", r#""ten""#, r#""""#, "[]"] {
            assert!(read_amount(&raw(sent)).is_none(), "{sent}");
        }
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert!(is_currency("KES"));
        for text in ["", "KE", "kes", "KESS", "K3S", "ÉÉ"] {
            assert!(!is_currency(text), "{text}");
        }
    }
}
