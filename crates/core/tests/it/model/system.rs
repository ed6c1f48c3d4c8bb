//! One system to be explored: the gateway and the program as they are, or as they are
//! broken, and what may happen to them.

use duka_core::cancel::{
    CancelRules, Cancellable, Cancellation, Event, NotAllowed, Step, WaitPolicy,
};
use jiff::Timestamp;

use super::invariants::Invariant;

/// A status without a documented meaning that the once-only gateway is known to show.
pub(super) const AMBIGUOUS: &str = "INVALID";

pub(super) type Rules =
    fn(&Cancellation, &Event, &CancelRules, &WaitPolicy, Timestamp) -> Result<Step, NotAllowed>;

/// What keeps a worker from sending once its lease is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deadline {
    /// Nothing.
    None,
    /// The deadline is checked, and then the request is written: a worker may be stopped
    /// between the two.
    CheckThenWrite,
    /// Checking and writing are one step.
    Exact,
}

/// Whether a record whose lease has ended can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpiredLease {
    /// Any worker may take it.
    Reclaimed,
    /// No worker may take it.
    Stuck,
}

/// How the gateway treats the copies of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Authentication {
    /// If the credentials of one copy are refused, those of every copy are.
    SameForAllCopies,
    /// The credentials of one copy may be refused and another copy processed.
    PerCopy,
}

/// What a worker does with a payment that others have seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reporting {
    /// Nothing: it goes by what it has read itself.
    OwnReading,
    /// What is known of the order is looked at in the transaction that reports.
    AllReadings,
}

/// Whether the shop creates a second attempt for the same shop order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SecondAttempt {
    Never,
    /// Once the first is cancelled.
    Replaces,
    /// Unless the first is known to be paid.
    ReplacesInDoubt,
}

/// When the store looks for what forbids a second attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttemptsCheck {
    /// In the transaction that stores the request to create it.
    WhenItBegins,
    /// In a transaction before that.
    Before,
}

/// Which payment makes the store look at the other attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PaidTwice {
    OfEither,
    OfTheSecond,
}

/// Which amount the gateway shows for the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    AsExpected,
    /// Another customer's.
    Another,
    /// Now the one, now the other.
    Either,
}

/// One system to be explored.
#[derive(Debug, Clone)]
pub(super) struct System {
    /// What the gateway is.
    pub(super) gateway: CancelRules,
    /// What the program believes it is.
    pub(super) believed: CancelRules,
    pub(super) rules: Rules,
    pub(super) deadline: Deadline,
    /// Whether the database refuses a second request at a once-only gateway.
    pub(super) attempts_constraint: bool,
    pub(super) expired_lease: ExpiredLease,
    pub(super) authentication: Authentication,
    pub(super) reporting: Reporting,
    pub(super) amount: Amount,
    /// Whether the customer can still pay once the order is cancelled.
    pub(super) late_payment: bool,
    /// Whether the order may expire.
    pub(super) expires: bool,
    /// Whether a payment may fail, which the customer can make good.
    pub(super) fails: bool,
    /// Whether the customer may pay another amount.
    pub(super) pays_less: bool,
    /// Whether a status may be as old as the settling time.
    pub(super) slow_status: bool,
    /// Whether another caller asks for the status too.
    pub(super) observer: bool,
    pub(super) duplicates: u8,
    pub(super) clock_steps_back: u8,
    /// How often a cancellation is asked for.
    pub(super) asks: u8,
    pub(super) second_attempt: SecondAttempt,
    pub(super) attempts_check: AttemptsCheck,
    pub(super) paid_twice: PaidTwice,
    /// The invariants that this system is known to break.
    pub(super) excused: Vec<Invariant>,
}

impl System {
    pub(super) fn new(gateway: CancelRules) -> Self {
        Self {
            believed: gateway.clone(),
            gateway,
            rules: duka_core::cancel::step,
            deadline: Deadline::Exact,
            attempts_constraint: true,
            expired_lease: ExpiredLease::Reclaimed,
            authentication: Authentication::SameForAllCopies,
            reporting: Reporting::AllReadings,
            amount: Amount::AsExpected,
            late_payment: true,
            expires: true,
            fails: false,
            pays_less: false,
            slow_status: false,
            observer: false,
            duplicates: 1,
            clock_steps_back: 0,
            asks: 1,
            second_attempt: SecondAttempt::Never,
            attempts_check: AttemptsCheck::WhenItBegins,
            paid_twice: PaidTwice::OfEither,
            excused: Vec::new(),
        }
    }

    /// The gateway that shows *cancelled* and takes repeated requests.
    pub(super) fn repeatable() -> Self {
        Self::new(CancelRules::repeatable([
            Cancellable::Unpaid,
            Cancellable::Processing,
        ]))
    }

    /// The gateway that takes one request and shows nothing of it.
    pub(super) fn once_only() -> Self {
        let rules = CancelRules::once_only([Cancellable::Unpaid, Cancellable::Failed]);
        Self::new(rules.ambiguous_statuses([AMBIGUOUS]))
    }
}
