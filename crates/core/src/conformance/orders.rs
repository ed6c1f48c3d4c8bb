//! Promises about creating and reading orders.

use url::Url;

use super::check::{
    assert_error_after, assert_hides_secrets, expect_error, open_order, paid_order, read_status,
};
use super::harness::{Fault, Harness};
use crate::error::Delivery;
use crate::gateway::{Eligibility, GatewayExt, NewOrder, Operation, OrderIds};
use crate::id::OrderId;
use crate::order::OrderStatus;

/// `create` opens an order at the gateway and returns the address of its payment page.
pub async fn create_gives_an_address_to_pay_at(harness: &dyn Harness) {
    let gateway = harness.gateway();
    let created = gateway.create(&harness.new_order().await).await;
    let created = created.unwrap_or_else(|error| panic!("the order was not created: {error}"));
    let link = Url::parse(created.payment_link.reveal());
    assert!(
        link.is_ok_and(|url| matches!(url.scheme(), "http" | "https")),
        "the payment link is not the address of a web page"
    );
    let state = harness.server_state(&created.order).await;
    assert!(
        gateway.cancel_rules().is_eligible(&state.status),
        "the new order is {} at the gateway",
        state.status
    );
    if let Some(reading) = created.status {
        assert_eq!(reading.status, state.status, "the status in the reply");
    }
}

/// An order with every field that the gateway knows is created, and reads as requested.
pub async fn create_accepts_every_known_field(harness: &dyn Harness) {
    let order = harness.full_order().await;
    created_as_requested(harness, &order).await;
}

/// A new order reads as requested, and can be cancelled.
pub async fn new_order_can_be_cancelled(harness: &dyn Harness) {
    let order = harness.new_order().await;
    created_as_requested(harness, &order).await;
}

async fn created_as_requested(harness: &dyn Harness, requested: &NewOrder) {
    let gateway = harness.gateway();
    let created = gateway.create(requested).await;
    let created = created.unwrap_or_else(|error| panic!("the order was not created: {error}"));
    match gateway.order_ids() {
        OrderIds::Merchant => assert_eq!(
            created.order,
            gateway.canonical_order(&requested.reference),
            "the id of an order that is known by the merchant's own"
        ),
        OrderIds::Gateway => {}
    }
    let reading = read_status(harness, &created.order).await;
    assert!(
        gateway.cancel_rules().is_eligible(&reading.status),
        "a new order that is {} cannot be cancelled",
        reading.status
    );
    if let Some(money) = reading.money {
        assert_eq!(money, requested.money, "the amount");
    }
    if let Some(reference) = &reading.reference {
        assert_eq!(reference, requested.reference.as_str(), "the reference");
    }
    assert_eligibility(harness, &created.order, &reading.status).await;
}

/// An order has one canonical id, and `create` returns it.
pub async fn order_has_one_canonical_id(harness: &dyn Harness) {
    let gateway = harness.gateway();
    // What `create` returns is stored as it is, and later requests use what is stored.
    let order = open_order(harness).await;
    let canonical = gateway.canonical_order(&order);
    assert_eq!(canonical.as_str(), order.as_str());
    assert_eq!(canonical.form(), order.form());
    for order in [order, harness.unknown_order()] {
        let once = gateway.canonical_order(&order);
        let twice = gateway.canonical_order(&once);
        assert_eq!(twice.as_str(), once.as_str());
        assert_eq!(twice.form(), once.form());
    }
}

/// A paid order reads *paid*.
pub async fn paid_order_reads_paid(harness: &dyn Harness) {
    let order = paid_order(harness).await;
    let reading = read_status(harness, &order).await;
    assert_eq!(reading.status, OrderStatus::Paid);
    assert_eligibility(harness, &order, &OrderStatus::Paid).await;
}

/// An order whose payment failed reads *failed*.
pub async fn failed_payment_reads_failed(harness: &dyn Harness) {
    let order = open_order(harness).await;
    harness.fail_payment(&order).await;
    let reading = read_status(harness, &order).await;
    assert_eq!(reading.status, OrderStatus::Failed);
    assert_eligibility(harness, &order, &OrderStatus::Failed).await;
}

