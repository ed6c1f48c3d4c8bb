//! What a gateway tells about an order and its payment beside the status: for the merchant's
//! books, and not for decisions.

use std::fmt;

use jiff::Timestamp;

/// What a gateway tells about an order and its payment. Nothing here decides whether an order
/// may be cancelled; what a reply does not hold, or holds in another form, is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PaymentDetails {
    /// The gateway's own id of the order.
    pub gateway_id: Option<String>,
    /// The payment's receipt: `transaction_id` at KwikPaisa; `confirmation_code` at Pesapal, by
    /// which a refund is asked.
    pub receipt: Option<String>,
    /// How the customer paid, in the gateway's own words.
    pub method: Option<String>,
    /// The card or phone it was paid from, masked by the gateway; only with [`PersonalData::Keep`].
    pub payment_account: Option<PersonalText>,
    /// The name of the person who paid; only with [`PersonalData::Keep`].
    pub payer: Option<PersonalText>,
    /// The customer's account with the merchant, by which a recurring charge is known; only with
    /// [`PersonalData::Keep`].
    pub customer_account: Option<PersonalText>,
    /// The gateway's further code for the payment's status, which no page explains.
    pub status_code: Option<String>,
    /// The gateway's sentence about the payment.
    pub description: Option<String>,
    /// When the order was created.
    pub created_at: Option<GatewayTime>,
    /// When it was paid.
    pub paid_at: Option<GatewayTime>,
    /// When it was cancelled.
    pub cancelled_at: Option<GatewayTime>,
}

/// A time as a gateway writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GatewayTime {
    /// The gateway's own text.
    pub text: String,
    /// The moment that it stands for, if its time zone is known and the moment is certain.
    pub moment: Option<Timestamp>,
}

/// Personal data in a gateway's words. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonalText(String);

/// Whether an adapter reads the personal data of a reply: the payer's name, and the accounts that name the payer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PersonalData {
    /// It is left out of what the adapter returns.
    #[default]
    LeaveOut,
    /// It is part of [`PaymentDetails`].
    Keep,
}

impl PersonalText {
    /// Keeps a text out of `Debug` output.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PersonalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalText(…)")
    }
}

impl PaymentDetails {
    /// The time of what the gateway dates last: of the payment, or else of the cancellation, or
    /// else of the creation.
    pub fn time(&self) -> Option<&GatewayTime> {
        let ended = self.paid_at.as_ref().or(self.cancelled_at.as_ref());
        ended.or(self.created_at.as_ref())
    }

    /// These details, completed by others about the same order and the same payment.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            gateway_id: self.gateway_id.or(other.gateway_id),
            receipt: self.receipt.or(other.receipt),
            method: self.method.or(other.method),
            payment_account: self.payment_account.or(other.payment_account),
            payer: self.payer.or(other.payer),
            customer_account: self.customer_account.or(other.customer_account),
            status_code: self.status_code.or(other.status_code),
            description: self.description.or(other.description),
            created_at: self.created_at.or(other.created_at),
            paid_at: self.paid_at.or(other.paid_at),
            cancelled_at: self.cancelled_at.or(other.cancelled_at),
        }
    }

    /// Only what is true of the order, however it is paid.
    pub(crate) fn of_the_order(self) -> Self {
        Self {
            gateway_id: self.gateway_id,
            customer_account: self.customer_account,
            created_at: self.created_at,
            cancelled_at: self.cancelled_at,
            ..Self::default()
        }
    }
}

/// What may stand in a log: everything but the personal data, as the gateway writes it.
impl fmt::Display for PaymentDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |time: &Option<GatewayTime>| time.as_ref().map(|time| time.text.clone());
        let named = [
            ("gateway id", self.gateway_id.clone()),
            ("receipt", self.receipt.clone()),
            ("method", self.method.clone()),
            ("status code", self.status_code.clone()),
            ("description", self.description.clone()),
            ("created_at", time(&self.created_at)),
            ("paid_at", time(&self.paid_at)),
            ("cancelled_at", time(&self.cancelled_at)),
        ];
        let there = named
            .iter()
            .filter_map(|(name, text)| Some(format!("{name} {}", text.as_ref()?)));
        f.write_str(&there.collect::<Vec<_>>().join(", "))
    }
}
