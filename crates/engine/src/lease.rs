//! A worker's lease on a record: until it ends, no other worker takes the record up.

use std::fmt;
use std::time::Duration;

use duka_core::clock::SharedClock;
use jiff::Timestamp;

use crate::deadline::Deadline;

/// How long a lease on a record lasts without a write. Nothing is sent in its last fifth.
///
/// It should be at least twice the time that one request may take, and better longer than a
/// call with its repeats: a shorter lease ends the repeats early, but is still safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease(Duration);

impl Lease {
    /// The shortest lease: in less time no gateway answers a request.
    pub const MIN: Duration = Duration::from_secs(1);
    /// The longest lease: no other worker takes up the record of a worker that died before
    /// it ends.
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

    /// The moment after which a worker whose lease starts now sends nothing any more: after
    /// four fifths of the lease. The rest is for the write, and for clocks that differ.
    pub(crate) fn deadline(self, clock: &SharedClock) -> Deadline {
        Deadline::after(clock, self.0 / 5 * 4)
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

/// A worker claims a record, and then holds a lease on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The worker that will hold the lease.
    pub worker: String,
    /// How long the lease lasts from now on, by the store's clock.
    pub lease: Duration,
}

impl Claim {
    /// The longest lease, and the longest pause before a record is due: one day. A record
    /// that is due later was written with a wrong clock, and counts as lapsed.
    pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

    /// A claim to a lease of this length, at most [`Claim::LONGEST`].
    pub fn new(worker: impl Into<String>, lease: Duration) -> Self {
        Self {
            worker: worker.into(),
            lease: lease.min(Self::LONGEST),
        }
    }

    /// When the lease ends, if it starts at `now`.
    pub fn until(&self, now: Timestamp) -> Timestamp {
        after(now, self.lease)
    }

    /// Whether a record that is due at `due_at` may be claimed at `now`: it is due, or was
    /// written with a clock that was far ahead.
    pub fn has_lapsed(due_at: Timestamp, now: Timestamp) -> bool {
        due_at <= now || due_at > Self::latest(now)
    }

    /// The latest moment at which a record can be due.
    pub fn latest(now: Timestamp) -> Timestamp {
        after(now, Self::LONGEST)
    }
}

/// When a record is worked on next, counted from the moment of the write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// This worker holds the lease for so long, and goes on.
    Hold {
        /// The holder, which need not be the actor of the log entry.
        worker: String,
        /// How long the lease lasts.
        lease: Duration,
    },
    /// The lease is released; any worker may claim the record after this pause.
    Due(Duration),
    /// The lease is released, and the record is not due: it is over, or waits for an operator.
    Never,
}

impl Schedule {
    /// The worker that holds the lease.
    pub fn holder(&self) -> Option<&str> {
        match self {
            Self::Hold { worker, .. } => Some(worker),
            Self::Due(_) | Self::Never => None,
        }
    }

    /// When the record is due, or the lease ends, if it is written at `now`.
    pub fn due_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Hold { lease: pause, .. } | Self::Due(pause) => Some(after(now, *pause)),
            Self::Never => None,
        }
    }
}

/// `start + wait`, or the end of time.
pub(crate) fn after(start: Timestamp, wait: Duration) -> Timestamp {
    start.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nothing_is_sent_in_the_last_fifth_of_a_lease() {
        let clock = SharedClock::new(|| Timestamp::UNIX_EPOCH);
        let lease = Lease::new(Duration::from_secs(100)).unwrap();
        let deadline = lease.deadline(&clock);
        assert_eq!(deadline.left(), Duration::from_secs(80));
        tokio::time::advance(Duration::from_secs(79)).await;
        assert!(!deadline.is_over());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(deadline.is_over());
        assert_eq!(deadline.left(), Duration::from_millis(1));
    }

    #[test]
    fn a_lease_lasts_from_a_second_to_an_hour_and_a_claim_at_most_a_day() {
        let long = Duration::from_secs(3_601);
        let error = Lease::new(long).unwrap_err().to_string();
        assert!(
            error.starts_with("a lease of 3601s is not between 1s and 3600s; "),
            "{error}"
        );
        let claim = Claim::new("w1", Duration::MAX);
        let ends = claim.until(Timestamp::UNIX_EPOCH);
        assert_eq!(ends, Timestamp::from_second(86_400).unwrap());
    }
}
