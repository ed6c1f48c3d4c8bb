//! One run of the sweep: which orders it works on, when, and what it tells of them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use duka_core::gateway::{Eligibility, GatewayExt};
use duka_core::{AccountName, ErrorKind, Money};
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::progress::{Cause, Gravity, Pending, Progress};
use super::settle::AtHold;
use super::turn::Ticket;
use super::{Bounds, Left, ListError, Mode, Plan, PlannedAction, Source, Summary, SweepEvent};
use crate::amount::AmountDifference;
use crate::driver::{CancelError, CancelOutcome, Canceller};
use crate::order::{OrderKey, TrackedOrder, Tracking};
use crate::record::{Record, Request};
use crate::store::{AbandonedPage, Condition, OpenResult};

/// Orders read from the store at a time.
pub(super) const PAGE: u32 = 500;
/// Orders of a list that are written to the store together.
const BATCH: usize = 256;

pub(super) struct Run<'a> {
    pub(super) canceller: &'a Canceller,
    pub(super) bounds: &'a Bounds,
    request: &'a Request,
    pub(super) tell: &'a (dyn Fn(SweepEvent<'_>) + Sync),
    progress: Mutex<Progress>,
    /// Cancelled when the caller wants to stop, or when the store fails.
    pub(super) halt: CancellationToken,
    /// One for each order that may be in hand at a time, new or to be settled.
    pub(super) slots: Semaphore,
    /// Told when an account may be free to begin an order.
    pub(super) freed: Notify,
}

enum Candidate {
    Work(Box<Work>),
    /// Considered, and left alone.
    Leave(OrderKey, Left),
}

