//! `duka refund`: requests the refund of one payment, through the store.

use std::fmt;

use duka_core::Error;
use duka_engine::refunds::{RefundFinding, RefundOutcome, RefundParams, RefundState, Refunding};
use duka_engine::{OrderKey, Refund, RefundStore, StoreError};

use crate::args::RefundArgs;
use crate::bound::{LOOK_EVERY, Left, Work};
use crate::context::{Absent, Context};
use crate::failure::{Exit, Failure, exit_of_read};
use crate::output::{colorize, print_error};
use crate::views::RefundView;

const WHAT: &str = "ask for a refund";

pub(crate) async fn run(args: RefundArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let actor = super::actor(args.actor)?;
    let username = args.username.unwrap_or_else(|| actor.clone());
    for (name, text) in [("--remarks", &args.remarks), ("--username", &username)] {
        if text.trim().is_empty() {
            return Err(Failure::usage(format!("{name} is blank")));
        }
    }
    let bound = context.bound(&config, args.bound.give_up_after);
    let (refunder, order, earlier) = bound
        .read(WHAT, async {
            let refunder = context.refunder(&config, Absent::Make).await?;
            let store = refunder.store().as_ref();
            let order = super::find_order(&args.order.order, context, &config, store).await?;
            let earlier = store.refunds_of(&order.key).await;
            let earlier = earlier.map_err(|error| Failure::store(WHAT, &error))?;
            Ok((refunder, order, earlier))
        })
        .await?;
    let terms = RefundParams {
        amount: args.amount,
        username,
        remarks: args.remarks.clone(),
        actor: actor.clone(),
    };
    bound.begin(WHAT).await?;
    let mut work = Work::start({
        let (refunder, order) = (refunder.clone(), order.clone());
        async move { refunder.refund(order, terms).await }
    })?;
    let asked = match bound.within(work.done()).await {
        Ok(done) => done.map_err(|_| unclear("it was cut off", &order.key))?,
        Err(end) => {
            let (store, key) = (refunder.store().as_ref(), &order.key);
            let (rest, look) = (at_rest(store, key), left_behind(store, key, &earlier));
            match bound.leave(end, work, rest, look).await {
                Left::Done(done) => done,
                Left::Record(refund) => {
                    print_error(&format!(
                        "{end} while the request was on its way; whether it was received is not known, and refund {} says so",
                        refund.id
                    ));
                    let view = RefundView::of(&refund, None);
                    let exit = exit_of(refund.progress.state, None);
                    return print(&view, exit, advice(&refund), context);
                }
                Left::Nothing => {
                    let problem = format!("failed to {WHAT}: {end}; nothing was sent");
                    return Err(Failure::failed(problem));
                }
                Left::Unreadable => return Err(unclear(end, key)),
            }
        }
    };
    let asked = asked.map_err(|error| Failure::engine(WHAT, &error))?;
    let (view, exit, advice) = match &asked {
        Refunding::NotEligible(reading) => {
            let now = context.clock.now();
            let view = RefundView::skipped(&order, reading, &args.remarks, &actor, now);
            (view, Exit::Refused, None)
        }
        Refunding::AlreadyRequested { refund, reading } => {
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
            exit_of(refund.progress.state, error.as_ref()),
            advice(refund),
        ),
    };
    print(&view, exit, advice, context)
}

/// Returns once no request for this order is on its way.
async fn at_rest(store: &dyn RefundStore, key: &OrderKey) {
    loop {
        let refunds = store.refunds_of(key).await;
        // If the store cannot be read, a request may be on its way.
        let sending = |refund: &Refund| refund.progress.state == RefundState::Sending;
        if refunds.is_ok_and(|refunds| !refunds.iter().any(sending)) {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The request that the command has recorded, if it has.
async fn left_behind(
    store: &dyn RefundStore,
    key: &OrderKey,
    earlier: &[Refund],
) -> Result<Option<Refund>, StoreError> {
    // A read on the writing connection, so that it sees writes that were waiting.
    store.check().await?;
    let mut refunds = store.refunds_of(key).await?;
    refunds.retain(|refund| earlier.iter().all(|known| known.id != refund.id));
    Ok(refunds.pop())
}

/// What may have been sent is in the store, if anything was.
fn unclear(why: impl fmt::Display, key: &OrderKey) -> Failure {
    Failure::unknown(format!(
        "failed to {WHAT}: {why}, and how far it came could not be read from the store; see `duka show {}`",
        key.order
    ))
}

fn print(
    view: &RefundView,
    exit: Exit,
    advice: Option<String>,
    context: &Context,
) -> Result<Exit, Failure> {
    if context.output.is_json() {
        context.output.json(view)?;
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
            colorize(view.standing()),
            view.said()
        ))?;
        if let Some(advice) = advice {
            context.output.print_note(&advice);
        }
    }
    match exit {
        // A script may read stderr alone, and the record is on stdout.
        Exit::Failed | Exit::Usage if context.output.is_json() => print_error(&view.said()),
        Exit::Done | Exit::Failed | Exit::Usage | Exit::Refused | Exit::Unknown => {}
    }
    Ok(exit)
}

/// What a person may have to do about it.
pub(super) fn advice(refund: &Refund) -> Option<String> {
    let id = refund.id;
    if refund.progress.finding == Some(RefundFinding::DoubleRequest) {
        return Some(format!(
            "how many requests for this payment are at the gateway's dashboard? approve one at most, then: duka resolve {id} --as acknowledged --by … --note …"
        ));
    }
    match refund.progress.state {
        RefundState::Sending => {
            let lapses = refund
                .due_at
                .map_or_else(|| "now".to_owned(), |due| due.to_string());
            Some(format!(
                "a request is on its way until {lapses}; after that its worker has died: is there one at the gateway's dashboard? then: duka resolve {id} --as received|not-received --by … --note …"
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

/// Nothing was sent, so the exit code is never *done*.
fn exit_of_earlier(refund: &Refund) -> Exit {
    match refund.progress.state {
        RefundState::Done(_) if refund.progress.finding.is_some() => Exit::Unknown,
        RefundState::Sending | RefundState::InDoubt => Exit::Unknown,
        RefundState::Done(_) => Exit::Refused,
    }
}
