//! Sentences that must hold in every life a cancellation can lead: all of them are walked,
//! with every event, at every stage of the wait policy.

use std::collections::HashSet;
use std::sync::OnceLock;
use std::time::Duration;

use duka_core::OrderStatus;
use duka_core::cancel::{
    self, Action, CancelRules, Cancellable, Cancellation, Event, Finding, OtherAmount, Outcome,
    Receipt, Repeat, RequestUsed, Resolution, State, Step, WaitPolicy,
};
use jiff::Timestamp;

const WAIT_POLICY: WaitPolicy = WaitPolicy {
    settle: Duration::from_secs(10),
    review_after: Duration::from_secs(40),
};
/// What passes between two events: nothing, enough to settle, enough for a review.
const WAITS: [Duration; 3] = [Duration::ZERO, WAIT_POLICY.settle, WAIT_POLICY.review_after];
const NOW: Timestamp = Timestamp::constant(1_000_000, 0);

fn once_only() -> CancelRules {
    CancelRules::once_only([Cancellable::Unpaid, Cancellable::Failed])
}

fn repeatable() -> CancelRules {
    CancelRules::repeatable([Cancellable::Unpaid, Cancellable::Processing])
}

fn statuses() -> Vec<OrderStatus> {
    vec![
        OrderStatus::Unpaid,
        OrderStatus::Processing,
        OrderStatus::Paid,
        OrderStatus::Failed,
        OrderStatus::Expired,
        OrderStatus::Cancelled,
        OrderStatus::Reversed,
        OrderStatus::Unknown("ON_HOLD".to_owned()),
    ]
}

fn events() -> Vec<Event> {
    let mut events: Vec<_> = statuses().into_iter().map(Event::Observed).collect();
    let differs = [
        (OrderStatus::Unpaid, Receipt::Absent),
        (OrderStatus::Paid, Receipt::Absent),
        (OrderStatus::Failed, Receipt::Shown),
    ];
    events.extend(differs.map(|(status, receipt)| Event::AmountDiffers(status, receipt)));
    events.extend([
        Event::OrderNotFound,
        Event::StatusUnreadable,
        Event::NotSent,
        Event::Unauthenticated,
        Event::AnsweredYes,
        Event::AnsweredNo,
        Event::Unclear,
        Event::LeaseLapsed,
        Event::Resolved(Resolution::Cancelled),
        Event::Resolved(Resolution::NotCancelled),
        Event::Resolved(Resolution::Acknowledged),
    ]);
    events
}

/// What the rules do not keep, and the sentences are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Past {
    answered_yes: bool,
    answered_no: bool,
    shown_cancelled: bool,
    resolved: bool,
    /// Requests that were sent and not taken back.
    out: u32,
}

impl Past {
    fn and(mut self, state: State, event: &Event, action: Action) -> Self {
        let taken_back = matches!(event, Event::NotSent | Event::Unauthenticated);
        self.answered_yes |= *event == Event::AnsweredYes;
        self.answered_no |= *event == Event::AnsweredNo;
        self.shown_cancelled |= *event == Event::Observed(OrderStatus::Cancelled);
        self.resolved |= matches!(event, Event::Resolved(_));
        self.out -= u32::from(taken_back && state == State::Sending);
        self.out += u32::from(action == Action::SendRequest);
        self
    }
}

/// A record at `NOW`, and its past.
type Node = (Cancellation, Past);

/// One event in one life.
#[derive(Debug)]
struct Walked {
    from: Node,
    event: Event,
    now: Timestamp,
    step: Step,
    past: Past,
}

/// Moves a record back in time so that `now` is `NOW` again. Ages beyond `review_after` are
/// all the same to the rules; after a fruitless try the pause is the longest at once.
fn at_now(record: &Cancellation, now: Timestamp) -> Cancellation {
    let aged = |then: Timestamp| {
        let age = Duration::try_from(now.duration_since(then)).unwrap();
        NOW - age.min(WAIT_POLICY.review_after)
    };
    let over = record.state.outcome().is_some();
    let kept = |then: Option<Timestamp>| then.filter(|_| !over).map(aged);
    Cancellation {
        attempts: if record.attempts < 2 {
            record.attempts
        } else {
            20
        },
        failed_polls: if record.failed_polls == 0 { 0 } else { 20 },
        sent_at: kept(record.sent_at),
        doubt_since: kept(record.doubt_since),
        blocked_since: kept(record.blocked_since),
        verified: record.verified.clone().filter(|_| over),
        ..record.clone()
    }
}

