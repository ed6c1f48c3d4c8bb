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

use crate::behaviour::pesapal::{ErrorForm, PesapalBehaviour, SuccessHttp};
use crate::exchange::Reply;
use crate::gateway::Operation;
use crate::order::{Order, OrderDetails, PesapalOrder};
use crate::service::Call;

pub(crate) use door::{Tokens, check_door, expired};
pub(crate) use ipns::Ipns;
pub(crate) use orders::stray;

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
fn api_error(behaviour: &PesapalBehaviour, code: &str, message: &str) -> Reply {
    let error = wire::Refusal::new(behaviour, code, message);
    Reply::json(StatusCode::OK, &error_body(behaviour, error)).because(format!("{code}: {message}"))
}

/// An error by itself, with or without a `status` beside it.
fn error_body(behaviour: &PesapalBehaviour, error: wire::Refusal) -> wire::ErrorBody {
    let status = match behaviour.error_form {
        ErrorForm::Observed | ErrorForm::Text => Some(Some(wire::BodyStatus::new(behaviour, 500))),
        ErrorForm::Documented => None,
    };
    wire::ErrorBody { error, status }
}

/// The form of cancel's and refund's replies, which have no `error`.
fn plain(
    behaviour: &PesapalBehaviour,
    http: StatusCode,
    status: u16,
    message: &'static str,
) -> Reply {
    let status = wire::BodyStatus::new(behaviour, status);
    Reply::json(http, &wire::Plain { status, message })
}

/// The HTTP status of a mutation that was carried out.
const fn success(behaviour: &PesapalBehaviour) -> StatusCode {
    match behaviour.success_http {
        SuccessHttp::Ok200 => StatusCode::OK,
        SuccessHttp::Created201 => StatusCode::CREATED,
    }
}

/// HTTP 404 with an error, where that is what an unknown order gets.
fn not_found(behaviour: &PesapalBehaviour) -> Reply {
    let code = "invalid_api_request_parameters";
    let error = wire::Refusal::new(behaviour, code, "unknown orderTrackingId");
    Reply::json(StatusCode::NOT_FOUND, &error_body(behaviour, error))
        .because("no order has this tracking id")
}

/// HTTP 404 from the web server in front, which says nothing of an order.
fn foreign_not_found() -> Reply {
    http_error(
        StatusCode::NOT_FOUND,
        "No HTTP resource was found that matches the request URI.",
    )
    .because("no order has this tracking id")
}

fn own(order: &Order) -> Option<&PesapalOrder> {
    match &order.details {
        OrderDetails::Pesapal(own) => Some(own),
        OrderDetails::KwikPaisa(_) => None,
    }
}
