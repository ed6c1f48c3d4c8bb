//! `duka pending`: what needs a person, and what to check: cancellations, oldest first, then
//! refunds, and then orders of which it is not known whether they were created.

use std::sync::Arc;

use duka_core::cancel::Finding;
use duka_core::refund::{RefundFinding, RefundOutcome};
use duka_core::{OrderIds, State};
use duka_engine::create::{Creation, OpenCreations};
use duka_engine::refunds::PendingRefunds;
use duka_engine::store::ReportFilter;
use duka_engine::{Canceller, LogEntry, Record, Refund, RefundStore, Store};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::args::PendingArgs;
use crate::context::Context;
use crate::csv_rows::Listing;
use crate::failure::{Exit, Failure, describe as describe_error};
use crate::filters::{Filters, Traits, zone};
use crate::gateways::GatewayKind;
use crate::output::{colorize, plain, print_error};
use crate::times;
use crate::views::{CancellationView, CreationView, RefundView};

const HEADER: [&str; 7] = [
    "ORDER",
    "REFERENCE",
    "ACCOUNT",
    "WAITS",
    "AMOUNT",
    "SINCE",
    "ID",
];
/// The column of the time.
const SINCE: usize = 5;

const PAGE: u32 = 500;

pub(crate) async fn run(args: &PendingArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let zone = zone(args.format.utc);
    let account = context.chosen(&config)?;
    let order = args.order.as_deref().map(super::as_kept);
    let mut filters = Filters::new(&args.filters, account, order, (&zone, context))?;
    let store = context.existing_store(&config).await?;
    let canceller = match args.recheck {
        true => Some(context.canceller_on(Arc::clone(&store), &config)?),
        false => None,
    };
    let mut printer = Printer::begin(args, context, zone)?;
    let failed = |error| Failure::store("list what is pending", &error);
    let mut page = filters.page(ReportFilter::Pending);
    while !filters.is_done() {
        let records = store.report(page.clone()).await.map_err(failed)?;
        if !page.advance(&records) {
            break;
        }
        for record in filters.take(records) {
            let record = match &canceller {
                Some(canceller) => match printer.recheck(canceller, record).await? {
                    Some(record) => record,
                    None => continue,
                },
                None => record,
            };
            let view = CancellationView::from(&record);
            let row = [
                view.order.clone(),
                plain(view.named().unwrap_or_default()),
                view.account.clone(),
                colorize(view.finding.unwrap_or_else(|| view.standing())),
                view.amounts().unwrap_or_default(),
                record.created_at.to_string(),
                record.id.to_string(),
            ];
            let long = if args.long {
                describe(
                    &record,
                    &view,
                    heard(store.as_ref(), &record).await?,
                    &printer.zone,
                )
            } else {
                Vec::new()
            };
            printer.print(&view, row, long)?;
        }
    }
    refunds(store.as_ref(), &mut filters, &mut printer).await?;
    creations(store.as_ref(), &mut filters, &mut printer).await?;
    Ok(match printer.finish()? {
        0 => Exit::Done,
        _ => Exit::Unknown,
    })
}

