//! `duka resolve`: a person's decision, recorded for ever.

use duka_core::cancel::Resolution;
use duka_core::{CreationId, RefundId};
use duka_engine::create::CreationEnd;
use duka_engine::refunds::RefundResolution;
use duka_engine::{Canceller, EngineError, Refunder};

use crate::args::{Decision, ResolveArgs};
use crate::config::Config;
use crate::context::{Absent, Context};
use crate::failure::{Exit, Failure};
use crate::output::{colorize, plain};
use crate::views::{CancellationView, CreationView, RefundView};

pub(crate) async fn run(args: &ResolveArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let (by, note) = (args.by.trim(), args.note.trim());
    super::not_blank(&[("--by", by), ("--note", note)])?;
    if args.decision == Decision::Acknowledged
        && acknowledge_creation(args, (by, note), context, &config).await?
    {
        return Ok(Exit::Done);
    }
    let decision = match args.decision {
        Decision::Cancelled => Decided::Cancellation(Resolution::Cancelled),
        Decision::NotCancelled => Decided::Cancellation(Resolution::NotCancelled),
        Decision::Acknowledged if is_refund(args, context, &config).await? => Decided::Refund(None),
        Decision::Acknowledged => Decided::Cancellation(Resolution::Acknowledged),
        Decision::Received => Decided::Refund(Some(RefundResolution::Received)),
        Decision::NotReceived => Decided::Refund(Some(RefundResolution::NotReceived)),
    };
    match decision {
        Decided::Cancellation(_) if is_refund(args, context, &config).await? => {
            Err(Failure::usage(format!(
                "{} is a refund; decide about it with --as received or --as not-received",
                args.id
            )))
        }
        Decided::Cancellation(resolution) => {
            let canceller = context.canceller(&config, Absent::Refuse).await?;
            cancellation(args, &canceller, resolution, (by, note), context).await
        }
        Decided::Refund(resolution) => {
            let refunder = context.refunder(&config, Absent::Refuse).await?;
            refund(args, &refunder, resolution, (by, note), context).await
        }
    }
}

/// A decision, by what it is about.
enum Decided {
    Cancellation(Resolution),
    /// Without a resolution, its finding is closed.
    Refund(Option<RefundResolution>),
}

/// Whether the id is a refund's: both kinds have findings.
async fn is_refund(
    args: &ResolveArgs,
    context: &Context,
    config: &Config,
) -> Result<bool, Failure> {
    let store = context.existing_store(config).await?;
    let found = store.refund(RefundId::from_uuid(*args.id.as_uuid())).await;
    let found = found.map_err(|error| Failure::store("resolve it", &error))?;
    Ok(found.is_some())
}

/// Closes the open request to create an order that the id is of; `false` if there is none.
async fn acknowledge_creation(
    args: &ResolveArgs,
    (by, note): (&str, &str),
    context: &Context,
    config: &Config,
) -> Result<bool, Failure> {
    let store = context.existing_store(config).await?;
    let (id, now) = (
        CreationId::from_uuid(*args.id.as_uuid()),
        context.clock.now(),
    );
    let end = CreationEnd::Acknowledged(format!("{by}: {note}"));
    let ended = store.end_creation(id, end).await;
    let ended = ended.map_err(|error| Failure::store("resolve it", &error))?;
    let Some(creation) = ended else {
        return Ok(false);
    };
    let view = CreationView::acknowledged(&creation, now);
    if context.output.is_json() {
        context.output.json(&view)?;
    } else {
        let message = plain(creation.message.as_deref().unwrap_or_default());
        context.output.line(&format!(
            "{} at {}  acknowledged  {message}",
            creation.reference, creation.account
        ))?;
    }
    Ok(true)
}

async fn refund(
    args: &ResolveArgs,
    refunder: &Refunder,
    resolution: Option<RefundResolution>,
    (by, note): (&str, &str),
    context: &Context,
) -> Result<Exit, Failure> {
    let id = RefundId::from_uuid(*args.id.as_uuid());
    let resolved = match resolution {
        Some(resolution) => refunder.resolve(id, resolution, by, note).await,
        None => refunder.acknowledge(id, by, note).await,
    };
    let refund = resolved.map_err(|error| {
        let EngineError::NothingToDecide(refund) = &error else {
            return Failure::engine("resolve it", &error);
        };
        let view = RefundView::of(refund, None);
        Failure::usage(format!(
            "there is nothing to decide about {id}: it is {}; see `duka pending`",
            view.standing()
        ))
    })?;
    let view = RefundView::of(&refund, None);
    if context.output.is_json() {
        context.output.json(&view)?;
    } else {
        context.output.line(&format!(
            "{}  {}  {}",
            refund.key,
            colorize(view.standing()),
            view.said()
        ))?;
    }
    Ok(Exit::Done)
}

async fn cancellation(
    args: &ResolveArgs,
    canceller: &Canceller,
    resolution: Resolution,
    (by, note): (&str, &str),
    context: &Context,
) -> Result<Exit, Failure> {
    let resolved = canceller.resolve(args.id, resolution, by, note).await;
    let record = resolved.map_err(|error| {
        let EngineError::NotAllowed(refused) = &error else {
            return Failure::engine("resolve it", &error);
        };
        Failure::usage(format!(
            "there is nothing to decide about {}: it is {}; see `duka pending`",
            args.id,
            refused.state.as_str()
        ))
    })?;
    let view = CancellationView::from(&record);
    if context.output.is_json() {
        context.output.json(&view)?;
    } else {
        context.output.line(&format!(
            "{}  {}  {}",
            record.key,
            colorize(view.finding.unwrap_or_else(|| view.standing())),
            view.said()
        ))?;
    }
    Ok(Exit::Done)
}
