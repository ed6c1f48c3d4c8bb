//! KwikPaisa API v3: signed requests, orders with a state that can show a cancellation.

mod door;
mod orders;
mod wire;

use hyper::StatusCode;

use crate::exchange::Reply;
use crate::gateway::Operation;
use crate::service::Call;

pub(crate) use door::{check_door, expired, signature};

/// Carries out a call that passed the door.
pub(crate) fn answer(call: &mut Call<'_>, operation: Operation) -> Reply {
    let answered = match operation {
        Operation::Create => orders::create(call),
        Operation::Status => orders::status(call),
        Operation::Cancel => orders::cancel(call),
        Operation::Token | Operation::Refund | Operation::RegisterIpn | Operation::ListIpns => {
            Err(error(StatusCode::NOT_FOUND, "Invalid request."))
        }
    };
    answered.unwrap_or_else(|refusal| refusal)
}

/// KwikPaisa's error envelope: `status` is false and `code` a number.
pub(crate) fn error(status: StatusCode, message: &'static str) -> Reply {
    Reply::json(
        status,
        &wire::ErrorEnvelope {
            status: false,
            code: status.as_u16(),
            message,
        },
    )
}
