//! A transport that answers from a script and remembers what was sent, and a clock that
//! is moved by hand.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use duka_core::clock::SharedClock;
use duka_core::{
    BillingAddress, Customer, Delivery, Error, ErrorKind, Frequency, Money, NewOrder, OrderId,
    Recurring, RedirectMode, Subscription,
};
use duka_http::{Intent, Method, Reply, Request, RetryPolicy, Transport};
use duka_pesapal::{Builder, Environment, Pesapal};
use jiff::Timestamp;
use jiff::civil::date;

pub(crate) const KEY: &str = "canary-consumer-key";
pub(crate) const SECRET: &str = "canary-consumer-secret";
pub(crate) const GUID: &str = "96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11";

/// 2026-05-13T08:00:00Z.
const START: i64 = 1_778_659_200;

#[derive(Debug, Clone)]
pub(crate) struct ByHand(Arc<AtomicI64>);

impl ByHand {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START)))
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn shared(&self) -> SharedClock {
        let clock = self.clone();
        SharedClock::new(move || clock.now())
    }
}

/// One request as it would have left.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) intent: Intent,
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Sent {
    pub(crate) fn is_token(&self) -> bool {
        self.url.ends_with("/api/Auth/RequestToken")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter().filter(|(own, _)| own == name);
        let found = all.next().map(|(_, value)| value.as_str());
        assert!(all.next().is_none(), "{name} is sent twice");
        found
    }

    /// As it stands on the wire, but for the HTTP version.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{} {}\n", self.method, self.url);
        let mut headers = self.headers.clone();
        headers.sort();
        for (name, value) in headers {
            writeln!(text, "{name}: {value}").unwrap();
        }
        write!(text, "\n{}", self.body).unwrap();
        text
    }
}

type Outcome = Result<Reply, (ErrorKind, Delivery)>;

#[derive(Debug, Default)]
pub(crate) struct Fake {
    sent: Mutex<Vec<Sent>>,
    replies: Mutex<VecDeque<Outcome>>,
    tokens: Mutex<VecDeque<Outcome>>,
}

impl Fake {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Answers the next call, other than for a token, with this.
    pub(crate) fn reply(self: &Arc<Self>, status: u16, body: impl Into<Vec<u8>>) -> Arc<Self> {
        self.full_reply(Reply::new(status, body))
    }

    pub(crate) fn full_reply(self: &Arc<Self>, reply: Reply) -> Arc<Self> {
        self.replies.lock().unwrap().push_back(Ok(reply));
        Arc::clone(self)
    }

    /// Fails the next call, other than for a token.
    pub(crate) fn fail(self: &Arc<Self>, delivery: Delivery) -> Arc<Self> {
        let outcome = Err((ErrorKind::Unavailable, delivery));
        self.replies.lock().unwrap().push_back(outcome);
        Arc::clone(self)
    }

    /// Answers the next token request with this rather than with a new token.
    pub(crate) fn token_reply(
        self: &Arc<Self>,
        status: u16,
        body: impl Into<Vec<u8>>,
    ) -> Arc<Self> {
        let outcome = Ok(Reply::new(status, body));
        self.tokens.lock().unwrap().push_back(outcome);
        Arc::clone(self)
    }

