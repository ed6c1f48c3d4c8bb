//! Statements about orders.

use duka_core::{AccountName, GatewayTime, Observation, OrderStatus, PaymentDetails, PersonalText};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::rows::{
    self, collect, form_word, micros, origin_word, store_error, tracking_word, unknown_words,
};
use crate::order::{OrderKey, Origin, TrackedOrder};
use crate::store::{Abandoned, AbandonedPage, StoreError, StoreErrorKind};

/// Fills in what is not known of an order that is tracked already.
pub(super) fn fill(connection: &Connection, order: &TrackedOrder) -> Result<(), StoreError> {
    let money = order.money;
    connection
        .prepare_cached(
            "UPDATE orders SET amount = coalesce(amount, ?3), currency = coalesce(currency, ?4),
                               reference = coalesce(reference, ?5),
                               method = coalesce(method, ?6), note = coalesce(note, ?7),
                               shop_order = coalesce(shop_order, ?8),
                               expires_at = coalesce(expires_at, ?9)
             WHERE account = ?1 AND order_id = ?2",
        )
        .and_then(|mut fill| {
            fill.execute(params![
                order.key.account.as_str(),
                order.key.order.as_str(),
                money.map(|m| m.amount().to_string()),
                money.map(|m| m.currency().code()),
                order.reference,
                order.method,
                order.note,
                order.shop_order,
                order.expires_at.map(micros),
            ])
        })
        .map(drop)
        .map_err(store_error)
}

/// Adds an order; `false` if it is tracked already.
pub(super) fn add(connection: &Connection, order: &TrackedOrder) -> Result<bool, StoreError> {
    let money = order.money;
    let added = connection
        .prepare_cached(
            "INSERT INTO orders (account, order_id, form, gateway, reference, created_at,
                                 amount, currency, method, note, origin, tracking, shop_order,
                                 expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
             ON CONFLICT (account, order_id) DO NOTHING",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                order.key.account.as_str(),
                order.key.order.as_str(),
                form_word(order.key.order.form()),
                order.gateway.as_str(),
                order.reference,
                micros(order.created_at),
                money.map(|m| m.amount().to_string()),
                money.map(|m| m.currency().code()),
                order.method,
                order.note,
                origin_word(order.origin),
                tracking_word(order.tracking),
                order.shop_order,
                order.expires_at.map(micros),
            ])
        })
        .map_err(store_error)?;
    Ok(added == 1)
}

/// Adds an order that was created just now, or begins the life of a known one anew.
pub(super) fn track_created(
    connection: &Connection,
    order: &TrackedOrder,
) -> Result<(), StoreError> {
    match by_key(connection, &order.key)? {
        Some(known) => renew(connection, order, &known),
        None => add(connection, order).map(drop),
    }
}

/// Begins the life of a known order anew: it is not made older.
pub(super) fn renew(
    connection: &Connection,
    order: &TrackedOrder,
    known: &TrackedOrder,
) -> Result<(), StoreError> {
    let created_at = known.created_at.max(order.created_at);
    overwrite(connection, order, created_at, order.origin)
}

/// Writes what a list says over what is known of an order that is tracked already. The age of an
/// order that a caller has created or named is its own.
pub(super) fn correct(connection: &Connection, order: &TrackedOrder) -> Result<(), StoreError> {
    let known = by_key(connection, &order.key)?;
    let callers = known.filter(|known| known.origin == Origin::Caller);
    let aged = callers.as_ref().unwrap_or(order);
    overwrite(connection, order, aged.created_at, aged.origin)
}

/// Writes what an order says of itself over what is known, where it says anything.
fn overwrite(
    connection: &Connection,
    order: &TrackedOrder,
    created_at: Timestamp,
    origin: Origin,
) -> Result<(), StoreError> {
    let money = order.money;
    connection
        .prepare_cached(
            "UPDATE orders SET created_at = ?3, origin = ?4,
                               amount = coalesce(?5, amount), currency = coalesce(?6, currency),
                               reference = coalesce(?7, reference),
                               method = coalesce(?8, method), note = coalesce(?9, note),
                               shop_order = coalesce(?10, shop_order),
                               expires_at = coalesce(?11, expires_at)
             WHERE account = ?1 AND order_id = ?2",
        )
        .and_then(|mut update| {
            update.execute(params![
                order.key.account.as_str(),
                order.key.order.as_str(),
                micros(created_at),
                origin_word(origin),
                money.map(|m| m.amount().to_string()),
                money.map(|m| m.currency().code()),
                order.reference,
                order.method,
                order.note,
                order.shop_order,
                order.expires_at.map(micros),
            ])
        })
        .map_err(store_error)?;
    Ok(())
}

/// Whether a cancellation of the order `o` was confirmed, by its gateway or by a person.
pub(super) const REPORTED_CANCELLED: &str = "EXISTS (SELECT 1 FROM cancellations c
     WHERE c.account = o.account AND c.order_id = o.order_id
       AND c.outcome IN ('confirmed', 'resolved_cancelled'))";

