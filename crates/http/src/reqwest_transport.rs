//! The transport over real sockets: a connection of its own for each mutation, a pool for reads.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use duka_core::{Delivery, Error, ErrorKind};
use hyper::header::{HeaderName, HeaderValue};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use url::Url;

use crate::base_url::check_channel;
use crate::dedicated_connection::DedicatedConnection;
use crate::message::{Intent, Reply, Request};
use crate::response_body::ResponseBodyReader;
use crate::transport::Transport;

/// Who sends, for the other side's logs.
pub(crate) const USER_AGENT: &str = concat!("duka/", env!("CARGO_PKG_VERSION"));

/// The longest time that is waited. Any clock can add it to its now, as it could not
/// [`Duration::MAX`].
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// HTTP/1.1 over rustls, trusting the certificates that the machine trusts.
///
/// Follows no redirect, repeats nothing, uses no proxy, keeps no cookie. The calling task drives
/// the connection; there is no task behind it. When the future of an exchange is dropped, or not
/// polled any more, not one byte more leaves. The deadline holds whatever arrives, and more than
/// 16 interim replies (HTTP 1xx) are no answer but an unknown outcome.
///
/// A mutation goes on a connection made for it: one from a pool may have been closed by the other
/// side a moment ago, and an innocent cancel would come back in doubt. Reads share up to eight
/// connections, each used again within 30 s. One on which anything has arrived that was not asked
/// for is closed: its next reply might be meant for an earlier request.
///
/// The first version used reqwest, hence the name. reqwest cannot be given a connection that
/// looks at its socket before it writes.
#[derive(Debug)]
pub struct ReqwestTransport {
    own: DedicatedConnection,
    body_cap: usize,
    /// Why TLS cannot be had, if so.
    no_tls: Option<rustls::Error>,
}

/// Settings of a [`ReqwestTransport`].
#[derive(Debug, Clone)]
pub struct ReqwestTransportBuilder {
    connect_timeout: Duration,
    total_timeout: Duration,
    body_cap: usize,
}

impl ReqwestTransport {
    /// The time for a whole exchange, unless
    /// [another](ReqwestTransportBuilder::total_timeout) is set.
    pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);

    /// A transport with the defaults of [`ReqwestTransport::builder`].
    ///
    /// # Errors
    /// As [`ReqwestTransportBuilder::build`].
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Settings: 5 s to connect, 30 s in all, 1 MiB of body.
    pub const fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder {
            connect_timeout: Duration::from_secs(5),
            total_timeout: Self::TOTAL_TIMEOUT,
            body_cap: 1024 * 1024,
        }
    }

    /// How many mutations lost their connection after something of them had left and before
    /// any reply, other than by a timeout. Each is in doubt; a number that grows says that
    /// something between here and the gateway closes connections.
    pub fn lost_mutations(&self) -> u64 {
        self.own.lost()
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn exchange(&self, request: Request, intent: Intent) -> Result<Reply, Error> {
        // Again, although `BaseUrl` has looked: the request may not come from one.
        check_channel(request.url())?;
        let url = request.url().clone();
        if let Some(problem) = self.no_tls.as_ref().filter(|_| url.scheme() == "https") {
            let message = "this machine has no root certificates to check a gateway by; install them (the package is often called ca-certificates)";
            return Err(unusable(message, problem.clone()));
        }
        let place = place_of(&url);
        let response_body = ResponseBodyReader {
            asked: &url,
            place: &place,
            body_cap: self.body_cap,
        };
        match intent {
            Intent::Read => self.own.read(request, &response_body).await,
            Intent::Mutation => self.own.mutate(request, &response_body).await,
        }
    }
}

impl ReqwestTransportBuilder {
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
    /// [`ErrorKind::Configuration`] error.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the HTTP client cannot be made.
    pub fn build(self) -> Result<ReqwestTransport, Error> {
        let (tls, no_tls) = match tls_config(TrustAnchors::Machine) {
            Ok(config) => (config, None),
            Err(problem) => {
                let nobody = tls_config(TrustAnchors::None)
                    .map_err(|error| unusable("TLS cannot be set up", error))?;
                (nobody, Some(problem))
            }
        };
        self.with_tls(tls, no_tls)
    }

    pub(crate) fn with_tls(
        self,
        tls: ClientConfig,
        no_tls: Option<rustls::Error>,
    ) -> Result<ReqwestTransport, Error> {
        let connect_timeout = self.connect_timeout.min(LONGEST);
        let total_timeout = self.total_timeout.min(LONGEST);
        Ok(ReqwestTransport {
            own: DedicatedConnection::new(Arc::new(tls), connect_timeout, total_timeout),
            body_cap: self.body_cap,
            no_tls,
        })
    }
}

impl Default for ReqwestTransportBuilder {
    fn default() -> Self {
        ReqwestTransport::builder()
    }
}

/// Whose certificates are believed.
#[derive(Clone, Copy)]
enum TrustAnchors {
    /// Those that the machine trusts.
    Machine,
    /// Nobody's: every handshake fails.
    None,
}

/// rustls with ring, named here so that no process-wide default is needed or changed.
fn tls_config(anchors: TrustAnchors) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match anchors {
        TrustAnchors::Machine => builder.with_platform_verifier()?,
        TrustAnchors::None => builder.with_root_certificates(RootCertStore::empty()),
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn unusable(message: &str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Configuration, Delivery::NotSent, message).with_source(source)
}

/// The headers of a request, as HTTP takes them.
pub(crate) fn headers_of(
    request: &Request,
) -> impl Iterator<Item = Result<(HeaderName, HeaderValue), Error>> {
    request.headers().map(|header| {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let value = HeaderValue::from_str(header.value);
        let (Ok(name), Ok(mut value)) = (name, value) else {
            let field = format!("header {}", header.name);
            let problem = "holds a character that HTTP does not allow";
            return Err(Error::invalid_field(&field, problem));
        };
        value.set_sensitive(header.secret);
        Ok((name, value))
    })
}

/// Host and port, for messages.
fn place_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("the gateway");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
