//! The merchant's own server on loopback: keeps the notifications that arrive, by `GET` and by `POST`, and answers
//! them in Pesapal's form.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use duka_core::OrderId;
use duka_pesapal::{Ipn, IpnError, IpnVerdict};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A notification as it arrived.
#[derive(Debug, Clone)]
pub(crate) enum Received {
    /// With this query.
    Get(String),
    /// With this body.
    Post(String),
}

impl Received {
    pub(crate) fn read(&self) -> Result<Ipn, IpnError> {
        match self {
            Self::Get(query) => Ipn::from_query(query),
            Self::Post(body) => Ipn::from_json(body.as_bytes()),
        }
    }

    fn names(&self, order: &OrderId) -> bool {
        let (Self::Get(text) | Self::Post(text)) = self;
        text.to_lowercase().contains(order.as_str())
    }
}

pub(crate) struct Merchant {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
    server: JoinHandle<()>,
}

impl Merchant {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/ipn", listener.local_addr().unwrap());
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let kept = received.clone();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Some(notification) = take(stream).await {
                    kept.lock().unwrap().push(notification);
                }
            }
        });
        Self {
            url,
            received,
            server,
        }
    }

    /// The last notification about this order; waits up to five seconds for one.
    pub(crate) async fn last_about(&self, order: &OrderId) -> Option<Received> {
        let about = |it: &&Received| it.names(order);
        for _ in 0..1000 {
            let found = self.received.lock().unwrap().iter().rfind(about).cloned();
            if found.is_some() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        None
    }
}

impl Drop for Merchant {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Reads one request to its end and answers it; what is no notification is not answered.
async fn take(mut stream: TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break end;
        }
    };
    let mut body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).ok()?;
    let length = head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case("content-length").then_some(value)
    });
    let length = length.map_or(Some(0), |value| value.parse().ok())?;
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    let mut words = head.split(' ');
    let received = match (words.next()?, words.next()?.split_once('?')) {
        ("GET", Some((_, query))) => Received::Get(query.to_owned()),
        ("POST", None) => Received::Post(String::from_utf8(body).ok()?),
        _ => return None,
    };
    let reply = received.read().ok()?.reply(IpnVerdict::Served);
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        reply.len()
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(&reply).await.ok()?;
    Some(received)
}
