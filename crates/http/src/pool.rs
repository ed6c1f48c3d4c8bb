//! Connections that rest between two exchanges, and how long a gateway keeps them.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Origin;

use crate::line::Line;
use crate::message::Intent;

/// How many connections to one gateway rest at a time: one for each exchange that a sweep has
/// under way at once.
const MOST: usize = 256;
/// How long a connection may rest; common servers close one after a minute or more.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// How often a gateway must have answered on a connection that rested before one carries a
/// mutation: by then it would have closed one, or sent something unasked, if that is its habit.
const TRUSTED_AFTER: u32 = 8;

/// Resting connections, the longest at rest first.
///
/// No task looks after them. One that the other side has closed is found out when it is taken,
/// and one that has rested for too long is closed when the pool is next used.
pub(crate) struct Pool {
    /// How long ago a connection may have answered that carries a mutation.
    reuse_within: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    resting: VecDeque<Resting>,
    habits: HashMap<Origin, Habits>,
}

struct Resting {
    origin: Origin,
    since: Instant,
    /// What it was used for last.
    last: Intent,
    line: Line,
}

/// A connection, and how long it has rested.
pub(crate) struct Rested {
    pub(crate) line: Line,
    pub(crate) rest: Duration,
}

/// What a gateway has done with a connection that rested.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Habit {
    /// It has answered on it.
    Answers,
    /// It has closed it.
    Ends { after: Duration },
    /// It has sent something that was not asked for.
    SpeaksUnasked,
}

/// What is known of a gateway's habits.
#[derive(Default)]
struct Habits {
    /// How often it has answered on a connection that rested.
    answers: u32,
    /// The shortest rest after which it had ended a connection.
    shortest: Option<Duration>,
    speaks_unasked: bool,
}

impl Habits {
    /// How long a connection may have rested that carries a mutation.
    fn safe_rest(&self) -> Duration {
        if self.speaks_unasked || self.answers < TRUSTED_AFTER {
            return Duration::ZERO;
        }
        self.shortest.map_or(Duration::MAX, |rest| rest / 2)
    }
}

impl Pool {
    pub(crate) fn new(reuse_within: Duration) -> Self {
        Self {
            reuse_within,
            state: Mutex::default(),
        }
    }

    /// For a read, the connection that has rested longest: a reply that comes late to an earlier
    /// request has had the most time to show there.
    ///
    /// For a mutation, the one that has just answered a read. So it is in step, and the gateway
    /// has had no time to close it. Only a gateway whose habits are known is trusted with one: see
    /// [`Habits`].
    pub(crate) fn take(&self, origin: &Origin, intent: Intent) -> Option<Rested> {
        let mut state = self.fresh();
        let here = |it: &Resting| it.origin == *origin;
        let index = match intent {
            Intent::Read => state.resting.iter().position(here),
            Intent::Mutation => {
                let safe = state.habits.get(origin)?.safe_rest();
                let within = safe.min(self.reuse_within);
                let fits = |it: &Resting| {
                    here(it) && it.last == Intent::Read && it.since.elapsed() < within
                };
                state.resting.iter().rposition(fits)
            }
        }?;
        state.resting.remove(index).map(|it| Rested {
            rest: it.since.elapsed(),
            line: it.line,
        })
    }

    pub(crate) fn put(&self, origin: Origin, line: Line) {
        let mut state = self.fresh();
        let here = state.resting.iter().filter(|it| it.origin == origin);
        if here.count() < MOST {
            state.resting.push_back(Resting {
                origin,
                since: Instant::now(),
                last: line.watch().intent(),
                line,
            });
        }
    }

    pub(crate) fn note(&self, origin: &Origin, habit: Habit) {
        let mut state = self.lock();
        let habits = state.habits.entry(origin.clone()).or_default();
        match habit {
            Habit::Answers => habits.answers = habits.answers.saturating_add(1),
            Habit::Ends { after } => {
                let shortest = habits.shortest.map_or(after, |it| it.min(after));
                habits.shortest = Some(shortest);
            }
            Habit::SpeaksUnasked => habits.speaks_unasked = true,
        }
    }

    fn fresh(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        let is_over = |it: &Resting| it.since.elapsed() >= LONGEST_REST;
        while state.resting.front().is_some_and(is_over) {
            state.resting.pop_front();
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("resting", &self.fresh().resting.len())
            .finish()
    }
}
