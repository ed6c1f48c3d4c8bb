//! What every store must do with requests to create orders.

use std::slice::from_ref;

use duka_core::{CreationId, GatewayName, Money, OrderStatus};
use jiff::SignedDuration;

use super::changes::{opened, seen};
use super::{Suite, account, at, key, noon, order};
use crate::create::{Creation, CreationEnd, OpenCreations};
use crate::{AmountCheck, Store, TrackedOrder};

/// A request to create an order, stored so many seconds after [`noon`].
pub fn creation(number: u128, account_name: &str, reference: &str, seconds: i64) -> Creation {
    Creation {
        id: CreationId::from_uuid(uuid::Uuid::from_u128(number)),
        account: account(account_name),
        gateway: GatewayName::from_static("kwikpaisa"),
        reference: reference.to_owned(),
        money: Money::parse("105.50", "INR").unwrap(),
        message: None,
        started_at: at(seconds),
    }
}

/// The order of a request, where its reference is its id.
fn own(creation: &Creation) -> TrackedOrder {
    TrackedOrder {
        money: Some(creation.money),
        reference: Some(creation.reference.clone()),
        created_at: creation.started_at,
        ..order(creation.account.as_str(), &creation.reference)
    }
}

/// Every open request, read in pages of two.
pub async fn open_creations(store: &dyn Store) -> Vec<Creation> {
    let mut page = OpenCreations {
        limit: 2,
        ..OpenCreations::default()
    };
    let mut all = Vec::new();
    loop {
        let found = store.open_creations(page.clone()).await.unwrap();
        let Some(last) = found.last() else {
            return all;
        };
        page.after = Some((last.started_at, last.id));
        all.extend(found);
    }
}

fn created_as(order: TrackedOrder) -> CreationEnd {
    CreationEnd::Created(Box::new(order))
}

async fn end(store: &dyn Store, creation: &Creation, end: CreationEnd) -> bool {
    let ended = store.end_creation(creation.id, end).await;
    ended.unwrap().is_some()
}

/// A request stays open until its answer, which tracks the order in the same write. An operator
/// may close it, and an answer that comes after that still tracks the order.
pub async fn a_request_to_create_is_open_until_its_order_is_tracked(suite: &Suite<'_>) {
    let store = suite.open();
    let first = creation(1, "shop", "R-1", 0);
    store.begin_creation(first.clone(), None).await.unwrap();
    assert_eq!(open_creations(&*store).await, from_ref(&first));
    assert!(store.find_orders("R-1").await.unwrap().is_empty());

    let why = "gateway out of reach: timed out";
    assert!(end(&*store, &first, CreationEnd::Unknown(why.to_owned())).await);
    let unknown = Creation {
        message: Some(why.to_owned()),
        ..first.clone()
    };
    assert_eq!(open_creations(&*store).await, [unknown]);

    let created = TrackedOrder {
        reference: Some("R-1".to_owned()),
        ..order("shop", "T-1")
    };
    // A second request of the same reference is about the same order.
    let second = creation(2, "shop", "R-1", 1);
    store.begin_creation(second.clone(), None).await.unwrap();
    assert!(end(&*store, &second, created_as(created.clone())).await);
    assert_eq!(open_creations(&*store).await, []);
    let tracked = store.find_orders("R-1").await.unwrap();
    assert_eq!(tracked, from_ref(&created));

    let third = creation(3, "shop", "R-3", 0);
    store.begin_creation(third.clone(), None).await.unwrap();
    let note = CreationEnd::Acknowledged("amina: not at the dashboard".to_owned());
    assert!(end(&*store, &third, note.clone()).await);
    assert!(!end(&*store, &third, note).await);
    assert_eq!(open_creations(&*store).await, []);
    end(&*store, &third, created_as(order("shop", "T-3"))).await;
    assert!(store.order(&key("shop", "T-3")).await.unwrap().is_some());
}

/// An order that is tracked only because of a request that created nothing.
pub async fn an_order_that_was_not_created_is_tracked_no_longer(suite: &Suite<'_>) {
    let store = suite.open();
    let first = creation(1, "shop", "A-1", 0);
    let begun = store.begin_creation(first.clone(), Some(own(&first)));
    begun.await.unwrap();
    let kept = store.order(&key("shop", "A-1")).await.unwrap();
    assert_eq!(kept, Some(own(&first)));
    let refused = || CreationEnd::NotCreated("refused".to_owned());
    assert!(end(&*store, &first, refused()).await);
    assert_eq!(store.order(&key("shop", "A-1")).await.unwrap(), None);
    assert_eq!(open_creations(&*store).await, []);
}

