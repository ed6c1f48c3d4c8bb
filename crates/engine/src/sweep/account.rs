//! The work of one account: what is due and what is new, as its limits allow.

use std::collections::{BTreeMap, HashSet};

use duka_core::{AccountName, CancellationId, Error};
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

use super::breaker::{Admission, CallResult, CircuitBreaker, Permit, Remedy};
use super::context::Context;
use super::events::SweepEvent;
use super::jobs::{self, Ended, Job, Unsettled};
use super::limiter::RateLimiter;
use super::queue::{Queue, Queues};
use crate::error::EngineError;
use crate::order::OrderKey;
use crate::record::Record;
use crate::store::Claim;

/// After this many reviews in a row without an answer, the rest of them waits for the next
/// sweep.
const UNANSWERED: u32 = 3;

/// One account of a sweep. Its waits for its rate, for its gateway and for its credentials
/// are its own; the slots, one for each order in hand, are shared by all accounts.
pub(super) struct Account<'a> {
    context: &'a Context<'a>,
    name: &'a AccountName,
    queues: &'a Queues,
    queue: &'a Queue,
    limiter: RateLimiter,
    breaker: CircuitBreaker,
    /// Cancellations that this sweep may look at again, by the moment they are due.
    unsettled: BTreeMap<(Timestamp, CancellationId), Unsettled>,
    in_flight: FuturesUnordered<BoxFuture<'a, Finished>>,
    /// What was due then comes before anything new.
    begun_at: Timestamp,
    /// From then on, what is due and what is new take turns.
    settled_last: bool,
    /// Reviews without an answer, in a row.
    unanswered: u32,
    /// Orders that its gateway does not know.
    unknown: HashSet<OrderKey>,
    /// Calls that gave anything else.
    others: u64,
    /// When the last order ended; then it only waits for what is in doubt.
    waits_since: Option<Instant>,
}

/// An order that is no longer in flight.
struct Finished {
    permit: Permit,
    kind: Kind,
    ended: Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Order,
    Review,
}

/// What an account does next.
enum Next {
    /// Begin something, at this moment.
    Start(Instant),
    /// Wait for what is in flight or for the queue, or until this moment.
    Wait(Option<Instant>),
    End,
}

