//! What is stored of a request to create an order.

use std::fmt;

use duka_core::gateway::PaymentLink;
use duka_core::{AccountName, CreationId, GatewayName, Money, OrderId};
use jiff::Timestamp;

use crate::order::{OrderKey, TrackedOrder};

/// A request to create an order, as it is stored before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// Its id.
    pub id: CreationId,
    /// The account that the order is created in.
    pub account: AccountName,
    /// The gateway of the account.
    pub gateway: GatewayName,
    /// The merchant's id of the order.
    pub reference: String,
    /// The shop's own order number.
    pub shop_order: Option<String>,
    /// When the offer to pay ends.
    pub expires_at: Option<Timestamp>,
    /// What the customer is to pay.
    pub money: Money,
    /// Why its outcome is not known. Without it, the request is on its way, or its worker died.
    pub message: Option<String>,
    /// When it was stored, just before it was sent.
    pub started_at: Timestamp,
}

/// What came of a request to create an order.
#[derive(Debug, Clone)]
pub enum CreationEnd {
    /// The order is at the gateway. It is tracked from now on, and every open creation of its
    /// reference is closed: each of them is about this order.
    Created {
        /// The order.
        order: Box<TrackedOrder>,
        /// Where the customer pays. It is kept until the order has ended.
        payment_link: PaymentLink,
    },
    /// It is proved that this request has created nothing. An order that is tracked only for
    /// its sake, and has not been seen since, is not tracked any longer.
    NotCreated(String),
    /// Whether it has created the order is not known, and why. It stays open.
    Unknown(String),
    /// An operator has dealt with it: who, and how.
    Acknowledged(String),
}

/// Whether an order may be created beside other attempts for its shop order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// Only if none of them is open or paid.
    #[default]
    Refuse,
    /// Only if none but this one is open, and none is paid: it is replaced, and whether it is
    /// cancelled may not be known yet.
    RefuseBut(OrderKey),
    /// Whatever they are.
    Allow,
}

/// What came of storing a request to create an order.
#[derive(Debug, Clone)]
pub enum BeginCreation {
    /// It is stored, and may be sent.
    Begun,
    /// Nothing was stored, and nothing may be sent.
    Refused(Obstacle),
}

/// What forbids the creation of an order.
#[derive(Debug, Clone)]
pub enum Obstacle {
    /// The id was used for this order, which is cancelled, or may be: its cancellation is open.
    CancelledId(OrderKey),
    /// Another attempt for the shop order is paid.
    PaidAttempt(OrderKey),
    /// Another attempt for the shop order is open.
    OpenAttempt {
        /// Its order. `None` while it is not known whether it was created.
        order: Option<OrderKey>,
        /// The merchant's id of it.
        reference: String,
        /// Where it is paid, if that is known.
        payment_link: Option<PaymentLink>,
    },
    /// Where the gateway issues the ids: the id was used for an order of another amount, which
    /// the gateway would answer with.
    OtherAmount {
        /// The order.
        order: OrderKey,
        /// What it costs.
        money: Money,
    },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CancelledId(order) => write!(
                f,
                "the id was used for order {order}, which is cancelled or about to be; use another id"
            ),
            Self::PaidAttempt(order) => {
                write!(f, "paid already: order {order} is for the same shop order")
            }
            Self::OpenAttempt {
                order: Some(order), ..
            } => write!(f, "order {order} is open for the same shop order"),
            Self::OpenAttempt {
                order: None,
                reference,
                ..
            } => write!(
                f,
                "order {reference} is for the same shop order, and whether it was created is not known"
            ),
            Self::OtherAmount { order, money } => {
                write!(f, "the id was used for order {order}, of {money}")
            }
        }
    }
}

/// A page of creations whose outcome is not known.
#[derive(Debug, Clone, Default)]
pub struct OpenCreations {
    /// Only this account.
    pub account: Option<AccountName>,
    /// Only this merchant's id.
    pub reference: Option<String>,
    /// After this one.
    pub after: Option<(Timestamp, CreationId)>,
    /// At most so many.
    pub limit: u32,
}

impl Creation {
    /// The order that it creates, with the id that its gateway knows it by.
    pub(crate) fn tracked_as(&self, id: OrderId) -> TrackedOrder {
        let key = OrderKey::new(self.account.clone(), id);
        TrackedOrder {
            reference: Some(self.reference.clone()),
            shop_order: self.shop_order.clone(),
            expires_at: self.expires_at,
            money: Some(self.money),
            ..TrackedOrder::new(key, self.gateway.clone(), self.started_at)
        }
    }
}
