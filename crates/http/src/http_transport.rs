//! A transport that drives its connections itself: a new one for each mutation, a pool for reads.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use duka_core::Error;
use rustls::ClientConfig;

use crate::base_url::check_channel;
use crate::dedicated_connection::DedicatedConnection;
use crate::message::{Intent, Reply, Request};
use crate::request_head::authority;
use crate::response_body::ResponseBodyReader;
use crate::tls::{self, LONGEST_TIMEOUT, MachineTls};
use crate::transport::Transport;

/// HTTP/1.1 over rustls, trusting the certificates that the machine trusts.
///
/// Follows no redirect, repeats nothing, uses no proxy, keeps no cookie. The calling task drives
/// the connection; there is no task behind it. When the future of an exchange is dropped, or not
/// polled any more, not one byte more leaves. The deadline holds whatever arrives, and more than
/// 16 interim replies (HTTP 1xx) are no answer but an unknown outcome.
///
/// A mutation goes on a connection made for it: the gateway may have closed
/// one from a pool a moment ago, and a harmless cancel would come back in doubt. Reads share up to eight
/// connections, each used again within 30 s. One on which anything has arrived that was not asked
/// for is closed: its next reply might be meant for an earlier request.
#[derive(Debug)]
pub struct HttpTransport {
    connections: DedicatedConnection,
    body_cap: usize,
    /// Why TLS cannot be had, if so.
    no_tls: Option<rustls::Error>,
}

/// Settings of a [`HttpTransport`].
#[derive(Debug, Clone)]
pub struct HttpTransportBuilder {
    connect_timeout: Duration,
    total_timeout: Duration,
    body_cap: usize,
}

impl HttpTransport {
    /// The time for a whole exchange, unless
    /// [another](HttpTransportBuilder::total_timeout) is set.
    pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);

    /// A transport with the defaults of [`HttpTransport::builder`].
    ///
    /// # Errors
    /// As [`HttpTransportBuilder::build`].
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Settings: 5 s to connect, 30 s in all, 1 MiB of body.
    pub const fn builder() -> HttpTransportBuilder {
        HttpTransportBuilder {
            connect_timeout: Duration::from_secs(5),
            total_timeout: Self::TOTAL_TIMEOUT,
            body_cap: 1024 * 1024,
        }
    }

    /// How many mutations lost their connection after something of them had left and before
    /// any reply, other than by a timeout. Each is in doubt; a number that grows says that
    /// something between here and the gateway closes connections.
    pub fn lost_mutations(&self) -> u64 {
        self.connections.lost()
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn exchange(&self, request: Request, intent: Intent) -> Result<Reply, Error> {
        // Again, although `BaseUrl` has looked: the request may not come from one.
        check_channel(request.url())?;
        let url = request.url().clone();
        if let Some(problem) = self.no_tls.as_ref().filter(|_| url.scheme() == "https") {
            return Err(tls::no_roots(problem));
        }
        let authority = authority(&url);
        let response_body = ResponseBodyReader {
            asked: &url,
            authority: &authority,
            body_cap: self.body_cap,
        };
        match intent {
            Intent::Read => self.connections.read(request, &response_body).await,
            Intent::Mutation => self.connections.mutate(request, &response_body).await,
        }
    }
}

impl HttpTransportBuilder {
    /// The time to resolve the name, connect and agree on TLS; more than a year is a year.
    /// Running out of it proves that nothing was sent.
    ///
    /// The addresses of a name are tried one after the other, and each gets an equal share
    /// of what is left.
    #[must_use]
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The time for the whole exchange, the reply's body included. Keep it above the
    /// connect timeout: running out of this one leaves it unknown whether anything was sent.
    /// More than a year is a year.
    #[must_use]
    pub const fn total_timeout(mut self, timeout: Duration) -> Self {
        self.total_timeout = timeout;
        self
    }

    /// The longest body that is read, in bytes.
    #[must_use]
    pub const fn body_cap(mut self, bytes: usize) -> Self {
        self.body_cap = bytes;
        self
    }

    /// Loads the machine's root certificates and makes the transport. On a machine without
    /// any, loopback still works, and every `https` request is an
    /// [`ErrorKind::Configuration`](duka_core::ErrorKind::Configuration) error.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](duka_core::ErrorKind::Configuration) when the HTTP client cannot be made.
    pub fn build(self) -> Result<HttpTransport, Error> {
        let MachineTls { config, problem } = tls::machine()?;
        self.with_tls(config, problem)
    }

    pub(crate) fn with_tls(
        self,
        tls: ClientConfig,
        no_tls: Option<rustls::Error>,
    ) -> Result<HttpTransport, Error> {
        let connect_timeout = self.connect_timeout.min(LONGEST_TIMEOUT);
        let total_timeout = self.total_timeout.min(LONGEST_TIMEOUT);
        Ok(HttpTransport {
            connections: DedicatedConnection::new(Arc::new(tls), connect_timeout, total_timeout),
            body_cap: self.body_cap,
            no_tls,
        })
    }
}

impl Default for HttpTransportBuilder {
    fn default() -> Self {
        HttpTransport::builder()
    }
}
