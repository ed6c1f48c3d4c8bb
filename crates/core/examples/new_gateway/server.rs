//! Kiosk's server, in memory: what every adapter's tests need besides the adapter. It keeps the orders, acts for the
//! customer, and injects faults. It shares no code with the adapter, so one misreading cannot be on both sides.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use duka_core::conformance::{Fault, Harness, Notification, ServerState};
use duka_core::gateway::Operation;
use duka_core::{Customer, Gateway, Money, NewOrder, OrderId, OrderStatus};

use crate::adapter::Kiosk;
use crate::line::{Line, Lost};

const KEY: &str = "kiosk-key-17";

struct Entry {
    terms: String,
    state: ServerState,
}

#[derive(Default)]
struct World {
    entries: Vec<Entry>,
    references: u32,
    fault: Option<(Fault, Operation)>,
    notifications: Vec<String>,
}

/// The gateway's server.
#[derive(Clone, Default)]
pub(crate) struct KioskServer(Arc<Mutex<World>>);

impl KioskServer {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The customer changes the order's status, and Kiosk notifies the merchant.
    pub(crate) fn customer(&self, order: &OrderId, status: OrderStatus) {
        let world = &mut *self.world();
        world.known(order).state.status = status;
        world.notifications.push(format!("{order} CHANGED\n"));
    }
}

impl World {
    fn entry(&mut self, id: &str) -> Option<&mut Entry> {
        let number: usize = id.strip_prefix("k-")?.parse().ok()?;
        self.entries.get_mut(number)
    }

    /// The entry of an order that this server has opened.
    fn known(&mut self, order: &OrderId) -> &mut Entry {
        let entry = self.entry(order.as_str());
        entry.unwrap_or_else(|| panic!("kiosk has no order {order}"))
    }

    fn open(&mut self, terms: &[&str]) -> String {
        let number = self.entries.len();
        self.entries.push(Entry {
            terms: terms.join(" "),
            state: ServerState::new(OrderStatus::Unpaid),
        });
        format!("OK k-{number} https://kiosk.example/pay/{number}\n")
    }

    fn look(&mut self, id: &str) -> String {
        let Some(Entry { terms, state }) = self.entry(id) else {
            return "NO ORDER\n".to_owned();
        };
        let &[reference, amount, currency] = terms.split(' ').collect::<Vec<_>>().as_slice() else {
            return "DOWN\n".to_owned();
        };
        format!(
            "OK {} {amount} {currency} {reference}\n",
            word(&state.status)
        )
    }

    fn void(&mut self, id: &str, fault: Option<Fault>) -> String {
        let Some(Entry { state, .. }) = self.entry(id) else {
            return "NO ORDER\n".to_owned();
        };
        state.cancels.authenticated += 1;
        if fault == Some(Fault::PaidBeforeCancel) {
            state.status = OrderStatus::Paid;
        }
        if state.status != OrderStatus::Unpaid {
            return format!("NO {}\n", word(&state.status));
        }
        state.cancels.applied += 1;
        state.status = OrderStatus::Cancelled;
        if fault == Some(Fault::PaidAfterCancel) {
            state.status = OrderStatus::Paid;
            state.paid_after_cancel = true;
        }
        "OK VOID\n".to_owned()
    }
}

fn word(status: &OrderStatus) -> &'static str {
    match status {
        OrderStatus::Unpaid => "OPEN",
        OrderStatus::Paid => "PAID",
        OrderStatus::Failed => "FAILED",
        OrderStatus::Cancelled => "VOID",
        OrderStatus::Processing
        | OrderStatus::Expired
        | OrderStatus::Reversed
        | OrderStatus::Unknown(_) => "STRANGE",
    }
}

