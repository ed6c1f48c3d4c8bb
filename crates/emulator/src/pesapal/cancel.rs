//! Pesapal's cancel: for pending and failed payments, and one request per order only.

use jiff::SignedDuration;

use super::replies::{Answered, body, foreign_not_found, not_found, plain, success};
use super::wire::CancelBody;
use crate::call::Call;
use crate::customer::{CustomerAct, Race};
use crate::exchange::Reply;
use crate::order::Payment;
use crate::variants::Behaviour;
use crate::variants::pesapal::{self as variants, UnknownOrder};

pub(super) fn cancel(call: &mut Call<'_>) -> Answered {
    let CancelBody { order_tracking_id } = body(call)?;
    let behaviour = call.behaviour;
    let refused = |reason: &str| refused(behaviour, reason);
    let id = order_tracking_id.ok_or_else(|| refused("order_tracking_id is missing"))?;
    let key = call.state.orders.pesapal(&id).ok_or_else(|| {
        match behaviour.value(&variants::UNKNOWN_ORDER) {
            UnknownOrder::Http404 => not_found(behaviour),
            UnknownOrder::Foreign404 => foreign_not_found(call),
            UnknownOrder::Error200 | UnknownOrder::Status500 => {
                refused("no order has this order_tracking_id")
            }
        }
    })?;
    let race = call.race(key);
    if race == Race::PaidBefore {
        // If the order can no longer be paid, there is no race.
        let _ = call.state.act(key, CustomerAct::Pay, call.now);
    }
    let order = call.state.orders.get_mut(key);
    let earlier_requests = order.cancel_requests;
    order.cancel_requests = earlier_requests.saturating_add(1);
    if order.is_cancelled() {
        return if behaviour.value(&variants::SECOND_CANCEL_IS_ACCEPTED) {
            Ok(cancelled(behaviour).because("applied before, not again"))
        } else {
            Err(refused("a cancel was applied before"))
        };
    }
    if earlier_requests > 0 && behaviour.value(&variants::REFUSED_CANCEL_USES_UP) {
        return Err(refused(
            "the order's one cancel request was used up by a refused one",
        ));
    }
    let failed_for_good =
        order.payment == Payment::Failed && !behaviour.value(&variants::FAILED_IS_CANCELLABLE);
    if failed_for_good || !order.is_cancellable() {
        let reason = format!("the order is {}", order.truth());
        return Err(refused(&reason));
    }
    let not_before =
        SignedDuration::try_from(call.behaviour.cancel_not_before).unwrap_or(SignedDuration::MAX);
    if call.now.duration_since(order.created_at) < not_before {
        return Err(refused("the order is too young to be cancelled"));
    }
    order.apply_cancel(call.now);
    if behaviour.value(&variants::CANCEL_SENDS_IPN) {
        call.state.notify(key, call.now);
    }
    if race == Race::PaidAfter {
        let _ = call.state.act(key, CustomerAct::PayLate, call.now);
    }
    Ok(cancelled(behaviour))
}

fn cancelled(behaviour: &Behaviour) -> Reply {
    let http = success(behaviour);
    plain(behaviour, http, 200, "Order successfully cancelled.").because("cancelled")
}

/// The message is the same for every reason; only the verdict differs.
fn refused(behaviour: &Behaviour, reason: &str) -> Reply {
    let http = behaviour.value(&variants::CANCEL_REFUSAL_HTTP);
    let message = "Invalid order request. Transaction cannot be cancelled";
    plain(behaviour, http, 500, message).because(reason)
}
