//! Where the emulator listens, how much it remembers, and how it stops.

use std::net::SocketAddr;
use std::time::Duration;

use duka_emulator::{Emulator, Exposure, StartError, WebhookError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{config, get, kwikpaisa, order_body, send, start};

#[tokio::test]
async fn it_listens_on_loopback_unless_told_otherwise_by_name() {
    let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let refused = Emulator::start(config().listen(everywhere))
        .await
        .unwrap_err();
    assert!(matches!(refused, StartError::NotLoopback { addr } if addr == everywhere));
    assert_eq!(
        refused.to_string(),
        "0.0.0.0:0 is not a loopback address; listening there needs Exposure::AnyInterface"
    );
    let exposed = config().listen(everywhere).exposure(Exposure::AnyInterface);
    let emulator = Emulator::start(exposed).await.unwrap();
    let port = emulator.addr().port();
    assert_eq!(emulator.kwikpaisa_url(), format!("http://127.0.0.1:{port}"));
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let first = start().await;
    let problem = Emulator::start(config().listen(first.addr()))
        .await
        .unwrap_err();
    assert_eq!(
        problem.to_string(),
        format!("cannot listen on {}", first.addr())
    );
}

#[tokio::test]
async fn a_webhook_goes_to_loopback_unless_told_otherwise_by_name() {
    let away: url::Url = "http://192.0.2.1/hook".parse().unwrap();
    let problem = Emulator::start(config().webhook_url(away.clone()))
        .await
        .unwrap_err();
    assert!(matches!(
        problem,
        StartError::Webhook(WebhookError::NotLoopback)
    ));
    let emulator = start().await;
    assert_eq!(
        emulator.set_webhook_url(Some(away)),
        Err(WebhookError::NotLoopback)
    );
    let secure = "https://localhost/hook".parse().unwrap();
    assert_eq!(
        emulator.set_webhook_url(Some(secure)),
        Err(WebhookError::NotHttp)
    );
    for near in [
        "http://localhost:1/",
        "http://127.9.9.9/",
        "http://[::1]:1/",
    ] {
        emulator
            .set_webhook_url(Some(near.parse().unwrap()))
            .unwrap();
    }
}

#[tokio::test]
async fn the_request_log_keeps_only_the_newest() {
    let emulator = Emulator::start(config().request_log(3)).await.unwrap();
    for _ in 0..5 {
        kwikpaisa(&emulator, "status", &order_body("7")).await;
    }
    let numbers: Vec<u64> = emulator.requests().iter().map(|it| it.number).collect();
    assert_eq!(numbers, [3, 4, 5]);
    assert!(emulator.requests()[2].verdict.contains("404"));
    let none = Emulator::start(config().request_log(0)).await.unwrap();
    kwikpaisa(&none, "status", &order_body("7")).await;
    assert!(none.requests().is_empty());
}

#[tokio::test]
async fn a_long_body_is_kept_in_part_and_a_huge_one_refused() {
    let emulator = start().await;
    let target = "/api/v3/pg/order/status";
    let long = "é".repeat(5000);
    send(emulator.addr(), "POST", target, &[], &long)
        .await
        .reply();
    assert_eq!(emulator.requests()[0].body.len(), 4096);
    let huge = "x".repeat(2 * 1024 * 1024);
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        huge.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    let (mut read, mut write) = stream.split();
    let sending = write.write_all(huge.as_bytes());
    let (_, answered) = tokio::join!(sending, read.read_exact(&mut status));
    answered.unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let emulator = start().await;
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let request = "GET /_emulator/orders HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream
        .write_all(request.repeat(3).as_bytes())
        .await
        .unwrap();
    let mut received = String::new();
    while received.matches("HTTP/1.1 200 OK").count() < 3 {
        let mut chunk = [0; 1024];
        let n = stream.read(&mut chunk).await.unwrap();
        assert!(n > 0, "{received}");
        received.push_str(std::str::from_utf8(&chunk[..n]).unwrap());
    }
}

#[tokio::test]
async fn a_shutdown_closes_the_port_and_open_connections() {
    let emulator = start().await;
    let addr = emulator.addr();
    let mut idle = TcpStream::connect(addr).await.unwrap();
    get(&emulator, "/_emulator/orders").await;
    emulator.shutdown().await;
    let read = tokio::time::timeout(Duration::from_secs(5), idle.read_u8()).await;
    assert!(read.unwrap().is_err());
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn a_dropped_handle_stops_it_too() {
    let emulator = start().await;
    let addr = emulator.addr();
    drop(emulator);
    for _ in 0..200 {
        if TcpStream::connect(addr).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still listening");
}