/// Lists the refunds that are not over or have a finding.
async fn refunds(
    store: &dyn RefundStore,
    filters: &mut Filters<'_>,
    printer: &mut Printer<'_>,
) -> Result<(), Failure> {
    let mut page = PendingRefunds {
        account: filters.account.clone(),
        after: None,
        limit: PAGE,
    };
    while !filters.is_done() {
        let refunds = store.pending_refunds(page.clone()).await;
        let mut refunds =
            refunds.map_err(|error| Failure::store("list what is pending", &error))?;
        let Some(last) = refunds.last() else {
            break;
        };
        page.after = Some((last.created_at, last.id));
        refunds.retain(|refund| {
            filters.fits(&Traits {
                changed_at: refund.updated_at,
                names: [
                    Some(refund.key.order.as_str()),
                    refund.reference.as_deref(),
                    refund.shop_order.as_deref(),
                ],
                state: refund.progress.state.as_str(),
                outcome: refund.progress.state.outcome().map(RefundOutcome::as_str),
                finding: refund.progress.finding.map(RefundFinding::as_str),
            })
        });
        for refund in &filters.take(refunds) {
            let view = RefundView::of(refund, None);
            let row = [
                view.order.clone(),
                plain(refund.reference.as_deref().unwrap_or_default()),
                view.account.clone(),
                format!(
                    "refund {}",
                    colorize(view.finding.unwrap_or_else(|| view.standing()))
                ),
                view.money(),
                refund.created_at.to_string(),
                refund.id.to_string(),
            ];
            let long = describe_refund(refund, &view, &printer.zone);
            printer.print(&view, row, long)?;
        }
    }
    Ok(())
}

/// Lists the orders of which it is not known whether they were created.
async fn creations(
    store: &dyn Store,
    filters: &mut Filters<'_>,
    printer: &mut Printer<'_>,
) -> Result<(), Failure> {
    let mut page = OpenCreations {
        account: filters.account.clone(),
        limit: PAGE,
        ..OpenCreations::default()
    };
    while !filters.is_done() {
        let creations = store.open_creations(page.clone()).await;
        let mut creations =
            creations.map_err(|error| Failure::store("list what is pending", &error))?;
        let Some(last) = creations.last() else {
            break;
        };
        page.after = Some((last.started_at, last.id));
        creations.retain(|creation| {
            filters.fits(&Traits {
                changed_at: creation.started_at,
                names: [
                    Some(&creation.reference),
                    creation.shop_order.as_deref(),
                    None,
                ],
                state: CreationView::from(creation).state,
                outcome: None,
                finding: None,
            })
        });
        for creation in &filters.take(creations) {
            let view = CreationView::from(creation);
            let row = [
                view.order.clone(),
                String::new(),
                view.account.clone(),
                format!("creation {}", colorize(view.state)),
                creation.money.to_string(),
                creation.started_at.to_string(),
                creation.id.to_string(),
            ];
            let long = describe_creation(creation, &view, &printer.zone);
            printer.print(&view, row, long)?;
        }
    }
    Ok(())
}

/// Prints what is pending, in the form that is asked for.
struct Printer<'a> {
    context: &'a Context,
    listing: Listing,
    long: bool,
    zone: TimeZone,
    /// The lines of a table, for which all widths must be known.
    rows: Vec<Vec<String>>,
    count: u64,
    oldest: Option<String>,
    settled: u64,
    unread: u64,
}

impl<'a> Printer<'a> {
    fn begin(args: &PendingArgs, context: &'a Context, zone: TimeZone) -> Result<Self, Failure> {
        Ok(Self {
            context,
            listing: Listing::begin(context.output, &args.format)?,
            long: args.long,
            zone,
            rows: Vec::new(),
            count: 0,
            oldest: None,
            settled: 0,
            unread: 0,
        })
    }

    /// Reads the status of an order whose cancellation is not over; `None` if that settles it.
    async fn recheck(
        &mut self,
        canceller: &Canceller,
        record: Record,
    ) -> Result<Option<Record>, Failure> {
        if record.progress.state.outcome().is_some() {
            return Ok(Some(record));
        }
        let now = match canceller.recheck(&record).await {
            Ok(Some(outcome)) => {
                if let Some(error) = &outcome.error {
                    self.unread += 1;
                    print_error(&format!("{}: {}", record.key, error.in_full()));
                }
                outcome.record
            }
            Ok(None) => record,
            Err(error) => {
                self.unread += 1;
                print_error(&format!("{}: {}", record.key, describe_error(&error)));
                record
            }
        };
        let over = now.progress.state.outcome().is_some();
        if over && now.progress.finding.is_none() {
            self.settled += 1;
            return Ok(None);
        }
        Ok(Some(now))
    }

