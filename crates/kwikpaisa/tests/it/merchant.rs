//! The merchant's own server on loopback: keeps the webhooks that arrive and answers HTTP 200.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A webhook as it arrived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received {
    pub(crate) signature: String,
    pub(crate) timestamp: String,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Merchant {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
    server: JoinHandle<()>,
}

impl Merchant {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let kept = received.clone();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Some(webhook) = take(stream).await {
                    kept.lock().unwrap().push(webhook);
                }
            }
        });
        Self {
            url,
            received,
            server,
        }
    }

    /// The last webhook with this text in its body; waits up to five seconds for one.
    pub(crate) async fn last_with(&self, text: &str) -> Option<Received> {
        let holds = |it: &&Received| String::from_utf8_lossy(&it.body).contains(text);
        for _ in 0..1000 {
            let found = self.received.lock().unwrap().iter().rfind(holds).cloned();
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

/// Reads one request to its end and answers it.
async fn take(mut stream: TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let (webhook, length) = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
        let header = |name: &str| {
            let found = head.lines().find_map(|line| {
                let (key, value) = line.split_once(": ")?;
                key.eq_ignore_ascii_case(name).then_some(value)
            });
            found.unwrap_or_default().to_owned()
        };
        let webhook = Received {
            signature: header("x-signature"),
            timestamp: header("x-timestamp"),
            body: bytes.split_off(end + 4),
        };
        break (webhook, header("content-length").parse().ok()?);
    };
    let mut webhook = webhook;
    while webhook.body.len() < length {
        if stream.read_buf(&mut webhook.body).await.ok()? == 0 {
            return None;
        }
    }
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    stream.write_all(answer).await.ok()?;
    Some(webhook)
}
