//! What a gateway allows of a cancellation, and how long a merchant waits.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::order::OrderStatus;

/// Whether a cancel request may be repeated for the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// The gateway takes one request per order, ever.
    Once,
    /// A second request does no harm.
    Harmless,
}

/// Whether a cancelled order can be recognised by its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShowsCancelled {
    /// The status says *cancelled*.
    Yes,
    /// No status says so; an accepted request leaves no trace but the answer.
    No,
}

/// A status in which a gateway may be asked to cancel an order.
///
/// There is none for *paid* and *reversed*, for a payment wins; none for *cancelled*; and
/// none for a status that is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cancellable {
    /// [`OrderStatus::Unpaid`].
    Unpaid,
    /// [`OrderStatus::Processing`].
    Processing,
    /// [`OrderStatus::Failed`].
    Failed,
    /// [`OrderStatus::Expired`].
    Expired,
}

impl Cancellable {
    const fn of(status: &OrderStatus) -> Option<Self> {
        match status {
            OrderStatus::Unpaid => Some(Self::Unpaid),
            OrderStatus::Processing => Some(Self::Processing),
            OrderStatus::Failed => Some(Self::Failed),
            OrderStatus::Expired => Some(Self::Expired),
            OrderStatus::Paid
            | OrderStatus::Cancelled
            | OrderStatus::Reversed
            | OrderStatus::Unknown(_) => None,
        }
    }
}

/// What a gateway allows of a cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRules {
    eligible: BTreeSet<Cancellable>,
    repeat: Repeat,
    shows_cancelled: ShowsCancelled,
    /// In lower case.
    ambiguous: BTreeSet<String>,
    sending: Sending,
}

/// Whether a request may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sending {
    Allowed,
    Held,
}

impl CancelRules {
    /// A gateway that shows *cancelled* and takes repeated requests.
    pub fn repeatable(eligible: impl IntoIterator<Item = Cancellable>) -> Self {
        Self::new(eligible, Repeat::Harmless, ShowsCancelled::Yes)
    }

    /// A gateway that takes one request per order and whose status does not show
    /// *cancelled*.
    pub fn once_only(eligible: impl IntoIterator<Item = Cancellable>) -> Self {
        Self::new(eligible, Repeat::Once, ShowsCancelled::No)
    }

    /// Any other combination.
    pub fn new(
        eligible: impl IntoIterator<Item = Cancellable>,
        repeat: Repeat,
        shows_cancelled: ShowsCancelled,
    ) -> Self {
        Self {
            eligible: eligible.into_iter().collect(),
            repeat,
            shows_cancelled,
            ambiguous: BTreeSet::new(),
            sending: Sending::Allowed,
        }
    }

    /// Names statuses without a documented meaning, in the gateway's own words, that an
    /// order may show once it is cancelled. They say nothing about a payment: where no
    /// status shows *cancelled*, a readable yes is believed in spite of them, after the
    /// settling time. Any other unknown status waits for a person.
    #[must_use]
    pub fn ambiguous_statuses<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Self {
        self.ambiguous
            .extend(words.into_iter().map(str::to_lowercase));
        self
    }

    /// Whether this status is one of [`CancelRules::ambiguous_statuses`].
    pub fn is_ambiguous(&self, status: &OrderStatus) -> bool {
        match status {
            OrderStatus::Unknown(words) => self.ambiguous.contains(&words.to_lowercase()),
            OrderStatus::Unpaid
            | OrderStatus::Processing
            | OrderStatus::Paid
            | OrderStatus::Failed
            | OrderStatus::Expired
            | OrderStatus::Cancelled
            | OrderStatus::Reversed => false,
        }
    }

    /// Whether an order in this status may be asked to be cancelled.
    pub fn is_eligible(&self, status: &OrderStatus) -> bool {
        Cancellable::of(status).is_some_and(|status| self.eligible.contains(&status))
    }

    /// The same, but that no order in this status may be asked to be cancelled.
    #[must_use]
    pub fn without(mut self, status: Cancellable) -> Self {
        self.eligible.remove(&status);
        self
    }

    /// The same for an order that is held: no request is sent, whatever its status allows, and
    /// what was sent before is settled by reading alone.
    #[must_use]
    pub fn held(mut self) -> Self {
        self.sending = Sending::Held;
        self
    }

    /// Whether these are rules for an order that is [held](CancelRules::held).
    pub fn is_held(&self) -> bool {
        self.sending == Sending::Held
    }

    /// Whether a request may be repeated.
    pub fn repeat(&self) -> Repeat {
        self.repeat
    }

    /// Whether the status can show *cancelled*.
    pub fn shows_cancelled(&self) -> ShowsCancelled {
        self.shows_cancelled
    }
}

/// How long to wait for what.
///
/// Any durations are safe: whatever they are, no cancellation makes two requests within
/// [`WaitPolicy::MIN_SETTLE`], and the pauses between its status reads are between that and
/// ten minutes. Durations outside the ranges named below serve no purpose, and programs should
/// refuse them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitPolicy {
    /// After a request, how long a status that still says *open* proves nothing: the
    /// gateway may be slow to show what it did. Default 10 s, several times the slowest
    /// status lag seen at comparable gateways; too short risks a needless second attempt
    /// (or, at a once-only gateway, nothing), too long only delays the report. From
    /// [`WaitPolicy::MIN_SETTLE`] up to `review_after`.
    pub settle: Duration,
    /// For how long a cancellation may stay unsettled before a person has to look. Default
    /// 1 h: longer than any outage a retry should bridge, short enough that the merchant still
    /// remembers the order. At least `settle`, or everything in doubt would wait for a
    /// person; above a year, clocks cannot be trusted to count it.
    pub review_after: Duration,
}

impl Default for WaitPolicy {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(10),
            review_after: Duration::from_secs(60 * 60),
        }
    }
}

/// The longest pause between two status reads.
const MAX_PAUSE: Duration = Duration::from_secs(10 * 60);
/// The longest pause between two status reads of what waits for a person.
const MAX_REVIEW_PAUSE: Duration = Duration::from_secs(60 * 60);
/// The shortest, and the shortest time between two requests.
const MIN_PAUSE: Duration = Duration::from_millis(100);

impl WaitPolicy {
    /// The shortest settling time that makes a difference: no pause is shorter.
    pub const MIN_SETTLE: Duration = MIN_PAUSE;

    /// The pause between two status reads of a cancellation that waits for a person and has
    /// been in doubt for so long: a quarter of that, at most an hour, and never shorter than
    /// the first pause of a fresh doubt.
    pub fn review_pause(&self, in_doubt_for: Duration) -> Duration {
        (in_doubt_for / 4).clamp(self.pause(0), MAX_REVIEW_PAUSE)
    }

    /// The pause after this many failed reads or sends: an eighth of
    /// the settling time, doubled each time, between 0.1 s and 10 min. The first reads come
    /// quickly, because most doubt ends with the first status that shows the truth.
    pub(crate) fn pause(&self, failed_polls: u32) -> Duration {
        let first = (self.settle / 8).clamp(MIN_PAUSE, MAX_PAUSE);
        let factor = 1_u32.checked_shl(failed_polls.min(20)).unwrap_or(u32::MAX);
        first.saturating_mul(factor).min(MAX_PAUSE)
    }
}

/// `start + wait`, or the end of time.
pub(crate) fn after(start: Timestamp, wait: Duration) -> Timestamp {
    start.checked_add(wait).unwrap_or(Timestamp::MAX)
}
