//! Stores that cannot be opened or written: each says which file, what is wrong with it,
//! and what to do.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Barrier;

use duka_core::clock::SharedClock;
use duka_engine::{SqliteStore, Store, StoreError, StoreErrorKind};

use crate::fixture::{TempStore, noon, order};
use duka_engine::store_suite::changes::{new_cancellation, opened};

fn refused(path: &Path) -> StoreError {
    let error = SqliteStore::open(path, SharedClock::new(noon)).expect_err("it cannot be opened");
    named(&error, path);
    error
}

/// Every trouble names the file it is about.
fn named(error: &StoreError, path: &Path) {
    let text = error.to_string();
    assert!(text.starts_with(&format!("{}: ", path.display())), "{text}");
}

#[test]
fn a_folder_is_not_a_store() {
    let temp_store = TempStore::new();
    let error = refused(temp_store.folder.path());
    assert_eq!(error.kind(), StoreErrorKind::CannotOpen);
    assert!(
        error
            .to_string()
            .contains("that is a folder; name a file in it"),
        "{error}"
    );
}

#[test]
fn a_missing_folder_is_not_made() {
    let temp_store = TempStore::new();
    let path = temp_store.folder.path().join("var").join("duka.db");
    let error = refused(&path);
    assert_eq!(error.kind(), StoreErrorKind::CannotOpen);
    assert!(
        error.to_string().contains("check that its folder exists"),
        "{error}"
    );
    assert!(!path.parent().unwrap().exists());
}

#[test]
fn a_text_file_is_left_as_it_is() {
    let temp_store = TempStore::new();
    let list = "account,order,created_at\n".repeat(100);
    fs::write(temp_store.path(), &list).unwrap();
    assert_eq!(refused(&temp_store.path()).kind(), StoreErrorKind::Corrupt);
    assert_eq!(fs::read_to_string(temp_store.path()).unwrap(), list);
}

#[test]
fn an_empty_file_becomes_a_store() {
    let temp_store = TempStore::new();
    fs::write(temp_store.path(), "").unwrap();
    SqliteStore::open(temp_store.path(), SharedClock::new(noon)).unwrap();
}

#[test]
fn a_path_is_a_path_and_no_address() {
    let temp_store = TempStore::new();
    let path = temp_store.folder.path().join("file:duka.db?mode=memory");
    SqliteStore::open(&path, SharedClock::new(noon)).unwrap();
    assert!(path.exists());
}

#[test]
fn another_programs_database_is_left_exactly_as_it_is() {
    let temp_store = TempStore::new();
    let sql = temp_store.sql();
    sql.execute_batch("CREATE TABLE invoices (id INTEGER); INSERT INTO invoices VALUES (7)")
        .unwrap();
    drop(sql);
    let before = fs::read(temp_store.path()).unwrap();
    let error = refused(&temp_store.path());
    assert_eq!(error.kind(), StoreErrorKind::CannotOpen);
    assert!(
        error.to_string().contains("a database of another program"),
        "{error}"
    );
    assert!(
        fs::read(temp_store.path()).unwrap() == before,
        "it has been written"
    );
    assert_eq!(fs::read_dir(temp_store.folder.path()).unwrap().count(), 1);
}

#[test]
fn a_store_of_a_newer_program_is_left_alone() {
    let temp_store = TempStore::new();
    drop(temp_store.store());
    let sql = temp_store.sql();
    sql.pragma_update(None, "user_version", 9).unwrap();
    let error = refused(&temp_store.path());
    assert_eq!(error.kind(), StoreErrorKind::TooNew);
    assert!(error.to_string().contains("use a newer duka"), "{error}");
    assert_eq!(temp_store.number("PRAGMA user_version"), 9);
}

