//! What an order must keep to be submitted (pages *Submit Order Request* and *Recurring
//! payments*). Each function checks a field and returns it as it is to be sent; an error
//! names the field as [`NewOrder`] does.

use duka_core::{Error, Money, NewOrder};
use url::Url;

/// The longest merchant reference, in characters.
const MAX_ID: usize = 50;
/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 100;
/// The longest state, in characters.
const MAX_STATE: usize = 3;

/// What reaches the customer; one of the two is there.
pub(crate) struct Contact<'a> {
    pub(crate) email: Option<&'a str>,
    pub(crate) phone: Option<&'a str>,
}

pub(crate) fn reference(order: &NewOrder) -> Result<&str, Error> {
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

/// assumed: as many decimal places as ISO 4217 gives the currency are taken.
pub(crate) fn money(order: &NewOrder) -> Result<Money, Error> {
    let problem = |error| Error::invalid_field("money", format_args!("cannot be charged: {error}"));
    order.money.chargeable().map_err(problem)
}

/// Where the customer's browser is sent; no page of another scheme can be a shop's.
pub(crate) fn web_page<'a>(field: &str, url: &'a Url) -> Result<&'a str, Error> {
    match url.scheme() {
        "http" | "https" => Ok(url.as_str()),
        _ => Err(Error::invalid_field(
            field,
            "is not an http or https address",
        )),
    }
}

pub(crate) fn description(order: &NewOrder) -> Result<&str, Error> {
    let text = filled(Some(&order.description))
        .ok_or_else(|| Error::invalid_field("description", "is empty"))?;
    within("description", text, MAX_DESCRIPTION)
}

pub(crate) fn notification_id<'a>(
    order: &'a NewOrder,
    account: Option<&'a str>,
) -> Result<&'a str, Error> {
    filled(order.notification_id.as_deref())
        .or_else(|| filled(account))
        .ok_or_else(|| {
            Error::invalid_field(
                "notification_id",
                "is missing: register a notification address once and use its id, for the order or for the account",
            )
        })
}

pub(crate) fn contact(order: &NewOrder) -> Result<Contact<'_>, Error> {
    let email = filled(order.customer.email.as_deref());
    let phone = filled(order.customer.phone.as_deref());
    if email.is_none() && phone.is_none() {
        return Err(Error::invalid_field(
            "customer",
            "has neither an email address nor a phone number",
        ));
    }
    Ok(Contact { email, phone })
}

/// Whether there is such a country is left to the gateway.
pub(crate) fn country_code(order: &NewOrder) -> Result<Option<&str>, Error> {
    let code = filled(order.billing_address.country_code.as_deref());
    match code {
        Some(text) if text.len() != 2 || !text.bytes().all(|it| it.is_ascii_alphabetic()) => {
            Err(Error::invalid_field(
                "billing_address.country_code",
                format_args!("{text:?} is not two letters, such as KE"),
            ))
        }
        Some(_) | None => Ok(code),
    }
}

pub(crate) fn state(order: &NewOrder) -> Result<Option<&str>, Error> {
    filled(order.billing_address.state.as_deref())
        .map(|text| within("billing_address.state", text, MAX_STATE))
        .transpose()
}

/// assumed: any text will do that is not blank; no page gives a form.
pub(crate) fn account_number(order: &NewOrder) -> Result<Option<&str>, Error> {
    let Some(recurring) = &order.recurring else {
        return Ok(None);
    };
    match filled(Some(recurring.account_number())) {
        // Without it the order would be paid once, and nothing would say so.
        None => Err(Error::invalid_field("recurring.account_number", "is empty")),
        number @ Some(_) => Ok(number),
    }
}

/// A text without the space around it, and none without anything else.
pub(crate) fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// assumed: the limits are of characters, as the pages have it, and not of bytes.
fn within<'a>(field: &str, text: &'a str, most: usize) -> Result<&'a str, Error> {
    let length = text.chars().count();
    if length > most {
        let problem = format_args!("has {length} characters, at most {most} are allowed");
        return Err(Error::invalid_field(field, problem));
    }
    Ok(text)
}
