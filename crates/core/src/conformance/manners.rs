//! Rules about what never leaves: bad requests, unsupported ones, and secrets.

use super::bench::FlawedOrder;
use super::refunds;
use super::trial::{Flow, Stop, Trial};
use crate::error::{Delivery, Error, ErrorKind};
use crate::gateway::Operation;
use crate::money::{Decimal, Money};

pub(super) async fn nobody_listens(trial: &mut Trial<'_>) -> Flow {
    let Some(gateway) = trial.bench.unreachable() else {
        let reason = "the bench has no gateway out of reach";
        return Err(Stop::LeftOut(reason.to_owned()));
    };
    let order = trial.bench.unknown_order();
    let new = trial.bench.new_order().await?;
    let mut outcomes = vec![
        gateway.cancel(&order).await.err(),
        gateway.status(&order).await.err(),
        gateway.create(&new).await.err(),
    ];
    if gateway.supports(Operation::Refund) {
        let paid = trial.paid_order().await?;
        let request = refunds::request(trial, &paid).await?;
        outcomes.push(gateway.refund(&request).await.err());
    }
    for outcome in outcomes {
        match outcome {
            None => trial.violated("an error", "an answer"),
            Some(error) => {
                not_sent(trial, &error);
                trial.shows_no_secret(&error);
            }
        }
    }
    Ok(())
}

pub(super) async fn order_of_nothing(trial: &mut Trial<'_>) -> Flow {
    let mut order = trial.bench.new_order().await?;
    for amount in [Decimal::ZERO, Decimal::NEGATIVE_ONE, Decimal::new(1, 9)] {
        order.money = Money::new(amount, order.money.currency());
        match trial.gateway.create(&order).await {
            Ok(_) => trial.violated(format!("no order of {}", order.money), "an order"),
            Err(error) => {
                not_sent(trial, &error);
                trial.same("kind", &ErrorKind::InvalidRequest, &error.kind());
            }
        }
    }
    Ok(())
}

pub(super) async fn flawed_is_not_sent(trial: &mut Trial<'_>) -> Flow {
    let flawed = trial.bench.flawed_orders().await?;
    if flawed.is_empty() {
        let reason = "the bench has no flawed orders";
        return Err(Stop::LeftOut(reason.to_owned()));
    }
    for FlawedOrder { order, field } in flawed {
        let before = trial.bench.creates_received().await?;
        let outcome = trial.gateway.create(&order).await;
        let after = trial.bench.creates_received().await?;
        trial.same(&format!("flawed {field}: requests"), &before, &after);
        match outcome {
            Ok(_) => trial.violated(format!("no order with a flawed {field}"), "an order"),
            Err(error) => {
                not_sent(trial, &error);
                trial.same("field", &Some(field), &error.field());
                if !error.to_string().contains(field) {
                    trial.violated(format!("a text that names {field}"), &error);
                }
                let kind = error.kind();
                if !matches!(kind, ErrorKind::InvalidRequest | ErrorKind::Unsupported) {
                    let wanted = "an error that blames the request";
                    trial.violated(wanted, format!("{kind:?}"));
                }
            }
        }
    }
    Ok(())
}

pub(super) async fn supports(trial: &mut Trial<'_>) -> Flow {
    let order = trial.bench.unknown_order();
    let new = trial.bench.new_order().await?;
    let refund = refunds::of_nothing(&order);
    let outcomes = [
        (Operation::Refund, trial.gateway.refund(&refund).await.err()),
        (Operation::Create, trial.gateway.create(&new).await.err()),
        (Operation::Status, trial.gateway.status(&order).await.err()),
        (Operation::Cancel, trial.gateway.cancel(&order).await.err()),
    ];
    for (operation, error) in outcomes {
        let refused = error
            .as_ref()
            .is_some_and(|error| error.kind() == ErrorKind::Unsupported);
        let supported = trial.gateway.supports(operation);
        trial.same(&format!("{operation:?} supported:"), &supported, &!refused);
        if let Some(error) = error.filter(|_| refused) {
            not_sent(trial, &error);
        }
    }
    Ok(())
}

pub(super) async fn no_secrets(trial: &mut Trial<'_>) -> Flow {
    if trial.bench.secrets().is_empty() {
        return Err(Stop::LeftOut("the bench names no secrets".to_owned()));
    }
    let shown = |trial: &Trial<'_>| {
        [
            format!("{:?}", trial.gateway),
            format!("{:#?}", trial.gateway),
        ]
    };
    let mut texts = shown(trial).to_vec();
    // Again after a call: by now it may hold a token.
    let order = trial.bench.new_order().await?;
    let created = trial.gateway.create(&order).await;
    texts.extend(shown(trial));
    texts.push(format!("{created:?}"));
    trial.hides_secrets("a Debug text", &texts);
    if let Ok(created) = created {
        let link = created.payment_link.reveal().to_owned();
        if texts.iter().any(|text| text.contains(&link)) {
            trial.violated("a payment link that is hidden", "it in a Debug text");
        }
    }
    Ok(())
}

pub(super) fn not_sent(trial: &mut Trial<'_>, error: &Error) {
    if error.delivery() != Delivery::NotSent {
        let seen = format!("{:?} ({error})", error.delivery());
        trial.violated("an error that says nothing was sent", seen);
    }
}
