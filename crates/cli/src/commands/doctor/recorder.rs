//! A transport that records the replies themselves, and may change requests: a user who asks how the gateway answers
//! wants to see the reply, not what an adapter makes of it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use duka_core::Error;
use duka_http::{Intent, Method, Reply, Request, Transport, redact};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

/// The most that is shown of a body, in characters.
const LONGEST: usize = 600;

/// What is changed about a request that is otherwise the adapter's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Nothing,
    /// In place of the access token stands a made-up one.
    MadeUpToken,
    /// What stands in the query is written in capitals.
    CapitalQuery,
}

/// The call whose reply holds a secret.
pub(crate) const TOKEN_CALL: &str = "RequestToken";

/// The made-up token.
const MADE_UP: &str = "Bearer made-up-by-duka-doctor";

/// Sends through another transport and keeps the replies.
pub(crate) struct Recorder {
    inner: Arc<dyn Transport>,
    change: Change,
    /// What must not be shown: the account's keys, and every token that was issued or sent. One
    /// that was replaced may still be quoted.
    secrets: Mutex<Vec<SecretString>>,
    seen: Mutex<Vec<Seen>>,
}

/// One exchange, as it may be shown: without our secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The last part of the address.
    pub(crate) call: String,
    pub(crate) http_status: Option<u16>,
    pub(crate) content_type: Option<String>,
    /// The body, or why there is none.
    pub(crate) body: String,
}

impl Recorder {
    /// One for an account with these keys, which are shown nowhere.
    pub(crate) fn new(
        inner: Arc<dyn Transport>,
        keys: &[SecretString],
        change: Change,
    ) -> Arc<Self> {
        Arc::new(Self {
            inner,
            change,
            secrets: Mutex::new(keys.to_vec()),
            seen: Mutex::default(),
        })
    }

    /// What came back so far, in the order of the requests.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Seen>> {
        // A list that is only appended to stays valid when a thread that held it panicked.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What must not be shown of an exchange: keys, secret headers, what may be a token that was issued, and
    /// all of these of the exchanges before.
    fn secrets(&self, request: &Request, reply: Option<&Reply>) -> Vec<SecretString> {
        let mut known = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut secrets = Vec::new();
        for header in request.headers().filter(|header| header.secret) {
            secrets.push(header.value.into());
            // A server that quotes a token leaves out the word before it.
            secrets.extend(header.value.split_whitespace().map(SecretString::from));
        }
        if call_of(request) == TOKEN_CALL
            && let Some(body) = reply.and_then(json)
        {
            let tokens = texts(&body).into_iter().filter(|text| may_be_token(text));
            secrets.extend(tokens.map(SecretString::from));
        }
        let is_new = |secret: &SecretString| {
            let text = secret.expose_secret();
            known.iter().all(|known| known.expose_secret() != text)
        };
        secrets.retain(is_new);
        known.extend(secrets);
        known.clone()
    }

    /// What a reply says, as far as it may be shown.
    fn body(reply: &Reply, request: &Request, secrets: &[SecretString]) -> String {
        let body = json(reply);
        // Half a token, or one in a body of another form, would not be found in it.
        let unreadable = call_of(request) == TOKEN_CALL && body.is_none();
        let raw = String::from_utf8_lossy(&reply.body);
        let plain = redact(raw.as_ref(), secrets);
        // A secret written with escapes is found only in what they stand for.
        let found = |text: &str| blots(&redact(text, secrets)).saturating_sub(blots(text));
        let escaped = body.is_some_and(|body| {
            let in_texts: usize = texts(&body).into_iter().map(found).sum();
            in_texts > found(&raw)
        });
        if unreadable || escaped {
            return format!("not shown: {}", reply.summary());
        }
        shown(&plain)
    }
}

/// The last part of the address.
fn call_of(request: &Request) -> &str {
    request.url().path().rsplit('/').next().unwrap_or_default()
}

