//! KwikPaisa's bodies as they stand on the wire: what is sent, and the envelope of replies.

use duka_core::{Error, NewOrder, OrderId};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::limits;
use crate::payload::Json;

/// The body of a status and of a cancel request.
///
/// assumed: that an integer id of any size is signed as it was sent. Were the body written
/// again from floats, one above 2^53 would be refused with HTTP 401; send it as text then.
pub(crate) fn order_payload(order: &OrderId) -> Json {
    Json::object([("order_id", Json::id(order))])
}

/// The body of a create request, its members checked. Absent ones are left out.
pub(crate) fn create_payload(order: &NewOrder, default_type: Option<&str>) -> Result<Json, Error> {
    limits::nothing_is_lost(order)?;
    let needed = |field, value| limits::needed(field, value).map(Json::text);
    let customer = &order.customer;
    let mut members = vec![
        ("order_id", Json::id(&order.reference)),
        ("order_amount", Json::amount(limits::amount(order)?)),
        ("order_currency", Json::text(order.money.currency().code())),
        (
            "service_type",
            Json::text(limits::service_type(order, default_type)?),
        ),
        (
            "customer",
            Json::object([
                ("name", needed("customer.name", customer.name.as_deref())?),
                (
                    "email",
                    needed("customer.email", customer.email.as_deref())?,
                ),
                (
                    "phone",
                    needed("customer.phone", customer.phone.as_deref())?,
                ),
            ]),
        ),
        ("return_url", Json::text(limits::return_url(order)?)),
    ];
    if let Some(note) = limits::order_note(order) {
        members.push(("order_note", Json::text(note)));
    }
    let own = |(key, value): (&str, Json)| (key.to_owned(), value);
    Ok(Json::Object(members.into_iter().map(own).collect()))
}

/// The envelope around every reply. Members we do not know are ignored.
#[derive(Deserialize)]
pub(crate) struct Envelope {
    pub(crate) code: Option<Scalar>,
    pub(crate) status: Option<Scalar>,
    pub(crate) message: Option<Scalar>,
    return_data: Option<Box<RawValue>>,
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

    /// `return_data`, empty where it is absent, null or PHP's empty array. `None` when it
    /// is something else, or an object with members of a kind that cannot be told.
    pub(crate) fn order(&self) -> Option<OrderData> {
        match self.return_data.as_deref().map(RawValue::get) {
            None | Some("[]") => Some(OrderData::default()),
            Some(text) if text.starts_with('{') => serde_json::from_str(text).ok(),
            Some(_) => None,
        }
    }
}

/// What `return_data` holds of an order, in all three operations.
#[derive(Deserialize, Default)]
pub(crate) struct OrderData {
    pub(crate) order_id: Option<Scalar>,
    pub(crate) order_status: Option<Scalar>,
    order_amount: Option<Scalar>,
    amount: Option<Scalar>,
    order_currency: Option<Scalar>,
    currency: Option<Scalar>,
    #[serde(rename = "kwikX_order_id")]
    pub(crate) gateway_id: Option<Scalar>,
    pub(crate) payment_link: Option<Scalar>,
}

impl OrderData {
    /// The amount under either of its names.
    pub(crate) fn amount(&self) -> Option<&Scalar> {
        self.order_amount.as_ref().or(self.amount.as_ref())
    }

    /// The currency under either of its names.
    pub(crate) fn currency(&self) -> Option<&Scalar> {
        self.currency.as_ref().or(self.order_currency.as_ref())
    }
}

/// The body of a webhook (page *webhook-setup*).
#[derive(Deserialize)]
pub(crate) struct WebhookBody {
    pub(crate) event: String,
    pub(crate) data: WebhookData,
}

/// What a webhook says of an order.
#[derive(Deserialize)]
pub(crate) struct WebhookData {
    pub(crate) order_id: Option<Scalar>,
    pub(crate) status: Option<Scalar>,
    pub(crate) amount: Option<Scalar>,
    pub(crate) currency: Option<Scalar>,
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
