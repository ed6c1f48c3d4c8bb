//! One run of the sweep: which orders it works on, when, and what it tells of them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use duka_core::gateway::{Eligibility, GatewayExt};
use duka_core::{AccountName, Error, ErrorKind};
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use jiff::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::pace::{Verdict, Went};
use super::progress::{Gravity, Progress};
use super::{Bounds, Left, ListError, Mode, News, Plan, Source, Summary, Would};
use crate::driver::{Canceller, Handled, Trouble, is_hopeless};
use crate::order::{Follow, OrderKey, TrackedOrder};
use crate::record::{Record, Request};
use crate::store::{AbandonedPage, Condition, Opened};

/// Orders read from the store at a time.
pub(super) const PAGE: u32 = 500;
/// Orders of a list that are written to the store together.
const BATCH: usize = 256;
/// The longest that an account is held because its gateway asked for it.
const LONGEST_HOLD: Duration = Duration::from_secs(5 * 60);

pub(super) struct Run<'a> {
    pub(super) canceller: &'a Canceller,
    pub(super) bounds: &'a Bounds,
    request: &'a Request,
    tell: &'a (dyn Fn(News<'_>) + Sync),
    progress: Mutex<Progress>,
    /// Cancelled when the caller wants to stop, or when the store fails.
    pub(super) halt: CancellationToken,
    /// One for each order that may be in hand at a time, new or to be settled.
    slots: Semaphore,
}

enum Candidate {
    Work(Box<TrackedOrder>),
    /// Considered, and left alone.
    Leave(OrderKey, Left),
}

