//! A gateway that answers as the test has scripted it, and otherwise by the true state of its orders.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use duka_core::gateway::{Operation, OrderIds, PaymentLink};
use duka_core::{
    CancelAnswer, CancelRules, Cancellable, CreatedOrder, Delivery, Error, ErrorKind, Gateway,
    GatewayName, Money, NewOrder, OrderId, OrderStatus, PaymentDetails, StatusReading,
};
use tokio_util::sync::CancellationToken;

/// What a gateway does with one cancel request, or one to create an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Cancels, and says so.
    Yes,
    /// Says it has cancelled, and the status never shows it.
    EmptyYes,
    /// Says it has not.
    No,
    /// Cancels, and the reply is lost.
    AppliedButLost,
    /// The connection breaks before anything arrives; whether it was applied cannot be known.
    Lost,
    /// The connection is never made.
    NotSent,
    /// The credentials are refused.
    Unauthenticated,
    /// A well-formed reply that is not documented.
    Unlisted,
    /// Never answers.
    Hangs,
}

/// What a status read gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StatusReply {
    Shows(OrderStatus),
    Fails(ErrorKind),
}

type Hook = Box<dyn FnMut(&OrderId) + Send>;

#[derive(Default)]
struct World {
    truth: HashMap<String, OrderStatus>,
    /// What orders cost, as every status shows it.
    money: HashMap<String, Money>,
    /// What customers have paid, as it shows once there is a payment, with a receipt.
    payments: HashMap<String, Money>,
    /// What every status, and every answer to a cancel request, tells beside.
    told: PaymentDetails,
    told_on_cancel: PaymentDetails,
    sights: VecDeque<StatusReply>,
    answers: VecDeque<Answer>,
    create_answers: VecDeque<Answer>,
    created: usize,
    /// Every status read fails like this.
    broken: Option<ErrorKind>,
    /// What every failed status read asks the caller to wait.
    retry_after: Option<Duration>,
    /// Every cancel request goes like this, once the script is at its end.
    habit: Option<Answer>,
    during_cancel: Option<Hook>,
    latency: Duration,
    /// Cancelled at this status read.
    alarm: Option<(u64, CancellationToken)>,
    reads: u64,
    requests: Vec<OrderId>,
    in_flight: usize,
    most_in_flight: usize,
}

impl World {
    fn failed_read(&self, kind: ErrorKind) -> Error {
        let error = failure(kind, Delivery::Answered);
        match self.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }
}

/// A gateway for tests. What is not scripted is the truth: every order is unpaid until it
/// is paid or cancelled.
pub(crate) struct Scripted {
    name: &'static str,
    rules: CancelRules,
    order_ids: OrderIds,
    world: Mutex<World>,
}

impl Scripted {
    /// Shows *cancelled*, and takes repeated requests.
    pub(crate) fn repeatable() -> Self {
        let eligible = [Cancellable::Unpaid, Cancellable::Processing];
        Self::with(OrderIds::Merchant, CancelRules::repeatable(eligible))
    }

    /// Takes one request per order, and no status shows that it was cancelled.
    pub(crate) fn once_only() -> Self {
        let eligible = [Cancellable::Unpaid, Cancellable::Failed];
        Self::with(OrderIds::Gateway, CancelRules::once_only(eligible))
    }

    fn with(order_ids: OrderIds, rules: CancelRules) -> Self {
        Self {
            name: "kwikpaisa",
            rules,
            order_ids,
            world: Mutex::default(),
        }
    }

    /// The next status reads, in this order.
    pub(crate) fn will_show(self, sights: impl IntoIterator<Item = StatusReply>) -> Self {
        self.lock().sights.extend(sights);
        self
    }

    /// The next cancel requests, in this order.
    pub(crate) fn will_answer(self, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.lock().answers.extend(answers);
        self
    }

    /// The next requests to create an order, in this order; after them, each is answered.
    pub(crate) fn will_create(self, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.lock().create_answers.extend(answers);
        self
    }

    /// All cancel requests after the script.
    pub(crate) fn always_answers(self, habit: Answer) -> Self {
        self.lock().habit = Some(habit);
        self
    }

