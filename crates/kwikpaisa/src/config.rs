//! What an account at KwikPaisa is made of: keys, environment, and the settings of each.

use duka_core::Error;
use duka_core::clock::SharedClock;
use duka_http::adapter::{AccountSettings, ApiUrls, Environment, check_key, misconfigured};
use secrecy::{ExposeSecret, SecretString};

use crate::auth::Signer;
use crate::gateway::{KwikPaisa, NAME, Orders};
use crate::payload::Unicode;

impl KwikPaisa {
    /// Where its API is (page *create-order*).
    pub const API: ApiUrls = ApiUrls {
        sandbox: "https://sandbox.kwikpaisa.com",
        production: "https://api.kwikpaisa.com",
    };

    /// Starts an account with the keys that KwikPaisa issued. `clock` dates every request:
    /// the gateway refuses one that is too old.
    pub fn builder(api_key: SecretString, secret_key: SecretString, clock: SharedClock) -> Builder {
        Builder::new(api_key, secret_key, clock)
    }
}

/// Settings of one account; made by [`KwikPaisa::builder`]. `Debug` shows no key.
#[derive(Debug)]
#[must_use]
pub struct Builder {
    api_key: SecretString,
    secret_key: SecretString,
    clock: SharedClock,
    settings: AccountSettings,
    unicode: Unicode,
    service_type: Option<String>,
}

impl Builder {
    fn new(api_key: SecretString, secret_key: SecretString, clock: SharedClock) -> Self {
        Self {
            api_key,
            secret_key,
            clock,
            settings: AccountSettings::default(),
            unicode: Unicode::default(),
            service_type: None,
        }
    }

    duka_http::account_settings!();

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
    /// [`ErrorKind::Configuration`](duka_core::ErrorKind::Configuration) when a key is empty or holds white space, when the two
    /// keys are swapped, when the API key belongs to the other environment, or when there
    /// is no transport.
    pub fn build(self) -> Result<KwikPaisa, Error> {
        self.check_keys()?;
        Ok(KwikPaisa::new(
            self.settings.connect(NAME, KwikPaisa::API)?,
            Signer::new(self.api_key, self.secret_key),
            self.clock,
            Orders {
                unicode: self.unicode,
                service_type: self.service_type,
            },
        ))
    }

    fn check_keys(&self) -> Result<(), Error> {
        check_key("API key", &self.api_key)?;
        check_key("secret key", &self.secret_key)?;
        let api_key = self.api_key.expose_secret();
        let secret_key = self.secret_key.expose_secret();
        // assumed: that live keys begin with `pk_live_` and `sk_live_` as those of the sandbox
        // do with `pk_test_` and `sk_test_`; any other beginning is let through. Swapped, the
        // secret key would go over the wire in a header.
        if api_key.starts_with("sk_") || secret_key.starts_with("pk_") {
            return Err(misconfigured("the API key and the secret key are swapped"));
        }
        let environment = self.settings.environment;
        let foreign = foreign_key_prefix(environment);
        if self.settings.base_url.is_none() && api_key.starts_with(foreign) {
            return Err(misconfigured(format!(
                "the API key begins with {foreign} and the environment is {environment:?}"
            )));
        }
        Ok(())
    }
}

/// What the API keys of the *other* environment begin with (page *headers*).
const fn foreign_key_prefix(environment: Environment) -> &'static str {
    match environment {
        Environment::Sandbox => "pk_live_",
        Environment::Production => "pk_test_",
    }
}
