//! Rules about notifications: which order one names, and what it may claim.

use jiff::Timestamp;

use super::bench::{Notified, Sender};
use super::trial::{Flow, Stop, Trial};
use crate::id::OrderId;
use crate::order::{Observation, OrderStatus};

pub(super) async fn names_its_order(trial: &mut Trial<'_>) -> Flow {
    // Two, so that the last one heard of is not always right.
    let orders = [trial.paid_order().await?, trial.paid_order().await?];
    for order in &orders {
        let (named, _) = let_in(trial, order).await?;
        let named = trial.gateway.canonical_order(&named);
        trial.same("a notification about", order, &named);
    }
    Ok(())
}

pub(super) async fn claims_no_more(trial: &mut Trial<'_>) -> Flow {
    let paid = trial.paid_order().await?;
    let failed = trial.open_order().await?;
    trial.bench.customer_fails(&failed).await?;
    for order in [paid, failed] {
        let (_, claim) = let_in(trial, &order).await?;
        let status = trial.reading(&order).await?.status;
        let Some(claim) = claim else { continue };
        // A status that is read is merged with what was claimed before.
        let sight = |status: &OrderStatus| Observation {
            status: status.clone(),
            raw_status: String::new(),
            money: None,
            observed_at: Timestamp::UNIX_EPOCH,
        };
        if sight(&claim).merge(sight(&status)).status != status {
            trial.violated(format!("no more than {status} claimed"), claim);
        }
    }
    Ok(())
}

pub(super) async fn stranger_claims_nothing(trial: &mut Trial<'_>) -> Flow {
    let order = trial.open_order().await?;
    match told(trial, &order, Sender::Stranger).await? {
        None => {}
        Some((_, None | Some(OrderStatus::Unknown(_)))) => {}
        Some((_, Some(claim))) => {
            trial.violated("a stranger who is not believed", format!("{claim} claimed"));
        }
    }
    Ok(())
}

/// What the gateway's own notification says.
async fn let_in(trial: &mut Trial<'_>, order: &OrderId) -> Flow<(OrderId, Option<OrderStatus>)> {
    match told(trial, order, Sender::Gateway).await? {
        Some(said) => Ok(said),
        None => Err(trial.stop("the gateway's notification let in", "it was refused")),
    }
}

/// What a notification says; `None` if it was not let in.
async fn told(
    trial: &mut Trial<'_>,
    order: &OrderId,
    sender: Sender,
) -> Flow<Option<(OrderId, Option<OrderStatus>)>> {
    match trial.bench.notification(order, sender).await? {
        Notified::Read { order, status } => Ok(Some((order, status))),
        Notified::Refused => Ok(None),
        Notified::NotPossible => {
            let reason = "there are no notifications there";
            Err(Stop::LeftOut(reason.to_owned()))
        }
    }
}
