//! A transport that keeps what really came back, and may change what goes out: what an adapter makes of a reply is
//! not what a person wants to see who asks how the gateway answers.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use duka_core::Error;
use duka_http::{Intent, Method, Reply, Request, Transport, blotted};
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

/// The most that is shown of a body, in characters.
const LONGEST: usize = 600;

/// What is changed about a request that is otherwise the adapter's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Nothing,
    /// In place of the access token stands one that nobody has issued.
    MadeUpToken,
    /// What stands in the query is written in capitals.
    CapitalQuery,
}

/// The call whose reply holds a secret.
pub(crate) const TOKEN_CALL: &str = "RequestToken";

/// The token that nobody has issued.
const MADE_UP: &str = "Bearer made-up-by-duka-doctor";

/// Sends through another transport and keeps the replies.
pub(crate) struct Recorder {
    inner: Arc<dyn Transport>,
    change: Change,
    keys: Vec<SecretString>,
    seen: Mutex<Vec<Seen>>,
}

/// One exchange, fit to be shown: no secret of ours is in it.
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
            keys: keys.to_vec(),
            seen: Mutex::default(),
        })
    }

    /// What came back so far, in the order of the requests.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Seen>> {
        // A list that is only added to is whole whatever happened to whoever held it.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What must not be shown of an exchange: keys, secret headers, a token that was issued.
    fn secrets(&self, request: &Request, reply: Option<&Reply>) -> Vec<SecretString> {
        let mut secrets = self.keys.clone();
        for header in request.headers().filter(|header| header.secret) {
            secrets.push(header.value.into());
            // A server that quotes a token leaves out the word before it.
            secrets.extend(header.value.split_whitespace().map(SecretString::from));
        }
        let token = reply.and_then(|reply| serde_json::from_slice::<WithToken>(&reply.body).ok());
        secrets.extend(token.and_then(|body| body.token).map(SecretString::from));
        secrets
    }
}

/// The one member of a reply that is a secret.
#[derive(Deserialize)]
struct WithToken {
    token: Option<String>,
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
        let call = request
            .url()
            .path()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        let kept = request.clone();
        let outcome = self.inner.exchange(request, intent).await;
        let secrets = self.secrets(&kept, outcome.as_ref().ok());
        let seen = match &outcome {
            // Half a token, or one in a body of another form, would not be found in it.
            Ok(reply) if call == TOKEN_CALL && !is_json(&reply.body) => Seen {
                call,
                http_status: Some(reply.status),
                content_type: reply.content_type.clone(),
                body: format!("not shown: {}", reply.summary()),
            },
            Ok(reply) => Seen {
                call,
                http_status: Some(reply.status),
                content_type: reply.content_type.clone(),
                body: shown(&reply.body, &secrets),
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

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok()
}

/// A body on one line, cut, with `…` for every secret.
fn shown(body: &[u8], secrets: &[SecretString]) -> String {
    let text = blotted(body, secrets);
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
            Ok(Reply::new(200, body))
        }
    }

    async fn exchanged(change: Change) -> Seen {
        let recorder = Recorder::new(Arc::new(Echo), &["key-of-the-shop".into()], change);
        let url = "https://pay.example/api/GetIpnList".parse().unwrap();
        let request = Request::get(url)
            .header("Accept", "application/json")
            .secret_header("Authorization", "Bearer canary-token".into());
        recorder.exchange(request, Intent::Read).await.unwrap();
        recorder.seen().remove(0)
    }

    #[tokio::test]
    async fn what_is_kept_of_a_reply_has_no_secret_in_it() {
        let seen = exchanged(Change::Nothing).await;
        assert_eq!(seen.call, "GetIpnList");
        assert_eq!(seen.http_status, Some(200));
        assert_eq!(seen.body, r#"{"token":"…","said":"application/json … …"}"#);
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
    fn a_long_body_is_cut_and_an_empty_one_is_said_to_be_empty() {
        assert_eq!(shown(b"", &[]), "an empty body");
        assert_eq!(shown("é".repeat(601).as_bytes(), &[]).chars().count(), 601);
        assert!(shown("é".repeat(601).as_bytes(), &[]).ends_with('…'));
    }
}
