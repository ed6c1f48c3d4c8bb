#![doc = include_str!("../README.md")]

mod auth;
pub mod codes;
mod config;
mod gateway;
mod ipn;
mod limits;
mod notify;
pub mod operations;
mod wire;

pub use config::Builder;
pub use duka_http::adapter::Environment;
pub use gateway::Pesapal;
pub use ipn::{IpnMethod, RegisteredIpn};
pub use notify::{Ipn, IpnError, IpnKind, IpnVerdict, MAX_LEN as MAX_IPN_LEN};
