//! Many callers that meet an expired token at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use duka_core::clock::SharedClock;
use duka_core::{Gateway as _, OrderId};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::gateway::Gateway;
use crate::{Failure, calls, lists};

/// Requests for a token, beyond the first.
#[derive(Debug, Clone, Serialize)]
pub struct TokenRequests {
    /// Where the callers see by the clock that the token is too old.
    pub by_clock: u64,
    /// Where the gateway refuses it.
    pub by_refusal: u64,
}

/// Has so many callers at once meet a token that is too old, and then one that the gateway refuses.
///
/// # Errors
/// When any of them gets no answer.
pub async fn measure(callers: u64) -> Result<TokenRequests, Failure> {
    let gateway = Gateway::start(Duration::from_millis(5), None).await?;
    let years = Arc::new(AtomicI64::new(0));
    let ahead = Arc::clone(&years);
    let clock = SharedClock::new(move || {
        Timestamp::now() + SignedDuration::from_hours(24 * 365 * ahead.load(Ordering::SeqCst))
    });
    let account = calls::account(&gateway.base_url, clock)?;
    let all_at_once = async || {
        let before = gateway.tokens();
        let mut tasks = JoinSet::new();
        for number in 0..callers {
            let (account, order) = (account.clone(), OrderId::text(lists::guid(number))?);
            tasks.spawn(async move { account.status(&order).await.map(drop) });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok::<_, Failure>(gateway.tokens() - before)
    };
    account.status(&OrderId::text(lists::guid(0))?).await?;
    gateway.expire_tokens();
    let by_refusal = all_at_once().await?;
    years.store(200, Ordering::SeqCst);
    let by_clock = all_at_once().await?;
    Ok(TokenRequests {
        by_clock,
        by_refusal,
    })
}
