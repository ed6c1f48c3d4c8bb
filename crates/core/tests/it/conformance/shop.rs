//! A gateway in memory and its adapter, which can be told to make a mistake.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the arms name the mistake, and what is left is the correct adapter"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use duka_core::cancel::{CancelRules, ShowsCancelled};
use duka_core::conformance::{
    Armed, Bench, BenchError, Fault, FlawedOrder, Notified, Sender, Truth,
};
use duka_core::gateway::{Operation, PaymentLink};
use duka_core::{
    CancelAnswer, CreatedOrder, Customer, Delivery, Error, ErrorKind, Gateway, GatewayName, Money,
    NewOrder, OrderId, OrderStatus, RefundAnswer, RefundRequest, StatusReading,
};
use url::Url;

use super::flaw::Flaw;

const KEY: &str = "sk_very_secret";

#[derive(Debug, Default)]
struct World {
    orders: Vec<Truth>,
    references: u32,
    fault: Option<(Fault, Operation)>,
    /// By order.
    reads_since_cancel: HashMap<usize, u32>,
}

#[derive(Debug, Clone)]
pub(super) struct Shop {
    world: Arc<Mutex<World>>,
    flaw: Option<Flaw>,
    rules: CancelRules,
    pub(super) shows_cancelled: ShowsCancelled,
    pub(super) cancels_failed: bool,
    /// How many reads of a cancelled order still show what was before.
    pub(super) shows_cancelled_after: u32,
    pub(super) impossible: Option<Fault>,
    pub(super) deaf: bool,
    pub(super) silent: bool,
    pub(super) has_no_limits: bool,
}

/// What the adapter gets to see of one exchange.
#[derive(PartialEq)]
enum Seen<T> {
    Nobody,
    Silence,
    Door,
    Http(u16),
    Gibberish,
    NoSuchOrder,
    Answer(T),
}

