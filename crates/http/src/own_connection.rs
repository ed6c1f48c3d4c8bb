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
use tracing::trace;
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
    /// Neither time may be longer than a clock can add to its now.
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

    /// Exchanges whose connection ended after something had left and before a reply.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(crate) async fn exchange(
        &self,
        request: Request,
        incoming: &Incoming<'_>,
    ) -> Result<Reply, Error> {
        let now = Instant::now();
        let give_up = now + self.total_timeout;
        let url = incoming.asked;
        let request = translate(request, url, incoming.place)?;
        let connected_by = now + self.connect_timeout;
        let socket = timeout_at(connected_by, self.connect(url, connected_by))
            .await
            .unwrap_or_else(|late| Err(Unconnected::Late(late.into())))
            .map_err(|error| error.into_error(incoming.place))?;
        self.over(socket, request, incoming, give_up).await
    }

    async fn over(
        &self,
        socket: Box<dyn Socket>,
        request: hyper::Request<Full<Bytes>>,
        incoming: &Incoming<'_>,
        give_up: Instant,
    ) -> Result<Reply, Error> {
        let left = Arc::new(AtomicBool::new(false));
        let socket = Watched {
            socket,
            left: Arc::clone(&left),
            stage: Stage::Ready,
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
                if delivery == Delivery::Unknown {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                }
                let message = format!("the connection to {place} ended before an answer");
                unavailable(message).with_source(error)
            }
            Ended::Late(late) => {
                unavailable(format!("no answer from {place} in time")).with_source(late)
            }
        })
    }

    async fn connect(&self, url: &Url, by: Instant) -> Result<Box<dyn Socket>, Unconnected> {
        let addresses = resolve(url).await.map_err(Unconnected::Unresolved)?;
        let tcp = connect_any(&addresses, by, TcpStream::connect).await?;
        // Small requests must not wait for company.
        tcp.set_nodelay(true).map_err(Unconnected::Refused)?;
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

/// Tries one address after the other. Each gets its share of the time that is left, so that
/// one that swallows everything (IPv6 without a way out) cannot use up that of the others.
async fn connect_any<F: Future<Output = io::Result<S>>, S>(
    addresses: &[SocketAddr],
    by: Instant,
    connect: impl Fn(SocketAddr) -> F,
) -> Result<S, Unconnected> {
    let nowhere = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    let mut last = Unconnected::Refused(nowhere);
    let mut untried = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    for address in addresses {
        let share = by.saturating_duration_since(Instant::now()) / untried.max(1);
        untried = untried.saturating_sub(1);
        last = match timeout(share, connect(*address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => Unconnected::Refused(error),
            Err(late) => Unconnected::Late(late.into()),
        };
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

/// A socket that remembers whether anything was written to it, and whose first byte waits
/// for a poll of its own: whoever looks at a clock before polling has looked at it just now,
/// not before the request was put together.
struct Watched {
    socket: Box<dyn Socket>,
    left: Arc<AtomicBool>,
    stage: Stage,
}

/// How far the request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Ready,
    Announced,
    Leaving,
    Left,
}

impl Watched {
    fn passes(&mut self, stage: Stage, point: &'static str) {
        self.stage = stage;
        trace!(point, "passes");
    }
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
        if self.stage == Stage::Ready {
            self.passes(Stage::Announced, "before_send");
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.stage = Stage::Leaving;
        // Before the write: a failed one may have written all the same.
        self.left.store(true, Ordering::Relaxed);
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(context);
        if self.stage == Stage::Leaving && matches!(flushed, Poll::Ready(Ok(()))) {
            self.passes(Stage::Left, "after_send");
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use rustls::RootCertStore;
    use tokio::io::{AsyncReadExt, DuplexStream, duplex};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn incoming(url: &Url) -> Incoming<'_> {
        Incoming {
            asked: url,
            place: "gateway.example",
            body_cap: 1024,
        }
    }

    fn url() -> Url {
        "https://gateway.example/cancel".parse().unwrap()
    }

    fn request(body: usize) -> hyper::Request<Full<Bytes>> {
        let request = Request::post_json(url(), vec![b'x'; body]);
        translate(request, &url(), "gateway.example").unwrap()
    }

    fn watched(socket: DuplexStream) -> Watched {
        Watched {
            socket: Box::new(socket),
            left: Arc::default(),
            stage: Stage::Ready,
        }
    }

    /// Everything that has been written so far.
    async fn drained(far: &mut DuplexStream) -> usize {
        let mut buffer = [0; 64];
        let mut count = 0;
        while let Some(read) = poll_once(&mut pin!(far.read(&mut buffer))).await {
            match read.unwrap() {
                0 => break,
                more => count += more,
            }
        }
        count
    }

    async fn poll_once<F: Future>(future: &mut Pin<&mut F>) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            Poll::Ready(match future.as_mut().poll(context) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            })
        })
        .await
    }

    /// Time for any task that should not be there.
    async fn everybody_else_has_run() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    #[tokio::test]
    async fn a_request_that_is_queued_is_not_written_by_anybody_but_the_caller() {
        let (near, mut far) = duplex(4096);
        let url = url();
        let incoming = incoming(&url);
        let give_up = Instant::now() + MINUTE;
        let mut exchange = pin!(converse(watched(near), request(10), &incoming, give_up));
        everybody_else_has_run().await;
        assert_eq!(drained(&mut far).await, 0, "never polled");
        // Connected, and the request handed over for writing.
        assert!(poll_once(&mut exchange).await.is_none());
        everybody_else_has_run().await;
        assert_eq!(drained(&mut far).await, 0, "not polled since it was queued");
        assert!(poll_once(&mut exchange).await.is_none());
        assert_eq!(
            drained(&mut far).await,
            0,
            "ready, and waiting for one poll more"
        );
        assert!(poll_once(&mut exchange).await.is_none());
        assert!(drained(&mut far).await > 0);
    }

    #[tokio::test]
    async fn an_exchange_that_is_not_polled_any_more_writes_not_one_byte_more() {
        let (near, mut far) = duplex(16);
        let url = url();
        let incoming = incoming(&url);
        let give_up = Instant::now() + MINUTE;
        let mut exchange = pin!(converse(watched(near), request(500), &incoming, give_up));
        for _ in 0..10 {
            assert!(poll_once(&mut exchange).await.is_none());
        }
        // Half written, and there is room for more.
        assert_eq!(drained(&mut far).await, 16);
        everybody_else_has_run().await;
        assert_eq!(drained(&mut far).await, 0);
        assert!(poll_once(&mut exchange).await.is_none());
        assert_eq!(drained(&mut far).await, 16, "polled again, it goes on");
    }

    fn own() -> OwnConnection {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        OwnConnection::new(Arc::new(tls), MINUTE, MINUTE)
    }

    #[tokio::test]
    async fn only_a_connection_that_ends_after_something_left_counts_as_lost() {
        let own = own();
        let url = url();
        let incoming = incoming(&url);
        let give_up = Instant::now() + MINUTE;

        let (near, far) = duplex(4096);
        drop(far);
        let outcome = own.over(Box::new(near), request(10), &incoming, give_up);
        assert_eq!(outcome.await.unwrap_err().delivery(), Delivery::NotSent);
        assert_eq!(own.lost(), 0);

        let (near, mut far) = duplex(16);
        let outcome = own.over(Box::new(near), request(500), &incoming, give_up);
        let cut = async move {
            far.read_exact(&mut [0; 16]).await.unwrap();
        };
        let (outcome, ()) = tokio::join!(outcome, cut);
        assert_eq!(outcome.unwrap_err().delivery(), Delivery::Unknown);
        assert_eq!(own.lost(), 1);
    }

    fn addresses(count: u16) -> Vec<SocketAddr> {
        let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        (1..=count).map(address).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_never_answers_takes_only_its_share_of_the_time() {
        let begun = Instant::now();
        let connect = |address: SocketAddr| async move {
            if address.port() < 3 {
                std::future::pending::<()>().await;
            }
            Ok(address.port())
        };
        let by = begun + Duration::from_secs(6);
        let port = connect_any(&addresses(4), by, connect).await.ok().unwrap();
        assert_eq!(port, 3);
        let waited = begun.elapsed();
        let (least, most) = (Duration::from_secs(3), Duration::from_millis(3100));
        assert!(waited >= least && waited < most, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_a_refusal_left_over_is_shared_by_the_rest() {
        let begun = Instant::now();
        let tried = Mutex::new(Vec::new());
        let connect = |address: SocketAddr| {
            tried.lock().unwrap().push(begun.elapsed().as_secs());
            async move {
                if address.port() > 1 {
                    std::future::pending::<()>().await;
                }
                Err::<(), _>(io::Error::from(io::ErrorKind::ConnectionRefused))
            }
        };
        let by = begun + Duration::from_secs(6);
        let outcome = connect_any(&addresses(3), by, connect).await;
        assert!(matches!(outcome, Err(Unconnected::Late(_))));
        assert_eq!(*tried.lock().unwrap(), [0, 0, 3]);
    }

    #[tokio::test]
    async fn without_an_address_there_is_no_connection() {
        let by = Instant::now() + MINUTE;
        let outcome = connect_any(&[], by, TcpStream::connect).await;
        assert!(matches!(outcome, Err(Unconnected::Refused(_))));
    }
}
