//! Nothing secret is printed: not by `Debug`, not in an error, not in a log at its finest.

use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex};

use duka_core::{AccountName, GatewayName};
use duka_http::{Client, HttpTransport, Intent, Request, RetryPolicy};
use tracing_subscriber::fmt::MakeWriter;

use crate::server::{Act, Server};

/// In every header value, body, query and reply of these tests.
const CANARY: &str = "c4n4ry";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn request(server: &Server) -> Request {
    let mut url = server.base().join("/api/orders");
    url.query_pairs_mut().append_pair("token", CANARY);
    Request::post_json(url, format!(r#"{{"secret":"{CANARY}"}}"#).into_bytes())
        .header("X-TIMESTAMP", format!("1-{CANARY}"))
        .secret_header("X-SIGNATURE", CANARY.into())
}

#[tokio::test]
async fn nothing_secret_gets_into_a_log_or_an_error() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    // For the whole process: with a subscriber of one thread only, a test on another decides
    // whether a span that it meets first is ever recorded.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let body = format!(r#"{{"token":"{CANARY}"}}"#);
    let location = format!("Location: https://other.example/{CANARY}?t={CANARY}\r\n");
    let head = format!("HTTP/1.1 200 {CANARY}\r\nContent-Length: 9999999\r\n\r\n{CANARY}");
    let server = Server::start([
        Act::reply(200, &location, &body),
        Act::CloseAfterRequest,
        Act::SayAndClose(head.clone().into_bytes()),
        Act::SayAndClose(head.replace("9999999", "99").into_bytes()),
        Act::SayAndClose(CANARY.as_bytes().to_vec()),
    ])
    .await;
    let transport = Arc::new(HttpTransport::new().unwrap());
    let gateway = GatewayName::from_static("kwikpaisa");
    let account = AccountName::new("shop-in").unwrap();
    let client = Client::new(transport, RetryPolicy::default()).label(gateway, Some(account));

    for _ in 0..5 {
        let build = || Ok(request(&server));
        match client.call("cancel", Intent::Mutation, build).await {
            Ok(reply) => assert!(!format!("{reply:?} {}", reply.summary()).contains(CANARY)),
            Err(error) => {
                let mut text = format!("{error} {error:?}");
                let mut cause = error.source();
                while let Some(inner) = cause {
                    text.push_str(&format!(" {inner} {inner:?}"));
                    cause = inner.source();
                }
                assert!(!text.contains(CANARY), "{text}");
            }
        }
    }
    let text = log.text();
    assert!(!text.contains(CANARY), "{text}");
    for field in [
        "operation=\"cancel\"",
        "gateway=\"kwikpaisa\"",
        "account=\"shop-in\"",
        "attempt=1",
        "delivery=\"answered\"",
        "delivery=\"unknown\"",
        "http_status=200",
        "latency_ms=",
    ] {
        assert!(text.contains(field), "{field} is not in {text}");
    }
}

#[tokio::test]
async fn nothing_secret_is_in_the_debug_form_of_a_request() {
    let server = Server::start([]).await;
    let request = request(&server);
    let text = format!("{request:?} {:?}", request.headers().collect::<Vec<_>>());
    assert!(!text.contains(CANARY), "{text}");
    assert!(
        text.contains("X-SIGNATURE") && text.contains("/api/orders"),
        "{text}"
    );
}
