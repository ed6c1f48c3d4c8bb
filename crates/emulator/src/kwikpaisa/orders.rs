//! KwikPaisa's three calls about an order: create, status and cancel.

use hyper::StatusCode;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::replies::{Answered, Refusal};
use super::wire::{
    Amount, Cancelled, CreateBody, Created, Customer, Envelope, OrderBody, Status, date,
};
use crate::behaviour::kwikpaisa::{
    CancelRefusal, CancelReply, CancelShows, CreateHttp, CreateReply, KwikPaisaBehaviour,
    OrderIdEcho, SecondCancel, ServiceType, UnknownOrder, UnpaidFields,
};
use crate::call::{Call, Race};
use crate::customer::CustomerAct;
use crate::exchange::Reply;
use crate::json::{MerchantOrderId, is_currency, read_amount};
use crate::order::{KwikPaisaOrder, Order, OrderDetails, Payment};
use crate::rng::Rng;
use crate::state::orders::OrderKey;

/// What a create asks for, once every member was checked.
struct NewOrder {
    order_id: MerchantOrderId,
    amount: Decimal,
    currency: String,
    note: Option<String>,
    return_url: String,
}

pub(super) fn create(call: &mut Call<'_>) -> Answered {
    let new = new_order(body(call)?, &call.behaviour.kwikpaisa)?;
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
    let behaviour = &call.behaviour.kwikpaisa;
    let (http, code) = match behaviour.create_http {
        CreateHttp::Ok200 => (StatusCode::OK, "200"),
        CreateHttp::Created201 => (StatusCode::CREATED, "201"),
    };
    let payment_link = format!("{}/checkout/{}", call.shared.base_url, own.order_token);
    let created = match behaviour.create_reply {
        CreateReply::Full => Created {
            kwikX_order_id: Some(&own.kwikx_order_id),
            created_at: Some(date(order.created_at, behaviour.date_zone)),
            order_id: Some(echo(own, behaviour)),
            order_status: Some(order.truth()),
            order_token: Some(&own.order_token),
            payment_link,
        },
        CreateReply::LinkOnly => Created {
            payment_link,
            ..Created::default()
        },
    };
    Ok(Reply::json(
        http,
        &Envelope {
            code,
            status: "success",
            message: "Order created successfully.",
            return_data: Some(&created),
        },
    ))
}

pub(super) fn status(call: &mut Call<'_>) -> Answered {
    let key = addressed(call)?;
    let order_status = shown(call, key);
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
            return_data: Some(&Status {
                kwikX_order_id: &own.kwikx_order_id,
                order_id: echo(own, behaviour),
                order_amount: Amount {
                    value: order.amount,
                    form: behaviour.amounts,
                },
                currency: &order.currency,
                order_status,
                payment_method: present.then(|| paid.then_some("UPI")),
                transaction_id: present.then_some(order.receipt.as_deref()),
                created_at: date(order.created_at, behaviour.date_zone),
                paid_at: present.then(|| order.paid_at.map(|it| date(it, behaviour.date_zone))),
            }),
        },
    ))
}

/// The status of an order that does not exist.
pub(crate) fn stray(
    behaviour: &KwikPaisaBehaviour,
    rng: &mut Rng,
    payment: Payment,
    now: Timestamp,
) -> Reply {
    let id = serde_json::value::to_raw_value("STRAY-1").ok();
    let Some(order_id) = id.and_then(|it| MerchantOrderId::read(&it)) else {
        return Reply::empty(StatusCode::OK);
    };
    let own = KwikPaisaOrder {
        order_id,
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
                order_amount: Amount {
                    value: Decimal::ONE_HUNDRED,
                    form: behaviour.amounts,
                },
                currency: "INR",
                order_status: if paid { "PAID" } else { "UN_PAID" },
                payment_method: Some(paid.then_some("UPI")),
                transaction_id: Some(paid.then_some(own.order_token.as_str())),
                created_at: date(now, behaviour.date_zone),
                paid_at: Some(paid.then(|| date(now, behaviour.date_zone))),
            }),
        },
    )
}

