//! Reads what a sweep works on, and hands it to the accounts as they need it.

use std::collections::HashMap;

use duka_core::cancel::State;
use duka_core::{AccountName, CancellationId, Money};
use futures::stream::{BoxStream, StreamExt};
use jiff::Timestamp;

use super::bounds::{ListError, Mode, Source};
use super::context::{Context, PAGE, before};
use super::disposition::{Disposition, PlannedAction, Shown, Superseded};
use super::jobs::{self, Job, Unsettled, newer_paid, nothing_was_sent};
use super::queue::Queues;
use crate::error::EngineError;
use crate::order::{OrderKey, TrackedOrder};
use crate::record::Record;
use crate::store::{Abandoned, AbandonedPage, Claim, HeldPage, ReportFilter, ReportPage};

/// Orders of a list that are written to the store together.
const BATCH: usize = 256;

/// What earlier sweeps and other workers have left unsettled, for each account.
pub(super) type LeftUnsettled = HashMap<AccountName, Vec<(CancellationId, Unsettled)>>;

/// Reads what is unsettled, due or not, so that it is waited for and reported. What belongs to
/// an account that is not configured, or is at another gateway now, is reported at once; a dry
/// run does no more than that.
pub(super) async fn read_unsettled(context: &Context<'_>) -> Result<LeftUnsettled, EngineError> {
    let mut left = LeftUnsettled::new();
    // A worker that reads again what waits for a person may have died over it.
    for which in [ReportFilter::Unsettled, ReportFilter::Pending] {
        let mut page = page_of(context, which);
        loop {
            let records = context.canceller.store.report(page.clone()).await?;
            if !page.advance(&records) {
                break;
            }
            for record in records {
                let in_review = record.progress.state == State::NeedsReview;
                if in_review == (which == ReportFilter::Pending) {
                    note_unsettled(context, record, &mut left);
                }
            }
        }
    }
    Ok(left)
}

fn note_unsettled(context: &Context<'_>, record: Record, left: &mut LeftUnsettled) {
    let Some(due_at) = record.due_at else {
        return;
    };
    let now = context.now();
    let in_review = record.progress.state == State::NeedsReview;
    let unsettled = Unsettled {
        due_at,
        remedy: None,
        counted: false,
    };
    match context
        .canceller
        .check_gateway(&record.key, &record.gateway)
    {
        // It is not settled before the user corrects the configuration.
        Err(gone) if !in_review => {
            context.considered();
            context.failed(&record.key, &gone);
        }
        // The worker that reads it is alive, or its lease has not ended yet.
        Ok(()) if in_review && !Claim::has_lapsed(due_at, now) => {}
        // It is read like an order without a cancellation, and stays as it is.
        Ok(()) if nothing_was_sent(&record) && context.bounds.mode == Mode::Reconcile => {}
        Ok(()) if context.bounds.mode != Mode::DryRun => {
            let account = left.entry(record.key.account).or_default();
            account.push((record.id, unsettled));
        }
        Ok(()) | Err(_) => {}
    }
}

/// Fills the queues of the accounts: with what is to be rechecked, then with what may be
/// abandoned, then with what waits for a person.
pub(super) async fn fill(context: &Context<'_>, queues: &Queues, source: Source) {
    let reader = Reader { context, queues };
    if let Err(error) = reader.read(source).await {
        context.end_with(error);
    }
    queues.close();
}

struct Reader<'a> {
    context: &'a Context<'a>,
    queues: &'a Queues,
}

