//! One order at one gateway: its payment, its cancellation, and the changes that are possible.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::customer::{ActError, CustomerAct, Race};
use crate::gateway::Gateway;
use crate::json::{JsonScalar, amount_text};

/// The state of the payment. A cancellation is stored beside it, because a late payment does not undo it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Payment {
    Open,
    Processing,
    Paid,
    Failed,
    Expired,
    Reversed,
}

/// The members of an order that only one of the gateways has.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum OrderDetails {
    #[serde(rename = "kwikpaisa")]
    KwikPaisa(KwikPaisaOrder),
    #[serde(rename = "pesapal")]
    Pesapal(PesapalOrder),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KwikPaisaOrder {
    pub(crate) order_id: JsonScalar,
    pub(crate) kwikx_order_id: String,
    pub(crate) order_token: String,
    /// Whether a status was asked for since the order was cancelled.
    pub(crate) read_since_cancel: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PesapalOrder {
    pub(crate) tracking_id: String,
    pub(crate) reference: String,
    pub(crate) notification_id: String,
    pub(crate) cancellation_url: Option<String>,
    /// Of a recurring order.
    pub(crate) account_number: Option<String>,
    pub(crate) refund_requests: u32,
    pub(crate) refund_requested: bool,
}

/// An order as the emulator keeps it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    pub(crate) details: OrderDetails,
    #[serde(with = "crate::json::decimal_text")]
    pub(crate) amount: Decimal,
    pub(crate) currency: String,
    pub(crate) description: Option<String>,
    /// Where the customer's browser goes afterwards.
    pub(crate) return_url: String,
    pub(crate) created_at: Timestamp,
    pub(crate) payment: Payment,
    pub(crate) paid_at: Option<Timestamp>,
    /// KwikPaisa's transaction id or Pesapal's confirmation code, once paid.
    pub(crate) receipt: Option<String>,
    pub(crate) cancelled_at: Option<Timestamp>,
    pub(crate) cancel_requests: u32,
    pub(crate) cancels_applied: u32,
    pub(crate) paid_after_cancel: bool,
    /// What its customer does in the middle of a cancel.
    pub(crate) race: Race,
}

impl Order {
    /// A new order, neither paid nor cancelled.
    pub(crate) const fn new(
        details: OrderDetails,
        amount: Decimal,
        currency: String,
        description: Option<String>,
        return_url: String,
        created_at: Timestamp,
    ) -> Self {
        Self {
            details,
            amount,
            currency,
            description,
            return_url,
            created_at,
            payment: Payment::Open,
            paid_at: None,
            receipt: None,
            cancelled_at: None,
            cancel_requests: 0,
            cancels_applied: 0,
            paid_after_cancel: false,
            race: Race::None,
        }
    }

    pub(crate) const fn gateway(&self) -> Gateway {
        match self.details {
            OrderDetails::KwikPaisa(_) => Gateway::KwikPaisa,
            OrderDetails::Pesapal(_) => Gateway::Pesapal,
        }
    }

    pub(crate) const fn is_cancelled(&self) -> bool {
        self.cancelled_at.is_some()
    }

