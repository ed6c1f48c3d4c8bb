//! What an account at KwikPaisa is made of: keys, environment, and the settings of each.

use std::fmt;
use std::sync::Arc;

use duka_core::clock::SharedClock;
use duka_core::{AccountName, Delivery, Error, ErrorKind};
use duka_http::{BaseUrl, Client, RetryPolicy, Transport};
use secrecy::{ExposeSecret, SecretString};

use crate::auth::Signer;
use crate::gateway::{KwikPaisa, NAME, Settings};

/// Which of KwikPaisa's two systems to talk to (page *create-order*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Environment {
    /// `https://sandbox.kwikpaisa.com`: no real money. The default, so that a forgotten
    /// setting costs nothing.
    #[default]
    Sandbox,
    /// `https://api.kwikpaisa.com`.
    Production,
}

impl Environment {
    /// The address of its API.
    pub const fn url(self) -> &'static str {
        match self {
            Self::Sandbox => "https://sandbox.kwikpaisa.com",
            Self::Production => "https://api.kwikpaisa.com",
        }
    }

    /// What the API keys of the *other* environment begin with (page *headers*).
    const fn foreign_key_prefix(self) -> &'static str {
        match self {
            Self::Sandbox => "pk_live_",
            Self::Production => "pk_test_",
        }
    }
}

/// How characters outside ASCII are written in a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Unicode {
    /// As they are, as JavaScript writes them.
    ///
    /// assumed: that the gateway signs the bytes it received, or writes them so itself.
    /// No page says whether its PHP escapes; if a name with an accent is refused with HTTP
    /// 401 and a plain one is not, it does, and the other setting is right.
    #[default]
    Raw,
    /// As `\u` and four lowercase hex digits for each UTF-16 code unit, as PHP writes them
    /// unless told otherwise.
    Escaped,
}

/// Settles one account; made by [`KwikPaisa::builder`]. `Debug` shows no key.
#[must_use]
pub struct Builder {
    api_key: SecretString,
    secret_key: SecretString,
    clock: SharedClock,
    environment: Environment,
    base_url: Option<BaseUrl>,
    account: Option<AccountName>,
    transport: Option<Arc<dyn Transport>>,
    retry: RetryPolicy,
    unicode: Unicode,
    service_type: Option<String>,
}

impl Builder {
    pub(crate) fn new(api_key: SecretString, secret_key: SecretString, clock: SharedClock) -> Self {
        Self {
            api_key,
            secret_key,
            clock,
            environment: Environment::default(),
            base_url: None,
            account: None,
            transport: None,
            retry: RetryPolicy::default(),
            unicode: Unicode::default(),
            service_type: None,
        }
    }

    /// Which system to talk to; the sandbox unless told otherwise.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Another address than the environment's: an emulator, a proxy of your own. The API
    /// key is sent there, and need not fit the environment.
    pub fn base_url(mut self, base_url: BaseUrl) -> Self {
        self.base_url = Some(base_url);
        self
    }

    /// The name of the account in traces.
    pub fn account(mut self, account: AccountName) -> Self {
        self.account = Some(account);
        self
    }

    /// What carries the requests. Without one, the transport over real sockets, if the
    /// crate was built with it (a default feature).
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// When and how often a request is repeated; see [`RetryPolicy`] for the default.
    /// Cancelling and creating are never repeated once they may have left.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How characters outside ASCII are written; as they are unless told otherwise.
    pub fn unicode(mut self, unicode: Unicode) -> Self {
        self.unicode = unicode;
        self
    }

    /// The `service_type` of orders that name none, such as `DIGITAL` (page
    /// *create-order*). There is no default: what is sold is not ours to say.
    pub fn default_service_type(mut self, service_type: impl Into<String>) -> Self {
        self.service_type = Some(service_type.into());
        self
    }

    /// The account, ready for use. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when a key is empty or holds white space, when the two
    /// keys are swapped, when the API key belongs to the other environment, or when there
    /// is no transport.
    pub fn build(self) -> Result<KwikPaisa, Error> {
        self.check_keys()?;
        let base = match self.base_url {
            Some(base) => base,
            None => BaseUrl::parse(self.environment.url())?,
        };
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport()?,
        };
        let client = Client::new(transport, self.retry).label(NAME, self.account.clone());
        Ok(KwikPaisa::new(Settings {
            client,
            base,
            signer: Arc::new(Signer::new(self.api_key, self.secret_key)),
            clock: self.clock,
            account: self.account,
            unicode: self.unicode,
            service_type: self.service_type,
        }))
    }

    fn check_keys(&self) -> Result<(), Error> {
        let api_key = self.api_key.expose_secret();
        let secret_key = self.secret_key.expose_secret();
        for (key, name) in [(api_key, "API key"), (secret_key, "secret key")] {
            if key.is_empty() {
                return Err(misconfigured(format!("the {name} is empty")));
            }
            // A line break at the end of a file is enough to make every signature wrong.
            if key.chars().any(|c| c.is_whitespace() || c.is_control()) {
                return Err(misconfigured(format!("the {name} holds white space")));
            }
        }
        // assumed: that live keys begin with `pk_live_` and `sk_live_` as those of the sandbox
        // do with `pk_test_` and `sk_test_`; any other beginning is let through. Swapped, the
        // secret key would go over the wire in a header.
        if api_key.starts_with("sk_") || secret_key.starts_with("pk_") {
            return Err(misconfigured("the API key and the secret key are swapped"));
        }
        let foreign = self.environment.foreign_key_prefix();
        if self.base_url.is_none() && api_key.starts_with(foreign) {
            let environment = self.environment;
            return Err(misconfigured(format!(
                "the API key begins with {foreign} and the environment is {environment:?}"
            )));
        }
        Ok(())
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("environment", &self.environment)
            .field("base_url", &self.base_url)
            .field("account", &self.account)
            .field("transport", &self.transport)
            .field("retry", &self.retry)
            .field("unicode", &self.unicode)
            .field("service_type", &self.service_type)
            .finish_non_exhaustive()
    }
}

fn misconfigured(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, Delivery::NotSent, message)
}

#[cfg(feature = "transport")]
fn default_transport() -> Result<Arc<dyn Transport>, Error> {
    Ok(Arc::new(duka_http::HttpTransport::new()?))
}

#[cfg(not(feature = "transport"))]
fn default_transport() -> Result<Arc<dyn Transport>, Error> {
    Err(misconfigured(
        "no transport is set, and the crate was built without one (feature `transport`)",
    ))
}
