//! Pesapal's submit: checks an order request member by member, and never makes a second order of one id.

use rust_decimal::Decimal;

use super::recurring::recurring;
use super::replies::{Answered, PARAMETERS, Refused, body, own, refused, success};
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
            return Err(refused(PARAMETERS, "id was submitted before"));
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
    Ok(reply(call, key))
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
        return Err(refused(
            PARAMETERS,
            "id must be 1 to 50 letters, digits or - _ . :",
        ));
    }
    let currency = body
        .currency
        .filter(|it| is_currency(it))
        .ok_or_else(|| refused(PARAMETERS, "currency must be three capital letters"))?;
    let amount = body
        .amount
        .and_then(|it| read_amount(&it))
        .filter(|it| *it > Decimal::ZERO)
        .ok_or_else(|| refused(PARAMETERS, "amount must be a decimal above zero"))?;
    check_decimals(amount, call.behaviour.value(&variants::MOST_DECIMALS))?;
    let description = body
        .description
        .filter(|it| !it.is_empty() && it.chars().count() <= 100)
        .ok_or_else(|| refused(PARAMETERS, "description must be 1 to 100 characters"))?;
    let callback_url = body
        .callback_url
        .filter(|it| url::Url::parse(it).is_ok())
        .ok_or_else(|| refused(PARAMETERS, "callback_url must be an absolute address"))?;
    let notification_id = body
        .notification_id
        .filter(|it| call.state.ipns.get(it).is_some())
        .ok_or_else(|| refused(PARAMETERS, "notification_id is not a registered IPN"))?;
    let cancellation_url = body.cancellation_url.filter(|it| !it.is_empty());
    if cancellation_url
        .as_ref()
        .is_some_and(|it| url::Url::parse(it).is_err())
    {
        return Err(refused(
            PARAMETERS,
            "cancellation_url must be an absolute address",
        ));
    }
    check_redirect_mode(body.redirect_mode.as_deref())?;
    check_billing_address(body.billing_address)?;
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
    })
}

fn check_decimals(amount: Decimal, most: Option<u32>) -> Checked<()> {
    if most.is_some_and(|it| amount.normalize().scale() > it) {
        let message = "amount must have at most two decimal places";
        return Err(refused(PARAMETERS, message));
    }
    Ok(())
}

fn check_redirect_mode(mode: Option<&str>) -> Checked<()> {
    match mode {
        None | Some("" | "TOP_WINDOW" | "PARENT_WINDOW") => Ok(()),
        Some(_) => Err(refused(
            PARAMETERS,
            "redirect_mode must be TOP_WINDOW or PARENT_WINDOW",
        )),
    }
}

fn check_billing_address(address: Option<BillingAddress>) -> Checked<()> {
    let given = |it: &Option<String>| it.as_deref().is_some_and(|text| !text.trim().is_empty());
    let Some(address) = address.filter(|it| given(&it.email_address) || given(&it.phone_number))
    else {
        return Err(refused(
            "missing_mandatory_billing_address",
            "billing_address needs email_address or phone_number",
        ));
    };
    let country = address.country_code.unwrap_or_default();
    let letters = country.bytes().all(|it| it.is_ascii_alphabetic());
    if !(country.is_empty() || (country.len() == 2 && letters)) {
        return Err(refused(PARAMETERS, "country_code must be two letters"));
    }
    if address.state.unwrap_or_default().chars().count() > 3 {
        return Err(refused(PARAMETERS, "state must be at most 3 characters"));
    }
    Ok(())
}