/// The attempts for a shop order that are open or paid, the newest first.
pub(super) fn attempts(
    connection: &Connection,
    account: &AccountName,
    shop_order: &str,
) -> Result<Vec<TrackedOrder>, StoreError> {
    let sql = format!(
        "SELECT o.* FROM orders o
         WHERE o.account = ?1 AND o.shop_order = ?2
           AND (o.status = 'paid'
                OR (o.status IS NULL OR o.status IN ('unpaid', 'processing', 'unknown'))
                   AND NOT {REPORTED_CANCELLED})
         ORDER BY o.created_at DESC, o.order_id DESC"
    );
    let mut select = connection.prepare_cached(&sql).map_err(store_error)?;
    collect(
        select.query(params![account.as_str(), shop_order]),
        rows::order,
    )
}

pub(super) fn payment_link(
    connection: &Connection,
    key: &OrderKey,
) -> Result<Option<String>, StoreError> {
    connection
        .prepare_cached("SELECT payment_link FROM orders WHERE account = ?1 AND order_id = ?2")
        .and_then(|mut select| {
            let key = params![key.account.as_str(), key.order.as_str()];
            select.query_row(key, |row| row.get(0))
        })
        .map_err(store_error)
}

/// Keeps the payment link of an order, or forgets it.
pub(super) fn set_payment_link(
    connection: &Connection,
    key: &OrderKey,
    address: Option<&str>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE orders SET payment_link = ?3 WHERE account = ?1 AND order_id = ?2")
        .and_then(|mut update| {
            update.execute(params![key.account.as_str(), key.order.as_str(), address])
        })
        .map_err(store_error)?;
    Ok(())
}

pub(super) fn by_key(
    connection: &Connection,
    key: &OrderKey,
) -> Result<Option<TrackedOrder>, StoreError> {
    let mut select = connection
        .prepare_cached("SELECT * FROM orders WHERE account = ?1 AND order_id = ?2")
        .map_err(store_error)?;
    select
        .query_row(params![key.account.as_str(), key.order.as_str()], |row| {
            Ok(rows::order(row))
        })
        .optional()
        .map_err(store_error)?
        .transpose()
}

/// An order that has to be tracked.
pub(super) fn tracked(connection: &Connection, key: &OrderKey) -> Result<TrackedOrder, StoreError> {
    by_key(connection, key)?.ok_or_else(|| {
        let untracked = format!("order {key} is not tracked; track it first");
        StoreError::new(StoreErrorKind::UnknownOrder, untracked)
    })
}

pub(super) fn by_keys(
    connection: &Connection,
    keys: &[OrderKey],
) -> Result<Vec<TrackedOrder>, StoreError> {
    let found = keys.iter().map(|key| by_key(connection, key));
    found.filter_map(Result::transpose).collect()
}

pub(super) fn find(connection: &Connection, text: &str) -> Result<Vec<TrackedOrder>, StoreError> {
    let mut select = connection
        .prepare_cached(
            "SELECT * FROM orders WHERE order_id = ?1
             UNION ALL
             SELECT * FROM orders WHERE reference = ?1 AND order_id <> ?1
             UNION ALL
             SELECT * FROM orders
             WHERE shop_order = ?1 AND order_id <> ?1 AND reference IS NOT ?1
             LIMIT 10",
        )
        .map_err(store_error)?;
    collect(select.query(params![text]), rows::order)
}

/// Merges an observation into what is known of the order, and returns the result.
pub(super) fn merge(
    connection: &Connection,
    order: &TrackedOrder,
    seen: Observation,
) -> Result<Observation, StoreError> {
    let key = &order.key;
    let last_use = order.last_use.seen(&seen.status, seen.observed_at);
    let merged = match &order.seen {
        None => seen,
        Some(before) => before.clone().merge(seen),
    };
    let money = merged.money;
    connection
        .prepare_cached(
            "UPDATE orders SET status = ?3, raw_status = ?4, status_amount = ?5,
                               status_currency = ?6, observed_at = ?7,
                               tracking = CASE WHEN tracking = 'pending' AND ?8
                                               THEN 'closed' ELSE tracking END,
                               payment_link = CASE WHEN ?10 THEN NULL ELSE payment_link END,
                               unknown_status = ?9, idle_at = ?11, used_at = ?12
             WHERE account = ?1 AND order_id = ?2",
        )
        .map_err(store_error)?
        .execute(params![
            key.account.as_str(),
            key.order.as_str(),
            merged.status.as_str(),
            merged.raw_status,
            money.map(|m| m.amount().to_string()),
            money.map(|m| m.currency().code()),
            micros(merged.observed_at),
            merged.status.was_paid(),
            unknown_words(&merged.status),
            has_ended(&merged.status),
            last_use.idle_at.map(micros),
            last_use.used_at.map(micros),
        ])
        .map_err(store_error)?;
    write_details(connection, key, &merged.details)?;
    Ok(merged)
}

/// Keeps what an answer tells about an order, in the place of what was known.
pub(super) fn keep(
    connection: &Connection,
    key: &OrderKey,
    answered: &PaymentDetails,
) -> Result<(), StoreError> {
    if *answered == PaymentDetails::default() {
        return Ok(());
    }
    let known = tracked(connection, key)?.seen.map(|seen| seen.details);
    let details = answered.clone().or(known.unwrap_or_default());
    write_details(connection, key, &details)
}

