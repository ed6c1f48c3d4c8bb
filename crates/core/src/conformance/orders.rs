//! Rules about creating and reading orders.

use url::Url;

use super::trial::{Flow, Trial};
use crate::error::Delivery;
use crate::gateway::{Eligibility, GatewayExt, NewOrder};
use crate::id::OrderId;
use crate::order::OrderStatus;

pub(super) async fn payable(trial: &mut Trial<'_>) -> Flow {
    let order = trial.bench.new_order().await?;
    let created = match trial.gateway.create(&order).await {
        Ok(created) => created,
        Err(error) => return Err(trial.stop("a created order", error)),
    };
    let link = Url::parse(created.payment_link.reveal());
    if !link.is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
        trial.violated("the address of a web page", "something else");
    }
    let truth = trial.truth(&created.order).await?;
    if !trial.gateway.cancel_rules().is_eligible(&truth.status) {
        trial.violated("an open order at the gateway", &truth.status);
    }
    if let Some(reading) = created.status {
        trial.same("in the reply the status", &truth.status, &reading.status);
    }
    Ok(())
}

pub(super) async fn new_is_eligible(trial: &mut Trial<'_>) -> Flow {
    let wanted = trial.bench.new_order().await?;
    created_as(trial, &wanted).await
}

pub(super) async fn full_is_created(trial: &mut Trial<'_>) -> Flow {
    let wanted = trial.bench.full_order().await?;
    created_as(trial, &wanted).await
}

/// Creates the order and reads it: open, and what was asked for.
async fn created_as(trial: &mut Trial<'_>, wanted: &NewOrder) -> Flow {
    let order = match trial.gateway.create(wanted).await {
        Ok(created) => created.order,
        Err(error) => return Err(trial.stop("a created order", error)),
    };
    let reading = trial.reading(&order).await?;
    if !trial.gateway.cancel_rules().is_eligible(&reading.status) {
        trial.violated("a status that can be cancelled", &reading.status);
    }
    if let Some(money) = reading.money {
        trial.same("the amount", &wanted.money, &money);
    }
    if let Some(reference) = &reading.reference {
        let asked = wanted.reference.as_str();
        trial.same("the reference", &asked, &reference.as_str());
    }
    agrees(trial, &order, &reading.status).await
}

pub(super) async fn one_form(trial: &mut Trial<'_>) -> Flow {
    let order = trial.open_order().await?;
    let gateway = trial.gateway.clone();
    let form = |order: &OrderId| {
        let canonical = gateway.canonical_order(order);
        (canonical.as_str().to_owned(), canonical.form())
    };
    // What `create` returns is stored as it is, and what is stored is asked about.
    let created = (order.as_str().to_owned(), order.form());
    trial.same("the canonical form", &created, &form(&order));
    for other in [order, trial.bench.unknown_order()] {
        let once = gateway.canonical_order(&other);
        trial.same("one canonical form", &form(&other), &form(&once));
    }
    Ok(())
}

pub(super) async fn paid_reads_paid(trial: &mut Trial<'_>) -> Flow {
    let order = trial.paid_order().await?;
    let reading = trial.reading(&order).await?;
    trial.same("status", &OrderStatus::Paid, &reading.status);
    agrees(trial, &order, &OrderStatus::Paid).await
}

pub(super) async fn failed_reads_failed(trial: &mut Trial<'_>) -> Flow {
    let order = trial.open_order().await?;
    trial.bench.customer_fails(&order).await?;
    let reading = trial.reading(&order).await?;
    trial.same("status", &OrderStatus::Failed, &reading.status);
    agrees(trial, &order, &OrderStatus::Failed).await
}

pub(super) async fn reading_is_harmless(trial: &mut Trial<'_>) -> Flow {
    let order = trial.open_order().await?;
    let before = trial.truth(&order).await?;
    let first = trial.reading(&order).await?;
    let second = trial.reading(&order).await?;
    trial.same("the same reading twice,", &first, &second);
    let after = trial.truth(&order).await?;
    trial.same("an order left as it was,", &before, &after);
    Ok(())
}

pub(super) async fn unknown_has_no_status(trial: &mut Trial<'_>) -> Flow {
    let order = trial.bench.unknown_order();
    match trial.gateway.status(&order).await {
        Ok(reading) => trial.violated("an error", reading.status),
        Err(error) => {
            trial.same("delivery", &Delivery::Answered, &error.delivery());
            trial.shows_no_secret(&error);
        }
    }
    Ok(())
}

/// `eligibility` says what the rules say of this status.
async fn agrees(trial: &mut Trial<'_>, order: &OrderId, status: &OrderStatus) -> Flow {
    let (eligible, reading) = match trial.gateway.eligibility(order).await {
        Ok(Eligibility::Eligible(reading)) => (true, reading),
        Ok(Eligibility::NotEligible(reading)) => (false, reading),
        Err(error) => return Err(trial.stop("an eligibility", error)),
    };
    let wanted = trial.gateway.cancel_rules().is_eligible(status);
    trial.same("eligible", &wanted, &eligible);
    trial.same("the same status", status, &reading.status);
    Ok(())
}
