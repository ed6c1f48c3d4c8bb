//! `RegisterIPN` and `GetIpnList` (page *Register IPN URL*): where notifications go.

use duka_core::Error;
use duka_http::adapter::{Answer, JsonScalar};
use duka_http::redact;
use url::Url;

use super::envelope::{self, BodyStatus, Envelope};
use super::types::{self, RegisterIpnRequest};
use crate::ipn::{IpnMethod, RegisteredIpn};

pub(crate) fn request_body(url: &Url, method: IpnMethod) -> Vec<u8> {
    super::body(&RegisterIpnRequest {
        url: url.as_str(),
        ipn_notification_type: method.as_str(),
    })
}

impl types::RegisteredIpn {
    fn registered(&self, answer: &Answer) -> Result<RegisteredIpn, Error> {
        // The server misspells the name, the documentation spells it right.
        let status = self.ipn_status_decription.text();
        let status = status.or(self.ipn_status_description.text());
        let url = answer.required("url", &self.url, JsonScalar::text)?;
        let id = answer.required("ipn_id", &self.ipn_id, JsonScalar::text)?;
        Ok(RegisteredIpn {
            id: answer.shown(id),
            url: redact(url, &answer.secrets),
            method: match self.notification_type.integer() {
                Some(0) => Some(IpnMethod::Get),
                Some(1) => Some(IpnMethod::Post),
                Some(_) | None => None,
            },
            status: status.map(|words| answer.shown(words)),
            created_at: self.created_date.text().and_then(|text| text.parse().ok()),
        })
    }
}

/// Reads the reply to a registration.
pub(crate) fn read_registered(answer: &Answer) -> Result<RegisteredIpn, Error> {
    envelope::check_http(answer)?;
    Envelope::read(answer)?.must_succeed(answer, &[BodyStatus::Done])?;
    answer.object::<types::RegisteredIpn>()?.registered(answer)
}

/// Reads the list: a bare array, in place of which an error may come.
pub(crate) fn read_list(answer: &Answer) -> Result<Vec<RegisteredIpn>, Error> {
    envelope::check_http(answer)?;
    let Some(items) = answer.array::<JsonScalar>()? else {
        return Err(match Envelope::read(answer)?.fault {
            Some(fault) => fault.error(answer),
            None => answer.unlisted("not a list"),
        });
    };
    if answer.reply.status >= 400 {
        return Err(answer.unlisted("a list in an HTTP error"));
    }
    let entry = |item| {
        let body = answer.required("entry", item, JsonScalar::parse::<types::RegisteredIpn>)?;
        body.registered(answer)
    };
    items.iter().map(entry).collect()
}
