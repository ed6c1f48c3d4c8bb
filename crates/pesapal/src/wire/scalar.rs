//! A JSON member whose type is not certain.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A JSON member of any type, as its own text, so that `200`, `"200"` and `null` can all
/// be read and no digit passes through a float.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Loose<'a>(#[serde(borrow)] Option<&'a RawValue>);

impl<'a> Loose<'a> {
    /// A string's content, or the JSON of anything else; `None` for nothing, null or an
    /// empty string. Exactly as it stands: a blank too many makes another text.
    pub(crate) fn text(self) -> Option<String> {
        let raw = self.0?.get();
        let text = serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned());
        (!text.is_empty()).then_some(text)
    }

    /// A string's content; nothing for any other type.
    pub(crate) fn string(self) -> Option<String> {
        self.text().filter(|_| self.starts_with('"'))
    }

    /// A string exactly as it stands, or nothing for null; an error for any other type.
    pub(crate) fn exact_string(self) -> Result<Option<String>, serde_json::Error> {
        let parsed = self.0.map(|raw| serde_json::from_str(raw.get()));
        parsed.transpose()
    }

    /// An integer, or a string of exactly its digits: `0200`, `+200` and `200.0` are none.
    pub(crate) fn integer(self) -> Option<i64> {
        let text = self.text()?;
        let number: i64 = text.parse().ok()?;
        (number.to_string() == text).then_some(number)
    }

    /// The JSON text, when it is an object.
    pub(crate) fn object(self) -> Option<&'a str> {
        self.0.map(RawValue::get).filter(|_| self.starts_with('{'))
    }

    /// Whether it is absent or null.
    pub(crate) fn is_null(self) -> bool {
        self.0.is_none()
    }

    fn starts_with(self, first: char) -> bool {
        self.0.is_some_and(|raw| raw.get().starts_with(first))
    }
}
