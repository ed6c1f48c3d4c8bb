//! The address of a proxy, checked once, where it is read.

use std::fmt;
use std::str::FromStr;

use duka_core::{Delivery, Error, ErrorKind};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// An HTTP proxy: `http://proxy.example:3128`, with a user name and a password if it wants them
/// (`http://user:password@proxy.example:3128`, special characters percent-encoded).
///
/// `https://` encrypts the way to the proxy as well. What goes to a gateway is encrypted to the
/// gateway in both cases, for the proxy is asked for a tunnel (`CONNECT`).
///
/// `Debug` and `Display` show neither the user name nor the password.
#[derive(Clone)]
pub struct ProxyUrl {
    whole: SecretString,
    shown: String,
}

impl ProxyUrl {
    /// Checks and keeps an address.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when it is not an `http` or `https` address, or has a path, a
    /// query or a fragment. The text does not quote what was given, which may hold a password.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let url = Url::parse(text).map_err(|error| refused(&format!("is unusable: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("does not begin with http:// or https://"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refused("has more behind the host and port"));
        }
        let host = url.host_str().ok_or_else(|| refused("has no host"))?;
        let port = url.port().map(|port| format!(":{port}"));
        Ok(Self {
            shown: format!("{}://{host}{}", url.scheme(), port.unwrap_or_default()),
            whole: SecretString::from(text),
        })
    }

    /// The address with everything in it.
    pub(crate) fn reveal(&self) -> &str {
        self.whole.expose_secret()
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl({})", self.shown)
    }
}

impl FromStr for ProxyUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

fn refused(problem: &str) -> Error {
    Error::new(
        ErrorKind::Configuration,
        Delivery::NotSent,
        format!("the proxy's address {problem}"),
    )
}
