//! What each transport makes of every way an exchange can go wrong.

use std::time::Duration;

use duka_core::{Delivery, Error, ErrorKind};
use duka_http::{BaseUrl, HttpTransport, Intent, Reply, Request, ReqwestTransport, Transport};
use tokio::net::TcpListener;

use crate::server::{Act, Server, http};

/// Long enough for loopback on a busy machine, short enough for a test.
const SOON: Duration = Duration::from_millis(400);

fn transport() -> HttpTransport {
    HttpTransport::builder()
        .connect_timeout(Duration::from_secs(2))
        .total_timeout(Duration::from_secs(4))
        .body_cap(1024)
        .build()
        .unwrap()
}

/// One of each, with these times to connect and in all.
fn both_within(connect: Duration, total: Duration) -> [Box<dyn Transport>; 2] {
    let http = HttpTransport::builder()
        .connect_timeout(connect)
        .total_timeout(total)
        .body_cap(1024);
    let reqwest = ReqwestTransport::builder()
        .connect_timeout(connect)
        .total_timeout(total)
        .body_cap(1024);
    [
        Box::new(http.build().unwrap()),
        Box::new(reqwest.build().unwrap()),
    ]
}

fn both() -> [Box<dyn Transport>; 2] {
    both_within(Duration::from_secs(2), Duration::from_secs(4))
}

fn hasty() -> [Box<dyn Transport>; 2] {
    both_within(SOON, SOON)
}

async fn read(transport: &dyn Transport, base: &BaseUrl) -> Result<Reply, Error> {
    let request = Request::get(base.join("/status"));
    transport.exchange(request, Intent::Read).await
}

async fn mutate(transport: &dyn Transport, base: &BaseUrl) -> Result<Reply, Error> {
    let request = Request::post_json(base.join("/cancel"), b"{}".to_vec());
    transport.exchange(request, Intent::Mutation).await
}

#[track_caller]
fn assert_error(outcome: &Result<Reply, Error>, kind: ErrorKind, delivery: Delivery, text: &str) {
    let error = outcome.as_ref().expect_err("there should be no reply");
    assert_eq!(
        (error.kind(), error.delivery()),
        (kind, delivery),
        "{error}"
    );
    assert!(error.to_string().contains(text), "{error}");
}

