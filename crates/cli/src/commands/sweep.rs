//! `duka sweep`: settles what is in doubt and cancels abandoned orders, once or for ever.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use duka_core::clock::SharedClock;
use duka_engine::store::{ReportFilter, ReportPage};
use duka_engine::sweep::{
    Bounds, LeaveReason, Mode, Plan, PlannedAction, RuleAction, Source, Summary, SweepEvent,
};
use duka_engine::{AmountCheck, Canceller, OrderKey, Record, Request, TrackedOrder};
use futures::stream::{self, StreamExt};
use tokio_util::sync::CancellationToken;

use super::track::{self, BadRows, Differing, too_old_said};
use crate::args::SweepArgs;
use crate::context::{Absent, Context};
use crate::failure::{Exit, Failure, describe};
use crate::import::{OrdersFile, Reading};
use crate::output::{Output, colorize, plain, print_error};
use crate::views::{CancellationView, SummaryLine, why};

/// Records read from the store at a time.
const PAGE: u32 = 500;

pub(crate) async fn run(args: SweepArgs, context: &Context) -> Result<Exit, Failure> {
    let mut config = context.config()?;
    if args.no_amount_check {
        config.amount_check = AmountCheck::Ignore;
    }
    let reading = Reading::of(&args.list, &config, context.chosen(&config)?)?;
    // Without a list, an empty store would be swept, and the empty report look like good
    // news; a dry run makes no store at all.
    let absent = match (&args.orders, args.dry_run) {
        (None, _) => Absent::Refuse,
        (Some(_), true) => Absent::DoWithout,
        (Some(_), false) => Absent::Make,
    };
    let bounds = Bounds {
        rate: args.rate.and_then(NonZeroU32::new),
        error_rate: args.error_rate,
        recheck: args.recheck,
        max: args.max,
        concurrency: usize::from(args.concurrency),
        wait: args.wait,
        account: context.chosen(&config)?,
        mode: match (args.dry_run, args.reconcile_only) {
            (true, _) => Mode::DryRun,
            (false, true) => Mode::Reconcile,
            (false, false) => Mode::Act,
        },
        ..super::bounds(&args.ages, &config)?
    };
    for (rule, number) in bounds.rules.iter().zip(1..) {
        if let RuleAction::MinAge(min_age) = rule.action
            && min_age > bounds.look_back
        {
            context.output.print_note(&format!(
                "rule {number} never lets an order be cancelled: its min_age {} is longer than --look-back {}",
                humantime::format_duration(min_age),
                humantime::format_duration(bounds.look_back)
            ));
        }
    }
    let request = Request {
        reason: Some(args.reason.clone()),
        actor: args.actor.clone(),
    };
    if args.every.is_some() && args.orders.as_deref() == Some(Path::new("-")) {
        return Err(Failure::usage(
            "standard input can be read once only; give --orders a file to go with --every",
        ));
    }
    let stop = context.stop();
    if let Some(every) = args.every {
        // A service manager, or a test, may wait for this before it asks the sweep to end.
        context.output.print_note(&format!(
            "sweeping every {}; Ctrl-C or SIGTERM ends it once what is in flight is finished",
            humantime::format_duration(every)
        ));
    }
    let canceller = tokio::select! {
        biased;
        () = stop.cancelled() => return stopped_early(args.every),
        canceller = context.canceller(&config, absent) => canceller?,
    };
    let round = Round {
        canceller: &canceller,
        reading: &reading,
        bounds: &bounds,
        request: &request,
        stop,
        args: &args,
        context,
    };
    let Some(every) = args.every else {
        let (summary, otherwise) = round.sweep().await?;
        let exit = exit_of(&summary, stop);
        if let Some(problem) = problem(&summary, exit).filter(|_| context.output.is_json()) {
            print_error(&problem);
        }
        if otherwise > 0 && !args.list.skip_bad {
            let rows = if otherwise == 1 {
                "1 row was"
            } else {
                "some rows were"
            };
            print_error(&format!(
                "{rows} left out for saying otherwise than `duka create`; correct the list, or take what it says with --update, or leave them out with --skip-bad"
            ));
            return Ok(if exit == Exit::Done {
                Exit::Failed
            } else {
                exit
            });
        }
        return Ok(exit);
    };
    let mut first = true;
    loop {
        match round.sweep().await {
            Ok(_) => {}
            // What is wrong from the start is the caller's to mend; a list that is just being
            // written, or a busy store, may be in order in the next round.
            Err(failure) if first && failure.exit() != Exit::Failed => return Err(failure),
            Err(failure) => print_error(&failure.to_string()),
        }
        first = false;
        tokio::select! {
            () = tokio::time::sleep(give_or_take_a_tenth(every)) => {}
            () = stop.cancelled() => {}
        }
        if stop.is_cancelled() {
            // Ending this way is what a service is asked to do.
            return Ok(Exit::Done);
        }
    }
}

