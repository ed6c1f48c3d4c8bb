//! Statements about the append-only logs: one table for cancellations and one for refunds.

use std::str::FromStr;

use rusqlite::{Connection, Row, params};

use super::rows::{collect, damaged, get, moment_at, store_error};
use crate::record::LogEntry;
use crate::store::{Entry, StoreError};

/// Which log.
#[derive(Clone, Copy)]
pub(super) enum Log {
    Cancellations,
    Refunds,
}

impl Log {
    /// The table, and its column for the id of the record.
    fn table(self) -> (&'static str, &'static str) {
        match self {
            Self::Cancellations => ("events", "cancellation"),
            Self::Refunds => ("refund_events", "refund"),
        }
    }
}

/// What the store adds to an [`Entry`].
pub(super) struct Line<'a> {
    pub(super) number: i64,
    pub(super) at: i64,
    pub(super) from: Option<&'a str>,
    pub(super) to: &'a str,
}

pub(super) fn append(
    connection: &Connection,
    log: Log,
    id: &str,
    line: &Line<'_>,
    entry: &Entry,
) -> Result<(), StoreError> {
    let (table, record) = log.table();
    let sql = format!(
        "INSERT INTO {table} ({record}, number, at, event, from_state, to_state, actor, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    );
    connection
        .prepare_cached(&sql)
        .and_then(|mut insert| {
            insert.execute(params![
                id,
                line.number,
                line.at,
                entry.event,
                line.from,
                line.to,
                entry.actor,
                entry.detail,
            ])
        })
        .map_err(store_error)?;
    Ok(())
}

/// The log of one record, oldest first.
pub(super) fn read<I: FromStr>(
    connection: &Connection,
    log: Log,
    id: &str,
) -> Result<Vec<LogEntry<I>>, StoreError> {
    let (table, record) = log.table();
    let sql =
        format!("SELECT *, {record} AS record FROM {table} WHERE {record} = ?1 ORDER BY number");
    let mut select = connection.prepare_cached(&sql).map_err(store_error)?;
    collect(select.query([id]), entry)
}

fn entry<I: FromStr>(row: &Row<'_>) -> Result<LogEntry<I>, StoreError> {
    let id: String = get(row, "record")?;
    let number: i64 = get(row, "number")?;
    Ok(LogEntry {
        number: u64::try_from(number).map_err(|_| damaged("a log number"))?,
        id: id.parse().map_err(|_| damaged("the id of a log entry"))?,
        at: moment_at(row, "at")?,
        event: get(row, "event")?,
        from: get(row, "from_state")?,
        to: get(row, "to_state")?,
        actor: get(row, "actor")?,
        detail: get(row, "detail")?,
    })
}
