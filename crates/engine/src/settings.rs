//! The settings of a worker: its name, how long it waits, and how long its lease is.

use duka_core::WaitPolicy;

use crate::amount::AmountCheck;
use crate::lease::Lease;

/// The settings of a worker.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long to wait for what.
    pub wait_policy: WaitPolicy,
    /// How long a lease on a record lasts without a write.
    pub lease: Lease,
    /// The worker's name in leases and in the log.
    pub worker: String,
    /// Whether an order that shows another amount than expected may be cancelled.
    pub amount_check: AmountCheck,
}

impl Settings {
    /// The default wait policy and a lease of two minutes.
    pub fn new(worker: impl Into<String>) -> Self {
        Self {
            wait_policy: WaitPolicy::default(),
            lease: Lease::default(),
            worker: worker.into(),
            amount_check: AmountCheck::Compare,
        }
    }

    /// Sets the wait policy.
    #[must_use]
    pub fn wait_policy(mut self, wait_policy: WaitPolicy) -> Self {
        self.wait_policy = wait_policy;
        self
    }

    /// Sets whether amounts are compared.
    #[must_use]
    pub fn amount_check(mut self, check: AmountCheck) -> Self {
        self.amount_check = check;
        self
    }

    /// Sets the length of a lease.
    #[must_use]
    pub fn lease(mut self, lease: Lease) -> Self {
        self.lease = lease;
        self
    }
}
