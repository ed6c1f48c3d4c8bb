//! Statements about cancellations, their attempts and their log.

use duka_core::cancel::{Cancellation, Finding, Outcome, Repeat, RequestUsed};
use duka_core::{AccountName, CancellationId, GatewayName, Money};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::events::{self, Line, Log};
use super::orders;
use super::rows::{
    self, collect, micros, skip_word, state_words, store_error, tracking_word, unknown_words,
};
use crate::order::{OrderKey, Tracking};
use crate::record::Record;
use crate::store::{
    Attempt, Claim, Condition, Entry, NewCancellation, OpenResult, ReportFilter, ReportPage,
    StoreError, StoreErrorKind, StoreStats, Update,
};

/// A cancellation with what its order knows better.
pub(super) const SELECT: &str =
    "SELECT c.*, o.form, o.gateway, o.amount, o.currency FROM cancellations c
     JOIN orders o ON o.account = c.account AND o.order_id = c.order_id";

/// Adds the amount that a later list or caller has, where the first one had none and no worker
/// holds the record.
fn add_listed_money(
    connection: &Connection,
    open: Record,
    listed: Option<Money>,
) -> Result<Record, StoreError> {
    let Some(money) = listed.filter(|_| open.listed_money.is_none()) else {
        return Ok(open);
    };
    let changed = connection
        .prepare_cached(
            "UPDATE cancellations SET listed_amount = ?2, listed_currency = ?3,
                                      version = version + 1
             WHERE id = ?1 AND worker IS NULL",
        )
        .and_then(|mut update| {
            let (amount, currency) = (money.amount().to_string(), money.currency().code());
            update.execute(params![open.id.to_string(), amount, currency])
        })
        .map_err(store_error)?;
    if changed == 0 {
        return Ok(open);
    }
    by_id(connection, open.id)?.ok_or_else(|| vanished(open.id))
}

pub(super) fn open(
    connection: &Connection,
    new_cancellation: &NewCancellation,
    now: Timestamp,
) -> Result<OpenResult, StoreError> {
    if let Some(open) = open_one(connection, &new_cancellation.key)? {
        let open = add_listed_money(connection, open, new_cancellation.listed_money)?;
        return Ok(OpenResult::AlreadyOpen(open));
    }
    let Some(order) = orders::by_key(connection, &new_cancellation.key)? else {
        return Err(StoreError::new(
            StoreErrorKind::UnknownOrder,
            format!(
                "order {} is not tracked; track it first",
                new_cancellation.key
            ),
        ));
    };
    match new_cancellation.condition {
        Condition::Always => {}
        Condition::IfUnmodifiedSince { since } => {
            if order.follow != Tracking::Pending || order.last_action_at != since {
                return Ok(OpenResult::Stale);
            }
        }
    }
    let progress = Cancellation::requested_again(request_used(
        connection,
        &new_cancellation.key,
        &order.gateway,
    )?);
    let id = new_cancellation.id.to_string();
    let claim = &new_cancellation.claim;
    connection
        .prepare_cached(
            "INSERT INTO cancellations (id, version, account, order_id, reason, actor, state,
                 attempts, requests, request_used, failed_polls, due_at, worker, log_entries,
                 created_at, updated_at, listed_amount, listed_currency)
             VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, 0, 0, ?7, 0, ?8, ?9, 1, ?10, ?10, ?11, ?12)",
        )
        .map_err(store_error)?
        .execute(params![
            id,
            new_cancellation.key.account.as_str(),
            new_cancellation.key.order.as_str(),
            new_cancellation.request.reason,
            new_cancellation.request.actor,
            progress.state.as_str(),
            progress.request_used == RequestUsed::Yes,
            micros(claim.until(now)),
            claim.worker,
            micros(now),
            new_cancellation
                .listed_money
                .map(|m| m.amount().to_string()),
            new_cancellation.listed_money.map(|m| m.currency().code()),
        ])
        .map_err(store_error)?;
    let line = Line {
        number: 1,
        at: micros(now),
        from: None,
        to: progress.state.as_str(),
    };
    let entry = Entry {
        event: "requested".to_owned(),
        actor: new_cancellation.request.actor.clone(),
        detail: new_cancellation.request.reason.clone(),
    };
    events::append(connection, Log::Cancellations, &id, &line, &entry)?;
    touch(connection, &new_cancellation.key, Tracking::InProgress, now)?;
    by_id(connection, new_cancellation.id)?
        .map(OpenResult::New)
        .ok_or_else(|| vanished(new_cancellation.id))
}