/// What every round of a sweep works with.
struct Round<'a> {
    canceller: &'a Canceller,
    reading: &'a Reading,
    bounds: &'a Bounds,
    request: &'a Request,
    stop: &'a CancellationToken,
    args: &'a SweepArgs,
    context: &'a Context,
}

impl Round<'_> {
    /// Reads the list, if there is one, and sweeps; also says how many rows were left out because
    /// they say otherwise than `duka create`.
    async fn sweep(&self) -> Result<(Summary, u64), Failure> {
        let (source, otherwise) = match &self.args.orders {
            None => (Source::Tracked, 0),
            Some(path) => self.listed(path).await?,
        };
        let formatter = EventFormatter::new(self.bounds, self.args, self.context);
        let swept = sweep_once(
            self.canceller,
            source,
            self.bounds,
            self.request,
            self.stop,
            &formatter,
        );
        Ok((swept.await?, otherwise))
    }

    async fn listed(&self, path: &Path) -> Result<(Source, u64), Failure> {
        let file = OrdersFile::open(path)?;
        let differing = Differing::of(self.args.update);
        let bad = BadRows::of(self.args.list.skip_bad);
        let (store, how) = (super::store_of(self.canceller), (bad, differing));
        let checked = track::prepare(&file, self.reading, store, how, self.context).await?;
        let otherwise = checked.created_otherwise(differing);
        let untouched = checked.untouched(differing);
        let mut rows = file.rows(self.reading, self.context.clock.now())?;
        let rows = std::iter::from_fn(move || {
            loop {
                match rows.next()? {
                    Ok(_) if untouched.binary_search(&rows.number()).is_ok() => {}
                    // It has been named.
                    Err(_) if bad == BadRows::LeftOut => {}
                    Ok(mut order) => {
                        match differing {
                            Differing::Refused => {}
                            // The store has it from the last row of the order.
                            Differing::Taken => order.money = None,
                        }
                        return Some(Ok(order));
                    }
                    Err(bad) => return Some(Err(bad.into())),
                }
            }
        });
        Ok((Source::List(stream::iter(rows).boxed()), otherwise))
    }
}

/// Nothing was begun. To end is what a service is asked to do.
fn stopped_early(every: Option<Duration>) -> Result<Exit, Failure> {
    match every {
        Some(_) => Ok(Exit::Done),
        None => Err(Failure::failed(
            "stopped by a signal before anything was sent",
        )),
    }
}

async fn sweep_once(
    canceller: &Canceller,
    source: Source,
    bounds: &Bounds,
    request: &Request,
    stop: &CancellationToken,
    formatter: &EventFormatter<'_>,
) -> Result<Summary, Failure> {
    let output = formatter.output;
    let bar = output.progress("sweeping");
    // A thread of its own prints: a slow reader of stdout must not hold up a request that is
    // under way.
    let (lines, to_print) = mpsc::channel();
    let printer = thread::spawn({
        let bar = bar.clone();
        move || {
            to_print
                .into_iter()
                .for_each(|line| bar.suspend(|| print(&line, output)));
        }
    });
    let on_event = |event: SweepEvent<'_>| {
        if matches!(event, SweepEvent::Considered) {
            bar.inc(1);
        }
        if let Some(line) = formatter.line_of(&event, request) {
            // The printer ends after the sweep, so it receives this.
            lines.send(line).unwrap_or_default();
        }
    };
    let swept = canceller
        .sweep(source, bounds, request, stop, &on_event)
        .await;
    drop(lines);
    // Blocks until all is printed; nothing else is left to do.
    let _ = tokio::task::spawn_blocking(move || printer.join()).await;
    bar.finish_and_clear();
    let summary = swept.map_err(|error| Failure::engine("sweep", &error))?;
    formatter.print_rest_count();
    if let Some(error) = &summary.list_error {
        print_error(&format!("the list was not read to its end: {error}"));
    }
    formatter.print_too_old(summary.too_old);
    for account in &summary.all_unknown {
        print_error(&format!(
            "account {account}: its gateway knows none of the orders that it was asked about; check that the keys are those of the right account, and that its environment (sandbox or production) is the one in which the orders were made"
        ));
    }
    let waiting = canceller.store().waiting().await;
    // The summary of what was done must not be lost for it.
    let waiting = waiting
        .inspect_err(|error| print_error(&format!("failed to count what is pending: {error}")))
        .ok();
    match bounds.mode {
        Mode::Act => print_summary(&summary, waiting, output)?,
        Mode::Reconcile => {
            formatter.print_newly_paid()?;
            print_summary(&summary, waiting, output)?;
        }
        Mode::DryRun => {
            print_dry_summary(&summary, waiting, output)?;
            print_unsettled(canceller, bounds, output).await?;
        }
    }
    Ok(summary)
}

