//! A gateway in memory and its adapter, which can be given a flaw.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the arms name the mistake, and what is left is the correct adapter"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use duka_core::cancel::{CancelRules, ShowsCancelled};
use duka_core::conformance::{Fault, Harness, Notification, ServerState};
use duka_core::gateway::{Operation, OrderIds, PaymentLink};
use duka_core::{
    CancelAnswer, CreatedOrder, Customer, Delivery, Error, ErrorKind, Gateway, GatewayName, Money,
    NewOrder, OrderId, OrderStatus, PaymentDetails, RefundAnswer, RefundRequest, StatusReading,
};
use url::Url;

use super::flaw::Flaw;

const KEY: &str = "sk_very_secret";

#[derive(Debug, Default)]
struct World {
    orders: Vec<ServerState>,
    references: u32,
    fault: Option<(Fault, Operation)>,
    /// By order.
    reads_since_cancel: HashMap<usize, u32>,
}

#[derive(Debug, Clone)]
pub(super) struct TestServer {
    world: Arc<Mutex<World>>,
    flaw: Option<Flaw>,
    rules: CancelRules,
    pub(super) shows_cancelled: ShowsCancelled,
    pub(super) cancels_failed: bool,
    /// How many reads of a cancelled order still show what was before.
    pub(super) shows_cancelled_after: u32,
    pub(super) impossible_fault: Option<Fault>,
    pub(super) ignores_faults: bool,
    pub(super) without_notifications: bool,
    pub(super) without_limits: bool,
}

/// What the adapter gets to see of one exchange.
#[derive(PartialEq)]
enum Reply<T> {
    NoConnection,
    ConnectionLost,
    CredentialsRefused,
    Http(u16),
    Unreadable,
    NoSuchOrder,
    Answer(T),
}

