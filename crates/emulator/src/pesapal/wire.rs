//! Pesapal's bodies, member for member as they stand on the wire.

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json::JsonScalar;
use crate::order::PesapalOrder;
use crate::variants::Behaviour;
use crate::variants::pesapal::{self as variants, ErrorForm, NoError};

#[derive(Deserialize)]
pub(super) struct TokenBody {
    pub(super) consumer_key: Option<String>,
    pub(super) consumer_secret: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RegisterBody {
    pub(super) url: Option<String>,
    pub(super) ipn_notification_type: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SubmitBody {
    pub(super) id: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) amount: Option<Box<RawValue>>,
    pub(super) description: Option<String>,
    pub(super) callback_url: Option<String>,
    pub(super) cancellation_url: Option<String>,
    pub(super) redirect_mode: Option<String>,
    pub(super) notification_id: Option<String>,
    #[expect(
        dead_code,
        reason = "the emulator does not use it, but checks that it is text"
    )]
    pub(super) branch: Option<String>,
    pub(super) billing_address: Option<BillingAddress>,
    pub(super) account_number: Option<String>,
    pub(super) subscription_details: Option<SubscriptionDetails>,
}

#[derive(Deserialize)]
pub(super) struct SubscriptionDetails {
    pub(super) start_date: Option<String>,
    pub(super) end_date: Option<String>,
    pub(super) frequency: Option<String>,
}

/// What the page has as a number, and clients send as text as well.
pub(super) struct TextOrNumber;

impl<'de> Deserialize<'de> for TextOrNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let known = JsonScalar::read(&raw).map(|_| Self);
        known.ok_or_else(|| D::Error::custom("neither text nor a number"))
    }
}

#[derive(Deserialize)]
#[expect(
    dead_code,
    reason = "the emulator does not use these members, but checks that they are text"
)]
pub(super) struct BillingAddress {
    pub(super) email_address: Option<String>,
    pub(super) phone_number: Option<String>,
    pub(super) country_code: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) middle_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) line_1: Option<String>,
    pub(super) line_2: Option<String>,
    pub(super) city: Option<String>,
    pub(super) state: Option<String>,
    pub(super) postal_code: Option<TextOrNumber>,
    pub(super) zip_code: Option<TextOrNumber>,
}

#[derive(Deserialize)]
pub(super) struct CancelBody {
    pub(super) order_tracking_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RefundBody {
    pub(super) confirmation_code: Option<String>,
    pub(super) amount: Option<Box<RawValue>>,
    pub(super) username: Option<String>,
    pub(super) remarks: Option<String>,
}

/// `status` in a body: 200 or 500, whatever the HTTP status is.
pub(super) fn body_status(behaviour: &Behaviour, number: u16) -> JsonScalar {
    JsonScalar::number(number, behaviour.value(&variants::STATUS_TYPE))
}

// In what follows Some(None) is null on the wire, and None is no member at all.

#[derive(Debug, Serialize)]
pub(super) struct ApiError {
    /// As recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error_type: Option<Option<&'static str>>,
    /// As documented.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) documented_type: Option<Option<&'static str>>,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) call_back_url: Option<Option<String>>,
}

impl ApiError {
    pub(super) fn new(behaviour: &Behaviour, code: &str, message: &str) -> Self {
        let kind = if code == PARAMETERS {
            "invalid_request_error"
        } else {
            "api_error"
        };
        Self::of_type(behaviour, Some(kind), Some((code, message)))
    }

    /// The error of credentials or a token.
    pub(super) fn of_authentication(behaviour: &Behaviour, code: &str, message: &str) -> Self {
        let words = Some((code, message));
        Self::of_type(behaviour, Some("authentication_error"), words)
    }

    fn of_type(
        behaviour: &Behaviour,
        kind: Option<&'static str>,
        words: Option<(&str, &str)>,
    ) -> Self {
        let (error_type, documented_type) = match behaviour.value(&variants::ERROR_FORM) {
            ErrorForm::Observed | ErrorForm::Text => (Some(kind), None),
            ErrorForm::Documented => (None, Some(kind)),
        };
        Self {
            error_type,
            documented_type,
            code: words.map(|it| it.0.to_owned()),
            message: words.map(|it| it.1.to_owned()),
            call_back_url: None,
        }
    }
}

/// Where a form without an error differs from null: a status was recorded with an object of nulls, and an address
/// of notifications without any.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Status,
    Address,
    Elsewhere,
}

/// `error` where there is none.
pub(super) fn no_error(behaviour: &Behaviour, place: Place) -> Option<Option<ApiError>> {
    let nulls = ApiError::of_type(behaviour, None, None);
    match (behaviour.value(&variants::NO_ERROR), place) {
        (NoError::AsDocumented, Place::Status) => Some(Some(ApiError {
            call_back_url: Some(None),
            ..nulls
        })),
        (NoError::AsObserved, Place::Status) | (NoError::ObjectOfNulls, _) => Some(Some(nulls)),
        (NoError::AsObserved | NoError::AsDocumented, Place::Elsewhere) | (NoError::Null, _) => {
            Some(None)
        }
        (NoError::AsObserved | NoError::AsDocumented, Place::Address) | (NoError::Absent, _) => {
            None
        }
    }
}

