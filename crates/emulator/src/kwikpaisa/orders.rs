//! KwikPaisa's three calls about an order: create, status and cancel.

use hyper::StatusCode;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::error;
use super::wire::{Cancelled, CreateBody, Created, Customer, Envelope, OrderBody, Status, date};
use crate::act::CustomerAct;
use crate::behaviour::kwikpaisa::{CancelRefusal, CreateHttp, UnpaidFields};
use crate::book::OrderKey;
use crate::exchange::Reply;
use crate::json::{MerchantOrderId, amount_text, is_currency, read_amount};
use crate::order::{KwikPaisaOrder, Order, Particulars, Payment};
use crate::service::{Call, Race};

/// An answer, or the refusal that is sent instead.
type Answered<T = Reply> = Result<T, Reply>;

/// What a create asks for, once every member was checked.
struct NewOrder {
    order_id: MerchantOrderId,
    amount: Decimal,
    currency: String,
    note: Option<String>,
    return_url: String,
}

pub(super) fn create(call: &mut Call<'_>) -> Answered {
    let new = new_order(body(call)?)?;
    if call.world.book.kwikpaisa(new.order_id.text()).is_some() {
        return Err(error(StatusCode::CONFLICT, "Duplicate order ID.")
            .because("an order with this order_id exists"));
    }
    let rng = &mut call.world.rng;
    let kwikx_order_id = format!("kp_{}", rng.guid());
    let order_token = rng.hex_token();
    let particulars = Particulars::KwikPaisa(KwikPaisaOrder {
        order_id: new.order_id,
        kwikx_order_id,
        order_token,
    });
    let key = call.world.book.add(Order::new(
        particulars,
        new.amount,
        new.currency,
        new.note,
        new.return_url,
        call.now,
    ));
    let (order, own) = own(call, key)?;
    let behaviour = &call.behaviour.kwikpaisa;
    let (http, code) = match behaviour.create_http {
        CreateHttp::Ok200 => (StatusCode::OK, "200"),
        CreateHttp::Created201 => (StatusCode::CREATED, "201"),
    };
    Ok(Reply::json(
        http,
        &Envelope {
            code,
            status: "success",
            message: "Order created successfully.",
            return_data: &Created {
                kwikX_order_id: &own.kwikx_order_id,
                created_at: date(order.created_at, behaviour.date_zone),
                order_id: &own.order_id,
                order_status: order.truth(),
                order_token: &own.order_token,
                payment_link: format!("{}/checkout/{}", call.shared.base_url, own.order_token),
            },
        },
    ))
}

pub(super) fn status(call: &mut Call<'_>) -> Answered {
    let key = addressed(call)?;
    let (order, own) = own(call, key)?;
    let behaviour = &call.behaviour.kwikpaisa;
    let paid = order.payment == Payment::Paid;
    // A failed payment is known to have a null transaction_id, whatever the others do.
    let present = match behaviour.unpaid_fields {
        UnpaidFields::Null => true,
        UnpaidFields::Absent => paid || order.payment == Payment::Failed,
    };
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
            return_data: &Status {
                kwikX_order_id: &own.kwikx_order_id,
                order_id: &own.order_id,
                order_amount: amount_text(order.amount),
                currency: &order.currency,
                order_status: order.truth(),
                payment_method: present.then(|| paid.then_some("UPI")),
                transaction_id: present.then_some(order.receipt.as_deref()),
                created_at: date(order.created_at, behaviour.date_zone),
                paid_at: present.then(|| order.paid_at.map(|it| date(it, behaviour.date_zone))),
            },
        },
    ))
}

