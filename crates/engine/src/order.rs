//! Tracked orders: their keys, and what was last seen of them.

use std::fmt;
use std::time::Duration;

use duka_core::{AccountName, GatewayName, Money, Observation, OrderId, OrderStatus};
use jiff::Timestamp;

use crate::lease::after;

/// Names one order of one account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderKey {
    /// The account it belongs to.
    pub account: AccountName,
    /// The id to ask the gateway by.
    pub order: OrderId,
}

impl OrderKey {
    /// Names an order.
    pub fn new(account: AccountName, order: OrderId) -> Self {
        Self { account, order }
    }
}

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.order, self.account)
    }
}

/// An order that is tracked until it has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackedOrder {
    /// Which order.
    pub key: OrderKey,
    /// The gateway of its account.
    pub gateway: GatewayName,
    /// The merchant's own reference, where the gateway asks by another id.
    pub reference: Option<String>,
    /// The shop's own order number. Orders of one account with the same number are attempts to
    /// pay for the same goods.
    pub shop_order: Option<String>,
    /// When the merchant created it.
    pub created_at: Timestamp,
    /// When its customer was seen to use it again.
    pub last_use: LastUse,
    /// When the offer to pay ends. A sweep takes the order up from then on, and not before.
    pub expires_at: Option<Timestamp>,
    /// What the customer was asked to pay.
    pub money: Option<Money>,
    /// How the customer meant to pay, in the merchant's words.
    pub method: Option<String>,
    /// A note of the merchant's.
    pub note: Option<String>,
    /// Where its amount and its age come from.
    pub origin: Origin,
    /// What was last seen of it.
    pub seen: Option<Observation>,
    /// When we last did anything about it.
    pub last_action_at: Option<Timestamp>,
    /// Whether a sweep should still look at it.
    pub tracking: Tracking,
    /// Who holds it, if a person does: then no request to cancel it is sent.
    pub hold: Option<Hold>,
}

/// Whether a customer came back to an order: a payment was seen under way after the order had been
/// seen without one. An order whose payment is seen under way at the first look has not been left
/// before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LastUse {
    /// When it was last seen unpaid or failed.
    pub idle_at: Option<Timestamp>,
    /// When the last payment was first seen under way, of those that came after that.
    pub used_at: Option<Timestamp>,
}

impl LastUse {
    /// Since when an order that was created then may be abandoned.
    pub fn age_from(self, created_at: Timestamp) -> Timestamp {
        self.used_at.map_or(created_at, |at| at.max(created_at))
    }

    /// Up to when an order that was created then is left alone if a payment is seen under way now:
    /// it may be that of a customer who has come back.
    pub(crate) fn processing_until(
        self,
        created_at: Timestamp,
        min_age: Duration,
        now: Timestamp,
    ) -> Timestamp {
        let last_use = self.seen(&OrderStatus::Processing, now);
        after(last_use.age_from(created_at), min_age)
    }

    /// With what another observation shows.
    #[must_use]
    pub fn seen(self, status: &OrderStatus, at: Timestamp) -> Self {
        match status {
            OrderStatus::Unpaid | OrderStatus::Failed => Self {
                idle_at: self.idle_at.max(Some(at)),
                ..self
            },
            OrderStatus::Processing => {
                let left_before = self.idle_at.is_some_and(|idle_at| idle_at < at);
                let comes_back = left_before && self.used_at < self.idle_at;
                Self {
                    used_at: if comes_back { Some(at) } else { self.used_at },
                    ..self
                }
            }
            OrderStatus::Paid
            | OrderStatus::Expired
            | OrderStatus::Cancelled
            | OrderStatus::Reversed
            | OrderStatus::Unknown(_) => self,
        }
    }
}

/// A person's decision that an order is not cancelled until the hold is released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Who decided it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub note: String,
}

/// A line about an order in a log that is never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderEvent {
    /// When it happened.
    pub at: Timestamp,
    /// What happened: `held` or `released`.
    pub event: String,
    /// Who did it.
    pub actor: String,
    /// Why, where a reason was given.
    pub note: Option<String>,
}

/// Where the amount and the age of an order come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A list of the merchant's: another list must say the same.
    List,
    /// A caller, who created it or named it: its age counts from then.
    Caller,
}

/// Whether a sweep should still look at an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tracking {
    /// It may be abandoned.
    Pending,
    /// A cancellation of it is under way.
    InProgress,
    /// It has ended, or nothing more can be done about it.
    Closed,
}

impl TrackedOrder {
    /// An order about which only this much is known.
    pub fn new(key: OrderKey, gateway: GatewayName, created_at: Timestamp) -> Self {
        Self {
            key,
            gateway,
            reference: None,
            shop_order: None,
            created_at,
            last_use: LastUse::default(),
            expires_at: None,
            money: None,
            method: None,
            note: None,
            origin: Origin::Caller,
            seen: None,
            last_action_at: None,
            tracking: Tracking::Pending,
            hold: None,
        }
    }

    /// Since when it may be abandoned: when it was created, or used again. A sweep's ages count
    /// from here.
    pub fn age_from(&self) -> Timestamp {
        self.last_use.age_from(self.created_at)
    }

    /// Since when a sweep's look-back counts: when it expires, or else [its age](Self::age_from).
    pub fn counted_from(&self) -> Timestamp {
        self.expires_at.unwrap_or(self.age_from())
    }

    /// Whether it was last seen paid, and not reversed since.
    pub(crate) fn is_paid(&self) -> bool {
        let seen = self.seen.as_ref();
        seen.is_some_and(|seen| seen.status == OrderStatus::Paid)
    }

    /// Whether it has ever been seen paid.
    pub(crate) fn was_paid(&self) -> bool {
        let seen = self.seen.as_ref();
        seen.is_some_and(|seen| seen.status.was_paid())
    }

    /// The same order, with what `listed` says where this says nothing: what the store has of it
    /// once `listed` is tracked.
    pub(crate) fn completed_by(self, listed: Self) -> Self {
        Self {
            money: self.money.or(listed.money),
            reference: self.reference.or(listed.reference),
            shop_order: self.shop_order.or(listed.shop_order),
            expires_at: self.expires_at.or(listed.expires_at),
            method: self.method.or(listed.method),
            note: self.note.or(listed.note),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_comes_back_once_for_each_time_that_the_order_was_left() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let used = |sights: &[(OrderStatus, i64)]| {
            let seen = |last: LastUse, (status, second): &(OrderStatus, i64)| {
                last.seen(status, at(*second))
            };
            let last = sights.iter().fold(LastUse::default(), seen);
            last.used_at.map(Timestamp::as_second)
        };
        let (idle, failed, busy) = (
            OrderStatus::Unpaid,
            OrderStatus::Failed,
            OrderStatus::Processing,
        );
        let idle = |second| (idle.clone(), second);
        let failed = |second| (failed.clone(), second);
        let busy = |second| (busy.clone(), second);
        assert_eq!(used(&[busy(1), busy(2)]), None, "not left before");
        assert_eq!(used(&[idle(1), busy(2), busy(3), busy(4)]), Some(2));
        assert_eq!(used(&[idle(1), busy(2), idle(3), busy(4)]), Some(4));
        assert_eq!(used(&[failed(1), busy(2)]), Some(2));
        assert_eq!(used(&[idle(3), busy(2)]), None, "an older sight comes late");
        assert_eq!(used(&[idle(2), busy(3), idle(1), busy(4)]), Some(3));
        let unknown = (OrderStatus::Unknown("ON_HOLD".to_owned()), 2);
        assert_eq!(used(&[unknown, busy(3)]), None);
    }
}
