//! A store that does what the one within does, hears what it is asked, and may make one
//! mistake.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use duka_core::clock::SharedClock;
use duka_core::{AccountName, CancellationId, CreationId, Observation};
use duka_engine::create::{BeginCreation, Creation, CreationEnd, Duplicates, OpenCreations};
use duka_engine::store::{
    AbandonedPage, Attempt, Claim, Condition, HeldPage, HoldChange, NewCancellation, OpenResult,
    Precondition, ReportPage, Schedule, StoreStats, Tracked, Update, UpdateResult,
};
use duka_engine::{
    AmountCheck, Hold, LogEntry, OrderEvent, OrderKey, Record, SqliteStore, Store, StoreError,
    StoreErrorKind, TrackedOrder,
};
use jiff::Timestamp;
use rusqlite::{Connection, Params};

use super::asked::{Call, LOOKER};

/// What a store can get wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    /// Writes over what another worker has written meanwhile.
    IgnoresTheVersion,
    /// Writes over a payment that was seen.
    IgnoresTheGuard,
    /// Leaves the worker nothing of a claim that it keeps.
    ReleasesWhatIsKept,
    /// Takes no news for news.
    ForgetsTheMessage,
    /// Keeps what was seen in a change that was too late.
    KeepsHalfOfAConflict,
    /// Keeps the line of a request that was refused.
    KeepsHalfOfARefusal,
    /// Writes down a second request where one is all there is.
    AllowsASecondRequest,
    /// Counts a request that never left.
    KeepsTheTurn,
    /// Loses the third line of every log.
    ForgetsALine,
    /// Takes the last sight for the best.
    LosesTheMerge,
    /// Lets a second source change an order.
    TracksAgain,
    /// Begins a cancellation where one is open.
    TakesOpenForOver,
    /// Begins although another worker has acted meanwhile.
    IgnoresTheCondition,
    /// Hands out what another worker holds.
    HandsOutWhatIsHeld,
    /// Takes a claim for a change.
    MakesNewsOfAClaim,
    /// Leaves out what was created at the moment on which a page ended.
    SkipsTwins,
    /// Reports what has not changed.
    IgnoresSince,
    /// Offers a sweep what was touched a moment ago.
    SweepsTheTouched,
    /// Finds orders by their ids alone.
    ForgetsReferences,
    /// Counts what waits for a person among the unsettled.
    Miscounts,
    /// Loses something when the program ends.
    ForgetsWhoHeldIt,
}

/// A mistake, what must happen in a life for it to show, and where it shows first.
pub(super) type Known = (Mistake, &'static str, &'static str);

impl Mistake {
    pub(super) const ALL: [Known; 21] = [
        (Self::IgnoresTheVersion, "advance: conflict", "advance"),
        (Self::IgnoresTheGuard, "advance: seen paid", "advance"),
        (Self::ReleasesWhatIsKept, "Sending", "advance"),
        (Self::ForgetsTheMessage, "open: new", "advance"),
        (Self::KeepsHalfOfAConflict, "advance: conflict", "order"),
        (Self::KeepsHalfOfARefusal, "advance: once used", "log"),
        (Self::AllowsASecondRequest, "advance: once used", "advance"),
        (Self::KeepsTheTurn, "written: not_sent", "attempts"),
        (Self::ForgetsALine, "Accepted", "log"),
        (Self::LosesTheMerge, "observe: observed", "order"),
        (Self::TracksAgain, "track: tracked", "order"),
        (Self::TakesOpenForOver, "open: already open", "open"),
        (Self::IgnoresTheCondition, "open: touched", "open"),
        (
            Self::HandsOutWhatIsHeld,
            "claim_one: nothing to claim",
            "claim_one",
        ),
        (
            Self::MakesNewsOfAClaim,
            "claim_one: claimed",
            "cancellation",
        ),
        (Self::SkipsTwins, "open: new", "report"),
        (Self::IgnoresSince, "open: new", "report"),
        (
            Self::SweepsTheTouched,
            "Done(Skipped(NotFound))",
            "abandoned",
        ),
        (Self::ForgetsReferences, "track: tracked", "find_orders"),
        (Self::Miscounts, "NeedsReview", "check"),
        (Self::ForgetsWhoHeldIt, "open: new", "cancellation"),
    ];
}

pub(super) struct Between {
    within: SqliteStore,
    clock: SharedClock,
    /// Past the store, for what it would not do.
    file: Mutex<Connection>,
    mistake: Option<Mistake>,
    heard: Mutex<Vec<(Timestamp, Call)>>,
}

impl Between {
    pub(super) fn open(path: &Path, clock: SharedClock, mistake: Option<Mistake>) -> Self {
        let between = Self {
            within: SqliteStore::open(path, clock.clone()).unwrap(),
            clock,
            file: Mutex::new(Connection::open(path).unwrap()),
            mistake,
            heard: Mutex::default(),
        };
        if between.makes(Mistake::AllowsASecondRequest) {
            between.forge("DROP INDEX IF EXISTS attempts_once", []);
            between.forge("DROP INDEX IF EXISTS attempts_once_at_gateway", []);
        }
        if between.makes(Mistake::ForgetsWhoHeldIt) {
            between.forge("UPDATE cancellations SET worker = NULL", []);
        }
        between
    }

