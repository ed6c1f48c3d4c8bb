//! One mutation on a connection of its own, driven by the task that asked for it.
//!
//! There is no connection task that could write after its caller has given up: whoever
//! stops polling the exchange stops the bytes. And since nothing is shared, it is known
//! for certain whether any byte of the request has been handed to the socket.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use duka_core::{Delivery, Error, ErrorKind};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderValue};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::incoming::{Broken, Incoming};
use crate::message::{Method, Reply, Request};
use crate::reqwest_transport::{USER_AGENT, headers_of};

/// Makes a connection for each exchange.
#[derive(Debug)]
pub(crate) struct OwnConnection {
    tls: Arc<ClientConfig>,
    connect_timeout: Duration,
    total_timeout: Duration,
    lost: AtomicU64,
}

impl OwnConnection {
    pub(crate) fn new(
        tls: Arc<ClientConfig>,
        connect_timeout: Duration,
        total_timeout: Duration,
    ) -> Self {
        Self {
            tls,
            connect_timeout,
            total_timeout,
            lost: AtomicU64::new(0),
        }
    }

    /// Exchanges whose connection ended before a reply.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(crate) async fn exchange(
        &self,
        request: Request,
        incoming: &Incoming<'_>,
    ) -> Result<Reply, Error> {
        let give_up = Instant::now() + self.total_timeout;
        let url = incoming.asked;
        let request = translate(request, url, incoming.place)?;
        let socket = timeout(self.connect_timeout, self.connect(url))
            .await
            .unwrap_or_else(|late| Err(Unconnected::Late(late.into())))
            .map_err(|error| error.into_error(incoming.place))?;
        let left = Arc::new(AtomicBool::new(false));
        let socket = Watched {
            socket,
            left: Arc::clone(&left),
        };
        let ended = match converse(socket, request, incoming, give_up).await {
            Ok(reply) => return Ok(reply),
            Err(ended) => ended,
        };
        let delivery = if left.load(Ordering::Relaxed) {
            Delivery::Unknown
        } else {
            Delivery::NotSent
        };
        let unavailable = |message| Error::new(ErrorKind::Unavailable, delivery, message);
        let place = incoming.place;
        Err(match ended {
            Ended::Answered(error) => error,
            Ended::Lost(error) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                let message = format!("the connection to {place} ended before an answer");
                unavailable(message).with_source(error)
            }
            Ended::Late(late) => {
                unavailable(format!("no answer from {place} in time")).with_source(late)
            }
        })
    }

    async fn connect(&self, url: &Url) -> Result<Box<dyn Socket>, Unconnected> {
        let addresses = resolve(url).await.map_err(Unconnected::Unresolved)?;
        let tcp = connect_any(&addresses)
            .await
            .map_err(Unconnected::Refused)?;
        if url.scheme() != "https" {
            return Ok(Box::new(tcp));
        }
        let name = server_name(url).map_err(Unconnected::Refused)?;
        let tls = TlsConnector::from(Arc::clone(&self.tls));
        let tls = tls.connect(name, tcp).await.map_err(Unconnected::Refused)?;
        Ok(Box::new(tls))
    }
}

/// Why there is no connection. Nothing has left in any of these: the handshake of TLS
/// carries no early data.
enum Unconnected {
    Unresolved(io::Error),
    Refused(io::Error),
    Late(io::Error),
}

impl Unconnected {
    fn into_error(self, place: &str) -> Error {
        let (message, source) = match self {
            Self::Unresolved(error) => (format!("the name of {place} cannot be resolved"), error),
            Self::Refused(error) => (format!("no connection to {place}"), error),
            Self::Late(error) => (format!("no connection to {place} in time"), error),
        };
        Error::new(ErrorKind::Unavailable, Delivery::NotSent, message).with_source(source)
    }
}

/// How an exchange on a connection can end without a whole reply.
enum Ended {
    /// A head came, and the body could not be read.
    Answered(Error),
    Lost(hyper::Error),
    Late(Elapsed),
}

/// Sends and reads, and drives the connection meanwhile: all of it in this one future.
async fn converse(
    socket: Watched,
    request: hyper::Request<Full<Bytes>>,
    incoming: &Incoming<'_>,
    give_up: Instant,
) -> Result<Reply, Ended> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket))
        .await
        .map_err(Ended::Lost)?;
    let mut connection = pin!(connection);
    let mut exchange = pin!(async {
        let response = timeout_at(give_up, sender.send_request(request))
            .await
            .map_err(Ended::Late)?
            .map_err(Ended::Lost)?;
        let status = response.status().as_u16();
        let reply = incoming.read(response, |_| Broken::CutOff, Into::into);
        timeout_at(give_up, reply)
            .await
            .unwrap_or_else(|_| Err(incoming.unreadable(status, "did not end in time")))
            .map_err(Ended::Answered)
    });
    let mut connected = true;
    std::future::poll_fn(|context| {
        // The connection first: it moves the bytes that the exchange waits for. How it
        // ends does not matter, for the exchange learns of that by itself.
        if connected && connection.as_mut().poll(context).is_ready() {
            connected = false;
        }
        exchange.as_mut().poll(context)
    })
    .await
}

fn translate(
    request: Request,
    url: &Url,
    place: &str,
) -> Result<hyper::Request<Full<Bytes>>, Error> {
    let method = match request.method() {
        Method::Get => hyper::Method::GET,
        Method::Post => hyper::Method::POST,
    };
    let mut target = url.path().to_owned();
    if let Some(query) = url.query() {
        target.push('?');
        target.push_str(query);
    }
    let unusable = || Error::invalid_field("the address", "cannot be put into HTTP");
    let mut out = hyper::Request::new(Full::default());
    *out.method_mut() = method;
    *out.uri_mut() = target.parse().map_err(|_| unusable())?;
    let host = HeaderValue::from_str(place).map_err(|_| unusable())?;
    out.headers_mut().insert(header::HOST, host);
    out.headers_mut()
        .insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    for header in headers_of(&request) {
        let (name, value) = header?;
        out.headers_mut().append(name, value);
    }
    *out.body_mut() = Full::from(request.into_body().unwrap_or_default());
    Ok(out)
}

async fn resolve(url: &Url) -> io::Result<Vec<SocketAddr>> {
    let port = url.port_or_known_default().unwrap_or(443);
    Ok(match url.host() {
        Some(Host::Ipv4(address)) => vec![SocketAddr::from((address, port))],
        Some(Host::Ipv6(address)) => vec![SocketAddr::from((address, port))],
        // `localhost` is this machine, whatever a resolver may say of it.
        Some(Host::Domain("localhost")) => vec![
            SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
        ],
        Some(Host::Domain(name)) => lookup_host((name, port)).await?.collect(),
        None => Vec::new(),
    })
}

async fn connect_any(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Small requests must not wait for company.
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn server_name(url: &Url) -> io::Result<ServerName<'static>> {
    let name = match url.host() {
        Some(Host::Ipv4(address)) => ServerName::IpAddress(address.into()),
        Some(Host::Ipv6(address)) => ServerName::IpAddress(address.into()),
        Some(Host::Domain(name)) => {
            ServerName::try_from(name.to_owned()).map_err(io::Error::other)?
        }
        None => return Err(io::Error::other("no host")),
    };
    Ok(name)
}

trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// A socket that remembers whether anything was written to it.
struct Watched {
    socket: Box<dyn Socket>,
    left: Arc<AtomicBool>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // Before the write: a failed one may have written all the same.
        self.left.store(true, Ordering::Relaxed);
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
