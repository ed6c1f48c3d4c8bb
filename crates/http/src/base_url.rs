//! The address of a gateway, checked once, where it is read.

use std::fmt;
use std::str::FromStr;

use duka_core::{Delivery, Error, ErrorKind};
use url::{Host, Url};

/// Where a gateway's API lives: `https` anywhere, plain `http` only on this machine.
///
/// It may have a path of its own (`https://pay.pesapal.com/v3`), to which
/// [`BaseUrl::join`] appends. It has no user name, password, query or fragment, so it can
/// be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Checks and keeps an address.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when it is not an absolute `https` address, or plain
    /// `http` to anything but 127.0.0.0/8, `[::1]` or `localhost`, or has a user name, a
    /// password, a query or a fragment. The text does not quote what was given, which may
    /// hold a password.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let url = Url::parse(text).map_err(|error| refused(&error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("has a user name or a password in it"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("has a query or a fragment"));
        }
        check_channel(&url)?;
        Ok(Self(url))
    }

    /// The address of `path` under this one. A leading slash makes no difference; `?` and
    /// `#` are escaped, since a query is added to the result with
    /// [`Url::query_pairs_mut`].
    pub fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        let base = self.0.path().trim_end_matches('/');
        url.set_path(&format!("{base}/{}", path.trim_start_matches('/')));
        url
    }

    /// The address as it was understood.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl FromStr for BaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

/// Whether `url` may be talked to at all: over TLS, or without ever leaving this machine.
pub(crate) fn check_channel(url: &Url) -> Result<(), Error> {
    match url.scheme() {
        "https" if url.host().is_some() => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        "http" => Err(refused(
            "is plain http, which is for 127.0.0.1, [::1] and localhost only; use https",
        )),
        _ => Err(refused("is not an https address")),
    }
}

/// `localhost.` and `a.localhost` are left out: a resolver would have to be asked for them.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn refused(problem: &str) -> Error {
    Error::new(
        ErrorKind::Configuration,
        Delivery::NotSent,
        format!("the gateway's address {problem}"),
    )
}
