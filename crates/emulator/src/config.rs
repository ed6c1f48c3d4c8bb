//! What an emulator is started with, and why a start is refused.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use secrecy::SecretString;
use subtle::ConstantTimeEq;
use thiserror::Error;
use url::{Host, Url};

use crate::clock::{Clock, ClockSource};
use crate::variants::Behaviour;

/// Whether the emulator may listen where other machines can reach it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exposure {
    /// Only a loopback address may be listened on.
    #[default]
    LoopbackOnly,
    /// Any address. Every client that reaches the port can pay orders and arm faults, because there is no login.
    AnyInterface,
}

/// Where webhooks and IPNs may be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryTargets {
    /// Only to `http` addresses on loopback.
    #[default]
    LoopbackOnly,
    /// To any `http` address; the emulator speaks no TLS.
    AnyHost,
}

/// The pair a merchant signs KwikPaisa requests with.
#[derive(Debug, Clone)]
pub struct KwikPaisaCredentials {
    pub(crate) api_key: SecretString,
    pub(crate) secret_key: SecretString,
}

impl KwikPaisaCredentials {
    /// Credentials of the caller's choice.
    pub fn new(api_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        Self {
            api_key: SecretString::from(api_key.into()),
            secret_key: SecretString::from(secret_key.into()),
        }
    }
}

impl Default for KwikPaisaCredentials {
    /// `pk_test_emulator` and `sk_test_emulator`.
    fn default() -> Self {
        Self::new("pk_test_emulator", "sk_test_emulator")
    }
}

/// The pair a merchant exchanges for Pesapal's bearer tokens.
#[derive(Debug, Clone)]
pub struct PesapalCredentials {
    pub(crate) consumer_key: SecretString,
    pub(crate) consumer_secret: SecretString,
}

impl PesapalCredentials {
    /// Credentials of the caller's choice.
    pub fn new(consumer_key: impl Into<String>, consumer_secret: impl Into<String>) -> Self {
        Self {
            consumer_key: SecretString::from(consumer_key.into()),
            consumer_secret: SecretString::from(consumer_secret.into()),
        }
    }
}

impl Default for PesapalCredentials {
    /// `emulator-key` and `emulator-secret`.
    fn default() -> Self {
        Self::new("emulator-key", "emulator-secret")
    }
}

/// How often and how far apart a webhook or an IPN is tried; neither gateway states its own figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redelivery {
    pub(crate) attempts: u32,
    pub(crate) spacing: Duration,
}

impl Redelivery {
    /// Tries up to `attempts` times in all, waiting `spacing` of real time between two.
    ///
    /// Zero attempts deliver nothing.
    #[must_use]
    pub const fn new(attempts: u32, spacing: Duration) -> Self {
        Self { attempts, spacing }
    }
}

impl Default for Redelivery {
    /// Four attempts, half a second apart.
    fn default() -> Self {
        Self::new(4, Duration::from_millis(500))
    }
}

/// The settings of one emulator. Everything but the clock has a default.
#[derive(Debug, Clone)]
pub struct EmulatorConfig {
    pub(crate) clock: ClockSource,
    pub(crate) listen: SocketAddr,
    pub(crate) exposure: Exposure,
    pub(crate) delivery_targets: DeliveryTargets,
    pub(crate) kwikpaisa: KwikPaisaCredentials,
    pub(crate) pesapal: PesapalCredentials,
    pub(crate) seed: u64,
    pub(crate) token_life: Duration,
    pub(crate) request_log: usize,
    pub(crate) webhook_url: Option<Url>,
    pub(crate) redelivery: Redelivery,
    pub(crate) hold_back: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) behaviour: Behaviour,
}

impl EmulatorConfig {
    /// Default settings around the given clock, on a free port of 127.0.0.1.
    pub fn new(clock: impl Clock) -> Self {
        Self {
            clock: ClockSource::new(clock),
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            exposure: Exposure::default(),
            delivery_targets: DeliveryTargets::default(),
            kwikpaisa: KwikPaisaCredentials::default(),
            pesapal: PesapalCredentials::default(),
            seed: 1,
            token_life: Duration::from_secs(3600),
            request_log: 10_000,
            webhook_url: None,
            redelivery: Redelivery::default(),
            hold_back: Duration::from_secs(2),
            request_timeout: Duration::from_secs(30),
            behaviour: Behaviour::default(),
        }
    }

