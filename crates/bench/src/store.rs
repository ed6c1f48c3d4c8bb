//! The store: a durable intent and its outcome, by ours and by SQLite alone; claims and pages.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use duka_core::cancel::{Cancellation, Outcome, Repeat, State};
use duka_core::clock::SharedClock;
use duka_core::{AccountName, CancellationId, GatewayName, OrderId, PaymentDetails};
use duka_engine::store::{
    Abandoned, AbandonedPage, Attempt, Change, Claim, Condition, Entry, NewCancellation,
    OpenResult, Precondition, ReportFilter, ReportPage, Schedule, Update, UpdateResult,
};
use duka_engine::{
    AmountCheck, OrderKey, Record, Request, SqliteStore, Store, TrackedOrder, Tracking,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::calls::Side;
use crate::measure::{Cost, Run};
use crate::{Failure, lists};

const WORKER: &str = "bench";
const LEASE: Duration = Duration::from_secs(120);

/// The account of every order.
///
/// # Errors
/// Never.
pub fn account() -> Result<AccountName, Failure> {
    Ok(AccountName::new(lists::ACCOUNT)?)
}

/// A new cancellation of the order of this number, claimed and without a request so far.
///
/// # Errors
/// When it cannot be stored.
pub async fn opened(store: &SqliteStore, number: u64) -> Result<Record, Failure> {
    let key = OrderKey::new(account()?, OrderId::text(lists::guid(number))?);
    let created = Timestamp::now() - SignedDuration::from_hours(1);
    let order = TrackedOrder::new(key.clone(), GatewayName::from_static("pesapal"), created);
    store.track(vec![order]).await?;
    let new = NewCancellation {
        id: CancellationId::from_uuid(uuid::Uuid::now_v7()),
        key,
        request: Request {
            reason: Some("abandoned".to_owned()),
            actor: WORKER.to_owned(),
        },
        listed_money: None,
        processing_min_age: None,
        claim: Claim::new(WORKER, LEASE),
        condition: Condition::Always,
    };
    match store.open(new).await? {
        OpenResult::New(record) => Ok(record),
        OpenResult::AlreadyOpen(_) | OpenResult::Stale => Err("opened twice".into()),
    }
}

/// Stores the intent to send a request, and then that it was accepted and verified.
///
/// # Errors
/// When the store fails.
pub async fn intent_and_outcome(store: &SqliteStore, record: Record) -> Result<(), Failure> {
    let now = Timestamp::now();
    let sending = Cancellation {
        state: State::Sending,
        attempts: 1,
        requests: 1,
        sent_at: Some(now),
        doubt_since: Some(now),
        ..record.progress.clone()
    };
    let held = Schedule::Hold {
        worker: WORKER.to_owned(),
        lease: LEASE,
    };
    let mut intent = update(&record, sending, held, "sending");
    intent.attempt = Attempt::Begins(Repeat::Once);
    intent.precondition = Precondition::Unpaid;
    let record = stored(store.advance(intent).await?)?;
    let done = Cancellation {
        state: State::Done(Outcome::Confirmed),
        ..record.progress.clone()
    };
    let mut outcome = update(&record, done, Schedule::Never, "accepted");
    outcome.attempt = Attempt::Ended;
    outcome.tracking = Tracking::Closed;
    stored(store.advance(outcome).await?).map(drop)
}

fn update(record: &Record, next: Cancellation, schedule: Schedule, event: &str) -> Update {
    Update {
        change: Change {
            id: record.id,
            version: record.version,
            next,
            message: None,
            schedule,
            entry: Entry::new(event, WORKER, None),
        },
        seen: None,
        amount_check: AmountCheck::Compare,
        answered: PaymentDetails::default(),
        attempt: Attempt::Unchanged,
        tracking: Tracking::InProgress,
        precondition: Precondition::None,
    }
}

fn stored(result: UpdateResult) -> Result<Record, Failure> {
    match result {
        UpdateResult::Stored(record) => Ok(record),
        UpdateResult::Conflict(_) | UpdateResult::PreconditionFailed(_) => Err("not stored".into()),
    }
}

/// What it costs to store so many intents and outcomes, with so many cancellations under way at once.
///
/// # Errors
/// When the store fails.
pub async fn measure(
    side: Side,
    path: &Path,
    count: usize,
    in_flight: usize,
) -> Result<Cost, Failure> {
    let store = SqliteStore::open(path, SharedClock::new(Timestamp::now))?;
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let store = store.clone();
        tasks.spawn(async move { opened(&store, number as u64).await });
    }
    let mut records = Vec::with_capacity(count);
    while let Some(ended) = tasks.join_next().await {
        records.push(ended??);
    }
    match side {
        Side::Duka => ours(store, records, in_flight).await,
        Side::Bare => {
            drop(store);
            by_hand(path, &records, in_flight)
        }
    }
}

