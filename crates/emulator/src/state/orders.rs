//! Every order of both gateways, found in constant time by each of its names.

use std::collections::HashMap;

use crate::order::{Order, OrderDetails, OrderTruth};

/// The index of an order. Orders are never removed one by one, so it stays valid until a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OrderKey(usize);

#[derive(Debug, Default)]
pub(crate) struct Orders {
    orders: Vec<Order>,
    by_kwikpaisa_id: HashMap<String, OrderKey>,
    by_kwikpaisa_token: HashMap<String, OrderKey>,
    by_pesapal_tracking: HashMap<String, OrderKey>,
    by_pesapal_reference: HashMap<String, OrderKey>,
    by_pesapal_confirmation: HashMap<String, OrderKey>,
}

impl Orders {
    pub(crate) fn add(&mut self, order: Order) -> OrderKey {
        let key = OrderKey(self.orders.len());
        match &order.details {
            OrderDetails::KwikPaisa(it) => {
                self.by_kwikpaisa_id
                    .insert(it.order_id.text().to_owned(), key);
                self.by_kwikpaisa_token.insert(it.order_token.clone(), key);
            }
            OrderDetails::Pesapal(it) => {
                self.by_pesapal_tracking.insert(it.tracking_id.clone(), key);
                self.by_pesapal_reference.insert(it.reference.clone(), key);
            }
        }
        self.orders.push(order);
        key
    }

    pub(crate) fn get(&self, key: OrderKey) -> &Order {
        &self.orders[key.0]
    }

    pub(crate) fn get_mut(&mut self, key: OrderKey) -> &mut Order {
        &mut self.orders[key.0]
    }

    pub(crate) fn kwikpaisa(&self, order_id: &str) -> Option<OrderKey> {
        self.by_kwikpaisa_id.get(order_id).copied()
    }

    /// GUIDs are compared without regard to case.
    pub(crate) fn pesapal(&self, tracking_id: &str) -> Option<OrderKey> {
        self.by_pesapal_tracking
            .get(tracking_id.to_ascii_lowercase().as_str())
            .copied()
    }

    pub(crate) fn pesapal_reference(&self, reference: &str) -> Option<OrderKey> {
        self.by_pesapal_reference.get(reference).copied()
    }

    pub(crate) fn pesapal_confirmation(&self, code: &str) -> Option<OrderKey> {
        self.by_pesapal_confirmation.get(code).copied()
    }

    /// Remembers the confirmation code that a refund asks by.
    pub(crate) fn index_confirmation(&mut self, code: String, key: OrderKey) {
        self.by_pesapal_confirmation.insert(code, key);
    }

    /// By what the control calls use: KwikPaisa's order id or Pesapal's tracking id.
    pub(crate) fn address(&self, id: &str) -> Option<OrderKey> {
        self.kwikpaisa(id).or_else(|| self.pesapal(id))
    }

    /// By what stands in a checkout page's address: KwikPaisa's order token or Pesapal's tracking id.
    pub(crate) fn checkout(&self, token: &str) -> Option<OrderKey> {
        self.by_kwikpaisa_token
            .get(token)
            .copied()
            .or_else(|| self.pesapal(token))
    }

    /// Every order, oldest first.
    pub(crate) fn all(&self) -> &[Order] {
        &self.orders
    }

    pub(crate) fn newest(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter().rev()
    }

    pub(crate) fn snapshot(&self) -> Vec<OrderTruth> {
        self.orders.iter().map(Order::snapshot).collect()
    }
}
