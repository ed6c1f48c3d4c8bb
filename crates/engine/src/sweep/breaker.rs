//! Whether there is a point in going on with an account.

use std::collections::VecDeque;
use std::time::Duration;

use duka_core::{Delivery, Error, ErrorKind};
use tokio::time::Instant;

/// The share of failures is taken of this many results.
const WINDOW: usize = 50;
/// Fewer results say nothing.
const ENOUGH: usize = 20;
/// This many refusals of the credentials, each a [`PAUSE`] after the one before, are no
/// accident (a wrong clock at the gateway, a token just revoked, a deployment).
const REFUSALS: u32 = 3;
/// How long an account is paused after a refusal. Orders in flight are refused together, so
/// only time tells an accident from a mistake: a clock or a deployment is put right within a
/// few seconds, and a mistyped key is found out after two of these. It does not follow the
/// time that a sweep waits for what is in doubt: a sweep that does not wait would take one
/// bad moment for a mistake.
pub(super) const PAUSE: Duration = Duration::from_secs(2);

/// Stops an account whose credentials are refused again and again, or whose gateway keeps
/// failing.
///
/// Closed, it admits every order. After a refusal of the credentials it admits none for
/// [`PAUSE`], then one at a time until the credentials are accepted. Open, it admits none for
/// the rest of the sweep.
#[derive(Debug)]
pub(super) struct CircuitBreaker {
    /// The share of failures that opens it.
    error_rate: f64,
    /// The last results; `true` is a failure.
    failures: VecDeque<bool>,
    /// Refusals since the credentials were last accepted, those of orders in flight together
    /// counted as one.
    refusals: u32,
    paused_until: Option<Instant>,
    /// One order is under way to see whether the credentials are accepted now.
    probing: bool,
    /// Counts the refusals, so that an order begun before the last one is known by it.
    round: u64,
    open: Option<Remedy>,
}

/// Whether an order may be begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    Ready,
    PausedUntil(Instant),
    /// Not before the probe has ended.
    Probing,
    /// Not in this sweep.
    Open,
}

/// What an order is begun with, and given back at its end.
#[derive(Debug)]
pub(super) struct Permit {
    round: u64,
    probe: bool,
}

/// What helps an order that could not be worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Only the user, who corrects the credentials or the settings of the account.
    FixSettings,
    /// A later sweep may do better.
    LaterSweep,
}

/// What a call says of its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallResult {
    /// The gateway has accepted the credentials and answered.
    Answered,
    /// Our own checks refused the order, so the gateway was not called.
    NotCalled,
    Failed,
    /// The gateway, or the adapter, will not work with these credentials or settings.
    Unauthenticated,
}

impl CallResult {
    pub(super) fn of(error: Option<&Error>) -> Self {
        let Some(error) = error else {
            return Self::Answered;
        };
        match error.kind() {
            // What the gateway refuses about one order says nothing about the next one. Where
            // nothing was sent, as for want of a token, it is not about the order.
            ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Rejected => {
                match error.delivery() {
                    Delivery::Answered => Self::Answered,
                    Delivery::NotSent | Delivery::Unknown => Self::Failed,
                }
            }
            ErrorKind::InvalidRequest | ErrorKind::Unsupported => Self::NotCalled,
            ErrorKind::Configuration | ErrorKind::Authentication => Self::Unauthenticated,
            ErrorKind::RateLimited
            | ErrorKind::Unavailable
            | ErrorKind::UnreadableReply
            | ErrorKind::UnlistedReply
            | _ => Self::Failed,
        }
    }
}

impl CircuitBreaker {
    pub(super) fn new(error_rate: f64) -> Self {
        Self {
            error_rate,
            failures: VecDeque::new(),
            refusals: 0,
            paused_until: None,
            probing: false,
            round: 0,
            open: None,
        }
    }

    /// What helps the orders that are left, once it is open.
    pub(super) fn open(&self) -> Option<Remedy> {
        self.open
    }

    pub(super) fn admission(&self, now: Instant) -> Admission {
        if self.open.is_some() {
            return Admission::Open;
        }
        match self.paused_until.filter(|_| self.refusals > 0) {
            Some(until) if until > now => Admission::PausedUntil(until),
            Some(_) if self.probing => Admission::Probing,
            Some(_) | None => Admission::Ready,
        }
    }

    /// Begins an order; it must be [`Admission::Ready`].
    pub(super) fn start(&mut self) -> Permit {
        let probe = self.refusals > 0;
        self.probing |= probe;
        Permit {
            round: self.round,
            probe,
        }
    }

