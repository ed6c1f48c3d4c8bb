//! `duka refund`: asks for one payment to go back, through the store.

use duka_cancellations::Refund;
use duka_cancellations::refunds::{RefundFinding, RefundOutcome, RefundState, Refunding, Terms};
use duka_core::Error;

use crate::args::RefundArgs;
use crate::context::{Absent, Context};
use crate::failure::{Exit, Failure, exit_of_read};
use crate::output::{complain, tint};
use crate::views::RefundView;

pub(crate) async fn run(args: RefundArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let actor = super::actor(args.actor)?;
    let username = args.username.unwrap_or_else(|| actor.clone());
    for (name, text) in [("--remarks", &args.remarks), ("--username", &username)] {
        if text.trim().is_empty() {
            return Err(Failure::usage(format!("{name} is blank")));
        }
    }
    let refunder = context.refunder(&config, Absent::Make).await?;
    let store = refunder.store();
    let order = super::find_order(&args.order.order, context, &config, store.as_ref()).await?;
    let terms = Terms {
        amount: args.amount,
        username,
        remarks: args.remarks.clone(),
        actor: actor.clone(),
    };
    let asked = refunder.refund(order.clone(), terms).await;
    let asked = asked.map_err(|trouble| Failure::refund("ask for a refund", &trouble))?;
    let (view, exit, advice) = match &asked {
        Refunding::NotEligible(reading) => {
            let (status, now) = (&reading.status, context.clock.now());
            let view = RefundView::skipped(&order, status, &args.remarks, &actor, now);
            (view, Exit::Refused, None)
        }
        Refunding::InTheWay { refund, reading } => {
            let mut view = RefundView::of(refund, reading.as_ref());
            view.message = Some(format!(
                "nothing was sent now: a refund of this payment was asked for at {}, and there is one request per payment; {}",
                refund.created_at,
                view.message.as_deref().unwrap_or_default(),
            ));
            (view, exit_of_earlier(refund), advice(refund))
        }
        Refunding::Made {
            refund,
            reading,
            error,
        } => (
            RefundView::of(refund, Some(reading)),
            exit_of(refund.state, error.as_ref()),
            advice(refund),
        ),
    };
    if context.output.is_json() {
        context.output.json(&view)?;
    } else {
        let money = view.money();
        let money = if money.is_empty() {
            money
        } else {
            format!("  {money}")
        };
        context.output.line(&format!(
            "{} at {}{money}  {}  {}",
            view.order,
            view.account,
            tint(view.standing()),
            view.said()
        ))?;
        if let Some(advice) = advice {
            context.output.remark(&advice);
        }
    }
    match exit {
        // A program may look at stderr alone, and the record is on stdout.
        Exit::Failed | Exit::Usage if context.output.is_json() => complain(&view.said()),
        Exit::Done | Exit::Failed | Exit::Usage | Exit::Refused | Exit::Unknown => {}
    }
    Ok(exit)
}

/// What a person may have to do about it.
pub(super) fn advice(refund: &Refund) -> Option<String> {
    let id = refund.id;
    if refund.finding == Some(RefundFinding::DoubleRequest) {
        return Some(format!(
            "how many requests for this payment are at the gateway's dashboard? approve one at most, then: duka resolve {id} --as acknowledged --by … --note …"
        ));
    }
    match refund.state {
        RefundState::Sending => {
            let lapses = refund
                .due_at
                .map_or_else(|| "now".to_owned(), |due| due.to_string());
            Some(format!(
                "a request is on its way until {lapses}; after that whoever sent it has died: is there one at the gateway's dashboard? then: duka resolve {id} --as received|not-received --by … --note …"
            ))
        }
        RefundState::InDoubt => Some(format!(
            "is there a request for this refund at the gateway's dashboard? then: duka resolve {id} --as received|not-received --by … --note …"
        )),
        RefundState::Done(outcome) => match outcome {
            RefundOutcome::Refused => Some(format!(
                "should the dashboard show no request for this refund, another can be made after: duka resolve {id} --as not-received --by … --note …"
            )),
            RefundOutcome::Received
            | RefundOutcome::NotSent
            | RefundOutcome::Reversed
            | RefundOutcome::ResolvedReceived
            | RefundOutcome::ResolvedNotReceived => None,
        },
    }
}

fn exit_of(state: RefundState, error: Option<&Error>) -> Exit {
    match state {
        RefundState::Sending | RefundState::InDoubt => Exit::Unknown,
        RefundState::Done(outcome) => match outcome {
            RefundOutcome::Received | RefundOutcome::Reversed | RefundOutcome::ResolvedReceived => {
                Exit::Done
            }
            RefundOutcome::Refused => Exit::Refused,
            RefundOutcome::NotSent | RefundOutcome::ResolvedNotReceived => {
                error.map_or(Exit::Failed, exit_of_read)
            }
        },
    }
}

/// Nothing was done as asked, so nothing here is *done*.
fn exit_of_earlier(refund: &Refund) -> Exit {
    match refund.state {
        RefundState::Done(_) if refund.finding.is_some() => Exit::Unknown,
        RefundState::Sending | RefundState::InDoubt => Exit::Unknown,
        RefundState::Done(_) => Exit::Refused,
    }
}
