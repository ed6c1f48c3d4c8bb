//! How the next state of a record is written: decided again from the present state after a
//! conflict, and tried again while the store fails in a way that may pass.

use std::future::Future;
use std::time::Duration;

use duka_core::clock::SharedClock;
use tracing::warn;

use crate::deadline::Deadline;
use crate::error::{EngineError, RequestKind};
use crate::lease::Lease;
use crate::record::Record;
use crate::store::{StoreError, StoreErrorKind, UpdateResult};

/// The first pause between two tries; each one is twice as long as the one before.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Why an update is decided.
pub(crate) enum Reason<F> {
    /// It is the first one, from the record as the caller has it.
    First,
    /// Another worker has written; the record is the present one.
    Conflict,
    /// A request would have been the second one, so nothing was written.
    OnceUsed(StoreError),
    /// The update's precondition did not hold, so nothing was written.
    PreconditionFailed(F),
}

/// What to do about a record.
pub(crate) enum Decision<U, T> {
    /// Write this update; `T` is returned once it is stored.
    Write(U, T),
    /// Leave the record as it is.
    Leave,
}

/// A record after a compare-and-swap.
pub(crate) enum Swapped<R, T> {
    /// As it was stored.
    Stored(R, T),
    /// As it stands; nothing was written.
    Left(R),
}

/// Writes what `decide` makes of the record, and decides again from what the store answers
/// until an update is stored or nothing is to be written.
pub(crate) async fn compare_and_swap<R, U, T, F, W>(
    record: R,
    mut decide: impl FnMut(&R, Reason<F>) -> Result<Decision<U, T>, EngineError>,
    write: impl Fn(U) -> W,
) -> Result<Swapped<R, T>, EngineError>
where
    W: Future<Output = Result<UpdateResult<R, F>, StoreError>>,
{
    let (mut record, mut reason) = (record, Reason::First);
    loop {
        let (update, outcome) = match decide(&record, reason)? {
            Decision::Write(update, outcome) => (update, outcome),
            Decision::Leave => return Ok(Swapped::Left(record)),
        };
        reason = match write(update).await {
            Ok(UpdateResult::Stored(record)) => return Ok(Swapped::Stored(record, outcome)),
            Ok(UpdateResult::Conflict(present)) => {
                record = present;
                Reason::Conflict
            }
            Ok(UpdateResult::PreconditionFailed(why)) => Reason::PreconditionFailed(why),
            Err(error) if error.kind() == StoreErrorKind::OnceUsed => Reason::OnceUsed(error),
            Err(error) => return Err(error.into()),
        };
    }
}

/// Writes what came of a request for this record. While the store fails in a way that may
/// pass, tries again, with growing pauses, until the lease ends: what the gateway answered
/// (`heard`) is known nowhere else.
pub(crate) async fn retry_until_lease_ends<I, T, P, R, W>(
    clock: &SharedClock,
    record: &Record<I, T, P>,
    request: RequestKind,
    heard: &str,
    write: impl Fn() -> W,
) -> Result<R, EngineError>
where
    W: Future<Output = Result<R, EngineError>>,
{
    let now = clock.now();
    let left = record.due_at.unwrap_or(now).duration_since(now);
    // A clock that is far ahead has written more than a lease can be.
    let left = Duration::try_from(left).unwrap_or_default().min(Lease::MAX);
    let end = Deadline::after(clock, left);
    let mut pause = FIRST;
    loop {
        match write().await {
            Err(EngineError::Store(error)) => {
                warn!(heard, %error, "not stored");
                if !may_pass(&error) || end.is_over() {
                    return Err(EngineError::NotStored {
                        request,
                        order: record.key.clone(),
                        heard: heard.to_owned(),
                        error,
                    });
                }
            }
            result => return result,
        }
        // The last try is made at the very end.
        tokio::time::sleep(pause.min(end.left())).await;
        pause = pause.saturating_mul(2).min(LONGEST);
    }
}

/// Whether a store that failed so may work again soon.
fn may_pass(error: &StoreError) -> bool {
    match error.kind() {
        // Operators make room on a full disk, and what SQLite has no code for is often a
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
