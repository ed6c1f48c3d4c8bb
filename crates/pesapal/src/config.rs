//! What an account at Pesapal is made of: keys, environment, and the patience with both.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use duka_core::clock::SharedClock;
use duka_core::{AccountName, Delivery, Error, ErrorKind};
use duka_http::{BaseUrl, Client, RetryPolicy, Transport};
use secrecy::{ExposeSecret, SecretString};

use crate::auth::Auth;
use crate::gateway::{NAME, Pesapal};

/// Which of Pesapal's two systems to talk to (page *API Reference*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Environment {
    /// `https://cybqa.pesapal.com/pesapalv3`: no real money. The default, so that a
    /// forgotten setting costs nothing.
    #[default]
    Sandbox,
    /// `https://pay.pesapal.com/v3`.
    Production,
}

impl Environment {
    /// The address of its API.
    pub const fn url(self) -> &'static str {
        match self {
            Self::Sandbox => "https://cybqa.pesapal.com/pesapalv3",
            Self::Production => "https://pay.pesapal.com/v3",
        }
    }
}

/// Settles one account; made by [`Pesapal::builder`]. `Debug` shows no key.
#[must_use]
pub struct Builder {
    keys: [SecretString; 2],
    clock: SharedClock,
    environment: Environment,
    base_url: Option<BaseUrl>,
    account: Option<AccountName>,
    transport: Option<Arc<dyn Transport>>,
    retry: RetryPolicy,
    notification_id: Option<String>,
    token_margin: Duration,
}

impl Builder {
    pub(crate) fn new(key: SecretString, secret: SecretString, clock: SharedClock) -> Self {
        Self {
            keys: [key, secret],
            clock,
            environment: Environment::default(),
            base_url: None,
            account: None,
            transport: None,
            retry: RetryPolicy::default(),
            notification_id: None,
            token_margin: Duration::from_secs(45),
        }
    }

    /// Which system to talk to; the sandbox unless told otherwise.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Another address than the environment's: an emulator, a proxy of your own. The
    /// bearer token goes there and nowhere else.
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

    /// The id of a registered notification address, for orders that name none.
    pub fn notification_id(mut self, id: impl Into<String>) -> Self {
        self.notification_id = Some(id.into());
        self
    }

    /// How long before its end a token is no longer used; 45 s unless told otherwise.
    ///
    /// It covers the time a request is on its way and two clocks that disagree a little.
    /// Of a token that lives shorter than twice the margin, the first half is used. Too
    /// small costs a second try now and then, too large a few more token requests.
    pub fn token_margin(mut self, margin: Duration) -> Self {
        self.token_margin = margin;
        self
    }

    /// The account, ready for use. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when a key is empty or holds white space, or there is
    /// no transport.
    pub fn build(self) -> Result<Pesapal, Error> {
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
        let auth = Auth::new(
            client.clone(),
            base.clone(),
            self.keys,
            self.clock,
            self.token_margin,
        );
        Ok(Pesapal::new(
            client,
            base,
            auth,
            self.account,
            self.notification_id,
        ))
    }

    fn check_keys(&self) -> Result<(), Error> {
        for (key, name) in self.keys.iter().zip(["consumer key", "consumer secret"]) {
            let key = key.expose_secret();
            if key.is_empty() {
                return Err(misconfigured(format!("the {name} is empty")));
            }
            // A line break at the end of a file is enough to make a key wrong.
            if key.chars().any(|c| c.is_whitespace() || c.is_control()) {
                return Err(misconfigured(format!("the {name} holds white space")));
            }
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
            .field("notification_id", &self.notification_id)
            .field("token_margin", &self.token_margin)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "transport")]
fn default_transport() -> Result<Arc<dyn Transport>, Error> {
    Ok(Arc::new(duka_http::HttpTransport::new()?))
}

#[cfg(not(feature = "transport"))]
fn default_transport() -> Result<Arc<dyn Transport>, Error> {
    Err(misconfigured(
        "no transport was given, and none is built in",
    ))
}

fn misconfigured(problem: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, Delivery::NotSent, problem)
}
