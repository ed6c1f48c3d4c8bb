//! The transport over real sockets: reqwest, with everything it does by itself switched off.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use duka_core::{Delivery, Error, ErrorKind};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use url::Url;

use crate::base_url::check_channel;
use crate::head;
use crate::message::{Intent, Method, Reply, Request};
use crate::transport::Transport;

/// HTTP/1.1 over rustls, trusting the certificates that the machine trusts.
///
/// Follows no redirect, repeats nothing, uses no proxy, keeps no cookie. Reads share a
/// pool of connections. A mutation goes on a connection made for it: one from the pool may
/// have been closed by the other side a moment ago, and an innocent cancel would come back
/// in doubt.
#[derive(Debug)]
pub struct ReqwestTransport {
    /// For reads.
    pooled: reqwest::Client,
    /// For mutations: keeps no connection.
    fresh: reqwest::Client,
    body_cap: usize,
    lost_mutations: AtomicU64,
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
            total_timeout: Duration::from_secs(30),
            body_cap: 1024 * 1024,
        }
    }

    /// How many mutations lost their connection before any reply, other than by a timeout.
    /// Each is in doubt; a number that grows says that something between here and the
    /// gateway closes connections.
    pub fn lost_mutations(&self) -> u64 {
        self.lost_mutations.load(Ordering::Relaxed)
    }

    fn failed(&self, error: reqwest::Error, place: &str, intent: Intent) -> Error {
        let timed_out = error.is_timeout();
        let unresolved = error.is_dns();
        // Whether the request can have left. `is_connect` is true only for an error of kind
        // `Connect` in hyper-util's client, which is made while a connection is sought: the
        // connector's (DNS, TCP and the TLS handshake, with our connect timeout around all
        // three, and no early data), or the pool's, both before the request is handed to a
        // connection. What fails from then on is of another kind (`SendRequest`,
        // `Canceled`), and so is our total timeout even while it is still connecting.
        // hyper-util's own repetition (`retry_canceled_requests`, which reqwest leaves on)
        // only concerns a request that hyper gives back unwritten on a *reused* connection,
        // so not a mutation's.
        let (kind, delivery, message) = if error.is_builder() {
            let message = "the request cannot be put into HTTP".to_owned();
            (ErrorKind::InvalidRequest, Delivery::NotSent, message)
        } else if error.is_connect() {
            let message = if unresolved {
                format!("the name of {place} cannot be resolved")
            } else if timed_out {
                format!("no connection to {place} in time")
            } else {
                format!("no connection to {place}")
            };
            (ErrorKind::Unavailable, Delivery::NotSent, message)
        } else if timed_out {
            let message = format!("no answer from {place} in time");
            (ErrorKind::Unavailable, Delivery::Unknown, message)
        } else {
            if intent == Intent::Mutation {
                self.lost_mutations.fetch_add(1, Ordering::Relaxed);
            }
            let message = format!("the connection to {place} ended before an answer");
            (ErrorKind::Unavailable, Delivery::Unknown, message)
        };
        // The URL may carry an order's id in its query.
        Error::new(kind, delivery, message).with_source(error.without_url())
    }

    async fn read(
        &self,
        mut response: reqwest::Response,
        asked: &Url,
        place: &str,
    ) -> Result<Reply, Error> {
        let status = response.status().as_u16();
        let unreadable = |message: String| {
            Error::new(ErrorKind::UnreadableReply, Delivery::Answered, message)
                .with_http_status(status)
        };
        let too_long = || {
            let cap = self.body_cap;
            unreadable(format!("the reply of {place} is longer than {cap} bytes"))
        };
        let mut reply = head_of(&response, asked);
        // What it announces is refused before a byte of it is read.
        let announced = response.content_length().unwrap_or(0);
        if announced > self.body_cap as u64 {
            return Err(too_long());
        }
        loop {
            let chunk = response.chunk().await.map_err(|error| {
                let how = if error.is_timeout() {
                    "did not end in time"
                } else {
                    "was cut off"
                };
                unreadable(format!("the reply of {place} {how}")).with_source(error.without_url())
            })?;
            let Some(chunk) = chunk else {
                return Ok(reply);
            };
            if chunk.len() > self.body_cap - reply.body.len() {
                return Err(too_long());
            }
            reply.body.extend_from_slice(&chunk);
        }
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
        let client = match intent {
            Intent::Read => &self.pooled,
            Intent::Mutation => &self.fresh,
        };
        let sent = client.execute(translate(request)?).await;
        let response = sent.map_err(|error| self.failed(error, &place, intent))?;
        self.read(response, &url, &place).await
    }
}

impl ReqwestTransportBuilder {
    /// The time to resolve the name, connect and agree on TLS. Running out of it proves
    /// that nothing was sent.
    #[must_use]
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The time for the whole exchange, the reply's body included. Keep it above the
    /// connect timeout: running out of this one leaves it unknown whether anything was sent.
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
        let client = |idle_connections| {
            // `localhost` is this machine, whatever a resolver may say of it.
            let loopback = [
                SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
            ];
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .http1_only()
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .retry(reqwest::retry::never())
                .no_proxy()
                .resolve_to_addrs("localhost", &loopback)
                .user_agent(concat!("duka/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(self.connect_timeout)
                .timeout(self.total_timeout)
                .pool_max_idle_per_host(idle_connections)
                .build()
                .map_err(|error| unusable("the HTTP client cannot be made", error))
        };
        Ok(ReqwestTransport {
            pooled: client(8)?,
            // 0 switches the pool off: every request connects.
            fresh: client(0)?,
            body_cap: self.body_cap,
            lost_mutations: AtomicU64::new(0),
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

fn translate(request: Request) -> Result<reqwest::Request, Error> {
    let method = match request.method() {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
    };
    let mut out = reqwest::Request::new(method, request.url().clone());
    for header in request.headers() {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let value = HeaderValue::from_str(header.value);
        let (Ok(name), Ok(mut value)) = (name, value) else {
            let field = format!("header {}", header.name);
            return Err(Error::invalid_field(
                &field,
                "holds a character that HTTP does not allow",
            ));
        };
        value.set_sensitive(header.secret);
        out.headers_mut().append(name, value);
    }
    *out.body_mut() = request.into_body().map(Into::into);
    Ok(out)
}

fn head_of(response: &reqwest::Response, asked: &Url) -> Reply {
    let text = |name| text_of(response.headers(), name);
    let date = text(header::DATE).and_then(head::date);
    Reply {
        status: response.status().as_u16(),
        body: Vec::new(),
        content_type: text(header::CONTENT_TYPE).map(str::to_owned),
        retry_after: text(header::RETRY_AFTER).and_then(|it| head::retry_after(it, date)),
        date,
        location: text(header::LOCATION).and_then(|it| head::location_host(it, asked)),
    }
}

fn text_of(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Host and port, for messages.
fn place_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("the gateway");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
