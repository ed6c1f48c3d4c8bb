//! A gateway that takes one refund request per payment and shows none of them, and answers
//! as it is told to.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use duka_core::gateway::{Operation, OrderIds};
use duka_core::{
    CancelAnswer, CancelRules, Cancellable, CreatedOrder, Delivery, Error, ErrorKind, Gateway,
    GatewayName, Money, NewOrder, OrderId, OrderStatus, PaymentDetails, RefundAnswer,
    RefundRequest, StatusReading,
};
use duka_engine::refunds::{RefundParams, RefundStore, Refunder, Refunding};
use duka_engine::{Lease, Refund, Settings};

use crate::fixture::{TempStore, TestClock, account, order};
use crate::scripted::{Answer, failure};

type Hook = Box<dyn FnMut() + Send>;

#[derive(Default)]
struct World {
    truth: HashMap<String, OrderStatus>,
    answers: VecDeque<Answer>,
    /// Runs inside every refund request, before its answer.
    during: Option<Hook>,
    unreadable: Option<ErrorKind>,
    latency: Duration,
    reads: u32,
    /// Those that arrived, as far as anybody can tell.
    requests: Vec<RefundRequest>,
}

pub(crate) struct FakeRefundGateway {
    refunds: bool,
    receipts: bool,
    rules: CancelRules,
    world: Mutex<World>,
}

impl std::fmt::Debug for FakeRefundGateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FakeRefundGateway")
    }
}

impl FakeRefundGateway {
    pub(crate) fn new() -> Self {
        Self {
            refunds: true,
            receipts: true,
            rules: CancelRules::once_only([Cancellable::Unpaid]),
            world: Mutex::default(),
        }
    }

    pub(crate) fn without_refunds(mut self) -> Self {
        self.refunds = false;
        self
    }

    /// Its statuses show none, and it is asked by nothing else.
    pub(crate) fn without_receipts(mut self) -> Self {
        self.receipts = false;
        self
    }

    pub(crate) fn will_answer(self, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.lock().answers.extend(answers);
        self
    }

    /// How long a refund request takes.
    pub(crate) fn slow(self, latency: Duration) -> Self {
        self.lock().latency = latency;
        self
    }

    pub(crate) fn during(&self, hook: impl FnMut() + Send + 'static) {
        self.lock().during = Some(Box::new(hook));
    }

    pub(crate) fn set(&self, order: &str, status: OrderStatus) {
        self.lock().truth.insert(order.to_owned(), status);
    }

    pub(crate) fn break_down(&self, kind: ErrorKind) {
        self.lock().unreadable = Some(kind);
    }

    pub(crate) fn reads(&self) -> u32 {
        self.lock().reads
    }

