//! Calls an operation: builds, sends, decides whether once more, and leaves a trace.

use std::sync::Arc;

use duka_core::{AccountName, Delivery, Error, GatewayName};
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span, debug, info_span};

use crate::message::{Intent, Reply, Request};
use crate::retry::{Jitter, RetryPolicy};
use crate::transport::Transport;

/// A transport, the policy of repeating, and the names that go into traces.
///
/// Every try is one span `exchange` with the fields `operation`, `gateway`, `account`,
/// `attempt`, `delivery`, `http_status` and `latency_ms`; never an address, a header or a
/// body.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
    policy: RetryPolicy,
    gateway: Option<GatewayName>,
    account: Option<AccountName>,
    chance: Arc<Jitter>,
}

impl Client {
    /// Calls through `transport`, repeating as `policy` says.
    pub fn new(transport: Arc<dyn Transport>, policy: RetryPolicy) -> Self {
        Self {
            transport,
            policy,
            gateway: None,
            account: None,
            chance: Arc::new(Jitter::new()),
        }
    }

    /// Names the gateway and the account in traces.
    #[must_use]
    pub fn label(mut self, gateway: GatewayName, account: Option<AccountName>) -> Self {
        self.gateway = Some(gateway);
        self.account = account;
        self
    }

    /// Sends what `build` makes and returns the reply, whatever its status.
    ///
    /// `build` is called anew before every try, so that each has a timestamp and a
    /// signature of its own; its error ends the call. Between tries the call sleeps, on
    /// tokio's timer.
    ///
    /// # Errors
    /// What `build` failed with, or the transport's last error.
    pub async fn call<F>(
        &self,
        operation: &'static str,
        intent: Intent,
        mut build: F,
    ) -> Result<Reply, Error>
    where
        F: FnMut() -> Result<Request, Error>,
    {
        let mut tried = 0;
        loop {
            tried += 1;
            let request = build()?;
            let span = self.span(operation, tried);
            let outcome = self.exchange(request, intent).instrument(span).await;
            let pause = self
                .policy
                .pause_after(&outcome, intent, tried, self.chance.next());
            let Some(pause) = pause else {
                return outcome;
            };
            debug!(operation, tried, ?pause, "trying once more");
            tokio::time::sleep(pause).await;
        }
    }

    async fn exchange(&self, request: Request, intent: Intent) -> Result<Reply, Error> {
        let begun = Instant::now();
        let outcome = self.transport.exchange(request, intent).await;
        let span = Span::current();
        let latency = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        span.record("latency_ms", latency);
        match &outcome {
            Ok(reply) => {
                span.record("delivery", delivery_word(Delivery::Answered));
                span.record("http_status", reply.status);
                debug!("answered");
            }
            Err(error) => {
                span.record("delivery", delivery_word(error.delivery()));
                if let Some(status) = error.http_status() {
                    span.record("http_status", status);
                }
                debug!(%error, "no whole reply");
            }
        }
        outcome
    }

    fn span(&self, operation: &'static str, attempt: u32) -> Span {
        info_span!(
            "exchange",
            operation,
            gateway = self.gateway.as_ref().map(GatewayName::as_str),
            account = self.account.as_ref().map(AccountName::as_str),
            attempt,
            delivery = Empty,
            http_status = Empty,
            latency_ms = Empty,
        )
    }
}

const fn delivery_word(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::NotSent => "not sent",
        Delivery::Unknown => "unknown",
        Delivery::Answered => "answered",
    }
}
