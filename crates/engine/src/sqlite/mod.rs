//! The embedded store: SQLite in one file, shared by any number of processes on a machine.
//!
//! Write-ahead logging with `synchronous=FULL`: an intent that could be lost with the
//! power would be a blind second request. Writes go through one thread and commit in
//! groups; reads have a connection of their own.

mod cancellations;
mod creations;
mod events;
mod holds;
mod orders;
mod payments;
mod records;
mod refunds;
mod rows;
mod schema;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use duka_core::clock::SharedClock;
use duka_core::{
    AccountName, CancellationId, CreationId, GatewayName, Observation, OrderId, RefundId,
};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::amount::AmountCheck;
use crate::creation::{BeginCreation, Creation, CreationEnd, Duplicates, OpenCreations};
use crate::order::{Hold, OrderEvent, OrderKey, TrackedOrder};
use crate::record::{LogEntry, Record};
use crate::refunds::{
    BeginRefund, PendingRefunds, Refund, RefundEntry, RefundIntent, RefundStore, RefundUpdate,
    RefundUpdateResult,
};
use crate::store::{
    AbandonedPage, Claim, HeldPage, HoldChange, NewCancellation, OpenResult, ReportPage, Store,
    StoreError, StoreErrorKind, StoreStats, Tracked, Update, UpdateResult,
};
use events::Table;
use rows::store_error;
use writer::Writer;

/// How long to wait for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(15);

/// A store in one SQLite file.
///
/// Keep the file on a local disk: SQLite's locks do not hold on network file systems.
///
/// Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct SqliteStore {
    path: Arc<Path>,
    clock: SharedClock,
    writer: Writer,
    reader: Arc<Mutex<Connection>>,
}

impl SqliteStore {
    /// Opens the store at `path`, and creates it if there is none. Blocks while the
    /// tables are created. `clock` is the clock of the machine: what it says dates what is
    /// written, and leases end by it.
    ///
    /// # Errors
    /// When the file cannot be opened or written, is damaged, belongs to another program
    /// or was written by a newer one.
    pub fn open(path: impl AsRef<Path>, clock: SharedClock) -> Result<Self, StoreError> {
        let path = path.as_ref();
        Self::open_at(path, clock, BUSY_TIMEOUT).map_err(|error| named(path, error))
    }

    fn open_at(
        path: &Path,
        clock: SharedClock,
        busy_timeout: Duration,
    ) -> Result<Self, StoreError> {
        if let Some(problem) = unusable(path) {
            return Err(StoreError::new(StoreErrorKind::CannotOpen, problem));
        }
        let started = Instant::now();
        let (writer, reader) = loop {
            match connect_both(path, busy_timeout) {
                // Of several that make the file at the same time, SQLite turns some away at
                // once, without the wait that it was told to have.
                Err(error)
                    if error.kind() == StoreErrorKind::Busy && started.elapsed() < busy_timeout =>
                {
                    std::thread::sleep(Duration::from_millis(5));
                }
                connected => break connected?,
            }
        };
        Ok(Self {
            path: path.into(),
            clock,
            writer: Writer::start(writer)?,
            reader: Arc::new(Mutex::new(reader)),
        })
    }

    /// Runs `work` on the reading connection, off the runtime's threads.
    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let reader = Arc::clone(&self.reader);
        let done = tokio::task::spawn_blocking(move || {
            // A reader that panicked has left nothing half done: it never writes.
            work(&reader.lock().unwrap_or_else(PoisonError::into_inner))
        });
        let cut_off = |_| StoreError::new(StoreErrorKind::Internal, "a read was cut off");
        let read = done.await.map_err(cut_off).flatten();
        read.map_err(|error| named(&self.path, error))
    }

    /// Runs `work` on the writing connection, and returns once its effects are on disk.
    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let written = self.writer.write(work).await;
        written.map_err(|error| named(&self.path, error))
    }
}

/// Says which file it is about, unless it is about an order.
fn named(path: &Path, error: StoreError) -> StoreError {
    match error.kind() {
        StoreErrorKind::OnceUsed | StoreErrorKind::UnknownOrder => error,
        StoreErrorKind::CannotOpen
        | StoreErrorKind::Busy
        | StoreErrorKind::Full
        | StoreErrorKind::ReadOnly
        | StoreErrorKind::Corrupt
        | StoreErrorKind::TooNew
        | StoreErrorKind::Internal => {
            StoreError::new(error.kind(), format!("{}: {error}", path.display()))
        }
    }
}

