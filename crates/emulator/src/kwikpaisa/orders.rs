//! KwikPaisa's three calls about an order: create, status and cancel.

use hyper::StatusCode;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::replies::{Answered, Refusal};
use super::wire::{Cancelled, CreateBody, Created, Customer, Envelope, OrderBody, Status, date};
use crate::call::Call;
use crate::customer::{CustomerAct, Race};
use crate::exchange::Reply;
use crate::json::{JsonScalar, is_currency, read_amount};
use crate::order::{KwikPaisaOrder, Order, OrderDetails, Payment};
use crate::rng::Rng;
use crate::state::orders::OrderKey;
use crate::variants::{Behaviour, kwikpaisa as variants};

/// What a create asks for, once every member was checked.
struct NewOrder {
    order_id: JsonScalar,
    amount: Decimal,
    currency: String,
    note: Option<String>,
    return_url: String,
    phone: String,
}

pub(super) fn create(call: &mut Call<'_>) -> Answered {
    let new = new_order(body(call)?, call.behaviour)?;
    if call.state.orders.kwikpaisa(new.order_id.text()).is_some() {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "Duplicate order ID.",
            "an order with this order_id exists",
        ));
    }
    let rng = &mut call.state.rng;
    let kwikx_order_id = format!("kp_{}", rng.guid());
    let order_token = rng.hex_token();
    let details = OrderDetails::KwikPaisa(KwikPaisaOrder {
        order_id: new.order_id,
        kwikx_order_id,
        order_token,
        read_since_cancel: false,
    });
    let key = call.state.orders.add(Order::new(
        details,
        new.amount,
        new.currency,
        new.note,
        new.return_url,
        call.now,
    ));
    let (order, own) = own(call, key)?;
    let behaviour = call.behaviour;
    let http = behaviour.value(&variants::CREATE_HTTP);
    let payment_link = format!("{}/checkout/{}", call.shared.base_url, own.order_token);
    let created = if behaviour.value(&variants::CREATE_REPLY_IS_FULL) {
        Created {
            kwikX_order_id: Some(&own.kwikx_order_id),
            created_at: Some(date(order.created_at, behaviour)),
            order_id: Some(echo(own, behaviour)),
            order_status: Some(order.truth()),
            order_token: Some(&own.order_token),
            payment_link,
        }
    } else {
        Created {
            payment_link,
            ..Created::default()
        }
    };
    let reply = Reply::json(
        http,
        &Envelope {
            code: http.as_str(),
            status: "success",
            message: "Order created successfully.",
            return_data: Some(&created),
        },
    );
    call.begin(key, Some(&new.phone));
    Ok(reply)
}

pub(super) fn status(call: &mut Call<'_>) -> Answered {
    let key = addressed(call)?;
    let order_status = shown(call, key);
    let (order, own) = own(call, key)?;
    let behaviour = call.behaviour;
    let paid = order.payment == Payment::Paid;
    // A failed payment is known to have a null transaction_id, whatever the others do.
    let present = behaviour.value(&variants::UNPAID_FIELDS_ARE_PRESENT)
        || paid
        || order.payment == Payment::Failed;
    let (status, message) = if order.payment == Payment::Failed {
        ("failed", "Payment failed.")
    } else {
        ("success", "Order status fetched successfully.")
    };
    Ok(Reply::json(
        StatusCode::OK,
        &Envelope {
            code: "200",
            status,
            message,
            return_data: Some(&Status {
                kwikX_order_id: &own.kwikx_order_id,
                order_id: echo(own, behaviour),
                order_amount: amount(order.amount, behaviour),
                currency: &order.currency,
                order_status,
                payment_method: present.then(|| paid.then_some("UPI")),
                transaction_id: present.then_some(order.receipt.as_deref()),
                created_at: date(order.created_at, behaviour),
                paid_at: present.then(|| order.paid_at.map(|it| date(it, behaviour))),
            }),
        },
    ))
}

