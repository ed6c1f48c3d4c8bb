//! A transport over reqwest, for what reqwest can and [`HttpTransport`](crate::HttpTransport)
//! cannot: a proxy, client certificates, certificate authorities of one's own.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use duka_core::{Delivery, Error, ErrorKind};
use http_body_util::BodyExt;
use tokio::time::Instant;

use crate::base_url::check_channel;
use crate::deadline::before;
use crate::message::{Intent, Method, Reply, Request};
use crate::proxy::ProxyUrl;
use crate::request_head::{USER_AGENT, authority, headers_of};
use crate::response_body::ResponseBodyReader;
use crate::tls::{self, LONGEST_TIMEOUT, MachineTls};
use crate::transport::Transport;

/// HTTP/1.1 over [reqwest], with everything that reqwest does by itself switched off: it follows
/// no redirect, repeats nothing, sends no `Referer`, and uses each connection once.
///
/// **Choose it** when the gateway is reached through a proxy, or when TLS needs a client
/// certificate or authorities of your own. Otherwise choose
/// [`HttpTransport`](crate::HttpTransport), which promises more:
///
/// - **After the caller has given up, bytes may still leave.** reqwest drives a connection in a
///   task of its own; dropping or no longer polling the exchange stops `HttpTransport` at once,
///   and this one only soon. So a request may leave shortly after the deadline at which its
///   worker stopped. The store's guarantees do not rest on it: the request was recorded before it
///   could leave, and a worker that takes the order over finds it in doubt. No second request is
///   sent where only one is allowed.
/// - **Bytes that arrive before the request is written are not looked for.** As no connection is
///   used twice, a late reply to an earlier request has none to arrive on.
/// - **A reply that consists of interim replies (HTTP 1xx) ends with the timeout**, not after 16
///   of them.
/// - A read costs a handshake each.
///
/// The same is that an error proves [`NotSent`](Delivery::NotSent) only while no connection (no
/// tunnel, behind a proxy) was established; that the timeout holds whatever arrives; and that a
/// body is read up to a limit.
pub struct ReqwestTransport {
    client: reqwest::Client,
    total_timeout: Duration,
    body_cap: usize,
    /// Why TLS cannot be had, if so.
    no_tls: Option<rustls::Error>,
}

/// Settings of a [`ReqwestTransport`].
#[derive(Debug)]
#[must_use]
pub struct ReqwestTransportBuilder {
    client: Option<reqwest::ClientBuilder>,
    proxy: Option<ProxyUrl>,
    connect_timeout: Duration,
    total_timeout: Duration,
    body_cap: usize,
}

impl ReqwestTransport {
    /// Settings: no proxy, the certificates that the machine trusts, 5 s to connect, 30 s in all,
    /// 1 MiB of body.
    pub const fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder {
            client: None,
            proxy: None,
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(30),
            body_cap: 1024 * 1024,
        }
    }
}

impl fmt::Debug for ReqwestTransport {
    /// Leaves the client out: it may hold a proxy's password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransport")
            .field("total_timeout", &self.total_timeout)
            .field("body_cap", &self.body_cap)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn exchange(&self, request: Request, _intent: Intent) -> Result<Reply, Error> {
        let give_up = Instant::now() + self.total_timeout;
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
        let sent = before(give_up, self.client.execute(translate(request)?)).await;
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(failed(error, &authority)),
            Err(late) => {
                let message = format!("no answer from {authority} in time");
                let error = Error::new(ErrorKind::Unavailable, Delivery::Unknown, message);
                return Err(error.with_source(late));
            }
        };
        let status = response.status().as_u16();
        let response: hyper::Response<reqwest::Body> = response.into();
        let response = response.map(|body| body.map_err(reqwest::Error::without_url));
        before(give_up, response_body.read(response))
            .await
            .unwrap_or_else(|_| Err(response_body.unreadable(status, "did not end in time")))
    }
}

/// The error for an exchange that ended before a reply came.
fn failed(error: reqwest::Error, authority: &str) -> Error {
    let (kind, delivery, message) = if error.is_builder() {
        let message = "the request cannot be put into HTTP".to_owned();
        (ErrorKind::InvalidRequest, Delivery::NotSent, message)
    } else if error.is_connect() {
        // True only for an error of kind `Connect` in hyper-util's client, which is made while a
        // connection is sought: DNS, TCP, the proxy's tunnel and the TLS handshake (no early
        // data), before the request is handed to a connection.
        let message = if error.is_dns() {
            format!("the name of {authority}, or of the proxy, cannot be resolved")
        } else if error.is_timeout() {
            format!("no connection to {authority} in time")
        } else {
            format!("no connection to {authority}")
        };
        (ErrorKind::Unavailable, Delivery::NotSent, message)
    } else if error.is_timeout() {
        let message = format!("no answer from {authority} in time");
        (ErrorKind::Unavailable, Delivery::Unknown, message)
    } else {
        let message = format!("the connection to {authority} ended before an answer");
        (ErrorKind::Unavailable, Delivery::Unknown, message)
    };
    let failure = Error::new(kind, delivery, message);
    match tls::problem(&error) {
        Some(problem) => failure.with_source(problem),
        // The URL may carry an order's id in its query.
        None => failure.with_source(error.without_url()),
    }
}

