//! `Serialize` and `Deserialize` in the words of the program's JSON, with the feature `serde`.
//!
//! What is read is checked as the type's own constructor checks it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::cancel::{Finding, Outcome, SkipReason, State};
use crate::details::{GatewayTime, PaymentDetails, PersonalText};
use crate::id::{AccountName, CancellationId, CreationId, GatewayName, IdForm, OrderId, RefundId};
use crate::money::{Decimal, Money};
use crate::order::{Observation, OrderStatus, StatusReading};
use crate::refund::{RefundFinding, RefundOutcome, RefundRequest, RefundResolution, RefundState};

/// A JSON string: written with `as_str` or `to_string`, read with `FromStr`.
macro_rules! as_text {
    ($($type:ty: $write:ident;)+) => {
        $(
            impl Serialize for $type {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(&self.$write())
                }
            }

            impl<'de> Deserialize<'de> for $type {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let text = Cow::<'de, str>::deserialize(deserializer)?;
                    text.parse().map_err(D::Error::custom)
                }
            }
        )+
    };
}

as_text! {
    AccountName: as_str;
    GatewayName: as_str;
    CancellationId: to_string;
    RefundId: to_string;
    CreationId: to_string;
    OrderStatus: as_str;
    SkipReason: as_str;
    Finding: as_str;
    RefundOutcome: as_str;
    RefundFinding: as_str;
    RefundResolution: as_str;
}

/// A JSON integer or string, as the merchant has it: see [`OrderId::form`].
///
/// An integer that does not fit into 64 bits is an error, since most readers of JSON would
/// round it.
impl Serialize for OrderId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.as_str();
        match self.form() {
            IdForm::Text => serializer.serialize_str(text),
            IdForm::Integer => match (text.parse(), text.parse()) {
                (Ok(integer), _) => serializer.serialize_u64(integer),
                (_, Ok(integer)) => serializer.serialize_i64(integer),
                (Err(_), Err(_)) => Err(S::Error::custom(format_args!(
                    "order id {text} does not fit into an integer of 64 bits; make it a text"
                ))),
            },
        }
    }
}

impl<'de> Deserialize<'de> for OrderId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IntegerOrText;

        impl Visitor<'_> for IntegerOrText {
            type Value = OrderId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an order id: a string, or an integer of 64 bits")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OrderId, E> {
                OrderId::text(text).map_err(E::custom)
            }

            fn visit_u64<E: serde::de::Error>(self, integer: u64) -> Result<OrderId, E> {
                OrderId::integer(integer.to_string()).map_err(E::custom)
            }

            fn visit_i64<E: serde::de::Error>(self, integer: i64) -> Result<OrderId, E> {
                OrderId::integer(integer.to_string()).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(IntegerOrText)
    }
}

#[derive(Serialize, Deserialize)]
struct MoneyFields<'a> {
    #[serde(borrow)]
    amount: Cow<'a, str>,
    #[serde(borrow)]
    currency: Cow<'a, str>,
}

/// `{"amount": "105.50", "currency": "KES"}`; the amount is text, so no reader rounds it.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = MoneyFields {
            amount: self.amount().to_string().into(),
            currency: self.currency().code().into(),
        };
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let MoneyFields { amount, currency } = MoneyFields::deserialize(deserializer)?;
        Self::parse(&amount, &currency).map_err(D::Error::custom)
    }
}

/// The keys of a record that tell a state: `outcome` is null until it is `done`, and
/// `skip_reason` is null unless the outcome is `skipped`.
#[derive(Serialize, Deserialize)]
struct StateFields<'a> {
    #[serde(borrow)]
    state: Cow<'a, str>,
    #[serde(borrow, default)]
    outcome: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    skip_reason: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct OutcomeFields<'a> {
    #[serde(borrow)]
    outcome: Cow<'a, str>,
    #[serde(borrow, default)]
    skip_reason: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct RefundStateFields<'a> {
    #[serde(borrow)]
    state: Cow<'a, str>,
    #[serde(borrow, default)]
    outcome: Option<Cow<'a, str>>,
}

fn skip_reason(outcome: Outcome) -> Option<Cow<'static, str>> {
    outcome.skip_reason().map(|reason| reason.as_str().into())
}

