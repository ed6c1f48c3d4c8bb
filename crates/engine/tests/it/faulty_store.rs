//! A store in which something happens at the worst moment.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use async_trait::async_trait;
use duka_core::{
    AccountName, CancellationId, CreationId, GatewayName, Observation, OrderId, RefundId,
};
use duka_engine::create::{BeginCreation, Creation, CreationEnd, Duplicates, OpenCreations};
use duka_engine::refunds::{
    BeginRefund, PendingRefunds, RefundEntry, RefundIntent, RefundUpdate, RefundUpdateResult,
};
use duka_engine::store::{
    AbandonedPage, Claim, HeldPage, HoldChange, NewCancellation, OpenResult, ReportPage,
    StoreStats, Tracked, Update, UpdateResult,
};
use duka_engine::{
    AmountCheck, Hold, LogEntry, OrderEvent, OrderKey, Record, Refund, RefundStore, Store,
    StoreError, TrackedOrder,
};

type BeforeAdvance = Box<dyn FnMut(&Update) -> Result<(), StoreError> + Send>;
type BeforeRefund = Box<dyn FnMut(&RefundUpdate) -> Result<(), StoreError> + Send>;
type BeforeTrack = Box<dyn FnMut(usize) -> Result<(), StoreError> + Send>;

/// Does what the store within does, unless a test tells it to fail. A paused clock stands
/// still during its writes.
pub(crate) struct FaultyStore {
    within: Arc<dyn RefundStore>,
    before_advance: Mutex<BeforeAdvance>,
    before_track: Mutex<BeforeTrack>,
    before_refund: Mutex<BeforeRefund>,
    claims: AtomicUsize,
}

/// Runs `work` with the paused clock of tokio standing still: the writer of the store is a
/// thread that tokio does not know, so the clock would leap to the next timer meanwhile.
async fn holding_the_clock<T>(work: impl Future<Output = T>) -> T {
    let (done, wait) = mpsc::channel::<()>();
    let holds = tokio::task::spawn_blocking(move || wait.recv());
    let result = work.await;
    drop(done);
    // An error is what ends the wait.
    let _ = holds.await;
    result
}

impl FaultyStore {
    pub(crate) fn new(within: Arc<dyn RefundStore>) -> Self {
        Self {
            within,
            before_advance: Mutex::new(Box::new(|_| Ok(()))),
            before_track: Mutex::new(Box::new(|_| Ok(()))),
            before_refund: Mutex::new(Box::new(|_| Ok(()))),
            claims: AtomicUsize::new(0),
        }
    }

    /// How often a worker has tried to claim a cancellation.
    pub(crate) fn claims(&self) -> usize {
        self.claims.load(Ordering::SeqCst)
    }

    /// What happens before each change; an error takes its place.
    pub(crate) fn before_advance(
        &self,
        meddle: impl FnMut(&Update) -> Result<(), StoreError> + Send + 'static,
    ) {
        *self.before_advance.lock().unwrap() = Box::new(meddle);
    }

    /// What happens before each change of a refund.
    pub(crate) fn before_refund(
        &self,
        meddle: impl FnMut(&RefundUpdate) -> Result<(), StoreError> + Send + 'static,
    ) {
        *self.before_refund.lock().unwrap() = Box::new(meddle);
    }

    /// What happens before orders are followed, of which it is told the number.
    pub(crate) fn before_track(
        &self,
        meddle: impl FnMut(usize) -> Result<(), StoreError> + Send + 'static,
    ) {
        *self.before_track.lock().unwrap() = Box::new(meddle);
    }
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaultyStore")
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn track(&self, orders: Vec<TrackedOrder>) -> Result<Tracked, StoreError> {
        (self.before_track.lock().unwrap())(orders.len())?;
        holding_the_clock(self.within.track(orders)).await
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
        self.within.find_orders(text).await
    }

    async fn observe(
        &self,
        key: &OrderKey,
        seen: Observation,
        check: AmountCheck,
        actor: &str,
    ) -> Result<(), StoreError> {
        holding_the_clock(self.within.observe(key, seen, check, actor)).await
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
        holding_the_clock(self.within.open(new_cancellation)).await
    }

    async fn advance(&self, change: Update) -> Result<UpdateResult, StoreError> {
        (self.before_advance.lock().unwrap())(&change)?;
        holding_the_clock(self.within.advance(change)).await
    }

    async fn claim_one(
        &self,
        id: CancellationId,
        claim: Claim,
    ) -> Result<Option<Record>, StoreError> {
        self.claims.fetch_add(1, Ordering::SeqCst);
        holding_the_clock(self.within.claim_one(id, claim)).await
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
        self.within.abandoned(page).await
    }

    async fn report(&self, page: ReportPage) -> Result<Vec<Record>, StoreError> {
        self.within.report(page).await
    }

    async fn log(&self, id: CancellationId) -> Result<Vec<LogEntry>, StoreError> {
        self.within.log(id).await
    }

    async fn check(&self) -> Result<StoreStats, StoreError> {
        self.within.check().await
    }

    async fn waiting(&self) -> Result<u64, StoreError> {
        self.within.waiting().await
    }

    async fn too_old(
        &self,
        from: jiff::Timestamp,
        account: Option<AccountName>,
    ) -> Result<u64, StoreError> {
        self.within.too_old(from, account).await
    }
}

#[async_trait]
impl RefundStore for FaultyStore {
    async fn begin_refund(&self, intent: RefundIntent) -> Result<BeginRefund, StoreError> {
        self.within.begin_refund(intent).await
    }

    async fn advance_refund(&self, change: RefundUpdate) -> Result<RefundUpdateResult, StoreError> {
        (self.before_refund.lock().unwrap())(&change)?;
        self.within.advance_refund(change).await
    }

    async fn refund(&self, id: RefundId) -> Result<Option<Refund>, StoreError> {
        self.within.refund(id).await
    }

    async fn earlier_refund(
        &self,
        gateway: &GatewayName,
        order: &OrderId,
    ) -> Result<Option<Refund>, StoreError> {
        self.within.earlier_refund(gateway, order).await
    }

    async fn refunds_of(&self, key: &OrderKey) -> Result<Vec<Refund>, StoreError> {
        self.within.refunds_of(key).await
    }

    async fn pending_refunds(&self, page: PendingRefunds) -> Result<Vec<Refund>, StoreError> {
        self.within.pending_refunds(page).await
    }

    async fn refund_log(&self, id: RefundId) -> Result<Vec<RefundEntry>, StoreError> {
        self.within.refund_log(id).await
    }
}
