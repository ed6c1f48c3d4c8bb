//! A transport that drives its connections itself, and keeps those that have answered.

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
/// Up to 256 connections to a gateway are kept for 30 s. One on which anything has arrived that
/// was not asked for is closed: its next reply might be meant for an earlier request.
///
/// A mutation goes on a connection that has answered a read within the last second
/// ([`reuse_within`](HttpTransportBuilder::reuse_within)), as the status does that is read before
/// every cancel, or else on a new one: the gateway may have closed one that has rested for longer,
/// and a harmless cancel would come back in doubt. That needs a gateway that has answered eight times
/// on a connection used before; one that was seen to close them earlier gets new ones earlier, and
/// one that has sent anything unasked gets a new one for each mutation.
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
    reuse_within: Duration,
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

    /// Settings: 5 s to connect, 30 s in all, 1 s to use a connection for a mutation, 1 MiB of body.
    pub const fn builder() -> HttpTransportBuilder {
        HttpTransportBuilder {
            connect_timeout: Duration::from_secs(5),
            total_timeout: Self::TOTAL_TIMEOUT,
            reuse_within: Duration::from_secs(1),
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
        self.connections
            .exchange(request, intent, &response_body)
            .await
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

    /// How long ago a connection may have answered a read to carry a mutation. Zero makes a new one
    /// for every mutation; more than a few seconds, and a gateway may be closing it just now, which
    /// leaves the mutation in doubt.
    #[must_use]
    pub const fn reuse_within(mut self, time: Duration) -> Self {
        self.reuse_within = time;
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
            connections: DedicatedConnection::new(
                Arc::new(tls),
                connect_timeout,
                total_timeout,
                self.reuse_within,
            ),
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
