//! How long a cancellation waits between two tries, and how it ends when nothing changes:
//! one is led as a program would, with the same answers every time.

use std::time::Duration;

use duka_core::OrderStatus;
use duka_core::cancel::{
    self, Action, CancelRules, Cancellable, Cancellation, Event, Outcome, SkipReason, State,
    WaitPolicy,
};
use jiff::Timestamp;

struct Life {
    pauses: Vec<Duration>,
    requests: Vec<Timestamp>,
    took: Duration,
    end: State,
}

/// Follows every action and gets the same answers every time.
fn lead(rules: &CancelRules, wait_policy: WaitPolicy, read: &Event, sent: &Event) -> Life {
    let begin = Timestamp::UNIX_EPOCH;
    let mut now = begin;
    let mut record = Cancellation::requested();
    let mut life = Life {
        pauses: Vec::new(),
        requests: Vec::new(),
        took: Duration::ZERO,
        end: State::Requested,
    };
    let mut event = read;
    for _ in 0..10_000 {
        let step = cancel::step(&record, event, rules, &wait_policy, now).unwrap();
        record = step.next;
        match step.action {
            Action::ReadStatus { not_before } => {
                event = read;
                let pause = Duration::try_from(not_before.duration_since(now)).unwrap();
                if !pause.is_zero() {
                    life.pauses.push(pause);
                }
                now = not_before;
            }
            Action::SendRequest => {
                event = sent;
                life.requests.push(now);
            }
            Action::AskPerson | Action::Stop => {
                life.took = Duration::try_from(now.duration_since(begin)).unwrap();
                life.end = record.state;
                return life;
            }
        }
    }
    panic!("no end within the steps allowed: {record:?}");
}

fn once_only() -> CancelRules {
    CancelRules::once_only([Cancellable::Unpaid])
}

fn repeatable() -> CancelRules {
    CancelRules::repeatable([Cancellable::Unpaid])
}

fn unpaid() -> Event {
    Event::Observed(OrderStatus::Unpaid)
}

fn seconds(pauses: &[Duration]) -> Vec<f64> {
    pauses.iter().map(Duration::as_secs_f64).collect()
}

#[test]
fn pauses_double_and_stop_for_the_settling_time_and_the_deadline() {
    let life = lead(
        &once_only(),
        WaitPolicy::default(),
        &unpaid(),
        &Event::Unclear,
    );
    let wanted = [
        1.25, 2.5, 5.0, 1.25, 20.0, 40.0, 80.0, 160.0, 320.0, 600.0, 600.0, 600.0, 600.0, 570.0,
    ];
    assert_eq!(seconds(&life.pauses), wanted);
    assert_eq!(life.end, State::NeedsReview);
    assert_eq!(life.took, WaitPolicy::default().review_after);
}

#[test]
fn a_pause_is_never_below_a_tenth_of_a_second_nor_above_ten_minutes() {
    for (settle, first) in [(0, 0.1), (1, 0.125), (7_200, 600.0)] {
        let wait_policy = WaitPolicy {
            settle: Duration::from_secs(settle),
            review_after: Duration::from_secs(86_400),
        };
        let life = lead(&once_only(), wait_policy, &unpaid(), &Event::Unclear);
        let pauses = seconds(&life.pauses);
        assert_eq!(pauses[0], first, "settling for {settle} s");
        let longest = pauses.iter().copied().fold(0.0, f64::max);
        assert_eq!(longest, 600.0);
    }
}

#[test]
fn a_cancellation_that_learns_nothing_waits_for_review_in_time() {
    let statuses = [
        OrderStatus::Unpaid,
        OrderStatus::Processing,
        OrderStatus::Unknown("?".into()),
    ];
    let mut reads: Vec<_> = statuses.into_iter().map(Event::Observed).collect();
    reads.extend([Event::StatusUnreadable, Event::OrderNotFound]);
    let sents = [
        Event::NotSent,
        Event::Unauthenticated,
        Event::AnsweredYes,
        Event::AnsweredNo,
        Event::Unclear,
        Event::LeaseLapsed,
    ];
    let wait_policy = WaitPolicy::default();
    for rules in [once_only(), repeatable()] {
        for read in &reads {
            for sent in &sents {
                let life = lead(&rules, wait_policy, read, sent);
                assert!(life.took <= wait_policy.review_after, "{read:?}, {sent:?}");
            }
        }
    }
}

#[test]
fn a_request_that_cannot_be_sent_is_skipped_on_time() {
    for rules in [once_only(), repeatable()] {
        let life = lead(&rules, WaitPolicy::default(), &unpaid(), &Event::NotSent);
        assert_eq!(
            life.end,
            State::Done(Outcome::Skipped(SkipReason::CouldNotSend))
        );
        assert_eq!(life.took, WaitPolicy::default().review_after);
    }
}

#[test]
fn requests_to_a_gateway_that_never_answers_become_rare_however_short_the_settling_time() {
    let review_after = WaitPolicy::default().review_after;
    for settle in [
        Duration::ZERO,
        Duration::from_millis(1),
        Duration::from_millis(100),
        WaitPolicy::default().settle,
        review_after / 2,
    ] {
        let wait_policy = WaitPolicy {
            settle,
            review_after,
        };
        let life = lead(&repeatable(), wait_policy, &unpaid(), &Event::Unclear);
        assert_eq!(life.end, State::NeedsReview);
        let sent = life.requests.len();
        assert!((2..=20).contains(&sent), "{settle:?}: {sent} in an hour");
        let gaps = life.requests.windows(2);
        let gaps: Vec<_> = gaps
            .map(|it| Duration::try_from(it[1].duration_since(it[0])).unwrap())
            .collect();
        let least = settle.max(Duration::from_millis(100));
        assert!(gaps.iter().all(|gap| *gap >= least), "{settle:?}: {gaps:?}");
        // The last one may be cut short by the time for review.
        assert!(gaps.is_sorted(), "{settle:?}: {gaps:?}");
    }
}

/// Neither reads nor requests change anything, and another caller asks for the status again
/// and again.
#[test]
fn a_new_attempt_waits_its_pause_however_often_the_status_is_read() {
    let wait_policy = WaitPolicy {
        settle: Duration::ZERO,
        review_after: Duration::from_secs(3_600),
    };
    let begin = Timestamp::UNIX_EPOCH;
    let mut record = Cancellation::requested();
    let mut sent = Vec::new();
    // Every ten milliseconds, for three seconds.
    for tick in 0..300 {
        let now = begin + Duration::from_millis(10 * tick);
        for _ in 0..3 {
            let event = if record.state == State::Sending {
                Event::Unclear
            } else {
                unpaid()
            };
            let step = cancel::step(&record, &event, &repeatable(), &wait_policy, now).unwrap();
            record = step.next;
            if step.action == Action::SendRequest {
                sent.push(10 * tick);
            }
        }
    }
    assert_eq!(sent, [0, 100, 300, 700, 1_500]);
}
