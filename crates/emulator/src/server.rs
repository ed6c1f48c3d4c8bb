//! The port: accepting connections, serving HTTP/1.1 on them, and the handle a program holds.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, DATE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::{SignedDuration, Timestamp};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use url::Url;

use crate::config::{EmulatorConfig, StartError, WebhookError};
use crate::customer::{ActError, CustomerAct};
use crate::deliveries;
use crate::delivery_log::DeliveryRecord;
use crate::exchange::{Dropped, Outcome, Received, Reply, ReplyBody};
use crate::faults::{Fault, FaultError};
use crate::order::{Order, OrderTruth};
use crate::request_log::RequestRecord;
use crate::routes::STATE;
use crate::service;
use crate::snapshot::{self, StateError};
use crate::state::Shared;
use crate::variants::{VariantError, VariantSetting};

const LONGEST_BODY: usize = 1024 * 1024;
/// A hundred thousand orders take some 60 MB.
const LONGEST_STATE: usize = 256 * 1024 * 1024;
const LONGEST_FLOOD: Duration = Duration::from_secs(60);

/// A running emulator. It stops when this is dropped or [`shutdown`](Self::shutdown).
#[derive(Debug)]
pub struct Emulator {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<()>,
    tasks: [JoinHandle<()>; 2],
}

