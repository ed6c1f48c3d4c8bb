#![doc = include_str!("../README.md")]

mod auth;
pub mod codes;
mod config;
mod gateway;
mod limits;
mod notify;
pub mod operations;
#[cfg(test)]
mod parity;
mod payload;
mod reply;
mod wire;

pub use config::Builder;
pub use duka_http::adapter::Environment;
pub use gateway::KwikPaisa;
pub use notify::{Event, SignedForm, Webhook, WebhookError, WebhookVerifier};
pub use payload::Unicode;
