//! KwikPaisa's replies that several operations share: the error envelope, and refusals.

use hyper::StatusCode;

use super::wire::{Code, ErrorEnvelope};
use crate::behaviour::kwikpaisa::KwikPaisaBehaviour;
use crate::exchange::Reply;

/// An answer, or what is sent instead.
pub(super) type Answered<T = Reply> = Result<T, Refusal>;

/// Why a call is not carried out.
pub(super) enum Refusal {
    /// To be told in the error envelope; the reason is for the log only.
    Error {
        status: StatusCode,
        message: &'static str,
        reason: String,
    },
    /// Written already, in another form.
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

    pub(super) fn into_reply(self, behaviour: &KwikPaisaBehaviour) -> Reply {
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
pub(crate) fn error(
    behaviour: &KwikPaisaBehaviour,
    status: StatusCode,
    message: &'static str,
) -> Reply {
    Reply::json(
        status,
        &ErrorEnvelope {
            status: false,
            code: Code {
                number: status.as_u16(),
                form: behaviour.error_code,
            },
            message,
        },
    )
}