impl Emulator {
    /// Opens the port and starts answering, on the current tokio runtime (its network and time enabled).
    ///
    /// # Errors
    ///
    /// [`StartError`] where the address is not loopback and was not allowed to be otherwise, the port cannot
    /// be opened, or the webhook address cannot be delivered to.
    pub async fn start(config: EmulatorConfig) -> Result<Self, StartError> {
        config.check_listen()?;
        if let Some(url) = &config.webhook_url {
            config.check_target(url).map_err(StartError::Webhook)?;
        }
        let asked = config.listen;
        let cannot_bind = |source| StartError::Bind {
            addr: asked,
            source,
        };
        let listener = TcpListener::bind(asked).await.map_err(cannot_bind)?;
        let addr = listener.local_addr().map_err(cannot_bind)?;
        let (stop, stopped) = watch::channel(());
        let (outbox, notifications) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(config, base_url(addr), outbox));
        let tasks = [
            tokio::spawn(accept(listener, Arc::clone(&shared), stopped.clone())),
            tokio::spawn(deliveries::deliver(
                notifications,
                Arc::clone(&shared),
                stopped,
            )),
        ];
        Ok(Self {
            addr,
            shared,
            stop,
            tasks,
        })
    }

    /// The address listened on, with the real port.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Base URL of KwikPaisa's API: `http://ADDR`, without a slash at the end.
    #[must_use]
    pub fn kwikpaisa_url(&self) -> String {
        self.shared.base_url.clone()
    }

    /// Base URL of Pesapal's API: `http://ADDR/pesapalv3`, without a slash at the end.
    #[must_use]
    pub fn pesapal_url(&self) -> String {
        format!("{}/pesapalv3", self.shared.base_url)
    }

    /// The emulator's own time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// The actual state of every order of both gateways, oldest first.
    #[must_use]
    pub fn orders(&self) -> Vec<OrderTruth> {
        self.shared.state().orders.snapshot()
    }

    /// The actual state of one order, by KwikPaisa's order id or Pesapal's tracking id.
    #[must_use]
    pub fn order(&self, id: &str) -> Option<OrderTruth> {
        let state = self.shared.state();
        let key = state.orders.address(id)?;
        Some(Order::snapshot(state.orders.get(key)))
    }

    /// The newest requests to the gateways' APIs, oldest first, without secrets.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.state().log.snapshot()
    }

    /// The newest notifications to the merchant, oldest first, with every attempt.
    #[must_use]
    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        self.shared.state().deliveries.snapshot()
    }

    /// Sends a notification once more, whether or not it was taken; false where none has this id.
    pub fn resend(&self, delivery: u64) -> bool {
        self.shared.state().resend(delivery).is_some()
    }

    /// Everything that decides what the emulator answers (orders, addresses, tokens, variants, the clock), as JSON.
    #[must_use]
    pub fn snapshot(&self) -> String {
        String::from_utf8(snapshot::take(&self.shared)).unwrap_or_default()
    }

    /// Takes a snapshot back, whole or not at all; faults, requests and deliveries are forgotten.
    ///
    /// # Errors
    ///
    /// [`StateError`] where it is none of this version; nothing changes then.
    pub fn restore(&self, snapshot: &[u8]) -> Result<(), StateError> {
        snapshot::put(&self.shared, snapshot)
    }

    /// Arms a fault; it strikes from the next request on.
    ///
    /// # Errors
    ///
    /// [`FaultError`] where it could never strike.
    pub fn arm(&self, fault: Fault) -> Result<(), FaultError> {
        self.shared.state().faults.arm(fault)
    }

    /// The faults that may still strike, `times` counted down.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.state().faults.armed().to_vec()
    }

    /// Disarms every fault and says how many there were.
    pub fn clear_faults(&self) -> usize {
        self.shared.state().faults.clear()
    }

    /// The customer pays.
    ///
    /// # Errors
    ///
    /// [`ActError`] where no order has the id, or it is not one that can be paid (a cancelled one cannot).
    pub fn pay(&self, id: &str) -> Result<(), ActError> {
        self.shared.act(id, CustomerAct::Pay).map(drop)
    }

    /// A payment that was on its way lands, even if the order was cancelled, failed or expired meanwhile.
    ///
    /// # Errors
    ///
    /// [`ActError`] where no order has the id, or it was paid already.
    pub fn pay_late(&self, id: &str) -> Result<(), ActError> {
        self.shared.act(id, CustomerAct::PayLate).map(drop)
    }

    /// The customer's payment fails.
    ///
    /// # Errors
    ///
    /// [`ActError`] where no order has the id, or its state does not allow it.
    pub fn fail(&self, id: &str) -> Result<(), ActError> {
        self.shared.act(id, CustomerAct::Fail).map(drop)
    }

    /// The order expires unpaid. Pesapal has no such status, so its orders cannot.
    ///
    /// # Errors
    ///
    /// [`ActError`] where no order has the id, or its gateway or state does not allow it.
    pub fn expire(&self, id: &str) -> Result<(), ActError> {
        self.shared.act(id, CustomerAct::Expire).map(drop)
    }

    /// The customer's payment is under way. Pesapal goes on showing such an order as pending.
    ///
    /// # Errors
    ///
    /// [`ActError`] where no order has the id, or its state does not allow it.
    pub fn process(&self, id: &str) -> Result<(), ActError> {
        self.shared.act(id, CustomerAct::Process).map(drop)
    }

    /// A payment at Pesapal is reversed. KwikPaisa has no such status.
    ///
    /// # Errors
    ///
    /// [`ActError`] where no order has the id, or its gateway or state does not allow it.
    pub fn reverse(&self, id: &str) -> Result<(), ActError> {
        self.shared.act(id, CustomerAct::Reverse).map(drop)
    }

    /// Sends KwikPaisa's webhooks to `url` from now on, or nowhere.
    ///
    /// # Errors
    ///
    /// [`WebhookError`] where the emulator may not send there.
    pub fn set_webhook_url(&self, url: Option<Url>) -> Result<(), WebhookError> {
        if let Some(url) = &url {
            self.shared.config.check_target(url)?;
        }
        self.shared.state().webhook_url = url;
        Ok(())
    }

    /// Every variant with its present value.
    #[must_use]
    pub fn variants(&self) -> Vec<VariantSetting> {
        self.shared.behaviour().settings()
    }

    /// Sets a variant from the next request on, by its name and the name of a value.
    ///
    /// # Errors
    ///
    /// [`VariantError`] where there is no such variant or value; nothing changes then.
    pub fn set_variant(&self, name: &str, value: &str) -> Result<(), VariantError> {
        self.shared.state().behaviour.set(name, value)
    }

    /// Moves the emulator's clock, forwards or (negative) back. Waits are in real time and do not change.
    pub fn advance_clock(&self, by: SignedDuration) {
        self.shared.clock.advance(by);
    }

    /// Forgets orders, tokens, IPN addresses, faults, requests and clock moves, and goes back to the settings of the
    /// start, variants among them.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Closes the port and every connection, and drops notifications not delivered yet.
    pub async fn shutdown(self) {
        let Self { stop, tasks, .. } = self;
        drop(stop);
        for task in tasks {
            // Fails only if the task panicked, which leaves nothing to wait for.
            let _ = task.await;
        }
    }
}

/// An address a browser on this machine can open, even where every interface is listened on.
fn base_url(addr: SocketAddr) -> String {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    format!("http://{}", SocketAddr::new(ip, addr.port()))
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&shared)));
                }
                // Too many open files, as a rule: it passes once a connection closes.
                Err(_) => sleep(Duration::from_millis(10)).await,
            },
        }
    }
    connections.shutdown().await;
}

