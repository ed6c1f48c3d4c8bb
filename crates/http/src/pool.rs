//! Connections that rest between two reads.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Origin;

use crate::line::Line;

/// How many connections to one gateway rest at a time.
const MOST: usize = 8;
/// How long a connection may rest; common servers close one after a minute or more.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// Resting connections, the longest at rest first.
///
/// No task looks after them. One that the other side has closed is found out when it is taken,
/// and one that has rested for too long is closed when the pool is next used.
#[derive(Default)]
pub(crate) struct Pool(Mutex<VecDeque<Resting>>);

struct Resting {
    origin: Origin,
    since: Instant,
    line: Line,
}

impl Pool {
    /// The connection that has rested longest: a reply that comes late to an earlier request
    /// has had the most time to show there.
    pub(crate) fn take(&self, origin: &Origin) -> Option<Line> {
        let mut resting = self.fresh();
        let index = resting.iter().position(|it| it.origin == *origin)?;
        resting.remove(index).map(|it| it.line)
    }

    pub(crate) fn put(&self, origin: Origin, line: Line) {
        let mut resting = self.fresh();
        if resting.iter().filter(|it| it.origin == origin).count() < MOST {
            let since = Instant::now();
            resting.push_back(Resting {
                origin,
                since,
                line,
            });
        }
    }

    fn fresh(&self) -> MutexGuard<'_, VecDeque<Resting>> {
        let mut resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|it| it.since.elapsed() < LONGEST_REST);
        resting
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("resting", &self.fresh().len())
            .finish()
    }
}
