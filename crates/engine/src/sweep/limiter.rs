//! How fast the calls of one account are begun.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

/// The longest that an account is paused because its gateway asked for it.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// Spreads the starts of one account evenly over time, and obeys its gateway's `Retry-After`.
///
/// It keeps time and does not wait: its account may wait for several things at once, and
/// whether there is an order to begin is known only once a claim has been made.
#[derive(Debug)]
pub(super) struct RateLimiter {
    /// The least time between two starts.
    interval: Duration,
    /// Nothing is begun before this.
    next_at: Option<Instant>,
}

impl RateLimiter {
    pub(super) fn new(rate: Option<NonZeroU32>) -> Self {
        let interval = rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get());
        Self {
            interval,
            next_at: None,
        }
    }

    /// When the next order may be begun: now, or later.
    pub(super) fn ready_at(&self, now: Instant) -> Instant {
        self.next_at.map_or(now, |at| at.max(now))
    }

    /// Notes that an order is begun.
    pub(super) fn start(&mut self, now: Instant) {
        if !self.interval.is_zero() {
            self.next_at = Some(self.ready_at(now) + self.interval);
        }
    }

    /// Begins nothing for a while, as the gateway asks.
    pub(super) fn pause(&mut self, wait: Duration, now: Instant) {
        let until = now + wait.min(LONGEST_PAUSE);
        self.next_at = self.next_at.max(Some(until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER: Duration = Duration::from_millis(250);

    #[test]
    fn a_pause_is_waited_out_with_a_rate_and_without() {
        for rate in [None, NonZeroU32::new(1)] {
            let (mut limiter, start) = (RateLimiter::new(rate), Instant::now());
            assert_eq!(limiter.ready_at(start), start);
            limiter.pause(Duration::from_secs(9), start);
            // A shorter pause does not end a longer one.
            limiter.pause(Duration::from_secs(1), start);
            assert_eq!(limiter.ready_at(start), start + Duration::from_secs(9));
        }
    }

    #[test]
    fn a_gateway_cannot_pause_an_account_for_longer_than_five_minutes() {
        let (mut limiter, start) = (RateLimiter::new(None), Instant::now());
        limiter.pause(Duration::MAX, start);
        assert_eq!(limiter.ready_at(start), start + LONGEST_PAUSE);
    }

    #[test]
    fn starts_are_spread_over_the_second_and_not_saved_up() {
        let (mut limiter, start) = (RateLimiter::new(NonZeroU32::new(4)), Instant::now());
        for n in 0..3 {
            assert_eq!(limiter.ready_at(start), start + n * QUARTER);
            limiter.start(start);
        }
        let later = start + Duration::from_secs(60);
        for n in 0..3 {
            assert_eq!(limiter.ready_at(later), later + n * QUARTER);
            limiter.start(later);
        }
    }

    #[test]
    fn without_a_rate_nothing_is_spread() {
        let (mut limiter, start) = (RateLimiter::new(None), Instant::now());
        limiter.start(start);
        assert_eq!(limiter.ready_at(start), start);
    }
}
