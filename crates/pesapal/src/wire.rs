//! Requests and replies exactly as they go over the wire, and how each reply is read.
//! Pure functions over bytes; no socket, no clock, and nothing here is public.

pub(crate) mod auth;
pub(crate) mod cancel;
pub(crate) mod envelope;
pub(crate) mod ipn;
pub(crate) mod refund;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod token;
pub(crate) mod types;
mod verdict;

use duka_core::money::Decimal;
use duka_core::{Error, OrderId};
use duka_http::adapter::JsonScalar;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

pub(crate) const ACCEPT: &str = "Accept";
pub(crate) const JSON: &str = "application/json";

/// A request body as bytes.
///
/// assumed: names beyond ASCII go as UTF-8, as JSON has it.
fn body(request: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(request).expect("a struct of texts and checked numbers is always JSON")
}

/// A JSON number with the very digits of the decimal.
fn number(amount: Decimal) -> Box<RawValue> {
    RawValue::from_string(amount.to_string()).expect("the text of a decimal is a JSON number")
}

/// A JSON text.
fn text(text: &str) -> Box<RawValue> {
    let quoted = serde_json::Value::from(text).to_string();
    RawValue::from_string(quoted).expect("a JSON text is JSON")
}

/// The one form of a tracking id that is kept and sent: a GUID in its usual 36 characters, in
/// small letters. Nothing if it is none.
///
/// assumed: its case means nothing to Pesapal. A second way to write one would make room
/// for a second cancel request. Only this function knows what a tracking id looks like.
pub(crate) fn canonical_id(text: &str) -> Option<OrderId> {
    // The parser takes other forms of a GUID as well, of other lengths.
    let guid = Uuid::try_parse(text).ok().filter(|_| text.len() == 36)?;
    OrderId::text(guid.hyphenated().to_string()).ok()
}

/// Whether a reply names another order than `tracking_id`, which is in its canonical form.
fn is_another(echoed: &JsonScalar, tracking_id: &OrderId) -> bool {
    let echoed = echoed.anything();
    echoed.is_some_and(|echoed| canonical_id(echoed).as_ref() != Some(tracking_id))
}

/// Refuses whatever cannot be a tracking id, before anything is sent.
pub(crate) fn tracking_id(order: &OrderId) -> Result<OrderId, Error> {
    let text = order.as_str();
    canonical_id(text).ok_or_else(|| {
        Error::invalid_field(
            "order id",
            format_args!("{text:?} is not a Pesapal order tracking id, which is a GUID"),
        )
    })
}