impl TestServer {
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
            impossible_fault: None,
            ignores_faults: false,
            without_notifications: false,
            without_limits: false,
        }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// One exchange with the gateway: `received` happens on arrival, `act` once the
    /// credentials are accepted.
    fn exchange<T>(
        &self,
        operation: Operation,
        received: impl Fn(&mut World),
        act: impl Fn(&mut World, Option<Fault>) -> Option<T>,
    ) -> Reply<T> {
        let world = &mut *self.world();
        let fault = world.fault.take_if(|(_, at)| *at == operation);
        let fault = fault.map(|(fault, _)| fault);
        received(world);
        match fault {
            Some(Fault::ConnectionReset) => return Reply::ConnectionLost,
            Some(Fault::CredentialsRefused) => return Reply::CredentialsRefused,
            Some(Fault::Status503) => return Reply::Http(503),
            Some(Fault::Status429) => return Reply::Http(429),
            _ => {}
        }
        let answer = act(world, fault);
        match fault {
            Some(Fault::ReplyLost) => Reply::ConnectionLost,
            Some(Fault::Status500) => Reply::Http(500),
            Some(Fault::SuccessInStatus401) => Reply::Http(401),
            None | Some(Fault::PaidBeforeCancel | Fault::PaidAfterCancel) => {
                answer.map_or(Reply::NoSuchOrder, Reply::Answer)
            }
            Some(_) => Reply::Unreadable,
        }
    }

    fn send_cancel(&self, order: &OrderId) -> Reply<bool> {
        let of = |world: &mut World| world.orders.get_mut(index(order)).is_some();
        self.exchange(
            Operation::Cancel,
            |world| {
                if of(world) {
                    world.orders[index(order)].cancels.received += 1;
                }
            },
            |world, fault| {
                let state = world.orders.get_mut(index(order))?;
                state.cancels.authenticated += 1;
                if fault == Some(Fault::PaidBeforeCancel) {
                    state.status = OrderStatus::Paid;
                }
                let open = match state.status {
                    OrderStatus::Unpaid => true,
                    OrderStatus::Failed => self.cancels_failed,
                    _ => false,
                };
                if open && state.cancels.applied == 0 {
                    state.cancels.applied = 1;
                    state.status = OrderStatus::Cancelled;
                    if fault == Some(Fault::PaidAfterCancel) {
                        state.status = OrderStatus::Paid;
                        state.paid_after_cancel = true;
                    }
                    return Some(true);
                }
                Some(false)
            },
        )
    }

    fn send_status(&self, order: &OrderId) -> Reply<OrderStatus> {
        self.exchange(
            Operation::Status,
            |_| {},
            |world, _| {
                let state = world.orders.get(index(order))?;
                let cancelled = state.status == OrderStatus::Cancelled;
                let reads = world.reads_since_cancel.entry(index(order)).or_default();
                *reads += u32::from(cancelled);
                let late = *reads <= self.shows_cancelled_after;
                let never = self.shows_cancelled == ShowsCancelled::No;
                Some(if cancelled && (late || never) {
                    OrderStatus::Unpaid
                } else {
                    state.status.clone()
                })
            },
        )
    }

    fn send_create(&self) -> Reply<OrderId> {
        self.exchange(
            Operation::Create,
            |_| {},
            |world, _| {
                world.orders.push(ServerState::new(OrderStatus::Unpaid));
                Some(OrderId::text(format!("{}", world.orders.len() - 1)).unwrap())
            },
        )
    }

    fn send_refund(&self, order: &OrderId) -> Reply<bool> {
        self.exchange(
            Operation::Refund,
            |world| {
                if let Some(state) = world.orders.get_mut(index(order)) {
                    state.refunds.received += 1;
                }
            },
            |world, _| {
                let state = world.orders.get_mut(index(order))?;
                state.refunds.authenticated += 1;
                let yes = state.status == OrderStatus::Paid && state.refunds.applied == 0;
                state.refunds.applied += u32::from(yes);
                Some(yes)
            },
        )
    }

    /// The adapter's reading of what is no answer.
    fn error<T>(&self, reply: &Reply<T>) -> Error {
        use ErrorKind::{
            Authentication, NotFound, RateLimited, Unavailable, UnlistedReply, UnreadableReply,
        };
        let (kind, delivery) = match reply {
            Reply::NoConnection => (Unavailable, Delivery::NotSent),
            Reply::ConnectionLost => (Unavailable, Delivery::Unknown),
            Reply::CredentialsRefused => (Authentication, Delivery::Answered),
            Reply::Http(429) => (RateLimited, Delivery::Answered),
            Reply::Http(401) if self.has(Flaw::TakesEvery401ForRefusedCredentials) => {
                (Authentication, Delivery::Answered)
            }
            Reply::Http(401) => (UnlistedReply, Delivery::Answered),
            Reply::Http(_) => (Unavailable, Delivery::Answered),
            Reply::Unreadable => (UnreadableReply, Delivery::Answered),
            Reply::NoSuchOrder => (NotFound, Delivery::Answered),
            Reply::Answer(_) => panic!("an answer is no error"),
        };
        let left = self.has(Flaw::ClaimsUnsentRequestsMayHaveLeft) && delivery == Delivery::NotSent;
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
struct Adapter {
    server: TestServer,
    unreachable: bool,
}

impl std::fmt::Debug for Adapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = if self.server.has(Flaw::ShowsItsKey) {
            KEY
        } else {
            "…"
        };
        f.debug_struct("Adapter").field("key", &key).finish()
    }
}

#[async_trait]
impl Gateway for Adapter {
    fn name(&self) -> GatewayName {
        GatewayName::from_static("test")
    }

    fn cancel_rules(&self) -> &CancelRules {
        &self.server.rules
    }

    fn order_ids(&self) -> OrderIds {
        OrderIds::Gateway
    }

    fn supports(&self, operation: Operation) -> bool {
        let all = [
            Operation::Create,
            Operation::Status,
            Operation::Cancel,
            Operation::Refund,
        ];
        all.contains(&operation) && !self.server.has(Flaw::SupportsNothing)
    }

    fn canonical_order(&self, order: &OrderId) -> OrderId {
        if self.server.has(Flaw::ChangesIds) {
            return OrderId::text(format!("0{order}")).unwrap();
        }
        order.clone()
    }

