//! Yes or no: how the replies are read that say only `status` and `message`, those of
//! `CancelOrder` and `RefundRequest`.

use duka_core::{Error, ErrorKind};
use duka_http::adapter::Answer;
use serde::de::DeserializeOwned;

use super::auth;
use super::envelope::{self, BodyStatus, Envelope};

/// A readable, listed answer, with the gateway's own words.
pub(super) enum Verdict {
    Yes(String),
    No(String),
}

/// Yes is `status` 200 without an error in a good HTTP reply; no is `status` 500 with a
/// message. Whatever else comes back is neither. No recorded answer says what it is about;
/// `is_about` tells what other thing one names, such as *another order*.
pub(super) fn read<R: DeserializeOwned>(
    answer: &Answer,
    is_about: impl FnOnce(R) -> Option<&'static str>,
) -> Result<Verdict, Error> {
    let envelope = Envelope::read(answer);
    let claims_success = envelope
        .as_ref()
        .is_ok_and(|envelope| envelope.status == BodyStatus::Done);
    if answer.reply.status >= 400 && claims_success {
        return Err(answer.unlisted("an HTTP error around status 200"));
    }
    envelope::check_http(answer)?;
    let envelope = envelope?;
    // An answer that names an order or a payment is about the one it names.
    if let Some(other) = is_about(answer.object()?) {
        return Err(answer.unlisted(format_args!("the answer is about {other}")));
    }
    // A request counts as not looked at only after a refusal in its known form, which has
    // been told before; beside a yes or a no, anything about the token leaves both uncertain.
    let about_the_token = envelope
        .fault
        .as_ref()
        .is_some_and(|fault| fault.is_about_credentials)
        || envelope
            .message
            .as_deref()
            .is_some_and(auth::is_refusal_as_text);
    match envelope.status {
        BodyStatus::Done | BodyStatus::NotDone if about_the_token => {
            return Err(answer.unlisted("an answer and a refusal of the token in one reply"));
        }
        BodyStatus::Done | BodyStatus::NotDone | BodyStatus::Missing | BodyStatus::Other(_) => {}
    }
    let words = envelope.message.as_deref().map(|text| answer.shown(text));
    let words = words.filter(|words| !words.is_empty());
    match (envelope.status, envelope.fault, words) {
        (BodyStatus::Done, None, words) => Ok(Verdict::Yes(words.unwrap_or_default())),
        // Observed with HTTP below 400, like every refusal of these calls.
        // assumed: under HTTP 4xx, or beside an error, it is the same refusal.
        (BodyStatus::NotDone, _, Some(message)) => Ok(Verdict::No(message)),
        (_, Some(fault), _) => Err(answer.refusal(ErrorKind::UnlistedReply, &fault.words)),
        (BodyStatus::NotDone, None, None) => Err(answer.unlisted("status 500 without a message")),
        (BodyStatus::Missing, None, _) => Err(answer.unlisted("no status in the body")),
        (BodyStatus::Other(text), None, _) => Err(answer.unlisted(format_args!(
            "status {:?} is neither 200 nor 500",
            answer.shown(&text)
        ))),
    }
}
