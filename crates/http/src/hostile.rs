//! Tests: a far side that floods, dribbles or answers out of turn, over TCP and over TLS.
//!
//! They live in the crate because only it can be told to trust a certificate made for a test.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; clippy only exempts functions marked as tests"
)]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use duka_core::{Delivery, Error, ErrorKind};
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use self::certified::certified;
use crate::{BaseUrl, HttpTransport, Intent, Reply, Request, Transport};

// The other tests of this crate use it, too.
#[path = "../tests/it/certified.rs"]
mod certified;

const SOON: Duration = Duration::from_millis(400);
/// Far more than any test needs on a busy machine.
const AGES: Duration = Duration::from_secs(10);

const INTERIM: &str = "HTTP/1.1 102 Processing\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// One thing the server does once it has read a request.
#[derive(Clone)]
enum Act {
    /// Writes these bytes at once.
    Say(Vec<u8>),
    /// Writes these bytes again and again, with a pause between, until the caller has gone.
    Repeat(Vec<u8>, Duration),
    /// Waits for `Server::go_on`.
    Wait,
    /// Closes the connection.
    Close,
}

impl Act {
    fn say(text: &str) -> Self {
        Self::Say(text.into())
    }

    fn reply(body: &str) -> Self {
        Self::Say(http(body).into())
    }

    fn flood(text: &str) -> Self {
        Self::Repeat(text.repeat(200).into(), Duration::ZERO)
    }

    fn dribble(text: &str) -> Self {
        Self::Repeat(text.into(), Duration::from_millis(40))
    }
}

