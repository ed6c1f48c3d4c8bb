//! Canaries: a key, a secret or a token that shows up anywhere is a bug.

use std::io::Write;
use std::sync::{Arc, Mutex};

use duka_core::{Delivery, Gateway};
use duka_pesapal::IpnMethod;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::fake::{ByHand, Fake, builder, new_order, order, pesapal};
use crate::replies;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn without_canary(text: &str) {
    assert!(!text.contains("canary"), "{text}");
}

/// The error, its causes, and both ways to print each.
fn all_of(error: &duka_core::Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    text
}

#[tokio::test]
async fn debug_of_everything_public_shows_none() {
    let fake = Fake::new().reply(200, replies::UNPAID);
    let builder = builder(&fake, &ByHand::new());
    without_canary(&format!("{builder:?}"));
    // The fake remembers everything, and would show it.
    let silent = pesapal_over_nothing();
    without_canary(&format!("{silent:?} {silent:#?}"));
    let pesapal = builder.build().unwrap();
    let reading = pesapal.status(&order()).await.unwrap();
    without_canary(&format!("{reading:?}"));
}

fn pesapal_over_nothing() -> duka_pesapal::Pesapal {
    let transport = duka_http::HttpTransport::new().unwrap();
    builder(&Fake::new(), &ByHand::new())
        .transport(Arc::new(transport))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_payment_link_does_not_show_in_debug() {
    let fake = Fake::new().reply(200, replies::SUBMITTED);
    let created = pesapal(&fake).create(&new_order()).await.unwrap();
    assert!(!format!("{created:?}").contains("PesapalIframe"));
}

#[tokio::test]
async fn nothing_a_server_quotes_back_is_passed_on() {
    let quoting = r#"{"status":"500","message":"token canary-token-1 of canary-consumer-key","error":{"code":"canary-consumer-secret","message":"canary-token-1"},"payment_status_description":"canary-token-1","status_code":9}"#;
    let fake = Fake::new();
    for _ in 0..4 {
        fake.reply(200, quoting);
    }
    let pesapal = pesapal(&fake);
    let answer = pesapal.cancel(&order()).await.unwrap();
    assert_eq!(answer.message(), "token … of …");
    let reading = pesapal.status(&order()).await.unwrap();
    without_canary(&format!("{reading:?}"));
    without_canary(&all_of(&pesapal.create(&new_order()).await.unwrap_err()));
    without_canary(&all_of(&pesapal.list_ipns().await.unwrap_err()));
    let url = "http://shop.example/ipn".parse().unwrap();
    let error = pesapal_with(200, quoting)
        .register_ipn(&url, IpnMethod::Get)
        .await;
    without_canary(&all_of(&error.unwrap_err()));
    let quoting_keys = r#"{"error":{"code":"invalid_consumer_key_or_secret_provided","message":"canary-consumer-key is wrong, canary-consumer-secret too"}}"#;
    let fake = Fake::new().token_reply(200, quoting_keys);
    let error = crate::fake::pesapal(&fake)
        .status(&order())
        .await
        .unwrap_err();
    assert!(all_of(&error).contains("is wrong"), "{error:?}");
    without_canary(&all_of(&error));
}

#[tokio::test]
async fn a_token_that_was_replaced_is_not_quoted_either() {
    let quoting = r#"{"status":"500","message":"canary-token-1 was replaced by canary-token-2"}"#;
    let refused = r#"{"error":{"error_type":"authentication_error","code":"invalid_api_credentials_provided","message":"Invalid Access Token"}}"#;
    let fake = Fake::new().reply(200, refused).reply(200, quoting);
    let answer = pesapal(&fake).cancel(&order()).await.unwrap();
    assert_eq!(answer.message(), "… was replaced by …");
}

fn pesapal_with(status: u16, body: &str) -> duka_pesapal::Pesapal {
    pesapal(&Fake::new().reply(status, body).reply(status, body))
}

#[tokio::test]
async fn a_server_that_quotes_one_where_it_does_not_belong_is_not_believed_to() {
    for quoted in [
        "canary-token-1",
        "CANARY-Consumer-Key",
        "canary-consumer-secret",
    ] {
        let body = format!(
            r#"{{"status_code":1,"payment_status_description":"{quoted}","merchant_reference":"{quoted}","currency":"{quoted}","amount":"{quoted}"}}"#
        );
        let reading = pesapal_with(200, &body).status(&order()).await.unwrap();
        without_canary(&format!("{reading:?} {}", reading.status).to_lowercase());
        let members = [
            format!(r#""status":"{quoted}""#),
            format!(r#""status":"500","message":"{quoted}""#),
            format!(r#""error":"{quoted}""#),
            format!(r#""error":{{"code":"{quoted}"}}"#),
            format!(r#""error":{{"message":"{quoted}"}}"#),
            format!(r#""order_tracking_id":"{quoted}""#),
            format!(r#""status_code":"{quoted}""#),
        ];
        for (member, http) in members
            .iter()
            .flat_map(|it| [(it, 200), (it, 404), (it, 503)])
        {
            let body = format!("{{{member}}}");
            let status = pesapal_with(http, &body).status(&order()).await;
            let cancel = pesapal_with(http, &body).cancel(&order()).await;
            let created = pesapal_with(http, &body).create(&new_order()).await;
            let shown = [
                status.map_or_else(|error| all_of(&error), |it| format!("{it:?}")),
                cancel.map_or_else(|error| all_of(&error), |it| format!("{it:?}")),
                all_of(&created.unwrap_err()),
            ];
            without_canary(&shown.join(" ").to_lowercase());
        }
        let mut page = duka_http::Reply::new(200, "<html>");
        page.content_type = Some(format!("text/{quoted}"));
        let mut redirect = duka_http::Reply::new(302, "");
        redirect.location = Some(format!("{quoted}.example"));
        for reply in [page, redirect] {
            let error = pesapal(&Fake::new().full_reply(reply))
                .cancel(&order())
                .await;
            without_canary(&all_of(&error.unwrap_err()).to_lowercase());
        }
        let listed = format!(
            r#"[{{"ipn_id":"{quoted}","url":"http://shop.example/{quoted}","ipn_status_decription":"{quoted}"}}]"#
        );
        let listed = pesapal_with(200, &listed).list_ipns().await.unwrap();
        without_canary(&format!("{listed:?}").to_lowercase());
    }
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_not_quoted_either() {
    let body =
        r#"{"token":"canary-token-9","status":"500","message":"canary-token-9 is not active yet"}"#;
    let fake = Fake::new().token_reply(200, body);
    let error = pesapal(&fake).status(&order()).await.unwrap_err();
    assert!(all_of(&error).contains("is not active yet"), "{error:?}");
    without_canary(&all_of(&error));
}

#[tokio::test]
async fn no_error_and_no_trace_shows_one() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(captured.clone())
        .finish();
    // For the whole process: with a subscriber of one thread only, a test on another decides
    // whether a span that it meets first is ever recorded.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let token_as_body = crate::fake::token("canary-token-9", 3600);
    let fake = Fake::new()
        .reply(401, replies::BAD_BEARER)
        .reply(200, token_as_body.clone())
        .fail(Delivery::Unknown)
        .reply(200, &token_as_body[..60])
        .reply(503, token_as_body.clone())
        .reply(200, replies::SUBMITTED);
    let pesapal = pesapal(&fake);
    let url = "http://shop.example/ipn".parse().unwrap();
    let errors = [
        pesapal.status(&order()).await.unwrap_err(),
        pesapal.cancel(&order()).await.unwrap_err(),
        pesapal.list_ipns().await.unwrap_err(),
        pesapal
            .register_ipn(&url, IpnMethod::Get)
            .await
            .unwrap_err(),
    ];
    pesapal.create(&new_order()).await.unwrap();
    for error in &errors {
        without_canary(&all_of(error));
    }
    let failing = Fake::new().token_reply(200, &token_as_body[..60]);
    let error = crate::fake::pesapal(&failing)
        .status(&order())
        .await
        .unwrap_err();
    without_canary(&all_of(&error));

    let log = captured.text();
    assert!(log.contains("operation=\"cancel\""), "{log}");
    assert!(log.contains("access token refused"), "{log}");
    without_canary(&log);
    for private in [
        "achieng@example.com",
        "0723000000",
        "Bearer",
        "PesapalIframe",
    ] {
        assert!(!log.contains(private), "{private}");
    }
}
