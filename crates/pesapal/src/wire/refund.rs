//! `RefundRequest` (page *Refund Request*): its documented limits, the request, and what
//! counts as received or refused.

use duka_core::{Error, OrderId, RefundAnswer, RefundRequest};
use duka_http::adapter::Answer;

use super::types::{self, RefundReply};
use super::verdict::{self, Verdict};

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

/// Reads the answer to a request about `tracking_id`, in its canonical form. It is no yes to
/// the refund, only to the request.
pub(crate) fn read(
    answer: &Answer,
    tracking_id: &OrderId,
    request: &RefundRequest,
) -> Result<RefundAnswer, Error> {
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
