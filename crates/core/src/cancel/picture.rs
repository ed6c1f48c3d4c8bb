//! The rules made visible: every transition as a table and as a picture, both computed by
//! running [`step`], so that neither can differ from what the program does.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

use super::rules::{CancelRules, Cancellable, WaitPolicy};
use super::state::{
    Action, Cancellation, Event, Finding, OtherAmount, Outcome, Receipt, RequestUsed, Resolution,
    SkipReason, State,
};
use super::step::{Step, step};
use crate::order::OrderStatus;

/// Every transition under these rules, one line each: state, event, moment, what follows.
///
/// Combinations that are [not allowed](super::NotAllowed) are left out. The moments are
/// *early* (the settling time is running), *settled* (it is over) and *overdue* (so is the
/// time for review); a line without one holds at any time.
pub fn table(rules: &CancelRules) -> String {
    let mut lines = String::new();
    for start in starts() {
        for event in events() {
            let results: Vec<_> = Moment::ALL
                .iter()
                .map(|moment| (moment, describe(&start, &event, rules, *moment)))
                .collect();
            let same = results.windows(2).all(|pair| pair[0].1 == pair[1].1);
            for (moment, result) in &results {
                let Some(result) = result else { continue };
                let when = if same { "" } else { moment.as_str() };
                let from = &start.name;
                let what = event_name(&event);
                writeln!(lines, "{from:32} {what:32} {when:8} -> {result}")
                    .expect("writing to a String cannot fail");
                if same {
                    break;
                }
            }
        }
    }
    lines
}

/// The life of a cancellation as a Mermaid state diagram, over all the rules there are.
///
/// Edges that exist only where a repeat is harmless, or only at a once-only gateway, say
/// so. What leaves a state as it is (reading again later) is not drawn.
pub fn mermaid() -> String {
    let harmless = edges(&CancelRules::repeatable([
        Cancellable::Unpaid,
        Cancellable::Processing,
    ]));
    let once_only = CancelRules::once_only([Cancellable::Unpaid, Cancellable::Failed]);
    let once = edges(&once_only.ambiguous_statuses(["INVALID"]));
    let mut both = harmless.clone();
    for (edge, labels) in once.clone() {
        both.entry(edge).or_default().extend(labels);
    }
    let mut picture = String::from("stateDiagram-v2\n    direction TB\n    [*] --> requested\n");
    let mut ends = BTreeSet::new();
    for (edge, labels) in &both {
        let (from, to) = edge;
        let labels: Vec<_> = labels.iter().map(String::as_str).collect();
        let only = match (harmless.contains_key(edge), once.contains_key(edge)) {
            (true, false) => " (where a repeat is harmless)",
            (false, true) => " (once-only gateway)",
            (true, true) | (false, false) => "",
        };
        writeln!(picture, "    {from} --> {to}: {}{only}", labels.join(", "))
            .expect("writing to a String cannot fail");
        if STATES_GOING_ON.iter().all(|state| state.as_str() != *to) {
            ends.insert(*to);
        }
    }
    for end in ends {
        writeln!(picture, "    {end} --> [*]").expect("writing to a String cannot fail");
    }
    picture
}

const STATES_GOING_ON: [State; 6] = [
    State::Requested,
    State::Sending,
    State::Accepted,
    State::Refused,
    State::InDoubt,
    State::NeedsReview,
];

const OUTCOMES: [Outcome; 13] = [
    Outcome::Confirmed,
    Outcome::NotCancelledPaid,
    Outcome::NotCancelledFinal,
    Outcome::Refused,
    Outcome::ResolvedCancelled,
    Outcome::ResolvedNotCancelled,
    Outcome::Skipped(SkipReason::NotEligible),
    Outcome::Skipped(SkipReason::NotFound),
    Outcome::Skipped(SkipReason::AlreadySubmitted),
    Outcome::Skipped(SkipReason::StatusUnreadable),
    Outcome::Skipped(SkipReason::CouldNotSend),
    Outcome::Skipped(SkipReason::AmountDiffers),
    Outcome::Skipped(SkipReason::Held),
];

/// When the first request was sent, or the first failure occurred, in every example.
const BEGAN: Timestamp = Timestamp::UNIX_EPOCH;

