//! Pesapal's cancel: for pending and failed payments, and one request per order only.

use jiff::SignedDuration;

use super::orders::plain;
use super::wire::CancelBody;
use super::{Answered, body};
use crate::act::CustomerAct;
use crate::behaviour::pesapal::{IpnAfterCancel, RefusedCancel, SecondCancel};
use crate::exchange::Reply;
use crate::service::{Call, Race};

pub(super) fn cancel(call: &mut Call<'_>) -> Answered {
    let CancelBody { order_tracking_id } = body(call)?;
    let id = order_tracking_id.ok_or_else(|| refused("order_tracking_id is missing"))?;
    let key = call
        .world
        .book
        .pesapal(&id)
        .ok_or_else(|| refused("no order has this order_tracking_id"))?;
    if call.race == Race::PaidBefore {
        // An order that cannot be paid any more loses the race on its own.
        let _ = call.world.act(key, CustomerAct::Pay, call.now);
    }
    let behaviour = &call.behaviour.pesapal;
    let order = call.world.book.get_mut(key);
    let earlier_requests = order.cancel_requests;
    order.cancel_requests = earlier_requests.saturating_add(1);
    if order.is_cancelled() {
        return match behaviour.second_cancel {
            SecondCancel::Refused => Err(refused("a cancel was applied before")),
            SecondCancel::Accepted => Ok(cancelled().because("applied before, not again")),
        };
    }
    let used_up = match behaviour.refused_cancel {
        RefusedCancel::UsesUp => earlier_requests > 0,
        RefusedCancel::Free => false,
    };
    if used_up {
        return Err(refused(
            "the order's one cancel request was used up by a refused one",
        ));
    }
    if !order.is_cancellable() {
        let reason = format!("the order is {}", order.truth());
        return Err(refused(&reason));
    }
    let not_before =
        SignedDuration::try_from(call.behaviour.cancel_not_before).unwrap_or(SignedDuration::MAX);
    if call.now.duration_since(order.created_at) < not_before {
        return Err(refused("the order is too young to be cancelled"));
    }
    order.apply_cancel(call.now);
    match behaviour.ipn_after_cancel {
        IpnAfterCancel::None => {}
        IpnAfterCancel::Sent => call.world.notify(key),
    }
    if call.race == Race::PaidAfter {
        let _ = call.world.act(key, CustomerAct::PayLate, call.now);
    }
    Ok(cancelled())
}

fn cancelled() -> Reply {
    plain("200", "Order successfully cancelled.").because("cancelled")
}

/// The same text for every reason: only the verdict tells them apart.
fn refused(reason: &str) -> Reply {
    plain(
        "500",
        "Invalid order request. Transaction cannot be cancelled",
    )
    .because(reason)
}
