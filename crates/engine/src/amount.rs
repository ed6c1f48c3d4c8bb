//! Amounts are compared whenever a status is read: an id may be another customer's, and a
//! customer may pay another amount.

use std::fmt;

use duka_core::cancel::{Event, Receipt};
use duka_core::{Money, OrderStatus, StatusReading};

use crate::record::Record;

/// Whether it matters that an order shows another amount than expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AmountCheck {
    /// It does: an open order is not cancelled, and a payment is a
    /// [`Finding`](duka_core::cancel::Finding).
    #[default]
    Compare,
    /// Amounts are not looked at.
    Ignore,
}

impl AmountCheck {
    /// Whether these two amounts are compared: both have to be known.
    pub(crate) fn compares(self, expected: Option<Money>, shown: Option<Money>) -> bool {
        match self {
            Self::Compare => expected.is_some() && shown.is_some(),
            Self::Ignore => false,
        }
    }
}

/// An amount that the gateway shows otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountDifference {
    /// What the merchant has.
    pub expected: Expected,
    /// What the gateway shows.
    pub shown: Money,
}

/// Where an expected amount comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The list, or the caller, that asked for the cancellation.
    Asked(Money),
    /// The tracked order.
    Tracked(Money),
}

impl Expected {
    fn money(self) -> Money {
        match self {
            Self::Asked(money) | Self::Tracked(money) => money,
        }
    }
}

impl AmountDifference {
    /// The first of the expected amounts that is not the one shown, by value; another currency
    /// is another amount. `None` also where one of the two is not known.
    pub(crate) fn between(
        check: AmountCheck,
        listed: Option<Money>,
        tracked: Option<Money>,
        shown: Option<Money>,
    ) -> Option<Self> {
        let shown = match check {
            AmountCheck::Compare => shown?,
            AmountCheck::Ignore => return None,
        };
        let expected = [listed.map(Expected::Asked), tracked.map(Expected::Tracked)];
        let mut known = expected.into_iter().flatten();
        let expected = known.find(|expected| expected.money() != shown)?;
        Some(Self { expected, shown })
    }
}

/// A status and the amount that it shows, as they concern this record: the event, and what the
/// log says of it.
pub(crate) fn observed(
    check: AmountCheck,
    record: &Record,
    (status, shown, receipt): (&OrderStatus, Option<Money>, Receipt),
) -> (Event, String) {
    let (listed, tracked) = (record.terms.listed_money, record.terms.tracked_money);
    let status = status.clone();
    match AmountDifference::between(check, listed, tracked, shown) {
        Some(differs) => {
            let detail = format!("status {status}; {differs}");
            (Event::AmountDiffers(status, receipt), detail)
        }
        None => {
            let detail = format!("status {status}");
            (Event::Observed(status), detail)
        }
    }
}

/// Whether a reading shows a receipt of a payment.
pub(crate) fn receipt(reading: &StatusReading) -> Receipt {
    match &reading.details.receipt {
        Some(_) => Receipt::Shown,
        None => Receipt::Absent,
    }
}

impl fmt::Display for AmountDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.shown;
        match self.expected {
            Expected::Asked(money) => write!(f, "the request names {money}, the gateway {shown}"),
            Expected::Tracked(money) => {
                write!(
                    f,
                    "the order is tracked with {money}, the gateway says {shown}"
                )
            }
        }
    }
}
