//! Pesapal's register of notification addresses.

use std::collections::HashMap;

use hyper::StatusCode;
use jiff::Timestamp;
use url::Url;

use super::wire::{BodyStatus, IpnReply, Place, RegisterBody, created_date, no_error};
use super::{Answered, api_error, body, success};
use crate::behaviour::pesapal::{IpnSpelling, PesapalBehaviour, SecondRegistration};
use crate::exchange::Reply;
use crate::notification::IpnMethod;
use crate::service::Call;

/// One registered address.
#[derive(Debug)]
pub(crate) struct Registered {
    number: u64,
    ipn_id: String,
    pub(crate) url: Url,
    pub(crate) method: IpnMethod,
    /// As the merchant wrote it; the parsed one may differ by a slash.
    url_text: String,
    created_at: Timestamp,
}

/// Every registered address, in the order of registration.
#[derive(Debug, Default)]
pub(crate) struct Ipns {
    registered: Vec<Registered>,
    by_id: HashMap<String, usize>,
}

impl Ipns {
    pub(crate) fn get(&self, ipn_id: &str) -> Option<&Registered> {
        let index = self.by_id.get(ipn_id.to_ascii_lowercase().as_str())?;
        self.registered.get(*index)
    }

    fn find(&self, url_text: &str, method: IpnMethod) -> Option<&Registered> {
        let same = |it: &&Registered| it.url_text == url_text && it.method == method;
        self.registered.iter().find(same)
    }

    fn add(&mut self, registered: Registered) -> &Registered {
        let index = self.registered.len();
        self.by_id.insert(registered.ipn_id.clone(), index);
        self.registered.push(registered);
        &self.registered[index]
    }
}

/// An address is taken even if nothing can be delivered there from here, as the real gateway would take it.
pub(super) fn register(call: &mut Call<'_>) -> Answered {
    let RegisterBody {
        url: url_text,
        ipn_notification_type,
    } = body(call)?;
    let url_text = url_text.unwrap_or_default();
    let url = Url::parse(&url_text)
        .ok()
        .filter(|it| matches!(it.scheme(), "http" | "https"))
        .ok_or_else(|| api_error(&call.behaviour.pesapal, "invalid_url", "Invalid IPN URL"))?;
    let method = match ipn_notification_type.as_deref() {
        Some("GET") => IpnMethod::Get,
        Some("POST") => IpnMethod::Post,
        Some(_) | None => {
            return Err(api_error(
                &call.behaviour.pesapal,
                "invalid_api_request_parameters",
                "ipn_notification_type must be GET or POST",
            ));
        }
    };
    let behaviour = &call.behaviour.pesapal;
    let first = match behaviour.second_registration {
        SecondRegistration::NewEntry => None,
        SecondRegistration::SameEntry => call.world.ipns.find(&url_text, method),
    };
    if let Some(first) = first {
        return Ok(Reply::json(success(behaviour), &reply(first, behaviour))
            .because("registered before: the first entry again"));
    }
    let ipn_id = call.world.rng.guid();
    let number = u64::try_from(call.world.ipns.registered.len()).unwrap_or(u64::MAX);
    let registered = call.world.ipns.add(Registered {
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
        .world
        .ipns
        .registered
        .iter()
        .map(|it| reply(it, &call.behaviour.pesapal))
        .collect();
    Reply::json(StatusCode::OK, &all)
}

fn reply<'a>(registered: &'a Registered, behaviour: &PesapalBehaviour) -> IpnReply<'a> {
    let (notification_type, description) = match registered.method {
        IpnMethod::Get => (0, "GET"),
        IpnMethod::Post => (1, "POST"),
    };
    let (misspelt, right) = match behaviour.ipn_spelling {
        IpnSpelling::Misspelt => (Some("Active"), None),
        IpnSpelling::Right => (None, Some("Active")),
    };
    IpnReply {
        id: registered.number,
        url: &registered.url_text,
        created_date: created_date(behaviour.ipn_date, registered.created_at),
        ipn_id: &registered.ipn_id,
        notification_type,
        ipn_notification_type_description: description,
        ipn_status: 1,
        ipn_status_decription: misspelt,
        ipn_status_description: right,
        error: no_error(behaviour, Place::Elsewhere),
        status: BodyStatus::new(behaviour, 200),
    }
}
