//! What the tables of cancellations and refunds have in common: a record that is stored once,
//! changed by compare-and-swap, and logged with every write.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Params, Row, params, params_from_iter};

use super::events::{self, Line, Table};
use super::rows::{
    self, collect, damaged, get, maybe_moment, micros, moment_at, store_error, word,
};
use crate::order::OrderKey;
use crate::record::Record;
use crate::store::{Change, Claim, Entry, StoreError, StoreErrorKind};

/// Columns by their names.
pub(super) type Columns = Vec<(&'static str, Value)>;

/// Where a record of one kind stands, and how its table keeps that.
pub(super) trait Progress: Sized {
    type Id: Display + FromStr + Copy;
    type Terms;
    const TABLE: Table;
    /// All records, as `r`, with what their orders know better, as `o`.
    const SELECT: &'static str;

    /// The words of the state in the log: `in_doubt`, or `done: confirmed`.
    fn words(&self) -> String;
    fn columns(&self) -> Columns;
    fn read(row: &Row<'_>) -> Result<Self, StoreError>;
    fn read_terms(row: &Row<'_>) -> Result<Self::Terms, StoreError>;

    /// The failure of a write to the table.
    fn failed(error: rusqlite::Error, _key: &OrderKey) -> StoreError {
        store_error(error)
    }
}

/// A record of the kind whose progress this is.
pub(super) type Stored<P> = Record<<P as Progress>::Id, <P as Progress>::Terms, P>;

/// A record to be stored for the first time.
pub(super) struct New<'a, P: Progress> {
    pub(super) id: P::Id,
    pub(super) key: &'a OrderKey,
    pub(super) progress: P,
    /// The columns of the kind beside those of its progress.
    pub(super) terms: Columns,
    /// The worker that begins with it; none if it is over.
    pub(super) claim: Option<&'a Claim>,
    pub(super) entry: Entry,
}

/// Stores a record, claimed, with the first entry of its log.
pub(super) fn insert<P: Progress>(
    connection: &Connection,
    new: New<'_, P>,
    now: Timestamp,
) -> Result<Stored<P>, StoreError> {
    let (id, to) = (new.id.to_string(), new.progress.words());
    let mut columns: Columns = vec![
        ("id", id.clone().into()),
        ("version", 1.into()),
        ("account", word(new.key.account.as_str())),
        ("order_id", word(new.key.order.as_str())),
        ("actor", new.entry.actor.clone().into()),
        ("due_at", new.claim.map(|it| micros(it.until(now))).into()),
        ("worker", new.claim.map(|it| it.worker.clone()).into()),
        ("log_entries", 1.into()),
        ("created_at", micros(now).into()),
        ("updated_at", micros(now).into()),
    ];
    columns.extend(new.terms);
    columns.extend(new.progress.columns());
    let (names, values): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let places: Vec<_> = (1..=names.len()).map(|place| format!("?{place}")).collect();
    let (names, places) = (names.join(", "), places.join(", "));
    let table = P::TABLE.name();
    connection
        .prepare_cached(&format!("INSERT INTO {table} ({names}) VALUES ({places})"))
        .and_then(|mut insert| insert.execute(params_from_iter(values)))
        .map_err(|error| P::failed(error, new.key))?;
    let line = Line {
        number: 1,
        at: micros(now),
        from: None,
        to: &to,
    };
    events::append(connection, P::TABLE, &id, &line, &new.entry)?;
    present(connection, new.id)
}

/// Compare-and-swap on id and version alone, with an entry of the log; `false`, and nothing,
/// if another worker has written first.
pub(super) fn swap<P: Progress>(
    connection: &Connection,
    before: &Stored<P>,
    change: &Change<P::Id, P>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let id = change.id.to_string();
    let mut values: Vec<Value> = vec![
        id.clone().into(),
        i64::try_from(change.version).unwrap_or(i64::MAX).into(),
        change.message.clone().into(),
        change.schedule.due_at(now).map(micros).into(),
        word(change.schedule.holder()),
        micros(now).into(),
    ];
    let mut own = String::new();
    for (name, value) in change.next.columns() {
        values.push(value);
        own = format!("{own}, {name} = ?{}", values.len());
    }
    let sql = format!(
        "UPDATE {} SET version = version + 1, log_entries = log_entries + 1,
             message = coalesce(?3, message), due_at = ?4, worker = ?5, updated_at = ?6{own}
         WHERE id = ?1 AND version = ?2 RETURNING log_entries",
        P::TABLE.name()
    );
    let number: Option<i64> = connection
        .prepare_cached(&sql)
        .and_then(|mut update| {
            let number = update.query_row(params_from_iter(values), |row| row.get(0));
            number.optional()
        })
        .map_err(|error| P::failed(error, &before.key))?;
    let Some(number) = number else {
        return Ok(false);
    };
    let line = Line {
        number,
        at: micros(now),
        from: Some(&before.progress.words()),
        to: &change.next.words(),
    };
    events::append(connection, P::TABLE, &id, &line, &change.entry)?;
    Ok(true)
}

/// The records that meet a condition, which may go on with an order and a limit.
pub(super) fn select<P: Progress>(
    connection: &Connection,
    condition: &str,
    parameters: impl Params,
) -> Result<Vec<Stored<P>>, StoreError> {
    let sql = format!("{} WHERE {condition}", P::SELECT);
    let mut select = connection.prepare_cached(&sql).map_err(store_error)?;
    collect(select.query(parameters), record)
}

pub(super) fn by_id<P: Progress>(
    connection: &Connection,
    id: P::Id,
) -> Result<Option<Stored<P>>, StoreError> {
    Ok(select(connection, "r.id = ?1", [id.to_string()])?.pop())
}

/// A record that has to be there.
pub(super) fn present<P: Progress>(
    connection: &Connection,
    id: P::Id,
) -> Result<Stored<P>, StoreError> {
    by_id(connection, id)?.ok_or_else(|| {
        let what = P::TABLE.record();
        StoreError::new(
            StoreErrorKind::Internal,
            format!("{what} {id} is not in the store"),
        )
    })
}

/// All records of an order, oldest first.
pub(super) fn of_order<P: Progress>(
    connection: &Connection,
    key: &OrderKey,
) -> Result<Vec<Stored<P>>, StoreError> {
    select(
        connection,
        "r.account = ?1 AND r.order_id = ?2 ORDER BY r.created_at, r.id",
        params![key.account.as_str(), key.order.as_str()],
    )
}

fn record<P: Progress>(row: &Row<'_>) -> Result<Stored<P>, StoreError> {
    let id: String = get(row, "id")?;
    let version: i64 = get(row, "version")?;
    Ok(Record {
        id: (id.parse()).map_err(|_| damaged(&format!("a {} id", P::TABLE.record())))?,
        version: u64::try_from(version).map_err(|_| damaged("a version"))?,
        key: rows::key(row)?,
        gateway: rows::gateway(row)?,
        reference: get(row, "reference")?,
        shop_order: get(row, "shop_order")?,
        actor: get(row, "actor")?,
        terms: P::read_terms(row)?,
        progress: P::read(row)?,
        message: get(row, "message")?,
        due_at: maybe_moment(row, "due_at")?,
        worker: get(row, "worker")?,
        created_at: moment_at(row, "created_at")?,
        updated_at: moment_at(row, "updated_at")?,
    })
}
