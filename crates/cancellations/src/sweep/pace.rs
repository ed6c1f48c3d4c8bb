//! How fast one account's orders are begun, and when there is no point in going on.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

use duka_core::{Delivery, Error, ErrorKind};
use tokio::time::Instant;

use super::progress::Cause;
use super::trust::{Pass, Refusal, Trust};

/// The orders that a share of failures is taken of.
const WINDOW: usize = 50;
/// Fewer say nothing.
const ENOUGH: usize = 20;
/// The pace of one account.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the next order may be begun.
    next: Option<Instant>,
    /// The gateway has asked for a rest until then.
    rest_until: Option<Instant>,
    /// The last orders; `true` is a failure.
    failed: VecDeque<bool>,
    pub(super) trust: Trust,
}

impl Pace {
    /// Takes the next place in line, and says when its turn is.
    pub(super) fn turn(&mut self, rate: Option<NonZeroU32>, now: Instant) -> Instant {
        let turn = now
            .max(self.next.unwrap_or(now))
            .max(self.rest_until.unwrap_or(now));
        if let Some(rate) = rate {
            self.next = Some(turn + Duration::from_secs(1) / rate.get());
        }
        turn
    }

    /// Begins nothing for a while.
    pub(super) fn hold(&mut self, wait: Duration, now: Instant) {
        self.rest_until = self.rest_until.max(Some(now + wait));
    }

    /// Notes how an order went, and says whether there is a point in going on.
    pub(super) fn note(
        &mut self,
        went: Went,
        pass: Pass,
        error_rate: f64,
        now: Instant,
    ) -> Verdict {
        match went {
            Went::Well => {
                self.trust.accepted();
                self.share(false, error_rate)
            }
            Went::Unasked => self.share(false, error_rate),
            Went::Wrong => self.share(true, error_rate),
            Went::Unauthenticated => match self.trust.refused(pass, now) {
                // Many at once would pass for a gateway that keeps failing.
                Refusal::KnownBefore => Verdict::GoOn,
                Refusal::Accident => {
                    // The places of those who wait now are void: the probe need not stand
                    // behind them.
                    self.next = None;
                    self.share(true, error_rate)
                }
                Refusal::ForGood => Verdict::Stop(Cause::Misconfigured),
            },
        }
    }

    /// Whether too many of the last orders failed.
    fn share(&mut self, failed: bool, error_rate: f64) -> Verdict {
        if self.failed.len() == WINDOW {
            self.failed.pop_front();
        }
        self.failed.push_back(failed);
        let failures = self.failed.iter().filter(|failed| **failed).count();
        let share = failures as f64 / self.failed.len() as f64;
        if self.failed.len() >= ENOUGH && share > error_rate {
            Verdict::Stop(Cause::Other)
        } else {
            Verdict::GoOn
        }
    }
}

/// How an order went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    /// The gateway has accepted the credentials and answered.
    Well,
    /// Our own checks refused it: nothing is wrong with the gateway, and nothing was learnt
    /// of the credentials.
    Unasked,
    Wrong,
    /// The gateway, or the adapter, will not work with these credentials or settings.
    Unauthenticated,
}

impl Went {
    pub(super) fn of(error: Option<&Error>) -> Self {
        let Some(error) = error else {
            return Self::Well;
        };
        match error.kind() {
            // What the gateway refuses about one order says nothing about the next one. Where
            // nothing was sent, as for want of a token, it is not about the order.
            ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Rejected => {
                match error.delivery() {
                    Delivery::Answered => Self::Well,
                    Delivery::NotSent | Delivery::Unknown => Self::Wrong,
                }
            }
            ErrorKind::InvalidRequest | ErrorKind::Unsupported => Self::Unasked,
            ErrorKind::Configuration | ErrorKind::Authentication => Self::Unauthenticated,
            ErrorKind::RateLimited
            | ErrorKind::Unavailable
            | ErrorKind::UnreadableReply
            | ErrorKind::UnlistedReply
            | _ => Self::Wrong,
        }
    }
}

