//! Any YAML value with its members in order: examples, constants and what else has no shape of its own.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// The longest value that is shown on one line.
const ONE_LINE: usize = 80;

/// A value that is shown or compared, and not looked into.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Integer(i64),
    Decimal(Decimal),
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// A number with a fraction, and where it was read: a float has forgotten how many digits it was written with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal {
    value: f64,
    /// Line and column, counted from one.
    place: (u64, u64),
}

impl Decimal {
    /// The digits as they stand in `source`, the text that it was read from.
    fn digits(self, source: &str) -> Option<&str> {
        let (line, column) = self.place;
        let line = source
            .lines()
            .nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
        let before = usize::try_from(column).ok()?.checked_sub(1)?;
        let (start, _) = line.char_indices().nth(before)?;
        let end = |c: char| !(c.is_ascii_digit() || "+-.eE".contains(c));
        let digits = line[start..].split(end).next()?;
        (digits.parse() == Ok(self.value)).then_some(digits)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Node {
    /// The text of a string.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null
            | Self::Bool(_)
            | Self::Integer(_)
            | Self::Decimal(_)
            | Self::List(_)
            | Self::Map(_) => None,
        }
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            Self::Null
            | Self::Bool(_)
            | Self::Integer(_)
            | Self::Decimal(_)
            | Self::Text(_)
            | Self::Map(_) => &[],
        }
    }

    /// The names of an object's members; none of anything else.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.members().iter().map(|(key, _)| key.as_str())
    }

    /// A member of an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let mut members = self.members().iter();
        members
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Map(members) => members,
            Self::Null
            | Self::Bool(_)
            | Self::Integer(_)
            | Self::Decimal(_)
            | Self::Text(_)
            | Self::List(_) => &[],
        }
    }

    /// The value as JSON, with the very digits that it has in `source`: on one line where that is short, otherwise
    /// on several, two spaces deep.
    pub(crate) fn pretty(&self, source: &str) -> String {
        let written = |depth| {
            let mut out = String::new();
            self.write(&mut out, depth, source)
                .expect("a String takes all that is written");
            out
        };
        let line = written(None);
        if line.chars().count() <= ONE_LINE {
            line
        } else {
            written(Some(0))
        }
    }

    fn write(&self, out: &mut impl fmt::Write, depth: Option<usize>, source: &str) -> fmt::Result {
        let deeper = depth.map(|depth| depth + 1);
        match self {
            Self::Null => out.write_str("null"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Integer(value) => write!(out, "{value}"),
            Self::Decimal(number) => match number.digits(source) {
                Some(digits) => out.write_str(digits),
                None => write!(out, "{}", number.value),
            },
            Self::Text(text) => write_text(out, text),
            Self::List(items) if items.is_empty() => out.write_str("[]"),
            Self::List(items) => {
                out.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    separate(out, index, deeper)?;
                    item.write(out, deeper, source)?;
                }
                line(out, depth)?;
                out.write_char(']')
            }
            Self::Map(members) if members.is_empty() => out.write_str("{}"),
            Self::Map(members) => {
                out.write_char('{')?;
                for (index, (key, value)) in members.iter().enumerate() {
                    separate(out, index, deeper)?;
                    write_text(out, key)?;
                    out.write_str(": ")?;
                    value.write(out, deeper, source)?;
                }
                line(out, depth)?;
                out.write_char('}')
            }
        }
    }
}

fn separate(out: &mut impl fmt::Write, index: usize, depth: Option<usize>) -> fmt::Result {
    if index > 0 {
        out.write_str(if depth.is_some() { "," } else { ", " })?;
    }
    line(out, depth)
}

fn line(out: &mut impl fmt::Write, depth: Option<usize>) -> fmt::Result {
    match depth {
        Some(depth) => write!(out, "\n{}", "  ".repeat(depth)),
        None => Ok(()),
    }
}

fn write_text(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    let json = serde_json::Value::String(text.to_owned());
    write!(out, "{json}")
}

/// As JSON on one line.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, None, "")
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyValue;

        impl<'de> Visitor<'de> for AnyValue {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_none<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Node, D::Error> {
                Node::deserialize(inner)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Integer(value))
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Node, E> {
                i64::try_from(value).map(Node::Integer).map_err(E::custom)
            }

            fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
                let place = (0, 0);
                Ok(Node::Decimal(Decimal { value, place }))
            }

            fn visit_str<E>(self, text: &str) -> Result<Node, E> {
                Ok(Node::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Node::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Node::Map(members))
            }
        }

        struct Any(Node);

        impl<'de> Deserialize<'de> for Any {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(AnyValue).map(Any)
            }
        }

        let read = Spanned::<Any>::deserialize(deserializer)?;
        let place = (read.referenced.line(), read.referenced.column());
        let mut node = read.value.0;
        if let Node::Decimal(number) = &mut node {
            number.place = place;
        }
        Ok(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_keeps_its_very_digits() {
        let source = "paid: {amount: 10.00, \"größe\": 1.50, rate: -2.5e-1}\nlist:\n  - 0.10\n  - 7\n  - {kept: on a line of its own where there is room}\n";
        let node: Node = serde_saphyr::from_str(source).unwrap();
        insta::assert_snapshot!(node.pretty(source), @r#"
        {
          "paid": {
            "amount": 10.00,
            "größe": 1.50,
            "rate": -2.5e-1
          },
          "list": [
            0.10,
            7,
            {
              "kept": "on a line of its own where there is room"
            }
          ]
        }
        "#);
        assert_eq!(
            node.to_string(),
            r#"{"paid": {"amount": 10, "größe": 1.5, "rate": -0.25}, "list": [0.1, 7, {"kept": "on a line of its own where there is room"}]}"#
        );
    }

    #[test]
    fn the_place_of_a_number_is_no_part_of_it() {
        let read = |text: &str| serde_saphyr::from_str::<Node>(text).unwrap();
        assert_eq!(read("  1.50"), read("1.5"));
        assert_ne!(read("1.5"), read("'1.5'"));
    }

    #[test]
    fn digits_are_taken_from_the_right_text_only() {
        let node: Node = serde_saphyr::from_str("a: 1.50").unwrap();
        assert_eq!(node.pretty("a: 1.50"), r#"{"a": 1.50}"#);
        assert_eq!(node.pretty("a: 2.50"), r#"{"a": 1.5}"#);
    }
}