/// `{"state": "done", "outcome": "skipped", "skip_reason": "not_eligible"}`.
impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let outcome = self.outcome();
        let fields = StateFields {
            state: self.as_str().into(),
            outcome: outcome.map(|outcome| outcome.as_str().into()),
            skip_reason: outcome.and_then(skip_reason),
        };
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = StateFields::deserialize(deserializer)?;
        let (outcome, skip) = (fields.outcome.as_deref(), fields.skip_reason.as_deref());
        Self::from_words(&fields.state, outcome, skip).ok_or_else(|| {
            D::Error::custom(format_args!(
                "no cancellation has the state {:?} with the outcome {outcome:?} and the skip reason {skip:?}",
                fields.state
            ))
        })
    }
}

/// `{"outcome": "skipped", "skip_reason": "not_eligible"}`.
impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = OutcomeFields {
            outcome: self.as_str().into(),
            skip_reason: skip_reason(*self),
        };
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Outcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = OutcomeFields::deserialize(deserializer)?;
        let skip = fields.skip_reason.as_deref();
        Self::from_words(&fields.outcome, skip).ok_or_else(|| {
            D::Error::custom(format_args!(
                "no cancellation has the outcome {:?} with the skip reason {skip:?}",
                fields.outcome
            ))
        })
    }
}

/// `{"state": "done", "outcome": "received"}`.
impl Serialize for RefundState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = RefundStateFields {
            state: self.as_str().into(),
            outcome: self.outcome().map(|outcome| outcome.as_str().into()),
        };
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RefundState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = RefundStateFields::deserialize(deserializer)?;
        let outcome = fields.outcome.as_deref();
        Self::from_words(&fields.state, outcome).ok_or_else(|| {
            D::Error::custom(format_args!(
                "no refund request has the state {:?} with the outcome {outcome:?}",
                fields.state
            ))
        })
    }
}

/// An observation or a reading. The keys are those of `duka status`; `unknown_status` has the
/// adapter's words for an unknown status where they are not the gateway's own, and a key that
/// is absent counts as null.
#[derive(Serialize, Deserialize)]
struct StatusFields {
    status: String,
    raw_status: String,
    #[serde(default)]
    unknown_status: Option<String>,
    #[serde(default)]
    amount: Option<String>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    observed_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    details: PaymentDetails,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What is not told is left out.
#[derive(Serialize, Deserialize)]
struct DetailFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gateway_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment_account: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer_account: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_at: Option<GatewayTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paid_at: Option<GatewayTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<GatewayTime>,
}

