//! `duka demo`: the main job on built-in gateways, checked against what they know.

mod shops;
mod verdict;

use std::sync::Mutex;
use std::time::Duration;

use duka_core::WaitPolicy;
use duka_emulator::{Emulator, EmulatorConfig, Fault, FaultKind, Gateway, Operation, Redelivery};
use duka_engine::store::ReportPage;
use duka_engine::sweep::{Bounds, Source, Summary, SweepEvent};
use duka_engine::{Canceller, Record, Request};
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use self::shops::{DemoOrder, Part, Shops};
use self::verdict::Verdict;
use crate::args::DemoArgs;
use crate::context::Context;
use crate::failure::{Exit, Failure, describe};
use crate::output::colorize;
use crate::views::SummaryLine;

/// Short, so that the demo shows in seconds what takes an hour otherwise. Orders in doubt are
/// settled after all others, so the wait grows with the number of orders.
fn wait_policy(orders: u32) -> WaitPolicy {
    WaitPolicy {
        settle: Duration::from_millis(400),
        review_after: Duration::from_millis(1500) + orders * Duration::from_millis(5),
    }
}

#[derive(Debug, Serialize)]
struct DemoView {
    orders: u32,
    seed: u64,
    #[serde(rename = "report")]
    summary: SummaryLine,
    agree: bool,
    disagreements: Vec<String>,
}

pub(crate) async fn run(args: &DemoArgs, context: &Context) -> Result<Exit, Failure> {
    let seed = args
        .seed
        .unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let output = context.output;
    // No server takes notifications here: the sweep reads statuses.
    let silent = Redelivery::new(0, Duration::ZERO);
    let config = EmulatorConfig::new(Timestamp::now)
        .seed(seed)
        .redelivery(silent);
    let emulator = Emulator::start(config)
        .await
        .map_err(|error| Failure::failed(format!("failed to start the emulator: {error}")))?;
    output.print_note(&format!(
        "both gateways on http://{} (seed {seed})",
        emulator.addr()
    ));
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::failed(format!("failed to make a folder: {error}")))?;
    let shops = Shops::open(
        &emulator,
        folder.path(),
        &context.clock,
        wait_policy(args.orders),
    )
    .await?;

    let bar = output.progress("creating");
    let orders = shops.create(args.orders, &bar).await?;
    bar.finish_and_clear();
    output.print_note(&format!(
        "{} orders created, half of them at each gateway",
        orders.len()
    ));

    let mut customers = StdRng::seed_from_u64(seed);
    let fates = act(&emulator, &orders, &mut customers)?;
    output.print_note(&fates.to_string());
    // The customers have come back to the shop, which reads the status.
    for order in &orders {
        if order.part == Part::SecondAttempt {
            let seen = shops.canceller().status(&order.key);
            seen.await
                .map_err(|error| Failure::engine("read the status of an order", &error))?;
        }
    }
    let doubts = arm_last_moment(&emulator, args.orders)?;

    let (summary, records) = sweep(shops.canceller(), args.orders, context).await?;
    let waiting = shops.canceller().store().waiting().await;
    let waiting = waiting.map_err(|error| Failure::store("count what is pending", &error))?;
    let truth = emulator.orders();
    let left_alone = orders.iter().filter(|order| order.part.is_left_alone());
    let left_alone = left_alone.map(|order| order.key.order.as_str()).collect();
    let verdict = Verdict::compare(&records, &truth, doubts, &left_alone);
    emulator.shutdown().await;

    if output.is_json() {
        output.json(&DemoView {
            orders: args.orders,
            seed,
            summary: SummaryLine::of(&summary, Some(waiting)),
            agree: verdict.agrees(),
            disagreements: verdict.disagreements.clone(),
        })?;
    } else {
        print((&summary, waiting), &records, &verdict, context)?;
    }
    Ok(if verdict.agrees() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// What the customers did before the sweep.
#[derive(Debug, Default)]
struct Fates {
    paid: u32,
    failed: u32,
    expired: u32,
    paying: u32,
    left: u32,
    /// First attempts of customers who paid a second one.
    attempts: u32,
    offers_ended: u32,
    offers_open: u32,
    held: u32,
}

impl std::fmt::Display for Fates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} customers paid, {} failed to, {} let the link run out, {} are paying, {} walked away",
            self.paid, self.failed, self.expired, self.paying, self.left
        )?;
        if self.held == 0 {
            return Ok(());
        }
        write!(
            f,
            "; {} paid at their second attempt, {} offers have ended and {} are open, {} orders are held",
            self.attempts, self.offers_ended, self.offers_open, self.held
        )
    }
}

