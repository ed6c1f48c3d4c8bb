//! One file for each command.

mod cancel;
mod create;
mod demo;
mod doctor;
mod emulate;
mod explain;
mod hold;
mod ipn;
mod pending;
mod refund;
mod report;
mod resolve;
mod show;
mod status;
mod sweep;
mod track;

use clap::CommandFactory;
use duka_core::AccountName;
use duka_engine::sweep::{Bounds, RuleAction, SweepRule};
use duka_engine::{Canceller, OrderKey, Store, TrackedOrder};
use humantime::format_duration;

use crate::args::{AgeArgs, Args, Command};
use crate::config::Config;
use crate::context::{Context, order_id, unchanged};
use crate::environment;
use crate::failure::{Exit, Failure};
use crate::gateways::tracking_id;

pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::Demo(args) => demo::run(&args, context).await,
        Command::Emulate(args) => emulate::run(args, context).await,
        Command::Ipn(command) => ipn::run(command, context).await,
        Command::Create(args) => create::run(*args, context).await,
        Command::Status(args) => status::run(&args, context).await,
        Command::Cancel(args) => cancel::run(args, context).await,
        Command::Refund(args) => refund::run(args, context).await,
        Command::Track(args) => track::run(&args, context).await,
        Command::Sweep(args) => sweep::run(args, context).await,
        Command::Explain(args) => explain::run(&args, context).await,
        Command::Hold(args) => hold::hold(&args, context).await,
        Command::Release(args) => hold::release(&args, context).await,
        Command::Report(args) => report::run(&args, context).await,
        Command::Pending(args) => pending::run(&args, context).await,
        Command::Resolve(args) => resolve::run(&args, context).await,
        Command::Show(args) => show::run(&args, context).await,
        Command::Doctor(args) => doctor::run(&args, context).await,
        Command::Completions { shell } => {
            // Into memory first: the generator panics where it cannot write.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "duka", &mut script);
            let script = String::from_utf8_lossy(&script);
            context.output.line(script.trim_end())?;
            Ok(Exit::Done)
        }
    }
}

/// The bounds of a sweep: the command line over the file over the defaults.
fn bounds(ages: &AgeArgs, config: &Config) -> Result<Bounds, Failure> {
    let settings = &config.sweep;
    let min_age = ages.min_age.unwrap_or(settings.min_age);
    let reaches = |rule: &SweepRule| match rule.action {
        RuleAction::Keep => false,
        RuleAction::MinAge(min_age) => min_age <= ages.look_back,
    };
    if min_age > ages.look_back && !settings.rules.iter().any(reaches) {
        return Err(Failure::usage(format!(
            "no order is as old as the minimum age {} (--min-age, or sweep.min_age in duka.toml) and no older than --look-back {}; give a longer --look-back",
            format_duration(min_age),
            format_duration(ages.look_back)
        )));
    }
    Ok(Bounds {
        min_age,
        processing_min_age: ages
            .processing_min_age
            .unwrap_or(settings.processing_min_age),
        look_back: ages.look_back,
        grace: ages.grace,
        rules: settings.rules.clone(),
        duplicates: settings.duplicates,
        ..Bounds::default()
    })
}

/// The order that a command line names: one that is tracked, by its id, the merchant's
/// reference or the shop order, or else an order of the only account there is.
async fn find_order(
    text: &str,
    context: &Context,
    config: &Config,
    store: &dyn Store,
) -> Result<TrackedOrder, Failure> {
    unchanged(text)?;
    let mut found = find_kept(text, store).await?;
    // An order of its own id or reference could not be named if those of a shop order counted.
    let own = |order: &TrackedOrder| is_its_own_name(text, order);
    if found.iter().any(own) {
        found.retain(own);
    }
    if let Some(account) = context.chosen(config)? {
        found.retain(|order| order.key.account == account);
    }
    if found.len() > 1 {
        return Err(ambiguous(text, &found));
    }
    if let Some(order) = found.pop() {
        return Ok(order);
    }
    untracked(text, context, config)
}

/// Whether a text is the id or the reference of this order, and not its shop order.
fn is_its_own_name(text: &str, order: &TrackedOrder) -> bool {
    order.key.order.as_str() == as_kept(text) || order.reference.as_deref() == Some(text)
}

/// The one tracked order that a command line names.
async fn tracked_order(
    text: &str,
    account: Option<&AccountName>,
    store: &dyn Store,
) -> Result<TrackedOrder, Failure> {
    unchanged(text)?;
    let mut found = find_kept(text, store).await?;
    found.retain(|order| account.is_none_or(|only| order.key.account == *only));
    match (found.pop(), found.is_empty()) {
        (Some(order), true) => Ok(order),
        (Some(last), false) => {
            found.push(last);
            Err(ambiguous(text, &found))
        }
        (None, _) => Err(Failure::usage(format!(
            "order {text} is not tracked; `duka track` imports it"
        ))),
    }
}

fn ambiguous(text: &str, found: &[TrackedOrder]) -> Failure {
    let which: Vec<_> = found.iter().map(|order| order.key.to_string()).collect();
    Failure::usage(format!(
        "{text} means more than one order ({}); name one by its id, or say which account with --account",
        which.join(", ")
    ))
}

/// Refuses blank words where a person states something for the log.
fn not_blank(words: &[(&str, &str)]) -> Result<(), Failure> {
    for (name, text) in words {
        if text.is_empty() {
            return Err(Failure::usage(format!(
                "{name} is blank; it stays in the log for ever"
            )));
        }
    }
    Ok(())
}

/// An order of the only account there is, or of the one that was chosen.
fn untracked(text: &str, context: &Context, config: &Config) -> Result<TrackedOrder, Failure> {
    let account = context.only_account(config, None)?;
    let settings = &config.accounts[&account];
    let gateway = settings.gateway;
    let id = order_id(settings, text)?;
    if !gateway.can_be_asked_by(text) {
        return Err(Failure::usage(format!(
            "{text:?} is not a tracking id (a GUID), by which Pesapal knows orders, nor the reference of a tracked order"
        )));
    }
    let key = OrderKey::new(account, id);
    Ok(TrackedOrder::new(key, gateway.name(), context.clock.now()))
}

/// The tracked orders with this id, reference or shop order, as it stands there or, if it is a
/// tracking id, in the form in which those are kept.
async fn find_kept(text: &str, store: &dyn Store) -> Result<Vec<TrackedOrder>, Failure> {
    let failed = |error| Failure::store("look up the order", &error);
    let found = store.find_orders(text).await.map_err(failed)?;
    if !found.is_empty() || as_kept(text) == text {
        return Ok(found);
    }
    store.find_orders(&as_kept(text)).await.map_err(failed)
}

/// A tracking id in the form in which orders are kept; any other text as it is.
fn as_kept(text: &str) -> String {
    tracking_id(text).unwrap_or_else(|| text.to_owned())
}

/// Who asks, for the record: the name from the command line, or else the user.
fn actor(named: Option<String>) -> Result<String, Failure> {
    if let Some(named) = named {
        return Ok(named);
    }
    for name in ["USER", "USERNAME"] {
        let user = environment::variable(name)
            .map_err(|failure| failure.with_advice("or say who asks with --actor"))?;
        if let Some(user) = user {
            return Ok(user);
        }
    }
    Ok("duka".to_owned())
}

fn store_of(canceller: &Canceller) -> &dyn Store {
    canceller.store().as_ref()
}
