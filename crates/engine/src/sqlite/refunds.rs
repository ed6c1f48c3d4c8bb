//! Statements about refund requests.

use duka_core::{GatewayName, OrderId, OrderStatus, RefundId};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::events::Table;
use super::orders;
use super::records::{self, Columns, New, Progress};
use super::rows::{self, damaged, get, micros, store_error, word};
use crate::message;
use crate::order::OrderKey;
use crate::refunds::{
    BeginRefund, PendingRefunds, Refund, RefundEvent, RefundFinding, RefundIntent, RefundOutcome,
    RefundPrecondition, RefundProgress, RefundState, RefundTerms, RefundUpdate, RefundUpdateResult,
};
use crate::store::{Entry, StoreError, StoreErrorKind};

impl Progress for RefundProgress {
    type Id = RefundId;
    type Terms = RefundTerms;
    const TABLE: Table = Table::Refunds;
    const SELECT: &'static str = "SELECT r.*, o.form, o.reference, o.shop_order,
             e.at AS acknowledged_at, e.actor AS acknowledged_by, e.detail AS acknowledgement
         FROM refunds r
         JOIN orders o ON o.account = r.account AND o.order_id = r.order_id
         LEFT JOIN refund_events e ON r.acknowledged IS NOT NULL AND e.refund = r.id
             AND e.number = (SELECT max(number) FROM refund_events WHERE refund = r.id
                 AND event = 'acknowledged')";

    fn words(&self) -> String {
        self.state.words()
    }

    fn columns(&self) -> Columns {
        let outcome = self.state.outcome();
        vec![
            ("state", word(self.state.as_str())),
            ("outcome", word(outcome.map(RefundOutcome::as_str))),
            ("finding", word(self.finding.map(RefundFinding::as_str))),
            (
                "acknowledged",
                word(self.acknowledged.map(RefundFinding::as_str)),
            ),
        ]
    }

    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let state: String = get(row, "state")?;
        let outcome: Option<String> = get(row, "outcome")?;
        let state = RefundState::from_words(&state, outcome.as_deref());
        let finding = |column| {
            let word: Option<String> = get(row, column)?;
            let read = |word: String| RefundFinding::from_word(&word).ok_or(damaged("a finding"));
            word.map(read).transpose()
        };
        Ok(Self {
            state: state.ok_or_else(|| damaged("a state"))?,
            finding: finding("finding")?,
            acknowledged: finding("acknowledged")?,
        })
    }

    fn read_terms(row: &Row<'_>) -> Result<RefundTerms, StoreError> {
        Ok(RefundTerms {
            money: rows::money(row, "amount", "currency")?.ok_or_else(|| damaged("an amount"))?,
            confirmation_code: get(row, "confirmation_code")?,
            username: get(row, "username")?,
            remarks: get(row, "remarks")?,
            acknowledgement: rows::acknowledgement(row)?,
        })
    }

    /// The primary key has a code of its own, so only the once-only index gives this one.
    fn failed(error: rusqlite::Error, key: &OrderKey) -> StoreError {
        let extended = error.sqlite_error().map(|failure| failure.extended_code);
        if extended != Some(rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE) {
            return store_error(error);
        }
        StoreError::new(
            StoreErrorKind::OnceUsed,
            format!(
                "a refund of order {key} has been requested before, and this gateway takes one request per payment"
            ),
        )
    }
}

