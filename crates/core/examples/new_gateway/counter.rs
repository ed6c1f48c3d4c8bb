//! Kiosk's own side, in memory: what every adapter's tests need besides the adapter. It knows the truth, acts for the
//! customer, and breaks the line on demand. It reads requests and writes replies by itself, so that one misreading
//! cannot be on both sides.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use duka_core::conformance::{
    Armed, Bench, BenchError, Fault, FlawedOrder, Notified, Sender, Truth,
};
use duka_core::gateway::Operation;
use duka_core::{Customer, Gateway, Money, NewOrder, OrderId, OrderStatus};

use crate::adapter::Kiosk;
use crate::line::{Line, Lost};

const KEY: &str = "kiosk-key-17";

struct Entry {
    terms: String,
    truth: Truth,
}

#[derive(Default)]
struct World {
    entries: Vec<Entry>,
    references: u32,
    fault: Option<(Fault, Operation)>,
    rung: Vec<String>,
}

/// The gateway, behind its counter.
#[derive(Clone, Default)]
pub(crate) struct Counter(Arc<Mutex<World>>);

impl Counter {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the customer does, which rings at the merchant's.
    pub(crate) fn customer(&self, order: &OrderId, status: OrderStatus) -> Result<(), BenchError> {
        let world = &mut *self.world();
        let entry = world.entry(order.as_str()).ok_or_else(no_such_order)?;
        entry.truth.status = status;
        world.rung.push(format!("{order} CHANGED\n"));
        Ok(())
    }
}

fn no_such_order() -> BenchError {
    BenchError::new("no such order")
}

impl World {
    fn entry(&mut self, id: &str) -> Option<&mut Entry> {
        let number: usize = id.strip_prefix("k-")?.parse().ok()?;
        self.entries.get_mut(number)
    }

    fn open(&mut self, terms: &[&str]) -> String {
        let number = self.entries.len();
        self.entries.push(Entry {
            terms: terms.join(" "),
            truth: Truth::new(OrderStatus::Unpaid),
        });
        format!("OK k-{number} https://kiosk.example/pay/{number}\n")
    }

    fn look(&mut self, id: &str) -> String {
        let Some(Entry { terms, truth }) = self.entry(id) else {
            return "NO ORDER\n".to_owned();
        };
        let &[reference, amount, currency] = terms.split(' ').collect::<Vec<_>>().as_slice() else {
            return "DOWN\n".to_owned();
        };
        format!(
            "OK {} {amount} {currency} {reference}\n",
            word(&truth.status)
        )
    }

    fn void(&mut self, id: &str, fault: Option<Fault>) -> String {
        let Some(Entry { truth, .. }) = self.entry(id) else {
            return "NO ORDER\n".to_owned();
        };
        truth.cancel_requests += 1;
        if fault == Some(Fault::PayBeforeApply) {
            truth.status = OrderStatus::Paid;
        }
        if truth.status != OrderStatus::Unpaid {
            return format!("NO {}\n", word(&truth.status));
        }
        truth.cancels_applied += 1;
        truth.status = OrderStatus::Cancelled;
        if fault == Some(Fault::PayAfterApply) {
            truth.status = OrderStatus::Paid;
            truth.paid_after_cancel = true;
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

impl Line for Counter {
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
            entry.truth.cancels_received += 1;
        }
        match fault {
            Some(Fault::ResetBefore) => return Err(Lost::Unknown),
            Some(Fault::Unauthenticated) => return Ok("NO KEY\n".to_owned()),
            Some(Fault::TooManyRequests) => return Ok("BUSY\n".to_owned()),
            Some(Fault::Unavailable) => return Ok("DOWN\n".to_owned()),
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
            Some(Fault::HtmlBody) => Ok("<html>kiosk</html>\n".to_owned()),
            Some(Fault::EmptyBody) => Ok(String::new()),
            Some(Fault::TruncatedBody) => Ok(reply.chars().take(reply.len() / 2).collect()),
            Some(Fault::GarbageBody) => Ok("\u{1}\u{fffd}\n".to_owned()),
            Some(Fault::ServerError) => Ok("DOWN\n".to_owned()),
            _ => Ok(reply),
        }
    }
}

/// Where no line leads.
struct Nowhere;

impl Line for Nowhere {
    fn exchange(&self, _: &str) -> Result<String, Lost> {
        Err(Lost::NotSent)
    }
}

#[async_trait]
impl Bench for Counter {
    fn gateway(&self) -> Arc<dyn Gateway> {
        Arc::new(Kiosk::new(KEY.into(), Arc::new(self.clone())))
    }

    async fn new_order(&self) -> Result<NewOrder, BenchError> {
        let world = &mut *self.world();
        world.references += 1;
        let reference = format!("R-{}", world.references);
        Ok(NewOrder::new(
            OrderId::text(reference).map_err(BenchError::new)?,
            Money::parse("105.50", "KES").map_err(BenchError::new)?,
            "tea",
            Customer::default(),
            "https://shop.example/thanks"
                .parse()
                .map_err(BenchError::new)?,
        ))
    }

    async fn flawed_orders(&self) -> Result<Vec<FlawedOrder>, BenchError> {
        let order = self.new_order().await?;
        let too_long = OrderId::text("R".repeat(21)).map_err(BenchError::new)?;
        let flawed = FlawedOrder::new(order, "reference", |it| it.reference = too_long);
        Ok(vec![flawed])
    }

    fn unknown_order(&self) -> OrderId {
        OrderId::text("K-999999").expect("the text is short and plain")
    }

    async fn customer_pays(&self, order: &OrderId) -> Result<(), BenchError> {
        self.customer(order, OrderStatus::Paid)
    }

    async fn customer_fails(&self, order: &OrderId) -> Result<(), BenchError> {
        self.customer(order, OrderStatus::Failed)
    }

    async fn arm(&self, fault: Fault, operation: Operation) -> Result<Armed, BenchError> {
        self.world().fault = Some((fault, operation));
        Ok(Armed::Yes)
    }

    async fn disarm(&self) -> Result<(), BenchError> {
        self.world().fault = None;
        Ok(())
    }

    async fn truth(&self, order: &OrderId) -> Result<Truth, BenchError> {
        let world = &mut *self.world();
        let entry = world.entry(order.as_str()).ok_or_else(no_such_order)?;
        Ok(entry.truth.clone())
    }

    async fn notification(&self, order: &OrderId, from: Sender) -> Result<Notified, BenchError> {
        let line = match from {
            Sender::Gateway => {
                let world = self.world();
                let about = |line: &&String| line.starts_with(&format!("{order} "));
                let last = world.rung.iter().rfind(about).cloned();
                last.ok_or_else(|| BenchError::new("nothing was rung"))?
            }
            Sender::Stranger => format!("{order} CHANGED"),
        };
        Ok(match Kiosk::notification(&line) {
            Some(order) => Notified::Read {
                order,
                status: None,
            },
            None => Notified::Refused,
        })
    }

    fn secrets(&self) -> Vec<String> {
        vec![KEY.to_owned()]
    }

    fn unreachable(&self) -> Option<Arc<dyn Gateway>> {
        Some(Arc::new(Kiosk::new(KEY.into(), Arc::new(Nowhere))))
    }
}
