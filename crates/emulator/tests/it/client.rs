//! A merchant's side written by hand: raw HTTP/1.1 on a fresh connection, with its own signing.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use duka_emulator::{Emulator, EmulatorConfig, Redelivery};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The time at which every test begins: that of the signature vectors.
pub(crate) const START: i64 = 1_778_659_835;

pub(crate) fn config() -> EmulatorConfig {
    let start = Timestamp::from_second(START).unwrap();
    EmulatorConfig::new(move || start).redelivery(Redelivery::new(4, Duration::from_millis(10)))
}

pub(crate) async fn start() -> Emulator {
    Emulator::start(config()).await.unwrap()
}

/// An emulator with these variants, and otherwise the defaults.
pub(crate) async fn choosing(choices: &[(&str, &str)]) -> Emulator {
    let emulator = start().await;
    for (name, value) in choices {
        emulator.set_variant(name, value).unwrap();
    }
    emulator
}

/// What came back on one connection.
#[derive(Debug)]
pub(crate) enum Answer {
    Reply(Reply),
    /// The connection ended in good order after this many bytes, which are not a whole reply.
    Closed(Vec<u8>),
    /// The connection was reset.
    Reset,
}

impl Answer {
    pub(crate) fn reply(self) -> Reply {
        match self {
            Self::Reply(reply) => reply,
            other @ (Self::Closed(_) | Self::Reset) => panic!("no whole reply: {other:?}"),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

pub(crate) async fn send(
    addr: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut request = format!(
        "{method} {target} HTTP/1.1\r\nhost: {addr}\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.push_str(body);
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    loop {
        if let Some(reply) = whole(&received) {
            return Answer::Reply(reply);
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) => return Answer::Closed(received),
            Ok(n) => received.extend_from_slice(&chunk[..n]),
            Err(problem) if problem.kind() == ErrorKind::ConnectionReset => return Answer::Reset,
            Err(problem) => panic!("{problem}"),
        }
    }
}

fn whole(received: &[u8]) -> Option<Reply> {
    let end = received.windows(4).position(|it| it == b"\r\n\r\n")?;
    let head = String::from_utf8(received[..end].to_vec()).unwrap();
    let body = &received[end + 4..];
    let mut reply = Reply {
        status: head[9..12].parse().unwrap(),
        head,
        body: Vec::new(),
    };
    let length: usize = reply.header("content-length")?.parse().unwrap();
    (body.len() >= length).then(|| {
        reply.body = body[..length].to_vec();
        reply
    })
}

pub(crate) async fn get(emulator: &Emulator, target: &str) -> Reply {
    send(emulator.addr(), "GET", target, &[], "").await.reply()
}

pub(crate) async fn post(emulator: &Emulator, target: &str, body: &str) -> Reply {
    send(emulator.addr(), "POST", target, &[], body)
        .await
        .reply()
}

pub(crate) fn sign(secret: &str, body: &str, timestamp: i64) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.update(timestamp.to_string().as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// A KwikPaisa call signed at the emulator's present time.
pub(crate) async fn kwikpaisa_answer(emulator: &Emulator, operation: &str, body: &str) -> Answer {
    let now = emulator.now().as_second();
    let signature = sign("sk_test_emulator", body, now);
    kwikpaisa_signed(emulator, operation, body, &now.to_string(), &signature).await
}

pub(crate) async fn kwikpaisa_signed(
    emulator: &Emulator,
    operation: &str,
    body: &str,
    timestamp: &str,
    signature: &str,
) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("x-api-key", "pk_test_emulator"),
        ("x-timestamp", timestamp),
        ("x-signature", signature),
    ];
    let target = format!("/api/v3/pg/order/{operation}");
    send(emulator.addr(), "POST", &target, &headers, body).await
}

pub(crate) async fn kwikpaisa(emulator: &Emulator, operation: &str, body: &str) -> Reply {
    kwikpaisa_answer(emulator, operation, body).await.reply()
}

/// The body of a KwikPaisa create; `order_id` is JSON.
pub(crate) fn create_body(order_id: &str) -> String {
    format!(
        r#"{{"customer":{{"email":"a@example.com","name":"Ajay","phone":"9999999999"}},"order_amount":105,"order_currency":"INR","order_id":{order_id},"order_note":"Two shirts","return_url":"https://merchant.example/return","service_type":"DIGITAL"}}"#
    )
}

/// The body of a KwikPaisa status or cancel; `order_id` is JSON.
pub(crate) fn order_body(order_id: &str) -> String {
    format!(r#"{{"order_id":{order_id}}}"#)
}

/// Creates an order at KwikPaisa and returns the reply's `return_data`.
pub(crate) async fn kwikpaisa_order(emulator: &Emulator, order_id: &str) -> Value {
    let reply = kwikpaisa(emulator, "create", &create_body(order_id)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["return_data"].take()
}

/// A Pesapal merchant with a token and a registered address.
pub(crate) struct Pesapal<'a> {
    pub(crate) emulator: &'a Emulator,
    pub(crate) token: String,
    pub(crate) ipn_id: String,
}

pub(crate) const TOKEN_BODY: &str =
    r#"{"consumer_key":"emulator-key","consumer_secret":"emulator-secret"}"#;

impl<'a> Pesapal<'a> {
    pub(crate) async fn sign_in(emulator: &'a Emulator) -> Self {
        Self::with_ipn(emulator, "http://127.0.0.1:9/ipn", "GET").await
    }

    pub(crate) async fn with_ipn(emulator: &'a Emulator, url: &str, method: &str) -> Self {
        let mut this = Self {
            emulator,
            token: token(emulator).await,
            ipn_id: String::new(),
        };
        let body = format!(r#"{{"url":"{url}","ipn_notification_type":"{method}"}}"#);
        let reply = this.post("URLSetup/RegisterIPN", &body).await;
        this.ipn_id = reply.json()["ipn_id"].as_str().unwrap().to_owned();
        this
    }

    pub(crate) async fn answer(&self, method: &str, path: &str, body: &str) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let headers = [
            ("content-type", "application/json"),
            ("authorization", authorization.as_str()),
        ];
        let target = format!("/pesapalv3/api/{path}");
        send(self.emulator.addr(), method, &target, &headers, body).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        self.answer("POST", path, body).await.reply()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.answer("GET", path, "").await.reply()
    }

    pub(crate) fn submit_body(&self, id: &str) -> String {
        format!(
            r#"{{"id":"{id}","currency":"KES","amount":10.00,"description":"Two shirts","callback_url":"http://127.0.0.1:9/back","notification_id":"{}","billing_address":{{"email_address":"a@example.com"}}}}"#,
            self.ipn_id
        )
    }

    pub(crate) async fn submit(&self, body: &str) -> Reply {
        self.post("Transactions/SubmitOrderRequest", body).await
    }

    /// Submits an order and returns its tracking id.
    pub(crate) async fn order(&self, id: &str) -> String {
        let reply = self.submit(&self.submit_body(id)).await.json();
        reply["order_tracking_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn status(&self, tracking_id: &str) -> Value {
        let path = format!("Transactions/GetTransactionStatus?orderTrackingId={tracking_id}");
        self.get(&path).await.json()
    }

    pub(crate) async fn cancel(&self, tracking_id: &str) -> Reply {
        self.cancel_answer(tracking_id).await.reply()
    }

    pub(crate) async fn cancel_answer(&self, tracking_id: &str) -> Answer {
        let body = format!(r#"{{"order_tracking_id":"{tracking_id}"}}"#);
        self.answer("POST", "Transactions/CancelOrder", &body).await
    }
}

pub(crate) async fn request_token(emulator: &Emulator, body: &str) -> Reply {
    let headers = [("content-type", "application/json")];
    let target = "/pesapalv3/api/Auth/RequestToken";
    send(emulator.addr(), "POST", target, &headers, body)
        .await
        .reply()
}

pub(crate) async fn token(emulator: &Emulator) -> String {
    let reply = request_token(emulator, TOKEN_BODY).await.json();
    reply["token"].as_str().unwrap().to_owned()
}

/// The verdict on the newest request.
pub(crate) fn verdict(emulator: &Emulator) -> String {
    emulator.requests().pop().unwrap().verdict
}
