//! The JSON that the program prints. Key names are API.

mod creation;
mod plan;
mod refund;

use duka_core::cancel::{Finding, SkipReason};
use duka_core::{Outcome, PaymentDetails, PersonalData, PersonalText};
use duka_engine::sweep::Summary;
use duka_engine::{Acknowledgement, Hold, LogEntry, OrderEvent, Record, TrackedOrder};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::output::plain;
use crate::times;

pub(crate) use creation::CreationView;
pub(crate) use plan::{PlanView, why};
pub(crate) use refund::{RefundTimeline, RefundView};

#[derive(Debug, Serialize)]
pub(crate) struct StatusView {
    pub(crate) account: String,
    pub(crate) gateway: String,
    pub(crate) order: String,
    pub(crate) reference: Option<String>,
    pub(crate) shop_order: Option<String>,
    pub(crate) status: String,
    pub(crate) raw_status: String,
    pub(crate) amount: Option<String>,
    pub(crate) currency: Option<String>,
    pub(crate) receipt: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) gateway_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payment_account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customer_account: Option<String>,
    pub(crate) observed_at: String,
}

/// The time of what the gateway dates last: as RFC 3339 where its time zone is known, and else in the
/// gateway's own words.
pub(crate) fn gateway_time(details: &PaymentDetails) -> Option<String> {
    let time = details.time()?;
    let moment = time.moment.map(|moment| moment.to_string());
    Some(moment.unwrap_or_else(|| time.text.clone()))
}

/// Personal data, which are there only if a setting asks for them.
pub(crate) fn personal(text: Option<&PersonalText>) -> Option<String> {
    text.map(|text| text.reveal().to_owned())
}

/// How the customer paid or, until the gateway tells, meant to pay.
pub(crate) fn method(told: Option<&PaymentDetails>, meant: Option<&String>) -> Option<String> {
    told.and_then(|it| it.method.as_ref()).or(meant).cloned()
}

#[derive(Debug, Serialize)]
pub(crate) struct CreatedView {
    pub(crate) account: String,
    pub(crate) gateway: String,
    pub(crate) order: String,
    pub(crate) reference: String,
    pub(crate) shop_order: Option<String>,
    pub(crate) expires_at: Option<String>,
    pub(crate) gateway_id: Option<String>,
    pub(crate) payment_link: String,
    pub(crate) status: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct CancellationView {
    pub(crate) id: Option<String>,
    pub(crate) account: String,
    pub(crate) gateway: String,
    pub(crate) order: String,
    pub(crate) reference: Option<String>,
    pub(crate) shop_order: Option<String>,
    pub(crate) state: &'static str,
    pub(crate) outcome: Option<&'static str>,
    pub(crate) skip_reason: Option<&'static str>,
    pub(crate) reason: Option<String>,
    pub(crate) actor: String,
    pub(crate) attempts: u32,
    pub(crate) sent_at: Option<String>,
    pub(crate) verified_status: Option<&'static str>,
    pub(crate) finding: Option<&'static str>,
    /// Where a person has acknowledged the finding: when, who, and what about it.
    pub(crate) acknowledged_at: Option<String>,
    pub(crate) acknowledged_by: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) amount: Option<String>,
    pub(crate) currency: Option<&'static str>,
    pub(crate) paid_amount: Option<String>,
    pub(crate) paid_currency: Option<&'static str>,
    pub(crate) receipt: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) gateway_time: Option<String>,
    pub(crate) held_by: Option<String>,
    pub(crate) held_at: Option<String>,
    pub(crate) hold_note: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) updated_at: String,
    /// What a sweep would do, in rows of a dry run alone: `cancel` or `leave`; then `reason` is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plan: Option<&'static str>,
    /// Paid, and not known as paid before; in rows of `sweep --reconcile-only` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) newly_paid: Option<bool>,
}

