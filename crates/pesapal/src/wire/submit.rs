//! `SubmitOrderRequest` (page *Submit Order Request*): its documented limits, the request
//! and the reply.

use duka_core::gateway::PaymentLink;
use duka_core::{CreatedOrder, Delivery, Error, ErrorKind, NewOrder, OrderId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

use super::envelope::{Answer, BodyStatus, Loose};

/// The longest merchant reference, in characters.
const MAX_ID: usize = 50;
/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 100;

#[derive(Serialize)]
struct SubmitOrder<'a> {
    id: &'a str,
    currency: &'static str,
    /// A JSON number with the very digits of the decimal.
    amount: Box<RawValue>,
    description: &'a str,
    callback_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancellation_url: Option<&'a str>,
    notification_id: &'a str,
    billing_address: BillingAddress<'a>,
}

#[derive(Serialize)]
struct BillingAddress<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    email_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a str>,
}

/// The body of a request that keeps every documented limit; `account_ipn` is the
/// notification id to use when the order names none.
pub(crate) fn request_body(order: &NewOrder, account_ipn: Option<&str>) -> Result<Vec<u8>, Error> {
    let id = reference(order)?;
    let description = description(order)?;
    // assumed: as many decimal places as ISO 4217 gives the currency are taken.
    let money = order.money.chargeable().map_err(|error| {
        Error::new(
            ErrorKind::InvalidRequest,
            Delivery::NotSent,
            error.to_string(),
        )
    })?;
    let amount = RawValue::from_string(money.amount().to_string())
        .expect("the text of a decimal is a JSON number");
    Ok(super::body(&SubmitOrder {
        id,
        currency: money.currency().code(),
        amount,
        description,
        callback_url: order.return_url.as_str(),
        cancellation_url: order.cancellation_url.as_ref().map(Url::as_str),
        notification_id: notification_id(order, account_ipn)?,
        billing_address: billing_address(order)?,
    }))
}

fn reference(order: &NewOrder) -> Result<&str, Error> {
    let id = order.reference.as_str();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    if id.chars().count() > MAX_ID {
        return Err(Error::invalid_field(
            "reference",
            format_args!("{id:?} is longer than the {MAX_ID} characters allowed"),
        ));
    }
    if !id.chars().all(allowed) {
        return Err(Error::invalid_field(
            "reference",
            format_args!("{id:?} has characters other than letters, digits and - _ . :"),
        ));
    }
    Ok(id)
}

fn description(order: &NewOrder) -> Result<&str, Error> {
    let text = order.description.trim();
    let length = text.chars().count();
    if length == 0 {
        return Err(Error::invalid_field("description", "is empty"));
    }
    if length > MAX_DESCRIPTION {
        return Err(Error::invalid_field(
            "description",
            format_args!("has {length} characters, at most {MAX_DESCRIPTION} are allowed"),
        ));
    }
    Ok(text)
}

fn notification_id<'a>(order: &'a NewOrder, account: Option<&'a str>) -> Result<&'a str, Error> {
    filled(order.notification_id.as_deref())
        .or_else(|| filled(account))
        .ok_or_else(|| {
            Error::invalid_field(
                "notification_id",
                "is missing: register a notification address once and use its id, for the order or for the account",
            )
        })
}

fn billing_address(order: &NewOrder) -> Result<BillingAddress<'_>, Error> {
    let customer = &order.customer;
    let email_address = filled(customer.email.as_deref());
    let phone_number = filled(customer.phone.as_deref());
    if email_address.is_none() && phone_number.is_none() {
        return Err(Error::invalid_field(
            "customer",
            "has neither an email address nor a phone number",
        ));
    }
    // A courtesy: the first word is taken for the first name, the rest for the last.
    let name = filled(customer.name.as_deref());
    let (first_name, last_name) = match name.and_then(|name| name.split_once(char::is_whitespace)) {
        Some((first, rest)) => (Some(first), filled(Some(rest))),
        None => (name, None),
    };
    Ok(BillingAddress {
        email_address,
        phone_number,
        first_name,
        last_name,
    })
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SubmitReply<'a> {
    #[serde(borrow)]
    order_tracking_id: Loose<'a>,
    #[serde(borrow)]
    merchant_reference: Loose<'a>,
    #[serde(borrow)]
    redirect_url: Loose<'a>,
}

/// Reads the reply to the submission of `reference`.
pub(crate) fn read(answer: &Answer<'_>, reference: &OrderId) -> Result<CreatedOrder, Error> {
    answer.check_http()?;
    let unlisted = |problem| answer.unlisted(problem, None);
    let envelope = answer.envelope()?;
    let body: SubmitReply<'_> = answer.object()?;
    let tracking_id = body.order_tracking_id.text();
    if let Some(fault) = envelope.fault {
        if tracking_id.is_some() || envelope.status == BodyStatus::Done {
            return Err(unlisted("an order and an error in one reply"));
        }
        let kind = fault.listed_kind();
        return Err(fault.into_error(answer, kind));
    }
    if answer.reply.status >= 400 || envelope.status != BodyStatus::Done {
        let message = envelope.message.as_deref();
        return Err(answer.unlisted("neither status 200 nor an error", message));
    }
    let order = tracking_id
        .and_then(|id| super::canonical_id(&id))
        .ok_or_else(|| unlisted("no order tracking id"))?;
    // assumed: a reply without a reference is about the order that was submitted.
    let echoed = body.merchant_reference.text();
    if echoed.is_some_and(|echoed| echoed != reference.as_str()) {
        return Err(unlisted("an order with another merchant reference"));
    }
    let link = body
        .redirect_url
        .string()
        .and_then(|text| Url::parse(&text).ok())
        .filter(|url| matches!(url.scheme(), "https" | "http"))
        .ok_or_else(|| unlisted("no address where the customer could pay"))?;
    Ok(CreatedOrder {
        gateway_id: Some(order.as_str().to_owned()),
        order,
        payment_link: PaymentLink::new(&link),
        status: None,
    })
}
