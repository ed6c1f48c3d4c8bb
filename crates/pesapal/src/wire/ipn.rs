//! `RegisterIPN` and `GetIpnList` (page *Register IPN URL*): where notifications go.

use duka_core::Error;
use duka_http::redact;
use url::Url;

use super::envelope::{Answer, BodyStatus};
use super::scalar::Loose;
use super::types::{self, RegisterIpnRequest};
use crate::ipn::{IpnMethod, RegisteredIpn};

pub(crate) fn request_body(url: &Url, method: IpnMethod) -> Vec<u8> {
    super::body(&RegisterIpnRequest {
        url: url.as_str(),
        ipn_notification_type: method.as_str(),
    })
}

impl types::RegisteredIpn<'_> {
    fn registered(&self, answer: &Answer<'_>) -> Option<RegisteredIpn> {
        // The server misspells the name, the documentation spells it right.
        let status = self.ipn_status_decription.text();
        let status = status.or_else(|| self.ipn_status_description.text());
        Some(RegisteredIpn {
            id: answer.shown(&self.ipn_id.text()?),
            url: redact(self.url.text()?, answer.secrets),
            method: match self.notification_type.integer() {
                Some(0) => Some(IpnMethod::Get),
                Some(1) => Some(IpnMethod::Post),
                Some(_) | None => None,
            },
            status: status.map(|words| answer.shown(&words)),
            created_at: self.created_date.text().and_then(|text| text.parse().ok()),
        })
    }
}

/// Reads the reply to a registration.
pub(crate) fn read_registered(answer: &Answer<'_>) -> Result<RegisteredIpn, Error> {
    answer.check_http()?;
    let envelope = answer.envelope()?;
    if let Some(fault) = envelope.fault {
        let kind = fault.listed_kind();
        return Err(fault.into_error(answer, kind));
    }
    if answer.reply.status >= 400 || envelope.status != BodyStatus::Done {
        let message = envelope.message.as_deref();
        return Err(answer.unlisted("neither status 200 nor an error", message));
    }
    let body: types::RegisteredIpn<'_> = answer.object()?;
    body.registered(answer)
        .ok_or_else(|| answer.unlisted("no id for the address", None))
}

/// Reads the list: a bare array, in place of which an error may come.
pub(crate) fn read_list(answer: &Answer<'_>) -> Result<Vec<RegisteredIpn>, Error> {
    answer.check_http()?;
    let unlisted = |problem| answer.unlisted(problem, None);
    let Some(items) = answer.array::<Loose<'_>>()? else {
        return Err(match answer.envelope()?.fault {
            Some(fault) => {
                let kind = fault.listed_kind();
                fault.into_error(answer, kind)
            }
            None => unlisted("not a list"),
        });
    };
    if answer.reply.status >= 400 {
        return Err(unlisted("a list in an HTTP error"));
    }
    let read = |item: &Loose<'_>| {
        let body: types::RegisteredIpn<'_> = serde_json::from_str(item.object()?).ok()?;
        body.registered(answer)
    };
    items
        .iter()
        .map(|item| read(item).ok_or_else(|| unlisted("an entry without an id or an address")))
        .collect()
}
