//! Promises about what is never sent: invalid requests, unsupported ones, and secrets.

use super::check::{
    assert_hides_secrets, assert_no_secret_in, assert_not_sent, expect_error, paid_order,
};
use super::harness::Harness;
use super::refunds::{refund_of, refund_of_unpaid};
use crate::error::ErrorKind;
use crate::gateway::Operation;
use crate::money::{Decimal, Money};

/// If there is no connection, every operation says that nothing was sent. Checks nothing if
/// the harness has no unreachable gateway.
pub async fn request_without_a_connection_is_not_sent(harness: &dyn Harness) {
    let Some(gateway) = harness.unreachable_gateway() else {
        return;
    };
    let order = harness.unknown_order();
    let new = harness.new_order().await;
    let mut errors = vec![
        expect_error(gateway.cancel(&order).await, "a cancel without a server"),
        expect_error(gateway.status(&order).await, "a status without a server"),
        expect_error(gateway.create(&new).await, "a create without a server"),
    ];
    if gateway.supports(Operation::Refund) {
        let paid = paid_order(harness).await;
        let request = refund_of(harness, &paid).await;
        let refund = gateway.refund(&request).await;
        errors.push(expect_error(refund, "a refund without a server"));
    }
    for error in errors {
        assert_not_sent(&error);
        assert_hides_secrets(harness, &error);
    }
}

/// An order of nothing, of less than nothing or of less than the smallest unit is not sent.
pub async fn order_of_an_impossible_amount_is_not_sent(harness: &dyn Harness) {
    let mut order = harness.new_order().await;
    for amount in [Decimal::ZERO, Decimal::NEGATIVE_ONE, Decimal::new(1, 9)] {
        order.money = Money::new(amount, order.money.currency());
        let result = harness.gateway().create(&order).await;
        let error = expect_error(result, "an order of an impossible amount");
        assert_not_sent(&error);
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{amount}");
    }
}

/// An order that breaks a documented limit is not sent, and the error names the field. The
/// harness brings such orders; with none, this checks nothing.
pub async fn invalid_order_is_not_sent_and_its_field_is_named(harness: &dyn Harness) {
    for (order, field) in harness.invalid_orders().await {
        let before = harness.creates_received().await;
        let result = harness.gateway().create(&order).await;
        let after = harness.creates_received().await;
        assert_eq!(after, before, "an order with an invalid {field} was sent");
        let error = expect_error(result, &format!("an order with an invalid {field}"));
        assert_not_sent(&error);
        assert_eq!(error.field(), Some(field), "{error}");
        assert!(error.to_string().contains(field), "no {field} in: {error}");
        assert!(
            matches!(
                error.kind(),
                ErrorKind::InvalidRequest | ErrorKind::Unsupported
            ),
            "an invalid {field} is no {:?}",
            error.kind()
        );
    }
}

/// `supports` is true exactly for the operations that are not refused as unsupported.
pub async fn supports_agrees_with_the_operations(harness: &dyn Harness) {
    let gateway = harness.gateway();
    let order = harness.unknown_order();
    let new = harness.new_order().await;
    let refund = refund_of_unpaid(&order);
    let errors = [
        (Operation::Refund, gateway.refund(&refund).await.err()),
        (Operation::Create, gateway.create(&new).await.err()),
        (Operation::Status, gateway.status(&order).await.err()),
        (Operation::Cancel, gateway.cancel(&order).await.err()),
    ];
    for (operation, error) in errors {
        let unsupported = error.filter(|it| it.kind() == ErrorKind::Unsupported);
        assert_eq!(
            gateway.supports(operation),
            unsupported.is_none(),
            "{operation:?}"
        );
        if let Some(error) = unsupported {
            assert_not_sent(&error);
        }
    }
}

/// `Debug` shows neither a secret nor a payment link. The harness names the secrets.
pub async fn debug_shows_no_secret(harness: &dyn Harness) {
    let gateway = harness.gateway();
    let mut texts = vec![format!("{gateway:?}"), format!("{gateway:#?}")];
    let order = harness.new_order().await;
    let created = gateway.create(&order).await;
    // Once more after a call: by now the adapter may hold a token.
    texts.extend([format!("{gateway:?}"), format!("{gateway:#?}")]);
    texts.push(format!("{created:?}"));
    assert_no_secret_in(harness, &texts);
    if let Ok(created) = created {
        let link = created.payment_link.reveal();
        let shown = texts.iter().any(|text| text.contains(link));
        assert!(!shown, "a Debug text shows the payment link");
    }
}
