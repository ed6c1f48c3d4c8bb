//! `RefundRequest` (page *Refund Request*): its documented limits, the request, and what
//! counts as received or refused.

use duka_core::{Error, ErrorKind, OrderId, RefundAnswer, RefundRequest};
use duka_http::adapter::{Answer, JsonMembers};

use super::envelope::{self, BodyStatus};
use super::types::{self, RefundReply};
use super::verdict::{self, Verdict};
use crate::codes;

/// What the names of mobile money hold, in small letters.
///
/// assumed: `payment_method` names mobile money by one of these, alone or in a longer name.
/// A name that is not known is left to the gateway: a card must not be taken for a phone.
const MOBILE_MONEY: [&str; 5] = ["mpesa", "m-pesa", "mtn", "tigo", "airtel"];

/// The body of a request that keeps every documented limit.
pub(crate) fn request_body(request: &RefundRequest) -> Result<Vec<u8>, Error> {
    let money = request.money()?;
    let method = request.paid.details.method.as_deref();
    if let Some(method) = method.filter(|method| request.is_partial() && is_mobile(method)) {
        return Err(Error::invalid_field(
            "amount",
            format_args!(
                "{money} is a part of what was paid by {method}: mobile money goes back whole or not at all"
            ),
        ));
    }
    Ok(super::body(&types::RefundRequest {
        confirmation_code: confirmation_code(request)?,
        amount: super::number(money.amount()),
        username: filled("username", &request.username)?,
        remarks: filled("remarks", &request.remarks)?,
    }))
}

/// The receipt of the payment, as its status shows it.
fn confirmation_code(request: &RefundRequest) -> Result<&str, Error> {
    let code = request.paid.details.receipt.as_deref();
    code.filter(|code| !code.trim().is_empty()).ok_or_else(|| {
        let problem = "is not shown by the status of the order, and a refund is asked for by it";
        Error::invalid_field("confirmation_code", problem)
    })
}

fn filled<'a>(field: &str, text: &'a str) -> Result<&'a str, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid_field(field, "is empty"));
    }
    Ok(text)
}

fn is_mobile(method: &str) -> bool {
    let method = method.to_ascii_lowercase();
    MOBILE_MONEY.iter().any(|name| method.contains(name))
}

/// The words of a refusal in the one form that refused requests have (submit, register, refund):
/// an error, and `status` 500 or none, and nothing else. The error says of what type it is, and
/// `api_error` alone says too little: its code must be one that we know.
fn refused_for_its_fields(answer: &Answer) -> Option<String> {
    envelope::check_http(answer).ok()?;
    let mut members: JsonMembers = answer.object().ok()?;
    let error = members.take("error");
    let status = BodyStatus::read(&members.take("status"));
    let is_bare =
        matches!(status, BodyStatus::Missing | BodyStatus::NotDone) && members.are_empty();
    error.parse().filter(|_| is_bare).and_then(words_of_error)
}

fn words_of_error(mut members: JsonMembers) -> Option<String> {
    let mut take = |name| members.take(name).into_string().ok();
    let (code, message) = (take("code")??, take("message")?);
    let types = [take("error_type")?, take("type")?];
    let mut types = types.into_iter().flatten();
    let (Some(kind), None) = (types.next(), types.next()) else {
        return None;
    };
    let row = codes::error_code(&code);
    let is_refusal = match kind.as_str() {
        "invalid_request_error" => row.is_none_or(|row| row.kind == ErrorKind::Rejected),
        "api_error" => row.is_some_and(|row| row.kind == ErrorKind::Rejected),
        _ => false,
    };
    let words = message
        .filter(|text| !text.is_empty())
        .unwrap_or(code.clone());
    (is_refusal && code != codes::PENDING && !code.is_empty() && members.are_empty())
        .then_some(words)
}

/// Reads the answer to a request about `tracking_id`, in its canonical form. It is no yes to
/// the refund, only to the request.
pub(crate) fn read(
    answer: &Answer,
    tracking_id: &OrderId,
    request: &RefundRequest,
) -> Result<RefundAnswer, Error> {
    if let Some(words) = refused_for_its_fields(answer) {
        let message = answer.shown(&words);
        return Ok(RefundAnswer::Refused { message });
    }
    let receipt = request.paid.details.receipt.as_deref();
    let is_about = |reply: RefundReply| {
        if super::is_another(&reply.order_tracking_id, tracking_id) {
            return Some("another order");
        }
        let is_another = receipt.is_some_and(|own| reply.confirmation_code.differs_from(own));
        is_another.then_some("another payment, by its receipt")
    };
    Ok(match verdict::read(answer, is_about)? {
        Verdict::Yes(message) => RefundAnswer::Received { message },
        Verdict::No(message) => RefundAnswer::Refused { message },
    })
}