impl<'a> Account<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        queues: &'a Queues,
        (name, queue): (&'a AccountName, &'a Queue),
        left: Vec<(CancellationId, Unsettled)>,
    ) -> Self {
        let mut account = Self {
            context,
            name,
            queues,
            queue,
            limiter: RateLimiter::new(context.bounds.rate),
            breaker: CircuitBreaker::new(context.bounds.error_rate),
            unsettled: BTreeMap::new(),
            in_flight: FuturesUnordered::new(),
            begun_at: context.now(),
            settled_last: false,
            unanswered: 0,
            unknown: HashSet::new(),
            others: 0,
            waits_since: None,
        };
        for (id, unsettled) in left {
            account.remember(id, unsettled);
        }
        account
    }

    /// Works until nothing is left to do, or the sweep is to end; then finishes what is in
    /// flight and reports what is still unsettled.
    pub(super) async fn run(mut self) {
        if let Err(error) = self.work().await {
            self.context.end_with(error);
        }
        while let Some(finished) = self.in_flight.next().await {
            self.finish(finished);
        }
        self.count_unknown();
        if !self.context.has_failed()
            && let Err(error) = self.report_unsettled().await
        {
            self.context.end_with(error);
        }
    }

    async fn work(&mut self) -> Result<(), EngineError> {
        let context = self.context;
        loop {
            let (start, until) = match self.next() {
                Next::End => return Ok(()),
                Next::Start(at) => (true, Some(at)),
                Next::Wait(until) => (false, until),
            };
            let slot = tokio::select! {
                biased;
                Some(finished) = self.in_flight.next(), if !self.in_flight.is_empty() => {
                    self.finish(finished);
                    continue;
                }
                () = context.halt.cancelled() => continue,
                () = self.queue.changed.notified() => continue,
                slot = slot_at(context, until), if start => slot,
                () = sleep_until(until), if !start => continue,
            };
            self.start(slot).await?;
        }
    }

    fn next(&mut self) -> Next {
        let now = Instant::now();
        if self.context.halt.is_cancelled() {
            return Next::End;
        }
        if let Some(remedy) = self.breaker.open() {
            self.leave_queue(remedy);
            return self.end_unless_in_flight(self.queue.is_finished());
        }
        let next = if !self.queue.is_empty() || self.is_due(self.context.now()) {
            match self.breaker.admission(now) {
                Admission::Ready => Next::Start(self.limiter.ready_at(now)),
                Admission::PausedUntil(until) => Next::Start(self.limiter.ready_at(now).max(until)),
                Admission::Probing | Admission::Open => Next::Wait(None),
            }
        } else if self.in_flight.is_empty() {
            Next::Wait(self.next_due(now))
        } else {
            Next::Wait(None)
        };
        if self.is_due(self.begun_at) || !self.queue.is_finished() {
            return next;
        }
        if self.in_flight.is_empty() {
            self.waits_since.get_or_insert(now);
        }
        let Some(since) = self.waits_since else {
            return next;
        };
        match next {
            Next::Start(at) | Next::Wait(Some(at))
                if at.saturating_duration_since(since) <= self.context.bounds.wait =>
            {
                next
            }
            Next::Start(_) | Next::Wait(_) | Next::End => self.end_unless_in_flight(true),
        }
    }

    fn end_unless_in_flight(&self, done: bool) -> Next {
        if done && self.in_flight.is_empty() {
            Next::End
        } else {
            Next::Wait(None)
        }
    }

    /// Remembers a cancellation until it is due.
    fn remember(&mut self, id: CancellationId, unsettled: Unsettled) {
        let now = self.context.now();
        // No lease and no pause lasts so long: the clock that wrote this was wrong.
        let due_at = unsettled.due_at;
        let due_at = if due_at > Claim::latest(now) {
            now
        } else {
            due_at
        };
        self.unsettled.insert((due_at, id), unsettled);
    }

    fn is_due(&self, then: Timestamp) -> bool {
        let first = self.unsettled.first_key_value();
        first.is_some_and(|((due_at, _), _)| *due_at <= then)
    }

    fn next_due(&self, now: Instant) -> Option<Instant> {
        let ((due_at, _), _) = self.unsettled.first_key_value()?;
        now.checked_add(self.context.canceller.until(*due_at))
    }

    /// Begins what comes next, unless the account has been paused while it waited for a slot.
    async fn start(&mut self, slot: SemaphorePermit<'a>) -> Result<(), EngineError> {
        let now = Instant::now();
        if self.breaker.admission(now) != Admission::Ready || self.limiter.ready_at(now) > now {
            return Ok(());
        }
        let new_has_its_turn = self.settled_last && !self.queue.is_empty();
        if (self.is_due(self.begun_at) || !new_has_its_turn)
            && let Some((record, known)) = self.take_due().await?
        {
            self.settled_last = true;
            let work = jobs::settle(self.context, record, known);
            self.launch(slot, Kind::Order, work);
            return Ok(());
        }
        self.settled_last = false;
        let Some(job) = self.queues.pop(self.queue) else {
            return Ok(());
        };
        let kind = match &job {
            Job::Review(_) => Kind::Review,
            Job::Cancel(_) | Job::Recheck(_) => Kind::Order,
        };
        if kind == Kind::Order || self.unanswered < UNANSWERED {
            self.launch(slot, kind, job.run(self.context));
        }
        Ok(())
    }

    /// Takes what has been due for longest. What other workers have settled meanwhile is
    /// reported, and what they have put off is remembered until it is due again.
    async fn take_due(&mut self) -> Result<Option<(Record, Unsettled)>, EngineError> {
        let (context, now) = (self.context, self.context.now());
        while self.is_due(now)
            && let Some(((_, id), known)) = self.unsettled.pop_first()
        {
            let Some(record) = context.canceller.store.cancellation(id).await? else {
                continue;
            };
            match record.due_at {
                // As it was remembered, or earlier.
                Some(due_at) if due_at <= known.due_at => return Ok(Some((record, known))),
                Some(due_at) => self.remember(id, Unsettled { due_at, ..known }),
                None => {
                    if !known.counted {
                        context.considered();
                    }
                    // What stood in its way is known to the other worker only.
                    context.finish(&record, Remedy::LaterSweep);
                }
            }
        }
        Ok(None)
    }

    fn launch(
        &mut self,
        slot: SemaphorePermit<'a>,
        kind: Kind,
        work: impl Future<Output = Ended> + Send + 'a,
    ) {
        self.limiter.start(Instant::now());
        let permit = self.breaker.start();
        let in_flight = async move {
            let ended = work.await;
            drop(slot);
            Finished {
                permit,
                kind,
                ended,
            }
        };
        self.in_flight.push(in_flight.boxed());
    }

    fn finish(&mut self, finished: Finished) {
        let Finished {
            permit,
            kind,
            ended,
        } = finished;
        let now = Instant::now();
        if let Some((id, unsettled)) = ended.unsettled {
            self.remember(id, unsettled);
        }
        let error = ended.call.as_ref().and_then(|call| call.as_ref().err());
        match (ended.unknown, &ended.call) {
            // It may be asked for more than once in a sweep.
            (Some(key), _) => drop(self.unknown.insert(key)),
            (None, Some(_)) => self.others += 1,
            (None, None) => {}
        }
        if let Some(wait) = error.and_then(Error::retry_after) {
            self.limiter.pause(wait, now);
        }
        let mut result = ended.call.as_ref().map(|_| CallResult::of(error));
        if let (Kind::Review, Some(review)) = (kind, result) {
            if review == CallResult::Failed {
                // An order that could not be read for long says nothing of the next one, so it
                // stops no account.
                self.unanswered += 1;
                result = None;
            } else {
                self.unanswered = 0;
            }
        }
        let opened = self.breaker.end(permit, result, now);
        if let (Some(_), Some(error)) = (opened, error) {
            let reason = error.in_full().to_string();
            self.context
                .emit(SweepEvent::AccountStopped(self.name, reason));
        }
    }

    /// Counts the orders that its gateway does not know, and the account if it knows none.
    fn count_unknown(&self) {
        let mut summary = self.context.summary();
        summary.unknown += self.unknown.len() as u64;
        if !self.unknown.is_empty() && self.others == 0 {
            summary.all_unknown.push(self.name.clone());
        }
    }

    /// Leaves what is in the queue for another time.
    fn leave_queue(&self, remedy: Remedy) {
        while let Some(job) = self.queues.pop(self.queue) {
            match job {
                Job::Cancel(_) => {
                    self.context.considered();
                    self.context.not_begun(remedy);
                }
                Job::Recheck(_) | Job::Review(_) => {}
            }
        }
    }

    /// Reports what is still unsettled. A cancellation's own remedy says more than that of
    /// its account, which may have been stopped for another reason; if it was, what this sweep
    /// has not touched is not its to report.
    async fn report_unsettled(&mut self) -> Result<(), EngineError> {
        let context = self.context;
        let stopped = self.breaker.open();
        for ((_, id), unsettled) in std::mem::take(&mut self.unsettled) {
            if !unsettled.counted && stopped.is_some() {
                continue;
            }
            if let Some(record) = context.canceller.store.cancellation(id).await? {
                if !unsettled.counted {
                    context.considered();
                }
                let remedy = unsettled.remedy.or(stopped);
                context.finish(&record, remedy.unwrap_or(Remedy::LaterSweep));
            }
        }
        Ok(())
    }
}

/// A slot, from this moment on.
async fn slot_at<'a>(context: &'a Context<'a>, at: Option<Instant>) -> SemaphorePermit<'a> {
    sleep_until(at).await;
    let slot = context.slots.acquire().await;
    slot.expect("the semaphore is never closed")
}

async fn sleep_until(then: Option<Instant>) {
    match then {
        // tokio's timer rounds up to a millisecond, which would bound the starts in a second.
        Some(then) if then <= Instant::now() => {}
        Some(then) => tokio::time::sleep_until(then).await,
        None => std::future::pending().await,
    }
}