impl From<&Record> for CancellationView {
    fn from(record: &Record) -> Self {
        let progress = &record.progress;
        let terms = &record.terms;
        let told = terms.seen.as_ref().map(|seen| &seen.details);
        let money = terms.listed_money.or(terms.tracked_money);
        let outcome = progress.state.outcome();
        let paid = record.paid_money();
        let [held_by, held_at, hold_note] = hold_cells(record.terms.hold.as_ref());
        let acknowledged = terms.acknowledgement.as_ref();
        let [acknowledged_at, acknowledged_by, note] =
            acknowledgement_cells(acknowledged.filter(|_| progress.finding.is_none()));
        Self {
            id: Some(record.id.to_string()),
            account: record.key.account.to_string(),
            gateway: record.gateway.to_string(),
            order: record.key.order.to_string(),
            reference: record.reference.clone(),
            shop_order: record.shop_order.clone(),
            state: progress.state.as_str(),
            outcome: outcome.map(Outcome::as_str),
            skip_reason: outcome
                .and_then(Outcome::skip_reason)
                .map(SkipReason::as_str),
            reason: record.terms.reason.clone(),
            actor: record.actor.clone(),
            attempts: progress.attempts,
            sent_at: progress.sent_at.map(|at| at.to_string()),
            verified_status: progress.verified.as_ref().map(|status| status.as_str()),
            finding: progress.finding_of_any_time().map(Finding::as_str),
            acknowledged_at,
            acknowledged_by,
            note,
            amount: money.map(|money| money.digits().to_string()),
            currency: money.map(|money| money.currency().code()),
            paid_amount: paid.map(|money| money.digits().to_string()),
            paid_currency: paid.map(|money| money.currency().code()),
            receipt: told.and_then(|it| it.receipt.clone()),
            method: method(told, terms.method.as_ref()),
            gateway_time: told.and_then(gateway_time),
            held_by,
            held_at,
            hold_note,
            message: record.message.clone(),
            updated_at: record.updated_at.to_string(),
            plan: None,
            newly_paid: None,
        }
    }
}

impl CancellationView {
    /// The message, and who holds the order, as it is printed on one line.
    pub(crate) fn said(&self) -> String {
        self.said_since(&self.held_at)
    }

    /// The same with times in this zone.
    pub(crate) fn said_in(&self, zone: &TimeZone) -> String {
        let held_at = self.held_at.as_deref().map(|at| times::shown(at, zone));
        self.said_since(&held_at)
    }

    fn said_since(&self, held_at: &Option<String>) -> String {
        let message = self.message.clone().unwrap_or_default();
        plain(&match held_words(&self.held_by, held_at, &self.hold_note) {
            Some(held) => format!("{message}; {held}"),
            None => message,
        })
    }

    /// An order that is held, in the form of a sweep's report. It has no id, because it is none of
    /// a cancellation.
    pub(crate) fn of_held(order: &TrackedOrder) -> Self {
        let hold = order.hold.as_ref();
        Self {
            actor: hold.map(|hold| hold.by.clone()).unwrap_or_default(),
            updated_at: hold.map(|hold| hold.at.to_string()).unwrap_or_default(),
            message: Some("no sweep cancels it".to_owned()),
            ..Self::of_order(order, SkipReason::Held)
        }
    }

    /// An order that is paid and was not known as paid, in the same form.
    pub(crate) fn newly_paid(order: &TrackedOrder, actor: &str) -> Self {
        let seen = order.seen.as_ref();
        let paid = seen.and_then(|seen| seen.money);
        Self {
            actor: actor.to_owned(),
            paid_amount: paid.map(|money| money.digits().to_string()),
            paid_currency: paid.map(|money| money.currency().code()),
            updated_at: seen
                .map(|seen| seen.observed_at.to_string())
                .unwrap_or_default(),
            message: Some("paid at the gateway, and not known as paid here before".to_owned()),
            newly_paid: Some(true),
            ..Self::of_order(order, SkipReason::NotEligible)
        }
    }

