//! Work that goes on when its caller has stopped waiting for it.

use std::future::Future;

use tracing::Instrument;

/// Runs `work` on a task of its own and waits for its end. Dropping the returned future
/// stops the wait and not the work.
///
/// `None` means that the runtime was shut down, and the work with it. A panic of the work
/// goes on in its caller.
pub(crate) async fn detached<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    match tokio::spawn(work.in_current_span()).await {
        Ok(done) => Some(done),
        Err(ended) => {
            if let Ok(panic) = ended.try_into_panic() {
                std::panic::resume_unwind(panic);
            }
            None
        }
    }
}
