//! What a customer (or an acquirer) does to an order, and why it may not be possible.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Something done to an order from the paying side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CustomerAct {
    Pay,
    /// A payment that was already on its way lands, whether or not the order was cancelled meanwhile.
    PayLate,
    Fail,
    Expire,
    Process,
    Reverse,
}

/// A payment that lands in the middle of a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Race {
    None,
    PaidBefore,
    PaidAfter,
}

impl CustomerAct {
    pub(crate) const ALL: [Self; 6] = [
        Self::Pay,
        Self::Fail,
        Self::Expire,
        Self::Process,
        Self::Reverse,
        Self::PayLate,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pay => "pay",
            Self::PayLate => "pay_late",
            Self::Fail => "fail",
            Self::Expire => "expire",
            Self::Process => "process",
            Self::Reverse => "reverse",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    pub(crate) const fn ignores_cancellation(self) -> bool {
        match self {
            // A reversal needs a payment, so a cancelled order that has one was paid late.
            Self::PayLate | Self::Reverse => true,
            Self::Pay | Self::Fail | Self::Expire | Self::Process => false,
        }
    }
}

impl fmt::Display for CustomerAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why an order was not paid, failed, expired, put in processing or reversed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ActError {
    /// No order of either gateway has this id.
    #[error("no order has the id {id:?}")]
    UnknownOrder {
        /// The id asked for.
        id: String,
    },
    /// The order's state, or its gateway, does not allow it.
    #[error("cannot {act} {gateway} order {id:?}: it is {status}")]
    NotPossible {
        /// What was to happen: `pay`, `fail` and so on.
        act: &'static str,
        /// The order's gateway, by name.
        gateway: &'static str,
        /// The order's id.
        id: String,
        /// What the order is now.
        status: &'static str,
    },
}
