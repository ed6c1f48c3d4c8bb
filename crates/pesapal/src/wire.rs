//! Requests and replies exactly as they go over the wire, and how each reply is read.
//! Pure functions over bytes; no socket, no clock, and nothing here is public.

pub(crate) mod cancel;
pub(crate) mod envelope;
pub(crate) mod ipn;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod token;

use duka_core::Error;
use serde::Serialize;
use uuid::Uuid;

pub(crate) const ACCEPT: &str = "Accept";
pub(crate) const JSON: &str = "application/json";

/// Paths below the base URL (page *API Reference*).
pub(crate) mod path {
    pub(crate) const TOKEN: &str = "api/Auth/RequestToken";
    pub(crate) const REGISTER_IPN: &str = "api/URLSetup/RegisterIPN";
    pub(crate) const LIST_IPNS: &str = "api/URLSetup/GetIpnList";
    pub(crate) const SUBMIT: &str = "api/Transactions/SubmitOrderRequest";
    pub(crate) const STATUS: &str = "api/Transactions/GetTransactionStatus";
    pub(crate) const CANCEL: &str = "api/Transactions/CancelOrder";
}

/// A request body as bytes.
///
/// assumed: names beyond ASCII go as UTF-8, as JSON has it.
fn body(request: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(request).expect("a struct of texts and checked numbers is always JSON")
}

/// Whether a text is a GUID in its usual form: 36 characters, in either case.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

/// Refuses whatever cannot be a tracking id, before anything is sent.
pub(crate) fn tracking_id(order: &duka_core::OrderId) -> Result<&str, Error> {
    let text = order.as_str();
    if is_guid(text) {
        return Ok(text);
    }
    Err(Error::invalid_field(
        "order id",
        format_args!("{text:?} is not a Pesapal order tracking id, which is a GUID"),
    ))
}
