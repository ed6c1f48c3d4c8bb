//! `duka report`: the reconciliation log, a page at a time, so that it may be long.

use duka_engine::store::{HeldPage, ReportPage};
use jiff::Timestamp;

use crate::args::{ReportArgs, ReportFormat};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{colorize, plain_lines};
use crate::views::CancellationView;

const PAGE: u32 = 500;

const CSV_HEADER: [&str; 18] = [
    "id",
    "account",
    "gateway",
    "order",
    "state",
    "outcome",
    "reason",
    "actor",
    "attempts",
    "sent_at",
    "verified_status",
    "finding",
    "message",
    "updated_at",
    "receipt",
    "method",
    "gateway_time",
    "shop_order",
];

pub(crate) async fn run(args: &ReportArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let since = args
        .since
        .as_deref()
        .map(|text| since(text, context))
        .transpose()?;
    let format = if context.output.is_json() {
        ReportFormat::Json
    } else {
        args.format
    };
    let mut page = ReportPage {
        since,
        account: context.chosen(&config)?,
        limit: PAGE,
        ..ReportPage::default()
    };
    let store = context.existing_store(&config).await?;
    let mut printer = Printer::new(format, context);
    loop {
        let records = store
            .report(page.clone())
            .await
            .map_err(|error| Failure::store("read the report", &error))?;
        if !page.advance(&records) {
            break;
        }
        let views = records.iter().map(CancellationView::from).collect();
        printer.print(views)?;
    }
    let mut page = HeldPage {
        since,
        account: page.account,
        limit: PAGE,
        ..HeldPage::default()
    };
    loop {
        let orders = store.held(page.clone()).await;
        let orders = orders.map_err(|error| Failure::store("read the report", &error))?;
        if !page.advance(&orders) {
            break;
        }
        printer.print(orders.iter().map(CancellationView::of_held).collect())?;
    }
    printer.finish()
}

struct Printer<'a> {
    format: ReportFormat,
    context: &'a Context,
    printed: u64,
}

impl<'a> Printer<'a> {
    fn new(format: ReportFormat, context: &'a Context) -> Self {
        Self {
            format,
            context,
            printed: 0,
        }
    }

    fn print(&mut self, views: Vec<CancellationView>) -> Result<(), Failure> {
        let output = self.context.output;
        let count = views.len();
        match self.format {
            ReportFormat::Json => views.iter().try_for_each(|view| output.json(view))?,
            ReportFormat::Csv => {
                if self.printed == 0 {
                    self.csv(&CSV_HEADER.map(str::to_owned))?;
                }
                views.iter().try_for_each(|view| self.csv(&cells(view)))?;
            }
            ReportFormat::Table => {
                let header = [
                    "ORDER", "ACCOUNT", "RESULT", "TRIES", "STATUS", "CHANGED", "WHAT",
                ];
                let rows = views.into_iter().map(|view| {
                    let result = view.finding.unwrap_or_else(|| view.standing());
                    vec![
                        view.order.clone(),
                        view.account.clone(),
                        colorize(result),
                        view.attempts.to_string(),
                        view.verified_status.unwrap_or("").to_owned(),
                        view.updated_at.clone(),
                        view.said(),
                    ]
                });
                output.table(&header, rows.collect())?;
            }
        }
        self.printed += u64::try_from(count).unwrap_or(0);
        Ok(())
    }

    fn csv(&self, cells: &[String]) -> Result<(), Failure> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let row = writer
            .write_record(cells)
            .map_err(|error| error.to_string())
            .and_then(|()| writer.into_inner().map_err(|error| error.to_string()))
            .map_err(|error| Failure::failed(format!("failed to print CSV: {error}")))?;
        self.context
            .output
            .line(String::from_utf8_lossy(&row).trim_end())
    }

    fn finish(self) -> Result<Exit, Failure> {
        if self.printed == 0 {
            if self.format == ReportFormat::Csv {
                self.csv(&CSV_HEADER.map(str::to_owned))?;
            }
            self.context.output.print_note("nothing to report");
        }
        Ok(Exit::Done)
    }
}

fn cells(view: &CancellationView) -> [String; CSV_HEADER.len()] {
    let text = |value: &Option<String>| plain_lines(value.as_deref().unwrap_or_default());
    let word = |value: Option<&str>| value.unwrap_or_default().to_owned();
    [
        text(&view.id),
        view.account.clone(),
        view.gateway.clone(),
        view.order.clone(),
        view.state.to_owned(),
        word(view.outcome),
        text(&view.reason),
        plain_lines(&view.actor),
        view.attempts.to_string(),
        text(&view.sent_at),
        word(view.verified_status),
        word(view.finding),
        text(&view.message),
        view.updated_at.clone(),
        text(&view.receipt),
        text(&view.method),
        text(&view.gateway_time),
        text(&view.shop_order),
    ]
}

/// A time, or an age.
fn since(text: &str, context: &Context) -> Result<Timestamp, Failure> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let age = humantime::parse_duration(text).map_err(|_| {
        Failure::usage(format!(
            "--since {text:?} is neither an RFC 3339 time such as 2026-05-13T08:34:00Z nor an age such as 24h"
        ))
    })?;
    Ok(context
        .clock
        .now()
        .checked_sub(age)
        .unwrap_or(Timestamp::MIN))
}
