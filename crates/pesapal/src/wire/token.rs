//! `RequestToken` (page *Authentication*): keys go out, a bearer token comes back.

use duka_core::{Error, ErrorKind};
use duka_http::adapter::{Answer, JsonScalar};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::auth;
use super::envelope::{self, BodyStatus, Envelope};
use super::types::{TokenReply, TokenRequest};

pub(crate) fn request_body(key: &SecretString, secret: &SecretString) -> Vec<u8> {
    super::body(&TokenRequest {
        consumer_key: key.expose_secret(),
        consumer_secret: secret.expose_secret(),
    })
}

/// A token as it was issued.
pub(crate) struct Issued {
    pub(crate) token: SecretString,
    /// When it ends, if the reply says so in a form that names a moment.
    pub(crate) expires: Option<Timestamp>,
}

pub(crate) fn read(mut answer: Answer) -> Result<Issued, Error> {
    // A token that is not taken may be good all the same, and must not be quoted either.
    let body = answer.object::<TokenReply>();
    let token = body.as_ref().ok().and_then(|body| body.token.text());
    answer.secrets.extend(token.map(SecretString::from));
    let answer = &answer;
    let kind = ErrorKind::Authentication;
    if let Some(words) = auth::keys_refusal(answer) {
        return Err(answer.refusal(kind, &words));
    }
    // assumed: a server that refuses without a word refuses the keys. To believe it harms
    // nothing, for nothing was sent yet.
    if answer.is_empty_401() {
        return Err(answer.error(kind, "the consumer keys were refused"));
    }
    envelope::check_http(answer)?;
    // assumed: a token without a status is one; nothing is lost if it is not.
    let good = [BodyStatus::Done, BodyStatus::Missing];
    Envelope::read(answer)?.must_succeed(answer, &good)?;
    let body = body?;
    // It goes into a header, where anything but visible ASCII would break the request.
    let in_header = |token: &&str| token.bytes().all(|byte| byte.is_ascii_graphic());
    let token = |member| JsonScalar::string(member).filter(in_header);
    let token = answer.required("token", &body.token, token)?;
    Ok(Issued {
        token: SecretString::from(token),
        // assumed: a moment without a zone could be UTC or East Africa Time, so it is none.
        expires: body.expiry_date.text().and_then(|text| text.parse().ok()),
    })
}
