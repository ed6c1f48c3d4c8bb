//! JSON members whose type is not certain.

use std::fmt;

use duka_core::Money;
use duka_core::gateway::PaymentLink;
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use url::Url;

use crate::plain_number;

/// A JSON member of any type, so that `200`, `"200"` and `null` can all be read, and no digit passes through a float.
///
/// Reading one never fails, whatever stands there: a reply must not become unreadable because of a member that decides
/// nothing. What decides is read with [`text`](Self::text), [`string`](Self::string) or [`integer`](Self::integer), which
/// are exact, and with [`is_null`](Self::is_null), which tells a member that is not there from one that cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum JsonScalar {
    /// Absent, or `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, with exactly its digits.
    Number(String),
    /// The content of a string.
    Text(String),
    /// Anything else as it stands: an object, an array, or a string that holds half of a surrogate pair.
    Other(String),
}

impl JsonScalar {
    /// Whether it is absent or `null`.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The content of a string that is not empty, or the digits of a number. Exactly as it stands: a blank too many
    /// makes another text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Number(digits) => Some(digits),
            Self::Null | Self::Bool(_) | Self::Text(_) | Self::Other(_) => self.string(),
        }
    }

    /// The content of a string that is not empty.
    pub fn string(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Other(_) => None,
        }
    }

    /// An integer, or a string of exactly its digits: `0200`, `+200` and `200.0` are none.
    pub fn integer(&self) -> Option<i64> {
        let text = self.text()?;
        let number: i64 = text.parse().ok()?;
        (number.to_string() == text).then_some(number)
    }

    /// An object as a struct; its other members are ignored. Nothing for any other type, or if the object has a member
    /// of the struct twice.
    pub fn parse<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(self.object()?).ok()
    }

    /// The JSON of an object.
    pub fn object(&self) -> Option<&str> {
        match self {
            Self::Other(json) => Some(json.as_str()).filter(|json| json.starts_with('{')),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => None,
        }
    }

    /// Whatever is there, to be shown, or to contradict something: the content of a string, or the JSON of anything else.
    /// `None` for nothing, `null` and an empty string. It decides no yes: `"true"` and `true` look alike in it.
    pub fn anything(&self) -> Option<&str> {
        match self {
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::Other(json) => Some(json),
            Self::Null | Self::Number(_) | Self::Text(_) => self.text(),
        }
    }

    /// Whether something is there, and it is not exactly this text: an echo that names another thing.
    pub fn differs_from(&self, text: &str) -> bool {
        self.anything().is_some() && self.text() != Some(text)
    }

    /// The content of a string, empty or not; nothing where nothing or `null` is.
    ///
    /// # Errors
    /// Gives back a member of any other type, and a string that cannot be decoded.
    pub fn into_string(self) -> Result<Option<String>, Self> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Bool(_) | Self::Number(_) | Self::Other(_) => Err(self),
        }
    }

    /// This member, or the other where this one is absent or `null`: for what goes by two names.
    pub const fn or<'a>(&'a self, other: &'a Self) -> &'a Self {
        if self.is_null() { other } else { self }
    }

    /// Where a customer pays: an address of a web page, with a host.
    pub fn payment_link(&self) -> Option<PaymentLink> {
        let url = Url::parse(self.string()?).ok()?;
        let is_page = matches!(url.scheme(), "http" | "https") && url.has_host();
        is_page.then(|| PaymentLink::new(&url))
    }
}

/// Amount and currency, where both are there and can be read exactly.
pub fn money(amount: &JsonScalar, currency: &JsonScalar) -> Option<Money> {
    let amount = plain_number(amount.text()?)?;
    Money::parse(&amount, currency.text()?).ok()
}

impl<'de> Deserialize<'de> for JsonScalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An option, which serde reads from an absent member as well.
        let Some(raw) = Option::<Box<RawValue>>::deserialize(deserializer)? else {
            return Ok(Self::Null);
        };
        let json = raw.get();
        let text = || serde_json::from_str(json).ok().map(Self::Text);
        let known = match json.as_bytes().first() {
            Some(b't') => Some(Self::Bool(true)),
            Some(b'f') => Some(Self::Bool(false)),
            Some(b'-' | b'0'..=b'9') => Some(Self::Number(json.to_owned())),
            Some(b'"') => text(),
            Some(_) | None => None,
        };
        Ok(known.unwrap_or_else(|| Self::Other(json.to_owned())))
    }
}

/// All members of an object in the order in which they stand. An object that has one twice cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JsonMembers(pub Vec<(String, JsonScalar)>);

impl JsonMembers {
    /// Takes a member out; it is null where there is none.
    pub fn take(&mut self, name: &str) -> JsonScalar {
        let at = self.0.iter().position(|(known, _)| known == name);
        at.map_or(JsonScalar::Null, |at| self.0.remove(at).1)
    }

    /// Whether none of them says anything: all are null or an empty string.
    pub fn are_empty(&self) -> bool {
        self.0.iter().all(|(_, member)| member.anything().is_none())
    }
}

impl<'de> Deserialize<'de> for JsonMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EachOnce)
    }
}

struct EachOnce;

impl<'de> Visitor<'de> for EachOnce {
    type Value = JsonMembers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with each key once")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<(String, JsonScalar)> = Vec::new();
        while let Some((name, member)) = map.next_entry()? {
            if members.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom("a key stands there twice"));
            }
            members.push((name, member));
        }
        Ok(JsonMembers(members))
    }
}
