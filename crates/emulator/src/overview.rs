//! The page at `/`: what happened so far, for a person with a browser.

use hyper::StatusCode;

use crate::exchange::Reply;
use crate::html::{Html, encoded, escaped, framed};
use crate::order::{Order, OrderDetails};
use crate::routes::control_calls;
use crate::state::Shared;

/// More rows than this no person reads.
const MOST_ROWS: usize = 200;

pub(crate) fn page(shared: &Shared) -> Reply {
    let state = shared.state();
    let orders = state.orders.newest().map(order_row);
    let orders = table(
        &[
            "gateway",
            "order",
            "reference",
            "amount",
            "status",
            "cancels",
        ],
        orders,
    );
    let deliveries = state.deliveries.snapshot();
    let deliveries = deliveries.iter().rev().map(|it| {
        let answers = it
            .attempts
            .iter()
            .map(|it| match (it.http_status, &it.problem) {
                (Some(http), _) => format!("HTTP {http}"),
                (None, problem) => problem.clone().unwrap_or_default(),
            });
        let taken = if it.taken { "taken" } else { "not taken" };
        let answers = answers.collect::<Vec<_>>().join(", ");
        [
            it.id.to_string(),
            it.order.clone(),
            it.url.clone(),
            answers,
            taken.to_owned(),
        ]
        .map(|it| escaped(&it))
    });
    let deliveries = table(&["delivery", "order", "to", "answers", ""], deliveries);
    let faults = state.faults.armed().iter().map(|it| {
        // Members in the words of the control call.
        let text = serde_json::to_string(it).unwrap_or_default();
        [escaped(&text)]
    });
    let faults = table(&["armed"], faults);
    let settings = state.behaviour.settings();
    let variants = settings.iter().map(|it| {
        let mark = if it.value == it.default {
            ""
        } else {
            "changed"
        };
        [it.name, it.value, mark, it.about].map(escaped)
    });
    let variants = table(&["variant", "value", "", "about"], variants);
    let calls: Vec<_> = control_calls()
        .iter()
        .map(|it| format!("<li><code>{}</code>", escaped(it)))
        .collect();
    let body = format!(
        "<main><h1>Emulator of KwikPaisa and Pesapal</h1><p>The newest first; the control calls list all.</p>\
         <h2>Orders</h2>{orders}<h2>Deliveries</h2>{deliveries}<h2>Faults</h2>{faults}<h2>Variants</h2>{variants}\
         <h2>Control calls</h2><ul>{}</ul></main>",
        calls.concat()
    );
    let page = Html {
        title: "Emulator",
        head: "<style>body{max-width:none;margin:2rem}</style>".to_owned(),
        body,
    };
    framed(StatusCode::OK, &page)
}

fn order_row(order: &Order) -> [String; 6] {
    let (token, reference) = match &order.details {
        OrderDetails::KwikPaisa(own) => (&own.order_token, ""),
        OrderDetails::Pesapal(own) => (&own.tracking_id, own.reference.as_str()),
    };
    let truth = order.snapshot();
    let link = format!(
        "<a href=\"/checkout/{}\">{}</a>",
        escaped(&encoded(token)),
        escaped(&truth.order)
    );
    let cancels = format!(
        "{} of {} applied",
        truth.cancels_applied, truth.cancel_requests
    );
    [
        truth.gateway.to_string(),
        link,
        escaped(reference),
        escaped(&format!("{} {}", truth.amount, truth.currency)),
        truth.status.to_owned(),
        cancels,
    ]
}

/// A table of cells that are HTML.
fn table<const N: usize>(head: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut rows = rows.take(MOST_ROWS).peekable();
    if rows.peek().is_none() {
        return "<p>None.</p>".to_owned();
    }
    let head: String = head.iter().map(|it| format!("<th>{it}")).collect();
    let rows: String = rows
        .map(|cells| format!("<tr>{}", cells.map(|it| format!("<td>{it}")).concat()))
        .collect();
    format!("<table><tr>{head}{rows}</table>")
}
