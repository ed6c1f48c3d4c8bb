//! `duka track`: tracks open orders from a file. All of it or nothing, unless told
//! otherwise.

use std::collections::BTreeMap;
use std::time::Duration;

use duka_engine::sweep::Bounds;
use duka_engine::{Origin, Store, TrackedOrder};
use jiff::Timestamp;
use serde::Serialize;

use crate::args::TrackArgs;
use crate::context::{Context, missing_store};
use crate::failure::{Exit, Failure};
use crate::import::{BadRow, LeftOut, OrdersFile, Reading, Repeats, Rows, differs_from_tracked};
use crate::output::Output;

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

/// What becomes of a list with bad rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadRows {
    Refused,
    LeftOut,
}

impl BadRows {
    pub(crate) fn of(skip_bad: bool) -> Self {
        if skip_bad {
            Self::LeftOut
        } else {
            Self::Refused
        }
    }
}

/// What a list has that cannot be imported just so.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Rows that are no orders.
    bad: u64,
    /// Which rows say otherwise than an earlier one, or than what is tracked: their numbers, sorted.
    differing: Vec<u64>,
    /// Whether the list could not be read to its end.
    cut_off: bool,
    /// How many of these say otherwise than a caller who created the order.
    created: u64,
    /// Orders that the shop does not show as open.
    left_out: LeftOut,
}

