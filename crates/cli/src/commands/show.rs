//! `duka show`: one order's timeline.

use crate::args::OrderArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::tint;
use crate::views::{CancellationTimeline, CancellationView, LogView, OrderView, TimelineView};

pub(crate) async fn run(args: &OrderArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let chosen = context.chosen(&config)?;
    let store = context.existing_store(&config)?;
    let failed = |error| Failure::store("read the order", &error);
    let mut orders = super::find_kept(&args.order, store.as_ref()).await?;
    if let Some(account) = chosen {
        orders.retain(|order| order.key.account == account);
    }
    if orders.is_empty() {
        return Err(Failure::usage(format!(
            "order {} is not followed; `duka status` asks the gateway about any order",
            args.order
        )));
    }
    for order in orders {
        let mut cancellations = Vec::new();
        for record in store.cancellations_of(&order.key).await.map_err(failed)? {
            let log = store.log(record.id).await.map_err(failed)?;
            cancellations.push(CancellationTimeline {
                cancellation: CancellationView::from(&record),
                log: log.into_iter().map(LogView::from).collect(),
            });
        }
        let view = TimelineView {
            order: OrderView::from(&order),
            cancellations,
        };
        if context.output.is_json() {
            context.output.json(&view)?;
        } else {
            print(&view, context)?;
        }
    }
    Ok(Exit::Done)
}

fn print(view: &TimelineView, context: &Context) -> Result<(), Failure> {
    let output = context.output;
    for line in view.order.lines() {
        output.line(&line)?;
    }
    if view.cancellations.is_empty() {
        output.line("no cancellation")?;
    }
    for part in &view.cancellations {
        let cancellation = &part.cancellation;
        let finding = cancellation
            .finding
            .map_or_else(String::new, |finding| format!("  {}", tint(finding)));
        output.line("")?;
        output.line(&format!(
            "cancellation {}  {}{finding}",
            cancellation.id.as_deref().unwrap_or_default(),
            tint(cancellation.standing()),
        ))?;
        let rows = part.log.iter().map(LogView::cells).collect();
        output.table(&["AT", "EVENT", "FROM", "TO", "WHO", "WHAT"], rows)?;
    }
    Ok(())
}
