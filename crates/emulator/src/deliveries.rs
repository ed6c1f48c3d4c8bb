//! Sending notifications in the background: signing, redelivery, and the two faults of their order.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use url::{Position, Url};

use crate::delivery_log::AttemptRecord;
use crate::exchange::JSON;
use crate::kwikpaisa;
use crate::notification::{DeliveryMode, Form, Notification};
use crate::state::Shared;
use crate::variants::{Behaviour, kwikpaisa as kwikpaisa_variants, pesapal as pesapal_variants};

/// A merchant's server on the same machine is slow long before this.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const LONGEST_ANSWER: usize = 64 * 1024;
/// More first attempts at once would only queue up at the merchant's server.
const LANES: u64 = 32;

/// Runs until the emulator stops.
pub(crate) async fn deliver(
    mut outbox: mpsc::UnboundedReceiver<Notification>,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<()>,
) {
    let mut running = JoinSet::new();
    let lanes: Vec<_> = (0..LANES)
        .map(|_| {
            let (lane, batches) = mpsc::unbounded_channel();
            running.spawn(serve_lane(batches, Arc::clone(&shared)));
            lane
        })
        .collect();
    let mut held: Vec<Notification> = Vec::new();
    loop {
        let next = tokio::select! {
            _ = stopped.changed() => break,
            () = tokio::time::sleep(shared.config.hold_back), if !held.is_empty() => None,
            received = outbox.recv() => match received {
                Some(notification) => Some(notification),
                None => break,
            },
        };
        let batch = match next {
            // Nothing came to overtake what is held.
            None => std::mem::take(&mut held),
            Some(it) if it.mode == DeliveryMode::Overtaken => {
                held.push(it);
                continue;
            }
            Some(it) => {
                let gateway = it.gateway;
                let mut batch = vec![it];
                batch.extend(held.extract_if(.., |it| it.gateway == gateway));
                batch
            }
        };
        if let Some(lane) = batch.first().map(lane_of).and_then(|it| lanes.get(it)) {
            // Fails only if the lane panicked, which loses this batch and nothing else.
            let _ = lane.send(batch);
        }
    }
    running.shutdown().await;
}

/// One order's notifications share a lane, so that only a fault changes their order.
fn lane_of(notification: &Notification) -> usize {
    let mut hasher = DefaultHasher::new();
    notification.order.hash(&mut hasher);
    usize::try_from(hasher.finish() % LANES).unwrap_or(0)
}

/// Tries each notification once in turn; those not taken are tried again beside the lane.
async fn serve_lane(mut batches: mpsc::UnboundedReceiver<Vec<Notification>>, shared: Arc<Shared>) {
    let mut redeliveries = JoinSet::new();
    loop {
        let batch = tokio::select! {
            received = batches.recv() => match received {
                Some(batch) => batch,
                None => break,
            },
            Some(_) = redeliveries.join_next() => continue,
        };
        for notification in batch {
            let copies = match notification.mode {
                DeliveryMode::Twice => 2,
                DeliveryMode::Once | DeliveryMode::Overtaken => 1,
            };
            for _ in 0..copies {
                if attempt(&notification, &shared, 1).await == Taken::No {
                    redeliveries.spawn(redeliver(notification.clone(), Arc::clone(&shared)));
                }
            }
        }
    }
}

async fn redeliver(notification: Notification, shared: Arc<Shared>) {
    let redelivery = shared.config.redelivery;
    for number in 2..=redelivery.attempts {
        tokio::time::sleep(redelivery.spacing).await;
        if attempt(&notification, &shared, number).await == Taken::Yes {
            return;
        }
    }
}

