//! Pesapal's status and refund of an order.

use hyper::StatusCode;
use jiff::Timestamp;
use rust_decimal::Decimal;
use url::Url;

use super::replies::{
    Answered, api_error, bad_parameters, body, foreign_not_found, not_found, own, plain, success,
};
use super::wire::{
    ApiError, PayerInfo, Place, RefundBody, StatusReply, body_status, east_africa, no_error,
    tracking_id,
};
use crate::call::Call;
use crate::exchange::Reply;
use crate::json::{JsonScalar, JsonType, read_amount};
use crate::order::{Order, OrderDetails, Payment, PesapalOrder};
use crate::rng::Rng;
use crate::variants::Behaviour;
use crate::variants::pesapal::{self as variants, StatusAfterCancel, UnknownOrder};

/// What the status of an order says.
#[derive(Debug, Clone, Copy)]
enum Shown {
    Pending,
    Completed,
    Failed,
    Reversed,
    /// A code 0 that does not say *pending*.
    Invalid,
}

pub(super) fn status(call: &mut Call<'_>) -> Answered {
    let id = call
        .received
        .query("orderTrackingId")
        .ok_or_else(|| bad_parameters(call.behaviour, "orderTrackingId is missing"))?;
    let order = call
        .state
        .orders
        .pesapal(&id)
        .map(|key| call.state.orders.get(key))
        .ok_or_else(|| unknown_order(call))?;
    let behaviour = call.behaviour;
    let own = own(order).ok_or_else(|| unknown_order(call))?;
    let shown = shown(order, behaviour.value(&variants::STATUS_AFTER_CANCEL));
    let reply = status_reply(order, own, shown, behaviour);
    Ok(Reply::json(StatusCode::OK, &reply))
}

/// The status of an order that does not exist.
pub(crate) fn stray(
    behaviour: &Behaviour,
    rng: &mut Rng,
    payment: Payment,
    now: Timestamp,
) -> Reply {
    let details = OrderDetails::Pesapal(PesapalOrder {
        tracking_id: rng.guid(),
        reference: "STRAY-1".to_owned(),
        notification_id: String::new(),
        cancellation_url: None,
        account_number: None,
        refund_requests: 0,
        refund_requested: false,
    });
    let url = "https://merchant.example/return".to_owned();
    let mut order = Order::new(
        details,
        Decimal::ONE_HUNDRED,
        "KES".to_owned(),
        None,
        url,
        now,
    );
    order.payment = payment;
    if payment == Payment::Paid {
        order.receipt = Some(rng.hex_token());
    }
    let shown = shown(&order, behaviour.value(&variants::STATUS_AFTER_CANCEL));
    match own(&order) {
        Some(own) => Reply::json(StatusCode::OK, &status_reply(&order, own, shown, behaviour)),
        None => not_found(behaviour),
    }
}

fn unknown_order(call: &Call<'_>) -> Reply {
    let behaviour = call.behaviour;
    let message = "unknown orderTrackingId";
    match behaviour.value(&variants::UNKNOWN_ORDER) {
        UnknownOrder::Error200 => api_error(behaviour, "invalid_api_request_parameters", message),
        UnknownOrder::Http404 => not_found(behaviour),
        UnknownOrder::Foreign404 => foreign_not_found(call),
        UnknownOrder::Status500 => plain(behaviour, StatusCode::OK, 500, message).because(message),
    }
}

const fn shown(order: &Order, after_cancel: StatusAfterCancel) -> Shown {
    match order.payment {
        Payment::Paid => return Shown::Completed,
        Payment::Reversed => return Shown::Reversed,
        Payment::Open | Payment::Processing | Payment::Failed | Payment::Expired => {}
    }
    if order.is_cancelled() {
        match after_cancel {
            StatusAfterCancel::Invalid => return Shown::Invalid,
            StatusAfterCancel::Failed => return Shown::Failed,
            StatusAfterCancel::Unchanged => {}
        }
    }
    match order.payment {
        Payment::Failed => Shown::Failed,
        Payment::Open
        | Payment::Processing
        | Payment::Expired
        | Payment::Paid
        | Payment::Reversed => Shown::Pending,
    }
}

/// What a failed payment by card shows as its confirmation code: 22 digits, as recorded. No refund can be asked for by it.
const FAILED_RECEIPT: &str = "6513008693186320100001";
/// The same by mobile money: 8 digits.
const FAILED_MOBILE_RECEIPT: &str = "40718263";

