//! `CancelOrder` (page *Order Cancellation*): the request, and what counts as yes or no.

use duka_core::{CancelAnswer, Error, OrderId};
use duka_http::adapter::Answer;

use super::types::{CancelReply, CancelRequest};
use super::verdict::{self, Verdict};

pub(crate) fn request_body(tracking_id: &str) -> Vec<u8> {
    super::body(&CancelRequest {
        order_tracking_id: tracking_id,
    })
}

/// Reads the answer to a request about `tracking_id`, in its canonical form.
pub(crate) fn read(answer: &Answer, tracking_id: &OrderId) -> Result<CancelAnswer, Error> {
    let is_about = |reply: CancelReply| {
        super::is_another(&reply.order_tracking_id, tracking_id).then_some("another order")
    };
    Ok(match verdict::read(answer, is_about)? {
        Verdict::Yes(message) => CancelAnswer::accepted(message),
        Verdict::No(message) => CancelAnswer::refused(message),
    })
}
