//! `duka pending`: what needs a person, oldest first, and what to check.

use duka_cancellations::Record;
use duka_cancellations::store::{ReportPage, Which};
use duka_core::State;
use duka_core::cancel::Finding;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{plain, tint};
use crate::views::CancellationView;

const PAGE: u32 = 500;

pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let output = context.output;
    let mut page = ReportPage {
        which: Which::Pending,
        since: None,
        account: context.chosen(&config)?,
        after: None,
        limit: PAGE,
    };
    let store = context.existing_store(&config)?;
    let mut found = 0_u64;
    loop {
        let records = store
            .report(page.clone())
            .await
            .map_err(|error| Failure::store("list what is pending", &error))?;
        if !page.advance(&records) {
            break;
        }
        for record in &records {
            found += 1;
            let view = CancellationView::from(record);
            if output.is_json() {
                output.json(&view)?;
            } else {
                for line in describe(record, &view) {
                    output.line(&line)?;
                }
            }
        }
    }
    if found == 0 {
        output.remark("nothing is pending");
    }
    Ok(Exit::Done)
}

fn describe(record: &Record, view: &CancellationView) -> Vec<String> {
    let standing = view.finding.unwrap_or_else(|| view.standing());
    let mut lines = vec![
        format!("{}  {}", record.id, tint(standing)),
        format!(
            "  order    {} at {} ({})",
            view.order, view.account, view.gateway
        ),
        format!("  asked    {} by {}", record.created_at, plain(&view.actor)),
    ];
    if let Some(sent_at) = &view.sent_at {
        let plural = if view.attempts == 1 { "" } else { "s" };
        lines.push(format!(
            "  sent     {sent_at}, {} request{plural}",
            view.attempts
        ));
    }
    if view.message.is_some() {
        lines.push(format!("  known    {}", view.said()));
    }
    if let Some(due_at) = record.due_at {
        lines.push(format!("  next     a sweep looks again from {due_at} on"));
    }
    lines.push(format!("  check    {}", advice(record)));
    lines
}

/// What to look at, and which decisions there are.
fn advice(record: &Record) -> String {
    let id = record.id;
    if record.progress.finding == Some(Finding::LatePayment) {
        return format!(
            "refund the payment or ship after all, then: duka resolve {id} --as acknowledged --by … --note …"
        );
    }
    match record.progress.state {
        State::NeedsReview => format!(
            "is the order cancelled at the gateway's dashboard? then: duka resolve {id} --as cancelled|not-cancelled --by … --note …"
        ),
        State::Sending => {
            "nothing yet; a request is on its way, or whoever sent it has died: a sweep takes it up then".to_owned()
        }
        State::Requested
        | State::Accepted
        | State::Refused
        | State::InDoubt
        | State::Done(_) => "nothing yet; a sweep may settle it".to_owned(),
    }
}
