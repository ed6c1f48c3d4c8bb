//! Every fault of the emulator in every operation it can strike, at both gateways.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use duka_core::{OrderStatus, Outcome, State, WaitPolicy};
use duka_emulator::{Fault, FaultKind, Gateway, Operation};
use duka_http::Transport;
use futures::stream::{self, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use crate::bench::{self, Bench};
use crate::truth::{blurs, lies};

const PATIENCE: WaitPolicy = WaitPolicy {
    settle: Duration::from_millis(300),
    review_after: Duration::from_millis(2500),
};

#[derive(Debug, Clone, Copy, PartialEq)]
struct Case {
    gateway: Gateway,
    operation: Operation,
    kind: FaultKind,
    /// How long it holds a request up.
    delay: Duration,
    /// Which of its forms it takes.
    form: u32,
}

impl Case {
    fn is_notification(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::DuplicateNotification | FaultKind::ReorderedNotification
        )
    }

    /// Whether it leaves open what became of the one cancel request.
    fn blurs_the_cancel(&self, timeout: Duration) -> bool {
        self.operation == Operation::Cancel && (blurs(self.kind) || self.delay > timeout)
    }

    /// What must come out.
    fn expected(&self, timeout: Duration) -> &'static str {
        match (self.kind, self.gateway) {
            (FaultKind::PayBeforeApply | FaultKind::PayAfterApply, _) => "not_cancelled_paid",
            // The customer pays before, so that there is something to notify of.
            (FaultKind::DuplicateNotification | FaultKind::ReorderedNotification, _) => "skipped",
            (_, Gateway::Pesapal) if self.blurs_the_cancel(timeout) => "needs_review",
            _ => "confirmed",
        }
    }
}

/// Which operations a kind can strike; the emulator refuses to arm any other.
fn strikes(kind: FaultKind, operation: Operation) -> bool {
    match kind {
        FaultKind::PayBeforeApply | FaultKind::PayAfterApply => operation == Operation::Cancel,
        FaultKind::TokenExpired => operation != Operation::Token,
        _ => true,
    }
}

/// How many forms a kind has.
pub(crate) fn forms(kind: FaultKind) -> u32 {
    match kind {
        FaultKind::Odd401 | FaultKind::OddWord => 4,
        FaultKind::StrayReply => 2,
        _ => 1,
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for gateway in Gateway::ALL {
        for operation in gateway.operations() {
            // Refunds have a table of their own.
            if *operation == Operation::Refund {
                continue;
            }
            for kind in FaultKind::ALL {
                if !strikes(kind, *operation) {
                    continue;
                }
                for form in 0..forms(kind) {
                    cases.push(Case {
                        gateway,
                        operation: *operation,
                        kind,
                        delay: match kind {
                            FaultKind::Delay => Duration::from_millis(50),
                            _ => Duration::ZERO,
                        },
                        form,
                    });
                }
            }
        }
    }
    cases
}

/// A merchant's server: answers 200 to everything, and counts.
async fn merchant() -> (Url, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let reply = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(reply.as_bytes()).await;
        }
    });
    (Url::parse(&url).unwrap(), count)
}