    fn print(
        &mut self,
        view: &impl Serialize,
        row: [String; HEADER.len()],
        long: Vec<String>,
    ) -> Result<(), Failure> {
        self.count += 1;
        let [.., since, _] = &row;
        if self.oldest.as_ref().is_none_or(|oldest| since < oldest) {
            self.oldest = Some(since.clone());
        }
        match &self.listing {
            Listing::Json => self.context.output.json(view),
            Listing::Csv(rows) => rows.row(view),
            Listing::Table if self.long => long
                .iter()
                .try_for_each(|line| self.context.output.line(line)),
            Listing::Table => {
                let mut row = row;
                row[SINCE] = times::shown(&row[SINCE], &self.zone);
                self.rows.push(row.to_vec());
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<u64, Failure> {
        let output = self.context.output;
        if !self.rows.is_empty() {
            let give_way = ["REFERENCE", "ACCOUNT", "SINCE", "ID", "AMOUNT"];
            output.list(&HEADER, &give_way, &self.rows)?;
        }
        if self.settled > 0 {
            output.print_note(&format!("{} settled by their status", self.settled));
        }
        if self.unread > 0 {
            output.print_note(&format!("{} could not be read", self.unread));
        }
        let Some(oldest) = &self.oldest else {
            output.print_note("nothing is pending");
            return Ok(0);
        };
        match self.listing {
            Listing::Json | Listing::Csv(_) => return Ok(self.count),
            Listing::Table => {}
        }
        let program = self.context.program();
        output.line("")?;
        output.line(&format!(
            "{} pending, the oldest since {}; to settle them:",
            self.count,
            times::shown(oldest, &self.zone)
        ))?;
        for (command, what) in [
            (
                "pending --recheck",
                "reads each status, and settles what it can",
            ),
            (
                "pending --format csv > pending.csv",
                "the rest: look each order up in the gateway's dashboard, and keep the rows that one decision fits",
            ),
            (
                "resolve - --as … --by … --note … < pending.csv",
                "records that decision: cancelled, not-cancelled, acknowledged, received or not-received",
            ),
            (
                "pending",
                "shows what is left; --long says what to check for each",
            ),
        ] {
            output.line(&format!("  {program} {command}"))?;
            output.line(&format!("      {what}"))?;
        }
        Ok(self.count)
    }
}

fn describe_creation(creation: &Creation, view: &CreationView, zone: &TimeZone) -> Vec<String> {
    let id = creation.id;
    let mut lines = vec![
        format!("{id}  creation {}", colorize(view.state)),
        format!(
            "  order    {} at {} ({})",
            view.order, view.account, view.gateway
        ),
        format!("  amount   {}", creation.money),
        format!("  asked    {}", times::moment(creation.started_at, zone)),
    ];
    if let Some(message) = &view.message {
        lines.push(format!("  known    {}", plain(message)));
    }
    let gateway = GatewayKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == view.gateway);
    let look = match gateway.map(GatewayKind::order_ids) {
        Some(OrderIds::Gateway) => {
            "repeat `duka create` with the same id and the same values, which recovers the order, or look for it in the gateway's dashboard and `duka track` it".to_owned()
        }
        Some(OrderIds::Merchant) | None => format!(
            "`duka status {}` shows whether it was created, and so does a sweep",
            view.order
        ),
    };
    lines.push(format!(
        "  check    {look}; if it was not created: duka resolve {id} --as acknowledged --by … --note …"
    ));
    lines
}

fn describe_refund(refund: &Refund, view: &RefundView, zone: &TimeZone) -> Vec<String> {
    let standing = view.finding.unwrap_or_else(|| view.standing());
    let mut lines = vec![
        format!("{}  refund {}", refund.id, colorize(standing)),
        format!(
            "  order    {} at {} ({})",
            view.order, view.account, view.gateway
        ),
        format!("  amount   {}", view.money()),
        format!(
            "  asked    {} by {}",
            times::moment(refund.created_at, zone),
            plain(&view.actor)
        ),
        format!("  known    {}", view.said()),
    ];
    if let Some(advice) = super::refund::advice(refund) {
        lines.push(format!("  check    {advice}"));
    }
    lines
}

/// What came back on the last request, if anything did: a person who has to decide wants to
/// know whether the gateway said yes.
async fn heard(store: &dyn Store, record: &Record) -> Result<Option<String>, Failure> {
    if record.progress.attempts == 0 {
        return Ok(None);
    }
    let log = store.log(record.id).await;
    let log = log.map_err(|error| Failure::store("read the log", &error))?;
    let came_back = |entry: &&LogEntry| entry.from.as_deref() == Some(State::Sending.as_str());
    let last = log.iter().rev().find(came_back);
    Ok(last.and_then(|entry| entry.detail.clone()))
}

fn describe(
    record: &Record,
    view: &CancellationView,
    heard: Option<String>,
    zone: &TimeZone,
) -> Vec<String> {
    let standing = view.finding.unwrap_or_else(|| view.standing());
    let mut lines = vec![
        format!("{}  {}", record.id, colorize(standing)),
        format!(
            "  order    {} at {} ({})",
            view.order, view.account, view.gateway
        ),
        format!(
            "  asked    {} by {}",
            times::moment(record.created_at, zone),
            plain(&view.actor)
        ),
    ];
    if let Some(amounts) = view.amounts() {
        lines.push(format!("  amount   {amounts}"));
    }
    if let Some(sent_at) = &view.sent_at {
        let plural = if view.attempts == 1 { "" } else { "s" };
        lines.push(format!(
            "  sent     {}, {} request{plural}",
            times::shown(sent_at, zone),
            view.attempts
        ));
    }
    if let Some(heard) = heard {
        lines.push(format!("  heard    {}", plain(&heard)));
    }
    if view.message.is_some() {
        lines.push(format!("  known    {}", view.said_in(zone)));
    }
    if let Some(due_at) = record.due_at {
        lines.push(format!(
            "  next     a sweep looks again from {} on",
            times::moment(due_at, zone)
        ));
    }
    lines.push(format!("  check    {}", advice(record)));
    lines
}

/// What to look at, and which decisions there are.
fn advice(record: &Record) -> String {
    let id = record.id;
    let then = format!("then: duka resolve {id} --as acknowledged --by … --note …");
    // While it waits for a person, the decision closes the finding, too.
    let over = record.progress.state.outcome().is_some();
    match record.progress.finding.filter(|_| over) {
        Some(Finding::LatePayment) => {
            return format!("refund the payment or ship after all, {then}");
        }
        Some(Finding::PaidTwice) => {
            return format!(
                "refund one of the two payments at the gateway's dashboard, unless the customer has bought twice, {then}"
            );
        }
        Some(Finding::AmountDiffers) => {
            return format!(
                "compare the amounts at the gateway's dashboard, ask for the rest or refund, {then}"
            );
        }
        None => {}
    }
    match record.progress.state {
        State::NeedsReview if record.progress.finding.is_some() => format!(
            "has the customer paid a part? ask for the rest or refund it at the gateway's dashboard; then: duka resolve {id} --as cancelled|not-cancelled --by … --note …"
        ),
        State::NeedsReview => format!(
            "is the order cancelled at the gateway's dashboard? then: duka resolve {id} --as cancelled|not-cancelled --by … --note …"
        ),
        State::Sending => {
            "nothing yet; a request is on its way, or the worker that sent it has died: a sweep takes it up then".to_owned()
        }
        State::Requested
        | State::Accepted
        | State::Refused
        | State::InDoubt
        | State::Done(_) => "nothing yet; a sweep may settle it".to_owned(),
    }
}