fn translate(request: Request) -> Result<reqwest::Request, Error> {
    let method = match request.method() {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
    };
    let mut out = reqwest::Request::new(method, request.url().clone());
    for header in headers_of(&request) {
        let (name, value) = header?;
        out.headers_mut().append(name, value);
    }
    *out.body_mut() = request.into_body().map(Into::into);
    Ok(out)
}

impl ReqwestTransportBuilder {
    /// The client to start from, with what only reqwest can do: client certificates, authorities,
    /// addresses, a proxy with rules of its own.
    ///
    /// A builder and not a [`reqwest::Client`], because a finished client cannot be told to stop
    /// following redirects. [`build`](Self::build) sets what must hold, whatever stands in it:
    /// HTTP/1.1, no redirects, no retries, no `Referer`, no idle connections, the time to connect,
    /// and our `User-Agent`. Give it no cookie store, and no proxy for plain `http`: a gateway on
    /// this machine must be reached without one. A builder takes the proxies of the environment
    /// (`HTTP_PROXY`, `HTTPS_PROXY`) unless it is told otherwise: call `no_proxy`, or name yours.
    ///
    /// How TLS is done is its business, too. This crate enables reqwest's `rustls-no-provider`:
    /// either hand over a `rustls::ClientConfig`
    /// ([`tls_backend_preconfigured`](reqwest::ClientBuilder::tls_backend_preconfigured)), or
    /// install a provider of rustls for the process, or enable reqwest's feature `rustls` in your
    /// own manifest. Without any of these reqwest panics.
    pub fn client(mut self, client: reqwest::ClientBuilder) -> Self {
        self.client = Some(client);
        self
    }

    /// The proxy that opens a tunnel to the gateway. Addresses of this machine are reached
    /// without it. No proxy is taken from the environment.
    pub fn proxy(mut self, proxy: ProxyUrl) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// The time to resolve the name, connect, have a tunnel opened by the proxy and agree on TLS;
    /// more than a year is a year. Running out of it proves that nothing was sent.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The time for the whole exchange, the reply's body included. Keep it above the
    /// connect timeout: running out of this one leaves it unknown whether anything was sent.
    /// More than a year is a year.
    pub const fn total_timeout(mut self, timeout: Duration) -> Self {
        self.total_timeout = timeout;
        self
    }

    /// The longest body that is read, in bytes.
    pub const fn body_cap(mut self, bytes: usize) -> Self {
        self.body_cap = bytes;
        self
    }

    /// Makes the transport. Without a [`client`](Self::client) the machine's root certificates
    /// are loaded; on a machine without any, loopback still works, and every `https` request is
    /// an [`ErrorKind::Configuration`] error.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the HTTP client cannot be made.
    pub fn build(self) -> Result<ReqwestTransport, Error> {
        let (client, no_tls) = match self.client {
            Some(client) => (client, None),
            None => {
                let MachineTls { config, problem } = tls::machine()?;
                let client = reqwest::Client::builder()
                    .no_proxy()
                    .tls_backend_preconfigured(config);
                (client, problem)
            }
        };
        let client = match &self.proxy {
            Some(proxy) => client.proxy(tunnel(proxy)?),
            None => client,
        };
        // `localhost` is this machine, whatever a resolver may say of it.
        let loopback = [
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
        ];
        let client = client
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .resolve_to_addrs("localhost", &loopback)
            .user_agent(USER_AGENT)
            .connect_timeout(self.connect_timeout.min(LONGEST_TIMEOUT))
            // So that a late reply to one request can never answer another.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| tls::unusable("the HTTP client cannot be made", error))?;
        Ok(ReqwestTransport {
            client,
            total_timeout: self.total_timeout.min(LONGEST_TIMEOUT),
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

/// A proxy for `https` alone, for plain `http` must not leave this machine.
fn tunnel(proxy: &ProxyUrl) -> Result<reqwest::Proxy, Error> {
    let this_machine = reqwest::NoProxy::from_string("localhost,127.0.0.0/8,::1");
    // reqwest's own words could quote the address, and with it a password.
    let proxy = reqwest::Proxy::https(proxy.reveal()).map_err(|_| {
        let message = "the proxy's address cannot be used";
        Error::new(ErrorKind::Configuration, Delivery::NotSent, message)
    })?;
    Ok(proxy.no_proxy(this_machine))
}