impl<'a> Run<'a> {
    pub(super) fn new(
        canceller: &'a Canceller,
        bounds: &'a Bounds,
        request: &'a Request,
        stop: &CancellationToken,
        tell: &'a (dyn Fn(News<'_>) + Sync),
    ) -> Self {
        Self {
            canceller,
            bounds,
            request,
            tell,
            progress: Mutex::default(),
            halt: stop.child_token(),
            slots: Semaphore::new(bounds.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
        }
    }

    pub(super) fn into_summary(self) -> Result<Summary, Trouble> {
        let progress = self.progress.into_inner();
        let progress = progress.unwrap_or_else(PoisonError::into_inner);
        Ok(progress.into_summary()?)
    }

    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, Progress> {
        // Counters are never left half changed.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The accounts that are worked for, without those that have been stopped.
    pub(super) fn accounts(&self) -> Vec<AccountName> {
        let wanted = self.bounds.account.as_ref();
        let mut accounts = self.canceller.accounts();
        accounts.retain(|account| {
            wanted.is_none_or(|only| account == only) && !self.is_stopped(account)
        });
        accounts
    }

    pub(super) async fn cancel_abandoned(&self, source: Source) -> Result<(), Trouble> {
        let candidates = match source {
            Source::Tracked => self.tracked(),
            Source::List(list) => self.listed(list),
        };
        let max = usize::try_from(self.bounds.max.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let work = candidates
            .take_until(self.halt.clone().cancelled_owned())
            .filter_map(|candidate| {
                futures::future::ready(match candidate {
                    Err(trouble) => {
                        self.halt.cancel();
                        Some(Err(trouble))
                    }
                    Ok(Candidate::Work(order)) => Some(Ok(*order)),
                    Ok(Candidate::Leave(key, why)) => {
                        self.considered();
                        self.leave(&key, why);
                        None
                    }
                })
            })
            .take(max);
        let mut trouble = None;
        let mut running = Box::pin(
            work.map(|order| async {
                let order = order?;
                self.considered();
                self.work_on(order).await;
                Ok(())
            })
            .buffer_unordered(self.bounds.concurrency.max(1)),
        );
        let mut settling: Option<BoxFuture<'_, Result<(), Trouble>>> = None;
        let mut begins = true;
        while begins || settling.is_some() {
            // What is in doubt does not wait for the end of a long list: by then it would be
            // too late to look.
            if settling.is_none() && self.is_due() {
                settling = Some(self.settle_due().boxed());
            }
            let outcome = tokio::select! {
                done = running.next(), if begins => {
                    begins = done.is_some();
                    done.unwrap_or(Ok(()))
                }
                settled = ended(&mut settling), if settling.is_some() => {
                    settling = None;
                    settled
                }
            };
            // The others in flight are still finished; nothing new is begun.
            if let Err(error) = outcome {
                self.halt.cancel();
                trouble.get_or_insert(error);
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    /// Orders of the store that may be abandoned, page by page.
    fn tracked(&self) -> BoxStream<'_, Result<Candidate, Trouble>> {
        let now = self.canceller.clock.now();
        let page = AbandonedPage {
            created_from: before(now, self.bounds.look_back),
            created_until: before(now, self.bounds.min_age),
            untouched_since: before(now, self.grace()),
            account: self.bounds.account.clone(),
            after: None,
            limit: PAGE,
        };
        let pages = stream::try_unfold(Some(page), move |page| async move {
            let Some(page) = page else { return Ok(None) };
            let orders = self.canceller.store.abandoned(page.clone()).await?;
            let next = orders.last().map(|last| AbandonedPage {
                after: Some((last.created_at, last.key.clone())),
                ..page
            });
            Ok::<_, Trouble>(next.map(|next| (orders, Some(next))))
        });
        pages
            .flat_map(|page| match page {
                Ok(orders) => {
                    stream::iter(orders.into_iter().map(|o| Ok(Candidate::Work(Box::new(o)))))
                        .boxed()
                }
                Err(trouble) => stream::iter([Err(trouble)]).boxed(),
            })
            .boxed()
    }

    /// Orders of a list, followed from here on, with those left out that a sweep of the
    /// store would leave out too.
    fn listed(
        &self,
        list: BoxStream<'static, Result<TrackedOrder, ListError>>,
    ) -> BoxStream<'_, Result<Candidate, Trouble>> {
        let good = list.scan((), |(), item| {
            let good = item
                .map_err(|error| self.lock().summary.list_error = Some(error.to_string()))
                .ok();
            futures::future::ready(good)
        });
        good.filter(|order| {
            let wanted = self.bounds.account.as_ref();
            futures::future::ready(wanted.is_none_or(|account| *account == order.key.account))
        })
        .ready_chunks(BATCH)
        .then(|orders| self.follow(orders))
        .flat_map(|batch| match batch {
            Ok(candidates) => stream::iter(candidates.into_iter().map(Ok)).boxed(),
            Err(trouble) => stream::iter([Err(trouble)]).boxed(),
        })
        .boxed()
    }

    async fn follow(&self, orders: Vec<TrackedOrder>) -> Result<Vec<Candidate>, Trouble> {
        let store = &self.canceller.store;
        let orders: Vec<_> = orders
            .into_iter()
            .map(|order| self.canonical(order))
            .collect();
        if self.bounds.mode == Mode::Act {
            store.track(orders.clone()).await?;
        }
        let mut candidates = Vec::with_capacity(orders.len());
        for order in orders {
            let known = store.order(&order.key).await?;
            candidates.push(self.candidate(known.unwrap_or(order)));
        }
        Ok(candidates)
    }

    fn grace(&self) -> Duration {
        self.bounds.grace.unwrap_or(self.bounds.min_age)
    }

    /// The order under the one form of its id. One of an account that is not configured
    /// stays as it is: it fails when its turn comes.
    fn canonical(&self, order: TrackedOrder) -> TrackedOrder {
        match self.canceller.canonical(&order.key) {
            Ok(key) => TrackedOrder { key, ..order },
            Err(_) => order,
        }
    }

    fn candidate(&self, order: TrackedOrder) -> Candidate {
        let now = self.canceller.clock.now();
        let young = before(now, self.bounds.min_age);
        let old = before(now, self.bounds.look_back);
        let recent = before(now, self.grace());
        let untouched = order.touched_at.is_none_or(|at| at <= recent);
        let why = match order.follow {
            Follow::InHand => Left::InHand,
            Follow::Settled => Left::Settled,
            Follow::Open if order.created_at > young => Left::TooYoung,
            Follow::Open if order.created_at < old => Left::TooOld,
            Follow::Open if !untouched => Left::JustTouched,
            Follow::Open => return Candidate::Work(Box::new(order)),
        };
        Candidate::Leave(order.key, why)
    }

    fn leave(&self, key: &OrderKey, why: Left) {
        self.lock().summary.skipped += 1;
        (self.tell)(News::LeftAlone(key, why));
    }

    async fn work_on(&self, order: TrackedOrder) {
        let key = order.key.clone();
        if self.is_stopped(&key.account) {
            self.lock().count_left_behind(&key.account);
            return;
        }
        self.wait_for_turn(&key.account).await;
        let _slot = self.slot().await;
        if self.halt.is_cancelled() {
            self.lock().summary.skipped += 1;
            return;
        }
        match self.bounds.mode {
            Mode::DryRun => self.plan(order).await,
            Mode::Act => match self.begin(&order).await {
                Ok(Opened::New(record)) => {
                    let worked = self.canceller.work(record).await;
                    self.handled(&key, worked);
                }
                // Another worker was faster, or a list names it twice.
                Ok(Opened::AlreadyOpen(_) | Opened::Touched) => self.leave(&key, Left::InHand),
                Err(trouble) => self.failed(&key, &trouble),
            },
        }
    }

    pub(super) async fn slot(&self) -> SemaphorePermit<'_> {
        let slot = self.slots.acquire().await;
        slot.expect("nobody closes the semaphore")
    }

    async fn begin(&self, order: &TrackedOrder) -> Result<Opened, Trouble> {
        // What this worker cannot carry out it does not begin.
        let key = self.canceller.canonical(&order.key)?;
        if key.order.as_str() != order.key.order.as_str() {
            // Followed by somebody under another form of its id, it would get a record, and
            // a request, of its own.
            let order = TrackedOrder {
                key: key.clone(),
                ..order.clone()
            };
            self.canceller.store.track(vec![order]).await?;
        }
        let since = order.touched_at;
        let untouched = Condition::Untouched { since };
        let request = self.request.clone();
        self.canceller.open(key, request, untouched).await
    }

    async fn plan(&self, order: TrackedOrder) {
        let key = &order.key;
        let gateway = match self.canceller.gateway(&key.account) {
            Ok(gateway) => gateway,
            Err(trouble) => return self.failed(key, &trouble),
        };
        let looked = gateway.eligibility(&key.order).await;
        self.note_failure(&key.account, looked.as_ref().err());
        let (reading, would) = match looked {
            Ok(Eligibility::Eligible(reading)) => (Some(reading), Would::Cancel),
            Ok(Eligibility::NotEligible(reading)) => (Some(reading), Would::Skip),
            // As in earnest: nothing would be sent for an order that is not there.
            Err(error) if error.kind() == ErrorKind::NotFound => (None, Would::Skip),
            Err(error) => return self.failed(key, &Trouble::Gateway(error)),
        };
        {
            let summary = &mut self.lock().summary;
            match would {
                Would::Cancel => summary.eligible += 1,
                Would::Skip => summary.skipped += 1,
            }
        }
        (self.tell)(News::Plan(&Plan {
            key: order.key.clone(),
            gateway: order.gateway,
            reading,
            would,
        }));
    }

    pub(super) fn considered(&self) {
        self.lock().summary.considered += 1;
        (self.tell)(News::Considered);
    }

    pub(super) fn failed(&self, key: &OrderKey, trouble: &Trouble) {
        if self.lock().count_trouble(trouble) == Gravity::TheStore {
            self.halt.cancel();
        }
        (self.tell)(News::Failed(key, trouble));
    }

    pub(super) fn handled(&self, key: &OrderKey, worked: Result<Handled, Trouble>) {
        let Handled { record, error } = match worked {
            Ok(handled) => handled,
            Err(trouble) => return self.failed(key, &trouble),
        };
        self.note_failure(&key.account, error.as_ref());
        match record.due_at {
            Some(due_at) => {
                let mut progress = self.lock();
                let account = progress.account(&key.account);
                account.pending.insert(record.id, due_at);
            }
            None => self.finish(&record),
        }
    }

    /// Counts a cancellation that this sweep has no more to do with, and tells of it.
    pub(super) fn finish(&self, record: &Record) {
        self.lock().count(record);
        (self.tell)(News::Cancellation(record));
    }

    /// When to look next, at an account that has not been stopped.
    fn is_due(&self) -> bool {
        let now = self.canceller.clock.now();
        !self.halt.is_cancelled() && self.next_due().is_some_and(|due| due <= now)
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let progress = self.lock();
        let going = progress.accounts.values().filter(|a| !a.stopped);
        going.flat_map(|a| a.pending.values()).min().copied()
    }

    pub(super) fn is_stopped(&self, account: &AccountName) -> bool {
        let progress = self.lock();
        progress.accounts.get(account).is_some_and(|a| a.stopped)
    }

    /// Stops an account whose credentials are refused, or whose gateway keeps failing.
    pub(super) fn note_failure(&self, account: &AccountName, error: Option<&Error>) {
        let reason = {
            let mut progress = self.lock();
            let account = progress.account(account);
            let Some(error) = error else {
                account.pace.note(Went::Well, self.bounds.error_rate);
                return;
            };
            if let Some(wait) = error.retry_after() {
                account.pace.hold(wait.min(LONGEST_HOLD), Instant::now());
            }
            let hopeless = is_hopeless(error);
            // What the gateway refuses about one order says nothing about the next one.
            let went = if hopeless {
                Went::TurnedAway
            } else if error.kind().is_callers_fault() {
                Went::Well
            } else {
                Went::Wrong
            };
            let verdict = account.pace.note(went, self.bounds.error_rate);
            if account.stopped || verdict == Verdict::GoOn {
                return;
            }
            account.stopped = true;
            error.in_full().to_string()
        };
        (self.tell)(News::AccountStopped(account, reason));
    }

    /// Waits for this order's turn, if its account has a rate or was asked to slow down.
    pub(super) async fn wait_for_turn(&self, account: &AccountName) {
        let rate = self.bounds.rate;
        let turn = self.lock().account(account).pace.turn(rate, Instant::now());
        tokio::select! {
            () = tokio::time::sleep_until(turn) => {}
            () = self.halt.cancelled() => {}
        }
    }
}

/// The end of a future, if there is one.
async fn ended<T>(future: &mut Option<BoxFuture<'_, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

pub(super) fn before(now: Timestamp, age: Duration) -> Timestamp {
    now.checked_sub(age).unwrap_or(Timestamp::MIN)
}
