//! `duka track`: tracks open orders from a file. All of it or nothing, unless told
//! otherwise.

use serde::Serialize;

use crate::args::TrackArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::orders_file::{Accounts, OrdersFile};

/// Orders written to the store together.
const BATCH: usize = 500;
/// Bad rows named one by one before the rest is only counted.
const NAMED: u64 = 20;

#[derive(Debug, Serialize)]
struct TrackView {
    added: u64,
    known: u64,
    bad: u64,
}

pub(crate) async fn run(args: &TrackArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    // The list names the account of each row; a name on the command line is only checked.
    context.chosen(&config)?;
    let accounts = Accounts::of(&config);
    let file = OrdersFile::open(&args.file)?;
    let bad = check(&file, &accounts, context)?;
    if bad > 0 && !args.skip_bad {
        return Err(refusal(
            &file,
            bad,
            "nothing was imported; fix them, or use --skip-bad",
        ));
    }
    let store = context.open_store(&config).await?;
    let mut view = TrackView {
        added: 0,
        known: 0,
        bad,
    };
    let bar = context.output.progress("tracking");
    let mut rows = file
        .rows(&accounts, context.clock.now())?
        .filter_map(Result::ok);
    loop {
        let batch: Vec<_> = rows.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        bar.inc(u64::try_from(batch.len()).unwrap_or(0));
        let tracked = store
            .track(batch)
            .await
            .map_err(|error| Failure::store("track the orders", &error))?;
        view.added += tracked.added;
        view.known += tracked.known;
    }
    bar.finish_and_clear();
    if context.output.is_json() {
        context.output.json(&view)?;
    } else {
        context.output.line(&format!(
            "{} orders tracked, {} known before, {} bad rows left out",
            view.added, view.known, view.bad
        ))?;
    }
    Ok(Exit::Done)
}

/// Reads the whole list once, names its bad rows, and says how many there are.
pub(crate) fn check(
    file: &OrdersFile,
    accounts: &Accounts,
    context: &Context,
) -> Result<u64, Failure> {
    let mut bad = 0;
    for row in file.rows(accounts, context.clock.now())? {
        if let Err(row) = row {
            bad += 1;
            if bad <= NAMED {
                context
                    .output
                    .print_note(&format!("{}: {row}", file.name()));
            }
        }
    }
    if bad > NAMED {
        context
            .output
            .print_note(&format!("and {} more", bad - NAMED));
    }
    Ok(bad)
}

pub(crate) fn refusal(file: &OrdersFile, bad: u64, advice: &str) -> Failure {
    let rows = if bad == 1 {
        "1 bad row".to_owned()
    } else {
        format!("{bad} bad rows")
    };
    Failure::usage(format!("{} has {rows}; {advice}", file.name()))
}
