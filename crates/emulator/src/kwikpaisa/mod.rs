//! KwikPaisa API v3: signed requests, orders with a state that can show a cancellation.

mod auth;
mod orders;
mod replies;
mod wire;

use hyper::StatusCode;

use crate::call::Call;
use crate::exchange::Reply;
use crate::gateway::Operation;

pub(crate) use auth::{authenticate, expired, signature};
pub(crate) use orders::stray;
use replies::Refusal;
pub(crate) use replies::error;

/// Carries out an authenticated call.
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
    answered.unwrap_or_else(|refusal| refusal.into_reply(call.behaviour))
}
