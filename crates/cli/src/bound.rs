//! How long a command may take as a whole, and what ends it: that time, or a signal.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use duka_engine::StoreError;
use tokio::runtime::Runtime;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::ranges::YEAR;

/// How long a command waits after its end for the answer of a request that is on its way.
const FOR_AN_ANSWER: Duration = Duration::from_secs(3);

/// How long it then waits for its work to stop, and again for the store to be read.
const FOR_A_LOOK: Duration = Duration::from_secs(1);
/// The longest wait for the answer of a request after a signal: twice the default timeout of a request.
const FOR_A_STOP: Duration = Duration::from_secs(60);

/// How often the store is asked whether a request is still on its way.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The end of a command, from its start on.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    until: Instant,
    total: Duration,
    stop: CancellationToken,
}

/// Why a command ended before its work did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It took too long.
    TimeUp(Duration),
    /// A signal asked for it.
    Stopped,
}

/// Work on a runtime of its own, so that all of it can be ended, including the tasks that it
/// started.
#[derive(Debug)]
pub(crate) struct Work<T> {
    runtime: Option<Runtime>,
    task: JoinHandle<T>,
}

impl<T: Send + 'static> Work<T> {
    pub(crate) fn start(work: impl Future<Output = T> + Send + 'static) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| Failure::failed(format!("failed to start: {error}")))?;
        Ok(Self {
            task: runtime.spawn(work),
            runtime: Some(runtime),
        })
    }

    /// Its outcome; an error where it broke off.
    pub(crate) async fn done(&mut self) -> Result<T, JoinError> {
        (&mut self.task).await
    }

    /// Ends it, and returns its outcome if it has ended by itself.
    async fn stop(mut self) -> Option<Result<T, JoinError>> {
        if let Some(runtime) = self.runtime.take() {
            // Blocks until no task is running any more.
            let stopped = tokio::task::spawn_blocking(|| runtime.shutdown_timeout(FOR_A_LOOK));
            let _ = stopped.await;
        }
        match timeout(FOR_A_LOOK, &mut self.task).await {
            Err(_) => None,
            Ok(Err(error)) if error.is_cancelled() => None,
            Ok(ended) => Some(ended),
        }
    }
}

/// A runtime that is dropped inside another one must not wait for its threads.
impl<T> Drop for Work<T> {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What a command has left behind when it ended before its work did.
#[derive(Debug)]
pub(crate) enum Left<T, R> {
    /// Its work was finished.
    Done(T),
    /// A record.
    Record(R),
    /// No record, so nothing was sent.
    Nothing,
    /// The store does not say.
    Unreadable,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimeUp(total) => {
                let total = humantime::format_duration(*total);
                write!(f, "gave up after {total} (--give-up-after)")
            }
            Self::Stopped => f.write_str("stopped by a signal"),
        }
    }
}

impl Bound {
    /// A bound that ends so long after the start, or when `stop` is cancelled.
    pub(crate) fn new(started: Instant, total: Duration, stop: CancellationToken) -> Self {
        Self {
            until: started + total,
            total,
            stop,
        }
    }

    /// The same with so much time more.
    pub(crate) fn plus(&self, more: Duration) -> Self {
        let mut later = self.clone();
        later.total = self.total.saturating_add(more);
        // A time beyond the range of the clock is never reached.
        later.until = self.until.checked_add(more).unwrap_or(later.until + YEAR);
        later
    }

