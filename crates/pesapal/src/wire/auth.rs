//! Refused credentials: the only replies after which a request counts as not looked at.
//!
//! A call that counts as not looked at is sent once more, so these forms are read strictly:
//! the whole reply must be the error, in a form that a page, a recording or another client
//! shows, and nothing beside it but the nulls and empty texts with which recorded refusals fill
//! up what they have no value for. Whatever else comes back leaves the outcome unknown.

use duka_core::evidence::Intent;
use duka_core::{Error, ErrorKind};
use duka_http::adapter::{Answer, JsonMembers, Words};

use super::envelope::{AUTHENTICATION_ERROR, BodyStatus};

/// What stands for a refused bearer token.
const BAD_BEARER: &str = "invalid_api_credentials_provided";
/// What stands for refused consumer keys.
const BAD_KEYS: &str = "invalid_consumer_key_or_secret_provided";

/// What a reply tells of the token that its request carried.
pub(crate) enum AuthCheck {
    /// Nothing: the reply is about the call.
    Passed,
    /// The token was refused, and the request was not looked at.
    Refused(Error),
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
pub(crate) fn check(answer: &Answer) -> AuthCheck {
    let kind = ErrorKind::Authentication;
    if let Some(words) = refusal(answer, Credentials::Bearer) {
        return AuthCheck::Refused(answer.refusal(kind, &words));
    }
    match (answer.reply.status, answer.operation.intent) {
        (401, Intent::Read) if answer.is_empty_401() => {
            AuthCheck::Refused(answer.error(kind, "the access token was refused"))
        }
        (401, Intent::Read | Intent::Mutation) => AuthCheck::Doubtful,
        _ => AuthCheck::Passed,
    }
}

/// The error of refused consumer keys, if that is all the reply holds.
pub(crate) fn keys_refusal(answer: &Answer) -> Option<Words> {
    refusal(answer, Credentials::Keys)
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
fn refusal(answer: &Answer, of: Credentials) -> Option<Words> {
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
fn in_object(json: &str, of: Credentials) -> Option<Words> {
    let mut members: JsonMembers = serde_json::from_str(json).ok()?;
    let error = members.take("error");
    let status = BodyStatus::read(&members.take("status"));
    let fits = matches!(status, BodyStatus::Missing | BodyStatus::NotDone) && members.are_empty();
    fits.then(|| in_error(error.object()?, of)).flatten()
}

/// The error itself, with its code exactly as it is documented.
fn in_error(json: &str, of: Credentials) -> Option<Words> {
    let mut members: JsonMembers = serde_json::from_str(json).ok()?;
    let mut take = |name| members.take(name).into_string();
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
    (fits && members.are_empty()).then(|| {
        let code = Some(code);
        Words { code, message }
    })
}

/// `{"message":"<the error as text>"}`.
///
/// assumed: three clients tell of it, with HTTP 4xx and 5xx; no recording shows it.
fn in_message_of(json: &str, of: Credentials) -> Option<Words> {
    let mut members: JsonMembers = serde_json::from_str(json).ok()?;
    let message = members.take("message");
    members
        .are_empty()
        .then(|| in_text(message.string()?, of))
        .flatten()
}

/// The error as text: with what surrounds it in a reply, or by itself.
fn in_text(text: &str, of: Credentials) -> Option<Words> {
    in_object(text, of).or_else(|| in_error(text, of))
}
