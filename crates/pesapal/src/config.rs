//! What an account at Pesapal is made of: keys, environment, and how long a token is used.

use std::time::Duration;

use duka_core::Error;
use duka_core::clock::SharedClock;
use duka_http::adapter::{AccountSettings, check_key};
use jiff::tz::{self, TimeZone};
use secrecy::SecretString;

use crate::auth::Auth;
use crate::gateway::{NAME, Pesapal};

impl Pesapal {
    /// Starts an account with the keys that Pesapal issued. `clock` decides when a token
    /// is too old.
    pub fn builder(
        consumer_key: SecretString,
        consumer_secret: SecretString,
        clock: SharedClock,
    ) -> Builder {
        let mut settings = AccountSettings::new(clock);
        // Observed: the times of a status are East Africa Time, and do not say so.
        settings.details.time_zone = Some(TimeZone::fixed(tz::offset(3)));
        Builder {
            keys: [consumer_key, consumer_secret],
            settings,
            notification_id: None,
            token_margin: Duration::from_secs(45),
        }
    }
}

/// Settings of one account; made by [`Pesapal::builder`]. `Debug` shows no key.
#[derive(Debug)]
#[must_use]
pub struct Builder {
    keys: [SecretString; 2],
    settings: AccountSettings,
    notification_id: Option<String>,
    token_margin: Duration,
}

impl Builder {
    duka_http::account_settings!();

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
    /// [`ErrorKind::Configuration`](duka_core::ErrorKind::Configuration) when a key is empty or holds white space, or there is
    /// no transport.
    pub fn build(self) -> Result<Pesapal, Error> {
        let [key, secret] = &self.keys;
        check_key("consumer key", key)?;
        check_key("consumer secret", secret)?;
        let connection = self.settings.connect(NAME, Pesapal::API)?;
        let auth = Auth::new(connection.clone(), self.keys, self.token_margin);
        Ok(Pesapal::new(connection, auth, self.notification_id))
    }
}
