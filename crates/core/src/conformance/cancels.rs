//! Promises about cancelling.

use super::check::{
    assert_agrees, assert_error_after, assert_happened, assert_hides_secrets, assert_sent_once,
    expect_error, open_order, paid_order, read_status,
};
use super::harness::{Fault, Harness, RequestCounts, ServerState};
use crate::cancel::{Repeat, ShowsCancelled};
use crate::error::Error;
use crate::gateway::{CancelAnswer, Operation};
use crate::id::OrderId;
use crate::order::OrderStatus;

/// How often a status is read until it shows a cancellation.
const MOST_READS: u32 = 3;

/// Cancelling an open order takes one request.
pub async fn open_order_is_cancelled_by_one_request(harness: &dyn Harness) {
    let order = open_order(harness).await;
    cancel_accepted(harness, &order).await;
    let state = harness.server_state(&order).await;
    let one = RequestCounts {
        received: 1,
        authenticated: 1,
        applied: 1,
    };
    assert_eq!(state.cancels, one);
}

/// A cancelled order reads *cancelled* if the rules say so, and neither *cancelled* nor
/// *paid* if they say that no status shows it.
pub async fn cancelled_order_shows_it_if_the_rules_say_so(harness: &dyn Harness) {
    let order = open_order(harness).await;
    cancel_accepted(harness, &order).await;
    let mut status = read_status(harness, &order).await.status;
    match harness.gateway().cancel_rules().shows_cancelled() {
        ShowsCancelled::Yes => {
            // It may show the status before for a moment, and no other.
            for _ in 1..MOST_READS {
                if status == OrderStatus::Unpaid {
                    status = read_status(harness, &order).await.status;
                }
            }
            assert_eq!(status, OrderStatus::Cancelled);
        }
        ShowsCancelled::No => assert!(
            !matches!(status, OrderStatus::Cancelled | OrderStatus::Paid),
            "the rules say that no status shows a cancellation, and this one is {status}"
        ),
    }
}

/// A paid order is never reported as cancelled, and stays paid.
pub async fn paid_order_is_never_cancelled(harness: &dyn Harness) {
    let order = paid_order(harness).await;
    cancel_not_accepted(harness, &order).await;
    let state = harness.server_state(&order).await;
    assert_eq!(state.status, OrderStatus::Paid);
    let reading = read_status(harness, &order).await;
    assert_eq!(reading.status, OrderStatus::Paid);
}

/// An order whose payment failed is never reported as cancelled if the rules do not list
/// *failed*; if they do, the answer is what the gateway did.
pub async fn failed_order_is_cancelled_if_the_rules_say_so(harness: &dyn Harness) {
    let order = open_order(harness).await;
    harness.fail_payment(&order).await;
    let gateway = harness.gateway();
    if !gateway.cancel_rules().is_eligible(&OrderStatus::Failed) {
        cancel_not_accepted(harness, &order).await;
        return;
    }
    // The rules say that a request makes sense, not that the answer is yes.
    let applied = match gateway.cancel(&order).await {
        Ok(CancelAnswer::Accepted { .. }) => 1,
        Ok(CancelAnswer::Refused { .. }) => 0,
        Err(error) => panic!("the answer must be a yes or a no: {error}"),
    };
    let state = harness.server_state(&order).await;
    assert_eq!(state.cancels.applied, applied);
}

/// A second cancel request changes nothing if the rules say so. Checks nothing at a
/// once-only gateway.
pub async fn repeated_cancel_is_harmless_if_the_rules_say_so(harness: &dyn Harness) {
    let gateway = harness.gateway();
    match gateway.cancel_rules().repeat() {
        Repeat::Harmless => {}
        Repeat::Once => return,
    }
    let order = open_order(harness).await;
    cancel_accepted(harness, &order).await;
    let first = harness.server_state(&order).await;
    // Any answer will do: the first one stands.
    let _ = gateway.cancel(&order).await;
    let second = harness.server_state(&order).await;
    assert_eq!(second.status, first.status);
    assert_eq!(second.cancels.applied, 1);
}

/// Cancelling an unknown order is never reported as accepted.
pub async fn unknown_order_is_never_cancelled(harness: &dyn Harness) {
    cancel_not_accepted(harness, &harness.unknown_order()).await;
}

async fn cancel_accepted(harness: &dyn Harness, order: &OrderId) {
    match harness.gateway().cancel(order).await {
        Ok(CancelAnswer::Accepted { .. }) => {}
        Ok(CancelAnswer::Refused { message, .. }) => panic!("the cancel was refused: {message}"),
        Err(error) => panic!("the cancel failed: {error}"),
    }
}

async fn cancel_not_accepted(harness: &dyn Harness, order: &OrderId) {
    match harness.gateway().cancel(order).await {
        Ok(CancelAnswer::Accepted { message, .. }) => panic!("the cancel was accepted: {message}"),
        Ok(CancelAnswer::Refused { .. }) => {}
        Err(error) => assert_hides_secrets(harness, &error),
    }
}

