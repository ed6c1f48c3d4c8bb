//! Keys, secrets, tokens and signatures show up nowhere: not in Debug, not in the log of requests, not in traces.

use std::io;
use std::sync::{Arc, Mutex};

use duka_emulator::{Emulator, KwikPaisaCredentials, PesapalCredentials};
use tracing_subscriber::fmt::MakeWriter;

use crate::client::{config, order_body, request_token, send, sign};

const CANARY: &str = "canary-4f1d";

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_canary_in_every_secret_is_seen_nowhere() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(captured.clone())
        .finish();
    // For the whole binary: one per thread races with the call sites that other tests register.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let secret = |name: &str| format!("{CANARY}-{name}");
    let config = config()
        .kwikpaisa_credentials(KwikPaisaCredentials::new(secret("api"), secret("sign")))
        .pesapal_credentials(PesapalCredentials::new(secret("key"), secret("consumer")));
    assert!(!format!("{config:?}").contains(CANARY));
    let emulator = Emulator::start(config).await.unwrap();

    let now = emulator.now().as_second();
    let body = order_body("7");
    let signature = sign(&secret("sign"), &body, now);
    let headers = [
        ("content-type", "application/json"),
        ("x-api-key", &secret("api")),
        ("x-timestamp", &now.to_string()),
        ("x-signature", &signature),
        ("cookie", CANARY),
    ];
    let target = "/api/v3/pg/order/status";
    let reply = send(emulator.addr(), "POST", target, &headers, &body).await;
    assert_eq!(reply.reply().status, 404);

    let key = secret("key");
    let consumer = secret("consumer");
    let body = format!(r#"{{"consumer_key":"{key}","consumer_secret":"{consumer}"}}"#);
    let token = request_token(&emulator, &body).await.json();
    let token = token["token"].as_str().unwrap().to_owned();
    for broken in [
        body.replace('}', ""),
        format!("[{body}]"),
        CANARY.to_owned(),
    ] {
        request_token(&emulator, &broken).await;
    }
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let target = "/v3/api/URLSetup/GetIpnList";
    let reply = send(emulator.addr(), "GET", target, &headers, "").await;
    assert_eq!(reply.reply().status, 200);
    // At the wrong address a secret is no less secret.
    send(emulator.addr(), "POST", "/v3/api/Auth/Token", &[], &body)
        .await
        .reply();

    let requests = emulator.requests();
    assert_eq!(requests.len(), 7);
    let shown = [
        format!("{emulator:?}"),
        format!("{requests:?}"),
        crate::client::get(&emulator, "/_emulator/requests")
            .await
            .text(),
        String::from_utf8(captured.0.lock().unwrap().clone()).unwrap(),
    ];
    assert!(shown[3].contains("token issued"), "traces were captured");
    for text in shown {
        assert!(!text.is_empty());
        for secret in [CANARY, &signature, &token] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    assert_eq!(requests[0].headers["x-signature"], "[redacted]");
    assert_eq!(
        requests[1].body,
        r#"{"consumer_key":"[redacted]","consumer_secret":"[redacted]"}"#
    );
}
