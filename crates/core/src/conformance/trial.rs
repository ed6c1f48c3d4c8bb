//! One run of one case: what it has found so far, and the steps that many cases share.

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;

use super::bench::{Armed, Bench, BenchError, Fault, Truth};
use super::report::{Verdict, Violation};
use crate::error::Error;
use crate::gateway::{Gateway, Operation, StatusReading};
use crate::id::OrderId;
use crate::order::OrderStatus;

pub(super) struct Trial<'a> {
    case: &'a str,
    pub(super) bench: &'a dyn Bench,
    pub(super) gateway: Arc<dyn Gateway>,
    violations: Vec<Violation>,
}

/// Why a case ends before its last line.
pub(super) enum Stop {
    /// What it has found already leaves nothing more to check.
    Violated,
    LeftOut(String),
    Bench(BenchError),
}

pub(super) type Flow<T = ()> = Result<T, Stop>;

impl From<BenchError> for Stop {
    fn from(error: BenchError) -> Self {
        Self::Bench(error)
    }
}

impl<'a> Trial<'a> {
    pub(super) fn new(case: &'a str, bench: &'a dyn Bench) -> Self {
        Self {
            case,
            bench,
            gateway: bench.gateway(),
            violations: Vec::new(),
        }
    }

    pub(super) fn verdict(mut self, flow: Flow) -> Verdict {
        match flow {
            Ok(()) | Err(Stop::Violated) => {}
            Err(Stop::Bench(error)) => {
                self.violated("a bench that works", error);
            }
            Err(Stop::LeftOut(reason)) if self.violations.is_empty() => {
                return Verdict::LeftOut(reason);
            }
            Err(Stop::LeftOut(_)) => {}
        }
        if self.violations.is_empty() {
            Verdict::Passed
        } else {
            Verdict::Violated(self.violations)
        }
    }

    /// Notes a violation.
    pub(super) fn violated(&mut self, expected: impl fmt::Display, seen: impl fmt::Display) {
        self.violations.push(Violation {
            case: self.case.to_owned(),
            expected: expected.to_string(),
            seen: seen.to_string(),
        });
    }

    /// Notes a violation and ends the case.
    pub(super) fn stop(&mut self, expected: impl fmt::Display, seen: impl fmt::Display) -> Stop {
        self.violated(expected, seen);
        Stop::Violated
    }

    /// Notes a violation unless the two are equal.
    pub(super) fn same<T: PartialEq + fmt::Debug>(&mut self, what: &str, wanted: &T, seen: &T) {
        if wanted != seen {
            self.violated(format!("{what} {wanted:?}"), format!("{seen:?}"));
        }
    }

    /// A new order that nobody has paid.
    pub(super) async fn open_order(&mut self) -> Flow<OrderId> {
        let order = self.bench.new_order().await?;
        match self.gateway.create(&order).await {
            Ok(created) => Ok(created.order),
            Err(error) => Err(self.stop("a new order", error)),
        }
    }

    pub(super) async fn paid_order(&mut self) -> Flow<OrderId> {
        let order = self.open_order().await?;
        self.bench.customer_pays(&order).await?;
        let truth = self.bench.truth(&order).await?;
        if truth.status != OrderStatus::Paid {
            return Err(self.stop("a bench whose paid orders are paid", truth.status));
        }
        Ok(order)
    }

    pub(super) async fn reading(&mut self, order: &OrderId) -> Flow<StatusReading> {
        match self.gateway.status(order).await {
            Ok(reading) => Ok(reading),
            Err(error) => Err(self.stop("a status", error)),
        }
    }

    pub(super) async fn truth(&self, order: &OrderId) -> Flow<Truth> {
        Ok(self.bench.truth(order).await?)
    }

    /// Arms a fault, or leaves the case out.
    pub(super) async fn arm(&self, fault: Fault, operation: Operation) -> Flow {
        match self.bench.arm(fault, operation).await? {
            Armed::Yes => Ok(()),
            Armed::NotPossible => {
                let what = fault.as_str();
                let reason = format!("{what} does not happen in {operation:?} there");
                Err(Stop::LeftOut(reason))
            }
        }
    }

    /// Notes a violation if an error, or anything behind it, shows a secret.
    pub(super) fn shows_no_secret(&mut self, error: &Error) {
        let mut texts = vec![format!("{error:?}"), error.to_string()];
        let mut next = error.source();
        while let Some(cause) = next {
            texts.push(cause.to_string());
            next = cause.source();
        }
        self.hides_secrets("an error", &texts);
    }

    /// Notes a violation if one of these texts shows a secret, without showing it again.
    pub(super) fn hides_secrets(&mut self, what: &str, texts: &[String]) {
        let secrets = self.bench.secrets();
        let shown = |secret: &String| {
            !secret.is_empty() && texts.iter().any(|text| text.contains(secret.as_str()))
        };
        for (number, _) in secrets.iter().enumerate().filter(|(_, s)| shown(s)) {
            self.violated(
                format!("{what} without secrets"),
                format!("number {number} of the bench's secrets"),
            );
        }
    }
}
