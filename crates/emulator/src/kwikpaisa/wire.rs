//! KwikPaisa's bodies, member for member as they stand on the wire.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::json::JsonScalar;
use crate::variants::{Behaviour, kwikpaisa as variants};

#[derive(Deserialize)]
pub(super) struct CreateBody {
    pub(super) order_id: Option<Box<RawValue>>,
    pub(super) order_amount: Option<Box<RawValue>>,
    pub(super) order_currency: Option<String>,
    pub(super) service_type: Option<String>,
    pub(super) customer: Option<Customer>,
    pub(super) return_url: Option<String>,
    pub(super) order_note: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Customer {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct OrderBody {
    pub(super) order_id: Option<Box<RawValue>>,
}

#[derive(Serialize)]
pub(super) struct Envelope<'a, T> {
    pub(super) code: &'a str,
    pub(super) status: &'static str,
    pub(super) message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) return_data: Option<&'a T>,
}

#[derive(Serialize)]
pub(super) struct ErrorEnvelope {
    pub(super) status: bool,
    pub(super) code: JsonScalar,
    pub(super) message: &'static str,
}

#[expect(non_snake_case, reason = "kwikX_order_id is the name on the wire")]
#[derive(Default, Serialize)]
pub(super) struct Created<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kwikX_order_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) order_id: Option<JsonScalar>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) order_status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) order_token: Option<&'a str>,
    pub(super) payment_link: String,
}

#[expect(non_snake_case, reason = "kwikX_order_id is the name on the wire")]
#[derive(Serialize)]
pub(super) struct Status<'a> {
    pub(super) kwikX_order_id: &'a str,
    pub(super) order_id: JsonScalar,
    pub(super) order_amount: JsonScalar,
    pub(super) currency: &'a str,
    pub(super) order_status: &'static str,
    // Some(None) is null on the wire, None is no member at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) payment_method: Option<Option<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) transaction_id: Option<Option<&'a str>>,
    pub(super) created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) paid_at: Option<Option<String>>,
}

#[derive(Serialize)]
pub(super) struct Cancelled {
    pub(super) order_id: JsonScalar,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) order_status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cancelled_at: Option<String>,
}

/// `DD-MM-YYYY hh:mm AM/PM`, to the minute and without a zone.
pub(super) fn date(time: Timestamp, behaviour: &Behaviour) -> String {
    let seconds = behaviour.value(&variants::DATE_OFFSET_SECONDS);
    let ahead = SignedDuration::from_secs(seconds.into());
    let local = time.checked_add(ahead).unwrap_or(time);
    // A timestamp is written as UTC, which is `local` by then.
    local.strftime("%d-%m-%Y %I:%M %p").to_string()
}
