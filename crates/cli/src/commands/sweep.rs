//! `duka sweep`: settles what is in doubt and cancels abandoned orders, once or for ever.

use std::path::Path;

use std::sync::mpsc;
use std::thread;

use duka_cancellations::sweep::{Bounds, Mode, News, Source, Summary};
use duka_cancellations::{Canceller, Request};
use futures::stream::{self, StreamExt};
use tokio_util::sync::CancellationToken;

use super::track;
use crate::args::SweepArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure, told};
use crate::orders_file::{Accounts, OrdersFile};
use crate::output::{Output, complain, tint};
use crate::views::{CancellationView, SummaryLine};

pub(crate) async fn run(args: SweepArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let accounts = Accounts::of(&config);
    let canceller = context.canceller(&config)?;
    let bounds = Bounds {
        min_age: args.min_age,
        grace: args.grace,
        rate: args.rate,
        error_rate: args.error_rate,
        recheck: args.recheck,
        look_back: args.look_back,
        max: args.max,
        concurrency: args.concurrency.get(),
        wait: args.wait,
        account: context.chosen(&config)?,
        mode: if args.dry_run {
            Mode::DryRun
        } else {
            Mode::Act
        },
    };
    let request = Request {
        reason: Some(args.reason.clone()),
        actor: args.actor.clone(),
    };
    if args.every.is_some() && args.orders.as_deref() == Some(Path::new("-")) {
        return Err(Failure::usage(
            "standard input can be read once only; give --orders a file to go with --every",
        ));
    }
    let stop = super::stop_on_signal(context);
    loop {
        let source = match &args.orders {
            None => Source::Tracked,
            Some(path) => {
                let file = OrdersFile::open(path)?;
                let bad = track::check(&file, &accounts, context)?;
                if bad > 0 {
                    return Err(track::refusal(
                        &file,
                        bad,
                        "nothing was sent; mend them first",
                    ));
                }
                let rows = file.rows(&accounts)?.map(|row| row.map_err(Into::into));
                Source::List(stream::iter(rows).boxed())
            }
        };
        let swept = sweep_once(&canceller, source, &bounds, &request, &stop, context).await;
        let Some(every) = args.every else {
            return swept.map(|summary| exit_of(&summary, &stop));
        };
        match swept {
            // A busy store, say: the next round may do better.
            Err(failure) if failure.exit() == Exit::Failed => complain(&failure.to_string()),
            Err(failure) => return Err(failure),
            Ok(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(every.mul_f64(rand::random_range(0.9..1.1))) => {}
            () = stop.cancelled() => {}
        }
        if stop.is_cancelled() {
            // Ending this way is what a service is asked to do.
            return Ok(Exit::Done);
        }
    }
}

async fn sweep_once(
    canceller: &Canceller,
    source: Source,
    bounds: &Bounds,
    request: &Request,
    stop: &CancellationToken,
    context: &Context,
) -> Result<Summary, Failure> {
    let bar = context.output.progress("sweeping");
    // A thread of its own prints: whoever reads slowly must not hold up a request that is
    // under way.
    let (say, said) = mpsc::channel();
    let printer = thread::spawn({
        let (bar, output) = (bar.clone(), context.output);
        move || {
            said.into_iter()
                .for_each(|line| bar.suspend(|| print(&line, output)));
        }
    });
    let tell = |news: News<'_>| match line_of(&news, request, context) {
        // The printer ends after the sweep, so somebody listens.
        Some(line) => say.send(line).unwrap_or_default(),
        None => bar.inc(1),
    };
    let swept = canceller.sweep(source, bounds, request, stop, &tell).await;
    drop(say);
    // Blocks until all is printed; nothing else is left to do.
    let _ = tokio::task::spawn_blocking(move || printer.join()).await;
    bar.finish_and_clear();
    let summary = swept.map_err(|trouble| Failure::trouble("sweep", &trouble))?;
    if let Some(error) = &summary.list_error {
        context
            .output
            .remark(&format!("the list was not read to its end: {error}"));
    }
    print_summary(&summary, context.output)?;
    Ok(summary)
}

/// Something to be printed.
enum Line {
    Result(Box<CancellationView>),
    Remark(String),
}

/// What there is to print about a piece of news; nothing about what is only counted.
fn line_of(news: &News<'_>, request: &Request, context: &Context) -> Option<Line> {
    let view = match news {
        News::Cancellation(record) => CancellationView::from(*record),
        News::Plan(plan) => CancellationView::planned(plan, &request.actor, context.clock.now()),
        News::Failed(key, trouble) => {
            return Some(Line::Remark(format!("{key}: {}", told(trouble))));
        }
        News::AccountStopped(account, reason) => {
            let text = format!("account {account} is left for a later sweep: {reason}");
            return Some(Line::Remark(text));
        }
        // Later versions of the library may have more to tell.
        News::Considered | _ => return None,
    };
    Some(Line::Result(Box::new(view)))
}

fn print(line: &Line, output: Output) {
    match line {
        // A reader of stdout that has gone must not stop the sweep.
        Line::Result(view) => print_one(view, output).unwrap_or_default(),
        Line::Remark(text) => output.remark(text),
    }
}

fn print_one(view: &CancellationView, output: Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(view);
    }
    output.line(&format!(
        "{} at {}  {}  {}",
        view.order,
        view.account,
        tint(view.finding.unwrap_or_else(|| view.standing())),
        view.message.as_deref().unwrap_or_default()
    ))
}

pub(crate) fn print_summary(summary: &Summary, output: Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&SummaryLine::from(summary));
    }
    let s = summary;
    output.line(&format!(
        "{} considered in {:.1} s: {} confirmed, {} not cancelled, {} skipped, {} in doubt, {} need review, {} errors",
        s.considered,
        s.elapsed.as_secs_f64(),
        s.confirmed,
        s.not_cancelled,
        s.skipped,
        s.in_doubt,
        s.needs_review,
        s.errors
    ))
}

fn exit_of(summary: &Summary, stop: &CancellationToken) -> Exit {
    if summary.in_doubt > 0 || summary.needs_review > 0 || summary.late_payments > 0 {
        Exit::Unknown
    } else if summary.list_error.is_some() || stop.is_cancelled() {
        Exit::Failed
    } else if summary.errors == 0 {
        Exit::Done
    } else if summary.errors == summary.misconfigured && summary.sent == 0 {
        // As for a single order: repeating it cannot help before the settings are mended.
        Exit::Usage
    } else {
        Exit::Failed
    }
}
