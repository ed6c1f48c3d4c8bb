//! What is repeated, how often and after which pause; through a fake transport and a paused clock.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use duka_core::{Delivery, Error, ErrorKind};
use duka_http::{Client, HttpTransport, Intent, Reply, Request, RetryPolicy, Transport};
use tokio::time::Instant;

use crate::server::{Act, Server};

/// Answers from a list and remembers when it was asked, and for what.
#[derive(Debug, Default)]
struct Scripted {
    outcomes: Mutex<VecDeque<Result<Reply, Error>>>,
    asked: Mutex<Vec<(Instant, String)>>,
}

#[async_trait]
impl Transport for Scripted {
    async fn exchange(&self, request: Request, _: Intent) -> Result<Reply, Error> {
        let path = request.url().path().to_owned();
        self.asked.lock().unwrap().push((Instant::now(), path));
        self.outcomes
            .lock()
            .unwrap()
            .pop_front()
            .expect("asked too often")
    }
}

impl Scripted {
    /// The pauses between the requests.
    fn pauses(&self) -> Vec<Duration> {
        let asked = self.asked.lock().unwrap();
        asked.windows(2).map(|two| two[1].0 - two[0].0).collect()
    }
}

fn error(kind: ErrorKind, delivery: Delivery) -> Result<Reply, Error> {
    Err(Error::new(kind, delivery, "as the test says"))
}

fn failed(delivery: Delivery) -> Result<Reply, Error> {
    error(ErrorKind::Unavailable, delivery)
}

fn status(status: u16) -> Result<Reply, Error> {
    Ok(Reply::new(status, ""))
}

fn wait(status: u16, seconds: u64) -> Result<Reply, Error> {
    let mut reply = Reply::new(status, "");
    reply.retry_after = Some(Duration::from_secs(seconds));
    Ok(reply)
}

async fn run<const N: usize>(
    intent: Intent,
    outcomes: [Result<Reply, Error>; N],
) -> (Result<Reply, Error>, Arc<Scripted>) {
    let transport = Arc::new(Scripted {
        outcomes: Mutex::new(outcomes.into()),
        ..Scripted::default()
    });
    let client = Client::new(transport.clone(), RetryPolicy::default());
    let mut tries = 0;
    let outcome = client
        .call("test", intent, || {
            tries += 1;
            let url = format!("https://gateway.example/{tries}").parse().unwrap();
            Ok(Request::post_json(url, Vec::new()))
        })
        .await;
    assert!(
        transport.outcomes.lock().unwrap().is_empty(),
        "asked too seldom"
    );
    (outcome, transport)
}

