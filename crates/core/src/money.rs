//! An amount and its currency, as a decimal and never as a float.

use std::fmt;
use std::str::FromStr;

pub use iso_currency::Currency;
pub use rust_decimal::Decimal;

/// An amount in the currency's main unit (105.50 INR is one hundred and five rupees fifty).
///
/// Two amounts are equal when their values are: 105, 105.0 and 105.00 are one amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

/// Why an amount cannot be charged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// The text is not a decimal number.
    #[error("amount {0:?} is not a decimal number such as 105.50")]
    NotDecimal(String),
    /// The text is not an amount, a space and a currency.
    #[error("{0:?} is not an amount and a currency such as 105.50 KES")]
    NotMoney(String),
    /// The code is not in ISO 4217.
    #[error("currency {0:?} is not an ISO 4217 code such as INR or KES")]
    UnknownCurrency(String),
    /// Zero or less.
    #[error("amount {0} is not above zero")]
    NotPositive(Decimal),
    /// More digits after the point than the currency has.
    #[error("amount {amount} has more than the {digits} decimal places of {currency}")]
    TooPrecise {
        /// The amount given.
        amount: Decimal,
        /// Decimal places the currency has.
        digits: u32,
        /// The currency's code.
        currency: &'static str,
    },
}

impl Money {
    /// An amount as a gateway reported it; any value.
    pub fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Reads an amount and an ISO 4217 code (in either case).
    ///
    /// # Errors
    /// When either is not what it should be.
    pub fn parse(amount: &str, currency: &str) -> Result<Self, MoneyError> {
        let not_decimal = || MoneyError::NotDecimal(amount.to_owned());
        // The parser skips underscores, as in Rust's literals. In an amount, `1_000` is a
        // typing error.
        if amount.contains('_') {
            return Err(not_decimal());
        }
        let value = Decimal::from_str_exact(amount).map_err(|_| not_decimal())?;
        let code = Currency::from_code(&currency.to_ascii_uppercase())
            .ok_or_else(|| MoneyError::UnknownCurrency(currency.to_owned()))?;
        Ok(Self::new(value, code))
    }

    /// Checks that a customer can be charged this: above zero, and no finer than the
    /// currency's smallest unit.
    ///
    /// # Errors
    /// When it cannot.
    pub fn chargeable(self) -> Result<Self, MoneyError> {
        if self.amount <= Decimal::ZERO {
            return Err(MoneyError::NotPositive(self.amount));
        }
        let digits = u32::from(self.currency.exponent().unwrap_or(0));
        if self.amount.normalize().scale() > digits {
            return Err(MoneyError::TooPrecise {
                amount: self.amount,
                digits,
                currency: self.currency.code(),
            });
        }
        Ok(self)
    }

    /// The amount with as many decimal places as its currency has (1500.00 KES, 1500 UGX), or as
    /// it needs: the one form in which amounts are shown.
    pub fn digits(&self) -> Decimal {
        let digits = u32::from(self.currency.exponent().unwrap_or(0));
        let mut amount = self.amount;
        amount.rescale(amount.normalize().scale().max(digits));
        amount
    }

    /// The amount, in the currency's main unit.
    pub fn amount(&self) -> Decimal {
        self.amount
    }

    /// The currency.
    pub fn currency(&self) -> Currency {
        self.currency
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.digits(), self.currency.code())
    }
}

/// Reads an amount, a space and an ISO 4217 code: `105.50 KES`, as `Display` writes it.
impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(' ') {
            Some((amount, currency)) => Self::parse(amount, currency),
            None => Err(MoneyError::NotMoney(text.to_owned())),
        }
    }
}