/// What happens on a connection after hyper has let go of it.
enum Afterwards {
    /// Closed, with a reset.
    Reset,
    /// Interim replies, and no other.
    Interims,
    /// These bytes, those after a pause (or at once), and then HTTP again.
    Strayed {
        reply: Vec<u8>,
        stray: Vec<u8>,
        after: Duration,
    },
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    // Without it a small reply may wait for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    loop {
        let afterwards = Mutex::new(None);
        let mut connection = http1::Builder::new()
            // The date must be the emulator's, not the machine's: clients learn clock skew from it.
            .auto_date_header(false)
            .timer(TokioTimer::new())
            .header_read_timeout(shared.config.request_timeout)
            .serve_connection(
                TokioIo::new(stream),
                service_fn(|request| respond(Arc::clone(&shared), request, &afterwards)),
            );
        // Fails where the client left, or where the connection is dropped on purpose.
        let _ = (&mut connection).await;
        stream = connection.into_parts().io.into_inner();
        let afterwards = afterwards.into_inner();
        match afterwards.unwrap_or_else(PoisonError::into_inner) {
            None => return,
            Some(Afterwards::Reset) => {
                // With a linger of zero, closing sends a reset instead of an orderly end.
                let _ = stream.set_zero_linger();
                return;
            }
            Some(Afterwards::Interims) => {
                // Ends when the client leaves, or after a minute.
                let _ = timeout(LONGEST_FLOOD, flood(&mut stream)).await;
                return;
            }
            Some(Afterwards::Strayed {
                reply,
                stray,
                after,
            }) => {
                if send_with_stray(&mut stream, reply, stray, after)
                    .await
                    .is_err()
                {
                    return;
                }
            }
        }
    }
}

/// Enough to keep a careless client busy, without loading this machine.
async fn flood(stream: &mut TcpStream) -> io::Result<()> {
    let some = b"HTTP/1.1 102 Processing\r\n\r\n".repeat(100);
    loop {
        stream.write_all(&some).await?;
        sleep(Duration::from_millis(5)).await;
    }
}

async fn send_with_stray(
    stream: &mut TcpStream,
    mut reply: Vec<u8>,
    stray: Vec<u8>,
    after: Duration,
) -> io::Result<()> {
    if after.is_zero() {
        reply.extend_from_slice(&stray);
        return stream.write_all(&reply).await;
    }
    stream.write_all(&reply).await?;
    let client_sent_more = timeout(after, stream.peek(&mut [0])).await.is_ok();
    if client_sent_more {
        return Ok(());
    }
    stream.write_all(&stray).await
}

async fn respond(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    afterwards: &Mutex<Option<Afterwards>>,
) -> Result<Response<ReplyBody>, Dropped> {
    let (head, body) = request.into_parts();
    let longest = if head.uri.path() == STATE {
        LONGEST_STATE
    } else {
        LONGEST_BODY
    };
    let body = Limited::new(body, longest).collect();
    let outcome = match timeout(shared.config.request_timeout, body).await {
        Err(_) => Outcome::Reply(Reply::empty(StatusCode::REQUEST_TIMEOUT)),
        Ok(Ok(body)) => {
            let received = Received {
                method: head.method,
                path: head.uri.path().to_owned(),
                query: head.uri.query().map(str::to_owned),
                headers: head.headers,
                body: body.to_bytes(),
            };
            service::answer(Arc::clone(&shared), received).await
        }
        Ok(Err(_)) => Outcome::Reply(Reply::empty(StatusCode::PAYLOAD_TOO_LARGE)),
    };
    let then = match outcome {
        Outcome::Reply(reply) => return Ok(response(reply, shared.clock.now())),
        Outcome::Dropped(Dropped::Close) => None,
        Outcome::Dropped(Dropped::Reset) => Some(Afterwards::Reset),
        Outcome::Interims => Some(Afterwards::Interims),
        Outcome::WithStray {
            reply,
            stray,
            after,
        } => Some(Afterwards::Strayed {
            reply: bytes(response(reply, shared.clock.now())),
            stray: bytes(response(stray, shared.clock.now())),
            after,
        }),
    };
    *afterwards.lock().unwrap_or_else(PoisonError::into_inner) = then;
    Err(Dropped::Close)
}

/// A whole reply as it stands on the wire.
fn bytes(response: Response<ReplyBody>) -> Vec<u8> {
    let (head, body) = response.into_parts();
    let body = body.whole();
    let mut out = format!("HTTP/1.1 {}\r\n", head.status).into_bytes();
    for (name, value) in &head.headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    out.extend_from_slice(&body);
    out
}

fn response(reply: Reply, now: Timestamp) -> Response<ReplyBody> {
    let mut response = Response::new(reply.body);
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    if let Ok(date) = HeaderValue::try_from(now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()) {
        headers.insert(DATE, date);
    }
    if let Some(header) = reply.header {
        let (name, value) = *header;
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}
