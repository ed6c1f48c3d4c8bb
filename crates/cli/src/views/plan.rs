//! What a sweep would do with an order, in words and in JSON.

use duka_core::OrderStatus;
use duka_core::cancel::SkipReason;
use duka_engine::sweep::{Bounds, Conditions, LeaveReason, Mode, Plan, PlannedAction, SweepRule};
use duka_engine::{Request, TrackedOrder};
use jiff::Timestamp;
use serde::Serialize;

use super::{CancellationView, gateway_time, held, hold_cells};
use crate::output::plain;

/// What a sweep would do with an order now, by which rule, and why.
#[derive(Debug, Serialize)]
pub(crate) struct PlanView {
    pub(crate) account: String,
    gateway: String,
    pub(crate) order: String,
    reference: Option<String>,
    shop_order: Option<String>,
    /// `cancel` or `leave`.
    pub(crate) plan: &'static str,
    /// Why it is left; null where it would be cancelled.
    reason: Option<&'static str>,
    /// The number of the rule that counts for it, from 1.
    rule: Option<usize>,
    /// When that reason ends by itself, if it does.
    until: Option<String>,
    status: Option<&'static str>,
    raw_status: Option<String>,
    amount: Option<String>,
    currency: Option<&'static str>,
    created_at: String,
    /// When a payment was seen under way after the order had been seen without one.
    used_at: Option<String>,
    expires_at: Option<String>,
    age_seconds: i64,
    held_by: Option<String>,
    held_at: Option<String>,
    hold_note: Option<String>,
    pub(crate) message: String,
}

impl PlanView {
    pub(crate) fn of(plan: &Plan, order: &TrackedOrder, bounds: &Bounds, now: Timestamp) -> Self {
        let (word, left) = match plan.disposition.action {
            PlannedAction::Cancel => ("cancel", None),
            PlannedAction::Leave(reason) => ("leave", Some(reason)),
        };
        let reading = plan.reading.as_ref();
        let [held_by, held_at, hold_note] = hold_cells(plan.hold.as_ref());
        Self {
            account: plan.key.account.to_string(),
            gateway: plan.gateway.to_string(),
            order: plan.key.order.to_string(),
            reference: plan.reference.clone(),
            shop_order: plan.shop_order.clone(),
            plan: word,
            reason: left.as_ref().map(LeaveReason::as_str),
            rule: plan.disposition.rule.map(|rule| rule.get()),
            until: left.and_then(|it| it.until()).map(|at| at.to_string()),
            status: reading.map(|it| it.status.as_str()),
            raw_status: reading.map(|it| it.raw_status.clone()),
            amount: plan.money.map(|money| money.digits().to_string()),
            currency: plan.money.map(|money| money.currency().code()),
            created_at: order.created_at.to_string(),
            used_at: order.last_use.used_at.map(|at| at.to_string()),
            expires_at: order.expires_at.map(|at| at.to_string()),
            age_seconds: now.duration_since(order.age_from()).as_secs(),
            held_by,
            held_at,
            hold_note,
            message: why(plan, bounds),
        }
    }

    /// What the plan rests on, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("created    {}", self.created_at)];
        if let Some(used_at) = &self.used_at {
            lines.push(format!("used again {used_at}"));
        }
        if let (Some(amount), Some(currency)) = (&self.amount, self.currency) {
            lines.push(format!("amount     {amount} {currency}"));
        }
        if let (Some(status), Some(raw)) = (self.status, &self.raw_status) {
            lines.push(format!("status     {status} ({})", plain(raw)));
        }
        if let Some(until) = &self.until {
            lines.push(format!("until      {until}"));
        }
        lines
    }
}

impl CancellationView {
    /// What a dry run would do, or what a rule does, in the form of a real run's report. It has
    /// no id, because nothing is stored.
    pub(crate) fn planned(plan: &Plan, bounds: &Bounds, request: &Request, now: Timestamp) -> Self {
        let (outcome, state, skip_reason, would) = match plan.disposition.action {
            PlannedAction::Cancel => (None, "requested", None, "would send a cancel request"),
            PlannedAction::Leave(reason) => {
                let word = match reason {
                    // A sweep reads the status for a record that it has opened, and skips that.
                    LeaveReason::Processing { .. } => SkipReason::NotEligible.as_str(),
                    LeaveReason::Held
                    | LeaveReason::KeptByRule
                    | LeaveReason::TooYoung { .. }
                    | LeaveReason::NotExpired { .. }
                    | LeaveReason::Duplicate
                    | LeaveReason::TooOld
                    | LeaveReason::RecentAction { .. }
                    | LeaveReason::InProgress
                    | LeaveReason::Closed
                    | LeaveReason::Failed
                    | LeaveReason::NotEligible
                    | LeaveReason::NotFound
                    | LeaveReason::AmountDiffers(_) => reason.as_str(),
                };
                (Some("skipped"), "done", Some(word), "would send nothing")
            }
        };
        let why = why(plan, bounds);
        let details = plan.reading.as_ref().map(|reading| &reading.details);
        let message = match bounds.mode {
            Mode::Act | Mode::Reconcile => format!("nothing was sent: {why}"),
            Mode::DryRun => format!("dry run: {would}, for {why}"),
        };
        let [held_by, held_at, hold_note] = hold_cells(plan.hold.as_ref());
        let (plan_word, planned_reason) = match (bounds.mode, plan.disposition.action) {
            (Mode::Act | Mode::Reconcile, _) => (None, None),
            (Mode::DryRun, PlannedAction::Cancel) => (Some("cancel"), request.reason.clone()),
            (Mode::DryRun, PlannedAction::Leave(reason)) => {
                (Some("leave"), Some(reason.as_str().to_owned()))
            }
        };
        Self {
            id: None,
            account: plan.key.account.to_string(),
            gateway: plan.gateway.to_string(),
            order: plan.key.order.to_string(),
            reference: plan.reference.clone(),
            shop_order: plan.shop_order.clone(),
            state,
            outcome,
            skip_reason,
            reason: planned_reason,
            actor: request.actor.clone(),
            attempts: 0,
            sent_at: None,
            verified_status: plan.reading.as_ref().map(|it| it.status.as_str()),
            finding: None,
            acknowledged_at: None,
            acknowledged_by: None,
            note: None,
            amount: plan.money.map(|money| money.digits().to_string()),
            currency: plan.money.map(|money| money.currency().code()),
            paid_amount: None,
            paid_currency: None,
            receipt: details.and_then(|it| it.receipt.clone()),
            method: details.and_then(|it| it.method.clone()),
            gateway_time: details.and_then(gateway_time),
            held_by,
            held_at,
            hold_note,
            message: Some(message),
            updated_at: now.to_string(),
            plan: plan_word,
            newly_paid: None,
        }
    }
}

