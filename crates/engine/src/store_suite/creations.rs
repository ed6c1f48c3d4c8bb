//! What every store must do with requests to create orders.

use std::slice::from_ref;

use duka_core::cancel::{Outcome, State};
use duka_core::gateway::PaymentLink;
use duka_core::{CreationId, GatewayName, Money, OrderStatus};
use jiff::SignedDuration;

use super::changes::{change, opened, seen, stored};
use super::{Suite, account, at, key, noon, order};
use crate::creation::{BeginCreation, Creation, CreationEnd, Duplicates, Obstacle, OpenCreations};
use crate::store::Attempt;
use crate::{AmountCheck, Origin, Store, TrackedOrder};

/// A request to create an order, stored so many seconds after [`noon`].
pub fn creation(number: u128, account_name: &str, reference: &str, seconds: i64) -> Creation {
    Creation {
        id: CreationId::from_uuid(uuid::Uuid::from_u128(number)),
        account: account(account_name),
        gateway: GatewayName::from_static("kwikpaisa"),
        reference: reference.to_owned(),
        shop_order: None,
        expires_at: None,
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
        shop_order: creation.shop_order.clone(),
        expires_at: creation.expires_at,
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

async fn begin(store: &dyn Store, creation: Creation, order: Option<TrackedOrder>) {
    let begun = store.begin_creation(creation, order, Duplicates::Refuse);
    let begun = begun.await.unwrap();
    assert!(matches!(begun, BeginCreation::Begun), "{begun:?}");
}

fn created_as(order: TrackedOrder) -> CreationEnd {
    let address = format!("https://gateway.example/pay/{}", order.key.order);
    CreationEnd::Created {
        order: Box::new(order),
        payment_link: PaymentLink::from_stored(address),
    }
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
    begin(&*store, first.clone(), None).await;
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
    begin(&*store, second.clone(), None).await;
    assert!(end(&*store, &second, created_as(created.clone())).await);
    assert_eq!(open_creations(&*store).await, []);
    let tracked = store.find_orders("R-1").await.unwrap();
    assert_eq!(tracked, from_ref(&created));

    let third = creation(3, "shop", "R-3", 0);
    begin(&*store, third.clone(), None).await;
    let note = CreationEnd::Acknowledged("amina: not at the dashboard".to_owned());
    assert!(end(&*store, &third, note.clone()).await);
    assert!(!end(&*store, &third, note).await);
    assert_eq!(open_creations(&*store).await, []);
    end(&*store, &third, created_as(order("shop", "T-3"))).await;
    assert!(store.order(&key("shop", "T-3")).await.unwrap().is_some());
}

/// Of two requests for the same id, one is refused after the other has created the order.
pub async fn an_order_that_another_request_has_created_is_not_forgotten(suite: &Suite<'_>) {
    let store = suite.open();
    let requests = [creation(1, "shop", "A-1", 0), creation(2, "shop", "A-1", 1)];
    for request in &requests {
        begin(&*store, request.clone(), Some(own(request))).await;
    }
    end(&*store, &requests[1], created_as(own(&requests[1]))).await;
    let refused = CreationEnd::NotCreated("the id exists".to_owned());
    end(&*store, &requests[0], refused).await;
    let order = store.order(&key("shop", "A-1")).await.unwrap();
    assert!(order.is_some(), "the order is at its gateway");
}

/// What a list says of an order is not changed by a request that was refused.
pub async fn an_order_keeps_its_age_and_origin_when_creating_it_again_is_refused(
    suite: &Suite<'_>,
) {
    let store = suite.open();
    let listed = TrackedOrder {
        origin: Origin::List,
        ..order("shop", "A-1")
    };
    store.track(vec![listed.clone()]).await.unwrap();
    let requests = [
        creation(1, "shop", "A-1", 60),
        creation(2, "shop", "A-1", 70),
    ];
    for request in &requests {
        begin(&*store, request.clone(), Some(own(request))).await;
    }
    let known = || async { store.order(&listed.key).await.unwrap().unwrap() };
    assert_eq!(known().await.created_at, at(70), "it may be created now");
    let refused = || CreationEnd::NotCreated("refused".to_owned());
    end(&*store, &requests[1], refused()).await;
    assert_eq!(
        known().await.created_at,
        at(60),
        "the first may still create it"
    );
    end(&*store, &requests[0], refused()).await;
    assert_eq!(known().await, listed);
}

/// An order that is tracked only because of a request that created nothing.
pub async fn an_order_that_was_not_created_is_tracked_no_longer(suite: &Suite<'_>) {
    let store = suite.open();
    let first = creation(1, "shop", "A-1", 0);
    begin(&*store, first.clone(), Some(own(&first))).await;
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
        begin(&*store, creation.clone(), Some(own(creation))).await;
    }
    assert!(end(&*store, &first, refused()).await);
    assert!(stays("A-1").await);
    assert_eq!(open_creations(&*store).await, from_ref(&second));

    // It was created by another request.
    assert!(end(&*store, &second, created_as(own(&second))).await);
    let third = creation(3, "shop", "A-1", 2);
    begin(&*store, third.clone(), Some(own(&third))).await;
    assert!(end(&*store, &third, refused()).await);
    assert!(stays("A-1").await);

    // It has a cancellation.
    let fourth = creation(4, "shop", "A-4", 0);
    begin(&*store, fourth.clone(), Some(own(&fourth))).await;
    opened(&*store, 4, "shop", "A-4").await;
    assert!(end(&*store, &fourth, refused()).await);
    assert!(stays("A-4").await);
}

/// Where a status shows an order, the requests for it are about that order.
pub async fn an_order_that_is_seen_closes_the_requests_that_may_have_created_it(suite: &Suite<'_>) {
    let store = suite.open();
    let own_id = creation(1, "shop", "A-1", 0);
    begin(&*store, own_id.clone(), Some(own(&own_id))).await;
    let by_reference = creation(2, "shop", "R-2", 0);
    begin(&*store, by_reference, None).await;
    let elsewhere = creation(3, "other", "A-1", 0);
    begin(&*store, elsewhere.clone(), None).await;
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
    begin(&*store, creation.clone(), Some(own(&creation))).await;
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
        begin(&*store, creation.clone(), None).await;
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

/// A request to create an attempt for shop order `17`.
fn attempt(number: u128, reference: &str) -> Creation {
    Creation {
        shop_order: Some("17".to_owned()),
        expires_at: Some(at(2_700)),
        ..creation(number, "shop", reference, 0)
    }
}

/// What stands in the way of a creation, in short.
async fn obstacle(
    store: &dyn Store,
    creation: &Creation,
    order: Option<TrackedOrder>,
    duplicates: Duplicates,
) -> Option<(&'static str, String)> {
    let begun = store.begin_creation(creation.clone(), order, duplicates);
    Some(match begun.await.unwrap() {
        BeginCreation::Begun => return None,
        BeginCreation::Refused(Obstacle::CancelledId(key)) => ("cancelled", key.order.to_string()),
        BeginCreation::Refused(Obstacle::OtherAmount { order, .. }) => {
            ("another amount", order.order.to_string())
        }
        BeginCreation::Refused(Obstacle::PaidAttempt(key)) => ("paid", key.order.to_string()),
        BeginCreation::Refused(Obstacle::OpenAttempt {
            reference,
            payment_link,
            ..
        }) => {
            let link = payment_link.map(|link| link.reveal().to_owned());
            ("open", link.unwrap_or(reference))
        }
    })
}

/// An attempt is open from the moment on at which its creation is stored, until its order has
/// ended; attempts are orders of one account.
pub async fn a_second_attempt_for_a_shop_order_is_not_begun_while_one_is_open(suite: &Suite<'_>) {
    let store = suite.open();
    let asks = async |creation: &Creation, duplicates| {
        obstacle(&*store, creation, Some(own(creation)), duplicates).await
    };
    let first = attempt(1, "A-1");
    assert_eq!(asks(&first, Duplicates::Refuse).await, None);
    assert_eq!(open_creations(&*store).await, from_ref(&first));
    let second = attempt(2, "A-2");
    let open = Some(("open", "A-1".to_owned()));
    assert_eq!(asks(&second, Duplicates::Refuse).await, open);
    end(&*store, &first, created_as(own(&first))).await;
    let link = Some(("open", "https://gateway.example/pay/A-1".to_owned()));
    assert_eq!(asks(&second, Duplicates::Refuse).await, link);
    // Nothing of what was refused is kept.
    assert_eq!(open_creations(&*store).await, []);
    assert_eq!(store.order(&key("shop", "A-2")).await.unwrap(), None);
    let elsewhere = Creation {
        account: account("other"),
        ..attempt(3, "A-3")
    };
    assert_eq!(asks(&elsewhere, Duplicates::Refuse).await, None);
    // The same order again is no other attempt.
    assert_eq!(asks(&attempt(4, "A-1"), Duplicates::Refuse).await, None);

    let but = Duplicates::RefuseBut(key("shop", "A-1"));
    assert_eq!(asks(&second, but.clone()).await, None);
    let third = attempt(5, "A-5");
    assert_eq!(asks(&third, but).await, Some(("open", "A-2".to_owned())));
    assert_eq!(asks(&third, Duplicates::Allow).await, None);
    for id in ["A-1", "A-2", "A-5"] {
        let failed = seen(OrderStatus::Failed, 60);
        store
            .observe(&key("shop", id), failed, AmountCheck::Compare, "w1")
            .await
            .unwrap();
    }
    assert_eq!(asks(&attempt(6, "A-6"), Duplicates::Refuse).await, None);

    // Where the id comes with the answer, the request itself is the attempt.
    let asks =
        async |creation: &Creation| obstacle(&*store, creation, None, Duplicates::Refuse).await;
    let by_reference = |number, reference: &str| Creation {
        shop_order: Some("18".to_owned()),
        ..attempt(number, reference)
    };
    assert_eq!(asks(&by_reference(7, "R-1")).await, None);
    let open = Some(("open", "R-1".to_owned()));
    assert_eq!(asks(&by_reference(8, "R-2")).await, open);
    assert_eq!(asks(&by_reference(9, "R-1")).await, None);
}

/// The look at the attempts and the write are one.
pub async fn of_many_attempts_that_begin_at_once_exactly_one_does(suite: &Suite<'_>) {
    let tasks = (1..=8).map(|number| {
        let (store, creation) = (suite.open(), attempt(number, &format!("A-{number}")));
        tokio::spawn(async move {
            let order = Some(own(&creation));
            obstacle(&*store, &creation, order, Duplicates::Refuse).await
        })
    });
    let mut begun = 0;
    for task in tasks.collect::<Vec<_>>() {
        begun += u32::from(task.await.unwrap().is_none());
    }
    assert_eq!(begun, 1);
}

/// A payment for the shop order forbids another attempt, unless it is made knowingly.
pub async fn a_shop_order_whose_attempt_is_paid_gets_no_other(suite: &Suite<'_>) {
    let store = suite.open();
    let first = attempt(1, "A-1");
    begin(&*store, first.clone(), Some(own(&first))).await;
    end(&*store, &first, created_as(own(&first))).await;
    let paid = seen(OrderStatus::Paid, 60);
    store
        .observe(&key("shop", "A-1"), paid, AmountCheck::Compare, "w1")
        .await
        .unwrap();
    let second = attempt(2, "A-2");
    for duplicates in [
        Duplicates::Refuse,
        Duplicates::RefuseBut(key("shop", "A-1")),
    ] {
        let found = obstacle(&*store, &second, Some(own(&second)), duplicates).await;
        assert_eq!(found, Some(("paid", "A-1".to_owned())));
    }
    let found = obstacle(&*store, &second, Some(own(&second)), Duplicates::Allow).await;
    assert_eq!(found, None);
}

/// An id stays used by an order that is cancelled, or about to be, under its own or the
/// merchant's id.
pub async fn an_id_whose_order_is_cancelled_is_not_used_again(suite: &Suite<'_>) {
    let store = suite.open();
    let asks = async |number, reference: &str, own_id: bool| {
        let creation = creation(number, "shop", reference, 0);
        let order = own_id.then(|| own(&creation));
        obstacle(&*store, &creation, order, Duplicates::Allow).await
    };
    // Seen cancelled.
    store.track(vec![order("shop", "A-1")]).await.unwrap();
    assert_eq!(asks(1, "A-1", true).await, None);
    let cancelled = seen(OrderStatus::Cancelled, 60);
    store
        .observe(&key("shop", "A-1"), cancelled, AmountCheck::Compare, "w1")
        .await
        .unwrap();
    let used = Some(("cancelled", "A-1".to_owned()));
    assert_eq!(asks(2, "A-1", true).await, used);
    // Cancelled by us, under a reference.
    let referred = TrackedOrder {
        reference: Some("R-1".to_owned()),
        ..order("shop", "T-1")
    };
    store.track(vec![referred]).await.unwrap();
    let cheap = TrackedOrder {
        money: Some(Money::parse("7", "INR").unwrap()),
        reference: Some("R-3".to_owned()),
        ..order("shop", "T-3")
    };
    store.track(vec![cheap]).await.unwrap();
    let another = Some(("another amount", "T-3".to_owned()));
    assert_eq!(asks(3, "R-3", false).await, another);
    assert_eq!(asks(3, "R-1", false).await, None);
    let used = Some(("cancelled", "T-1".to_owned()));
    let record = opened(&*store, 1, "shop", "T-1").await;
    assert_eq!(asks(4, "R-1", false).await, used);
    let refused = State::Done(Outcome::Refused);
    stored(&*store, change(&record, refused, Attempt::Unchanged)).await;
    assert_eq!(asks(5, "R-1", false).await, None);
    for (number, outcome) in [(2, Outcome::Confirmed), (3, Outcome::ResolvedCancelled)] {
        let record = opened(&*store, number, "shop", "T-1").await;
        stored(
            &*store,
            change(&record, State::Done(outcome), Attempt::Unchanged),
        )
        .await;
        assert_eq!(asks(6, "R-1", false).await, used);
    }
    // Another account's id is another id.
    let elsewhere = creation(7, "other", "A-1", 0);
    let found = obstacle(
        &*store,
        &elsewhere,
        Some(own(&elsewhere)),
        Duplicates::Allow,
    )
    .await;
    assert_eq!(found, None);
}
