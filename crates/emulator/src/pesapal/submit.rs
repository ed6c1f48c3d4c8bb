//! Pesapal's submit: checks an order request member by member, and never makes a second order of one id.

use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::recurring::recurring;
use super::replies::{
    Answered, NO_BILLING_DETAILS, Refused, UNKNOWN_IPN, body, own, refused, success,
};
use super::wire::{
    BillingAddress, Place, SubmitBody, SubmitReply, body_status, no_error, tracking_id,
};
use crate::call::Call;
use crate::exchange::Reply;
use crate::json::{is_currency, read_amount};
use crate::order::{Order, OrderDetails, PesapalOrder};
use crate::routes::PESAPAL_CHECKOUT;
use crate::state::orders::OrderKey;
use crate::variants::pesapal as variants;

/// What a submit asks for, once every member was checked.
struct NewOrder {
    reference: String,
    currency: String,
    amount: Decimal,
    description: String,
    callback_url: String,
    cancellation_url: Option<String>,
    notification_id: String,
    account_number: Option<String>,
    phone: Option<String>,
}

pub(super) fn submit(call: &mut Call<'_>) -> Answered {
    let asked = body(call)?;
    submit_checked(call, asked).map_err(|refused| refused.into_reply(call.behaviour))
}

type Checked<T> = Result<T, Refused>;

fn submit_checked(call: &mut Call<'_>, asked: SubmitBody) -> Checked<Reply> {
    let new = new_order(call, asked)?;
    if let Some(first) = call.state.orders.pesapal_reference(&new.reference) {
        if call.behaviour.value(&variants::SECOND_SUBMIT_IS_REFUSED) {
            return Err(refused("id was submitted before"));
        }
        let again = "this id was submitted before: the first order again";
        return Ok(reply(call, first).because(again));
    }
    let tracking_id = call.state.rng.guid();
    let details = OrderDetails::Pesapal(PesapalOrder {
        tracking_id,
        reference: new.reference,
        notification_id: new.notification_id,
        cancellation_url: new.cancellation_url,
        account_number: new.account_number,
        refund_requests: 0,
        refund_requested: false,
    });
    let key = call.state.orders.add(Order::new(
        details,
        new.amount,
        new.currency,
        Some(new.description),
        new.callback_url,
        call.now,
    ));
    let reply = reply(call, key);
    call.begin(key, new.phone.as_deref());
    Ok(reply)
}

fn reply(call: &Call<'_>, key: OrderKey) -> Reply {
    let behaviour = call.behaviour;
    let own = own(call.state.orders.get(key));
    let order_tracking_id = own.map(|it| tracking_id(behaviour, it));
    let base = &call.shared.base_url;
    let redirect_url = order_tracking_id
        .as_ref()
        .map(|it| format!("{base}{PESAPAL_CHECKOUT}?OrderTrackingId={it}"));
    Reply::json(
        success(behaviour),
        &SubmitReply {
            order_tracking_id,
            merchant_reference: behaviour
                .value(&variants::SUBMIT_ECHOES_REFERENCE)
                .then(|| own.map(|it| it.reference.as_str())),
            redirect_url,
            error: no_error(behaviour, Place::Elsewhere),
            status: body_status(behaviour, 200),
        },
    )
}

fn new_order(call: &Call<'_>, body: SubmitBody) -> Checked<NewOrder> {
    let reference = body.id.unwrap_or_default();
    let fits = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.' | ':');
    if reference.is_empty() || reference.len() > 50 || !reference.chars().all(fits) {
        return Err(refused("id must be 1 to 50 letters, digits or - _ . :"));
    }
    let currency = body
        .currency
        .filter(|it| is_currency(it))
        .ok_or_else(|| refused("currency must be three capital letters"))?;
    let amount = body
        .amount
        .and_then(|it| read_amount(&it).or_else(|| with_commas(&it)))
        .filter(|it| *it > Decimal::ZERO)
        .ok_or_else(|| refused("amount must be a decimal above zero"))?;
    check_decimals(amount, call.behaviour.value(&variants::MOST_DECIMALS))?;
    let description = body
        .description
        .filter(|it| !it.is_empty() && it.chars().count() <= 100)
        .ok_or_else(|| refused("description must be 1 to 100 characters"))?;
    let callback_url = body
        .callback_url
        .filter(|it| url::Url::parse(it).is_ok())
        .ok_or_else(|| refused("callback_url must be an absolute address"))?;
    let notification_id = body
        .notification_id
        .filter(|it| call.state.ipns.get(it).is_some())
        .ok_or(UNKNOWN_IPN)?;
    let cancellation_url = body.cancellation_url.filter(|it| !it.is_empty());
    if cancellation_url
        .as_ref()
        .is_some_and(|it| url::Url::parse(it).is_err())
    {
        return Err(refused("cancellation_url must be an absolute address"));
    }
    check_redirect_mode(body.redirect_mode.as_deref())?;
    let phone = check_billing_address(body.billing_address)?;
    let account_number = recurring(body.account_number, body.subscription_details)?;
    Ok(NewOrder {
        reference,
        currency,
        amount,
        description,
        callback_url,
        cancellation_url,
        notification_id,
        account_number,
        phone,
    })
}

/// An amount as text with thousands commas, such as `"1,500.00"`, as the gateway's own sample client sends it.
fn with_commas(raw: &RawValue) -> Option<Decimal> {
    let text: String = serde_json::from_str(raw.get()).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
    let digits = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next().filter(|it| (1..=3).contains(&it.len()))?;
    let fits = digits(first) && groups.all(|it| it.len() == 3 && digits(it));
    let plain = format!("{}.{fraction}", whole.replace(',', ""));
    Decimal::from_str_exact(&plain)
        .ok()
        .filter(|_| fits && digits(fraction))
}

fn check_decimals(amount: Decimal, most: Option<u32>) -> Checked<()> {
    if most.is_some_and(|it| amount.normalize().scale() > it) {
        let message = "amount must have at most two decimal places";
        return Err(refused(message));
    }
    Ok(())
}

fn check_redirect_mode(mode: Option<&str>) -> Checked<()> {
    match mode {
        None | Some("" | "TOP_WINDOW" | "PARENT_WINDOW") => Ok(()),
        Some(_) => Err(refused("redirect_mode must be TOP_WINDOW or PARENT_WINDOW")),
    }
}

/// Returns the customer's phone number, if there is one.
fn check_billing_address(address: Option<BillingAddress>) -> Checked<Option<String>> {
    let given = |it: &Option<String>| it.as_deref().is_some_and(|text| !text.trim().is_empty());
    let Some(address) = address.filter(|it| given(&it.email_address) || given(&it.phone_number))
    else {
        return Err(NO_BILLING_DETAILS);
    };
    let country = address.country_code.unwrap_or_default();
    let letters = country.bytes().all(|it| it.is_ascii_alphabetic());
    if !(country.is_empty() || (country.len() == 2 && letters)) {
        return Err(refused("country_code must be two letters"));
    }
    if address.state.unwrap_or_default().chars().count() > 3 {
        return Err(refused("state must be at most 3 characters"));
    }
    Ok(address.phone_number)
}
