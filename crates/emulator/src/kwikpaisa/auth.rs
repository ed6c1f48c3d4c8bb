//! KwikPaisa's authentication: key, timestamp and signature, each of them checked.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
use hyper::StatusCode;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::replies::error;
use crate::config::{EmulatorConfig, same_secret};
use crate::exchange::{Received, Reply};
use crate::reserialize::Reserializer;
use crate::variants::Behaviour;
use crate::variants::kwikpaisa::{self as variants, UnauthorizedBody};

/// Checks a request. A refusal's reply says as little as the gateway's does; the verdict names the exact reason.
pub(crate) fn authenticate(
    config: &EmulatorConfig,
    behaviour: &Behaviour,
    now: Timestamp,
    received: &Received,
) -> Result<(), Reply> {
    check_content_type(behaviour, received)?;
    let key = sent(behaviour, received, "x-api-key")?;
    if !same_secret(key, config.kwikpaisa.api_key.expose_secret()) {
        return Err(
            unauthorized(behaviour, "Invalid API key.").because("X-API-KEY is not the merchant's")
        );
    }
    let timestamp = sent(behaviour, received, "x-timestamp")?;
    check_timestamp(behaviour, now, timestamp)?;
    let presented = sent(behaviour, received, "x-signature")?;
    let (payload, named) = signed_payload(behaviour.value(&variants::SIGNED_OVER), &received.body);
    let expected = signature(&config.kwikpaisa.secret_key, &payload, timestamp);
    if same_secret(presented, &expected) {
        Ok(())
    } else {
        Err(unauthorized(behaviour, "Invalid signature.")
            .because(wrong_signature(presented, &expected, named)))
    }
}

/// The refusal of a timestamp outside the window.
pub(crate) fn expired(behaviour: &Behaviour) -> Reply {
    unauthorized(behaviour, "Request timestamp expired.")
}

/// What the signature is expected over, and how the log names it.
fn signed_payload(
    reserializer: Option<Reserializer>,
    body: &[u8],
) -> (Cow<'_, [u8]>, &'static str) {
    let Some(Reserializer { write, named }) = reserializer else {
        return (body.into(), "as received");
    };
    match write(body) {
        Some(text) => (text.into_bytes().into(), named),
        // A body that is not JSON cannot be reserialised.
        None => (body.into(), "as received"),
    }
}

/// Lowercase hex of HMAC-SHA256 over the payload followed by the timestamp's digits.
pub(crate) fn signature(secret: &SecretString, payload: &[u8], timestamp: &str) -> String {
    #[expect(clippy::expect_used, reason = "stated in the text")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(payload);
    mac.update(timestamp.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn check_content_type(behaviour: &Behaviour, received: &Received) -> Result<(), Reply> {
    let fits = if behaviour.value(&variants::CONTENT_TYPE_MAY_HAVE_PARAMETERS) {
        received.is_json()
    } else {
        received.header("content-type") == Some("application/json")
    };
    if fits {
        return Ok(());
    }
    let found = received.header("content-type").unwrap_or("absent");
    Err(error(
        behaviour,
        StatusCode::BAD_REQUEST,
        "Invalid request payload.",
    )
    .because(format!(
        "Content-Type must be application/json, it is {found}"
    )))
}

fn check_timestamp(behaviour: &Behaviour, now: Timestamp, sent: &str) -> Result<(), Reply> {
    let refused = |reason: String| Err(expired(behaviour).because(reason));
    if sent.is_empty() || !sent.bytes().all(|it| it.is_ascii_digit()) {
        return refused("X-TIMESTAMP is not a number of seconds".to_owned());
    }
    let Ok(sent) = sent.parse::<i64>() else {
        return refused("X-TIMESTAMP is too large".to_owned());
    };
    let behind = now.as_second().saturating_sub(sent);
    let window = behaviour.value(&variants::TIMESTAMP_WINDOW_SECONDS);
    if behind.unsigned_abs() <= window {
        return Ok(());
    }
    let off = behind.unsigned_abs();
    refused(if behind > 0 {
        format!("X-TIMESTAMP is {off} s behind the emulator's clock, {window} s are allowed")
    } else {
        format!("X-TIMESTAMP is {off} s ahead of the emulator's clock, {window} s are allowed")
    })
}

fn sent<'a>(
    behaviour: &Behaviour,
    received: &'a Received,
    name: &'static str,
) -> Result<&'a str, Reply> {
    received.header(name).ok_or_else(|| {
        unauthorized(behaviour, "Invalid authentication headers.")
            .because(format!("{name} is absent, repeated or not ASCII"))
    })
}

/// What is wrong with a signature; the text never contains the expected one.
fn wrong_signature(presented: &str, expected: &str, payload: &str) -> String {
    let lowercase = |it: u8| it.is_ascii_digit() || (b'a'..=b'f').contains(&it);
    if presented.len() != expected.len() {
        "X-SIGNATURE does not have 64 characters".to_owned()
    } else if same_secret(&presented.to_ascii_lowercase(), expected) {
        "X-SIGNATURE is right but not in lowercase".to_owned()
    } else if !presented.bytes().all(lowercase) {
        "X-SIGNATURE is not lowercase hex".to_owned()
    } else {
        format!("X-SIGNATURE does not match the body {payload} followed by X-TIMESTAMP")
    }
}

fn unauthorized(behaviour: &Behaviour, cause: &'static str) -> Reply {
    const STATUS: StatusCode = StatusCode::UNAUTHORIZED;
    let message = if behaviour.value(&variants::UNAUTHORIZED_TELLS_THE_CAUSE) {
        cause
    } else {
        "Unauthorized."
    };
    match behaviour.value(&variants::UNAUTHORIZED_BODY) {
        UnauthorizedBody::Envelope => error(behaviour, STATUS, message),
        UnauthorizedBody::Html => {
            let page = "<!DOCTYPE html><html><head><title>401</title></head><body><h1>Unauthorized</h1></body></html>";
            Reply::html(STATUS, page.to_owned())
        }
        UnauthorizedBody::Empty => Reply::empty(STATUS),
    }
}
