//! Webhooks: lets in what carries a fresh, correct signature, and reads only that.
//!
//! Receiving them over HTTP is the program's business: hand over the raw body and two
//! headers, and answer HTTP 200 at once (page *webhook-setup*; whether 201 or 204 count is
//! not documented).

use std::time::Duration;

use duka_core::clock::SharedClock;
use duka_core::{Money, Observation, OrderId, OrderStatus, PaymentDetails};
use duka_http::adapter::{JsonScalar, money};
use duka_http::word_without_secrets;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::auth::verifies;
use crate::codes;
use crate::payload::{Json, Members, Unicode};
use crate::wire::{WebhookBody, WebhookData};

/// The longest body that is parsed before its signature is found right, in bytes.
const LONGEST_REWRITTEN: usize = 64 * 1024;

/// Checks webhooks against an account's secret key (page *signature-verification*).
#[derive(Debug, Clone)]
pub struct WebhookVerifier {
    secret_key: SecretString,
    clock: SharedClock,
    max_age: Duration,
    form: SignedForm,
}

/// What a webhook's signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SignedForm {
    /// The bytes that arrived, and nothing else. Nothing is parsed before the signature is
    /// found right.
    #[default]
    RawBody,
    /// Those, or the body as a program writes it that has read it: compact, numbers in
    /// their shortest form, members as they stood or sorted.
    ///
    /// assumed: only for the case that the gateway signs another spelling than it sends,
    /// as the sample on its page would allow. It has a body parsed that no signature has vouched
    /// for yet, so it is tried only up to 64 KiB; a real one has some hundred bytes.
    RawOrRewritten,
}

impl WebhookVerifier {
    /// Checks with this key and clock; a webhook may be 300 s old.
    pub fn new(secret_key: SecretString, clock: SharedClock) -> Self {
        Self {
            secret_key,
            clock,
            // assumed: by convention only; no page gives a figure. It bounds how long a
            // recorded webhook can be played again, and must cover the gateway's own
            // redelivery if that repeats the first timestamp.
            max_age: Duration::from_secs(300),
            form: SignedForm::default(),
        }
    }

    /// How far a webhook's timestamp may be from our clock, either way; 300 s by default.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// What the signature may cover; the raw body by default.
    #[must_use]
    pub fn signed_form(mut self, form: SignedForm) -> Self {
        self.form = form;
        self
    }

    /// Checks age and signature and reads the webhook. `signature` and `timestamp` are the
    /// values of `X-SIGNATURE` and `X-TIMESTAMP`, `body` the bytes as they arrived.
    ///
    /// # Errors
    /// When it is too old or not signed with this key (answer HTTP 401), or signed and not
    /// readable (answer 200, or it will come again, and tell an operator).
    pub fn verify(
        &self,
        body: &[u8],
        signature: &str,
        timestamp: &str,
    ) -> Result<Webhook, WebhookError> {
        let now = self.clock.now();
        self.check_age(timestamp, now)?;
        if !self.is_signed(body, timestamp, signature) {
            return Err(WebhookError::BadSignature);
        }
        let body = serde_json::from_slice(body).unwrap_or(JsonScalar::Null);
        let body = body.parse().ok_or(WebhookError::Unreadable)?;
        let secrets = [self.secret_key.clone(), SecretString::from(signature)];
        Webhook::read(body, now, &secrets)
    }

    fn check_age(&self, timestamp: &str, now: Timestamp) -> Result<(), WebhookError> {
        let plain = !timestamp.is_empty() && timestamp.bytes().all(|b| b.is_ascii_digit());
        let seconds: i64 = timestamp
            .parse()
            .ok()
            .filter(|_| plain)
            .ok_or(WebhookError::BadTimestamp)?;
        let age = now.as_second().abs_diff(seconds);
        if age > self.max_age.as_secs() {
            return Err(WebhookError::TooOld { seconds: age });
        }
        Ok(())
    }

    fn is_signed(&self, body: &[u8], timestamp: &str, signature: &str) -> bool {
        let right = |payload: &[u8]| verifies(&self.secret_key, payload, timestamp, signature);
        if right(body) {
            return true;
        }
        match self.form {
            SignedForm::RawBody => false,
            SignedForm::RawOrRewritten if body.len() > LONGEST_REWRITTEN => false,
            SignedForm::RawOrRewritten => {
                let Ok(json) = Json::parse(body) else {
                    return false;
                };
                let json = json.with_short_numbers();
                [Members::AsGiven, Members::Sorted]
                    .iter()
                    .any(|order| right(&json.write(*order, Unicode::Raw)))
            }
        }
    }
}

