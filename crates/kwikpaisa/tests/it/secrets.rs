//! Neither key, no signature and no payment link gets into a log, an error or a `Debug` form.

use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use duka_core::{AccountName, Delivery, Error, ErrorKind, Gateway};
use duka_http::{Intent, Reply, Request, RetryPolicy, Transport};
use duka_kwikpaisa::{KwikPaisa, WebhookVerifier};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tracing_subscriber::fmt::MakeWriter;

use crate::fake::{Fake, NOW, clock, new_order, order_id, reply};

/// In both keys, and in the link and token of the replies.
const CANARY: &str = "c4n4ry";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

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

fn everything(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(" {inner} {inner:?}"));
        cause = inner.source();
    }
    text
}

#[tokio::test]
async fn nothing_secret_is_shown_anywhere() {
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

    let created = format!(
        r#"{{"code":"200","status":"success","return_data":{{"order_token":"{CANARY}","payment_link":"https://pay.example/{CANARY}"}}}}"#
    );
    let page = format!("<html>{CANARY}</html>");
    let elsewhere = format!(r#"{{"code":"200","token":"{CANARY}","status":[]}}"#);
    let outcomes = [
        Ok(reply(200, &created)),
        Ok(reply(200, &page)),
        Ok(reply(500, &page)),
        Ok(reply(401, &page)),
        Ok(reply(200, &elsewhere)),
        Ok(reply(200, &created[..created.len() - 3])),
        Err(Error::new(
            ErrorKind::Unavailable,
            Delivery::Unknown,
            "lost",
        )),
    ];
    let api_key = format!("pk_test_{CANARY}");
    let secret_key = format!("sk_test_{CANARY}");
    let fake = Fake::new(outcomes);
    let builder = KwikPaisa::builder(
        api_key.as_str().into(),
        secret_key.as_str().into(),
        clock(0),
    )
    .account(AccountName::new("shop-in").unwrap())
    .default_service_type("DIGITAL")
    .transport(fake.clone());
    let mut text = format!("{builder:?}");
    let gateway = builder.build().unwrap();
    text.push_str(&format!("{gateway:?} {:?}", gateway.webhooks()));

    let order = new_order();
    text.push_str(&format!("{:?}", gateway.create(&order).await.unwrap()));
    for _ in 0..5 {
        let error = gateway.cancel(&order_id()).await.unwrap_err();
        text.push_str(&everything(&error));
    }
    text.push_str(&everything(&gateway.create(&order).await.unwrap_err()));

    let mut forbidden = vec![CANARY.to_owned(), "a@example.com".to_owned()];
    for (request, _) in fake.requests() {
        text.push_str(&format!("{request:?}"));
        let signature = request.headers().find(|it| it.name == "X-SIGNATURE");
        forbidden.push(signature.unwrap().value.to_owned());
    }
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("account=\"shop-in\""), "{logged}");
    for secret in forbidden {
        assert!(!text.contains(&secret), "{secret} is in {text}");
        assert!(!logged.contains(&secret), "{secret} is in {logged}");
    }
}

/// Answers with a body in which `QUOTED` is the value of one of the request's headers.
#[derive(Debug)]
struct Quoting {
    header: &'static str,
    status: u16,
    body: String,
}

#[async_trait]
impl Transport for Quoting {
    async fn exchange(&self, request: Request, _: Intent) -> Result<Reply, Error> {
        let quoted = request.headers().find(|it| it.name == self.header);
        let quoted = quoted.map_or(SECRET_KEY, |header| header.value);
        let mut reply = reply(self.status, &self.body.replace("QUOTED", quoted));
        reply.content_type = Some(format!("text/{quoted}"));
        reply.location = Some(format!("{quoted}.example"));
        Ok(reply)
    }
}

const API_KEY: &str = "pk_test_c4n4ry";
const SECRET_KEY: &str = "sk_test_c4n4ry";

