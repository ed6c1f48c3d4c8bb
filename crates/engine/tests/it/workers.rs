//! Two workers on one store: whose turn it is, and what a late answer is worth.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use duka_core::CancellationId;
use duka_core::cancel::{Outcome, State};
use duka_core::clock::SharedClock;
use duka_engine::store::{Claim, NewCancellation};
use duka_engine::store_suite::changes::new_cancellation;
use duka_engine::sweep::{Bounds, Source, SweepEvent};
use duka_engine::{Canceller, Record, Request, SqliteStore, Store};
use tokio_util::sync::CancellationToken;

use crate::faulty_store::FaultyStore;
use crate::fixture::{
    Fixture, HOUR, LONG, MINUTE, TempStore, by, elsewhere, key, noon, order, worker,
};
use crate::scripted::{Answer, Scripted};

/// Where a fake finds the store that is made after it.
type Path = Arc<OnceLock<PathBuf>>;

/// A second worker, whose clock is ten minutes ahead.
fn second(path: &Path, gateway: &Arc<Scripted>) -> Canceller {
    let clock = SharedClock::new(|| noon() + 10 * MINUTE);
    let store = Arc::new(SqliteStore::open(path.get().unwrap(), clock.clone()).unwrap());
    worker("w2", store, clock, &[("shop", gateway)])
}