fn json(reply: &Reply) -> Option<Value> {
    serde_json::from_slice(&reply.body).ok()
}

fn blots(text: &str) -> usize {
    text.matches('…').count()
}

/// Every text in a reply, however deep.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
    }
}

/// Whether a text in the reply to a request for a token may be one, under whatever name. Words for people have
/// spaces, error codes only small letters, and a date is one.
fn may_be_token(text: &str) -> bool {
    let code = text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let date = text.parse::<jiff::Timestamp>().is_ok();
    let date = date || text.parse::<jiff::civil::DateTime>().is_ok();
    text.len() > 5 && !text.contains(' ') && !code && !date
}

#[async_trait]
impl Transport for Recorder {
    async fn exchange(&self, request: Request, intent: Intent) -> Result<Reply, Error> {
        let request = match self.change {
            Change::Nothing => request,
            Change::MadeUpToken => {
                let url = request.url().clone();
                changed(&request, url, Some(MADE_UP))
            }
            Change::CapitalQuery => changed(&request, in_capitals(request.url()), None),
        };
        let kept = request.clone();
        let call = call_of(&kept).to_owned();
        let outcome = self.inner.exchange(request, intent).await;
        let secrets = self.secrets(&kept, outcome.as_ref().ok());
        let seen = match &outcome {
            Ok(reply) => Seen {
                call,
                http_status: Some(reply.status),
                content_type: reply
                    .content_type
                    .as_ref()
                    .map(|text| redact(text, &secrets)),
                body: Self::body(reply, &kept, &secrets),
            },
            Err(error) => Seen {
                call,
                http_status: error.http_status(),
                content_type: None,
                body: error.in_full().to_string(),
            },
        };
        self.lock().push(seen);
        outcome
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("change", &self.change)
            .finish_non_exhaustive()
    }
}

/// The same request to another address, and with another token if it carries one.
fn changed(request: &Request, url: Url, token: Option<&str>) -> Request {
    let mut changed = match request.method() {
        Method::Get => Request::get(url),
        Method::Post => Request::post_json(url, request.body().unwrap_or_default().to_vec()),
    };
    for header in request.headers() {
        let set_already = request.method() == Method::Post && header.name == "Content-Type";
        changed = match (header.name, token) {
            _ if set_already => changed,
            ("Authorization", Some(token)) => changed.secret_header("Authorization", token.into()),
            (name, _) if header.secret => changed.secret_header(name, header.value.into()),
            (name, _) => changed.header(name, header.value),
        };
    }
    changed
}

fn in_capitals(url: &Url) -> Url {
    let mut changed = url.clone();
    let pairs = url.query_pairs();
    let pairs: Vec<_> = pairs
        .map(|(name, value)| (name, value.to_uppercase()))
        .collect();
    if !pairs.is_empty() {
        changed.query_pairs_mut().clear().extend_pairs(pairs);
    }
    changed
}