pub(super) fn cancel(call: &mut Call<'_>) -> Answered {
    let key = addressed(call)?;
    if call.race == Race::PaidBefore {
        // An order that cannot be paid any more loses the race on its own.
        let _ = call.world.act(key, CustomerAct::Pay, call.now);
    }
    let order = call.world.book.get_mut(key);
    order.cancel_requests = order.cancel_requests.saturating_add(1);
    if !order.is_cancellable() {
        let (order, own) = own(call, key)?;
        return Err(refusal(call.behaviour.kwikpaisa.cancel_refusal, order, own));
    }
    order.apply_cancel(call.now);
    let (_, own) = own(call, key)?;
    let reply = Reply::json(
        StatusCode::OK,
        &Envelope {
            code: "200",
            status: "success",
            message: "Order cancelled successfully.",
            return_data: &Cancelled {
                order_id: &own.order_id,
                order_status: "CANCELLED",
                cancelled_at: Some(date(call.now, call.behaviour.kwikpaisa.date_zone)),
            },
        },
    )
    .because("cancelled");
    if call.race == Race::PaidAfter {
        let _ = call.world.act(key, CustomerAct::PayLate, call.now);
    }
    Ok(reply)
}

fn refusal(form: CancelRefusal, order: &Order, own: &KwikPaisaOrder) -> Reply {
    const MESSAGE: &str = "Order cannot be cancelled.";
    let reply = match form {
        CancelRefusal::Http422 => error(StatusCode::UNPROCESSABLE_ENTITY, MESSAGE),
        CancelRefusal::Http400 => error(StatusCode::BAD_REQUEST, MESSAGE),
        CancelRefusal::Http409 => error(StatusCode::CONFLICT, MESSAGE),
        CancelRefusal::FailedEnvelope => Reply::json(
            StatusCode::OK,
            &Envelope {
                code: "200",
                status: "failed",
                message: MESSAGE,
                return_data: &Cancelled {
                    order_id: &own.order_id,
                    order_status: order.truth(),
                    cancelled_at: None,
                },
            },
        ),
    };
    reply.because(format!("the order is {}", order.truth()))
}

fn body<T: DeserializeOwned>(call: &Call<'_>) -> Answered<T> {
    serde_json::from_slice(&call.received.body)
        .map_err(|problem| bad_payload(format!("the body is not the JSON wanted: {problem}")))
}

fn addressed(call: &Call<'_>) -> Answered<OrderKey> {
    let body: OrderBody = body(call)?;
    let id = order_id(body.order_id.as_deref())?;
    call.world.book.kwikpaisa(id.text()).ok_or_else(|| {
        error(StatusCode::NOT_FOUND, "Order not found.").because("no order has this order_id")
    })
}

fn own<'a>(call: &'a Call<'_>, key: OrderKey) -> Answered<(&'a Order, &'a KwikPaisaOrder)> {
    let order = call.world.book.get(key);
    match &order.particulars {
        Particulars::KwikPaisa(own) => Ok((order, own)),
        // The book finds KwikPaisa's orders by KwikPaisa's ids only.
        Particulars::Pesapal(_) => Err(error(StatusCode::NOT_FOUND, "Order not found.")),
    }
}

fn order_id(raw: Option<&RawValue>) -> Answered<MerchantOrderId> {
    let raw = raw.ok_or_else(|| bad_payload("order_id is missing".to_owned()))?;
    MerchantOrderId::read(raw)
        .ok_or_else(|| bad_payload("order_id is neither an integer nor text".to_owned()))
}

fn new_order(body: CreateBody) -> Answered<NewOrder> {
    let order_id = order_id(body.order_id.as_deref())?;
    let amount = body
        .order_amount
        .ok_or_else(|| bad_payload("order_amount is missing".to_owned()))?;
    let currency = required("order_currency", body.order_currency)?;
    required("service_type", body.service_type)?;
    let customer = body
        .customer
        .ok_or_else(|| bad_payload("customer is missing".to_owned()))?;
    let Customer { name, email, phone } = customer;
    required("customer.name", name)?;
    required("customer.email", email)?;
    required("customer.phone", phone)?;
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
    })
}

fn required(name: &str, value: Option<String>) -> Answered<String> {
    value
        .filter(|it| !it.trim().is_empty())
        .ok_or_else(|| bad_payload(format!("{name} is missing")))
}

fn bad_payload(reason: String) -> Reply {
    error(StatusCode::BAD_REQUEST, "Invalid request payload.").because(reason)
}

fn invalid(reason: &str) -> Reply {
    error(StatusCode::UNPROCESSABLE_ENTITY, "Validation failed.").because(reason)
}
