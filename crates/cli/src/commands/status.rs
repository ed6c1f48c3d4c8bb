//! `duka status`: asks the gateway, and stores the answer.

use std::path::Path;

use duka_core::StatusReading;
use duka_engine::TrackedOrder;
use jiff::Timestamp;

use crate::accounts;
use crate::args::StatusArgs;
use crate::config::Config;
use crate::context::{Absent, Context, missing_store, must_exist, unchanged};
use crate::failure::{Exit, Failure};
use crate::output::{colorize, plain};
use crate::views::{StatusView, gateway_time, method, personal};

pub(crate) async fn run(args: &StatusArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let bound = context.bound(&config, args.bound.give_up_after);
    let text = &args.order.order;
    let (order, reading, observed_at) = bound
        .read("read the status", async {
            match missing_store(&config)? {
                // If it cannot be created, the attempt to open it reports that.
                Some(path) if in_a_folder(path) => ask_only(text, context, &config).await,
                Some(_) | None => ask_and_remember(text, context, &config).await,
            }
        })
        .await?;
    let details = &reading.details;
    let view = StatusView {
        account: order.key.account.to_string(),
        gateway: order.gateway.to_string(),
        order: order.key.order.to_string(),
        reference: order.reference.clone(),
        shop_order: order.shop_order.clone(),
        status: reading.status.as_str().to_owned(),
        raw_status: reading.raw_status,
        amount: reading.money.map(|money| money.digits().to_string()),
        currency: reading
            .money
            .map(|money| money.currency().code().to_owned()),
        receipt: details.receipt.clone(),
        method: method(Some(details), order.method.as_ref()),
        gateway_time: gateway_time(details),
        payment_account: personal(details.payment_account.as_ref()),
        payer: personal(details.payer.as_ref()),
        customer_account: personal(details.customer_account.as_ref()),
        observed_at: observed_at.to_string(),
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
        colorize(&view.status),
        plain(&view.raw_status),
    ))?;
    let told = [
        ("receipt", &view.receipt),
        ("method", &view.method),
        ("their time", &view.gateway_time),
        ("paid from", &view.payment_account),
        ("paid by", &view.payer),
        ("account", &view.customer_account),
    ];
    for (name, text) in told {
        if let Some(text) = text {
            context
                .output
                .line(&format!("{name:<10} {}", plain(text)))?;
        }
    }
    Ok(Exit::Done)
}

async fn ask_and_remember(
    text: &str,
    context: &Context,
    config: &Config,
) -> Result<(TrackedOrder, StatusReading, Timestamp), Failure> {
    let canceller = context.canceller(config, Absent::Make).await?;
    let order = super::find_order(text, context, config, super::store_of(&canceller)).await?;
    let (reading, seen) = canceller
        .status(&order.key)
        .await
        .map_err(|error| Failure::engine("read the status", &error))?;
    Ok((order, reading, seen.observed_at))
}

/// Asks the gateway without a store, and creates none.
async fn ask_only(
    text: &str,
    context: &Context,
    config: &Config,
) -> Result<(TrackedOrder, StatusReading, Timestamp), Failure> {
    unchanged(text)?;
    let account = context.only_account(config, None)?;
    if !config.accounts[&account].gateway.can_be_asked_by(text) {
        // Only the store knows which order a reference means.
        must_exist(config)?;
    }
    let order = super::untracked(text, context, config)?;
    let account = &order.key.account;
    let settings = &config.accounts[account];
    let gateway = accounts::gateway(account, settings, &context.caller(config)?)?;
    let reading = gateway
        .status(&gateway.canonical_order(&order.key.order))
        .await
        .map_err(|error| Failure::read("read the status", &error))?;
    Ok((order, reading, context.clock.now()))
}

fn in_a_folder(path: &Path) -> bool {
    path.parent()
        .is_none_or(|folder| folder.as_os_str().is_empty() || folder.is_dir())
}