/// An order to work on.
struct Work {
    order: TrackedOrder,
    /// What it costs by the list, which may not be what it is tracked with.
    listed: Option<Money>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        canceller: &'a Canceller,
        bounds: &'a Bounds,
        request: &'a Request,
        stop: &CancellationToken,
        tell: &'a (dyn Fn(SweepEvent<'_>) + Sync),
    ) -> Self {
        Self {
            canceller,
            bounds,
            request,
            tell,
            progress: Mutex::default(),
            halt: stop.child_token(),
            slots: Semaphore::new(bounds.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            freed: Notify::new(),
        }
    }

    pub(super) fn into_summary(self) -> Result<Summary, CancelError> {
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

    pub(super) async fn cancel_abandoned(&self, source: Source) -> Result<(), CancelError> {
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
                    Ok(Candidate::Work(work)) => Some(Ok(*work)),
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
            work.map(|work| async {
                let work = work?;
                self.considered();
                self.work_on(work).await;
                Ok(())
            })
            .buffer_unordered(self.bounds.concurrency.max(1)),
        );
        let mut settling: Option<BoxFuture<'_, Result<(), CancelError>>> = None;
        let mut begins = true;
        while begins || settling.is_some() {
            // What is in doubt does not wait for the end of a long list: by then it would be
            // too late to look.
            if settling.is_none() && self.is_due() {
                settling = Some(self.settle_due(AtHold::Wait).boxed());
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
    fn tracked(&self) -> BoxStream<'_, Result<Candidate, CancelError>> {
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
            Ok::<_, CancelError>(next.map(|next| (orders, Some(next))))
        });
        pages
            .flat_map(|page| match page {
                Ok(orders) => stream::iter(orders)
                    .map(|order| {
                        let listed = None;
                        Ok(Candidate::Work(Box::new(Work { order, listed })))
                    })
                    .boxed(),
                Err(trouble) => stream::iter([Err(trouble)]).boxed(),
            })
            .boxed()
    }

    /// Orders of a list, followed from here on, with those left out that a sweep of the
    /// store would leave out too.
    fn listed(
        &self,
        list: BoxStream<'static, Result<TrackedOrder, ListError>>,
    ) -> BoxStream<'_, Result<Candidate, CancelError>> {
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

    async fn follow(&self, orders: Vec<TrackedOrder>) -> Result<Vec<Candidate>, CancelError> {
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
            let listed = order.money;
            let known = store.order(&order.key).await?;
            candidates.push(self.candidate(known.unwrap_or(order), listed));
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

    fn candidate(&self, order: TrackedOrder, listed: Option<Money>) -> Candidate {
        let now = self.canceller.clock.now();
        let young = before(now, self.bounds.min_age);
        let old = before(now, self.bounds.look_back);
        let recent = before(now, self.grace());
        let untouched = order.last_action_at.is_none_or(|at| at <= recent);
        let why = match order.follow {
            Tracking::InProgress => Left::InHand,
            Tracking::Closed => Left::Settled,
            Tracking::Pending if order.created_at > young => Left::TooYoung,
            Tracking::Pending if order.created_at < old => Left::TooOld,
            Tracking::Pending if !untouched => Left::JustTouched,
            Tracking::Pending => return Candidate::Work(Box::new(Work { order, listed })),
        };
        Candidate::Leave(order.key, why)
    }

    fn leave(&self, key: &OrderKey, why: Left) {
        self.lock().summary.skipped += 1;
        (self.tell)(SweepEvent::LeftAlone(key, why));
    }

    async fn work_on(&self, work: Work) {
        let key = work.order.key.clone();
        let Some(turn) = self.turn(&key.account).await else {
            let mut progress = self.lock();
            match progress.account(&key.account).stopped {
                Some(cause) => progress.count_left_behind(cause),
                // The sweep itself is stopped.
                None => progress.summary.skipped += 1,
            }
            return;
        };
        match self.bounds.mode {
            Mode::DryRun => self.plan(work, &turn.ticket).await,
            Mode::Act => match self.begin(&work).await {
                Ok(OpenResult::New(record)) => {
                    let worked = self.canceller.work(record).await;
                    self.handled(&key, worked, &turn.ticket);
                }
                // Another worker was faster, or a list names it twice.
                Ok(OpenResult::AlreadyOpen(_) | OpenResult::Stale) => {
                    self.leave(&key, Left::InHand);
                }
                Err(trouble) => self.failed(&key, &trouble),
            },
        }
    }

    async fn begin(&self, work: &Work) -> Result<OpenResult, CancelError> {
        let Work { order, listed } = work;
        // What this worker cannot carry out it does not begin.
        self.canceller.check_gateway(&order.key, &order.gateway)?;
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
        let since = order.last_action_at;
        let untouched = Condition::IfUnmodifiedSince { since };
        let request = self.request.clone();
        self.canceller.open(key, request, *listed, untouched).await
    }

    async fn plan(&self, work: Work, ticket: &Ticket<'_>) {
        let Work { order, listed } = work;
        let key = &order.key;
        let followed = self.canceller.check_gateway(key, &order.gateway);
        let gateway = followed.and_then(|()| self.canceller.gateway(&key.account));
        let gateway = match gateway {
            Ok(gateway) => gateway,
            Err(trouble) => return self.failed(key, &trouble),
        };
        let looked = gateway.eligibility(&key.order).await;
        self.note(ticket, looked.as_ref().err());
        let (reading, may_be_cancelled) = match looked {
            Ok(Eligibility::Eligible(reading)) => (Some(reading), true),
            Ok(Eligibility::NotEligible(reading)) => (Some(reading), false),
            // As in earnest: nothing would be sent for an order that is not there.
            Err(error) if error.kind() == ErrorKind::NotFound => (None, false),
            Err(error) => return self.failed(key, &CancelError::Gateway(error)),
        };
        let amount = reading
            .as_ref()
            .filter(|_| may_be_cancelled)
            .and_then(|reading| {
                let check = self.canceller.settings.amount_check;
                AmountDifference::between(check, listed, order.money, reading.money)
            });
        let would = if may_be_cancelled && amount.is_none() {
            PlannedAction::Cancel
        } else {
            PlannedAction::Skip
        };
        {
            let summary = &mut self.lock().summary;
            match would {
                PlannedAction::Cancel => summary.eligible += 1,
                PlannedAction::Skip => summary.skipped += 1,
            }
        }
        (self.tell)(SweepEvent::Plan(&Plan {
            key: order.key.clone(),
            gateway: order.gateway,
            reading,
            would,
            money: listed.or(order.money),
            amount,
        }));
    }

    pub(super) fn considered(&self) {
        self.lock().summary.considered += 1;
        (self.tell)(SweepEvent::Considered);
    }

    pub(super) fn failed(&self, key: &OrderKey, trouble: &CancelError) {
        if self.lock().count_trouble(trouble) == Gravity::TheStore {
            self.halt.cancel();
        }
        (self.tell)(SweepEvent::Failed(key, trouble));
    }

    pub(super) fn handled(
        &self,
        key: &OrderKey,
        worked: Result<CancelOutcome, CancelError>,
        ticket: &Ticket<'_>,
    ) {
        let CancelOutcome { record, error } = match worked {
            Ok(handled) => handled,
            Err(trouble) => return self.failed(key, &trouble),
        };
        self.note(ticket, error.as_ref());
        self.take_in(record, Cause::of(error.as_ref()));
    }

    /// Waits for a cancellation that is to be looked at again; counts any other.
    pub(super) fn take_in(&self, record: Record, cause: Cause) {
        match record.due_at {
            Some(due_at) => {
                let mut progress = self.lock();
                let account = progress.account(&record.key.account);
                let cause = Some(cause);
                account.pending.insert(record.id, Pending { due_at, cause });
            }
            None => self.finish(&record, cause),
        }
    }

    /// Counts a cancellation that this sweep has no more to do with, and tells of it.
    pub(super) fn finish(&self, record: &Record, cause: Cause) {
        self.lock().count(record, cause);
        (self.tell)(SweepEvent::Cancellation(record));
    }

    fn is_due(&self) -> bool {
        let now = self.canceller.clock.now();
        let progress = self.lock();
        let going = progress.accounts.values().filter(|a| a.stopped.is_none());
        let mut pending = going.flat_map(|a| a.pending.values());
        !self.halt.is_cancelled() && pending.any(|it| it.due_at <= now)
    }

    /// How long until something can be looked at again, at an account that has not been
    /// stopped and is not held by then.
    pub(super) fn until_next(&self) -> Option<Duration> {
        let now = Instant::now();
        let progress = self.lock();
        let going = progress.accounts.values().filter(|a| a.stopped.is_none());
        let waits = going.filter_map(|account| {
            let next = account.pending.values().map(|it| it.due_at).min()?;
            let held = account.pace.trust.held_for(now);
            Some(self.canceller.until(next).max(held))
        });
        waits.min()
    }

    pub(super) fn is_stopped(&self, account: &AccountName) -> bool {
        let progress = self.lock();
        let account = progress.accounts.get(account);
        account.is_some_and(|a| a.stopped.is_some())
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
