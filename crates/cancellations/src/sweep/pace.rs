//! How fast one account's orders are begun, and when there is no point in going on.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

/// The orders that a share of failures is taken of.
const WINDOW: usize = 50;
/// Fewer say nothing.
const ENOUGH: usize = 20;
/// So many refusals of the credentials, with nothing else heard in between, are no accident
/// of the gateway's (its clock, a token just revoked).
const NO_ACCIDENT: u32 = 3;

/// The pace of one account.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the next order may be begun.
    next: Option<Instant>,
    /// The last orders; `true` is a failure.
    failed: VecDeque<bool>,
    /// How often the credentials have been refused since anything went well.
    turned_away: u32,
}

impl Pace {
    /// Takes the next place in line, and says when its turn is.
    pub(super) fn turn(&mut self, rate: Option<NonZeroU32>, now: Instant) -> Instant {
        let turn = self.next.map_or(now, |next| next.max(now));
        if let Some(rate) = rate {
            self.next = Some(turn + Duration::from_secs(1) / rate.get());
        }
        turn
    }

    /// Begins nothing for a while.
    pub(super) fn hold(&mut self, wait: Duration, now: Instant) {
        self.next = self.next.max(Some(now + wait));
    }

    /// Notes how an order went, and says whether too many of the last ones failed.
    pub(super) fn note(&mut self, outcome: Went, error_rate: f64) -> Verdict {
        if self.failed.len() == WINDOW {
            self.failed.pop_front();
        }
        self.failed.push_back(outcome != Went::Well);
        self.turned_away = match outcome {
            Went::Well => 0,
            Went::Wrong => self.turned_away,
            Went::TurnedAway => self.turned_away + 1,
        };
        if self.turned_away >= NO_ACCIDENT {
            return Verdict::Stop;
        }
        let failures = self.failed.iter().filter(|failed| **failed).count();
        let share = failures as f64 / self.failed.len() as f64;
        if self.failed.len() >= ENOUGH && share > error_rate {
            Verdict::Stop
        } else {
            Verdict::GoOn
        }
    }

    /// Whether the credentials have been refused since anything went well.
    pub(super) fn is_turned_away(&self) -> bool {
        self.turned_away > 0
    }
}

/// How an order went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    Well,
    Wrong,
    /// The gateway, or the adapter, will not work with these credentials or settings.
    TurnedAway,
}

/// Whether to go on with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    GoOn,
    Stop,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(outcomes: impl IntoIterator<Item = Went>) -> Option<usize> {
        let mut pace = Pace::default();
        let mut outcomes = outcomes.into_iter();
        outcomes.position(|went| pace.note(went, 0.5) == Verdict::Stop)
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
        assert_eq!(run([Went::TurnedAway; 9]), Some(2));
        let interrupted = [Went::TurnedAway, Went::TurnedAway, Went::Well];
        assert_eq!(run(interrupted.repeat(2)), None);
        let out_of_reach = [Went::TurnedAway, Went::Wrong];
        assert_eq!(run(out_of_reach.repeat(9)), Some(4));
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