/// Why no store can be at this path.
fn unusable(path: &Path) -> Option<&'static str> {
    // SQLite takes these for a store in memory, a temporary one, and an address of its own.
    let text = path.as_os_str().to_string_lossy();
    if text.is_empty() || text == ":memory:" {
        return Some("a store must be a file, or it is lost when the program ends");
    }
    if text.starts_with("file:") {
        return Some("name the file itself, without file: before it");
    }
    if path.is_dir() {
        return Some("that is a folder; name a file in it");
    }
    if path.is_symlink() && !path.exists() {
        return Some("that is a link to a file that does not exist; name the file itself");
    }
    None
}

/// The connection that writes, and the one that reads.
fn connect_both(
    path: &Path,
    busy_timeout: Duration,
) -> Result<(Connection, Connection), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let create = flags | OpenFlags::SQLITE_OPEN_CREATE;
    make_private(path);
    let mut writer = connect(path, create, busy_timeout)?;
    schema::create(&mut writer)?;
    let reader = connect(path, flags, busy_timeout)?;
    reader
        .pragma_update(None, "query_only", true)
        .map_err(store_error)?;
    Ok((writer, reader))
}

fn connect(
    path: &Path,
    flags: OpenFlags,
    busy_timeout: Duration,
) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags).map_err(store_error)?;
    connection.busy_timeout(busy_timeout).map_err(store_error)?;
    // SQLite opens what it may not write for reading, without a word.
    if connection.is_readonly("main").map_err(store_error)? {
        return Err(rows::read_only());
    }
    // Looked at first: the next statement would already change the file.
    schema::check_owner(&connection)?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(store_error)?;
    if mode != "wal" {
        return Err(StoreError::new(
            StoreErrorKind::CannotOpen,
            format!(
                "write-ahead logging is not to be had there (journal mode is {mode}); use a local disk"
            ),
        ));
    }
    for (pragma, value) in [
        ("synchronous", "FULL"),
        // On macOS an ordinary sync does not reach the disk; elsewhere these two say nothing.
        ("fullfsync", "ON"),
        ("checkpoint_fullfsync", "ON"),
        ("foreign_keys", "ON"),
    ] {
        connection
            .pragma_update(None, pragma, value)
            .map_err(store_error)?;
    }
    // Without it, a statement whose value could matter for a partial index is prepared anew each
    // time. There are some 100 statements.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(store_error)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Creates the file for its owner alone, if there is none: a store holds references and
/// notes. If that fails, SQLite is about to say why.
#[cfg(unix)]
fn make_private(path: &Path) {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    let _ = options.write(true).create_new(true).mode(0o600).open(path);
}

