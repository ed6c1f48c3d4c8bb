//! Sentences about any input: merging, parsing and the rules, with inputs made up at random.

use std::time::Duration;

use duka_core::cancel::{
    self, Action, CancelRules, Cancellable, Cancellation, Event, Finding, OtherAmount, Receipt,
    RequestUsed, Resolution, WaitPolicy,
};
use duka_core::money::{Currency, Decimal};
use duka_core::{
    AccountName, CancellationId, GatewayName, Money, Observation, OrderId, OrderStatus,
    PaymentDetails,
};
use jiff::Timestamp;
use proptest::prelude::*;

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(400)
    }
}

fn statuses() -> impl Strategy<Value = OrderStatus> {
    prop_oneof![
        Just(OrderStatus::Unpaid),
        Just(OrderStatus::Processing),
        Just(OrderStatus::Paid),
        Just(OrderStatus::Failed),
        Just(OrderStatus::Expired),
        Just(OrderStatus::Cancelled),
        Just(OrderStatus::Reversed),
        "[A-C]?".prop_map(OrderStatus::Unknown),
    ]
}

/// From few moments, words and amounts, so that ties are common.
fn observations() -> impl Strategy<Value = Vec<Observation>> {
    let money = prop_oneof![
        Just(None),
        (1_i64..4, 0_u32..3).prop_map(|(units, scale)| {
            let amount = Decimal::new(units * 10_i64.pow(scale), scale);
            Some(Money::new(amount, Currency::KES))
        }),
    ];
    let observation =
        (statuses(), "[a-c]{0,2}", money, 0_i64..4).prop_map(|(status, raw, money, at)| {
            Observation {
                status,
                raw_status: raw,
                money,
                details: PaymentDetails::default(),
                observed_at: Timestamp::from_second(at).unwrap(),
            }
        });
    prop::collection::vec(observation, 1..8)
}

/// How far along an order is, in a list of its own.
fn place(status: &OrderStatus) -> usize {
    let order = [
        "unknown",
        "unpaid",
        "processing",
        "failed",
        "expired",
        "cancelled",
        "paid",
        "reversed",
    ];
    order.iter().position(|it| *it == status.as_str()).unwrap()
}

fn merged(observations: &[Observation]) -> Observation {
    let (first, rest) = observations.split_first().unwrap();
    rest.iter().cloned().fold(first.clone(), Observation::merge)
}

fn timestamps() -> impl Strategy<Value = Timestamp> {
    let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    prop_oneof![
        Just(Timestamp::MIN),
        Just(Timestamp::MAX),
        (first..=last).prop_map(|at| Timestamp::from_second(at).unwrap()),
        (0_i64..10_000).prop_map(|at| Timestamp::from_second(at).unwrap()),
    ]
}

