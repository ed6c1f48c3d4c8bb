//! Pesapal API 3.0: bearer tokens, registered notification addresses, one cancel request per order.

mod cancel;
mod door;
mod ipns;
mod orders;
mod recurring;
mod submit;
mod wire;

use hyper::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::exchange::Reply;
use crate::gateway::Operation;
use crate::order::{Order, Particulars, PesapalOrder};
use crate::service::Call;

pub(crate) use door::{Tokens, check_door, expired};
pub(crate) use ipns::Ipns;

/// An answer, or the refusal that is sent instead.
type Answered<T = Reply> = Result<T, Reply>;

/// Carries out a call that passed the door.
pub(crate) fn answer(call: &mut Call<'_>, operation: Operation) -> Reply {
    let answered = match operation {
        Operation::Token => door::issue(call),
        Operation::RegisterIpn => ipns::register(call),
        Operation::ListIpns => Ok(ipns::list(call)),
        Operation::Create => submit::submit(call),
        Operation::Status => orders::status(call),
        Operation::Refund => orders::refund(call),
        Operation::Cancel => cancel::cancel(call),
    };
    answered.unwrap_or_else(|refusal| refusal)
}

/// What the web server in front says, which is not in the API's own form.
pub(crate) fn http_error(status: StatusCode, message: &'static str) -> Reply {
    #[derive(Serialize)]
    struct Body {
        message: &'static str,
    }
    Reply::json(status, &Body { message })
}

fn body<T: DeserializeOwned>(call: &Call<'_>) -> Answered<T> {
    serde_json::from_slice(&call.received.body).map_err(|problem| {
        http_error(StatusCode::BAD_REQUEST, "The request is invalid.")
            .because(format!("the body is not the JSON wanted: {problem}"))
    })
}

/// An error in the API's own form: HTTP 200, told only by the body.
fn api_error(code: &str, message: &str) -> Reply {
    Reply::json(
        StatusCode::OK,
        &wire::ErrorBody {
            error: wire::ApiError::new(code, message),
            status: "500",
        },
    )
    .because(format!("{code}: {message}"))
}

fn own(order: &Order) -> Option<&PesapalOrder> {
    match &order.particulars {
        Particulars::Pesapal(own) => Some(own),
        Particulars::KwikPaisa(_) => None,
    }
}