/// What keeps an order tracked although a request for it created nothing.
pub async fn an_order_that_may_exist_or_was_known_before_stays_tracked(suite: &Suite<'_>) {
    let store = suite.open();
    let refused = || CreationEnd::NotCreated("refused".to_owned());
    let stays = async |id: &str| store.order(&key("shop", id)).await.unwrap().is_some();

    // Another request may have created it.
    let (first, second) = (creation(1, "shop", "A-1", 0), creation(2, "shop", "A-1", 1));
    for creation in [&first, &second] {
        let begun = store.begin_creation(creation.clone(), Some(own(creation)));
        begun.await.unwrap();
    }
    assert!(end(&*store, &first, refused()).await);
    assert!(stays("A-1").await);
    assert_eq!(open_creations(&*store).await, from_ref(&second));

    // It was created by another request.
    assert!(end(&*store, &second, created_as(own(&second))).await);
    let third = creation(3, "shop", "A-1", 2);
    let begun = store.begin_creation(third.clone(), Some(own(&third)));
    begun.await.unwrap();
    assert!(end(&*store, &third, refused()).await);
    assert!(stays("A-1").await);

    // It has a cancellation.
    let fourth = creation(4, "shop", "A-4", 0);
    let begun = store.begin_creation(fourth.clone(), Some(own(&fourth)));
    begun.await.unwrap();
    opened(&*store, 4, "shop", "A-4").await;
    assert!(end(&*store, &fourth, refused()).await);
    assert!(stays("A-4").await);
}

/// Where a status shows an order, the requests for it are about that order.
pub async fn an_order_that_is_seen_closes_the_requests_that_may_have_created_it(suite: &Suite<'_>) {
    let store = suite.open();
    let own_id = creation(1, "shop", "A-1", 0);
    let begun = store.begin_creation(own_id.clone(), Some(own(&own_id)));
    begun.await.unwrap();
    let by_reference = creation(2, "shop", "R-2", 0);
    store.begin_creation(by_reference, None).await.unwrap();
    let elsewhere = creation(3, "other", "A-1", 0);
    store.begin_creation(elsewhere.clone(), None).await.unwrap();
    // An operator has found it at the dashboard, and tracks it.
    let found = TrackedOrder {
        reference: Some("R-2".to_owned()),
        ..order("shop", "T-2")
    };
    store.track(vec![found]).await.unwrap();
    assert_eq!(open_creations(&*store).await.len(), 3);
    for id in ["A-1", "T-2"] {
        let unpaid = seen(OrderStatus::Unpaid, 60);
        store
            .observe(&key("shop", id), unpaid, AmountCheck::Compare, "w1")
            .await
            .unwrap();
    }
    assert_eq!(open_creations(&*store).await, [elsewhere]);
}

/// An order is as young as its creation, and its facts are those it was created with.
pub async fn an_order_that_was_just_created_begins_its_life_now_whatever_was_listed_of_its_id(
    suite: &Suite<'_>,
) {
    let store = suite.open();
    let listed = TrackedOrder {
        money: Some(Money::parse("7", "INR").unwrap()),
        ..order("shop", "A-1")
    };
    let kept = async || store.order(&listed.key).await.unwrap().unwrap();
    store.track(vec![listed.clone()]).await.unwrap();
    let creation = creation(1, "shop", "A-1", 0);
    let begun = store.begin_creation(creation.clone(), Some(own(&creation)));
    begun.await.unwrap();
    // Until the answer, another order may have this id.
    assert_eq!(kept().await.created_at, noon());
    assert_eq!(kept().await.money, listed.money);
    let created = own(&creation);
    end(&*store, &creation, created_as(created.clone())).await;
    assert_eq!(kept().await, created);
    // It is not made older by a reply that comes for the second time.
    let older = TrackedOrder {
        created_at: noon() - SignedDuration::from_hours(1),
        ..created
    };
    end(&*store, &creation, created_as(older)).await;
    assert_eq!(kept().await.created_at, noon());
}

/// A reader gets each open request once, also where several began at the same moment.
pub async fn open_requests_come_oldest_first_page_by_page(suite: &Suite<'_>) {
    let store = suite.open();
    let mut all = Vec::new();
    for number in 1..=5 {
        let seconds = if number < 4 { 7 } else { 3 };
        let creation = creation(number, "shop", &format!("R-{number}"), seconds);
        store.begin_creation(creation.clone(), None).await.unwrap();
        all.push(creation);
    }
    all.sort_by_key(|creation| (creation.started_at, creation.id));
    assert_eq!(open_creations(&*store).await, all);
    let chosen = |account_name: Option<&str>, reference: Option<&str>| OpenCreations {
        account: account_name.map(account),
        reference: reference.map(str::to_owned),
        after: None,
        limit: 10,
    };
    let found = store.open_creations(chosen(None, Some("R-2"))).await;
    assert_eq!(found.unwrap(), [creation(2, "shop", "R-2", 7)]);
    let found = store.open_creations(chosen(Some("other"), None)).await;
    assert_eq!(found.unwrap(), []);
}