/// Why a sweep would do what it would do.
pub(crate) fn why(plan: &Plan, bounds: &Bounds) -> String {
    let shown = humantime::format_duration;
    let status = plan.reading.as_ref().map(|reading| &reading.status);
    let reason = match plan.disposition.action {
        PlannedAction::Cancel => {
            let by_status = by_status(status);
            return match &plan.superseded_by {
                Some(newer) => {
                    format!("{by_status}, and order {newer} for the same shop order is paid")
                }
                None => by_status,
            };
        }
        PlannedAction::Leave(reason) => reason,
    };
    match (reason, plan.disposition.rule) {
        (LeaveReason::Held, _) => match &plan.hold {
            Some(hold) => format!("it is {}", held(hold)),
            None => "it is held".to_owned(),
        },
        (LeaveReason::KeptByRule, Some(number)) => {
            let conditions = words(bounds.rules.get(number.get() - 1));
            format!("rule {number} keeps it ({conditions})")
        }
        // A rule that keeps an order fits it.
        (LeaveReason::KeptByRule, None) => "a rule keeps it".to_owned(),
        (LeaveReason::TooYoung { min_age, .. }, Some(number)) => {
            let conditions = words(bounds.rules.get(number.get() - 1));
            let age = shown(min_age);
            format!("it is younger than {age}, the min_age of rule {number} ({conditions})")
        }
        (LeaveReason::TooYoung { min_age, .. }, None) => {
            format!("it is younger than --min-age {}", shown(min_age))
        }
        (LeaveReason::NotExpired { until }, _) => format!("it does not expire before {until}"),
        (LeaveReason::Duplicate, _) => {
            "a newer order for the same shop order is paid (sweep.duplicates = \"report\")"
                .to_owned()
        }
        (LeaveReason::TooOld, _) => {
            format!("it is older than --look-back {}", shown(bounds.look_back))
        }
        (LeaveReason::RecentAction { .. }, _) => format!(
            "it was looked at less than {} ago (--grace)",
            shown(bounds.effective_grace())
        ),
        (LeaveReason::InProgress, _) => "a cancellation of it is under way".to_owned(),
        (LeaveReason::Closed, _) => "it was settled before".to_owned(),
        (LeaveReason::Failed, _) => {
            "its payment failed; it was looked at again, as it may still be paid".to_owned()
        }
        (LeaveReason::Processing { .. }, _) => format!(
            "a payment is under way, and it is younger than --processing-min-age {}",
            shown(bounds.processing_min_age)
        ),
        (LeaveReason::NotEligible | LeaveReason::NotFound, _) => by_status(status),
        (LeaveReason::AmountDiffers(differs), _) => differs.to_string(),
    }
}

fn by_status(status: Option<&OrderStatus>) -> String {
    match status {
        Some(status @ OrderStatus::Unknown(_)) => format!("the order's status is {status}"),
        Some(status) => format!("the order is {status}"),
        None => "the gateway knows no such order".to_owned(),
    }
}

/// The conditions of a rule as they stand in the file, on one line.
fn words(rule: Option<&SweepRule>) -> String {
    let Some(SweepRule { conditions, .. }) = rule else {
        return String::new();
    };
    let Conditions {
        methods,
        account,
        reference_prefix,
        currency,
        min_amount,
        max_amount,
        note_contains,
    } = conditions;
    let mut parts = Vec::new();
    if !methods.is_empty() {
        parts.push(format!("method {}", methods.join(" or ")));
    }
    let mut part = |name: &str, value: Option<String>| {
        parts.extend(value.map(|value| format!("{name} {value}")));
    };
    part("account", account.as_ref().map(ToString::to_string));
    part("reference_prefix", reference_prefix.clone());
    part("currency", currency.map(|it| it.code().to_owned()));
    part("min_amount", min_amount.map(|it| it.to_string()));
    part("max_amount", max_amount.map(|it| it.to_string()));
    part("note_contains", note_contains.clone());
    parts.join(", ")
}
