//! `duka status`: asks the gateway, and remembers what it said.

use crate::args::OrderArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::tint;
use crate::views::StatusView;

pub(crate) async fn run(args: &OrderArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let canceller = context.canceller(&config)?;
    let order =
        super::find_order(&args.order, context, &config, super::store_of(&canceller)).await?;
    let (reading, seen) = canceller
        .status(&order.key)
        .await
        .map_err(|trouble| Failure::trouble("read the status", &trouble))?;
    let view = StatusView {
        account: order.key.account.to_string(),
        gateway: order.gateway.to_string(),
        order: order.key.order.to_string(),
        status: reading.status.as_str().to_owned(),
        raw_status: reading.raw_status,
        amount: reading.money.map(|money| money.amount().to_string()),
        currency: reading
            .money
            .map(|money| money.currency().code().to_owned()),
        observed_at: seen.observed_at.to_string(),
    };
    if context.output.is_json() {
        context.output.json(&view)?;
        return Ok(Exit::Done);
    }
    let money = reading
        .money
        .map_or_else(String::new, |money| format!("  {money}"));
    context.output.line(&format!(
        "{}  {} ({}){money}",
        order.key,
        tint(&view.status),
        view.raw_status,
    ))?;
    Ok(Exit::Done)
}
