//! What only shows from inside: the settings of the connections, the group commit, and how often a
//! statement is prepared.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;

use duka_core::cancel::{CancelRules, Cancellable};
use duka_core::gateway::{CancelAnswer, CreatedOrder, NewOrder, Operation};
use duka_core::{Error, ErrorKind, Gateway, OrderId, OrderIds, OrderStatus, StatusReading};
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use rusqlite::hooks::Authorization;
use rusqlite::params;

use super::*;
use crate::{Canceller, Request, Settings};

fn shelf() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("duka.db");
    (folder, path)
}

fn clock() -> SharedClock {
    SharedClock::new(|| Timestamp::UNIX_EPOCH)
}

fn insert(connection: &Connection, order: &str) -> Result<usize, StoreError> {
    connection
        .execute(
            "INSERT INTO orders (account, order_id, form, gateway, created_at, origin, tracking)
             VALUES ('shop', ?1, 'text', 'pesapal', 0, 'list', 'pending')",
            params![order],
        )
        .map_err(store_error)
}

fn count(connection: &Connection) -> i64 {
    let counted = connection.query_row("SELECT count(*) FROM orders", [], |row| row.get(0));
    counted.unwrap()
}

/// Another connection, as another process would have it.
fn beside(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

/// Keeps the writing thread busy until the sender is dropped, so that a group gathers.
async fn hold_up(store: &SqliteStore) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel::<()>();
    let holder = store.clone();
    tokio::spawn(async move {
        let held_up = holder.write(move |_| {
            started.send(()).unwrap();
            let _ = held.recv();
            Ok(())
        });
        held_up.await.unwrap();
    });
    while running.try_recv().is_err() {
        tokio::task::yield_now().await;
    }
    release
}

/// Hands all jobs to the writing thread while it is held up, lets it go, and waits.
async fn in_one_group<T>(store: &SqliteStore, jobs: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let release = hold_up(store).await;
    let mut jobs = jobs;
    for job in &mut jobs {
        assert!(futures::poll!(job.as_mut()).is_pending());
    }
    drop(release);
    futures::future::join_all(jobs).await
}

fn text(connection: &Connection, pragma: &str) -> String {
    // A pragma gives a word or a number, each as it likes.
    let shown = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
    connection.query_row(&shown, [], |row| row.get(0)).unwrap()
}

const PRAGMAS: [&str; 4] = ["journal_mode", "synchronous", "foreign_keys", "query_only"];

#[tokio::test]
async fn a_commit_waits_for_the_disk_and_reads_never_write() {
    let (_folder, path) = shelf();
    let store = SqliteStore::open(path, clock()).unwrap();
    let settings = |c: &Connection| Ok(PRAGMAS.map(|pragma| text(c, pragma)));
    // 2 is FULL: nothing less survives the loss of power.
    assert_eq!(store.write(settings).await.unwrap(), ["wal", "2", "1", "0"]);
    assert_eq!(store.read(settings).await.unwrap(), ["wal", "2", "1", "1"]);
    let error = store.read(|c| insert(c, "A-1")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::ReadOnly);
}

#[tokio::test]
async fn a_write_is_there_for_everybody_when_it_returns() {
    let (_folder, path) = shelf();
    let store = SqliteStore::open(&path, clock()).unwrap();
    let other = beside(&path);
    for number in 1..=20 {
        let order = format!("A-{number}");
        store.write(move |c| insert(c, &order)).await.unwrap();
        assert_eq!(count(&other), number);
    }
}

#[tokio::test]
async fn sixty_four_writers_at_once_share_one_commit_and_all_get_answers() {
    let (_folder, path) = shelf();
    let store = SqliteStore::open(&path, clock()).unwrap();
    let jobs = (0..64).map(|number| {
        let path = path.clone();
        let job = store.write(move |c| {
            insert(c, &format!("A-{number}"))?;
            // What others see meanwhile.
            Ok(count(&beside(&path)))
        });
        job.boxed()
    });
    let seen = in_one_group(&store, jobs.collect()).await;
    assert_eq!(
        seen,
        vec![Ok(0); 64],
        "nothing is committed before the last has written"
    );
    assert_eq!(count(&beside(&path)), 64);
}