/// The status as the merchant gets to see it, which may be late by one read.
fn shown(call: &mut Call<'_>, key: OrderKey) -> &'static str {
    let order = call.state.orders.get_mut(key);
    let late = match call.behaviour.kwikpaisa.cancel_shows {
        CancelShows::AtOnce => false,
        CancelShows::AfterARead => match &mut order.details {
            OrderDetails::KwikPaisa(own) if order.cancelled_at.is_some() => {
                !std::mem::replace(&mut own.read_since_cancel, true)
            }
            OrderDetails::KwikPaisa(_) | OrderDetails::Pesapal(_) => false,
        },
    };
    if late {
        order.truth_but_for_a_cancel()
    } else {
        order.truth()
    }
}

pub(super) fn cancel(call: &mut Call<'_>) -> Answered {
    let key = addressed(call)?;
    if call.race == Race::PaidBefore {
        // An order that cannot be paid any more loses the race on its own.
        let _ = call.state.act(key, CustomerAct::Pay, call.now);
    }
    let order = call.state.orders.get_mut(key);
    order.cancel_requests = order.cancel_requests.saturating_add(1);
    let (order, own) = own(call, key)?;
    let behaviour = &call.behaviour.kwikpaisa;
    if !order.is_cancellable() {
        let again = order.truth() == "CANCELLED";
        return match behaviour.second_cancel {
            SecondCancel::Accepted if again => {
                let first = order.cancelled_at.unwrap_or(call.now);
                Ok(cancelled(own, first, behaviour).because("cancelled before, not again"))
            }
            SecondCancel::Accepted | SecondCancel::Refused => Err(refusal(order, own, behaviour)),
        };
    }
    let reply = cancelled(own, call.now, behaviour).because("cancelled");
    call.state.orders.get_mut(key).apply_cancel(call.now);
    if call.race == Race::PaidAfter {
        let _ = call.state.act(key, CustomerAct::PayLate, call.now);
    }
    Ok(reply)
}

fn cancelled(own: &KwikPaisaOrder, at: Timestamp, behaviour: &KwikPaisaBehaviour) -> Reply {
    let order = Cancelled {
        order_id: echo(own, behaviour),
        order_status: Some("CANCELLED"),
        cancelled_at: Some(date(at, behaviour.date_zone)),
    };
    let return_data = match behaviour.cancel_reply {
        CancelReply::Full => order,
        CancelReply::WithoutStatus => Cancelled {
            order_status: None,
            ..order
        },
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

fn refusal(order: &Order, own: &KwikPaisaOrder, behaviour: &KwikPaisaBehaviour) -> Refusal {
    const MESSAGE: &str = "Order cannot be cancelled.";
    let reason = format!("the order is {}", order.truth());
    let status = match behaviour.cancel_refusal {
        CancelRefusal::Http422 => StatusCode::UNPROCESSABLE_ENTITY,
        CancelRefusal::Http400 => StatusCode::BAD_REQUEST,
        CancelRefusal::Http409 => StatusCode::CONFLICT,
        CancelRefusal::FailedEnvelope => {
            let order = Cancelled {
                order_id: echo(own, behaviour),
                order_status: Some(order.truth()),
                cancelled_at: None,
            };
            return failed("200", MESSAGE, Some(&order), &reason);
        }
    };
    Refusal::new(status, MESSAGE, reason)
}

/// An envelope that says failed in HTTP 200.
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
fn echo(own: &KwikPaisaOrder, behaviour: &KwikPaisaBehaviour) -> Box<RawValue> {
    match behaviour.order_id_echo {
        OrderIdEcho::AsSent => own.order_id.as_sent(),
        OrderIdEcho::Text => own.order_id.as_text(),
        OrderIdEcho::Integer => own.order_id.as_integer(),
    }
}

fn body<T: DeserializeOwned>(call: &Call<'_>) -> Answered<T> {
    serde_json::from_slice(&call.received.body)
        .map_err(|problem| bad_payload(format!("the body is not the JSON wanted: {problem}")))
}

fn addressed(call: &Call<'_>) -> Answered<OrderKey> {
    let body: OrderBody = body(call)?;
    let id = order_id(body.order_id.as_deref())?;
    let found = call.state.orders.kwikpaisa(id.text());
    found.ok_or_else(|| unknown_order(&call.behaviour.kwikpaisa))
}

fn unknown_order(behaviour: &KwikPaisaBehaviour) -> Refusal {
    const MESSAGE: &str = "Order not found.";
    const REASON: &str = "no order has this order_id";
    let status = match behaviour.unknown_order {
        UnknownOrder::Http404 => StatusCode::NOT_FOUND,
        UnknownOrder::Http400 => StatusCode::BAD_REQUEST,
        UnknownOrder::Http422 => StatusCode::UNPROCESSABLE_ENTITY,
        UnknownOrder::FailedEnvelope => return failed("404", MESSAGE, None, REASON),
    };
    Refusal::new(status, MESSAGE, REASON)
}

fn own<'a>(call: &'a Call<'_>, key: OrderKey) -> Answered<(&'a Order, &'a KwikPaisaOrder)> {
    let order = call.state.orders.get(key);
    match &order.details {
        OrderDetails::KwikPaisa(own) => Ok((order, own)),
        // KwikPaisa's ids lead to KwikPaisa's orders only.
        OrderDetails::Pesapal(_) => Err(unknown_order(&call.behaviour.kwikpaisa)),
    }
}

fn order_id(raw: Option<&RawValue>) -> Answered<MerchantOrderId> {
    let raw = raw.ok_or_else(|| bad_payload("order_id is missing".to_owned()))?;
    MerchantOrderId::read(raw)
        .ok_or_else(|| bad_payload("order_id is neither an integer nor text".to_owned()))
}

fn new_order(body: CreateBody, behaviour: &KwikPaisaBehaviour) -> Answered<NewOrder> {
    let order_id = order_id(body.order_id.as_deref())?;
    let amount = body
        .order_amount
        .ok_or_else(|| bad_payload("order_amount is missing".to_owned()))?;
    let currency = required("order_currency", body.order_currency)?;
    let service_type = required("service_type", body.service_type)?;
    check_service_type(&service_type, behaviour.service_type)?;
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

fn check_service_type(sent: &str, rule: ServiceType) -> Answered<()> {
    let taken = match rule {
        ServiceType::Any => true,
        ServiceType::Listed => matches!(sent, "DIGITAL" | "PHYSICAL_GOODS"),
    };
    if taken {
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
