//! All faults at once, by chance, over many orders; the seed repeats a run as far as two
//! workers' timing allows.

use std::time::Duration;

use duka_core::{State, WaitPolicy};
use duka_emulator::{Fault, FaultKind, Gateway, Operation};
use duka_engine::Canceller;
use futures::stream::{self, StreamExt};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::bench::{self, Bench};
use crate::truth::{lies, was_blurred};

const PATIENCE: WaitPolicy = WaitPolicy {
    settle: Duration::from_millis(200),
    review_after: Duration::from_millis(2000),
};
/// The chance of each kind, at every request.
const CHANCE: f64 = 0.03;

async fn play(seed: u64, orders: u64, workers: usize) {
    let transport = bench::transport(Duration::from_secs(30));
    let bench = Bench::open(&transport, PATIENCE, seed).await;
    let workers: Vec<Canceller> = (1..=workers)
        .map(|number| bench.worker(&format!("w{number}")))
        .collect();
    let store = workers[0].store().as_ref();
    let ipn = bench.ipn(&bench::url("ipn")).await;
    for kind in FaultKind::ALL {
        let fault = Fault::new(kind)
            .times(u32::MAX)
            .probability(CHANCE)
            .delay(match kind {
                FaultKind::Delay => Duration::from_millis(20),
                _ => Duration::ZERO,
            });
        bench.emulator.arm(fault).unwrap();
    }
    let keys: Vec<_> = stream::iter(0..orders)
        .map(|number| {
            let side = Gateway::ALL[usize::from(number % 2 == 1)];
            bench.create(store, side, number, &ipn)
        })
        .buffered(8)
        .collect()
        .await;
    let mut customers = StdRng::seed_from_u64(seed);
    for key in &keys {
        let id = key.order.as_str();
        match customers.random_range(0..10) {
            0 | 1 => bench.emulator.pay(id).unwrap(),
            2 => bench.emulator.fail(id).unwrap(),
            _ => {}
        }
    }
    let records = bench::sweep_until_settled(&workers, keys.len()).await;

    let mut wrong = lies(&records, &bench.emulator, store).await;
    for record in &records {
        let id = record.key.order.as_str();
        let blurred = |operation| was_blurred(&bench.emulator, id, operation);
        let log = store.log(record.id).await.unwrap();
        let doubted = log.iter().any(|entry| entry.to.starts_with("in_doubt"));
        if doubted && !blurred(Operation::Cancel) {
            wrong.push(format!("{id}: in doubt without a cause: {log:#?}"));
        }
        // Or an answer could not be verified in time.
        let reviewed = record.progress.state == State::NeedsReview;
        if reviewed && !blurred(Operation::Cancel) && !blurred(Operation::Status) {
            wrong.push(format!("{id}: needs review without a cause: {log:#?}"));
        }
    }
    println!(
        "seed {seed}: {} records of {} orders",
        records.len(),
        keys.len()
    );
    assert!(wrong.is_empty(), "seed {seed}:\n{}", wrong.join("\n"));
    bench.emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_orders_among_faults_of_every_kind_end_in_the_truth() {
    for seed in [1, 20_260_513, 977] {
        play(seed, 100, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_on_one_store_among_faults_send_nothing_twice() {
    play(4010, 150, 2).await;
}
