//! One HTTP request as received and the reply it gets, whole or broken on purpose.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use thiserror::Error;

pub(crate) const JSON: &str = "application/json; charset=utf-8";
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// A request whose body was read to its end.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    /// A header's value; None where it is absent, repeated, or not visible ASCII.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(only), None) => only.to_str().ok(),
            (Some(_), Some(_)) | (None, _) => None,
        }
    }

    /// Whether the body is announced as JSON, parameters such as a charset aside.
    pub(crate) fn is_json(&self) -> bool {
        self.is_announced_as("application/json")
    }

    /// Whether the body is announced as what a form of a web page sends.
    pub(crate) fn is_form(&self) -> bool {
        self.is_announced_as("application/x-www-form-urlencoded")
    }

    fn is_announced_as(&self, wanted: &str) -> bool {
        self.header("content-type").is_some_and(|it| {
            it.split(';')
                .next()
                .is_some_and(|media| media.trim().eq_ignore_ascii_case(wanted))
        })
    }

    /// The value of a query parameter, decoded.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_deref().unwrap_or_default().as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    pub(crate) fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }
}

/// A reply, and the reason for it, which only the request log shows.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    /// Boxed because it is rare and a reply is also the error of many functions.
    pub(crate) header: Option<Box<(&'static str, String)>>,
    pub(crate) body: ReplyBody,
    pub(crate) verdict: String,
}

impl Reply {
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        // Every body is a plain struct with text keys, so writing one cannot fail.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self::with_body(status, JSON, body)
    }

    pub(crate) fn html(status: StatusCode, body: String) -> Self {
        Self::with_body(status, HTML, body)
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self::with_body(status, JSON, Bytes::new())
    }

    pub(crate) fn with_body(
        status: StatusCode,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        Self {
            status,
            content_type,
            header: None,
            body: ReplyBody::Whole(Some(body.into())),
            verdict: format!("answered HTTP {}", status.as_u16()),
        }
    }

    /// Adds the reason to the verdict.
    pub(crate) fn because(mut self, reason: impl AsRef<str>) -> Self {
        self.verdict = format!("{}: {}", self.verdict, reason.as_ref());
        self
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.header = Some(Box::new((name, value.into())));
        self
    }
}

/// What the client receives.
#[derive(Debug)]
pub(crate) enum Outcome {
    Reply(Reply),
    Dropped(Dropped),
    /// The reply, and another that belongs to no request: in the same piece, or some time later.
    WithStray {
        reply: Reply,
        stray: Reply,
        after: Duration,
    },
    /// Interim replies and no other.
    Interims,
}

/// A connection ended on purpose, without one byte of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Dropped {
    /// With a TCP reset.
    #[error("the connection is reset on purpose")]
    Reset,
    /// With an orderly close, as when a server restarts.
    #[error("the connection is closed on purpose")]
    Close,
}

/// A reply's body.
#[derive(Debug)]
pub(crate) enum ReplyBody {
    Whole(Option<Bytes>),
    /// Announces `announced` bytes, sends `sent`, and then fails, which closes the connection.
    CutShort {
        sent: Option<Bytes>,
        announced: u64,
        /// Gives the bytes time to leave before the failure.
        pause: Option<Pin<Box<tokio::time::Sleep>>>,
    },
}

impl ReplyBody {
    /// The first half of the bytes under the length of all of them (of one byte more, if they are few).
    pub(crate) fn cut_short(whole: &Bytes) -> Self {
        let sent = whole.slice(..whole.len() / 2);
        Self::CutShort {
            announced: u64::try_from(whole.len()).unwrap_or(u64::MAX).max(2),
            sent: Some(sent),
            pause: None,
        }
    }

    pub(crate) fn whole(&self) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes.clone().unwrap_or_default(),
            Self::CutShort { sent, .. } => sent.clone().unwrap_or_default(),
        }
    }
}

/// The body ended before its announced length, on purpose.
#[derive(Debug, Error)]
#[error("the body is cut short on purpose")]
pub(crate) struct CutShort;

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|it| Ok(Frame::data(it)))),
            Self::CutShort { sent, pause, .. } => {
                if let Some(bytes) = sent.take().filter(|it| !it.is_empty()) {
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                let pause = pause
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep(Duration::from_millis(5))));
                pause.as_mut().poll(cx).map(|()| Some(Err(CutShort)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::CutShort { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                let length = bytes.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
            }
            Self::CutShort { announced, .. } => SizeHint::with_exact(*announced),
        }
    }
}