/// Every life under these rules: the nodes, and every step from one to another.
fn walk_all(rules: &CancelRules, request_used: RequestUsed) -> (Vec<Node>, Vec<Walked>) {
    let start = (Cancellation::requested_again(request_used), Past::default());
    let mut seen = HashSet::from([start.clone()]);
    let mut nodes = vec![start];
    let mut steps = Vec::new();
    let moves: Vec<_> = events()
        .into_iter()
        .flat_map(|event| WAITS.map(|wait| (event.clone(), wait)))
        .collect();
    let mut next = 0;
    while let Some(from) = nodes.get(next).cloned() {
        next += 1;
        for (event, wait) in &moves {
            let now = NOW + *wait;
            let Ok(step) = cancel::step(&from.0, event, rules, &WAIT_POLICY, now) else {
                continue;
            };
            let past = from.1.and(from.0.state, event, step.action);
            let node = (at_now(&step.next, now), past);
            steps.push(Walked {
                from: from.clone(),
                event: event.clone(),
                now,
                step,
                past,
            });
            if seen.insert(node.clone()) {
                nodes.push(node);
            }
        }
    }
    (nodes, steps)
}

/// All lives under one set of rules.
type Lives = (CancelRules, Vec<Node>, Vec<Walked>);

fn every_life() -> &'static [Lives] {
    static LIVES: OnceLock<Vec<Lives>> = OnceLock::new();
    LIVES.get_or_init(|| {
        let mut lives = Vec::new();
        for rules in [once_only(), repeatable()] {
            for request_used in [RequestUsed::No, RequestUsed::Yes] {
                let (nodes, steps) = walk_all(&rules, request_used);
                lives.push((rules.clone(), nodes, steps));
            }
        }
        lives
    })
}

fn in_every_life(visit: impl Fn(&CancelRules, &Walked)) {
    for (rules, _, steps) in every_life() {
        steps.iter().for_each(|walked| visit(rules, walked));
    }
}

#[test]
fn a_once_only_gateway_is_never_asked_twice_and_no_request_is_forgotten() {
    in_every_life(|rules, walked| {
        if rules.repeat() == Repeat::Once && walked.step.action == Action::SendRequest {
            assert_eq!(walked.from.1.out, 0, "{walked:?}");
            assert_eq!(walked.from.0.request_used, RequestUsed::No, "{walked:?}");
        }
        assert_eq!(walked.step.next.requests, walked.past.out, "{walked:?}");
    });
}

#[test]
fn outcomes_have_their_evidence() {
    in_every_life(|_, walked| {
        let past = walked.past;
        let before = walked.from.0.state.outcome();
        let Some(outcome) = walked
            .step
            .next
            .state
            .outcome()
            .filter(|_| before.is_none())
        else {
            return;
        };
        let saw =
            |wanted: &[OrderStatus]| walked.event.status().is_some_and(|it| wanted.contains(it));
        let proved = match outcome {
            Outcome::Confirmed => past.answered_yes || past.shown_cancelled,
            Outcome::Refused => past.answered_no,
            Outcome::NotCancelledPaid => saw(&[OrderStatus::Paid]),
            Outcome::NotCancelledFinal => saw(&[
                OrderStatus::Failed,
                OrderStatus::Expired,
                OrderStatus::Reversed,
            ]),
            Outcome::Skipped(_) => past.out == 0,
            Outcome::ResolvedCancelled | Outcome::ResolvedNotCancelled => past.resolved,
        };
        assert!(proved, "{walked:?}");
    });
}

#[test]
fn paid_wins_in_every_open_state() {
    in_every_life(|_, walked| {
        let open = walked.from.0.state.outcome().is_none();
        if open && walked.event.status() == Some(&OrderStatus::Paid) {
            let outcome = walked.step.next.state.outcome();
            let fine = matches!(
                outcome,
                Some(Outcome::NotCancelledPaid | Outcome::Skipped(_))
            );
            assert!(fine, "{walked:?}");
        }
    });
}

#[test]
fn a_finished_cancellation_changes_only_its_finding() {
    in_every_life(|_, walked| {
        let (from, next) = (&walked.from.0, &walked.step.next);
        let Some(outcome) = from.state.outcome() else {
            return;
        };
        assert_eq!((next.state, walked.step.action), (from.state, Action::Stop));
        let unchanged = Cancellation {
            verified: from.verified.clone(),
            other_amount: from.other_amount,
            finding: from.finding,
            acknowledged: from.acknowledged,
            ..next.clone()
        };
        assert_eq!(*from, unchanged);
        if let Some(Finding::LatePayment) = next.finding {
            let unpaid = matches!(
                outcome,
                Outcome::Confirmed | Outcome::ResolvedCancelled | Outcome::NotCancelledFinal
            );
            assert!(unpaid, "{walked:?}");
        } else if next.finding < from.finding {
            assert_eq!(walked.event, Event::Resolved(Resolution::Acknowledged));
            assert_eq!(next.acknowledged, from.acknowledged.max(from.finding));
        }
    });
}

