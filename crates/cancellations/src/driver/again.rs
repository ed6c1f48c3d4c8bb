//! Another try to store what came of a request, while its claim lasts.

use std::time::Duration;

use duka_core::clock::SharedClock;
use jiff::Timestamp;
use tracing::warn;

use super::transition::Transition;
use super::{ApplyResult, CancelError, Canceller};
use crate::deadline::Deadline;
use crate::record::Record;
use crate::store::{StoreError, StoreErrorKind};

/// The first pause; each one is twice as long as the one before.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

impl Canceller {
    /// Writes what came of a request. While the store is in trouble that may pass, tries
    /// again until the claim lapses: what the gateway said is known nowhere else.
    pub(super) async fn apply_in_time(
        &self,
        record: &Record,
        sent: &Transition,
    ) -> Result<ApplyResult, CancelError> {
        let mut again = Again::until(&self.clock, record.due_at);
        loop {
            match self.apply(record, sent).await {
                Err(CancelError::Store(error)) if again.after(&error, &sent.detail).await => {}
                Err(CancelError::Store(error)) => {
                    return Err(CancelError::NotStored {
                        order: record.key.clone(),
                        heard: sent.detail.clone(),
                        error,
                    });
                }
                result => return result,
            }
        }
    }
}

/// Tries to write to a store in trouble, with growing pauses, until a claim lapses.
pub(crate) struct Again {
    end: Deadline,
    pause: Duration,
}

impl Again {
    pub(crate) fn until(clock: &SharedClock, lapses_at: Option<Timestamp>) -> Self {
        let now = clock.now();
        let left = lapses_at.unwrap_or(now).duration_since(now);
        Self {
            end: Deadline::after(clock, Duration::try_from(left).unwrap_or_default()),
            pause: FIRST,
        }
    }

    /// Waits a little after this error; `false` if another try would be too late or in vain.
    /// `heard` is what is not stored yet: a log may be the only place that keeps it.
    pub(crate) async fn after(&mut self, error: &StoreError, heard: &str) -> bool {
        warn!(heard, %error, "not stored");
        if !may_pass(error) || self.end.is_over() {
            return false;
        }
        // The last try is made at the very end.
        let pause = self.pause.min(self.end.left());
        tokio::time::sleep(pause).await;
        self.pause = self.pause.saturating_mul(2).min(LONGEST);
        true
    }
}

/// Whether a store in this trouble may be written again soon.
fn may_pass(error: &StoreError) -> bool {
    match error.kind() {
        // A disk that is full is often emptied, and what SQLite has no word for is often a
        // disk that failed once.
        StoreErrorKind::Busy | StoreErrorKind::Full | StoreErrorKind::Internal => true,
        StoreErrorKind::CannotOpen
        | StoreErrorKind::ReadOnly
        | StoreErrorKind::Corrupt
        | StoreErrorKind::TooNew
        | StoreErrorKind::OnceUsed
        | StoreErrorKind::UnknownOrder => false,
    }
}