    async fn create(&self, order: &NewOrder) -> Result<CreatedOrder, Error> {
        let server = &self.server;
        if !server.has(Flaw::SendsOrdersOfImpossibleAmounts) {
            let money = order.money.chargeable();
            money.map_err(|error| Error::invalid_field("amount", error))?;
        }
        if order.branch.is_some() && server.has(Flaw::RefusesAKnownField) {
            return Err(Error::unsupported_field("branch", "is not known here"));
        }
        if order.description.is_empty() && !server.has(Flaw::SendsInvalidOrders) {
            if server.has(Flaw::SendsInvalidOrdersAndReportsThem) {
                server.send_create();
            }
            let field = if server.has(Flaw::BlamesAnotherField) {
                "reference"
            } else {
                "description"
            };
            return Err(Error::invalid_field(field, "is empty"));
        }
        let mut reply = if self.unreachable {
            Reply::NoConnection
        } else {
            server.send_create()
        };
        if server.has(Flaw::SendsTwice) && !matches!(reply, Reply::Answer(_) | Reply::NoConnection)
        {
            reply = server.send_create();
        }
        let Reply::Answer(order) = reply else {
            return Err(server.error(&reply));
        };
        if server.has(Flaw::NeverCreates) {
            return Err(server.error::<()>(&Reply::Unreadable));
        }
        let link = if server.has(Flaw::GivesNoLink) {
            "about:blank"
        } else {
            "https://pay.example/7"
        };
        Ok(CreatedOrder {
            order,
            details: PaymentDetails::default(),
            payment_link: PaymentLink::new(&Url::parse(link).unwrap()),
            status: None,
        })
    }

    async fn status(&self, order: &OrderId) -> Result<StatusReading, Error> {
        let server = &self.server;
        let reply = if self.unreachable {
            Reply::NoConnection
        } else {
            server.send_status(order)
        };
        let status = match reply {
            Reply::Answer(OrderStatus::Paid) if server.has(Flaw::ReadsPaidAsUnpaid) => {
                OrderStatus::Unpaid
            }
            Reply::Answer(OrderStatus::Failed) if server.has(Flaw::ReadsFailedAsUnpaid) => {
                OrderStatus::Unpaid
            }
            Reply::Answer(status) => status,
            Reply::NoSuchOrder if server.has(Flaw::ReadsUnknownAsCancelled) => {
                OrderStatus::Cancelled
            }
            Reply::NoConnection => return Err(server.error(&reply)),
            _ if server.has(Flaw::ReadsErrorsAsUnpaid) => OrderStatus::Unpaid,
            _ => return Err(server.error(&reply)),
        };
        if server.has(Flaw::NeverReads) {
            return Err(server.error::<()>(&Reply::Unreadable));
        }
        if server.has(Flaw::CancelsAsItReads) {
            server.send_cancel(order);
        }
        let raw_status = status.to_string();
        Ok(StatusReading {
            money: Some(Money::parse("105", "KES").unwrap()),
            ..StatusReading::new(status, raw_status)
        })
    }

    async fn cancel(&self, order: &OrderId) -> Result<CancelAnswer, Error> {
        let yes = self.send(|server| server.send_cancel(order))?;
        let message = String::new();
        Ok(if yes {
            CancelAnswer::accepted(message)
        } else {
            CancelAnswer::refused(message)
        })
    }

    fn check_refund(&self, request: &RefundRequest) -> Result<(), Error> {
        let checked = request.money();
        if self.server.has(Flaw::ChecksRefundsTheWrongWay) {
            return match checked {
                Ok(money) => Err(Error::invalid_field("amount", money)),
                Err(_) => Ok(()),
            };
        }
        checked.map(drop)
    }

    async fn refund(&self, request: &RefundRequest) -> Result<RefundAnswer, Error> {
        if !self.server.has(Flaw::SendsImpossibleRefunds) {
            request.money()?;
        }
        let yes = self.send(|server| server.send_refund(&request.order))?;
        let message = String::new();
        Ok(if yes {
            RefundAnswer::Received { message }
        } else {
            RefundAnswer::Refused { message }
        })
    }
}

