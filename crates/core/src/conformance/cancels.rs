//! Rules about cancelling where nothing goes wrong.

use super::trial::{Flow, Stop, Trial};
use crate::cancel::{Repeat, ShowsCancelled};
use crate::gateway::CancelAnswer;
use crate::id::OrderId;
use crate::order::OrderStatus;

/// How often a status is read until it shows a cancellation.
const MOST_READS: u32 = 3;

pub(super) async fn by_one_request(trial: &mut Trial<'_>) -> Flow {
    let order = trial.open_order().await?;
    accepted(trial, &order).await?;
    let truth = trial.truth(&order).await?;
    let seen = (truth.cancels_received, truth.cancels_applied);
    trial.same("requests and cancellations", &(1, 1), &seen);
    Ok(())
}

pub(super) async fn shows_cancelled(trial: &mut Trial<'_>) -> Flow {
    let order = trial.open_order().await?;
    accepted(trial, &order).await?;
    let mut status = trial.reading(&order).await?.status;
    match trial.gateway.cancel_rules().shows_cancelled() {
        ShowsCancelled::Yes => {
            // It may show what was before for a moment, but nothing else.
            let before = OrderStatus::Unpaid;
            for _ in 1..MOST_READS {
                if status == before {
                    status = trial.reading(&order).await?.status;
                }
            }
            trial.same("status", &OrderStatus::Cancelled, &status);
        }
        ShowsCancelled::No => {
            if matches!(status, OrderStatus::Cancelled | OrderStatus::Paid) {
                trial.violated("a status that shows nothing of it", status);
            }
        }
    }
    Ok(())
}

pub(super) async fn paid_is_never_cancelled(trial: &mut Trial<'_>) -> Flow {
    let order = trial.paid_order().await?;
    not_accepted(trial, &order).await;
    let truth = trial.truth(&order).await?;
    trial.same("status", &OrderStatus::Paid, &truth.status);
    let status = trial.reading(&order).await?.status;
    trial.same("status", &OrderStatus::Paid, &status);
    Ok(())
}

pub(super) async fn failed_is_cancelled(trial: &mut Trial<'_>) -> Flow {
    let order = trial.open_order().await?;
    trial.bench.customer_fails(&order).await?;
    let rules = trial.gateway.cancel_rules();
    if rules.is_eligible(&OrderStatus::Failed) {
        // The rules say that asking is worth a request, not that the answer is yes.
        let wanted = match trial.gateway.cancel(&order).await {
            Ok(CancelAnswer::Accepted { .. }) => 1,
            Ok(CancelAnswer::Refused { .. }) => 0,
            Err(error) => return Err(trial.stop("a yes or a no", error)),
        };
        let truth = trial.truth(&order).await?;
        trial.same("cancellations", &wanted, &truth.cancels_applied);
    } else {
        not_accepted(trial, &order).await;
    }
    Ok(())
}

pub(super) async fn repeat_is_harmless(trial: &mut Trial<'_>) -> Flow {
    match trial.gateway.cancel_rules().repeat() {
        Repeat::Harmless => {}
        Repeat::Once => {
            let reason = "a cancel may be sent once only there";
            return Err(Stop::LeftOut(reason.to_owned()));
        }
    }
    let order = trial.open_order().await?;
    accepted(trial, &order).await?;
    let first = trial.truth(&order).await?;
    // Whatever it answers: the first one stands.
    let _ = trial.gateway.cancel(&order).await;
    let second = trial.truth(&order).await?;
    trial.same("status", &first.status, &second.status);
    trial.same("cancellations", &1, &second.cancels_applied);
    Ok(())
}

pub(super) async fn unknown_is_never_cancelled(trial: &mut Trial<'_>) -> Flow {
    let order = trial.bench.unknown_order();
    not_accepted(trial, &order).await;
    Ok(())
}

async fn accepted(trial: &mut Trial<'_>, order: &OrderId) -> Flow {
    match trial.gateway.cancel(order).await {
        Ok(CancelAnswer::Accepted { .. }) => Ok(()),
        Ok(CancelAnswer::Refused { message }) => {
            Err(trial.stop("accepted", format!("refused: {message}")))
        }
        Err(error) => Err(trial.stop("accepted", error)),
    }
}

async fn not_accepted(trial: &mut Trial<'_>, order: &OrderId) {
    match trial.gateway.cancel(order).await {
        Ok(CancelAnswer::Accepted { message }) => {
            trial.violated("anything but a yes", format!("accepted: {message}"));
        }
        Ok(CancelAnswer::Refused { .. }) => {}
        Err(error) => trial.shows_no_secret(&error),
    }
}
