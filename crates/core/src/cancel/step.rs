//! The rules of safe cancellation: one pure, exhaustive function.

use jiff::Timestamp;

use super::rules::{CancelRules, Repeat, ShowsCancelled, WaitPolicy, after};
use super::state::{
    Action, Cancellation, Event, Finding, OtherAmount, Outcome, RequestUsed, Resolution,
    SkipReason, State,
};
use crate::order::OrderStatus;

/// A cancellation after an event, and what to do once it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The record to store, before anything else.
    pub next: Cancellation,
    /// What to do then.
    pub action: Action,
}

/// An event that cannot happen in this state: a mistake of the caller, or a reply that came
/// after its attempt was given up. Nothing changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a cancellation that is {state} takes no {event}", state = .state.as_str())]
pub struct NotAllowed {
    /// The state it was in.
    pub state: State,
    /// The name of the event.
    pub event: &'static str,
}

/// What a status means for a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StatusClass {
    Paid,
    /// A payment that failed and yet left a receipt, of another amount than the order's: the
    /// customer may have paid that much.
    PaidInPart,
    Cancelled,
    /// A cancel request is allowed.
    Cancellable,
    /// It would be, if the order showed the amount that it should: it may be another
    /// customer's.
    OtherAmount,
    /// The order has failed or expired. An order was seen paid minutes after that.
    Ended,
    /// Paid once, and the money went back.
    Reversed,
    /// An unlisted status, or none: it proves nothing.
    Inconclusive,
}

/// What this status means, which was read with `event`.
fn classify(status: &OrderStatus, event: &Event, rules: &CancelRules) -> StatusClass {
    match status {
        OrderStatus::Paid => StatusClass::Paid,
        OrderStatus::Cancelled => StatusClass::Cancelled,
        OrderStatus::Unknown(_) => StatusClass::Inconclusive,
        OrderStatus::Reversed => StatusClass::Reversed,
        OrderStatus::Failed if event.shows_other_payment() => StatusClass::PaidInPart,
        OrderStatus::Unpaid
        | OrderStatus::Processing
        | OrderStatus::Failed
        | OrderStatus::Expired
            if rules.is_eligible(status) =>
        {
            if matches!(event, Event::AmountDiffers(..)) {
                StatusClass::OtherAmount
            } else {
                StatusClass::Cancellable
            }
        }
        // Still under way, though not to be cancelled just now.
        OrderStatus::Unpaid | OrderStatus::Processing => StatusClass::Inconclusive,
        OrderStatus::Failed | OrderStatus::Expired => StatusClass::Ended,
    }
}

/// Applies `event`, which happens at `now`, to `current`.
///
/// # Errors
/// [`NotAllowed`] when the event makes no sense in this state; the record stays as it is.
pub fn step(
    current: &Cancellation,
    event: &Event,
    rules: &CancelRules,
    wait_policy: &WaitPolicy,
    now: Timestamp,
) -> Result<Step, NotAllowed> {
    let at = Moment {
        current,
        rules,
        wait_policy,
        now,
    };
    let stepped = match current.state {
        State::Requested => at.requested(event),
        State::Sending => at.sending(event),
        State::Accepted => at.accepted(event),
        State::Refused => at.refused(event),
        State::InDoubt => at.in_doubt(event),
        State::NeedsReview => at.needs_review(event),
        State::Done(outcome) => at.done(event, outcome),
    };
    let mut step = stepped.ok_or(NotAllowed {
        state: current.state,
        event: event.as_str(),
    })?;
    if current.state.outcome().is_none()
        && let Some(status) = event.status()
    {
        step.next.verified = Some(status.clone());
        if event.shows_other_payment() {
            step.next.other_amount = OtherAmount::Seen;
            step.next.finding = current.finding.max(Some(Finding::AmountDiffers));
        }
    }
    Ok(step)
}

impl Event {
    /// A short name, for messages and the log.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Observed(_) => "status",
            Self::AmountDiffers(..) => "amount_differs",
            Self::OrderNotFound => "order_not_found",
            Self::StatusUnreadable => "status_unreadable",
            Self::NotSent => "not_sent",
            Self::Unauthenticated => "turned_away",
            Self::AnsweredYes => "answered_yes",
            Self::AnsweredNo => "answered_no",
            Self::Unclear => "unclear",
            Self::LeaseLapsed => "lease_lapsed",
            Self::Resolved(Resolution::Cancelled) => "resolved_cancelled",
            Self::Resolved(Resolution::NotCancelled) => "resolved_not_cancelled",
            Self::Resolved(Resolution::Acknowledged) => "acknowledged",
        }
    }
}