/// The record, its attempt, its log entry and what becomes of its order; `false`, and
/// nothing, if another worker has written first.
pub(super) fn write(
    connection: &Connection,
    change: &Update,
    before: &Record,
    follow: Tracking,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if !write_progress(connection, change, now)? {
        return Ok(false);
    }
    write_attempt(connection, change, before, now)?;
    let log_entries: i64 = connection
        .prepare_cached("SELECT log_entries FROM cancellations WHERE id = ?1")
        .and_then(|mut s| s.query_row([change.id.to_string()], |row| row.get(0)))
        .map_err(store_error)?;
    let id = change.id.to_string();
    let line = Line {
        number: log_entries,
        at: micros(now),
        from: Some(&state_words(before.progress.state)),
        to: &state_words(change.next.state),
    };
    events::append(connection, Log::Cancellations, &id, &line, &change.entry)?;
    touch(connection, &before.key, follow, now)?;
    Ok(true)
}

/// Compare-and-swap on id and version alone; `false` if another worker has written first.
fn write_progress(
    connection: &Connection,
    change: &Update,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let next = &change.next;
    let changed = connection
        .prepare_cached(
            "UPDATE cancellations SET
                 version = version + 1, log_entries = log_entries + 1,
                 state = ?3, outcome = ?4, skip_reason = ?5, attempts = ?6, requests = ?7,
                 sent_at = ?8, doubt_since = ?9, blocked_since = ?10, failed_polls = ?11,
                 verified = ?12, verified_raw = ?13, finding = ?14,
                 message = coalesce(?15, message), due_at = ?16,
                 worker = ?17, updated_at = ?18
             WHERE id = ?1 AND version = ?2",
        )
        .map_err(store_error)?
        .execute(params![
            change.id.to_string(),
            i64::try_from(change.version).unwrap_or(i64::MAX),
            next.state.as_str(),
            next.state.outcome().map(Outcome::as_str),
            skip_word(next.state),
            next.attempts,
            next.requests,
            next.sent_at.map(micros),
            next.doubt_since.map(micros),
            next.blocked_since.map(micros),
            next.failed_polls,
            next.verified.as_ref().map(|status| status.as_str()),
            next.verified.as_ref().and_then(unknown_words),
            next.finding.map(Finding::as_str),
            change.message,
            change.schedule.due_at(now).map(micros),
            change.schedule.holder(),
            micros(now),
        ])
        .map_err(store_error)?;
    Ok(changed == 1)
}

fn write_attempt(
    connection: &Connection,
    change: &Update,
    before: &Record,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = change.id.to_string();
    let number = change.next.attempts;
    let now = micros(now);
    let end = |result: &str| {
        connection
            .prepare_cached(
                "UPDATE attempts SET ended_at = ?3, result = ?4
                 WHERE cancellation = ?1 AND number = ?2",
            )?
            .execute(params![id, number, now, result])
    };
    let written = match change.attempt {
        Attempt::Unchanged => Ok(0),
        Attempt::Begins(repeat) => connection
            .prepare_cached(
                "INSERT INTO attempts (cancellation, number, account, order_id, once_only,
                     started_at, result, gateway)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'sending', ?7)",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    id,
                    number,
                    before.key.account.as_str(),
                    before.key.order.as_str(),
                    repeat == Repeat::Once,
                    now,
                    before.gateway.as_str(),
                ])
            }),
        Attempt::TakenBack => end("taken_back"),
        Attempt::Ended => end(&change.entry.event),
    };
    match written {
        Ok(_) => Ok(()),
        // The primary key has a code of its own, so only the once-only index gives this one.
        Err(rusqlite::Error::SqliteFailure(failure, _))
            if failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE =>
        {
            Err(StoreError::new(
                StoreErrorKind::OnceUsed,
                format!(
                    "a cancel request for order {} has been sent before, and this gateway takes one per order",
                    before.key
                ),
            ))
        }
        Err(error) => Err(store_error(error)),
    }
}

