//! Rules about what an adapter may say when something goes wrong on the way.

use super::bench::{Fault, Truth};
use super::trial::{Flow, Trial};
use crate::error::{Delivery, Error, ErrorKind};
use crate::gateway::{CancelAnswer, Operation};
use crate::id::OrderId;
use crate::order::OrderStatus;

/// What an adapter that sends a mutation once gets to see.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sees {
    /// Nothing that could be read: no answer may be made of it.
    Nothing,
    /// A refusal at the door. It may renew its credentials and try once more.
    TheDoor,
    /// A whole answer.
    Answer,
}

pub(super) const fn sees(fault: Fault) -> Sees {
    match fault {
        Fault::ResetBefore
        | Fault::ReplyLost
        | Fault::HtmlBody
        | Fault::EmptyBody
        | Fault::TruncatedBody
        | Fault::GarbageBody
        | Fault::ServerError
        | Fault::Unavailable
        | Fault::TooManyRequests => Sees::Nothing,
        Fault::Unauthenticated => Sees::TheDoor,
        Fault::PayBeforeApply | Fault::PayAfterApply => Sees::Answer,
    }
}

/// What is proved of a request that met this fault.
const fn deliveries(fault: Fault) -> &'static [Delivery] {
    match fault {
        Fault::ResetBefore | Fault::ReplyLost => &[Delivery::Unknown],
        // The head of a reply came, and its rest did not.
        Fault::TruncatedBody => &[Delivery::Answered, Delivery::Unknown],
        Fault::HtmlBody
        | Fault::EmptyBody
        | Fault::GarbageBody
        | Fault::ServerError
        | Fault::Unavailable
        | Fault::TooManyRequests
        | Fault::Unauthenticated
        | Fault::PayBeforeApply
        | Fault::PayAfterApply => &[Delivery::Answered],
    }
}

pub(super) async fn cancel_under(trial: &mut Trial<'_>, fault: Fault) -> Flow {
    let order = trial.open_order().await?;
    trial.arm(fault, Operation::Cancel).await?;
    let outcome = trial.gateway.cancel(&order).await;
    trial.bench.disarm().await?;
    let truth = trial.truth(&order).await?;

    check_counts(trial, fault, &truth);
    match &outcome {
        Ok(answer) => check_answer(trial, fault, answer, &truth),
        Err(error) => {
            check_error(trial, fault, error);
            if error.delivery() == Delivery::NotSent && truth.cancels_received > 0 {
                trial.violated("a request that did not leave", "it arrived");
            }
            let turned_away = error.kind() == ErrorKind::Authentication;
            if turned_away && truth.cancel_requests > 0 {
                trial.violated("a request refused at the door", "it was looked at");
            }
        }
    }
    check_struck(trial, fault, &truth);
    paid_wins(trial, &order, &truth).await
}

fn check_counts(trial: &mut Trial<'_>, fault: Fault, truth: &Truth) {
    let most = if fault == Fault::Unauthenticated {
        2
    } else {
        1
    };
    if truth.cancels_received > most || truth.cancel_requests > 1 {
        let (received, looked_at) = (truth.cancels_received, truth.cancel_requests);
        trial.violated(
            "one request for one call",
            format!("{received} received, {looked_at} of them looked at"),
        );
    }
    if truth.cancels_applied > 1 {
        trial.violated("one cancellation at most", truth.cancels_applied);
    }
}

fn check_answer(trial: &mut Trial<'_>, fault: Fault, answer: &CancelAnswer, truth: &Truth) {
    let applied = truth.cancels_applied > 0;
    let (word, told_so) = match answer {
        CancelAnswer::Accepted { .. } => ("accepted", applied),
        CancelAnswer::Refused { .. } => ("refused", !applied),
    };
    if sees(fault) == Sees::Nothing {
        trial.violated("an error, since nothing readable came back", word);
    } else if !told_so {
        trial.violated("what the gateway said", word);
    }
}

pub(super) fn check_error(trial: &mut Trial<'_>, fault: Fault, error: &Error) {
    trial.shows_no_secret(error);
    let wanted = deliveries(fault);
    if !wanted.contains(&error.delivery()) {
        let seen = format!("{:?} ({error})", error.delivery());
        trial.violated(format!("delivery {wanted:?}"), seen);
    }
    if sees(fault) == Sees::Nothing && error.kind().is_callers_fault() {
        trial.violated("an error that blames nobody for the request", error);
    }
}

/// A fault that did not happen proves nothing.
fn check_struck(trial: &mut Trial<'_>, fault: Fault, truth: &Truth) {
    let struck = match fault {
        Fault::PayBeforeApply => truth.status == OrderStatus::Paid && !truth.paid_after_cancel,
        Fault::PayAfterApply => truth.paid_after_cancel,
        // Looked at once, it must have come a second time.
        Fault::Unauthenticated => truth.cancels_received == truth.cancel_requests + 1,
        Fault::ResetBefore | Fault::Unavailable | Fault::TooManyRequests => {
            truth.cancels_received > truth.cancel_requests
        }
        Fault::ReplyLost
        | Fault::HtmlBody
        | Fault::EmptyBody
        | Fault::TruncatedBody
        | Fault::GarbageBody => truth.cancels_applied == 1,
        Fault::ServerError => truth.cancels_received > 0,
    };
    if !struck {
        trial.violated(
            format!("{} to happen", fault.as_str()),
            format!("{truth:?}"),
        );
    }
}

async fn paid_wins(trial: &mut Trial<'_>, order: &OrderId, truth: &Truth) -> Flow {
    if truth.status == OrderStatus::Paid {
        let status = trial.reading(order).await?.status;
        trial.same("afterwards the status", &OrderStatus::Paid, &status);
    }
    Ok(())
}

pub(super) async fn status_under(trial: &mut Trial<'_>, fault: Fault) -> Flow {
    // Of either kind, so that no single default can be right.
    for order in [trial.open_order().await?, trial.paid_order().await?] {
        let calm = trial.reading(&order).await?;
        let before = trial.truth(&order).await?;
        trial.arm(fault, Operation::Status).await?;
        match trial.gateway.status(&order).await {
            // A read may be repeated, and the fault has struck by then.
            Ok(reading) => trial.same("the reading", &calm, &reading),
            Err(error) => check_error(trial, fault, &error),
        }
        trial.bench.disarm().await?;
        let after = trial.truth(&order).await?;
        trial.same("an order left as it was,", &before, &after);
    }
    Ok(())
}

pub(super) async fn create_under(trial: &mut Trial<'_>, fault: Fault) -> Flow {
    let order = trial.bench.new_order().await?;
    trial.arm(fault, Operation::Create).await?;
    let outcome = trial.gateway.create(&order).await;
    trial.bench.disarm().await?;
    match outcome {
        Ok(_) if sees(fault) == Sees::Nothing => {
            trial.violated(
                "an error, since nothing readable came back and a create is not repeated",
                "an order",
            );
        }
        Ok(created) => {
            let truth = trial.truth(&created.order).await?;
            if !trial.gateway.cancel_rules().is_eligible(&truth.status) {
                trial.violated("an open order at the gateway", &truth.status);
            }
        }
        Err(error) => check_error(trial, fault, &error),
    }
    Ok(())
}
