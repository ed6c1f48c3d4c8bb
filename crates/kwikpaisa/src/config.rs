//! What an account at KwikPaisa is made of: keys, environment, and the settings of each.

use duka_core::Error;
use duka_core::clock::SharedClock;
use duka_http::adapter::{AccountSettings, Environment, check_key, misconfigured};
use secrecy::{ExposeSecret, SecretString};

use crate::auth::Signer;
use crate::gateway::{KwikPaisa, NAME, Orders};
use crate::payload::Unicode;

impl KwikPaisa {
    /// Starts an account with the keys that KwikPaisa issued. `clock` dates every request:
    /// the gateway refuses one that is too old.
    pub fn builder(api_key: SecretString, secret_key: SecretString, clock: SharedClock) -> Builder {
        Builder {
            settings: AccountSettings::new(clock),
            signer: Signer::new(api_key, secret_key),
            orders: Orders::default(),
        }
    }
}

/// Settings of one account; made by [`KwikPaisa::builder`]. `Debug` shows no key.
#[derive(Debug)]
#[must_use]
pub struct Builder {
    settings: AccountSettings,
    signer: Signer,
    orders: Orders,
}

impl Builder {
    duka_http::account_settings!();

    /// How characters outside ASCII are written; as they are unless told otherwise.
    pub fn unicode(mut self, unicode: Unicode) -> Self {
        self.orders.unicode = unicode;
        self
    }

    /// The `service_type` of orders that name none, such as `DIGITAL` (page
    /// *create-order*). There is no default: what is sold is not ours to say.
    pub fn default_service_type(mut self, service_type: impl Into<String>) -> Self {
        self.orders.service_type = Some(service_type.into());
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
        let connection = self.settings.connect(NAME, KwikPaisa::API)?;
        Ok(KwikPaisa::new(connection, self.signer, self.orders))
    }

    fn check_keys(&self) -> Result<(), Error> {
        let [api_key, secret_key] = &self.signer.keys();
        check_key("API key", api_key)?;
        check_key("secret key", secret_key)?;
        let [api_key, secret_key] = [api_key, secret_key].map(|key| key.expose_secret());
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
