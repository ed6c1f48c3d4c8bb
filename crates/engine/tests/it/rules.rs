//! The merchant's rules in a sweep: which orders it keeps, and what that costs.

use duka_core::cancel::{Outcome, SkipReason, State};
use duka_core::{ErrorKind, Money, OrderStatus};
use duka_engine::sweep::{
    Bounds, Conditions, LeaveReason, Mode, Plan, PlannedAction, RuleAction, Source, SweepRule,
};
use duka_engine::{EngineError, TrackedOrder, Tracking};

use crate::fixture::{Fixture, HOUR, MINUTE, by, noon, order};
use crate::scripted::Scripted;
use crate::sweep::{list, sweep};

fn by_method(method: &str, action: RuleAction) -> SweepRule {
    SweepRule {
        conditions: Conditions {
            methods: vec![method.to_owned()],
            ..Conditions::default()
        },
        action,
    }
}

/// Cash on delivery is kept, and a bank transfer has two hours.
fn bounds() -> Bounds {
    Bounds {
        rules: vec![
            by_method("cod", RuleAction::Keep),
            by_method("bank_transfer", RuleAction::MinAge(2 * HOUR)),
        ],
        concurrency: 1,
        ..Bounds::default()
    }
}

/// An order of the shop that is an hour old.
fn paid_by(method: &str, id: &str) -> TrackedOrder {
    TrackedOrder {
        method: Some(method.to_owned()),
        ..order("shop", id)
    }
}

