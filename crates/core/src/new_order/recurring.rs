//! Orders that a customer pays again and again.

use std::fmt;

use jiff::civil::Date;

use crate::error::Error;

/// What makes an order a recurring one (Pesapal, page *Recurring payments*).
///
/// No documented operation ends a subscription, and what cancelling the order does to one
/// is not known.
#[derive(Clone, PartialEq, Eq)]
pub struct Recurring {
    account_number: String,
    subscription: Option<Subscription>,
}

impl Recurring {
    /// For this account of the customer's with the merchant, such as an invoice's or a
    /// membership's number. The customer chooses on the checkout page when to be charged.
    pub fn new(account_number: impl Into<String>) -> Self {
        Self {
            account_number: account_number.into(),
            subscription: None,
        }
    }

    /// Suggests when to charge; the customer need not choose.
    #[must_use]
    pub fn subscription(mut self, subscription: Subscription) -> Self {
        self.subscription = Some(subscription);
        self
    }

    /// The customer's account with the merchant.
    pub fn account_number(&self) -> &str {
        &self.account_number
    }

    /// When to charge, where that was said.
    pub fn schedule(&self) -> Option<&Subscription> {
        self.subscription.as_ref()
    }
}

/// The account number is the customer's, so it is not shown.
impl fmt::Debug for Recurring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recurring")
            .field("account_number", &"…")
            .field("subscription", &self.subscription)
            .finish()
    }
}

/// From when to when, and how often, a customer is charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    start: Date,
    end: Date,
    frequency: Frequency,
}

impl Subscription {
    /// From `start` to `end`, both with a year from 1 to 9999. Whether `start` is still to
    /// come is not checked: the gateway's time zone is not documented.
    ///
    /// # Errors
    /// When `end` is not after `start`, or a year is out of range. The field is
    /// `subscription.start` or `subscription.end`.
    pub fn new(start: Date, end: Date, frequency: Frequency) -> Result<Self, Error> {
        if start.year() < 1 {
            return Err(Error::invalid_field(
                "subscription.start",
                "is before the year 1",
            ));
        }
        if end <= start {
            return Err(Error::invalid_field(
                "subscription.end",
                format_args!("{end} is not after its start, {start}"),
            ));
        }
        Ok(Self {
            start,
            end,
            frequency,
        })
    }

    /// The first day.
    pub fn start(&self) -> Date {
        self.start
    }

    /// The last day.
    pub fn end(&self) -> Date {
        self.end
    }

    /// How often.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }
}

/// How often a customer is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Frequency {
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
    /// Every year.
    Yearly,
}