#[tokio::test]
async fn one_failing_job_does_not_harm_its_neighbours() {
    let (_folder, path) = shelf();
    let store = SqliteStore::open(&path, clock()).unwrap();
    let jobs = (0..30).map(|number| {
        let order = format!("A-{number}");
        let job = store.write(move |c| {
            insert(c, &order)?;
            // Every third does half its work and then stumbles.
            if number % 3 == 0 {
                insert(c, &order)
            } else {
                Ok(1)
            }
        });
        job.boxed()
    });
    let written = in_one_group(&store, jobs.collect()).await;
    for (number, written) in written.iter().enumerate() {
        assert_eq!(written.is_ok(), number % 3 != 0, "A-{number}");
    }
    assert_eq!(count(&beside(&path)), 20);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_its_write_and_a_working_writer() {
    let (_folder, path) = shelf();
    let store = SqliteStore::open(&path, clock()).unwrap();
    let release = hold_up(&store).await;
    let mut gone = store.write(|c| insert(c, "A-1")).boxed();
    assert!(futures::poll!(gone.as_mut()).is_pending());
    drop(gone);
    drop(release);
    store.write(|c| insert(c, "A-2")).await.unwrap();
    assert_eq!(count(&beside(&path)), 2);
}

#[tokio::test]
async fn a_group_that_cannot_be_committed_fails_as_a_whole_and_the_next_goes_on() {
    let (_folder, path) = shelf();
    let store = SqliteStore::open(&path, clock()).unwrap();
    // The job ends the transaction under the writer's feet, as a full disk does.
    let failed = store
        .write(|c| {
            insert(c, "A-1")?;
            c.execute_batch("ROLLBACK").map_err(store_error)?;
            Err::<(), _>(StoreError::new(StoreErrorKind::Full, "the disk is full"))
        })
        .await
        .unwrap_err();
    assert_eq!(failed.kind(), StoreErrorKind::Full);
    store.write(|c| insert(c, "A-2")).await.unwrap();
    assert_eq!(count(&beside(&path)), 1);
}

#[tokio::test]
async fn a_disk_that_is_full_says_so_and_loses_nothing_that_was_answered() {
    let (_folder, path) = shelf();
    let store = SqliteStore::open(&path, clock()).unwrap();
    store
        .write(|c| {
            let pages: i64 = c
                .pragma_query_value(None, "page_count", |row| row.get(0))
                .unwrap();
            c.pragma_update(None, "max_page_count", pages + 2)
                .map_err(store_error)
        })
        .await
        .unwrap();
    let mut answered = 0;
    let error = loop {
        let order = format!("A-{answered}-{}", "x".repeat(150));
        match store.write(move |c| insert(c, &order)).await {
            Ok(_) => answered += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), StoreErrorKind::Full);
    assert!(
        error.to_string().contains("make room and try again"),
        "{error}"
    );
    assert!(answered > 0);
    assert_eq!(count(&beside(&path)), answered);
}

#[tokio::test]
async fn a_store_that_another_program_holds_is_busy_by_name() {
    let (_folder, path) = shelf();
    let busy_timeout = Duration::from_millis(30);
    let store = SqliteStore::open_at(&path, clock(), busy_timeout).unwrap();
    let other = beside(&path);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.write(|c| insert(c, "A-1")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy);
    let text = error.to_string();
    assert!(text.starts_with(&format!("{}: ", path.display())), "{text}");
    assert!(text.contains("locked by another program"), "{text}");
    // A reader blocks no other program.
    store.read(|c| Ok(count(c))).await.unwrap();
    SqliteStore::open_at(&path, clock(), busy_timeout).unwrap();
    other.execute_batch("COMMIT").unwrap();
    store.write(|c| insert(c, "A-1")).await.unwrap();
}

#[test]
fn a_file_that_another_program_has_for_itself_is_busy_when_it_is_opened() {
    let (_folder, path) = shelf();
    drop(SqliteStore::open(&path, clock()).unwrap());
    let other = beside(&path);
    other
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT")
        .unwrap();
    let error = SqliteStore::open_at(&path, clock(), Duration::from_millis(30)).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
}

#[tokio::test]
async fn a_store_whose_thread_is_gone_says_so() {
    let (_folder, path) = shelf();
    let store = SqliteStore::open(&path, clock()).unwrap();
    let fatal: Result<(), _> = store.write(|_| panic!("as the test wants it")).await;
    assert_eq!(fatal.unwrap_err().kind(), StoreErrorKind::Internal);
    let error = store.write(|c| insert(c, "A-1")).await.unwrap_err();
    assert!(
        error.to_string().ends_with("the store has been closed"),
        "{error}"
    );
}

/// SQLite would take some for something else, and make a file that others can read.
#[cfg(unix)]
#[test]
fn what_is_no_path_of_a_file_is_refused_and_nothing_is_made() {
    let (folder, path) = shelf();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for (bad, said) in [
        ("", "a store must be a file"),
        (":memory:", "a store must be a file"),
        ("file:x.db", "without file: before it"),
        ("file:x.db?mode=memory", "without file: before it"),
        (
            link.to_str().unwrap(),
            "a link to a file that does not exist",
        ),
    ] {
        let error = SqliteStore::open(bad, clock()).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::CannotOpen);
        assert!(error.to_string().contains(said), "{bad}: {error}");
    }
    assert!(!path.exists());
    assert!(!Path::new("x.db").exists());
    SqliteStore::open(&path, clock()).unwrap();
    SqliteStore::open(&link, clock()).unwrap();
}

