//! What the gateways' pages leave open, as named choices with one default each.

use std::time::Duration;

/// How the emulator answers where the real gateways' answer is not known.
///
/// The defaults are one plausible gateway. A client should pass with every variant:
///
/// ```
/// use duka_emulator::{Behaviour, CancelRefusal};
///
/// let mut behaviour = Behaviour::default();
/// behaviour.cancel_refusal = CancelRefusal::FailedEnvelope;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Behaviour {
    /// KwikPaisa: HTTP status of a successful create.
    pub create_http: CreateHttp,
    /// KwikPaisa: how a cancel of an ineligible order is refused.
    pub cancel_refusal: CancelRefusal,
    /// KwikPaisa: payment fields in the status of an order that is not paid.
    pub unpaid_fields: UnpaidFields,
    /// KwikPaisa: the zone of its dates, which carry none.
    pub date_zone: DateZone,
    /// KwikPaisa: which `Content-Type` values are accepted.
    pub content_type: ContentTypeRule,
    /// Pesapal: HTTP status of a refused bearer token.
    pub bad_token: DoorRefusal,
    /// Pesapal: HTTP status of refused consumer keys.
    pub bad_consumer_keys: DoorRefusal,
    /// Pesapal: the form of `error` where there is none.
    pub no_error: NoError,
    /// Pesapal: what the status shows once a cancel was applied.
    pub status_after_cancel: StatusAfterCancel,
    /// Pesapal: the answer to a second cancel of an order whose first was applied.
    pub second_cancel: SecondCancel,
    /// Pesapal: whether a refused cancel uses up the one request an order has.
    pub refused_request: RefusedRequest,
    /// Pesapal: whether an applied cancel sends an IPN.
    pub ipn_after_cancel: IpnAfterCancel,
    /// Pesapal: a cancel of an order younger than this is refused; zero, the default, refuses none.
    ///
    /// The only successful cancel ever recorded was of an order over two hours old.
    pub cancel_not_before: Duration,
}

/// HTTP status of a successful create at KwikPaisa.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CreateHttp {
    /// HTTP 200 and `"code":"200"`.
    #[default]
    Ok,
    /// HTTP 201 and `"code":"201"`.
    Created,
}

/// The form of KwikPaisa's "order cannot be cancelled", which no page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelRefusal {
    /// HTTP 422 with the error envelope.
    #[default]
    Http422,
    /// HTTP 400 with the error envelope.
    Http400,
    /// HTTP 409 with the error envelope.
    Http409,
    /// HTTP 200 with `"status":"failed"` and the order's status in `return_data`.
    FailedEnvelope,
}

/// Payment fields in KwikPaisa's status of an order that is not paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnpaidFields {
    /// Present and null, as `transaction_id` is known to be on a failed payment.
    #[default]
    Null,
    /// Left out.
    Absent,
}

/// The zone of KwikPaisa's dates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DateZone {
    /// UTC.
    #[default]
    Utc,
    /// India Standard Time, UTC+05:30.
    India,
}

/// Which `Content-Type` values KwikPaisa accepts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentTypeRule {
    /// `application/json` and nothing behind it.
    #[default]
    Exact,
    /// `application/json` with or without parameters such as a charset.
    ParametersAllowed,
}

/// HTTP status under which Pesapal says that credentials or a token are no good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DoorRefusal {
    /// HTTP 401.
    #[default]
    Http401,
    /// HTTP 200: only the body tells.
    Http200,
    /// HTTP 500.
    Http500,
}

/// The form of Pesapal's `error` where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoError {
    /// As recorded: an object of nulls in a status, null elsewhere.
    #[default]
    AsObserved,
    /// Null everywhere.
    Null,
    /// Left out everywhere.
    Absent,
    /// An object of nulls everywhere.
    ObjectOfNulls,
}

/// Pesapal's status of an order whose cancel was applied; no code for it exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatusAfterCancel {
    /// As it was before: pending or failed.
    #[default]
    Unchanged,
    /// Status code 0 with an error that is not the pending one.
    Invalid,
    /// Status code 2.
    Failed,
}

/// Pesapal's answer to a second cancel of an order whose first was applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecondCancel {
    /// Refused: status 500 in the body.
    #[default]
    Refused,
    /// Answered yes again; nothing is applied twice.
    AnsweredYes,
}

/// Whether a refused cancel uses up the one request an order has at Pesapal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusedRequest {
    /// It does: later requests are refused whatever the order's state.
    #[default]
    UsesUp,
    /// It does not.
    Free,
}

/// Whether an applied cancel sends an IPN at Pesapal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IpnAfterCancel {
    /// None is sent.
    #[default]
    NotSent,
    /// An `IPNCHANGE` is sent.
    Sent,
}