fn durations() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        any::<u64>().prop_map(Duration::from_secs),
        (0_u64..10_000).prop_map(Duration::from_secs),
    ]
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => statuses().prop_map(Event::Observed),
        2 => (statuses(), prop::sample::select(vec![Receipt::Absent, Receipt::Shown]))
            .prop_map(|(status, receipt)| Event::AmountDiffers(status, receipt)),
        5 => prop::sample::select(vec![
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
        ]),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn observations_merge_to_the_same_in_any_order_and_number(
        (observations, shuffled) in observations().prop_flat_map(|observations| {
            let twice: Vec<_> = observations.iter().chain(&observations).cloned().collect();
            (Just(observations), Just(twice).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(merged(&observations), merged(&shuffled));
    }

    #[test]
    fn observations_merge_to_the_same_in_any_grouping(observations in observations(), at in 0_usize..8) {
        let at = at % observations.len();
        if at > 0 {
            let (left, right) = observations.split_at(at);
            prop_assert_eq!(merged(left).merge(merged(right)), merged(&observations));
        }
    }

    #[test]
    fn no_observation_moves_an_order_back(observations in observations()) {
        let mut so_far = observations[0].clone();
        for observation in observations {
            let before = place(&so_far.status);
            so_far = so_far.merge(observation.clone());
            prop_assert_eq!(place(&so_far.status), before.max(place(&observation.status)));
        }
    }

    #[test]
    fn any_text_is_an_id_as_it_stands_or_none_at_all(text in any::<String>()) {
        if let Ok(id) = OrderId::text(text.clone()) {
            prop_assert_eq!(id.as_str(), &text);
            prop_assert_eq!(id.to_string(), text.clone());
        }
        if let Ok(id) = OrderId::integer(text.clone()) {
            prop_assert_eq!(id.as_str(), &text);
        }
        prop_assert_eq!(OrderId::guess(text.clone()).is_ok(), OrderId::text(text.clone()).is_ok());
        prop_assert_eq!(AccountName::new(text.clone()).is_ok(), OrderId::text(text.clone()).is_ok());
        prop_assert_eq!(GatewayName::new(text.clone()).is_ok(), OrderId::text(text.clone()).is_ok());
        let _ = text.parse::<CancellationId>();
    }

    #[test]
    fn any_integer_is_an_id_digit_by_digit(digits in "-?(0|[1-9][0-9]{0,40})") {
        let guessed = OrderId::guess(digits.clone()).unwrap();
        prop_assert_eq!(guessed.as_str(), &digits);
        prop_assert_eq!(OrderId::integer(digits.clone()).is_ok(), digits != "-0");
    }

    #[test]
    fn any_amount_is_read_or_refused(amount in any::<String>(), currency in any::<String>()) {
        let _ = Money::parse(&amount, &currency);
        let _ = Money::parse(&amount, "KES");
    }

    #[test]
    fn what_is_shown_of_any_amount_is_read_as_the_same(
        digits in any::<i64>(),
        scale in 0_u32..28,
        currency in prop::sample::select(vec!["INR", "KES", "JPY", "KWD", "UGX"]),
    ) {
        let money = Money::new(Decimal::new(digits, scale), Currency::from_code(currency).unwrap());
        let shown = money.to_string();
        let (amount, code) = shown.split_once(' ').unwrap();
        prop_assert_eq!(Money::parse(amount, code), Ok(money));
        if let Ok(charged) = money.chargeable() {
            prop_assert!(charged.amount() > Decimal::ZERO);
        }
    }

    /// No clock, however wrong, and no wait policy, however long, makes the rules panic, and
    /// what is done stays done.
    #[test]
    fn any_events_at_any_time_have_an_outcome(
        once in any::<bool>(),
        request_used in any::<bool>(),
        settle in durations(),
        review_after in durations(),
        life in prop::collection::vec((events(), timestamps()), 1..30),
    ) {
        let eligible = [Cancellable::Unpaid, Cancellable::Failed];
        let rules = if once {
            CancelRules::once_only(eligible)
        } else {
            CancelRules::repeatable(eligible)
        };
        let wait_policy = WaitPolicy { settle, review_after };
        let request_used = if request_used { RequestUsed::Yes } else { RequestUsed::No };
        let mut record = Cancellation::requested_again(request_used);
        for (event, now) in life {
            let Ok(step) = cancel::step(&record, &event, &rules, &wait_policy, now) else {
                continue;
            };
            let outcome = record.state.outcome();
            prop_assert!(outcome.is_none() || step.next.state.outcome() == outcome);
            prop_assert!(step.next.requests <= step.next.attempts);
            prop_assert!(!once || step.next.requests <= 1);
            let sends = step.action == Action::SendRequest;
            prop_assert!(!sends || step.next.finding.is_none());
            // What was found stays found, whichever reader has seen it.
            let gravest = |it: &Cancellation| it.finding.max(it.acknowledged);
            prop_assert!(gravest(&step.next) >= gravest(&record));
            // Only a person closes a finding, and makes it no lesser one.
            let by_a_person = matches!(event, Event::Resolved(_));
            prop_assert!(by_a_person || step.next.finding >= record.finding);
            if event.shows_other_payment() && record.other_amount == OtherAmount::NotSeen {
                prop_assert!(step.next.finding >= Some(Finding::AmountDiffers));
            }
            record = step.next;
        }
    }
}
