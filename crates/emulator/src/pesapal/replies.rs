//! Pesapal's replies that several operations share: errors in each of their forms, and refusals.

use hyper::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::wire::{ApiError, ErrorBody, PARAMETERS, Plain, Refusal, SubmitReply, body_status};
use crate::call::Call;
use crate::exchange::{Received, Reply};
use crate::order::{Order, OrderDetails, PesapalOrder};
use crate::variants::Behaviour;
use crate::variants::pesapal::{self as variants, ErrorForm};

/// A reply, or the refusal that is sent instead.
pub(super) type Answered<T = Reply> = Result<T, Reply>;

/// An error of the web server in front of the API, which has a form of its own.
pub(crate) fn http_error(status: StatusCode, message: &str) -> Reply {
    #[derive(Serialize)]
    struct Body<'a> {
        message: &'a str,
    }
    Reply::json(status, &Body { message })
}

/// HTTP 404 of an address that the server does not know.
pub(crate) fn no_such_path(base_url: &str, received: &Received) -> Reply {
    let uri = format!("{base_url}{}", received.path_and_query());
    let message = format!("No HTTP resource was found that matches the request URI '{uri}'.");
    http_error(StatusCode::NOT_FOUND, &message)
}

/// HTTP 405 of an address that has other methods.
pub(crate) fn wrong_method(received: &Received) -> Reply {
    let method = &received.method;
    let message = format!("The requested resource does not support http method '{method}'.");
    http_error(StatusCode::METHOD_NOT_ALLOWED, &message)
}

/// A request with a member that is missing or wrong. The gateway does not say which; the verdict does.
pub(super) fn bad_parameters(behaviour: &Behaviour, reason: &str) -> Reply {
    let error = Refusal::new(behaviour, PARAMETERS, INVALID_REQUEST);
    Reply::json(StatusCode::OK, &error_body(behaviour, error)).because(reason)
}

/// What the gateway says of a request with bad members, whatever is bad.
const INVALID_REQUEST: &str = "Invalid API request.";

/// Forms are read as well, as ASP.NET does by itself: one SDK asks for refunds so.
pub(super) fn body<T: DeserializeOwned>(call: &Call<'_>) -> Answered<T> {
    let received = call.received;
    let read = if received.is_form() {
        let members = url::form_urlencoded::parse(&received.body);
        let members = members.map(|(name, text)| (name.into_owned(), Value::from(text.as_ref())));
        serde_json::from_value(Value::Object(members.collect()))
    } else {
        serde_json::from_slice(&received.body)
    };
    read.map_err(|problem| {
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
pub(super) fn foreign_not_found(call: &Call<'_>) -> Reply {
    no_such_path(&call.shared.base_url, call.received).because("no order has this tracking id")
}

pub(super) fn own(order: &Order) -> Option<&PesapalOrder> {
    match &order.details {
        OrderDetails::Pesapal(own) => Some(own),
        OrderDetails::KwikPaisa(_) => None,
    }
}

/// Why an order is refused: the error's code and message, and the reason that only the verdict tells.
pub(super) struct Refused {
    code: &'static str,
    message: &'static str,
    reason: &'static str,
}

/// An order with a member that is missing or wrong.
pub(super) const fn refused(reason: &'static str) -> Refused {
    Refused {
        code: PARAMETERS,
        message: INVALID_REQUEST,
        reason,
    }
}

pub(super) const UNKNOWN_IPN: Refused = Refused {
    code: PARAMETERS,
    message: "Invalid IPN URL ID provided.Check format and try again",
    reason: "notification_id is not a registered IPN",
};

pub(super) const NO_BILLING_DETAILS: Refused = Refused {
    code: "missing_mandatory_billing_address",
    message: "Please provide billing details information on your API request.",
    reason: "billing_address needs email_address or phone_number",
};

impl Refused {
    pub(super) fn into_reply(self, behaviour: &Behaviour) -> Reply {
        let Self {
            code,
            message,
            reason,
        } = self;
        let among_nulls = behaviour.value(&variants::REFUSED_REQUEST_IS_AMONG_NULLS);
        let reply = match behaviour.value(&variants::ERROR_FORM) {
            ErrorForm::Observed if among_nulls => Reply::json(
                StatusCode::OK,
                &SubmitReply {
                    order_tracking_id: None,
                    merchant_reference: Some(None),
                    redirect_url: None,
                    error: Some(Some(ApiError::new(behaviour, code, message))),
                    status: body_status(behaviour, 500),
                },
            ),
            ErrorForm::Observed | ErrorForm::Documented | ErrorForm::Text => {
                let error = Refusal::new(behaviour, code, message);
                Reply::json(StatusCode::OK, &error_body(behaviour, error))
            }
        };
        reply.because(format!("{code}: {reason}"))
    }
}