#[tokio::test]
async fn the_bytes_sent_are_the_bytes_given() {
    for transport in both() {
        let server = Server::start([Act::reply(200, "Content-Type: text/plain\r\n", "ok")]).await;
        let body = br#"{"b":1,"a":"\u00e9/"}"#.to_vec();
        let request = Request::post_json(server.base().join("/x"), body.clone())
            .header("Accept", "application/json")
            .header("X-TIMESTAMP", "1778659835")
            .secret_header("X-API-KEY", "pk_test_1".into());
        let reply = transport.exchange(request, Intent::Mutation).await.unwrap();
        assert_eq!(
            (reply.status, reply.body.as_slice()),
            (200, b"ok".as_slice())
        );
        assert_eq!(reply.content_type.as_deref(), Some("text/plain"));

        let requests = server.requests();
        let (head, sent) = requests[0].split_once("\r\n\r\n").unwrap();
        assert_eq!(sent.as_bytes(), body);
        let mut lines: Vec<_> = head.lines().map(str::to_lowercase).collect();
        lines.sort();
        let host = format!("host: 127.0.0.1:{}", server.port);
        let agent = format!("user-agent: duka/{}", env!("CARGO_PKG_VERSION"));
        assert_eq!(
            lines,
            [
                "accept: application/json",
                "content-length: 21",
                "content-type: application/json",
                host.as_str(),
                "post /x http/1.1",
                agent.as_str(),
                "x-api-key: pk_test_1",
                "x-timestamp: 1778659835",
            ]
        );
    }
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let base = BaseUrl::parse(&format!("http://127.0.0.1:{port}")).unwrap();
    let transport = transport();
    let outcome = mutate(&transport, &base).await;
    let text = format!("no connection to 127.0.0.1:{port}");
    assert_error(&outcome, ErrorKind::Unavailable, Delivery::NotSent, &text);
    assert_eq!(transport.lost_mutations(), 0);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_proves_that_nothing_was_sent() {
    for transport in both() {
        let base = BaseUrl::parse("https://gateway.invalid").unwrap();
        let outcome = mutate(&*transport, &base).await;
        let text = "gateway.invalid";
        assert_error(&outcome, ErrorKind::Unavailable, Delivery::NotSent, text);
    }
}

#[tokio::test]
async fn a_failed_tls_handshake_proves_that_nothing_was_sent() {
    for transport in both() {
        // A plain HTTP server, as behind a wrong port: its answer to the hello is not TLS.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            use tokio::io::AsyncWriteExt;
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad\r\n\r\n").await.unwrap();
            tokio::time::sleep(Duration::from_secs(5)).await;
        });
        let base = BaseUrl::parse(&format!("https://127.0.0.1:{port}")).unwrap();
        let outcome = mutate(&*transport, &base).await;
        assert_error(
            &outcome,
            ErrorKind::Unavailable,
            Delivery::NotSent,
            "no connection",
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_tls_is_said_in_words() {
    for transport in both() {
        for (name, said) in [
            // Made for the test, and trusted by no machine.
            (
                "localhost",
                "from an issuer that this machine does not trust",
            ),
            ("elsewhere.example", "its certificate"),
            ("", "what answers there is not TLS; is the port right?"),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let acceptor = (!name.is_empty()).then(|| crate::certified::certified(name).1);
            tokio::spawn(async move {
                use tokio::io::AsyncWriteExt;
                let (mut stream, _) = listener.accept().await.unwrap();
                match acceptor {
                    Some(acceptor) => drop(acceptor.accept(stream).await),
                    None => {
                        stream.write_all(b"HTTP/1.1 400 Bad\r\n\r\n").await.unwrap();
                        tokio::time::sleep(Duration::from_secs(5)).await;
                    }
                }
            });
            let base = BaseUrl::parse(&format!("https://localhost:{port}")).unwrap();
            let error = read(&*transport, &base).await.unwrap_err();
            let text = error.in_full().to_string();
            assert!(text.contains(said), "{name}: {text}");
            assert!(!text.contains("Other") && !text.contains('('), "{text}");
        }
    }
}

#[tokio::test]
async fn a_tls_handshake_that_never_ends_runs_out_of_the_time_to_connect() {
    for transport in both_within(SOON, Duration::from_secs(30)) {
        // The kernel accepts, and the hello is never answered.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let base = BaseUrl::parse(&format!("https://127.0.0.1:{port}")).unwrap();
        let outcome = mutate(&*transport, &base).await;
        let text = "no connection to 127.0.0.1";
        assert_error(&outcome, ErrorKind::Unavailable, Delivery::NotSent, text);
        assert!(outcome.unwrap_err().to_string().contains("in time"));
    }
}

#[tokio::test]
async fn a_connection_closed_before_reading_is_never_an_answer() {
    let server = Server::start([Act::CloseAtOnce]).await;
    let transport = transport();
    let outcome = mutate(&transport, &server.base()).await;
    // Whether a byte left before the end was noticed is up to the scheduler; what is said
    // of it is not.
    let delivery = outcome.as_ref().unwrap_err().delivery();
    assert_ne!(delivery, Delivery::Answered);
    let text = "ended before an answer";
    assert_error(&outcome, ErrorKind::Unavailable, delivery, text);
    assert_eq!(server.connections(), 1);
    let lost = u64::from(delivery == Delivery::Unknown);
    assert_eq!(transport.lost_mutations(), lost, "{delivery:?}");
}

#[tokio::test]
async fn a_time_without_end_is_no_overflow() {
    let server = Server::start([Act::reply(200, "", "ok"), Act::reply(200, "", "ok")]).await;
    let transport = HttpTransport::builder()
        .connect_timeout(Duration::MAX)
        .total_timeout(Duration::MAX)
        .build()
        .unwrap();
    assert_eq!(
        mutate(&transport, &server.base()).await.unwrap().status,
        200
    );
    assert_eq!(read(&transport, &server.base()).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_connection_closed_after_the_request_leaves_it_unknown() {
    let server = Server::start([Act::CloseAfterRequest, Act::CloseAfterRequest]).await;
    let transport = transport();
    let text = "ended before an answer";
    let outcome = mutate(&transport, &server.base()).await;
    assert_error(&outcome, ErrorKind::Unavailable, Delivery::Unknown, text);
    let outcome = read(&transport, &server.base()).await;
    assert_error(&outcome, ErrorKind::Unavailable, Delivery::Unknown, text);
    assert_eq!(server.requests().len(), 2);
    assert_eq!(transport.lost_mutations(), 1, "the read does not count");
}

#[tokio::test]
async fn a_reply_that_does_not_come_in_time_leaves_it_unknown() {
    let server = Server::start([Act::Silence]).await;
    let transport = HttpTransport::builder()
        .total_timeout(SOON)
        .build()
        .unwrap();
    let outcome = mutate(&transport, &server.base()).await;
    let text = "no answer from 127.0.0.1";
    assert_error(&outcome, ErrorKind::Unavailable, Delivery::Unknown, text);
    assert_eq!(server.requests().len(), 1);
    assert_eq!(
        transport.lost_mutations(),
        0,
        "a timeout is not a lost connection"
    );
}

#[tokio::test]
async fn half_a_body_is_an_unreadable_answer() {
    for transport in both() {
        let mut half = http(200, "", r#"{"status":"success"}"#);
        half.truncate(half.len() - 5);
        let server = Server::start([Act::SayAndClose(half)]).await;
        let outcome = mutate(&*transport, &server.base()).await;
        assert_error(
            &outcome,
            ErrorKind::UnreadableReply,
            Delivery::Answered,
            "was cut off",
        );
        assert_eq!(outcome.unwrap_err().http_status(), Some(200));
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_an_unreadable_answer() {
    for transport in hasty() {
        let mut half = http(200, "", r#"{"status":"success"}"#);
        half.truncate(half.len() - 5);
        let server = Server::start([Act::Say(half), Act::Silence]).await;
        let outcome = mutate(&*transport, &server.base()).await;
        let text = "did not end in time";
        assert_error(
            &outcome,
            ErrorKind::UnreadableReply,
            Delivery::Answered,
            text,
        );
    }
}

#[tokio::test]
async fn a_body_announced_as_too_long_is_not_read() {
    for transport in both() {
        // The head alone is sent: an error proves that ten megabytes were not waited for.
        let head = b"HTTP/1.1 200 X\r\nContent-Length: 10000000\r\n\r\n".to_vec();
        let server = Server::start([Act::Say(head)]).await;
        let outcome = read(&*transport, &server.base()).await;
        let text = "longer than 1024 bytes";
        assert_error(
            &outcome,
            ErrorKind::UnreadableReply,
            Delivery::Answered,
            text,
        );
    }
}

#[tokio::test]
async fn a_body_of_no_announced_length_is_read_up_to_the_cap() {
    for transport in both() {
        let close = b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n".to_vec();
        let chunked = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        let chunk = [b"1000\r\n".to_vec(), vec![b'x'; 4096], b"\r\n".to_vec()].concat();
        for (head, chunk) in [(close, vec![b'x'; 4096]), (chunked, chunk)] {
            let server = Server::start([Act::SayForever(head, chunk)]).await;
            let outcome = read(&*transport, &server.base()).await;
            let text = "longer than 1024 bytes";
            assert_error(
                &outcome,
                ErrorKind::UnreadableReply,
                Delivery::Answered,
                text,
            );
        }
    }
}

#[tokio::test]
async fn a_body_as_long_as_the_cap_is_read() {
    for transport in both() {
        let body = "x".repeat(1024);
        let server = Server::start([Act::reply(200, "", &body)]).await;
        let reply = read(&*transport, &server.base()).await.unwrap();
        assert_eq!(reply.body.len(), 1024);
    }
}

#[tokio::test]
async fn a_redirect_is_a_reply_and_is_not_followed() {
    for transport in both() {
        let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = elsewhere.local_addr().unwrap().port();
        for status in [301, 302, 307, 308] {
            let location = format!("Location: http://localhost:{port}/cancel?token=t0p\r\n");
            let server = Server::start([Act::reply(status, &location, "")]).await;
            let reply = mutate(&*transport, &server.base()).await.unwrap();
            assert_eq!(reply.status, status);
            assert_eq!(reply.location.as_deref(), Some("localhost"));
            assert!(!format!("{reply:?}").contains("t0p"));
        }
        let visit = tokio::time::timeout(SOON, elsewhere.accept()).await;
        assert!(visit.is_err(), "the redirect was followed");
    }
}

#[tokio::test]
async fn a_connection_closed_between_two_reads_does_no_harm() {
    let server = Server::start([
        Act::SayAndClose(http(200, "", "one")),
        Act::reply(200, "", "two"),
    ])
    .await;
    let transport = transport();
    read(&transport, &server.base()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let reply = read(&transport, &server.base()).await.unwrap();
    assert_eq!(reply.body, b"two");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_mutation_goes_on_a_connection_that_has_just_answered_a_read() {
    let server = Server::start((0..20).map(|_| Act::reply(200, "", "ok"))).await;
    let transport = transport();
    let base = server.base();
    read(&transport, &base).await.unwrap();
    mutate(&transport, &base).await.unwrap();
    assert_eq!(server.connections(), 2, "its habits are not known yet");
    for _ in 0..8 {
        read(&transport, &base).await.unwrap();
    }
    mutate(&transport, &base).await.unwrap();
    read(&transport, &base).await.unwrap();
    mutate(&transport, &base).await.unwrap();
    assert_eq!(server.connections(), 2);
    mutate(&transport, &base).await.unwrap();
    assert_eq!(
        server.connections(),
        3,
        "not where a mutation was answered last"
    );
}

#[tokio::test]
async fn a_connection_that_has_rested_for_too_long_carries_no_mutation() {
    let within = Duration::from_millis(50);
    for (rest, connections) in [(Duration::ZERO, 1), (within, 2)] {
        let server = Server::start((0..20).map(|_| Act::reply(200, "", "ok"))).await;
        let transport = HttpTransport::builder().reuse_within(within * 20);
        let transport = match rest.is_zero() {
            true => transport.build().unwrap(),
            false => transport.reuse_within(within).build().unwrap(),
        };
        let base = server.base();
        for _ in 0..9 {
            read(&transport, &base).await.unwrap();
        }
        tokio::time::sleep(rest).await;
        mutate(&transport, &base).await.unwrap();
        assert_eq!(server.connections(), connections, "{rest:?}");
    }
}

#[tokio::test]
async fn localhost_is_this_machine() {
    for transport in both() {
        let server = Server::start([Act::reply(200, "", "ok")]).await;
        let base = BaseUrl::parse(&format!("http://LOCALHOST:{}", server.port)).unwrap();
        assert_eq!(read(&*transport, &base).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn plain_http_to_another_machine_is_refused_even_when_asked_for() {
    for transport in both() {
        for address in [
            "http://192.0.2.1/",
            "http://example.com/",
            "ftp://127.0.0.1/",
        ] {
            let request = Request::get(address.parse().unwrap());
            let outcome = transport.exchange(request, Intent::Read).await;
            assert_error(
                &outcome,
                ErrorKind::Configuration,
                Delivery::NotSent,
                "https",
            );
        }
    }
}

#[tokio::test]
async fn a_header_that_http_does_not_allow_is_refused_before_anything_is_sent() {
    for transport in both() {
        let server = Server::start([]).await;
        let request = Request::get(server.base().join("/"))
            .secret_header("X-API-KEY", "pk_test\r\nX-Other: 1".into());
        let outcome = transport.exchange(request, Intent::Read).await;
        assert_error(
            &outcome,
            ErrorKind::InvalidRequest,
            Delivery::NotSent,
            "header X-API-KEY",
        );
        assert!(!format!("{:?}", outcome.unwrap_err()).contains("X-Other"));
        assert_eq!(server.connections(), 0);
    }
}

#[tokio::test]
async fn the_headers_that_matter_are_read() {
    for transport in both() {
        let date = "Date: Wed, 13 May 2026 08:34:00 GMT\r\n";
        let cases = [
            ("Retry-After: 7\r\n", Some(7)),
            ("Retry-After:  7 \r\n", Some(7)),
            ("Retry-After: Wed, 13 May 2026 08:34:30 GMT\r\n", Some(30)),
            ("Retry-After: Wed, 13 May 2026 08:33:00 GMT\r\n", Some(0)),
            ("Retry-After: 99999999999999999999999\r\n", Some(u64::MAX)),
            ("Retry-After: soon\r\n", None),
            ("Retry-After: -1\r\n", None),
            ("", None),
        ];
        for (header, seconds) in cases {
            let server = Server::start([Act::reply(503, &format!("{date}{header}"), "")]).await;
            let reply = read(&*transport, &server.base()).await.unwrap();
            assert_eq!(
                reply.retry_after,
                seconds.map(Duration::from_secs),
                "{header}"
            );
            assert_eq!(reply.date, Some("2026-05-13T08:34:00Z".parse().unwrap()));
            assert_eq!(reply.location, None);
        }
    }
}