impl Shop {
    pub(super) fn with(flaw: Option<Flaw>, rules: CancelRules) -> Self {
        let shows_cancelled = rules.shows_cancelled();
        let cancels_failed = rules.is_eligible(&OrderStatus::Failed);
        Self {
            world: Arc::default(),
            flaw,
            rules,
            shows_cancelled,
            cancels_failed,
            shows_cancelled_after: 0,
            impossible: None,
            deaf: false,
            silent: false,
            has_no_limits: false,
        }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// One exchange with the gateway: `received` happens at its door, `act` behind it.
    fn exchange<T>(
        &self,
        operation: Operation,
        received: impl Fn(&mut World),
        act: impl Fn(&mut World, Option<Fault>) -> Option<T>,
    ) -> Seen<T> {
        let world = &mut *self.world();
        let fault = world.fault.take_if(|(_, at)| *at == operation);
        let fault = fault.map(|(fault, _)| fault);
        received(world);
        match fault {
            Some(Fault::ResetBefore) => return Seen::Silence,
            Some(Fault::Unauthenticated) => return Seen::Door,
            Some(Fault::Unavailable) => return Seen::Http(503),
            Some(Fault::TooManyRequests) => return Seen::Http(429),
            _ => {}
        }
        let answer = act(world, fault);
        match fault {
            Some(Fault::ReplyLost) => Seen::Silence,
            Some(Fault::ServerError) => Seen::Http(500),
            None | Some(Fault::PayBeforeApply | Fault::PayAfterApply) => {
                answer.map_or(Seen::NoSuchOrder, Seen::Answer)
            }
            Some(_) => Seen::Gibberish,
        }
    }

    fn send_cancel(&self, order: &OrderId) -> Seen<bool> {
        let of = |world: &mut World| world.orders.get_mut(index(order)).is_some();
        self.exchange(
            Operation::Cancel,
            |world| {
                if of(world) {
                    world.orders[index(order)].cancels_received += 1;
                }
            },
            |world, fault| {
                let truth = world.orders.get_mut(index(order))?;
                truth.cancel_requests += 1;
                if fault == Some(Fault::PayBeforeApply) {
                    truth.status = OrderStatus::Paid;
                }
                let open = match truth.status {
                    OrderStatus::Unpaid => true,
                    OrderStatus::Failed => self.cancels_failed,
                    _ => false,
                };
                if open && truth.cancels_applied == 0 {
                    truth.cancels_applied = 1;
                    truth.status = OrderStatus::Cancelled;
                    if fault == Some(Fault::PayAfterApply) {
                        truth.status = OrderStatus::Paid;
                        truth.paid_after_cancel = true;
                    }
                    return Some(true);
                }
                Some(false)
            },
        )
    }

    fn send_status(&self, order: &OrderId) -> Seen<OrderStatus> {
        self.exchange(
            Operation::Status,
            |_| {},
            |world, _| {
                let truth = world.orders.get(index(order))?;
                let cancelled = truth.status == OrderStatus::Cancelled;
                let reads = world.reads_since_cancel.entry(index(order)).or_default();
                *reads += u32::from(cancelled);
                let late = *reads <= self.shows_cancelled_after;
                let never = self.shows_cancelled == ShowsCancelled::No;
                Some(if cancelled && (late || never) {
                    OrderStatus::Unpaid
                } else {
                    truth.status.clone()
                })
            },
        )
    }

    fn send_create(&self) -> Seen<OrderId> {
        self.exchange(
            Operation::Create,
            |_| {},
            |world, _| {
                world.orders.push(Truth::new(OrderStatus::Unpaid));
                Some(OrderId::text(format!("{}", world.orders.len() - 1)).unwrap())
            },
        )
    }

    fn send_refund(&self, order: &OrderId) -> Seen<bool> {
        self.exchange(
            Operation::Refund,
            |world| {
                if let Some(truth) = world.orders.get_mut(index(order)) {
                    truth.refunds.received += 1;
                }
            },
            |world, _| {
                let truth = world.orders.get_mut(index(order))?;
                truth.refunds.requests += 1;
                let yes = truth.status == OrderStatus::Paid && truth.refunds.applied == 0;
                truth.refunds.applied += u32::from(yes);
                Some(yes)
            },
        )
    }

    /// The adapter's reading of what is no answer.
    fn error<T>(&self, seen: &Seen<T>) -> Error {
        use ErrorKind::{Authentication, NotFound, RateLimited, Unavailable, UnreadableReply};
        let (kind, delivery) = match seen {
            Seen::Nobody => (Unavailable, Delivery::NotSent),
            Seen::Silence => (Unavailable, Delivery::Unknown),
            Seen::Door => (Authentication, Delivery::Answered),
            Seen::Http(429) => (RateLimited, Delivery::Answered),
            Seen::Http(_) => (Unavailable, Delivery::Answered),
            Seen::Gibberish => (UnreadableReply, Delivery::Answered),
            Seen::NoSuchOrder => (NotFound, Delivery::Answered),
            Seen::Answer(_) => panic!("an answer is no error"),
        };
        let left = self.has(Flaw::SaysRequestsLeftThatDidNot) && delivery == Delivery::NotSent;
        match self.flaw {
            Some(Flaw::ClaimsNotSent) => Error::new(kind, Delivery::NotSent, "no answer"),
            Some(Flaw::ClaimsUnauthenticated) => Error::new(Authentication, delivery, "no answer"),
            Some(Flaw::BlamesTheCaller) => Error::new(NotFound, delivery, "no answer"),
            Some(Flaw::ShowsItsKeyInErrors) => Error::new(kind, delivery, KEY),
            _ if left => Error::new(kind, Delivery::Unknown, "no answer"),
            _ => Error::new(kind, delivery, "no answer"),
        }
    }
}

fn index(order: &OrderId) -> usize {
    order.as_str().parse().unwrap_or(usize::MAX)
}

/// The adapter.
struct Till {
    shop: Shop,
    out_of_reach: bool,
}

impl std::fmt::Debug for Till {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = if self.shop.has(Flaw::ShowsItsKey) {
            KEY
        } else {
            "…"
        };
        f.debug_struct("Till").field("key", &key).finish()
    }
}

#[async_trait]
impl Gateway for Till {
    fn name(&self) -> GatewayName {
        GatewayName::from_static("shop")
    }

    fn cancel_rules(&self) -> &CancelRules {
        &self.shop.rules
    }

    fn supports(&self, operation: Operation) -> bool {
        let all = [
            Operation::Create,
            Operation::Status,
            Operation::Cancel,
            Operation::Refund,
        ];
        all.contains(&operation) && !self.shop.has(Flaw::SupportsNothing)
    }

    fn canonical_order(&self, order: &OrderId) -> OrderId {
        if self.shop.has(Flaw::WritesIdsAnew) {
            return OrderId::text(format!("0{order}")).unwrap();
        }
        order.clone()
    }