    /// Returns when the command is to end.
    pub(crate) async fn end(&self) -> End {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => End::Stopped,
            () = sleep_until(self.until) => End::TimeUp(self.total),
        }
    }

    /// Fails if the command is to end before it has begun with `what`.
    pub(crate) async fn begin(&self, what: &str) -> Result<(), Failure> {
        self.read(what, async { Ok(()) }).await
    }

    /// Ends work without losing an answer that is there or on its way: `at_rest` returns once no
    /// request is. `look` reads what then stands in the store, and nothing of the work goes on by then.
    pub(crate) async fn leave<T: Send + 'static, R>(
        &self,
        end: End,
        mut work: Work<T>,
        at_rest: impl Future<Output = ()>,
        look: impl Future<Output = Result<Option<R>, StoreError>>,
    ) -> Left<T, R> {
        let until = match end {
            End::TimeUp(_) => Instant::now() + FOR_AN_ANSWER,
            End::Stopped => self.until.min(Instant::now() + FOR_A_STOP),
        };
        tokio::select! {
            biased;
            done = work.done() => return done.map_or(Left::Unreadable, Left::Done),
            () = at_rest => {}
            () = sleep_until(until) => {}
        }
        match work.stop().await {
            Some(Ok(done)) => return Left::Done(done),
            Some(Err(_)) => return Left::Unreadable,
            None => {}
        }
        match timeout(FOR_A_LOOK, look).await {
            Ok(Ok(Some(record))) => Left::Record(record),
            Ok(Ok(None)) => Left::Nothing,
            Ok(Err(_)) | Err(_) => Left::Unreadable,
        }
    }

    /// Does work that changes nothing at a gateway. Does not begin it after the end.
    pub(crate) async fn read<T>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        self.within(work).await.unwrap_or_else(|end| {
            Err(Failure::failed(format!(
                "failed to {what}: {end}; nothing was changed"
            )))
        })
    }

    /// The outcome of `work`, or what ended the command before that.
    pub(crate) async fn within<T>(&self, work: impl Future<Output = T>) -> Result<T, End> {
        if self.stop.is_cancelled() {
            return Err(End::Stopped);
        }
        if Instant::now() >= self.until {
            return Err(End::TimeUp(self.total));
        }
        tokio::select! {
            biased;
            done = work => Ok(done),
            end = self.end() => Err(end),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn work_that_does_not_end_is_given_up_at_the_end_and_says_after_how_long() {
        let started = Instant::now();
        let bound = Bound::new(started, 3 * SECOND, CancellationToken::new());
        let read = bound.read::<()>("read the status", pending()).await;
        assert_eq!(started.elapsed(), 3 * SECOND);
        assert_eq!(
            read.unwrap_err().to_string(),
            "failed to read the status: gave up after 3s (--give-up-after); nothing was changed"
        );
        // After the end, nothing begins.
        let begun = bound.within(async { 7 }).await;
        assert_eq!(begun, Err(End::TimeUp(3 * SECOND)));
        let later = bound.plus(SECOND);
        assert_eq!(later.within(async { 7 }).await, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_signal_ends_it_at_once() {
        let stop = CancellationToken::new();
        let bound = Bound::new(Instant::now(), SECOND, stop.clone());
        assert_eq!(bound.within(async { 7 }).await, Ok(7));
        stop.cancel();
        assert_eq!(bound.within(async { 7 }).await, Err(End::Stopped));
    }

    #[tokio::test]
    async fn nothing_of_the_work_goes_on_when_the_store_is_looked_at() {
        let beats = Arc::new(AtomicU64::new(0));
        let beating = Arc::clone(&beats);
        let work = Work::start(async move {
            // As the engine does it: this goes on without the future that waits for it.
            let detached = tokio::spawn(async move {
                loop {
                    beating.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            });
            let () = detached.await.unwrap();
        });
        while beats.load(Ordering::Relaxed) < 3 {
            tokio::task::yield_now().await;
        }
        let bound = Bound::new(Instant::now(), SECOND, CancellationToken::new());
        let look = async {
            let before = beats.load(Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(Some(beats.load(Ordering::Relaxed) - before))
        };
        let end = End::TimeUp(SECOND);
        let left = bound.leave(end, work.unwrap(), async {}, look).await;
        assert!(matches!(left, Left::Record(0)), "{left:?}");
    }

    #[tokio::test]
    async fn work_that_has_ended_tells_its_outcome() {
        let mut work = Work::start(async { 7 }).unwrap();
        assert_eq!(work.done().await.unwrap(), 7);
        let work = Work::start(async { 7 }).unwrap();
        while !work.task.is_finished() {
            tokio::task::yield_now().await;
        }
        assert_eq!(work.stop().await.unwrap().unwrap(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_no_wait_too_long() {
        let bound = Bound::new(Instant::now(), SECOND, CancellationToken::new());
        assert_eq!(bound.plus(Duration::MAX).within(async { 7 }).await, Ok(7));
    }
}
