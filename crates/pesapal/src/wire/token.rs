//! `RequestToken` (page *Authentication*): keys go out, a bearer token comes back.

use duka_core::{Error, ErrorKind};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::auth;
use super::envelope::{Answer, BodyStatus};
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

pub(crate) fn read(answer: &Answer<'_>) -> Result<Issued, Error> {
    // A token that is not taken may be good all the same, and must not be quoted either.
    let mut secrets = answer.secrets.to_vec();
    let body = answer.object::<TokenReply<'_>>().ok();
    secrets.extend(
        body.and_then(|body| body.token.text())
            .map(SecretString::from),
    );
    let answer = &Answer {
        secrets: &secrets,
        ..*answer
    };
    let kind = ErrorKind::Authentication;
    if let Some(fault) = auth::keys_refusal(answer) {
        return Err(fault.into_error(answer, kind));
    }
    // assumed: a server that refuses without a word refuses the keys. To believe it harms
    // nothing, for nothing was sent yet.
    if auth::is_empty_401(answer) {
        return Err(answer.error(kind, "the consumer keys were refused"));
    }
    answer.check_http()?;
    let envelope = answer.envelope()?;
    if let Some(fault) = envelope.fault {
        let kind = fault.listed_kind();
        return Err(fault.into_error(answer, kind));
    }
    // assumed: a token without a status is one; nothing is lost if it is not.
    let good = matches!(envelope.status, BodyStatus::Done | BodyStatus::Missing);
    if answer.reply.status >= 400 || !good {
        let message = envelope.message.as_deref();
        return Err(answer.unlisted("neither status 200 nor an error", message));
    }
    let body: TokenReply<'_> = answer.object()?;
    // It goes into a header, where anything but visible ASCII would break the request.
    let token = body
        .token
        .string()
        .filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()));
    let Some(token) = token else {
        return Err(answer.unlisted("no token", None));
    };
    Ok(Issued {
        token: SecretString::from(token),
        // assumed: a moment without a zone could be UTC or East Africa Time, so it is none.
        expires: body.expiry_date.text().and_then(|text| text.parse().ok()),
    })
}
