//! KwikPaisa API v3: signed requests, orders with a state that can show a cancellation.

mod door;
mod orders;
mod rewriting;
mod wire;

use hyper::StatusCode;

use crate::behaviour::kwikpaisa::KwikPaisaBehaviour;
use crate::exchange::Reply;
use crate::gateway::Operation;
use crate::service::Call;

pub(crate) use door::{check_door, expired, signature};
pub(crate) use orders::stray;

/// Carries out a call that passed the door.
pub(crate) fn answer(call: &mut Call<'_>, operation: Operation) -> Reply {
    let answered = match operation {
        Operation::Create => orders::create(call),
        Operation::Status => orders::status(call),
        Operation::Cancel => orders::cancel(call),
        Operation::Token | Operation::Refund | Operation::RegisterIpn | Operation::ListIpns => {
            Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "Invalid request.",
                "not an operation of KwikPaisa",
            ))
        }
    };
    answered.unwrap_or_else(|refusal| refusal.into_reply(&call.behaviour.kwikpaisa))
}

/// An answer, or what is sent instead.
type Answered<T = Reply> = Result<T, Refusal>;

/// Why a call is not carried out.
enum Refusal {
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
    fn new(status: StatusCode, message: &'static str, reason: impl Into<String>) -> Self {
        Self::Error {
            status,
            message,
            reason: reason.into(),
        }
    }

    fn into_reply(self, behaviour: &KwikPaisaBehaviour) -> Reply {
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
        &wire::ErrorEnvelope {
            status: false,
            code: wire::Code {
                number: status.as_u16(),
                form: behaviour.error_code,
            },
            message,
        },
    )
}