fn status_reply<'a>(
    order: &'a Order,
    own: &'a PesapalOrder,
    shown: Shown,
    behaviour: &Behaviour,
) -> StatusReply<'a> {
    let with_callback = |code: &str, message: &str| {
        Some(Some(ApiError {
            call_back_url: Some(Some(with_ids(order, own, behaviour))),
            ..ApiError::new(behaviour, code, message)
        }))
    };
    let none = no_error(behaviour, Place::Status);
    let (status_code, text, description, error) = match shown {
        Shown::Pending => (
            0,
            if order.payment == Payment::Processing
                && behaviour.value(&variants::PENDING_WORD_IS_KNOWN)
            {
                "PENDING"
            } else {
                "INVALID"
            },
            None,
            with_callback("payment_details_not_found", "Pending Payment"),
        ),
        Shown::Invalid => (
            0,
            "INVALID",
            None,
            with_callback("order_cancelled", "Order cancelled"),
        ),
        Shown::Completed => (
            1,
            "Completed",
            Some("Transaction successfully processed."),
            none,
        ),
        // The bank's own words.
        Shown::Failed => (
            2,
            "Failed",
            Some("Invalid amount provided.Please provide original amount"),
            none,
        ),
        Shown::Reversed => (3, "Reversed", Some("Transaction reversed."), none),
    };
    let pending = status_code == 0;
    let method = behaviour.value(&variants::PAYMENT_METHOD);
    // Recorded: once it is paid, the date is that of the payment.
    let (dated, payer_info) = match shown {
        Shown::Completed | Shown::Reversed => (
            order.paid_at.unwrap_or(order.created_at),
            behaviour.value(&variants::PAYER_INFO_IS_THERE),
        ),
        Shown::Pending | Shown::Invalid | Shown::Failed => (order.created_at, false),
    };
    let there = behaviour.value(&variants::STATUS_HAS_ALL_KEYS);
    StatusReply {
        payment_method: if pending { "" } else { method.word },
        amount: JsonScalar::amount(order.amount, JsonType::Number),
        created_date: east_africa(dated),
        confirmation_code: match shown {
            Shown::Failed if method.is_mobile => FAILED_MOBILE_RECEIPT,
            Shown::Failed => FAILED_RECEIPT,
            Shown::Pending | Shown::Invalid | Shown::Completed | Shown::Reversed => {
                order.receipt.as_deref().unwrap_or("")
            }
        },
        order_tracking_id: there.then(|| tracking_id(behaviour, own)),
        payment_status_description: text,
        description: description.filter(|_| !method.is_mobile),
        message: "Request processed successfully",
        payment_account: match (pending, method.is_mobile) {
            (true, _) => "",
            (false, true) => behaviour.value(&variants::PAYER_PHONE),
            (false, false) => "476173XXXXXX0010",
        },
        account_number: account_number(own, there),
        payer_info: payer_info.then_some(PayerInfo {
            first_name: "Achieng",
            last_name: "Odhiambo",
        }),
        call_back_url: with_ids(order, own, behaviour),
        status_code,
        merchant_reference: &own.reference,
        payment_status_code: there.then_some(""),
        currency: &order.currency,
        error,
        status: body_status(behaviour, if pending { 500 } else { 200 }),
    }
}

/// The callback address of an order, with its ids behind it as recorded.
fn with_ids(order: &Order, own: &PesapalOrder, behaviour: &Behaviour) -> String {
    let Ok(mut url) = Url::parse(&order.return_url) else {
        return order.return_url.clone();
    };
    url.query_pairs_mut()
        .append_pair("OrderTrackingId", &tracking_id(behaviour, own))
        .append_pair("OrderMerchantReference", &own.reference);
    url.into()
}

/// Always there for a recurring order; for others with the members that come and go.
fn account_number(own: &PesapalOrder, there: bool) -> Option<Option<&str>> {
    match own.account_number.as_deref() {
        Some(number) => Some(Some(number)),
        None => there.then_some(None),
    }
}

/// Only records the request: the merchant approves refunds in the dashboard, so the status does not change.
pub(super) fn refund(call: &mut Call<'_>) -> Answered {
    let asked: RefundBody = body(call)?;
    let behaviour = call.behaviour;
    let refund_refused = |message, reason| refund_refused(behaviour, message, reason);
    let given = |it: &Option<String>| it.as_deref().is_some_and(|text| !text.trim().is_empty());
    let has_texts = [&asked.confirmation_code, &asked.username, &asked.remarks]
        .into_iter()
        .all(given);
    let Some(amount) = asked.amount.filter(|_| has_texts) else {
        let reason = "confirmation_code, amount, username or remarks is missing";
        return Err(bad_parameters(behaviour, reason));
    };
    let key = asked
        .confirmation_code
        .and_then(|it| call.state.orders.pesapal_confirmation(&it));
    let order = key.map(|it| call.state.orders.get_mut(it));
    let (payment, paid, own) = match order {
        Some(Order {
            payment,
            amount,
            details: OrderDetails::Pesapal(own),
            ..
        }) => (*payment, *amount, own),
        Some(_) | None => {
            return Err(refund_refused(
                "Invalid refund request",
                "unknown confirmation_code",
            ));
        }
    };
    let earlier_requests = own.refund_requests;
    own.refund_requests = earlier_requests.saturating_add(1);
    // A second request after one that was received is another variant.
    let refused_before = earlier_requests > 0 && !own.refund_requested;
    if refused_before && behaviour.value(&variants::REFUSED_REFUND_USES_UP) {
        return Err(refund_refused(
            "Refund request has been received already",
            "the payment's one refund request was used up by a refused one",
        ));
    }
    if payment != Payment::Paid {
        return Err(refund_refused(
            "Invalid refund request",
            "the order is not completed",
        ));
    }
    let amount = read_amount(&amount).unwrap_or_default();
    let is_mobile = behaviour.value(&variants::PAYMENT_METHOD).is_mobile;
    if amount <= Decimal::ZERO || amount > paid || is_mobile && amount < paid {
        return Err(refund_refused(
            "Invalid amount provided. Please check your transaction details",
            "the amount is not above zero and at most the order's, or not all of it with mobile money",
        ));
    }
    if own.refund_requested && !behaviour.value(&variants::SECOND_REFUND_IS_ACCEPTED) {
        return Err(refund_refused(
            "Refund request has been received already",
            "a refund was requested before",
        ));
    }
    own.refund_requested = true;
    let http = success(behaviour);
    Ok(plain(behaviour, http, 200, "Refund request successfully"))
}

fn refund_refused(behaviour: &Behaviour, message: &'static str, reason: &str) -> Reply {
    let http = behaviour.value(&variants::REFUND_REFUSAL_HTTP);
    plain(behaviour, http, 500, message).because(reason)
}
