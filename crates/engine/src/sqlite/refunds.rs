//! Statements about refund requests.

use duka_core::{GatewayName, OrderId, OrderStatus, RefundId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::events::{self, Line, Log};
use super::orders;
use super::rows::{self, collect, damaged, get, maybe_moment, micros, moment_at, store_error};
use crate::message;
use crate::order::OrderKey;
use crate::refunds::{
    BeginRefund, PendingRefunds, Refund, RefundEvent, RefundFinding, RefundIntent, RefundOutcome,
    RefundState, RefundUpdate, RefundUpdateResult,
};
use crate::store::{Entry, StoreError, StoreErrorKind};

/// A refund with what its order knows better.
const SELECT: &str = "SELECT r.*, o.form FROM refunds r
     JOIN orders o ON o.account = r.account AND o.order_id = r.order_id";

pub(super) fn begin(
    connection: &Connection,
    intent: &RefundIntent,
    now: Timestamp,
) -> Result<BeginRefund, StoreError> {
    let Some(order) = orders::by_key(connection, &intent.key)? else {
        return Err(StoreError::new(
            StoreErrorKind::UnknownOrder,
            format!("order {} is not tracked; track it first", intent.key),
        ));
    };
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
    let id = intent.id.to_string();
    let state = RefundState::Sending;
    connection
        .prepare_cached(
            "INSERT INTO refunds (id, version, account, order_id, gateway, amount, currency,
                 confirmation_code, username, remarks, actor, state, message, due_at, worker,
                 log_entries, created_at, updated_at)
             VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 1, ?15,
                 ?15)",
        )
        .map_err(store_error)?
        .execute(params![
            id,
            intent.key.account.as_str(),
            intent.key.order.as_str(),
            order.gateway.as_str(),
            intent.money.amount().to_string(),
            intent.money.currency().code(),
            intent.confirmation_code,
            intent.username,
            intent.remarks,
            intent.actor,
            state.as_str(),
            message::refund(state),
            micros(intent.claim.until(now)),
            intent.claim.worker,
            micros(now),
        ])
        .map_err(|error| once_used(error, &intent.key))?;
    let entry = Entry {
        event: "intent".to_owned(),
        actor: intent.actor.clone(),
        detail: Some(format!("{}: {}", intent.money, intent.remarks)),
    };
    let line = Line {
        number: 1,
        at: micros(now),
        from: None,
        to: &state.words(),
    };
    events::append(connection, Log::Refunds, &id, &line, &entry)?;
    by_id(connection, intent.id)?
        .map(BeginRefund::New)
        .ok_or_else(|| vanished(intent.id))
}