/// The status of an order that does not exist.
pub(crate) fn stray(
    behaviour: &Behaviour,
    rng: &mut Rng,
    payment: Payment,
    now: Timestamp,
) -> Reply {
    let own = KwikPaisaOrder {
        order_id: JsonScalar::from_text("STRAY-1".to_owned()),
        kwikx_order_id: rng.hex_token(),
        order_token: rng.hex_token(),
        read_since_cancel: false,
    };
    let paid = payment == Payment::Paid;
    Reply::json(
        StatusCode::OK,
        &Envelope {
            code: "200",
            status: "success",
            message: "Order status fetched successfully.",
            return_data: Some(&Status {
                kwikX_order_id: &own.kwikx_order_id,
                order_id: echo(&own, behaviour),
                order_amount: amount(Decimal::ONE_HUNDRED, behaviour),
                currency: "INR",
                order_status: if paid { "PAID" } else { "UN_PAID" },
                payment_method: Some(paid.then_some("UPI")),
                transaction_id: Some(paid.then_some(own.order_token.as_str())),
                created_at: date(now, behaviour),
                paid_at: Some(paid.then(|| date(now, behaviour))),
            }),
        },
    )
}

/// The status that the merchant sees, which may lag by one read.
fn shown(call: &mut Call<'_>, key: OrderKey) -> &'static str {
    let order = call.state.orders.get_mut(key);
    let late = call.behaviour.value(&variants::CANCEL_SHOWS_LATE)
        && match &mut order.details {
            OrderDetails::KwikPaisa(own) if order.cancelled_at.is_some() => {
                !std::mem::replace(&mut own.read_since_cancel, true)
            }
            OrderDetails::KwikPaisa(_) | OrderDetails::Pesapal(_) => false,
        };
    if late {
        order.truth_but_for_a_cancel()
    } else {
        order.truth()
    }
}

pub(super) fn cancel(call: &mut Call<'_>) -> Answered {
    let key = addressed(call)?;
    let race = call.race(key);
    if race == Race::PaidBefore {
        // If the order can no longer be paid, there is no race.
        let _ = call.state.act(key, CustomerAct::Pay, call.now);
    }
    let order = call.state.orders.get_mut(key);
    order.cancel_requests = order.cancel_requests.saturating_add(1);
    let (order, own) = own(call, key)?;
    let behaviour = call.behaviour;
    if !order.is_cancellable() {
        let again = order.truth() == "CANCELLED";
        if again && behaviour.value(&variants::SECOND_CANCEL_IS_ACCEPTED) {
            let first = order.cancelled_at.unwrap_or(call.now);
            return Ok(cancelled(own, first, behaviour).because("cancelled before, not again"));
        }
        return Err(refusal(order, own, behaviour));
    }
    let reply = cancelled(own, call.now, behaviour).because("cancelled");
    call.state.orders.get_mut(key).apply_cancel(call.now);
    if race == Race::PaidAfter {
        let _ = call.state.act(key, CustomerAct::PayLate, call.now);
    }
    Ok(reply)
}

fn cancelled(own: &KwikPaisaOrder, at: Timestamp, behaviour: &Behaviour) -> Reply {
    let has_status = behaviour.value(&variants::CANCEL_REPLY_HAS_STATUS);
    let return_data = Cancelled {
        order_id: echo(own, behaviour),
        order_status: has_status.then_some("CANCELLED"),
        cancelled_at: Some(date(at, behaviour)),
    };
    Reply::json(
        StatusCode::OK,
        &Envelope {
            code: "200",
            status: "success",
            message: "Order cancelled successfully.",
            return_data: Some(&return_data),
        },
    )
}

fn refusal(order: &Order, own: &KwikPaisaOrder, behaviour: &Behaviour) -> Refusal {
    const MESSAGE: &str = "Order cannot be cancelled.";
    let reason = format!("the order is {}", order.truth());
    match behaviour.value(&variants::CANCEL_REFUSAL) {
        Some(status) => Refusal::new(status, MESSAGE, reason),
        None => {
            let order = Cancelled {
                order_id: echo(own, behaviour),
                order_status: Some(order.truth()),
                cancelled_at: None,
            };
            failed("200", MESSAGE, Some(&order), &reason)
        }
    }
}

/// HTTP 200 with an envelope whose status is failed.
fn failed(
    code: &'static str,
    message: &'static str,
    order: Option<&Cancelled>,
    reason: &str,
) -> Refusal {
    let envelope = Envelope {
        code,
        status: "failed",
        message,
        return_data: order,
    };
    Refusal::Written(Reply::json(StatusCode::OK, &envelope).because(reason))
}

/// The `order_id` of a reply.
fn echo(own: &KwikPaisaOrder, behaviour: &Behaviour) -> JsonScalar {
    match behaviour.value(&variants::ORDER_ID_TYPE) {
        None => own.order_id.clone(),
        Some(json_type) => own.order_id.to_type(json_type),
    }
}

/// An amount in a reply.
fn amount(amount: Decimal, behaviour: &Behaviour) -> JsonScalar {
    JsonScalar::amount(amount, behaviour.value(&variants::AMOUNT_TYPE))
}

fn body<T: DeserializeOwned>(call: &Call<'_>) -> Answered<T> {
    serde_json::from_slice(&call.received.body)
        .map_err(|problem| bad_payload(format!("the body is not the JSON wanted: {problem}")))
}

fn addressed(call: &Call<'_>) -> Answered<OrderKey> {
    let body: OrderBody = body(call)?;
    let id = order_id(body.order_id.as_deref())?;
    let found = call.state.orders.kwikpaisa(id.text());
    found.ok_or_else(|| unknown_order(call.behaviour))
}

fn unknown_order(behaviour: &Behaviour) -> Refusal {
    const MESSAGE: &str = "Order not found.";
    const REASON: &str = "no order has this order_id";
    match behaviour.value(&variants::UNKNOWN_ORDER) {
        Some(status) => Refusal::new(status, MESSAGE, REASON),
        None => failed("404", MESSAGE, None, REASON),
    }
}

fn own<'a>(call: &'a Call<'_>, key: OrderKey) -> Answered<(&'a Order, &'a KwikPaisaOrder)> {
    let order = call.state.orders.get(key);
    match &order.details {
        OrderDetails::KwikPaisa(own) => Ok((order, own)),
        // KwikPaisa's ids lead to KwikPaisa's orders only.
        OrderDetails::Pesapal(_) => Err(unknown_order(call.behaviour)),
    }
}

