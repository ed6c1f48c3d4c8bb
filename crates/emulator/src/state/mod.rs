//! Everything that changes while the emulator runs, behind one lock that is never held across a wait.

pub(crate) mod ipns;
pub(crate) mod orders;
pub(crate) mod tokens;

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use url::Url;

use crate::clock::EmulatorClock;
use crate::config::EmulatorConfig;
use crate::customer::{ActError, CustomerAct};
use crate::delivery_log::{DeliveryLog, DeliveryRecord};
use crate::faults::{ArmedFaults, FaultKind, FaultPoint};
use crate::notification::{DeliveryMode, Notification, ipn, webhook};
use crate::order::{Order, OrderDetails, Payment};
use crate::request_log::RequestLog;
use crate::rng::Rng;
use crate::variants::{Behaviour, pesapal as variants};
use ipns::Ipns;
use orders::{OrderKey, Orders};
use tokens::Tokens;

/// What every connection shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: EmulatorConfig,
    pub(crate) clock: EmulatorClock,
    /// `http://ADDR`, where the checkout pages are.
    pub(crate) base_url: String,
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn new(
        config: EmulatorConfig,
        base_url: String,
        outbox: UnboundedSender<Notification>,
    ) -> Self {
        let state = State::new(&config, outbox);
        Self {
            clock: EmulatorClock::new(config.clock.clone()),
            config,
            base_url,
            state: Mutex::new(state),
        }
    }

    /// A panic elsewhere leaves the state usable, because no change spans two locks.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The choices that hold now.
    pub(crate) fn behaviour(&self) -> Behaviour {
        self.state().behaviour.clone()
    }

    /// Lets the customer of the order that a control call names act.
    pub(crate) fn act(&self, id: &str, act: CustomerAct) -> Result<OrderKey, ActError> {
        let now = self.clock.now();
        let mut state = self.state();
        let key = state
            .orders
            .address(id)
            .ok_or_else(|| ActError::UnknownOrder { id: id.to_owned() })?;
        state.act(key, act, now)?;
        Ok(key)
    }

    /// Forgets everything that happened and goes back to the settings of the start; only the random sequence
    /// goes on, so that ids do not repeat.
    pub(crate) fn reset(&self) {
        self.clock.reset();
        let mut state = self.state();
        state.orders = Orders::default();
        state.faults = ArmedFaults::default();
        state.log.clear();
        state.deliveries.clear();
        state.ipns = Ipns::default();
        state.tokens = Tokens::default();
        state.webhook_url = self.config.webhook_url.clone();
        state.behaviour = self.config.behaviour.clone();
    }
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) rng: Rng,
    pub(crate) orders: Orders,
    pub(crate) faults: ArmedFaults,
    pub(crate) log: RequestLog,
    pub(crate) deliveries: DeliveryLog,
    pub(crate) ipns: Ipns,
    pub(crate) tokens: Tokens,
    pub(crate) webhook_url: Option<Url>,
    pub(crate) behaviour: Behaviour,
    outbox: UnboundedSender<Notification>,
}

impl State {
    fn new(config: &EmulatorConfig, outbox: UnboundedSender<Notification>) -> Self {
        Self {
            rng: Rng::new(config.seed),
            orders: Orders::default(),
            faults: ArmedFaults::default(),
            log: RequestLog::new(config.request_log),
            deliveries: DeliveryLog::new(config.request_log),
            ipns: Ipns::default(),
            tokens: Tokens::default(),
            webhook_url: config.webhook_url.clone(),
            behaviour: config.behaviour.clone(),
            outbox,
        }
    }

    /// Lets the customer act and notifies the merchant.
    pub(crate) fn act(
        &mut self,
        key: OrderKey,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), ActError> {
        let rng = &mut self.rng;
        let order = self.orders.get_mut(key);
        let had_receipt = order.receipt.is_some();
        let is_kwikpaisa = matches!(order.details, OrderDetails::KwikPaisa(_));
        let is_mobile = self.behaviour.value(&variants::PAYMENT_METHOD).is_mobile;
        order.act(act, now, || match (is_kwikpaisa, is_mobile) {
            (true, _) => format!("TXN{:016X}", rng.next_u64()),
            // The 22 digits of a card payment, or the operator's ten letters and digits.
            (false, false) => format!("65{:020}", rng.next_u64()),
            (false, true) => rng.operator_code(),
        })?;
        if !is_kwikpaisa
            && !had_receipt
            && let Some(code) = order.receipt.clone()
        {
            self.orders.index_confirmation(code, key);
        }
        self.notify(key, now);
        Ok(())
    }

    /// Hands the notification of an order's present state to the delivery task.
    pub(crate) fn notify(&mut self, key: OrderKey, now: Timestamp) {
        let order = self.orders.get(key);
        let Some(mut notification) = self.notification(order, now) else {
            return;
        };
        let struck = self.faults.strike(
            &mut self.rng,
            FaultPoint::Notification,
            notification.gateway,
            None,
        );
        notification.mode = match struck.map(|it| it.kind) {
            Some(FaultKind::DuplicateNotification) => DeliveryMode::Twice,
            Some(FaultKind::ReorderedNotification) => DeliveryMode::Overtaken,
            Some(_) | None => DeliveryMode::Once,
        };
        let notification = self.deliveries.open(notification);
        // Fails only during shutdown, when notifications are dropped.
        let _ = self.outbox.send(notification);
    }

    /// Sends a notification once more, whether or not it was taken; None where there is none with this id.
    pub(crate) fn resend(&mut self, delivery: u64) -> Option<DeliveryRecord> {
        let (notification, record) = self.deliveries.again(delivery)?;
        let _ = self.outbox.send(notification);
        Some(record)
    }

    fn notification(&self, order: &Order, now: Timestamp) -> Option<Notification> {
        match &order.details {
            OrderDetails::KwikPaisa(own) => {
                let url = self.webhook_url.as_ref()?;
                webhook(order, own, url, &self.behaviour, now)
            }
            OrderDetails::Pesapal(own) => {
                // Pesapal has no state for a payment under way, so nothing changed for it.
                if order.payment == Payment::Processing && !order.is_cancelled() {
                    return None;
                }
                let registered = self.ipns.get(&own.notification_id)?;
                let names = self.behaviour.value(&variants::IPN_NAMES);
                let url = registered.url.as_ref()?;
                ipn(own, url, registered.method, names, now)
            }
        }
    }
}
