//! Statements about cancellations, their attempts and their log.

use duka_core::cancel::{Cancellation, Finding, OtherAmount, Outcome, Repeat, RequestUsed, State};
use duka_core::{CancellationId, GatewayName, OrderStatus};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::events::Table;
use super::orders;
use super::records::{self, Columns, New, Progress};
use super::rows::{self, get, micros, skip_word, store_error, tracking_word, unknown_words, word};
use crate::order::{OrderKey, Tracking};
use crate::record::{CancelTerms, Record};
use crate::store::{
    Attempt, Claim, Condition, Entry, NewCancellation, OpenResult, ReportFilter, ReportPage,
    StoreError, StoreErrorKind, StoreStats, Update,
};

impl Progress for Cancellation {
    type Id = CancellationId;
    type Terms = CancelTerms;
    const TABLE: Table = Table::Cancellations;
    const SELECT: &'static str =
        "SELECT r.*, o.form, o.gateway, o.amount, o.currency, o.method, o.reference, o.shop_order,
             o.status,
             o.raw_status, o.unknown_status, o.status_amount, o.status_currency, o.observed_at,
             o.gateway_id, o.receipt, o.gateway_method, o.payment_account, o.payer, o.description,
             o.customer_account, o.gateway_status_code,
             o.gateway_created, o.gateway_created_at, o.gateway_paid, o.gateway_paid_at,
             o.gateway_cancelled, o.gateway_cancelled_at, o.held_at, o.held_by, o.hold_note,
             o.created_at AS ordered_at, o.idle_at, o.used_at,
             e.at AS acknowledged_at, e.actor AS acknowledged_by, e.detail AS acknowledgement
         FROM cancellations r
         JOIN orders o ON o.account = r.account AND o.order_id = r.order_id
         LEFT JOIN events e ON r.acknowledged IS NOT NULL AND e.cancellation = r.id
             AND e.number = (SELECT max(number) FROM events WHERE cancellation = r.id
                 AND event IN ('acknowledged', 'resolved_cancelled', 'resolved_not_cancelled'))";

    fn words(&self) -> String {
        match self.state.outcome() {
            None => self.state.as_str().to_owned(),
            Some(outcome) => format!("done: {}", outcome.as_str()),
        }
    }

    fn columns(&self) -> Columns {
        let verified = self.verified.as_ref();
        let request_used = self.request_used == RequestUsed::Yes;
        vec![
            ("state", word(self.state.as_str())),
            ("outcome", word(self.state.outcome().map(Outcome::as_str))),
            ("skip_reason", word(skip_word(self.state))),
            ("attempts", self.attempts.into()),
            ("requests", self.requests.into()),
            ("request_used", request_used.into()),
            ("sent_at", self.sent_at.map(micros).into()),
            ("doubt_since", self.doubt_since.map(micros).into()),
            ("blocked_since", self.blocked_since.map(micros).into()),
            ("failed_polls", self.failed_polls.into()),
            ("verified", word(verified.map(OrderStatus::as_str))),
            ("verified_raw", word(verified.and_then(unknown_words))),
            (
                "other_amount",
                (self.other_amount == OtherAmount::Seen).into(),
            ),
            ("finding", word(self.finding.map(Finding::as_str))),
            ("acknowledged", word(self.acknowledged.map(Finding::as_str))),
        ]
    }

    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        rows::cancellation(row)
    }

    fn read_terms(row: &Row<'_>) -> Result<CancelTerms, StoreError> {
        Ok(CancelTerms {
            reason: get(row, "reason")?,
            listed_money: rows::money(row, "listed_amount", "listed_currency")?,
            tracked_money: rows::money(row, "amount", "currency")?,
            processing_min_age: rows::maybe_span(row, "processing_min_age")?,
            ordered_at: rows::moment_at(row, "ordered_at")?,
            last_use: rows::last_use(row)?,
            seen: rows::observation(row)?,
            method: get(row, "method")?,
            hold: rows::hold(row)?,
            acknowledgement: rows::acknowledgement(row)?,
        })
    }
}