/// `eligibility` agrees with the rules.
async fn assert_eligibility(harness: &dyn Harness, order: &OrderId, status: &OrderStatus) {
    let gateway = harness.gateway();
    let (eligible, reading) = match gateway.eligibility(order).await {
        Ok(Eligibility::Eligible(reading)) => (true, reading),
        Ok(Eligibility::NotEligible(reading)) => (false, reading),
        Err(error) => panic!("the eligibility of {order} could not be read: {error}"),
    };
    assert_eq!(&reading.status, status, "read twice, the status differs");
    let expected = gateway.cancel_rules().is_eligible(status);
    assert_eq!(
        eligible, expected,
        "whether an order that is {status} can be cancelled"
    );
}

/// Reading a status changes nothing at the gateway.
pub async fn status_changes_nothing(harness: &dyn Harness) {
    let order = open_order(harness).await;
    let before = harness.server_state(&order).await;
    let first = read_status(harness, &order).await;
    let second = read_status(harness, &order).await;
    assert_eq!(second, first);
    assert_eq!(harness.server_state(&order).await, before);
}

/// The status of an unknown order is an error of the gateway's, and never a status.
pub async fn status_of_an_unknown_order_is_an_error(harness: &dyn Harness) {
    let result = harness.gateway().status(&harness.unknown_order()).await;
    let error = expect_error(result, "the status of an unknown order");
    assert_eq!(error.delivery(), Delivery::Answered, "{error}");
    assert_hides_secrets(harness, &error);
}

/// A status read that met a fault is an error, or what a read without the fault gives: a
/// read may be repeated, and the fault happens once.
async fn status_is_not_guessed(harness: &dyn Harness, fault: Fault) {
    if !harness.can_inject(fault, Operation::Status) {
        return;
    }
    let gateway = harness.gateway();
    // Two different statuses, so that no default is right for both.
    for order in [open_order(harness).await, paid_order(harness).await] {
        let without_fault = read_status(harness, &order).await;
        let before = harness.server_state(&order).await;
        harness.inject(fault, Operation::Status).await;
        let result = gateway.status(&order).await;
        harness.clear_faults().await;
        match result {
            Ok(reading) => assert_eq!(reading, without_fault, "after {fault:?}"),
            Err(error) => assert_error_after(harness, fault, &error),
        }
        assert_eq!(harness.server_state(&order).await, before);
    }
}

/// A create that met a fault on its way is an error: it is not repeated, and no order is
/// made up.
async fn create_is_an_error(harness: &dyn Harness, fault: Fault) {
    if !harness.can_inject(fault, Operation::Create) {
        return;
    }
    let order = harness.new_order().await;
    harness.inject(fault, Operation::Create).await;
    let result = harness.gateway().create(&order).await;
    harness.clear_faults().await;
    let error = expect_error(result, "a create without a readable reply");
    assert_error_after(harness, fault, &error);
}

/// The connection is reset after the request has arrived: the adapter reports an error, or reads again, and guesses no status.
pub async fn status_with_a_connection_reset_is_not_guessed(harness: &dyn Harness) {
    status_is_not_guessed(harness, Fault::ConnectionReset).await;
}

/// The reply is lost: the adapter reports an error, or reads again, and guesses no status.
pub async fn status_with_a_lost_reply_is_not_guessed(harness: &dyn Harness) {
    status_is_not_guessed(harness, Fault::ReplyLost).await;
}

/// A page of HTML comes back: the adapter reports an error, or reads again, and guesses no status.
pub async fn status_with_an_html_reply_is_not_guessed(harness: &dyn Harness) {
    status_is_not_guessed(harness, Fault::HtmlReply).await;
}

/// An empty reply comes back: the adapter reports an error, or reads again, and guesses no status.
pub async fn status_with_an_empty_reply_is_not_guessed(harness: &dyn Harness) {
    status_is_not_guessed(harness, Fault::EmptyReply).await;
}

/// Half of the reply comes back: the adapter reports an error, or reads again, and guesses no status.
pub async fn status_with_a_truncated_reply_is_not_guessed(harness: &dyn Harness) {
    status_is_not_guessed(harness, Fault::TruncatedReply).await;
}

/// Meaningless bytes come back: the adapter reports an error, or reads again, and guesses no status.
pub async fn status_with_a_garbage_reply_is_not_guessed(harness: &dyn Harness) {
    status_is_not_guessed(harness, Fault::GarbageReply).await;
}