    /// The actual status in one word: paid wins over cancelled, cancelled over every other status.
    pub(crate) const fn truth(&self) -> &'static str {
        match self.payment {
            Payment::Paid | Payment::Reversed => self.truth_but_for_a_cancel(),
            Payment::Open | Payment::Processing | Payment::Failed | Payment::Expired => {
                if self.is_cancelled() {
                    "CANCELLED"
                } else {
                    self.truth_but_for_a_cancel()
                }
            }
        }
    }

    /// The state of the payment in one word, whether or not the order was cancelled.
    pub(crate) const fn truth_but_for_a_cancel(&self) -> &'static str {
        match (&self.details, self.payment) {
            (OrderDetails::KwikPaisa(_), Payment::Paid) => "PAID",
            (OrderDetails::Pesapal(_), Payment::Paid) => "COMPLETED",
            (_, Payment::Reversed) => "REVERSED",
            (OrderDetails::KwikPaisa(_), Payment::Open) => "UN_PAID",
            // Pesapal has no status for a payment under way.
            (OrderDetails::Pesapal(_), Payment::Open | Payment::Processing) => "PENDING",
            (_, Payment::Processing) => "PROCESSING",
            (_, Payment::Failed) => "FAILED",
            (_, Payment::Expired) => "EXPIRED",
        }
    }

    /// Whether the state of the payment allows a cancel.
    pub(crate) const fn is_cancellable(&self) -> bool {
        if self.is_cancelled() {
            return false;
        }
        match (&self.details, self.payment) {
            (_, Payment::Open | Payment::Processing) => true,
            (OrderDetails::Pesapal(_), Payment::Failed) => true,
            (_, Payment::Failed | Payment::Paid | Payment::Expired | Payment::Reversed) => false,
        }
    }

    pub(crate) fn apply_cancel(&mut self, now: Timestamp) {
        self.cancelled_at = Some(now);
        self.cancels_applied = self.cancels_applied.saturating_add(1);
    }

    /// The state of the payment after the customer (or the acquirer) acts; None where the act is not possible.
    pub(crate) const fn after(&self, act: CustomerAct) -> Option<Payment> {
        let pesapal = matches!(self.details, OrderDetails::Pesapal(_));
        if self.is_cancelled() && !act.ignores_cancellation() {
            return None;
        }
        match (act, self.payment) {
            (CustomerAct::Pay, Payment::Open | Payment::Processing) => Some(Payment::Paid),
            // At Pesapal the page offers another try, which is why a failed payment can be cancelled there.
            (CustomerAct::Pay, Payment::Failed) if pesapal => Some(Payment::Paid),
            (
                CustomerAct::PayLate,
                Payment::Open | Payment::Processing | Payment::Failed | Payment::Expired,
            ) => Some(Payment::Paid),
            (CustomerAct::Fail, Payment::Open | Payment::Processing) => Some(Payment::Failed),
            (CustomerAct::Expire, Payment::Open | Payment::Processing) if !pesapal => {
                Some(Payment::Expired)
            }
            (CustomerAct::Process, Payment::Open) => Some(Payment::Processing),
            (CustomerAct::Reverse, Payment::Paid) if pesapal => Some(Payment::Reversed),
            (
                CustomerAct::Pay
                | CustomerAct::PayLate
                | CustomerAct::Fail
                | CustomerAct::Expire
                | CustomerAct::Process
                | CustomerAct::Reverse,
                _,
            ) => None,
        }
    }

    /// Carries an act out; `receipt` is used if the order becomes paid.
    pub(crate) fn act(
        &mut self,
        act: CustomerAct,
        now: Timestamp,
        receipt: impl FnOnce() -> String,
    ) -> Result<(), ActError> {
        let Some(next) = self.after(act) else {
            return Err(ActError::NotPossible {
                act: act.as_str(),
                gateway: self.gateway().as_str(),
                id: self.address().to_owned(),
                status: self.truth(),
            });
        };
        self.payment = next;
        if next == Payment::Paid {
            self.paid_at = Some(now);
            self.receipt = Some(receipt());
            self.paid_after_cancel = self.is_cancelled();
        }
        Ok(())
    }

    /// The id by which the merchant addresses the order at its gateway.
    pub(crate) fn address(&self) -> &str {
        match &self.details {
            OrderDetails::KwikPaisa(it) => it.order_id.text(),
            OrderDetails::Pesapal(it) => &it.tracking_id,
        }
    }

    pub(crate) fn snapshot(&self) -> OrderTruth {
        let (tracking_id, reference) = match &self.details {
            OrderDetails::KwikPaisa(_) => (None, None),
            OrderDetails::Pesapal(it) => (Some(it.tracking_id.clone()), Some(it.reference.clone())),
        };
        let (refund_requests, refund_received) = match &self.details {
            OrderDetails::KwikPaisa(_) => (0, false),
            OrderDetails::Pesapal(it) => (it.refund_requests, it.refund_requested),
        };
        OrderTruth {
            gateway: self.gateway(),
            order: self.address().to_owned(),
            tracking_id,
            reference,
            status: self.truth(),
            amount: amount_text(self.amount),
            currency: self.currency.clone(),
            cancel_requests: self.cancel_requests,
            cancels_applied: self.cancels_applied,
            paid_after_cancel: self.paid_after_cancel,
            receipt: self.receipt.clone(),
            refund_requests,
            refund_received,
        }
    }
}

