//! An exchange on a connection that the task which asked for it drives by itself: one that rests
//! in a pool, or else a new one.
//!
//! There is no connection task that could write, or keep a core busy, after its caller has given
//! up: a caller that stops polling the exchange stops the bytes. And since it is known how far
//! the request on a connection has come, it is certain whether any byte of it was handed to the
//! socket, and whether what arrives can be its reply.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use duka_core::{Delivery, Error, ErrorKind};
use http_body_util::Full;
use hyper::header::{self, HeaderValue};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::deadline::{Late, before};
use crate::line::{Ended, Line, OutOfStep};
use crate::message::{Intent, Method, Reply, Request};
use crate::pool::{Habit, Pool, Rested};
use crate::request_head::{USER_AGENT, headers_of};
use crate::response_body::ResponseBodyReader;
use crate::tls::problem;
use crate::tracked_io::{INTERIM_LIMIT, Socket, Watch};

/// Makes connections, and keeps those that have answered.
#[derive(Debug)]
pub(crate) struct DedicatedConnection {
    tls: Arc<ClientConfig>,
    connect_timeout: Duration,
    total_timeout: Duration,
    lost: AtomicU64,
    pool: Pool,
}

impl DedicatedConnection {
    /// Neither time may be longer than a clock can add to its now.
    pub(crate) fn new(
        tls: Arc<ClientConfig>,
        connect_timeout: Duration,
        total_timeout: Duration,
        reuse_within: Duration,
    ) -> Self {
        Self {
            tls,
            connect_timeout,
            total_timeout,
            lost: AtomicU64::new(0),
            pool: Pool::new(reuse_within),
        }
    }

    /// Mutations whose connection ended after something had left and before a reply.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// On a connection that has answered before, if there is one in order, and else on a new one.
    pub(crate) async fn exchange(
        &self,
        request: Request,
        intent: Intent,
        response_body: &ResponseBodyReader<'_>,
    ) -> Result<Reply, Error> {
        let give_up = Instant::now() + self.total_timeout;
        let request = translate(request, response_body.asked, response_body.authority)?;
        let origin = response_body.asked.origin();
        while let Some(Rested { mut line, rest }) = self.pool.take(&origin, intent) {
            line.watch().begin_again(intent, give_up);
            match line.drive(request.clone(), response_body).await {
                Ok(reply) => {
                    self.pool.note(&origin, Habit::Answers);
                    return self.put_back(line, reply, response_body).await;
                }
                Err(ended) => {
                    let lost = matches!(ended, Ended::Lost(_));
                    if line.watch().is_out_of_turn() {
                        self.pool.note(&origin, Habit::SpeaksUnasked);
                    } else if lost {
                        self.pool.note(&origin, Habit::Ends { after: rest });
                    }
                    // It was closed, or something came that was not asked for, while it rested.
                    if !lost || line.watch().has_left() {
                        return Err(self.failed(ended, line.watch(), response_body.authority));
                    }
                }
            }
        }
        let watch = Watch::new(intent, give_up);
        let mut line = self.line(watch, response_body).await?;
        match line.drive(request, response_body).await {
            Ok(reply) => self.put_back(line, reply, response_body).await,
            Err(ended) => Err(self.failed(ended, line.watch(), response_body.authority)),
        }
    }

    async fn put_back(
        &self,
        line: Line,
        reply: Reply,
        response_body: &ResponseBodyReader<'_>,
    ) -> Result<Reply, Error> {
        match line.rest().await {
            Ok(Some(line)) => self.pool.put(response_body.asked.origin(), line),
            Ok(None) => {}
            Err(OutOfStep) => {
                let origin = response_body.asked.origin();
                self.pool.note(&origin, Habit::SpeaksUnasked);
                let problem = "has another behind it, so that it may belong to an earlier request";
                return Err(response_body.unreadable(reply.status, problem));
            }
        }
        Ok(reply)
    }

    async fn line(
        &self,
        watch: Watch,
        response_body: &ResponseBodyReader<'_>,
    ) -> Result<Line, Error> {
        let authority = response_body.authority;
        let by = watch.give_up().min(Instant::now() + self.connect_timeout);
        let socket = before(by, self.connect(response_body.asked, by))
            .await
            .unwrap_or_else(|late| Err(Unconnected::Late(late.into())))
            .map_err(|error| error.into_error(authority))?;
        let line = Line::open(socket, watch.clone()).await;
        line.map_err(|error| self.failed(Ended::Lost(error), &watch, authority))
    }

