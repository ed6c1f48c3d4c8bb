//! The notification addresses that merchants registered at Pesapal.

use std::collections::HashMap;

use jiff::Timestamp;
use url::Url;

use crate::notification::IpnMethod;

/// One registered address.
#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) number: u64,
    pub(crate) ipn_id: String,
    /// None where nothing can be sent to it.
    pub(crate) url: Option<Url>,
    pub(crate) method: IpnMethod,
    /// As the merchant wrote it; the parsed one may differ by a slash.
    pub(crate) url_text: String,
    pub(crate) created_at: Timestamp,
}

impl Registered {
    pub(crate) fn new(
        number: u64,
        ipn_id: String,
        url_text: String,
        method: IpnMethod,
        created_at: Timestamp,
    ) -> Self {
        let url = Url::parse(&url_text).ok();
        Self {
            number,
            ipn_id,
            url: url.filter(|it| matches!(it.scheme(), "http" | "https")),
            method,
            url_text,
            created_at,
        }
    }
}

/// Every registered address, in the order of registration.
#[derive(Debug, Default)]
pub(crate) struct Ipns {
    registered: Vec<Registered>,
    by_id: HashMap<String, usize>,
}

impl Ipns {
    pub(crate) fn all(&self) -> &[Registered] {
        &self.registered
    }

    pub(crate) fn get(&self, ipn_id: &str) -> Option<&Registered> {
        let index = self.by_id.get(ipn_id.to_ascii_lowercase().as_str())?;
        self.registered.get(*index)
    }

    pub(crate) fn find(&self, url_text: &str, method: IpnMethod) -> Option<&Registered> {
        let same = |it: &&Registered| it.url_text == url_text && it.method == method;
        self.registered.iter().find(same)
    }

    pub(crate) fn add(&mut self, registered: Registered) -> &Registered {
        let index = self.registered.len();
        self.by_id.insert(registered.ipn_id.clone(), index);
        self.registered.push(registered);
        &self.registered[index]
    }
}
