//! What has been read for each account and not been begun yet.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use duka_core::AccountName;
use tokio::sync::Notify;

use super::jobs::Job;

/// With so many jobs in the queues of all accounts together, nothing more is read.
const READ_AHEAD: usize = 10_000;

/// A queue for each account. They are filled on demand: whenever one of them runs low, until
/// there are [`READ_AHEAD`] jobs. The page that is being read then is still put in.
pub(super) struct Queues {
    queues: BTreeMap<AccountName, Queue>,
    /// A queue with fewer jobs runs low.
    low: usize,
    /// Tells the reader that a queue has become shorter.
    demand: Notify,
}

#[derive(Default)]
pub(super) struct Queue {
    content: Mutex<Content>,
    /// Tells the account that its queue is no longer empty, or is closed.
    pub(super) changed: Notify,
}

#[derive(Default)]
struct Content {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Queues {
    pub(super) fn new(accounts: Vec<AccountName>, concurrency: usize) -> Self {
        let queues = accounts.into_iter().map(|name| (name, Queue::default()));
        Self {
            queues: queues.collect(),
            low: concurrency.max(1),
            demand: Notify::new(),
        }
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = (&AccountName, &Queue)> {
        self.queues.iter()
    }

    /// Hands a job to its account; gives it back if there is no such account.
    pub(super) fn push(&self, job: Job) -> Result<(), Job> {
        let Some(queue) = self.queues.get(&job.key().account) else {
            return Err(job);
        };
        let mut content = queue.lock();
        content.jobs.push_back(job);
        if content.jobs.len() == 1 {
            queue.changed.notify_one();
        }
        Ok(())
    }

    pub(super) fn pop(&self, queue: &Queue) -> Option<Job> {
        let mut content = queue.lock();
        let job = content.jobs.pop_front();
        // Also where this queue is long: it makes room for one that runs low.
        self.demand.notify_one();
        job
    }

    /// Waits until a queue runs low and there is room for more.
    pub(super) async fn wait_for_demand(&self) {
        loop {
            let lengths = || self.queues.values().map(|queue| queue.lock().jobs.len());
            // Without any account there is only a list to be reported.
            let runs_low = self.queues.is_empty() || lengths().any(|length| length < self.low);
            if runs_low && lengths().sum::<usize>() < READ_AHEAD {
                return;
            }
            self.demand.notified().await;
        }
    }

    /// Nothing more comes.
    pub(super) fn close(&self) {
        for queue in self.queues.values() {
            queue.lock().closed = true;
            queue.changed.notify_one();
        }
    }
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.lock().jobs.is_empty()
    }

    /// Whether it is empty for good.
    pub(super) fn is_finished(&self) -> bool {
        let content = self.lock();
        content.closed && content.jobs.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        // Its content is never left half changed.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use duka_core::{GatewayName, OrderId};
    use futures::FutureExt;
    use jiff::Timestamp;

    use super::*;
    use crate::order::{OrderKey, TrackedOrder};
    use crate::sweep::jobs::Abandoned;

    fn job(account: &AccountName) -> Job {
        let key = OrderKey::new(account.clone(), OrderId::integer("1").unwrap());
        let gateway = GatewayName::from_static("kwikpaisa");
        let order = TrackedOrder::new(key, gateway, Timestamp::UNIX_EPOCH);
        Job::Cancel(Box::new(Abandoned {
            order,
            listed: None,
            superseded_by: None,
        }))
    }

    #[test]
    fn reading_goes_on_while_one_queue_runs_low_and_stops_at_the_limit() {
        let names = ["busy", "idle"].map(|name| AccountName::new(name).unwrap());
        let queues = Queues::new(names.to_vec(), 4);
        let busy = &queues.queues[&names[0]];
        for _ in 1..READ_AHEAD {
            assert!(queues.push(job(&names[0])).is_ok());
        }
        assert!(queues.wait_for_demand().now_or_never().is_some());
        assert!(queues.push(job(&names[0])).is_ok());
        let waiting = &mut Box::pin(queues.wait_for_demand());
        assert!(waiting.now_or_never().is_none());
        assert!(queues.pop(busy).is_some());
        assert!(waiting.now_or_never().is_some());
    }

    #[test]
    fn reading_stops_while_no_queue_runs_low() {
        let name = AccountName::new("shop").unwrap();
        let queues = Queues::new(vec![name.clone()], 4);
        for _ in 0..4 {
            assert!(queues.wait_for_demand().now_or_never().is_some());
            assert!(queues.push(job(&name)).is_ok());
        }
        let waiting = &mut Box::pin(queues.wait_for_demand());
        assert!(waiting.now_or_never().is_none());
        queues.pop(&queues.queues[&name]);
        assert!(waiting.now_or_never().is_some());
    }

    #[test]
    fn a_job_of_an_unknown_account_is_given_back() {
        let queues = Queues::new(Vec::new(), 4);
        let unknown = AccountName::new("shop").unwrap();
        assert!(queues.push(job(&unknown)).is_err());
    }
}
