//! Rules about refunds, at gateways that have them.

use super::bench::{Fault, RefundTruth};
use super::faults::{self, Sees, sees};
use super::manners::not_sent;
use super::trial::{Flow, Stop, Trial};
use crate::error::{Delivery, ErrorKind};
use crate::gateway::{Operation, StatusReading};
use crate::id::OrderId;
use crate::money::Decimal;
use crate::order::OrderStatus;
use crate::refund::{RefundAnswer, RefundRequest};

/// Leaves a case out where there are no refunds.
fn supported(trial: &Trial<'_>) -> Flow {
    if trial.gateway.supports(Operation::Refund) {
        return Ok(());
    }
    let reason = "there are no refunds there";
    Err(Stop::LeftOut(reason.to_owned()))
}

/// A refund of all that the status of an order shows.
pub(super) async fn request(trial: &mut Trial<'_>, order: &OrderId) -> Flow<RefundRequest> {
    let paid = trial.reading(order).await?;
    let remarks = "for the conformance suite";
    Ok(RefundRequest::new(order.clone(), paid, "suite", remarks))
}

/// A refund of an order that is not even paid.
pub(super) fn of_nothing(order: &OrderId) -> RefundRequest {
    let unpaid = StatusReading::new(OrderStatus::Unpaid, "unpaid");
    RefundRequest::new(order.clone(), unpaid, "suite", "for the conformance suite")
}

pub(super) async fn by_one_request(trial: &mut Trial<'_>) -> Flow {
    supported(trial)?;
    let order = trial.paid_order().await?;
    let request = request(trial, &order).await?;
    if let Err(error) = trial.gateway.check_refund(&request) {
        trial.violated("a check that lets a good request pass", error);
    }
    match trial.gateway.refund(&request).await {
        Ok(RefundAnswer::Received { .. }) => {}
        Ok(RefundAnswer::Refused { message }) => {
            return Err(trial.stop("received", format!("refused: {message}")));
        }
        Err(error) => return Err(trial.stop("received", error)),
    }
    let one = RefundTruth {
        received: 1,
        requests: 1,
        applied: 1,
    };
    let truth = trial.truth(&order).await?;
    trial.same("refund requests", &one, &truth.refunds);
    Ok(())
}

pub(super) async fn unpaid_is_never_refunded(trial: &mut Trial<'_>) -> Flow {
    supported(trial)?;
    let order = trial.open_order().await?;
    let honest = request(trial, &order).await?;
    match trial.gateway.refund(&honest).await {
        Ok(answer) => trial.violated("an error before anything is sent", answer.message()),
        Err(error) => not_sent(trial, &error),
    }
    let truth = trial.truth(&order).await?;
    trial.same("refund requests received", &0, &truth.refunds.received);
    // A status that was right once, or that somebody made up.
    let mut stale = honest;
    stale.paid.status = OrderStatus::Paid;
    stale.paid.confirmation_code = Some("NOSUCHRECEIPT".to_owned());
    match trial.gateway.refund(&stale).await {
        Ok(RefundAnswer::Received { message }) => {
            trial.violated("anything but a yes", format!("received: {message}"));
        }
        Ok(RefundAnswer::Refused { .. }) => {}
        Err(error) => trial.shows_no_secret(&error),
    }
    let truth = trial.truth(&order).await?;
    trial.same("refunds", &0, &truth.refunds.applied);
    Ok(())
}

pub(super) async fn that_cannot_be(trial: &mut Trial<'_>) -> Flow {
    supported(trial)?;
    let order = trial.paid_order().await?;
    let request = request(trial, &order).await?;
    let Some(paid) = request.paid.money else {
        return Err(trial.stop("a status that shows what was paid", "none"));
    };
    for amount in [
        paid.amount() + Decimal::ONE,
        Decimal::ZERO,
        Decimal::NEGATIVE_ONE,
        Decimal::new(1, 9),
    ] {
        let request = request.clone().amount(amount);
        if trial.gateway.check_refund(&request).is_ok() {
            trial.violated(
                format!("{amount} of {paid} refused by the check"),
                "nothing",
            );
        }
        match trial.gateway.refund(&request).await {
            Ok(_) => trial.violated(format!("no refund of {amount} of {paid}"), "an answer"),
            Err(error) => {
                not_sent(trial, &error);
                trial.same("kind", &ErrorKind::InvalidRequest, &error.kind());
            }
        }
    }
    let truth = trial.truth(&order).await?;
    trial.same("refund requests", &RefundTruth::default(), &truth.refunds);
    Ok(())
}

pub(super) async fn under(trial: &mut Trial<'_>, fault: Fault) -> Flow {
    supported(trial)?;
    let order = trial.paid_order().await?;
    let request = request(trial, &order).await?;
    trial.arm(fault, Operation::Refund).await?;
    let outcome = trial.gateway.refund(&request).await;
    trial.bench.disarm().await?;
    let truth = trial.truth(&order).await?.refunds;

    let most = if fault == Fault::Unauthenticated {
        2
    } else {
        1
    };
    if truth.received > most || truth.requests > 1 || truth.applied > 1 {
        trial.violated("one request for one call", format!("{truth:?}"));
    }
    match &outcome {
        Ok(answer) => check_answer(trial, fault, answer, truth),
        Err(error) => {
            faults::check_error(trial, fault, error);
            if error.delivery() == Delivery::NotSent && truth.received > 0 {
                trial.violated("a request that did not leave", "it arrived");
            }
            if error.kind() == ErrorKind::Authentication && truth.requests > 0 {
                trial.violated("a request refused at the door", "it was looked at");
            }
        }
    }
    check_struck(trial, fault, truth);
    Ok(())
}

fn check_answer(trial: &mut Trial<'_>, fault: Fault, answer: &RefundAnswer, truth: RefundTruth) {
    let (word, told_so) = match answer {
        RefundAnswer::Received { .. } => ("received", truth.applied > 0),
        RefundAnswer::Refused { .. } => ("refused", truth.applied == 0),
    };
    if sees(fault) == Sees::Nothing {
        trial.violated("an error, since nothing readable came back", word);
    } else if !told_so {
        trial.violated("what the gateway said", word);
    }
}

/// A fault that did not happen proves nothing.
fn check_struck(trial: &mut Trial<'_>, fault: Fault, truth: RefundTruth) {
    let struck = match fault {
        // Looked at once, it must have come a second time.
        Fault::Unauthenticated => truth.received == truth.requests + 1,
        Fault::ResetBefore | Fault::Unavailable | Fault::TooManyRequests => {
            truth.received > truth.requests
        }
        Fault::ReplyLost
        | Fault::HtmlBody
        | Fault::EmptyBody
        | Fault::TruncatedBody
        | Fault::GarbageBody => truth.applied == 1,
        Fault::ServerError => truth.received > 0,
        // They happen to a cancel only.
        Fault::PayBeforeApply | Fault::PayAfterApply => true,
    };
    if !struck {
        let happen = format!("{} to happen", fault.as_str());
        trial.violated(happen, format!("{truth:?}"));
    }
}