    async fn create(&self, order: &NewOrder) -> Result<CreatedOrder, Error> {
        let shop = &self.shop;
        if !shop.has(Flaw::SendsOrdersOfNothing) {
            let money = order.money.chargeable();
            money.map_err(|error| Error::invalid_field("amount", error))?;
        }
        if order.branch.is_some() && shop.has(Flaw::RefusesWhatItKnows) {
            return Err(Error::unsupported_field("branch", "is not known here"));
        }
        if order.description.is_empty() && !shop.has(Flaw::SendsFlawedOrders) {
            if shop.has(Flaw::SendsFlawedOrdersInSecret) {
                shop.send_create();
            }
            let field = if shop.has(Flaw::BlamesAnotherField) {
                "reference"
            } else {
                "description"
            };
            return Err(Error::invalid_field(field, "is empty"));
        }
        let mut seen = if self.out_of_reach {
            Seen::Nobody
        } else {
            shop.send_create()
        };
        if shop.has(Flaw::SendsTwice) && !matches!(seen, Seen::Answer(_) | Seen::Nobody) {
            seen = shop.send_create();
        }
        let Seen::Answer(order) = seen else {
            return Err(shop.error(&seen));
        };
        if shop.has(Flaw::NeverCreates) {
            return Err(shop.error::<()>(&Seen::Gibberish));
        }
        let link = if shop.has(Flaw::GivesNoLink) {
            "about:blank"
        } else {
            "https://pay.example/7"
        };
        Ok(CreatedOrder {
            order,
            gateway_id: None,
            payment_link: PaymentLink::new(&Url::parse(link).unwrap()),
            status: None,
        })
    }

    async fn status(&self, order: &OrderId) -> Result<StatusReading, Error> {
        let shop = &self.shop;
        let seen = if self.out_of_reach {
            Seen::Nobody
        } else {
            shop.send_status(order)
        };
        let status = match seen {
            Seen::Answer(OrderStatus::Paid) if shop.has(Flaw::ReadsPaidAsUnpaid) => {
                OrderStatus::Unpaid
            }
            Seen::Answer(OrderStatus::Failed) if shop.has(Flaw::ReadsFailedAsUnpaid) => {
                OrderStatus::Unpaid
            }
            Seen::Answer(status) => status,
            Seen::NoSuchOrder if shop.has(Flaw::ReadsUnknownAsCancelled) => OrderStatus::Cancelled,
            Seen::Nobody => return Err(shop.error(&seen)),
            _ if shop.has(Flaw::ReadsErrorsAsUnpaid) => OrderStatus::Unpaid,
            _ => return Err(shop.error(&seen)),
        };
        if shop.has(Flaw::NeverReads) {
            return Err(shop.error::<()>(&Seen::Gibberish));
        }
        if shop.has(Flaw::CancelsAsItReads) {
            shop.send_cancel(order);
        }
        let raw_status = status.to_string();
        Ok(StatusReading {
            money: Some(Money::parse("105", "KES").unwrap()),
            ..StatusReading::new(status, raw_status)
        })
    }

    async fn cancel(&self, order: &OrderId) -> Result<CancelAnswer, Error> {
        let yes = self.ask(|shop| shop.send_cancel(order))?;
        let message = String::new();
        Ok(if yes {
            CancelAnswer::Accepted { message }
        } else {
            CancelAnswer::Refused { message }
        })
    }

    fn check_refund(&self, request: &RefundRequest) -> Result<(), Error> {
        let checked = request.money();
        if self.shop.has(Flaw::ChecksRefundsTheWrongWay) {
            return match checked {
                Ok(money) => Err(Error::invalid_field("amount", money)),
                Err(_) => Ok(()),
            };
        }
        checked.map(drop)
    }

    async fn refund(&self, request: &RefundRequest) -> Result<RefundAnswer, Error> {
        if !self.shop.has(Flaw::SendsRefundsThatCannotBe) {
            request.money()?;
        }
        let yes = self.ask(|shop| shop.send_refund(&request.order))?;
        let message = String::new();
        Ok(if yes {
            RefundAnswer::Received { message }
        } else {
            RefundAnswer::Refused { message }
        })
    }
}

