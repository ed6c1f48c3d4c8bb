//! What an order must keep to be created (page *create-order*). Each function checks a
//! field and returns it as it is to be sent; an error names the field as [`NewOrder`] does.

use duka_core::money::Decimal;
use duka_core::{Error, NewOrder};

/// The most significant digits of an amount that survive a float.
///
/// assumed: that the gateway may read the body and write it again before it checks the
/// signature. No page gives a limit of amounts; this one is ten trillion rupees.
const MOST_DIGITS: usize = 15;

/// Refuses what would silently become something else: a recurring order would be charged
/// once. What is only left out (a branch, an address) does no harm.
pub(crate) fn nothing_is_lost(order: &NewOrder) -> Result<(), Error> {
    match order.recurring {
        Some(_) => Err(Error::unsupported_field(
            "recurring",
            "payments are not known to KwikPaisa, where this order would be charged once",
        )),
        None => Ok(()),
    }
}

pub(crate) fn amount(order: &NewOrder) -> Result<Decimal, Error> {
    let problem = |error| Error::invalid_field("money", format_args!("cannot be charged: {error}"));
    let amount = order.money.chargeable().map_err(problem)?.amount();
    let text = amount.normalize().to_string();
    if text.bytes().filter(u8::is_ascii_digit).count() > MOST_DIGITS {
        let problem = format_args!("has more than {MOST_DIGITS} digits");
        return Err(Error::invalid_field("money", problem));
    }
    Ok(amount)
}

pub(crate) fn return_url(order: &NewOrder) -> Result<&str, Error> {
    if !matches!(order.return_url.scheme(), "http" | "https") {
        return Err(Error::invalid_field(
            "return_url",
            "is not an http or https address",
        ));
    }
    Ok(order.return_url.as_str())
}

/// A text that must be there.
pub(crate) fn needed<'a>(field: &str, value: Option<&'a str>) -> Result<&'a str, Error> {
    filled(value).ok_or_else(|| Error::invalid_field(field, "is required by KwikPaisa"))
}

/// The order's own, or the account's.
pub(crate) fn service_type<'a>(
    order: &'a NewOrder,
    default: Option<&'a str>,
) -> Result<&'a str, Error> {
    let own = filled(order.service_type.as_deref());
    needed("service_type", own.or(default))
}

/// The order's own note, or what it is for.
pub(crate) fn order_note(order: &NewOrder) -> Option<&str> {
    filled(order.order_note.as_deref()).or_else(|| filled(Some(&order.description)))
}

/// A text without the space around it, and none without anything else.
fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}
