//! Pages of other sites, names that lead to this machine by trickery, and requests that never end.

use std::time::Duration;

use duka_emulator::{Emulator, Exposure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::{Pesapal, config, kwikpaisa_order, start};

/// The HTTP status of a request with these headers and no others.
async fn status(emulator: &Emulator, line: &str, headers: &str) -> u16 {
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let request =
        format!("{line} HTTP/1.1\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply[9..12].parse().unwrap()
}

/// Everything that is no call of a gateway's.
const OWN: [&str; 8] = [
    "GET /_emulator/orders",
    "GET /_emulator/requests",
    "POST /_emulator/reset",
    "DELETE /_emulator/faults",
    "GET /_emulator/no-such-call",
    "POST /checkout/x/pay",
    "GET /checkout/x",
    "GET /",
];

#[tokio::test]
async fn a_page_of_another_site_neither_reads_nor_changes_anything() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    let port = emulator.addr().port();
    for origin in [
        "https://evil.example",
        "http://evil.example",
        "null",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://192.0.2.1",
        "file://",
        "",
    ] {
        for line in OWN {
            let headers = format!("host: 127.0.0.1:{port}\r\norigin: {origin}\r\n");
            assert_eq!(
                status(&emulator, line, &headers).await,
                403,
                "{line} {origin}"
            );
        }
    }
    assert_eq!(emulator.orders().len(), 1);
    for origin in [
        "http://127.0.0.1:3000",
        "http://localhost",
        "https://LOCALHOST:8443",
        "http://[::1]:4010",
    ] {
        let headers = format!("host: 127.0.0.1:{port}\r\norigin: {origin}\r\n");
        let read = status(&emulator, "GET /_emulator/orders", &headers).await;
        assert_eq!(read, 200, "{origin}");
    }
}

#[tokio::test]
async fn a_foreign_name_that_leads_here_is_refused() {
    let emulator = start().await;
    let good = [
        "127.0.0.1",
        "127.9.9.9:4010",
        "localhost:1",
        "LOCALHOST",
        "localhost.",
        "[::1]:4010",
    ];
    for host in good {
        let headers = format!("host: {host}\r\n");
        let read = status(&emulator, "GET /_emulator/orders", &headers).await;
        assert_eq!(read, 200, "{host}");
    }
    for host in [
        "rebound.example",
        "rebound.example:4010",
        "localhost.rebound.example",
        "127.0.0.1.rebound.example",
        "127.0.0.1@rebound.example",
        "192.0.2.1",
        "0.0.0.0",
        "[::]",
        "emulator",
        "",
    ] {
        for line in OWN {
            let headers = format!("host: {host}\r\n");
            assert_eq!(
                status(&emulator, line, &headers).await,
                403,
                "{line} {host}"
            );
        }
    }
    for headers in ["", "host: 127.0.0.1\r\nhost: rebound.example\r\n"] {
        let read = status(&emulator, "GET /_emulator/orders", headers).await;
        assert!(matches!(read, 400 | 403), "{read}");
    }
}

#[tokio::test]
async fn where_it_is_exposed_it_answers_to_addresses_and_names_without_a_dot() {
    let exposed = config().exposure(Exposure::AnyInterface);
    let emulator = Emulator::start(exposed).await.unwrap();
    for (host, http) in [
        ("192.0.2.1:4010", 200),
        ("[2001:db8::1]", 200),
        ("emulator:4010", 200),
        ("rebound.example", 403),
    ] {
        let headers = format!("host: {host}\r\n");
        let read = status(&emulator, "GET /_emulator/orders", &headers).await;
        assert_eq!(read, http, "{host}");
        let headers = format!("host: 127.0.0.1\r\norigin: http://{host}\r\n");
        let read = status(&emulator, "GET /_emulator/orders", &headers).await;
        assert_eq!(read, http, "{host}");
    }
}

#[tokio::test]
async fn a_gateways_own_calls_are_answered_under_any_name() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let headers = format!(
        "host: cybqa.pesapal.com\r\nauthorization: Bearer {}\r\n",
        merchant.token
    );
    let line = "GET /pesapalv3/api/URLSetup/GetIpnList";
    assert_eq!(status(&emulator, line, &headers).await, 200);
}

#[tokio::test]
async fn a_request_that_is_sent_in_part_only_does_not_keep_its_connection() {
    let hasty = config().request_timeout(Duration::from_millis(50));
    let emulator = Emulator::start(hasty).await.unwrap();
    for part in [
        "",
        "POST /api/v3/pg/order/create HT",
        "GET /_emulator/orders HTTP/1.1\r\nhost: 127.0.0.1\r\n",
        "POST /_emulator/reset HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 10\r\n\r\n{",
    ] {
        let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
        stream.write_all(part.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        let ended = timeout(Duration::from_secs(20), stream.read_to_end(&mut said)).await;
        ended.expect("the connection ends").unwrap();
        let said = String::from_utf8(said).unwrap();
        assert!(
            said.is_empty() || said.starts_with("HTTP/1.1 408"),
            "{part:?}: {said}"
        );
    }
}