    /// Every status read that fails asks the caller to wait this long.
    pub(crate) fn asks_to_wait(self, wait: Duration) -> Self {
        self.lock().retry_after = Some(wait);
        self
    }

    /// Runs inside every cancel request, before its answer.
    pub(crate) fn during_cancel(self, hook: impl FnMut(&OrderId) + Send + 'static) -> Self {
        self.lock().during_cancel = Some(Box::new(hook));
        self
    }

    /// Cancels `stop` at the status read of this number.
    pub(crate) fn stops_at_read(self, number: u64, stop: &CancellationToken) -> Self {
        self.lock().alarm = Some((number, stop.clone()));
        self
    }

    /// How long every call takes.
    pub(crate) fn slow(self, latency: Duration) -> Self {
        self.lock().latency = latency;
        self
    }

    pub(crate) fn set(&self, order: &str, status: OrderStatus) {
        self.lock().truth.insert(order.to_owned(), status);
    }

    pub(crate) fn set_money(&self, order: &str, money: Money) {
        self.lock().money.insert(order.to_owned(), money);
    }

    /// From now on a status that shows a payment, be it a failed one, shows this amount, and
    /// a receipt.
    pub(crate) fn pays(&self, order: &str, money: Money) {
        self.lock().payments.insert(order.to_owned(), money);
    }

    /// From now on every status tells this, and every answer to a cancel request that.
    pub(crate) fn tell(&self, status: PaymentDetails, answer: PaymentDetails) {
        let mut world = self.lock();
        (world.told, world.told_on_cancel) = (status, answer);
    }

    /// Only the next status read fails.
    pub(crate) fn fail_next(&self, kind: ErrorKind) {
        self.lock().sights.push_front(StatusReply::Fails(kind));
    }

    pub(crate) fn break_down(&self, kind: ErrorKind) {
        self.lock().broken = Some(kind);
    }

    pub(crate) fn mend(&self) {
        self.lock().broken = None;
    }

    /// Cancel requests that may have reached the gateway's books.
    pub(crate) fn requests(&self) -> usize {
        self.lock().requests.len()
    }

    pub(crate) fn requests_for(&self, order: &str) -> usize {
        let world = self.lock();
        world
            .requests
            .iter()
            .filter(|o| o.as_str() == order)
            .count()
    }

    pub(crate) fn reads(&self) -> u64 {
        self.lock().reads
    }

    /// The orders that were created.
    pub(crate) fn created(&self) -> usize {
        self.lock().created
    }

    /// Calls that are under way.
    pub(crate) fn in_flight(&self) -> usize {
        self.lock().in_flight
    }

    /// The most calls that were under way at one moment.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.lock().most_in_flight
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// The answer to a request to create an order, after what it does.
    fn apply_create(&self, order: &NewOrder, id: &OrderId) -> Result<Answer, Error> {
        let mut world = self.lock();
        let answer = world.create_answers.pop_front().unwrap_or(Answer::Yes);
        if !matches!(answer, Answer::Yes | Answer::AppliedButLost) {
            return Ok(answer);
        }
        if !world.truth.contains_key(id.as_str()) {
            world.truth.insert(id.to_string(), OrderStatus::Unpaid);
            world.money.insert(id.to_string(), order.money);
            world.created += 1;
        } else if self.order_ids == OrderIds::Merchant {
            return Err(failure(ErrorKind::Conflict, Delivery::Answered));
        }
        Ok(answer)
    }

    async fn travel(&self) {
        let latency = {
            let mut world = self.lock();
            world.in_flight += 1;
            world.most_in_flight = world.most_in_flight.max(world.in_flight);
            world.latency
        };
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        self.lock().in_flight -= 1;
    }
}

/// An adapter from outside this project that is careless with its secrets.
impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(secret_key: sk_live_canary)", self.name)
    }
}

#[async_trait]
impl Gateway for Scripted {
    fn name(&self) -> GatewayName {
        GatewayName::from_static(self.name)
    }

    fn cancel_rules(&self) -> &CancelRules {
        &self.rules
    }

    fn order_ids(&self) -> OrderIds {
        self.order_ids
    }

