//! The hosted checkout page: one small page per order, where a browser plays the customer.

use hyper::{Method, StatusCode};
use url::Url;

use crate::customer::CustomerAct;
use crate::exchange::{Received, Reply};
use crate::html::{Html, encoded, escaped, framed};
use crate::json::amount_text;
use crate::notification::with_order;
use crate::order::{Order, OrderDetails};
use crate::overview;
use crate::routes::Page;
use crate::state::Shared;
use crate::variants::{Behaviour, pesapal as variants};

/// The names of the members in the address to which the browser returns; variants change only an IPN's.
const BROWSER_NAMES: [&str; 3] = [
    "OrderTrackingId",
    "OrderMerchantReference",
    "OrderNotificationType",
];

/// The answer to a page or a button; `varying` is what stands in its path.
pub(crate) fn answer(
    shared: &Shared,
    received: &Received,
    page: Page,
    varying: &[String],
) -> Reply {
    let token = varying.first().map_or("", String::as_str);
    match page {
        Page::Overview => overview::page(shared),
        Page::Checkout => shown(shared, token),
        Page::PesapalCheckout => {
            let tracking_id = received.query("OrderTrackingId").unwrap_or_default();
            shown(shared, &tracking_id)
        }
        Page::Button(act) => pressed(shared, token, act),
    }
}

/// A page or a button with a method that it does not have.
pub(crate) fn wrong_method(allowed: &[Method]) -> Reply {
    let text = if allowed.contains(&Method::POST) {
        "This button must be pressed."
    } else {
        "This page can only be read."
    };
    message(StatusCode::METHOD_NOT_ALLOWED, text)
}

/// The page of an order.
fn shown(shared: &Shared, token: &str) -> Reply {
    let state = shared.state();
    let Some(key) = state.orders.checkout(token) else {
        return no_such_order();
    };
    let page = order_page(state.orders.get(key), token, &state.behaviour);
    framed(StatusCode::OK, &page)
}

/// Lets the customer act, and redirects back to the page.
fn pressed(shared: &Shared, token: &str, act: CustomerAct) -> Reply {
    let now = shared.clock.now();
    let mut state = shared.state();
    let Some(key) = state.orders.checkout(token) else {
        return no_such_order();
    };
    if state.act(key, act, now).is_err() {
        let page = order_page(state.orders.get(key), token, &state.behaviour);
        return framed(StatusCode::CONFLICT, &page);
    }
    Reply::html(StatusCode::SEE_OTHER, String::new())
        .with_header("location", format!("/checkout/{}", encoded(token)))
}

pub(crate) fn no_such_order() -> Reply {
    message(StatusCode::NOT_FOUND, "There is no such order.")
}

fn message(status: StatusCode, text: &str) -> Reply {
    framed(
        status,
        &Html {
            title: "Checkout",
            head: String::new(),
            body: format!("<p class=state>{}</p>", escaped(text)),
        },
    )
}

fn order_page(order: &Order, token: &str, behaviour: &Behaviour) -> Html {
    let (seller, reference) = match &order.details {
        OrderDetails::KwikPaisa(own) => ("KwikPaisa", own.order_id.text()),
        OrderDetails::Pesapal(own) => ("Pesapal", own.reference.as_str()),
    };
    let mut body = format!(
        "<h1>{seller}</h1><p class=amount>{} {}</p><dl><dt>Order</dt><dd>{}</dd>",
        escaped(&order.currency),
        escaped(&amount_text(order.amount)),
        escaped(reference),
    );
    if let Some(description) = &order.description {
        body.push_str(&format!("<dt>For</dt><dd>{}</dd>", escaped(description)));
    }
    body.push_str(&format!("<dt>Status</dt><dd>{}</dd></dl>", order.truth()));
    if order.is_cancelled() {
        body.push_str("<p class=state>This order was cancelled. It cannot be paid here.</p>");
    } else if order.paid_at.is_some() {
        body.push_str("<p class=state>This order was paid. Thank you.</p>");
    }
    let can_pay = order.after(CustomerAct::Pay).is_some();
    let can_fail = order.after(CustomerAct::Fail).is_some();
    if can_pay {
        body.push_str(&button_form(token, "pay", "Pay"));
    }
    if can_fail {
        body.push_str(&button_form(token, "fail", "Fail"));
    }
    let mut head = String::new();
    if let Some(back) = way_back(order, behaviour) {
        let back = escaped(back.as_str());
        // Automatically only when the page offers no further action.
        if !can_fail && !order.is_cancelled() {
            head = format!("<meta http-equiv=refresh content=\"3;url={back}\">");
        }
        body.push_str(&format!("<p><a href=\"{back}\">Return to the shop</a></p>"));
    }
    Html {
        title: "Checkout",
        head,
        body,
    }
}

fn button_form(token: &str, name: &str, label: &str) -> String {
    let token = escaped(&encoded(token));
    format!(
        "<form method=post action=\"/checkout/{token}/{name}\"><button class={name}>{label}</button></form>"
    )
}

/// Where the browser goes afterwards; None unless it is a web address.
fn way_back(order: &Order, behaviour: &Behaviour) -> Option<Url> {
    let web = |text: &str| {
        Url::parse(text)
            .ok()
            .filter(|it| matches!(it.scheme(), "http" | "https"))
    };
    match &order.details {
        OrderDetails::KwikPaisa(_) => web(&order.return_url),
        OrderDetails::Pesapal(own) => {
            let given_up = order.paid_at.is_none() || order.is_cancelled();
            let cancellation = own.cancellation_url.as_deref().filter(|_| given_up);
            let url = web(cancellation.unwrap_or(&order.return_url))?;
            let has_type = behaviour.value(&variants::BROWSER_RETURN_HAS_TYPE);
            let kind = has_type.then_some("CALLBACKURL");
            Some(with_order(&url, own, BROWSER_NAMES, kind))
        }
    }
}
