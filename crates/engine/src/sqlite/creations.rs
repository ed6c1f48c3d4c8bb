//! Requests to create orders: stored before they are sent, and closed by what comes of them.

use duka_core::gateway::PaymentLink;
use duka_core::{AccountName, CreationId, Money};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::orders;
use super::rows::{self, collect, damaged, get, micros, origin_word, store_error};
use crate::creation::{BeginCreation, Creation, CreationEnd, Duplicates, Obstacle, OpenCreations};
use crate::order::{OrderKey, TrackedOrder};
use crate::store::StoreError;

pub(super) fn begin(
    connection: &Connection,
    creation: &Creation,
    order: Option<&TrackedOrder>,
    duplicates: &Duplicates,
) -> Result<BeginCreation, StoreError> {
    if let Some(obstacle) = obstacle(connection, creation, order, duplicates)? {
        return Ok(BeginCreation::Refused(obstacle));
    }
    let mut earlier = None;
    if let Some(order) = order {
        earlier = orders::by_key(connection, &order.key)?;
        if let Some(known) = &earlier {
            // A list's age of this id is not that of the order that is created now.
            let (key, gateway) = (order.key.clone(), order.gateway.clone());
            let only_its_age = TrackedOrder::new(key, gateway, order.created_at);
            orders::renew(connection, &only_its_age, known)?;
        } else {
            orders::add(connection, order)?;
        }
    }
    connection
        .prepare_cached(
            "INSERT INTO creations (id, account, gateway, reference, shop_order, expires_at,
                                    amount, currency, order_id, message, started_at,
                                    updated_at, earlier_created_at, earlier_origin)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?13)",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                creation.id.to_string(),
                creation.account.as_str(),
                creation.gateway.as_str(),
                creation.reference,
                creation.shop_order,
                creation.expires_at.map(micros),
                creation.money.amount().to_string(),
                creation.money.currency().code(),
                order.map(|order| order.key.order.as_str()),
                creation.message,
                micros(creation.started_at),
                earlier.as_ref().map(|order| micros(order.created_at)),
                earlier.as_ref().map(|order| origin_word(order.origin)),
            ])
        })
        .map_err(store_error)?;
    Ok(BeginCreation::Begun)
}

/// What forbids this creation.
fn obstacle(
    connection: &Connection,
    creation: &Creation,
    order: Option<&TrackedOrder>,
    duplicates: &Duplicates,
) -> Result<Option<Obstacle>, StoreError> {
    let is_same = |other: &TrackedOrder| match order {
        Some(order) => other.key == order.key,
        None => other.reference.as_ref() == Some(&creation.reference),
    };
    let cancelled = cancelled_of_this_id(connection, creation)?;
    if let Some(order) = cancelled.into_iter().find(is_same) {
        return Ok(Some(Obstacle::CancelledId(order.key)));
    }
    if order.is_none()
        && let Some((order, money)) = of_another_amount(connection, creation)?
    {
        return Ok(Some(Obstacle::OtherAmount { order, money }));
    }
    let but = match duplicates {
        Duplicates::Allow => return Ok(None),
        Duplicates::Refuse => None,
        Duplicates::RefuseBut(key) => Some(key),
    };
    let Some(shop_order) = &creation.shop_order else {
        return Ok(None);
    };
    let mut attempts = orders::attempts(connection, &creation.account, shop_order)?;
    attempts.retain(|attempt| !is_same(attempt));
    if let Some(paid) = attempts.iter().find(|it| it.is_paid()) {
        return Ok(Some(Obstacle::PaidAttempt(paid.key.clone())));
    }
    if let Some(open) = attempts.into_iter().find(|it| Some(&it.key) != but) {
        let payment_link = orders::payment_link(connection, &open.key)?;
        return Ok(Some(Obstacle::OpenAttempt {
            reference: open.reference.unwrap_or_else(|| open.key.order.to_string()),
            order: Some(open.key),
            payment_link: payment_link.map(PaymentLink::from_stored),
        }));
    }
    let reference: Option<String> = connection
        .prepare_cached(
            "SELECT reference FROM creations
             WHERE outcome IS NULL AND account = ?1 AND shop_order = ?2 AND reference <> ?3
               AND (?4 IS NULL OR reference <> ?4)
             ORDER BY started_at DESC LIMIT 1",
        )
        .and_then(|mut select| {
            let but = but.map(|key| key.order.as_str());
            let [account, this] = [creation.account.as_str(), &creation.reference];
            let found = select.query_row(params![account, shop_order, this, but], |row| row.get(0));
            found.optional()
        })
        .map_err(store_error)?;
    Ok(reference.map(|reference| Obstacle::OpenAttempt {
        order: None,
        reference,
        payment_link: None,
    }))
}

