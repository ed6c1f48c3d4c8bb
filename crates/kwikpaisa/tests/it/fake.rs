//! A transport that answers from a list and remembers what it was asked, and a clock that is told the time.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use duka_core::clock::SharedClock;
use duka_core::{Customer, Error, Money, NewOrder, OrderId};
use duka_http::{Intent, Method, Reply, Request, RetryPolicy, Transport};
use duka_kwikpaisa::{Builder, KwikPaisa};
use jiff::Timestamp;

/// The moment of the published test vectors, 2026-05-13 08:10:35 UTC.
pub(crate) const NOW: i64 = 1_778_659_835;

#[derive(Debug, Default)]
pub(crate) struct Fake {
    outcomes: Mutex<VecDeque<Result<Reply, Error>>>,
    requests: Mutex<Vec<(Request, Intent)>>,
}

impl Fake {
    pub(crate) fn new(outcomes: impl IntoIterator<Item = Result<Reply, Error>>) -> Arc<Self> {
        Arc::new(Self {
            outcomes: Mutex::new(outcomes.into_iter().collect()),
            ..Self::default()
        })
    }

    pub(crate) fn requests(&self) -> Vec<(Request, Intent)> {
        self.requests.lock().unwrap().clone()
    }

    /// The only request, as it would stand on the wire.
    pub(crate) fn sent(&self) -> String {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "one request should have been sent");
        written(&requests[0].0)
    }

    /// The body of the only request.
    pub(crate) fn body(&self) -> String {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "one request should have been sent");
        String::from_utf8(requests[0].0.body().unwrap().to_vec()).unwrap()
    }
}

#[async_trait]
impl Transport for Fake {
    async fn exchange(&self, request: Request, intent: Intent) -> Result<Reply, Error> {
        self.requests.lock().unwrap().push((request, intent));
        let next = self.outcomes.lock().unwrap().pop_front();
        next.expect("asked too often")
    }
}

pub(crate) fn written(request: &Request) -> String {
    let method = match request.method() {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let mut out = format!("{method} {}\n", request.url());
    for header in request.headers() {
        let mark = if header.secret { " (secret)" } else { "" };
        writeln!(out, "{}: {}{mark}", header.name, header.value).unwrap();
    }
    let body = request.body().map(String::from_utf8_lossy);
    writeln!(out, "\n{}", body.unwrap_or_default()).unwrap();
    out
}

/// A clock at [`NOW`] that moves by a second every time it is read, if told to.
pub(crate) fn clock(step: i64) -> SharedClock {
    let time = AtomicI64::new(NOW);
    SharedClock::new(move || {
        Timestamp::from_second(time.fetch_add(step, Ordering::SeqCst)).unwrap()
    })
}

pub(crate) fn builder(transport: Arc<Fake>) -> Builder {
    KwikPaisa::builder("pk_test_1".into(), "YOUR_SECRET_KEY".into(), clock(0))
        .transport(transport)
        .retry(RetryPolicy::new(3, Duration::ZERO, Duration::ZERO))
        .default_service_type("DIGITAL")
}

pub(crate) fn account(transport: Arc<Fake>) -> KwikPaisa {
    builder(transport).build().unwrap()
}

pub(crate) fn reply(status: u16, body: &str) -> Reply {
    let mut reply = Reply::new(status, body);
    reply.content_type = Some("application/json".to_owned());
    reply
}

/// The order of the published examples.
pub(crate) fn order_id() -> OrderId {
    OrderId::integer("6116229263036").unwrap()
}

pub(crate) fn customer() -> Customer {
    Customer {
        name: Some("Ajay".to_owned()),
        email: Some("a@example.com".to_owned()),
        phone: Some("9999999999".to_owned()),
    }
}

pub(crate) fn new_order() -> NewOrder {
    NewOrder::new(
        order_id(),
        Money::parse("105.00", "INR").unwrap(),
        "Additional order info",
        customer(),
        "https://merchant.example/return".parse().unwrap(),
    )
}