pub(super) fn begin(
    connection: &Connection,
    intent: &RefundIntent,
    now: Timestamp,
) -> Result<BeginRefund, StoreError> {
    let order = orders::tracked(connection, &intent.key)?;
    // Under every name of the account: a status that lags behind may show it paid again.
    let reversed: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM orders
                 WHERE order_id = ?1 AND gateway = ?2 AND status = 'reversed')",
        )
        .and_then(|mut select| {
            let order_id = intent.key.order.as_str();
            select.query_row(params![order_id, order.gateway.as_str()], |row| row.get(0))
        })
        .map_err(store_error)?;
    if reversed {
        return Ok(BeginRefund::NotPaid(Some(OrderStatus::Reversed)));
    }
    let status = order.seen.map(|seen| seen.status);
    if status != Some(OrderStatus::Paid) {
        return Ok(BeginRefund::NotPaid(status));
    }
    // Beyond what the database refuses, an open finding is in the way.
    if let Some(refund) = already_requested(connection, &order.gateway, &intent.key.order)? {
        return Ok(BeginRefund::AlreadyRequested(refund));
    }
    let terms = &intent.terms;
    let state = RefundState::Sending;
    let new = New {
        id: intent.id,
        key: &intent.key,
        progress: RefundProgress {
            state,
            finding: None,
            acknowledged: None,
        },
        terms: vec![
            ("gateway", word(order.gateway.as_str())),
            ("amount", terms.money.amount().to_string().into()),
            ("currency", word(terms.money.currency().code())),
            ("confirmation_code", terms.confirmation_code.clone().into()),
            ("username", terms.username.clone().into()),
            ("remarks", terms.remarks.clone().into()),
            ("message", word(message::refund(state))),
        ],
        claim: Some(&intent.claim),
        entry: Entry::new(
            "intent",
            &intent.actor,
            Some(format!("{}: {}", terms.money, terms.remarks)),
        ),
    };
    records::insert(connection, new, now).map(BeginRefund::New)
}

pub(super) fn advance(
    connection: &Connection,
    update: &RefundUpdate,
    now: Timestamp,
) -> Result<RefundUpdateResult, StoreError> {
    let change = update.change();
    let before: Refund = records::present(connection, change.id)?;
    let needs_end = update.precondition() == RefundPrecondition::LeaseEnded;
    if needs_end && before.version == change.version && !before.is_lapsed(now) {
        return Ok(RefundUpdateResult::PreconditionFailed(()));
    }
    if !records::swap(connection, &before, change, now)? {
        return Ok(RefundUpdateResult::Conflict(before));
    }
    records::present(connection, change.id).map(RefundUpdateResult::Stored)
}

/// Ends every refund of an order that waits to see the money go back.
pub(super) fn find_reversed(
    connection: &Connection,
    key: &OrderKey,
    status: &OrderStatus,
    actor: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if *status != OrderStatus::Reversed {
        return Ok(());
    }
    let Some(order) = orders::by_key(connection, key)? else {
        return Ok(());
    };
    // Under every name of the account.
    let refunds: Vec<Refund> = records::select(
        connection,
        "r.gateway = ?1 AND r.order_id = ?2 ORDER BY r.created_at, r.id",
        params![order.gateway.as_str(), key.order.as_str()],
    )?;
    for refund in refunds {
        // What is on its way is its worker's to tell of.
        if refund.progress.state == RefundState::Sending && !refund.is_lapsed(now) {
            continue;
        }
        let event = RefundEvent::SeenReversed;
        let detail = format!("status {status}");
        if let Some(update) = RefundUpdate::after(&refund, event, &detail, actor) {
            advance(connection, &update, now)?;
        }
    }
    Ok(())
}

pub(super) fn already_requested(
    connection: &Connection,
    gateway: &GatewayName,
    order: &OrderId,
) -> Result<Option<Refund>, StoreError> {
    // In the words of the index, or it would not be used.
    let mut found = records::select(
        connection,
        "r.gateway = ?1 AND r.order_id = ?2
           AND (r.outcome IS NULL OR r.outcome NOT IN ('not_sent', 'resolved_not_received'))",
        params![gateway.as_str(), order.as_str()],
    )?;
    if let Some(refund) = found.pop() {
        return Ok(Some(refund));
    }
    let found = records::select(
        connection,
        "r.gateway = ?1 AND r.order_id = ?2 AND r.finding IS NOT NULL
         ORDER BY r.created_at, r.id",
        params![gateway.as_str(), order.as_str()],
    )?;
    Ok(found.into_iter().next())
}

pub(super) fn pending(
    connection: &Connection,
    page: &PendingRefunds,
) -> Result<Vec<Refund>, StoreError> {
    let (at, id) = match page.after {
        None => (i64::MIN, String::new()),
        Some((at, id)) => (micros(at), id.to_string()),
    };
    records::select(
        connection,
        "(r.outcome IS NULL OR r.finding IS NOT NULL) AND (r.created_at, r.id) > (?1, ?2)
           AND (?3 IS NULL OR r.account = ?3)
         ORDER BY r.created_at, r.id LIMIT ?4",
        params![
            at,
            id,
            page.account.as_ref().map(|account| account.as_str()),
            page.limit
        ],
    )
}
