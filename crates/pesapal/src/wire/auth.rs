//! Refused credentials: the only replies after which a request counts as not looked at.
//!
//! A call that counts as not looked at is sent once more, so these forms are read strictly:
//! the whole reply must be the error, in a form that a page, a recording or another client
//! shows, and nothing beside it. Whatever else comes back leaves the outcome unknown.

use std::collections::BTreeMap;
use std::fmt;

use duka_core::evidence::Intent;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::envelope::{AUTHENTICATION_ERROR, Answer, BodyStatus, Fault};
use super::scalar::Loose;

/// What stands for a refused bearer token.
const BAD_BEARER: &str = "invalid_api_credentials_provided";
/// What stands for refused consumer keys.
const BAD_KEYS: &str = "invalid_consumer_key_or_secret_provided";

/// What a reply tells of the token that its request carried.
pub(crate) enum AuthCheck {
    /// Nothing: the reply is about the call.
    Passed,
    /// The token was refused, and the request was not looked at.
    Refused,
    /// HTTP 401 in no known form: the request may have been looked at.
    Doubtful,
}

/// Which credentials a refusal is about.
#[derive(Clone, Copy)]
enum Credentials {
    Bearer,
    Keys,
}

/// Reads what a reply tells of the bearer token.
///
/// An empty 401 refuses the token of a read, which may be repeated in any case. To a
/// mutation it is doubtful: a server in front of the gateway may have emptied the reply.
pub(crate) fn check(answer: &Answer<'_>, intent: Intent) -> AuthCheck {
    let is_refused = match intent {
        Intent::Read => bearer_refusal(answer).is_some() || is_empty_401(answer),
        Intent::Mutation => bearer_refusal(answer).is_some(),
    };
    match answer.reply.status {
        _ if is_refused => AuthCheck::Refused,
        401 => AuthCheck::Doubtful,
        _ => AuthCheck::Passed,
    }
}

/// The error of a refused bearer token, if that is all the reply holds.
pub(crate) fn bearer_refusal(answer: &Answer<'_>) -> Option<Fault> {
    refusal(answer, Credentials::Bearer)
}

/// The error of refused consumer keys, if that is all the reply holds.
pub(crate) fn keys_refusal(answer: &Answer<'_>) -> Option<Fault> {
    refusal(answer, Credentials::Keys)
}

/// HTTP 401 without a body, or with nothing but white space for one.
pub(crate) fn is_empty_401(answer: &Answer<'_>) -> bool {
    answer.reply.status == 401 && answer.reply.body.trim_ascii().is_empty()
}

/// Whether a message is the error of refused credentials written as text.
pub(crate) fn is_refusal_as_text(message: &str) -> bool {
    [Credentials::Bearer, Credentials::Keys]
        .into_iter()
        .any(|of| in_text(message, of).is_some())
}

/// assumed: the HTTP status of a refusal is unknown, so the body decides under any that the
/// API itself may give. A redirect, a request to slow down and a 5xx other than 500 are what
/// servers in front of it say; they may have passed the request on.
fn refusal(answer: &Answer<'_>, of: Credentials) -> Option<Fault> {
    let body = answer.body().ok()?;
    let body = std::str::from_utf8(body).ok()?;
    let (in_body, in_message) = match answer.reply.status {
        429 => (false, false),
        200..=299 => (true, false),
        400..=500 => (true, true),
        _ => (false, false),
    };
    in_body
        .then(|| in_object(body, of))
        .flatten()
        .or_else(|| in_message.then(|| in_message_of(body, of)).flatten())
}

/// `{"error":{…},"status":…}`, where `status` is null, absent or 500.
fn in_object(json: &str, of: Credentials) -> Option<Fault> {
    let Members(mut members) = serde_json::from_str(json).ok()?;
    let error = members.remove("error")?.object()?;
    let status = members.remove("status").unwrap_or_default();
    let status = BodyStatus::read(status);
    let fits = matches!(status, BodyStatus::Missing | BodyStatus::NotDone) && are_empty(&members);
    fits.then(|| in_error(error, of)).flatten()
}

/// The error itself, with its code exactly as it is documented.
fn in_error(json: &str, of: Credentials) -> Option<Fault> {
    let Members(mut members) = serde_json::from_str(json).ok()?;
    let mut take = |name| members.remove(name).unwrap_or_default().exact_string();
    let code = take("code").ok()??;
    let message = take("message").ok()?;
    let types = [take("error_type").ok()?, take("type").ok()?];
    let kinds: Vec<_> = types.into_iter().flatten().collect();
    let fits = match of {
        Credentials::Bearer => {
            code == BAD_BEARER && kinds.iter().all(|kind| kind == AUTHENTICATION_ERROR)
        }
        // Recorded as an `api_error`.
        Credentials::Keys => code == BAD_KEYS,
    };
    (fits && are_empty(&members)).then(|| {
        let message = message.filter(|message| !message.is_empty());
        Fault::refusal(kinds.into_iter().next(), code, message)
    })
}

/// `{"message":"<the error as text>"}`.
///
/// assumed: three clients tell of it, with HTTP 4xx and 5xx; no recording shows it.
fn in_message_of(json: &str, of: Credentials) -> Option<Fault> {
    let Members(mut members) = serde_json::from_str(json).ok()?;
    let message = members.remove("message")?.string()?;
    are_empty(&members).then(|| in_text(&message, of)).flatten()
}

/// The error as text: with what surrounds it in a reply, or by itself.
fn in_text(text: &str, of: Credentials) -> Option<Fault> {
    in_object(text, of).or_else(|| in_error(text, of))
}

/// Recorded refusals fill up with nulls and empty texts what they have no value for.
fn are_empty(members: &BTreeMap<String, Loose<'_>>) -> bool {
    members.values().all(|member| member.text().is_none())
}

/// All members of an object, none of them twice.
struct Members<'a>(BTreeMap<String, Loose<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EachOnce)
    }
}

struct EachOnce;

impl<'de> Visitor<'de> for EachOnce {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with each key once")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a key stands there twice"));
            }
        }
        Ok(Members(members))
    }
}
