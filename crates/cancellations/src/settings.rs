//! How a worker behaves: its name, its patience, and for how long it holds a record.

use std::fmt;
use std::time::Duration;

use duka_core::WaitPolicy;

use crate::amount::AmountCheck;

/// How a worker behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long to wait for what.
    pub wait_policy: WaitPolicy,
    /// For how long a claim on a record holds without a sign of life.
    pub lease: Lease,
    /// The worker's name in claims and in the log.
    pub worker: String,
    /// Whether an order that shows another amount than expected may be cancelled.
    pub amount_check: AmountCheck,
}

impl Settings {
    /// The default patience and a lease of two minutes.
    pub fn new(worker: impl Into<String>) -> Self {
        Self {
            wait_policy: WaitPolicy::default(),
            lease: Lease::default(),
            worker: worker.into(),
            amount_check: AmountCheck::Compare,
        }
    }

    /// Waits otherwise.
    #[must_use]
    pub fn wait_policy(mut self, wait_policy: WaitPolicy) -> Self {
        self.wait_policy = wait_policy;
        self
    }

    /// Compares amounts, or does not.
    #[must_use]
    pub fn amount_check(mut self, check: AmountCheck) -> Self {
        self.amount_check = check;
        self
    }

    /// Holds claims for another time.
    #[must_use]
    pub fn lease(mut self, lease: Lease) -> Self {
        self.lease = lease;
        self
    }
}

/// For how long a claim on a record holds without a sign of life. Nothing is sent in its
/// last fifth.
///
/// At least twice the time that one request may take, and better above that of a call with
/// its repeats: a claim shorter than that cuts the repeats short; it never breaks a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease(Duration);

impl Lease {
    /// The shortest: in less, no request to a gateway is answered, and a worker that may not
    /// send never gets anywhere.
    pub const MIN: Duration = Duration::from_secs(1);
    /// The longest: what a dead worker held is left alone for as long.
    pub const MAX: Duration = Duration::from_secs(60 * 60);

    /// A lease of this length, from [`Lease::MIN`] to [`Lease::MAX`].
    ///
    /// # Errors
    /// When it is shorter or longer.
    pub fn new(length: Duration) -> Result<Self, BadLease> {
        if (Self::MIN..=Self::MAX).contains(&length) {
            Ok(Self(length))
        } else {
            Err(BadLease { length })
        }
    }

    /// Its length.
    pub const fn get(self) -> Duration {
        self.0
    }

    /// For how long after the claim a request may leave.
    pub(crate) fn may_send_for(self) -> Duration {
        self.0 / 5 * 4
    }
}

impl Default for Lease {
    /// Two minutes.
    fn default() -> Self {
        Self(Duration::from_secs(120))
    }
}

/// A lease that is too short or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadLease {
    length: Duration,
}

impl fmt::Display for BadLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (length, min, max) = (self.length, Lease::MIN, Lease::MAX);
        write!(
            f,
            "a lease of {length:?} is not between {min:?} and {max:?}; a shorter one sends nothing, and what a dead worker held is left alone for as long as it lasts"
        )
    }
}

impl std::error::Error for BadLease {}
