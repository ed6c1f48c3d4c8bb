//! The gateways that the program knows, and how they differ. All other code asks a [`GatewayKind`].
//!
//! A new gateway is a variant here, and the compiler then asks for each thing that differs: here, for its
//! adapter in `accounts.rs`, its options of `duka create` and its probes.

use duka_core::id::IdError;
use duka_core::{GatewayName, OrderId, OrderIds};
use serde::Deserialize;

/// A gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GatewayKind {
    KwikPaisa,
    Pesapal,
}

/// Which of a gateway's two systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    Sandbox,
    Production,
}

impl System {
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word {
            "sandbox" => Some(Self::Sandbox),
            "production" => Some(Self::Production),
            _ => None,
        }
    }
}

impl GatewayKind {
    pub(crate) const ALL: [Self; 2] = [Self::KwikPaisa, Self::Pesapal];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::KwikPaisa => "kwikpaisa",
            Self::Pesapal => "pesapal",
        }
    }

    pub(crate) fn name(self) -> GatewayName {
        GatewayName::from_static(self.as_str())
    }

    /// The settings of its two credentials, in the order in which the adapter takes them.
    pub(crate) const fn keys(self) -> [&'static str; 2] {
        match self {
            Self::KwikPaisa => ["api_key", "secret_key"],
            Self::Pesapal => ["consumer_key", "consumer_secret"],
        }
    }

    /// The setting of an account that only this gateway has.
    pub(crate) const fn own_setting(self) -> &'static str {
        match self {
            Self::KwikPaisa => "service_type",
            Self::Pesapal => "ipn_id",
        }
    }

    /// Whether that setting is read from the environment, too.
    pub(crate) const fn own_variable(self) -> Option<&'static str> {
        match self {
            Self::KwikPaisa => None,
            Self::Pesapal => Some(self.own_setting()),
        }
    }

    /// The variable of the environment for a setting.
    pub(crate) fn variable(self, setting: &str) -> String {
        format!("DUKA_{}_{setting}", self.as_str()).to_ascii_uppercase()
    }

    /// Whose ids it knows orders by.
    pub(crate) const fn order_ids(self) -> OrderIds {
        match self {
            Self::KwikPaisa => OrderIds::Merchant,
            Self::Pesapal => OrderIds::Gateway,
        }
    }

    /// Reads a merchant's own id as the gateway takes it.
    pub(crate) fn merchants_id(self, text: &str) -> Result<OrderId, IdError> {
        match self.order_ids() {
            OrderIds::Merchant => OrderId::guess(text),
            OrderIds::Gateway => OrderId::text(text),
        }
    }

    /// Whether the gateway can be asked about an order by this text.
    pub(crate) fn can_be_asked_by(self, text: &str) -> bool {
        match self.order_ids() {
            OrderIds::Merchant => true,
            OrderIds::Gateway => tracking_id(text).is_some(),
        }
    }

    /// Where its system is.
    pub(crate) const fn url(self, system: System) -> &'static str {
        match (self, system) {
            (Self::KwikPaisa, System::Sandbox) => duka_kwikpaisa::KwikPaisa::API.sandbox,
            (Self::KwikPaisa, System::Production) => duka_kwikpaisa::KwikPaisa::API.production,
            (Self::Pesapal, System::Sandbox) => duka_pesapal::Pesapal::API.sandbox,
            (Self::Pesapal, System::Production) => duka_pesapal::Pesapal::API.production,
        }
    }
}

/// A tracking id in the form in which orders are kept: small letters and hyphens.
pub(crate) fn tracking_id(text: &str) -> Option<String> {
    let hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
    let is_guid = hyphenated && uuid::Uuid::try_parse(text).is_ok();
    is_guid.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error as DeserializeError, StrDeserializer};

    use super::*;

    #[test]
    fn a_file_names_a_gateway_as_the_program_does() {
        for kind in GatewayKind::ALL {
            let word = StrDeserializer::<DeserializeError>::new(kind.as_str());
            assert_eq!(GatewayKind::deserialize(word), Ok(kind));
        }
    }
}
