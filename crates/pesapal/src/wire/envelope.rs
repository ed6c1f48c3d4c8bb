//! What all replies share: the `status`, `message` and `error` that may surround any answer.

use duka_core::{Error, ErrorKind};
use duka_http::adapter::{Answer, JsonScalar, Words};

use super::types;
use crate::codes;

/// The `error_type` that names a refused token, whatever the code.
pub(crate) const AUTHENTICATION_ERROR: &str = "authentication_error";

/// Refuses what an HTTP status alone makes no answer. Whatever refuses the credentials in a
/// known form was told before.
pub(crate) fn check_http(answer: &Answer) -> Result<(), Error> {
    answer.check_status(|| Ok(Envelope::read(answer)?.words()))
}

/// The members that may surround any answer.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) status: BodyStatus,
    pub(crate) message: Option<String>,
    pub(crate) fault: Option<Fault>,
}

impl Envelope {
    pub(crate) fn read(answer: &Answer) -> Result<Self, Error> {
        let body: types::Envelope = answer.object()?;
        Ok(Self {
            status: BodyStatus::read(&body.status),
            message: body.message.string().map(str::to_owned),
            fault: Fault::read(&body.error),
        })
    }

    /// Refuses whatever is not the envelope of a success: one with a status out of `good`.
    pub(crate) fn must_succeed(&self, answer: &Answer, good: &[BodyStatus]) -> Result<(), Error> {
        if let Some(fault) = &self.fault {
            return Err(fault.error(answer));
        }
        if answer.reply.status >= 400 || !good.contains(&self.status) {
            return Err(answer.unlisted_with("neither status 200 nor an error", &self.words()));
        }
        Ok(())
    }

    /// What went wrong; without an error, ASP.NET says it in a `message` of its own.
    pub(crate) fn words(&self) -> Words {
        match &self.fault {
            Some(fault) => fault.words.clone(),
            None => Words {
                code: None,
                message: self.message.clone(),
            },
        }
    }
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
    pub(crate) fn read(member: &JsonScalar) -> Self {
        match member.integer() {
            Some(200) => Self::Done,
            Some(500) => Self::NotDone,
            _ if member.is_null() => Self::Missing,
            _ => Self::Other(member.anything().unwrap_or_default().to_owned()),
        }
    }
}

/// A filled `error`: one with a code or a message inside.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) words: Words,
    /// The kind of failure its code stands for. Never a refusal of the credentials: one in its
    /// known form has been told before, and in any other it says nothing certain.
    pub(crate) kind: ErrorKind,
    /// Whether anything in it points to the keys or the token, in any spelling. That makes an
    /// answer doubtful. What makes it a refusal of the credentials is in `auth.rs`.
    pub(crate) is_about_credentials: bool,
}

impl Fault {
    /// `error` may be absent, null, an object of nulls, or filled; only the last is one.
    fn read(member: &JsonScalar) -> Option<Self> {
        let text = |member: &JsonScalar| member.anything().map(str::to_owned);
        let wordless = |kind, message| Self {
            words: Words {
                code: None,
                message: Some(message),
            },
            kind,
            is_about_credentials: false,
        };
        if member.object().is_none() {
            // assumed: an error that is no object at all is still an error.
            return text(member).map(|text| wordless(ErrorKind::Rejected, text));
        }
        let Some(body) = member.parse::<types::ErrorBody>() else {
            // A member stands there twice, say.
            let text = "an error that cannot be read".to_owned();
            return Some(wordless(ErrorKind::UnlistedReply, text));
        };
        let words = Words {
            code: text(&body.code),
            message: text(&body.message),
        };
        if words == Words::default() {
            return None;
        }
        let row = words.code.as_deref().and_then(codes::error_code);
        let kind = row.map_or(ErrorKind::Rejected, |row| row.kind);
        let by_type = body.error_type.anything().or(body.r#type.anything());
        let is_about_credentials = kind == ErrorKind::Authentication
            || by_type.is_some_and(|it| it.eq_ignore_ascii_case(AUTHENTICATION_ERROR));
        Some(Self {
            words,
            kind: if is_about_credentials {
                ErrorKind::UnlistedReply
            } else {
                kind
            },
            is_about_credentials,
        })
    }

    /// Whether its code is one that we know, and says something about a request.
    pub(crate) fn is_listed(&self) -> bool {
        let row = self.words.code.as_deref().and_then(codes::error_code);
        row.is_some_and(|row| row.code != codes::PENDING)
    }

    /// Whether this is its code, to the letter.
    pub(crate) fn has_code(&self, code: &str) -> bool {
        self.words.code.as_deref() == Some(code)
    }

    /// The error of its kind, in its words.
    pub(crate) fn error(&self, answer: &Answer) -> Error {
        answer.refusal(self.kind, &self.words)
    }
}
