//! What a sweep has seen so far: its counters, and what it knows of each account.

use std::collections::{BTreeMap, HashMap, HashSet};

use duka_core::cancel::SkipReason;
use duka_core::{AccountName, CancellationId, Error, Outcome, State};
use jiff::Timestamp;

use super::Summary;
use super::pace::Pace;
use crate::driver::{CancelError, is_hopeless};
use crate::record::Record;
use crate::store::{StoreError, StoreErrorKind};

#[derive(Default)]
pub(super) struct Progress {
    pub(super) summary: Summary,
    pub(super) accounts: BTreeMap<AccountName, Account>,
    /// Unsettled cancellations of an account that is gone or at another gateway now, which
    /// were told of.
    pub(super) named: HashSet<CancellationId>,
    /// The store's first failure. Without a store nothing may be sent.
    store_failure: Option<StoreError>,
}

#[derive(Default)]
pub(super) struct Account {
    pub(super) pace: Pace,
    /// Why the rest of its orders is left for another time, if it is.
    pub(super) stopped: Option<Cause>,
    /// Looks at what waits for a person that the gateway did not answer, in a row.
    pub(super) unanswered_looks: u32,
    /// Unsettled cancellations of this sweep.
    pub(super) pending: HashMap<CancellationId, Pending>,
}

/// A cancellation that this sweep may look at again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    /// When.
    pub(super) due_at: Timestamp,
    /// What stood in its way when this sweep last worked on it, if it has.
    pub(super) cause: Option<Cause>,
}

/// Why an order could not be worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Only somebody who mends the credentials or the settings of the account can help.
    Misconfigured,
    /// A later sweep may do better.
    Other,
}

impl Cause {
    pub(super) fn of(error: Option<&Error>) -> Self {
        if error.is_some_and(is_hopeless) {
            Self::Misconfigured
        } else {
            Self::Other
        }
    }
}

/// How far a trouble reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gravity {
    OneOrder,
    TheStore,
}

impl Progress {
    /// What this sweep knows of an account; made when it is first heard of.
    pub(super) fn account(&mut self, name: &AccountName) -> &mut Account {
        if !self.accounts.contains_key(name) {
            self.accounts.insert(name.clone(), Account::default());
        }
        self.accounts
            .get_mut(name)
            .expect("it has just been put in")
    }

    /// Counts a cancellation that this sweep has no more to do with. The cause matters only
    /// where it could not be worked on.
    pub(super) fn count(&mut self, record: &Record, cause: Cause) {
        let summary = &mut self.summary;
        let errors = summary.errors;
        summary.late_payments += u64::from(record.progress.finding.is_some());
        summary.eligible += u64::from(record.progress.attempts > 0);
        summary.sent += u64::from(record.progress.requests > 0);
        let counter = match record.progress.state {
            State::Requested => &mut summary.errors,
            State::Sending | State::Accepted | State::Refused | State::InDoubt => {
                &mut summary.in_doubt
            }
            State::NeedsReview => &mut summary.needs_review,
            State::Done(outcome) => match outcome {
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
                    | SkipReason::AmountDiffers,
                ) => &mut summary.skipped,
            },
        };
        *counter += 1;
        if summary.errors > errors {
            summary.misconfigured += u64::from(cause == Cause::Misconfigured);
        }
    }

    /// Counts an order that could not be worked on.
    pub(super) fn count_trouble(&mut self, trouble: &CancelError) -> Gravity {
        self.summary.errors += 1;
        let cause = match trouble {
            CancelError::Gateway(error) => Cause::of(Some(error)),
            CancelError::UnknownAccount(_) | CancelError::OtherGateway { .. } => {
                Cause::Misconfigured
            }
            CancelError::Store(_)
            | CancelError::NotStored { .. }
            | CancelError::Unknown(_)
            | CancelError::ShutDown(_)
            | CancelError::NotAllowed(_) => Cause::Other,
        };
        self.summary.misconfigured += u64::from(cause == Cause::Misconfigured);
        let (CancelError::Store(error) | CancelError::NotStored { error, .. }) = trouble else {
            return Gravity::OneOrder;
        };
        match error.kind() {
            StoreErrorKind::OnceUsed | StoreErrorKind::UnknownOrder => Gravity::OneOrder,
            StoreErrorKind::CannotOpen
            | StoreErrorKind::TooNew
            | StoreErrorKind::Busy
            | StoreErrorKind::Full
            | StoreErrorKind::ReadOnly
            | StoreErrorKind::Corrupt
            | StoreErrorKind::Internal => {
                self.store_failure.get_or_insert(error.clone());
                Gravity::TheStore
            }
        }
    }

    /// Counts an order that is not begun, for its account was stopped for this cause.
    pub(super) fn count_left_behind(&mut self, cause: Cause) {
        self.summary.errors += 1;
        self.summary.misconfigured += u64::from(cause == Cause::Misconfigured);
    }

    /// What is still unsettled, and why: an order's own cause says more than that of its
    /// account, which may have been stopped for something else.
    pub(super) fn drain_pending(&mut self) -> Vec<(CancellationId, Cause)> {
        let mut left = Vec::new();
        for account in self.accounts.values_mut() {
            let stopped = account.stopped;
            left.extend(account.pending.drain().map(|(id, pending)| {
                let cause = pending.cause.or(stopped).unwrap_or(Cause::Other);
                (id, cause)
            }));
        }
        left
    }

    /// What the sweep did, unless the store failed it.
    pub(super) fn into_summary(self) -> Result<Summary, StoreError> {
        self.store_failure.map_or(Ok(self.summary), Err)
    }
}
