//! The two gateways and the calls they offer, by the names the control interface uses.

use std::fmt;

use serde::{Serialize, Serializer};

/// One of the two emulated gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Gateway {
    /// KwikPaisa API v3, at the root of the emulator's address.
    KwikPaisa,
    /// Pesapal API 3.0, under `/pesapalv3` and `/v3`.
    Pesapal,
}

impl Gateway {
    /// Every gateway, in the order they are listed to people.
    pub const ALL: [Self; 2] = [Self::KwikPaisa, Self::Pesapal];

    /// The gateway's name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KwikPaisa => "kwikpaisa",
            Self::Pesapal => "pesapal",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// The operations this gateway has.
    #[must_use]
    pub const fn operations(self) -> &'static [Operation] {
        match self {
            Self::KwikPaisa => &[Operation::Create, Operation::Status, Operation::Cancel],
            Self::Pesapal => &Operation::ALL,
        }
    }
}

impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Gateway {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One call of a gateway's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Pesapal: exchange the consumer key and secret for a bearer token.
    Token,
    /// Create (KwikPaisa) or submit (Pesapal) an order.
    Create,
    /// Ask for an order's status.
    Status,
    /// Cancel an order.
    Cancel,
    /// Pesapal: ask for a refund.
    Refund,
    /// Pesapal: register a notification address.
    RegisterIpn,
    /// Pesapal: list the registered notification addresses.
    ListIpns,
}

impl Operation {
    /// Every operation, of either gateway.
    pub const ALL: [Self; 7] = [
        Self::Token,
        Self::Create,
        Self::Status,
        Self::Cancel,
        Self::Refund,
        Self::RegisterIpn,
        Self::ListIpns,
    ];

    /// The operation's name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Create => "create",
            Self::Status => "status",
            Self::Cancel => "cancel",
            Self::Refund => "refund",
            Self::RegisterIpn => "register_ipn",
            Self::ListIpns => "list_ipns",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
