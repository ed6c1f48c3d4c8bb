//! A request to give a payment back, and what a gateway may answer.

use crate::error::Error;
use crate::id::OrderId;
use crate::money::{Decimal, Money};
use crate::order::{OrderStatus, StatusReading};

/// A refund to be asked for, of an order that a status has shown paid.
///
/// The caller says who asks, why, and how much. What was paid, in which currency and under
/// which receipt is taken from the status as it came: card conversion can change amount and
/// currency, and what was once submitted says nothing of it.
///
/// ```
/// use duka_core::refund::RefundRequest;
/// use duka_core::{Money, OrderId, OrderStatus, StatusReading};
///
/// let paid = StatusReading {
///     money: Some(Money::parse("1500", "KES")?),
///     ..StatusReading::new(OrderStatus::Paid, "Completed")
/// };
/// let order = OrderId::text("b945e4af-80a5-4ec1-8706-e03f8332fb04")?;
/// let all = RefundRequest::new(order, paid, "amina", "came back torn");
/// assert_eq!(all.money()?, Money::parse("1500", "KES")?);
/// let too_much = all.amount("1500.01".parse()?);
/// assert_eq!(
///     too_much.money().unwrap_err().to_string(),
///     "invalid request: amount 1500.01 KES is more than the 1500.00 KES that were paid"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefundRequest {
    /// The order whose payment goes back.
    pub order: OrderId,
    /// Its status, read just before.
    pub paid: StatusReading,
    /// How much goes back, in the currency of the status; all of it if nothing is said.
    pub amount: Option<Decimal>,
    /// Who asks for it, in the gateway's records.
    pub username: String,
    /// Why, in the gateway's records.
    pub remarks: String,
}

impl RefundRequest {
    /// A refund of all that was paid.
    pub fn new(
        order: OrderId,
        paid: StatusReading,
        username: impl Into<String>,
        remarks: impl Into<String>,
    ) -> Self {
        Self {
            order,
            paid,
            amount: None,
            username: username.into(),
            remarks: remarks.into(),
        }
    }

    /// Only so much of it, in the currency of the status.
    #[must_use]
    pub fn amount(mut self, amount: Decimal) -> Self {
        self.amount = Some(amount);
        self
    }

    /// What is to go back, if the order is paid and that much was.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest), naming the field:
    /// the order is not paid, its status shows no amount, or the amount is not above zero,
    /// finer than its currency or more than was paid.
    pub fn money(&self) -> Result<Money, Error> {
        if self.paid.status != OrderStatus::Paid {
            let status = &self.paid.status;
            let problem = format_args!("{status} will not do: only a paid order is refunded");
            return Err(Error::invalid_field("order status", problem));
        }
        let Some(paid) = self.paid.money else {
            let problem = "is not shown by the status of the order";
            return Err(Error::invalid_field("amount", problem));
        };
        let Some(amount) = self.amount.filter(|amount| *amount != paid.amount()) else {
            // As the gateway shows it, to its last digit; but nothing was paid with nothing.
            return if paid.amount() > Decimal::ZERO {
                Ok(paid)
            } else {
                let problem = format_args!("{paid} is not above zero");
                Err(Error::invalid_field("amount", problem))
            };
        };
        let part = Money::new(amount, paid.currency());
        if amount > paid.amount() {
            let problem = format_args!("{part} is more than the {paid} that were paid");
            return Err(Error::invalid_field("amount", problem));
        }
        part.chargeable().map_err(|error| {
            let text = error.to_string();
            let problem = text.strip_prefix("amount ").unwrap_or(&text);
            Error::invalid_field("amount", problem)
        })
    }

    /// Whether less than all goes back.
    pub fn is_partial(&self) -> bool {
        let paid = self.paid.money.map(|money| money.amount());
        self.amount.is_some() && self.amount != paid
    }
}

/// A readable, documented answer to a refund request.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "answer", rename_all = "snake_case"))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundAnswer {
    /// The gateway has the request. The money has **not** gone back: the merchant approves
    /// it, or does not, elsewhere.
    Received {
        /// Its own words, cut to a few hundred characters.
        message: String,
    },
    /// The gateway did not take the request. It may have taken another one before.
    Refused {
        /// Its own words, cut to a few hundred characters.
        message: String,
    },
}

impl RefundAnswer {
    /// The gateway's own words.
    pub fn message(&self) -> &str {
        match self {
            Self::Received { message } | Self::Refused { message } => message,
        }
    }
}
