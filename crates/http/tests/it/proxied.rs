//! `ReqwestTransport`: through a proxy, with a client of the caller's, and what it has switched
//! off.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duka_core::{Delivery, Error, ErrorKind};
use duka_http::{BaseUrl, Intent, ProxyUrl, Reply, Request, ReqwestTransport, Transport};
use rustls::ClientConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::certified::certified;
use crate::server::{Act, Server, http};

const SOON: Duration = Duration::from_millis(400);
/// A name that only the proxy can resolve.
const GATEWAY: &str = "gateway.invalid";

/// What the proxy does with a `CONNECT`.
#[derive(Clone, Copy)]
enum Answer {
    /// Connects to this port of the machine.
    Tunnel(u16),
    Refuse(u16),
    Silence,
}

/// An HTTP proxy on loopback.
struct Proxy {
    port: u16,
    /// The heads of all requests.
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let head = head_of(&mut client).await;
                seen.lock().unwrap().push(head);
                tokio::spawn(async move {
                    match answer {
                        Answer::Tunnel(port) => {
                            let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                            let _ = copy_bidirectional(&mut client, &mut far).await;
                        }
                        Answer::Refuse(status) => {
                            client.write_all(&http(status, "", "")).await.unwrap();
                        }
                        Answer::Silence => std::future::pending().await,
                    }
                });
            }
        });
        Self { port, heads }
    }

    fn url(&self, credentials: &str) -> ProxyUrl {
        ProxyUrl::parse(&format!("http://{credentials}127.0.0.1:{}", self.port)).unwrap()
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Speaks TLS in front of a server, under the name of the gateway; returns its port, and what a
/// client needs to trust it.
async fn tls_in_front_of(server: &Server) -> (u16, ClientConfig) {
    let (client, acceptor) = certified(GATEWAY);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let behind = server.port;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await.unwrap();
                let mut far = TcpStream::connect(("127.0.0.1", behind)).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut far).await;
            });
        }
    });
    (port, client)
}

fn gateway() -> BaseUrl {
    BaseUrl::parse(&format!("https://{GATEWAY}")).unwrap()
}

async fn cancel(transport: &ReqwestTransport, base: &BaseUrl) -> Result<Reply, Error> {
    let request = Request::post_json(base.join("/cancel"), b"{}".to_vec())
        .secret_header("Authorization", "Bearer t0k3n".into());
    transport.exchange(request, Intent::Mutation).await
}

async fn read(transport: &ReqwestTransport, base: &BaseUrl) -> Result<Reply, Error> {
    let request = Request::get(base.join("/status?id=1"));
    transport.exchange(request, Intent::Read).await
}

fn everything_in(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(" {inner} {inner:?}"));
        cause = inner.source();
    }
    text
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel_and_sees_nothing_of_the_request() {
    let server = Server::start([Act::reply(200, "", "one"), Act::reply(200, "", "two")]).await;
    let (port, tls) = tls_in_front_of(&server).await;
    let proxy = Proxy::start(Answer::Tunnel(port)).await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_backend_preconfigured(tls);
    let transport = ReqwestTransport::builder()
        .client(client)
        .proxy(proxy.url("shop:p%40ss-w0rd@"))
        .build()
        .unwrap();
    assert_eq!(cancel(&transport, &gateway()).await.unwrap().body, b"one");
    assert_eq!(read(&transport, &gateway()).await.unwrap().body, b"two");
    let heads = proxy.heads();
    assert_eq!(heads.len(), 2, "a connection each: {heads:?}");
    for head in heads {
        assert!(
            head.starts_with("CONNECT gateway.invalid:443 HTTP/1.1\r\n"),
            "{head}"
        );
        // The base64 of `shop:p@ss-w0rd`.
        assert!(head.contains(": Basic c2hvcDpwQHNzLXcwcmQ=\r\n"), "{head}");
        assert!(
            !head.contains("t0k3n") && !head.contains("/cancel"),
            "{head}"
        );
    }
    let requests = server.requests();
    assert!(
        requests[0].starts_with("POST /cancel HTTP/1.1\r\n"),
        "{requests:?}"
    );
    assert!(
        !requests[0].to_lowercase().contains("proxy-"),
        "{requests:?}"
    );
}

