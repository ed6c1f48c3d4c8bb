//! A deadline that holds even when what it bounds is always busy.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::Poll;

use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until};

/// The time is up.
#[derive(Debug)]
pub(crate) struct Late;

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl Error for Late {}

impl From<Late> for io::Error {
    fn from(late: Late) -> Self {
        Self::new(io::ErrorKind::TimedOut, late)
    }
}

/// Polls `future` until `by`, and not once after it.
///
/// `tokio::time::timeout_at` polls the future first, and its timer shares the task's budget:
/// a socket that always has bytes uses that up, and the timer never fires. Here the clock is
/// asked before every poll, and the timer, which wakes a future that waits, has no budget.
pub(crate) async fn before<F: Future>(by: Instant, future: F) -> Result<F::Output, Late> {
    let mut future = pin!(future);
    let mut timer = pin!(unconstrained(sleep_until(by)));
    std::future::poll_fn(|context| {
        if Instant::now() >= by || timer.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(Late));
        }
        future.as_mut().poll(context).map(Ok)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_future_that_uses_up_the_budget_of_its_task_is_ended_in_time() {
        let by = Instant::now() + Duration::from_millis(50);
        let busy = std::future::poll_fn(|context| {
            while tokio::task::coop::poll_proceed(context)
                .map(|it| it.made_progress())
                .is_ready()
            {}
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        });
        let ended = tokio::spawn(before(by, busy));
        let ended = tokio::time::timeout(Duration::from_secs(5), ended).await;
        assert!(ended.expect("starved").unwrap().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_future_that_waits_is_ended_in_time_and_not_polled_after_it() {
        let by = Instant::now() + Duration::from_secs(5);
        assert!(before(by, std::future::pending::<()>()).await.is_err());
        assert_eq!(Instant::now(), by);
        let polled = before(by, async { panic!("polled after the deadline") });
        assert!(polled.await.is_err());
        let later = by + Duration::from_secs(1);
        assert_eq!(before(later, async { 7 }).await.unwrap(), 7);
    }
}
