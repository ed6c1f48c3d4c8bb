//! A payment of another amount than the order's is reported to an operator, whichever call sees it first;
//! and failed is not final.

use duka_core::cancel::{Finding, Outcome, Resolution, SkipReason, State};
use duka_core::{ErrorKind, Money, OrderStatus};
use duka_engine::store::{ReportFilter, ReportPage};
use duka_engine::sweep::{Bounds, Mode, Source, Summary};
use duka_engine::{AmountCheck, Record, Settings, TrackedOrder, Tracking};
use tokio_util::sync::CancellationToken;

use crate::fixture::{Fixture, HOUR, LONG, MINUTE, by, key, order};
use crate::scripted::{Answer, Scripted, StatusReply};

type Make = fn() -> Scripted;

const BOTH: [Make; 2] = [Scripted::repeatable, Scripted::once_only];

fn kes(amount: &str) -> Money {
    Money::parse(amount, "KES").unwrap()
}

fn skipped(reason: SkipReason) -> State {
    State::Done(Outcome::Skipped(reason))
}

/// An order of 1500 KES, of which 10 are paid.
async fn underpaid(gateway: Scripted, settings: Settings) -> Fixture {
    let fixture = Fixture::with(gateway, settings);
    let tracked = TrackedOrder {
        money: Some(kes("1500")),
        ..order("shop", "A-1")
    };
    fixture.store().track(vec![tracked]).await.unwrap();
    fixture.gateway.set_money("A-1", kes("1500.00"));
    fixture.gateway.pays("A-1", kes("10.00"));
    fixture
}

fn settings() -> Settings {
    Settings::new("w1")
}

async fn look(fixture: &Fixture) {
    fixture.canceller.status(&key("shop", "A-1")).await.unwrap();
}

async fn pending(fixture: &Fixture) -> Vec<Record> {
    let page = ReportPage {
        which: ReportFilter::Pending,
        limit: 10,
        ..ReportPage::default()
    };
    fixture.store().report(page).await.unwrap()
}

async fn close(fixture: &Fixture, record: &Record, resolution: Resolution) -> Record {
    let canceller = &fixture.canceller;
    let closed = canceller.resolve(record.id, resolution, "amina", "asked for the rest");
    closed.await.unwrap()
}

async fn sweep(fixture: &Fixture, bounds: Bounds) -> Summary {
    let stop = CancellationToken::new();
    let request = by("cron");
    let canceller = &fixture.canceller;
    let swept = canceller.sweep(Source::Tracked, &bounds, &request, &stop, &|_| {});
    swept.await.unwrap()
}

/// When the payment of another amount shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    Before,
    During,
    InDoubt,
}

