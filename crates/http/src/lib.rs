#![doc = include_str!("../README.md")]

pub mod adapter;
mod base_url;
mod client;
#[cfg(feature = "transport")]
mod deadline;
#[cfg(feature = "transport")]
mod dedicated_connection;
mod excerpt;
#[cfg(feature = "transport")]
mod head;
#[cfg(all(test, feature = "transport"))]
mod hostile;
#[cfg(feature = "transport")]
mod http_transport;
#[cfg(feature = "transport")]
mod line;
mod message;
mod number;
#[cfg(feature = "transport")]
mod pool;
#[cfg(feature = "reqwest")]
mod proxy;
#[cfg(feature = "transport")]
mod request_head;
#[cfg(feature = "reqwest")]
mod reqwest_transport;
#[cfg(feature = "transport")]
mod response_body;
mod retry;
#[cfg(feature = "transport")]
mod tls;
#[cfg(feature = "transport")]
mod tracked_io;
mod transport;

pub use base_url::BaseUrl;
pub use client::Client;
pub use excerpt::{excerpt, redact, without_secrets, word_without_secrets};
#[cfg(feature = "transport")]
pub use http_transport::{HttpTransport, HttpTransportBuilder};
pub use message::{Header, Intent, Method, Reply, Request};
pub use number::plain_number;
#[cfg(feature = "reqwest")]
pub use proxy::ProxyUrl;
#[cfg(feature = "reqwest")]
pub use reqwest_transport::{ReqwestTransport, ReqwestTransportBuilder};
pub use retry::RetryPolicy;
pub use transport::Transport;
