//! One part at a time, so that a change of it can be judged alone: `cargo bench --package duka-bench`.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a program that times; what fails has no time"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use duka_bench::calls::{Caller, Side, What};
use duka_bench::gateway::Gateway as Canned;
use duka_bench::{lists, store};
use duka_core::clock::SharedClock;
use duka_core::{Customer, Delivery, Error, ErrorKind, Gateway as _, Money, NewOrder, OrderId};
use duka_engine::SqliteStore;
use duka_http::{Intent, Reply, Request, Transport};
use duka_kwikpaisa::KwikPaisa;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use tokio::runtime::Runtime;

/// Keeps the body of a request, and answers nothing.
#[derive(Debug, Default)]
struct Sink(Mutex<Vec<u8>>);

#[async_trait]
impl Transport for Sink {
    async fn exchange(&self, request: Request, _intent: Intent) -> Result<Reply, Error> {
        *self.0.lock().unwrap() = request.into_body().unwrap_or_default();
        Err(Error::new(
            ErrorKind::UnlistedReply,
            Delivery::Answered,
            "nothing",
        ))
    }
}

/// Beside the HMAC over the same bytes: all that `create` does, up to the transport and back.
fn signing(bench: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let sink = Arc::new(Sink::default());
    let clock = SharedClock::new(Timestamp::now);
    let account = KwikPaisa::builder("pk_test_bench".into(), "sk_test_bench".into(), clock)
        .transport(Arc::<Sink>::clone(&sink))
        .default_service_type("DIGITAL")
        .build()
        .unwrap();
    let order = NewOrder::new(
        OrderId::integer("6116229263036").unwrap(),
        Money::parse("105.00", "INR").unwrap(),
        "Additional order info",
        Customer {
            name: Some("Ajay".to_owned()),
            email: Some("a@example.com".to_owned()),
            phone: Some("9999999999".to_owned()),
        },
        "https://merchant.example/return".parse().unwrap(),
    );
    bench.bench_function("create, up to the transport", |it| {
        it.iter(|| runtime.block_on(account.create(&order)).unwrap_err());
    });
    let body = sink.0.lock().unwrap().clone();
    bench.bench_function("the bare HMAC of the same body", |it| {
        it.iter(|| {
            let mut mac = Hmac::<Sha256>::new_from_slice(b"sk_test_bench").unwrap();
            mac.update(&body);
            mac.update(b"1778659835");
            hex::encode(mac.finalize().into_bytes())
        });
    });
}

fn one_cancel(bench: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let gateway = runtime
        .block_on(Canned::start(Duration::ZERO, None))
        .unwrap();
    for (name, side) in [
        ("status, cancel, status", Side::Duka),
        ("status, cancel, status; bare", Side::Bare),
    ] {
        let caller = runtime
            .block_on(Caller::new(side, &gateway.base_url))
            .unwrap();
        bench.bench_function(name, |it| {
            it.iter(|| {
                let called = runtime.block_on(caller.call(What::Order, &lists::guid(1)));
                called.unwrap();
            });
        });
    }
}

fn one_intent(bench: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let clock = SharedClock::new(Timestamp::now);
    let store = SqliteStore::open(folder.path().join("bench.db"), clock).unwrap();
    let mut number = 0;
    bench.bench_function("intent and outcome", |it| {
        it.iter_batched(
            || {
                number += 1;
                runtime.block_on(store::opened(&store, number)).unwrap()
            },
            |record| {
                let stored = runtime.block_on(store::intent_and_outcome(&store, record));
                stored.unwrap();
            },
            BatchSize::PerIteration,
        );
    });
}

fn one_claim(bench: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let clock = SharedClock::new(Timestamp::now);
    let path = folder.path().join("bench.db");
    lists::fill(&path, 10_000, clock.clone()).unwrap();
    let store = SqliteStore::open(&path, clock).unwrap();
    bench.bench_function("claim of eight", |it| {
        it.iter(|| runtime.block_on(store::claim(&store)).unwrap());
    });
}

criterion_group!(parts, signing, one_cancel, one_intent, one_claim);
criterion_main!(parts);
