//! What every store must do about orders that a person holds.

use duka_core::cancel::{Repeat, State};
use duka_core::{GatewayName, OrderStatus};

use super::changes::{change, opened, seen, stored};
use super::{Suite, at, key, noon, order};
use crate::store::{
    Abandoned, AbandonedPage, Attempt, HeldPage, HoldChange, Obstacle, Precondition, Update,
    UpdateResult,
};
use crate::{Hold, OrderEvent, OrderKey, Store, StoreErrorKind, TrackedOrder};

pub(super) fn place(by: &str, note: &str) -> HoldChange {
    HoldChange::Place {
        by: by.to_owned(),
        note: note.to_owned(),
    }
}

fn release(by: &str) -> HoldChange {
    HoldChange::Release { by: by.to_owned() }
}

fn hold(by: &str, seconds: i64, note: &str) -> Hold {
    Hold {
        by: by.to_owned(),
        at: at(seconds),
        note: note.to_owned(),
    }
}

/// A hold is kept with who and why, and is not changed by a second.
pub async fn a_hold_is_kept_with_who_and_why_and_is_not_changed_by_a_second(suite: &Suite<'_>) {
    let (store, key) = (suite.open(), key("shop", "A-1"));
    let unknown = store
        .change_hold(&key, place("amina", "pays by cheque"))
        .await;
    assert_eq!(unknown.unwrap_err().kind(), StoreErrorKind::UnknownOrder);
    store.track(vec![order("shop", "A-1")]).await.unwrap();
    let nothing_to_release = store.change_hold(&key, release("joe")).await;
    assert_eq!(nothing_to_release.unwrap(), None);
    suite.set_clock(10);
    let first = store
        .change_hold(&key, place("amina", "pays by cheque"))
        .await;
    assert_eq!(first.unwrap(), None);
    let held = Some(hold("amina", 10, "pays by cheque"));
    suite.set_clock(20);
    let second = store
        .change_hold(&key, place("joe", "so said the boss"))
        .await;
    assert_eq!(second.unwrap(), held);
    let kept = suite.open().order(&key).await.unwrap().unwrap();
    assert_eq!(kept.hold, held);
    suite.set_clock(30);
    assert_eq!(store.change_hold(&key, release("joe")).await.unwrap(), held);
    assert_eq!(store.order(&key).await.unwrap().unwrap().hold, None);
    let log = store.order_events(&key).await.unwrap();
    let line = |seconds, event: &str, actor: &str, note: Option<&str>| OrderEvent {
        at: at(seconds),
        event: event.to_owned(),
        actor: actor.to_owned(),
        note: note.map(str::to_owned),
    };
    assert_eq!(
        log,
        [
            line(10, "held", "amina", Some("pays by cheque")),
            line(30, "released", "joe", None),
        ]
    );
    let other = super::key("other", "A-1");
    assert!(store.order_events(&other).await.unwrap().is_empty());
}

async fn offered(store: &dyn Store) -> Vec<String> {
    let page = AbandonedPage {
        which: Abandoned::ByAge,
        from: noon() - 100 * super::MINUTE,
        until: noon(),
        untouched_since: noon(),
        account: None,
        after: None,
        limit: 10,
    };
    let orders = store.abandoned(page).await.unwrap().into_iter();
    orders.map(|order| order.key.to_string()).collect()
}

/// A held order is not offered to a sweep until it is released.
pub async fn a_held_order_is_not_offered_to_a_sweep_until_it_is_released(suite: &Suite<'_>) {
    let store = suite.open();
    let orders = vec![order("shop", "A-1"), order("shop", "A-2")];
    store.track(orders).await.unwrap();
    let key = key("shop", "A-1");
    store
        .change_hold(&key, place("amina", "calls back"))
        .await
        .unwrap();
    assert_eq!(offered(&*store).await, ["A-2 at shop"]);
    store.change_hold(&key, release("amina")).await.unwrap();
    assert_eq!(offered(&*store).await, ["A-1 at shop", "A-2 at shop"]);
}

/// The change of an opened record that is about to send a request.
async fn sends(store: &dyn Store, number: u128, account: &str, repeat: Repeat) -> Update {
    let record = opened(store, number, account, "A-1").await;
    Update {
        precondition: Precondition::Unpaid,
        ..change(&record, State::Sending, Attempt::Begins(repeat))
    }
}

