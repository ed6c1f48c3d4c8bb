//! `CancelOrder` (page *Order Cancellation*): the request, and what counts as yes or no.

use duka_core::{CancelAnswer, Error, OrderId};
use serde::Serialize;

use super::envelope::Answer;
use super::verdict::{self, Asked, Verdict};

#[derive(Serialize)]
struct CancelOrder<'a> {
    order_tracking_id: &'a str,
}

pub(crate) fn request_body(tracking_id: &str) -> Vec<u8> {
    super::body(&CancelOrder {
        order_tracking_id: tracking_id,
    })
}

/// Reads the answer to a request about `tracking_id`, in its canonical form.
pub(crate) fn read(answer: &Answer<'_>, tracking_id: &OrderId) -> Result<CancelAnswer, Error> {
    let asked = Asked {
        tracking_id,
        confirmation_code: None,
    };
    Ok(match verdict::read(answer, &asked)? {
        Verdict::Yes(message) => CancelAnswer::Accepted { message },
        Verdict::No(message) => CancelAnswer::Refused { message },
    })
}
