//! Pesapal API 3.0: bearer tokens, registered notification addresses, one cancel request per order.

mod auth;
mod cancel;
mod ipns;
mod jwt;
mod orders;
mod recurring;
mod replies;
mod submit;
mod wire;

use crate::call::Call;
use crate::exchange::Reply;
use crate::gateway::Operation;

pub(crate) use auth::{authenticate, expired};
pub(crate) use orders::stray;
pub(crate) use replies::{http_error, no_such_path, wrong_method};

/// Carries out an authenticated call.
pub(crate) fn answer(call: &mut Call<'_>, operation: Operation) -> Reply {
    let answered = match operation {
        Operation::Token => auth::issue(call),
        Operation::RegisterIpn => ipns::register(call),
        Operation::ListIpns => Ok(ipns::list(call)),
        Operation::Create => submit::submit(call),
        Operation::Status => orders::status(call),
        Operation::Refund => orders::refund(call),
        Operation::Cancel => cancel::cancel(call),
    };
    answered.unwrap_or_else(|refusal| refusal)
}