impl Reader<'_> {
    async fn read(&self, source: Source) -> Result<(), EngineError> {
        let mode = self.context.bounds.mode;
        if mode != Mode::DryRun {
            self.rechecks().await?;
        }
        match source {
            Source::Tracked => {
                self.count_too_old().await?;
                let mut left = self.context.bounds.max.unwrap_or(u64::MAX);
                self.tracked(&mut left).await?;
                if mode == Mode::Reconcile {
                    self.held(&mut left).await?;
                    self.not_begun(&mut left).await?;
                }
            }
            Source::List(list) => self.listed(list).await?,
        }
        if mode != Mode::DryRun {
            self.reviews().await?;
        }
        Ok(())
    }

    /// Waits until an account needs more; `false` once the sweep is to end.
    async fn is_needed(&self) -> bool {
        tokio::select! {
            () = self.context.halt.cancelled() => false,
            () = self.queues.wait_for_demand() => true,
        }
    }

    fn push(&self, job: Job) {
        if let Err(job) = self.queues.push(job) {
            let key = job.key();
            self.context.considered();
            let unknown = EngineError::UnknownAccount(key.account.clone());
            self.context.failed(key, &unknown);
        }
    }

    /// What was reported cancelled, failed or expired lately, for payments that came late.
    async fn rechecks(&self) -> Result<(), EngineError> {
        let Some(within) = self.context.bounds.recheck else {
            return Ok(());
        };
        let mut page = page_of(self.context, ReportFilter::ReportedUnpaid);
        page.since = Some(before(self.context.now(), within));
        // What is in doubt is settled.
        let wanted = |record: &Record| record.due_at.is_none();
        self.records(page, wanted, Job::Recheck).await
    }

    /// What waits for a person, each record after its [pause](Record::recheck_at), or at once if it
    /// has changed within [`Bounds::recheck`](super::bounds::Bounds::recheck).
    async fn reviews(&self) -> Result<(), EngineError> {
        let now = self.context.now();
        let page = page_of(self.context, ReportFilter::Pending);
        let wanted = |record: &Record| self.may_be_reviewed(record, now);
        self.records(page, wanted, Job::Review).await
    }

    async fn records(
        &self,
        mut page: ReportPage,
        wanted: impl Fn(&Record) -> bool,
        job: fn(Box<Record>) -> Job,
    ) -> Result<(), EngineError> {
        while self.is_needed().await {
            let records = self.context.canceller.store.report(page.clone()).await?;
            if !page.advance(&records) {
                break;
            }
            let wanted = records.into_iter().filter(&wanted);
            wanted.for_each(|record| self.push(job(Box::new(record))));
        }
        Ok(())
    }

    fn may_be_reviewed(&self, record: &Record, now: Timestamp) -> bool {
        let canceller = self.context.canceller;
        let recheck = self.context.bounds.recheck;
        let asked_for = recheck.is_some_and(|within| record.updated_at >= before(now, within));
        record
            .recheck_at(&canceller.settings.wait_policy)
            .is_some_and(|at| asked_for || Claim::has_lapsed(at, now))
            && canceller
                .check_gateway(&record.key, &record.gateway)
                .is_ok()
    }

    /// Orders of the store that may be abandoned, page by page: those first whose customers have
    /// paid by a newer attempt and could pay again.
    async fn tracked(&self, left: &mut u64) -> Result<(), EngineError> {
        let (bounds, now) = (self.context.bounds, self.context.now());
        for (which, until) in [
            (Abandoned::Superseded, now),
            (Abandoned::Expired, now),
            (Abandoned::ByAge, before(now, bounds.least_age())),
        ] {
            let page = AbandonedPage {
                which,
                from: before(now, bounds.look_back),
                until,
                untouched_since: before(now, bounds.effective_grace()),
                account: bounds.account.clone(),
                after: None,
                limit: PAGE,
            };
            self.pages(page, left).await?;
        }
        Ok(())
    }

    /// Counts what is before every page: that it is left alone is said, and it is not looked at.
    async fn count_too_old(&self) -> Result<(), EngineError> {
        let (bounds, store) = (self.context.bounds, &self.context.canceller.store);
        let from = before(self.context.now(), bounds.look_back);
        let too_old = store.too_old(from, bounds.account.clone()).await?;
        self.context.summary().too_old += too_old;
        Ok(())
    }

    async fn pages(&self, mut page: AbandonedPage, left: &mut u64) -> Result<(), EngineError> {
        while *left > 0 && self.is_needed().await {
            let orders = self.context.canceller.store.abandoned(page.clone()).await?;
            let Some(last) = orders.last() else { break };
            let moment = match page.which {
                Abandoned::ByAge | Abandoned::Superseded => last.age_from(),
                Abandoned::Expired => last.expires_at.unwrap_or(last.age_from()),
            };
            page.after = Some((moment, last.key.clone()));
            for order in orders {
                let disposition = self.disposition(&order, Superseded::No);
                match (page.which, disposition.action) {
                    // Its time has come, and its page comes, too.
                    (Abandoned::Superseded, PlannedAction::Cancel) => {}
                    (Abandoned::Superseded, PlannedAction::Leave(reason)) => {
                        if reason.is_too_early() {
                            self.superseded(order, None, disposition, left).await?;
                        }
                    }
                    (_, PlannedAction::Cancel) => self.abandoned(order, None, None, left),
                    // A younger order is none of those that the sweep looks at, unless a rule
                    // makes it so.
                    (_, PlannedAction::Leave(_)) if disposition.rule.is_none() => {}
                    // It was taken with those whose newer attempt is paid.
                    (_, PlannedAction::Leave(reason))
                        if reason.is_too_early()
                            && newer_paid(self.context.canceller, &order).await?.is_some() => {}
                    (_, PlannedAction::Leave(_)) => self.leave(&order, disposition),
                }
            }
        }
        Ok(())
    }

    /// Takes an order that is too early for a sweep, unless a newer attempt is paid.
    async fn superseded(
        &self,
        order: TrackedOrder,
        listed: Option<Money>,
        disposition: Disposition,
        left: &mut u64,
    ) -> Result<(), EngineError> {
        let newer = newer_paid(self.context.canceller, &order).await?;
        let disposition = match newer {
            Some(_) => self.disposition(&order, Superseded::Yes),
            None => disposition,
        };
        match disposition.action {
            PlannedAction::Cancel => self.abandoned(order, listed, newer, left),
            PlannedAction::Leave(_) => self.leave(&order, disposition),
        }
        Ok(())
    }

    /// Held orders of the store, as old as those that may be abandoned.
    async fn held(&self, left: &mut u64) -> Result<(), EngineError> {
        let mut page = HeldPage {
            account: self.context.bounds.account.clone(),
            limit: PAGE,
            ..HeldPage::default()
        };
        while *left > 0 && self.is_needed().await {
            let orders = self.context.canceller.store.held(page.clone()).await?;
            if !page.advance(&orders) {
                break;
            }
            for order in orders {
                if self.disposition(&order, Superseded::No).action == PlannedAction::Cancel {
                    self.abandoned(order, None, None, left);
                }
            }
        }
        Ok(())
    }

    /// Orders whose cancellation was opened and has sent nothing yet.
    async fn not_begun(&self, left: &mut u64) -> Result<(), EngineError> {
        let mut page = page_of(self.context, ReportFilter::Unsettled);
        while *left > 0 && self.is_needed().await {
            let store = &self.context.canceller.store;
            let mut records = store.report(page.clone()).await?;
            if !page.advance(&records) {
                break;
            }
            records.retain(nothing_was_sent);
            let keys = records.into_iter().map(|record| record.key).collect();
            for order in store.orders(keys).await? {
                self.abandoned(order, None, None, left);
            }
        }
        Ok(())
    }

    /// Orders of a list, tracked from here on, with those left out that a sweep of the store
    /// would leave out too.
    async fn listed(
        &self,
        list: BoxStream<'static, Result<TrackedOrder, ListError>>,
    ) -> Result<(), EngineError> {
        let context = self.context;
        let mut left = context.bounds.max.unwrap_or(u64::MAX);
        let mut batches = self.batches(list);
        while left > 0 && self.is_needed().await {
            let batch = tokio::select! {
                () = context.halt.cancelled() => break,
                batch = batches.next() => batch,
            };
            let Some(orders) = batch else { break };
            let orders: Vec<_> = orders.into_iter().map(|it| self.canonical(it)).collect();
            if context.bounds.mode != Mode::DryRun {
                context.canceller.store.track(orders.clone()).await?;
            }
            let keys = orders.iter().map(|order| order.key.clone()).collect();
            let known = context.canceller.store.orders(keys).await?;
            let known: HashMap<_, _> = known.iter().map(|order| (&order.key, order)).collect();
            for order in orders {
                let listed = order.money;
                let order = match known.get(&order.key) {
                    Some(&known) => known.clone().completed_by(order),
                    None => order,
                };
                let disposition = self.disposition(&order, Superseded::No);
                match disposition.action {
                    PlannedAction::Cancel => self.abandoned(order, listed, None, &mut left),
                    PlannedAction::Leave(reason) if reason.is_too_early() => {
                        self.superseded(order, listed, disposition, &mut left)
                            .await?;
                    }
                    PlannedAction::Leave(_) => self.leave(&order, disposition),
                }
                if left == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The orders of a list that are wanted, as far as it can be read.
    fn batches(
        &self,
        list: BoxStream<'static, Result<TrackedOrder, ListError>>,
    ) -> BoxStream<'_, Vec<TrackedOrder>> {
        let context = self.context;
        let good = list.scan((), |(), item| {
            let good = item
                .map_err(|error| context.summary().list_error = Some(error.to_string()))
                .ok();
            futures::future::ready(good)
        });
        let wanted = good.filter(|order| {
            let only = context.bounds.account.as_ref();
            futures::future::ready(only.is_none_or(|account| *account == order.key.account))
        });
        wanted.ready_chunks(BATCH).boxed()
    }

    fn abandoned(
        &self,
        order: TrackedOrder,
        listed: Option<Money>,
        superseded_by: Option<OrderKey>,
        left: &mut u64,
    ) {
        if *left > 0 {
            *left -= 1;
            self.push(Job::Cancel(Box::new(jobs::Abandoned {
                order,
                listed,
                superseded_by,
            })));
        }
    }

    /// The order under the one form of its id. One of an account that is not configured
    /// stays as it is: it is reported as failed.
    fn canonical(&self, order: TrackedOrder) -> TrackedOrder {
        match self.context.canceller.canonical(&order.key) {
            Ok(key) => TrackedOrder { key, ..order },
            Err(_) => order,
        }
    }

    /// What becomes of an order by what is tracked of it.
    fn disposition(&self, order: &TrackedOrder, superseded: Superseded) -> Disposition {
        let (bounds, now) = (self.context.bounds, self.context.now());
        // Reading does a held order no harm.
        let read = (bounds.mode == Mode::Reconcile).then(|| TrackedOrder {
            hold: None,
            ..order.clone()
        });
        let order = read.as_ref().unwrap_or(order);
        Disposition::of(order, superseded, Shown::NotAsked, bounds, now)
    }

    fn leave(&self, order: &TrackedOrder, disposition: Disposition) {
        self.context.considered();
        self.context.leave(order, disposition);
    }
}

fn page_of(context: &Context<'_>, which: ReportFilter) -> ReportPage {
    ReportPage {
        which,
        account: context.bounds.account.clone(),
        limit: PAGE,
        ..ReportPage::default()
    }
}
