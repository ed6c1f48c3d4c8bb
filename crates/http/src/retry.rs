//! When a request is repeated, and after which pause. Pure: no clock, no socket.

use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use duka_core::{Delivery, Error};

use crate::message::{Intent, Reply};

/// How often a call is tried, and how long the pauses are.
///
/// Only two things are ever repeated: what is proved not to have been sent, and reads. A
/// mutation that may have left, or that was answered with anything at all, is not.
///
/// The pause after the *n*-th try is `first_pause` doubled *n* − 1 times, at most
/// `longest_pause`, of which the second half is left to chance so that many clients do not
/// come back at once. A `Retry-After` up to `longest_pause` is waited out instead, if it is
/// longer; a longer one ends the call with the reply that asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    attempts: u32,
    first_pause: Duration,
    longest_pause: Duration,
}

impl RetryPolicy {
    /// Tries at most `attempts` times; 0 counts as 1.
    pub const fn new(attempts: u32, first_pause: Duration, longest_pause: Duration) -> Self {
        Self {
            attempts: if attempts == 0 { 1 } else { attempts },
            first_pause,
            longest_pause,
        }
    }

    /// Tries once.
    pub const fn none() -> Self {
        Self::new(1, Duration::ZERO, Duration::ZERO)
    }

    /// The number of tries, the first included.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The pause before the next try, or `None` when `outcome` is the end. `tried` counts
    /// the tries so far, from 1; `chance` is anything.
    pub(crate) fn pause_after(
        &self,
        outcome: &Result<Reply, Error>,
        intent: Intent,
        tried: u32,
        chance: u64,
    ) -> Option<Duration> {
        if tried >= self.attempts || !may_repeat(outcome, intent) {
            return None;
        }
        let own = self.backoff(tried, chance);
        let asked = match outcome {
            Ok(reply) => reply.retry_after.unwrap_or_default(),
            Err(error) => error.retry_after().unwrap_or_default(),
        };
        (asked <= self.longest_pause).then(|| own.max(asked))
    }

    fn backoff(&self, tried: u32, chance: u64) -> Duration {
        let doublings = tried.saturating_sub(1).min(20);
        let full = self
            .first_pause
            .saturating_mul(1 << doublings)
            .min(self.longest_pause);
        let half = full / 2;
        // 2^32 steps between half and full are fine enough.
        let share = u32::try_from(chance >> 32).unwrap_or(u32::MAX);
        let part = half.as_nanos() * u128::from(share) / u128::from(u32::MAX);
        half + Duration::from_nanos(u64::try_from(part).unwrap_or(u64::MAX))
    }
}

/// Three tries, pauses of 0.2 s doubled up to 10 s: a read survives a gateway's restart,
/// and no caller waits for more than about half a minute beyond the exchanges themselves.
impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new(3, Duration::from_millis(200), Duration::from_secs(10))
    }
}

fn may_repeat(outcome: &Result<Reply, Error>, intent: Intent) -> bool {
    match (outcome, intent) {
        // Too many requests, or a server that is not well.
        (Ok(reply), Intent::Read) => reply.status == 429 || reply.status >= 500,
        (Ok(_), Intent::Mutation) => false,
        // A wrong header stays wrong.
        (Err(error), _) if error.kind().is_callers_fault() => false,
        (Err(error), _) if error.delivery() == Delivery::NotSent => true,
        (Err(_), Intent::Read) => true,
        (Err(_), Intent::Mutation) => false,
    }
}

/// Spreads the pauses of many clients (splitmix64). Not for secrets.
#[derive(Debug)]
pub(crate) struct Jitter(AtomicU64);

impl Jitter {
    /// Starts somewhere else in every process, without reading a clock.
    pub(crate) fn new() -> Self {
        let seed = std::hash::RandomState::new().build_hasher().finish();
        Self(AtomicU64::new(seed))
    }

    pub(crate) fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
