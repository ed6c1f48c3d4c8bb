//! The status of an order, and how several observations of it merge into one.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::details::PaymentDetails;
use crate::money::Money;
use crate::text::UnknownWord;

/// Where an order stands, in words that both gateways share.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Created, and not paid.
    Unpaid,
    /// A payment is under way.
    Processing,
    /// The customer has paid.
    Paid,
    /// The payment failed. Whether the customer may try again depends on the gateway.
    Failed,
    /// The payment link has run out.
    Expired,
    /// Cancelled, and the gateway says so.
    Cancelled,
    /// Paid once, and the money went back.
    Reversed,
    /// A status without a documented meaning, in the gateway's own words. Never eligible
    /// for anything, and never taken for one of the others.
    Unknown(String),
}

impl OrderStatus {
    /// Every status but [`OrderStatus::Unknown`].
    const DOCUMENTED: [Self; 7] = [
        Self::Unpaid,
        Self::Processing,
        Self::Paid,
        Self::Failed,
        Self::Expired,
        Self::Cancelled,
        Self::Reversed,
    ];

    /// The word used in JSON, on the command line and in the store.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Processing => "processing",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Reversed => "reversed",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Reads the word that [`OrderStatus::as_str`] writes; `raw` is kept with *unknown*.
    pub fn from_word(word: &str, raw: &str) -> Option<Self> {
        if word == "unknown" {
            return Some(Self::Unknown(raw.to_owned()));
        }
        Self::DOCUMENTED.into_iter().find(|it| it.as_str() == word)
    }

    /// Whether the customer has paid, be it that the money went back later.
    pub const fn was_paid(&self) -> bool {
        match self {
            Self::Paid | Self::Reversed => true,
            Self::Unpaid
            | Self::Processing
            | Self::Failed
            | Self::Expired
            | Self::Cancelled
            | Self::Unknown(_) => false,
        }
    }

    /// How far along an order is. Merging takes the larger, so no late or repeated
    /// notification moves an order back, and *paid* beats everything but its own reversal.
    const fn rank(&self) -> u8 {
        match self {
            Self::Unknown(_) => 0,
            Self::Unpaid => 1,
            Self::Processing => 2,
            Self::Failed => 3,
            Self::Expired => 4,
            Self::Cancelled => 5,
            Self::Paid => 6,
            Self::Reversed => 7,
        }
    }
}

/// Reads a word as [`OrderStatus::as_str`] writes it. *unknown* comes without the gateway's
/// own words; [`OrderStatus::from_word`] takes both.
impl FromStr for OrderStatus {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::from_word(word, "").ok_or_else(|| {
            let mut words: Vec<_> = Self::DOCUMENTED.iter().map(Self::as_str).collect();
            words.push("unknown");
            UnknownWord::new("order status", word, &words)
        })
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(raw) => write!(f, "unknown ({raw})"),
            Self::Unpaid
            | Self::Processing
            | Self::Paid
            | Self::Failed
            | Self::Expired
            | Self::Cancelled
            | Self::Reversed => f.write_str(self.as_str()),
        }
    }
}

/// What a status read found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReading {
    /// Where the order stands.
    pub status: OrderStatus,
    /// The same in the gateway's own words.
    pub raw_status: String,
    /// Amount and currency as the gateway shows them, where it shows both.
    pub money: Option<Money>,
    /// The merchant's own reference, where the gateway echoes one.
    pub reference: Option<String>,
    /// What else the gateway tells about the order and its payment.
    pub details: PaymentDetails,
}

impl StatusReading {
    /// A reading that shows nothing but the status.
    pub fn new(status: OrderStatus, raw_status: impl Into<String>) -> Self {
        Self {
            status,
            raw_status: raw_status.into(),
            money: None,
            reference: None,
            details: PaymentDetails::default(),
        }
    }
}

/// One observation of an order: a status read, or a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The status of the order.
    pub status: OrderStatus,
    /// The same in the gateway's own words.
    pub raw_status: String,
    /// The amount as the gateway shows it, which card conversion can change.
    pub money: Option<Money>,
    /// What else the gateway tells about the order and its payment.
    pub details: PaymentDetails,
    /// When it was seen, by our clock.
    pub observed_at: Timestamp,
}

impl Observation {
    /// Merges two sights of one order, in any order and any number of times.
    ///
    /// The further one along wins; between equals, the later. The result is therefore the
    /// same however the two were delayed, repeated or swapped on their way here.
    ///
    /// Details that it leaves out are taken from the other: those of the order always, those of
    /// the payment if both may be about the same payment.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let key = |o: &Self| (o.status.rank(), o.observed_at);
        let text = |o: &Self| {
            (
                o.raw_status.clone(),
                o.status.to_string(),
                o.money.map(|m| m.to_string()),
            )
        };
        let mine = key(&self);
        let theirs = key(&other);
        // The texts only decide between two sights of the same instant, so that the
        // result does not depend on which came first.
        let is_ahead = (mine, text(&self), &self.details) >= (theirs, text(&other), &other.details);
        let (first, second) = if is_ahead {
            (self, other)
        } else {
            (other, self)
        };
        let details = completed(&first, second);
        Self { details, ..first }
    }
}

/// The details of an observation, completed by one that gives way to it. What that one says of a
/// payment counts only if it may be the same payment: a customer who has failed with one receipt
/// can pay with another.
fn completed(first: &Observation, second: Observation) -> PaymentDetails {
    let (status, seen) = (&first.status, &second.status);
    let same_stage = status.as_str() == seen.as_str() || status.was_paid() && seen.was_paid();
    let (details, other) = (first.details.clone(), second.details);
    let contradicted = match (&details.receipt, &other.receipt) {
        (Some(receipt), Some(known)) => receipt != known,
        (None, _) | (_, None) => false,
    };
    if same_stage && !contradicted {
        details.or(other)
    } else {
        details.or(other.of_the_order())
    }
}
