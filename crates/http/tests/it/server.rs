//! A TCP server on loopback that behaves exactly as badly as it is told, one act a request.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duka_http::BaseUrl;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does next.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Closes a connection as soon as it is made.
    CloseAtOnce,
    /// Reads the request and closes.
    CloseAfterRequest,
    /// Reads the request, writes these bytes and keeps the connection.
    Say(Vec<u8>),
    /// Reads the request, writes these bytes and closes, without announcing it.
    SayAndClose(Vec<u8>),
    /// Reads the request and writes these bytes until the other side has had enough.
    SayForever(Vec<u8>, Vec<u8>),
    /// Reads the request and says nothing.
    Silence,
}

impl Act {
    /// A whole reply with a length; `headers` end in a line break each.
    pub(crate) fn reply(status: u16, headers: &str, body: &str) -> Self {
        Self::Say(http(status, headers, body))
    }
}

pub(crate) fn http(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{headers}\r\n{body}").into_bytes()
}

#[derive(Debug, Default)]
struct Seen {
    acts: Mutex<VecDeque<Act>>,
    requests: Mutex<Vec<String>>,
    connections: AtomicUsize,
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Seen>,
}

impl Server {
    pub(crate) async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Seen {
            acts: Mutex::new(acts.into_iter().collect()),
            ..Seen::default()
        });
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { port, seen }
    }

    pub(crate) fn base(&self) -> BaseUrl {
        BaseUrl::parse(&format!("http://127.0.0.1:{}", self.port)).unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, seen: Arc<Seen>) {
    {
        let mut acts = seen.acts.lock().unwrap();
        if matches!(acts.front(), Some(Act::CloseAtOnce)) {
            acts.pop_front();
            return;
        }
    }
    while let Some(request) = read_request(&mut stream).await {
        seen.requests.lock().unwrap().push(request);
        let act = seen.acts.lock().unwrap().pop_front();
        match act {
            None => panic!("more requests than acts"),
            Some(Act::CloseAtOnce | Act::CloseAfterRequest) => return,
            Some(Act::Say(bytes)) => stream.write_all(&bytes).await.unwrap(),
            Some(Act::SayAndClose(bytes)) => {
                stream.write_all(&bytes).await.unwrap();
                return;
            }
            Some(Act::SayForever(head, chunk)) => {
                stream.write_all(&head).await.unwrap();
                while stream.write_all(&chunk).await.is_ok() {}
                return;
            }
            Some(Act::Silence) => tokio::time::sleep(Duration::from_secs(60)).await,
        }
    }
}

/// One request with its body, or nothing when the other side has closed.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, value)| value.parse().unwrap());
            if body.len() >= length {
                return Some(text);
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
        }
    }
}