    pub(crate) fn requests(&self) -> Vec<RefundRequest> {
        self.lock().requests.clone()
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

#[async_trait]
impl Gateway for FakeRefundGateway {
    fn name(&self) -> GatewayName {
        GatewayName::from_static("kwikpaisa")
    }

    fn cancel_rules(&self) -> &CancelRules {
        &self.rules
    }

    fn order_ids(&self) -> OrderIds {
        OrderIds::Gateway
    }

    fn supports(&self, operation: Operation) -> bool {
        operation != Operation::Refund || self.refunds
    }

    async fn create(&self, _: &NewOrder) -> Result<CreatedOrder, Error> {
        Err(failure(ErrorKind::Unsupported, Delivery::NotSent))
    }

    async fn status(&self, order: &OrderId) -> Result<StatusReading, Error> {
        let mut world = self.lock();
        world.reads += 1;
        if let Some(kind) = world.unreadable {
            return Err(failure(kind, Delivery::Answered));
        }
        let status = world.truth.get(order.as_str()).cloned();
        let status = status.unwrap_or(OrderStatus::Unpaid);
        let receipt = (self.receipts && status.was_paid()).then(|| format!("R-{order}"));
        Ok(StatusReading {
            money: Some(Money::parse("1500.00", "KES").unwrap()),
            details: PaymentDetails {
                receipt,
                ..PaymentDetails::default()
            },
            ..StatusReading::new(status.clone(), status.to_string())
        })
    }

    async fn cancel(&self, _: &OrderId) -> Result<CancelAnswer, Error> {
        Err(failure(ErrorKind::Unsupported, Delivery::NotSent))
    }

    fn check_refund(&self, request: &RefundRequest) -> Result<(), Error> {
        request.money()?;
        let receipt = request.paid.details.receipt.as_ref();
        let missing = || Error::invalid_field("confirmation_code", "is not shown");
        receipt.map(drop).ok_or_else(missing)
    }

    async fn refund(&self, request: &RefundRequest) -> Result<RefundAnswer, Error> {
        let latency = self.lock().latency;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let hook = self.lock().during.take();
        if let Some(mut hook) = hook {
            hook();
        }
        let answer = {
            let mut world = self.lock();
            let answer = world.answers.pop_front().unwrap_or(Answer::Yes);
            if !matches!(answer, Answer::NotSent | Answer::Unauthenticated) {
                world.requests.push(request.clone());
            }
            answer
        };
        answer.without_yes_or_no().await?;
        Ok(if answer == Answer::No {
            RefundAnswer::Refused {
                message: "Refund request has been received already".to_owned(),
            }
        } else {
            RefundAnswer::Received {
                message: "Refund request successfully".to_owned(),
            }
        })
    }
}

/// One gateway, one store, one worker, and order `A-1`, which is paid.
pub(crate) struct Counter {
    pub(crate) temp_store: TempStore,
    pub(crate) fake_refund_gateway: Arc<FakeRefundGateway>,
    pub(crate) ahead: TestClock,
    pub(crate) refunder: Refunder,
}

impl Counter {
    pub(crate) fn new(fake_refund_gateway: FakeRefundGateway) -> Self {
        let (temp_store, fake_refund_gateway) = (TempStore::new(), Arc::new(fake_refund_gateway));
        let ahead = temp_store.clock.clone();
        fake_refund_gateway.set("A-1", OrderStatus::Paid);
        let refunder = worker("w1", &temp_store, &fake_refund_gateway);
        Self {
            temp_store,
            fake_refund_gateway,
            ahead,
            refunder,
        }
    }

    /// Another worker, with a handle of its own on the store.
    pub(crate) fn worker(&self, name: &str) -> Refunder {
        worker(name, &self.temp_store, &self.fake_refund_gateway)
    }

    /// A worker whose store can be meddled with.
    pub(crate) fn meddled(&self, store: Arc<dyn RefundStore>) -> Refunder {
        let gateway: Arc<dyn Gateway> = Arc::<FakeRefundGateway>::clone(&self.fake_refund_gateway);
        let gateways = [(account("shop"), gateway)].into();
        let settings = Settings::new("w1").lease(Lease::new(Duration::from_secs(60)).unwrap());
        Refunder::new(store, gateways, self.ahead.clock(), settings)
    }

    /// A worker of this store that has these accounts.
    pub(crate) fn with_accounts(&self, accounts: &[(&str, &Arc<FakeRefundGateway>)]) -> Refunder {
        with_accounts("w2", &self.temp_store, accounts)
    }

    pub(crate) async fn ask(&self) -> Refunding {
        ask(&self.refunder).await
    }

    /// Asks, and expects that a request was written down.
    pub(crate) async fn made(&self) -> Refund {
        made(self.ask().await)
    }

    pub(crate) fn store(&self) -> &Arc<dyn RefundStore> {
        self.refunder.store()
    }

    pub(crate) async fn reload(&self, refund: &Refund) -> Refund {
        self.store().refund(refund.id).await.unwrap().unwrap()
    }

    /// What the log says, a line each.
    pub(crate) async fn story(&self, refund: &Refund) -> Vec<String> {
        let log = self.store().refund_log(refund.id).await.unwrap();
        let line = |entry: &duka_engine::refunds::RefundEntry| {
            format!("{} by {} -> {}", entry.event, entry.actor, entry.to)
        };
        log.iter().map(line).collect()
    }
}

/// The request that was written down.
pub(crate) fn made(asked: Refunding) -> Refund {
    let Refunding::Made { refund, .. } = asked else {
        panic!("no request was made: {asked:?}");
    };
    refund
}

pub(crate) fn terms() -> RefundParams {
    RefundParams {
        amount: None,
        username: "amina@shop.example".to_owned(),
        remarks: "came back torn".to_owned(),
        actor: "amina".to_owned(),
    }
}

pub(crate) async fn ask(refunder: &Refunder) -> Refunding {
    let asked = refunder.refund(order("shop", "A-1"), terms()).await;
    asked.unwrap()
}

pub(crate) fn worker(
    name: &str,
    temp_store: &TempStore,
    fake_refund_gateway: &Arc<FakeRefundGateway>,
) -> Refunder {
    with_accounts(name, temp_store, &[("shop", fake_refund_gateway)])
}

fn with_accounts(
    name: &str,
    temp_store: &TempStore,
    accounts: &[(&str, &Arc<FakeRefundGateway>)],
) -> Refunder {
    let gateway = |(name, fake_refund_gateway): &(&str, &Arc<FakeRefundGateway>)| {
        let gateway: Arc<dyn Gateway> = Arc::<FakeRefundGateway>::clone(fake_refund_gateway);
        (account(name), gateway)
    };
    let gateways = accounts.iter().map(gateway).collect();
    let settings = Settings::new(name).lease(Lease::new(Duration::from_secs(60)).unwrap());
    let clock = temp_store.clock.clock();
    Refunder::new(temp_store.store(), gateways, clock, settings)
}

/// Does something the first time that a trace comes to a named point.
pub(crate) struct AtPoint {
    point: &'static str,
    act: Mutex<Option<Hook>>,
}

impl AtPoint {
    pub(crate) fn new(point: &'static str, act: impl FnMut() + Send + 'static) -> Self {
        Self {
            point,
            act: Mutex::new(Some(Box::new(act))),
        }
    }
}

impl tracing::Subscriber for AtPoint {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut is_here = IsHere(self.point, false);
        event.record(&mut is_here);
        if is_here.1
            && let Some(mut act) = self.act.lock().unwrap().take()
        {
            act();
        }
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

struct IsHere(&'static str, bool);

impl tracing::field::Visit for IsHere {
    fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
        self.1 |= field.name() == "point" && value == self.0;
    }

    fn record_debug(&mut self, _: &tracing::field::Field, _: &dyn std::fmt::Debug) {}
}
