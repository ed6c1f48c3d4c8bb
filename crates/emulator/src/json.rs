//! JSON values that must keep their exact digits or type: merchant order ids and amounts.
//!
//! Read through the raw text, since a float holds neither ids beyond 2^53 nor decimals.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// An order id as the merchant sent it: an integer or a string.
#[derive(Debug, Clone)]
pub(crate) struct MerchantOrderId {
    raw: Box<RawValue>,
    text: String,
}

impl MerchantOrderId {
    /// None unless the value is a JSON integer or a string that is not empty.
    pub(crate) fn read(raw: &RawValue) -> Option<Self> {
        let text = if raw.get().starts_with('"') {
            serde_json::from_str::<String>(raw.get()).ok()?
        } else {
            let digits = raw.get().strip_prefix('-').unwrap_or(raw.get());
            if digits.is_empty() || !digits.bytes().all(|it| it.is_ascii_digit()) {
                return None;
            }
            raw.get().to_owned()
        };
        (!text.is_empty()).then(|| Self {
            raw: raw.to_owned(),
            text,
        })
    }

    /// The id in the JSON type in which the merchant sent it.
    pub(crate) fn as_sent(&self) -> Box<RawValue> {
        self.raw.clone()
    }

    /// The id as a JSON string.
    pub(crate) fn as_text(&self) -> Box<RawValue> {
        // A string can always be written; were it not so, the id would be echoed as it came.
        serde_json::value::to_raw_value(&self.text).unwrap_or_else(|_| self.as_sent())
    }

    /// The id as a JSON integer; as it was sent where it has anything but digits, or a zero before them.
    pub(crate) fn as_integer(&self) -> Box<RawValue> {
        let digits = self.text.bytes().all(|it| it.is_ascii_digit());
        if digits && (self.text == "0" || !self.text.starts_with('0')) {
            RawValue::from_string(self.text.clone()).unwrap_or_else(|_| self.as_sent())
        } else {
            self.as_sent()
        }
    }

    /// The id as text, by which orders are compared.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// A decimal written as a JSON number with all its digits, such as `10.00`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsonDecimal(pub(crate) Decimal);

impl Serialize for JsonDecimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(amount_text(self.0))
            .map_err(S::Error::custom)?
            .serialize(serializer)
    }
}

/// An amount sent as a number or as text; None unless it is a decimal.
pub(crate) fn read_amount(raw: &RawValue) -> Option<Decimal> {
    let text = if raw.get().starts_with('"') {
        serde_json::from_str::<String>(raw.get()).ok()?
    } else {
        raw.get().to_owned()
    };
    Decimal::from_str_exact(&text)
        .or_else(|_| Decimal::from_scientific(&text))
        .or_else(|_| Decimal::from_str(&text))
        .ok()
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
            assert_eq!(MerchantOrderId::read(&raw(sent)).unwrap().text(), text);
        }
        for sent in ["7.0", "7e3", "true", "null", "{}", "[7]", r#""""#] {
            assert!(MerchantOrderId::read(&raw(sent)).is_none(), "{sent}");
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
            (r#""a\/b""#, r#""a/b""#, r#""a\/b""#),
            ("0", r#""0""#, "0"),
            ("-7", r#""-7""#, "-7"),
        ];
        for (sent, text, integer) in cases {
            let id = MerchantOrderId::read(&raw(sent)).unwrap();
            assert_eq!(id.as_sent().get(), sent);
            assert_eq!(id.as_text().get(), text);
            assert_eq!(id.as_integer().get(), integer);
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
            assert_eq!(serde_json::to_string(&JsonDecimal(amount)).unwrap(), shown);
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