#[cfg(not(unix))]
fn make_private(_path: &Path) {}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn track(&self, list: Vec<TrackedOrder>) -> Result<Tracked, StoreError> {
        let now = self.clock.now();
        self.write(move |c| payments::track(c, &list, orders::fill, now))
            .await
    }

    async fn begin_creation(
        &self,
        creation: Creation,
        order: Option<TrackedOrder>,
        duplicates: Duplicates,
    ) -> Result<BeginCreation, StoreError> {
        self.write(move |c| creations::begin(c, &creation, order.as_ref(), &duplicates))
            .await
    }

    async fn end_creation(
        &self,
        id: CreationId,
        end: CreationEnd,
    ) -> Result<Option<Creation>, StoreError> {
        let now = self.clock.now();
        self.write(move |c| creations::end(c, id, &end, now)).await
    }

    async fn open_creations(&self, page: OpenCreations) -> Result<Vec<Creation>, StoreError> {
        self.read(move |c| creations::open(c, &page)).await
    }

    async fn correct(&self, list: Vec<TrackedOrder>) -> Result<Tracked, StoreError> {
        let now = self.clock.now();
        self.write(move |c| payments::track(c, &list, orders::correct, now))
            .await
    }

    async fn orders(&self, keys: Vec<OrderKey>) -> Result<Vec<TrackedOrder>, StoreError> {
        self.read(move |c| orders::by_keys(c, &keys)).await
    }

    async fn order(&self, key: &OrderKey) -> Result<Option<TrackedOrder>, StoreError> {
        let key = key.clone();
        self.read(move |c| orders::by_key(c, &key)).await
    }

    async fn find_orders(&self, text: &str) -> Result<Vec<TrackedOrder>, StoreError> {
        let text = text.to_owned();
        self.read(move |c| orders::find(c, &text)).await
    }

    async fn observe(
        &self,
        key: &OrderKey,
        seen: Observation,
        amount_check: AmountCheck,
        actor: &str,
    ) -> Result<(), StoreError> {
        let (key, actor, now) = (key.clone(), actor.to_owned(), self.clock.now());
        self.write(move |c| payments::observe(c, &key, seen, amount_check, &actor, now))
            .await
    }

    async fn open(&self, new_cancellation: NewCancellation) -> Result<OpenResult, StoreError> {
        let now = self.clock.now();
        self.write(move |c| cancellations::open(c, &new_cancellation, now))
            .await
    }

    async fn advance(&self, update: Update) -> Result<UpdateResult, StoreError> {
        let now = self.clock.now();
        self.write(move |c| payments::advance(c, &update, now))
            .await
    }

    async fn claim_one(
        &self,
        id: CancellationId,
        claim: Claim,
    ) -> Result<Option<Record>, StoreError> {
        let now = self.clock.now();
        self.write(move |c| cancellations::claim_one(c, id, &claim, now))
            .await
    }

    async fn cancellation(&self, id: CancellationId) -> Result<Option<Record>, StoreError> {
        self.read(move |c| records::by_id(c, id)).await
    }

    async fn cancellations_of(&self, key: &OrderKey) -> Result<Vec<Record>, StoreError> {
        let key = key.clone();
        self.read(move |c| records::of_order(c, &key)).await
    }

    async fn attempts(
        &self,
        account: &AccountName,
        shop_order: &str,
    ) -> Result<Vec<TrackedOrder>, StoreError> {
        let (account, shop_order) = (account.clone(), shop_order.to_owned());
        self.read(move |c| orders::attempts(c, &account, &shop_order))
            .await
    }

    async fn abandoned(&self, page: AbandonedPage) -> Result<Vec<TrackedOrder>, StoreError> {
        self.read(move |c| orders::abandoned(c, &page)).await
    }

    async fn change_hold(
        &self,
        key: &OrderKey,
        change: HoldChange,
    ) -> Result<Option<Hold>, StoreError> {
        let (key, now) = (key.clone(), self.clock.now());
        self.write(move |c| holds::change(c, &key, &change, now))
            .await
    }

    async fn held(&self, page: HeldPage) -> Result<Vec<TrackedOrder>, StoreError> {
        self.read(move |c| holds::held(c, &page)).await
    }

    async fn order_events(&self, key: &OrderKey) -> Result<Vec<OrderEvent>, StoreError> {
        let key = key.clone();
        self.read(move |c| holds::events(c, &key)).await
    }

    async fn report(&self, page: ReportPage) -> Result<Vec<Record>, StoreError> {
        self.read(move |c| cancellations::report(c, &page)).await
    }

    async fn log(&self, id: CancellationId) -> Result<Vec<LogEntry>, StoreError> {
        self.read(move |c| events::read(c, Table::Cancellations, &id.to_string()))
            .await
    }

    async fn check(&self) -> Result<StoreStats, StoreError> {
        self.write(|c| {
            schema::write_nothing_new(c)?;
            cancellations::stats(c)
        })
        .await
    }

    async fn waiting(&self) -> Result<u64, StoreError> {
        self.read(cancellations::waiting).await
    }

    async fn too_old(
        &self,
        from: jiff::Timestamp,
        account: Option<AccountName>,
    ) -> Result<u64, StoreError> {
        self.read(move |c| orders::too_old(c, from, account.as_ref()))
            .await
    }
}

#[async_trait]
impl RefundStore for SqliteStore {
    async fn begin_refund(&self, intent: RefundIntent) -> Result<BeginRefund, StoreError> {
        let now = self.clock.now();
        self.write(move |c| refunds::begin(c, &intent, now)).await
    }

    async fn advance_refund(&self, update: RefundUpdate) -> Result<RefundUpdateResult, StoreError> {
        let now = self.clock.now();
        self.write(move |c| refunds::advance(c, &update, now)).await
    }

    async fn refund(&self, id: RefundId) -> Result<Option<Refund>, StoreError> {
        self.read(move |c| records::by_id(c, id)).await
    }

    async fn earlier_refund(
        &self,
        gateway: &GatewayName,
        order: &OrderId,
    ) -> Result<Option<Refund>, StoreError> {
        let (gateway, order) = (gateway.clone(), order.clone());
        self.read(move |c| refunds::already_requested(c, &gateway, &order))
            .await
    }

    async fn refunds_of(&self, key: &OrderKey) -> Result<Vec<Refund>, StoreError> {
        let key = key.clone();
        self.read(move |c| records::of_order(c, &key)).await
    }

    async fn pending_refunds(&self, page: PendingRefunds) -> Result<Vec<Refund>, StoreError> {
        self.read(move |c| refunds::pending(c, &page)).await
    }

    async fn refund_log(&self, id: RefundId) -> Result<Vec<RefundEntry>, StoreError> {
        self.read(move |c| events::read(c, Table::Refunds, &id.to_string()))
            .await
    }
}
