//! Everything that decides what the emulator answers, as one JSON document that can be taken back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;
use url::Url;

use crate::config::WebhookError;
use crate::notification::IpnMethod;
use crate::order::{Order, OrderDetails};
use crate::rng::Rng;
use crate::state::Shared;
use crate::state::ipns::{Ipns, Registered};
use crate::state::orders::Orders;
use crate::state::tokens::Tokens;
use crate::variants::{Behaviour, VariantError};

/// The form of the document; another version refuses it.
const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot<O> {
    version: u32,
    /// Where the random sequence goes on, so that ids do not repeat.
    seed: u64,
    clock_offset_ms: i64,
    webhook_url: Option<String>,
    /// Those that are not at their default.
    variants: BTreeMap<String, String>,
    addresses: Vec<Address>,
    tokens: Vec<Token>,
    orders: Vec<O>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    ipn_id: String,
    url: String,
    method: IpnMethod,
    created_at: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    token: String,
    ends_at: Timestamp,
}

/// Why a snapshot was not taken back; nothing has changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StateError {
    /// It is not JSON, or not that of a snapshot.
    #[error("not a snapshot of an emulator")]
    Unreadable(#[source] serde_json::Error),
    /// It was written by another version of the emulator.
    #[error("a snapshot of version {found}, and this emulator reads version {VERSION}")]
    Version {
        /// The version that it names.
        found: u32,
    },
    /// It names a variant that this emulator does not have.
    #[error("a snapshot with a variant that is not known")]
    Variant(#[source] VariantError),
    /// It sends webhooks where this emulator may not send any.
    #[error("a snapshot with a webhook address that cannot be used")]
    Webhook(#[source] WebhookError),
}

/// The document as it is now.
pub(crate) fn take(shared: &Shared) -> Vec<u8> {
    let clock_offset_ms = shared.clock.offset_ms();
    let state = shared.state();
    let changed = state.behaviour.settings().into_iter();
    let changed = changed.filter(|it| it.value != it.default);
    let snapshot = Snapshot {
        version: VERSION,
        seed: state.rng.seed(),
        clock_offset_ms,
        webhook_url: state.webhook_url.as_ref().map(Url::to_string),
        variants: changed
            .map(|it| (it.name.to_owned(), it.value.to_owned()))
            .collect(),
        addresses: state.ipns.all().iter().map(Address::of).collect(),
        tokens: state.tokens.all().map(Token::of).collect(),
        orders: state.orders.all().iter().collect(),
    };
    // Plain structs with text keys are always JSON.
    serde_json::to_vec_pretty(&snapshot).unwrap_or_default()
}

/// Takes a document back, whole or not at all. Faults, requests and deliveries are forgotten.
pub(crate) fn put(shared: &Shared, document: &[u8]) -> Result<(), StateError> {
    let value: Value = serde_json::from_slice(document).map_err(StateError::Unreadable)?;
    // Before the rest is read, which may be of another form.
    let version = value.get("version").and_then(Value::as_u64);
    if let Some(found) = version.and_then(|it| u32::try_from(it).ok())
        && found != VERSION
    {
        return Err(StateError::Version { found });
    }
    // From the text again: a value would lose the digits of numbers.
    let snapshot: Snapshot<Order> =
        serde_json::from_slice(document).map_err(StateError::Unreadable)?;
    let mut behaviour = Behaviour::default();
    behaviour.cancel_not_before = shared.config.behaviour.cancel_not_before;
    for (name, value) in &snapshot.variants {
        behaviour.set(name, value).map_err(StateError::Variant)?;
    }
    let webhook_url = snapshot.webhook_url.map(|text| {
        let url = Url::parse(&text).map_err(|_| WebhookError::NotHttp)?;
        shared.config.check_target(&url).map(|()| url)
    });
    let webhook_url = webhook_url.transpose().map_err(StateError::Webhook)?;
    let mut orders = Orders::default();
    for order in snapshot.orders {
        let code = match &order.details {
            OrderDetails::Pesapal(_) => order.receipt.clone(),
            OrderDetails::KwikPaisa(_) => None,
        };
        let key = orders.add(order);
        if let Some(code) = code {
            orders.index_confirmation(code, key);
        }
    }
    let mut ipns = Ipns::default();
    for (number, address) in (1..).zip(snapshot.addresses) {
        ipns.add(address.registered(number));
    }
    let mut tokens = Tokens::default();
    for Token { token, ends_at } in snapshot.tokens {
        tokens.add(token, ends_at);
    }
    shared.reset();
    shared.clock.set_offset_ms(snapshot.clock_offset_ms);
    let mut state = shared.state();
    state.rng = Rng::new(snapshot.seed);
    state.webhook_url = webhook_url;
    state.behaviour = behaviour;
    state.orders = orders;
    state.ipns = ipns;
    state.tokens = tokens;
    Ok(())
}

impl Address {
    fn of(registered: &Registered) -> Self {
        Self {
            ipn_id: registered.ipn_id.clone(),
            url: registered.url_text.clone(),
            method: registered.method,
            created_at: registered.created_at,
        }
    }

    fn registered(self, number: u64) -> Registered {
        Registered::new(number, self.ipn_id, self.url, self.method, self.created_at)
    }
}

impl Token {
    fn of((token, ends_at): (&str, Timestamp)) -> Self {
        Self {
            token: token.to_owned(),
            ends_at,
        }
    }
}