impl Line for KioskServer {
    fn exchange(&self, line: &str) -> Result<String, Lost> {
        let world = &mut *self.world();
        let mut words = line.split_whitespace();
        let (verb, key) = (words.next(), words.next());
        let terms: Vec<&str> = words.collect();
        let id = terms.first().copied().unwrap_or_default();
        let operation = match verb {
            Some("OPEN") => Operation::Create,
            Some("LOOK") => Operation::Status,
            Some("VOID") => Operation::Cancel,
            _ => return Ok("NO VERB\n".to_owned()),
        };
        let fault = world.fault.take_if(|(_, at)| *at == operation);
        let fault = fault.map(|(fault, _)| fault);
        if operation == Operation::Cancel
            && let Some(entry) = world.entry(id)
        {
            entry.state.cancels.received += 1;
        }
        match fault {
            Some(Fault::ConnectionReset) => return Err(Lost::Unknown),
            Some(Fault::CredentialsRefused) => return Ok("NO KEY\n".to_owned()),
            Some(Fault::Status429) => return Ok("BUSY\n".to_owned()),
            Some(Fault::Status503) => return Ok("DOWN\n".to_owned()),
            _ if key != Some(KEY) => return Ok("NO KEY\n".to_owned()),
            _ => {}
        }
        let reply = match verb {
            Some("OPEN") => world.open(&terms),
            Some("VOID") => world.void(id, fault),
            _ => world.look(id),
        };
        match fault {
            Some(Fault::ReplyLost) => Err(Lost::Unknown),
            Some(Fault::HtmlReply) => Ok("<html>kiosk</html>\n".to_owned()),
            Some(Fault::EmptyReply) => Ok(String::new()),
            Some(Fault::TruncatedReply) => Ok(reply.chars().take(reply.len() / 2).collect()),
            Some(Fault::GarbageReply) => Ok("\u{1}\u{fffd}\n".to_owned()),
            Some(Fault::Status500) => Ok("DOWN\n".to_owned()),
            _ => Ok(reply),
        }
    }
}

/// A line without a server.
struct Nowhere;

impl Line for Nowhere {
    fn exchange(&self, _: &str) -> Result<String, Lost> {
        Err(Lost::NotSent)
    }
}

#[async_trait]
impl Harness for KioskServer {
    fn gateway(&self) -> Arc<dyn Gateway> {
        Arc::new(Kiosk::new(KEY.into(), Arc::new(self.clone())))
    }

    fn unreachable_gateway(&self) -> Option<Arc<dyn Gateway>> {
        Some(Arc::new(Kiosk::new(KEY.into(), Arc::new(Nowhere))))
    }

    async fn new_order(&self) -> NewOrder {
        let world = &mut *self.world();
        world.references += 1;
        NewOrder::new(
            OrderId::text(format!("R-{}", world.references)).expect("R and a number is an id"),
            Money::parse("105.50", "KES").expect("105.50 KES is money"),
            "tea",
            Customer::default(),
            "https://shop.example/thanks"
                .parse()
                .expect("this is a URL"),
        )
    }

    async fn invalid_orders(&self) -> Vec<(NewOrder, &'static str)> {
        let mut order = self.new_order().await;
        order.reference = OrderId::text("R".repeat(21)).expect("21 letters are an id");
        vec![(order, "reference")]
    }

    fn unknown_order(&self) -> OrderId {
        OrderId::text("K-999999").expect("the text is short and plain")
    }

    async fn pay(&self, order: &OrderId) {
        self.customer(order, OrderStatus::Paid);
    }

    async fn fail_payment(&self, order: &OrderId) {
        self.customer(order, OrderStatus::Failed);
    }

    fn can_inject(&self, fault: Fault, _: Operation) -> bool {
        // Kiosk speaks no HTTP: there is one way to refuse a key.
        fault != Fault::SuccessInStatus401
    }

    async fn inject(&self, fault: Fault, operation: Operation) {
        self.world().fault = Some((fault, operation));
    }

    async fn clear_faults(&self) {
        self.world().fault = None;
    }

    async fn server_state(&self, order: &OrderId) -> ServerState {
        self.world().known(order).state.clone()
    }

    fn sends_notifications(&self) -> bool {
        true
    }

    async fn notification(&self, order: &OrderId) -> Option<Notification> {
        let about = |line: &&String| line.starts_with(&format!("{order} "));
        let sent = self.world().notifications.iter().rfind(about).cloned();
        read(&sent.expect("a customer's action is notified"))
    }

    async fn forged_notification(&self, order: &OrderId) -> Option<Notification> {
        read(&format!("{order} CHANGED"))
    }

    fn secrets(&self) -> Vec<String> {
        vec![KEY.to_owned()]
    }
}

fn read(line: &str) -> Option<Notification> {
    let order = Kiosk::notification(line)?;
    Some(Notification {
        order,
        status: None,
    })
}
