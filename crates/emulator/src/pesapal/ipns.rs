//! Pesapal's register of notification addresses.

use hyper::StatusCode;
use url::Url;

use super::replies::{Answered, api_error, body, success};
use super::wire::{IpnReply, Place, RegisterBody, body_status, created_date, no_error};
use crate::call::Call;
use crate::exchange::Reply;
use crate::notification::IpnMethod;
use crate::state::ipns::Registered;
use crate::variants::{Behaviour, pesapal as variants};

/// Accepts an address even if the emulator may not deliver to it, as the real gateway would.
pub(super) fn register(call: &mut Call<'_>) -> Answered {
    let RegisterBody {
        url: url_text,
        ipn_notification_type,
    } = body(call)?;
    let url_text = url_text.unwrap_or_default();
    let url = Url::parse(&url_text)
        .ok()
        .filter(|it| matches!(it.scheme(), "http" | "https"))
        .ok_or_else(|| api_error(call.behaviour, "invalid_url", "Invalid IPN URL"))?;
    let method = match ipn_notification_type.as_deref() {
        Some("GET") => IpnMethod::Get,
        Some("POST") => IpnMethod::Post,
        Some(_) | None => {
            return Err(api_error(
                call.behaviour,
                "invalid_api_request_parameters",
                "ipn_notification_type must be GET or POST",
            ));
        }
    };
    let behaviour = call.behaviour;
    if !behaviour.value(&variants::SECOND_REGISTRATION_IS_NEW)
        && let Some(first) = call.state.ipns.find(&url_text, method)
    {
        return Ok(Reply::json(success(behaviour), &reply(first, behaviour))
            .because("registered before: the first entry again"));
    }
    let ipn_id = call.state.rng.guid();
    let number = u64::try_from(call.state.ipns.all().len()).unwrap_or(u64::MAX);
    let registered = call.state.ipns.add(Registered {
        number: number.saturating_add(1),
        ipn_id,
        url,
        method,
        url_text,
        created_at: call.now,
    });
    Ok(Reply::json(
        success(behaviour),
        &reply(registered, behaviour),
    ))
}

pub(super) fn list(call: &Call<'_>) -> Reply {
    let all: Vec<_> = call
        .state
        .ipns
        .all()
        .iter()
        .map(|it| reply(it, call.behaviour))
        .collect();
    Reply::json(StatusCode::OK, &all)
}

fn reply<'a>(registered: &'a Registered, behaviour: &Behaviour) -> IpnReply<'a> {
    let (notification_type, description) = match registered.method {
        IpnMethod::Get => (0, "GET"),
        IpnMethod::Post => (1, "POST"),
    };
    let misspelt = behaviour.value(&variants::IPN_STATUS_IS_MISSPELT);
    IpnReply {
        id: registered.number,
        url: &registered.url_text,
        created_date: created_date(behaviour, registered.created_at),
        ipn_id: &registered.ipn_id,
        notification_type,
        ipn_notification_type_description: description,
        ipn_status: 1,
        ipn_status_decription: misspelt.then_some("Active"),
        ipn_status_description: (!misspelt).then_some("Active"),
        error: no_error(behaviour, Place::Elsewhere),
        status: body_status(behaviour, 200),
    }
}