fn order_id(raw: Option<&RawValue>) -> Answered<JsonScalar> {
    let raw = raw.ok_or_else(|| bad_payload("order_id is missing".to_owned()))?;
    JsonScalar::read_id(raw)
        .ok_or_else(|| bad_payload("order_id is neither an integer nor text".to_owned()))
}

fn new_order(body: CreateBody, behaviour: &Behaviour) -> Answered<NewOrder> {
    let order_id = order_id(body.order_id.as_deref())?;
    let amount = body
        .order_amount
        .ok_or_else(|| bad_payload("order_amount is missing".to_owned()))?;
    let currency = required("order_currency", body.order_currency)?;
    let service_type = required("service_type", body.service_type)?;
    check_service_type(&service_type, behaviour.value(&variants::SERVICE_TYPES))?;
    let customer = body
        .customer
        .ok_or_else(|| bad_payload("customer is missing".to_owned()))?;
    let Customer { name, email, phone } = customer;
    required("customer.name", name)?;
    required("customer.email", email)?;
    let phone = required("customer.phone", phone)?;
    let return_url = required("return_url", body.return_url)?;
    let amount = read_amount(&amount)
        .filter(|it| *it > Decimal::ZERO)
        .ok_or_else(|| invalid("order_amount is not a decimal above zero"))?;
    if !is_currency(&currency) {
        return Err(invalid("order_currency is not three capital letters"));
    }
    if url::Url::parse(&return_url).is_err() {
        return Err(invalid("return_url is not an absolute address"));
    }
    Ok(NewOrder {
        order_id,
        amount,
        currency,
        note: body.order_note,
        return_url,
        phone,
    })
}

fn check_service_type(sent: &str, listed: Option<&[&str]>) -> Answered<()> {
    if listed.is_none_or(|it| it.contains(&sent)) {
        Ok(())
    } else {
        Err(invalid(
            "service_type is neither DIGITAL nor PHYSICAL_GOODS",
        ))
    }
}

fn required(name: &str, value: Option<String>) -> Answered<String> {
    value
        .filter(|it| !it.trim().is_empty())
        .ok_or_else(|| bad_payload(format!("{name} is missing")))
}

fn bad_payload(reason: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "Invalid request payload.", reason)
}

fn invalid(reason: &str) -> Refusal {
    Refusal::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "Validation failed.",
        reason,
    )
}
