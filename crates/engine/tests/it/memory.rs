//! A sweep holds a bounded part of its list, however long that is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use duka_core::OrderStatus;
use duka_engine::TrackedOrder;
use duka_engine::sweep::{Bounds, ListError, Source, SweepEvent};

use crate::fixture::{Fixture, order};
use crate::scripted::Scripted;

/// How many orders of a list have been read and not been answered for.
#[derive(Default)]
struct Held {
    read: AtomicUsize,
    most: AtomicUsize,
}

/// Orders made as they are read; `handled` counts those that the sweep has dealt with.
fn lazily(count: usize, held: &Arc<Held>, handled: &Arc<AtomicUsize>) -> Source {
    let (held, handled) = (Arc::clone(held), Arc::clone(handled));
    let orders = (0..count).map(move |n| {
        let read = held.read.fetch_add(1, Ordering::SeqCst) + 1;
        let open = read - handled.load(Ordering::SeqCst).min(read);
        held.most.fetch_max(open, Ordering::SeqCst);
        Ok::<TrackedOrder, ListError>(order("shop", &format!("A-{n}")))
    });
    Source::List(Box::pin(futures::stream::iter(orders)))
}

/// The most orders that a sweep of so many held at a time.
async fn most_held(count: usize) -> usize {
    let fixture = Fixture::new(Scripted::once_only());
    // Paid orders end after one read: the store is asked for the least that it can be.
    for n in 0..count {
        fixture.gateway.set(&format!("A-{n}"), OrderStatus::Paid);
    }
    let (held, handled) = (Arc::<Held>::default(), Arc::<AtomicUsize>::default());
    let source = lazily(count, &held, &handled);
    let bounds = Bounds {
        concurrency: 64,
        ..Bounds::default()
    };
    let stop = tokio_util::sync::CancellationToken::new();
    let cron = crate::fixture::by("cron");
    let count_told = |news: SweepEvent<'_>| {
        if let SweepEvent::Cancellation(_) = news {
            handled.fetch_add(1, Ordering::SeqCst);
        }
    };
    let swept = fixture
        .canceller
        .sweep(source, &bounds, &cron, &stop, &count_told);
    let summary = swept.await.unwrap();
    assert_eq!(summary.skipped, u64::try_from(count).unwrap());
    held.most.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_sweep_holds_does_not_grow_with_its_list() {
    let short = most_held(500).await;
    let long = most_held(5_000).await;
    // One batch that is being followed, and what is being worked on.
    assert!(
        short <= 600 && long <= 600,
        "{short} and {long} orders were held"
    );
}
