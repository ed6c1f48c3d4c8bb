//! Promises about notifications. They check nothing at a gateway that sends none.

use jiff::Timestamp;

use super::check::{open_order, paid_order, read_status};
use super::harness::{Harness, Notification};
use crate::details::PaymentDetails;
use crate::id::OrderId;
use crate::order::{Observation, OrderStatus};

/// A notification names the order that it is about.
pub async fn notification_names_its_order(harness: &dyn Harness) {
    if !harness.sends_notifications() {
        return;
    }
    // Two orders, so that the last one paid is not right for both.
    let orders = [paid_order(harness).await, paid_order(harness).await];
    for order in &orders {
        let named = genuine(harness, order).await.order;
        assert_eq!(&harness.gateway().canonical_order(&named), order);
    }
}

/// A notification claims no more than the status shows.
pub async fn notification_claims_no_more_than_the_status(harness: &dyn Harness) {
    if !harness.sends_notifications() {
        return;
    }
    let paid = paid_order(harness).await;
    let failed = open_order(harness).await;
    harness.fail_payment(&failed).await;
    for order in [paid, failed] {
        let claim = genuine(harness, &order).await.status;
        let status = read_status(harness, &order).await.status;
        let Some(claim) = claim else { continue };
        // A caller merges the status that it reads with the claims before it.
        let merged = observation(&claim).merge(observation(&status)).status;
        assert_eq!(merged, status, "the notification claims {claim}");
    }
}

/// A notification that does not come from the gateway is refused, or claims no status.
pub async fn forged_notification_claims_no_status(harness: &dyn Harness) {
    if !harness.sends_notifications() {
        return;
    }
    let order = open_order(harness).await;
    let read = harness.forged_notification(&order).await;
    match read.and_then(|it| it.status) {
        None | Some(OrderStatus::Unknown(_)) => {}
        Some(claim) => panic!("a forged notification claims {claim} and is believed"),
    }
}

/// The gateway's own notification, which the adapter must not refuse.
async fn genuine(harness: &dyn Harness, order: &OrderId) -> Notification {
    let read = harness.notification(order).await;
    read.unwrap_or_else(|| panic!("the gateway's notification about {order} was refused"))
}

fn observation(status: &OrderStatus) -> Observation {
    Observation {
        status: status.clone(),
        raw_status: String::new(),
        money: None,
        details: PaymentDetails::default(),
        observed_at: Timestamp::UNIX_EPOCH,
    }
}
