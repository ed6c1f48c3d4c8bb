//! Promises about refunds. They check nothing at a gateway that does not support them.

use super::check::{
    assert_agrees, assert_error_after, assert_happened, assert_hides_secrets, assert_not_sent,
    assert_sent_once, expect_error, open_order, paid_order, read_status,
};
use super::harness::{Fault, Harness, RequestCounts};
use crate::error::{Error, ErrorKind};
use crate::gateway::Operation;
use crate::id::OrderId;
use crate::money::Decimal;
use crate::order::{OrderStatus, StatusReading};
use crate::refund::{RefundAnswer, RefundRequest};

fn supported(harness: &dyn Harness) -> bool {
    harness.gateway().supports(Operation::Refund)
}

fn refund_request(order: &OrderId, paid: StatusReading) -> RefundRequest {
    RefundRequest::new(order.clone(), paid, "suite", "for the conformance suite")
}

/// A refund of all that the status of an order shows.
pub(super) async fn refund_of(harness: &dyn Harness, order: &OrderId) -> RefundRequest {
    refund_request(order, read_status(harness, order).await)
}

/// A refund of an order whose status is *unpaid*.
pub(super) fn refund_of_unpaid(order: &OrderId) -> RefundRequest {
    refund_request(order, StatusReading::new(OrderStatus::Unpaid, "unpaid"))
}

/// Refunding a paid order takes one request, and `check_refund` allows it before.
pub async fn paid_order_is_refunded_by_one_request(harness: &dyn Harness) {
    if !supported(harness) {
        return;
    }
    let gateway = harness.gateway();
    let order = paid_order(harness).await;
    let request = refund_of(harness, &order).await;
    if let Err(error) = gateway.check_refund(&request) {
        panic!("check_refund refuses a valid request: {error}");
    }
    match gateway.refund(&request).await {
        Ok(RefundAnswer::Received { .. }) => {}
        Ok(RefundAnswer::Refused { message }) => panic!("the refund was refused: {message}"),
        Err(error) => panic!("the refund failed: {error}"),
    }
    let one = RequestCounts {
        received: 1,
        authenticated: 1,
        applied: 1,
    };
    assert_eq!(harness.server_state(&order).await.refunds, one);
}

/// A refund of an order whose status is not *paid* is not sent; with a wrong status, the
/// gateway's refusal is not taken for a yes.
pub async fn unpaid_order_is_never_refunded(harness: &dyn Harness) {
    if !supported(harness) {
        return;
    }
    let gateway = harness.gateway();
    let order = open_order(harness).await;
    let request = refund_of(harness, &order).await;
    let error = expect_error(
        gateway.refund(&request).await,
        "the refund of an unpaid order",
    );
    assert_not_sent(&error);
    let state = harness.server_state(&order).await;
    assert_eq!(state.refunds, RequestCounts::default());
    // An outdated status, or one that a caller has made up.
    let mut wrong = request;
    wrong.paid.status = OrderStatus::Paid;
    wrong.paid.details.receipt = Some("NOSUCHRECEIPT".to_owned());
    match gateway.refund(&wrong).await {
        Ok(RefundAnswer::Received { message }) => panic!("the refund was received: {message}"),
        Ok(RefundAnswer::Refused { .. }) => {}
        Err(error) => assert_hides_secrets(harness, &error),
    }
    assert_eq!(harness.server_state(&order).await.refunds.applied, 0);
}

/// A refund of more than was paid, of nothing or of less than the smallest unit is refused
/// by `check_refund` and not sent by `refund`.
pub async fn refund_of_an_impossible_amount_is_not_sent(harness: &dyn Harness) {
    if !supported(harness) {
        return;
    }
    let gateway = harness.gateway();
    let order = paid_order(harness).await;
    let request = refund_of(harness, &order).await;
    let Some(paid) = request.paid.money else {
        panic!("the status of a paid order shows no amount");
    };
    for amount in [
        paid.amount() + Decimal::ONE,
        Decimal::ZERO,
        Decimal::NEGATIVE_ONE,
        Decimal::new(1, 9),
    ] {
        let request = request.clone().amount(amount);
        let checked = gateway.check_refund(&request);
        assert!(checked.is_err(), "check_refund allows {amount} of {paid}");
        let error = expect_error(gateway.refund(&request).await, "an impossible refund");
        assert_not_sent(&error);
        assert_eq!(
            error.kind(),
            ErrorKind::InvalidRequest,
            "{amount} of {paid}"
        );
    }
    let state = harness.server_state(&order).await;
    assert_eq!(state.refunds, RequestCounts::default());
}

