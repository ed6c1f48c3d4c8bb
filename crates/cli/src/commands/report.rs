//! `duka report`: the reconciliation log, a page at a time, so that it may be long.

use duka_engine::store::ReportFilter;
use duka_engine::sweep::Bounds;
use jiff::tz::TimeZone;

use super::track::{oldest_swept, too_old_said};
use crate::args::ReportArgs;
use crate::context::Context;
use crate::csv_rows::Listing;
use crate::failure::{Exit, Failure};
use crate::filters::{Filters, Traits, zone};
use crate::output::{colorize, plain};
use crate::times;
use crate::views::CancellationView;

pub(crate) async fn run(args: &ReportArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let zone = zone(args.format.utc);
    let account = context.chosen(&config)?;
    let mut filters = Filters::new(&args.filters, account.clone(), None, (&zone, context))?;
    let store = context.existing_store(&config).await?;
    let count = store.too_old(oldest_swept(context), account);
    let too_old = count
        .await
        .map_err(|error| Failure::store("count what is too old", &error))?;
    let mut printer = Printer::begin(args, context, zone)?;
    let failed = |error| Failure::store("read the report", &error);
    let mut page = filters.page(ReportFilter::All);
    while !filters.is_done() {
        let records = store.report(page.clone()).await.map_err(failed)?;
        if !page.advance(&records) {
            break;
        }
        let records = filters.take(records);
        printer.print(records.iter().map(CancellationView::from).collect())?;
    }
    let mut page = filters.held();
    while !filters.is_done() {
        let orders = store.held(page.clone()).await.map_err(failed)?;
        if !page.advance(&orders) {
            break;
        }
        let mut views = Vec::new();
        for order in &orders {
            let view = CancellationView::of_held(order);
            let known = Traits {
                changed_at: order.hold.as_ref().map_or(order.created_at, |hold| hold.at),
                names: [None; 3],
                state: view.state,
                outcome: view.outcome,
                finding: view.finding,
            };
            if filters.fits(&known) {
                views.push(view);
            }
        }
        printer.print(filters.take(views))?;
    }
    if !printer.printed {
        context.output.print_note("nothing to report");
    }
    if let Some(said) = too_old_said(too_old, Bounds::default().look_back) {
        context.output.print_note(&said);
    }
    Ok(Exit::Done)
}

struct Printer<'a> {
    listing: Listing,
    context: &'a Context,
    zone: TimeZone,
    printed: bool,
}

impl<'a> Printer<'a> {
    fn begin(args: &ReportArgs, context: &'a Context, zone: TimeZone) -> Result<Self, Failure> {
        Ok(Self {
            listing: Listing::begin(context.output, &args.format)?,
            context,
            zone,
            printed: false,
        })
    }

    fn print(&mut self, views: Vec<CancellationView>) -> Result<(), Failure> {
        if views.is_empty() {
            return Ok(());
        }
        self.printed = true;
        let output = self.context.output;
        match &self.listing {
            Listing::Csv(rows) => return views.iter().try_for_each(|view| rows.row(view)),
            Listing::Json => return views.iter().try_for_each(|view| output.json(view)),
            Listing::Table => {}
        }
        let header = [
            "ORDER",
            "REFERENCE",
            "ACCOUNT",
            "RESULT",
            "AMOUNT",
            "TRIES",
            "STATUS",
            "CHANGED",
            "WHAT",
        ];
        let rows: Vec<_> = views
            .iter()
            .map(|view| {
                vec![
                    view.order.clone(),
                    plain(view.named().unwrap_or_default()),
                    view.account.clone(),
                    colorize(view.finding.unwrap_or_else(|| view.standing())),
                    view.amounts().unwrap_or_default(),
                    view.attempts.to_string(),
                    view.verified_status.unwrap_or("").to_owned(),
                    times::shown(&view.updated_at, &self.zone),
                    view.said_in(&self.zone),
                ]
            })
            .collect();
        let give_way = [
            "TRIES",
            "STATUS",
            "REFERENCE",
            "ACCOUNT",
            "CHANGED",
            "WHAT",
            "AMOUNT",
        ];
        output.list(&header, &give_way, &rows)
    }
}
