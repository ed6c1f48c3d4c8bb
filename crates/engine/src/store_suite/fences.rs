//! What a store keeps apart and together: requests of one order under several names, a
//! payment and its findings, a claim and its holder.

use std::slice::from_ref;

use crate::store::{Attempt, OpenResult, ReportFilter, ReportPage, StoreErrorKind, UpdateResult};
use crate::{AmountCheck, TrackedOrder};
use duka_core::cancel::{Finding, Outcome, Repeat, RequestUsed, SkipReason, State};
use duka_core::{GatewayName, Money, OrderStatus};

use super::changes::{change, hold, id, new_cancellation, opened, seen, stored};
use super::claims::claim;
use super::{Suite, at, key, order};

const BEGINS: Attempt = Attempt::Begins(Repeat::Once);

/// One orders request does not use up anothers.
pub async fn one_orders_request_does_not_use_up_anothers(suite: &Suite<'_>) {
    let store = suite.open();
    let mut elsewhere = order("other", "A-1");
    elsewhere.gateway = GatewayName::from_static("pesapal");
    store.track(vec![elsewhere]).await.unwrap();
    for (number, account, order) in [(1, "shop", "A-1"), (2, "shop", "A-2"), (3, "other", "A-1")] {
        let record = opened(&*store, number, account, order).await;
        assert_eq!(record.progress.request_used, RequestUsed::No);
        stored(&*store, change(&record, State::Sending, BEGINS)).await;
    }
}

/// An account under a new name has the same orders.
pub async fn an_account_under_a_new_name_has_the_same_orders(suite: &Suite<'_>) {
    let store = suite.open();
    let before = opened(&*store, 1, "pesapal", "A-1").await;
    // Under both names before either sends: only the index is left then.
    let early = opened(&*store, 2, "shop-ke", "A-1").await;
    stored(&*store, change(&before, State::Sending, BEGINS)).await;
    let late = store.advance(change(&early, State::Sending, BEGINS)).await;
    assert_eq!(late.unwrap_err().kind(), StoreErrorKind::OnceUsed);
    // A cancellation that begins later knows of it.
    store.track(vec![order("shop-ug", "A-1")]).await.unwrap();
    let opened = store.open(new_cancellation(3, "shop-ug", "A-1")).await;
    let OpenResult::New(after) = opened.unwrap() else {
        panic!("no cancellation is open under this name");
    };
    assert_eq!(after.progress.request_used, RequestUsed::Yes);
}

/// A payment and its findings are written together.
pub async fn a_payment_and_its_findings_are_written_together(suite: &Suite<'_>) {
    let store = suite.open();
    for (number, outcome) in [(1, Outcome::Confirmed), (2, Outcome::ResolvedCancelled)] {
        let record = opened(&*store, number, "shop", "A-1").await;
        let over = State::Done(outcome);
        stored(&*store, change(&record, over, Attempt::Unchanged)).await;
    }
    let key = order("shop", "A-1").key;
    let paid = seen(OrderStatus::Paid, 80);
    suite.set_clock(90);
    store
        .observe(&key, paid.clone(), AmountCheck::Compare, "w7")
        .await
        .unwrap();
    // Twice is once.
    store
        .observe(&key, paid, AmountCheck::Compare, "w8")
        .await
        .unwrap();
    for number in [1, 2] {
        let found = suite
            .open()
            .cancellation(id(number))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.progress.finding, Some(Finding::LatePayment));
        assert_eq!(found.updated_at, at(90));
        let log = store.log(found.id).await.unwrap();
        let last = log.last().unwrap();
        assert_eq!(
            (last.number, last.event.as_str(), last.actor.as_str()),
            (3, "status", "w7")
        );
        // A person closes it, and the same payment does not open it again.
        let mut closed = change(&found, found.progress.state, Attempt::Unchanged);
        closed.change.next.finding = None;
        stored(&*store, closed).await;
        store
            .observe(
                &key,
                seen(OrderStatus::Paid, 95),
                AmountCheck::Compare,
                "w7",
            )
            .await
            .unwrap();
        let closed = store.cancellation(found.id).await.unwrap().unwrap();
        assert_eq!(closed.progress.finding, None);
    }
}