/// Compare-and-swap on id and version alone.
pub(super) fn advance(
    connection: &Connection,
    change: &RefundUpdate,
    now: Timestamp,
) -> Result<RefundUpdateResult, StoreError> {
    let Some(before) = by_id(connection, change.id)? else {
        return Err(vanished(change.id));
    };
    let number: Option<i64> = connection
        .prepare_cached(
            "UPDATE refunds SET version = version + 1, log_entries = log_entries + 1,
                 state = ?3, outcome = ?4, finding = ?5, message = ?6, due_at = NULL,
                 worker = NULL, updated_at = ?7
             WHERE id = ?1 AND version = ?2
             RETURNING log_entries",
        )
        .and_then(|mut update| {
            let changed = update.query_row(
                params![
                    change.id.to_string(),
                    i64::try_from(change.version).unwrap_or(i64::MAX),
                    change.next().as_str(),
                    change.next().outcome().map(RefundOutcome::as_str),
                    change.finding().map(RefundFinding::as_str),
                    change.message,
                    micros(now),
                ],
                |row| row.get(0),
            );
            changed.optional()
        })
        .map_err(|error| once_used(error, &before.key))?;
    let Some(number) = number else {
        return Ok(RefundUpdateResult::Conflict(before));
    };
    let line = Line {
        number,
        at: micros(now),
        from: Some(&before.state.words()),
        to: &change.next().words(),
    };
    let id = change.id.to_string();
    events::append(connection, Log::Refunds, &id, &line, &change.entry)?;
    by_id(connection, change.id)?
        .map(RefundUpdateResult::Stored)
        .ok_or_else(|| vanished(change.id))
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
    let refunds = select(
        connection,
        "WHERE r.gateway = ?1 AND r.order_id = ?2 ORDER BY r.created_at, r.id",
        params![order.gateway.as_str(), key.order.as_str()],
    )?;
    for refund in refunds {
        // What is on its way is its worker's to tell of.
        if refund.state == RefundState::Sending && !refund.is_lapsed(now) {
            continue;
        }
        let event = RefundEvent::SeenReversed;
        let detail = format!("status {status}");
        if let Some(change) = RefundUpdate::after(&refund, event, &detail, actor) {
            advance(connection, &change, now)?;
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
    let found = select(
        connection,
        "WHERE r.gateway = ?1 AND r.order_id = ?2
           AND (r.outcome IS NULL OR r.outcome NOT IN ('not_sent', 'resolved_not_received'))",
        params![gateway.as_str(), order.as_str()],
    )?;
    if let Some(refund) = found.into_iter().next() {
        return Ok(Some(refund));
    }
    let found = select(
        connection,
        "WHERE r.gateway = ?1 AND r.order_id = ?2 AND r.finding IS NOT NULL
         ORDER BY r.created_at, r.id",
        params![gateway.as_str(), order.as_str()],
    )?;
    Ok(found.into_iter().next())
}

pub(super) fn by_id(connection: &Connection, id: RefundId) -> Result<Option<Refund>, StoreError> {
    let found = select(connection, "WHERE r.id = ?1", [id.to_string()])?;
    Ok(found.into_iter().next())
}

pub(super) fn of_order(connection: &Connection, key: &OrderKey) -> Result<Vec<Refund>, StoreError> {
    select(
        connection,
        "WHERE r.account = ?1 AND r.order_id = ?2 ORDER BY r.created_at, r.id",
        params![key.account.as_str(), key.order.as_str()],
    )
}

pub(super) fn pending(
    connection: &Connection,
    page: &PendingRefunds,
) -> Result<Vec<Refund>, StoreError> {
    let (at, id) = match page.after {
        None => (i64::MIN, String::new()),
        Some((at, id)) => (micros(at), id.to_string()),
    };
    select(
        connection,
        "WHERE (r.outcome IS NULL OR r.finding IS NOT NULL) AND (r.created_at, r.id) > (?1, ?2)
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

fn select(
    connection: &Connection,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Refund>, StoreError> {
    let mut select = connection
        .prepare_cached(&format!("{SELECT} {condition}"))
        .map_err(store_error)?;
    collect(select.query(parameters), refund)
}

/// A refund, from a row of `refunds` joined with its order's `form`.
fn refund(row: &Row<'_>) -> Result<Refund, StoreError> {
    let id: String = get(row, "id")?;
    let version: i64 = get(row, "version")?;
    let state: String = get(row, "state")?;
    let outcome: Option<String> = get(row, "outcome")?;
    let finding: Option<String> = get(row, "finding")?;
    Ok(Refund {
        id: id.parse().map_err(|_| damaged("a refund id"))?,
        version: u64::try_from(version).map_err(|_| damaged("a version"))?,
        key: rows::key(row)?,
        gateway: rows::gateway(row)?,
        money: rows::money(row, "amount", "currency")?.ok_or_else(|| damaged("an amount"))?,
        confirmation_code: get(row, "confirmation_code")?,
        username: get(row, "username")?,
        remarks: get(row, "remarks")?,
        actor: get(row, "actor")?,
        state: RefundState::from_words(&state, outcome.as_deref())
            .ok_or_else(|| damaged("a state"))?,
        finding: finding
            .map(|word| RefundFinding::from_word(&word).ok_or_else(|| damaged("a finding")))
            .transpose()?,
        message: get(row, "message")?,
        due_at: maybe_moment(row, "due_at")?,
        worker: get(row, "worker")?,
        created_at: moment_at(row, "created_at")?,
        updated_at: moment_at(row, "updated_at")?,
    })
}

/// The primary key has a code of its own, so only the once-only index gives this one.
fn once_used(error: rusqlite::Error, key: &OrderKey) -> StoreError {
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

fn vanished(id: RefundId) -> StoreError {
    StoreError::new(
        StoreErrorKind::Internal,
        format!("refund {id} is not in the store"),
    )
}
