//! Group commit: one thread writes. It takes all that is waiting into one transaction,
//! commits once, and then answers all callers. Nothing waits for a timer, so a single
//! writer pays for one commit and sixty-four share it.

use std::collections::VecDeque;
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tracing::trace;

use super::rows::store_error;
use crate::store::{StoreError, StoreErrorKind};

/// The most that goes into one transaction. Bounds how long the lock is held, so that
/// other processes get their turn.
const MAX_GROUP: usize = 256;

/// A piece of work that a caller waits for.
trait Job: Send {
    /// Does the work inside the transaction. The answer is given once that has ended.
    fn run(self: Box<Self>, connection: &Connection) -> (Result<(), StoreError>, Answer);
    /// Gives up without having run.
    fn fail(self: Box<Self>, error: StoreError);
}

type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

struct Waiting<T, F> {
    work: F,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Waiting<T, F>
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
{
    fn run(self: Box<Self>, connection: &Connection) -> (Result<(), StoreError>, Answer) {
        let Self { work, caller } = *self;
        let result = work(connection);
        let ran = result.as_ref().map(|_| ()).map_err(StoreError::clone);
        let answer: Answer = Box::new(move |committed| {
            // The caller's future may have been dropped; the write is kept.
            let _ = caller.send(result.and_then(|value| committed.map(|()| value)));
        });
        (ran, answer)
    }

    fn fail(self: Box<Self>, error: StoreError) {
        let _ = self.caller.send(Err(error));
    }
}

/// The way to the writing thread. The thread ends when the last of these is dropped.
#[derive(Clone)]
pub(super) struct Writer(mpsc::UnboundedSender<Box<dyn Job>>);

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::unbounded_channel();
        thread::Builder::new()
            .name("duka-store".to_owned())
            .spawn(move || write_all(&connection, receiver))
            .map_err(|error| {
                StoreError::new(
                    StoreErrorKind::Internal,
                    format!("the store's thread could not be started: {error}"),
                )
            })?;
        Ok(Self(sender))
    }

    /// Runs `work` in the writing thread and returns once its effects are on disk. If it
    /// fails, nothing of it is kept, and the others of its group are not touched.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let gone = || StoreError::new(StoreErrorKind::Internal, "the store has been closed");
        let job = Box::new(Waiting { work, caller });
        self.0.send(job).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn write_all(connection: &Connection, mut jobs: mpsc::UnboundedReceiver<Box<dyn Job>>) {
    let mut group = VecDeque::new();
    while let Some(first) = jobs.blocking_recv() {
        group.push_back(first);
        while group.len() < MAX_GROUP {
            let Ok(job) = jobs.try_recv() else { break };
            group.push_back(job);
        }
        let mut answers = Vec::with_capacity(group.len());
        let committed = write_group(connection, &mut group, &mut answers);
        if let Err(error) = &committed {
            if !connection.is_autocommit() {
                // If even this fails, the next BEGIN fails too, and reports it.
                let _ = connection.execute_batch("ROLLBACK");
            }
            for job in group.drain(..) {
                job.fail(error.clone());
            }
        }
        for answer in answers {
            answer(committed.clone());
        }
    }
}

/// One transaction around all the jobs, each of which is kept or undone by itself. Those
/// still in `jobs` when it fails have not run.
fn write_group(
    connection: &Connection,
    jobs: &mut VecDeque<Box<dyn Job>>,
    answers: &mut Vec<Answer>,
) -> Result<(), StoreError> {
    let sql = |text| {
        let mut statement = connection.prepare_cached(text).map_err(store_error)?;
        statement.execute([]).map(drop).map_err(store_error)
    };
    sql("BEGIN IMMEDIATE")?;
    while !jobs.is_empty() {
        sql("SAVEPOINT job")?;
        let Some(job) = jobs.pop_front() else { break };
        let (ran, answer) = job.run(connection);
        answers.push(answer);
        match ran {
            Ok(()) => sql("RELEASE job")?,
            // A full disk makes SQLite undo the whole transaction, not just this job.
            Err(error) if connection.is_autocommit() => return Err(error),
            Err(_) => {
                sql("ROLLBACK TO job")?;
                sql("RELEASE job")?;
            }
        }
    }
    trace!(point = "in_transaction", "passes");
    sql("COMMIT")?;
    trace!(point = "committed", "passes");
    Ok(())
}
