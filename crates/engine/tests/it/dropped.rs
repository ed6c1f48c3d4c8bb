//! Callers that stop waiting: a request that was written down runs to its end all the same.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use duka_core::cancel::{Outcome, State};
use duka_engine::refunds::{RefundOutcome, RefundState};
use duka_engine::{Lease, Record, Settings};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::fake_refund_gateway::{Counter, FakeRefundGateway};
use crate::fixture::{Fixture, HOUR, MINUTE, by, key, order};
use crate::scripted::{Answer, Scripted};

const LATENCY: Duration = Duration::from_millis(600);

/// Waits until `is_there`; in real time, for the store's thread knows no other.
async fn until(is_there: impl AsyncFn() -> bool) {
    let started = std::time::Instant::now();
    while !is_there().await {
        assert!(started.elapsed() < MINUTE / 3, "it never came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn record(fixture: &Fixture) -> Record {
    let records = fixture.store().cancellations_of(&key("shop", "A-1")).await;
    let [record] = records.unwrap().try_into().unwrap();
    record
}

#[tokio::test]
async fn a_caller_that_gives_up_during_the_request_does_not_end_it() {
    for make in [
        Scripted::repeatable as fn() -> Scripted,
        Scripted::once_only,
    ] {
        let fixture = Fixture::new(make().slow(LATENCY));
        let sending =
            until(async || fixture.gateway.reads() == 1 && fixture.gateway.in_flight() == 1);
        tokio::select! {
            record = fixture.cancel(HOUR) => panic!("ended before the request: {record:?}"),
            () = sending => assert_eq!(fixture.gateway.requests(), 0),
        }
        until(async || record(&fixture).await.due_at.is_none()).await;
        let state = record(&fixture).await.progress.state;
        assert_eq!(state, State::Done(Outcome::Confirmed));
        assert_eq!(fixture.gateway.requests(), 1);
    }
}

/// A call that is dropped after the store has written, and before it has heard of that.
#[tokio::test]
async fn a_caller_that_gives_up_while_its_cancellation_is_stored_does_not_end_it() {
    let fixture = Fixture::new(Scripted::repeatable().slow(LATENCY));
    let tracked = order("shop", "A-1");
    fixture.store().track(vec![tracked.clone()]).await.unwrap();
    let is_stored = || {
        fixture
            .temp_store
            .number("SELECT count(*) FROM cancellations")
            == 1
    };
    {
        let mut call = pin!(fixture.canceller.cancel(tracked, by("amina"), HOUR));
        while !is_stored() {
            // Long enough for one step at the store, so that no poll sees the end of the write.
            assert!(futures::poll!(&mut call).is_pending());
            tokio::time::sleep(LATENCY / 3).await;
        }
        assert_eq!(fixture.gateway.requests(), 0);
    }
    until(async || record(&fixture).await.due_at.is_none()).await;
    assert_eq!(fixture.gateway.requests(), 1);
}

#[tokio::test]
async fn without_its_caller_an_exchange_still_ends_at_its_deadline() {
    let fixture = Fixture::with(
        Scripted::once_only().always_answers(Answer::Hangs),
        Settings::new("w1").lease(Lease::new(Duration::from_secs(1)).unwrap()),
    );
    let sent = until(async || fixture.gateway.requests() == 1);
    tokio::select! {
        record = fixture.cancel(HOUR) => panic!("ended without an answer: {record:?}"),
        () = sent => {}
    }
    until(async || record(&fixture).await.progress.state == State::InDoubt).await;
    let log = fixture
        .store()
        .log(record(&fixture).await.id)
        .await
        .unwrap();
    let cut_off =
        "cancel request: gateway out of reach: no answer before the lease on this record ended";
    assert_eq!(log[2].detail.as_deref(), Some(cut_off));
}

#[tokio::test]
async fn a_caller_that_gives_up_during_a_refund_request_does_not_end_it() {
    let counter = Counter::new(FakeRefundGateway::new().slow(LATENCY));
    let store = counter.store();
    let refunds = async || store.refunds_of(&key("shop", "A-1")).await.unwrap();
    tokio::select! {
        refund = counter.made() => panic!("ended before the request: {refund:?}"),
        () = until(async || !refunds().await.is_empty()) => assert!(counter.fake_refund_gateway.requests().is_empty()),
    }
    until(async || refunds().await[0].progress.state != RefundState::Sending).await;
    let state = refunds().await[0].progress.state;
    assert_eq!(state, RefundState::Done(RefundOutcome::Received));
    assert_eq!(counter.fake_refund_gateway.requests().len(), 1);
}

/// axum drops a handler when its client has gone.
#[tokio::test]
async fn a_client_that_leaves_a_web_server_does_not_put_its_cancellation_in_doubt() {
    let fixture = Arc::new(Fixture::new(Scripted::once_only().slow(LATENCY)));
    let (alive, mut handler_ended) = tokio::sync::mpsc::channel::<()>(1);
    let canceller = fixture.canceller.clone();
    let cancel = move || {
        let (canceller, alive) = (canceller.clone(), alive.clone());
        async move {
            let handled = canceller
                .cancel(order("shop", "A-1"), by("checkout"), HOUR)
                .await;
            drop(alive);
            handled.unwrap().record.progress.state.as_str()
        }
    };
    let app = Router::new().route("/cancel", post(cancel));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

    let mut client = TcpStream::connect(address).await.unwrap();
    let request = b"POST /cancel HTTP/1.1\r\nhost: shop\r\ncontent-length: 0\r\n\r\n";
    client.write_all(request).await.unwrap();
    until(async || fixture.gateway.reads() == 1 && fixture.gateway.in_flight() == 1).await;
    // The request is on its way, and its reply takes a while.
    drop(client);
    server.abort();
    drop(server.await);
    // All senders have gone: the handler was dropped with its connection.
    assert!(handler_ended.recv().await.is_none());
    assert_eq!(
        fixture.gateway.requests(),
        0,
        "the gateway has not answered yet"
    );

    until(async || record(&fixture).await.due_at.is_none()).await;
    let state = record(&fixture).await.progress.state;
    assert_eq!(state, State::Done(Outcome::Confirmed));
    assert_eq!(fixture.gateway.requests(), 1);
}
