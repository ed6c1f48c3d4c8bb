#![doc = include_str!("../README.md")]

mod base_url;
mod client;
#[cfg(feature = "reqwest")]
mod deadline;
#[cfg(feature = "reqwest")]
mod dedicated_connection;
mod excerpt;
#[cfg(feature = "reqwest")]
mod head;
#[cfg(all(test, feature = "reqwest"))]
mod hostile;
#[cfg(feature = "reqwest")]
mod line;
mod message;
mod number;
#[cfg(feature = "reqwest")]
mod pool;
#[cfg(feature = "reqwest")]
mod reqwest_transport;
#[cfg(feature = "reqwest")]
mod response_body;
mod retry;
#[cfg(feature = "reqwest")]
mod tracked_io;
mod transport;

pub use base_url::BaseUrl;
pub use client::Client;
pub use excerpt::{excerpt, redact, without_secrets, word_without_secrets};
pub use message::{Header, Intent, Method, Reply, Request};
pub use number::plain_number;
#[cfg(feature = "reqwest")]
pub use reqwest_transport::{ReqwestTransport, ReqwestTransportBuilder};
pub use retry::RetryPolicy;
pub use transport::Transport;
