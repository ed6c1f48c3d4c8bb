//! Calls to a gateway, by our adapter and by the bare HTTP client.

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use duka_core::clock::SharedClock;
use duka_core::{Gateway as _, OrderId};
use duka_http::BaseUrl;
use duka_pesapal::Pesapal;
use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Deserialize;

use crate::measure::{Cost, Run};
use crate::{Failure, lists};

/// Which side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Side {
    /// Ours.
    Duka,
    /// What it is compared with.
    Bare,
}

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// The status.
    Status,
    /// A cancel.
    Cancel,
    /// The three calls of a cancellation: status, cancel, status.
    Order,
}

/// The keys that every account here has.
pub const KEYS: [&str; 2] = ["bench-key", "bench-secret"];

/// A client of one gateway.
#[derive(Debug, Clone)]
pub enum Caller {
    /// Our adapter.
    Duka(Box<Pesapal>),
    /// The HTTP client alone: keeps its connections, sends the same bytes, and reads each reply into a plain struct.
    Bare(Bare),
}

/// The HTTP client, an address and a token.
#[derive(Debug, Clone)]
pub struct Bare {
    client: reqwest::Client,
    base_url: String,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

/// What a program would read of a status, at least.
#[derive(Deserialize)]
struct Status {
    status_code: u8,
    amount: f64,
    currency: String,
    error: Option<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    code: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    status: String,
}

/// Our account at this address.
///
/// # Errors
/// When the address is unusable.
pub fn account(base_url: &str, clock: SharedClock) -> Result<Pesapal, Failure> {
    let [key, secret] = KEYS;
    let builder = Pesapal::builder(key.into(), secret.into(), clock);
    Ok(builder.base_url(BaseUrl::parse(base_url)?).build()?)
}

impl Bare {
    /// A client that has a token.
    async fn new(base_url: &str) -> Result<Self, Failure> {
        let body = format!(
            r#"{{"consumer_key":"{}","consumer_secret":"{}"}}"#,
            KEYS[0], KEYS[1]
        );
        let asked = format!("{base_url}/api/Auth/RequestToken");
        let reply = client(HeaderMap::new())?
            .post(asked)
            .body(body)
            .send()
            .await?;
        let Token { token } = serde_json::from_slice(&reply.bytes().await?)?;
        let token = HeaderValue::try_from(format!("Bearer {token}"))?;
        Ok(Self {
            client: client(HeaderMap::from_iter([(AUTHORIZATION, token)]))?,
            base_url: base_url.to_owned(),
        })
    }

    async fn status(&self, order: &str) -> Result<(), Failure> {
        let url = format!(
            "{}/api/Transactions/GetTransactionStatus?orderTrackingId={order}",
            self.base_url
        );
        let reply = self.client.get(url).send().await?;
        let status: Status = serde_json::from_slice(&reply.bytes().await?)?;
        let code = status.error.and_then(|it| it.code).unwrap_or_default();
        let unpaid = status.status_code == 0 && code == "payment_details_not_found";
        let asked = status.amount > 0.0 && status.currency == "KES";
        if unpaid && asked {
            Ok(())
        } else {
            Err("another status".into())
        }
    }

    async fn cancel(&self, order: &str) -> Result<(), Failure> {
        let url = format!("{}/api/Transactions/CancelOrder", self.base_url);
        let body = format!(r#"{{"order_tracking_id":"{order}"}}"#);
        let json = HeaderValue::from_static("application/json");
        let sent = self.client.post(url).header(CONTENT_TYPE, json).body(body);
        let reply = sent.send().await?;
        let answer: Answer = serde_json::from_slice(&reply.bytes().await?)?;
        if answer.status == "200" {
            Ok(())
        } else {
            Err("refused".into())
        }
    }
}

fn client(mut headers: HeaderMap) -> Result<reqwest::Client, Failure> {
    // The same TLS as ours. It fails where it is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    Ok(reqwest::Client::builder()
        .user_agent(concat!("duka/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .tcp_nodelay(true)
        .timeout(Duration::from_secs(30))
        .no_proxy()
        .build()?)
}

impl Caller {
    /// This side's client of the gateway at this address.
    ///
    /// # Errors
    /// When the address is unusable, or the gateway does not answer.
    pub async fn new(side: Side, base_url: &str) -> Result<Self, Failure> {
        Ok(match side {
            Side::Duka => Self::Duka(Box::new(account(
                base_url,
                SharedClock::new(Timestamp::now),
            )?)),
            Side::Bare => Self::Bare(Bare::new(base_url).await?),
        })
    }

    /// Calls once about this order.
    ///
    /// # Errors
    /// When there is no answer, or not the one that the canned gateway gives.
    pub async fn call(&self, what: What, order: &str) -> Result<(), Failure> {
        match what {
            What::Status => self.status(order).await,
            What::Cancel => self.cancel(order).await,
            What::Order => {
                self.status(order).await?;
                self.cancel(order).await?;
                self.status(order).await
            }
        }
    }

    async fn status(&self, order: &str) -> Result<(), Failure> {
        match self {
            Self::Duka(account) => {
                account.status(&OrderId::text(order)?).await?;
                Ok(())
            }
            Self::Bare(bare) => bare.status(order).await,
        }
    }

    async fn cancel(&self, order: &str) -> Result<(), Failure> {
        match self {
            Self::Duka(account) => {
                account.cancel(&OrderId::text(order)?).await?;
                Ok(())
            }
            Self::Bare(bare) => bare.cancel(order).await,
        }
    }

    /// Calls so often, by so many tasks at once, each about orders of its own.
    ///
    /// # Errors
    /// The first failure.
    pub async fn call_all(self, what: What, calls: usize, at_once: usize) -> Result<(), Failure> {
        let caller = Arc::new(self);
        let mut tasks = tokio::task::JoinSet::new();
        for first in 0..at_once {
            let caller = Arc::clone(&caller);
            tasks.spawn(async move {
                for number in (first..calls).step_by(at_once) {
                    caller.call(what, &lists::guid(number as u64)).await?;
                }
                Ok::<_, Failure>(())
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok(())
    }
}

/// What it costs one side to call so often, once its connections are warm.
///
/// # Errors
/// The first failure.
pub async fn measure(
    side: Side,
    base_url: &str,
    what: What,
    calls: usize,
    at_once: usize,
) -> Result<Cost, Failure> {
    let caller = Caller::new(side, base_url).await?;
    caller
        .clone()
        .call_all(What::Status, 20 * at_once, at_once)
        .await?;
    let run = Run::start();
    caller.call_all(what, calls, at_once).await?;
    Ok(run.end(calls))
}