#[tokio::test(start_paused = true)]
async fn a_payment_of_another_amount_waits_in_pending_until_it_is_acknowledged() {
    for make in BOTH {
        for answer in [Answer::Yes, Answer::No, Answer::Lost, Answer::Unlisted] {
            for shows in [Shows::Before, Shows::During, Shows::InDoubt] {
                let unpaid = StatusReply::Shows(OrderStatus::Unpaid);
                let broken = StatusReply::Fails(ErrorKind::Unavailable);
                let gateway = make().will_answer([answer]).will_show(match shows {
                    Shows::Before => vec![],
                    Shows::During => vec![unpaid],
                    Shows::InDoubt => vec![unpaid, broken],
                });
                let fixture = underpaid(gateway, settings()).await;
                fixture.gateway.set("A-1", OrderStatus::Paid);
                let case = format!("{answer:?}, {shows:?}");
                let record = fixture.cancel(LONG).await;
                let over = if shows == Shows::Before {
                    skipped(SkipReason::NotEligible)
                } else {
                    State::Done(Outcome::NotCancelledPaid)
                };
                assert_eq!(record.progress.state, over, "{case}");
                let message = record.message.clone().unwrap();
                let both = "status paid; the order is tracked with 1500.00 KES, the gateway says 10.00 KES; the customer has paid another amount";
                assert!(message.starts_with(both), "{case}: {message}");

                let found = pending(&fixture).await;
                assert_eq!(found.len(), 1, "{case}");
                assert_eq!(found[0].progress.finding, Some(Finding::AmountDiffers));
                let closed = close(&fixture, &record, Resolution::Acknowledged).await;
                assert_eq!(closed.progress.finding, None);
                // The same payment once more.
                look(&fixture).await;
                assert_eq!(fixture.reload(&record).await, closed, "{case}");
                assert!(pending(&fixture).await.is_empty());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_look_finds_a_payment_of_another_amount_whatever_the_outcome_was() {
    for make in BOTH {
        for (answer, finding) in [
            (Answer::Yes, Finding::LatePayment),
            (Answer::No, Finding::AmountDiffers),
        ] {
            let fixture = underpaid(make().will_answer([answer]), settings()).await;
            let record = fixture.cancel(LONG).await;
            assert_eq!(record.progress.finding, None);
            fixture.gateway.set("A-1", OrderStatus::Paid);
            look(&fixture).await;
            let found = fixture.reload(&record).await;
            assert_eq!(found.progress.state, record.progress.state);
            assert_eq!(found.progress.finding, Some(finding), "the graver one");
            let message = found.message.unwrap();
            assert!(message.contains("1500.00 KES"), "{message}");
            assert!(message.contains("10.00 KES"), "{message}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_payment_of_another_amount_is_one_finding_however_many_cancellations_there_were() {
    let gateway = Scripted::repeatable().will_answer([Answer::No, Answer::No]);
    let fixture = underpaid(gateway, settings()).await;
    let first = fixture.cancel(LONG).await;
    let second = fixture.cancel(LONG).await;
    fixture.gateway.set("A-1", OrderStatus::Paid);
    look(&fixture).await;
    assert_eq!(fixture.reload(&first).await.version, first.version);
    let found = pending(&fixture).await;
    let ids: Vec<_> = found.iter().map(|record| record.id).collect();
    assert_eq!(ids, [second.id]);
}

/// Between the worker's look and its request, another caller sees the payment.
#[tokio::test(start_paused = true)]
async fn a_payment_that_another_caller_saw_is_compared_in_the_same_transaction() {
    for make in BOTH {
        let unpaid = StatusReply::Shows(OrderStatus::Unpaid);
        let fixture = underpaid(make().will_show([unpaid]), settings()).await;
        let seen = duka_core::Observation {
            status: OrderStatus::Paid,
            raw_status: "PAID".to_owned(),
            money: Some(kes("10.00")),
            details: duka_core::PaymentDetails::default(),
            observed_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let (key, check) = (key("shop", "A-1"), AmountCheck::Compare);
        fixture
            .store()
            .observe(&key, seen, check, "w2")
            .await
            .unwrap();
        // No cancellation was asked for, and it is a finding all the same.
        let findings = async || {
            let found = pending(&fixture).await.into_iter();
            found.map(|it| it.progress.finding).collect::<Vec<_>>()
        };
        assert_eq!(findings().await, [Some(Finding::AmountDiffers)]);
        let record = fixture.cancel(LONG).await;
        assert_eq!(record.progress.state, skipped(SkipReason::NotEligible));
        assert!(findings().await.contains(&Some(Finding::AmountDiffers)));
        assert_eq!(fixture.gateway.requests(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_comparison_a_payment_of_another_amount_is_a_payment() {
    for make in BOTH {
        let settings = settings().amount_check(AmountCheck::Ignore);
        let fixture = underpaid(make(), settings).await;
        fixture.gateway.set("A-1", OrderStatus::Paid);
        let record = fixture.cancel(LONG).await;
        look(&fixture).await;
        let record = fixture.reload(&record).await;
        assert_eq!(record.progress.state, skipped(SkipReason::NotEligible));
        assert_eq!(record.progress.finding, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_payment_with_a_receipt_of_another_amount_waits_for_a_person_without_a_request() {
    for make in BOTH {
        let fixture = underpaid(make(), settings()).await;
        fixture.gateway.set("A-1", OrderStatus::Failed);
        let record = fixture.cancel(LONG).await;
        assert_eq!(record.progress.state, State::NeedsReview);
        assert_eq!(record.progress.finding, Some(Finding::AmountDiffers));
        let message = record.message.clone().unwrap();
        let said = "status failed; the order is tracked with 1500.00 KES, the gateway says 10.00 KES; the customer may have paid that";
        assert!(message.starts_with(said), "{message}");
        // Sweeps look again, and a person decides.
        for _ in 0..3 {
            fixture.ahead.by(2 * HOUR);
            sweep(&fixture, Bounds::default()).await;
        }
        let still = fixture.reload(&record).await;
        assert_eq!(still.progress.state, State::NeedsReview);
        let decided = close(&fixture, &record, Resolution::NotCancelled).await;
        assert_eq!(
            decided.progress.state,
            State::Done(Outcome::ResolvedNotCancelled)
        );
        look(&fixture).await;
        assert!(pending(&fixture).await.is_empty(), "the person has seen it");
        assert_eq!(fixture.gateway.requests(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_payment_of_the_orders_own_amount_is_cancelled_where_that_is_possible() {
    let fixture = underpaid(Scripted::once_only(), settings()).await;
    fixture.gateway.pays("A-1", kes("1500.00"));
    fixture.gateway.set("A-1", OrderStatus::Failed);
    let record = fixture.cancel(LONG).await;
    assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
    assert_eq!(fixture.gateway.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_order_is_looked_at_again_until_it_is_paid() {
    let fixture = underpaid(Scripted::repeatable(), settings()).await;
    fixture.gateway.pays("A-1", kes("1500.00"));
    fixture.gateway.set("A-1", OrderStatus::Failed);
    fixture.ahead.by(HOUR);
    let order = async || fixture.store().order(&key("shop", "A-1")).await;
    let order = async || order().await.unwrap().unwrap();
    for reads in 1..4 {
        assert_eq!(sweep(&fixture, Bounds::default()).await.skipped, 1);
        assert_eq!(fixture.gateway.reads(), reads);
        assert_eq!(order().await.tracking, Tracking::Pending);
        // A sweep at once after it reads nothing.
        sweep(&fixture, Bounds::default()).await;
        assert_eq!(fixture.gateway.reads(), reads);
        fixture.ahead.by(HOUR);
    }
    fixture.gateway.set("A-1", OrderStatus::Paid);
    assert_eq!(sweep(&fixture, Bounds::default()).await.skipped, 1);
    assert_eq!(order().await.seen.unwrap().status, OrderStatus::Paid);
    fixture.ahead.by(HOUR);
    assert_eq!(sweep(&fixture, Bounds::default()).await.considered, 0);
    // However often it was looked at, it has one record.
    let records = fixture.store().cancellations_of(&key("shop", "A-1")).await;
    assert_eq!(records.unwrap().len(), 1);
}

/// Read by a sweep, of an order that it had skipped because it had failed.
#[tokio::test(start_paused = true)]
async fn a_failed_order_that_is_paid_with_another_amount_after_all_is_one_finding() {
    let fixture = underpaid(Scripted::repeatable(), settings()).await;
    fixture.gateway.pays("A-1", kes("1500.00"));
    fixture.gateway.set("A-1", OrderStatus::Failed);
    fixture.ahead.by(HOUR);
    sweep(&fixture, Bounds::default()).await;
    fixture.ahead.by(HOUR);
    fixture.gateway.pays("A-1", kes("10.00"));
    fixture.gateway.set("A-1", OrderStatus::Paid);
    let summary = sweep(&fixture, Bounds::default()).await;
    assert_eq!((summary.amount_differs, summary.skipped), (1, 1));
    let found = pending(&fixture).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].progress.finding, Some(Finding::AmountDiffers));
}

/// The customer tries again and leaves.
#[tokio::test(start_paused = true)]
async fn a_failed_order_that_is_open_again_is_cancelled() {
    let fixture = underpaid(Scripted::repeatable(), settings()).await;
    fixture.gateway.pays("A-1", kes("1500.00"));
    fixture.gateway.set("A-1", OrderStatus::Failed);
    fixture.ahead.by(HOUR);
    sweep(&fixture, Bounds::default()).await;
    fixture.ahead.by(HOUR);
    fixture.gateway.set("A-1", OrderStatus::Unpaid);
    assert_eq!(sweep(&fixture, Bounds::default()).await.sent, 1);
    assert_eq!(fixture.gateway.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_order_is_left_alone_once_it_is_too_old() {
    let fixture = underpaid(Scripted::repeatable(), settings()).await;
    fixture.gateway.pays("A-1", kes("1500.00"));
    fixture.gateway.set("A-1", OrderStatus::Failed);
    fixture.ahead.by(8 * 24 * HOUR);
    assert_eq!(sweep(&fixture, Bounds::default()).await.considered, 0);
}

/// In doubt, the order fails; three minutes later it is paid.
#[tokio::test(start_paused = true)]
async fn a_recheck_finds_the_payment_of_an_order_that_had_failed() {
    for ended in [OrderStatus::Failed, OrderStatus::Expired] {
        let unpaid = StatusReply::Shows(OrderStatus::Unpaid);
        let gateway = Scripted::repeatable()
            .will_answer([Answer::Lost])
            .will_show([unpaid]);
        let fixture = underpaid(gateway, settings()).await;
        fixture.gateway.pays("A-1", kes("1500.00"));
        fixture.gateway.set("A-1", ended.clone());
        let started = tokio::time::Instant::now();
        let record = fixture.cancel(LONG).await;
        let over = State::Done(Outcome::NotCancelledFinal);
        assert_eq!(record.progress.state, over, "{ended}");
        assert!(started.elapsed() >= MINUTE / 6, "it settles first");
        fixture.gateway.set("A-1", OrderStatus::Paid);
        fixture.ahead.by(3 * MINUTE);
        let bounds = Bounds {
            recheck: Some(48 * HOUR),
            ..Bounds::default()
        };
        assert_eq!(sweep(&fixture, bounds.clone()).await.late_payments, 1);
        let late = fixture.reload(&record).await;
        assert_eq!(late.progress.state, over);
        assert_eq!(late.progress.finding, Some(Finding::LatePayment));
        let message = late.message.unwrap();
        assert_eq!(
            message,
            "status paid; paid after it had ended without a payment"
        );
        assert_eq!(sweep(&fixture, bounds).await.late_payments, 0);
    }
}

/// A list without amounts, a gateway without amounts, and a comparison that is turned off.
#[tokio::test(start_paused = true)]
async fn orders_whose_amount_was_not_compared_are_counted() {
    for mode in [Mode::Act, Mode::DryRun] {
        let unchecked = async |expected: bool, shown: bool, check: AmountCheck| {
            let gateway = Scripted::repeatable();
            let fixture = Fixture::with(gateway, settings().amount_check(check));
            let mut tracked = order("shop", "A-1");
            tracked.money = expected.then(|| kes("1500"));
            fixture.store().track(vec![tracked]).await.unwrap();
            if shown {
                fixture.gateway.set_money("A-1", kes("1500.00"));
            }
            fixture.ahead.by(HOUR);
            let bounds = Bounds {
                mode,
                ..Bounds::default()
            };
            let summary = sweep(&fixture, bounds).await;
            assert_eq!(summary.considered, 1);
            summary.unchecked
        };
        assert_eq!(unchecked(true, true, AmountCheck::Compare).await, 0);
        assert_eq!(unchecked(false, true, AmountCheck::Compare).await, 1);
        assert_eq!(unchecked(true, false, AmountCheck::Compare).await, 1);
        assert_eq!(unchecked(true, true, AmountCheck::Ignore).await, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_payment_of_another_amount_is_counted_by_itself() {
    let fixture = underpaid(Scripted::repeatable(), settings()).await;
    fixture.gateway.set("A-1", OrderStatus::Paid);
    fixture.ahead.by(HOUR);
    let summary = sweep(&fixture, Bounds::default()).await;
    let counts = (
        summary.skipped,
        summary.amount_differs,
        summary.late_payments,
    );
    assert_eq!((counts, summary.unchecked), ((1, 1, 0), 0));
}

#[tokio::test(start_paused = true)]
async fn a_record_shows_what_was_paid_beside_what_was_to_be_paid() {
    for (status, paid) in [
        (OrderStatus::Unpaid, None),
        (OrderStatus::Paid, Some(kes("10"))),
        (OrderStatus::Failed, Some(kes("10"))),
    ] {
        let fixture = underpaid(Scripted::once_only(), settings()).await;
        fixture.gateway.set("A-1", status.clone());
        let record = fixture.cancel(LONG).await;
        assert_eq!(record.terms.tracked_money, Some(kes("1500")));
        assert_eq!(record.paid_money(), paid, "{status}");
    }
}
