//! Names and identifiers, each its own type so that none can stand in for another.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use uuid::Uuid;

use crate::text::{Harm, harm};

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {problem}")]
pub struct IdError {
    what: &'static str,
    problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("is empty")]
    Empty,
    #[error("is longer than {MAX_ID_LEN} bytes")]
    TooLong,
    #[error("starts or ends with white space")]
    Padded,
    #[error("holds {harm} (U+{:04X})", u32::from(*.c))]
    Holds { harm: Harm, c: char },
    #[error("is not an integer")]
    NotAnInteger,
    #[error("is not a UUID")]
    NotAUuid,
}

/// The longest identifier accepted, in bytes.
///
/// Far above what either gateway documents (Pesapal: 50 characters), and low enough
/// that a stray file cannot pass for an id.
pub const MAX_ID_LEN: usize = 200;

fn check(what: &'static str, text: &str) -> Result<(), IdError> {
    let harmful = || text.chars().find_map(|c| Some((harm(c)?, c)));
    let problem = if text.is_empty() {
        Problem::Empty
    } else if text.len() > MAX_ID_LEN {
        Problem::TooLong
    } else if text.trim() != text {
        Problem::Padded
    } else if let Some((harm, c)) = harmful() {
        Problem::Holds { harm, c }
    } else {
        return Ok(());
    };
    Err(IdError { what, problem })
}

/// The JSON type in which a merchant's order id goes over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdForm {
    /// A JSON integer, such as `6116229263036`.
    Integer,
    /// A JSON string, such as `"A-17"`.
    Text,
}

/// The id by which a gateway is asked about an order.
///
/// At KwikPaisa this is the merchant's own id, at Pesapal the tracking id. KwikPaisa
/// takes integers and strings and answers in either, so an `OrderId` keeps the form in
/// which the merchant has it and **compares as text**: `6116229263036` as an integer
/// and as a string name the same order. Digits never pass through a float.
#[derive(Clone)]
pub struct OrderId {
    text: String,
    form: IdForm,
}

impl OrderId {
    /// An id that goes over the wire as a string.
    ///
    /// # Errors
    /// When the text is empty, longer than [`MAX_ID_LEN`] bytes, padded with white space
    /// or holds a character that cannot be seen for what it is (any [`Harm`]).
    pub fn text(text: impl Into<String>) -> Result<Self, IdError> {
        let text = text.into();
        check("order id", &text)?;
        Ok(Self {
            text,
            form: IdForm::Text,
        })
    }

    /// An id that goes over the wire as an integer of any size.
    ///
    /// # Errors
    /// When the text is not a JSON integer: an optional minus sign, then digits without a
    /// leading zero.
    pub fn integer(digits: impl Into<String>) -> Result<Self, IdError> {
        let text = digits.into();
        check("order id", &text)?;
        if !is_json_integer(&text) {
            return Err(IdError {
                what: "order id",
                problem: Problem::NotAnInteger,
            });
        }
        Ok(Self {
            text,
            form: IdForm::Integer,
        })
    }

    /// An integer where the text can be one, and a string otherwise.
    ///
    /// For sources without types, such as a CSV cell or a command line. A leading zero
    /// makes it a string, since `007` as an integer would be another id.
    ///
    /// # Errors
    /// As [`OrderId::text`].
    pub fn guess(text: impl Into<String>) -> Result<Self, IdError> {
        let text = text.into();
        if text.bytes().all(|b| b.is_ascii_digit()) && is_json_integer(&text) {
            Self::integer(text)
        } else {
            Self::text(text)
        }
    }

    /// The id as text, whatever its form.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The JSON type to send it as.
    pub fn form(&self) -> IdForm {
        self.form
    }
}

fn is_json_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain && (digits == "0" || !digits.starts_with('0')) && text != "-0"
}

impl PartialEq for OrderId {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for OrderId {}

impl Hash for OrderId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PartialOrd for OrderId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OrderId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl fmt::Debug for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            IdForm::Integer => write!(f, "OrderId({})", self.text),
            IdForm::Text => write!(f, "OrderId({:?})", self.text),
        }
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// As [`OrderId::guess`]: for a source without types, such as a command line.
impl FromStr for OrderId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::guess(text)
    }
}

/// The merchant's name for one set of credentials at one gateway, such as `shop-ke`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountName(String);

impl AccountName {
    /// Checks and keeps a name.
    ///
    /// # Errors
    /// As [`OrderId::text`].
    pub fn new(name: impl Into<String>) -> Result<Self, IdError> {
        let name = name.into();
        check("account name", &name)?;
        Ok(Self(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a gateway, as it stands in configuration and JSON: `kwikpaisa`, `pesapal`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GatewayName(Cow<'static, str>);

impl GatewayName {
    /// A name known when the adapter was compiled.
    pub const fn from_static(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// A name read from a store or a file.
    ///
    /// # Errors
    /// As [`OrderId::text`].
    pub fn new(name: impl Into<String>) -> Result<Self, IdError> {
        let name = name.into();
        check("gateway name", &name)?;
        Ok(Self(Cow::Owned(name)))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for GatewayName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl fmt::Display for GatewayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An id that is a UUID, so that several machines can make them.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that the caller has made.
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self).map_err(|_| IdError {
                    what: $what,
                    problem: Problem::NotAUuid,
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id! {
    /// The id of one cancellation.
    CancellationId, "cancellation id"
}
uuid_id! {
    /// The id of one refund request.
    RefundId, "refund id"
}
uuid_id! {
    /// The id of one request to create an order.
    CreationId, "creation id"
}