#[tokio::test]
async fn a_proxy_that_opens_no_tunnel_proves_that_nothing_was_sent() {
    for status in [403, 407, 502] {
        let proxy = Proxy::start(Answer::Refuse(status)).await;
        let transport = ReqwestTransport::builder()
            .proxy(proxy.url("shop:p4ssw0rd@"))
            .build()
            .unwrap();
        let error = cancel(&transport, &gateway()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Unavailable, Delivery::NotSent)
        );
        assert!(
            error
                .to_string()
                .contains("no connection to gateway.invalid"),
            "{error}"
        );
        let text = format!("{} {transport:?}", everything_in(&error));
        assert!(
            !text.contains("p4ssw0rd") && !text.contains("t0k3n"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_proxy_that_says_nothing_runs_out_of_the_time_to_connect() {
    let proxy = Proxy::start(Answer::Silence).await;
    let transport = ReqwestTransport::builder()
        .proxy(proxy.url(""))
        .connect_timeout(SOON)
        .build()
        .unwrap();
    let error = cancel(&transport, &gateway()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(error.to_string().contains("in time"), "{error}");
}

#[tokio::test]
async fn this_machine_is_reached_without_the_proxy() {
    let server = Server::start([Act::reply(200, "", "ok"), Act::reply(200, "", "ok")]).await;
    let proxy = Proxy::start(Answer::Refuse(502)).await;
    let transport = ReqwestTransport::builder()
        .proxy(proxy.url(""))
        .build()
        .unwrap();
    let localhost = BaseUrl::parse(&format!("http://localhost:{}", server.port)).unwrap();
    for base in [server.base(), localhost] {
        assert_eq!(cancel(&transport, &base).await.unwrap().status, 200);
    }
    // Over TLS, too: there is no server, and the proxy does not hear of it.
    let https = BaseUrl::parse("https://127.0.0.1:1").unwrap();
    assert!(cancel(&transport, &https).await.is_err());
    assert_eq!(proxy.heads(), [""; 0]);
}

#[tokio::test]
async fn a_clients_own_settings_bring_back_no_redirect_and_no_pool() {
    let elsewhere = Server::start([]).await;
    let location = format!("Location: {}elsewhere\r\n", elsewhere.base());
    let server = Server::start([
        Act::reply(307, &location, ""),
        Act::reply(200, "", "ok"),
        Act::reply(200, "", "ok"),
    ])
    .await;
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::limited(5))
        .pool_max_idle_per_host(10)
        .tls_backend_preconfigured(tls_in_front_of(&server).await.1);
    let transport = ReqwestTransport::builder().client(client).build().unwrap();
    assert_eq!(
        cancel(&transport, &server.base()).await.unwrap().status,
        307
    );
    for _ in 0..2 {
        assert_eq!(read(&transport, &server.base()).await.unwrap().status, 200);
    }
    assert_eq!((server.connections(), elsewhere.connections()), (3, 0));
}

#[tokio::test]
async fn a_reply_behind_another_answers_no_later_read() {
    let two = [http(200, "", "one"), http(200, "", "stray")].concat();
    let server = Server::start([Act::Say(two), Act::reply(200, "", "two")]).await;
    let transport = ReqwestTransport::builder().build().unwrap();
    assert_eq!(read(&transport, &server.base()).await.unwrap().body, b"one");
    assert_eq!(read(&transport, &server.base()).await.unwrap().body, b"two");
}

#[tokio::test]
async fn a_lost_connection_and_a_late_reply_leave_it_unknown() {
    let transport = ReqwestTransport::builder()
        .total_timeout(SOON)
        .build()
        .unwrap();
    for (act, text) in [
        (Act::CloseAfterRequest, "ended before an answer"),
        (Act::Silence, "no answer from 127.0.0.1"),
    ] {
        let server = Server::start([act]).await;
        let error = cancel(&transport, &server.base()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Unavailable, Delivery::Unknown)
        );
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(server.requests().len(), 1, "sent once");
    }
}

#[tokio::test]
async fn interim_replies_without_end_do_not_outlast_the_timeout() {
    let interim = b"HTTP/1.1 102 Processing\r\n\r\n".to_vec();
    let server = Server::start([Act::SayForever(Vec::new(), interim)]).await;
    let transport = ReqwestTransport::builder()
        .total_timeout(SOON)
        .build()
        .unwrap();
    let base = server.base();
    let outcome = tokio::time::timeout(Duration::from_secs(10), cancel(&transport, &base)).await;
    let error = outcome.expect("the timeout did not come").unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
}

#[test]
fn the_address_of_a_proxy_is_checked_and_never_shows_its_password() {
    let proxy: ProxyUrl = "https://shop:p4ssw0rd@proxy.example:8443/".parse().unwrap();
    assert_eq!(proxy.to_string(), "https://proxy.example:8443");
    assert!(!format!("{proxy:?}").contains("p4ssw0rd"));
    for (address, problem) in [
        (
            "socks5://shop:p4ssw0rd@proxy.example",
            "does not begin with http:// or https://",
        ),
        (
            "shop:p4ssw0rd@proxy.example:3128",
            "does not begin with http:// or https://",
        ),
        ("http://shop:p4ssw0rd@", "is unusable: empty host"),
        ("proxy.example", "is unusable: relative URL without a base"),
        (
            "http://shop:p4ssw0rd@proxy.example/p4ssw0rd",
            "has more behind the host and port",
        ),
        (
            "http://proxy.example?p4ssw0rd",
            "has more behind the host and port",
        ),
    ] {
        let error = ProxyUrl::parse(address).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!(
            error.to_string(),
            format!("wrong configuration: the proxy's address {problem}")
        );
    }
}
