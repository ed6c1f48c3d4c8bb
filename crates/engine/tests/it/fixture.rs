//! What most tests start from: a store in a temporary file, accounts, and a clock.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use duka_core::Gateway;
use duka_core::clock::SharedClock;
use duka_engine::{Canceller, Record, RefundStore, Settings, SqliteStore, Store};
use jiff::SignedDuration;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::scripted::Scripted;

/// Long enough for every rule to have had its say.
pub(crate) const LONG: Duration = Duration::from_secs(3 * 60 * 60);
pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

pub(crate) use duka_engine::store_suite::{MINUTE, account, by, key, noon, order};

/// A folder with one store in it, and the clock that its handles go by.
pub(crate) struct TempStore {
    pub(crate) folder: TempDir,
    pub(crate) clock: TestClock,
}

impl TempStore {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: TestClock::new(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("duka.db")
    }

    /// A handle of its own on the store.
    pub(crate) fn store(&self) -> Arc<dyn RefundStore> {
        self.open(self.clock.clock())
    }

    /// The same, by another clock.
    pub(crate) fn open(&self, clock: SharedClock) -> Arc<dyn RefundStore> {
        Arc::new(SqliteStore::open(self.path(), clock).unwrap())
    }

    /// A connection past the store, as another program would have it.
    pub(crate) fn sql(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    /// One number from the store's file.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.sql().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// A clock that goes with tokio's, which a test can pause, and can be put ahead of it.
#[derive(Clone)]
pub(crate) struct TestClock {
    start: Instant,
    ahead: Arc<AtomicI64>,
}

impl TestClock {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            ahead: Arc::default(),
        }
    }

    pub(crate) fn by(&self, more: Duration) {
        let millis = i64::try_from(more.as_millis()).unwrap();
        self.ahead.fetch_add(millis, Ordering::SeqCst);
    }

    pub(crate) fn clock(&self) -> SharedClock {
        let (start, ahead) = (self.start, Arc::clone(&self.ahead));
        SharedClock::new(move || {
            let ahead = SignedDuration::from_millis(ahead.load(Ordering::SeqCst));
            noon() + start.elapsed() + ahead
        })
    }
}

/// One worker, with a gateway for each account.
pub(crate) fn worker(
    name: &str,
    store: Arc<dyn Store>,
    clock: SharedClock,
    gateways: &[(&str, &Arc<Scripted>)],
) -> Canceller {
    worker_with(Settings::new(name), store, clock, gateways)
}

/// The same, with settings of its own.
pub(crate) fn worker_with(
    settings: Settings,
    store: Arc<dyn Store>,
    clock: SharedClock,
    gateways: &[(&str, &Arc<Scripted>)],
) -> Canceller {
    let gateways: BTreeMap<_, _> = gateways
        .iter()
        .map(|(name, gateway)| {
            let gateway: Arc<dyn Gateway> = Arc::<Scripted>::clone(gateway);
            (account(name), gateway)
        })
        .collect();
    Canceller::new(store, gateways, clock, settings)
}

/// One account called `shop`, one worker, one store.
pub(crate) struct Fixture {
    pub(crate) temp_store: TempStore,
    pub(crate) gateway: Arc<Scripted>,
    pub(crate) ahead: TestClock,
    pub(crate) canceller: Canceller,
}

impl Fixture {
    pub(crate) fn new(gateway: Scripted) -> Self {
        Self::with(gateway, Settings::new("w1"))
    }

    /// A worker with settings of its own.
    pub(crate) fn with(gateway: Scripted, settings: Settings) -> Self {
        let (temp_store, gateway) = (TempStore::new(), Arc::new(gateway));
        let ahead = temp_store.clock.clone();
        let accounts = [("shop", &gateway)];
        let canceller = worker_with(settings, temp_store.store(), ahead.clock(), &accounts);
        Self {
            temp_store,
            gateway,
            ahead,
            canceller,
        }
    }

    /// Cancels order `A-1`, which is tracked, and waits for this long at most.
    pub(crate) async fn cancel(&self, wait: Duration) -> Record {
        let order = order("shop", "A-1");
        self.store().track(vec![order.clone()]).await.unwrap();
        let handled = self.canceller.cancel(order, by("amina"), wait).await;
        handled.unwrap().record
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        self.canceller.store()
    }

    pub(crate) async fn reload(&self, record: &Record) -> Record {
        self.store().cancellation(record.id).await.unwrap().unwrap()
    }

    /// The names of what happened to a cancellation, with the states they led to.
    pub(crate) async fn story(&self, record: &Record) -> Vec<String> {
        let log = self.store().log(record.id).await.unwrap();
        log.iter()
            .map(|e| format!("{} -> {}", e.event, e.to))
            .collect()
    }
}

/// Runs `work` to its end on a thread and a runtime of its own: another process, as far as
/// the store can tell.
pub(crate) fn elsewhere<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let thread = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        runtime.unwrap().block_on(work)
    });
    thread.join().unwrap()
}

/// Runs `work` as [`elsewhere`] and kills that process once `now` ends: its tasks go with it.
pub(crate) fn killed_elsewhere<T: std::fmt::Debug>(
    work: impl Future<Output = T> + Send + 'static,
    now: impl Future<Output = ()> + Send + 'static,
) {
    elsewhere(async {
        tokio::select! {
            done = work => panic!("it ended before it was killed: {done:?}"),
            () = now => {}
        }
    });
}
