//! Refunds in JSON: every key of a cancellation, with the same kind of value, and more.

use duka_core::StatusReading;
use duka_engine::refunds::{RefundFinding, RefundOutcome, RefundState};
use duka_engine::{Refund, TrackedOrder};
use serde::Serialize;

use super::{LogView, acknowledgement_cells, gateway_time};
use crate::output::plain;

#[derive(Debug, Serialize)]
pub(crate) struct RefundView {
    /// Distinguishes it from a cancellation where both are listed.
    kind: &'static str,
    pub(crate) id: Option<String>,
    pub(crate) account: String,
    pub(crate) gateway: String,
    pub(crate) order: String,
    reference: Option<String>,
    shop_order: Option<String>,
    state: &'static str,
    outcome: Option<&'static str>,
    reason: Option<String>,
    pub(crate) actor: String,
    attempts: u32,
    /// When it was recorded, just before it was sent.
    pub(crate) sent_at: Option<String>,
    verified_status: Option<&'static str>,
    pub(crate) finding: Option<&'static str>,
    acknowledged_at: Option<String>,
    acknowledged_by: Option<String>,
    note: Option<String>,
    pub(crate) message: Option<String>,
    updated_at: String,
    pub(crate) amount: Option<String>,
    pub(crate) currency: Option<&'static str>,
    confirmation_code: Option<String>,
    receipt: Option<String>,
    method: Option<String>,
    gateway_time: Option<String>,
    username: Option<String>,
}

impl RefundView {
    /// As it is stored, with the status that was read along with it.
    pub(crate) fn of(refund: &Refund, reading: Option<&StatusReading>) -> Self {
        let details = reading.map(|reading| &reading.details);
        let never_left = refund.progress.state == RefundState::Done(RefundOutcome::NotSent);
        let acknowledged = refund.terms.acknowledgement.as_ref();
        let [acknowledged_at, acknowledged_by, note] =
            acknowledgement_cells(acknowledged.filter(|_| refund.progress.finding.is_none()));
        Self {
            kind: "refund",
            id: Some(refund.id.to_string()),
            account: refund.key.account.to_string(),
            gateway: refund.gateway.to_string(),
            order: refund.key.order.to_string(),
            reference: refund.reference.clone(),
            shop_order: refund.shop_order.clone(),
            state: refund.progress.state.as_str(),
            outcome: refund.progress.state.outcome().map(RefundOutcome::as_str),
            reason: Some(refund.terms.remarks.clone()),
            actor: refund.actor.clone(),
            attempts: u32::from(!never_left),
            sent_at: (!never_left).then(|| refund.created_at.to_string()),
            verified_status: reading.map(|it| it.status.as_str()),
            finding: refund
                .progress
                .finding_of_any_time()
                .map(RefundFinding::as_str),
            acknowledged_at,
            acknowledged_by,
            note,
            message: refund.message.clone(),
            updated_at: refund.updated_at.to_string(),
            amount: Some(refund.terms.money.digits().to_string()),
            currency: Some(refund.terms.money.currency().code()),
            confirmation_code: refund.terms.confirmation_code.clone(),
            receipt: refund.terms.confirmation_code.clone(),
            method: details.and_then(|it| it.method.clone()),
            gateway_time: details.and_then(gateway_time),
            username: Some(refund.terms.username.clone()),
        }
    }

    /// Of an order for which nothing was sent or stored; it has no id.
    pub(crate) fn skipped(
        order: &TrackedOrder,
        reading: &StatusReading,
        remarks: &str,
        actor: &str,
        now: jiff::Timestamp,
    ) -> Self {
        let (status, details) = (&reading.status, &reading.details);
        let why = "only what is paid, and was never reversed, can be refunded";
        Self {
            kind: "refund",
            id: None,
            account: order.key.account.to_string(),
            gateway: order.gateway.to_string(),
            order: order.key.order.to_string(),
            reference: order.reference.clone(),
            shop_order: order.shop_order.clone(),
            state: "done",
            outcome: Some("skipped"),
            reason: Some(remarks.to_owned()),
            actor: actor.to_owned(),
            attempts: 0,
            sent_at: None,
            verified_status: Some(status.as_str()),
            finding: None,
            acknowledged_at: None,
            acknowledged_by: None,
            note: None,
            message: Some(format!("status {status}; nothing was sent: {why}")),
            updated_at: now.to_string(),
            amount: None,
            currency: None,
            confirmation_code: None,
            receipt: details.receipt.clone(),
            method: details.method.clone(),
            gateway_time: gateway_time(details),
            username: None,
        }
    }

    /// The message, as it is printed on one line.
    pub(crate) fn said(&self) -> String {
        plain(self.message.as_deref().unwrap_or_default())
    }

    /// The outcome once there is one, and the state until then.
    pub(crate) fn standing(&self) -> &'static str {
        self.outcome.unwrap_or(self.state)
    }

    /// The amount, as it is printed.
    pub(crate) fn money(&self) -> String {
        match (&self.amount, self.currency) {
            (Some(amount), Some(currency)) => format!("{amount} {currency}"),
            (None, _) | (_, None) => String::new(),
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct RefundTimeline {
    pub(crate) refund: RefundView,
    pub(crate) log: Vec<LogView>,
}
