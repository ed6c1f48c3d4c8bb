//! KwikPaisa's bodies as they stand on the wire: what is sent, and the envelope of replies.

mod types;

use duka_core::id::IdForm;
use duka_core::money::Decimal;
use duka_core::{Error, NewOrder, OrderId};
use duka_http::adapter::{JsonScalar, Words};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

pub(crate) use types::{
    CancelReply, CancelledOrder, CreateReply, CreatedOrder, Envelope, OrderState, StatusReply,
    WebhookBody, WebhookData,
};
use types::{CancelRequest, CreateRequest, Customer, StatusRequest};

use crate::limits;
use crate::payload::Json;

/// The body of a status request.
pub(crate) fn status_payload(order: &OrderId) -> Json {
    payload(&StatusRequest {
        order_id: id(order),
    })
}

/// The body of a cancel request: the same bytes, so far.
pub(crate) fn cancel_payload(order: &OrderId) -> Json {
    payload(&CancelRequest {
        order_id: id(order),
    })
}

/// The body of a create request, its members checked. Absent ones are left out.
pub(crate) fn create_payload(order: &NewOrder, default_type: Option<&str>) -> Result<Json, Error> {
    limits::nothing_is_lost(order)?;
    let customer = &order.customer;
    Ok(payload(&CreateRequest {
        order_id: id(&order.reference),
        order_amount: amount(limits::amount(order)?),
        order_currency: order.money.currency().code(),
        service_type: limits::service_type(order, default_type)?,
        customer: Customer {
            name: limits::needed("customer.name", customer.name.as_deref())?,
            email: limits::needed("customer.email", customer.email.as_deref())?,
            phone: limits::needed("customer.phone", customer.phone.as_deref())?,
        },
        return_url: limits::return_url(order)?,
        order_note: limits::order_note(order),
    }))
}

/// A request as it is signed: with exact numbers, and to be sorted.
fn payload(request: &impl Serialize) -> Json {
    let bytes = serde_json::to_vec(request).expect("texts and raw numbers are always JSON");
    Json::parse(&bytes).expect("a struct of ours is not deep and has each key once")
}

/// An id in the JSON type in which the merchant has it.
///
/// assumed: that an integer id of any size is signed as it was sent. Were the body written
/// again from floats, one above 2^53 would be refused with HTTP 401; send it as text then.
fn id(order: &OrderId) -> Box<RawValue> {
    let raw = match order.form() {
        IdForm::Integer => RawValue::from_string(order.as_str().to_owned()),
        IdForm::Text => to_raw_value(order.as_str()),
    };
    raw.expect("the digits of an integer are JSON, and so is any string once it is quoted")
}

/// An amount in its shortest form, see [`Json::amount`].
fn amount(amount: Decimal) -> Box<RawValue> {
    RawValue::from_string(amount.normalize().to_string())
        .expect("the text of a decimal is a JSON number")
}

/// The body of HTTP 401, as the page *error-codes* shows it: these three and nothing else,
/// each once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthRefusal {
    status: JsonScalar,
    code: JsonScalar,
    message: JsonScalar,
}

impl AuthRefusal {
    /// Whether the three say that key, signature or timestamp were refused.
    pub(crate) fn is_documented(&self) -> bool {
        self.status == JsonScalar::Bool(false)
            && self.code.text() == Some("401")
            && matches!(self.message, JsonScalar::Text(_))
    }
}

/// What `return_data` holds; empty where it is absent, null or PHP's empty array. `None` when
/// it is something else, or has a member twice.
pub(crate) fn order_in<T: DeserializeOwned>(return_data: &JsonScalar) -> Option<T> {
    let is_empty = match return_data {
        JsonScalar::Null => true,
        JsonScalar::Other(json) => json == "[]",
        JsonScalar::Bool(_) | JsonScalar::Number(_) | JsonScalar::Text(_) => false,
    };
    if is_empty {
        return serde_json::from_str("{}").ok();
    }
    return_data.parse()
}

/// What an envelope says of the call, whatever the HTTP status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// `status` is `"success"` or `true`, and `code` is 200 or 201.
    Success,
    /// `status` is `"failed"` or `false`.
    Failed,
    /// Neither.
    Neither,
}

impl Envelope {
    /// Code and message, as they were sent.
    pub(crate) fn words(&self) -> Words {
        Words {
            code: self.code.text().map(str::to_owned),
            message: self.message.text().map(str::to_owned),
        }
    }

    /// Whether `code` is one of these, as a string or a number (page *error-codes* shows both).
    pub(crate) fn has_code(&self, codes: &[&str]) -> bool {
        self.code.text().is_some_and(|code| codes.contains(&code))
    }

    pub(crate) fn says(&self) -> Says {
        let is = |flag, word| {
            self.status == JsonScalar::Bool(flag) || self.status.string() == Some(word)
        };
        if is(true, "success") && self.has_code(&["200", "201"]) {
            Says::Success
        } else if is(false, "failed") {
            Says::Failed
        } else {
            Says::Neither
        }
    }
}

impl OrderState {
    /// The amount under either of its names.
    pub(crate) fn amount(&self) -> &JsonScalar {
        self.order_amount.or(&self.amount)
    }

    /// The currency under either of its names.
    pub(crate) fn currency(&self) -> &JsonScalar {
        self.currency.or(&self.order_currency)
    }
}