    fn failed(&self, ended: Ended, watch: &Watch, authority: &str) -> Error {
        let delivery = if watch.has_left() {
            Delivery::Unknown
        } else {
            Delivery::NotSent
        };
        let unavailable = |message| Error::new(ErrorKind::Unavailable, delivery, message);
        match ended {
            Ended::Answered(error) => error,
            Ended::Lost(error) => {
                if watch.intent() == Intent::Mutation && delivery == Delivery::Unknown {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                }
                let message = format!("the connection to {authority} ended before an answer");
                unavailable(message).with_source(error)
            }
            Ended::Late => {
                unavailable(format!("no answer from {authority} in time")).with_source(Late)
            }
            Ended::Flooded => unavailable(format!(
                "{authority} sent more than {INTERIM_LIMIT} interim replies (HTTP 1xx) and no answer"
            )),
        }
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
        let tls = tls.connect(name, tcp).await;
        let tls = tls.map_err(|error| Unconnected::Refused(problem(&error).unwrap_or(error)))?;
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
    fn into_error(self, authority: &str) -> Error {
        let (message, source) = match self {
            Self::Unresolved(error) => {
                (format!("the name of {authority} cannot be resolved"), error)
            }
            Self::Refused(error) => (format!("no connection to {authority}"), error),
            Self::Late(error) => (format!("no connection to {authority} in time"), error),
        };
        Error::new(ErrorKind::Unavailable, Delivery::NotSent, message).with_source(source)
    }
}

fn translate(
    request: Request,
    url: &Url,
    authority: &str,
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
    let host = HeaderValue::from_str(authority).map_err(|_| unusable())?;
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
        last = match before(Instant::now() + share, connect(*address)).await {
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

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::sync::Mutex;
    use std::task::Poll;

    use rustls::RootCertStore;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn response_body(url: &Url) -> ResponseBodyReader<'_> {
        ResponseBodyReader {
            asked: url,
            authority: "gateway.example",
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

    impl Socket for DuplexStream {
        fn holds_unread(&self) -> bool {
            false
        }
    }

    async fn line(socket: DuplexStream, intent: Intent) -> Line {
        let watch = Watch::new(intent, Instant::now() + MINUTE);
        Line::open(Box::new(socket), watch).await.unwrap()
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
    async fn let_other_tasks_run() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    #[tokio::test]
    async fn a_queued_request_is_written_by_its_caller_only() {
        let (near, mut far) = duplex(4096);
        let url = url();
        let response_body = response_body(&url);
        let mut line = line(near, Intent::Mutation).await;
        let mut exchange = pin!(line.drive(request(10), &response_body));
        let_other_tasks_run().await;
        assert_eq!(drained(&mut far).await, 0, "never polled");
        // Connected, and the request handed over for writing.
        assert!(poll_once(&mut exchange).await.is_none());
        let_other_tasks_run().await;
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
        let response_body = response_body(&url);
        let mut line = line(near, Intent::Mutation).await;
        let mut exchange = pin!(line.drive(request(500), &response_body));
        for _ in 0..10 {
            assert!(poll_once(&mut exchange).await.is_none());
        }
        // Half written, and there is room for more.
        assert_eq!(drained(&mut far).await, 16);
        let_other_tasks_run().await;
        assert_eq!(drained(&mut far).await, 0);
        assert!(poll_once(&mut exchange).await.is_none());
        assert_eq!(drained(&mut far).await, 16, "polled again, it goes on");
    }

    fn connections() -> DedicatedConnection {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        DedicatedConnection::new(Arc::new(tls), MINUTE, MINUTE, MINUTE)
    }

    #[tokio::test]
    async fn only_a_connection_that_ends_after_something_left_counts_as_lost() {
        let connections = connections();
        let url = url();
        let response_body = response_body(&url);
        let failed =
            |ended, line: &Line| connections.failed(ended, line.watch(), "gateway.example");

        let (near, far) = duplex(4096);
        drop(far);
        let mut unused = line(near, Intent::Mutation).await;
        let ended = unused.drive(request(10), &response_body).await.unwrap_err();
        assert_eq!(failed(ended, &unused).delivery(), Delivery::NotSent);
        assert_eq!(connections.lost(), 0);

        for (intent, lost) in [(Intent::Read, 0), (Intent::Mutation, 1)] {
            let (near, mut far) = duplex(16);
            let mut cut = line(near, intent).await;
            let begun = async move {
                far.read_exact(&mut [0; 16]).await.unwrap();
            };
            let (outcome, ()) = tokio::join!(cut.drive(request(500), &response_body), begun);
            let error = failed(outcome.unwrap_err(), &cut);
            assert_eq!(error.delivery(), Delivery::Unknown);
            assert_eq!(connections.lost(), lost);
        }
    }

    #[tokio::test]
    async fn a_reply_that_is_there_before_the_request_is_no_answer_and_nothing_is_sent() {
        let intents = [Intent::Mutation, Intent::Read];
        for (intent, again) in intents.into_iter().flat_map(|it| [(it, false), (it, true)]) {
            let (near, mut far) = duplex(4096);
            let url = url();
            let response_body = response_body(&url);
            let mut line = line(near, intent).await;
            if again {
                line.watch().begin_again(intent, Instant::now() + MINUTE);
            }
            far.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .await
                .unwrap();
            let ended = line.drive(request(10), &response_body).await.unwrap_err();
            assert!(matches!(ended, Ended::Lost(_)), "{ended:?}");
            assert!(!line.watch().has_left());
            drop(line);
            assert_eq!(drained(&mut far).await, 0, "{intent:?}");
        }
    }

    #[tokio::test]
    async fn a_reply_between_two_polls_of_a_request_that_waits_to_leave_is_no_answer() {
        let (near, mut far) = duplex(4096);
        let url = url();
        let response_body = response_body(&url);
        let mut line = line(near, Intent::Mutation).await;
        {
            let mut exchange = pin!(line.drive(request(10), &response_body));
            for _ in 0..2 {
                assert!(poll_once(&mut exchange).await.is_none());
            }
            far.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .await
                .unwrap();
            let outcome = exchange.await;
            assert!(matches!(outcome, Err(Ended::Lost(_))), "{outcome:?}");
        }
        assert!(!line.watch().has_left());
        drop(line);
        assert_eq!(drained(&mut far).await, 0);
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