    pub(crate) fn token_fails(self: &Arc<Self>, delivery: Delivery) -> Arc<Self> {
        let outcome = Err((ErrorKind::Unavailable, delivery));
        self.tokens.lock().unwrap().push_back(outcome);
        Arc::clone(self)
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    pub(crate) fn token_requests(&self) -> usize {
        self.sent().iter().filter(|sent| sent.is_token()).count()
    }

    /// What was sent but for tokens.
    pub(crate) fn calls(&self) -> Vec<Sent> {
        let mut sent = self.sent();
        sent.retain(|sent| !sent.is_token());
        sent
    }

    /// The bearer of every call, in order.
    pub(crate) fn bearers(&self) -> Vec<String> {
        let header = |sent: &Sent| sent.header("Authorization").unwrap().to_owned();
        self.calls().iter().map(header).collect()
    }

    fn next(&self, is_token: bool) -> Outcome {
        if !is_token {
            let next = self.replies.lock().unwrap().pop_front();
            return next.expect("one more call than the script foresees");
        }
        let scripted = self.tokens.lock().unwrap().pop_front();
        scripted.unwrap_or_else(|| {
            let number = self.token_requests();
            Ok(Reply::new(
                200,
                token(&format!("canary-token-{number}"), 3600),
            ))
        })
    }
}

/// A token reply like the recorded ones, with an end this long after the start of time.
pub(crate) fn token(token: &str, seconds: i64) -> String {
    let end = Timestamp::from_second(START + seconds).unwrap();
    format!(
        r#"{{"token":"{token}","expiryDate":"{end}","error":null,"status":"200","message":"Request processed successfully"}}"#
    )
}

#[async_trait]
impl Transport for Fake {
    async fn exchange(&self, request: Request, intent: Intent) -> Result<Reply, Error> {
        let sent = Sent {
            intent,
            method: match request.method() {
                Method::Get => "GET",
                Method::Post => "POST",
            },
            url: request.url().to_string(),
            headers: request
                .headers()
                .map(|header| (header.name.to_owned(), header.value.to_owned()))
                .collect(),
            body: String::from_utf8(request.into_body().unwrap_or_default()).unwrap(),
        };
        let is_token = sent.is_token();
        self.sent.lock().unwrap().push(sent);
        // Long enough for all other callers to come and wait.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        self.next(is_token)
            .map_err(|(kind, delivery)| Error::new(kind, delivery, "the network, in this test"))
    }
}

pub(crate) fn builder(fake: &Arc<Fake>, clock: &ByHand) -> Builder {
    Pesapal::builder(KEY.into(), SECRET.into(), clock.shared())
        .environment(Environment::Sandbox)
        .transport(fake.clone())
        .retry(RetryPolicy::none())
        .notification_id("fe078e53-78da-4a83-aa89-e7ded5c456e6")
}

pub(crate) fn pesapal(fake: &Arc<Fake>) -> Pesapal {
    builder(fake, &ByHand::new()).build().unwrap()
}

pub(crate) fn order() -> OrderId {
    OrderId::text(GUID).unwrap()
}

pub(crate) fn new_order() -> NewOrder {
    let customer = Customer {
        name: Some("Achieng Grace Odhiambo".to_owned()),
        email: Some("achieng@example.com".to_owned()),
        phone: Some("0723000000".to_owned()),
    };
    NewOrder::new(
        OrderId::text("TEST1515111119").unwrap(),
        Money::parse("1000.50", "KES").unwrap(),
        "Two baskets",
        customer,
        "https://shop.example/thanks".parse().unwrap(),
    )
}

/// With every field that Pesapal knows.
pub(crate) fn full_order() -> NewOrder {
    let (start, end) = (date(2026, 6, 1), date(2027, 5, 31));
    let subscription = Subscription::new(start, end, Frequency::Monthly).unwrap();
    let address = BillingAddress::new()
        .country_code("KE")
        .first_name("Achieng")
        .middle_name("Grace")
        .last_name("Odhiambo")
        .line_1("Oginga Odinga Street 12")
        .line_2("2nd floor")
        .city("Kisumu")
        .state("KSM")
        .postal_code("40100")
        .zip_code("40100");
    new_order()
        .cancellation_url("https://shop.example/gave-up".parse().unwrap())
        .notification_id("1da86d1c-1e8c-4183-bdfd-dd759463e4ce")
        .redirect_mode(RedirectMode::ParentWindow)
        .branch("Kisumu, Mega Plaza")
        .billing_address(address)
        .recurring(Recurring::new("555-678").subscription(subscription))
}
