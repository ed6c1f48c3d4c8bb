//! Where a customer lives, as far as a gateway asks.

use std::fmt;

use super::shown;

/// Where the customer lives, and the name in its parts. Personal data: `Debug` shows none
/// of it. Nothing is needed; Pesapal's page *Submit Order Request* lists these members.
///
/// If a part of the name is given, the parts are the whole name, and
/// [`Customer::name`](super::Customer::name) is not taken apart.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct BillingAddress {
    /// Given name.
    pub first_name: Option<String>,
    /// Names between the two.
    pub middle_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// First line of the address.
    pub line_1: Option<String>,
    /// Second line of the address.
    pub line_2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State, at most 3 characters.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Zip code.
    pub zip_code: Option<String>,
    /// ISO 3166-1 code of the country: two letters, such as `KE`.
    pub country_code: Option<String>,
}

impl BillingAddress {
    /// An address of which nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Given name.
    #[must_use]
    pub fn first_name(mut self, name: impl Into<String>) -> Self {
        self.first_name = Some(name.into());
        self
    }

    /// Names between the given and the family name.
    #[must_use]
    pub fn middle_name(mut self, name: impl Into<String>) -> Self {
        self.middle_name = Some(name.into());
        self
    }

    /// Family name.
    #[must_use]
    pub fn last_name(mut self, name: impl Into<String>) -> Self {
        self.last_name = Some(name.into());
        self
    }

    /// First line of the address.
    #[must_use]
    pub fn line_1(mut self, line: impl Into<String>) -> Self {
        self.line_1 = Some(line.into());
        self
    }

    /// Second line of the address.
    #[must_use]
    pub fn line_2(mut self, line: impl Into<String>) -> Self {
        self.line_2 = Some(line.into());
        self
    }

    /// City.
    #[must_use]
    pub fn city(mut self, city: impl Into<String>) -> Self {
        self.city = Some(city.into());
        self
    }

    /// State, at most 3 characters.
    #[must_use]
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// Postal code.
    #[must_use]
    pub fn postal_code(mut self, code: impl Into<String>) -> Self {
        self.postal_code = Some(code.into());
        self
    }

    /// Zip code.
    #[must_use]
    pub fn zip_code(mut self, code: impl Into<String>) -> Self {
        self.zip_code = Some(code.into());
        self
    }

    /// ISO 3166-1 code of the country: two letters.
    #[must_use]
    pub fn country_code(mut self, code: impl Into<String>) -> Self {
        self.country_code = Some(code.into());
        self
    }
}

impl fmt::Debug for BillingAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BillingAddress")
            .field("first_name", &shown(&self.first_name))
            .field("middle_name", &shown(&self.middle_name))
            .field("last_name", &shown(&self.last_name))
            .field("line_1", &shown(&self.line_1))
            .field("line_2", &shown(&self.line_2))
            .field("city", &shown(&self.city))
            .field("state", &shown(&self.state))
            .field("postal_code", &shown(&self.postal_code))
            .field("zip_code", &shown(&self.zip_code))
            .field("country_code", &shown(&self.country_code))
            .finish()
    }
}
