//! What happens to a cancellation that nobody works on: later sights of its order, and a
//! person's decision.

use duka_core::cancel::{Event, Resolution};
use duka_core::{CancellationId, Observation, OrderStatus, StatusReading};

use crate::driver::{Canceller, Happened, Trouble};
use crate::order::OrderKey;
use crate::record::Record;
use crate::store::Advanced;

impl Canceller {
    /// Asks the gateway about an order and records the answer: an order seen paid after
    /// its cancellation was confirmed raises a finding.
    ///
    /// # Errors
    /// When the gateway gives no reading or the store fails.
    pub async fn status(&self, key: &OrderKey) -> Result<(StatusReading, Observation), Trouble> {
        let key = &self.canonical(key)?;
        let reading = self.gateway(&key.account)?.status(&key.order).await?;
        let seen = self.observation(&reading);
        self.store.observe(key, seen.clone()).await?;
        for record in self.store.cancellations_of(key).await? {
            self.show(record, &reading.status).await?;
        }
        Ok((reading, seen))
    }

    /// Shows a status to a cancellation that nobody works on: it may end a review, or come
    /// too late for what was reported.
    async fn show(&self, record: Record, status: &OrderStatus) -> Result<(), Trouble> {
        let mut record = record;
        while record.due_at.is_none() {
            let before = &record.progress;
            // A finding that somebody has closed is not raised by the same sight again.
            if before.verified.as_ref() == Some(status) {
                break;
            }
            let event = Event::Observed(status.clone());
            let step = self.step(&record, &event)?;
            if step.next.state == before.state && step.next.finding == before.finding {
                break;
            }
            let happened = Happened::new(event, format!("status {status}"));
            match self.write(&record, &step, &happened).await? {
                Advanced::Stored(_) => break,
                Advanced::Conflict(current) => record = current,
            }
        }
        Ok(())
    }

    /// Records what a person has decided about a cancellation that is in doubt, waits for
    /// review, or was paid late. `by` and `note` stay in the log for ever.
    ///
    /// # Errors
    /// [`Trouble::NotAllowed`] when there is nothing to decide, [`Trouble::Unknown`] when
    /// there is no such cancellation, or when the store fails.
    pub async fn resolve(
        &self,
        id: CancellationId,
        resolution: Resolution,
        by: &str,
        note: &str,
    ) -> Result<Record, Trouble> {
        let found = self.store.cancellation(id).await?;
        let mut record = found.ok_or(Trouble::Unknown(id))?;
        let event = Event::Resolved(resolution);
        let happened = Happened::new(event.clone(), format!("{by}: {note}")).by(by);
        loop {
            let step = self.step(&record, &event)?;
            match self.write(&record, &step, &happened).await? {
                Advanced::Stored(record) => return Ok(record),
                // What somebody else has learnt meanwhile may leave nothing to decide.
                Advanced::Conflict(current) => record = current,
            }
        }
    }

    /// An order seen paid tells against every earlier cancellation that was reported.
    pub(crate) async fn show_payment(
        &self,
        record: &Record,
        status: &OrderStatus,
    ) -> Result<(), Trouble> {
        if matches!(status, OrderStatus::Paid | OrderStatus::Reversed) {
            for earlier in self.store.cancellations_of(&record.key).await? {
                if earlier.id != record.id {
                    self.show(earlier, status).await?;
                }
            }
        }
        Ok(())
    }
}
