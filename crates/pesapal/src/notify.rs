//! Notifications (IPN): reading one, and the answer Pesapal expects (page *IPN*).
//!
//! They are not signed and carry no status. One says no more than *look at this order*:
//! read the status, whatever the notification claims.

use duka_core::OrderId;
use duka_http::adapter::JsonScalar;
use url::form_urlencoded;

use crate::wire::canonical_id;
use crate::wire::types::{IpnAnswer, IpnBody};

/// The longest body or query that is read, in bytes; a real one has about 200.
pub const MAX_LEN: usize = 8 * 1024;

/// What a notification is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IpnKind {
    /// `IPNCHANGE`: the order's status may have changed.
    Change,
    /// `RECURRING`: a recurring charge; the reference is the account number.
    Recurring,
    /// `CALLBACKURL`, or no type in a query: the customer's browser coming back, and not a
    /// notification at all.
    Callback,
    /// A type that no page lists, in its own words.
    Unknown(String),
}

impl IpnKind {
    fn read(word: &str) -> Self {
        match word.to_ascii_uppercase().as_str() {
            "IPNCHANGE" => Self::Change,
            "RECURRING" => Self::Recurring,
            "CALLBACKURL" => Self::Callback,
            _ => Self::Unknown(word.to_owned()),
        }
    }

    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Change => "IPNCHANGE",
            Self::Recurring => "RECURRING",
            Self::Callback => "CALLBACKURL",
            Self::Unknown(word) => word,
        }
    }
}

/// One notification, believed in nothing but which order to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ipn {
    /// What it is about.
    pub kind: IpnKind,
    /// The order to read the status of; always a GUID in small letters.
    pub order: OrderId,
    /// The merchant's reference, or the account number of a recurring charge; may be
    /// empty. The sender of the notification chose it.
    pub reference: String,
}

/// Why something is no notification. It quotes nothing of what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IpnError {
    /// Longer than [`MAX_LEN`].
    #[error("notification is longer than {MAX_LEN} bytes")]
    TooLong,
    /// A body that is not a JSON object of texts.
    #[error("notification is not a JSON object of texts")]
    NotJson,
    /// A member is missing or empty.
    #[error("notification has no {0}")]
    Missing(&'static str),
    /// A parameter stands there twice; which one would count?
    #[error("notification has more than one {0}")]
    Twice(&'static str),
    /// The tracking id is not one.
    #[error("notification has an OrderTrackingId that is not a GUID")]
    NotAGuid,
}

const TRACKING_ID: &str = "OrderTrackingId";
const REFERENCE: &str = "OrderMerchantReference";
const KIND: &str = "OrderNotificationType";

impl Ipn {
    /// Reads the query string of a `GET`, with or without its question mark. Other
    /// parameters are ignored. Without a type it is the customer's browser coming back, which
    /// was recorded to name none.
    ///
    /// # Errors
    /// When it is not a notification.
    pub fn from_query(query: &str) -> Result<Self, IpnError> {
        if query.len() > MAX_LEN {
            return Err(IpnError::TooLong);
        }
        let query = query.strip_prefix('?').unwrap_or(query);
        let mut found: [Option<String>; 3] = [None, None, None];
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            // assumed: names in another case mean the same; web servers differ in this.
            let known = [TRACKING_ID, REFERENCE, KIND];
            let Some(at) = known.iter().position(|k| name.eq_ignore_ascii_case(k)) else {
                continue;
            };
            if found[at].replace(value.into_owned()).is_some() {
                return Err(IpnError::Twice(known[at]));
            }
        }
        let [tracking_id, reference, kind] = found;
        let kind = kind.or_else(|| Some(IpnKind::Callback.as_str().to_owned()));
        Self::checked(tracking_id, reference, kind)
    }

    /// Reads the JSON body of a `POST`. Other members are ignored.
    ///
    /// # Errors
    /// When it is not a notification.
    pub fn from_json(body: &[u8]) -> Result<Self, IpnError> {
        if body.len() > MAX_LEN {
            return Err(IpnError::TooLong);
        }
        let body = serde_json::from_slice(body).unwrap_or(JsonScalar::Null);
        let body: IpnBody = body.parse().ok_or(IpnError::NotJson)?;
        let text = |member: JsonScalar| member.into_string().map_err(|_| IpnError::NotJson);
        Self::checked(
            text(body.order_tracking_id)?,
            text(body.order_merchant_reference)?,
            text(body.order_notification_type)?,
        )
    }

    fn checked(
        tracking_id: Option<String>,
        reference: Option<String>,
        kind: Option<String>,
    ) -> Result<Self, IpnError> {
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let tracking_id = filled(tracking_id).ok_or(IpnError::Missing(TRACKING_ID))?;
        let kind = filled(kind).ok_or(IpnError::Missing(KIND))?;
        Ok(Self {
            kind: IpnKind::read(&kind),
            order: canonical_id(&tracking_id).ok_or(IpnError::NotAGuid)?,
            reference: reference.unwrap_or_default(),
        })
    }

    /// The body to answer with, as `application/json` in HTTP 200.
    pub fn reply(&self, verdict: IpnVerdict) -> Vec<u8> {
        let reply = IpnAnswer {
            order_notification_type: self.kind.as_str(),
            order_tracking_id: self.order.as_str(),
            order_merchant_reference: &self.reference,
            status: match verdict {
                IpnVerdict::Served => 200,
                IpnVerdict::NotServed => 500,
            },
        };
        serde_json::to_vec(&reply).expect("a struct of texts and a number is always JSON")
    }
}

/// What became of a notification, for the answer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IpnVerdict {
    /// Received, and the order has been looked at or will be.
    Served,
    /// Received, but not dealt with.
    ///
    /// assumed: it may not be sent again, so nothing may depend on that.
    NotServed,
}
