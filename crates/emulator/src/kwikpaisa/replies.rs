//! KwikPaisa's replies that several operations share: the error envelope, and refusals.

use hyper::StatusCode;

use super::wire::ErrorEnvelope;
use crate::exchange::Reply;
use crate::json::JsonScalar;
use crate::variants::{Behaviour, kwikpaisa as variants};

/// A reply, or the refusal that is sent instead.
pub(super) type Answered<T = Reply> = Result<T, Refusal>;

/// Why a call is not carried out.
pub(super) enum Refusal {
    /// Sent in the error envelope; the reason is only logged.
    Error {
        status: StatusCode,
        message: &'static str,
        reason: String,
    },
    /// A finished reply in another form.
    Written(Reply),
}

impl Refusal {
    pub(super) fn new(
        status: StatusCode,
        message: &'static str,
        reason: impl Into<String>,
    ) -> Self {
        Self::Error {
            status,
            message,
            reason: reason.into(),
        }
    }

    pub(super) fn into_reply(self, behaviour: &Behaviour) -> Reply {
        match self {
            Self::Error {
                status,
                message,
                reason,
            } => error(behaviour, status, message).because(reason),
            Self::Written(reply) => reply,
        }
    }
}

/// KwikPaisa's error envelope: `status` is false.
pub(crate) fn error(behaviour: &Behaviour, status: StatusCode, message: &'static str) -> Reply {
    Reply::json(
        status,
        &ErrorEnvelope {
            status: false,
            code: JsonScalar::number(status.as_u16(), behaviour.value(&variants::ERROR_CODE_TYPE)),
            message,
        },
    )
}
