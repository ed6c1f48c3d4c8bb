//! KwikPaisa's authentication: key, timestamp and signature, each really checked.

use hmac::{Hmac, KeyInit, Mac};
use hyper::StatusCode;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::error;
use crate::behaviour::kwikpaisa::{ContentTypeRule, KwikPaisaBehaviour};
use crate::config::{EmulatorConfig, same_secret};
use crate::exchange::{Received, Reply};

/// Lets a request in, or says on the wire as little and in the verdict as much as possible.
pub(crate) fn check_door(
    config: &EmulatorConfig,
    behaviour: &KwikPaisaBehaviour,
    now: Timestamp,
    received: &Received,
) -> Result<(), Reply> {
    check_content_type(behaviour, received)?;
    let key = sent(received, "x-api-key")?;
    if !same_secret(key, config.kwikpaisa.api_key.expose_secret()) {
        return Err(unauthorized("Invalid API key.").because("X-API-KEY is not the merchant's"));
    }
    let timestamp = sent(received, "x-timestamp")?;
    check_timestamp(now, timestamp)?;
    let presented = sent(received, "x-signature")?;
    let expected = signature(&config.kwikpaisa.secret_key, &received.body, timestamp);
    if same_secret(presented, &expected) {
        Ok(())
    } else {
        Err(unauthorized("Invalid signature.").because(wrong_signature(presented, &expected)))
    }
}

/// The refusal of a timestamp outside the window.
pub(crate) fn expired() -> Reply {
    unauthorized("Request timestamp expired.")
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

fn check_content_type(behaviour: &KwikPaisaBehaviour, received: &Received) -> Result<(), Reply> {
    let fits = match behaviour.content_type {
        ContentTypeRule::Exact => received.header("content-type") == Some("application/json"),
        ContentTypeRule::ParametersAllowed => received.is_json(),
    };
    if fits {
        return Ok(());
    }
    let found = received.header("content-type").unwrap_or("absent");
    Err(
        error(StatusCode::BAD_REQUEST, "Invalid request payload.").because(format!(
            "Content-Type must be application/json, it is {found}"
        )),
    )
}

fn check_timestamp(now: Timestamp, sent: &str) -> Result<(), Reply> {
    let refused = |reason: String| Err(expired().because(reason));
    if sent.is_empty() || !sent.bytes().all(|it| it.is_ascii_digit()) {
        return refused("X-TIMESTAMP is not a number of seconds".to_owned());
    }
    let Ok(sent) = sent.parse::<i64>() else {
        return refused("X-TIMESTAMP is beyond the end of time".to_owned());
    };
    let behind = now.as_second().saturating_sub(sent);
    let window = 300;
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

fn sent<'a>(received: &'a Received, name: &'static str) -> Result<&'a str, Reply> {
    received.header(name).ok_or_else(|| {
        unauthorized("Invalid authentication headers.")
            .because(format!("{name} is absent, repeated or not ASCII"))
    })
}

/// What is wrong with a signature, without telling what it should have been.
fn wrong_signature(presented: &str, expected: &str) -> &'static str {
    let lowercase = |it: u8| it.is_ascii_digit() || (b'a'..=b'f').contains(&it);
    if presented.len() != expected.len() {
        "X-SIGNATURE does not have 64 characters"
    } else if same_secret(&presented.to_ascii_lowercase(), expected) {
        "X-SIGNATURE is right but not in lowercase"
    } else if !presented.bytes().all(lowercase) {
        "X-SIGNATURE is not lowercase hex"
    } else {
        "X-SIGNATURE does not match the body as received followed by X-TIMESTAMP"
    }
}

fn unauthorized(message: &'static str) -> Reply {
    error(StatusCode::UNAUTHORIZED, message)
}
