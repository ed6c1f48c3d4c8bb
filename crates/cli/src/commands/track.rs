//! `duka track`: tracks open orders from a file. All of it or nothing, unless told
//! otherwise.

use std::collections::BTreeMap;

use duka_engine::{Store, TrackedOrder};
use serde::Serialize;

use crate::args::TrackArgs;
use crate::context::{Context, missing_store};
use crate::failure::{Exit, Failure};
use crate::import::{Accounts, BadRow, OrdersFile, Repeats, differs_from_tracked};

/// Orders read from the store, or written to it, together.
const BATCH: usize = 500;
/// Bad rows named one by one before the rest is only counted.
const NAMED: u64 = 20;

/// What becomes of a row that says otherwise than what is tracked, or than an earlier row of its
/// list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Differing {
    /// It is a bad row.
    Refused,
    /// What it says is taken.
    Taken,
}

impl Differing {
    pub(crate) fn of(update: bool) -> Self {
        if update { Self::Taken } else { Self::Refused }
    }
}

/// What a list has that cannot be imported just so.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Rows that are no orders.
    bad: u64,
    /// Rows that say otherwise than an earlier one.
    differing: u64,
}

#[derive(Debug, Serialize)]
struct TrackView {
    added: u64,
    known: u64,
    /// Only where the user asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<u64>,
    bad: u64,
}

pub(crate) async fn run(args: &TrackArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    // The list names the account of each row; a name on the command line is only checked.
    context.chosen(&config)?;
    let accounts = Accounts::of(&config);
    let file = OrdersFile::open(&args.file)?;
    let differing = Differing::of(args.update);
    // A bad list makes no store.
    let store = match missing_store(&config)? {
        None => Some(context.open_store(&config).await?),
        Some(_) => None,
    };
    let known = store.as_ref().map(|store| -> &dyn Store { store.as_ref() });
    let checked = check(&file, &accounts, known, differing, context).await?;
    if checked.refused(differing) > 0 && !args.skip_bad {
        let advice = "nothing was imported; fix them, or use --skip-bad";
        return Err(checked.refusal(&file, differing, advice));
    }
    let store = match store {
        Some(store) => store,
        None => context.open_store(&config).await?,
    };
    let mut view = import(&file, &accounts, store.as_ref(), differing, context).await?;
    view.bad = checked.refused(differing);
    match differing {
        Differing::Taken => view.updated = Some(checked.differing),
        // As they were before: by an earlier list, or by the first row of their order.
        Differing::Refused => {}
    }
    view.known = view.known.saturating_sub(checked.differing);
    if context.output.is_json() {
        context.output.json(&view)?;
    } else {
        let updated = view.updated.map(|many| format!(", {many} updated"));
        let updated = updated.unwrap_or_default();
        context.output.line(&format!(
            "{} orders tracked, {} known before{updated}, {} bad rows left out",
            view.added, view.known, view.bad
        ))?;
    }
    Ok(Exit::Done)
}

/// Writes the good rows of a list to the store.
async fn import(
    file: &OrdersFile,
    accounts: &Accounts,
    store: &dyn Store,
    differing: Differing,
    context: &Context,
) -> Result<TrackView, Failure> {
    let mut view = TrackView {
        added: 0,
        known: 0,
        updated: None,
        bad: 0,
    };
    let bar = context.output.progress("tracking");
    let mut rows = file
        .rows(accounts, context.clock.now())?
        .filter_map(Result::ok);
    loop {
        let batch: Vec<_> = rows.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        bar.inc(u64::try_from(batch.len()).unwrap_or(0));
        let tracked = match differing {
            Differing::Refused => store.track(batch).await,
            Differing::Taken => store.correct(batch).await,
        };
        let tracked = tracked.map_err(|error| Failure::store("track the orders", &error))?;
        view.added += tracked.added;
        view.known += tracked.known;
    }
    bar.finish_and_clear();
    Ok(view)
}

/// Checks a list that is to be swept, and takes what differs into the store if the user says so.
pub(crate) async fn prepare(
    file: &OrdersFile,
    accounts: &Accounts,
    store: &dyn Store,
    differing: Differing,
    context: &Context,
) -> Result<(), Failure> {
    let checked = check(file, accounts, Some(store), differing, context).await?;
    if checked.refused(differing) > 0 {
        return Err(checked.refusal(file, differing, "nothing was sent; fix them first"));
    }
    match differing {
        Differing::Refused => {}
        Differing::Taken => {
            import(file, accounts, store, differing, context).await?;
        }
    }
    Ok(())
}