#[tokio::test]
async fn nothing_that_the_gateway_quotes_back_is_passed_on() {
    let bodies = [
        r#"{"status":false,"code":422,"message":"no: QUOTED"}"#,
        r#"{"status":false,"code":"QUOTED","message":"no: QUOTED"}"#,
        r#"{"status":"failed","code":"200","message":"no: QUOTED","return_data":{"order_status":"QUOTED"}}"#,
        r#"{"status":"failed","code":"200","message":"QUOTED","return_data":{"order_status":"FAILED"}}"#,
        r#"{"status":"success","code":"200","message":"yes: QUOTED"}"#,
        r#"{"status":"success","code":"200","message":"QUOTED","return_data":{"order_status":"QUOTED","kwikX_order_id":"QUOTED","payment_link":"https://pay.example/"}}"#,
        r#"{"status":"success","code":"200","return_data":{"order_id":"QUOTED"}}"#,
        r#"{"status":"success","code":"200","return_data":{"order_status":"UN_PAID","order_amount":"QUOTED","currency":"QUOTED"}}"#,
        "<html>QUOTED</html>",
        "",
    ];
    for header in ["X-SIGNATURE", "X-API-KEY", "the secret key"] {
        for status in [200, 302, 400, 401, 403, 404, 409, 422, 429, 500] {
            for body in bodies {
                let quoting = Arc::new(Quoting {
                    header,
                    status,
                    body: body.to_owned(),
                });
                let builder = KwikPaisa::builder(API_KEY.into(), SECRET_KEY.into(), clock(0));
                let gateway = builder.transport(quoting).retry(RetryPolicy::none());
                let gateway = gateway.default_service_type("DIGITAL").build().unwrap();
                let order = order_id();
                let created = gateway.create(&new_order()).await;
                let read = gateway.status(&order).await;
                let cancelled = gateway.cancel(&order).await;
                let text = [
                    created.map_or_else(|error| everything(&error), |it| format!("{it:?}")),
                    read.map_or_else(|error| everything(&error), |it| format!("{it:?}")),
                    cancelled.map_or_else(|error| everything(&error), |it| format!("{it:?}")),
                ]
                .join("\n");
                assert!(!text.contains(CANARY), "{header} {status} {body}\n{text}");
                let signed = |payload: &str| !text.contains(&signature(payload));
                assert!(
                    signed(r#"{"order_id":6116229263036}"#),
                    "{status} {body}\n{text}"
                );
                // That of a create as well, and anything else that looks like one.
                let longest = text
                    .split(|c: char| !c.is_ascii_hexdigit())
                    .map(str::len)
                    .max();
                assert!(longest < Some(32), "{header} {status} {body}\n{text}");
            }
        }
    }
}

fn signature(payload: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET_KEY.as_bytes()).unwrap();
    mac.update(payload.as_bytes());
    mac.update(NOW.to_string().as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[tokio::test]
async fn the_signature_of_an_earlier_try_is_not_passed_on_either() {
    let order = r#"{"order_id":6116229263036}"#;
    let first = signature(order);
    let body = format!(r#"{{"status":false,"code":422,"message":"repeats {first}"}}"#);
    let fake = Fake::new([Ok(reply(503, "")), Ok(reply(422, &body))]);
    let builder = KwikPaisa::builder(API_KEY.into(), SECRET_KEY.into(), clock(1));
    let gateway = builder.transport(fake).build().unwrap();
    let error = gateway.status(&order_id()).await.unwrap_err();
    assert!(everything(&error).contains("repeats …"), "{error:?}");
}

#[test]
fn a_webhook_shows_neither_its_signature_nor_the_key() {
    let body =
        format!(r#"{{"event":"{SECRET_KEY}","data":{{"order_id":17,"status":"{SECRET_KEY}"}}}}"#);
    let verifier = WebhookVerifier::new(SECRET_KEY.into(), clock(0));
    let webhook = verifier.verify(body.as_bytes(), &signature(&body), &NOW.to_string());
    let text = format!("{:?}", webhook.unwrap());
    assert!(!text.contains(CANARY), "{text}");
}

#[test]
fn keys_that_are_refused_are_not_quoted() {
    for (api_key, secret_key) in [
        (format!("sk_test_{CANARY}"), "s".to_owned()),
        (format!("pk_live_{CANARY}"), "s".to_owned()),
        (format!("{CANARY} "), "s".to_owned()),
        ("k".to_owned(), format!("{CANARY}\n")),
    ] {
        let account = KwikPaisa::builder(api_key.into(), secret_key.into(), clock(0));
        let error = account.transport(Fake::new([])).build().unwrap_err();
        assert!(!everything(&error).contains(CANARY), "{error:?}");
    }
}
