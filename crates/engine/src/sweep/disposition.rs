//! What a sweep does with an order at one moment, by which rule, and why: a pure function.

use std::time::Duration;

use duka_core::OrderStatus;
use duka_core::gateway::Eligibility;
use jiff::Timestamp;

use super::bounds::{Bounds, DuplicateAttempts};
use super::rules::{RuleAction, RuleNumber, first_fit};
use crate::amount::AmountDifference;
use crate::lease::after;
use crate::order::{TrackedOrder, Tracking};

/// What a sweep does with an order at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disposition {
    /// The rule that counts for the order, if one fits.
    pub rule: Option<RuleNumber>,
    /// What becomes of it.
    pub action: PlannedAction,
}

/// What becomes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlannedAction {
    /// A cancel request is sent.
    Cancel,
    /// Nothing is sent.
    Leave(LeaveReason),
}

/// Why a sweep leaves an order alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaveReason {
    /// A person holds it.
    Held,
    /// A rule keeps it, whatever its age.
    KeptByRule,
    /// It is younger than its rule says, or else than
    /// [`Bounds::min_age`](crate::sweep::Bounds::min_age).
    TooYoung {
        /// The age that counts for it.
        min_age: Duration,
        /// When it has that age.
        until: Timestamp,
    },
    /// It expires, and has not yet.
    NotExpired {
        /// When it does.
        until: Timestamp,
    },
    /// A newer attempt for its shop order is paid, and
    /// [`Bounds::duplicates`](crate::sweep::Bounds::duplicates) says to report that alone.
    Duplicate,
    /// It is older than [`Bounds::look_back`](crate::sweep::Bounds::look_back).
    TooOld,
    /// A worker has acted on it more recently than [`Bounds::grace`](field@crate::sweep::Bounds::grace)
    /// allows.
    RecentAction {
        /// When that is long enough ago.
        until: Timestamp,
    },
    /// A cancellation of it is under way: this sweep or another worker settles it.
    InProgress,
    /// It has ended, or nothing more can be done about it.
    Closed,
    /// It had failed before, its gateway cannot cancel it, and its status has been read again:
    /// it has still failed, or it was paid after all.
    Failed,
    /// A payment is under way, and the order is younger than
    /// [`Bounds::processing_min_age`](crate::sweep::Bounds::processing_min_age).
    Processing {
        /// When it has that age.
        until: Timestamp,
    },
    /// The status does not allow a request.
    NotEligible,
    /// The gateway knows no such order.
    NotFound,
    /// The gateway shows another amount.
    AmountDiffers(AmountDifference),
}

impl LeaveReason {
    /// The word used in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::KeptByRule => "kept_by_rule",
            Self::TooYoung { .. } => "too_young",
            Self::NotExpired { .. } => "not_expired",
            Self::Duplicate => "duplicate",
            Self::TooOld => "too_old",
            Self::RecentAction { .. } => "recent_action",
            Self::InProgress => "in_progress",
            Self::Closed => "closed",
            Self::Failed => "failed",
            Self::Processing { .. } => "processing",
            Self::NotEligible => "not_eligible",
            Self::NotFound => "not_found",
            Self::AmountDiffers(_) => "amount_differs",
        }
    }

    /// Whether the order is left to its customer for now.
    pub(super) const fn is_too_early(&self) -> bool {
        match self {
            Self::TooYoung { .. } | Self::NotExpired { .. } => true,
            Self::Held
            | Self::KeptByRule
            | Self::Duplicate
            | Self::TooOld
            | Self::RecentAction { .. }
            | Self::InProgress
            | Self::Closed
            | Self::Failed
            | Self::Processing { .. }
            | Self::NotEligible
            | Self::NotFound
            | Self::AmountDiffers(_) => false,
        }
    }

    /// When a sweep looks at the order again, if nothing else changes and the reason says so.
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::TooYoung { until, .. }
            | Self::NotExpired { until }
            | Self::RecentAction { until }
            | Self::Processing { until } => Some(*until),
            Self::Held
            | Self::KeptByRule
            | Self::Duplicate
            | Self::TooOld
            | Self::InProgress
            | Self::Closed
            | Self::Failed
            | Self::NotEligible
            | Self::NotFound
            | Self::AmountDiffers(_) => None,
        }
    }
}

