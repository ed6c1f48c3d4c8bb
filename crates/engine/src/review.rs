//! What happens to a cancellation that no worker holds: later observations of its order, and
//! an operator's decision.

use duka_core::cancel::{Event, Resolution};
use duka_core::{CancellationId, Observation, State, StatusReading};

use crate::amount::{self, AmountCheck};
use crate::driver::{CancelOutcome, Canceller, Transition};
use crate::error::EngineError;
use crate::order::OrderKey;
use crate::record::{Acknowledgement, Record};
use crate::store::{Obstacle, StoreError, StoreErrorKind};
use crate::write::{Decision, Reason, Swapped, compare_and_swap};

impl Canceller {
    /// Asks the gateway about an order and records the answer: an order seen paid after
    /// its cancellation was confirmed raises a finding.
    ///
    /// # Errors
    /// When the gateway gives no reading or the store fails.
    pub async fn status(
        &self,
        key: &OrderKey,
    ) -> Result<(StatusReading, Observation), EngineError> {
        let key = &self.canonical(key)?;
        if let Some(order) = self.store.order(key).await? {
            self.check_gateway(key, &order.gateway)?;
        }
        let reading = self.gateway(&key.account)?.status(&key.order).await?;
        let seen = self.observation(&reading);
        self.observe(key, seen.clone()).await?;
        let check = self.settings.amount_check;
        let records = self.store.cancellations_of(key).await?;
        let newest = records.last().map(|record| record.id);
        for record in records {
            // Every old record would have a finding about the amount.
            let check = if newest == Some(record.id) {
                check
            } else {
                AmountCheck::Ignore
            };
            let shown = (&reading.status, reading.money, amount::receipt(&reading));
            let (event, detail) = amount::observed(check, &record, shown);
            self.show(record, &Transition::new(event, detail)).await?;
        }
        Ok((reading, seen))
    }

    /// Reads the order once more if its cancellation waits for a person: a status that has
    /// become clear meanwhile ends the review. Whether it can be read does not matter here.
    pub(crate) async fn look_if_in_review(&self, record: Record) -> Result<Record, EngineError> {
        if record.progress.state != State::NeedsReview {
            return Ok(record);
        }
        match self.status(&record.key).await {
            Err(trouble) if !trouble.is_of_the_gateway() => return Err(trouble),
            Ok(_) | Err(_) => {}
        }
        let now = self.store.cancellation(record.id).await?;
        Ok(now.unwrap_or(record))
    }

    /// Reads the status of a cancellation that is not over, also of one that waits for a person,
    /// and settles it if the status allows; nothing is sent. `None` if another worker holds it, or
    /// it is over.
    ///
    /// # Errors
    /// When its account is not configured or the store fails.
    pub async fn recheck(&self, record: &Record) -> Result<Option<CancelOutcome>, EngineError> {
        self.reading_only().claim_and_work(record).await
    }

    /// Shows a status to a cancellation that no worker has: it may end a review, and begins
    /// nothing. A payment that comes too late for what was reported is the store's to find,
    /// at once.
    pub(crate) async fn show(&self, record: Record, shown: &Transition) -> Result<(), EngineError> {
        let decide = |record: &Record, reason: Reason<Obstacle>| {
            match reason {
                Reason::First | Reason::Conflict => {}
                // Only a paid status changes anything here.
                Reason::PreconditionFailed(_) => return Ok(Decision::Leave),
                Reason::OnceUsed(error) => return Err(error.into()),
            }
            let before = &record.progress;
            if record.due_at.is_some() {
                return Ok(Decision::Leave);
            }
            let step = self.step(record, &shown.event)?;
            let ends = step.next.state.outcome().is_some();
            let same = step.next.state == before.state && step.next.finding == before.finding;
            if same || !ends {
                return Ok(Decision::Leave);
            }
            let update = self.update(record, &step, shown)?;
            Ok(Decision::Write(update, ()))
        };
        compare_and_swap(record, decide, |update| self.store.advance(update)).await?;
        Ok(())
    }

    /// Records what a person has decided about a cancellation that is in doubt, waits for
    /// review, or was paid late. `by` and `note` stay in the log for ever.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] when there is nothing to decide, [`EngineError::UnknownCancellation`] when
    /// there is no such cancellation, or when the store fails.
    pub async fn resolve(
        &self,
        id: CancellationId,
        resolution: Resolution,
        by: &str,
        note: &str,
    ) -> Result<Record, EngineError> {
        let found = self.store.cancellation(id).await?;
        // A status that has become clear meanwhile is better evidence than a decision.
        let found = found.ok_or(EngineError::UnknownCancellation(id))?;
        let record = self.look_if_in_review(found).await?;
        let event = Event::Resolved(resolution);
        let transition = Transition::new(event.clone(), Acknowledgement::detail(by, note)).by(by);
        // What another worker has learnt meanwhile may leave nothing to decide.
        let decide = |record: &Record, reason: Reason<Obstacle>| {
            match reason {
                Reason::First | Reason::Conflict => {}
                Reason::PreconditionFailed(_) => {
                    let broken = "the store requires a precondition that the decision did not name";
                    return Err(StoreError::new(StoreErrorKind::Internal, broken).into());
                }
                Reason::OnceUsed(error) => return Err(error.into()),
            }
            let step = self.step(record, &event)?;
            let update = self.update(record, &step, &transition)?;
            Ok(Decision::Write(update, ()))
        };
        let swapped = compare_and_swap(record, decide, |update| self.store.advance(update));
        match swapped.await? {
            Swapped::Stored(record, ()) | Swapped::Left(record) => Ok(record),
        }
    }
}