    /// Notes the end of an order, and what it says of the account, if anything. Returns why
    /// the breaker opened, if this opened it.
    pub(super) fn end(
        &mut self,
        permit: Permit,
        result: Option<CallResult>,
        now: Instant,
    ) -> Option<Remedy> {
        if permit.probe {
            self.probing = false;
        }
        let opens = match result? {
            CallResult::Answered => {
                self.refusals = 0;
                self.paused_until = None;
                self.count(false)
            }
            CallResult::NotCalled => self.count(false),
            CallResult::Failed => self.count(true),
            // Orders in flight together would pass for a gateway that keeps failing.
            CallResult::Unauthenticated if permit.round != self.round => None,
            CallResult::Unauthenticated => {
                self.round += 1;
                self.refusals += 1;
                self.paused_until = Some(now + PAUSE);
                if self.refusals < REFUSALS {
                    self.count(true)
                } else {
                    Some(Remedy::FixSettings)
                }
            }
        };
        let opens = opens.filter(|_| self.open.is_none());
        self.open = self.open.or(opens);
        opens
    }

    /// Counts a result. A failure opens the breaker if too many of the last ones failed.
    fn count(&mut self, failed: bool) -> Option<Remedy> {
        if self.failures.len() == WINDOW {
            self.failures.pop_front();
        }
        self.failures.push_back(failed);
        let failures = self.failures.iter().filter(|failed| **failed).count();
        let share = failures as f64 / self.failures.len() as f64;
        let too_many = self.failures.len() >= ENOUGH && share > self.error_rate;
        (failed && too_many).then_some(Remedy::LaterSweep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(breaker: &mut CircuitBreaker, now: Instant) -> Permit {
        assert_eq!(breaker.admission(now), Admission::Ready);
        breaker.start()
    }

    /// After how many orders, one at a time with a pause after each, an account is stopped.
    fn run(results: impl IntoIterator<Item = CallResult>) -> Option<usize> {
        let (mut breaker, mut now) = (CircuitBreaker::new(0.5), Instant::now());
        results.into_iter().position(|result| {
            now += PAUSE;
            let permit = start(&mut breaker, now);
            breaker.end(permit, Some(result), now).is_some()
        })
    }

    #[test]
    fn twenty_failures_in_a_row_are_enough() {
        assert_eq!(run([CallResult::Failed; 30]), Some(19));
    }

    #[test]
    fn half_of_the_orders_may_fail() {
        let results = [CallResult::Answered, CallResult::Failed];
        assert_eq!(run(results.repeat(100)), None);
    }

    #[test]
    fn answers_of_long_ago_do_not_count() {
        let results = [
            vec![CallResult::Answered; 500],
            vec![CallResult::Failed; 60],
        ];
        assert_eq!(run(results.concat()), Some(525));
    }

    #[test]
    fn credentials_refused_three_times_are_refused_for_good_and_once_is_an_accident() {
        use CallResult::{Answered, Failed, NotCalled, Unauthenticated};
        assert_eq!(run([Unauthenticated; 9]), Some(2));
        let interrupted = [Unauthenticated, Unauthenticated, Answered];
        assert_eq!(run(interrupted.repeat(2)), None);
        let out_of_reach = [Unauthenticated, Failed];
        assert_eq!(run(out_of_reach.repeat(9)), Some(4));
        let not_called = [Unauthenticated, NotCalled];
        assert_eq!(run(not_called.repeat(9)), Some(4));
    }

    #[test]
    fn orders_in_flight_together_are_refused_together_and_count_as_one() {
        let (mut breaker, now) = (CircuitBreaker::new(0.5), Instant::now());
        let permits: Vec<_> = (0..60).map(|_| start(&mut breaker, now)).collect();
        for permit in permits {
            let opened = breaker.end(permit, Some(CallResult::Unauthenticated), now);
            assert_eq!(opened, None);
        }
        assert_eq!(breaker.admission(now), Admission::PausedUntil(now + PAUSE));
        assert_eq!(breaker.admission(now + PAUSE), Admission::Ready);
    }

    #[test]
    fn a_refusal_of_an_order_begun_before_the_pause_says_nothing_new_after_it() {
        let (mut breaker, now) = (CircuitBreaker::new(0.5), Instant::now());
        let first = start(&mut breaker, now);
        let late = start(&mut breaker, now);
        breaker.end(first, Some(CallResult::Unauthenticated), now);
        let later = now + PAUSE;
        let probe = start(&mut breaker, later);
        breaker.end(late, Some(CallResult::Unauthenticated), later);
        breaker.end(probe, None, later);
        assert_eq!(breaker.admission(later), Admission::Ready);
    }

    #[test]
    fn after_a_pause_one_order_at_a_time_is_begun_until_credentials_are_accepted() {
        let (mut breaker, mut now) = (CircuitBreaker::new(0.5), Instant::now());
        let first = start(&mut breaker, now);
        breaker.end(first, Some(CallResult::Unauthenticated), now);
        now += PAUSE;
        let probe = start(&mut breaker, now);
        assert_eq!(breaker.admission(now), Admission::Probing);
        // It says nothing of the credentials; another may try at once.
        breaker.end(probe, None, now);
        let probe = start(&mut breaker, now);
        breaker.end(probe, Some(CallResult::Answered), now);
        start(&mut breaker, now);
        assert_eq!(breaker.admission(now), Admission::Ready);
    }
}
