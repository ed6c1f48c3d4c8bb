//! The bounded sweep: settles what is in doubt, then cancels abandoned orders.

mod pace;
mod progress;
mod reviews;
mod run;
mod settle;
mod trust;
mod turn;

use std::num::NonZeroU32;
use std::time::Duration;

use duka_core::{AccountName, GatewayName, Money, StatusReading};
use futures::stream::BoxStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::amount::AmountDifference;
use crate::driver::{CancelError, Canceller};
use crate::order::{OrderKey, TrackedOrder};
use crate::record::{Record, Request};
use run::Run;
use settle::AtHold;

/// Why a list of orders could not be read on.
pub type ListError = Box<dyn std::error::Error + Send + Sync>;

/// Where a sweep gets its orders from.
pub enum Source {
    /// The orders followed in the store.
    Tracked,
    /// A list that is read as it is worked on, so it may be of any length. Its orders are
    /// followed from then on. Reading stops at the first error.
    List(BoxStream<'static, Result<TrackedOrder, ListError>>),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tracked => "Tracked",
            Self::List(_) => "List(…)",
        })
    }
}

/// Whether a sweep acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It does.
    Act,
    /// It reads statuses and says what it would do; nothing is stored or sent.
    DryRun,
}

/// The bounds of a sweep.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Orders younger than this are left to their customers.
    pub min_age: Duration,
    /// Orders that we have touched more recently than this are left alone: what was just
    /// refused or could not be read is not asked about again in every round. `None` means
    /// as long as `min_age`.
    pub grace: Option<Duration>,
    /// Orders older than this are history.
    pub look_back: Duration,
    /// At most so many orders are worked on.
    pub max: Option<u64>,
    /// So many orders at a time.
    pub concurrency: usize,
    /// At most so many orders begun in a second, for each account. Neither gateway
    /// documents a limit.
    pub rate: Option<NonZeroU32>,
    /// An account is stopped for the rest of the sweep when more than this share of its
    /// last 50 orders (of at least 20) failed. From 0 to 1.
    pub error_rate: f64,
    /// Reads again what was reported cancelled within this time, to find payments that
    /// came later.
    pub recheck: Option<Duration>,
    /// After the last order, how long to wait for what is still in doubt.
    pub wait: Duration,
    /// Only this account.
    pub account: Option<AccountName>,
    /// Whether it acts.
    pub mode: Mode,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            min_age: Duration::from_secs(30 * 60),
            grace: None,
            look_back: Duration::from_secs(7 * 24 * 60 * 60),
            max: None,
            concurrency: 8,
            rate: None,
            error_rate: 0.5,
            recheck: None,
            wait: Duration::from_secs(30),
            account: None,
            mode: Mode::Act,
        }
    }
}

/// Something worth telling while a sweep runs.
#[derive(Debug)]
#[non_exhaustive]
pub enum SweepEvent<'a> {
    /// An order was looked at; one for each.
    Considered,
    /// A cancellation is over, or the sweep leaves it as it is. One for each.
    Cancellation(&'a Record),
    /// What a dry run would do.
    Plan(&'a Plan),
    /// An order that is considered and left as it is, without a look at its gateway.
    LeftAlone(&'a OrderKey, Left),
    /// An order could not be worked on.
    Failed(&'a OrderKey, &'a CancelError),
    /// The rest of an account's orders is left for another time.
    AccountStopped(&'a AccountName, String),
}

/// What a sweep would do about an order.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The order.
    pub key: OrderKey,
    /// Its gateway.
    pub gateway: GatewayName,
    /// What its status is; `None` where the gateway knows no such order.
    pub reading: Option<StatusReading>,
    /// What would be done.
    pub would: PlannedAction,
    /// What it costs, by the list or as it is tracked.
    pub money: Option<Money>,
    /// The amount that stands in the way of a cancellation, if one does.
    pub amount: Option<AmountDifference>,
}

/// What would be done about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlannedAction {
    /// A cancel request would be sent.
    Cancel,
    /// Nothing would be sent.
    Skip,
}

/// Why an order is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// It is younger than [`Bounds::min_age`].
    TooYoung,
    /// It is older than [`Bounds::look_back`].
    TooOld,
    /// We have touched it more recently than [`Bounds::grace`] allows.
    JustTouched,
    /// A cancellation of it is under way: this sweep settles it, or somebody else does.
    InHand,
    /// It has ended, or nothing more can be done about it.
    Settled,
}

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Orders and open cancellations looked at.
    pub considered: u64,
    /// Of these, eligible by their status.
    pub eligible: u64,
    /// Cancellations whose request may have left.
    pub sent: u64,
    /// Cancelled.
    pub confirmed: u64,
    /// Not cancelled: paid, over in another way, or refused.
    pub not_cancelled: u64,
    /// Nothing was sent: not eligible, too young, too old, settled before.
    pub skipped: u64,
    /// Still being settled.
    pub in_doubt: u64,
    /// Waiting for a person.
    pub needs_review: u64,
    /// Could not be worked on; a later sweep tries again.
    pub errors: u64,
    /// Of these, the errors that end only when somebody mends the credentials or the
    /// settings of an account.
    pub misconfigured: u64,
    /// Of all these, paid after they had been reported cancelled.
    pub late_payments: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Why the list could not be read to its end, if so.
    pub list_error: Option<String>,
}

impl Canceller {
    /// Settles what is due, looks again at what was reported cancelled, then cancels
    /// abandoned orders within `bounds`, then reads again what waits for a person and was
    /// not read for long, then waits a little for what is still in doubt.
    ///
    /// When `stop` is cancelled, what is in flight is finished and nothing new is begun; a
    /// later sweep goes on.
    ///
    /// # Errors
    /// When the store fails. What happens to single orders is told and counted.
    pub async fn sweep(
        &self,
        source: Source,
        bounds: &Bounds,
        request: &Request,
        stop: &CancellationToken,
        tell: &(dyn Fn(SweepEvent<'_>) + Sync),
    ) -> Result<Summary, CancelError> {
        let started = Instant::now();
        let run = Run::new(self, bounds, request, stop, tell);
        if bounds.mode == Mode::Act {
            run.settle_due(AtHold::Wait).await?;
        }
        run.note_unsettled().await?;
        if bounds.mode == Mode::Act {
            run.recheck().await?;
        }
        run.cancel_abandoned(source).await?;
        if bounds.mode == Mode::Act {
            run.look_at_reviews().await?;
            run.wait_for_pending().await?;
            run.leave_pending().await?;
        }
        let mut summary = run.into_summary()?;
        summary.elapsed = started.elapsed();
        Ok(summary)
    }
}