impl Adapter {
    /// Sends a mutation, and reads yes or no.
    fn send(&self, send: impl Fn(&TestServer) -> Reply<bool>) -> Result<bool, Error> {
        let server = &self.server;
        let mut reply = if self.unreachable {
            Reply::NoConnection
        } else {
            send(server)
        };
        let again = match &reply {
            Reply::NoConnection => false,
            Reply::Answer(_) => server.has(Flaw::SendsTwiceWithoutAFault),
            _ => server.has(Flaw::SendsTwice),
        };
        if again {
            reply = send(server);
        }
        match &reply {
            Reply::Answer(_) | Reply::Unreadable | Reply::NoSuchOrder
                if server.has(Flaw::TakesEveryAnswerForYes) =>
            {
                Ok(true)
            }
            Reply::Answer(_) | Reply::Unreadable if server.has(Flaw::TakesEveryAnswerForNo) => {
                Ok(false)
            }
            Reply::Http(500..) if server.has(Flaw::TakesServerErrorForYes) => Ok(true),
            Reply::ConnectionLost | Reply::CredentialsRefused | Reply::Http(429)
                if server.has(Flaw::TakesNoReplyForYes) =>
            {
                Ok(true)
            }
            Reply::Answer(yes) => Ok(*yes),
            _ => Err(server.error(&reply)),
        }
    }
}

#[async_trait]
impl Harness for TestServer {
    fn gateway(&self) -> Arc<dyn Gateway> {
        Arc::new(Adapter {
            server: self.clone(),
            unreachable: false,
        })
    }

    fn unreachable_gateway(&self) -> Option<Arc<dyn Gateway>> {
        Some(Arc::new(Adapter {
            server: self.clone(),
            unreachable: true,
        }))
    }

    async fn new_order(&self) -> NewOrder {
        let world = &mut *self.world();
        world.references += 1;
        NewOrder::new(
            OrderId::text(format!("R-{}", world.references)).unwrap(),
            Money::parse("105", "KES").unwrap(),
            "socks",
            Customer::default(),
            Url::parse("https://merchant.example/").unwrap(),
        )
    }

    async fn full_order(&self) -> NewOrder {
        self.new_order().await.branch("Kisumu")
    }

    async fn invalid_orders(&self) -> Vec<(NewOrder, &'static str)> {
        if self.without_limits {
            return Vec::new();
        }
        let mut order = self.new_order().await;
        order.description.clear();
        vec![(order, "description")]
    }

    async fn creates_received(&self) -> Option<u32> {
        Some(u32::try_from(self.world().orders.len()).unwrap())
    }

    fn unknown_order(&self) -> OrderId {
        OrderId::text("999999").unwrap()
    }

    async fn pay(&self, order: &OrderId) {
        self.world().orders[index(order)].status = OrderStatus::Paid;
    }

    async fn fail_payment(&self, order: &OrderId) {
        self.world().orders[index(order)].status = OrderStatus::Failed;
    }

    fn can_inject(&self, fault: Fault, _: Operation) -> bool {
        self.impossible_fault != Some(fault)
    }

    async fn inject(&self, fault: Fault, operation: Operation) {
        assert_ne!(self.impossible_fault, Some(fault));
        if !self.ignores_faults {
            self.world().fault = Some((fault, operation));
        }
    }

    async fn clear_faults(&self) {
        self.world().fault = None;
    }

    async fn server_state(&self, order: &OrderId) -> ServerState {
        self.world().orders[index(order)].clone()
    }

    fn sends_notifications(&self) -> bool {
        !self.without_notifications
    }

    async fn notification(&self, order: &OrderId) -> Option<Notification> {
        assert!(!self.without_notifications);
        let status = self.server_state(order).await.status;
        self.read_notification(order, status)
    }

    async fn forged_notification(&self, order: &OrderId) -> Option<Notification> {
        assert!(!self.without_notifications);
        self.has(Flaw::BelievesForgedNotifications)
            .then(|| self.read_notification(order, OrderStatus::Paid))?
    }

    fn secrets(&self) -> Vec<String> {
        vec![KEY.to_owned()]
    }
}

impl TestServer {
    fn read_notification(&self, order: &OrderId, status: OrderStatus) -> Option<Notification> {
        if self.has(Flaw::RefusesNotifications) {
            return None;
        }
        let another = self.has(Flaw::NamesAnotherOrder);
        let paid = self.has(Flaw::ClaimsEveryNotificationPaid);
        Some(Notification {
            order: if another {
                OrderId::text("0").unwrap()
            } else {
                order.clone()
            },
            status: Some(if paid { OrderStatus::Paid } else { status }),
        })
    }
}