fn write_details(
    connection: &Connection,
    key: &OrderKey,
    details: &PaymentDetails,
) -> Result<(), StoreError> {
    fn text(time: &Option<GatewayTime>) -> Option<&str> {
        time.as_ref().map(|time| time.text.as_str())
    }
    fn moment(time: &Option<GatewayTime>) -> Option<i64> {
        time.as_ref().and_then(|time| time.moment).map(micros)
    }
    let updated = connection
        .prepare_cached(
            "UPDATE orders SET gateway_id = ?3, receipt = ?4, gateway_method = ?5,
                               payment_account = ?6, payer = ?7, description = ?8,
                               gateway_created = ?9, gateway_created_at = ?10,
                               gateway_paid = ?11, gateway_paid_at = ?12,
                               gateway_cancelled = ?13, gateway_cancelled_at = ?14,
                               customer_account = ?15, gateway_status_code = ?16
             WHERE account = ?1 AND order_id = ?2",
        )
        .and_then(|mut update| {
            update.execute(params![
                key.account.as_str(),
                key.order.as_str(),
                details.gateway_id,
                details.receipt,
                details.method,
                details.payment_account.as_ref().map(PersonalText::reveal),
                details.payer.as_ref().map(PersonalText::reveal),
                details.description,
                text(&details.created_at),
                moment(&details.created_at),
                text(&details.paid_at),
                moment(&details.paid_at),
                text(&details.cancelled_at),
                moment(&details.cancelled_at),
                details.customer_account.as_ref().map(PersonalText::reveal),
                details.status_code,
            ])
        });
    updated.map(drop).map_err(store_error)
}

/// Whether nothing is to be paid by the order's link any more.
fn has_ended(status: &OrderStatus) -> bool {
    match status {
        OrderStatus::Unpaid | OrderStatus::Processing | OrderStatus::Unknown(_) => false,
        OrderStatus::Paid
        | OrderStatus::Failed
        | OrderStatus::Expired
        | OrderStatus::Cancelled
        | OrderStatus::Reversed => true,
    }
}

pub(super) fn abandoned(
    connection: &Connection,
    page: &AbandonedPage,
) -> Result<Vec<TrackedOrder>, StoreError> {
    let (moment, which) = match page.which {
        Abandoned::ByAge => ("age_from", "expires_at IS NULL"),
        Abandoned::Expired => ("expires_at", "expires_at IS NOT NULL"),
        Abandoned::Superseded => (
            "age_from",
            "shop_order IS NOT NULL AND EXISTS (
                 SELECT 1 FROM orders AS newer
                 WHERE newer.shop_order = orders.shop_order AND newer.account = orders.account
                   AND newer.order_id <> orders.order_id
                   AND newer.created_at >= orders.created_at AND newer.status = 'paid')",
        ),
    };
    let mut select = connection
        .prepare_cached(&format!(
            "SELECT * FROM orders
             WHERE tracking = 'pending' AND held_at IS NULL AND {which}
               AND ({moment}, account, order_id) > (?1, ?2, ?3)
               AND {moment} >= ?4 AND {moment} <= ?5
               AND (last_action_at IS NULL OR last_action_at <= ?6)
               AND (?7 IS NULL OR account = ?7)
             ORDER BY {moment}, account, order_id
             LIMIT ?8"
        ))
        .map_err(store_error)?;
    let (at, account, order) = match &page.after {
        // An account name is never empty, so this comes before every order.
        None => (i64::MIN, "", ""),
        Some((at, key)) => (micros(*at), key.account.as_str(), key.order.as_str()),
    };
    let found = select.query(params![
        at,
        account,
        order,
        micros(page.from),
        micros(page.until),
        micros(page.untouched_since),
        page.account.as_ref().map(|a| a.as_str()),
        page.limit,
    ]);
    collect(found, rows::order)
}

/// Orders that are pending still and lie before every page of [`abandoned`] that begins at `from`.
pub(super) fn too_old(
    connection: &Connection,
    from: Timestamp,
    account: Option<&AccountName>,
) -> Result<u64, StoreError> {
    // Two ranges, each in the words of its partial index.
    let sql = "SELECT (SELECT count(*) FROM orders
                       WHERE tracking = 'pending' AND held_at IS NULL AND expires_at IS NULL
                         AND age_from < ?1 AND (?2 IS NULL OR account = ?2))
                    + (SELECT count(*) FROM orders
                       WHERE tracking = 'pending' AND held_at IS NULL AND expires_at IS NOT NULL
                         AND expires_at < ?1 AND (?2 IS NULL OR account = ?2))";
    let number: i64 = connection
        .prepare_cached(sql)
        .and_then(|mut select| {
            let account = account.map(AccountName::as_str);
            select.query_row(params![micros(from), account], |row| row.get(0))
        })
        .map_err(store_error)?;
    Ok(u64::try_from(number).unwrap_or(0))
}
