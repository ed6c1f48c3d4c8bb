//! What every store must do, whatever database is behind it: claims, the orders of a
//! sweep, and what stays when the program ends.

use std::collections::HashSet;
use std::time::Duration;

use crate::store::{Abandoned, AbandonedPage, Attempt, Claim, Schedule, StoreStats};
use crate::{AmountCheck, OrderKey, Record, Store, TrackedOrder};
use duka_core::OrderStatus;
use duka_core::cancel::{Outcome, State};
use jiff::{SignedDuration, Timestamp};

use super::changes::{change, id, opened, seen, stored};
use super::holds::place;
use super::{MINUTE, Suite, account, at, key, noon, order};

/// A claim of two minutes.
pub fn claim(worker: &str) -> Claim {
    Claim::new(worker, 2 * MINUTE)
}

/// A cancellation in doubt that is due in so many seconds.
async fn due(store: &dyn Store, number: u128, shop: &str, seconds: u64) -> Record {
    let record = opened(store, number, shop, &format!("A-{number}")).await;
    let mut doubt = change(&record, State::InDoubt, Attempt::Unchanged);
    doubt.change.schedule = Schedule::Due(Duration::from_secs(seconds));
    stored(store, doubt).await
}

fn ids(records: &[Record]) -> Vec<duka_core::CancellationId> {
    records.iter().map(|record| record.id).collect()
}

/// What is over is never claimed.
pub async fn what_is_over_is_never_claimed(suite: &Suite<'_>) {
    let store = suite.open();
    let record = due(&*store, 1, "shop", 30).await;
    let done = State::Done(Outcome::Confirmed);
    let over = stored(&*store, change(&record, done, Attempt::Unchanged)).await;
    suite.set_clock(1_000_000);
    let claimed = store.claim_one(over.id, claim("w1")).await.unwrap();
    assert!(claimed.is_none());
}

/// What waits for a person is claimed by name.
pub async fn what_waits_for_a_person_is_claimed_by_name(suite: &Suite<'_>) {
    let store = suite.open();
    let record = due(&*store, 1, "shop", 30).await;
    let waits = change(&record, State::NeedsReview, Attempt::Unchanged);
    let waits = stored(&*store, waits).await;
    suite.set_clock(40);
    let mine = store.claim_one(waits.id, claim("w1")).await;
    let mine = mine.unwrap().unwrap();
    assert_eq!(mine.worker.as_deref(), Some("w1"));
    suite.set_clock(50);
    let taken = store.claim_one(waits.id, claim("w2")).await;
    assert!(taken.unwrap().is_none());
    // It still waits for a person, and is nothing unsettled.
    let holdings = store.check().await.unwrap();
    assert_eq!((holdings.needs_review, holdings.unsettled), (1, 0));
    // Any worker may claim a record whose lease has ended.
    suite.set_clock(40 + 2 * 60 * 60);
    let claimed = store.claim_one(waits.id, claim("w2")).await;
    assert!(claimed.unwrap().is_some());
}

/// A claim holds until it lapses and then goes to another.
pub async fn a_claim_holds_until_it_lapses_and_then_goes_to_another(suite: &Suite<'_>) {
    let (store, other) = (suite.open(), suite.open());
    let record = opened(&*store, 1, "shop", "A-1").await;
    suite.set_clock(119);
    let early = other.claim_one(record.id, claim("w2")).await;
    assert!(early.unwrap().is_none());

    suite.set_clock(120);
    let taken = other.claim_one(record.id, claim("w2")).await;
    let taken = taken.unwrap().unwrap();
    assert_eq!(
        (taken.worker.as_deref(), taken.due_at),
        (Some("w2"), Some(at(240)))
    );
    assert_eq!(
        taken.version,
        record.version + 1,
        "the first worker can no longer write"
    );
    assert_eq!(taken.updated_at, record.updated_at, "a claim is no news");
    suite.set_clock(121);
    let late = store.claim_one(record.id, claim("w1")).await;
    assert!(late.unwrap().is_none());
}

/// An unclaimed record can be claimed by id before it is due.
pub async fn an_unclaimed_record_can_be_claimed_by_id_before_it_is_due(suite: &Suite<'_>) {
    let store = suite.open();
    let waiting = due(&*store, 1, "shop", 500).await;
    suite.set_clock(40);
    let claimed = store.claim_one(waiting.id, claim("w2")).await;
    let claimed = claimed.unwrap().unwrap();
    assert_eq!(claimed.worker.as_deref(), Some("w2"));
    suite.set_clock(41);
    let again = store.claim_one(waiting.id, claim("w3")).await;
    assert!(again.unwrap().is_none(), "another worker holds it now");
}

