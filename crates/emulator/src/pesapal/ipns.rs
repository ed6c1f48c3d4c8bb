//! Pesapal's register of notification addresses.

use hyper::StatusCode;
use url::Url;

use super::replies::{Answered, api_error, bad_parameters, body, success};
use super::wire::{
    IpnReply, Place, RegisterBody, body_status, created_date, east_africa, no_error,
};
use crate::call::Call;
use crate::exchange::Reply;
use crate::notification::IpnMethod;
use crate::state::ipns::Registered;
use crate::variants::Behaviour;
use crate::variants::pesapal::{self as variants, ListRows, Registration};

/// Accepts an address even if the emulator may not deliver to it, as the real gateway would.
pub(super) fn register(call: &mut Call<'_>) -> Answered {
    let RegisterBody {
        url: url_text,
        ipn_notification_type,
    } = body(call)?;
    let url_text = url_text.unwrap_or_default();
    if !is_taken(&url_text) {
        let message = "The specified url provided is invalid";
        return Err(api_error(call.behaviour, "invalid_url", message));
    }
    let method = match ipn_notification_type.as_deref() {
        Some("GET") => IpnMethod::Get,
        Some("POST") => IpnMethod::Post,
        Some(_) | None => {
            return Err(bad_parameters(
                call.behaviour,
                "ipn_notification_type must be GET or POST",
            ));
        }
    };
    let behaviour = call.behaviour;
    if !behaviour.value(&variants::SECOND_REGISTRATION_IS_NEW)
        && let Some(first) = call.state.ipns.find(&url_text, method)
    {
        let first = reply(first, behaviour, registration(behaviour));
        return Ok(Reply::json(success(behaviour), &first)
            .because("registered before: the first entry again"));
    }
    let ipn_id = call.state.rng.guid();
    let number = u64::try_from(call.state.ipns.all().len()).unwrap_or(u64::MAX);
    let number = number.saturating_add(1);
    let new = Registered::new(number, ipn_id, url_text, method, call.now);
    let registered = call.state.ipns.add(new);
    let registered = reply(registered, behaviour, registration(behaviour));
    Ok(Reply::json(success(behaviour), &registered))
}

/// Whether the gateway registers an address: it was seen to take one without a scheme, and one with a host that does
/// not exist. What it refuses is guessed: what names no host, and other schemes.
fn is_taken(url: &str) -> bool {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))
        .unwrap_or(url);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (name, port) = host.split_once(':').unwrap_or((host, "80"));
    let label =
        |it: &str| !it.is_empty() && it.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_name = name.split('.').all(label) && (name.contains('.') || name == "localhost");
    let is_ipv6 = rest.len() < url.len() && host.starts_with('[') && Url::parse(url).is_ok();
    let in_address = |it: char| !it.is_whitespace() && !it.is_control();
    url.chars().all(in_address) && (is_name && port.parse::<u16>().is_ok() || is_ipv6)
}

pub(super) fn list(call: &Call<'_>) -> Reply {
    let all: Vec<_> = call
        .state
        .ipns
        .all()
        .iter()
        .map(|it| {
            let form = match call.behaviour.value(&variants::LIST_ROWS) {
                ListRows::Recorded => Form::Row,
                ListRows::AsRegistered => registration(call.behaviour),
            };
            reply(it, call.behaviour, form)
        })
        .collect();
    Reply::json(StatusCode::OK, &all)
}

/// In which form an address is written.
#[derive(Debug, Clone, Copy)]
enum Form {
    Registered(Registration),
    Row,
}

fn registration(behaviour: &Behaviour) -> Form {
    Form::Registered(behaviour.value(&variants::REGISTRATION))
}

fn reply<'a>(registered: &'a Registered, behaviour: &Behaviour, form: Form) -> IpnReply<'a> {
    let dated = Some(created_date(behaviour, registered.created_at));
    let done = Some(Some("Request processed successfully"));
    let (id, created_date, message, place) = match form {
        Form::Registered(Registration::Newest) => (None, dated, done, Place::Address),
        Form::Registered(Registration::Live) => (None, None, done, Place::Address),
        Form::Registered(Registration::Of2024) => {
            (Some(registered.number), dated, None, Place::Elsewhere)
        }
        Form::Row => {
            let local = Some(east_africa(registered.created_at));
            (None, local, Some(None), Place::Address)
        }
    };
    let (notification_type, description) = match registered.method {
        IpnMethod::Get => (0, "GET"),
        IpnMethod::Post => (1, "POST"),
    };
    let misspelt = behaviour.value(&variants::IPN_STATUS_IS_MISSPELT);
    IpnReply {
        id,
        url: &registered.url_text,
        created_date,
        ipn_id: &registered.ipn_id,
        notification_type,
        ipn_notification_type_description: description,
        ipn_status: 1,
        ipn_status_decription: misspelt.then_some("Active"),
        ipn_status_description: (!misspelt).then_some("Active"),
        error: no_error(behaviour, place),
        status: match form {
            Form::Registered(_) => body_status(behaviour, 200),
            Form::Row => body_status(behaviour, 1),
        },
        message,
    }
}
