//! The trait that adapters implement, and the requests and answers it speaks in.

use std::fmt;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::cancel::CancelRules;
use crate::details::PaymentDetails;
use crate::error::{Delivery, Error, ErrorKind};
use crate::id::{GatewayName, OrderId};
use crate::order::StatusReading;
use crate::refund::{RefundAnswer, RefundRequest};

pub use crate::new_order::{
    BillingAddress, Customer, Frequency, NewOrder, Recurring, RedirectMode, Subscription,
};

/// One account at one payment gateway.
///
/// **If you call it:** every method makes at most the calls it names and waits for their
/// end. An [`Error`] says in [`delivery`](Error::delivery) whether the request left.
/// [`cancel`](Gateway::cancel) only *asks*: it neither checks the status first nor reads
/// it afterwards, and at a once-only gateway it must not be called twice for an order.
/// Unless you have a record of your own that survives a crash, use the
/// `duka-engine` crate, which does all of this. The same goes for
/// [`refund`](Gateway::refund).
///
/// **If you implement it:**
/// - `cancel` and `refund` answer `Ok` **only** for a reply that is readable and documented. A timeout,
///   a reset, a 5xx, HTML, half a body, an undocumented reply: all are `Err`, with
///   the delivery you can prove. [`Delivery::NotSent`] is a
///   promise that no byte reached the gateway;
///   [`ErrorKind::Authentication`] one that it looked no
///   further than the credentials.
/// - A status without a documented meaning is [`OrderStatus::Unknown`](crate::OrderStatus::Unknown) with its own text.
/// - What decides nothing ([`PaymentDetails`]) is left out where it cannot be read, and never spoils a
///   reply; personal data are read only where the account asks for them.
/// - Never repeat a mutation that may have arrived.
/// - Check every documented limit of a [`NewOrder`] before anything is sent, and refuse one
///   with a field that must not be lost; see there. Those of a [`RefundRequest`] belong in
///   [`check_refund`](Gateway::check_refund), too.
/// - Run the `conformance` suite against it.
#[async_trait]
pub trait Gateway: fmt::Debug + Send + Sync {
    /// The gateway's name in configuration and JSON.
    fn name(&self) -> GatewayName;

    /// What this gateway allows of a cancellation.
    fn cancel_rules(&self) -> &CancelRules;

    /// Whether an operation exists here; known before any socket opens.
    fn supports(&self, operation: Operation) -> bool;

    /// Whose id an order is known by.
    fn order_ids(&self) -> OrderIds;

    /// The one way to write this order's id, where a gateway takes it in several, such as
    /// a GUID in either case. Records are kept by this form: two forms of one id must not
    /// become two orders, each with a request of its own.
    fn canonical_order(&self, order: &OrderId) -> OrderId {
        order.clone()
    }

    /// Creates an order and returns where the customer pays.
    ///
    /// # Errors
    /// When a field is not acceptable (nothing is sent, and [`Error::field`] names it), the
    /// gateway refuses, or the outcome is unknown.
    async fn create(&self, order: &NewOrder) -> Result<CreatedOrder, Error>;

    /// Reads where an order stands. Harmless at any time.
    ///
    /// # Errors
    /// When there is no such order, or no readable answer.
    async fn status(&self, order: &OrderId) -> Result<StatusReading, Error>;

    /// Sends one request to cancel an order.
    ///
    /// # Errors
    /// Whenever the answer is not a readable, documented yes or no.
    async fn cancel(&self, order: &OrderId) -> Result<CancelAnswer, Error>;

    /// Sends one request to give a payment back. It must not be sent twice for a payment,
    /// and an answer *received* says nothing yet of the money.
    ///
    /// A gateway that knows no refunds leaves this as it is.
    ///
    /// # Errors
    /// When a field is not acceptable or this gateway has no refunds (nothing is sent), and
    /// whenever the answer is not a readable, documented yes or no.
    async fn refund(&self, request: &RefundRequest) -> Result<RefundAnswer, Error> {
        Err(no_refunds(self.name(), request))
    }

    /// Says whether [`refund`](Gateway::refund) would refuse a request before sending it, so
    /// that a caller never stores a request that cannot be sent. Makes no network call.
    ///
    /// A gateway whose refunds need more than an amount, such as a receipt, checks that here
    /// and in `refund` alike.
    ///
    /// # Errors
    /// When a field is not acceptable, or this gateway has no refunds.
    fn check_refund(&self, request: &RefundRequest) -> Result<(), Error> {
        if !self.supports(Operation::Refund) {
            return Err(no_refunds(self.name(), request));
        }
        request.money().map(drop)
    }
}

