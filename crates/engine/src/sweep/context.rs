//! What all parts of a sweep share: its worker, its bounds, and what it has reported.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use duka_core::cancel::{Finding, SkipReason};
use duka_core::{Money, Outcome, State};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::bounds::Bounds;
use super::breaker::Remedy;
use super::disposition::{Disposition, LeaveReason, PlannedAction};
use super::events::{Plan, Summary, SweepEvent};
use crate::driver::{Canceller, is_hopeless};
use crate::error::EngineError;
use crate::order::{OrderKey, TrackedOrder};
use crate::record::{Record, Request};
use crate::store::StoreErrorKind;

/// Records read from the store at a time.
pub(super) const PAGE: u32 = 500;

pub(super) struct Context<'a> {
    pub(super) canceller: &'a Canceller,
    pub(super) bounds: &'a Bounds,
    pub(super) request: &'a Request,
    on_event: &'a (dyn Fn(SweepEvent<'_>) + Sync),
    /// Cancelled when the caller wants to stop, or when the store fails.
    pub(super) halt: CancellationToken,
    /// One for each order that may be worked on at a time, of all accounts together.
    pub(super) slots: Semaphore,
    summary: Mutex<Summary>,
    /// The store's first failure. Without a store nothing may be sent.
    failure: Mutex<Option<EngineError>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        canceller: &'a Canceller,
        bounds: &'a Bounds,
        request: &'a Request,
        stop: &CancellationToken,
        on_event: &'a (dyn Fn(SweepEvent<'_>) + Sync),
    ) -> Self {
        Self {
            canceller,
            bounds,
            request,
            on_event,
            halt: stop.child_token(),
            slots: Semaphore::new(bounds.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            summary: Mutex::default(),
            failure: Mutex::default(),
        }
    }

    pub(super) fn into_summary(self) -> Result<Summary, EngineError> {
        match unpoisoned(self.failure.into_inner()) {
            Some(error) => Err(error),
            None => Ok(unpoisoned(self.summary.into_inner())),
        }
    }

    pub(super) fn summary(&self) -> MutexGuard<'_, Summary> {
        unpoisoned(self.summary.lock())
    }

    pub(super) fn now(&self) -> Timestamp {
        self.canceller.clock.now()
    }

    pub(super) fn emit(&self, event: SweepEvent<'_>) {
        (self.on_event)(event);
    }

    pub(super) fn considered(&self) {
        self.summary().considered += 1;
        self.emit(SweepEvent::Considered);
    }

    /// Counts and reports an order that is left alone.
    pub(super) fn leave(&self, order: &TrackedOrder, disposition: Disposition) {
        let mut summary = self.summary();
        summary.skipped += 1;
        summary.too_old +=
            u64::from(disposition.action == PlannedAction::Leave(LeaveReason::TooOld));
        drop(summary);
        self.emit(SweepEvent::LeftAlone(&Plan {
            key: order.key.clone(),
            gateway: order.gateway.clone(),
            reference: order.reference.clone(),
            shop_order: order.shop_order.clone(),
            money: order.money,
            reading: None,
            superseded_by: None,
            disposition,
            hold: order.hold.clone(),
        }));
    }

    /// Counts an order that is not begun because its account is stopped.
    pub(super) fn not_begun(&self, remedy: Remedy) {
        let mut summary = self.summary();
        summary.errors += 1;
        summary.misconfigured += u64::from(remedy == Remedy::FixSettings);
    }

    /// Counts and reports a cancellation that this sweep does nothing more about. The remedy
    /// matters only where it could not be worked on.
    pub(super) fn finish(&self, record: &Record, remedy: Remedy) {
        let terms = &record.terms;
        if record.progress.verified.is_some() {
            let shown = terms.seen.as_ref().and_then(|seen| seen.money);
            self.amount_read(terms.listed_money.or(terms.tracked_money), shown);
        }
        count(&mut self.summary(), record, remedy);
        self.emit(SweepEvent::Cancellation(record));
    }

    /// Counts an order whose status was read if its amount was not compared.
    pub(super) fn amount_read(&self, expected: Option<Money>, shown: Option<Money>) {
        let compared = self
            .canceller
            .settings
            .amount_check
            .compares(expected, shown);
        self.summary().unchecked += u64::from(!compared);
    }

    /// Counts and reports an order that could not be worked on. If that is the store's fault,
    /// the sweep ends.
    pub(super) fn failed(&self, key: &OrderKey, error: &EngineError) {
        self.not_begun(remedy_of(error));
        if let Some(error) = failure_of_the_store(error) {
            self.end_with(error);
        }
        self.emit(SweepEvent::Failed(key, error));
    }

    /// Ends the sweep with this error once what is in flight has ended.
    pub(super) fn end_with(&self, error: EngineError) {
        unpoisoned(self.failure.lock()).get_or_insert(error);
        self.halt.cancel();
    }

    pub(super) fn has_failed(&self) -> bool {
        unpoisoned(self.failure.lock()).is_some()
    }
}

