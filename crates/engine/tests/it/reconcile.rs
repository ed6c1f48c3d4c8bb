//! A sweep that reads, records and reports, and cancels nothing.

use std::time::Duration;

use duka_core::cancel::{Finding, Outcome, State};
use duka_core::{ErrorKind, Money, OrderStatus};
use duka_engine::sweep::{Bounds, Conditions, Mode, RuleAction, Source, SweepRule};
use duka_engine::{Record, TrackedOrder, Tracking};

use crate::fixture::{Fixture, HOUR, LONG, MINUTE, by, key, order};
use crate::holds::hold;
use crate::scripted::{Answer, Scripted};
use crate::sweep::{list, sweep};

const BOTH: [fn() -> Scripted; 2] = [Scripted::repeatable, Scripted::once_only];

fn bounds() -> Bounds {
    Bounds {
        mode: Mode::Reconcile,
        wait: MINUTE,
        ..Bounds::default()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_paid_and_was_not_known_as_paid_is_listed_by_itself_and_nothing_is_sent() {
    for make in BOTH {
        let fixture = Fixture::new(make());
        let orders: Vec<_> = ["A-1", "A-2", "A-3", "A-4"]
            .map(|id| order("shop", id))
            .into();
        let all = [orders.clone(), vec![order("shop", "B-1")]].concat();
        fixture.store().track(all).await.unwrap();
        fixture.gateway.set("A-2", OrderStatus::Paid);
        fixture.gateway.set("A-3", OrderStatus::Reversed);
        fixture.gateway.set("A-4", OrderStatus::Failed);
        let again = list(orders);
        let cases = [(Source::Tracked, 5), (again, 4)];
        for ((source, considered), paid) in cases.into_iter().zip([2, 0]) {
            let (summary, events) = sweep(&fixture.canceller, source, &bounds()).await;
            let summary = summary.unwrap();
            assert_eq!((summary.considered, summary.newly_paid), (considered, paid));
            assert_eq!((summary.eligible, summary.sent, summary.errors), (0, 0, 0));
            let mut reported = events.reported();
            reported.retain(|line| line.ends_with("newly paid"));
            let both = ["A-2 at shop newly paid", "A-3 at shop newly paid"];
            assert_eq!(reported, both[..usize::try_from(paid).unwrap()]);
        }
        assert_eq!(fixture.gateway.requests(), 0);
        for (id, status, tracking) in [
            ("A-1", OrderStatus::Unpaid, Tracking::Pending),
            ("A-2", OrderStatus::Paid, Tracking::Closed),
        ] {
            let kept = fixture.store().order(&key("shop", id)).await.unwrap();
            let kept = kept.unwrap();
            assert_eq!(
                (kept.seen.unwrap().status, kept.tracking),
                (status, tracking)
            );
            let records = fixture.store().cancellations_of(&key("shop", id)).await;
            assert!(records.unwrap().is_empty());
        }
        // What it has read does not keep a later sweep from cancelling.
        let act = Bounds::default();
        let (_, events) = sweep(&fixture.canceller, Source::Tracked, &act).await;
        assert!(
            events
                .reported()
                .contains(&"A-1 at shop confirmed".to_owned())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn orders_that_a_rule_keeps_or_a_person_holds_are_read_as_well() {
    let fixture = Fixture::new(Scripted::repeatable());
    let orders = ["A-1", "A-2"].map(|id| order("shop", id));
    fixture.store().track(orders.into()).await.unwrap();
    hold(&**fixture.store(), "A-2").await;
    for id in ["A-1", "A-2"] {
        fixture.gateway.set(id, OrderStatus::Paid);
    }
    let keep_all = SweepRule {
        conditions: Conditions::default(),
        action: RuleAction::Keep,
    };
    let bounds = Bounds {
        rules: vec![keep_all],
        ..bounds()
    };
    let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    assert_eq!(
        events.reported(),
        ["A-1 at shop newly paid", "A-2 at shop newly paid"]
    );
    assert_eq!(summary.unwrap().considered, 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_doubt_is_settled_by_reading_alone() {
    for make in BOTH {
        let fixture = Fixture::new(make().will_answer([Answer::Lost]));
        let record = fixture.cancel(Duration::ZERO).await;
        assert_eq!(record.progress.state, State::InDoubt);
        for _ in 0..20 {
            let (swept, _) = sweep(&fixture.canceller, Source::Tracked, &bounds()).await;
            swept.unwrap();
            fixture.ahead.by(10 * MINUTE);
        }
        let waiting = fixture.reload(&record).await.progress.state;
        assert_eq!(waiting, State::NeedsReview);
        fixture.gateway.set("A-1", OrderStatus::Paid);
        fixture.ahead.by(HOUR);
        let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &bounds()).await;
        assert_eq!(
            events.reported(),
            ["A-1 at shop newly paid", "A-1 at shop not_cancelled_paid"]
        );
        assert_eq!(summary.unwrap().newly_paid, 1);
        assert_eq!(fixture.gateway.requests(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_that_has_sent_nothing_is_left_for_a_sweep_that_sends() {
    let fixture = Fixture::new(Scripted::repeatable());
    fixture.gateway.break_down(ErrorKind::Unavailable);
    fixture
        .store()
        .track(vec![order("shop", "A-1")])
        .await
        .unwrap();
    let cancelled = fixture
        .canceller
        .cancel(order("shop", "A-1"), by("joe"), Duration::ZERO);
    let record = cancelled.await.unwrap().record;
    assert_eq!(record.progress.state, State::Requested);
    fixture.gateway.mend();
    fixture.ahead.by(10 * MINUTE);
    let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &bounds()).await;
    let summary = summary.unwrap();
    assert_eq!((summary.considered, summary.skipped), (1, 1));
    assert_eq!(
        fixture.reload(&record).await,
        Record {
            terms: fixture.reload(&record).await.terms,
            ..record.clone()
        }
    );
    fixture.gateway.set("A-1", OrderStatus::Paid);
    let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &bounds()).await;
    assert_eq!(summary.unwrap().newly_paid, 1);
    assert_eq!(fixture.gateway.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_payment_of_another_amount_is_a_finding_of_a_reconciling_sweep_as_well() {
    for make in BOTH {
        let fixture = Fixture::new(make());
        let money = |amount| Some(Money::parse(amount, "KES").unwrap());
        let dear = TrackedOrder {
            money: money("1500.00"),
            ..order("shop", "A-1")
        };
        fixture.store().track(vec![dear]).await.unwrap();
        fixture.gateway.pays("A-1", money("10.00").unwrap());
        fixture.gateway.set("A-1", OrderStatus::Paid);
        let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &bounds()).await;
        let summary = summary.unwrap();
        assert_eq!((summary.newly_paid, summary.amount_differs), (1, 1));
        let records = fixture.store().cancellations_of(&key("shop", "A-1")).await;
        let records = records.unwrap();
        assert_eq!(records.len(), 1);
        let record = &records[0];
        assert_eq!(record.progress.finding, Some(Finding::AmountDiffers));
        assert!(record.progress.state.outcome().is_some());
        assert_eq!(fixture.gateway.requests(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_payment_is_found_by_a_reconciling_sweep_as_well() {
    for make in BOTH {
        let fixture = Fixture::new(make());
        let record = fixture.cancel(LONG).await;
        assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
        fixture.gateway.set("A-1", OrderStatus::Paid);
        let bounds = Bounds {
            recheck: Some(48 * HOUR),
            ..bounds()
        };
        let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
        let summary = summary.unwrap();
        assert_eq!((summary.late_payments, summary.newly_paid), (1, 1));
        let found = fixture.reload(&record).await.progress.finding;
        assert_eq!(found, Some(Finding::LatePayment));
        assert_eq!(fixture.gateway.requests(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn two_payments_for_one_order_of_the_shop_are_a_finding_of_a_reconciling_sweep_as_well() {
    let fixture = Fixture::new(Scripted::repeatable());
    let attempts = ["A-1", "A-2"].map(|id| TrackedOrder {
        shop_order: Some("S-1".to_owned()),
        ..order("shop", id)
    });
    fixture.store().track(attempts.into()).await.unwrap();
    for id in ["A-1", "A-2"] {
        fixture.gateway.set(id, OrderStatus::Paid);
    }
    let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &bounds()).await;
    let summary = summary.unwrap();
    assert_eq!((summary.newly_paid, summary.paid_twice), (2, 1));
    assert_eq!(fixture.gateway.requests(), 0);
}