/// A store with some content, closed and all in one file.
async fn filled() -> TempStore {
    let temp_store = TempStore::new();
    let store = temp_store.store();
    let orders = (0..500).map(|n| order("shop", &format!("A-{n}"))).collect();
    store.track(orders).await.unwrap();
    opened(&*store, 1, "shop", "A-1").await;
    drop(store);
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    temp_store
        .sql()
        .query_row(checkpoint, [], |_| Ok(()))
        .unwrap();
    temp_store
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_called_damaged() {
    let temp_store = filled().await;
    let whole = fs::read(temp_store.path()).unwrap();
    for part in [60, 4096, whole.len() / 2] {
        fs::write(temp_store.path(), &whole[..part]).unwrap();
        let error = match SqliteStore::open(temp_store.path(), SharedClock::new(noon)) {
            Err(error) => error,
            // The head is whole; the damage shows in a later read.
            Ok(store) => everything(&store).await.expect_err("half of it is missing"),
        };
        assert_eq!(
            error.kind(),
            StoreErrorKind::Corrupt,
            "{part} bytes: {error}"
        );
        named(&error, &temp_store.path());
        assert!(
            error.to_string().contains("restore it from a backup"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_file_with_rubbish_in_the_middle_is_called_damaged() {
    let temp_store = filled().await;
    let mut bytes = fs::read(temp_store.path()).unwrap();
    let end = bytes.len();
    bytes[4096..end].fill(0xA5);
    fs::write(temp_store.path(), &bytes).unwrap();
    assert_eq!(refused(&temp_store.path()).kind(), StoreErrorKind::Corrupt);
}

#[tokio::test]
async fn damage_that_comes_later_is_named_by_reads_and_writes() {
    let temp_store = filled().await;
    let pages = || fs::metadata(temp_store.path()).unwrap().len() / 4096;
    let store = SqliteStore::open(temp_store.path(), SharedClock::new(noon)).unwrap();
    let mut bytes = fs::read(temp_store.path()).unwrap();
    // All but the head and the schema.
    let tables = usize::try_from(pages() / 2 * 4096).unwrap();
    bytes[tables..].fill(0xA5);
    fs::write(temp_store.path(), &bytes).unwrap();
    let error = everything(&store).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    named(&error, &temp_store.path());
    let error = store.track(vec![order("shop", "B-1")]).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    named(&error, &temp_store.path());
}

async fn everything(store: &SqliteStore) -> Result<(), StoreError> {
    store.check().await?;
    for n in 0..500 {
        store.find_orders(&format!("A-{n}")).await?;
    }
    Ok(())
}

#[tokio::test]
async fn words_that_this_program_does_not_know_are_called_damage_too() {
    for forgery in [
        "UPDATE cancellations SET state = 'vanished'",
        "UPDATE cancellations SET outcome = 'confirmed', state = 'done', skip_reason = 'x'",
        "UPDATE cancellations SET verified = 'bought'",
        "UPDATE cancellations SET finding = 'odd'",
        "UPDATE cancellations SET due_at = 9223372036854775807",
        "UPDATE cancellations SET version = -1",
        "UPDATE cancellations SET attempts = 5000000000",
        "UPDATE orders SET amount = 'ten', currency = 'INR'",
        "UPDATE orders SET amount = '10', currency = 'XQX'",
        "UPDATE orders SET status = 'bought', observed_at = 0",
        "UPDATE orders SET status = 'paid', observed_at = NULL",
        "UPDATE orders SET gateway = ''",
    ] {
        let temp_store = TempStore::new();
        let store = temp_store.store();
        let record = opened(&*store, 1, "shop", "A-1").await;
        temp_store.sql().execute(forgery, []).unwrap();
        let by_order = store.order(&record.key).await.err();
        let by_id = store.cancellation(record.id).await.err();
        let error = by_id.or(by_order).expect("one of the two reads it");
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{forgery}");
        named(&error, &temp_store.path());
        let text = error.to_string();
        assert!(text.contains("that this program cannot read"), "{text}");
    }
}

#[tokio::test]
async fn trouble_with_an_order_does_not_blame_the_file() {
    let store = TempStore::new().store();
    let error = store
        .open(new_cancellation(1, "shop", "A-1"))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "order A-1 at shop is not tracked; track it first"
    );
}

/// What the store says to a user who may read it but not write it. A superuser may write
/// everything, so this part runs as another user then.
#[test]
fn a_store_that_may_not_be_written_says_so_when_it_is_opened() {
    let temp_store = TempStore::new();
    drop(temp_store.store());
    for (file, folder, kind) in [
        (0o444, 0o777, "ReadOnly"),
        (0o444, 0o555, "ReadOnly"),
        (0o000, 0o777, "CannotOpen"),
        // Beside the file there must be room for its log; which of the two is said depends
        // on whether the last connection has taken its own log away yet.
        (0o666, 0o555, "ReadOnly|CannotOpen"),
        (0o666, 0o777, "opened"),
    ] {
        set_mode(&temp_store.path(), file);
        set_mode(temp_store.folder.path(), folder);
        let said = as_anybody(&temp_store.path());
        let right = kind.split('|').any(|kind| said.contains(kind));
        assert!(right, "{file:o} in {folder:o}: {said}");
        let named = said.contains(&*temp_store.path().to_string_lossy());
        assert!(named || kind == "opened", "{said}");
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

const HELPER: &str = "trouble::a_store_opens_for_any_user_who_may_write_it";

/// Opens the store in a process of an ordinary user and returns what came of it.
fn as_anybody(path: &Path) -> String {
    // The program may lie where only its owner gets, so the helper is a copy.
    let helper = path.with_file_name("helper");
    if !helper.exists() {
        fs::copy(std::env::current_exe().unwrap(), &helper).unwrap();
        fs::set_permissions(&helper, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new(helper);
    command.args(["--exact", HELPER, "--nocapture"]);
    command.env("DUKA_TEST_STORE", path).current_dir("/");
    if fs::metadata(path).unwrap().uid() == 0 {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Another test runs this one as another user, and reads what it prints.
#[test]
fn a_store_opens_for_any_user_who_may_write_it() {
    let temp_store = TempStore::new();
    let given = std::env::var_os("DUKA_TEST_STORE").map(PathBuf::from);
    let opened = SqliteStore::open(
        given.clone().unwrap_or(temp_store.path()),
        SharedClock::new(noon),
    );
    println!("{:?}", opened.as_ref().map(|_| "opened"));
    assert!(given.is_some() || opened.is_ok());
}

#[test]
fn many_that_open_a_new_store_at_once_all_get_it() {
    for _ in 0..20 {
        let (temp_store, start) = (TempStore::new(), Barrier::new(12));
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| {
                    start.wait();
                    SqliteStore::open(temp_store.path(), SharedClock::new(noon)).unwrap();
                });
            }
        });
    }
}