/// The order with this reference that costs something else.
fn of_another_amount(
    connection: &Connection,
    creation: &Creation,
) -> Result<Option<(OrderKey, Money)>, StoreError> {
    let mut select = connection
        .prepare_cached("SELECT * FROM orders WHERE account = ?1 AND reference = ?2")
        .map_err(store_error)?;
    let found = select.query(params![creation.account.as_str(), creation.reference]);
    let known = collect(found, rows::order)?.into_iter();
    let mut other = known.filter_map(|order| {
        let money = order.money.filter(|money| *money != creation.money)?;
        Some((order.key, money))
    });
    Ok(other.next())
}

/// The orders with the id of this creation, as an id or as a reference, that are cancelled or may
/// be.
fn cancelled_of_this_id(
    connection: &Connection,
    creation: &Creation,
) -> Result<Vec<TrackedOrder>, StoreError> {
    let sql = format!(
        "SELECT o.* FROM orders o
         WHERE o.account = ?1 AND (o.order_id = ?2 OR o.reference = ?2)
           AND (o.status = 'cancelled' OR {} OR EXISTS (
                    SELECT 1 FROM cancellations c
                    WHERE c.account = o.account AND c.order_id = o.order_id
                      AND c.state <> 'done'))",
        orders::REPORTED_CANCELLED
    );
    let mut select = connection.prepare_cached(&sql).map_err(store_error)?;
    let found = select.query(params![creation.account.as_str(), creation.reference]);
    collect(found, rows::order)
}

pub(super) fn end(
    connection: &Connection,
    id: CreationId,
    end: &CreationEnd,
    now: Timestamp,
) -> Result<Option<Creation>, StoreError> {
    let (outcome, message) = match end {
        CreationEnd::Created {
            order,
            payment_link,
        } => {
            orders::track_created(connection, order)?;
            orders::set_payment_link(connection, &order.key, Some(payment_link.reveal()))?;
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
        restore(connection, id)?;
        untrack(connection, id)?;
    }
    Ok(ended)
}

/// Gives an order that was tracked before this request its age and origin back, unless another
/// request or list has changed its age since.
fn restore(connection: &Connection, id: CreationId) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE orders SET created_at = c.earlier_created_at, origin = c.earlier_origin
             FROM creations AS c
             WHERE c.id = ?1 AND c.earlier_created_at IS NOT NULL
               AND orders.account = c.account AND orders.order_id = c.order_id
               AND orders.created_at = max(c.earlier_created_at, c.started_at)",
        )
        .and_then(|mut update| update.execute(params![id.to_string()]))
        .map(drop)
        .map_err(store_error)
}

/// Removes the order that is tracked only because of this request, unless it was seen, anything
/// was done about it, or another request may have created it.
fn untrack(connection: &Connection, id: CreationId) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "DELETE FROM orders
             WHERE (account, order_id) = (SELECT account, order_id FROM creations
                                        WHERE id = ?1 AND earlier_created_at IS NULL)
               AND status IS NULL AND last_action_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM cancellations AS c
                               WHERE c.account = orders.account AND c.order_id = orders.order_id)
               AND NOT EXISTS (SELECT 1 FROM refunds AS r
                               WHERE r.account = orders.account AND r.order_id = orders.order_id)
               AND NOT EXISTS (SELECT 1 FROM order_events AS e
                               WHERE e.account = orders.account AND e.order_id = orders.order_id)
               AND NOT EXISTS (SELECT 1 FROM creations AS o
                               WHERE o.account = orders.account AND o.id <> ?1
                                 AND (o.outcome IS NULL OR o.outcome = 'created')
                                 AND (o.order_id = orders.order_id
                                      OR o.reference = orders.reference))",
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
        shop_order: get(row, "shop_order")?,
        expires_at: rows::maybe_moment(row, "expires_at")?,
        money: money.ok_or_else(|| damaged("a creation without an amount"))?,
        message: get(row, "message")?,
        started_at: rows::moment_at(row, "started_at")?,
    })
}