/// A payment of another amount is a finding of the newest cancellation alone, unless amounts
/// are not compared.
pub async fn a_payment_of_another_amount_is_a_finding_of_the_newest(suite: &Suite<'_>) {
    let store = suite.open();
    let mut whole = order("shop", "A-1");
    whole.money = Some(Money::parse("1500", "INR").unwrap());
    store.track(vec![whole.clone()]).await.unwrap();
    for number in [1, 2] {
        let record = opened(&*store, number, "shop", "A-1").await;
        let over = State::Done(Outcome::Refused);
        stored(&*store, change(&record, over, Attempt::Unchanged)).await;
    }
    let look = async |check| {
        let paid = seen(OrderStatus::Paid, 80);
        store.observe(&whole.key, paid, check, "w7").await.unwrap();
        let records = store.cancellations_of(&whole.key).await.unwrap();
        records
            .into_iter()
            .map(|record| record.progress.finding)
            .collect::<Vec<_>>()
    };
    assert_eq!(look(AmountCheck::Ignore).await, [None, None]);
    let newest = [None, Some(Finding::AmountDiffers)];
    assert_eq!(look(AmountCheck::Compare).await, newest);
    let log = store.log(id(2)).await.unwrap();
    let last = log.last().unwrap();
    let detail = "status paid; the order is tracked with 1500.00 INR, the gateway says 105.50 INR";
    assert_eq!(
        (
            last.event.as_str(),
            last.actor.as_str(),
            last.detail.as_deref()
        ),
        ("amount_differs", "w7", Some(detail))
    );
    // Twice is once, also after a person has closed it.
    let found = store.cancellation(id(2)).await.unwrap().unwrap();
    let mut closed = change(&found, found.progress.state, Attempt::Unchanged);
    closed.change.next.finding = None;
    stored(&*store, closed).await;
    assert_eq!(look(AmountCheck::Compare).await, [None, None]);
}

/// A list that gives two paid orders the same shop order tells of two payments for it, once.
pub async fn a_list_that_joins_two_paid_orders_tells_of_two_payments(suite: &Suite<'_>) {
    let store = suite.open();
    let named = |id: &str| TrackedOrder {
        shop_order: Some("17".to_owned()),
        ..order("shop", id)
    };
    let found = async || {
        let page = ReportPage {
            which: ReportFilter::Pending,
            limit: 10,
            ..ReportPage::default()
        };
        let found = store.report(page).await.unwrap().into_iter();
        let found = found.map(|it| (it.key.order.to_string(), it.progress.finding));
        found.collect::<Vec<_>>()
    };
    for id in ["A-1", "A-2", "A-3"] {
        store.track(vec![order("shop", id)]).await.unwrap();
        if id != "A-3" {
            let (key, seen) = (key("shop", id), seen(OrderStatus::Paid, 80));
            let check = AmountCheck::Compare;
            store.observe(&key, seen, check, "w7").await.unwrap();
        }
    }
    store.track(vec![named("A-1"), named("A-3")]).await.unwrap();
    assert_eq!(found().await, []);
    let twice = ("A-2".to_owned(), Some(Finding::PaidTwice));
    for _ in 0..2 {
        store.track(vec![named("A-2")]).await.unwrap();
        assert_eq!(found().await, from_ref(&twice));
    }
    // The same by a correction.
    store.track(vec![order("shop", "A-4")]).await.unwrap();
    let (key, paid) = (key("shop", "A-4"), seen(OrderStatus::Paid, 80));
    let check = AmountCheck::Compare;
    store.observe(&key, paid, check, "w7").await.unwrap();
    for _ in 0..2 {
        store.correct(vec![named("A-4")]).await.unwrap();
        assert_eq!(found().await.len(), 2);
    }
}

/// The second payment for a shop order is a finding, in the write that first learns of it: of the
/// cancellation that is over, or of a record of its own.
pub async fn a_second_payment_for_a_shop_order_is_a_finding(suite: &Suite<'_>) {
    let store = suite.open();
    let attempt = |shop: &str, id: &str| TrackedOrder {
        shop_order: Some("17".to_owned()),
        ..order(shop, id)
    };
    let ids = ["A-1", "A-2", "A-3", "A-4"];
    let mut all: Vec<_> = ids.iter().map(|id| attempt("shop", id)).collect();
    all.push(attempt("other", "A-5"));
    store.track(all).await.unwrap();
    let pays = async |shop: &str, id: &str, status: OrderStatus| {
        let (key, check) = (key(shop, id), AmountCheck::Compare);
        let seen = seen(status, 80);
        store.observe(&key, seen, check, "w7").await.unwrap();
        let records = store.cancellations_of(&key).await.unwrap();
        let found = records
            .into_iter()
            .filter(|it| it.progress.finding.is_some());
        found.collect::<Vec<_>>()
    };
    assert_eq!(pays("shop", "A-1", OrderStatus::Paid).await, []);
    assert_eq!(pays("other", "A-5", OrderStatus::Paid).await, []);
    assert_eq!(pays("shop", "A-2", OrderStatus::Failed).await, []);
    // No cancellation was asked for.
    let [found] = &pays("shop", "A-2", OrderStatus::Paid).await[..] else {
        panic!("no finding");
    };
    let not_eligible = State::Done(Outcome::Skipped(SkipReason::NotEligible));
    assert_eq!(found.progress.state, not_eligible);
    assert_eq!(found.progress.finding, Some(Finding::PaidTwice));
    assert_eq!((found.due_at, &found.worker), (None, &None));
    assert!(found.message.as_ref().unwrap().contains("order A-1"));
    let log = store.log(found.id).await.unwrap();
    let events: Vec<_> = log.iter().map(|it| it.event.as_str()).collect();
    assert_eq!(events, ["paid", "paid_twice"]);
    let page = ReportPage {
        which: ReportFilter::Pending,
        limit: 10,
        ..ReportPage::default()
    };
    assert_eq!(store.report(page).await.unwrap(), from_ref(found));
    // Once closed it stays closed.
    let mut closed = change(found, found.progress.state, Attempt::Unchanged);
    closed.change.next.finding = None;
    stored(&*store, closed).await;
    assert_eq!(pays("shop", "A-2", OrderStatus::Paid).await, []);
    // One that was reported cancelled is paid late as well; this is the graver.
    let record = opened(&*store, 3, "shop", "A-3").await;
    let confirmed = State::Done(Outcome::Confirmed);
    stored(&*store, change(&record, confirmed, Attempt::Unchanged)).await;
    let found = pays("shop", "A-3", OrderStatus::Paid).await;
    assert_eq!((found.len(), found[0].id), (1, record.id));
    assert_eq!(found[0].progress.finding, Some(Finding::PaidTwice));
    // What another worker has in hand is left to it.
    let open = opened(&*store, 4, "shop", "A-4").await;
    let found = pays("shop", "A-4", OrderStatus::Paid).await;
    assert_eq!(found.len(), 1);
    assert_ne!(found[0].id, open.id);
    let now = store.cancellation(open.id).await.unwrap().unwrap();
    assert_eq!((now.version, now.progress), (open.version, open.progress));
}