/// What a panic elsewhere has left; none of it is ever half changed.
fn unpoisoned<T>(locked: Result<T, PoisonError<T>>) -> T {
    locked.unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn before(now: Timestamp, age: Duration) -> Timestamp {
    now.checked_sub(age).unwrap_or(Timestamp::MIN)
}

fn remedy_of(error: &EngineError) -> Remedy {
    let by_settings = if let EngineError::Gateway(error) = error {
        is_hopeless(error)
    } else {
        error.is_of_the_gateway()
    };
    if by_settings {
        Remedy::FixSettings
    } else {
        Remedy::LaterSweep
    }
}

/// The store's own failure, as opposed to one that is about a single order.
fn failure_of_the_store(error: &EngineError) -> Option<EngineError> {
    let (EngineError::Store(error) | EngineError::NotStored { error, .. }) = error else {
        return None;
    };
    match error.kind() {
        StoreErrorKind::OnceUsed | StoreErrorKind::UnknownOrder => None,
        StoreErrorKind::CannotOpen
        | StoreErrorKind::TooNew
        | StoreErrorKind::Busy
        | StoreErrorKind::Full
        | StoreErrorKind::ReadOnly
        | StoreErrorKind::Corrupt
        | StoreErrorKind::Internal => Some(EngineError::Store(error.clone())),
    }
}

fn count(summary: &mut Summary, record: &Record, remedy: Remedy) {
    let errors = summary.errors;
    match record.progress.finding {
        None => {}
        Some(Finding::LatePayment) => summary.late_payments += 1,
        Some(Finding::AmountDiffers) => summary.amount_differs += 1,
        Some(Finding::PaidTwice) => summary.paid_twice += 1,
    }
    summary.eligible += u64::from(record.progress.attempts > 0);
    summary.sent += u64::from(record.progress.requests > 0);
    let counter = match record.progress.state {
        State::Requested => &mut summary.errors,
        State::Sending | State::Accepted | State::Refused | State::InDoubt => &mut summary.in_doubt,
        State::NeedsReview => &mut summary.needs_review,
        State::Done(outcome) => match outcome {
            // Who reads the number takes it for orders that are not paid.
            Outcome::Confirmed | Outcome::ResolvedCancelled if record.progress.is_paid_late() => {
                &mut summary.not_cancelled
            }
            Outcome::Confirmed | Outcome::ResolvedCancelled => &mut summary.confirmed,
            Outcome::NotCancelledPaid
            | Outcome::NotCancelledFinal
            | Outcome::Refused
            | Outcome::ResolvedNotCancelled => &mut summary.not_cancelled,
            Outcome::Skipped(SkipReason::StatusUnreadable | SkipReason::CouldNotSend) => {
                &mut summary.errors
            }
            Outcome::Skipped(
                SkipReason::NotEligible
                | SkipReason::NotFound
                | SkipReason::AlreadySubmitted
                | SkipReason::AmountDiffers
                | SkipReason::Held,
            ) => &mut summary.skipped,
        },
    };
    *counter += 1;
    if summary.errors > errors {
        summary.misconfigured += u64::from(remedy == Remedy::FixSettings);
    }
}