#[derive(Debug, Serialize)]
struct TrackView {
    added: u64,
    known: u64,
    /// Only where the user asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<u64>,
    bad: u64,
    /// Rows without an amount or a currency: it cannot be compared.
    #[serde(skip_serializing_if = "is_none")]
    without_amount: u64,
    /// Orders that the shop does not show as open.
    #[serde(skip_serializing_if = "is_none")]
    left_out: u64,
    /// Orders older than a sweep looks back unless it is told to.
    #[serde(skip_serializing_if = "is_none")]
    too_old: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

pub(crate) async fn run(args: &TrackArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let reading = Reading::of(&args.list, &config, context.chosen(&config)?)?;
    let file = OrdersFile::open(&args.file)?;
    let differing = Differing::of(args.update);
    // A bad list makes no store.
    let store = match missing_store(&config)? {
        None => Some(context.open_store(&config).await?),
        Some(_) => None,
    };
    let known = store.as_ref().map(|store| -> &dyn Store { store.as_ref() });
    let checked = check(&file, &reading, known, differing, context).await?;
    checked.is_whole(&file, "nothing was imported")?;
    match BadRows::of(args.list.skip_bad) {
        BadRows::Refused if checked.refused(differing) > 0 => {
            let advice = "nothing was imported; fix them, or use --skip-bad";
            return Err(checked.refusal(&file, differing, advice));
        }
        BadRows::Refused | BadRows::LeftOut => {}
    }
    let store = match store {
        Some(store) => store,
        None => context.open_store(&config).await?,
    };
    let mut view = import(
        &file,
        &reading,
        store.as_ref(),
        differing,
        &checked,
        context,
    )
    .await?;
    view.bad = checked.refused(differing);
    view.left_out = checked.left_out.count;
    match differing {
        Differing::Taken => {
            let updated = checked.differing.len() as u64;
            view.updated = Some(updated);
            // As they were before: by an earlier list, or by the first row of their order.
            view.known = view.known.saturating_sub(updated);
        }
        Differing::Refused => {}
    }
    if context.output.is_json() {
        context.output.json(&view)?;
    } else {
        let updated = view.updated.map(|many| format!(", {many} updated"));
        let updated = updated.unwrap_or_default();
        let without = match view.without_amount {
            0 => String::new(),
            many => format!("; {many} without an amount, which cannot be compared"),
        };
        context.output.line(&format!(
            "{} orders tracked, {} known before{updated}, {} bad rows left out{without}",
            view.added, view.known, view.bad
        ))?;
    }
    if let Some(said) = too_old_said(view.too_old, Bounds::default().look_back) {
        context.output.print_note(&said);
    }
    Ok(Exit::Done)
}

/// How many orders are left alone for their age, if any, in words that every command uses.
pub(crate) fn too_old_said(too_old: u64, look_back: Duration) -> Option<String> {
    let orders = match too_old {
        0 => return None,
        1 => "1 open order is".to_owned(),
        many => format!("{many} open orders are"),
    };
    let look_back = humantime::format_duration(look_back);
    Some(format!(
        "{orders} older than --look-back {look_back}; a sweep leaves them alone unless it looks back further"
    ))
}

/// Orders that count from before then are left alone by a sweep that is not told otherwise.
pub(crate) fn oldest_swept(context: &Context) -> Timestamp {
    let look_back = Bounds::default().look_back;
    let then = context.clock.now().checked_sub(look_back);
    then.unwrap_or(Timestamp::MIN)
}

/// Writes the good rows of a list to the store.
async fn import(
    file: &OrdersFile,
    reading: &Reading,
    store: &dyn Store,
    differing: Differing,
    checked: &Checked,
    context: &Context,
) -> Result<TrackView, Failure> {
    let mut view = TrackView {
        added: 0,
        known: 0,
        updated: None,
        bad: 0,
        without_amount: 0,
        left_out: 0,
        too_old: 0,
    };
    let oldest = oldest_swept(context);
    let bar = context.output.progress("tracking");
    let mut rows = file.rows(reading, context.clock.now())?;
    let refused: &[u64] = match differing {
        Differing::Refused => &checked.differing,
        Differing::Taken => &[],
    };
    let mut good = std::iter::from_fn(|| {
        loop {
            match rows.next()? {
                Ok(order) if refused.binary_search(&rows.number()).is_err() => return Some(order),
                Ok(_) | Err(_) => {}
            }
        }
    });
    loop {
        let batch: Vec<_> = good.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        bar.inc(u64::try_from(batch.len()).unwrap_or(0));
        view.without_amount += batch.iter().filter(|it| it.money.is_none()).count() as u64;
        view.too_old += batch.iter().filter(|it| it.counted_from() < oldest).count() as u64;
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
/// A row that says otherwise than a caller who created its order is no reason to leave all others.
pub(crate) async fn prepare(
    file: &OrdersFile,
    reading: &Reading,
    store: &dyn Store,
    (bad, differing): (BadRows, Differing),
    context: &Context,
) -> Result<Checked, Failure> {
    let checked = check(file, reading, Some(store), differing, context).await?;
    checked.is_whole(file, "nothing was sent")?;
    let refused = checked.refused(differing) - checked.created_otherwise(differing);
    if bad == BadRows::Refused && refused > 0 {
        let advice = "nothing was sent; fix them, or use --skip-bad";
        return Err(checked.refusal(file, differing, advice));
    }
    match differing {
        Differing::Refused => {}
        Differing::Taken => {
            import(file, reading, store, differing, &checked, context).await?;
        }
    }
    Ok(checked)
}

/// Reads the whole list, names the rows that cannot be imported, and says how many there are.
async fn check(
    file: &OrdersFile,
    reading: &Reading,
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
    let mut rows = file.rows(reading, context.clock.now())?;
    let mut batch = Vec::new();
    while let Some(row) = rows.next() {
        match row {
            Ok(order) => {
                checker.repeats.note(&order);
                batch.push((rows.number(), rows.line(), order));
            }
            Err(bad) => checker.bad(&bad),
        }
        if batch.len() == BATCH {
            checker.differ(tracked_otherwise(store, &batch).await?);
            batch.clear();
        }
    }
    checker.differ(tracked_otherwise(store, &batch).await?);
    checker.checked.left_out = rows.left_out().clone();
    checker.checked.cut_off = rows.is_cut_off();
    if reading.is_to_be_told() {
        print_what_is_not_read(file, &rows, context.output);
    }
    if checker.repeats.are_possible() {
        let mut rows = file.rows(reading, context.clock.now())?;
        let first_pass = checker.checked.differing.len();
        while let Some(row) = rows.next() {
            let Ok(order) = row else { continue };
            let number = rows.number();
            // One complaint for each row.
            let named = checker.checked.differing[..first_pass].binary_search(&number);
            if named.is_err()
                && let Some(differs) = checker.repeats.differs(rows.line(), &order)
            {
                checker.differ(vec![(number, differs, Origin::List)]);
            }
        }
        checker.checked.differing.sort_unstable();
    }
    let unnamed = checker.checked.refused(differing).saturating_sub(NAMED);
    if unnamed > 0 {
        context.output.print_note(&format!("and {unnamed} more"));
    }
    Ok(checker.checked)
}

/// Columns and orders that a list has beside what is taken from it.
fn print_what_is_not_read(file: &OrdersFile, rows: &Rows, output: Output) {
    let name = file.name();
    let ignored: Vec<_> = rows.ignored().collect();
    if !ignored.is_empty() {
        let ignored = ignored.join(", ");
        output.print_note(&format!("{name}: columns that are not read: {ignored}"));
    }
    if rows.left_out().count > 0 {
        output.print_note(&format!("{name}: {}", rows.left_out()));
    }
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

    fn differ(&mut self, rows: Vec<(u64, BadRow, Origin)>) {
        for (number, row, origin) in rows {
            self.checked.differing.push(number);
            self.checked.created += u64::from(origin == Origin::Caller);
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

/// Of these rows, each with its number and line, those that say otherwise than what is tracked, and
/// who said that.
async fn tracked_otherwise(
    store: Option<&dyn Store>,
    rows: &[(u64, u64, TrackedOrder)],
) -> Result<Vec<(u64, BadRow, Origin)>, Failure> {
    let Some(store) = store else {
        return Ok(Vec::new());
    };
    let keys = rows.iter().map(|(.., order)| order.key.clone()).collect();
    let tracked = store.orders(keys).await;
    let tracked = tracked.map_err(|error| Failure::store("look up the orders", &error))?;
    let tracked: BTreeMap<_, _> = tracked.iter().map(|it| (named(it), it)).collect();
    let differ = rows.iter().filter_map(|(number, line, order)| {
        let known = tracked.get(&named(order))?;
        let differs = differs_from_tracked(*line, order, known)?;
        Some((*number, differs, known.origin))
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
            Differing::Refused => self.bad + self.differing.len() as u64,
            Differing::Taken => self.bad,
        }
    }

    /// How many rows are left alone because they say otherwise than `duka create`.
    pub(crate) fn created_otherwise(&self, differing: Differing) -> u64 {
        match differing {
            Differing::Refused => self.created,
            Differing::Taken => 0,
        }
    }

    /// Fails if orders may stand where the list could not be read, whatever may be left out.
    fn is_whole(&self, file: &OrdersFile, nothing: &str) -> Result<(), Failure> {
        if !self.cut_off {
            return Ok(());
        }
        let name = file.name();
        Err(Failure::usage(format!(
            "{name} cannot be read to its end; {nothing}; mend it where the last message says"
        )))
    }

    /// The numbers of rows whose orders are not to be touched; sorted.
    pub(crate) fn untouched(self, differing: Differing) -> Vec<u64> {
        match differing {
            Differing::Refused => self.differing,
            Differing::Taken => Vec::new(),
        }
    }

    fn refusal(&self, file: &OrdersFile, differing: Differing, advice: &str) -> Failure {
        let rows = match self.refused(differing) {
            1 => "1 bad row".to_owned(),
            many => format!("{many} bad rows"),
        };
        let failure = Failure::usage(format!("{} has {rows}; {advice}", file.name()));
        if self.differing.is_empty() || differing == Differing::Taken {
            return failure;
        }
        failure.with_advice("--update takes what a row says otherwise than an earlier list or row, or than `duka create`")
    }
}