async fn attempt(notification: &Notification, shared: &Shared, number: u32) -> Taken {
    let gateway = notification.gateway;
    // Neither the query nor the user part: a merchant may keep a secret in them.
    let url = &notification.url[Position::BeforeHost..Position::AfterPath];
    if number > shared.config.redelivery.attempts {
        return Taken::No;
    }
    let record = |http_status, problem, taken| {
        let attempt = AttemptRecord {
            time: shared.clock.now(),
            http_status,
            problem,
            taken: taken == Taken::Yes,
        };
        shared
            .state()
            .deliveries
            .tried(notification.delivery, attempt);
    };
    if let Err(problem) = shared.config.check_target(&notification.url) {
        tracing::warn!(%gateway, url, %problem, "notification not sent");
        record(None, Some(problem.to_string()), Taken::No);
        // As far as the emulator may go: trying again would not help.
        return Taken::Yes;
    }
    let sent = tokio::time::timeout(ATTEMPT_TIMEOUT, send(notification, shared)).await;
    let (http_status, problem, taken) = match sent {
        Ok(Ok((status, taken))) => (Some(status.as_u16()), None, taken),
        Ok(Err(problem)) => (None, Some(problem.to_string()), Taken::No),
        Err(_) => (None, Some("timed out".to_owned()), Taken::No),
    };
    tracing::debug!(%gateway, url, number, ?http_status, ?problem, ?taken, "notification");
    record(http_status, problem, taken);
    taken
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Yes,
    No,
}

type Problem = Box<dyn std::error::Error + Send + Sync>;

async fn send(
    notification: &Notification,
    shared: &Shared,
) -> Result<(StatusCode, Taken), Problem> {
    let request = request(notification, shared)?;
    let stream = connect(&notification.url).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER)
            .collect()
            .await?
            .to_bytes();
        Ok::<_, Problem>((status, body))
    };
    // Driven here rather than in a task of its own, so that the timeout ends both.
    let (answer, _) = tokio::join!(exchange, connection);
    let (status, body) = answer?;
    let taken = taken(notification, &shared.behaviour(), status, &body);
    Ok((status, taken))
}

async fn connect(url: &Url) -> Result<TcpStream, Problem> {
    let addresses = url.socket_addrs(|| None)?;
    Ok(TcpStream::connect(addresses.as_slice()).await?)
}

fn request(notification: &Notification, shared: &Shared) -> Result<Request<Full<Bytes>>, Problem> {
    let url = &notification.url;
    let target = &url[Position::BeforePath..Position::AfterQuery];
    let host = &url[Position::BeforeHost..Position::AfterPort];
    let builder = match notification.form {
        Form::Get => Request::get(target),
        Form::Post | Form::Signed { .. } => {
            Request::post(target).header(CONTENT_TYPE, "application/json")
        }
    };
    let builder = builder
        .header(HOST, host)
        .header(ACCEPT, JSON)
        .header(CONNECTION, "close");
    let builder = match &notification.form {
        Form::Get | Form::Post => builder,
        Form::Signed { over } => {
            let fresh = &kwikpaisa_variants::REDELIVERY_HAS_A_FRESH_TIMESTAMP;
            let at = if shared.behaviour().value(fresh) {
                shared.clock.now()
            } else {
                notification.at
            };
            let timestamp = at.as_second().to_string();
            let secret = &shared.config.kwikpaisa.secret_key;
            let signature = kwikpaisa::signature(secret, over, &timestamp);
            builder
                .header("x-timestamp", timestamp)
                .header("x-signature", signature)
        }
    };
    Ok(builder.body(Full::new(notification.body.clone()))?)
}

#[derive(Deserialize)]
struct IpnAnswer {
    status: Option<u16>,
}

/// Whether an answer ends the delivery.
fn taken(
    notification: &Notification,
    behaviour: &Behaviour,
    status: StatusCode,
    body: &[u8],
) -> Taken {
    let ends = match notification.form {
        Form::Signed { .. } => {
            status == StatusCode::OK
                || status.is_success()
                    && behaviour.value(&kwikpaisa_variants::WEBHOOK_ACCEPTS_ANY_2XX)
        }
        Form::Get | Form::Post => {
            status == StatusCode::OK
                && !(behaviour.value(&pesapal_variants::IPN_COMES_AGAIN_AFTER_500)
                    && says_not_served(body))
        }
    };
    if ends { Taken::Yes } else { Taken::No }
}

/// The answer to an IPN may say in its body that it was received but not served.
fn says_not_served(body: &[u8]) -> bool {
    serde_json::from_slice::<IpnAnswer>(body)
        .ok()
        .and_then(|it| it.status)
        .is_some_and(|it| it != 200)
}