impl Till {
    /// Sends a mutation, and reads yes or no.
    fn ask(&self, send: impl Fn(&Shop) -> Seen<bool>) -> Result<bool, Error> {
        let shop = &self.shop;
        let mut seen = if self.out_of_reach {
            Seen::Nobody
        } else {
            send(shop)
        };
        let again = match &seen {
            Seen::Nobody => false,
            Seen::Answer(_) => shop.has(Flaw::SendsTwiceWhenAllIsWell),
            _ => shop.has(Flaw::SendsTwice),
        };
        if again {
            seen = send(shop);
        }
        match &seen {
            Seen::Answer(_) | Seen::Gibberish | Seen::NoSuchOrder
                if shop.has(Flaw::TakesEveryAnswerForYes) =>
            {
                Ok(true)
            }
            Seen::Answer(_) | Seen::Gibberish if shop.has(Flaw::TakesEveryAnswerForNo) => Ok(false),
            Seen::Http(500..) if shop.has(Flaw::TakesServerErrorForYes) => Ok(true),
            Seen::Silence | Seen::Door | Seen::Http(429) if shop.has(Flaw::TakesSilenceForYes) => {
                Ok(true)
            }
            Seen::Answer(yes) => Ok(*yes),
            _ => Err(shop.error(&seen)),
        }
    }
}

#[async_trait]
impl Bench for Shop {
    fn gateway(&self) -> Arc<dyn Gateway> {
        Arc::new(Till {
            shop: self.clone(),
            out_of_reach: false,
        })
    }

    async fn new_order(&self) -> Result<NewOrder, BenchError> {
        let world = &mut *self.world();
        world.references += 1;
        Ok(NewOrder::new(
            OrderId::text(format!("R-{}", world.references)).unwrap(),
            Money::parse("105", "KES").unwrap(),
            "socks",
            Customer::default(),
            Url::parse("https://merchant.example/").unwrap(),
        ))
    }

    async fn full_order(&self) -> Result<NewOrder, BenchError> {
        Ok(self.new_order().await?.branch("Kisumu"))
    }

    async fn flawed_orders(&self) -> Result<Vec<FlawedOrder>, BenchError> {
        if self.has_no_limits {
            return Ok(Vec::new());
        }
        let order = self.new_order().await?;
        let nothing = |order: &mut NewOrder| order.description.clear();
        Ok(vec![FlawedOrder::new(order, "description", nothing)])
    }

    async fn creates_received(&self) -> Result<Option<u32>, BenchError> {
        Ok(Some(u32::try_from(self.world().orders.len()).unwrap()))
    }

    fn unknown_order(&self) -> OrderId {
        OrderId::text("999999").unwrap()
    }

    async fn customer_pays(&self, order: &OrderId) -> Result<(), BenchError> {
        self.world().orders[index(order)].status = OrderStatus::Paid;
        Ok(())
    }

    async fn customer_fails(&self, order: &OrderId) -> Result<(), BenchError> {
        self.world().orders[index(order)].status = OrderStatus::Failed;
        Ok(())
    }

    async fn arm(&self, fault: Fault, operation: Operation) -> Result<Armed, BenchError> {
        if self.impossible == Some(fault) {
            return Ok(Armed::NotPossible);
        }
        if !self.deaf {
            self.world().fault = Some((fault, operation));
        }
        Ok(Armed::Yes)
    }

    async fn disarm(&self) -> Result<(), BenchError> {
        self.world().fault = None;
        Ok(())
    }

    async fn truth(&self, order: &OrderId) -> Result<Truth, BenchError> {
        let found = self.world().orders.get(index(order)).cloned();
        found.ok_or_else(|| BenchError::new("no such order"))
    }

    async fn notification(&self, order: &OrderId, from: Sender) -> Result<Notified, BenchError> {
        if self.silent {
            return Ok(Notified::NotPossible);
        }
        let known = self.has(Flaw::BelievesStrangers) || from == Sender::Gateway;
        if !known || self.has(Flaw::RefusesNotifications) {
            return Ok(Notified::Refused);
        }
        let said = match from {
            Sender::Gateway => self.truth(order).await?.status,
            Sender::Stranger => OrderStatus::Paid,
        };
        let paid = self.has(Flaw::ClaimsEveryNotificationPaid);
        let first = OrderId::text("0").map_err(BenchError::new)?;
        let another = self.has(Flaw::NamesAnotherOrder);
        Ok(Notified::Read {
            order: if another { first } else { order.clone() },
            status: Some(if paid { OrderStatus::Paid } else { said }),
        })
    }

    fn secrets(&self) -> Vec<String> {
        vec![KEY.to_owned()]
    }

    fn unreachable(&self) -> Option<Arc<dyn Gateway>> {
        Some(Arc::new(Till {
            shop: self.clone(),
            out_of_reach: true,
        }))
    }
}