/// A refund of a paid order that meets this fault, with what the server received; `None` if
/// there are no refunds, or the fault cannot happen here.
async fn refund_under(
    harness: &dyn Harness,
    fault: Fault,
) -> Option<(Result<RefundAnswer, Error>, RequestCounts)> {
    if !supported(harness) || !harness.can_inject(fault, Operation::Refund) {
        return None;
    }
    let order = paid_order(harness).await;
    let request = refund_of(harness, &order).await;
    harness.inject(fault, Operation::Refund).await;
    let result = harness.gateway().refund(&request).await;
    harness.clear_faults().await;
    let counts = harness.server_state(&order).await.refunds;
    assert_sent_once(fault, counts);
    assert_happened(fault, counts);
    Some((result, counts))
}

async fn refund_is_in_doubt(harness: &dyn Harness, fault: Fault) {
    let Some((result, counts)) = refund_under(harness, fault).await else {
        return;
    };
    let error = expect_error(result, "a refund without a readable reply");
    assert_error_after(harness, fault, &error);
    assert_agrees(&error, counts);
}

/// The connection is reset after the request has arrived: the outcome of the refund is in doubt, and the adapter sends no second request.
pub async fn refund_with_a_connection_reset_is_in_doubt(harness: &dyn Harness) {
    refund_is_in_doubt(harness, Fault::ConnectionReset).await;
}

/// The reply is lost: the outcome of the refund is in doubt, and the adapter sends no second request.
pub async fn refund_with_a_lost_reply_is_in_doubt(harness: &dyn Harness) {
    refund_is_in_doubt(harness, Fault::ReplyLost).await;
}

/// A page of HTML comes back: the outcome of the refund is in doubt, and the adapter sends no second request.
pub async fn refund_with_an_html_reply_is_in_doubt(harness: &dyn Harness) {
    refund_is_in_doubt(harness, Fault::HtmlReply).await;
}

/// An empty reply comes back: the outcome of the refund is in doubt, and the adapter sends no second request.
pub async fn refund_with_an_empty_reply_is_in_doubt(harness: &dyn Harness) {
    refund_is_in_doubt(harness, Fault::EmptyReply).await;
}

/// Half of the reply comes back: the outcome of the refund is in doubt, and the adapter sends no second request.
pub async fn refund_with_a_truncated_reply_is_in_doubt(harness: &dyn Harness) {
    refund_is_in_doubt(harness, Fault::TruncatedReply).await;
}

/// Meaningless bytes come back: the outcome of the refund is in doubt, and the adapter sends no second request.
pub async fn refund_with_a_garbage_reply_is_in_doubt(harness: &dyn Harness) {
    refund_is_in_doubt(harness, Fault::GarbageReply).await;
}

/// HTTP 500 comes back: the outcome of the refund is in doubt, and the adapter sends no second request.
pub async fn refund_with_a_status_500_is_in_doubt(harness: &dyn Harness) {
    refund_is_in_doubt(harness, Fault::Status500).await;
}

/// HTTP 503 comes back: the outcome of the refund is in doubt, and the adapter sends no second request.
pub async fn refund_with_a_status_503_is_in_doubt(harness: &dyn Harness) {
    refund_is_in_doubt(harness, Fault::Status503).await;
}

/// HTTP 429 comes back: the outcome of the refund is in doubt, and the adapter sends no second request.
pub async fn refund_with_a_status_429_is_in_doubt(harness: &dyn Harness) {
    refund_is_in_doubt(harness, Fault::Status429).await;
}

/// The success comes back under HTTP 401, which is no documented refusal of credentials: the outcome of the refund is in doubt, and the adapter sends no second request.
pub async fn refund_with_a_success_in_status_401_is_in_doubt(harness: &dyn Harness) {
    refund_is_in_doubt(harness, Fault::SuccessInStatus401).await;
}

/// The credentials are refused: the adapter may send the refund once more with new ones.
/// What it reports is what the gateway did.
pub async fn refund_with_refused_credentials_takes_effect_at_most_once(harness: &dyn Harness) {
    let fault = Fault::CredentialsRefused;
    let Some((result, counts)) = refund_under(harness, fault).await else {
        return;
    };
    match result {
        Ok(RefundAnswer::Received { .. }) => assert_eq!(counts.applied, 1, "received"),
        Ok(RefundAnswer::Refused { .. }) => assert_eq!(counts.applied, 0, "refused"),
        Err(error) => {
            assert_error_after(harness, fault, &error);
            assert_agrees(&error, counts);
        }
    }
}