/// Whichever state reads it: the first payment of another amount is a finding, and stays one
/// until a person has seen it.
#[test]
fn a_payment_of_another_amount_is_a_finding_until_a_person_has_seen_it() {
    in_every_life(|_, walked| {
        let (from, next) = (&walked.from.0, &walked.step.next);
        if walked.event.shows_other_payment() && from.other_amount == OtherAmount::NotSeen {
            assert!(next.finding >= Some(Finding::AmountDiffers), "{walked:?}");
        }
        let by_a_person = matches!(walked.event, Event::Resolved(_));
        assert!(next.finding >= from.finding || by_a_person, "{walked:?}");
    });
}

#[test]
fn no_request_leaves_while_there_is_a_finding() {
    in_every_life(|_, walked| {
        let sends = walked.step.action == Action::SendRequest;
        assert!(!sends || walked.step.next.finding.is_none(), "{walked:?}");
    });
}

/// Every record that has failed or expired in the end, and sent a request before, has waited
/// for as long as the request needs to settle.
#[test]
fn failed_and_expired_end_nothing_before_the_last_request_has_settled() {
    in_every_life(|_, walked| {
        let (from, next) = (&walked.from.0, &walked.step.next);
        let ends = from.state.outcome().is_none()
            && next.state == State::Done(Outcome::NotCancelledFinal)
            && walked.event.status() != Some(&OrderStatus::Reversed);
        let settles = from.sent_at.map(|at| at + WAIT_POLICY.settle);
        let settled = settles.is_none_or(|at| at <= walked.now);
        assert!(!ends || settled, "{walked:?}");
    });
}

#[test]
fn sending_ends_only_by_an_answer_or_an_ended_lease_and_starts_only_from_requested() {
    in_every_life(|_, walked| {
        let leaves = matches!(
            walked.event,
            Event::NotSent
                | Event::Unauthenticated
                | Event::AnsweredYes
                | Event::AnsweredNo
                | Event::Unclear
                | Event::LeaseLapsed
        );
        let from = walked.from.0.state;
        assert!(from != State::Sending || leaves, "{walked:?}");
        let enters = walked.step.next.state == State::Sending;
        assert!(!enters || from == State::Requested, "{walked:?}");
    });
}

#[test]
fn every_state_asks_for_its_own_action() {
    in_every_life(|_, walked| {
        let wanted = match walked.step.next.state {
            State::Sending => matches!(walked.step.action, Action::SendRequest),
            State::NeedsReview => matches!(walked.step.action, Action::AskPerson),
            State::Done(_) => matches!(walked.step.action, Action::Stop),
            State::Requested | State::Accepted | State::Refused | State::InDoubt => {
                matches!(walked.step.action, Action::ReadStatus { .. })
            }
        };
        assert!(wanted, "{walked:?}");
    });
}

#[test]
fn a_pause_is_short_enough_to_keep_every_deadline() {
    in_every_life(|_, walked| {
        let Action::ReadStatus { not_before } = walked.step.action else {
            return;
        };
        let next = &walked.step.next;
        assert!(not_before >= walked.now, "{walked:?}");
        // Whatever came too late reads at once, and the reading ends it.
        let since = next
            .doubt_since
            .or(next.blocked_since)
            .unwrap_or(walked.now);
        let deadline = since + WAIT_POLICY.review_after;
        assert!(not_before <= deadline.max(walked.now), "{walked:?}");
    });
}

#[test]
fn without_any_answer_every_cancellation_ends_or_waits_for_a_person() {
    for (rules, nodes, _) in every_life() {
        for (record, _) in nodes {
            let mut record = record.clone();
            let mut now = NOW;
            for _ in 0..4 {
                now += WAIT_POLICY.review_after;
                let silence = match record.state {
                    State::Sending => Event::Unclear,
                    State::NeedsReview | State::Done(_) => break,
                    State::Requested | State::Accepted | State::Refused | State::InDoubt => {
                        Event::StatusUnreadable
                    }
                };
                let step = cancel::step(&record, &silence, rules, &WAIT_POLICY, now);
                record = step.unwrap().next;
            }
            let ended = matches!(record.state, State::NeedsReview | State::Done(_));
            assert!(ended, "{record:?}");
        }
    }
}
