//! Statements about holds, and the log of them.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::orders;
use super::rows::{self, collect, get, micros, moment_at, store_error};
use crate::order::{Hold, OrderEvent, OrderKey, TrackedOrder};
use crate::store::{HeldPage, HoldChange, StoreError};

/// Writes a hold or its end, with its line of the log, unless the order is held, or not held,
/// already. Returns the hold that there was.
pub(super) fn change(
    connection: &Connection,
    key: &OrderKey,
    change: &HoldChange,
    now: Timestamp,
) -> Result<Option<Hold>, StoreError> {
    let before = orders::tracked(connection, key)?.hold;
    let (hold, event, actor, note) = match (change, &before) {
        (HoldChange::Place { .. }, Some(_)) | (HoldChange::Release { .. }, None) => {
            return Ok(before);
        }
        (HoldChange::Place { by, note }, None) => (Some(now), "held", by, Some(note)),
        (HoldChange::Release { by }, Some(_)) => (None, "released", by, None),
    };
    let [account, order] = [key.account.as_str(), key.order.as_str()];
    let (at, by) = (hold.map(micros), hold.map(|_| actor));
    connection
        .prepare_cached(
            "UPDATE orders SET held_at = ?3, held_by = ?4, hold_note = ?5
             WHERE account = ?1 AND order_id = ?2",
        )
        .and_then(|mut update| update.execute(params![account, order, at, by, note]))
        .map_err(store_error)?;
    connection
        .prepare_cached(
            "INSERT INTO order_events (account, order_id, at, event, actor, note)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .and_then(|mut insert| {
            insert.execute(params![account, order, micros(now), event, actor, note])
        })
        .map_err(store_error)?;
    Ok(before)
}

/// Held orders, those first that have been held for longest.
pub(super) fn held(
    connection: &Connection,
    page: &HeldPage,
) -> Result<Vec<TrackedOrder>, StoreError> {
    let mut select = connection
        .prepare_cached(
            "SELECT * FROM orders
             WHERE held_at IS NOT NULL AND (held_at, account, order_id) > (?1, ?2, ?3)
               AND held_at BETWEEN ?4 AND ?5 AND (?6 IS NULL OR account = ?6)
             ORDER BY held_at, account, order_id
             LIMIT ?7",
        )
        .map_err(store_error)?;
    let (at, account, order) = match &page.after {
        // An account name is never empty, so this comes before every order.
        None => (i64::MIN, "", ""),
        Some((at, key)) => (micros(*at), key.account.as_str(), key.order.as_str()),
    };
    let since = page.since.map_or(i64::MIN, micros);
    let only = page.account.as_ref().map(|name| name.as_str());
    let until = page.until.map_or(i64::MAX, micros);
    let found = select.query(params![at, account, order, since, until, only, page.limit]);
    collect(found, rows::order)
}

/// What people have decided about an order, oldest first.
pub(super) fn events(
    connection: &Connection,
    key: &OrderKey,
) -> Result<Vec<OrderEvent>, StoreError> {
    let mut select = connection
        .prepare_cached(
            "SELECT * FROM order_events WHERE account = ?1 AND order_id = ?2 ORDER BY seq",
        )
        .map_err(store_error)?;
    let found = select.query(params![key.account.as_str(), key.order.as_str()]);
    collect(found, event)
}

fn event(row: &Row<'_>) -> Result<OrderEvent, StoreError> {
    Ok(OrderEvent {
        at: moment_at(row, "at")?,
        event: get(row, "event")?,
        actor: get(row, "actor")?,
        note: get(row, "note")?,
    })
}
