//! The bearer token: fetched once for all callers that wait, kept until shortly before its
//! end, and dropped when the gateway refuses it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use duka_core::{Delivery, Error, ErrorKind};
use duka_http::Request;
use duka_http::adapter::Connection;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::operations::TOKEN;
use crate::wire::token::{self, Issued};
use crate::wire::{ACCEPT, JSON};

/// How long a token is taken to live when its reply does not say.
///
/// assumed: a little under the documented five minutes (page *Authentication*), although
/// every recorded token lived an hour.
const ASSUMED_LIFE: Duration = Duration::from_secs(4 * 60);

/// How many tokens are remembered: those of hours, where each lives for minutes.
const REMEMBERED: usize = 32;

/// A bearer token, and which one it is.
#[derive(Clone)]
pub(crate) struct Token {
    value: SecretString,
    serial: u64,
    use_until: Timestamp,
}

impl Token {
    /// The header that carries it.
    pub(crate) fn header(&self) -> SecretString {
        SecretString::from(format!("Bearer {}", self.value.expose_secret()))
    }
}

/// Keys, and the token they last bought.
pub(crate) struct Auth {
    connection: Connection,
    keys: [SecretString; 2],
    margin: Duration,
    slot: Mutex<Slot>,
    /// The newest tokens, the last one included: the gateway may quote any of them.
    issued: std::sync::Mutex<Vec<SecretString>>,
    /// Fetches that have ended, well or badly.
    ended: AtomicU64,
}

#[derive(Default)]
struct Slot {
    token: Option<Token>,
    /// The last fetch, if it failed: which one it was, and how.
    failure: Option<(u64, Arc<Error>)>,
}

impl Auth {
    pub(crate) fn new(connection: Connection, keys: [SecretString; 2], margin: Duration) -> Self {
        Self {
            connection,
            keys,
            margin,
            slot: Mutex::default(),
            issued: std::sync::Mutex::default(),
            ended: AtomicU64::new(0),
        }
    }

    /// What the gateway's words must not carry on: the keys, and every token that it may know.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        self.keys.iter().chain(issued.iter()).cloned().collect()
    }

    /// Remembers a token, to leave it out of what is quoted.
    fn remember(&self, token: &SecretString) {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if issued.len() == REMEMBERED {
            issued.remove(0);
        }
        issued.push(token.clone());
    }

    /// A token that is good for now.
    ///
    /// One caller fetches while the others wait; all of them get what it got, an error as
    /// well as a token. Only who asks *after* a failure tries again.
    pub(crate) async fn token(&self) -> Result<Token, Arc<Error>> {
        let ended_before = self.ended.load(Ordering::Acquire);
        let mut slot = self.slot.lock().await;
        let now = self.connection.clock.now();
        if let Some(token) = slot.token.as_ref().filter(|token| now < token.use_until) {
            return Ok(token.clone());
        }
        if let Some((fetch, error)) = &slot.failure
            && *fetch > ended_before
        {
            return Err(Arc::clone(error));
        }
        // Measured before the request leaves, so that the token is never kept too long.
        let outcome = self.fetch().await;
        let serial = self.ended.fetch_add(1, Ordering::AcqRel) + 1;
        match outcome {
            Ok(issued) => {
                self.remember(&issued.token);
                let token = Token {
                    use_until: use_until(now, issued.expires, self.margin),
                    value: issued.token,
                    serial,
                };
                slot.failure = None;
                slot.token = Some(token.clone());
                Ok(token)
            }
            Err(error) => {
                let error = Arc::new(error);
                slot.token = None;
                slot.failure = Some((serial, Arc::clone(&error)));
                Err(error)
            }
        }
    }

    /// Drops a token that was refused, unless another caller has replaced it already.
    pub(crate) async fn refused(&self, token: &Token) {
        let mut slot = self.slot.lock().await;
        if slot.token.as_ref().map(|kept| kept.serial) == Some(token.serial) {
            slot.token = None;
        }
    }

    async fn fetch(&self) -> Result<Issued, Error> {
        let [key, secret] = &self.keys;
        let build = |url| {
            let body = token::request_body(key, secret);
            Request::post_json(url, body).header(ACCEPT, JSON)
        };
        // A read, although it is a POST.
        // assumed: a new token does not end the life of an older one.
        token::read(self.connection.call(&TOKEN, self.secrets(), build).await?)
    }
}

/// What a call fails with that never left for want of a token.
pub(crate) fn no_token(operation: &str, cause: Arc<Error>) -> Error {
    because_of(
        &cause.clone(),
        cause.kind(),
        Delivery::NotSent,
        format!("{operation}: no access token, so nothing was sent"),
    )
}

/// What a call fails with that was refused for its token, when there is no other to try.
///
/// The cause decides the kind: a network that failed in between says nothing against the
/// keys, and who takes it for that gives up the whole account. The one request that left
/// was refused unread for its credentials, so where the keys are not to blame the call counts as
/// not sent and may simply be made again.
pub(crate) fn no_second_token(operation: &str, cause: Arc<Error>) -> Error {
    let kind = cause.kind();
    let delivery = if kind == ErrorKind::Authentication {
        Delivery::Answered
    } else {
        Delivery::NotSent
    };
    because_of(
        &cause.clone(),
        kind,
        delivery,
        format!("{operation}: the access token was refused, and there is no new one"),
    )
}

fn because_of(cause: &Arc<Error>, kind: ErrorKind, delivery: Delivery, text: String) -> Error {
    let mut error = Error::new(kind, delivery, text).with_source(Arc::clone(cause));
    if let Some(code) = cause.code() {
        error = error.with_code(code);
    }
    if let Some(status) = cause.http_status() {
        error = error.with_http_status(status);
    }
    match cause.retry_after() {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}

/// Until when a token may be used: its end less the margin.
///
/// The margin is at most half the life, so that a token too short-lived for it is still
/// used and not fetched anew for every call. An end that is missing or already past (a
/// clock that runs ahead) says nothing, and a short life is assumed.
fn use_until(now: Timestamp, expires: Option<Timestamp>, margin: Duration) -> Timestamp {
    let life = expires
        .and_then(|end| Duration::try_from(end.duration_since(now)).ok())
        .filter(|life| !life.is_zero())
        .unwrap_or(ASSUMED_LIFE);
    let used = life - margin.min(life / 2);
    now.checked_add(used).unwrap_or(Timestamp::MAX)
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("base", &self.connection.base)
            .field("margin", &self.margin)
            .finish_non_exhaustive()
    }
}