fn act(
    emulator: &Emulator,
    orders: &[DemoOrder],
    customers: &mut StdRng,
) -> Result<Fates, Failure> {
    let mut fates = Fates::default();
    for DemoOrder { gateway, key, part } in orders {
        let id = key.order.as_str();
        let (count, done) = match part {
            Part::Chance => match (customers.random_range(0..100), gateway) {
                (0..25, _) => (&mut fates.paid, emulator.pay(id)),
                (25..33, _) => (&mut fates.failed, emulator.fail(id)),
                // Pesapal has neither of these.
                (33..40, Gateway::KwikPaisa) => (&mut fates.expired, emulator.expire(id)),
                (40..45, Gateway::KwikPaisa) => (&mut fates.paying, emulator.process(id)),
                _ => (&mut fates.left, Ok(())),
            },
            Part::FirstAttempt => (&mut fates.attempts, Ok(())),
            Part::SecondAttempt => (&mut fates.paid, emulator.pay(id)),
            Part::OfferEnded => (&mut fates.offers_ended, Ok(())),
            Part::OfferOpen => (&mut fates.offers_open, Ok(())),
            Part::Held => (&mut fates.held, Ok(())),
        };
        done.map_err(|error| Failure::failed(format!("failed to play the customer: {error}")))?;
        *count += 1;
    }
    Ok(fates)
}

/// Customers who pay while the cancel request is on its way, and replies that get lost.
/// Returns how many replies, at most, leave a doubt that no status can end.
fn arm_last_moment(emulator: &Emulator, orders: u32) -> Result<u32, Failure> {
    let some = (orders / 50).max(1);
    for gateway in [Gateway::KwikPaisa, Gateway::Pesapal] {
        for (kind, times, probability) in [
            (FaultKind::PayBeforeApply, 2 * some, 0.15),
            (FaultKind::PayAfterApply, some, 0.1),
            (FaultKind::ReplyLost, some, 0.1),
            (FaultKind::Http503, some, 0.05),
        ] {
            let fault = Fault::new(kind)
                .at(gateway)
                .on(Operation::Cancel)
                .times(times)
                .probability(probability);
            emulator
                .arm(fault)
                .map_err(|error| Failure::failed(format!("failed to arm a fault: {error}")))?;
        }
    }
    // A lost reply and a 503, each so many times, at Pesapal.
    Ok(2 * some)
}

async fn sweep(
    canceller: &Canceller,
    orders: u32,
    context: &Context,
) -> Result<(Summary, Vec<Record>), Failure> {
    let bounds = Bounds {
        min_age: Duration::ZERO,
        wait: wait_policy(orders).review_after + Duration::from_secs(10),
        ..Bounds::default()
    };
    let request = Request {
        reason: Some("abandoned".to_owned()),
        actor: "duka demo".to_owned(),
    };
    let bar = context.output.progress("sweeping");
    let failures = Mutex::new(Vec::new());
    let tell = |news: SweepEvent<'_>| match news {
        SweepEvent::Considered => bar.inc(1),
        SweepEvent::Failed(key, error) => {
            if let Ok(mut failures) = failures.lock() {
                failures.push(format!("{key}: {}", describe(error)));
            }
        }
        SweepEvent::Cancellation(_)
        | SweepEvent::Plan(_)
        | SweepEvent::LeftAlone(_)
        | SweepEvent::AccountStopped(..)
        | _ => {}
    };
    let stop = CancellationToken::new();
    let summary = canceller
        .sweep(Source::Tracked, &bounds, &request, &stop, &tell)
        .await
        .map_err(|error| Failure::engine("sweep", &error))?;
    bar.finish_and_clear();
    for failure in failures.into_inner().unwrap_or_default() {
        context.output.print_note(&failure);
    }
    let everything = ReportPage {
        limit: u32::MAX,
        ..ReportPage::default()
    };
    let records = canceller
        .store()
        .report(everything)
        .await
        .map_err(|error| Failure::store("read the report", &error))?;
    Ok((summary, records))
}

fn print(
    (summary, waiting): (&Summary, u64),
    records: &[Record],
    verdict: &Verdict,
    context: &Context,
) -> Result<(), Failure> {
    let output = context.output;
    let rows = verdict::tally(records)
        .into_iter()
        .map(|(result, [india, africa], meaning)| {
            vec![
                colorize(result),
                india.to_string(),
                africa.to_string(),
                meaning.to_owned(),
            ]
        })
        .collect();
    output.line("")?;
    output.table(&["RESULT", "KWIKPAISA", "PESAPAL", "MEANING"], rows)?;
    output.line("")?;
    super::sweep::print_summary(summary, Some(waiting), output)?;
    for disagreement in &verdict.disagreements {
        output.line(&format!("{}  {disagreement}", colorize("fix")))?;
    }
    output.line(&if verdict.agrees() {
        format!(
            "{}: the report and the gateways agree about every order",
            colorize("ok")
        )
    } else {
        format!(
            "the report and the gateways disagree about {} orders",
            verdict.disagreements.len()
        )
    })
}