/// A body on one line, cut.
fn shown(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.is_empty() => "an empty body".to_owned(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Echo;

    /// Quotes back all that is secret about a request.
    #[async_trait]
    impl Transport for Echo {
        async fn exchange(&self, request: Request, _: Intent) -> Result<Reply, Error> {
            let headers: Vec<_> = request.headers().map(|header| header.value).collect();
            let said = headers.join(" ");
            let body = format!(r#"{{"token":"eyJ-issued","said":"{said} key-of-the-shop"}}"#);
            let mut reply = Reply::new(200, body);
            reply.content_type = Some(format!("text/{said}; key-of-the-shop eyJ-first"));
            Ok(reply)
        }
    }

    async fn exchanged(change: Change) -> Seen {
        let recorder = Recorder::new(Arc::new(Echo), &["key-of-the-shop".into()], change);
        let url = "https://pay.example/api/RequestToken".parse().unwrap();
        let request = Request::get(url)
            .header("Accept", "application/json")
            .secret_header("Authorization", "Bearer canary-token".into());
        recorder.exchange(request, Intent::Read).await.unwrap();
        recorder.seen().remove(0)
    }

    #[tokio::test]
    async fn what_is_kept_of_a_reply_has_no_secret_in_it() {
        let seen = exchanged(Change::Nothing).await;
        assert_eq!(seen.call, TOKEN_CALL);
        assert_eq!(seen.http_status, Some(200));
        assert_eq!(seen.body, r#"{"token":"…","said":"application/json … …"}"#);
    }

    #[tokio::test]
    async fn a_token_that_was_replaced_is_not_shown_either_nor_a_key_in_a_content_type() {
        let recorder = Recorder::new(Arc::new(Echo), &["key-of-the-shop".into()], Change::Nothing);
        for token in ["Bearer eyJ-first", "Bearer eyJ-second"] {
            let url = "https://pay.example/api/status".parse().unwrap();
            let request = Request::get(url).secret_header("Authorization", token.into());
            recorder.exchange(request, Intent::Read).await.unwrap();
        }
        let seen = recorder.seen().remove(1);
        assert_eq!(seen.content_type.as_deref(), Some("text/…; … …"));
    }

    #[tokio::test]
    async fn a_made_up_token_takes_the_place_of_the_real_one_and_of_nothing_else() {
        let url: Url = "https://pay.example/v3/api/status?id=7f".parse().unwrap();
        let request = Request::post_json(url.clone(), b"{}".to_vec())
            .header("Accept", "application/json")
            .secret_header("Authorization", "Bearer real".into());
        let changed = changed(&request, url.clone(), Some(MADE_UP));
        let headers: Vec<_> = changed.headers().map(|it| (it.name, it.value)).collect();
        assert_eq!(
            headers,
            [
                ("Content-Type", "application/json"),
                ("Accept", "application/json"),
                ("Authorization", MADE_UP)
            ]
        );
        assert_eq!(changed.url(), &url);
        assert_eq!(changed.body(), Some(b"{}".as_slice()));
    }

    #[test]
    fn the_values_of_a_query_are_written_in_capitals_and_nothing_else_of_an_address() {
        let url: Url = "https://pay.example/v3/status?orderTrackingId=b945e4af-80a5"
            .parse()
            .unwrap();
        assert_eq!(
            in_capitals(&url).as_str(),
            "https://pay.example/v3/status?orderTrackingId=B945E4AF-80A5"
        );
        let plain: Url = "https://pay.example/v3/list".parse().unwrap();
        assert_eq!(in_capitals(&plain), plain);
    }

    #[test]
    fn a_token_is_not_shown_under_whatever_name_and_words_codes_and_dates_are() {
        for token in ["eyJhbGciOi.e30.c2ln", "AbC123", "a-b-c-d-e"] {
            assert!(may_be_token(token), "{token}");
        }
        for text in [
            "200",
            "Request processed successfully",
            "invalid_consumer_key_or_secret_provided",
            "2021-08-26T12:29:30.5177702Z",
            "2021-08-26T12:29:30",
        ] {
            assert!(!may_be_token(text), "{text}");
        }
    }

    #[test]
    fn a_secret_that_is_written_with_escapes_hides_the_whole_body() {
        let secrets = ["canary-token".into()];
        let url = "https://pay.example/api/status".parse().unwrap();
        let request = Request::get(url);
        let body = |text: &str| Recorder::body(&Reply::new(200, text), &request, &secrets);
        let harmless = r#"{"a":"c\u0061nary"}"#;
        assert_eq!(body(harmless), harmless);
        assert_eq!(
            body(r#"{"a":["\u0063anary-token"]}"#),
            "not shown: no content type, 27 bytes"
        );
    }

    #[test]
    fn a_long_body_is_cut_and_an_empty_one_is_said_to_be_empty() {
        assert_eq!(shown(""), "an empty body");
        assert_eq!(shown(&"é".repeat(601)).chars().count(), 601);
        assert!(shown(&"é".repeat(601)).ends_with('…'));
    }
}