/// Adds to an open cancellation what a later list or caller has to say of it, unless a worker
/// holds it.
fn join(
    connection: &Connection,
    open: Record,
    later: &NewCancellation,
    now: Timestamp,
) -> Result<Record, StoreError> {
    let terms = open
        .terms
        .with(later.listed_money, later.processing_min_age);
    if terms == open.terms {
        return Ok(open);
    }
    let changed = connection
        .prepare_cached(
            "UPDATE cancellations SET listed_amount = ?2, listed_currency = ?3,
                                      processing_min_age = ?4, version = version + 1
             WHERE id = ?1 AND (worker IS NULL OR due_at <= ?5 OR due_at > ?6)",
        )
        .and_then(|mut update| {
            update.execute(params![
                open.id.to_string(),
                terms.listed_money.map(|m| m.amount().to_string()),
                terms.listed_money.map(|m| m.currency().code()),
                terms.processing_min_age.map(rows::span),
                micros(now),
                micros(Claim::latest(now)),
            ])
        })
        .map_err(store_error)?;
    if changed == 0 {
        return Ok(open);
    }
    records::present(connection, open.id)
}

pub(super) fn open(
    connection: &Connection,
    new_cancellation: &NewCancellation,
    now: Timestamp,
) -> Result<OpenResult, StoreError> {
    if let Some(open) = open_one(connection, &new_cancellation.key)? {
        if let Condition::IfOpen(wanted) = new_cancellation.condition
            && wanted != open.id
        {
            return Ok(OpenResult::Stale);
        }
        let open = join(connection, open, new_cancellation, now)?;
        return Ok(OpenResult::AlreadyOpen(open));
    }
    let order = orders::tracked(connection, &new_cancellation.key)?;
    match new_cancellation.condition {
        Condition::Always => {}
        Condition::IfOpen(_) => return Ok(OpenResult::Stale),
        Condition::IfUnmodifiedSince { since } => {
            if order.tracking != Tracking::Pending || order.last_action_at != since {
                return Ok(OpenResult::Stale);
            }
        }
    }
    let progress = Cancellation::requested_again(request_used(
        connection,
        &new_cancellation.key,
        &order.gateway,
    )?);
    let (listed, request) = (new_cancellation.listed_money, &new_cancellation.request);
    let new = New {
        id: new_cancellation.id,
        key: &new_cancellation.key,
        progress,
        terms: vec![
            ("reason", request.reason.clone().into()),
            (
                "listed_amount",
                listed.map(|m| m.amount().to_string()).into(),
            ),
            ("listed_currency", word(listed.map(|m| m.currency().code()))),
            (
                "processing_min_age",
                new_cancellation.processing_min_age.map(rows::span).into(),
            ),
        ],
        claim: Some(&new_cancellation.claim),
        entry: Entry::new("requested", &request.actor, request.reason.clone()),
    };
    let opened = records::insert(connection, new, now)?;
    touch(connection, &opened.key, Tracking::InProgress, now)?;
    Ok(OpenResult::New(opened))
}

/// The record, its attempt, its log entry and what becomes of its order; `false`, and
/// nothing, if another worker has written first.
pub(super) fn write(
    connection: &Connection,
    update: &Update,
    before: &Record,
    tracking: Tracking,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if !records::swap(connection, before, &update.change, now)? {
        return Ok(false);
    }
    write_attempt(connection, update, before, now)?;
    if let State::Done(Outcome::Confirmed | Outcome::ResolvedCancelled) = update.change.next.state {
        orders::set_payment_link(connection, &before.key, None)?;
    }
    touch(connection, &before.key, tracking, now)?;
    Ok(true)
}