#[tokio::test(start_paused = true)]
async fn whatever_was_not_sent_is_repeated() {
    for intent in [Intent::Read, Intent::Mutation] {
        let script = [
            failed(Delivery::NotSent),
            failed(Delivery::NotSent),
            status(200),
        ];
        let (outcome, _) = run(intent, script).await;
        assert_eq!(outcome.unwrap().status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn the_tries_are_counted_and_the_last_error_is_returned() {
    let script = [
        failed(Delivery::Unknown),
        failed(Delivery::Unknown),
        failed(Delivery::NotSent),
    ];
    let (outcome, _) = run(Intent::Read, script).await;
    assert_eq!(outcome.unwrap_err().delivery(), Delivery::NotSent);
}

#[tokio::test(start_paused = true)]
async fn a_mutation_is_never_repeated_once_it_may_have_left() {
    for outcome in [
        failed(Delivery::Unknown),
        failed(Delivery::Answered),
        error(ErrorKind::UnreadableReply, Delivery::Answered),
        status(200),
        status(302),
        status(401),
        status(408),
        status(425),
        status(429),
        status(500),
        status(502),
        status(503),
        wait(503, 1),
        wait(429, 0),
    ] {
        let (_, transport) = run(Intent::Mutation, [outcome]).await;
        assert_eq!(transport.asked.lock().unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_mutation_that_may_have_left_on_its_second_try_is_not_tried_again() {
    let script = [failed(Delivery::NotSent), failed(Delivery::Unknown)];
    let (outcome, _) = run(Intent::Mutation, script).await;
    assert_eq!(outcome.unwrap_err().delivery(), Delivery::Unknown);
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_after_trouble() {
    for trouble in [
        failed(Delivery::Unknown),
        error(ErrorKind::UnreadableReply, Delivery::Answered),
        status(429),
        status(500),
        status(502),
        status(503),
        status(504),
    ] {
        let (outcome, _) = run(Intent::Read, [trouble, status(200)]).await;
        assert_eq!(outcome.unwrap().status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_ends_a_read() {
    for code in [200, 201, 302, 400, 401, 403, 404, 409, 422] {
        let (outcome, _) = run(Intent::Read, [status(code)]).await;
        assert_eq!(outcome.unwrap().status, code);
    }
}

#[tokio::test(start_paused = true)]
async fn a_callers_mistake_is_not_repeated() {
    for kind in [ErrorKind::Configuration, ErrorKind::InvalidRequest] {
        let (outcome, _) = run(Intent::Read, [error(kind, Delivery::NotSent)]).await;
        assert_eq!(outcome.unwrap_err().kind(), kind);
    }
}

#[tokio::test(start_paused = true)]
async fn the_request_is_built_anew_for_every_try() {
    let script = [
        failed(Delivery::NotSent),
        failed(Delivery::NotSent),
        status(200),
    ];
    let (_, transport) = run(Intent::Mutation, script).await;
    let asked = transport.asked.lock().unwrap();
    let paths: Vec<_> = asked.iter().map(|(_, path)| path.as_str()).collect();
    assert_eq!(paths, ["/1", "/2", "/3"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_built_ends_the_call() {
    let transport = Arc::new(Scripted::default());
    let client = Client::new(transport.clone(), RetryPolicy::default());
    let outcome = client
        .call("test", Intent::Read, || {
            Err(Error::invalid_field("order_id", "is not one"))
        })
        .await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert!(transport.asked.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn pauses_double_and_half_of_each_is_left_to_chance() {
    let mut seen = Vec::new();
    for _ in 0..50 {
        let script = [
            failed(Delivery::NotSent),
            failed(Delivery::NotSent),
            status(200),
        ];
        let (_, transport) = run(Intent::Mutation, script).await;
        let pauses = transport.pauses();
        // The paused clock moves in whole milliseconds.
        assert!((100..=201).contains(&pauses[0].as_millis()), "{pauses:?}");
        assert!((200..=401).contains(&pauses[1].as_millis()), "{pauses:?}");
        seen.push(pauses[0]);
    }
    seen.sort();
    seen.dedup();
    assert!(seen.len() > 10, "always the same pauses: {seen:?}");
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_out_up_to_the_longest_pause() {
    let (outcome, transport) = run(Intent::Read, [wait(503, 10), status(200)]).await;
    assert_eq!(outcome.unwrap().status, 200);
    assert_eq!(transport.pauses()[0].as_secs(), 10);

    // Shorter than our own pause: ours.
    let (_, transport) = run(Intent::Read, [wait(429, 0), status(200)]).await;
    assert!(transport.pauses()[0].as_millis() >= 100);
}

#[tokio::test(start_paused = true)]
async fn a_longer_retry_after_is_the_callers_to_decide() {
    let (outcome, _) = run(Intent::Read, [wait(429, 11)]).await;
    let reply = outcome.unwrap();
    assert_eq!(reply.retry_after, Some(Duration::from_secs(11)));
}

#[tokio::test(start_paused = true)]
async fn no_policy_at_all_tries_once() {
    for policy in [
        RetryPolicy::none(),
        RetryPolicy::new(0, Duration::ZERO, Duration::ZERO),
    ] {
        let transport = Arc::new(Scripted {
            outcomes: Mutex::new([failed(Delivery::NotSent)].into()),
            ..Scripted::default()
        });
        let client = Client::new(transport, policy);
        let url = "https://gateway.example/".parse::<url::Url>().unwrap();
        let build = || Ok(Request::get(url.clone()));
        assert!(client.call("test", Intent::Read, build).await.is_err());
        assert_eq!(policy.attempts(), 1);
    }
}

#[tokio::test]
async fn over_sockets_a_busy_gateway_gets_a_read_twice_and_a_mutation_once() {
    let policy = RetryPolicy::new(3, Duration::from_millis(5), Duration::from_millis(20));
    let transport = Arc::new(HttpTransport::new().unwrap());
    let client = Client::new(transport, policy);

    let server = Server::start([Act::reply(503, "", ""), Act::reply(200, "", "ok")]).await;
    let url = server.base().join("/status");
    let build = || Ok(Request::get(url.clone()));
    let reply = client.call("status", Intent::Read, build).await.unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(server.requests().len(), 2);

    let server = Server::start([Act::reply(503, "Retry-After: 0\r\n", "")]).await;
    let url = server.base().join("/cancel");
    let build = || Ok(Request::post_json(url.clone(), b"{}".to_vec()));
    let reply = client
        .call("cancel", Intent::Mutation, build)
        .await
        .unwrap();
    assert_eq!(reply.status, 503);
    assert_eq!(server.requests().len(), 1);
}
