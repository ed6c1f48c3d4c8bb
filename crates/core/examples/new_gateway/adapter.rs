//! The adapter: all that has to be written for a new gateway. The one here, *Kiosk*, does not exist; it takes one line of
//! text and answers with one. Where a comment says *promise*, `duka-core` relies on what follows, and the suite tries it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use duka_core::gateway::{Operation, OrderIds, PaymentLink};
use duka_core::{
    CancelAnswer, CancelRules, Cancellable, CreatedOrder, Delivery, Error, ErrorKind, Gateway,
    GatewayName, Money, NewOrder, OrderId, OrderStatus, PaymentDetails, StatusReading,
};
use secrecy::{ExposeSecret, SecretString};

use crate::line::{Line, Lost};

/// One account at Kiosk.
pub(crate) struct Kiosk {
    key: SecretString,
    line: Arc<dyn Line>,
    rules: CancelRules,
}

// Promise: no secret shows. `SecretString` hides itself, too; what is left out cannot slip in later.
impl fmt::Debug for Kiosk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kiosk").finish_non_exhaustive()
    }
}

/// An answer in a form that the gateway's pages list.
enum Answer {
    Ok(String),
    No(String),
}

impl Kiosk {
    pub(crate) fn new(key: SecretString, line: Arc<dyn Line>) -> Self {
        // Promise: what may be cancelled, whether a second request does harm (`once_only`), whether a status shows it.
        // Where the pages are silent, take what is safe: once only, shown nowhere.
        let rules = CancelRules::repeatable([Cancellable::Unpaid]);
        Self { key, line, rules }
    }

    async fn ask(&self, verb: &str, arguments: &[&str]) -> Result<Answer, Error> {
        // Promise: what cannot be sent as it is does not leave. A space would begin another argument.
        if arguments.iter().any(|it| it.contains(char::is_whitespace)) {
            return Err(Error::invalid_field(verb, "has an argument with a space"));
        }
        let key = self.key.expose_secret();
        let reply = self
            .line
            .exchange(&format!("{verb} {key} {}\n", arguments.join(" ")));
        // Promise: the delivery is what is proved, no more.
        let reply = reply.map_err(|lost| match lost {
            Lost::NotSent => Error::new(ErrorKind::Unavailable, Delivery::NotSent, "no connection"),
            Lost::Unknown => Error::new(ErrorKind::Unavailable, Delivery::Unknown, "no reply"),
        })?;
        let answered = |kind, words: &str| Err(Error::new(kind, Delivery::Answered, words));
        // A line without its end is half a reply.
        let Some(line) = reply.strip_suffix('\n') else {
            return answered(ErrorKind::UnreadableReply, "no whole line");
        };
        match line.split_once(' ').unwrap_or((line, "")) {
            ("OK", said) => Ok(Answer::Ok(said.to_owned())),
            // Promise: `Authentication` means that the order was not looked at; `NotFound` that there is none.
            ("NO", "KEY") => answered(ErrorKind::Authentication, "key refused"),
            ("NO", "ORDER") => answered(ErrorKind::NotFound, "no such order"),
            ("NO", said) => Ok(Answer::No(said.to_owned())),
            ("BUSY", "") => answered(ErrorKind::RateLimited, "too many requests"),
            ("DOWN", "") => answered(ErrorKind::Unavailable, "gateway is down"),
            // Not quoted: it may hold anything, a secret included.
            _ => answered(ErrorKind::UnreadableReply, "neither OK nor NO"),
        }
    }

    /// The order that a notification is about. Kiosk signs none, so one claims no status: read it.
    pub(crate) fn notification(line: &str) -> Option<OrderId> {
        let (order, "CHANGED") = line.trim_end().split_once(' ')? else {
            return None;
        };
        Some(canonical(&OrderId::text(order).ok()?))
    }
}

/// Kiosk takes `K-7` for `k-7`.
fn canonical(order: &OrderId) -> OrderId {
    OrderId::text(order.as_str().to_ascii_lowercase()).unwrap_or_else(|_| order.clone())
}