    fn of_order(order: &TrackedOrder, reason: SkipReason) -> Self {
        let [held_by, held_at, hold_note] = hold_cells(order.hold.as_ref());
        let seen = order.seen.as_ref();
        let told = seen.map(|seen| &seen.details);
        Self {
            id: None,
            account: order.key.account.to_string(),
            gateway: order.gateway.to_string(),
            order: order.key.order.to_string(),
            reference: order.reference.clone(),
            shop_order: order.shop_order.clone(),
            state: "done",
            outcome: Some("skipped"),
            skip_reason: Some(reason.as_str()),
            reason: None,
            actor: String::new(),
            attempts: 0,
            sent_at: None,
            verified_status: seen.map(|seen| seen.status.as_str()),
            finding: None,
            acknowledged_at: None,
            acknowledged_by: None,
            note: None,
            amount: order.money.map(|money| money.digits().to_string()),
            currency: order.money.map(|money| money.currency().code()),
            paid_amount: None,
            paid_currency: None,
            receipt: told.and_then(|it| it.receipt.clone()),
            method: method(told, order.method.as_ref()),
            gateway_time: told.and_then(gateway_time),
            held_by,
            held_at,
            hold_note,
            message: None,
            updated_at: String::new(),
            plan: None,
            newly_paid: None,
        }
    }

    /// The merchant's reference, where it is another than the order's id.
    pub(crate) fn named(&self) -> Option<&str> {
        let reference = self.reference.as_deref();
        reference.filter(|reference| *reference != self.order)
    }

    /// The order's amount and, where it is known, what was paid.
    pub(crate) fn amounts(&self) -> Option<String> {
        let money = |amount: &Option<String>, currency: Option<&str>| {
            Some(format!("{} {}", amount.as_ref()?, currency?))
        };
        let paid = money(&self.paid_amount, self.paid_currency);
        match (money(&self.amount, self.currency), paid) {
            (Some(amount), Some(paid)) => Some(format!("{amount}, paid {paid}")),
            (Some(amount), None) => Some(amount),
            (None, Some(paid)) => Some(format!("paid {paid}")),
            (None, None) => None,
        }
    }

    /// The outcome once there is one, and the state until then.
    pub(crate) fn standing(&self) -> &'static str {
        self.outcome.unwrap_or(self.state)
    }
}

/// When a finding was acknowledged, by whom and with which note, as it stands in JSON.
pub(crate) fn acknowledgement_cells(acknowledged: Option<&Acknowledgement>) -> [Option<String>; 3] {
    [
        acknowledged.map(|it| it.at.to_string()),
        acknowledged.map(|it| it.by.clone()),
        acknowledged.map(|it| it.note.clone()),
    ]
}

/// Who holds an order, since when and why, as it stands in JSON.
fn hold_cells(hold: Option<&Hold>) -> [Option<String>; 3] {
    [
        hold.map(|hold| hold.by.clone()),
        hold.map(|hold| hold.at.to_string()),
        hold.map(|hold| hold.note.clone()),
    ]
}

/// The same in words.
fn held_words(by: &Option<String>, at: &Option<String>, note: &Option<String>) -> Option<String> {
    let (by, at, note) = (by.as_ref()?, at.as_ref()?, note.as_ref()?);
    Some(format!("held by {by} since {at}: {note}"))
}

/// Who holds an order, in words.
pub(crate) fn held(hold: &Hold) -> String {
    format!("held by {} since {}: {}", hold.by, hold.at, hold.note)
}

#[derive(Debug, Serialize)]
pub(crate) struct SummaryLine {
    summary: SummaryView,
}

#[derive(Debug, Serialize)]
struct SummaryView {
    considered: u64,
    eligible: u64,
    sent: u64,
    confirmed: u64,
    not_cancelled: u64,
    skipped: u64,
    in_doubt: u64,
    needs_review: u64,
    errors: u64,
    late_payments: u64,
    amount_differs: u64,
    paid_twice: u64,
    newly_paid: u64,
    unchecked: u64,
    /// Not known to their gateways.
    unknown: u64,
    /// Older than `--look-back`, and left alone.
    too_old: u64,
    /// What `duka pending` lists, of this sweep and of earlier ones; null if it could not be counted.
    waiting: Option<u64>,
    dry_run: bool,
    seconds: f64,
}