async fn settle(canceller: &Canceller) {
    let bounds = Bounds {
        wait: Duration::ZERO,
        ..Bounds::default()
    };
    let (cron, stop) = (by("cron"), CancellationToken::new());
    let list = Source::List(Box::pin(futures::stream::empty()));
    let swept = canceller.sweep(list, &bounds, &cron, &stop, &|_: SweepEvent<'_>| {});
    swept.await.unwrap();
}

/// A cancellation during whose request `meanwhile` happens.
async fn interrupted(
    gateway: Scripted,
    mut meanwhile: impl FnMut(&Path) + Send + 'static,
) -> (Fixture, Record) {
    let path = Path::default();
    let there = path.clone();
    let fixture = Fixture::new(gateway.during_cancel(move |_| meanwhile(&there)));
    path.set(fixture.temp_store.path()).unwrap();
    let record = fixture.cancel(LONG).await;
    (fixture, record)
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_counts_after_another_worker_has_taken_over() {
    for (answer, outcome) in [
        (Answer::Yes, Outcome::Confirmed),
        (Answer::No, Outcome::Refused),
    ] {
        let elder = Arc::new(Scripted::once_only());
        let reader = elder.clone();
        let gateway = Scripted::once_only().will_answer([answer]);
        let (fixture, record) = interrupted(gateway, move |path| {
            let (path, reader) = (path.clone(), reader.clone());
            elsewhere(async move { settle(&second(&path, &reader)).await });
        })
        .await;
        assert_eq!(record.progress.state, State::Done(outcome), "{answer:?}");
        let story = fixture.story(&record).await;
        assert_eq!(story[2], "lease_lapsed -> in_doubt");
        assert_eq!(story[3], "status -> in_doubt");
        assert!(story[4].starts_with("answered_"), "{story:?}");
        assert_eq!(fixture.gateway.requests() + elder.requests(), 1);
        let ended = "SELECT count(*) FROM attempts WHERE result LIKE 'answered_%'";
        assert_eq!(fixture.temp_store.number(ended), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_counts_while_another_worker_has_only_claimed() {
    let gateway = Scripted::once_only();
    let (fixture, record) = interrupted(gateway, |path| {
        let path = path.clone();
        let claimed = elsewhere(async move {
            let clock = SharedClock::new(|| noon() + 10 * MINUTE);
            let store = SqliteStore::open(path.get().unwrap(), clock).unwrap();
            let claim = Claim::new("w2", MINUTE);
            let key = key("shop", "A-1");
            let open = store.cancellations_of(&key).await.unwrap();
            store.claim_one(open[0].id, claim).await.unwrap()
        });
        assert!(claimed.is_some());
    })
    .await;
    assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
    assert_eq!(fixture.story(&record).await[2], "answered_yes -> accepted");
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_counts_even_when_the_record_changes_under_it_twice() {
    // The second worker reads the status once more just before the answer is written.
    let temp_store = TempStore::new();
    let (gateway, elder) = (Scripted::once_only(), Arc::new(Scripted::once_only()));
    let path = Path::default();
    path.set(temp_store.path()).unwrap();
    let (there, reader) = (path.clone(), elder.clone());
    let gateway = Arc::new(gateway.during_cancel(move |_| {
        let (path, reader) = (there.clone(), reader.clone());
        elsewhere(async move { settle(&second(&path, &reader)).await });
    }));
    let store = FaultyStore::new(temp_store.store());
    let tries = Mutex::new(0);
    store.before_advance(move |change| {
        let mut tries = tries.lock().unwrap();
        *tries += u32::from(change.change.entry.event == "answered_yes");
        if *tries == 2 {
            *tries += 1;
            let (path, reader) = (path.clone(), elder.clone());
            elsewhere(async move {
                let clock = SharedClock::new(|| noon() + 30 * MINUTE);
                let store = SqliteStore::open(path.get().unwrap(), clock.clone()).unwrap();
                let store = Arc::new(store);
                settle(&worker("w2", store, clock, &[("shop", &reader)])).await;
            });
        }
        Ok(())
    });
    let clock = temp_store.clock.clock();
    let first = worker("w1", Arc::new(store), clock, &[("shop", &gateway)]);
    let handled = first
        .cancel(order("shop", "A-1"), by("amina"), LONG)
        .await
        .unwrap();
    assert_eq!(
        handled.record.progress.state,
        State::Done(Outcome::Confirmed)
    );
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_to_an_attempt_that_has_been_repeated_changes_nothing() {
    // Ten minutes are more than the settling time, so the second worker sends again. Its
    // attempt is over by the time the answer to the first comes, or in doubt itself.
    for (second_answer, attempts) in [(Answer::Yes, 2), (Answer::Lost, 3)] {
        let reader = Arc::new(Scripted::repeatable().will_answer([second_answer]));
        let there = reader.clone();
        let mut first = true;
        let gateway = Scripted::repeatable().will_answer([Answer::No, Answer::Yes]);
        let (fixture, record) = interrupted(gateway, move |path| {
            if std::mem::take(&mut first) {
                let (path, reader) = (path.clone(), there.clone());
                elsewhere(async move { settle(&second(&path, &reader)).await });
            }
        })
        .await;
        assert_eq!(reader.requests(), 1, "{second_answer:?}");
        assert_eq!(record.progress.state, State::Done(Outcome::Confirmed));
        assert_eq!(record.progress.attempts, attempts, "{second_answer:?}");
        let story = fixture.story(&record).await;
        assert!(
            !story.iter().any(|e| e.starts_with("answered_no")),
            "{story:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn who_lost_the_claim_while_reading_gives_way() {
    let temp_store = TempStore::new();
    let gateway = Arc::new(Scripted::repeatable());
    let store = FaultyStore::new(temp_store.store());
    let path = temp_store.path();
    store.before_advance(move |change| {
        if change.change.version == 1 {
            let (path, id) = (path.clone(), change.change.id);
            elsewhere(async move { claim(&path, id).await });
        }
        Ok(())
    });
    let clock = temp_store.clock.clock();
    let first = worker("w1", Arc::new(store), clock, &[("shop", &gateway)]);
    let handled = first
        .cancel(order("shop", "A-1"), by("amina"), MINUTE)
        .await
        .unwrap();
    assert_eq!(handled.record.worker.as_deref(), Some("w2"));
    assert_eq!(handled.record.progress.state, State::Requested);
    assert_eq!(
        gateway.requests(),
        0,
        "what is not written down is not sent"
    );
}

/// The lease of the other worker is longer than any caller waits.
#[tokio::test(start_paused = true)]
async fn a_caller_that_meets_another_worker_waits_for_what_comes_of_it() {
    let temp_store = TempStore::new();
    let store = temp_store.store();
    let mut gateway = Scripted::repeatable();
    gateway = gateway.slow(Duration::from_secs(5));
    let gateway = Arc::new(gateway);
    let named = |name| {
        let (store, clock) = (store.clone(), temp_store.clock.clock());
        worker(name, store, clock, &[("shop", &gateway)])
    };
    store.track(vec![order("shop", "A-1")]).await.unwrap();
    let (first, second) = (named("w1"), named("w2"));
    let cancel = |canceller: Canceller, wait| async move {
        let wait = Duration::from_secs(wait);
        let done = canceller.cancel(order("shop", "A-1"), by("amina"), wait);
        done.await.unwrap().record
    };
    let later = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        tokio::join!(cancel(second.clone(), 3), cancel(second, 60))
    };
    let (done, (impatient, patient)) = tokio::join!(cancel(first, 0), later);
    assert_eq!(done.progress.state, State::Done(Outcome::Confirmed));
    assert_eq!(impatient.worker.as_deref(), Some("w1"));
    assert_eq!(patient, done);
    assert_eq!(gateway.requests(), 1);
}

/// Every lease looks as if it had ended to a worker whose clock is ahead of the store's.
#[tokio::test(start_paused = true)]
async fn a_worker_whose_clock_is_ahead_asks_for_what_another_holds_once_a_second() {
    let temp_store = TempStore::new();
    let store = Arc::new(FaultyStore::new(temp_store.store()));
    store.track(vec![order("shop", "A-1")]).await.unwrap();
    let held = NewCancellation {
        claim: Claim::new("w2", HOUR),
        ..new_cancellation(1, "shop", "A-1")
    };
    store.open(held).await.unwrap();
    let clock = temp_store.clock.clock();
    let ahead = SharedClock::new(move || clock.now() + 2 * HOUR);
    let gateway = Arc::new(Scripted::repeatable());
    let canceller = worker("w1", store.clone(), ahead, &[("shop", &gateway)]);
    let wait = Duration::from_secs(10);
    let asked = canceller.cancel(order("shop", "A-1"), by("amina"), wait);
    let record = asked.await.unwrap().record;
    assert_eq!(record.worker.as_deref(), Some("w2"));
    assert_eq!(gateway.requests(), 0);
    let claims = store.claims();
    assert!((10..=12).contains(&claims), "{claims} claims in 10 s");
}

async fn claim(path: &PathBuf, id: CancellationId) {
    let clock = SharedClock::new(|| noon() + 10 * MINUTE);
    let store = SqliteStore::open(path, clock).unwrap();
    let claim = Claim::new("w2", HOUR);
    store.claim_one(id, claim).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_callers_of_one_order_send_one_request() {
    for make in [
        Scripted::repeatable as fn() -> Scripted,
        Scripted::once_only,
    ] {
        let temp_store = TempStore::new();
        let gateway = Arc::new(make().slow(Duration::from_millis(5)));
        let stores = [temp_store.store(), temp_store.store()];
        let calls = (0..16).map(|n| {
            let store = stores[n % 2].clone();
            let clock = temp_store.clock.clock();
            let canceller = worker(&format!("w{n}"), store, clock, &[("shop", &gateway)]);
            tokio::spawn(async move {
                let who = Request {
                    reason: None,
                    actor: format!("caller {n}"),
                };
                canceller
                    .cancel(order("shop", "A-1"), who, Duration::ZERO)
                    .await
            })
        });
        for call in futures::future::join_all(calls).await {
            call.unwrap().unwrap();
        }
        let all = stores[0]
            .cancellations_of(&key("shop", "A-1"))
            .await
            .unwrap();
        let sent: Vec<_> = all.iter().filter(|r| r.progress.requests > 0).collect();
        assert_eq!((sent.len(), gateway.requests()), (1, 1));
        assert_eq!(sent[0].progress.state, State::Done(Outcome::Confirmed));
    }
}
