//! What went wrong at a gateway: whose fault, whether the request left, what to do next.

mod in_full;

use std::fmt;
use std::time::Duration;

pub use in_full::InFull;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// How far a request came. It decides whether repeating it is safe.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// Proved not to have left: the connection was never made, or the request was refused
    /// by our own checks.
    NotSent,
    /// It may have arrived and it may not; nothing came back that says which.
    Unknown,
    /// The gateway answered something.
    Answered,
}

/// What kind of failure it was.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A field of the request is wrong; fix the request. Nothing was sent.
    InvalidRequest,
    /// The account's settings are wrong; fix the configuration. Nothing was sent.
    Configuration,
    /// This gateway cannot do that. Nothing was sent.
    Unsupported,
    /// The gateway refused the credentials, the signature or the timestamp, and did not look
    /// at the request.
    Authentication,
    /// The gateway knows no such order.
    NotFound,
    /// The gateway already has an order with this id.
    Conflict,
    /// The gateway refused the request, in a reply that is documented.
    Rejected,
    /// The gateway asks to slow down. Whether it looked at the request is not documented.
    RateLimited,
    /// The network or the gateway failed: no connection, a timeout, a reset, a 5xx.
    Unavailable,
    /// Something came back that cannot be read: HTML, half a reply, too much of it.
    UnreadableReply,
    /// A well-formed reply that no documentation lists. Never taken for success or failure.
    UnlistedReply,
}

impl ErrorKind {
    /// The words that open an error's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid request",
            Self::Configuration => "wrong configuration",
            Self::Unsupported => "not supported",
            Self::Authentication => "credentials refused",
            Self::NotFound => "order not found",
            Self::Conflict => "order id already taken",
            Self::Rejected => "refused by the gateway",
            Self::RateLimited => "gateway asks to slow down",
            Self::Unavailable => "gateway out of reach",
            Self::UnreadableReply => "unreadable reply",
            Self::UnlistedReply => "reply of an undocumented form",
        }
    }

    /// Whether the mistake is the caller's: repeating the same call cannot help.
    pub const fn is_callers_fault(self) -> bool {
        match self {
            Self::InvalidRequest
            | Self::Configuration
            | Self::Unsupported
            | Self::Authentication
            | Self::NotFound
            | Self::Conflict
            | Self::Rejected => true,
            Self::RateLimited | Self::Unavailable | Self::UnreadableReply | Self::UnlistedReply => {
                false
            }
        }
    }
}

/// A failed call at a gateway.
///
/// Its text is a lowercase fragment, fit to follow *failed to …: *. It never holds a
/// secret, a signature, a token or a whole reply. The text leaves out the cause, as is the
/// custom; [`Error::in_full`] has both, for printing.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    delivery: Delivery,
    message: String,
    field: Option<String>,
    code: Option<String>,
    http_status: Option<u16>,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

impl Error {
    /// A failure of this kind; `message` says what and where, as a lowercase fragment.
    pub fn new(kind: ErrorKind, delivery: Delivery, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            delivery,
            message: message.into(),
            field: None,
            code: None,
            http_status: None,
            retry_after: None,
            source: None,
        }))
    }

    /// A field that cannot be sent as it is. `field` is the name that the caller knows it
    /// by, such as `billing_address.state`.
    pub fn invalid_field(field: &str, problem: impl fmt::Display) -> Self {
        Self::of_field(ErrorKind::InvalidRequest, field, problem)
    }

    /// A field that this gateway does not know, and without which the request would mean
    /// something else.
    pub fn unsupported_field(field: &str, problem: impl fmt::Display) -> Self {
        Self::of_field(ErrorKind::Unsupported, field, problem)
    }

    fn of_field(kind: ErrorKind, field: &str, problem: impl fmt::Display) -> Self {
        let mut error = Self::new(kind, Delivery::NotSent, format!("{field} {problem}"));
        error.0.field = Some(field.to_owned());
        error
    }

    /// Adds the gateway's own error code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Adds the HTTP status of the reply.
    #[must_use]
    pub fn with_http_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// Adds how long the gateway asks to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Adds the cause. Its text is shown by [`Error::in_full`], so the same holds for it: no
    /// secret, no signature, no token, no whole reply.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The text with what the causes add to it, for people:
    /// *gateway out of reach: no connection to pay.example: connection refused*.
    ///
    /// ```
    /// use duka_core::{Delivery, Error, ErrorKind};
    ///
    /// let why = std::io::Error::other("invalid peer certificate: Expired");
    /// let error = Error::new(ErrorKind::Unavailable, Delivery::NotSent, "no connection")
    ///     .with_source(why);
    /// assert_eq!(error.to_string(), "gateway out of reach: no connection");
    /// assert_eq!(
    ///     error.in_full().to_string(),
    ///     "gateway out of reach: no connection: invalid peer certificate: Expired"
    /// );
    /// ```
    pub fn in_full(&self) -> InFull<'_> {
        InFull(self)
    }

    /// How far the request came.
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// The field of the request that was refused before it was sent, by the name that the
    /// caller knows it by.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// The gateway's own error code, if its reply had one.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The HTTP status of the reply, if one came.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// How long the gateway asks to wait, if it said.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.as_str(), self.0.message)?;
        f.write_str(&self.answer())
    }
}

impl Error {
    /// The reply's HTTP status and error code, for the end of the text.
    fn answer(&self) -> String {
        match (self.0.http_status, self.0.code.as_deref()) {
            (Some(status), Some(code)) => format!(" (HTTP {status}, code {code})"),
            (Some(status), None) => format!(" (HTTP {status})"),
            (None, Some(code)) => format!(" (code {code})"),
            (None, None) => String::new(),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("delivery", &self.0.delivery)
            .field("message", &self.0.message)
            .field("field", &self.0.field)
            .field("code", &self.0.code)
            .field("http_status", &self.0.http_status)
            .field("retry_after", &self.0.retry_after)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|s| s as _)
    }
}
