//! What all replies share: the `status`, `message` and `error` that
//! may surround any answer, and what an HTTP status alone says.

use duka_core::{Delivery, Error, ErrorKind};
use duka_http::{Reply, without_secrets, word_without_secrets};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::scalar::Loose;
use super::types;
use crate::codes;

/// The `error_type` that names a refused token, whatever the code.
pub(crate) const AUTHENTICATION_ERROR: &str = "authentication_error";

/// Which call a reply answers, and what must not be repeated from it.
#[derive(Clone, Copy)]
pub(crate) struct Answer<'a> {
    /// The operation, as it opens an error's text.
    pub(crate) operation: &'static str,
    pub(crate) reply: &'a Reply,
    /// A server may quote a key or a token back; its words must not carry them on.
    pub(crate) secrets: &'a [SecretString],
}

impl<'a> Answer<'a> {
    /// An error about this reply.
    pub(crate) fn error(&self, kind: ErrorKind, problem: impl AsRef<str>) -> Error {
        let text = format!("{}: {}", self.operation, problem.as_ref());
        let error = Error::new(kind, Delivery::Answered, text).with_http_status(self.reply.status);
        match self.reply.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }

    /// The gateway's own words: one line, cut, without secrets.
    pub(crate) fn shown(&self, text: &str) -> String {
        without_secrets(text, self.secrets)
    }

    /// Refuses what an HTTP status alone makes no answer: unauthorized, slow down, a server
    /// error, a redirect. Other statuses from 400 to 499 pass, since their body may say more.
    pub(crate) fn check_http(&self) -> Result<(), Error> {
        match self.reply.status {
            // Whatever refuses the token in a known form was told before.
            401 => {
                let message = self.envelope()?.message;
                let problem =
                    "HTTP 401 in a form that does not tell whether the request was looked at";
                Err(self.unlisted(problem, message.as_deref()))
            }
            429 => Err(self.error(ErrorKind::RateLimited, "too many requests")),
            200..=299 | 400..=499 => Ok(()),
            300..=399 => {
                let host = self.shown(self.reply.location.as_deref().unwrap_or("nowhere"));
                Err(self.error(
                    ErrorKind::UnlistedReply,
                    format!("a redirect to {host}, never followed; is the base URL right?"),
                ))
            }
            500..=599 => {
                let fault = self.envelope().ok().and_then(|envelope| envelope.fault);
                let kind = ErrorKind::Unavailable;
                Err(match fault {
                    Some(fault) => fault.into_error(self, kind),
                    None => self.error(kind, "the server failed"),
                })
            }
            _ => Err(self.error(
                ErrorKind::UnlistedReply,
                "an HTTP status that is not documented",
            )),
        }
    }

    /// The body as a JSON object of this shape; other members are ignored.
    pub(crate) fn object<T: Deserialize<'a>>(&self) -> Result<T, Error> {
        let body = self.body()?;
        if !body.starts_with(b"{") {
            // A struct would also be read from an array, by position.
            return Err(self.not_json_or("not a JSON object"));
        }
        serde_json::from_slice(body).map_err(|error| self.unreadable(&error))
    }

    /// The body as a bare JSON array of such members, or nothing when it is something else.
    pub(crate) fn array<T: Deserialize<'a>>(&self) -> Result<Option<Vec<T>>, Error> {
        let body = self.body()?;
        if !body.starts_with(b"[") {
            return Ok(None);
        }
        serde_json::from_slice(body)
            .map(Some)
            .map_err(|error| self.unreadable(&error))
    }

    /// The members that may surround any answer.
    pub(crate) fn envelope(&self) -> Result<Envelope, Error> {
        let body: types::Envelope<'_> = self.object()?;
        Ok(Envelope {
            status: BodyStatus::read(body.status),
            message: body.message.string(),
            fault: Fault::read(body.error),
        })
    }

    /// The error for a reply that has not what it should have; ASP.NET says why in a
    /// `message` of its own.
    pub(crate) fn unlisted(&self, problem: &str, message: Option<&str>) -> Error {
        let kind = ErrorKind::UnlistedReply;
        match message {
            Some(message) => self.error(kind, format!("{problem}: {}", self.shown(message))),
            None => self.error(kind, problem),
        }
    }

    /// The same of a word on which something is decided.
    pub(crate) fn shown_word(&self, word: &str) -> String {
        word_without_secrets(word, self.secrets)
    }

    pub(crate) fn body(&self) -> Result<&'a [u8], Error> {
        let body = &self.reply.body;
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let body = body.trim_ascii();
        if body.is_empty() {
            return Err(self.error(ErrorKind::UnreadableReply, "an empty body"));
        }
        Ok(body)
    }

    fn not_json_or(&self, problem: &str) -> Error {
        let json = self
            .body()
            .is_ok_and(|body| serde_json::from_slice::<&RawValue>(body).is_ok());
        if json {
            self.error(ErrorKind::UnlistedReply, problem)
        } else {
            let summary = self.shown(&self.reply.summary());
            self.error(
                ErrorKind::UnreadableReply,
                format!("a body that is not JSON ({summary})"),
            )
        }
    }

    /// Only the category and the place: serde's own text would quote the body.
    fn unreadable(&self, error: &serde_json::Error) -> Error {
        let problem = if error.is_eof() {
            "a body that breaks off"
        } else {
            "a body that is not the JSON expected"
        };
        let problem = format!(
            "{problem} at line {} column {}",
            error.line(),
            error.column()
        );
        self.error(ErrorKind::UnreadableReply, problem)
    }
}

