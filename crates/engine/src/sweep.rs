//! The bounded sweep: settles what is in doubt, then cancels abandoned orders.
//!
//! One reader fills a queue for each account, and each account works on its own, with its
//! rate limiter, its circuit breaker and its waits. The limit on orders at a time is shared.

mod account;
mod bounds;
mod breaker;
mod context;
mod disposition;
mod events;
mod jobs;
mod limiter;
mod queue;
mod reader;
mod rules;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::driver::Canceller;
use crate::error::EngineError;
use crate::record::Request;
use account::Account;
use context::Context;
use queue::Queues;

pub use bounds::{Bounds, DuplicateAttempts, ListError, Mode, Source};
pub use disposition::{Disposition, LeaveReason, PlannedAction};
pub use events::{Plan, Summary, SweepEvent};
pub use rules::{Conditions, RuleAction, RuleNumber, SweepRule};

impl Canceller {
    /// For each account: settles what is due, reads again what was reported cancelled, then
    /// cancels abandoned orders within `bounds`, then reads again what waits for a person and
    /// was not read for long, then waits a little for what is still in doubt. No account
    /// waits for another, except for a slot of [`Bounds::concurrency`] and for a list that is
    /// thousands of orders ahead of it.
    ///
    /// When `stop` is cancelled, what is in flight is finished and nothing new is begun; a
    /// later sweep goes on.
    ///
    /// # Errors
    /// When the store fails. What happens to single orders is reported and counted.
    pub async fn sweep(
        &self,
        source: Source,
        bounds: &Bounds,
        request: &Request,
        stop: &CancellationToken,
        on_event: &(dyn Fn(SweepEvent<'_>) + Sync),
    ) -> Result<Summary, EngineError> {
        let started = Instant::now();
        let (reading_only, without_rules);
        let (canceller, bounds) = match bounds.mode {
            Mode::Act | Mode::DryRun => (self, bounds),
            Mode::Reconcile => {
                reading_only = self.reading_only();
                // They say which orders are not to be cancelled.
                without_rules = Bounds {
                    rules: Vec::new(),
                    ..bounds.clone()
                };
                (&reading_only, &without_rules)
            }
        };
        let context = Context::new(canceller, bounds, request, stop, on_event);
        let mut left = reader::read_unsettled(&context).await?;
        let mut accounts = self.accounts();
        accounts.retain(|name| bounds.account.as_ref().is_none_or(|only| name == only));
        let queues = Queues::new(accounts, bounds.concurrency);
        let accounts = queues.accounts().map(|account| {
            let unsettled = left.remove(account.0).unwrap_or_default();
            Account::new(&context, &queues, account, unsettled).run()
        });
        let accounts = futures::future::join_all(accounts);
        tokio::join!(reader::fill(&context, &queues, source), accounts);
        let mut summary = context.into_summary()?;
        summary.elapsed = started.elapsed();
        Ok(summary)
    }
}
