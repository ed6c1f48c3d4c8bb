//! `CancelOrder` (page *Order Cancellation*): the request, and what counts as yes or no.

use duka_core::{CancelAnswer, Error, ErrorKind, OrderId};
use serde::{Deserialize, Serialize};

use super::envelope::{Answer, BodyStatus, Fault, Loose};

#[derive(Serialize)]
struct CancelOrder<'a> {
    order_tracking_id: &'a str,
}

pub(crate) fn request_body(tracking_id: &str) -> Vec<u8> {
    super::body(&CancelOrder {
        order_tracking_id: tracking_id,
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CancelReply<'a> {
    #[serde(borrow)]
    order_tracking_id: Loose<'a>,
}

/// Yes is `status` 200 without an error in a good HTTP reply; no is `status` 500 with a
/// message. Whatever else comes back is neither.
pub(crate) fn read(answer: &Answer<'_>, tracking_id: &OrderId) -> Result<CancelAnswer, Error> {
    let unlisted = |problem: &str| answer.error(ErrorKind::UnlistedReply, problem);
    let envelope = answer.envelope();
    let claims_success = envelope
        .as_ref()
        .is_ok_and(|envelope| envelope.status == BodyStatus::Done);
    if answer.reply.status >= 400 && claims_success {
        return Err(unlisted("an HTTP error around status 200"));
    }
    answer.check_http()?;
    let envelope = envelope?;
    let reply: CancelReply<'_> = answer.object()?;
    // No recorded reply names the order; one that does is about the one it names.
    let echoed = reply.order_tracking_id.text();
    if echoed.is_some_and(|echoed| super::canonical_id(&echoed).as_ref() != Some(tracking_id)) {
        return Err(unlisted("the answer is about another order"));
    }
    let about_the_token = answer.reply.status == 401
        || envelope
            .fault
            .as_ref()
            .is_some_and(Fault::is_about_credentials);
    if about_the_token && envelope.status == BodyStatus::NotDone {
        return Err(unlisted("the token and the order refused in one reply"));
    }
    let words = envelope.message.as_deref().map(|text| answer.shown(text));
    match (envelope.status, envelope.fault, words) {
        (BodyStatus::Done, None, words) => Ok(CancelAnswer::Accepted {
            message: words.unwrap_or_default(),
        }),
        // Observed with HTTP below 400, like every refusal of this call.
        // assumed: under HTTP 4xx, or beside an error, it is the same refusal.
        (BodyStatus::NotDone, _, Some(message)) => Ok(CancelAnswer::Refused { message }),
        (_, Some(fault), _) => Err(fault.into_error(answer, ErrorKind::UnlistedReply)),
        (BodyStatus::NotDone, None, None) => Err(unlisted("status 500 without a message")),
        (BodyStatus::Missing, None, _) => Err(unlisted("no status in the body")),
        (BodyStatus::Other(text), None, _) => Err(unlisted(&format!(
            "status {:?} is neither 200 nor 500",
            answer.shown(&text)
        ))),
    }
}
