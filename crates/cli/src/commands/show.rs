//! `duka show`: one order's timeline.

use duka_core::PersonalData;
use jiff::tz::TimeZone;

use crate::args::ShowArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::filters::zone;
use crate::output::colorize;
use crate::views::{
    CancellationTimeline, CancellationView, LogView, OrderEventView, OrderView, RefundTimeline,
    RefundView, TimelineView,
};

pub(crate) async fn run(args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let zone = zone(args.utc);
    let chosen = context.chosen(&config)?;
    let store = context.existing_store(&config).await?;
    let failed = |error| Failure::store("read the order", &error);
    let mut orders = super::find_kept(&args.order.order, store.as_ref()).await?;
    if let Some(account) = chosen {
        orders.retain(|order| order.key.account == account);
    }
    if orders.is_empty() {
        return Err(Failure::usage(format!(
            "order {} is not tracked; `duka status` asks the gateway about any order",
            args.order.order
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
        let mut refunds = Vec::new();
        for refund in store.refunds_of(&order.key).await.map_err(failed)? {
            let log = store.refund_log(refund.id).await.map_err(failed)?;
            refunds.push(RefundTimeline {
                refund: RefundView::of(&refund, None),
                log: log.into_iter().map(LogView::from).collect(),
            });
        }
        let settings = config.accounts.get(&order.key.account);
        let personal_data = settings.map_or_else(PersonalData::default, |it| it.personal_data);
        let holds = store.order_events(&order.key).await.map_err(failed)?;
        let view = TimelineView {
            order: OrderView::of(&order, personal_data),
            holds: holds.into_iter().map(OrderEventView::from).collect(),
            cancellations,
            refunds,
        };
        if context.output.is_json() {
            context.output.json(&view)?;
        } else {
            print(&view, &zone, context)?;
        }
    }
    Ok(Exit::Done)
}

fn print(view: &TimelineView, zone: &TimeZone, context: &Context) -> Result<(), Failure> {
    let output = context.output;
    for line in view.order.lines(zone) {
        output.line(&line)?;
    }
    if !view.holds.is_empty() {
        output.line("")?;
        let rows = view.holds.iter().map(|it| it.cells(zone)).collect();
        output.table(&["AT", "DECISION", "WHO", "WHY"], rows)?;
        output.line("")?;
    }
    if view.cancellations.is_empty() {
        output.line("no cancellation")?;
    }
    for part in &view.cancellations {
        let cancellation = &part.cancellation;
        let finding = finding(cancellation.finding);
        output.line("")?;
        output.line(&format!(
            "cancellation {}  {}{finding}",
            cancellation.id.as_deref().unwrap_or_default(),
            colorize(cancellation.standing()),
        ))?;
        print_log(&part.log, zone, context)?;
    }
    for part in &view.refunds {
        let refund = &part.refund;
        let finding = finding(refund.finding);
        output.line("")?;
        output.line(&format!(
            "refund {}  {}  {}{finding}",
            refund.id.as_deref().unwrap_or_default(),
            refund.money(),
            colorize(refund.standing()),
        ))?;
        print_log(&part.log, zone, context)?;
    }
    Ok(())
}

fn finding(word: Option<&str>) -> String {
    word.map_or_else(String::new, |word| format!("  {}", colorize(word)))
}

fn print_log(log: &[LogView], zone: &TimeZone, context: &Context) -> Result<(), Failure> {
    let rows = log.iter().map(|it| it.cells(zone)).collect();
    let header = ["AT", "EVENT", "FROM", "TO", "WHO", "WHAT"];
    context.output.table(&header, rows)
}
