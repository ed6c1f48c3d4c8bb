//! Neither key, no signature and no payment link gets into a log, an error or a `Debug` form.

use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex};

use duka_core::{AccountName, Delivery, Error, ErrorKind, Gateway};
use tracing_subscriber::fmt::MakeWriter;

use crate::fake::{Fake, clock, new_order, order_id, reply};

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
    let builder = duka_kwikpaisa::KwikPaisa::builder(
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

#[test]
fn keys_that_are_refused_are_not_quoted() {
    for (api_key, secret_key) in [
        (format!("sk_test_{CANARY}"), "s".to_owned()),
        (format!("pk_live_{CANARY}"), "s".to_owned()),
        (format!("{CANARY} "), "s".to_owned()),
        ("k".to_owned(), format!("{CANARY}\n")),
    ] {
        let account =
            duka_kwikpaisa::KwikPaisa::builder(api_key.into(), secret_key.into(), clock(0));
        let error = account.transport(Fake::new([])).build().unwrap_err();
        assert!(!everything(&error).contains(CANARY), "{error:?}");
    }
}
