//! When an order has its turn: its account's pace, its credentials, and a free slot.

use std::time::Duration;

use duka_core::{AccountName, Error};
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

use super::SweepEvent;
use super::pace::{Verdict, Went};
use super::run::Run;
use super::trust::{Entry, Pass};

/// The longest that an account is held because its gateway asked for it.
const LONGEST_HOLD: Duration = Duration::from_secs(5 * 60);

impl Run<'_> {
    /// Notes how an order went. Stops an account whose credentials are refused for good, or
    /// whose gateway keeps failing.
    pub(super) fn note(&self, ticket: &Ticket<'_>, error: Option<&Error>) {
        let (now, name) = (Instant::now(), &ticket.account);
        let stopped = {
            let mut progress = self.lock();
            let account = progress.account(name);
            if let Some(wait) = error.and_then(Error::retry_after) {
                account.pace.hold(wait.min(LONGEST_HOLD), now);
            }
            let went = Went::of(error);
            let rate = self.bounds.error_rate;
            match (account.pace.note(went, ticket.pass, rate, now), error) {
                // With nothing wrong just now it goes on, whatever was before.
                (Verdict::GoOn, _) | (_, None) => None,
                (Verdict::Stop(_), _) if account.stopped.is_some() => None,
                (Verdict::Stop(cause), Some(error)) => {
                    account.stopped = Some(cause);
                    Some(error.in_full().to_string())
                }
            }
        };
        self.freed.notify_waiters();
        if let Some(reason) = stopped {
            (self.tell)(SweepEvent::AccountStopped(name, reason));
        }
    }

    /// Notes how a look at what waits for a person went: an order that could not be read for
    /// long says nothing of the next one, so it stops no account.
    pub(super) fn note_look(&self, ticket: &Ticket<'_>, error: Option<&Error>) {
        if Went::of(error) != Went::Wrong {
            self.lock().account(&ticket.account).unanswered_looks = 0;
            return self.note(ticket, error);
        }
        let mut progress = self.lock();
        let account = progress.account(&ticket.account);
        account.unanswered_looks += 1;
        if let Some(wait) = error.and_then(Error::retry_after) {
            account.pace.hold(wait.min(LONGEST_HOLD), Instant::now());
        }
    }

    /// Waits until an order of this account may be begun; `None` once none may any more.
    pub(super) async fn ticket(&self, account: &AccountName) -> Option<Ticket<'_>> {
        loop {
            // Before the look, so that nothing is missed between the two.
            let freed = self.freed.notified();
            if self.halt.is_cancelled() || self.is_stopped(account) {
                return None;
            }
            let entry = self
                .lock()
                .account(account)
                .pace
                .trust
                .enter(Instant::now());
            let until = match entry {
                Entry::Open(pass) => {
                    return Some(Ticket {
                        run: self,
                        account: account.clone(),
                        pass,
                    });
                }
                Entry::Held(until) => Some(until),
                Entry::Probing => None,
            };
            tokio::select! {
                () = sleep_until(until) => {}
                () = freed => {}
                () = self.halt.cancelled() => {}
            }
        }
    }

    /// Waits for this order's turn; `None` if it is not to have one any more.
    pub(super) async fn turn(&self, account: &AccountName) -> Option<Turn<'_>> {
        loop {
            let ticket = self.ticket(account).await?;
            self.wait_for_place(account).await;
            let slot = self.slot().await;
            if self.halt.is_cancelled() || self.is_stopped(account) {
                return None;
            }
            if self.is_current(&ticket) {
                return Some(Turn {
                    ticket,
                    _slot: slot,
                });
            }
        }
    }

    /// Whether an order may still be begun with this: one that waited while the credentials
    /// were refused waits again.
    pub(super) fn is_current(&self, ticket: &Ticket<'_>) -> bool {
        let mut progress = self.lock();
        let trust = &progress.account(&ticket.account).pace.trust;
        trust.is_current(ticket.pass)
    }

    /// Waits for a place in line, if the account has a rate or was asked to slow down.
    async fn wait_for_place(&self, account: &AccountName) {
        let rate = self.bounds.rate;
        let place = self.lock().account(account).pace.turn(rate, Instant::now());
        tokio::select! {
            () = tokio::time::sleep_until(place) => {}
            () = self.halt.cancelled() => {}
        }
    }

    pub(super) async fn slot(&self) -> SemaphorePermit<'_> {
        let slot = self.slots.acquire().await;
        slot.expect("nobody closes the semaphore")
    }

    /// One slot, once there is one, and as many more as are free, up to `most`.
    pub(super) async fn some_slots(&self, most: usize) -> Vec<SemaphorePermit<'_>> {
        let mut slots = vec![self.slot().await];
        let more = std::iter::from_fn(|| self.slots.try_acquire().ok());
        slots.extend(more.take(most.saturating_sub(1)));
        slots
    }
}

/// Leave to begin an order of an account. Once it is dropped, another may be the probe.
pub(super) struct Ticket<'a> {
    run: &'a Run<'a>,
    account: AccountName,
    pub(super) pass: Pass,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut progress = self.run.lock();
        progress.account(&self.account).pace.trust.leave(self.pass);
        drop(progress);
        self.run.freed.notify_waiters();
    }
}

/// An order's turn, for as long as it is in hand.
pub(super) struct Turn<'a> {
    pub(super) ticket: Ticket<'a>,
    _slot: SemaphorePermit<'a>,
}

async fn sleep_until(then: Option<Instant>) {
    match then {
        Some(then) => tokio::time::sleep_until(then).await,
        None => std::future::pending().await,
    }
}