fn write_attempt(
    connection: &Connection,
    update: &Update,
    before: &Record,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = update.change.id.to_string();
    let number = update.change.next.attempts;
    let now = micros(now);
    let end = |result: &str| {
        connection
            .prepare_cached(
                "UPDATE attempts SET ended_at = ?3, result = ?4
                 WHERE cancellation = ?1 AND number = ?2",
            )?
            .execute(params![id, number, now, result])
    };
    let written = match update.attempt {
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
        Attempt::Ended => end(&update.change.entry.event),
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

pub(super) fn claim_one(
    connection: &Connection,
    id: CancellationId,
    claim: &Claim,
    now: Timestamp,
) -> Result<Option<Record>, StoreError> {
    let id = id.to_string();
    let changed = connection
        .prepare_cached(
            "UPDATE cancellations SET version = version + 1, due_at = ?3, worker = ?4
             WHERE id = ?1
               AND (due_at <= ?2 OR due_at > ?5
                    OR (worker IS NULL
                        AND (due_at IS NOT NULL OR state = 'needs_review')))",
        )
        .map_err(store_error)?
        .execute(params![
            id,
            micros(now),
            micros(claim.until(now)),
            claim.worker,
            micros(Claim::latest(now)),
        ])
        .map_err(store_error)?;
    if changed == 0 {
        return Ok(None);
    }
    Ok(records::select(connection, "r.id = ?1", [id])?.pop())
}

pub(super) fn report(
    connection: &Connection,
    page: &ReportPage,
) -> Result<Vec<Record>, StoreError> {
    // In the words of the partial index, or it would not be used.
    let which = match page.which {
        ReportFilter::All => "TRUE",
        ReportFilter::Pending => {
            "(r.state IN ('sending', 'in_doubt', 'needs_review') OR r.finding IS NOT NULL)"
        }
        ReportFilter::Unsettled => "r.due_at IS NOT NULL AND r.state <> 'needs_review'",
        ReportFilter::ReportedUnpaid => {
            "r.outcome IN ('confirmed', 'resolved_cancelled', 'not_cancelled_final')"
        }
    };
    let condition = format!(
        "{which} AND (r.created_at, r.id) > (?1, ?2) AND r.updated_at BETWEEN ?3 AND ?4
           AND (?5 IS NULL OR r.account = ?5)
           AND (?6 IS NULL OR r.order_id = ?6 OR o.reference = ?6 OR o.shop_order = ?6)
           AND (?7 IS NULL OR r.state = ?7) AND (?8 IS NULL OR r.outcome = ?8)
           AND (?9 IS NULL OR r.finding = ?9 OR r.acknowledged = ?9)
         ORDER BY r.created_at, r.id LIMIT ?10"
    );
    let (at, id) = match page.after {
        None => (i64::MIN, String::new()),
        Some((at, id)) => (micros(at), id.to_string()),
    };
    let since = page.since.map_or(i64::MIN, micros);
    let until = page.until.map_or(i64::MAX, micros);
    let parameters = params![
        at,
        id,
        since,
        until,
        page.account.as_ref().map(|name| name.as_str()),
        page.order,
        page.state,
        page.outcome,
        page.finding,
        page.limit,
    ];
    records::select(connection, &condition, parameters)
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

/// What a person is told of, each in the words of its partial index.
pub(super) fn waiting(connection: &Connection) -> Result<u64, StoreError> {
    let number: i64 = connection
        .query_row(
            "SELECT (SELECT count(*) FROM cancellations
                     WHERE state IN ('sending', 'in_doubt', 'needs_review') OR finding IS NOT NULL)
                  + (SELECT count(*) FROM refunds WHERE outcome IS NULL OR finding IS NOT NULL)
                  + (SELECT count(*) FROM creations WHERE outcome IS NULL)",
            [],
            |row| row.get(0),
        )
        .map_err(store_error)?;
    Ok(u64::try_from(number).unwrap_or(0))
}

fn open_one(connection: &Connection, key: &OrderKey) -> Result<Option<Record>, StoreError> {
    let mut open = records::select(
        connection,
        "r.account = ?1 AND r.order_id = ?2 AND r.state <> 'done'",
        params![key.account.as_str(), key.order.as_str()],
    )?;
    Ok(open.pop())
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

fn touch(
    connection: &Connection,
    key: &OrderKey,
    tracking: Tracking,
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
                tracking_word(tracking),
                micros(now)
            ])
        })
        .map_err(store_error)?;
    Ok(())
}