/// Whether to go on with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    GoOn,
    Stop(Cause),
}

#[cfg(test)]
mod tests {
    use super::super::trust::{Entry, HOLD};
    use super::*;

    /// After how many orders, one at a time, an account is stopped.
    fn run(outcomes: impl IntoIterator<Item = Went>) -> Option<usize> {
        let (mut pace, mut now) = (Pace::default(), Instant::now());
        let mut outcomes = outcomes.into_iter();
        outcomes.position(|went| {
            now += HOLD;
            let Entry::Open(pass) = pace.trust.enter(now) else {
                panic!("one at a time, after every hold");
            };
            let verdict = pace.note(went, pass, 0.5, now);
            pace.trust.leave(pass);
            verdict != Verdict::GoOn
        })
    }

    #[test]
    fn twenty_failures_in_a_row_are_enough() {
        assert_eq!(run([Went::Wrong; 30]), Some(19));
    }

    #[test]
    fn half_of_the_orders_may_fail() {
        assert_eq!(run([Went::Well, Went::Wrong].repeat(100)), None);
    }

    #[test]
    fn what_went_well_long_ago_does_not_count() {
        let outcomes = [vec![Went::Well; 500], vec![Went::Wrong; 60]].concat();
        assert_eq!(run(outcomes), Some(525));
    }

    #[test]
    fn credentials_refused_three_times_are_refused_for_good_and_once_is_an_accident() {
        assert_eq!(run([Went::Unauthenticated; 9]), Some(2));
        let interrupted = [Went::Unauthenticated, Went::Unauthenticated, Went::Well];
        assert_eq!(run(interrupted.repeat(2)), None);
        let out_of_reach = [Went::Unauthenticated, Went::Wrong];
        assert_eq!(run(out_of_reach.repeat(9)), Some(4));
        let unasked = [Went::Unauthenticated, Went::Unasked];
        assert_eq!(run(unasked.repeat(9)), Some(4));
    }

    #[test]
    fn refusals_in_flight_together_are_no_gateway_that_keeps_failing() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        let Entry::Open(pass) = pace.trust.enter(now) else {
            panic!("nothing has been refused");
        };
        for _ in 0..60 {
            assert_eq!(
                pace.note(Went::Unauthenticated, pass, 0.5, now),
                Verdict::GoOn
            );
        }
    }

    #[test]
    fn the_probe_does_not_stand_behind_the_places_of_those_who_wait() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        let rate = NonZeroU32::new(1);
        let Entry::Open(pass) = pace.trust.enter(now) else {
            panic!("nothing has been refused");
        };
        for _ in 0..60 {
            pace.turn(rate, now);
        }
        pace.note(Went::Unauthenticated, pass, 0.5, now);
        assert_eq!(pace.turn(rate, now + HOLD), now + HOLD);
    }

    #[test]
    fn a_hold_is_waited_out_with_a_rate_and_without() {
        let mut pace = Pace::default();
        let start = Instant::now();
        assert_eq!(pace.turn(None, start), start);
        pace.hold(Duration::from_secs(9), start);
        assert_eq!(pace.turn(None, start), start + Duration::from_secs(9));
        pace.hold(Duration::from_secs(1), start);
        let rate = NonZeroU32::new(1);
        assert_eq!(pace.turn(rate, start), start + Duration::from_secs(9));
    }

    #[test]
    fn turns_are_spread_over_the_second_and_nobody_saves_them_up() {
        let mut pace = Pace::default();
        let rate = NonZeroU32::new(4);
        let start = Instant::now();
        let quarter = Duration::from_millis(250);
        assert_eq!(pace.turn(rate, start), start);
        assert_eq!(pace.turn(rate, start), start + quarter);
        assert_eq!(pace.turn(rate, start), start + 2 * quarter);
        let later = start + Duration::from_secs(60);
        assert_eq!(pace.turn(rate, later), later);
        assert_eq!(pace.turn(rate, later), later + quarter);
    }
}
