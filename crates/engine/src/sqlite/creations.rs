//! Requests to create orders: stored before they are sent, and closed by what comes of them.

use duka_core::{AccountName, CreationId};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::orders;
use super::rows::{self, collect, damaged, get, micros, store_error};
use crate::create::{Creation, CreationEnd, OpenCreations};
use crate::order::{OrderKey, TrackedOrder};
use crate::store::StoreError;

pub(super) fn begin(
    connection: &Connection,
    creation: &Creation,
    order: Option<&TrackedOrder>,
) -> Result<(), StoreError> {
    let mut added = None;
    if let Some(order) = order {
        if orders::track(connection, std::slice::from_ref(order))?.added == 1 {
            added = Some(order.key.order.as_str());
        } else {
            // A list's age of this id is not that of the order that is created now.
            let only_its_age =
                TrackedOrder::new(order.key.clone(), order.gateway.clone(), order.created_at);
            orders::track_created(connection, &only_its_age)?;
        }
    }
    connection
        .prepare_cached(
            "INSERT INTO creations (id, account, gateway, reference, amount, currency,
                                    added_order, message, started_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                creation.id.to_string(),
                creation.account.as_str(),
                creation.gateway.as_str(),
                creation.reference,
                creation.money.amount().to_string(),
                creation.money.currency().code(),
                added,
                creation.message,
                micros(creation.started_at),
            ])
        })
        .map_err(store_error)?;
    Ok(())
}

pub(super) fn end(
    connection: &Connection,
    id: CreationId,
    end: &CreationEnd,
    now: Timestamp,
) -> Result<Option<Creation>, StoreError> {
    let (outcome, message) = match end {
        CreationEnd::Created(order) => {
            orders::track_created(connection, order)?;
            close_seen(connection, &order.key, now)?;
            // An operator may have dealt with it before its answer came.
            (Some("created"), None)
        }
        CreationEnd::NotCreated(why) => (Some("not_created"), Some(why)),
        CreationEnd::Unknown(why) => (None, Some(why)),
        CreationEnd::Acknowledged(note) => (Some("acknowledged"), Some(note)),
    };
    let mut update = connection
        .prepare_cached(
            "UPDATE creations SET outcome = ?2, message = coalesce(?3, message), updated_at = ?4
             WHERE id = ?1 AND (outcome IS NULL OR ?2 = 'created')
             RETURNING *",
        )
        .map_err(store_error)?;
    let ended = update.query(params![id.to_string(), outcome, message, micros(now)]);
    let ended = collect(ended, creation)?.pop();
    if ended.is_some() && matches!(end, CreationEnd::NotCreated(_)) {
        untrack(connection, id)?;
    }
    Ok(ended)
}

/// Removes the order that is tracked only because of this request, unless it was seen, anything
/// was done about it, or another request may have created it.
fn untrack(connection: &Connection, id: CreationId) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "DELETE FROM orders
             WHERE (account, order_id) = (SELECT account, added_order FROM creations WHERE id = ?1)
               AND status IS NULL AND last_action_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM cancellations AS c
                               WHERE c.account = orders.account AND c.order_id = orders.order_id)
               AND NOT EXISTS (SELECT 1 FROM refunds AS r
                               WHERE r.account = orders.account AND r.order_id = orders.order_id)
               AND NOT EXISTS (SELECT 1 FROM creations AS o
                               WHERE o.account = orders.account AND o.outcome IS NULL
                                 AND o.reference = orders.reference)",
        )
        .and_then(|mut delete| delete.execute(params![id.to_string()]))
        .map_err(store_error)?;
    Ok(())
}

/// Closes the open creations of an order that is at its gateway: those with its id or its
/// reference.
pub(super) fn close_seen(
    connection: &Connection,
    key: &OrderKey,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE creations SET outcome = 'created', updated_at = ?3
             WHERE account = ?1 AND outcome IS NULL
               AND reference IN (?2, (SELECT reference FROM orders
                                      WHERE account = ?1 AND order_id = ?2))",
        )
        .and_then(|mut update| {
            update.execute(params![
                key.account.as_str(),
                key.order.as_str(),
                micros(now),
            ])
        })
        .map_err(store_error)?;
    Ok(())
}

pub(super) fn open(
    connection: &Connection,
    page: &OpenCreations,
) -> Result<Vec<Creation>, StoreError> {
    let mut select = connection
        .prepare_cached(
            "SELECT * FROM creations
             WHERE outcome IS NULL
               AND (?1 IS NULL OR account = ?1) AND (?2 IS NULL OR reference = ?2)
               AND (started_at, id) > (?3, ?4)
             ORDER BY started_at, id
             LIMIT ?5",
        )
        .map_err(store_error)?;
    let (at, id) = match page.after {
        // An id is never empty, so this comes before every creation.
        None => (i64::MIN, String::new()),
        Some((at, id)) => (micros(at), id.to_string()),
    };
    let found = select.query(params![
        page.account.as_ref().map(AccountName::as_str),
        page.reference,
        at,
        id,
        page.limit,
    ]);
    collect(found, creation)
}

fn creation(row: &Row<'_>) -> Result<Creation, StoreError> {
    let account = AccountName::new(get::<String>(row, "account")?);
    let id: String = get(row, "id")?;
    let money = rows::money(row, "amount", "currency")?;
    Ok(Creation {
        id: id.parse().map_err(|_| damaged("a creation id"))?,
        account: account.map_err(|_| damaged("an account name"))?,
        gateway: rows::gateway(row)?,
        reference: get(row, "reference")?,
        money: money.ok_or_else(|| damaged("a creation without an amount"))?,
        message: get(row, "message")?,
        started_at: rows::moment_at(row, "started_at")?,
    })
}