/// No request is written down for an order that is held.
pub async fn no_request_is_written_down_for_an_order_that_is_held(suite: &Suite<'_>) {
    let store = suite.open();
    // Where a repeat is harmless, another account has orders of its own.
    for (number, account, repeat, held) in [
        (1, "shop", Repeat::Harmless, true),
        (2, "other", Repeat::Harmless, false),
        (3, "third", Repeat::Once, true),
    ] {
        if number == 1 {
            let key = key("shop", "A-1");
            store.track(vec![order("shop", "A-1")]).await.unwrap();
            store
                .change_hold(&key, place("amina", "calls back"))
                .await
                .unwrap();
        }
        let update = sends(&*store, number, account, repeat).await;
        let before = store.cancellation(update.change.id).await.unwrap();
        // A change that sends nothing is written, even if the order is held.
        let written = store.advance(update.clone()).await.unwrap();
        if held {
            let UpdateResult::PreconditionFailed(Obstacle::Held(by)) = written else {
                panic!("{account}: {written:?}");
            };
            assert_eq!(by, hold("amina", 0, "calls back"));
            assert_eq!(store.cancellation(update.change.id).await.unwrap(), before);
            let waits = change(&before.unwrap(), State::InDoubt, Attempt::Unchanged);
            let waits = Update {
                precondition: Precondition::Unpaid,
                ..waits
            };
            let waits = stored(&*store, waits).await;
            assert_eq!(waits.progress.state, State::InDoubt);
        } else {
            assert!(matches!(written, UpdateResult::Stored(_)), "{written:?}");
        }
    }
    // A payment says more than a hold.
    let paid = seen(OrderStatus::Paid, 1);
    let key = key("shop", "A-1");
    let check = crate::AmountCheck::Ignore;
    store.observe(&key, paid, check, "w1").await.unwrap();
    let record = store.cancellations_of(&key).await.unwrap().remove(0);
    let update = Update {
        precondition: Precondition::Unpaid,
        ..change(&record, State::Sending, Attempt::Begins(Repeat::Harmless))
    };
    let written = store.advance(update).await.unwrap();
    let UpdateResult::PreconditionFailed(obstacle) = written else {
        panic!("{written:?}");
    };
    assert_eq!(obstacle, Obstacle::SeenPaid(OrderStatus::Paid));
}

/// Held orders are listed page by page.
pub async fn held_orders_are_listed_page_by_page(suite: &Suite<'_>) {
    let store = suite.open();
    let at_pesapal = TrackedOrder {
        gateway: GatewayName::from_static("pesapal"),
        ..order("other", "B-1")
    };
    let orders = vec![order("shop", "A-1"), order("shop", "A-2"), at_pesapal];
    store.track(orders).await.unwrap();
    for (seconds, account, id) in [
        (10, "shop", "A-2"),
        (20, "other", "B-1"),
        (30, "shop", "A-1"),
    ] {
        suite.set_clock(seconds);
        store
            .change_hold(&key(account, id), place("amina", "why"))
            .await
            .unwrap();
    }
    let listed = async |mut page: HeldPage| {
        let mut keys: Vec<OrderKey> = Vec::new();
        loop {
            let orders = store.held(page.clone()).await.unwrap();
            if !page.advance(&orders) {
                return keys.iter().map(ToString::to_string).collect::<Vec<_>>();
            }
            keys.extend(orders.into_iter().map(|order| order.key));
        }
    };
    let all = HeldPage {
        limit: 2,
        ..HeldPage::default()
    };
    assert_eq!(
        listed(all.clone()).await,
        ["A-2 at shop", "B-1 at other", "A-1 at shop"]
    );
    let shops = HeldPage {
        account: Some(super::account("shop")),
        ..all.clone()
    };
    assert_eq!(listed(shops).await, ["A-2 at shop", "A-1 at shop"]);
    let late = HeldPage {
        since: Some(at(20)),
        ..all.clone()
    };
    assert_eq!(listed(late).await, ["B-1 at other", "A-1 at shop"]);
    let early = HeldPage {
        until: Some(at(19)),
        ..all.clone()
    };
    assert_eq!(listed(early).await, ["A-2 at shop"]);
    store
        .change_hold(&key("other", "B-1"), release("joe"))
        .await
        .unwrap();
    assert_eq!(listed(all).await, ["A-2 at shop", "A-1 at shop"]);
}