impl SummaryLine {
    pub(crate) fn of(summary: &Summary, waiting: Option<u64>) -> Self {
        Self {
            summary: SummaryView {
                considered: summary.considered,
                eligible: summary.eligible,
                sent: summary.sent,
                confirmed: summary.confirmed,
                not_cancelled: summary.not_cancelled,
                skipped: summary.skipped,
                in_doubt: summary.in_doubt,
                needs_review: summary.needs_review,
                errors: summary.errors,
                late_payments: summary.late_payments,
                amount_differs: summary.amount_differs,
                paid_twice: summary.paid_twice,
                newly_paid: summary.newly_paid,
                unchecked: summary.unchecked,
                unknown: summary.unknown,
                too_old: summary.too_old,
                waiting,
                dry_run: false,
                seconds: (summary.elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
            },
        }
    }
}

impl SummaryLine {
    /// The summary of a dry run.
    pub(crate) fn of_dry_run(summary: &Summary, waiting: Option<u64>) -> Self {
        let mut line = Self::of(summary, waiting);
        line.summary.dry_run = true;
        line
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct TimelineView {
    pub(crate) order: OrderView,
    pub(crate) holds: Vec<OrderEventView>,
    pub(crate) cancellations: Vec<CancellationTimeline>,
    pub(crate) refunds: Vec<RefundTimeline>,
}

#[derive(Debug, Serialize)]
pub(crate) struct OrderView {
    account: String,
    gateway: String,
    order: String,
    reference: Option<String>,
    shop_order: Option<String>,
    created_at: String,
    expires_at: Option<String>,
    amount: Option<String>,
    currency: Option<&'static str>,
    method: Option<String>,
    note: Option<String>,
    status: Option<&'static str>,
    raw_status: Option<String>,
    gateway_amount: Option<String>,
    gateway_currency: Option<&'static str>,
    receipt: Option<String>,
    gateway_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_account: Option<String>,
    observed_at: Option<String>,
    held_by: Option<String>,
    held_at: Option<String>,
    hold_note: Option<String>,
}

/// What a person decided about an order.
#[derive(Debug, Serialize)]
pub(crate) struct OrderEventView {
    at: String,
    event: String,
    actor: String,
    note: Option<String>,
}

impl From<OrderEvent> for OrderEventView {
    fn from(event: OrderEvent) -> Self {
        Self {
            at: event.at.to_string(),
            event: event.event,
            actor: event.actor,
            note: event.note,
        }
    }
}

impl OrderEventView {
    /// Its cells, with times in this zone.
    pub(crate) fn cells(&self, zone: &TimeZone) -> Vec<String> {
        vec![
            times::shown(&self.at, zone),
            self.event.clone(),
            plain(&self.actor),
            plain(self.note.as_deref().unwrap_or_default()),
        ]
    }
}

impl OrderView {
    /// An order as it is stored. What was kept about persons is shown as long as the account's setting asks
    /// for it.
    pub(crate) fn of(order: &TrackedOrder, personal_data: PersonalData) -> Self {
        let seen = order.seen.as_ref();
        let told = seen.map(|seen| seen.details.clone()).unwrap_or_default();
        let kept = |text: &Option<PersonalText>| match personal_data {
            PersonalData::Keep => personal(text.as_ref()),
            PersonalData::LeaveOut => None,
        };
        let shown = seen.and_then(|seen| seen.money);
        let [held_by, held_at, hold_note] = hold_cells(order.hold.as_ref());
        Self {
            account: order.key.account.to_string(),
            gateway: order.gateway.to_string(),
            order: order.key.order.to_string(),
            reference: order.reference.clone(),
            shop_order: order.shop_order.clone(),
            created_at: order.created_at.to_string(),
            expires_at: order.expires_at.map(|at| at.to_string()),
            amount: order.money.map(|money| money.digits().to_string()),
            currency: order.money.map(|money| money.currency().code()),
            method: method(Some(&told), order.method.as_ref()),
            note: order.note.clone(),
            status: seen.map(|seen| seen.status.as_str()),
            raw_status: seen.map(|seen| seen.raw_status.clone()),
            gateway_amount: shown.map(|money| money.digits().to_string()),
            gateway_currency: shown.map(|money| money.currency().code()),
            payment_account: kept(&told.payment_account),
            payer: kept(&told.payer),
            customer_account: kept(&told.customer_account),
            gateway_time: gateway_time(&told),
            receipt: told.receipt,
            observed_at: seen.map(|seen| seen.observed_at.to_string()),
            held_by,
            held_at,
            hold_note,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct CancellationTimeline {
    pub(crate) cancellation: CancellationView,
    pub(crate) log: Vec<LogView>,
}

#[derive(Debug, Serialize)]
pub(crate) struct LogView {
    number: u64,
    at: String,
    event: String,
    from: Option<String>,
    to: String,
    actor: String,
    detail: Option<String>,
}

impl<Id> From<LogEntry<Id>> for LogView {
    fn from(entry: LogEntry<Id>) -> Self {
        Self {
            number: entry.number,
            at: entry.at.to_string(),
            event: entry.event,
            from: entry.from,
            to: entry.to,
            actor: entry.actor,
            detail: entry.detail,
        }
    }
}

impl LogView {
    /// Its cells, with times in this zone.
    pub(crate) fn cells(&self, zone: &TimeZone) -> Vec<String> {
        vec![
            times::shown(&self.at, zone),
            self.event.clone(),
            self.from.clone().unwrap_or_default(),
            self.to.clone(),
            plain(&self.actor),
            plain(self.detail.as_deref().unwrap_or_default()),
        ]
    }
}

impl OrderView {
    /// What there is to say about an order, a line each, with times in this zone.
    pub(crate) fn lines(&self, zone: &TimeZone) -> Vec<String> {
        let mut lines = vec![
            format!(
                "order      {} at {} ({})",
                self.order, self.account, self.gateway
            ),
            format!("created    {}", times::shown(&self.created_at, zone)),
        ];
        if let Some(reference) = self.reference.as_ref().filter(|r| **r != self.order) {
            lines.push(format!("reference  {}", plain(reference)));
        }
        if let Some(shop_order) = &self.shop_order {
            lines.push(format!("shop order {}", plain(shop_order)));
        }
        if let Some(at) = &self.expires_at {
            lines.push(format!("expires    {}", times::shown(at, zone)));
        }
        if let (Some(amount), Some(currency)) = (&self.amount, self.currency) {
            lines.push(format!("amount     {amount} {currency}"));
        }
        if let (Some(amount), Some(currency)) = (&self.gateway_amount, self.gateway_currency) {
            lines.push(format!("at gateway {amount} {currency}"));
        }
        if let (Some(status), Some(at)) = (self.status, &self.observed_at) {
            let at = times::shown(at, zone);
            lines.push(format!("status     {status}, seen {at}"));
        }
        let told = [
            ("receipt   ", &self.receipt),
            ("method    ", &self.method),
            ("their time", &self.gateway_time),
            ("paid from ", &self.payment_account),
            ("paid by   ", &self.payer),
            ("account   ", &self.customer_account),
        ];
        for (name, text) in told {
            if let Some(text) = text {
                lines.push(format!("{name} {}", plain(text)));
            }
        }
        if let Some(note) = &self.note {
            lines.push(format!("note       {}", plain(note)));
        }
        let held_at = self.held_at.as_deref().map(|at| times::shown(at, zone));
        if let Some(held) = held_words(&self.held_by, &held_at, &self.hold_note) {
            lines.push(plain(&held));
        }
        lines
    }
}