/// Reads the whole list, names the rows that cannot be imported, and says how many there are.
async fn check(
    file: &OrdersFile,
    accounts: &Accounts,
    store: Option<&dyn Store>,
    differing: Differing,
    context: &Context,
) -> Result<Checked, Failure> {
    let mut checker = Checker {
        file,
        context,
        differing,
        checked: Checked::default(),
        repeats: Repeats::new(file.len()),
    };
    let mut rows = file.rows(accounts, context.clock.now())?;
    let mut batch = Vec::new();
    while let Some(row) = rows.next() {
        match row {
            Ok(order) => {
                checker.repeats.note(&order);
                batch.push((rows.line(), order));
            }
            Err(bad) => checker.bad(&bad),
        }
        if batch.len() == BATCH {
            checker.differ(tracked_otherwise(store, &batch).await?);
            batch.clear();
        }
    }
    checker.differ(tracked_otherwise(store, &batch).await?);
    if checker.repeats.are_possible() {
        let mut rows = file.rows(accounts, context.clock.now())?;
        while let Some(row) = rows.next() {
            let Ok(order) = row else { continue };
            let line = rows.line();
            if let Some(differs) = checker.repeats.differs(line, &order)
                // One complaint for each row.
                && tracked_otherwise(store, &[(line, order)]).await?.is_empty()
            {
                checker.differ(vec![differs]);
            }
        }
    }
    let unnamed = checker.checked.refused(differing).saturating_sub(NAMED);
    if unnamed > 0 {
        context.output.print_note(&format!("and {unnamed} more"));
    }
    Ok(checker.checked)
}

struct Checker<'a> {
    file: &'a OrdersFile,
    context: &'a Context,
    differing: Differing,
    checked: Checked,
    repeats: Repeats,
}

impl Checker<'_> {
    fn bad(&mut self, row: &BadRow) {
        self.checked.bad += 1;
        self.name(row);
    }

    fn differ(&mut self, rows: Vec<BadRow>) {
        for row in rows {
            self.checked.differing += 1;
            match self.differing {
                Differing::Refused => self.name(&row),
                Differing::Taken => {}
            }
        }
    }

    fn name(&self, row: &BadRow) {
        if self.checked.refused(self.differing) <= NAMED {
            let name = self.file.name();
            self.context.output.print_note(&format!("{name}: {row}"));
        }
    }
}

/// The rows, each with its line, that say otherwise than what is tracked.
async fn tracked_otherwise(
    store: Option<&dyn Store>,
    rows: &[(u64, TrackedOrder)],
) -> Result<Vec<BadRow>, Failure> {
    let Some(store) = store else {
        return Ok(Vec::new());
    };
    let keys = rows.iter().map(|(_, order)| order.key.clone()).collect();
    let tracked = store.orders(keys).await;
    let tracked = tracked.map_err(|error| Failure::store("look up the orders", &error))?;
    let tracked: BTreeMap<_, _> = tracked.iter().map(|it| (named(it), it)).collect();
    let differ = rows.iter().filter_map(|(line, order)| {
        let known = tracked.get(&named(order))?;
        differs_from_tracked(*line, order, known)
    });
    Ok(differ.collect())
}

/// An order by what the store knows it by: the form of an id is no part of that.
fn named(order: &TrackedOrder) -> (&str, &str) {
    (order.key.account.as_str(), order.key.order.as_str())
}

impl Checked {
    /// How many rows are in the way of an import.
    fn refused(&self, differing: Differing) -> u64 {
        match differing {
            Differing::Refused => self.bad + self.differing,
            Differing::Taken => self.bad,
        }
    }

    fn refusal(&self, file: &OrdersFile, differing: Differing, advice: &str) -> Failure {
        let rows = match self.refused(differing) {
            1 => "1 bad row".to_owned(),
            many => format!("{many} bad rows"),
        };
        let failure = Failure::usage(format!("{} has {rows}; {advice}", file.name()));
        if self.differing == 0 || differing == Differing::Taken {
            return failure;
        }
        failure.with_advice("--update takes what a row says otherwise than an earlier list or row, or than `duka create`")
    }
}