pub(super) fn claim_due(
    connection: &Connection,
    claim: &Claim,
    accounts: &[AccountName],
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Record>, StoreError> {
    // One page of the index for each account: an account that no worker serves must not
    // block the others.
    let mut due: Vec<(i64, String)> = Vec::new();
    for account in accounts {
        let mut select = connection
            .prepare_cached(
                "SELECT due_at, id FROM (
                     SELECT due_at, id FROM cancellations
                     WHERE account = ?2 AND due_at IS NOT NULL AND due_at <= ?1
                     ORDER BY due_at, id LIMIT ?3)
                 UNION ALL
                 SELECT due_at, id FROM (
                     SELECT due_at, id FROM cancellations
                     WHERE account = ?2 AND due_at IS NOT NULL AND due_at > ?4
                     ORDER BY due_at, id LIMIT ?3)",
            )
            .map_err(store_error)?;
        let (at, latest) = (micros(now), micros(Claim::latest(now)));
        due.extend(collect(
            select.query(params![at, account.as_str(), limit, latest]),
            |row| {
                Ok((
                    row.get(0).map_err(store_error)?,
                    row.get(1).map_err(store_error)?,
                ))
            },
        )?);
    }
    due.sort();
    // An account that is named twice.
    due.dedup();
    due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let ids = due.into_iter().map(|(_, id)| id);
    let mut claimed = Vec::with_capacity(ids.len());
    for id in ids {
        claimed.extend(claim_where(connection, &id, claim, Turn::Due, now)?);
    }
    Ok(claimed)
}

pub(super) fn claim_one(
    connection: &Connection,
    id: CancellationId,
    claim: &Claim,
    now: Timestamp,
) -> Result<Option<Record>, StoreError> {
    claim_where(connection, &id.to_string(), claim, Turn::Waived, now)
}

/// Whether a cancellation that no worker holds may be claimed before it is due, or while it
/// waits for an operator.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Due,
    Waived,
}

fn claim_where(
    connection: &Connection,
    id: &str,
    claim: &Claim,
    turn: Turn,
    now: Timestamp,
) -> Result<Option<Record>, StoreError> {
    let changed = connection
        .prepare_cached(
            "UPDATE cancellations SET version = version + 1, due_at = ?3, worker = ?4
             WHERE id = ?1
               AND (due_at <= ?2 OR due_at > ?5
                    OR (?6 AND worker IS NULL
                        AND (due_at IS NOT NULL OR state = 'needs_review')))",
        )
        .map_err(store_error)?
        .execute(params![
            id,
            micros(now),
            micros(claim.until(now)),
            claim.worker,
            micros(Claim::latest(now)),
            turn == Turn::Waived,
        ])
        .map_err(store_error)?;
    if changed == 0 {
        return Ok(None);
    }
    one(connection, "WHERE c.id = ?1", [id])
}

pub(super) fn by_id(
    connection: &Connection,
    id: CancellationId,
) -> Result<Option<Record>, StoreError> {
    one(connection, "WHERE c.id = ?1", [id.to_string()])
}

pub(super) fn of_order(connection: &Connection, key: &OrderKey) -> Result<Vec<Record>, StoreError> {
    let sql =
        format!("{SELECT} WHERE c.account = ?1 AND c.order_id = ?2 ORDER BY c.created_at, c.id");
    let mut select = connection.prepare_cached(&sql).map_err(store_error)?;
    collect(
        select.query(params![key.account.as_str(), key.order.as_str()]),
        rows::record,
    )
}