/// Workers that claim at once never get the same record.
pub async fn workers_that_claim_at_once_never_get_the_same_record(suite: &Suite<'_>) {
    let stores = [suite.open(), suite.open()];
    for number in 0..60 {
        due(&*stores[0], number, "shop", 1).await;
    }
    suite.set_clock(60);
    let workers = (0..8).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move {
            let (mut mine, name) = (Vec::new(), format!("w{n}"));
            for number in 0..60 {
                let got = store.claim_one(id(number), claim(&name)).await.unwrap();
                let got = Vec::from_iter(got);
                assert!(
                    got.iter()
                        .all(|r| r.worker.as_deref() == Some(name.as_str()))
                );
                mine.extend(ids(&got));
            }
            mine
        })
    });
    let claimed = futures::future::join_all(workers).await;
    let claimed: Vec<_> = claimed.into_iter().flat_map(Result::unwrap).collect();
    let distinct: HashSet<_> = claimed.iter().copied().collect();
    assert_eq!((claimed.len(), distinct.len()), (60, 60));
}

/// Abandoned orders come by age page by page.
pub async fn abandoned_orders_come_by_age_page_by_page(suite: &Suite<'_>) {
    let store = suite.open();
    let aged = |shop: &str, id: &str, minutes: i64| {
        let mut order = order(shop, id);
        order.created_at = noon() - SignedDuration::from_mins(minutes);
        order
    };
    let orders = vec![
        aged("shop", "young", 29),
        aged("shop", "just", 30),
        aged("other", "twin", 60),
        aged("shop", "twin", 60),
        aged("shop", "elder", 90),
        aged("shop", "ancient", 61 * 24),
    ];
    store.track(orders).await.unwrap();
    opened(&*store, 1, "shop", "in hand").await;
    let page = |account_name: Option<&str>, after: Option<(Timestamp, OrderKey)>| AbandonedPage {
        which: Abandoned::ByAge,
        from: noon() - SignedDuration::from_hours(24),
        until: noon() - SignedDuration::from_mins(30),
        untouched_since: noon() - SignedDuration::from_mins(30),
        account: account_name.map(account),
        after,
        limit: 2,
    };
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let orders = suite.open().abandoned(page(None, after)).await.unwrap();
        let Some(last) = orders.last() else { break };
        assert!(orders.len() <= 2);
        after = Some((last.created_at, last.key.clone()));
        found.extend(orders.iter().map(|order| order.key.to_string()));
    }
    assert_eq!(
        found,
        [
            "elder at shop",
            "twin at other",
            "twin at shop",
            "just at shop"
        ]
    );
    let only = store.abandoned(page(Some("other"), None)).await.unwrap();
    assert_eq!(only.len(), 1);
}

/// An order that expires counts from then on; an older attempt from when a newer one is paid.
pub async fn orders_that_expire_or_are_superseded_come_on_pages_of_their_own(suite: &Suite<'_>) {
    let store = suite.open();
    let attempt = |shop: &str, id: &str, minutes: i64, expires_in: Option<i64>| TrackedOrder {
        shop_order: Some("17".to_owned()),
        created_at: noon() - SignedDuration::from_mins(minutes),
        expires_at: expires_in.map(|it| noon() + SignedDuration::from_mins(it)),
        ..order(shop, id)
    };
    let orders = vec![
        attempt("shop", "aged", 90, None),
        attempt("shop", "expired", 5, Some(-1)),
        attempt("shop", "just", 90, Some(0)),
        attempt("shop", "lasts", 90, Some(1)),
        attempt("shop", "long ago", 90, Some(-61)),
        attempt("shop", "paid", 4, None),
        attempt("shop", "newer", 3, None),
        attempt("other", "elsewhere", 90, None),
    ];
    store.track(orders).await.unwrap();
    let found = async |which, from: i64, until: i64| {
        let mut page = AbandonedPage {
            which,
            from: noon() + SignedDuration::from_mins(from),
            until: noon() + SignedDuration::from_mins(until),
            untouched_since: noon(),
            account: Some(account("shop")),
            after: None,
            limit: 2,
        };
        let mut found = Vec::new();
        loop {
            let orders = store.abandoned(page.clone()).await.unwrap();
            let Some(last) = orders.last() else {
                return found.join(" ");
            };
            let moment = match which {
                Abandoned::Expired => last.expires_at.unwrap(),
                Abandoned::ByAge | Abandoned::Superseded => last.created_at,
            };
            page.after = Some((moment, last.key.clone()));
            found.extend(orders.iter().map(|order| order.key.order.to_string()));
        }
    };
    assert_eq!(found(Abandoned::ByAge, -100, -30).await, "aged");
    assert_eq!(found(Abandoned::Expired, -60, 0).await, "expired just");
    assert_eq!(found(Abandoned::Superseded, -100, 0).await, "");
    let paid = seen(OrderStatus::Paid, 0);
    let (paid_key, check) = (key("shop", "paid"), AmountCheck::Compare);
    store.observe(&paid_key, paid, check, "w1").await.unwrap();
    let older = "aged just lasts long ago expired";
    assert_eq!(found(Abandoned::Superseded, -100, 0).await, older);
    let attempts = store.attempts(&account("shop"), "17").await.unwrap();
    let ids: Vec<_> = attempts.iter().map(|it| it.key.order.as_str()).collect();
    assert_eq!(ids[..3], ["newer", "paid", "expired"]);
    assert_eq!(ids.len(), 7);
}