/// Something to be printed.
enum Line {
    Result(Box<CancellationView>),
    /// The same in text only; JSON says it in another way.
    Plain(String),
    Note(String),
    Error(String),
}

/// Turns the events of a sweep into lines.
struct EventFormatter<'a> {
    output: Output,
    clock: &'a SharedClock,
    bounds: &'a Bounds,
    /// Whether orders that a rule keeps, or a person holds, are reported. One sweep reports each; a service would
    /// say the same of the same ones, round by round.
    kept: Kept,
    named: Named,
    /// Orders left alone so far.
    left: AtomicU64,
    /// What is paid and was not known as paid, to be listed by itself.
    newly_paid: Mutex<Vec<CancellationView>>,
}

/// Which of the orders that are left alone are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    All,
    /// The first ones, and the rest are counted.
    First,
    None,
}

/// Whether orders that a rule keeps, or a person holds, are results of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Reported,
    Counted,
}

/// So many orders that are left alone are named without being asked for.
const NAMED: u64 = 20;

impl<'a> EventFormatter<'a> {
    fn new(bounds: &'a Bounds, args: &SweepArgs, context: &'a Context) -> Self {
        let output = context.output;
        Self {
            output,
            clock: &context.clock,
            bounds,
            kept: if args.every.is_none() || output.is_verbose() {
                Kept::Reported
            } else {
                Kept::Counted
            },
            named: if args.orders.is_none() {
                // Other workers may have taken some of the tracked orders, and report them.
                Named::None
            } else if output.is_verbose() {
                Named::All
            } else if output.is_json() {
                Named::None
            } else if bounds.mode == Mode::DryRun {
                Named::All
            } else if args.every.is_some() {
                // The same ones, round by round.
                Named::None
            } else {
                Named::First
            },
            left: AtomicU64::new(0),
            newly_paid: Mutex::default(),
        }
    }

    /// What to print about an event; nothing about what is only counted.
    fn line_of(&self, event: &SweepEvent<'_>, request: &Request) -> Option<Line> {
        Some(match event {
            SweepEvent::Cancellation(record) => {
                Line::Result(Box::new(CancellationView::from(*record)))
            }
            SweepEvent::Plan(plan) => self.planned(plan, request),
            SweepEvent::LeftAlone(plan) => return self.left_alone(plan, request),
            SweepEvent::NewlyPaid(order) => return self.newly_paid(order, request),
            SweepEvent::Failed(key, error) => Line::Error(format!("{key}: {}", describe(error))),
            SweepEvent::AccountStopped(account, reason) => Line::Error(format!(
                "account {account} is left for a later sweep: {reason}"
            )),
            // Later versions of the library may have more events.
            SweepEvent::Considered | _ => return None,
        })
    }

    /// What a dry run would do about an order.
    fn planned(&self, plan: &Plan, request: &Request) -> Line {
        if self.output.is_json() {
            return self.result(plan, request);
        }
        let would = match plan.disposition.action {
            PlannedAction::Cancel => "cancelled",
            PlannedAction::Leave(_) => "left alone",
        };
        dry_line(&plan.key, would, &why(plan, self.bounds))
    }

    fn result(&self, plan: &Plan, request: &Request) -> Line {
        let view = CancellationView::planned(plan, self.bounds, request, self.clock.now());
        Line::Result(Box::new(view))
    }

