//! What goes out and what comes back: a finished request, and a reply as it was read.

use std::fmt;
use std::time::Duration;

pub use duka_core::evidence::Intent;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// How a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// `GET`, without a body.
    Get,
    /// `POST`, with one.
    Post,
}

/// A finished request. What is in it is what is sent, byte for byte.
///
/// `Debug` shows the method and the address without its query, never a header's value or
/// the body.
#[derive(Clone)]
pub struct Request {
    method: Method,
    url: Url,
    headers: Vec<(&'static str, Value)>,
    body: Option<Vec<u8>>,
}

#[derive(Clone)]
enum Value {
    Plain(String),
    Secret(SecretString),
}

impl Request {
    /// A `GET` of `url`, without headers.
    pub fn get(url: Url) -> Self {
        Self {
            method: Method::Get,
            url,
            headers: Vec::new(),
            body: None,
        }
    }

    /// A `POST` of these bytes, with `Content-Type: application/json` and no other header.
    pub fn post_json(url: Url, body: Vec<u8>) -> Self {
        Self {
            method: Method::Post,
            url,
            headers: vec![("Content-Type", Value::Plain("application/json".to_owned()))],
            body: Some(body),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, Value::Plain(value.into())));
        self
    }

    /// Adds a header whose value must not be seen: a key, a token, a signature.
    #[must_use]
    pub fn secret_header(mut self, name: &'static str, value: SecretString) -> Self {
        self.headers.push((name, Value::Secret(value)));
        self
    }

    /// How it is sent.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Where it goes.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The headers in the order they were added, **secret ones revealed**: for transports.
    pub fn headers(&self) -> impl Iterator<Item = Header<'_>> {
        self.headers.iter().map(|(name, value)| match value {
            Value::Plain(text) => Header {
                name,
                value: text,
                secret: false,
            },
            Value::Secret(text) => Header {
                name,
                value: text.expose_secret(),
                secret: true,
            },
        })
    }

    /// The body; `None` for a `GET`.
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// The body, taken out.
    pub fn into_body(self) -> Option<Vec<u8>> {
        self.body
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("headers", &names)
            .field("body_bytes", &self.body.as_ref().map(Vec::len))
            .finish()
    }
}

/// One header of a [`Request`]. `Debug` shows its name only.
#[derive(Clone, Copy)]
pub struct Header<'a> {
    /// Its name, as it was given.
    pub name: &'static str,
    /// Its value.
    pub value: &'a str,
    /// Whether the value must not be seen.
    pub secret: bool,
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({})", self.name)
    }
}

/// A reply that was read to its end.
///
/// `Debug` shows the length of the body and nothing of what is in it: it may hold a token
/// or a customer's address.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body; at most as long as the transport's cap.
    pub body: Vec<u8>,
    /// The `Content-Type`, as it was sent.
    pub content_type: Option<String>,
    /// How long `Retry-After` asks to wait. A date counts from the reply's own `Date`.
    pub retry_after: Option<Duration>,
    /// The `Date`: the gateway's own clock, to the second.
    pub date: Option<Timestamp>,
    /// The **host** that a `Location` points to, for messages. Nothing is followed.
    pub location: Option<String>,
}

impl Reply {
    /// A reply without headers; the fields are public.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            body: body.into(),
            content_type: None,
            retry_after: None,
            date: None,
            location: None,
        }
    }

    /// What kind of body it is and how long, for an error's message: `text/html, 512 bytes`.
    /// It quotes nothing of the body, and so can give nothing away.
    pub fn summary(&self) -> String {
        let kind = match self.content_type.as_deref() {
            Some(text) => crate::excerpt(text.split(';').next().unwrap_or(text).trim()),
            None => "no content type".to_owned(),
        };
        match self.body.len() {
            0 => format!("{kind}, empty"),
            1 => format!("{kind}, 1 byte"),
            length => format!("{kind}, {length} bytes"),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("body_bytes", &self.body.len())
            .field("retry_after", &self.retry_after)
            .field("date", &self.date)
            .field("location", &self.location)
            .finish()
    }
}
