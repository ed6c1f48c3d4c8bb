//! Statements about the append-only logs: one table for cancellations and one for refunds.

use std::str::FromStr;

use rusqlite::{Connection, Row, params};

use super::rows::{collect, damaged, get, moment_at, store_error};
use crate::record::LogEntry;
use crate::store::{Entry, StoreError};

/// A table of records, which has a log beside it.
#[derive(Clone, Copy)]
pub(super) enum Table {
    Cancellations,
    Refunds,
}

impl Table {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cancellations => "cancellations",
            Self::Refunds => "refunds",
        }
    }

    /// What a record of it is called, and the column of the log that holds its id.
    pub(super) fn record(self) -> &'static str {
        match self {
            Self::Cancellations => "cancellation",
            Self::Refunds => "refund",
        }
    }

    fn log(self) -> &'static str {
        match self {
            Self::Cancellations => "events",
            Self::Refunds => "refund_events",
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
    table: Table,
    id: &str,
    line: &Line<'_>,
    entry: &Entry,
) -> Result<(), StoreError> {
    let (log, record) = (table.log(), table.record());
    let sql = format!(
        "INSERT INTO {log} ({record}, number, at, event, from_state, to_state, actor, detail)
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
    table: Table,
    id: &str,
) -> Result<Vec<LogEntry<I>>, StoreError> {
    let (log, record) = (table.log(), table.record());
    let sql =
        format!("SELECT *, {record} AS record FROM {log} WHERE {record} = ?1 ORDER BY number");
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
