//! The hosted checkout page: one small page per order, where a browser plays the customer.

use hyper::{Method, StatusCode};
use url::Url;

use crate::customer::CustomerAct;
use crate::exchange::{Received, Reply};
use crate::json::amount_text;
use crate::notification::with_order;
use crate::order::{Order, OrderDetails};
use crate::routes::Page;
use crate::state::Shared;
use crate::variants::{Behaviour, pesapal as variants};

/// No script runs and no resource is loaded, whatever text an order contains.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'";
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:3rem auto;padding:0 1rem;color:#1c2330}\
dl{display:grid;grid-template-columns:auto 1fr;gap:.3rem 1rem}dt{color:#5b6472}dd{margin:0;overflow-wrap:anywhere}\
.amount{font-size:2rem;margin:.5rem 0}form{display:inline}\
button{font:inherit;padding:.5rem 1.2rem;margin-right:.5rem;border:1px solid #1c2330;border-radius:.4rem;background:#fff;cursor:pointer}\
.pay{background:#14532d;border-color:#14532d;color:#fff}.state{padding:.6rem .8rem;border-radius:.4rem;background:#eef1f5}\
footer{margin-top:2rem;font-size:.85rem;color:#5b6472}";

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
            head: String::new(),
            body: format!("<p class=state>{}</p>", escaped(text)),
        },
    )
}

struct Html {
    head: String,
    body: String,
}

fn framed(status: StatusCode, page: &Html) -> Reply {
    let html = format!(
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>Checkout</title><style>{STYLE}</style>{}</head><body>{}\
         <footer>An emulated checkout: no money moves.</footer></body></html>",
        page.head, page.body
    );
    Reply::html(status, html).with_header("content-security-policy", POLICY)
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
    Html { head, body }
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

fn encoded(segment: &str) -> String {
    percent_encoding::utf8_percent_encode(segment, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(it),
        }
    }
    safe
}
