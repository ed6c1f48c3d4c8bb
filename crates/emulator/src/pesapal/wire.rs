//! Pesapal's bodies, member for member as they stand on the wire.

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::behaviour::pesapal::NoError;
use crate::json::JsonDecimal;

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
    pub(super) billing_address: Option<BillingAddress>,
}

#[derive(Deserialize)]
pub(super) struct BillingAddress {
    pub(super) email_address: Option<String>,
    pub(super) phone_number: Option<String>,
    pub(super) country_code: Option<String>,
    pub(super) state: Option<String>,
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

#[derive(Debug, Serialize)]
pub(super) struct ApiError {
    pub(super) error_type: Option<&'static str>,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) call_back_url: Option<Option<String>>,
}

impl ApiError {
    pub(super) fn new(code: &str, message: &str) -> Self {
        Self {
            error_type: Some("api_error"),
            code: Some(code.to_owned()),
            message: Some(message.to_owned()),
            call_back_url: None,
        }
    }
}

/// Where a form without an error differs from null: only a status was recorded with an object of nulls.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Status,
    Elsewhere,
}

/// `error` where there is none: Some(None) is null on the wire, None is no member at all.
pub(super) fn no_error(form: NoError, place: Place) -> Option<Option<ApiError>> {
    let nulls = ApiError {
        error_type: None,
        code: None,
        message: None,
        call_back_url: None,
    };
    match (form, place) {
        (NoError::AsObserved, Place::Status) => Some(Some(ApiError {
            call_back_url: Some(None),
            ..nulls
        })),
        (NoError::ObjectOfNulls, Place::Status | Place::Elsewhere) => Some(Some(nulls)),
        (NoError::AsObserved, Place::Elsewhere)
        | (NoError::Null, Place::Status | Place::Elsewhere) => Some(None),
        (NoError::Absent, Place::Status | Place::Elsewhere) => None,
    }
}

#[derive(Serialize)]
pub(super) struct ErrorBody {
    pub(super) error: ApiError,
    pub(super) status: &'static str,
}

#[expect(non_snake_case, reason = "expiryDate is the name on the wire")]
#[derive(Serialize)]
pub(super) struct TokenReply {
    pub(super) token: Option<String>,
    pub(super) expiryDate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Option<ApiError>>,
    pub(super) status: &'static str,
    pub(super) message: &'static str,
}

#[derive(Serialize)]
pub(super) struct BadBearer {
    pub(super) error: ApiError,
    pub(super) status: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct IpnReply<'a> {
    pub(super) id: u64,
    pub(super) url: &'a str,
    pub(super) created_date: String,
    pub(super) ipn_id: &'a str,
    pub(super) notification_type: u8,
    pub(super) ipn_notification_type_description: &'static str,
    pub(super) ipn_status: u8,
    // Misspelt by the real server.
    pub(super) ipn_status_decription: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Option<ApiError>>,
    pub(super) status: &'static str,
}

#[derive(Serialize)]
pub(super) struct SubmitReply<'a> {
    pub(super) order_tracking_id: Option<&'a str>,
    pub(super) merchant_reference: Option<&'a str>,
    pub(super) redirect_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Option<ApiError>>,
    pub(super) status: &'static str,
}

#[derive(Serialize)]
pub(super) struct StatusReply<'a> {
    pub(super) payment_method: &'static str,
    pub(super) amount: JsonDecimal,
    pub(super) created_date: String,
    pub(super) confirmation_code: &'a str,
    pub(super) order_tracking_id: &'a str,
    pub(super) payment_status_description: &'static str,
    pub(super) description: Option<&'static str>,
    pub(super) message: &'static str,
    pub(super) payment_account: &'static str,
    pub(super) call_back_url: String,
    pub(super) status_code: u8,
    pub(super) merchant_reference: &'a str,
    pub(super) payment_status_code: &'static str,
    pub(super) currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Option<ApiError>>,
    pub(super) status: &'static str,
}

/// The form of cancel's and refund's replies, which have no `error` at all.
#[derive(Serialize)]
pub(super) struct Plain {
    pub(super) status: &'static str,
    pub(super) message: &'static str,
}

/// UTC with seven digits of a fraction, as .NET writes it.
pub(super) fn utc(time: Timestamp) -> String {
    format!("{time:.7}")
}

/// East Africa Time without saying so, as the status has it.
pub(super) fn east_africa(time: Timestamp) -> String {
    let local = Offset::constant(3).to_datetime(time);
    format!("{local:.2}")
}
