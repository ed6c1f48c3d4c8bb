//! `SubmitOrderRequest` (page *Submit Order Request*): the request and the reply. What may
//! stand in a request is checked in `limits.rs`.

use duka_core::{CreatedOrder, Error, Frequency, NewOrder, OrderId, PaymentDetails, RedirectMode};
use duka_http::adapter::{Answer, JsonScalar};
use jiff::civil::Date;

use super::envelope::{self, BodyStatus, Envelope};
use super::types::{BillingAddress, SubmitReply, SubmitRequest, SubscriptionDetails};
use crate::limits::{self, filled};

/// The body of a request that keeps every documented limit; `account_ipn` is the
/// notification id to use when the order names none.
pub(crate) fn request_body(order: &NewOrder, account_ipn: Option<&str>) -> Result<Vec<u8>, Error> {
    let money = limits::money(order)?;
    let subscription = order.recurring.as_ref().and_then(|it| it.schedule());
    let days = subscription.map(|it| [it.start(), it.end()].map(day));
    Ok(super::body(&SubmitRequest {
        id: limits::reference(order)?,
        currency: money.currency().code(),
        amount: super::number(money.amount()),
        description: limits::description(order)?,
        redirect_mode: order.redirect_mode.map(redirect_mode),
        callback_url: limits::web_page("return_url", &order.return_url)?,
        cancellation_url: order
            .cancellation_url
            .as_ref()
            .map(|url| limits::web_page("cancellation_url", url))
            .transpose()?,
        notification_id: limits::notification_id(order, account_ipn)?,
        branch: filled(order.branch.as_deref()),
        billing_address: billing_address(order)?,
        account_number: limits::account_number(order)?,
        subscription_details: subscription.zip(days.as_ref()).map(|(it, [start, end])| {
            SubscriptionDetails {
                start_date: start,
                end_date: end,
                frequency: frequency(it.frequency()),
            }
        }),
    }))
}

fn billing_address(order: &NewOrder) -> Result<BillingAddress<'_>, Error> {
    let contact = limits::contact(order)?;
    let address = &order.billing_address;
    let [first_name, middle_name, last_name] = names(order);
    Ok(BillingAddress {
        email_address: contact.email,
        phone_number: contact.phone,
        country_code: limits::country_code(order)?,
        first_name,
        middle_name,
        last_name,
        line_1: filled(address.line_1.as_deref()),
        line_2: filled(address.line_2.as_deref()),
        city: filled(address.city.as_deref()),
        state: limits::state(order)?,
        // As text, which keeps a leading zero; the page has a number for one of them.
        postal_code: filled(address.postal_code.as_deref()).map(super::text),
        zip_code: filled(address.zip_code.as_deref()).map(super::text),
    })
}

/// First, middle and last name. Where the order has none of them, as a courtesy, the first
/// word of the whole name is taken for the first and the rest for the last.
fn names(order: &NewOrder) -> [Option<&str>; 3] {
    let address = &order.billing_address;
    let parts = [
        &address.first_name,
        &address.middle_name,
        &address.last_name,
    ]
    .map(|part| filled(part.as_deref()));
    if parts.iter().any(Option::is_some) {
        return parts;
    }
    let name = filled(order.customer.name.as_deref());
    match name.and_then(|name| name.split_once(char::is_whitespace)) {
        Some((first, rest)) => [Some(first), None, filled(Some(rest))],
        None => [name, None, None],
    }
}

const fn redirect_mode(mode: RedirectMode) -> &'static str {
    match mode {
        RedirectMode::TopWindow => "TOP_WINDOW",
        RedirectMode::ParentWindow => "PARENT_WINDOW",
    }
}

const fn frequency(frequency: Frequency) -> &'static str {
    match frequency {
        Frequency::Daily => "DAILY",
        Frequency::Weekly => "WEEKLY",
        Frequency::Monthly => "MONTHLY",
        Frequency::Yearly => "YEARLY",
    }
}

/// `dd-MM-yyyy`.
fn day(date: Date) -> String {
    format!("{:02}-{:02}-{:04}", date.day(), date.month(), date.year())
}

/// Reads the reply to the submission of `reference`.
pub(crate) fn read(answer: &Answer, reference: &OrderId) -> Result<CreatedOrder, Error> {
    envelope::check_http(answer)?;
    let envelope = Envelope::read(answer)?;
    let body: SubmitReply = answer.object()?;
    let tracking_id = &body.order_tracking_id;
    let claims_success = tracking_id.anything().is_some() || envelope.status == BodyStatus::Done;
    if envelope.fault.is_some() && claims_success {
        return Err(answer.unlisted("an order and an error in one reply"));
    }
    if let Some(fault) = envelope.fault.as_ref().filter(|fault| !fault.is_listed()) {
        // It may have come after the order was made.
        return Err(answer.unlisted_with("an error that is not listed", &fault.words));
    }
    envelope.must_succeed(answer, &[BodyStatus::Done])?;
    let id = |member: &JsonScalar| super::canonical_id(member.string()?);
    let order = answer.required("order_tracking_id", tracking_id, id)?;
    // assumed: a reply without a reference is about the order that was submitted.
    if body.merchant_reference.differs_from(reference.as_str()) {
        return Err(answer.unlisted("an order with another merchant reference"));
    }
    let link = &body.redirect_url;
    Ok(CreatedOrder {
        details: PaymentDetails {
            gateway_id: Some(order.as_str().to_owned()),
            ..PaymentDetails::default()
        },
        order,
        payment_link: answer.required("redirect_url", link, JsonScalar::payment_link)?,
        status: None,
    })
}
