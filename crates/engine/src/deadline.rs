//! A future that is never polled again once its time is up.
//!
//! `tokio::time::timeout` asks the inner future first and the clock second. A process
//! that was stopped for a minute would then write, on waking, the very request it was
//! about to write, after another worker has taken the lease. Here the clock comes first.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use duka_core::clock::SharedClock;
use jiff::Timestamp;
use tokio::time::{Instant, Sleep};

/// The moment after which nothing may leave, by the clock on the wall and by the one that
/// only counts: the first moves while a machine sleeps, the second cannot be set back.
#[derive(Debug, Clone)]
pub(crate) struct Deadline {
    clock: SharedClock,
    wall: Timestamp,
    steady: Instant,
}

impl Deadline {
    /// `wait` is at most as long as a lease or a pause may be.
    pub(crate) fn after(clock: &SharedClock, wait: Duration) -> Self {
        Self {
            clock: clock.clone(),
            wall: clock.now().checked_add(wait).unwrap_or(Timestamp::MAX),
            steady: Instant::now() + wait,
        }
    }

    /// The time that is left, by the clock that only counts; at least a millisecond.
    pub(crate) fn left(&self) -> Duration {
        let left = self.steady.saturating_duration_since(Instant::now());
        left.max(Duration::from_millis(1))
    }

    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.steady || self.clock.now() >= self.wall
    }

    /// Runs `future` until it ends or the deadline passes, whichever is first.
    pub(crate) fn run<'a, T>(
        &self,
        future: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
    ) -> WithinDeadline<'a, T> {
        WithinDeadline {
            deadline: self.clone(),
            alarm: Box::pin(tokio::time::sleep_until(self.steady)),
            future,
        }
    }
}

pub(crate) struct WithinDeadline<'a, T> {
    deadline: Deadline,
    alarm: Pin<Box<Sleep>>,
    future: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
}

impl<T> Future for WithinDeadline<'_, T> {
    /// `None` if the deadline passed first.
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.deadline.is_over() || self.alarm.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        self.future.as_mut().poll(context).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

    use super::*;

    fn clock(at: &Arc<AtomicI64>) -> SharedClock {
        let at = Arc::clone(at);
        SharedClock::new(move || Timestamp::from_second(at.load(Ordering::SeqCst)).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_future_that_ends_in_time_gives_its_value() {
        let clock = clock(&Arc::default());
        let deadline = Deadline::after(&clock, Duration::from_secs(5));
        assert_eq!(deadline.run(Box::pin(async { 7 })).await, Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_future_that_hangs_is_given_up_at_the_deadline() {
        let clock = clock(&Arc::default());
        let deadline = Deadline::after(&clock, Duration::from_secs(5));
        let hangs = std::future::pending::<()>();
        assert_eq!(deadline.run(Box::pin(hangs)).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_pause_nothing_is_polled_even_if_it_is_ready() {
        let seconds = Arc::new(AtomicI64::new(0));
        let deadline = Deadline::after(&clock(&seconds), Duration::from_secs(5));
        let written = Arc::new(AtomicBool::new(false));
        let writes = {
            let written = Arc::clone(&written);
            async move { written.store(true, Ordering::SeqCst) }
        };
        // The machine slept: only the wall clock has moved.
        seconds.store(60, Ordering::SeqCst);
        assert_eq!(deadline.run(Box::pin(writes)).await, None);
        assert!(!written.load(Ordering::SeqCst));
    }
}
