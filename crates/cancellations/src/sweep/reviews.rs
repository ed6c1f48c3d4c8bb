//! Another look at what waits for a person: a status may have become clear meanwhile, and
//! where a repeat is harmless the work goes on by itself.

use duka_core::AccountName;
use futures::stream::{self, StreamExt};
use jiff::Timestamp;

use super::progress::Cause;
use super::run::{PAGE, Run};
use crate::driver::CancelError;
use crate::record::Record;
use crate::store::{Claim, ReportFilter, ReportPage};

/// After so many looks without an answer, in a row, the rest of an account waits for the next sweep.
const UNANSWERED: u32 = 3;

impl Run<'_> {
    /// Reads again what waits for a person, each record after its
    /// [pause](Record::look_again_at), at most once, and only when the fresh work is done.
    /// Only what is found is told and counted; a look that fails is no error of the sweep.
    pub(super) async fn look_at_reviews(&self) -> Result<(), CancelError> {
        let mut page = ReportPage {
            which: ReportFilter::Pending,
            account: self.bounds.account.clone(),
            limit: PAGE,
            ..ReportPage::default()
        };
        let now = self.canceller.clock.now();
        while !self.halt.is_cancelled() {
            let records = self.canceller.store.report(page.clone()).await?;
            if !page.advance(&records) {
                break;
            }
            let due = records.into_iter().filter(|it| self.may_look(it, now));
            stream::iter(due)
                .for_each_concurrent(self.bounds.concurrency.max(1), |it| self.look(it))
                .await;
        }
        Ok(())
    }

    fn may_look(&self, record: &Record, now: Timestamp) -> bool {
        let wait_policy = &self.canceller.settings.wait_policy;
        // Nothing waits for so long: the clock that wrote this was wrong.
        let latest = now.checked_add(Claim::LONGEST).unwrap_or(Timestamp::MAX);
        let due = |at: Timestamp| at <= now || at > latest;
        let key = &record.key;
        record.look_again_at(wait_policy).is_some_and(due)
            && self.canceller.check_gateway(key, &record.gateway).is_ok()
    }

    async fn look(&self, record: Record) {
        let key = record.key.clone();
        let Some(turn) = self.turn(&key.account).await else {
            return;
        };
        if self.is_silent(&key.account) {
            return;
        }
        let claim = self.canceller.claim();
        let looked = match self.canceller.store.claim_one(record.id, claim).await {
            // A person has decided, or another worker is reading it.
            Ok(None) => return,
            Ok(Some(record)) => self.canceller.work(record).await,
            Err(error) => Err(error.into()),
        };
        match looked {
            Ok(handled) => {
                self.note_look(&turn.ticket, handled.error.as_ref());
                if handled.record.progress.state != record.progress.state {
                    self.considered();
                    let cause = Cause::of(handled.error.as_ref());
                    self.take_in(handled.record, cause);
                }
            }
            Err(trouble) => {
                self.considered();
                self.failed(&key, &trouble);
            }
        }
    }

    /// Whether the last looks at an account had no answer.
    fn is_silent(&self, account: &AccountName) -> bool {
        self.lock().account(account).unanswered_looks >= UNANSWERED
    }
}