/// An error in place of a reply.
pub(super) enum Refusal {
    Object(ApiError),
    /// The message alone.
    Text(String),
}

impl Refusal {
    /// One in the form that `error_form` says.
    pub(super) fn new(behaviour: &Behaviour, code: &str, message: &str) -> Self {
        match behaviour.value(&variants::ERROR_FORM) {
            ErrorForm::Observed | ErrorForm::Documented => {
                Self::Object(ApiError::new(behaviour, code, message))
            }
            ErrorForm::Text => Self::Text(message.to_owned()),
        }
    }
}

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(error) => error.serialize(serializer),
            Self::Text(message) => serializer.serialize_str(message),
        }
    }
}

#[derive(Serialize)]
pub(super) struct ErrorBody {
    pub(super) error: Refusal,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Option<JsonScalar>>,
}

#[expect(non_snake_case, reason = "expiryDate is the name on the wire")]
#[derive(Serialize)]
pub(super) struct TokenReply {
    pub(super) token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expiryDate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Option<ApiError>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<JsonScalar>,
    pub(super) message: &'static str,
}

#[derive(Serialize)]
pub(super) struct IpnReply<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<u64>,
    pub(super) url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created_date: Option<String>,
    pub(super) ipn_id: &'a str,
    pub(super) notification_type: u8,
    pub(super) ipn_notification_type_description: &'static str,
    pub(super) ipn_status: u8,
    // Misspelt by the real server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ipn_status_decription: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ipn_status_description: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Option<ApiError>>,
    pub(super) status: JsonScalar,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<Option<&'static str>>,
}

#[derive(Serialize)]
pub(super) struct SubmitReply<'a> {
    pub(super) order_tracking_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) merchant_reference: Option<Option<&'a str>>,
    pub(super) redirect_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Option<ApiError>>,
    pub(super) status: JsonScalar,
}

#[derive(Serialize)]
pub(super) struct StatusReply<'a> {
    pub(super) payment_method: &'static str,
    pub(super) amount: JsonScalar,
    pub(super) created_date: String,
    pub(super) confirmation_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) order_tracking_id: Option<String>,
    pub(super) payment_status_description: &'static str,
    pub(super) description: Option<&'static str>,
    pub(super) message: &'static str,
    pub(super) payment_account: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) payer_info: Option<PayerInfo>,
    pub(super) call_back_url: String,
    pub(super) status_code: u8,
    pub(super) merchant_reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account_number: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) payment_status_code: Option<&'static str>,
    pub(super) currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Option<ApiError>>,
    pub(super) status: JsonScalar,
}

#[derive(Serialize)]
pub(super) struct PayerInfo {
    pub(super) first_name: &'static str,
    pub(super) last_name: &'static str,
}

/// The code of an error about a member of the request.
pub(super) const PARAMETERS: &str = "invalid_api_request_parameters";

/// The form of cancel's and refund's replies, which have no `error` at all.
#[derive(Serialize)]
pub(super) struct Plain {
    pub(super) status: JsonScalar,
    pub(super) message: &'static str,
}

/// An order's tracking id as replies write it.
pub(super) fn tracking_id(behaviour: &Behaviour, own: &PesapalOrder) -> String {
    if behaviour.value(&variants::TRACKING_ID_IS_UPPERCASE) {
        own.tracking_id.to_ascii_uppercase()
    } else {
        own.tracking_id.clone()
    }
}

/// A token's `expiryDate`.
pub(super) fn expiry_date(behaviour: &Behaviour, time: Timestamp) -> Option<String> {
    let digits = behaviour.value(&variants::EXPIRY_DIGITS)?;
    Some(format!("{time:.digits$}"))
}

/// A registered address's `created_date`.
pub(super) fn created_date(behaviour: &Behaviour, time: Timestamp) -> String {
    if behaviour.value(&variants::IPN_DATE_IS_UTC) {
        utc(time)
    } else {
        east_africa(time)
    }
}

/// UTC with up to seven digits of a fraction, as .NET writes it: without zeros behind them.
fn utc(time: Timestamp) -> String {
    let text = format!("{time:.7}");
    let text = text.trim_end_matches('Z');
    format!("{}Z", without_zeros(text))
}

/// East Africa Time without saying so, as a status and the list of addresses have it: with up to three digits of a
/// fraction.
pub(super) fn east_africa(time: Timestamp) -> String {
    let local = Offset::constant(3).to_datetime(time);
    without_zeros(&format!("{local:.3}")).to_owned()
}

fn without_zeros(text: &str) -> &str {
    text.trim_end_matches('0').trim_end_matches('.')
}
