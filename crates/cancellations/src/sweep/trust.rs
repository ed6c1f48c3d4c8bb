//! Whether an account's credentials are worth another order, once they have been refused.

use std::time::Duration;

use tokio::time::Instant;

/// So many refusals, each this far from the one before, are no accident of the gateway's
/// (its clock, a token just revoked, a deployment).
const NO_ACCIDENT: u32 = 3;
/// For so long an account is held after a refusal. Orders in flight are refused together,
/// so only time tells an accident from a mistake: a clock or a deployment is put right
/// within a few seconds, and a mistyped key is found out after two of these. It does not
/// follow the time that a sweep waits for what is in doubt: a sweep that does not wait for
/// that would take one bad moment for a mistake.
pub(super) const HOLD: Duration = Duration::from_secs(2);

/// What is known of an account's credentials.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// How often they have been refused since they were last accepted, without the refusals
    /// of orders that were in flight together.
    refused: u32,
    /// Nothing is begun before this.
    held_until: Option<Instant>,
    /// One order is out to see whether they are accepted now.
    probing: bool,
    /// Counts the refusals, so that an order knows whether there was one since it began.
    round: u64,
}

/// Whether an order may be begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// It may.
    Open(Pass),
    /// Nothing before this.
    Held(Instant),
    /// Not while another order is the probe.
    Probing,
}

/// What an order is begun with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    round: u64,
    /// No other order is begun before this one is over.
    pub(super) alone: bool,
}

/// What a refusal is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// An earlier one of orders in flight together has been counted.
    KnownBefore,
    /// It may be an accident.
    Accident,
    /// It is none.
    ForGood,
}

impl Trust {
    pub(super) fn enter(&mut self, now: Instant) -> Entry {
        if self.refused == 0 {
            return Entry::Open(self.pass());
        }
        match self.held_until {
            Some(until) if until > now => Entry::Held(until),
            Some(_) | None if self.probing => Entry::Probing,
            Some(_) | None => {
                self.probing = true;
                Entry::Open(Pass {
                    alone: true,
                    ..self.pass()
                })
            }
        }
    }

    fn pass(&self) -> Pass {
        Pass {
            round: self.round,
            alone: false,
        }
    }

    /// Whether nothing has been refused since this was given.
    pub(super) fn is_current(&self, pass: Pass) -> bool {
        pass.round == self.round
    }

    /// For how long nothing is begun.
    pub(super) fn held_for(&self, now: Instant) -> Duration {
        self.held_until
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// The order is over.
    pub(super) fn leave(&mut self, pass: Pass) {
        if pass.alone {
            self.probing = false;
        }
    }

    pub(super) fn accepted(&mut self) {
        self.refused = 0;
        self.held_until = None;
    }

    pub(super) fn refused(&mut self, pass: Pass, now: Instant) -> Refusal {
        if !self.is_current(pass) {
            return Refusal::KnownBefore;
        }
        self.round += 1;
        self.refused += 1;
        self.held_until = Some(now + HOLD);
        if self.refused < NO_ACCIDENT {
            Refusal::Accident
        } else {
            Refusal::ForGood
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(trust: &mut Trust, now: Instant) -> Pass {
        match trust.enter(now) {
            Entry::Open(pass) => pass,
            Entry::Held(_) | Entry::Probing => panic!("nothing may be begun"),
        }
    }

    #[test]
    fn orders_in_flight_together_are_refused_together_and_count_as_one() {
        let (mut trust, now) = (Trust::default(), Instant::now());
        let passes = [(); 8].map(|()| enter(&mut trust, now));
        assert!(passes.iter().all(|pass| !pass.alone));
        let taken = passes.map(|pass| trust.refused(pass, now));
        assert_eq!(taken[0], Refusal::Accident);
        assert!(taken[1..].iter().all(|it| *it == Refusal::KnownBefore));
        assert_eq!(trust.enter(now), Entry::Held(now + HOLD));
        // One that hangs for longer than the hold says nothing new either.
        let later = now + HOLD;
        enter(&mut trust, later);
        assert_eq!(trust.refused(passes[7], later), Refusal::KnownBefore);
    }

    #[test]
    fn after_a_hold_one_order_at_a_time_is_begun_until_credentials_are_accepted() {
        let (mut trust, mut now) = (Trust::default(), Instant::now());
        let first = enter(&mut trust, now);
        trust.refused(first, now);
        now += HOLD;
        let probe = enter(&mut trust, now);
        assert!(probe.alone);
        assert_eq!(trust.enter(now), Entry::Probing);
        // Nothing was learnt of them; another may try at once.
        trust.leave(probe);
        let probe = enter(&mut trust, now);
        assert!(probe.alone);
        trust.accepted();
        trust.leave(probe);
        assert!(!enter(&mut trust, now).alone);
    }

    #[test]
    fn three_refusals_with_a_hold_between_them_are_no_accident_unless_one_was_accepted() {
        for accident in [true, false] {
            let (mut trust, mut now) = (Trust::default(), Instant::now());
            let mut taken = Vec::new();
            for _ in 0..3 {
                let pass = enter(&mut trust, now);
                taken.push(trust.refused(pass, now));
                trust.leave(pass);
                if accident {
                    trust.accepted();
                }
                now += HOLD;
            }
            let last = if accident {
                Refusal::Accident
            } else {
                Refusal::ForGood
            };
            assert_eq!(taken, [Refusal::Accident, Refusal::Accident, last]);
        }
    }
}
