//! KwikPaisa's bodies as they stand on the wire: what is sent, and the envelope of replies.

mod types;

use duka_core::id::IdForm;
use duka_core::money::Decimal;
use duka_core::{Error, NewOrder, OrderId};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};
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

/// A body as a struct of ours, which would also be read from an array, by position.
pub(crate) fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    if body.trim_ascii_start().starts_with(b"[") {
        serde_json::from_slice::<IgnoredAny>(body)?;
        return Err(serde::de::Error::custom("an array"));
    }
    serde_json::from_slice(body)
}

/// The body of HTTP 401, as the page *error-codes* shows it: these three and nothing else,
/// each once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthRefusal {
    status: Scalar,
    code: Scalar,
    message: Scalar,
}

/// Whether a body is the documented refusal of key, signature or timestamp.
pub(crate) fn is_auth_refusal(body: &[u8]) -> bool {
    object::<AuthRefusal>(body).is_ok_and(|refusal| {
        refusal.status == Scalar::Bool(false)
            && refusal.code.text() == Some("401")
            && matches!(refusal.message, Scalar::Text(_))
    })
}

/// A reply to one operation, and what it holds of the order.
pub(crate) trait OrderReply: DeserializeOwned {
    /// What stands in `return_data`.
    type Order: Default + DeserializeOwned;

    fn return_data(&self) -> Option<&RawValue>;

    fn order_id(order: &Self::Order) -> Option<&Scalar>;

    /// `return_data`, empty where it is absent, null or PHP's empty array. `None` when it
    /// is something else, or an object with members of a kind that cannot be told.
    fn order(&self) -> Option<Self::Order> {
        match self.return_data().map(RawValue::get) {
            None | Some("[]") => Some(Self::Order::default()),
            Some(text) if text.starts_with('{') => serde_json::from_str(text).ok(),
            Some(_) => None,
        }
    }
}

macro_rules! order_reply {
    ($reply:ty, $order:ty) => {
        impl OrderReply for $reply {
            type Order = $order;

            fn return_data(&self) -> Option<&RawValue> {
                self.return_data.as_deref()
            }

            fn order_id(order: &Self::Order) -> Option<&Scalar> {
                order.order_id.as_ref()
            }
        }
    };
}

order_reply!(CreateReply, CreatedOrder);
order_reply!(StatusReply, OrderState);
order_reply!(CancelReply, CancelledOrder);

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
    /// `code`, a string or a number (page *error-codes* shows both).
    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_ref()?.text()
    }

    pub(crate) fn says(&self) -> Says {
        match &self.status {
            Some(Scalar::Bool(true)) => self.success_code(),
            Some(Scalar::Text(text)) if text == "success" => self.success_code(),
            Some(Scalar::Bool(false)) => Says::Failed,
            Some(Scalar::Text(text)) if text == "failed" => Says::Failed,
            Some(Scalar::Text(_) | Scalar::Number(_) | Scalar::Other) | None => Says::Neither,
        }
    }

    fn success_code(&self) -> Says {
        match self.code() {
            Some("200" | "201") => Says::Success,
            Some(_) | None => Says::Neither,
        }
    }
}

impl OrderState {
    /// The amount under either of its names.
    pub(crate) fn amount(&self) -> Option<&Scalar> {
        self.order_amount.as_ref().or(self.amount.as_ref())
    }

    /// The currency under either of its names.
    pub(crate) fn currency(&self) -> Option<&Scalar> {
        self.currency.as_ref().or(self.order_currency.as_ref())
    }
}

/// A member that may be a string or a number, numbers as their exact text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar {
    Text(String),
    Number(String),
    Bool(bool),
    /// An object or an array.
    Other,
}

impl Scalar {
    /// The text of a string or a number.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text),
            Self::Bool(_) | Self::Other => None,
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'"') => Self::Text(serde_json::from_str(text).map_err(serde::de::Error::custom)?),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'-' | b'0'..=b'9') => Self::Number(text.to_owned()),
            _ => Self::Other,
        })
    }
}