/// A webhook that was let in. **A hint**: ask for the status before acting on it.
///
/// It has no id of its own, and is delivered again until it is answered: two with the same
/// event, order and status are one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Webhook {
    /// What happened.
    pub event: Event,
    /// The order, as a string; KwikPaisa's replies have the same id as an integer. Compare
    /// ids as text, as [`OrderId`] does. `None` for some payouts.
    pub order: Option<OrderId>,
    /// The order's status; unknown where the word is, or where it contradicts the event.
    /// `None` for payouts, which are not orders, and for events that are not listed.
    pub status: Option<OrderStatus>,
    /// The `data.status` as it was sent.
    pub raw_status: String,
    /// Amount and currency, where both can be read.
    pub money: Option<Money>,
    /// When it was let in, by our clock.
    pub received_at: Timestamp,
}

/// What a webhook is about (page *webhook-setup*). There is none for a cancellation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// `payment.success`.
    PaymentSuccess,
    /// `payment.failed`.
    PaymentFailed,
    /// `payment.processing`.
    PaymentProcessing,
    /// `payment.expired`.
    PaymentExpired,
    /// `payout.…`: money sent by the merchant, not an order.
    Payout(String),
    /// An event that no page lists, in its own words.
    Unknown(String),
}

/// Why a webhook was not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// `X-TIMESTAMP` is not a number of seconds.
    #[error("webhook timestamp is not a number of seconds")]
    BadTimestamp,
    /// It is further from our clock than allowed.
    #[error("webhook timestamp is {seconds} s from our clock")]
    TooOld {
        /// How far, in seconds.
        seconds: u64,
    },
    /// The signature is not that of this body with this key.
    #[error("webhook signature does not match")]
    BadSignature,
    /// The signature is right and the body is not a webhook.
    #[error("webhook body is of an undocumented form")]
    Unreadable,
}

impl Webhook {
    fn read(
        body: WebhookBody,
        now: Timestamp,
        secrets: &[SecretString],
    ) -> Result<Self, WebhookError> {
        let shown = |text: &str| word_without_secrets(text, secrets);
        let Ok(Some(event)) = body.event.into_string() else {
            return Err(WebhookError::Unreadable);
        };
        let event = Event::from_name(&event, shown(&event));
        let data: WebhookData = body.data.parse().ok_or(WebhookError::Unreadable)?;
        let order = match data.order_id.anything() {
            Some(_) => {
                let id = data.order_id.text().ok_or(WebhookError::Unreadable)?;
                Some(OrderId::guess(id).map_err(|_| WebhookError::Unreadable)?)
            }
            None => None,
        };
        let raw_status = data.status.text().map(shown).unwrap_or_default();
        let status = event.status_of(&raw_status)?;
        if status.is_some() && order.is_none() {
            return Err(WebhookError::Unreadable);
        }
        Ok(Self {
            event,
            order,
            status,
            raw_status,
            money: money(&data.amount, &data.currency),
            received_at: now,
        })
    }

    /// The webhook as a sight of its order, to be merged with others; `None` where it
    /// shows no status.
    pub fn observation(&self) -> Option<Observation> {
        Some(Observation {
            status: self.status.clone()?,
            raw_status: self.raw_status.clone(),
            money: self.money,
            details: PaymentDetails::default(),
            observed_at: self.received_at,
        })
    }
}

impl Event {
    /// Reads the name as it was sent; `shown` is how it is told.
    fn from_name(name: &str, shown: String) -> Self {
        match name {
            "payment.success" => Self::PaymentSuccess,
            "payment.failed" => Self::PaymentFailed,
            "payment.processing" => Self::PaymentProcessing,
            "payment.expired" => Self::PaymentExpired,
            _ if name.starts_with("payout.") => Self::Payout(shown),
            _ => Self::Unknown(shown),
        }
    }

    /// The event's name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::PaymentSuccess => "payment.success",
            Self::PaymentFailed => "payment.failed",
            Self::PaymentProcessing => "payment.processing",
            Self::PaymentExpired => "payment.expired",
            Self::Payout(name) | Self::Unknown(name) => name,
        }
    }

    /// The order's status, if event and word agree on one.
    fn status_of(&self, word: &str) -> Result<Option<OrderStatus>, WebhookError> {
        let expected = match self {
            Self::PaymentSuccess => OrderStatus::Paid,
            Self::PaymentFailed => OrderStatus::Failed,
            Self::PaymentProcessing => OrderStatus::Processing,
            Self::PaymentExpired => OrderStatus::Expired,
            Self::Payout(_) | Self::Unknown(_) => return Ok(None),
        };
        if word.is_empty() {
            return Err(WebhookError::Unreadable);
        }
        let status = codes::order_status(word);
        // assumed: that each event goes with one status. Two words that do not agree are no
        // reason to ship goods.
        Ok(Some(if status == expected {
            status
        } else {
            OrderStatus::Unknown(word.to_owned())
        }))
    }
}