    /// The writing calls since the last time, and when they came.
    pub(super) fn heard(&self) -> Vec<(Timestamp, Call)> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }

    fn hear(&self, call: Call) {
        self.heard.lock().unwrap().push((self.clock.now(), call));
    }

    fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    fn forge(&self, sql: &str, parameters: impl Params) {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.execute(sql, parameters).unwrap();
    }

    fn bent(&self, change: Update, present: Option<Record>) -> Update {
        let mut bent = change;
        if let Some(present) = present.filter(|_| self.makes(Mistake::IgnoresTheVersion)) {
            bent.change.version = present.version;
        }
        if self.makes(Mistake::IgnoresTheGuard) {
            bent.precondition = Precondition::None;
        }
        if self.makes(Mistake::ReleasesWhatIsKept) {
            bent.change.schedule = match bent.change.schedule {
                Schedule::Hold { lease: pause, .. } | Schedule::Due(pause) => Schedule::Due(pause),
                Schedule::Never => Schedule::Never,
            };
        }
        if self.makes(Mistake::ForgetsTheMessage) {
            bent.change.message = Some(bent.change.message.unwrap_or_default());
        }
        if self.makes(Mistake::KeepsTheTurn) && bent.attempt == Attempt::TakenBack {
            bent.attempt = Attempt::Ended;
        }
        bent
    }

    /// After a claim.
    fn note(&self, claimed: impl IntoIterator<Item = CancellationId>) {
        if self.makes(Mistake::MakesNewsOfAClaim) {
            for id in claimed {
                let news = "UPDATE cancellations SET updated_at = ?2 WHERE id = ?1";
                self.forge(news, (id.to_string(), self.clock.now().as_microsecond()));
            }
        }
    }
}

impl fmt::Debug for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Between({:?})", self.mistake)
    }
}

#[async_trait]
impl Store for Between {
    async fn track(&self, orders: Vec<TrackedOrder>) -> Result<Tracked, StoreError> {
        self.hear(Call::Track(orders.clone()));
        let listed = orders.clone();
        let tracked = self.within.track(orders).await?;
        if self.makes(Mistake::TracksAgain) {
            for order in listed {
                let sql = "UPDATE orders SET note = ?3 WHERE account = ?1 AND order_id = ?2";
                let key = order.key;
                self.forge(sql, (key.account.as_str(), key.order.as_str(), order.note));
            }
        }
        Ok(tracked)
    }

    async fn begin_creation(
        &self,
        creation: Creation,
        order: Option<TrackedOrder>,
        duplicates: Duplicates,
    ) -> Result<BeginCreation, StoreError> {
        self.within
            .begin_creation(creation, order, duplicates)
            .await
    }

    async fn end_creation(
        &self,
        id: CreationId,
        end: CreationEnd,
    ) -> Result<Option<Creation>, StoreError> {
        self.within.end_creation(id, end).await
    }

    async fn open_creations(&self, page: OpenCreations) -> Result<Vec<Creation>, StoreError> {
        self.within.open_creations(page).await
    }

    async fn correct(&self, orders: Vec<TrackedOrder>) -> Result<Tracked, StoreError> {
        self.within.correct(orders).await
    }

    async fn orders(&self, keys: Vec<OrderKey>) -> Result<Vec<TrackedOrder>, StoreError> {
        self.within.orders(keys).await
    }

    async fn order(&self, key: &OrderKey) -> Result<Option<TrackedOrder>, StoreError> {
        self.within.order(key).await
    }

    async fn find_orders(&self, text: &str) -> Result<Vec<TrackedOrder>, StoreError> {
        let mut found = self.within.find_orders(text).await?;
        if self.makes(Mistake::ForgetsReferences) {
            found.retain(|order| order.key.order.as_str() == text);
        }
        Ok(found)
    }

    async fn observe(
        &self,
        key: &OrderKey,
        seen: Observation,
        check: AmountCheck,
        actor: &str,
    ) -> Result<(), StoreError> {
        let (told, by) = (Box::new(seen.clone()), actor.to_owned());
        self.hear(Call::Observe(key.clone(), told, check, by));
        if self.makes(Mistake::LosesTheMerge) {
            let sql = "UPDATE orders SET status = NULL WHERE account = ?1 AND order_id = ?2";
            self.forge(sql, (key.account.as_str(), key.order.as_str()));
        }
        self.within.observe(key, seen, check, actor).await
    }

    async fn change_hold(
        &self,
        key: &OrderKey,
        change: HoldChange,
    ) -> Result<Option<Hold>, StoreError> {
        self.within.change_hold(key, change).await
    }

