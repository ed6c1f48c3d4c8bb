//! The part of a run that begins nothing: settles what earlier runs left, looks again at
//! what was reported, and waits a little for what is in doubt.

use futures::stream::{self, StreamExt};
use tokio::time::Instant;

use super::run::{PAGE, Run, before};
use crate::driver::Trouble;
use crate::record::Record;
use crate::store::{ReportPage, Which};

impl Run<'_> {
    /// Takes note of what earlier runs have left unsettled, so that it is waited for and
    /// reported, though it is not due yet.
    pub(super) async fn note_unsettled(&self) -> Result<(), Trouble> {
        let mut page = ReportPage {
            which: Which::Unsettled,
            account: self.bounds.account.clone(),
            limit: PAGE,
            ..ReportPage::default()
        };
        loop {
            let records = self.canceller.store.report(page.clone()).await?;
            if !page.advance(&records) {
                return Ok(());
            }
            let configured = self.accounts();
            for record in records {
                let Some(due_at) = record.due_at else {
                    continue;
                };
                let account = &record.key.account;
                if !configured.contains(account) {
                    continue;
                }
                let known = self
                    .lock()
                    .account(account)
                    .pending
                    .insert(record.id, due_at);
                if known.is_none() {
                    self.considered();
                }
            }
        }
    }

    /// Works on everything that is due now, round by round.
    pub(super) async fn settle_due(&self) -> Result<(), Trouble> {
        let limit = u32::try_from(self.bounds.concurrency.max(1)).unwrap_or(u32::MAX);
        while !self.halt.is_cancelled() {
            let claim = self.canceller.claim();
            let due = self
                .canceller
                .store
                .claim_due(claim, &self.accounts(), limit)
                .await?;
            if due.is_empty() {
                return Ok(());
            }
            stream::iter(due)
                .for_each_concurrent(self.bounds.concurrency.max(1), |record| async {
                    let (id, key) = (record.id, record.key.clone());
                    let pending = self.lock().account(&key.account).pending.remove(&id);
                    if pending.is_none() {
                        self.considered();
                    }
                    let _slot = self.slot().await;
                    let worked = self.canceller.work(record).await;
                    self.handled(&key, worked);
                })
                .await;
        }
        Ok(())
    }

    /// Reads again what was reported cancelled lately. Only what is found is told.
    pub(super) async fn recheck(&self) -> Result<(), Trouble> {
        let Some(within) = self.bounds.recheck else {
            return Ok(());
        };
        let mut page = ReportPage {
            which: Which::ReportedCancelled,
            since: Some(before(self.canceller.clock.now(), within)),
            account: self.bounds.account.clone(),
            after: None,
            limit: PAGE,
        };
        while !self.halt.is_cancelled() {
            let records = self.canceller.store.report(page.clone()).await?;
            if !page.advance(&records) {
                break;
            }
            stream::iter(records)
                .for_each_concurrent(self.bounds.concurrency.max(1), |record| {
                    self.recheck_one(record)
                })
                .await;
        }
        Ok(())
    }

    async fn recheck_one(&self, record: Record) {
        let key = &record.key;
        if self.is_stopped(&key.account) || self.halt.is_cancelled() {
            return;
        }
        self.wait_for_turn(&key.account).await;
        match self.canceller.status(key).await {
            Err(trouble) => {
                if let Trouble::Gateway(error) = &trouble {
                    self.note_failure(&key.account, Some(error));
                }
                self.considered();
                self.failed(key, &trouble);
            }
            Ok(_) => {
                self.note_failure(&key.account, None);
                let now = self.canceller.store.cancellation(record.id).await;
                if let Ok(Some(now)) = now
                    && now.progress.finding.is_some()
                    && record.progress.finding.is_none()
                {
                    self.considered();
                    self.finish(&now);
                }
            }
        }
    }

    pub(super) async fn wait_for_pending(&self) -> Result<(), Trouble> {
        let started = Instant::now();
        while !self.halt.is_cancelled() {
            let Some(next) = self.next_due() else {
                return Ok(());
            };
            let pause = self.canceller.until(next);
            if started.elapsed().saturating_add(pause) > self.bounds.wait {
                return Ok(());
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.halt.cancelled() => return Ok(()),
            }
            self.settle_due().await?;
            self.forget_taken().await?;
        }
        Ok(())
    }

    /// What another worker has claimed meanwhile is theirs to finish, but ours to report.
    async fn forget_taken(&self) -> Result<(), Trouble> {
        let now = self.canceller.clock.now();
        let overdue: Vec<_> = {
            let progress = self.lock();
            let going = progress.accounts.values().filter(|a| !a.stopped);
            let pending = going.flat_map(|a| &a.pending);
            let due = pending.filter(|(_, at)| **at <= now);
            due.map(|(id, _)| *id).collect()
        };
        for id in overdue {
            let Some(record) = self.canceller.store.cancellation(id).await? else {
                continue;
            };
            let settled = {
                let mut progress = self.lock();
                let pending = &mut progress.account(&record.key.account).pending;
                match record.due_at {
                    Some(due_at) => pending.insert(id, due_at),
                    None => pending.remove(&id),
                };
                record.due_at.is_none()
            };
            if settled {
                self.finish(&record);
            }
        }
        Ok(())
    }

    /// Tells of what is still unsettled.
    pub(super) async fn leave_pending(&self) -> Result<(), Trouble> {
        let left: Vec<_> = {
            let mut progress = self.lock();
            let accounts = progress.accounts.values_mut();
            accounts.flat_map(|a| a.pending.drain()).collect()
        };
        for (id, _) in left {
            if let Some(record) = self.canceller.store.cancellation(id).await? {
                self.finish(&record);
            }
        }
        Ok(())
    }
}