/// Cancels at the first request, and shows it.
#[derive(Debug)]
struct Willing {
    rules: CancelRules,
    cancelled: AtomicBool,
}

#[async_trait]
impl Gateway for Willing {
    fn name(&self) -> GatewayName {
        GatewayName::from_static("pesapal")
    }

    fn cancel_rules(&self) -> &CancelRules {
        &self.rules
    }

    fn supports(&self, _: Operation) -> bool {
        true
    }

    fn order_ids(&self) -> OrderIds {
        OrderIds::Merchant
    }

    async fn create(&self, _: &NewOrder) -> Result<CreatedOrder, Error> {
        Err(Error::new(
            ErrorKind::Rejected,
            duka_core::Delivery::NotSent,
            "not here",
        ))
    }

    async fn status(&self, _: &OrderId) -> Result<StatusReading, Error> {
        let status = if self.cancelled.load(Ordering::SeqCst) {
            OrderStatus::Cancelled
        } else {
            OrderStatus::Unpaid
        };
        let raw_status = status.to_string();
        Ok(StatusReading::new(status, raw_status))
    }

    async fn cancel(&self, _: &OrderId) -> Result<CancelAnswer, Error> {
        self.cancelled.store(true, Ordering::SeqCst);
        Ok(CancelAnswer::accepted("cancelled"))
    }
}

/// SQLite asks an authorizer whenever it prepares a statement, be it anew.
#[tokio::test]
async fn a_thousand_cancellations_prepare_no_statement_that_the_first_ones_have_not() {
    let (_folder, path) = shelf();
    let (mut writer, mut reader) = connect_both(&path, BUSY_TIMEOUT).unwrap();
    let prepared = Arc::new(AtomicU64::new(0));
    for connection in [&mut writer, &mut reader] {
        let count = Arc::clone(&prepared);
        let counts = move |_: rusqlite::hooks::AuthContext<'_>| {
            count.fetch_add(1, Ordering::SeqCst);
            Authorization::Allow
        };
        connection.authorizer(Some(counts)).unwrap();
    }
    let store = SqliteStore {
        path: path.as_path().into(),
        clock: clock(),
        writer: Writer::start(writer).unwrap(),
        reader: Arc::new(Mutex::new(reader)),
    };
    let gateway = Arc::new(Willing {
        rules: CancelRules::repeatable([Cancellable::Unpaid]),
        cancelled: AtomicBool::new(false),
    });
    let shop = AccountName::new("shop").unwrap();
    let gateways = BTreeMap::from([(shop.clone(), Arc::clone(&gateway) as Arc<dyn Gateway>)]);
    let clock = clock();
    let canceller = Canceller::new(Arc::new(store), gateways, clock, Settings::new("test"));
    let mut after_the_first = 0;
    for number in 0..1_010 {
        gateway.cancelled.store(false, Ordering::SeqCst);
        let order = OrderId::guess(format!("order-{number}")).unwrap();
        let key = OrderKey::new(shop.clone(), order);
        let order = TrackedOrder::new(key, gateway.name(), Timestamp::UNIX_EPOCH);
        let request = Request {
            reason: None,
            actor: "test".to_owned(),
        };
        let outcome = canceller.cancel(order, request, Duration::ZERO).await;
        assert!(outcome.unwrap().record.progress.state.outcome().is_some());
        if number == 10 {
            after_the_first = prepared.load(Ordering::SeqCst);
        }
    }
    assert_eq!(prepared.load(Ordering::SeqCst), after_the_first);
}