/// Plays one case from an empty store to its end; returns all that is wrong.
async fn play(case: Case, transport: &Arc<dyn Transport>, timeout: Duration) -> Vec<String> {
    let bench = Bench::open(transport, PATIENCE, 1).await;
    let (hook, notified) = merchant().await;
    bench.emulator.set_webhook_url(Some(hook.clone())).unwrap();
    let fault = Fault::new(case.kind)
        .at(case.gateway)
        .on(case.operation)
        .delay(case.delay)
        .form(case.form);
    bench.emulator.arm(fault).unwrap();

    let worker = bench.worker("w1");
    let store = worker.store().as_ref();
    let ipn = match case.gateway {
        Gateway::Pesapal => bench.ipn(&hook).await,
        _ => String::new(),
    };
    let key = bench.create(store, case.gateway, 1, &ipn).await;
    if case.is_notification() {
        bench.emulator.pay(key.order.as_str()).unwrap();
    }
    // A fault in here is the caller's to see, and nothing may come of it.
    let _ = worker.status(&key).await;
    let order = store.order(&key).await.unwrap().unwrap();
    worker
        .cancel(order, bench::request(), Duration::ZERO)
        .await
        .unwrap();
    let records = bench::sweep_until_settled(std::slice::from_ref(&worker), 1).await;

    let mut wrong = lies(&records, &bench.emulator, store).await;
    let state = records[0].progress.state;
    let got = state.outcome().map_or(state.as_str(), Outcome::as_str);
    let expected = case.expected(timeout);
    if got != expected || records.len() != 1 {
        wrong.push(format!("ends as {got} instead of {expected}: {records:?}"));
    }
    if !case.blurs_the_cancel(timeout) {
        let log = store.log(records[0].id).await.unwrap();
        if let Some(doubt) = log.iter().find(|it| it.to.starts_with("in_doubt")) {
            wrong.push(format!("in doubt without a cause: {doubt:?}"));
        }
    }
    if case.is_notification() {
        let wanted = if case.kind == FaultKind::DuplicateNotification {
            2
        } else {
            1
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while notified.load(Ordering::SeqCst) < wanted && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if notified.load(Ordering::SeqCst) != wanted {
            wrong.push(format!("{notified:?} notifications instead of {wanted}"));
        }
    }
    if !bench.emulator.faults().is_empty() {
        wrong.push("the fault never struck".to_owned());
    }
    bench.emulator.shutdown().await;
    let place = format!(
        "{} {} {} in form {}",
        case.gateway.as_str(),
        case.operation,
        case.kind,
        case.form
    );
    wrong.iter().map(|it| format!("{place}: {it}")).collect()
}

async fn play_all(cases: Vec<Case>, timeout: Duration) {
    let transport = bench::transport(timeout);
    let wrong: Vec<Vec<String>> = stream::iter(cases)
        .map(|case| play(case, &transport, timeout))
        .buffer_unordered(24)
        .collect()
        .await;
    let wrong = wrong.concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_wherever_the_record_says_what_the_gateway_knows() {
    let cases = cases();
    // 3 operations at KwikPaisa and 6 at Pesapal, times 19 kinds, without those that cannot be; two kinds
    // have four forms, and one has two.
    assert_eq!(cases.len(), 41 + 79 + (3 + 6) * (4 + 1 + 2 + 4));
    play_all(cases, Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_slower_than_we_wait_for_is_a_doubt_only_where_it_answers_a_cancel() {
    let mut cases = cases();
    cases.retain(|case| case.kind == FaultKind::Delay);
    for case in &mut cases {
        case.delay = Duration::from_millis(1700);
    }
    assert_eq!(cases.len(), 3 + 6);
    play_all(cases, Duration::from_millis(1000)).await;
}

#[tokio::test]
async fn the_table_leaves_out_only_what_can_never_strike() {
    let transport = bench::transport(Duration::from_secs(30));
    let bench = Bench::open(&transport, PATIENCE, 1).await;
    for gateway in Gateway::ALL {
        for operation in gateway.operations() {
            for kind in FaultKind::ALL {
                let armed = bench
                    .emulator
                    .arm(Fault::new(kind).at(gateway).on(*operation));
                assert_eq!(
                    armed.is_ok(),
                    strikes(kind, *operation),
                    "{kind} {operation}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_payment_after_a_confirmed_cancellation_is_found_by_the_next_look() {
    let transport = bench::transport(Duration::from_secs(30));
    for side in Gateway::ALL {
        let bench = Bench::open(&transport, PATIENCE, 1).await;
        let worker = bench.worker("w1");
        let store = worker.store().as_ref();
        let ipn = match side {
            Gateway::Pesapal => bench.ipn(&bench::url("ipn")).await,
            _ => String::new(),
        };
        let key = bench.create(store, side, 7, &ipn).await;
        let records = bench::sweep_until_settled(std::slice::from_ref(&worker), 1).await;
        let confirmed = State::Done(Outcome::Confirmed);
        assert_eq!(records[0].progress.state, confirmed);
        bench.emulator.pay_late(key.order.as_str()).unwrap();
        worker.status(&key).await.unwrap();
        let record = store.cancellation(records[0].id).await.unwrap().unwrap();
        assert_eq!(record.progress.state, confirmed);
        assert!(record.progress.finding.is_some(), "{record:?}");
        let lies = lies(&[record], &bench.emulator, store).await;
        assert_eq!(lies, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_stray_reply_on_a_resting_connection_is_not_the_next_status() {
    let transport = bench::transport(Duration::from_secs(30));
    let late = Duration::from_millis(20);
    for side in Gateway::ALL {
        let bench = Bench::open(&transport, PATIENCE, 1).await;
        let worker = bench.worker("w1");
        let ipn = match side {
            Gateway::Pesapal => bench.ipn(&bench::url("ipn")).await,
            _ => String::new(),
        };
        let key = bench.create(worker.store().as_ref(), side, 7, &ipn).await;
        let fault = Fault::new(FaultKind::StrayReply)
            .on(Operation::Status)
            .times(u32::MAX)
            .delay(late);
        bench.emulator.arm(fault).unwrap();
        for _ in 0..10 {
            let (seen, _) = worker.status(&key).await.unwrap();
            assert_eq!(seen.status, OrderStatus::Unpaid, "{side:?}");
            tokio::time::sleep(late * 3).await;
        }
    }
}
