//! `duka report`: the reconciliation log, a page at a time, so that it may be long.

use duka_engine::store::ReportFilter;
use duka_engine::sweep::Bounds;
use jiff::tz::TimeZone;

use super::track::{oldest_swept, too_old_said};
use crate::args::{ListFormat, ReportArgs};
use crate::context::Context;
use crate::csv_rows::CsvRows;
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
    csv: Option<CsvRows>,
    json: bool,
    context: &'a Context,
    zone: TimeZone,
    printed: bool,
}

impl<'a> Printer<'a> {
    fn begin(args: &ReportArgs, context: &'a Context, zone: TimeZone) -> Result<Self, Failure> {
        let format = context.list_format(&args.format);
        let csv = (format == ListFormat::Csv)
            .then(|| CsvRows::begin(context.output, args.format.cells()))
            .transpose()?;
        Ok(Self {
            csv,
            json: format == ListFormat::Json,
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
        if let Some(csv) = &self.csv {
            return views.iter().try_for_each(|view| csv.row(view));
        }
        if self.json {
            return views.iter().try_for_each(|view| output.json(view));
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