async fn ours(store: SqliteStore, records: Vec<Record>, in_flight: usize) -> Result<Cost, Failure> {
    let count = records.len();
    let records = Arc::new(records);
    let run = Run::start();
    let mut tasks = JoinSet::new();
    for first in 0..in_flight {
        let (store, records) = (store.clone(), Arc::clone(&records));
        tasks.spawn(async move {
            for record in records.iter().skip(first).step_by(in_flight) {
                intent_and_outcome(&store, record.clone()).await?;
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(run.end(count))
}

/// SQLite alone, in the same file: the same rows and indexes, without the triggers and without any read. Each batch is
/// a transaction for its intents and one for its outcomes.
fn by_hand(path: &Path, records: &[Record], in_flight: usize) -> Result<Cost, Failure> {
    let mut connection = Connection::open(path)?;
    let triggers: String = connection.query_row(
        "SELECT coalesce(group_concat('DROP TRIGGER ' || name, ';'), '') FROM sqlite_schema WHERE type = 'trigger'",
        [],
        |row| row.get(0),
    )?;
    connection.execute_batch(&triggers)?;
    connection.execute_batch("PRAGMA synchronous = FULL")?;
    let run = Run::start();
    for batch in records.chunks(in_flight) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for record in batch {
            intent_by_hand(&transaction, record)?;
        }
        transaction.commit()?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for record in batch {
            outcome_by_hand(&transaction, record)?;
        }
        transaction.commit()?;
    }
    Ok(run.end(records.len()))
}

fn intent_by_hand(transaction: &Transaction<'_>, record: &Record) -> Result<(), Failure> {
    let now = Timestamp::now().as_microsecond();
    let id = record.id.to_string();
    let [shop, order] = [record.key.account.as_str(), record.key.order.as_str()];
    let due = now + 120_000_000;
    transaction
        .prepare_cached(
            "UPDATE cancellations SET version = 2, state = 'sending', attempts = 1, requests = 1, sent_at = ?2,
                 doubt_since = ?2, due_at = ?3, worker = ?4, log_entries = 2, updated_at = ?2
             WHERE id = ?1 AND version = 1",
        )?
        .execute(params![id, now, due, WORKER])?;
    transaction
        .prepare_cached(
            "INSERT INTO attempts (cancellation, number, account, order_id, gateway, once_only, started_at, result)
             VALUES (?1, 1, ?2, ?3, 'pesapal', 1, ?4, 'sending')",
        )?
        .execute(params![id, shop, order, now])?;
    event_by_hand(
        transaction,
        &id,
        2,
        ["sending", "requested", "sending"],
        now,
    )?;
    touch_by_hand(transaction, [shop, order], "in_progress", now)
}

fn outcome_by_hand(transaction: &Transaction<'_>, record: &Record) -> Result<(), Failure> {
    let now = Timestamp::now().as_microsecond();
    let id = record.id.to_string();
    let [shop, order] = [record.key.account.as_str(), record.key.order.as_str()];
    transaction
        .prepare_cached(
            "UPDATE cancellations SET version = 3, state = 'done', outcome = 'confirmed', due_at = NULL, worker = NULL,
                 log_entries = 3, updated_at = ?2
             WHERE id = ?1 AND version = 2",
        )?
        .execute(params![id, now])?;
    transaction
        .prepare_cached(
            "UPDATE attempts SET ended_at = ?2, result = 'accepted' WHERE cancellation = ?1 AND number = 1",
        )?
        .execute(params![id, now])?;
    event_by_hand(
        transaction,
        &id,
        3,
        ["accepted", "sending", "done: confirmed"],
        now,
    )?;
    touch_by_hand(transaction, [shop, order], "closed", now)
}

fn event_by_hand(
    transaction: &Transaction<'_>,
    id: &str,
    number: u8,
    [event, from, to]: [&str; 3],
    now: i64,
) -> Result<(), Failure> {
    transaction
        .prepare_cached(
            "INSERT INTO events (cancellation, number, at, event, from_state, to_state, actor)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![id, number, now, event, from, to, WORKER])?;
    Ok(())
}

fn touch_by_hand(
    transaction: &Transaction<'_>,
    [shop, order]: [&str; 2],
    tracking: &str,
    now: i64,
) -> Result<(), Failure> {
    transaction
        .prepare_cached(
            "UPDATE orders SET tracking = ?3, last_action_at = ?4 WHERE account = ?1 AND order_id = ?2",
        )?
        .execute(params![shop, order, tracking, now])?;
    Ok(())
}

/// How long it takes, in the middle of many, to claim and to read a page.
#[derive(Debug, Clone, Serialize)]
pub struct Latencies {
    /// To claim eight cancellations that are due, in seconds.
    pub claim: f64,
    /// To read a page of 256 abandoned orders, in seconds.
    pub page: f64,
}

/// Claims eight cancellations that are due, for no time at all, so that they can be claimed again.
///
/// # Errors
/// When the store fails, or none is due.
pub async fn claim(store: &SqliteStore) -> Result<(), Failure> {
    let page = ReportPage {
        which: ReportFilter::Unsettled,
        account: Some(account()?),
        limit: 8,
        ..ReportPage::default()
    };
    let mut claimed = 0;
    for record in store.report(page).await? {
        let claim = Claim::new(WORKER, Duration::ZERO);
        claimed += usize::from(store.claim_one(record.id, claim).await?.is_some());
    }
    if claimed == 0 {
        return Err("nothing is due".into());
    }
    Ok(())
}

/// Measures claims and pages of a [filled](lists::fill) store.
///
/// # Errors
/// When the store fails.
pub async fn latencies(path: &Path) -> Result<Latencies, Failure> {
    let store = SqliteStore::open(path, SharedClock::new(Timestamp::now))?;
    let now = Timestamp::now();
    let mut page = AbandonedPage {
        which: Abandoned::ByAge,
        from: now - SignedDuration::from_hours(40 * 24),
        until: now,
        untouched_since: now,
        account: None,
        after: None,
        limit: 256,
    };
    let (mut claims, mut pages) = (Vec::new(), Vec::new());
    for _ in 0..100 {
        let started = Instant::now();
        claim(&store).await?;
        claims.push(started.elapsed().as_secs_f64());
        let started = Instant::now();
        let orders = store.abandoned(page.clone()).await?;
        pages.push(started.elapsed().as_secs_f64());
        let last = orders.last().filter(|_| orders.len() == 256);
        page.after = last.map(|it| (it.created_at, it.key.clone()));
    }
    Ok(Latencies {
        claim: median(claims),
        page: median(pages),
    })
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