#[derive(Clone, Copy)]
enum Moment {
    Early,
    Settled,
    Overdue,
}

impl Moment {
    const ALL: [Self; 3] = [Self::Early, Self::Settled, Self::Overdue];

    fn as_str(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Settled => "settled",
            Self::Overdue => "overdue",
        }
    }

    fn timestamp(self, wait_policy: &WaitPolicy) -> Timestamp {
        let since = match self {
            Self::Early => Duration::from_secs(1),
            Self::Settled => wait_policy.settle,
            Self::Overdue => wait_policy.review_after,
        };
        BEGAN
            .checked_add(since)
            .expect("the default wait policy is far from the last timestamp")
    }
}

struct Start {
    name: String,
    record: Cancellation,
}

/// One record for every state and every circumstance that the rules tell apart.
fn starts() -> Vec<Start> {
    let sent = |state, requests| Cancellation {
        state,
        attempts: requests,
        requests,
        sent_at: Some(BEGAN),
        doubt_since: Some(BEGAN),
        ..Cancellation::requested()
    };
    let start = |name: &str, record| Start {
        name: name.to_owned(),
        record,
    };
    let mut starts = vec![
        start("requested", Cancellation::requested()),
        start(
            "requested (stuck)",
            Cancellation {
                blocked_since: Some(BEGAN),
                ..Cancellation::requested()
            },
        ),
        start(
            "requested (order's request used)",
            Cancellation::requested_again(RequestUsed::Yes),
        ),
        start("requested (after doubt)", sent(State::Requested, 1)),
        start(
            "sending",
            Cancellation {
                blocked_since: Some(BEGAN),
                ..sent(State::Sending, 1)
            },
        ),
        start("sending (after doubt)", sent(State::Sending, 2)),
        start("accepted", sent(State::Accepted, 1)),
        start("refused", sent(State::Refused, 1)),
        start("in_doubt", sent(State::InDoubt, 1)),
        start("needs_review", sent(State::NeedsReview, 1)),
    ];
    for outcome in OUTCOMES {
        starts.push(Start {
            name: outcome_name(outcome),
            record: sent(State::Done(outcome), 1),
        });
    }
    let late = Cancellation {
        verified: Some(OrderStatus::Paid),
        finding: Some(Finding::LatePayment),
        ..sent(State::Done(Outcome::Confirmed), 1)
    };
    starts.push(start("confirmed (paid late)", late));
    let in_part = |state| Cancellation {
        verified: Some(OrderStatus::Failed),
        other_amount: OtherAmount::Seen,
        finding: Some(Finding::AmountDiffers),
        ..sent(state, 1)
    };
    starts.push(start(
        "needs_review (paid in part)",
        in_part(State::NeedsReview),
    ));
    let confirmed = in_part(State::Done(Outcome::Confirmed));
    starts.push(start("confirmed (paid in part)", confirmed));
    starts
}