    /// The address to listen on; port 0 takes a free one. Default `127.0.0.1:0`.
    #[must_use]
    pub const fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = addr;
        self
    }

    /// Whether [`listen`](Self::listen) may name an address other machines can reach.
    #[must_use]
    pub const fn exposure(mut self, exposure: Exposure) -> Self {
        self.exposure = exposure;
        self
    }

    /// Where webhooks and IPNs may go. Default: loopback only.
    #[must_use]
    pub const fn delivery_targets(mut self, targets: DeliveryTargets) -> Self {
        self.delivery_targets = targets;
        self
    }

    /// The KwikPaisa merchant's credentials.
    #[must_use]
    pub fn kwikpaisa_credentials(mut self, credentials: KwikPaisaCredentials) -> Self {
        self.kwikpaisa = credentials;
        self
    }

    /// The Pesapal merchant's credentials.
    #[must_use]
    pub fn pesapal_credentials(mut self, credentials: PesapalCredentials) -> Self {
        self.pesapal = credentials;
        self
    }

    /// The seed of ids, tokens and fault probabilities: the same seed and calls repeat a run. Default 1.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How long a Pesapal token lives. Default 3600 s, as recorded; the documentation says 5 minutes.
    #[must_use]
    pub const fn token_life(mut self, life: Duration) -> Self {
        self.token_life = life;
        self
    }

    /// How many of the newest requests are remembered. Default 10,000; each keeps at most 4 KiB of its body.
    #[must_use]
    pub const fn request_log(mut self, newest: usize) -> Self {
        self.request_log = newest;
        self
    }

    /// Where KwikPaisa's webhooks go. Default: nowhere.
    #[must_use]
    pub fn webhook_url(mut self, url: Url) -> Self {
        self.webhook_url = Some(url);
        self
    }

    /// How webhooks and IPNs are tried again.
    #[must_use]
    pub const fn redelivery(mut self, redelivery: Redelivery) -> Self {
        self.redelivery = redelivery;
        self
    }

    /// How long a reordered notification waits for another to overtake it. Default 2 s of real time.
    #[must_use]
    pub const fn hold_back(mut self, longest: Duration) -> Self {
        self.hold_back = longest;
        self
    }

    /// How long a client may take to send the head of a request, and then its body; the connection ends after that.
    /// Default 30 s of real time, which a connection that is kept open without a request has as well.
    #[must_use]
    pub const fn request_timeout(mut self, longest: Duration) -> Self {
        self.request_timeout = longest;
        self
    }

    /// The variants to start with; a reset goes back to them.
    #[must_use]
    pub fn behaviour(mut self, behaviour: Behaviour) -> Self {
        self.behaviour = behaviour;
        self
    }

    pub(crate) fn check_listen(&self) -> Result<(), StartError> {
        match self.exposure {
            Exposure::LoopbackOnly if !self.listen.ip().is_loopback() => {
                Err(StartError::NotLoopback { addr: self.listen })
            }
            Exposure::LoopbackOnly | Exposure::AnyInterface => Ok(()),
        }
    }

    pub(crate) fn check_target(&self, url: &Url) -> Result<(), WebhookError> {
        if url.scheme() != "http" {
            return Err(WebhookError::NotHttp);
        }
        match self.delivery_targets {
            DeliveryTargets::LoopbackOnly if !is_loopback(url) => Err(WebhookError::NotLoopback),
            DeliveryTargets::LoopbackOnly | DeliveryTargets::AnyHost => Ok(()),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

/// Compares what a request presents with what it should be, in constant time.
pub(crate) fn same_secret(presented: &str, expected: &str) -> bool {
    presented.as_bytes().ct_eq(expected.as_bytes()).into()
}

/// Why an emulator did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is not loopback and [`Exposure::AnyInterface`] was not given.
    #[error("{addr} is not a loopback address; listening there needs Exposure::AnyInterface")]
    NotLoopback {
        /// The address asked for.
        addr: SocketAddr,
    },
    /// The port could not be opened.
    #[error("cannot listen on {addr}")]
    Bind {
        /// The address asked for.
        addr: SocketAddr,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The webhook address is not one the emulator may send to.
    #[error("the webhook address cannot be used")]
    Webhook(#[source] WebhookError),
}

/// Why an address cannot receive notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The scheme is not `http`; the emulator speaks no TLS.
    #[error("only http addresses can be delivered to")]
    NotHttp,
    /// The host is not loopback and [`DeliveryTargets::AnyHost`] was not given.
    #[error("only loopback addresses are delivered to unless DeliveryTargets::AnyHost is set")]
    NotLoopback,
}
