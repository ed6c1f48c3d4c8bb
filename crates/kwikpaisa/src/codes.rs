//! KwikPaisa's order statuses and error codes as tables, with what each means to us.
//!
//! Only what a page of `developers.kwikpaisa.com/v3-guide` shows stands here, or what its
//! row calls assumed. Everything else stays unknown.

use duka_core::{ErrorKind, OrderStatus};

/// How we know of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Evidence {
    /// This page of the gateway's documentation lists it, with this meaning.
    Documented(&'static str),
    /// A page names it and does not say all that is read into it.
    Assumed(&'static str),
}

/// One `order_status`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusCode {
    /// As it stands in a reply.
    pub text: &'static str,
    /// What it means.
    pub status: OrderStatus,
    /// How we know.
    pub evidence: Evidence,
}

/// Every `order_status` with a meaning (pages *check-status* and *cancel-order*).
///
/// assumed: that words are exact, capitals included, and that the retry page's words are no
/// statuses of orders. It also names `PENDING`, `QUEUED`, `SUCCESS` and `REVERSED`,
/// for payouts mostly; as the status of an order they are unknown.
pub static STATUS_CODES: [StatusCode; 6] = [
    row("UN_PAID", OrderStatus::Unpaid),
    row("PROCESSING", OrderStatus::Processing),
    row("PAID", OrderStatus::Paid),
    row("FAILED", OrderStatus::Failed),
    row("EXPIRED", OrderStatus::Expired),
    row("CANCELLED", OrderStatus::Cancelled),
];

const fn row(text: &'static str, status: OrderStatus) -> StatusCode {
    StatusCode {
        text,
        status,
        evidence: Evidence::Documented("cancel-order"),
    }
}

/// What an `order_status` means; [`OrderStatus::Unknown`] with its own text if it is not
/// listed, in a case of its own included.
pub fn order_status(text: &str) -> OrderStatus {
    STATUS_CODES
        .iter()
        .find(|row| row.text == text)
        .map_or_else(
            || OrderStatus::Unknown(text.to_owned()),
            |row| row.status.clone(),
        )
}

/// One HTTP status that stands for a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorCode {
    /// The HTTP status; the error envelope repeats it as `code`.
    pub http: u16,
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What the page says of it, in short.
    pub meaning: &'static str,
    /// How we know of its kind.
    pub evidence: Evidence,
}

/// Every HTTP status that the page *error-codes* lists as an error.
pub static ERROR_CODES: [ErrorCode; 9] = [
    error(400, ErrorKind::Rejected, "bad or missing parameters"),
    error(
        401,
        ErrorKind::Authentication,
        "bad key, signature or timestamp",
    ),
    error(
        403,
        ErrorKind::Rejected,
        "wallet, environment or address not allowed",
    ),
    // assumed: that an order is what is missing.
    ErrorCode {
        evidence: Evidence::Assumed("error-codes"),
        ..error(404, ErrorKind::NotFound, "no such order")
    },
    error(409, ErrorKind::Conflict, "order id already taken"),
    error(422, ErrorKind::Rejected, "validation or a business rule"),
    error(429, ErrorKind::RateLimited, "too many requests"),
    error(500, ErrorKind::Unavailable, "server error"),
    error(503, ErrorKind::Unavailable, "under maintenance"),
];

const fn error(http: u16, kind: ErrorKind, meaning: &'static str) -> ErrorCode {
    ErrorCode {
        http,
        kind,
        meaning,
        evidence: Evidence::Documented("error-codes"),
    }
}

/// The row of an HTTP status, if the page lists it as an error.
pub fn error_code(http: u16) -> Option<&'static ErrorCode> {
    ERROR_CODES.iter().find(|row| row.http == http)
}
