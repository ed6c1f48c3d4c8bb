//! `duka explain`: what a sweep would do with an order now, by which rule, and why.

use crate::args::ExplainArgs;
use crate::context::{Absent, Context};
use crate::failure::{Exit, Failure};
use crate::output::plain;
use crate::views::PlanView;

pub(crate) async fn run(args: &ExplainArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let chosen = context.chosen(&config)?;
    let bounds = super::bounds(&args.ages, &config)?;
    let bound = context.bound(&config, args.bound.give_up_after);
    let text = &args.order.order;
    let views = bound
        .read("explain the order", async {
            let canceller = context.canceller(&config, Absent::Refuse).await?;
            let mut orders = super::find_kept(text, super::store_of(&canceller)).await?;
            orders.retain(|order| chosen.as_ref().is_none_or(|it| order.key.account == *it));
            if orders.is_empty() {
                return Err(Failure::usage(format!(
                    "order {text} is not tracked, so no sweep looks at it, unless a list names it; `duka status` asks the gateway about any order"
                )));
            }
            let mut views = Vec::new();
            for order in orders {
                let plan = canceller.plan(&order, &bounds).await;
                let plan = plan.map_err(|error| Failure::engine("read the status", &error))?;
                views.push(PlanView::of(&plan, &order, &bounds, context.clock.now()));
            }
            Ok(views)
        })
        .await?;
    for view in views {
        if context.output.is_json() {
            context.output.json(&view)?;
        } else {
            print(&view, context)?;
        }
    }
    Ok(Exit::Done)
}

fn print(view: &PlanView, context: &Context) -> Result<(), Failure> {
    let output = context.output;
    let would = match view.plan {
        "cancel" => "cancel it",
        _ => "leave it alone",
    };
    output.line(&format!(
        "{} at {}: a sweep would {would} now: {}",
        view.order,
        view.account,
        plain(&view.message)
    ))?;
    for line in view.lines() {
        output.line(&line)?;
    }
    Ok(())
}