    fn left_alone(&self, plan: &Plan, request: &Request) -> Option<Line> {
        let held = plan.disposition.action == PlannedAction::Leave(LeaveReason::Held);
        let is_asked_for = matches!(
            plan.disposition.action,
            PlannedAction::Leave(
                LeaveReason::Held | LeaveReason::KeptByRule | LeaveReason::Duplicate
            )
        );
        match (self.bounds.mode, plan.disposition.rule) {
            // What a rule does, or a person, is part of what the user asks for.
            (Mode::DryRun, Some(_)) => return Some(self.planned(plan, request)),
            (Mode::DryRun, None) if held => return Some(self.planned(plan, request)),
            (Mode::Act | Mode::Reconcile, _) if is_asked_for => {
                return (self.kept == Kept::Reported).then(|| self.result(plan, request));
            }
            (Mode::Act | Mode::Reconcile | Mode::DryRun, _) => {}
        }
        let before = self.left.fetch_add(1, Ordering::Relaxed);
        match self.named {
            Named::All => {}
            Named::First if before < NAMED => {}
            Named::First | Named::None => return None,
        }
        let why = why(plan, self.bounds);
        Some(
            if self.bounds.mode == Mode::DryRun && !self.output.is_json() {
                dry_line(&plan.key, "left alone", &why)
            } else {
                Line::Note(format!("{} is left alone: {why}", plan.key))
            },
        )
    }

    fn newly_paid(&self, order: &TrackedOrder, request: &Request) -> Option<Line> {
        let view = CancellationView::newly_paid(order, &request.actor);
        if self.output.is_json() {
            return Some(Line::Result(Box::new(view)));
        }
        let mut views = self
            .newly_paid
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        views.push(view);
        None
    }

    fn print_newly_paid(&self) -> Result<(), Failure> {
        let views = self
            .newly_paid
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if views.is_empty() {
            return Ok(());
        }
        self.output
            .line("paid at the gateway, and not known as paid here before:")?;
        for view in views.iter() {
            let status = view.verified_status.unwrap_or_default();
            self.output.line(&format!(
                "{} at {}  {}  {}",
                view.order,
                view.account,
                colorize(status),
                view.amounts().unwrap_or_default()
            ))?;
        }
        Ok(())
    }

    /// How many orders the look-back leaves alone.
    fn print_too_old(&self, too_old: u64) {
        if let Some(said) = too_old_said(too_old, self.bounds.look_back) {
            self.output.print_note(&said);
        }
    }

    /// How many more than were named are left alone.
    fn print_rest_count(&self) {
        let more = self.left.load(Ordering::Relaxed).saturating_sub(NAMED);
        if self.named == Named::First && more > 0 {
            self.output.print_note(&format!(
                "and {more} more are left alone; -v names them all"
            ));
        }
    }
}

fn dry_line(key: &OrderKey, would_be: &str, why: &str) -> Line {
    Line::Plain(format!(
        "{key}  dry run  would be {would_be}: {}",
        plain(why)
    ))
}

/// What a sweep in earnest would do before anything else. Its requests are not new ones, so a
/// dry run does not look into them. Accounts that are not configured have been named.
async fn print_unsettled(
    canceller: &Canceller,
    bounds: &Bounds,
    output: Output,
) -> Result<(), Failure> {
    let mut page = ReportPage {
        which: ReportFilter::Unsettled,
        account: bounds.account.clone(),
        limit: PAGE,
        ..ReportPage::default()
    };
    let mut unsettled = 0;
    loop {
        let records = canceller
            .store()
            .report(page.clone())
            .await
            .map_err(|error| Failure::store("list what is not settled", &error))?;
        if !page.advance(&records) {
            break;
        }
        let configured = |record: &&Record| canceller.gateway(&record.key.account).is_ok();
        unsettled += records.iter().filter(configured).count();
    }
    match unsettled {
        0 => {}
        1 => {
            output.print_note("1 cancellation is not settled; a sweep would first go on with that");
        }
        many => output.print_note(&format!(
            "{many} cancellations are not settled; a sweep would first go on with those"
        )),
    }
    Ok(())
}

fn print(line: &Line, output: Output) {
    match line {
        // A reader of stdout that has gone must not stop the sweep.
        Line::Result(view) => print_one(view, output).unwrap_or_default(),
        Line::Plain(text) => output.line(text).unwrap_or_default(),
        Line::Note(text) => output.print_note(text),
        Line::Error(text) => print_error(text),
    }
}

