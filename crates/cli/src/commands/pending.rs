//! `duka pending`: what needs a person, and what to check: cancellations, oldest first, then
//! refunds, and then orders of which it is not known whether they were created.

use duka_core::cancel::Finding;
use duka_core::{AccountName, OrderIds, State};
use duka_engine::create::{Creation, OpenCreations};
use duka_engine::refunds::PendingRefunds;
use duka_engine::store::{ReportFilter, ReportPage};
use duka_engine::{LogEntry, Record, Refund, RefundStore, Store};

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::gateways::GatewayKind;
use crate::output::{colorize, plain};
use crate::views::{CancellationView, CreationView, RefundView};

const PAGE: u32 = 500;

pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let output = context.output;
    let mut page = ReportPage {
        which: ReportFilter::Pending,
        account: context.chosen(&config)?,
        limit: PAGE,
        ..ReportPage::default()
    };
    let store = context.existing_store(&config).await?;
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
                let heard = heard(store.as_ref(), record).await?;
                for line in describe(record, &view, heard) {
                    output.line(&line)?;
                }
            }
        }
    }
    found += refunds(store.as_ref(), page.account.clone(), context).await?;
    found += creations(store.as_ref(), page.account, context).await?;
    if found == 0 {
        output.print_note("nothing is pending");
        return Ok(Exit::Done);
    }
    Ok(Exit::Unknown)
}

/// Lists the refunds that are not over or have a finding, and counts them.
async fn refunds(
    store: &dyn RefundStore,
    account: Option<AccountName>,
    context: &Context,
) -> Result<u64, Failure> {
    let output = context.output;
    let mut page = PendingRefunds {
        account,
        after: None,
        limit: PAGE,
    };
    let mut found = 0_u64;
    loop {
        let refunds = store.pending_refunds(page.clone()).await;
        let refunds = refunds.map_err(|error| Failure::store("list what is pending", &error))?;
        let Some(last) = refunds.last() else {
            return Ok(found);
        };
        page.after = Some((last.created_at, last.id));
        for refund in &refunds {
            found += 1;
            let view = RefundView::of(refund, None);
            if output.is_json() {
                output.json(&view)?;
            } else {
                for line in describe_refund(refund, &view) {
                    output.line(&line)?;
                }
            }
        }
    }
}

/// Lists the orders of which it is not known whether they were created, and counts them.
async fn creations(
    store: &dyn Store,
    account: Option<AccountName>,
    context: &Context,
) -> Result<u64, Failure> {
    let output = context.output;
    let mut page = OpenCreations {
        account,
        limit: PAGE,
        ..OpenCreations::default()
    };
    let mut found = 0_u64;
    loop {
        let creations = store.open_creations(page.clone()).await;
        let creations =
            creations.map_err(|error| Failure::store("list what is pending", &error))?;
        let Some(last) = creations.last() else {
            return Ok(found);
        };
        page.after = Some((last.started_at, last.id));
        for creation in &creations {
            found += 1;
            let view = CreationView::from(creation);
            if output.is_json() {
                output.json(&view)?;
            } else {
                for line in describe_creation(creation, &view) {
                    output.line(&line)?;
                }
            }
        }
    }
}

fn describe_creation(creation: &Creation, view: &CreationView) -> Vec<String> {
    let id = creation.id;
    let mut lines = vec![
        format!("{id}  creation {}", colorize(view.state)),
        format!(
            "  order    {} at {} ({})",
            view.order, view.account, view.gateway
        ),
        format!("  amount   {}", creation.money),
        format!("  asked    {}", creation.started_at),
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

fn describe_refund(refund: &Refund, view: &RefundView) -> Vec<String> {
    let standing = view.finding.unwrap_or_else(|| view.standing());
    let mut lines = vec![
        format!("{}  refund {}", refund.id, colorize(standing)),
        format!(
            "  order    {} at {} ({})",
            view.order, view.account, view.gateway
        ),
        format!("  amount   {}", view.money()),
        format!("  asked    {} by {}", refund.created_at, plain(&view.actor)),
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

fn describe(record: &Record, view: &CancellationView, heard: Option<String>) -> Vec<String> {
    let standing = view.finding.unwrap_or_else(|| view.standing());
    let mut lines = vec![
        format!("{}  {}", record.id, colorize(standing)),
        format!(
            "  order    {} at {} ({})",
            view.order, view.account, view.gateway
        ),
        format!("  asked    {} by {}", record.created_at, plain(&view.actor)),
    ];
    if let Some(amounts) = view.amounts() {
        lines.push(format!("  amount   {amounts}"));
    }
    if let Some(sent_at) = &view.sent_at {
        let plural = if view.attempts == 1 { "" } else { "s" };
        lines.push(format!(
            "  sent     {sent_at}, {} request{plural}",
            view.attempts
        ));
    }
    if let Some(heard) = heard {
        lines.push(format!("  heard    {}", plain(&heard)));
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
