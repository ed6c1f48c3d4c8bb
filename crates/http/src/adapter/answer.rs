//! Reads a reply up to the point where the gateways differ: the HTTP status, the body, and what is quoted of it.

use std::fmt::Display;

use duka_core::evidence::OperationInfo;
use duka_core::{Delivery, Error, ErrorKind};
use secrecy::SecretString;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::json::JsonScalar;
use crate::excerpt::{without_secrets, word_without_secrets};
use crate::message::Reply;

/// A reply, which call it answers, and what must not be repeated from it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The call. Its name opens the text of every error about the reply.
    pub operation: OperationInfo,
    /// What came back.
    pub reply: Reply,
    /// A server may quote a key, a token or a signature back; what is shown of its words leaves these out.
    pub secrets: Vec<SecretString>,
}

/// What a gateway says went wrong, as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Its error code.
    pub code: Option<String>,
    /// Its sentence for people.
    pub message: Option<String>,
}

impl Answer {
    /// Refuses what the HTTP status alone makes no answer: 429, redirects, every 5xx, statuses that do not exist, and a
    /// 401. An adapter looks for the refusal of credentials that its gateway documents before; any other 401 does not
    /// tell whether the request was looked at. `words` reads what the body says, for the text of the error.
    ///
    /// # Errors
    /// For all of these. 2xx and the other 4xx pass, since their body may say more.
    pub fn check_status(&self, words: impl FnOnce() -> Result<Words, Error>) -> Result<(), Error> {
        Err(match self.reply.status {
            401 => self.unlisted_with(
                "HTTP 401 in a form that does not tell whether the request was looked at",
                &words()?,
            ),
            429 => self.error(ErrorKind::RateLimited, "too many requests"),
            200..=299 | 400..=499 => return Ok(()),
            300..=399 => {
                let host = self.shown(self.reply.location.as_deref().unwrap_or("nowhere"));
                self.unlisted(format_args!(
                    "a redirect to {host}, never followed; is the base URL right?"
                ))
            }
            500..=599 => {
                let summary = self.shown(self.reply.summary());
                let problem = format!("the server failed ({summary})");
                self.with_words(
                    ErrorKind::Unavailable,
                    Some(&problem),
                    &words().unwrap_or_default(),
                )
            }
            _ => self.unlisted("an HTTP status that is not documented"),
        })
    }

    /// The body as a JSON object of this shape; other members are ignored.
    ///
    /// # Errors
    /// [`ErrorKind::UnreadableReply`] for what is not whole JSON, or has a member twice;
    /// [`ErrorKind::UnlistedReply`] for JSON that is no object. Neither quotes the body.
    pub fn object<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let body = self.body()?;
        // A struct would also be read from an array, by position.
        if body.starts_with(b"{") {
            return serde_json::from_slice(body).map_err(|error| self.unreadable(&error));
        }
        Err(match serde_json::from_slice::<IgnoredAny>(body) {
            Ok(_) => self.unlisted("a body that is not a JSON object"),
            Err(_) => {
                let summary = self.shown(self.reply.summary());
                let problem = format_args!("a body that is not JSON ({summary})");
                self.error(ErrorKind::UnreadableReply, problem)
            }
        })
    }

    /// The body as a bare JSON array of such items, or nothing when it is something else.
    ///
    /// # Errors
    /// [`ErrorKind::UnreadableReply`] for an array that is not whole.
    pub fn array<T: DeserializeOwned>(&self) -> Result<Option<Vec<T>>, Error> {
        let body = self.body()?;
        if !body.starts_with(b"[") {
            return Ok(None);
        }
        let items = serde_json::from_slice(body);
        items.map(Some).map_err(|error| self.unreadable(&error))
    }

    /// The body without the space around it and without a byte order mark.
    ///
    /// # Errors
    /// [`ErrorKind::UnreadableReply`] when it is empty.
    pub fn body(&self) -> Result<&[u8], Error> {
        let body = self.reply.body.as_slice();
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let body = body.trim_ascii();
        if body.is_empty() {
            return Err(self.error(ErrorKind::UnreadableReply, "an empty body"));
        }
        Ok(body)
    }

    /// HTTP 401 without a body, or with nothing but white space for one.
    pub fn is_empty_401(&self) -> bool {
        self.reply.status == 401 && self.reply.body.trim_ascii().is_empty()
    }

    /// What `read` finds in a member without which the reply says nothing.
    ///
    /// # Errors
    /// [`ErrorKind::UnlistedReply`] with the member's name, if it is missing or holds something else.
    pub fn required<'m, T>(
        &self,
        name: &str,
        member: &'m JsonScalar,
        read: impl FnOnce(&'m JsonScalar) -> Option<T>,
    ) -> Result<T, Error> {
        read(member).ok_or_else(|| match member {
            JsonScalar::Null => self.unlisted(format_args!("no {name}")),
            JsonScalar::Bool(_)
            | JsonScalar::Number(_)
            | JsonScalar::Text(_)
            | JsonScalar::Other(_) => self.unlisted(format_args!("{name} of an undocumented form")),
        })
    }

    /// An error about this reply.
    pub fn error(&self, kind: ErrorKind, problem: impl Display) -> Error {
        let text = format!("{}: {problem}", self.operation.name);
        let error = Error::new(kind, Delivery::Answered, text).with_http_status(self.reply.status);
        match self.reply.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }

    /// The error for a reply of a form that is not documented.
    pub fn unlisted(&self, problem: impl Display) -> Error {
        self.error(ErrorKind::UnlistedReply, problem)
    }

    /// The same, with what the gateway says.
    pub fn unlisted_with(&self, problem: &str, words: &Words) -> Error {
        self.with_words(ErrorKind::UnlistedReply, Some(problem), words)
    }

    /// An error in the gateway's own words.
    pub fn refusal(&self, kind: ErrorKind, words: &Words) -> Error {
        self.with_words(kind, None, words)
    }

    fn with_words(&self, kind: ErrorKind, problem: Option<&str>, words: &Words) -> Error {
        let shown = |text: &String| Some(self.shown(text)).filter(|text| !text.is_empty());
        let code = words.code.as_ref().and_then(shown);
        let said = words.message.as_ref().and_then(shown);
        let error = match (problem, &said) {
            (Some(problem), Some(said)) => self.error(kind, format_args!("{problem}: {said}")),
            (Some(problem), None) => self.error(kind, problem),
            (None, _) => {
                let words = said.as_ref().or(code.as_ref());
                self.error(kind, words.map_or("no message", String::as_str))
            }
        };
        match code {
            Some(code) => error.with_code(code),
            None => error,
        }
    }

    /// The gateway's own words: one line, cut, without secrets.
    pub fn shown(&self, text: impl AsRef<[u8]>) -> String {
        without_secrets(text, &self.secrets)
    }

    /// The same of a word on which something is decided, with a remark where it is not shown as it was sent.
    pub fn shown_word(&self, word: &str) -> String {
        word_without_secrets(word, &self.secrets)
    }

    /// Only the category and the place: serde's own text would quote the body.
    fn unreadable(&self, error: &serde_json::Error) -> Error {
        let problem = if error.is_eof() {
            "a body that breaks off"
        } else {
            "a body that is not the JSON expected"
        };
        let (line, column) = (error.line(), error.column());
        let problem = format_args!("{problem} at line {line} column {column}");
        self.error(ErrorKind::UnreadableReply, problem)
    }
}