fn events() -> Vec<Event> {
    let statuses = [
        OrderStatus::Unpaid,
        OrderStatus::Processing,
        OrderStatus::Paid,
        OrderStatus::Failed,
        OrderStatus::Expired,
        OrderStatus::Cancelled,
        OrderStatus::Reversed,
        OrderStatus::Unknown("ON_HOLD".to_owned()),
        OrderStatus::Unknown("INVALID".to_owned()),
    ];
    let mut events: Vec<_> = statuses.into_iter().map(Event::Observed).collect();
    let other_amount = [
        (OrderStatus::Unpaid, Receipt::Absent),
        (OrderStatus::Paid, Receipt::Shown),
        (OrderStatus::Failed, Receipt::Absent),
        (OrderStatus::Failed, Receipt::Shown),
    ];
    events.extend(other_amount.map(|(status, receipt)| Event::AmountDiffers(status, receipt)));
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

fn run(record: &Cancellation, event: &Event, rules: &CancelRules, moment: Moment) -> Option<Step> {
    let wait_policy = WaitPolicy::default();
    let now = moment.timestamp(&wait_policy);
    step(record, event, rules, &wait_policy, now).ok()
}

fn describe(start: &Start, event: &Event, rules: &CancelRules, moment: Moment) -> Option<String> {
    let step = run(&start.record, event, rules, moment)?;
    let now = moment.timestamp(&WaitPolicy::default());
    let action = match step.action {
        Action::ReadStatus { not_before } if not_before <= now => "read status now",
        Action::ReadStatus { .. } => "read status later",
        Action::SendRequest => "send request",
        Action::AskPerson => "ask a person",
        Action::Stop => "stop",
    };
    let finding = match (start.record.finding, step.next.finding) {
        (before, after) if before == after => String::new(),
        (_, Some(raised)) => format!(", raise {raised}"),
        (Some(closed), None) => format!(", close {closed}"),
        (None, None) => String::new(),
    };
    let state = step.next.state;
    let to = state
        .outcome()
        .map_or(state.as_str().to_owned(), outcome_name);
    let used = step.next.requests;
    Some(format!("{to}, {action}{finding} (requests {used})"))
}

/// Labels by edge, from state name to state name.
type Edges = BTreeMap<(&'static str, &'static str), BTreeSet<String>>;

/// The edges under these rules; self-loops left out.
fn edges(rules: &CancelRules) -> Edges {
    let mut edges = Edges::new();
    for start in starts() {
        for event in events() {
            for moment in Moment::ALL {
                let Some(step) = run(&start.record, &event, rules, moment) else {
                    continue;
                };
                let (from, to) = (node(start.record.state), node(step.next.state));
                if from != to {
                    edges
                        .entry((from, to))
                        .or_default()
                        .insert(edge_label(&event, rules));
                }
            }
        }
    }
    edges
}

fn node(state: State) -> &'static str {
    match state {
        State::Done(Outcome::Refused) => "not_cancelled_refused",
        State::Done(outcome) => outcome.as_str(),
        State::Requested
        | State::Sending
        | State::Accepted
        | State::Refused
        | State::InDoubt
        | State::NeedsReview => state.as_str(),
    }
}

fn edge_label(event: &Event, rules: &CancelRules) -> String {
    match event {
        Event::AmountDiffers(OrderStatus::Failed, Receipt::Shown) => "paid in part".to_owned(),
        Event::AmountDiffers(status, _) if rules.is_eligible(status) => "amount differs".to_owned(),
        Event::Observed(status) if rules.is_eligible(status) => "still open".to_owned(),
        Event::Observed(status) | Event::AmountDiffers(status, _) => match status {
            OrderStatus::Paid => "paid".to_owned(),
            OrderStatus::Cancelled => "shown cancelled".to_owned(),
            OrderStatus::Unknown(_) | OrderStatus::Unpaid | OrderStatus::Processing => {
                "nothing learnt".to_owned()
            }
            OrderStatus::Failed | OrderStatus::Expired | OrderStatus::Reversed => {
                "already over".to_owned()
            }
        },
        Event::StatusUnreadable => "nothing learnt".to_owned(),
        Event::Resolved(_) => "a person decides".to_owned(),
        Event::OrderNotFound
        | Event::NotSent
        | Event::Unauthenticated
        | Event::AnsweredYes
        | Event::AnsweredNo
        | Event::Unclear
        | Event::LeaseLapsed => event.as_str().replace('_', " "),
    }
}

fn event_name(event: &Event) -> String {
    match event {
        Event::Observed(status) => format!("status {status}"),
        Event::AmountDiffers(status, Receipt::Absent) => format!("amount_differs, {status}"),
        Event::AmountDiffers(status, Receipt::Shown) => {
            format!("amount_differs, {status}, receipt")
        }
        Event::OrderNotFound
        | Event::StatusUnreadable
        | Event::NotSent
        | Event::Unauthenticated
        | Event::AnsweredYes
        | Event::AnsweredNo
        | Event::Unclear
        | Event::LeaseLapsed
        | Event::Resolved(_) => event.as_str().to_owned(),
    }
}

fn outcome_name(outcome: Outcome) -> String {
    match outcome {
        Outcome::Skipped(reason) => format!("done: skipped, {}", reason.as_str()),
        Outcome::Confirmed
        | Outcome::NotCancelledPaid
        | Outcome::NotCancelledFinal
        | Outcome::Refused
        | Outcome::ResolvedCancelled
        | Outcome::ResolvedNotCancelled => format!("done: {}", outcome.as_str()),
    }
}
