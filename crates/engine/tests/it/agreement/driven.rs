//! The changes that are played here are those that the driver makes: it is watched at work,
//! and each of its changes is made again from the step that led to it.

use std::sync::Arc;

use duka_core::cancel::{CancelRules, Event, Resolution, WaitPolicy, step};
use duka_core::{Gateway, OrderStatus};
use duka_engine::Store;
use duka_engine::store::{Claim, Update};
use jiff::Timestamp;

use super::asked::{Answer, Call};
use super::between::Between;
use super::drive::{self, Transition};
use super::model::Model;
use super::moves;
use crate::fixture::{LONG, MINUTE, TempStore, by, key, order, worker};
use crate::scripted::{Answer as Reply, Scripted};

/// The event that a change says it follows from.
fn event_of(change: &Update) -> Event {
    let name = change.change.entry.event.as_str();
    if name == "status" {
        return Event::Observed(change.change.next.verified.clone().unwrap());
    }
    let mut events = moves::events().into_iter();
    events.find(|event| event.as_str() == name).unwrap()
}

/// Makes the driver's change again. Who did it, in which words and with which sight is what
/// the world tells it; the rest must follow.
fn made_again(change: &Update, now: Timestamp, model: &Model, rules: &CancelRules) -> Update {
    let record = model.present(change.change.id).unwrap();
    let event = event_of(change);
    let wait_policy = WaitPolicy::default();
    let step = step(&record.progress, &event, rules, &wait_policy, now).unwrap();
    let transition = Transition {
        event: &event,
        actor: &change.change.entry.actor,
        detail: change.change.entry.detail.clone(),
        message: change.change.message.clone(),
        seen: change.seen.clone(),
    };
    let claim = Claim::new("w1", 2 * MINUTE);
    drive::change(record, &step, transition, rules, &claim, now)
}

/// Cancels an order twice, pays it in the end, and lets a person decide: everything that
/// makes the driver write. Returns how many changes it made.
async fn watch(shop: &str, gateway: Scripted) -> usize {
    let (temp_store, gateway) = (TempStore::new(), Arc::new(gateway));
    let clock = temp_store.clock.clock();
    let between = Arc::new(Between::open(&temp_store.path(), clock.clone(), None));
    let store: Arc<dyn Store> = Arc::<Between>::clone(&between);
    let canceller = worker("w1", store, clock, &[(shop, &gateway)]);
    let key = key(shop, "A-1");
    let mut records = Vec::new();
    for truth in [OrderStatus::Unpaid, OrderStatus::Paid] {
        let handled = canceller
            .cancel(order(shop, "A-1"), by("amina"), LONG)
            .await;
        let id = handled.unwrap().record.id;
        records.push(id);
        // Whether there is anything to decide depends on how it went.
        let _ = canceller
            .resolve(id, Resolution::Cancelled, "amina", "looked")
            .await;
        gateway.set("A-1", truth);
        canceller.status(&key).await.unwrap();
        let _ = canceller
            .resolve(id, Resolution::Acknowledged, "amina", "sent back")
            .await;
    }

    let (mut model, mut changes) = (Model::default(), 0);
    for (now, call) in between.heard() {
        if let Call::Advance(change) = &call {
            changes += 1;
            let wanted = made_again(change, now, &model, gateway.cancel_rules());
            assert_eq!(format!("{change:?}"), format!("{wanted:?}"));
        }
        let answer = model.take(&call, now);
        assert!(
            !matches!(answer, Answer::Broken(_) | Answer::UnknownOrder),
            "{answer:?}"
        );
    }
    assert_eq!(between.order(&key).await.unwrap(), model.order(&key));
    for id in records {
        let stored = between.cancellation(id).await.unwrap();
        assert_eq!(stored.as_ref(), model.present(id));
        assert_eq!(between.log(id).await.unwrap(), model.log(id));
    }
    changes
}

#[tokio::test(start_paused = true)]
async fn the_changes_that_are_played_are_those_that_the_driver_makes() {
    let replies = [
        Reply::Yes,
        Reply::EmptyYes,
        Reply::No,
        Reply::AppliedButLost,
        Reply::Lost,
        Reply::NotSent,
        Reply::Unauthenticated,
        Reply::Unlisted,
        Reply::Hangs,
    ];
    for reply in replies {
        for (shop, gateway) in [
            ("shop-in", Scripted::repeatable()),
            ("shop-ke", Scripted::once_only()),
        ] {
            // First as the test wants it, then as it comes.
            let changes = watch(shop, gateway.will_answer([reply])).await;
            println!("{shop}, {reply:?}: {changes} changes");
            assert!(changes > 3, "{shop}, {reply:?}: next to nothing was made");
        }
    }
}
