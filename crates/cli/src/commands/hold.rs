//! `duka hold` and `duka release`: an order that no sweep cancels, by a person's decision.

use duka_core::{PersonalData, State};
use duka_engine::store::HoldChange;
use duka_engine::{Store, TrackedOrder};

use crate::args::{HoldArgs, ReleaseArgs};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::plain;
use crate::views::{OrderView, held};

pub(crate) async fn hold(args: &HoldArgs, context: &Context) -> Result<Exit, Failure> {
    let (by, note) = (args.by.trim(), args.note.trim());
    super::not_blank(&[("--by", by), ("--note", note)])?;
    let change = HoldChange::Place {
        by: by.to_owned(),
        note: note.to_owned(),
    };
    run(&args.order.order, change, context).await
}

pub(crate) async fn release(args: &ReleaseArgs, context: &Context) -> Result<Exit, Failure> {
    let by = super::actor(args.by.clone())?;
    let by = by.trim();
    super::not_blank(&[("--by", by)])?;
    let change = HoldChange::Release { by: by.to_owned() };
    run(&args.order.order, change, context).await
}

async fn run(text: &str, change: HoldChange, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let chosen = context.chosen(&config)?;
    let store = context.existing_store(&config).await?;
    let store: &dyn Store = store.as_ref();
    let failed = |error| Failure::store("change the hold", &error);
    let order = super::tracked_order(text, chosen.as_ref(), store).await?;
    let key = &order.key.clone();
    let before = store.change_hold(key, change.clone()).await;
    match (before.map_err(failed)?, &change) {
        (Some(hold), HoldChange::Place { .. }) => {
            return Err(Failure::refused(format!(
                "order {key} is already {}; `duka release` ends that",
                held(&hold)
            )));
        }
        (None, HoldChange::Release { .. }) => {
            return Err(Failure::refused(format!(
                "order {key} is not held; `duka show` has its log"
            )));
        }
        (None, HoldChange::Place { .. }) | (Some(_), HoldChange::Release { .. }) => {}
    }
    let now = store.order(key).await.map_err(failed)?;
    print(&now.unwrap_or(order), context)?;
    let records = store.cancellations_of(key).await;
    let open = records.map_err(failed)?.into_iter().rfind(|record| {
        let state = record.progress.state;
        state != State::Requested && state.outcome().is_none()
    });
    if let (Some(open), HoldChange::Place { .. }) = (open, &change) {
        context.output.print_note(&format!(
            "a request to cancel it was sent before: cancellation {} is {}, and is settled by reading alone",
            open.id, open.progress.state
        ));
    }
    Ok(Exit::Done)
}

fn print(order: &TrackedOrder, context: &Context) -> Result<(), Failure> {
    if context.output.is_json() {
        return context
            .output
            .json(&OrderView::of(order, PersonalData::LeaveOut));
    }
    let said = match &order.hold {
        Some(hold) => held(hold),
        None => "released".to_owned(),
    };
    context
        .output
        .line(&format!("{}  {}", order.key, plain(&said)))
}
