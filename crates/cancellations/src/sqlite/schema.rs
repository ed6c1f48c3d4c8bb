//! The tables, and the steps that lead from one version of them to the next. Steps are
//! only ever added.

use rusqlite::{Connection, TransactionBehavior};

use crate::store::{StoreError, StoreErrorKind};

use super::rows::store_error;

/// Marks a file as ours (`duka` in ASCII), so that another program's database is not
/// taken for a store.
const APPLICATION_ID: i32 = 0x6475_6b61;

/// Step N leads from version N to version N + 1.
const STEPS: [&str; 4] = [
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
];

/// Brings the schema up to date, in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    migrate_with(connection, &STEPS)
}

fn number(connection: &Connection, pragma: &str) -> Result<i64, StoreError> {
    connection
        .pragma_query_value(None, pragma, |row| row.get(0))
        .map_err(store_error)
}

/// Writes a page as it is: a commit that changes nothing else would not touch the disk, and
/// so would not notice that it is full.
pub(super) fn write_nothing_new(connection: &Connection) -> Result<(), StoreError> {
    let version = number(connection, "user_version")?;
    connection
        .pragma_update(None, "user_version", version)
        .map_err(store_error)
}

/// Refuses a database of another program, without changing anything in it.
pub(super) fn check_owner(connection: &Connection) -> Result<(), StoreError> {
    // One transaction, so that a store just being made is seen whole or not at all.
    let reading = connection.unchecked_transaction().map_err(store_error)?;
    let application = number(&reading, "application_id")?;
    let tables: i64 = reading
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(store_error)?;
    if application != i64::from(APPLICATION_ID) && (application != 0 || tables > 0) {
        return Err(StoreError::new(
            StoreErrorKind::CannotOpen,
            "the file is a database of another program; give the store a file of its own",
        ));
    }
    Ok(())
}

fn migrate_with(connection: &mut Connection, steps: &[&str]) -> Result<(), StoreError> {
    let latest = i64::try_from(steps.len()).expect("the number of steps is small");
    // Read first: a store that is up to date is opened without taking the write lock.
    let application = number(connection, "application_id")?;
    let version = number(connection, "user_version")?;
    if application == i64::from(APPLICATION_ID) && version == latest {
        return Ok(());
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(store_error)?;
    // Again under the lock: another process may have been faster.
    let version = number(&transaction, "user_version")?;
    if version > latest {
        return Err(StoreError::new(
            StoreErrorKind::TooNew,
            format!(
                "the store has schema version {version} and this program knows up to {latest}; use a newer duka"
            ),
        ));
    }
    let done = usize::try_from(version).unwrap_or(0);
    for sql in &steps[done..] {
        transaction.execute_batch(sql).map_err(store_error)?;
    }
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .and_then(|()| transaction.pragma_update(None, "user_version", latest))
        .map_err(store_error)?;
    transaction.commit().map_err(store_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i64 {
        connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn a_new_store_gets_the_latest_schema() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        assert_eq!(version(&connection), 4);
        migrate(&mut connection).unwrap();
    }

    #[test]
    fn a_later_step_keeps_what_an_earlier_version_stored() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection
            .execute(
                "INSERT INTO orders (account, order_id, form, gateway, created_at, follow)
                 VALUES ('shop', 'A-1', 'text', 'pesapal', 0, 'open')",
                [],
            )
            .unwrap();
        let later = [&STEPS[..], &["ALTER TABLE orders ADD COLUMN colour TEXT"]].concat();
        migrate_with(&mut connection, &later).unwrap();
        assert_eq!(version(&connection), 5);
        let kept: String = connection
            .query_row(
                "SELECT order_id FROM orders WHERE colour IS NULL",
                [],
                |r| r.get(0),
            )
            .unwrap();
        assert_eq!(kept, "A-1");
    }

    #[test]
    fn a_step_that_fails_leaves_the_store_at_its_version() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let fails = "CREATE TABLE half (x); CREATE TABLE orders (x)";
        let broken = [&STEPS[..], &[fails]].concat();
        migrate_with(&mut connection, &broken).unwrap_err();
        assert_eq!(version(&connection), 4);
        migrate(&mut connection).unwrap();
    }

    #[test]
    fn a_newer_schema_is_refused_by_name() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", 7).unwrap();
        let error = migrate(&mut connection).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::TooNew);
        assert_eq!(
            error.to_string(),
            "the store has schema version 7 and this program knows up to 4; use a newer duka"
        );
    }

    #[test]
    fn another_programs_database_is_left_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute("CREATE TABLE invoices (id INTEGER)", [])
            .unwrap();
        let error = check_owner(&connection).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::CannotOpen);
    }
}