/// A payment of another amount is a finding also where no cancellation was asked for.
pub async fn a_payment_of_another_amount_is_a_finding_without_a_cancellation(suite: &Suite<'_>) {
    let store = suite.open();
    let mut whole = order("shop", "A-1");
    whole.money = Some(Money::parse("1500", "INR").unwrap());
    store.track(vec![whole.clone()]).await.unwrap();
    for (check, expected) in [
        (AmountCheck::Ignore, None),
        (AmountCheck::Compare, Some(Finding::AmountDiffers)),
        (AmountCheck::Compare, Some(Finding::AmountDiffers)),
    ] {
        let paid = seen(OrderStatus::Paid, 80);
        store.observe(&whole.key, paid, check, "w7").await.unwrap();
        let records = store.cancellations_of(&whole.key).await.unwrap();
        assert!(records.len() <= 1);
        let found = records.first().and_then(|it| it.progress.finding);
        assert_eq!(found, expected);
    }
}

/// Deciding cancelled of a paid order is a finding at once.
pub async fn deciding_cancelled_of_a_paid_order_is_a_finding_at_once(suite: &Suite<'_>) {
    let store = suite.open();
    let record = opened(&*store, 1, "shop", "A-1").await;
    let paid = seen(OrderStatus::Paid, 30);
    store
        .observe(&record.key, paid, AmountCheck::Compare, "w7")
        .await
        .unwrap();
    let decided = State::Done(Outcome::ResolvedCancelled);
    let decided = stored(&*store, change(&record, decided, Attempt::Unchanged)).await;
    assert_eq!(decided.progress.finding, Some(Finding::LatePayment));
}

/// The worker that stores a late answer holds the lease.
pub async fn the_worker_that_stores_a_late_answer_holds_the_lease(suite: &Suite<'_>) {
    let store = suite.open();
    let record = opened(&*store, 1, "shop", "A-1").await;
    // Another worker has stored the doubt and released the lease.
    let doubt = stored(&*store, change(&record, State::InDoubt, Attempt::Unchanged)).await;
    assert_eq!(doubt.worker, None);
    let mut answer = change(&doubt, State::Accepted, Attempt::Ended);
    answer.change.schedule = hold("w5");
    let held = stored(&*store, answer).await;
    assert_eq!(held.worker.as_deref(), Some("w5"));
    suite.set_clock(70);
    let early = store.claim_one(held.id, claim("w6")).await;
    assert!(
        early.unwrap().is_none(),
        "it is in w5's hands until it is due"
    );
}

/// A lease that a wrong clock wrote for a year has lapsed.
pub async fn a_lease_that_a_wrong_clock_wrote_for_a_year_has_lapsed(suite: &Suite<'_>) {
    let store = suite.open();
    let year = 365 * 24 * 60 * 60;
    suite.set_clock(year);
    let record = opened(&*store, 1, "shop", "A-1").await;
    suite.set_clock(0);
    let taken = store.claim_one(record.id, claim("w2")).await.unwrap();
    assert!(taken.unwrap().due_at < Some(at(1_000)));
    let stale = store
        .advance(change(&record, State::InDoubt, Attempt::Unchanged))
        .await;
    assert!(matches!(stale.unwrap(), UpdateResult::Conflict(_)));
}
