//! The tables, and which files are refused: databases of other programs, and stores of a
//! newer version.

use rusqlite::{Connection, TransactionBehavior};

use crate::store::{StoreError, StoreErrorKind};

use super::rows::store_error;

/// Marks a file as ours (`duka` in ASCII), so that another program's database is not
/// taken for a store.
const APPLICATION_ID: i32 = 0x6475_6b61;

/// The version of the tables. A change of a released schema needs a new version, and a
/// migration from each older one.
const VERSION: i64 = 1;

const SCHEMA: &str = include_str!("schema.sql");

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

/// Creates the tables in a new file, in one transaction.
pub(super) fn create(connection: &mut Connection) -> Result<(), StoreError> {
    // Read first: an existing store is opened without taking the write lock.
    let application = number(connection, "application_id")?;
    let version = number(connection, "user_version")?;
    if application == i64::from(APPLICATION_ID) && version == VERSION {
        return Ok(());
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(store_error)?;
    // Again under the lock: another process may have created the tables.
    let version = number(&transaction, "user_version")?;
    if version > VERSION {
        return Err(StoreError::new(
            StoreErrorKind::TooNew,
            format!(
                "the store has schema version {version} and this program knows up to {VERSION}; use a newer duka"
            ),
        ));
    }
    if version < VERSION {
        transaction.execute_batch(SCHEMA).map_err(store_error)?;
        transaction
            .pragma_update(None, "application_id", APPLICATION_ID)
            .and_then(|()| transaction.pragma_update(None, "user_version", VERSION))
            .map_err(store_error)?;
    }
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
    fn a_new_store_gets_the_tables_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        create(&mut connection).unwrap();
        assert_eq!(version(&connection), VERSION);
        create(&mut connection).unwrap();
    }

    #[test]
    fn a_newer_schema_is_refused_by_name() {
        let mut connection = Connection::open_in_memory().unwrap();
        create(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", 7).unwrap();
        let error = create(&mut connection).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::TooNew);
        assert_eq!(
            error.to_string(),
            "the store has schema version 7 and this program knows up to 1; use a newer duka"
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