fn http(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[derive(Default)]
struct Seen {
    /// What is done after each request, whichever connection it comes on.
    acts: Mutex<VecDeque<Vec<Act>>>,
    connections: AtomicUsize,
    /// Connections that the caller has closed.
    left: AtomicUsize,
    go_on: Notify,
    went_on: Notify,
}

struct Server {
    base: BaseUrl,
    trusted: ClientConfig,
    seen: Arc<Seen>,
}

#[derive(Debug, Clone, Copy)]
enum Channel {
    Tcp,
    Tls,
}

const CHANNELS: [Channel; 2] = [Channel::Tcp, Channel::Tls];
const INTENTS: [Intent; 2] = [Intent::Read, Intent::Mutation];

impl Server {
    async fn start(channel: Channel, acts: impl IntoIterator<Item = Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (trusted, acceptor) = certified("localhost");
        let seen = Arc::new(Seen {
            acts: Mutex::new(acts.into_iter().collect()),
            ..Seen::default()
        });
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (seen, acceptor) = (Arc::clone(&shared), acceptor.clone());
                tokio::spawn(async move {
                    match channel {
                        Channel::Tcp => serve(stream, &seen).await,
                        Channel::Tls => match acceptor.accept(stream).await {
                            Ok(stream) => serve(stream, &seen).await,
                            Err(error) => panic!("{error}"),
                        },
                    }
                    seen.left.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        let scheme = match channel {
            Channel::Tcp => "http",
            Channel::Tls => "https",
        };
        let base = BaseUrl::parse(&format!("{scheme}://localhost:{port}")).unwrap();
        Self {
            base,
            trusted,
            seen,
        }
    }

    fn transport(&self, total_timeout: Duration) -> HttpTransport {
        HttpTransport::builder()
            .connect_timeout(AGES)
            .total_timeout(total_timeout)
            .with_tls(self.trusted.clone(), None)
            .unwrap()
    }

    fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Lets the server go on, and returns when it has written what it had to.
    async fn go_on(&self) {
        self.seen.go_on.notify_one();
        self.seen.went_on.notified().await;
    }

    /// Whether the server notices soon that the caller has closed every connection.
    async fn is_left_alone(&self) -> bool {
        let begun = Instant::now();
        while self.seen.left.load(Ordering::SeqCst) < self.connections() {
            if begun.elapsed() > AGES {
                return false;
            }
            sleep(Duration::from_millis(5)).await;
        }
        true
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, seen: &Seen) {
    while read_request(&mut stream).await {
        let acts = seen.acts.lock().unwrap().pop_front();
        let mut waited = false;
        for act in acts.expect("more requests than acts") {
            match act {
                Act::Say(bytes) => {
                    if say(&mut stream, &bytes).await.is_err() {
                        return;
                    }
                    if waited {
                        seen.went_on.notify_one();
                    }
                }
                Act::Repeat(bytes, pause) => {
                    while say(&mut stream, &bytes).await.is_ok() {
                        sleep(pause).await;
                    }
                    return;
                }
                Act::Wait => {
                    seen.go_on.notified().await;
                    waited = true;
                }
                Act::Close => return,
            }
        }
    }
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

/// Reads one request whose body is `{}` or empty; false when the other side has closed.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while !(text.ends_with(b"\r\n\r\n") || text.ends_with(b"{}")) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return false,
            Ok(more) => text.extend_from_slice(&buffer[..more]),
        }
    }
    true
}

async fn ask(transport: &HttpTransport, base: &BaseUrl, intent: Intent) -> Result<Reply, Error> {
    let request = match intent {
        Intent::Read => Request::get(base.join("/status")),
        Intent::Mutation => Request::post_json(base.join("/cancel"), b"{}".to_vec()),
    };
    transport.exchange(request, intent).await
}

/// Asks on a task of its own, so that an exchange that never ends is noticed, and says how long it took.
async fn ask_timed(
    transport: HttpTransport,
    base: &BaseUrl,
    intent: Intent,
) -> (Result<Reply, Error>, Duration) {
    let base = base.clone();
    let begun = Instant::now();
    let asked = tokio::spawn(async move { ask(&transport, &base, intent).await });
    let stop = asked.abort_handle();
    let outcome = timeout(AGES, asked).await;
    stop.abort();
    let outcome = outcome.expect("the deadline does not hold").unwrap();
    (outcome, begun.elapsed())
}

fn what_never_ends() -> Vec<(&'static str, Vec<Act>, Delivery)> {
    let chunk = |size: &str| format!("{CHUNKED}{size}");
    vec![
        (
            "slow interim replies",
            vec![Act::Repeat(INTERIM.into(), Duration::from_millis(100))],
            Delivery::Unknown,
        ),
        (
            "a head byte by byte",
            vec![Act::say("HTTP/1.1 200 O"), Act::dribble("K")],
            Delivery::Unknown,
        ),
        (
            "a header byte by byte",
            vec![Act::say("HTTP/1.1 200 OK\r\nX-A: "), Act::dribble("a")],
            Delivery::Unknown,
        ),
        (
            "headers",
            vec![Act::say("HTTP/1.1 200 OK\r\n"), Act::flood("X-A: a\r\n")],
            Delivery::Unknown,
        ),
        ("empty lines", vec![Act::flood("\r\n")], Delivery::Unknown),
        (
            "a chunk's size",
            vec![Act::say(CHUNKED), Act::flood("0000000000")],
            Delivery::Answered,
        ),
        (
            "a slow chunk's size",
            vec![Act::say(CHUNKED), Act::dribble("0")],
            Delivery::Answered,
        ),
        (
            "a chunk's extension",
            vec![Act::Say(chunk("5;a=").into()), Act::flood("aaaaaaaaaa")],
            Delivery::Answered,
        ),
        (
            "trailers",
            vec![Act::Say(chunk("0\r\n").into()), Act::flood("X-A: a\r\n")],
            Delivery::Answered,
        ),
        (
            "slow trailers",
            vec![Act::Say(chunk("0\r\n").into()), Act::dribble("X-A: a\r\n")],
            Delivery::Answered,
        ),
        (
            "a body",
            vec![
                Act::say("HTTP/1.1 200 OK\r\n\r\n"),
                Act::flood("aaaaaaaaaa"),
            ],
            Delivery::Answered,
        ),
        (
            "a slow body",
            vec![Act::say("HTTP/1.1 200 OK\r\n\r\n"), Act::dribble("a")],
            Delivery::Answered,
        ),
        (
            "slow chunks",
            vec![Act::say(CHUNKED), Act::dribble("1\r\na\r\n")],
            Delivery::Answered,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deadline_holds_whatever_arrives_and_the_connection_is_closed_then() {
    for channel in CHANNELS {
        for intent in INTENTS {
            let mut cases = JoinSet::new();
            for (name, acts, delivery) in what_never_ends() {
                cases.spawn(async move {
                    let server = Server::start(channel, [acts]).await;
                    let transport = server.transport(SOON);
                    let (outcome, took) = ask_timed(transport, &server.base, intent).await;
                    let place =
                        format!("{name}, {channel:?}, {intent:?}: {outcome:?} after {took:?}");
                    let error = outcome.expect_err(&place);
                    assert_eq!(error.delivery(), delivery, "{place}");
                    assert!(took < SOON * 5, "{place}");
                    assert!(server.is_left_alone().await, "{place}");
                });
            }
            cases.join_all().await;
        }
    }
}

/// A server that never gets as far as TLS.
async fn floods_the_handshake(record: &'static [u8]) -> BaseUrl {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let records = record.repeat(200);
        while stream.write_all(&records).await.is_ok() {}
    });
    BaseUrl::parse(&format!("https://localhost:{port}")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flooded_handshake_ends_in_the_time_to_connect_and_nothing_was_sent() {
    let records: [&[u8]; 3] = [
        // A change of cipher, a warning, and the first byte of a message that never ends.
        &[20, 3, 3, 0, 1, 1],
        &[21, 3, 3, 0, 2, 1, 0],
        &[22, 3, 3, 0, 1, 2],
    ];
    for record in records {
        for intent in INTENTS {
            let base = floods_the_handshake(record).await;
            let transport = HttpTransport::builder()
                .connect_timeout(SOON)
                .with_tls(certified("localhost").0, None)
                .unwrap();
            let (outcome, took) = ask_timed(transport, &base, intent).await;
            let place = format!("{record:?}, {intent:?}: {outcome:?} after {took:?}");
            let error = outcome.expect_err(&place);
            assert_eq!(error.delivery(), Delivery::NotSent, "{place}");
            assert!(took < SOON * 5, "{place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interim_replies_without_end_are_cut_off_at_their_limit_and_leave_it_unknown() {
    for channel in CHANNELS {
        for intent in INTENTS {
            let server = Server::start(channel, [vec![Act::flood(INTERIM)]]).await;
            let transport = server.transport(AGES * 10);
            let (outcome, took) = ask_timed(transport, &server.base, intent).await;
            let place = format!("{channel:?}, {intent:?}: {outcome:?} after {took:?}");
            let error = outcome.expect_err(&place);
            let found = (error.kind(), error.delivery());
            assert_eq!(
                found,
                (ErrorKind::Unavailable, Delivery::Unknown),
                "{place}"
            );
            assert!(error.to_string().contains("interim replies"), "{place}");
            assert!(server.is_left_alone().await, "{place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_interim_replies_are_skipped_and_one_more_is_too_many() {
    for channel in CHANNELS {
        for intent in INTENTS {
            for (count, good) in [(1, true), (16, true), (17, false)] {
                let text = format!("{}{}", INTERIM.repeat(count), http("done"));
                let server = Server::start(channel, [vec![Act::say(&text)]]).await;
                let transport = server.transport(AGES);
                let outcome = ask(&transport, &server.base, intent).await;
                let place = format!("{count}, {channel:?}, {intent:?}: {outcome:?}");
                match outcome {
                    Ok(reply) => assert!(good && reply.body == b"done", "{place}"),
                    Err(error) => {
                        assert!(!good && error.delivery() == Delivery::Unknown, "{place}");
                    }
                }
            }
        }
    }
}

// The caller has a runtime of its own, whose one thread is busy while the stray reply comes:
// the runtime has not heard of it when the second read begins.
#[test]
fn a_whole_reply_that_arrived_on_an_idle_connection_answers_no_later_read() {
    let theirs = tokio::runtime::Runtime::new().unwrap();
    let ours = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for channel in CHANNELS {
        for rests in [Duration::ZERO, Duration::from_millis(30)] {
            for _ in 0..25 {
                let stray = vec![Act::reply("one"), Act::Wait, Act::reply("stray")];
                let acts = [stray, vec![Act::reply("two")]];
                let server = theirs.block_on(Server::start(channel, acts));
                let transport = server.transport(AGES);
                let read = || ask(&transport, &server.base, Intent::Read);
                let second = ours.block_on(async {
                    assert_eq!(read().await.unwrap().body, b"one");
                    std::thread::scope(|scope| {
                        scope.spawn(|| theirs.block_on(server.go_on()));
                    });
                    if !rests.is_zero() {
                        sleep(rests).await;
                    }
                    read().await.unwrap()
                });
                assert_eq!(second.body, b"two", "{channel:?}, rests {rests:?}");
                assert_eq!(server.connections(), 2);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_with_bytes_behind_it_is_the_last_on_its_connection() {
    for channel in CHANNELS {
        for behind in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray",
            "HTTP/1.1 2",
            "\r\n",
            "x",
        ] {
            let glued = Act::Say(format!("{}{behind}", http("one")).into());
            let server = Server::start(channel, [vec![glued], vec![Act::reply("two")]]).await;
            let transport = server.transport(AGES);
            for expected in ["one", "two"] {
                let reply = ask(&transport, &server.base, Intent::Read).await.unwrap();
                assert_eq!(reply.body, expected.as_bytes(), "{channel:?} {behind:?}");
            }
            assert_eq!(server.connections(), 2);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_connection_used_before_a_reply_with_another_behind_it_is_not_believed() {
    for channel in CHANNELS {
        let late = Act::Say(format!("{}{}", http("stray"), http("two")).into());
        let server = Server::start(channel, [vec![Act::reply("one")], vec![late]]).await;
        let transport = server.transport(AGES);
        ask(&transport, &server.base, Intent::Read).await.unwrap();
        let outcome = ask(&transport, &server.base, Intent::Read).await;
        assert_eq!(
            server.connections(),
            1,
            "the second read used the first's connection"
        );
        let error = outcome.expect_err("whose reply it was cannot be known");
        assert_eq!(error.kind(), ErrorKind::UnreadableReply);
        assert_eq!(error.delivery(), Delivery::Answered);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_ended_while_idle_is_replaced_without_a_failure() {
    for channel in CHANNELS {
        let ended = vec![Act::reply("one"), Act::Wait, Act::Close];
        let server = Server::start(channel, [ended, vec![Act::reply("two")]]).await;
        let transport = server.transport(AGES);
        ask(&transport, &server.base, Intent::Read).await.unwrap();
        server.seen.go_on.notify_one();
        assert!(server.is_left_alone().await);
        let reply = ask(&transport, &server.base, Intent::Read).await.unwrap();
        assert_eq!(reply.body, b"two");
        assert_eq!(server.connections(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_go_well_share_a_connection() {
    for channel in CHANNELS {
        let server = Server::start(channel, (0..50).map(|_| vec![Act::reply("ok")])).await;
        let transport = server.transport(AGES);
        for _ in 0..50 {
            ask(&transport, &server.base, Intent::Read).await.unwrap();
        }
        assert_eq!(server.connections(), 1, "{channel:?}");
    }
}

/// What a gateway does with a connection once it has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterReply {
    Keeps,
    Closes,
    SaysAndCloses,
    ClosesAfter(Duration),
    /// On every third.
    ClosesNowAndThen,
    AnswersTwice,
    AnswersAgainAfter(Duration),
    /// It goes on reading.
    HalfCloses,
}

/// Answers each request with its path, and counts the connections.
async fn answers_and(after: AfterReply, channel: Channel) -> (BaseUrl, ClientConfig, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (trusted, acceptor) = certified("localhost");
    let seen = Arc::new(Seen::default());
    let counted = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            counted.connections.fetch_add(1, Ordering::SeqCst);
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                match channel {
                    Channel::Tcp => answer_and(after, stream).await,
                    Channel::Tls => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            answer_and(after, stream).await;
                        }
                    }
                }
            });
        }
    });
    let scheme = match channel {
        Channel::Tcp => "http",
        Channel::Tls => "https",
    };
    let base = BaseUrl::parse(&format!("{scheme}://localhost:{port}")).unwrap();
    (base, trusted, seen)
}

async fn answer_and(after: AfterReply, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut count = 0;
    loop {
        let patience = if let (AfterReply::ClosesAfter(idle), 1..) = (after, count) {
            idle
        } else {
            AGES
        };
        let Ok(Some(path)) = timeout(patience, path_of_request(&mut stream)).await else {
            return;
        };
        count += 1;
        let body = http(&path);
        let (bytes, goes_on) = match after {
            AfterReply::Keeps | AfterReply::ClosesAfter(_) | AfterReply::AnswersAgainAfter(_) => {
                (body, true)
            }
            AfterReply::Closes | AfterReply::HalfCloses => (body, false),
            AfterReply::SaysAndCloses => {
                let close = "\r\nConnection: close\r\n\r\n";
                (body.replacen("\r\n\r\n", close, 1), false)
            }
            AfterReply::ClosesNowAndThen => (body, count < 3),
            AfterReply::AnswersTwice => (body.repeat(2), true),
        };
        if say(&mut stream, bytes.as_bytes()).await.is_err() {
            return;
        }
        if let AfterReply::AnswersAgainAfter(pause) = after {
            sleep(pause).await;
            if say(&mut stream, http(&path).as_bytes()).await.is_err() {
                return;
            }
        }
        if after == AfterReply::HalfCloses {
            stream.shutdown().await.unwrap_or_default();
            while path_of_request(&mut stream).await.is_some() {}
        }
        if !goes_on {
            return;
        }
    }
}

/// Reads one request whose body is `{}` or empty, and returns its path.
async fn path_of_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while !(text.ends_with(b"\r\n\r\n") || text.ends_with(b"{}"))
        || (text.starts_with(b"POST") && !text.ends_with(b"{}"))
    {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(more) => text.extend_from_slice(&buffer[..more]),
        }
    }
    let text = String::from_utf8(text).unwrap();
    Some(text.split(' ').nth(1).unwrap().to_owned())
}

/// How many orders the test below cancels at each gateway. `DUKA_HTTP_ROUNDS` sets another
/// number.
const ROUNDS: u32 = 150;

fn rounds() -> u32 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a longer run is asked for by the environment"
    )]
    let asked = std::env::var("DUKA_HTTP_ROUNDS");
    asked.map_or(ROUNDS, |text| text.parse().unwrap())
}

/// A status, a pause in which the intent is stored, the cancel, and a status that verifies it.
/// Every request has a path of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cancel_is_in_doubt_or_misread_however_a_gateway_ends_its_connections() {
    let rounds = rounds();
    let (soon, later) = (Duration::from_millis(2), Duration::from_millis(20));
    let cases = [
        (AfterReply::Keeps, 12),
        (AfterReply::Closes, 3 * rounds),
        (AfterReply::SaysAndCloses, 3 * rounds),
        (AfterReply::ClosesAfter(later), 3 * rounds),
        (AfterReply::ClosesNowAndThen, 3 * rounds),
        (AfterReply::AnswersTwice, 3 * rounds),
        (AfterReply::AnswersAgainAfter(soon), 3 * rounds),
        (AfterReply::HalfCloses, 3 * rounds),
    ];
    for channel in CHANNELS {
        for (after, at_most) in cases {
            let (base, trusted, seen) = answers_and(after, channel).await;
            let transport = HttpTransport::builder()
                .total_timeout(AGES)
                .with_tls(trusted, None)
                .unwrap();
            for round in 0..rounds {
                let place = format!("{after:?}, {channel:?}, round {round}");
                let status = format!("/status/{round}/before");
                read_until_answered(&transport, &base, &status).await;
                if round % 2 == 0 {
                    sleep(Duration::from_micros(u64::from(round % 7) * 500)).await;
                }
                let path = format!("/cancel/{round}");
                let request = Request::post_json(base.join(&path), b"{}".to_vec());
                let reply = transport.exchange(request, Intent::Mutation).await;
                let reply = reply.unwrap_or_else(|error| panic!("{place}: {error:?}"));
                assert_eq!(reply.body, path.as_bytes(), "{place}");
                let status = format!("/status/{round}/after");
                read_until_answered(&transport, &base, &status).await;
            }
            let made = seen.connections.load(Ordering::SeqCst);
            println!("{after:?}, {channel:?}: {made} connections for {rounds} orders");
            assert!(made <= at_most as usize, "{after:?}, {channel:?}: {made}");
            assert_eq!(transport.lost_mutations(), 0, "{after:?}, {channel:?}");
        }
    }
}

/// A read is repeated, as by the policy of every adapter, also if the answer names another order.
async fn read_until_answered(transport: &HttpTransport, base: &BaseUrl, path: &str) {
    for _ in 0..5 {
        let request = Request::get(base.join(path));
        let reply = transport.exchange(request, Intent::Read).await;
        if reply.is_ok_and(|reply| reply.body == path.as_bytes()) {
            return;
        }
    }
    panic!("{path}: no answer to five reads");
}