/// The actual state of one order, whatever the merchant has received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OrderTruth {
    /// The gateway that has the order.
    pub gateway: Gateway,
    /// The id by which the merchant addresses it: KwikPaisa's order id, Pesapal's tracking id.
    pub order: String,
    /// Pesapal's tracking id; None at KwikPaisa.
    pub tracking_id: Option<String>,
    /// The merchant's own reference at Pesapal; None at KwikPaisa.
    pub reference: Option<String>,
    /// KwikPaisa's status text; at Pesapal `PENDING`, `COMPLETED`, `FAILED`, `REVERSED` or `CANCELLED`.
    ///
    /// A paid order says so even if a cancel was applied before.
    pub status: &'static str,
    /// The amount in the currency's main unit, with at least two decimal places.
    pub amount: String,
    /// The currency's three letters.
    pub currency: String,
    /// Cancel requests that passed authentication, refused ones among them.
    pub cancel_requests: u32,
    /// Cancel requests that took effect.
    pub cancels_applied: u32,
    /// Whether a payment landed after a cancel was applied.
    pub paid_after_cancel: bool,
    /// KwikPaisa's transaction id or Pesapal's confirmation code, once paid.
    pub receipt: Option<String>,
    /// Refund requests for its payment that passed authentication, refused ones among them.
    pub refund_requests: u32,
    /// Whether one of them was received, and waits for the merchant's approval.
    pub refund_received: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(gateway: Gateway, payment: Payment) -> Order {
        let details = match gateway {
            Gateway::KwikPaisa => {
                let raw = serde_json::value::RawValue::from_string("7".to_owned()).unwrap();
                OrderDetails::KwikPaisa(KwikPaisaOrder {
                    order_id: JsonScalar::read_id(&raw).unwrap(),
                    kwikx_order_id: String::new(),
                    order_token: String::new(),
                    read_since_cancel: false,
                })
            }
            Gateway::Pesapal => OrderDetails::Pesapal(PesapalOrder {
                tracking_id: "guid".to_owned(),
                reference: "A1".to_owned(),
                notification_id: String::new(),
                cancellation_url: None,
                account_number: None,
                refund_requests: 0,
                refund_requested: false,
            }),
        };
        let mut order = Order::new(
            details,
            Decimal::ONE,
            "KES".to_owned(),
            None,
            String::new(),
            Timestamp::UNIX_EPOCH,
        );
        order.payment = payment;
        order
    }

    const PAYMENTS: [Payment; 6] = [
        Payment::Open,
        Payment::Processing,
        Payment::Paid,
        Payment::Failed,
        Payment::Expired,
        Payment::Reversed,
    ];

    /// What each act leads to from each payment, one line per payment.
    fn table(gateway: Gateway, cancelled: bool) -> String {
        let mut lines = Vec::new();
        for payment in PAYMENTS {
            let mut order = order(gateway, payment);
            if cancelled {
                order.apply_cancel(Timestamp::UNIX_EPOCH);
            }
            let acts: Vec<_> = CustomerAct::ALL
                .into_iter()
                .filter_map(|act| Some(format!("{act} {:?}", order.after(act)?)))
                .collect();
            let acts = if acts.is_empty() {
                "nothing".to_owned()
            } else {
                acts.join(", ")
            };
            lines.push(format!("{payment:?}: {acts}"));
        }
        lines.join("\n")
    }

    #[test]
    fn kwikpaisas_orders_become_only_what_they_may() {
        insta::assert_snapshot!(table(Gateway::KwikPaisa, false), @r"
        Open: pay Paid, fail Failed, expire Expired, process Processing, pay_late Paid
        Processing: pay Paid, fail Failed, expire Expired, pay_late Paid
        Paid: nothing
        Failed: pay_late Paid
        Expired: pay_late Paid
        Reversed: nothing
        ");
    }

    #[test]
    fn pesapals_orders_become_only_what_they_may() {
        insta::assert_snapshot!(table(Gateway::Pesapal, false), @r"
        Open: pay Paid, fail Failed, process Processing, pay_late Paid
        Processing: pay Paid, fail Failed, pay_late Paid
        Paid: reverse Reversed
        Failed: pay Paid, pay_late Paid
        Expired: pay_late Paid
        Reversed: nothing
        ");
    }

    #[test]
    fn a_cancelled_order_can_only_be_paid_late() {
        for gateway in Gateway::ALL {
            let table = table(gateway, true);
            assert!(table.contains("Open: pay_late Paid\n"), "{table}");
            for act in ["pay ", "fail", "expire", "process"] {
                assert!(!table.contains(act), "{table}");
            }
        }
    }

    #[test]
    fn paid_and_reversed_win_over_cancelled_in_the_truth() {
        let words = PAYMENTS.map(|payment| {
            let mut order = order(Gateway::Pesapal, payment);
            order.apply_cancel(Timestamp::UNIX_EPOCH);
            order.truth()
        });
        assert_eq!(
            words,
            [
                "CANCELLED",
                "CANCELLED",
                "COMPLETED",
                "CANCELLED",
                "CANCELLED",
                "REVERSED"
            ]
        );
    }

    #[test]
    fn a_cancel_is_possible_where_the_gateways_page_says() {
        let eligible = |gateway| PAYMENTS.map(|it| order(gateway, it).is_cancellable());
        assert_eq!(
            eligible(Gateway::KwikPaisa),
            [true, true, false, false, false, false]
        );
        assert_eq!(
            eligible(Gateway::Pesapal),
            [true, true, false, true, false, false]
        );
    }
}