fn no_refunds(gateway: GatewayName, request: &RefundRequest) -> Error {
    let order = &request.order;
    let problem = format!(
        "refund: {} documents no refunds, so none was asked for order {order}",
        gateway.as_str()
    );
    Error::new(ErrorKind::Unsupported, Delivery::NotSent, problem)
}

/// Whose id an order is known by, and what follows where it is created a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderIds {
    /// The merchant's own ([`NewOrder::reference`]), so it is known before the order exists. A
    /// second order of the same id is refused.
    Merchant,
    /// One that the gateway issues with its answer. An order of a reference that was used
    /// before is answered with the earlier order, whatever its amount.
    Gateway,
}

/// What can be asked of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// [`Gateway::create`].
    Create,
    /// [`Gateway::status`].
    Status,
    /// [`Gateway::cancel`].
    Cancel,
    /// [`Gateway::refund`].
    Refund,
    /// Telling the gateway where to send notifications.
    RegisterIpn,
    /// Reading the addresses it sends notifications to.
    ListIpns,
}

/// Conveniences on every gateway.
#[async_trait]
pub trait GatewayExt: Gateway {
    /// Reads the status and says whether the order could be cancelled now. The customer
    /// may pay a moment later: this is advice, not a reservation.
    ///
    /// # Errors
    /// As [`Gateway::status`].
    async fn eligibility(&self, order: &OrderId) -> Result<Eligibility, Error> {
        let reading = self.status(order).await?;
        Ok(if self.cancel_rules().is_eligible(&reading.status) {
            Eligibility::Eligible(reading)
        } else {
            Eligibility::NotEligible(reading)
        })
    }
}

impl<G: Gateway + ?Sized> GatewayExt for G {}

/// Whether an order could be cancelled, with the reading that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Eligibility {
    /// The rules allow a request.
    Eligible(StatusReading),
    /// They do not.
    NotEligible(StatusReading),
}

/// A readable, documented answer to a cancel request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelAnswer {
    /// The gateway says it has cancelled the order.
    Accepted {
        /// Its own words, cut to a few hundred characters.
        message: String,
        /// What else it tells about the order, such as when it was cancelled.
        details: PaymentDetails,
    },
    /// The gateway says it has not.
    Refused {
        /// Its own words, cut to a few hundred characters.
        message: String,
        /// What else it tells about the order.
        details: PaymentDetails,
    },
}

impl CancelAnswer {
    /// A yes in these words, with nothing else to tell.
    pub fn accepted(message: impl Into<String>) -> Self {
        Self::Accepted {
            message: message.into(),
            details: PaymentDetails::default(),
        }
    }

    /// A no in these words, with nothing else to tell.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::Refused {
            message: message.into(),
            details: PaymentDetails::default(),
        }
    }

    /// The gateway's own words.
    pub fn message(&self) -> &str {
        match self {
            Self::Accepted { message, .. } | Self::Refused { message, .. } => message,
        }
    }

    /// What else the gateway tells about the order.
    pub fn details(&self) -> &PaymentDetails {
        match self {
            Self::Accepted { details, .. } | Self::Refused { details, .. } => details,
        }
    }
}

/// A created order.
#[derive(Debug, Clone)]
pub struct CreatedOrder {
    /// The id to ask about it by: the merchant's at KwikPaisa, the tracking id at Pesapal.
    pub order: OrderId,
    /// What the gateway tells about it, such as its own id of the order.
    pub details: PaymentDetails,
    /// Where the customer pays. A reader of this link can open the checkout, so `Debug` hides it.
    pub payment_link: PaymentLink,
    /// Where the order stands, if the reply said.
    pub status: Option<StatusReading>,
}

/// The address of a hosted checkout page.
#[derive(Clone)]
pub struct PaymentLink(SecretString);

impl PaymentLink {
    /// Keeps a link out of logs.
    pub fn new(url: &Url) -> Self {
        Self(SecretString::from(url.as_str()))
    }

    /// A link that was [revealed](Self::reveal) before, as a store keeps it.
    pub fn from_stored(address: String) -> Self {
        Self(SecretString::from(address))
    }

    /// The address, to be given to the customer.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for PaymentLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PaymentLink(…)")
    }
}
