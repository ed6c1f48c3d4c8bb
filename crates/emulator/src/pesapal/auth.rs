//! Pesapal's bearer tokens: issued for the consumer keys, refused when unknown or too old.

use hyper::StatusCode;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::jwt;
use super::replies::{Answered, body, error_body, http_error};
use super::wire::{
    ApiError, ErrorBody, Place, Refusal, TokenBody, TokenReply, body_status, expiry_date, no_error,
};
use crate::call::Call;
use crate::config::same_secret;
use crate::exchange::{Received, Reply};
use crate::gateway::Operation;
use crate::state::State;
use crate::state::tokens::Tokens;
use crate::variants::Behaviour;
use crate::variants::pesapal::{self as variants, ErrorForm};

/// Accepts a request whose token was issued here and has not expired.
pub(crate) fn authenticate(
    state: &State,
    now: Timestamp,
    operation: Operation,
    received: &Received,
) -> Result<(), Reply> {
    if received.method == hyper::Method::POST && !received.is_json() && !received.is_form() {
        let found = received.header("content-type").unwrap_or("absent");
        return Err(http_error(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Unsupported media type.",
        )
        .because(format!(
            "Content-Type must be application/json, it is {found}"
        )));
    }
    if operation == Operation::Token {
        return Ok(());
    }
    let refused = |reason: String| Err(expired(&state.behaviour).because(reason));
    let Some(header) = received.header("authorization") else {
        return refused("Authorization is absent, repeated or not ASCII".to_owned());
    };
    let Some(token) = header.strip_prefix("Bearer ") else {
        return refused("Authorization does not begin with Bearer and a space".to_owned());
    };
    match state.tokens.expiry(token) {
        None => refused("the bearer token was never issued here, or long ago".to_owned()),
        Some(expiry) if expiry <= now => {
            let ago = now.as_second().saturating_sub(expiry.as_second());
            refused(format!("the bearer token expired {ago} s ago"))
        }
        Some(_) => Ok(()),
    }
}

/// The refusal of a bearer token, whatever is wrong with it.
pub(crate) fn expired(behaviour: &Behaviour) -> Reply {
    let http = behaviour.value(&variants::BAD_TOKEN_HTTP);
    let code = "invalid_api_credentials_provided";
    let error = Refusal::Object(ApiError::of_authentication(
        behaviour,
        code,
        "Invalid Access Token",
    ));
    // Null in the recorded reply, unlike in every other.
    let status = match behaviour.value(&variants::ERROR_FORM) {
        ErrorForm::Observed | ErrorForm::Text => Some(None),
        ErrorForm::Documented => None,
    };
    let body = ErrorBody { error, status };
    match (behaviour.value(&variants::BAD_TOKEN_IS_A_MESSAGE), http) {
        (false, _) => Reply::json(http, &body),
        (true, StatusCode::OK) => as_text(StatusCode::BAD_REQUEST, &body),
        (true, _) => as_text(http, &body),
    }
}

/// An error as the text of a `message`.
fn as_text(http: StatusCode, error: &ErrorBody) -> Reply {
    #[derive(Serialize)]
    struct Body {
        message: String,
    }
    // Texts and nulls are always JSON.
    let message = serde_json::to_string(error).unwrap_or_default();
    Reply::json(http, &Body { message })
}

pub(super) fn issue(call: &mut Call<'_>) -> Answered {
    let config = &call.shared.config;
    let TokenBody {
        consumer_key,
        consumer_secret,
    } = body(call)?;
    let key = same_secret(
        &consumer_key.unwrap_or_default(),
        config.pesapal.consumer_key.expose_secret(),
    );
    let secret = same_secret(
        &consumer_secret.unwrap_or_default(),
        config.pesapal.consumer_secret.expose_secret(),
    );
    if !(key && secret) {
        let wrong = match (key, secret) {
            (false, false) => "neither consumer_key nor consumer_secret is the merchant's",
            (false, true) => "consumer_key is not the merchant's",
            (true, false) => "consumer_secret is not the merchant's",
            (true, true) => "",
        };
        return Err(bad_consumer_keys(call.behaviour).because(wrong));
    }
    let life = SignedDuration::try_from(config.token_life).unwrap_or(SignedDuration::MAX);
    let expiry = call.now.checked_add(life).unwrap_or(Timestamp::MAX);
    let token = jwt::token(&mut call.state.rng, call.now, life.as_secs());
    let behaviour = call.behaviour;
    if behaviour.value(&variants::NEW_TOKEN_ENDS_OLDER) {
        call.state.tokens = Tokens::default();
    }
    call.state.tokens.add(token.clone(), expiry);
    Ok(Reply::json(
        StatusCode::OK,
        &TokenReply {
            token,
            expiryDate: expiry_date(behaviour, expiry),
            error: no_error(behaviour, Place::Elsewhere),
            status: behaviour
                .value(&variants::TOKEN_REPLY_HAS_STATUS)
                .then(|| body_status(behaviour, 200)),
            message: "Request processed successfully",
        },
    )
    .because("token issued"))
}

fn bad_consumer_keys(behaviour: &Behaviour) -> Reply {
    let http = behaviour.value(&variants::BAD_CONSUMER_KEYS_HTTP);
    let error = ApiError::new(behaviour, "invalid_consumer_key_or_secret_provided", "");
    Reply::json(http, &error_body(behaviour, Refusal::Object(error)))
}
