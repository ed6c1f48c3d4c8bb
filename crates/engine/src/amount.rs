//! Amounts are compared before a request leaves: an id may be another customer's.

use std::fmt;

use duka_core::Money;

/// Whether an order that shows another amount than expected may be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AmountCheck {
    /// It may not: the cancellation is skipped, and nothing is sent.
    #[default]
    Compare,
    /// Amounts are not looked at.
    Ignore,
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
    Listed(Money),
    /// The tracked order.
    Tracked(Money),
}

impl Expected {
    fn money(self) -> Money {
        match self {
            Self::Listed(money) | Self::Tracked(money) => money,
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
        let expected = [listed.map(Expected::Listed), tracked.map(Expected::Tracked)];
        let mut known = expected.into_iter().flatten();
        let expected = known.find(|expected| expected.money() != shown)?;
        Some(Self { expected, shown })
    }
}

impl fmt::Display for AmountDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.shown;
        match self.expected {
            Expected::Listed(money) => write!(f, "the list says {money}, the gateway {shown}"),
            Expected::Tracked(money) => {
                write!(
                    f,
                    "the order is tracked with {money}, the gateway says {shown}"
                )
            }
        }
    }
}
