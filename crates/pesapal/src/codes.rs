//! Pesapal's status numbers and error codes as tables, with what each means to us.
//!
//! Only what a page or a recorded reply shows stands here. Everything else stays unknown.

use duka_core::{ErrorKind, OrderStatus};

/// How we know of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Evidence {
    /// A page of the gateway's documentation lists it.
    Documented,
    /// A recorded reply of the real server shows it.
    Observed,
}

/// One `status_code` of `GetTransactionStatus`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusCode {
    /// The number that decides.
    pub number: i64,
    /// The word that comes with it in `payment_status_description`, in capitals.
    pub text: &'static str,
    /// What it means.
    pub status: OrderStatus,
    /// The error code that must come with it; without one, no error may.
    pub only_with: Option<&'static str>,
    /// How we know of this meaning.
    pub evidence: Evidence,
}

/// The error code that turns *INVALID* into *nobody has paid yet*.
pub const PENDING: &str = "payment_details_not_found";

/// The `error_type` that names a refused token, whatever the code.
pub const AUTHENTICATION_ERROR: &str = "authentication_error";

/// Every `status_code` with a meaning (page *Get Transaction Status*). Neither *pending*
/// nor *cancelled* has one.
pub static STATUS_CODES: [StatusCode; 4] = [
    StatusCode {
        number: 0,
        text: "INVALID",
        status: OrderStatus::Unpaid,
        only_with: Some(PENDING),
        evidence: Evidence::Observed,
    },
    StatusCode {
        number: 1,
        text: "COMPLETED",
        status: OrderStatus::Paid,
        only_with: None,
        evidence: Evidence::Documented,
    },
    StatusCode {
        number: 2,
        text: "FAILED",
        status: OrderStatus::Failed,
        only_with: None,
        evidence: Evidence::Documented,
    },
    StatusCode {
        number: 3,
        text: "REVERSED",
        status: OrderStatus::Reversed,
        only_with: None,
        evidence: Evidence::Documented,
    },
];

/// One `error.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorCode {
    /// As it stands in the reply.
    pub code: &'static str,
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// How we know.
    pub evidence: Evidence,
}

/// Every error code seen so far. Any other is [`ErrorKind::Rejected`] as well: the form
/// of the error object is documented, its codes are not listed anywhere.
pub static ERROR_CODES: [ErrorCode; 9] = [
    observed(
        "invalid_consumer_key_or_secret_provided",
        ErrorKind::Authentication,
    ),
    observed(
        "invalid_api_credentials_provided",
        ErrorKind::Authentication,
    ),
    observed(PENDING, ErrorKind::Rejected),
    observed("invalid_url", ErrorKind::Rejected),
    observed("invalid_api_request_parameters", ErrorKind::Rejected),
    observed("InvalidIpnId", ErrorKind::Rejected),
    observed("missing_mandatory_billing_address", ErrorKind::Rejected),
    observed("amount_exceeds_default_limit", ErrorKind::Rejected),
    observed("maximum_amount_limit_exceeded", ErrorKind::Rejected),
];

const fn observed(code: &'static str, kind: ErrorKind) -> ErrorCode {
    ErrorCode {
        code,
        kind,
        evidence: Evidence::Observed,
    }
}

/// The row of a status number.
pub fn status_code(number: i64) -> Option<&'static StatusCode> {
    STATUS_CODES.iter().find(|row| row.number == number)
}

/// The row of an error code, in either case.
pub fn error_code(code: &str) -> Option<&'static ErrorCode> {
    ERROR_CODES
        .iter()
        .find(|row| row.code.eq_ignore_ascii_case(code))
}