fn three() -> Vec<TrackedOrder> {
    vec![
        paid_by("cod", "A-1"),
        paid_by("bank_transfer", "A-2"),
        paid_by("card", "A-3"),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_sweep_keeps_what_a_rule_keeps_and_asks_the_gateway_nothing_about_it() {
    let listed = || list(three());
    for source in [(|| Source::Tracked) as fn() -> Source, listed] {
        let fixture = Fixture::new(Scripted::repeatable());
        fixture.store().track(three()).await.unwrap();
        let (summary, events) = sweep(&fixture.canceller, source(), &bounds()).await;
        assert_eq!(
            events.reported(),
            [
                "A-1 at shop left alone: KeptByRule, rule 1",
                "A-2 at shop left alone: TooYoung, rule 2",
                "A-3 at shop confirmed",
            ]
        );
        let summary = summary.unwrap();
        assert_eq!((summary.considered, summary.skipped), (3, 2));
        // Those of A-3: before its request, and after.
        assert_eq!(fixture.gateway.reads(), 2);
        // Nothing was written of it, so an order that is kept for long leaves no trail.
        let kept = order("shop", "A-1").key;
        assert!(
            fixture
                .store()
                .cancellations_of(&kept)
                .await
                .unwrap()
                .is_empty()
        );
        let kept = fixture.store().order(&kept).await.unwrap().unwrap();
        assert_eq!(
            (kept.tracking, kept.last_action_at),
            (Tracking::Pending, None)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_counts_for_what_only_the_list_says_of_an_order_that_is_tracked_already() {
    let keep = by_method("cod", RuleAction::Keep);
    for mode in [Mode::DryRun, Mode::Act] {
        let fixture = Fixture::new(Scripted::repeatable());
        let known = vec![order("shop", "A-1")];
        fixture.store().track(known).await.unwrap();
        let bounds = Bounds {
            rules: vec![keep.clone()],
            mode,
            ..Bounds::default()
        };
        let rows = list(vec![paid_by("cod", "A-1")]);
        let (_, events) = sweep(&fixture.canceller, rows, &bounds).await;
        assert_eq!(
            events.reported(),
            ["A-1 at shop left alone: KeptByRule, rule 1"]
        );
        assert_eq!(fixture.gateway.requests(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_may_shorten_or_lengthen_the_age_from_which_an_order_is_abandoned() {
    let fixture = Fixture::new(Scripted::repeatable());
    let young = TrackedOrder {
        created_at: noon() - 10 * MINUTE,
        ..paid_by("upi", "A-4")
    };
    let other = TrackedOrder {
        created_at: noon() - 10 * MINUTE,
        ..paid_by("card", "A-5")
    };
    let orders = vec![paid_by("bank_transfer", "A-2"), young, other];
    fixture.store().track(orders).await.unwrap();
    let mut bounds = bounds();
    bounds
        .rules
        .push(by_method("upi", RuleAction::MinAge(5 * MINUTE)));
    let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    assert_eq!(
        events.reported(),
        [
            "A-2 at shop left alone: TooYoung, rule 2",
            "A-4 at shop confirmed",
        ]
    );
    // A-5 is too young without any rule, and not looked at.
    assert_eq!(summary.unwrap().considered, 2);
    fixture.ahead.by(HOUR);
    let (_, events) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    assert_eq!(
        events.reported(),
        ["A-2 at shop confirmed", "A-5 at shop confirmed"]
    );
}

/// Once the newer attempt is paid, the older one is taken at once; by its age the rule would leave it.
#[tokio::test(start_paused = true)]
async fn an_older_attempt_whose_age_a_rule_lengthens_is_considered_once() {
    let attempt = |id: &str| TrackedOrder {
        shop_order: Some("S-1".to_owned()),
        ..paid_by("bank_transfer", id)
    };
    for mode in [Mode::Act, Mode::DryRun] {
        let fixture = Fixture::new(Scripted::repeatable());
        let both = vec![attempt("A-1"), attempt("A-2")];
        fixture.store().track(both).await.unwrap();
        fixture.gateway.set("A-2", OrderStatus::Paid);
        let seen = fixture.canceller.status(&attempt("A-2").key).await;
        seen.unwrap();
        let bounds = Bounds { mode, ..bounds() };
        let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
        assert_eq!(summary.unwrap().considered, 1, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn kept_orders_take_no_part_of_the_most_that_a_sweep_works_on() {
    let fixture = Fixture::new(Scripted::repeatable());
    let mut orders: Vec<_> = (0..600)
        .map(|n| paid_by("cod", &format!("K-{n}")))
        .collect();
    orders.push(paid_by("card", "Z-1"));
    fixture.store().track(orders).await.unwrap();
    let bounds = Bounds {
        max: Some(1),
        ..bounds()
    };
    let (summary, events) = sweep(&fixture.canceller, Source::Tracked, &bounds).await;
    assert!(
        events
            .reported()
            .contains(&"Z-1 at shop confirmed".to_owned())
    );
    let summary = summary.unwrap();
    assert_eq!((summary.confirmed, summary.skipped), (1, 600));
}

#[tokio::test(start_paused = true)]
async fn a_kept_order_is_read_no_more_once_it_is_older_than_the_look_back() {
    let fixture = Fixture::new(Scripted::repeatable());
    fixture.store().track(three()).await.unwrap();
    fixture.ahead.by(8 * 24 * HOUR);
    let (summary, _) = sweep(&fixture.canceller, Source::Tracked, &bounds()).await;
    assert_eq!(summary.unwrap().considered, 0);
}

async fn plan_of(fixture: &Fixture, id: &str, bounds: &Bounds) -> Result<Plan, EngineError> {
    let key = order("shop", id).key;
    let order = fixture.store().order(&key).await.unwrap().unwrap();
    fixture.canceller.plan(&order, bounds).await
}

#[tokio::test(start_paused = true)]
async fn a_plan_says_what_a_sweep_would_do_and_why_and_sends_nothing() {
    let fixture = Fixture::new(Scripted::repeatable());
    let dear = TrackedOrder {
        money: Some(Money::parse("9.00", "KES").unwrap()),
        ..paid_by("card", "A-4")
    };
    let mut orders = three();
    orders.push(dear);
    fixture.store().track(orders).await.unwrap();
    fixture
        .gateway
        .set_money("A-4", Money::parse("10.00", "KES").unwrap());
    let bounds = bounds();
    let action = async |id| {
        let plan = plan_of(&fixture, id, &bounds).await.unwrap();
        (
            plan.disposition.rule.map(|it| it.get()),
            plan.disposition.action,
        )
    };
    let leave = PlannedAction::Leave;
    assert_eq!(
        action("A-1").await,
        (Some(1), leave(LeaveReason::KeptByRule))
    );
    let until = noon() + HOUR;
    let min_age = 2 * HOUR;
    let too_young = leave(LeaveReason::TooYoung { min_age, until });
    assert_eq!(action("A-2").await, (Some(2), too_young));
    assert_eq!(action("A-3").await, (None, PlannedAction::Cancel));
    let (_, differs) = action("A-4").await;
    assert!(matches!(
        differs,
        PlannedAction::Leave(LeaveReason::AmountDiffers(_))
    ));
    fixture.gateway.set("A-3", OrderStatus::Paid);
    assert_eq!(action("A-3").await, (None, leave(LeaveReason::NotEligible)));
    fixture.gateway.set("A-3", OrderStatus::Processing);
    let until = noon() + 23 * HOUR;
    assert_eq!(
        action("A-3").await,
        (None, leave(LeaveReason::Processing { until }))
    );
    assert_eq!(fixture.gateway.requests(), 0);
    let (summary, _) = sweep(
        &fixture.canceller,
        Source::Tracked,
        &Bounds {
            mode: Mode::DryRun,
            ..bounds.clone()
        },
    )
    .await;
    let summary = summary.unwrap();
    assert_eq!((summary.eligible, summary.skipped), (0, 4));
}

#[tokio::test(start_paused = true)]
async fn a_plan_needs_no_reading_where_what_is_tracked_decides() {
    let fixture = Fixture::new(Scripted::repeatable());
    fixture.store().track(three()).await.unwrap();
    fixture.gateway.break_down(ErrorKind::Unavailable);
    let kept = plan_of(&fixture, "A-1", &bounds()).await.unwrap();
    assert!(kept.reading.is_none());
    let kept_by_rule = PlannedAction::Leave(LeaveReason::KeptByRule);
    assert_eq!(kept.disposition.action, kept_by_rule);
    let open = plan_of(&fixture, "A-3", &bounds()).await;
    assert!(matches!(open, Err(EngineError::Gateway(_))), "{open:?}");
}

/// The order A-3 of the shop, whose payment is under way.
async fn processing() -> Fixture {
    let fixture = Fixture::new(Scripted::repeatable());
    fixture.store().track(three()).await.unwrap();
    fixture.gateway.set("A-3", OrderStatus::Processing);
    fixture
}

#[tokio::test(start_paused = true)]
async fn while_a_payment_is_under_way_a_sweep_leaves_the_order_alone_up_to_an_age_of_its_own() {
    let fixture = processing().await;
    for hours in [0, 12, 10] {
        fixture.ahead.by(hours * HOUR);
        let (_, events) = sweep(&fixture.canceller, Source::Tracked, &bounds()).await;
        let reported = events.reported();
        assert!(
            reported.contains(&"A-3 at shop skipped".to_owned()),
            "{reported:?}"
        );
    }
    assert_eq!(fixture.gateway.requests_for("A-3"), 0);
    let key = order("shop", "A-3").key;
    let skipped = fixture.store().cancellations_of(&key).await.unwrap();
    assert_eq!(
        skipped[0].message.as_deref(),
        Some(
            "status processing, and while a payment is under way nothing is sent before 2026-05-14T07:34:00Z; nothing was sent: not an order to be cancelled"
        )
    );
    fixture.ahead.by(HOUR);
    sweep(&fixture.canceller, Source::Tracked, &bounds())
        .await
        .0
        .unwrap();
    assert_eq!(fixture.gateway.requests_for("A-3"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_is_no_longer_under_way_is_waited_for_no_longer() {
    let fixture = processing().await;
    sweep(&fixture.canceller, Source::Tracked, &bounds())
        .await
        .0
        .unwrap();
    fixture.gateway.set("A-3", OrderStatus::Unpaid);
    fixture.ahead.by(HOUR);
    sweep(&fixture.canceller, Source::Tracked, &bounds())
        .await
        .0
        .unwrap();
    assert_eq!(fixture.gateway.requests_for("A-3"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_cancelled_by_its_name_may_have_a_payment_under_way() {
    let fixture = processing().await;
    let by_name = fixture
        .canceller
        .cancel(paid_by("card", "A-3"), by("amina"), MINUTE);
    by_name.await.unwrap();
    assert_eq!(fixture.gateway.requests_for("A-3"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_that_a_sweep_began_stays_bound_until_a_caller_names_the_order() {
    let fixture = processing().await;
    // The status cannot be read at first, so the cancellation stays open.
    fixture.gateway.break_down(ErrorKind::Unavailable);
    let short = Bounds {
        wait: MINUTE / 60,
        rules: Vec::new(),
        ..bounds()
    };
    sweep(&fixture.canceller, Source::Tracked, &short)
        .await
        .0
        .unwrap();
    let key = order("shop", "A-3").key;
    let record = async || {
        let records = fixture.store().cancellations_of(&key).await.unwrap();
        records[0].clone()
    };
    assert_eq!(record().await.progress.state, State::Requested);
    assert_eq!(record().await.terms.processing_min_age, Some(24 * HOUR));
    let by_name = fixture
        .canceller
        .cancel(paid_by("card", "A-3"), by("amina"), MINUTE / 60)
        .await;
    assert_eq!(by_name.unwrap().record.progress.state, State::Requested);
    assert_eq!(record().await.terms.processing_min_age, None);
    fixture.gateway.mend();
    fixture.ahead.by(HOUR);
    sweep(&fixture.canceller, Source::Tracked, &short)
        .await
        .0
        .unwrap();
    assert_eq!(fixture.gateway.requests_for("A-3"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_later_sweep_that_goes_on_is_bound_as_the_first_was() {
    let fixture = processing().await;
    fixture.gateway.break_down(ErrorKind::Unavailable);
    let short = Bounds {
        wait: MINUTE / 60,
        rules: Vec::new(),
        ..bounds()
    };
    sweep(&fixture.canceller, Source::Tracked, &short)
        .await
        .0
        .unwrap();
    fixture.gateway.mend();
    fixture.ahead.by(10 * MINUTE);
    let none = Bounds {
        processing_min_age: MINUTE,
        ..short
    };
    sweep(&fixture.canceller, Source::Tracked, &none)
        .await
        .0
        .unwrap();
    let key = order("shop", "A-3").key;
    let records = fixture.store().cancellations_of(&key).await.unwrap();
    let skipped = State::Done(Outcome::Skipped(SkipReason::NotEligible));
    assert_eq!(records[0].progress.state, skipped);
    assert_eq!(fixture.gateway.requests_for("A-3"), 0);
}

/// A customer who comes back to an order that was left is not taken for one who has left it.
#[tokio::test(start_paused = true)]
async fn an_order_that_is_used_again_is_young_again() {
    let fixture = Fixture::new(Scripted::repeatable());
    fixture.store().track(three()).await.unwrap();
    let key = order("shop", "A-3").key;
    let status = || async { fixture.canceller.status(&key).await.unwrap() };
    let swept = || async {
        sweep(&fixture.canceller, Source::Tracked, &bounds())
            .await
            .0
            .unwrap();
        fixture.gateway.requests_for("A-3")
    };
    fixture.gateway.set("A-3", OrderStatus::Unpaid);
    status().await;
    // Older than any age that counts, the customer tries to pay.
    fixture.ahead.by(30 * HOUR);
    fixture.gateway.set("A-3", OrderStatus::Processing);
    assert_eq!(swept().await, 0, "the sweep is the first to see it");
    let used_at = fixture.store().order(&key).await.unwrap().unwrap();
    assert_eq!(used_at.age_from(), noon() + 30 * HOUR);
    // Still the same payment: the age is not put back by each look.
    fixture.ahead.by(23 * HOUR);
    assert_eq!(swept().await, 0);
    fixture.ahead.by(2 * HOUR);
    assert_eq!(swept().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_customer_who_has_tried_to_pay_a_moment_ago_is_left_the_minimum_age() {
    let fixture = Fixture::new(Scripted::repeatable());
    fixture.store().track(three()).await.unwrap();
    let key = order("shop", "A-3").key;
    for (status, later) in [
        (OrderStatus::Failed, 0),
        (OrderStatus::Processing, 3),
        (OrderStatus::Unpaid, 0),
    ] {
        fixture.ahead.by(later * HOUR);
        fixture.gateway.set("A-3", status);
        fixture.canceller.status(&key).await.unwrap();
    }
    let plan = || async {
        let order = fixture.store().order(&key).await.unwrap().unwrap();
        let plan = fixture.canceller.plan(&order, &bounds()).await.unwrap();
        plan.disposition.action
    };
    let until = noon() + 3 * HOUR + bounds().min_age;
    let left = PlannedAction::Leave(LeaveReason::TooYoung {
        min_age: bounds().min_age,
        until,
    });
    assert_eq!(plan().await, left);
    fixture.ahead.by(bounds().min_age);
    assert_eq!(plan().await, PlannedAction::Cancel);
}
