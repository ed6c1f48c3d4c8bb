//! Notification addresses: what it takes to register one, and what the gateway lists.

use jiff::Timestamp;

/// How a notification is delivered to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IpnMethod {
    /// A `GET` with everything in the query string.
    Get,
    /// A `POST` of a JSON object.
    Post,
}

impl IpnMethod {
    /// The word that Pesapal uses (page *Register IPN URL*).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A notification address as Pesapal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisteredIpn {
    /// The id that an order names as its notification id; a GUID.
    pub id: String,
    /// The address, in Pesapal's spelling.
    pub url: String,
    /// How it is called; `None` when the reply names no documented way.
    pub method: Option<IpnMethod>,
    /// Pesapal's own word for its state, such as `Active`.
    pub status: Option<String>,
    /// When it was registered, where the reply says so with a time zone.
    pub created_at: Option<Timestamp>,
}