/// Well-formed, and on no page: neither a yes nor a no.
fn unlisted<T>(what: &str) -> Result<T, Error> {
    Err(Error::new(
        ErrorKind::UnlistedReply,
        Delivery::Answered,
        what,
    ))
}

#[async_trait]
impl Gateway for Kiosk {
    fn name(&self) -> GatewayName {
        GatewayName::from_static("kiosk")
    }

    fn cancel_rules(&self) -> &CancelRules {
        &self.rules
    }

    fn order_ids(&self) -> OrderIds {
        OrderIds::Gateway
    }

    fn supports(&self, operation: Operation) -> bool {
        matches!(
            operation,
            Operation::Create | Operation::Status | Operation::Cancel
        )
    }

    // Promise: one order, one id. Records are kept by it, and two forms would be two orders with a request each.
    fn canonical_order(&self, order: &OrderId) -> OrderId {
        canonical(order)
    }

    // Promise: sent once. A create whose reply is lost is an error, and never tried again here.
    async fn create(&self, order: &NewOrder) -> Result<CreatedOrder, Error> {
        let money = order
            .money
            .chargeable()
            .map_err(|it| Error::invalid_field("amount", it))?;
        // Promise: a limit that a page gives is checked before anything is sent, and the error names the field.
        if order.reference.as_str().len() > 20 {
            return Err(Error::invalid_field(
                "reference",
                "has more than 20 characters",
            ));
        }
        let (amount, code) = (money.amount().to_string(), money.currency().code());
        let said = match self
            .ask("OPEN", &[order.reference.as_str(), &amount, code])
            .await?
        {
            Answer::Ok(said) => said,
            Answer::No(_) => return unlisted("no order was opened"),
        };
        let read = said
            .split_once(' ')
            .and_then(|(id, link)| Some((OrderId::text(id).ok()?, link.parse().ok()?)));
        let Some((id, link)) = read else {
            return unlisted("neither an id nor a link");
        };
        // Promise: the link is kept in `PaymentLink`, since a reader of it can open the checkout.
        Ok(CreatedOrder {
            order: canonical(&id),
            details: PaymentDetails::default(),
            payment_link: PaymentLink::new(&link),
            status: None,
        })
    }

    // Promise: harmless. It may be repeated, here or by the caller.
    async fn status(&self, order: &OrderId) -> Result<StatusReading, Error> {
        let said = match self.ask("LOOK", &[canonical(order).as_str()]).await? {
            Answer::Ok(said) => said,
            Answer::No(_) => return unlisted("no status"),
        };
        let &[word, amount, currency, reference] = said.split(' ').collect::<Vec<_>>().as_slice()
        else {
            return unlisted("not the four words of a status");
        };
        let status = match word {
            "OPEN" => OrderStatus::Unpaid,
            "PAID" => OrderStatus::Paid,
            "FAILED" => OrderStatus::Failed,
            "VOID" => OrderStatus::Cancelled,
            // Promise: a word that no page explains stays what it is. It is never eligible, and never *failed*.
            other => OrderStatus::Unknown(other.to_owned()),
        };
        let (money, reference) = (
            Money::parse(amount, currency).ok(),
            Some(reference.to_owned()),
        );
        Ok(StatusReading {
            money,
            reference,
            ..StatusReading::new(status, word)
        })
    }

    // Promise: sent once, and `Ok` only for a reply that the pages list. Everything else is an error.
    async fn cancel(&self, order: &OrderId) -> Result<CancelAnswer, Error> {
        match self.ask("VOID", &[canonical(order).as_str()]).await? {
            Answer::Ok(said) if said == "VOID" => Ok(CancelAnswer::accepted(said)),
            Answer::No(said) if ["PAID", "FAILED", "VOID"].contains(&said.as_str()) => {
                Ok(CancelAnswer::refused(said))
            }
            Answer::Ok(_) | Answer::No(_) => unlisted("neither a yes nor a no to a cancel"),
        }
    }
}