/// Orders that are too old for a sweep are counted and no others.
pub async fn orders_that_are_too_old_for_a_sweep_are_counted_and_no_others(suite: &Suite<'_>) {
    let store = suite.open();
    let aged = |shop: &str, id: &str, minutes: i64, expired: Option<i64>| TrackedOrder {
        created_at: noon() - SignedDuration::from_mins(minutes),
        expires_at: expired.map(|it| noon() - SignedDuration::from_mins(it)),
        ..order(shop, id)
    };
    let from = noon() - SignedDuration::from_mins(60);
    let count = async |name: Option<&str>| {
        let store = suite.open();
        store.too_old(from, name.map(account)).await.unwrap()
    };
    assert_eq!(count(None).await, 0);
    let orders = vec![
        aged("shop", "just", 60, None),
        aged("shop", "older", 61, None),
        aged("shop", "expired lately", 90, Some(60)),
        aged("shop", "expired", 90, Some(61)),
        aged("shop", "held", 61, None),
        aged("shop", "paid", 61, None),
        aged("other", "older", 61, None),
    ];
    store.track(orders).await.unwrap();
    assert_eq!(count(None).await, 5);
    let (held, hold) = (key("shop", "held"), place("amina", "a complaint"));
    store.change_hold(&held, hold).await.unwrap();
    let (paid, check) = (seen(OrderStatus::Paid, 0), AmountCheck::Compare);
    store
        .observe(&key("shop", "paid"), paid, check, "w1")
        .await
        .unwrap();
    assert_eq!(count(None).await, 3);
    assert_eq!(
        (count(Some("shop")).await, count(Some("other")).await),
        (2, 1)
    );
}

/// An order with a recent action is left alone for a while.
pub async fn an_order_with_a_recent_action_is_left_alone_for_a_while(suite: &Suite<'_>) {
    let store = suite.open();
    let record = opened(&*store, 1, "shop", "A-1").await;
    let mut skipped = change(&record, State::Done(Outcome::Refused), Attempt::Unchanged);
    skipped.tracking = crate::Tracking::Pending;
    suite.set_clock(60);
    stored(&*store, skipped).await;
    let untouched_since = |seconds| AbandonedPage {
        which: Abandoned::ByAge,
        from: Timestamp::MIN,
        until: noon(),
        untouched_since: at(seconds),
        account: None,
        after: None,
        limit: 10,
    };
    assert!(
        store
            .abandoned(untouched_since(59))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.abandoned(untouched_since(60)).await.unwrap().len(), 1);
}

/// Stats count what is there.
pub async fn stats_count_what_is_there(suite: &Suite<'_>) {
    let store = suite.open();
    assert_eq!(store.check().await.unwrap(), StoreStats::default());
    store.track(vec![order("shop", "A-9")]).await.unwrap();
    due(&*store, 1, "shop", 60).await;
    opened(&*store, 2, "shop", "A-2").await;
    for (number, state) in [
        (3, State::NeedsReview),
        (4, State::Done(Outcome::Confirmed)),
    ] {
        let record = due(&*store, number, "shop", 60).await;
        stored(&*store, change(&record, state, Attempt::Unchanged)).await;
    }
    let wanted = StoreStats {
        orders: 5,
        cancellations: 4,
        unsettled: 2,
        needs_review: 1,
    };
    assert_eq!(suite.open().check().await.unwrap(), wanted);
}

/// Everything survives the end of the program.
pub async fn everything_survives_the_end_of_the_program(suite: &Suite<'_>) {
    let store = suite.open();
    let begins = Attempt::Begins(duka_core::cancel::Repeat::Once);
    let record = opened(&*store, 1, "shop", "A-1").await;
    let record = stored(&*store, change(&record, State::Sending, begins)).await;
    let log = store.log(record.id).await.unwrap();
    let order = store.order(&record.key).await.unwrap();
    let holdings = store.check().await.unwrap();
    drop(store);

    let store = suite.open();
    assert_eq!(
        store.cancellation(record.id).await.unwrap().unwrap(),
        record
    );
    assert_eq!(
        store.cancellations_of(&record.key).await.unwrap(),
        std::slice::from_ref(&record)
    );
    assert_eq!(store.log(record.id).await.unwrap(), log);
    assert_eq!(store.order(&record.key).await.unwrap(), order);
    assert_eq!(store.check().await.unwrap(), holdings);
    let error = store.advance(change(&record, State::Sending, begins)).await;
    error.expect_err("the request of this order is on its way");
}