/// HTTP 500 comes back: the adapter reports an error, or reads again, and guesses no status.
pub async fn status_with_a_status_500_is_not_guessed(harness: &dyn Harness) {
    status_is_not_guessed(harness, Fault::Status500).await;
}

/// HTTP 503 comes back: the adapter reports an error, or reads again, and guesses no status.
pub async fn status_with_a_status_503_is_not_guessed(harness: &dyn Harness) {
    status_is_not_guessed(harness, Fault::Status503).await;
}

/// HTTP 429 comes back: the adapter reports an error, or reads again, and guesses no status.
pub async fn status_with_a_status_429_is_not_guessed(harness: &dyn Harness) {
    status_is_not_guessed(harness, Fault::Status429).await;
}

/// The success comes back under HTTP 401, which is no documented refusal of credentials: the adapter reports an error, or reads again, and guesses no status.
pub async fn status_with_a_success_in_status_401_is_not_guessed(harness: &dyn Harness) {
    status_is_not_guessed(harness, Fault::SuccessInStatus401).await;
}

/// The credentials are refused: the adapter reports an error, or reads again with new ones.
pub async fn status_with_refused_credentials_is_not_guessed(harness: &dyn Harness) {
    status_is_not_guessed(harness, Fault::CredentialsRefused).await;
}

/// The connection is reset after the request has arrived: the adapter reports an error, and creates no second order.
pub async fn create_with_a_connection_reset_is_an_error(harness: &dyn Harness) {
    create_is_an_error(harness, Fault::ConnectionReset).await;
}

/// The reply is lost: the adapter reports an error, and creates no second order.
pub async fn create_with_a_lost_reply_is_an_error(harness: &dyn Harness) {
    create_is_an_error(harness, Fault::ReplyLost).await;
}

/// A page of HTML comes back: the adapter reports an error, and creates no second order.
pub async fn create_with_an_html_reply_is_an_error(harness: &dyn Harness) {
    create_is_an_error(harness, Fault::HtmlReply).await;
}

/// An empty reply comes back: the adapter reports an error, and creates no second order.
pub async fn create_with_an_empty_reply_is_an_error(harness: &dyn Harness) {
    create_is_an_error(harness, Fault::EmptyReply).await;
}

/// Half of the reply comes back: the adapter reports an error, and creates no second order.
pub async fn create_with_a_truncated_reply_is_an_error(harness: &dyn Harness) {
    create_is_an_error(harness, Fault::TruncatedReply).await;
}

/// Meaningless bytes come back: the adapter reports an error, and creates no second order.
pub async fn create_with_a_garbage_reply_is_an_error(harness: &dyn Harness) {
    create_is_an_error(harness, Fault::GarbageReply).await;
}

/// HTTP 500 comes back: the adapter reports an error, and creates no second order.
pub async fn create_with_a_status_500_is_an_error(harness: &dyn Harness) {
    create_is_an_error(harness, Fault::Status500).await;
}

/// HTTP 503 comes back: the adapter reports an error, and creates no second order.
pub async fn create_with_a_status_503_is_an_error(harness: &dyn Harness) {
    create_is_an_error(harness, Fault::Status503).await;
}

/// HTTP 429 comes back: the adapter reports an error, and creates no second order.
pub async fn create_with_a_status_429_is_an_error(harness: &dyn Harness) {
    create_is_an_error(harness, Fault::Status429).await;
}

/// The success comes back under HTTP 401, which is no documented refusal of credentials: the adapter reports an error, and creates no second order.
pub async fn create_with_a_success_in_status_401_is_an_error(harness: &dyn Harness) {
    create_is_an_error(harness, Fault::SuccessInStatus401).await;
}

/// The credentials are refused: the adapter reports an error, or an order that it has
/// created with new ones.
pub async fn create_with_refused_credentials_creates_at_most_one_order(harness: &dyn Harness) {
    let fault = Fault::CredentialsRefused;
    if !harness.can_inject(fault, Operation::Create) {
        return;
    }
    let gateway = harness.gateway();
    let order = harness.new_order().await;
    harness.inject(fault, Operation::Create).await;
    let result = gateway.create(&order).await;
    harness.clear_faults().await;
    match result {
        Ok(created) => {
            let state = harness.server_state(&created.order).await;
            let open = gateway.cancel_rules().is_eligible(&state.status);
            assert!(open, "the new order is {} at the gateway", state.status);
        }
        Err(error) => assert_error_after(harness, fault, &error),
    }
}