pub(super) fn report(
    connection: &Connection,
    page: &ReportPage,
) -> Result<Vec<Record>, StoreError> {
    // In the words of the partial index, or it would not be used.
    let which = match page.which {
        ReportFilter::All => "TRUE",
        ReportFilter::Pending => {
            "(c.state IN ('sending', 'in_doubt', 'needs_review') OR c.finding IS NOT NULL)"
        }
        ReportFilter::Unsettled => "c.due_at IS NOT NULL AND c.state <> 'needs_review'",
        ReportFilter::ReportedCancelled => "c.outcome IN ('confirmed', 'resolved_cancelled')",
    };
    let sql = format!(
        "{SELECT} WHERE {which} AND (c.created_at, c.id) > (?1, ?2) AND c.updated_at >= ?3
           AND (?4 IS NULL OR c.account = ?4)
         ORDER BY c.created_at, c.id LIMIT ?5"
    );
    let mut select = connection.prepare_cached(&sql).map_err(store_error)?;
    let (at, id) = match page.after {
        None => (i64::MIN, String::new()),
        Some((at, id)) => (micros(at), id.to_string()),
    };
    let found = select.query(params![
        at,
        id,
        page.since.map_or(i64::MIN, micros),
        page.account.as_ref().map(|a| a.as_str()),
        page.limit,
    ]);
    collect(found, rows::record)
}

pub(super) fn stats(connection: &Connection) -> Result<StoreStats, StoreError> {
    let count = |sql: &str| -> Result<u64, StoreError> {
        let number: i64 = connection
            .query_row(sql, [], |row| row.get(0))
            .map_err(store_error)?;
        Ok(u64::try_from(number).unwrap_or(0))
    };
    Ok(StoreStats {
        orders: count("SELECT count(*) FROM orders")?,
        cancellations: count("SELECT count(*) FROM cancellations")?,
        unsettled: count(
            "SELECT count(*) FROM cancellations
             WHERE due_at IS NOT NULL AND state <> 'needs_review'",
        )?,
        // The first condition is that of an index.
        needs_review: count(
            "SELECT count(*) FROM cancellations
             WHERE state <> 'done' AND state = 'needs_review'",
        )?,
    })
}

fn open_one(connection: &Connection, key: &OrderKey) -> Result<Option<Record>, StoreError> {
    one(
        connection,
        "WHERE c.account = ?1 AND c.order_id = ?2 AND c.state <> 'done'",
        params![key.account.as_str(), key.order.as_str()],
    )
}

/// Whether a request for this order may have been looked at before.
fn request_used(
    connection: &Connection,
    key: &OrderKey,
    gateway: &GatewayName,
) -> Result<RequestUsed, StoreError> {
    // Under another name of the account, too: a renamed account has the same orders.
    let request_used: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM attempts
                 WHERE account = ?1 AND order_id = ?2 AND result <> 'taken_back')
             OR EXISTS (SELECT 1 FROM attempts
                 WHERE order_id = ?2 AND gateway = ?3
                   AND once_only = 1 AND result <> 'taken_back')",
        )
        .and_then(|mut select| {
            let [account, order] = [key.account.as_str(), key.order.as_str()];
            select.query_row(params![account, order, gateway.as_str()], |row| row.get(0))
        })
        .map_err(store_error)?;
    Ok(if request_used {
        RequestUsed::Yes
    } else {
        RequestUsed::No
    })
}

fn one(
    connection: &Connection,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Option<Record>, StoreError> {
    connection
        .prepare_cached(&format!("{SELECT} {condition}"))
        .and_then(|mut select| {
            select
                .query_row(parameters, |row| Ok(rows::record(row)))
                .optional()
        })
        .map_err(store_error)?
        .transpose()
}

fn touch(
    connection: &Connection,
    key: &OrderKey,
    follow: Tracking,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE orders SET tracking = ?3, last_action_at = ?4
             WHERE account = ?1 AND order_id = ?2",
        )
        .and_then(|mut update| {
            update.execute(params![
                key.account.as_str(),
                key.order.as_str(),
                tracking_word(follow),
                micros(now)
            ])
        })
        .map_err(store_error)?;
    Ok(())
}

pub(super) fn vanished(id: CancellationId) -> StoreError {
    StoreError::new(
        StoreErrorKind::Internal,
        format!("cancellation {id} is not in the store"),
    )
}