/// The members that may surround any answer.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) status: BodyStatus,
    pub(crate) message: Option<String>,
    pub(crate) fault: Option<Fault>,
}

/// The `status` in the body, which is a string here and a number there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BodyStatus {
    /// Absent or null.
    Missing,
    /// 200.
    Done,
    /// 500.
    NotDone,
    /// Anything else, as it stands there.
    Other(String),
}

impl BodyStatus {
    pub(crate) fn read(member: Loose<'_>) -> Self {
        match (member.integer(), member.text()) {
            (Some(200), _) => Self::Done,
            (Some(500), _) => Self::NotDone,
            (_, Some(text)) => Self::Other(text),
            (_, None) if member.is_null() => Self::Missing,
            (_, None) => Self::Other(String::new()),
        }
    }
}

/// A filled `error`: one with a code or a message inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    kind: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    /// Whether it is an object that could be read.
    form: Form,
}

/// Whether an error could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Readable,
    /// An object with a key twice, say.
    Unreadable,
}

impl Fault {
    /// `error` may be absent, null, an object of nulls, or filled; only the last is one.
    fn read(member: Loose<'_>) -> Option<Self> {
        let Some(object) = member.object() else {
            // assumed: an error that is no object at all is still an error.
            return member
                .text()
                .map(|text| Self::wordless(text, Form::Readable));
        };
        let Ok(body) = serde_json::from_str::<types::ErrorBody<'_>>(object) else {
            let text = "an error that cannot be read".to_owned();
            return Some(Self::wordless(text, Form::Unreadable));
        };
        let fault = Self {
            kind: body.error_type.text().or_else(|| body.r#type.text()),
            code: body.code.text(),
            message: body.message.text(),
            form: Form::Readable,
        };
        (fault.code.is_some() || fault.message.is_some()).then_some(fault)
    }

    const fn wordless(message: String, form: Form) -> Self {
        Self {
            kind: None,
            code: None,
            message: Some(message),
            form,
        }
    }

    /// The error of refused credentials.
    pub(crate) const fn refusal(
        kind: Option<String>,
        code: String,
        message: Option<String>,
    ) -> Self {
        Self {
            kind,
            code: Some(code),
            message,
            form: Form::Readable,
        }
    }

    /// Whether this is its code, to the letter.
    pub(crate) fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// Whether anything in it points to the keys or the token, in any spelling.
    ///
    /// That makes an answer doubtful. What makes it a refusal of the credentials is in `auth.rs`.
    pub(crate) fn is_about_credentials(&self) -> bool {
        let by_type = self
            .kind
            .as_deref()
            .is_some_and(|kind| kind.eq_ignore_ascii_case(AUTHENTICATION_ERROR));
        let row = self.code.as_deref().and_then(codes::error_code);
        by_type || row.is_some_and(|row| row.kind == ErrorKind::Authentication)
    }

    /// The kind of failure its code stands for.
    ///
    /// Never a refusal of the credentials: one in its known form has been told before, and in
    /// any other it says nothing certain.
    pub(crate) fn listed_kind(&self) -> ErrorKind {
        if self.form == Form::Unreadable || self.is_about_credentials() {
            return ErrorKind::UnlistedReply;
        }
        let row = self.code.as_deref().and_then(codes::error_code);
        row.map_or(ErrorKind::Rejected, |row| row.kind)
    }

    /// Its message, or its code where the message is empty.
    pub(crate) fn into_error(self, answer: &Answer<'_>, kind: ErrorKind) -> Error {
        let words = self.message.as_ref().or(self.code.as_ref());
        let words = words.map_or_else(String::new, |words| answer.shown(words));
        let error = answer.error(kind, words);
        match self.code {
            Some(code) => error.with_code(answer.shown(&code)),
            None => error,
        }
    }
}