    async fn held(&self, page: HeldPage) -> Result<Vec<TrackedOrder>, StoreError> {
        self.within.held(page).await
    }

    async fn order_events(&self, key: &OrderKey) -> Result<Vec<OrderEvent>, StoreError> {
        self.within.order_events(key).await
    }

    async fn open(&self, new_cancellation: NewCancellation) -> Result<OpenResult, StoreError> {
        self.hear(Call::Open(new_cancellation.clone()));
        let mut new_cancellation = new_cancellation;
        if self.makes(Mistake::IgnoresTheCondition) {
            new_cancellation.condition = Condition::Always;
        }
        if self.makes(Mistake::TakesOpenForOver) {
            let sql = "UPDATE cancellations SET state = 'done', outcome = 'confirmed'
                       WHERE account = ?1 AND order_id = ?2 AND state <> 'done'";
            let key = &new_cancellation.key;
            self.forge(sql, (key.account.as_str(), key.order.as_str()));
        }
        self.within.open(new_cancellation).await
    }

    async fn advance(&self, change: Update) -> Result<UpdateResult, StoreError> {
        self.hear(Call::Advance(Box::new(change.clone())));
        let (id, seen) = (change.change.id, change.seen.clone());
        let present = self.within.cancellation(id).await?;
        let change = self.bent(change, present);
        let advanced = self.within.advance(change).await;
        match &advanced {
            Ok(UpdateResult::Conflict(now)) if self.makes(Mistake::KeepsHalfOfAConflict) => {
                if let Some(seen) = seen {
                    let check = AmountCheck::Compare;
                    self.within.observe(&now.key, seen, check, LOOKER).await?;
                }
            }
            Err(error)
                if error.kind() == StoreErrorKind::OnceUsed
                    && self.makes(Mistake::KeepsHalfOfARefusal) =>
            {
                let sql = "INSERT INTO events (cancellation, number, at, event, to_state, actor)
                           VALUES (?1, 99, 0, 'status', 'sending', 'w0')";
                self.forge(sql, [id.to_string()]);
            }
            Ok(
                UpdateResult::Stored(_)
                | UpdateResult::Conflict(_)
                | UpdateResult::PreconditionFailed(_),
            )
            | Err(_) => {}
        }
        advanced
    }

    async fn claim_one(
        &self,
        id: CancellationId,
        claim: Claim,
    ) -> Result<Option<Record>, StoreError> {
        self.hear(Call::ClaimOne(id, claim.clone()));
        if self.makes(Mistake::HandsOutWhatIsHeld) {
            let sql = "UPDATE cancellations SET worker = NULL WHERE id = ?1";
            self.forge(sql, [id.to_string()]);
        }
        let claimed = self.within.claim_one(id, claim).await?;
        self.note(claimed.iter().map(|record| record.id));
        Ok(claimed)
    }

    async fn cancellation(&self, id: CancellationId) -> Result<Option<Record>, StoreError> {
        self.within.cancellation(id).await
    }

    async fn cancellations_of(&self, key: &OrderKey) -> Result<Vec<Record>, StoreError> {
        self.within.cancellations_of(key).await
    }

    async fn attempts(
        &self,
        account: &AccountName,
        shop_order: &str,
    ) -> Result<Vec<TrackedOrder>, StoreError> {
        self.within.attempts(account, shop_order).await
    }

    async fn abandoned(&self, page: AbandonedPage) -> Result<Vec<TrackedOrder>, StoreError> {
        let mut page = page;
        if self.makes(Mistake::SweepsTheTouched) {
            page.untouched_since = Timestamp::MAX;
        }
        self.within.abandoned(page).await
    }

    async fn report(&self, page: ReportPage) -> Result<Vec<Record>, StoreError> {
        let mut page = page;
        if self.makes(Mistake::IgnoresSince) {
            page.since = None;
        }
        let after = page.after.map(|(at, _)| at);
        let mut records = self.within.report(page).await?;
        if self.makes(Mistake::SkipsTwins) {
            records.retain(|record| Some(record.created_at) != after);
        }
        Ok(records)
    }

    async fn log(&self, id: CancellationId) -> Result<Vec<LogEntry>, StoreError> {
        let mut log = self.within.log(id).await?;
        if self.makes(Mistake::ForgetsALine) {
            log.retain(|entry| entry.number != 3);
        }
        Ok(log)
    }

    async fn check(&self) -> Result<StoreStats, StoreError> {
        let mut holdings = self.within.check().await?;
        if self.makes(Mistake::Miscounts) {
            holdings.unsettled += holdings.needs_review;
        }
        Ok(holdings)
    }

    async fn waiting(&self) -> Result<u64, StoreError> {
        self.within.waiting().await
    }

    async fn too_old(
        &self,
        from: Timestamp,
        account: Option<AccountName>,
    ) -> Result<u64, StoreError> {
        self.within.too_old(from, account).await
    }
}
