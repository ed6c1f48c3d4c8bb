//! Pesapal's replies that several operations share: errors in each of their forms, and refusals.

use hyper::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wire::{ApiError, ErrorBody, Plain, Refusal, SubmitReply, body_status};
use crate::call::Call;
use crate::exchange::Reply;
use crate::order::{Order, OrderDetails, PesapalOrder};
use crate::variants::Behaviour;
use crate::variants::pesapal::{self as variants, ErrorForm};

/// The code of an error about a member of the request.
pub(super) const PARAMETERS: &str = "invalid_api_request_parameters";

/// A reply, or the refusal that is sent instead.
pub(super) type Answered<T = Reply> = Result<T, Reply>;

/// An error of the web server in front of the API, which has a form of its own.
pub(crate) fn http_error(status: StatusCode, message: &'static str) -> Reply {
    #[derive(Serialize)]
    struct Body {
        message: &'static str,
    }
    Reply::json(status, &Body { message })
}

pub(super) fn body<T: DeserializeOwned>(call: &Call<'_>) -> Answered<T> {
    serde_json::from_slice(&call.received.body).map_err(|problem| {
        http_error(StatusCode::BAD_REQUEST, "The request is invalid.")
            .because(format!("the body is not the JSON wanted: {problem}"))
    })
}

/// An error in the API's own form: HTTP 200, so only the body shows it.
pub(super) fn api_error(behaviour: &Behaviour, code: &str, message: &str) -> Reply {
    let error = Refusal::new(behaviour, code, message);
    Reply::json(StatusCode::OK, &error_body(behaviour, error)).because(format!("{code}: {message}"))
}

/// An error by itself, with or without a `status` beside it.
pub(super) fn error_body(behaviour: &Behaviour, error: Refusal) -> ErrorBody {
    let status = match behaviour.value(&variants::ERROR_FORM) {
        ErrorForm::Observed | ErrorForm::Text => Some(Some(body_status(behaviour, 500))),
        ErrorForm::Documented => None,
    };
    ErrorBody { error, status }
}

/// The form of cancel's and refund's replies, which have no `error`.
pub(super) fn plain(
    behaviour: &Behaviour,
    http: StatusCode,
    status: u16,
    message: &'static str,
) -> Reply {
    let status = body_status(behaviour, status);
    Reply::json(http, &Plain { status, message })
}

/// The HTTP status of a mutation that was carried out.
pub(super) fn success(behaviour: &Behaviour) -> StatusCode {
    behaviour.value(&variants::SUCCESS_HTTP)
}

/// HTTP 404 with an error, where that is what an unknown order gets.
pub(super) fn not_found(behaviour: &Behaviour) -> Reply {
    let code = "invalid_api_request_parameters";
    let error = Refusal::new(behaviour, code, "unknown orderTrackingId");
    Reply::json(StatusCode::NOT_FOUND, &error_body(behaviour, error))
        .because("no order has this tracking id")
}

/// HTTP 404 from the web server in front of the API, which does not mention the order.
pub(super) fn foreign_not_found() -> Reply {
    http_error(
        StatusCode::NOT_FOUND,
        "No HTTP resource was found that matches the request URI.",
    )
    .because("no order has this tracking id")
}

pub(super) fn own(order: &Order) -> Option<&PesapalOrder> {
    match &order.details {
        OrderDetails::Pesapal(own) => Some(own),
        OrderDetails::KwikPaisa(_) => None,
    }
}

/// Why an order is refused: the error's code and message.
pub(super) struct Refused {
    code: &'static str,
    message: &'static str,
}

pub(super) const fn refused(code: &'static str, message: &'static str) -> Refused {
    Refused { code, message }
}

impl Refused {
    pub(super) fn into_reply(self, behaviour: &Behaviour) -> Reply {
        let Self { code, message } = self;
        let reply = match behaviour.value(&variants::ERROR_FORM) {
            ErrorForm::Observed => Reply::json(
                StatusCode::OK,
                &SubmitReply {
                    order_tracking_id: None,
                    merchant_reference: Some(None),
                    redirect_url: None,
                    error: Some(Some(ApiError::new(behaviour, code, message))),
                    status: body_status(behaviour, 500),
                },
            ),
            ErrorForm::Documented | ErrorForm::Text => {
                let error = Refusal::new(behaviour, code, message);
                Reply::json(StatusCode::OK, &error_body(behaviour, error))
            }
        };
        reply.because(format!("{code}: {message}"))
    }
}