/// A cancel of a new order that meets this fault, with what the server knows afterwards;
/// `None` if the fault cannot happen here.
async fn cancel_under(
    harness: &dyn Harness,
    fault: Fault,
) -> Option<(Result<CancelAnswer, Error>, ServerState)> {
    if !harness.can_inject(fault, Operation::Cancel) {
        return None;
    }
    let order = open_order(harness).await;
    harness.inject(fault, Operation::Cancel).await;
    let result = harness.gateway().cancel(&order).await;
    harness.clear_faults().await;
    let state = harness.server_state(&order).await;
    assert_sent_once(fault, state.cancels);
    assert_happened(fault, state.cancels);
    if state.status == OrderStatus::Paid {
        let reading = read_status(harness, &order).await;
        assert_eq!(reading.status, OrderStatus::Paid, "after {fault:?}");
    }
    Some((result, state))
}

async fn cancel_is_in_doubt(harness: &dyn Harness, fault: Fault) {
    let Some((result, state)) = cancel_under(harness, fault).await else {
        return;
    };
    let error = expect_error(result, "a cancel without a readable reply");
    assert_error_after(harness, fault, &error);
    assert_agrees(&error, state.cancels);
}

/// The adapter's answer is what the gateway did.
async fn cancel_is_as_answered(harness: &dyn Harness, fault: Fault) -> Option<ServerState> {
    let (result, state) = cancel_under(harness, fault).await?;
    match result {
        Ok(CancelAnswer::Accepted { .. }) => assert_eq!(state.cancels.applied, 1, "accepted"),
        Ok(CancelAnswer::Refused { .. }) => assert_eq!(state.cancels.applied, 0, "refused"),
        Err(error) => {
            assert_error_after(harness, fault, &error);
            assert_agrees(&error, state.cancels);
        }
    }
    Some(state)
}

/// The connection is reset after the request has arrived: the outcome of the cancellation is in doubt, and the adapter sends no second request.
pub async fn cancel_with_a_connection_reset_is_in_doubt(harness: &dyn Harness) {
    cancel_is_in_doubt(harness, Fault::ConnectionReset).await;
}

/// The reply is lost: the outcome of the cancellation is in doubt, and the adapter sends no second request.
pub async fn cancel_with_a_lost_reply_is_in_doubt(harness: &dyn Harness) {
    cancel_is_in_doubt(harness, Fault::ReplyLost).await;
}

/// A page of HTML comes back: the outcome of the cancellation is in doubt, and the adapter sends no second request.
pub async fn cancel_with_an_html_reply_is_in_doubt(harness: &dyn Harness) {
    cancel_is_in_doubt(harness, Fault::HtmlReply).await;
}

/// An empty reply comes back: the outcome of the cancellation is in doubt, and the adapter sends no second request.
pub async fn cancel_with_an_empty_reply_is_in_doubt(harness: &dyn Harness) {
    cancel_is_in_doubt(harness, Fault::EmptyReply).await;
}

/// Half of the reply comes back: the outcome of the cancellation is in doubt, and the adapter sends no second request.
pub async fn cancel_with_a_truncated_reply_is_in_doubt(harness: &dyn Harness) {
    cancel_is_in_doubt(harness, Fault::TruncatedReply).await;
}

/// Meaningless bytes come back: the outcome of the cancellation is in doubt, and the adapter sends no second request.
pub async fn cancel_with_a_garbage_reply_is_in_doubt(harness: &dyn Harness) {
    cancel_is_in_doubt(harness, Fault::GarbageReply).await;
}

/// HTTP 500 comes back: the outcome of the cancellation is in doubt, and the adapter sends no second request.
pub async fn cancel_with_a_status_500_is_in_doubt(harness: &dyn Harness) {
    cancel_is_in_doubt(harness, Fault::Status500).await;
}

/// HTTP 503 comes back: the outcome of the cancellation is in doubt, and the adapter sends no second request.
pub async fn cancel_with_a_status_503_is_in_doubt(harness: &dyn Harness) {
    cancel_is_in_doubt(harness, Fault::Status503).await;
}

/// HTTP 429 comes back: the outcome of the cancellation is in doubt, and the adapter sends no second request.
pub async fn cancel_with_a_status_429_is_in_doubt(harness: &dyn Harness) {
    cancel_is_in_doubt(harness, Fault::Status429).await;
}

/// The success comes back under HTTP 401, which is no documented refusal of credentials: the outcome of the cancellation is in doubt, and the adapter sends no second request.
pub async fn cancel_with_a_success_in_status_401_is_in_doubt(harness: &dyn Harness) {
    cancel_is_in_doubt(harness, Fault::SuccessInStatus401).await;
}

/// The credentials are refused: the adapter may send the cancel once more with new ones.
/// What it reports is what the gateway did.
pub async fn cancel_with_refused_credentials_takes_effect_at_most_once(harness: &dyn Harness) {
    cancel_is_as_answered(harness, Fault::CredentialsRefused).await;
}

/// The customer pays just before the cancel is processed: the order is not cancelled, and
/// reads *paid*.
pub async fn cancel_just_after_a_payment_leaves_the_order_paid(harness: &dyn Harness) {
    if let Some(state) = cancel_is_as_answered(harness, Fault::PaidBeforeCancel).await {
        assert_eq!(
            state.status,
            OrderStatus::Paid,
            "the payment did not happen"
        );
        assert!(!state.paid_after_cancel, "the payment came too late");
    }
}

/// The customer's payment arrives just after the cancel took effect: the answer is a yes,
/// and the order reads *paid*.
pub async fn cancel_just_before_a_payment_leaves_the_order_paid(harness: &dyn Harness) {
    if let Some(state) = cancel_is_as_answered(harness, Fault::PaidAfterCancel).await {
        assert!(state.paid_after_cancel, "the payment did not happen");
    }
}
