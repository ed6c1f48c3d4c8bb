//! The settings that an account has at every gateway.

use std::sync::Arc;

use duka_core::clock::SharedClock;
use duka_core::evidence::OperationInfo;
use duka_core::{AccountName, Delivery, Error, ErrorKind, GatewayName};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::answer::Answer;
use super::details::DetailSettings;
use crate::base_url::BaseUrl;
use crate::client::Client;
use crate::message::Request;
use crate::retry::RetryPolicy;
use crate::transport::Transport;

/// Which of a gateway's two systems to talk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Environment {
    /// No real money. The default, so that a forgotten setting costs nothing.
    #[default]
    Sandbox,
    /// Real money.
    Production,
}

/// Where a gateway's API is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiUrls {
    /// Of the sandbox.
    pub sandbox: &'static str,
    /// Of the real one.
    pub production: &'static str,
}

impl ApiUrls {
    /// The address of this system.
    pub const fn of(self, environment: Environment) -> &'static str {
        match environment {
            Environment::Sandbox => self.sandbox,
            Environment::Production => self.production,
        }
    }
}

/// Where and how an account sends its requests; no secrets.
///
/// An adapter's builder has it as its field `settings`, and gets a method for each setting from
/// [`account_settings!`](crate::account_settings).
#[derive(Debug, Clone)]
pub struct AccountSettings {
    /// The time, by which requests are dated and tokens grow old.
    pub clock: SharedClock,
    /// Which system to talk to.
    pub environment: Environment,
    /// Another address than the environment's.
    pub base_url: Option<BaseUrl>,
    /// The name of the account in traces.
    pub account: Option<AccountName>,
    /// What carries the requests, if it is not the one over real sockets.
    pub transport: Option<Arc<dyn Transport>>,
    /// When and how often a request is repeated.
    pub retry: RetryPolicy,
    /// How the details of payments are read.
    pub details: DetailSettings,
}

/// What an account calls its gateway with.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The time.
    pub clock: SharedClock,
    /// Sends, and repeats where that is harmless.
    pub client: Client,
    /// Where the API is.
    pub base: BaseUrl,
    /// The name of the account, if it was given one.
    pub account: Option<AccountName>,
    /// How the details of payments are read.
    pub details: DetailSettings,
}

impl Connection {
    /// Calls an operation. `build` makes the request to its address, anew for every try. `secrets` are what the
    /// gateway's words must not carry on; the secret headers of every try are added to them.
    ///
    /// # Errors
    /// The transport's last error; see [`Client::call`].
    pub async fn call(
        &self,
        operation: &OperationInfo,
        mut secrets: Vec<SecretString>,
        build: impl Fn(Url) -> Request,
    ) -> Result<Answer, Error> {
        let build = || {
            let request = build(self.base.join(operation.path));
            let secret = request.headers().filter(|header| header.secret);
            secrets.extend(secret.map(|header| SecretString::from(header.value)));
            Ok(request)
        };
        let (name, intent) = (operation.name, operation.intent);
        let reply = self.client.call(name, intent, build).await?;
        Ok(Answer {
            operation: *operation,
            reply,
            secrets,
        })
    }
}

impl AccountSettings {
    /// The settings of an account in the sandbox, with this clock.
    pub fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            environment: Environment::default(),
            base_url: None,
            account: None,
            transport: None,
            retry: RetryPolicy::default(),
            details: DetailSettings::default(),
        }
    }

    /// What these settings come to, at the gateway of this name. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when there is no transport.
    pub fn connect(self, gateway: GatewayName, urls: ApiUrls) -> Result<Connection, Error> {
        let base = match self.base_url {
            Some(base) => base,
            None => BaseUrl::parse(urls.of(self.environment))?,
        };
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport()?,
        };
        Ok(Connection {
            clock: self.clock,
            client: Client::new(transport, self.retry).label(gateway, self.account.clone()),
            base,
            account: self.account,
            details: self.details,
        })
    }
}

/// Refuses a key that cannot be one; `name` is what the gateway calls it.
///
/// # Errors
/// [`ErrorKind::Configuration`] when it is empty or holds white space.
pub fn check_key(name: &str, key: &SecretString) -> Result<(), Error> {
    let key = key.expose_secret();
    if key.is_empty() {
        return Err(misconfigured(format!("the {name} is empty")));
    }
    // A line break at the end of a file is enough to make a key wrong.
    if key.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(misconfigured(format!("the {name} holds white space")));
    }
    Ok(())
}

/// The error for settings with which no account can be made.
pub fn misconfigured(problem: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, Delivery::NotSent, problem)
}

#[cfg(feature = "transport")]
fn default_transport() -> Result<Arc<dyn Transport>, Error> {
    Ok(Arc::new(crate::HttpTransport::new()?))
}

#[cfg(not(feature = "transport"))]
fn default_transport() -> Result<Arc<dyn Transport>, Error> {
    Err(misconfigured(
        "no transport is set, and the crate was built without one (feature `transport`)",
    ))
}

/// The methods of an adapter's builder that set what every account has. The builder keeps them in
/// a field `settings` of type [`AccountSettings`](crate::adapter::AccountSettings).
#[macro_export]
macro_rules! account_settings {
    () => {
        /// Which system to talk to; the sandbox unless told otherwise.
        pub fn environment(mut self, environment: $crate::adapter::Environment) -> Self {
            self.settings.environment = environment;
            self
        }

        /// Another address than the environment's: an emulator, a proxy of your own. The
        /// account's credentials go there and nowhere else, and need not fit the environment.
        pub fn base_url(mut self, base_url: $crate::BaseUrl) -> Self {
            self.settings.base_url = Some(base_url);
            self
        }

        /// The name of the account in traces.
        pub fn account(mut self, account: ::duka_core::AccountName) -> Self {
            self.settings.account = Some(account);
            self
        }

        /// What carries the requests. Without one, the transport over real sockets, if the
        /// crate was built with it (the default feature `transport`).
        pub fn transport(mut self, transport: ::std::sync::Arc<dyn $crate::Transport>) -> Self {
            self.settings.transport = Some(transport);
            self
        }

        /// The time zone of the times in this gateway's replies that name none. A time whose zone is not known stays text.
        pub fn time_zone(mut self, zone: ::jiff::tz::TimeZone) -> Self {
            self.settings.details.time_zone = Some(zone);
            self
        }

        /// Whether the payer's name and the accounts that name the payer are read, where replies have them; left
        /// out unless told otherwise.
        pub fn personal_data(mut self, personal_data: ::duka_core::PersonalData) -> Self {
            self.settings.details.personal_data = personal_data;
            self
        }

        /// When and how often a request is repeated; see
        /// [`RetryPolicy`]($crate::RetryPolicy) for the default. Cancelling and creating are
        /// never repeated once they may have left.
        pub fn retry(mut self, policy: $crate::RetryPolicy) -> Self {
            self.settings.retry = policy;
            self
        }
    };
}