/// Whether a newer attempt for the order's shop order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Superseded {
    No,
    Yes,
}

/// What is known of an order beside what is tracked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shown<'a> {
    /// Its gateway has not been asked.
    NotAsked,
    /// Its gateway does not know it.
    NotFound,
    /// Its gateway shows this, and maybe an amount that is not the order's.
    Status(&'a Eligibility, Option<AmountDifference>),
}

impl Disposition {
    /// What a sweep within these bounds does with this order now.
    pub(super) fn of(
        order: &TrackedOrder,
        superseded: Superseded,
        shown: Shown<'_>,
        bounds: &Bounds,
        now: Timestamp,
    ) -> Self {
        let fits = first_fit(&bounds.rules, order);
        let (rule, rule_action) = match fits {
            Some((number, rule)) => (Some(number), Some(rule.action)),
            None => (None, None),
        };
        let reason = by_tracking(order, rule_action, superseded, bounds, now)
            .or_else(|| by_status(order, shown, bounds, now));
        Self {
            rule,
            action: reason.map_or(PlannedAction::Cancel, PlannedAction::Leave),
        }
    }
}

/// Why what is tracked is reason enough to leave the order alone.
fn by_tracking(
    order: &TrackedOrder,
    rule: Option<RuleAction>,
    superseded: Superseded,
    bounds: &Bounds,
    now: Timestamp,
) -> Option<LeaveReason> {
    match order.tracking {
        Tracking::InProgress => return Some(LeaveReason::InProgress),
        Tracking::Closed => return Some(LeaveReason::Closed),
        Tracking::Pending if order.hold.is_some() => return Some(LeaveReason::Held),
        Tracking::Pending => {}
    }
    let min_age = match rule {
        Some(RuleAction::Keep) => return Some(LeaveReason::KeptByRule),
        Some(RuleAction::MinAge(min_age)) => min_age,
        None => bounds.min_age,
    };
    let (abandoned_at, too_early) = match order.expires_at {
        Some(until) => (until, LeaveReason::NotExpired { until }),
        None => {
            let until = after(order.age_from(), min_age);
            (until, LeaveReason::TooYoung { min_age, until })
        }
    };
    let untouched = order
        .last_action_at
        .map(|at| after(at, bounds.effective_grace()));
    if abandoned_at > now && superseded == Superseded::No {
        Some(too_early)
    } else if abandoned_at > now && bounds.duplicates == DuplicateAttempts::Report {
        Some(LeaveReason::Duplicate)
    } else if after(order.counted_from(), bounds.look_back) < now {
        Some(LeaveReason::TooOld)
    } else {
        let until = untouched.filter(|until| *until > now)?;
        Some(LeaveReason::RecentAction { until })
    }
}

/// Why what its gateway shows is reason to leave the order alone.
fn by_status(
    order: &TrackedOrder,
    shown: Shown<'_>,
    bounds: &Bounds,
    now: Timestamp,
) -> Option<LeaveReason> {
    let (reading, differs) = match shown {
        Shown::NotAsked => return None,
        Shown::NotFound => return Some(LeaveReason::NotFound),
        Shown::Status(Eligibility::NotEligible(_), _) => return Some(LeaveReason::NotEligible),
        Shown::Status(Eligibility::Eligible(reading), differs) => (reading, differs),
    };
    if reading.status == OrderStatus::Processing {
        let (min_age, last_use) = (bounds.processing_min_age, order.last_use);
        let until = last_use.processing_until(order.created_at, min_age, now);
        if until > now {
            return Some(LeaveReason::Processing { until });
        }
    }
    differs.map(LeaveReason::AmountDiffers)
}