/// `{"receipt": "TXN1", "paid_at": {"text": "13-05-2026 08:37 AM"}}`, with the personal data that were asked for.
impl Serialize for PaymentDetails {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let personal = |text: &Option<PersonalText>| text.as_ref().map(|it| it.reveal().to_owned());
        let fields = DetailFields {
            gateway_id: self.gateway_id.clone(),
            receipt: self.receipt.clone(),
            method: self.method.clone(),
            payment_account: personal(&self.payment_account),
            payer: personal(&self.payer),
            customer_account: personal(&self.customer_account),
            status_code: self.status_code.clone(),
            description: self.description.clone(),
            created_at: self.created_at.clone(),
            paid_at: self.paid_at.clone(),
            cancelled_at: self.cancelled_at.clone(),
        };
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PaymentDetails {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = DetailFields::deserialize(deserializer)?;
        Ok(Self {
            gateway_id: fields.gateway_id,
            receipt: fields.receipt,
            method: fields.method,
            payment_account: fields.payment_account.map(PersonalText::new),
            payer: fields.payer.map(PersonalText::new),
            customer_account: fields.customer_account.map(PersonalText::new),
            status_code: fields.status_code,
            description: fields.description,
            created_at: fields.created_at,
            paid_at: fields.paid_at,
            cancelled_at: fields.cancelled_at,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct TimeFields {
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moment: Option<String>,
}

/// `{"text": "13-05-2026 08:37 AM", "moment": "2026-05-13T03:07:00Z"}`; the moment only where it is known.
impl Serialize for GatewayTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = TimeFields {
            text: self.text.clone(),
            moment: self.moment.map(|moment| moment.to_string()),
        };
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for GatewayTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = TimeFields::deserialize(deserializer)?;
        let moment = fields.moment.as_deref().map(str::parse);
        Ok(Self {
            text: fields.text,
            moment: moment.transpose().map_err(D::Error::custom)?,
        })
    }
}

impl StatusFields {
    fn new(status: &OrderStatus, raw_status: &str, money: Option<Money>) -> Self {
        let unknown_status = match status {
            OrderStatus::Unknown(words) if words != raw_status => Some(words.clone()),
            OrderStatus::Unknown(_)
            | OrderStatus::Unpaid
            | OrderStatus::Processing
            | OrderStatus::Paid
            | OrderStatus::Failed
            | OrderStatus::Expired
            | OrderStatus::Cancelled
            | OrderStatus::Reversed => None,
        };
        Self {
            status: status.as_str().to_owned(),
            raw_status: raw_status.to_owned(),
            unknown_status,
            amount: money.map(|money| money.amount().to_string()),
            currency: money.map(|money| money.currency().code().to_owned()),
            observed_at: None,
            reference: None,
            details: PaymentDetails::default(),
        }
    }

    fn status<E: serde::de::Error>(&self) -> Result<OrderStatus, E> {
        let words = self.unknown_status.as_ref().unwrap_or(&self.raw_status);
        let known = || self.status.parse().map_err(E::custom);
        OrderStatus::from_word(&self.status, words).map_or_else(known, Ok)
    }

    fn money<E: serde::de::Error>(&self) -> Result<Option<Money>, E> {
        match (&self.amount, &self.currency) {
            (Some(amount), Some(currency)) => {
                Money::parse(amount, currency).map(Some).map_err(E::custom)
            }
            (None, None) => Ok(None),
            (Some(_), None) | (None, Some(_)) => {
                Err(E::custom("an amount and its currency come together"))
            }
        }
    }
}

/// `{"status": "paid", "raw_status": "PAID", "amount": "105.50", "currency": "INR", "observed_at": …}`.
impl Serialize for Observation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = StatusFields {
            observed_at: Some(self.observed_at.to_string()),
            details: self.details.clone(),
            ..StatusFields::new(&self.status, &self.raw_status, self.money)
        };
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Observation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = StatusFields::deserialize(deserializer)?;
        let observed_at = fields.observed_at.as_deref();
        let observed_at = observed_at.ok_or_else(|| D::Error::missing_field("observed_at"))?;
        Ok(Self {
            status: fields.status()?,
            money: fields.money()?,
            observed_at: observed_at.parse().map_err(D::Error::custom)?,
            raw_status: fields.raw_status,
            details: fields.details,
        })
    }
}

/// As an [`Observation`], with the merchant's reference and without a time.
impl Serialize for StatusReading {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = StatusFields {
            reference: self.reference.clone(),
            details: self.details.clone(),
            ..StatusFields::new(&self.status, &self.raw_status, self.money)
        };
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StatusReading {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = StatusFields::deserialize(deserializer)?;
        Ok(Self {
            status: fields.status()?,
            money: fields.money()?,
            raw_status: fields.raw_status,
            reference: fields.reference,
            details: fields.details,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct RefundRequestFields {
    order: OrderId,
    paid: StatusReading,
    #[serde(default)]
    amount: Option<String>,
    username: String,
    remarks: String,
}

/// `{"order": …, "paid": …, "amount": "100", "username": "amina", "remarks": "torn"}`; `amount` is null
/// for all of it.
impl Serialize for RefundRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = RefundRequestFields {
            order: self.order.clone(),
            paid: self.paid.clone(),
            amount: self.amount.map(|amount| amount.to_string()),
            username: self.username.clone(),
            remarks: self.remarks.clone(),
        };
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RefundRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = RefundRequestFields::deserialize(deserializer)?;
        let amount = fields.amount.as_deref().map(Decimal::from_str_exact);
        Ok(Self {
            amount: amount.transpose().map_err(D::Error::custom)?,
            ..Self::new(fields.order, fields.paid, fields.username, fields.remarks)
        })
    }
}
