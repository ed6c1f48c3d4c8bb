//! `duka cancel`: one safe cancellation, through the store.

use duka_cancellations::{AmountCheck, Handled, Request};
use duka_core::cancel::SkipReason;
use duka_core::{Outcome, State};

use crate::args::CancelArgs;
use crate::context::{Absent, Context};
use crate::failure::{Exit, Failure, exit_of_read};
use crate::output::{complain, tint};
use crate::views::CancellationView;

pub(crate) async fn run(args: CancelArgs, context: &Context) -> Result<Exit, Failure> {
    let mut config = context.config()?;
    if args.no_amount_check {
        config.amount_check = AmountCheck::Ignore;
    }
    let request = Request {
        reason: args.reason,
        actor: super::actor(args.actor)?,
    };
    let canceller = context.canceller(&config, Absent::Make).await?;
    let order = super::find_order(
        &args.order.order,
        context,
        &config,
        super::store_of(&canceller),
    )
    .await?;
    let handled = canceller
        .cancel(order, request, args.wait)
        .await
        .map_err(|trouble| Failure::trouble("cancel the order", &trouble))?;
    let view = CancellationView::from(&handled.record);
    if context.output.is_json() {
        context.output.json(&view)?;
    } else {
        context.output.line(&format!(
            "{}  {}  {}",
            handled.record.key,
            tint(view.standing()),
            view.said()
        ))?;
        if let Some(advice) = advice(handled.record.progress.state) {
            context.output.remark(advice);
        }
    }
    let exit = exit_of(&handled);
    match exit {
        // A program may look at stderr alone, and the record is on stdout.
        Exit::Failed | Exit::Usage if context.output.is_json() => complain(&view.said()),
        Exit::Done | Exit::Failed | Exit::Usage | Exit::Refused | Exit::Unknown => {}
    }
    Ok(exit)
}

fn advice(state: State) -> Option<&'static str> {
    match state {
        State::Requested | State::Sending | State::Accepted | State::Refused | State::InDoubt => {
            Some("not settled yet; run `duka sweep` (or this command again) to go on")
        }
        State::NeedsReview => Some(
            "look the order up at the gateway's dashboard, then record what you found with `duka resolve`",
        ),
        State::Done(_) => None,
    }
}

fn exit_of(handled: &Handled) -> Exit {
    match handled.record.progress.state {
        State::Requested => handled.error.as_ref().map_or(Exit::Failed, exit_of_read),
        State::Sending | State::Accepted | State::Refused | State::InDoubt | State::NeedsReview => {
            Exit::Unknown
        }
        State::Done(outcome) => match outcome {
            Outcome::Confirmed | Outcome::ResolvedCancelled => Exit::Done,
            Outcome::NotCancelledPaid
            | Outcome::NotCancelledFinal
            | Outcome::Refused
            | Outcome::ResolvedNotCancelled
            | Outcome::Skipped(
                SkipReason::NotEligible
                | SkipReason::NotFound
                | SkipReason::AlreadySubmitted
                | SkipReason::AmountDiffers,
            ) => Exit::Refused,
            Outcome::Skipped(SkipReason::StatusUnreadable | SkipReason::CouldNotSend) => {
                Exit::Failed
            }
        },
    }
}
