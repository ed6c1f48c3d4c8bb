//! One exchange: the trait every transport implements.

use std::fmt;

use async_trait::async_trait;
use duka_core::Error;

use crate::message::{Intent, Reply, Request};

/// Sends one request and waits for its reply.
///
/// **If you call it:** go through [`Client::call`](crate::Client::call), which knows when
/// a request may be repeated. Dropping the future gives up: what has left has left.
///
/// **If you implement it:**
/// - Send at most once. No redirect is followed, no request repeated, no cookie kept.
/// - Any reply is `Ok`, whatever its status.
/// - An `Err` says in its [`delivery`](Error::delivery) what is *proved*:
///   [`NotSent`](duka_core::Delivery::NotSent) only when no byte of the request can have
///   reached the other side, [`Answered`](duka_core::Delivery::Answered) when a reply began
///   and could not be read to its end, and otherwise
///   [`Unknown`](duka_core::Delivery::Unknown).
/// - End by yourself after some time; nothing above sets a limit.
/// - Put nothing of the request into the error but its host.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends `request` and reads the reply to its end.
    ///
    /// A [`Intent::Mutation`] should leave on a connection that cannot have gone stale.
    ///
    /// # Errors
    /// When no whole reply came.
    async fn exchange(&self, request: Request, intent: Intent) -> Result<Reply, Error>;
}