fn print_one(view: &CancellationView, output: Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(view);
    }
    let mut words = vec![format!("{} at {}", view.order, view.account)];
    words.extend(view.named().map(plain));
    words.extend(view.amounts());
    words.push(colorize(view.finding.unwrap_or_else(|| view.standing())));
    words.push(view.said());
    output.line(&words.join("  "))
}

/// Payments that a person has to look at, and amounts that were not compared, in a summary's
/// words.
fn payments(summary: &Summary) -> String {
    let found = [
        (summary.late_payments, "of these paid late"),
        (summary.amount_differs, "of these paid with another amount"),
        (summary.paid_twice, "of these paid twice"),
    ];
    let found = found.into_iter().filter(|(count, _)| *count > 0);
    let mut said: String = found
        .map(|(count, what)| format!("; {count} {what}, see `duka pending`"))
        .collect();
    if summary.newly_paid > 0 {
        said = format!("{said}; {} newly paid", summary.newly_paid);
    }
    if summary.unknown > 0 {
        said = format!("{said}; {} not known to their gateway", summary.unknown);
    }
    if summary.unchecked > 0 {
        said = format!("{said}; {}", unchecked(summary));
    }
    said
}

fn unchecked(summary: &Summary) -> String {
    let amounts = if summary.unchecked == 1 {
        "amount"
    } else {
        "amounts"
    };
    format!("{} {amounts} unchecked", summary.unchecked)
}

/// So that programs that were started together do not stay together.
fn give_or_take_a_tenth(every: Duration) -> Duration {
    every.mul_f64(rand::random_range(0.9..1.1))
}

pub(crate) fn print_summary(
    summary: &Summary,
    waiting: Option<u64>,
    output: Output,
) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&SummaryLine::of(summary, waiting));
    }
    let s = summary;
    output.line(&format!(
        "{} considered in {:.1} s: {} confirmed, {} not cancelled, {} skipped, {} in doubt, {} need review, {} errors{}",
        s.considered,
        s.elapsed.as_secs_f64(),
        s.confirmed,
        s.not_cancelled,
        s.skipped,
        s.in_doubt,
        s.needs_review,
        s.errors,
        payments(s),
    ))?;
    print_waiting(waiting, output)
}

/// The last line of a sweep: what `duka pending` lists, this sweep's and earlier ones'.
fn print_waiting(waiting: Option<u64>, output: Output) -> Result<(), Failure> {
    match waiting.unwrap_or(0) {
        0 => Ok(()),
        1 => output.line("1 waits for a person, see `duka pending`"),
        many => output.line(&format!("{many} wait for a person, see `duka pending`")),
    }
}

fn print_dry_summary(
    summary: &Summary,
    waiting: Option<u64>,
    output: Output,
) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&SummaryLine::of_dry_run(summary, waiting));
    }
    let s = summary;
    output.line(&format!(
        "dry run, nothing was sent or stored: {} considered in {:.1} s: {} would be cancelled, {} would be left alone, {} errors{}",
        s.considered,
        s.elapsed.as_secs_f64(),
        s.eligible,
        s.skipped,
        s.errors,
        payments(s),
    ))?;
    print_waiting(waiting, output)
}

fn exit_of(summary: &Summary, stop: &CancellationToken) -> Exit {
    let found = summary.late_payments + summary.amount_differs + summary.paid_twice;
    if summary.in_doubt > 0 || summary.needs_review > 0 || found > 0 {
        Exit::Unknown
    } else if summary.list_error.is_some() || stop.is_cancelled() || !summary.all_unknown.is_empty()
    {
        Exit::Failed
    } else if summary.errors == 0 {
        Exit::Done
    } else if summary.errors == summary.misconfigured && summary.sent == 0 {
        // As for a single order: repeating it cannot help before the settings are fixed.
        Exit::Usage
    } else {
        Exit::Failed
    }
}

/// What failed, where nothing on stderr may have said so.
fn problem(summary: &Summary, exit: Exit) -> Option<String> {
    let orders = match summary.errors {
        0 => return None,
        1 => "1 order".to_owned(),
        many => format!("{many} orders"),
    };
    let advice = match exit {
        Exit::Failed => "a later sweep tries again",
        Exit::Usage if summary.errors == 1 => "fix the credentials or settings of its account",
        Exit::Usage => "fix the credentials or settings of their accounts",
        Exit::Done | Exit::Refused | Exit::Unknown => return None,
    };
    Some(format!("{orders} could not be worked on; {advice}"))
}
