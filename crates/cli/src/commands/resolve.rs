//! `duka resolve`: a person's decision, recorded for ever.

use duka_cancellations::Trouble;
use duka_core::cancel::Resolution;

use crate::args::{Decision, ResolveArgs};
use crate::context::{Absent, Context};
use crate::failure::{Exit, Failure};
use crate::output::tint;
use crate::views::CancellationView;

pub(crate) async fn run(args: &ResolveArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let canceller = context.canceller(&config, Absent::Refuse)?;
    let resolution = match args.decision {
        Decision::Cancelled => Resolution::Cancelled,
        Decision::NotCancelled => Resolution::NotCancelled,
        Decision::Acknowledged => Resolution::Acknowledged,
    };
    let (by, note) = (args.by.trim(), args.note.trim());
    for (name, text) in [("--by", by), ("--note", note)] {
        if text.is_empty() {
            return Err(Failure::usage(format!(
                "{name} is blank; it stays in the log for ever"
            )));
        }
    }
    let resolved = canceller.resolve(args.id, resolution, by, note).await;
    let record = resolved.map_err(|trouble| match trouble {
        Trouble::NotAllowed(refused) => Failure::usage(format!(
            "there is nothing to decide about {}: it is {}; see `duka pending`",
            args.id,
            refused.state.as_str()
        )),
        trouble @ (Trouble::Store(_)
        | Trouble::NotStored { .. }
        | Trouble::OtherGateway { .. }
        | Trouble::Gateway(_)
        | Trouble::Unknown(_)
        | Trouble::UnknownAccount(_)
        | _) => Failure::trouble("resolve it", &trouble),
    })?;
    let view = CancellationView::from(&record);
    if context.output.is_json() {
        context.output.json(&view)?;
    } else {
        context.output.line(&format!(
            "{}  {}  {}",
            record.key,
            tint(view.standing()),
            view.said()
        ))?;
    }
    Ok(Exit::Done)
}
