//! The only code that sends a request, and the one policy of repeating it.
//!
//! An exchange is finished bytes in (a signature may cover them) and one of three things
//! out: the reply that came, an error that proves the request was never
//! [sent](duka_core::Delivery::NotSent), or one that leaves it
//! [unknown](duka_core::Delivery::Unknown). What a reply *means* is the adapters' business:
//! a 503 is a [`Reply`] here like any other.
//!
//! - [`Client`] calls an operation: it has the request built, sends it, and repeats it only
//!   where repeating is harmless ([`Intent`], [`RetryPolicy`]).
//! - [`Transport`] is one exchange; `ReqwestTransport` (feature `reqwest`, on by default)
//!   is the one over real sockets, and a test writes its own in ten lines.
//! - [`BaseUrl`] is a gateway's address: `https`, or plain `http` to this machine only.
//!
//! Nothing here follows a redirect, keeps a cookie, uses a proxy, or writes a header, a
//! body, a token or a signature into a log.
//!
//! ```
//! use duka_http::{BaseUrl, Request};
//!
//! let base = BaseUrl::parse("https://pay.example/pesapalv3")?;
//! let request = Request::post_json(base.join("/api/orders"), b"{}".to_vec())
//!     .header("Accept", "application/json")
//!     .secret_header("Authorization", "Bearer abc".into());
//! assert_eq!(request.url().as_str(), "https://pay.example/pesapalv3/api/orders");
//! assert!(!format!("{request:?}").contains("abc"));
//! # Ok::<(), duka_core::Error>(())
//! ```

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