    fn supports(&self, operation: Operation) -> bool {
        matches!(operation, Operation::Status | Operation::Cancel)
    }

    async fn create(&self, order: &NewOrder) -> Result<CreatedOrder, Error> {
        self.travel().await;
        let id = match self.order_ids {
            OrderIds::Merchant => order.reference.clone(),
            OrderIds::Gateway => OrderId::text(format!("T-{}", order.reference)).unwrap(),
        };
        let answer = self.apply_create(order, &id)?;
        answer.without_yes_or_no().await?;
        Ok(CreatedOrder {
            order: id,
            details: PaymentDetails::default(),
            payment_link: PaymentLink::new(&"https://pay.example/7".parse().unwrap()),
            status: None,
        })
    }

    async fn status(&self, order: &OrderId) -> Result<StatusReading, Error> {
        self.travel().await;
        let mut world = self.lock();
        world.reads += 1;
        if let Some((_, alarm)) = world.alarm.as_ref().filter(|(at, _)| *at == world.reads) {
            alarm.cancel();
        }
        if let Some(kind) = world.broken {
            return Err(world.failed_read(kind));
        }
        let truth = world.truth.get(order.as_str()).cloned();
        let truth = StatusReply::Shows(truth.unwrap_or(OrderStatus::Unpaid));
        match world.sights.pop_front().unwrap_or(truth) {
            StatusReply::Shows(status) => {
                let raw_status = status.to_string().to_uppercase();
                let payment = status.was_paid() || status == OrderStatus::Failed;
                let paid = world.payments.get(order.as_str()).filter(|_| payment);
                Ok(StatusReading {
                    money: paid.or(world.money.get(order.as_str())).copied(),
                    details: PaymentDetails {
                        receipt: paid.map(|_| "28123456".to_owned()),
                        ..PaymentDetails::default()
                    }
                    .or(world.told.clone()),
                    ..StatusReading::new(status, raw_status)
                })
            }
            StatusReply::Fails(kind) => Err(world.failed_read(kind)),
        }
    }

    async fn cancel(&self, order: &OrderId) -> Result<CancelAnswer, Error> {
        self.travel().await;
        let hook = self.lock().during_cancel.take();
        if let Some(mut hook) = hook {
            hook(order);
            self.lock().during_cancel = Some(hook);
        }
        let answer = {
            let mut world = self.lock();
            let answer = world.answers.pop_front().or(world.habit);
            let answer = answer.unwrap_or(Answer::Yes);
            if !matches!(answer, Answer::NotSent | Answer::Unauthenticated) {
                world.requests.push(order.clone());
            }
            let result = matches!(answer, Answer::Yes | Answer::AppliedButLost);
            if result && self.rules.shows_cancelled() == duka_core::cancel::ShowsCancelled::Yes {
                let truth = world.truth.entry(order.as_str().to_owned());
                truth.or_insert(OrderStatus::Cancelled);
            }
            answer
        };
        answer.without_yes_or_no().await?;
        let details = self.lock().told_on_cancel.clone();
        Ok(if answer == Answer::No {
            CancelAnswer::Refused {
                message: "Order cannot be cancelled".to_owned(),
                details,
            }
        } else {
            CancelAnswer::Accepted {
                message: "Order successfully cancelled".to_owned(),
                details,
            }
        })
    }
}

impl Answer {
    /// What the caller gets where the gateway says neither yes nor no.
    pub(crate) async fn without_yes_or_no(self) -> Result<(), Error> {
        match self {
            Self::Yes | Self::EmptyYes | Self::No => Ok(()),
            Self::AppliedButLost | Self::Lost => {
                Err(failure(ErrorKind::Unavailable, Delivery::Unknown))
            }
            Self::NotSent => Err(failure(ErrorKind::Unavailable, Delivery::NotSent)),
            Self::Unauthenticated => Err(failure(ErrorKind::Authentication, Delivery::Answered)),
            Self::Unlisted => Err(failure(ErrorKind::UnlistedReply, Delivery::Answered)),
            Self::Hangs => std::future::pending().await,
        }
    }
}

pub(crate) fn failure(kind: ErrorKind, delivery: Delivery) -> Error {
    Error::new(kind, delivery, "as the test wants it")
}
