//! One system to be explored: the gateway and the program as they are, or as they are
//! broken, and what may happen to them.

use duka_core::cancel::{
    CancelRules, Cancellable, Cancellation, Event, NotAllowed, Step, WaitPolicy,
};
use jiff::Timestamp;

use super::truths::Truth;

/// A status without a meaning that the once-only gateway is known to show.
pub(super) const MUTE: &str = "INVALID";

pub(super) type Rules =
    fn(&Cancellation, &Event, &CancelRules, &WaitPolicy, Timestamp) -> Result<Step, NotAllowed>;

/// What keeps a worker from sending once its claim is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fence {
    /// Nothing.
    None,
    /// The time is looked at, and then the request is written: a worker may be stopped
    /// between the two.
    LookThenWrite,
    /// Looking and writing are one.
    Exact,
}

/// Who may take a record whose claim has lapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lapsed {
    Anybody,
    Nobody,
}

/// How the gateway treats the copies of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// All alike: what is refused at the door is refused in every copy.
    Steady,
    /// One copy may be refused and another looked at.
    Fickle,
}

/// What a worker does with a payment that others have seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reporting {
    /// Nothing: it goes by what it has read itself.
    OwnReading,
    /// What is known of the order is looked at in the transaction that reports.
    AllReadings,
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
    pub(super) fence: Fence,
    /// Whether the database refuses a second request at a once-only gateway.
    pub(super) attempts_fence: bool,
    pub(super) lapsed: Lapsed,
    pub(super) door: Door,
    pub(super) reporting: Reporting,
    pub(super) amount: Amount,
    /// Whether the customer can still pay once the order is cancelled.
    pub(super) late_payment: bool,
    /// Whether the order may end without anybody's doing.
    pub(super) expires: bool,
    /// Whether a status may be as old as the settling time.
    pub(super) slow_status: bool,
    /// Whether somebody outside asks for the status too.
    pub(super) onlooker: bool,
    pub(super) duplicates: u8,
    pub(super) clock_steps_back: u8,
    /// How often a cancellation is asked for.
    pub(super) asks: u8,
    /// The truths that are not asked of this system.
    pub(super) excused: Vec<Truth>,
}

impl System {
    pub(super) fn new(gateway: CancelRules) -> Self {
        Self {
            believed: gateway.clone(),
            gateway,
            rules: duka_core::cancel::step,
            fence: Fence::Exact,
            attempts_fence: true,
            lapsed: Lapsed::Anybody,
            door: Door::Steady,
            reporting: Reporting::AllReadings,
            amount: Amount::AsExpected,
            late_payment: true,
            expires: true,
            slow_status: false,
            onlooker: false,
            duplicates: 1,
            clock_steps_back: 0,
            asks: 1,
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
        Self::new(rules.ambiguous_statuses([MUTE]))
    }
}
