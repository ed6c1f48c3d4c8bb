//! The part of a run that begins nothing: settles what earlier runs left, looks again at
//! what was reported, and waits a little for what is in doubt.

use std::time::Duration;

use duka_core::{AccountName, State};
use futures::stream::{self, StreamExt};
use tokio::time::Instant;

use super::Mode;
use super::progress::{Cause, Pending};
use super::run::{PAGE, Run, before};
use crate::driver::CancelError;
use crate::record::Record;
use crate::store::{ReportFilter, ReportPage};

/// What to do about an account that is held because its credentials were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtHold {
    /// Wait until the hold is over.
    Wait,
    /// Leave it for the next round.
    Leave,
}

impl Run<'_> {
    /// Takes note of what earlier runs have left unsettled, so that it is waited for and
    /// reported, though it is not due yet. What belongs to an account that is not configured,
    /// or is at another gateway now, is in trouble, and a dry run says so too.
    pub(super) async fn note_unsettled(&self) -> Result<(), CancelError> {
        let mut page = ReportPage {
            which: ReportFilter::Unsettled,
            account: self.bounds.account.clone(),
            limit: PAGE,
            ..ReportPage::default()
        };
        loop {
            let records = self.canceller.store.report(page.clone()).await?;
            if !page.advance(&records) {
                return Ok(());
            }
            for record in records {
                let key = &record.key;
                let Some(due_at) = record.due_at else {
                    continue;
                };
                if let Err(gone) = self.canceller.check_gateway(key, &record.gateway) {
                    // It is not settled before the configuration is mended.
                    if self.lock().named.insert(record.id) {
                        self.considered();
                        self.failed(key, &gone);
                    }
                    continue;
                }
                if self.bounds.mode == Mode::DryRun || self.is_stopped(&key.account) {
                    continue;
                }
                let cause = None;
                let known = self
                    .lock()
                    .account(&key.account)
                    .pending
                    .insert(record.id, Pending { due_at, cause });
                if known.is_none() {
                    self.considered();
                }
            }
        }
    }

    /// Works on everything that is due now, round by round; no account waits for another.
    pub(super) async fn settle_due(&self, at_hold: AtHold) -> Result<(), CancelError> {
        let accounts = self.accounts();
        let settled = accounts.iter().map(|account| self.settle(account, at_hold));
        let settled = futures::future::join_all(settled).await;
        settled.into_iter().collect()
    }

    async fn settle(&self, account: &AccountName, at_hold: AtHold) -> Result<(), CancelError> {
        let accounts = [account.clone()];
        loop {
            let held = self
                .lock()
                .account(account)
                .pace
                .trust
                .held_for(Instant::now());
            if at_hold == AtHold::Leave && !held.is_zero() {
                return Ok(());
            }
            let Some(ticket) = self.ticket(account).await else {
                return Ok(());
            };
            let most = if ticket.pass.alone {
                1
            } else {
                self.bounds.concurrency
            };
            // Slots first: a claim that waits for one could lapse.
            let slots = self.some_slots(most).await;
            if !self.is_current(&ticket) {
                continue;
            }
            let limit = u32::try_from(slots.len()).unwrap_or(u32::MAX);
            let claim = self.canceller.claim();
            let due = self
                .canceller
                .store
                .claim_due(claim, &accounts, limit)
                .await?;
            if due.is_empty() {
                return Ok(());
            }
            let ticket = &ticket;
            stream::iter(due.into_iter().zip(slots))
                .for_each_concurrent(None, |(record, _slot)| async move {
                    let (id, key) = (record.id, record.key.clone());
                    if self.canceller.check_gateway(&key, &record.gateway).is_err() {
                        self.lock().named.insert(id);
                    }
                    let pending = self.lock().account(&key.account).pending.remove(&id);
                    if pending.is_none() {
                        self.considered();
                    }
                    let worked = self.canceller.work(record).await;
                    self.handled(&key, worked, ticket);
                })
                .await;
        }
    }

    /// Reads again what was reported cancelled lately, for payments that came late, and what
    /// waits for a person, for a status that has become clear. Only what is found is told.
    pub(super) async fn recheck(&self) -> Result<(), CancelError> {
        let Some(within) = self.bounds.recheck else {
            return Ok(());
        };
        for which in [ReportFilter::ReportedCancelled, ReportFilter::Pending] {
            self.recheck_all(which, within).await?;
        }
        Ok(())
    }

    async fn recheck_all(&self, which: ReportFilter, within: Duration) -> Result<(), CancelError> {
        let mut page = ReportPage {
            which,
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
            // What is in doubt has a turn of its own.
            let settled = |record: &Record| {
                record.due_at.is_none()
                    && (which == ReportFilter::ReportedCancelled
                        || record.progress.state == State::NeedsReview)
            };
            stream::iter(records.into_iter().filter(settled))
                .for_each_concurrent(self.bounds.concurrency.max(1), |record| {
                    self.recheck_one(record)
                })
                .await;
        }
        Ok(())
    }

    async fn recheck_one(&self, record: Record) {
        let key = &record.key;
        let Some(turn) = self.turn(&key.account).await else {
            return;
        };
        match self.canceller.status(key).await {
            Err(trouble) => {
                if let CancelError::Gateway(error) = &trouble {
                    self.note(&turn.ticket, Some(error));
                }
                self.considered();
                self.failed(key, &trouble);
            }
            Ok(_) => {
                self.note(&turn.ticket, None);
                let now = self.canceller.store.cancellation(record.id).await;
                if let Ok(Some(now)) = now
                    && (now.progress.finding, now.progress.state)
                        != (record.progress.finding, record.progress.state)
                {
                    self.considered();
                    self.finish(&now, Cause::Other);
                }
            }
        }
    }

    pub(super) async fn wait_for_pending(&self) -> Result<(), CancelError> {
        let started = Instant::now();
        while !self.halt.is_cancelled() {
            let Some(pause) = self.until_next() else {
                return Ok(());
            };
            if started.elapsed().saturating_add(pause) > self.bounds.wait {
                return Ok(());
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.halt.cancelled() => return Ok(()),
            }
            self.settle_due(AtHold::Leave).await?;
            self.forget_taken().await?;
        }
        Ok(())
    }

    /// What another worker has claimed meanwhile is theirs to finish, but ours to report.
    async fn forget_taken(&self) -> Result<(), CancelError> {
        let now = self.canceller.clock.now();
        let overdue: Vec<_> = {
            let progress = self.lock();
            let going = progress.accounts.values().filter(|a| a.stopped.is_none());
            let pending = going.flat_map(|a| &a.pending);
            let due = pending.filter(|(_, it)| it.due_at <= now);
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
                    Some(due_at) => {
                        if let Some(known) = pending.get_mut(&id) {
                            known.due_at = due_at;
                        }
                        false
                    }
                    None => pending.remove(&id).is_some(),
                }
            };
            if settled {
                // What stood in their way is not known here.
                self.finish(&record, Cause::Other);
            }
        }
        Ok(())
    }

    /// Tells of what is still unsettled.
    pub(super) async fn leave_pending(&self) -> Result<(), CancelError> {
        let left = self.lock().drain_pending();
        for (id, cause) in left {
            if let Some(record) = self.canceller.store.cancellation(id).await? {
                self.finish(&record, cause);
            }
        }
        Ok(())
    }
}
