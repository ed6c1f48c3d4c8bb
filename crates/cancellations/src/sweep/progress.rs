//! What a sweep has seen so far: its counters, and what it knows of each account.

use std::collections::{BTreeMap, HashMap};

use duka_core::cancel::SkipReason;
use duka_core::{AccountName, CancellationId, Outcome, State};
use jiff::Timestamp;

use super::Summary;
use super::pace::Pace;
use crate::driver::{Trouble, is_hopeless};
use crate::record::Record;
use crate::store::{StoreError, StoreErrorKind};

#[derive(Default)]
pub(super) struct Progress {
    pub(super) summary: Summary,
    pub(super) accounts: BTreeMap<AccountName, Account>,
    /// The store's first failure. Without a store nothing may be sent.
    store_failure: Option<StoreError>,
}

#[derive(Default)]
pub(super) struct Account {
    pub(super) pace: Pace,
    pub(super) stopped: bool,
    /// Unsettled cancellations of this sweep, and when to look at them.
    pub(super) pending: HashMap<CancellationId, Timestamp>,
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

    /// Counts a cancellation that this sweep has no more to do with.
    pub(super) fn count(&mut self, record: &Record) {
        let misconfigured = self.account(&record.key.account).pace.is_turned_away();
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
                    SkipReason::NotEligible | SkipReason::NotFound | SkipReason::AlreadySubmitted,
                ) => &mut summary.skipped,
            },
        };
        *counter += 1;
        if summary.errors > errors {
            summary.misconfigured += u64::from(misconfigured);
        }
    }

    /// Counts an order that could not be worked on.
    pub(super) fn count_trouble(&mut self, trouble: &Trouble) -> Gravity {
        self.summary.errors += 1;
        let misconfigured = match trouble {
            Trouble::Gateway(error) => is_hopeless(error),
            Trouble::UnknownAccount(_) => true,
            Trouble::Store(_) | Trouble::Unknown(_) | Trouble::NotAllowed(_) => false,
        };
        self.summary.misconfigured += u64::from(misconfigured);
        let Trouble::Store(error) = trouble else {
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

    /// Counts an order that is not begun, for its account has been stopped.
    pub(super) fn count_left_behind(&mut self, account: &AccountName) {
        let misconfigured = self.account(account).pace.is_turned_away();
        self.summary.errors += 1;
        self.summary.misconfigured += u64::from(misconfigured);
    }

    /// What the sweep did, unless the store failed it.
    pub(super) fn into_summary(self) -> Result<Summary, StoreError> {
        self.store_failure.map_or(Ok(self.summary), Err)
    }
}
