//! Which orders a sweep works on, and how much of it.

use std::num::NonZeroU32;
use std::time::Duration;

use duka_core::AccountName;
use futures::stream::BoxStream;

use super::rules::{RuleAction, SweepRule};
use crate::order::TrackedOrder;

/// Why a list of orders could not be read on.
pub type ListError = Box<dyn std::error::Error + Send + Sync>;

/// Where a sweep gets its orders from.
pub enum Source {
    /// The orders tracked in the store.
    Tracked,
    /// A list that is read as it is worked on, so it may be of any length. Its orders are
    /// tracked from then on. Reading stops at the first error. Where accounts differ in
    /// speed, it is read ahead for the quick ones, up to 10,000 orders in all.
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

/// Whether a sweep changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It cancels and settles.
    Act,
    /// It reads statuses, stores and reports what they show, and settles what is in doubt by
    /// reading alone: no request is sent. Orders that a rule keeps or a person holds are read as
    /// well. A cancellation is opened only where a payment of another amount needs a record for
    /// its finding.
    Reconcile,
    /// It reads statuses and reports what it would do; nothing is stored or sent.
    DryRun,
}

/// What becomes of the older open attempts of a shop order once a newer one is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuplicateAttempts {
    /// They are cancelled, however young they are.
    CancelOlder,
    /// They are reported, and left to their age.
    Report,
}

/// The bounds of a sweep.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Orders younger than this are left to their customers; those that expire, until they do.
    pub min_age: Duration,
    /// Orders whose payment is under way are left to their customers up to this age. It binds
    /// sweeps alone, and no order that a caller cancels by its name.
    pub processing_min_age: Duration,
    /// The merchant's rules; of those that an order fits, the first counts.
    pub rules: Vec<SweepRule>,
    /// What becomes of the older open attempts of a shop order once a newer one is paid.
    pub duplicates: DuplicateAttempts,
    /// Orders that a worker has acted on more recently than this are left alone, so that an
    /// order that was just refused or could not be read is not read again in every round.
    /// `None` means as long as `min_age`.
    pub grace: Option<Duration>,
    /// Orders older than this are left alone; those that expire, so long after they have.
    pub look_back: Duration,
    /// The most orders that are worked on.
    pub max: Option<u64>,
    /// The most orders that are worked on at a time, of all accounts together.
    pub concurrency: usize,
    /// The most orders begun in a second, for each account: new ones, those to be settled,
    /// and those that are only read again. Neither gateway documents a limit.
    pub rate: Option<NonZeroU32>,
    /// An account is stopped for the rest of the sweep when more than this share of its
    /// last 50 orders (of at least 20) failed. From 0 to 1.
    pub error_rate: f64,
    /// Reads again what was reported cancelled, failed or expired within this time, to find
    /// payments that came later.
    pub recheck: Option<Duration>,
    /// How long to wait for what is still in doubt, after the last order of an account.
    pub wait: Duration,
    /// Only this account.
    pub account: Option<AccountName>,
    /// Whether it changes anything.
    pub mode: Mode,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            min_age: Duration::from_secs(30 * 60),
            processing_min_age: Duration::from_secs(24 * 60 * 60),
            rules: Vec::new(),
            duplicates: DuplicateAttempts::CancelOlder,
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

impl Bounds {
    /// [`Bounds::grace`](field@Bounds::grace), or what it is by default.
    pub fn effective_grace(&self) -> Duration {
        self.grace.unwrap_or(self.min_age)
    }

    /// The age under which no order counts as abandoned, whatever rule it fits.
    pub(super) fn least_age(&self) -> Duration {
        let of_rules = self.rules.iter().filter_map(|rule| match rule.action {
            RuleAction::Keep => None,
            RuleAction::MinAge(min_age) => Some(min_age),
        });
        of_rules.fold(self.min_age, Duration::min)
    }
}