struct Moment<'a> {
    current: &'a Cancellation,
    rules: &'a CancelRules,
    wait_policy: &'a WaitPolicy,
    now: Timestamp,
}

impl Moment<'_> {
    fn requested(&self, event: &Event) -> Option<Step> {
        let asked_before = self.current.requests > 0;
        Some(match event {
            Event::Observed(status) | Event::AmountDiffers(status, _) => {
                match (classify(status, event, self.rules), asked_before) {
                    (StatusClass::Cancellable, true) if self.overdue() => self.to_review(),
                    (StatusClass::Cancellable, true) if self.rules.is_held() => {
                        self.recheck_later(State::InDoubt)
                    }
                    (StatusClass::Cancellable, false) if self.rules.is_held() => {
                        self.skip(SkipReason::Held)
                    }
                    (StatusClass::Cancellable, _) => self.send_or_skip(),
                    (StatusClass::OtherAmount, false) => self.skip(SkipReason::AmountDiffers),
                    // An earlier request was about an order that showed the right amount then.
                    (StatusClass::OtherAmount, true) | (StatusClass::PaidInPart, _) => {
                        let mut step = self.to_review();
                        // The doubt is as old as the request, so that it is read ever more
                        // rarely.
                        step.next.doubt_since = self.current.sent_at;
                        step
                    }
                    (StatusClass::Paid, true) => self.done_with(Outcome::NotCancelledPaid),
                    (StatusClass::Cancelled, true) => self.done_with(Outcome::Confirmed),
                    (StatusClass::Reversed, true) => self.done_with(Outcome::NotCancelledFinal),
                    (StatusClass::Ended, true) => self.ended_or_later(State::InDoubt),
                    (StatusClass::Inconclusive, true) => self.recheck_later(State::InDoubt),
                    (
                        StatusClass::Paid
                        | StatusClass::Cancelled
                        | StatusClass::Ended
                        | StatusClass::Reversed
                        | StatusClass::Inconclusive,
                        false,
                    ) => self.skip(SkipReason::NotEligible),
                }
            }
            Event::OrderNotFound if !asked_before => self.skip(SkipReason::NotFound),
            Event::OrderNotFound | Event::StatusUnreadable if asked_before => {
                self.recheck_later(State::InDoubt)
            }
            Event::OrderNotFound | Event::StatusUnreadable => {
                self.retry_or_skip(SkipReason::StatusUnreadable)
            }
            // Nothing had left, so nothing is in doubt: start over.
            Event::LeaseLapsed => self.read_now(State::Requested),
            Event::NotSent
            | Event::Unauthenticated
            | Event::AnsweredYes
            | Event::AnsweredNo
            | Event::Unclear
            | Event::Resolved(_) => return None,
        })
    }

    fn sending(&self, event: &Event) -> Option<Step> {
        Some(match event {
            Event::NotSent | Event::Unauthenticated => self.take_back(),
            Event::AnsweredYes => self.read_now(State::Accepted),
            Event::AnsweredNo => self.read_now(State::Refused),
            // A crash after the intent was stored is the same as a lost reply: the request
            // may have left a moment before.
            Event::Unclear | Event::LeaseLapsed => self.read_now(State::InDoubt),
            Event::Observed(_)
            | Event::AmountDiffers(..)
            | Event::OrderNotFound
            | Event::StatusUnreadable
            | Event::Resolved(_) => return None,
        })
    }

    fn accepted(&self, event: &Event) -> Option<Step> {
        Some(match event {
            Event::Observed(status) | Event::AmountDiffers(status, _) => {
                let class = classify(status, event, self.rules);
                match (class, self.rules.shows_cancelled()) {
                    (StatusClass::Paid, _) => self.done_with(Outcome::NotCancelledPaid),
                    (StatusClass::PaidInPart, _) => self.to_review(),
                    (StatusClass::Cancelled, _) => self.done_with(Outcome::Confirmed),
                    (StatusClass::Reversed, _) => self.done_with(Outcome::NotCancelledFinal),
                    (StatusClass::Ended, ShowsCancelled::Yes) => {
                        self.ended_or_later(State::Accepted)
                    }
                    // The gateway said yes but its own status does not: wait, then ask.
                    (
                        StatusClass::Cancellable
                        | StatusClass::OtherAmount
                        | StatusClass::Inconclusive,
                        ShowsCancelled::Yes,
                    ) => self.recheck_later(State::Accepted),
                    // No status can show it: the answer is the evidence, and the status is
                    // read only so that a payment wins.
                    (
                        StatusClass::Cancellable | StatusClass::OtherAmount | StatusClass::Ended,
                        ShowsCancelled::No,
                    ) => self.done_with(Outcome::Confirmed),
                    // Unless it may be what a cancelled order looks like, an unknown status
                    // could be a payment under an undocumented name.
                    (StatusClass::Inconclusive, ShowsCancelled::No)
                        if self.settled() && self.rules.is_ambiguous(status) =>
                    {
                        self.done_with(Outcome::Confirmed)
                    }
                    (StatusClass::Inconclusive, ShowsCancelled::No) => {
                        self.recheck_later(State::Accepted)
                    }
                }
            }
            Event::OrderNotFound | Event::StatusUnreadable => self.recheck_later(State::Accepted),
            Event::LeaseLapsed => self.read_now(State::Accepted),
            Event::NotSent
            | Event::Unauthenticated
            | Event::AnsweredYes
            | Event::AnsweredNo
            | Event::Unclear
            | Event::Resolved(_) => return None,
        })
    }

    fn refused(&self, event: &Event) -> Option<Step> {
        Some(match event {
            Event::Observed(status) | Event::AmountDiffers(status, _) => {
                match classify(status, event, self.rules) {
                    StatusClass::Paid => self.done_with(Outcome::NotCancelledPaid),
                    StatusClass::PaidInPart => self.to_review(),
                    StatusClass::Cancelled => self.done_with(Outcome::Confirmed),
                    StatusClass::Reversed => self.done_with(Outcome::NotCancelledFinal),
                    StatusClass::Ended => self.ended_or_later(State::Refused),
                    // The refusal may be the first sign of a payment that the status is slow
                    // to show.
                    StatusClass::Cancellable | StatusClass::OtherAmount
                        if self.settled() && !self.may_be_cancelled_unseen() =>
                    {
                        self.done_with(Outcome::Refused)
                    }
                    StatusClass::Cancellable
                    | StatusClass::OtherAmount
                    | StatusClass::Inconclusive => self.recheck_later(State::Refused),
                }
            }
            Event::OrderNotFound | Event::StatusUnreadable => self.recheck_later(State::Refused),
            Event::LeaseLapsed => self.read_now(State::Refused),
            Event::NotSent
            | Event::Unauthenticated
            | Event::AnsweredYes
            | Event::AnsweredNo
            | Event::Unclear
            | Event::Resolved(_) => return None,
        })
    }

    fn in_doubt(&self, event: &Event) -> Option<Step> {
        let repeats = self.repeats() && self.may_repeat();
        Some(match event {
            Event::Observed(status) | Event::AmountDiffers(status, _) => {
                match classify(status, event, self.rules) {
                    StatusClass::Paid => self.done_with(Outcome::NotCancelledPaid),
                    StatusClass::PaidInPart => self.to_review(),
                    StatusClass::Cancelled => self.done_with(Outcome::Confirmed),
                    StatusClass::Reversed => self.done_with(Outcome::NotCancelledFinal),
                    StatusClass::Ended => self.ended_or_later(State::InDoubt),
                    StatusClass::Cancellable if repeats && !self.overdue() => self.try_again(),
                    // Nothing is repeated for an order that may be another customer's.
                    StatusClass::OtherAmount if repeats => self.to_review(),
                    StatusClass::Cancellable
                    | StatusClass::OtherAmount
                    | StatusClass::Inconclusive => self.recheck_later(State::InDoubt),
                }
            }
            Event::OrderNotFound | Event::StatusUnreadable => self.recheck_later(State::InDoubt),
            // Late, but readable and documented: as good as in time.
            Event::AnsweredYes => self.read_now(State::Accepted),
            Event::AnsweredNo => self.read_now(State::Refused),
            // A late "not sent" is ignored: a second request to a once-only gateway is the worse
            // mistake.
            Event::NotSent | Event::Unauthenticated | Event::Unclear | Event::LeaseLapsed => {
                self.read_now(State::InDoubt)
            }
            Event::Resolved(resolution) => return self.resolve(*resolution),
        })
    }

    fn needs_review(&self, event: &Event) -> Option<Step> {
        Some(match event {
            Event::Observed(status) | Event::AmountDiffers(status, _) => {
                match classify(status, event, self.rules) {
                    StatusClass::Paid => self.done_with(Outcome::NotCancelledPaid),
                    StatusClass::Cancelled => self.done_with(Outcome::Confirmed),
                    StatusClass::Reversed => self.done_with(Outcome::NotCancelledFinal),
                    StatusClass::Ended if self.settled() => {
                        self.done_with(Outcome::NotCancelledFinal)
                    }
                    // Not while the customer may have paid a part of it.
                    StatusClass::Cancellable
                        if self.repeats()
                            && self.may_repeat()
                            && self.current.finding.is_none() =>
                    {
                        self.begin_again()
                    }
                    StatusClass::PaidInPart
                    | StatusClass::Ended
                    | StatusClass::Cancellable
                    | StatusClass::OtherAmount
                    | StatusClass::Inconclusive => self.to_review(),
                }
            }
            Event::OrderNotFound
            | Event::StatusUnreadable
            | Event::NotSent
            | Event::Unauthenticated
            | Event::Unclear
            | Event::LeaseLapsed => self.to_review(),
            // A review of the amount alone may have begun before any request.
            Event::AnsweredYes | Event::AnsweredNo if self.current.requests == 0 => return None,
            Event::AnsweredYes => self.read_now(State::Accepted),
            Event::AnsweredNo => self.read_now(State::Refused),
            Event::Resolved(resolution) => return self.resolve(*resolution),
        })
    }

    fn done(&self, event: &Event, outcome: Outcome) -> Option<Step> {
        let mut step = self.to(State::Done(outcome), Action::Stop);
        match event {
            Event::Observed(_) | Event::AmountDiffers(..) => {
                if let Some(found) = self.current.paid_late(event) {
                    step.next = found;
                }
                Some(step)
            }
            Event::OrderNotFound | Event::StatusUnreadable => Some(step),
            // An answer that arrives after a status or a person ended the cancellation: the
            // log keeps it, and the outcome stays.
            Event::AnsweredYes | Event::AnsweredNo if self.current.requests > 0 => Some(step),
            Event::Resolved(Resolution::Acknowledged) if self.current.finding.is_some() => {
                step.next = step.next.acknowledging();
                Some(step)
            }
            Event::Resolved(_)
            | Event::NotSent
            | Event::Unauthenticated
            | Event::AnsweredYes
            | Event::AnsweredNo
            | Event::Unclear
            | Event::LeaseLapsed => None,
        }
    }

    /// Whether another request may ever be sent for the order.
    fn repeats(&self) -> bool {
        self.rules.repeat() == Repeat::Harmless && !self.rules.is_held()
    }

    fn send_or_skip(&self) -> Step {
        let used = self.current.request_used == RequestUsed::Yes || self.current.requests > 0;
        if self.rules.repeat() == Repeat::Once && used {
            return if self.current.requests > 0 {
                self.recheck_later(State::InDoubt)
            } else {
                self.skip(SkipReason::AlreadySubmitted)
            };
        }
        let mut step = self.to(State::Sending, Action::SendRequest);
        step.next.attempts += 1;
        step.next.requests += 1;
        step.next.sent_at = Some(self.now);
        step.next.doubt_since = self.current.doubt_since.or(Some(self.now));
        step
    }

    /// Whether an earlier request, and not a payment, may be what the gateway refused this
    /// one for, where no status would show it.
    fn may_be_cancelled_unseen(&self) -> bool {
        let earlier = self.current.requests > 1 || self.current.request_used == RequestUsed::Yes;
        earlier && self.rules.shows_cancelled() == ShowsCancelled::No
    }

    /// The order has failed or expired: that is the end once the last request has settled. An
    /// order was seen paid minutes after it had failed.
    fn ended_or_later(&self, state: State) -> Step {
        if self.settled() {
            self.done_with(Outcome::NotCancelledFinal)
        } else {
            self.recheck_later(state)
        }
    }

    /// The request that was being sent is proved not to have been looked at.
    fn take_back(&self) -> Step {
        let requests = self.current.requests.saturating_sub(1);
        let mut step = if requests > 0 {
            // An earlier request is still unaccounted for.
            self.recheck_later(State::InDoubt)
        } else {
            self.retry_or_skip(SkipReason::CouldNotSend)
        };
        step.next.requests = requests;
        if requests == 0 {
            step.next.sent_at = None;
            step.next.doubt_since = None;
        }
        step
    }

    /// No request has left and every attempt fails: wait, and skip at the end of the time.
    fn retry_or_skip(&self, reason: SkipReason) -> Step {
        let since = self.current.blocked_since.unwrap_or(self.now);
        if self.now >= after(since, self.wait_policy.review_after) {
            return self.skip(reason);
        }
        let pause = self.wait_policy.pause(self.current.failed_polls);
        let not_before = after(self.now, pause).min(after(since, self.wait_policy.review_after));
        let mut step = self.to(State::Requested, Action::ReadStatus { not_before });
        step.next.blocked_since = Some(since);
        step.next.failed_polls = self.current.failed_polls.saturating_add(1);
        step
    }

    /// Still open when it [may be repeated](Self::may_repeat): a new attempt.
    fn try_again(&self) -> Step {
        let mut step = self.read_now(State::Requested);
        step.next.failed_polls = self.current.failed_polls.saturating_add(1);
        step
    }

    /// Still open after `review_after`: a new attempt, and the time until the next review
    /// starts again.
    fn begin_again(&self) -> Step {
        let mut step = self.read_now(State::Requested);
        step.next.failed_polls = 0;
        step.next.doubt_since = Some(self.now);
        step
    }

    /// The event decides nothing: read again later, or hand over to a person at the deadline.
    fn recheck_later(&self, state: State) -> Step {
        if self.overdue() {
            return self.to_review();
        }
        let pause = self.wait_policy.pause(self.current.failed_polls);
        let mut not_before = after(self.now, pause);
        // In doubt about a repeated request the pause stays as long as it has grown: reading
        // the moment it settles would send the next one then, until `review_after`.
        let repeated = state == State::InDoubt && self.current.requests > 1;
        if let Some(settles) = self.settles_at().filter(|at| !repeated && *at > self.now) {
            not_before = not_before.min(settles);
        }
        if let Some(deadline) = self.deadline() {
            not_before = not_before.min(deadline);
        }
        let mut step = self.to(state, Action::ReadStatus { not_before });
        step.next.failed_polls = self.current.failed_polls.saturating_add(1);
        step
    }

    /// The person who decides has seen the finding, so it is acknowledged.
    fn resolve(&self, resolution: Resolution) -> Option<Step> {
        let outcome = match resolution {
            Resolution::Cancelled => Outcome::ResolvedCancelled,
            Resolution::NotCancelled => Outcome::ResolvedNotCancelled,
            Resolution::Acknowledged => return None,
        };
        let mut step = self.done_with(outcome);
        step.next = step.next.acknowledging();
        Some(step)
    }

    fn read_now(&self, state: State) -> Step {
        let not_before = self.now;
        self.to(state, Action::ReadStatus { not_before })
    }

    fn to_review(&self) -> Step {
        self.to(State::NeedsReview, Action::AskPerson)
    }

    fn skip(&self, reason: SkipReason) -> Step {
        self.done_with(Outcome::Skipped(reason))
    }

    fn done_with(&self, outcome: Outcome) -> Step {
        self.to(State::Done(outcome), Action::Stop)
    }

    fn to(&self, state: State, action: Action) -> Step {
        let mut next = self.current.clone();
        next.state = state;
        // `blocked_since` survives a new attempt, and is cleared by the first sign that a
        // request arrived.
        if !matches!(state, State::Requested | State::Sending) {
            next.blocked_since = None;
        }
        Step { next, action }
    }

    fn settles_at(&self) -> Option<Timestamp> {
        let sent_at = self.current.sent_at?;
        Some(after(sent_at, self.wait_policy.settle))
    }

    fn settled(&self) -> bool {
        self.settles_at().is_none_or(|at| self.now >= at)
    }

    /// Whether the last request is long enough ago for another. Settling alone would let a
    /// short settling time send one after the other; until then the doubt stays what it is.
    fn may_repeat(&self) -> bool {
        let earlier = self.current.attempts.saturating_sub(1);
        let pause = self.wait_policy.pause(earlier).max(self.wait_policy.settle);
        let sent_at = self.current.sent_at;
        sent_at.is_none_or(|at| self.now >= after(at, pause))
    }

    fn deadline(&self) -> Option<Timestamp> {
        let since = self.current.doubt_since?;
        Some(after(since, self.wait_policy.review_after))
    }

    fn overdue(&self) -> bool {
        self.deadline().is_some_and(|at| self.now >= at)
    }
}
