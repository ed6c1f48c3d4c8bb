//! Requests to create an order in JSON: every key of a cancellation, with the same kind of value.

use duka_core::State;
use duka_engine::create::Creation;
use jiff::Timestamp;
use serde::Serialize;

/// A request to create an order whose outcome is not known.
#[derive(Debug, Serialize)]
pub(crate) struct CreationView {
    /// Distinguishes it from a cancellation where both are listed.
    kind: &'static str,
    id: String,
    pub(crate) account: String,
    pub(crate) gateway: String,
    /// The merchant's id.
    pub(crate) order: String,
    reference: String,
    shop_order: Option<String>,
    pub(crate) state: &'static str,
    outcome: Option<&'static str>,
    skip_reason: Option<&'static str>,
    reason: Option<String>,
    actor: Option<String>,
    attempts: u32,
    /// When it was recorded, just before it was sent.
    sent_at: String,
    verified_status: Option<&'static str>,
    finding: Option<&'static str>,
    acknowledged_at: Option<String>,
    acknowledged_by: Option<String>,
    note: Option<String>,
    amount: String,
    currency: &'static str,
    pub(crate) message: Option<String>,
    updated_at: String,
}

impl CreationView {
    /// One that a person has closed.
    pub(crate) fn acknowledged(creation: &Creation, now: Timestamp) -> Self {
        Self {
            state: "done",
            outcome: Some("acknowledged"),
            updated_at: now.to_string(),
            ..Self::from(creation)
        }
    }
}

impl From<&Creation> for CreationView {
    fn from(creation: &Creation) -> Self {
        let state = match creation.message {
            Some(_) => State::InDoubt,
            // It is on its way, or the worker that sent it has died.
            None => State::Sending,
        };
        Self {
            kind: "creation",
            id: creation.id.to_string(),
            account: creation.account.to_string(),
            gateway: creation.gateway.to_string(),
            order: creation.reference.clone(),
            reference: creation.reference.clone(),
            shop_order: creation.shop_order.clone(),
            state: state.as_str(),
            outcome: None,
            skip_reason: None,
            reason: None,
            actor: None,
            attempts: 1,
            sent_at: creation.started_at.to_string(),
            verified_status: None,
            finding: None,
            acknowledged_at: None,
            acknowledged_by: None,
            note: None,
            amount: creation.money.digits().to_string(),
            currency: creation.money.currency().code(),
            message: creation.message.clone(),
            updated_at: creation.started_at.to_string(),
        }
    }
}
