//! Signals that come early, or while a command waits: still an orderly end.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use duka_emulator::{Fault, FaultKind, Gateway, Operation};
use rusqlite::Connection;

use crate::shop::{CliFixture, INDIAN, wait_until};

/// What a sweep that repeats says once it can be stopped.
const READY: &str = "sweeping every ";

/// Far below the time for which a store is waited for.
const SOON: Duration = Duration::from_secs(8);

/// A program in the background whose stderr goes into a file.
struct Worker {
    child: Child,
    said: std::path::PathBuf,
}

impl Worker {
    fn start(shop: &CliFixture, args: &[&str]) -> Self {
        let said = shop.terminal.path("said");
        let child = shop
            .terminal
            .command(args)
            .stdout(File::create(shop.terminal.path("printed")).unwrap())
            .stderr(File::create(&said).unwrap())
            .spawn()
            .unwrap();
        Self { child, said }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.said).unwrap()
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
    }

    #[track_caller]
    fn ends_with(mut self, code: i32) -> String {
        let asked = Instant::now();
        let status: ExitStatus = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(asked.elapsed() < SOON, "it does not end: {}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(status.code(), Some(code), "{status}: {}", self.said());
        self.said()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps every other process out of the store.
pub(crate) fn lock(store: &Path) -> Connection {
    let connection = Connection::open(store).unwrap();
    connection
        .execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM orders WHERE 0;",
        )
        .unwrap();
    connection
}

#[test]
fn a_signal_while_another_process_keeps_the_store_is_an_orderly_stop() {
    for (args, code) in [
        (&["sweep", "--every", "1h"][..], 0),
        (&["sweep", "--every", "1h", "--json", "-v"], 0),
    ] {
        let shop = CliFixture::only(Gateway::KwikPaisa);
        shop.create("kwikpaisa", INDIAN);
        let asked = shop.emulator.requests().len();
        let locked = lock(&shop.terminal.store());
        let worker = Worker::start(&shop, args);
        wait_until("a worker that can be stopped", || {
            worker.said().contains(READY)
        });
        worker.signal("-TERM");
        worker.ends_with(code);
        drop(locked);
        assert_eq!(shop.emulator.requests().len(), asked);
    }
}

#[test]
fn a_signal_to_a_worker_that_is_asleep_since_its_start_is_an_orderly_stop() {
    let shop = CliFixture::only(Gateway::KwikPaisa);
    shop.create("kwikpaisa", INDIAN);
    let locked = lock(&shop.terminal.store());
    let worker = Worker::start(&shop, &["sweep", "--every", "1h"]);
    wait_until("a worker that can be stopped", || {
        worker.said().contains(READY)
    });
    worker.signal("-STOP");
    worker.signal("-TERM");
    worker.signal("-CONT");
    worker.ends_with(0);
    drop(locked);
}

#[test]
fn a_signal_ends_the_wait_for_what_is_in_doubt_and_the_record_says_so() {
    let mut shop = CliFixture::only(Gateway::Pesapal);
    let id = shop.create("pesapal", "KANGA-1");
    shop.terminal
        .set("DUKA_SETTLE", "20s")
        .set("DUKA_REVIEW_AFTER", "1h");
    let fault = Fault::new(FaultKind::ReplyLost).on(Operation::Cancel);
    shop.emulator.arm(fault).unwrap();
    let worker = Worker::start(&shop, &["cancel", &id, "--wait", "1h"]);
    let in_doubt = || {
        let run = shop.duka(&["pending", "--json"]);
        let shown = run.lines();
        run.exits(if shown.is_empty() { 0 } else { 4 });
        shown.iter().any(|it| it["state"] == "in_doubt")
    };
    wait_until("the doubt", in_doubt);
    worker.signal("-INT");
    let said = worker.ends_with(4);
    assert!(said.contains("duka sweep"), "{said}");
    assert_eq!(shop.cancels_received(), 1);
}

#[test]
fn a_signal_lets_the_answer_of_a_cancel_request_arrive_first() {
    for gateway in [Gateway::KwikPaisa, Gateway::Pesapal] {
        let shop = CliFixture::only(gateway);
        let account = gateway.as_str();
        let id = shop.create(account, "KANGA-1");
        let fault = Fault::new(FaultKind::Delay).on(Operation::Cancel);
        let fault = fault.delay(Duration::from_millis(1_500));
        shop.emulator.arm(fault).unwrap();
        let worker = Worker::start(&shop, &["cancel", &id, "--wait", "1h"]);
        wait_until("the cancel request", || shop.cancels_received() == 1);
        worker.signal("-TERM");
        let wait = Instant::now();
        let mut worker = worker;
        while worker.child.try_wait().unwrap().is_none() && wait.elapsed() < SOON {
            std::thread::sleep(Duration::from_millis(5));
        }
        let records = shop.duka(&["report", "--json"]).exits(0).lines();
        assert_eq!(records.len(), 1);
        let state = records[0]["state"].as_str().unwrap();
        assert!(matches!(state, "accepted" | "done"), "{}", records[0]);
        assert_eq!(shop.emulator.order(&id).unwrap().cancels_applied, 1);
    }
}
