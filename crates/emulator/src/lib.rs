#![doc = include_str!("../README.md")]

mod act;
pub mod behaviour;
mod book;
mod checkout;
mod clock;
mod config;
mod control;
mod delivery;
mod exchange;
mod fault;
mod gateway;
mod json;
mod kwikpaisa;
mod notification;
mod odd;
mod order;
mod pesapal;
mod request_log;
mod rng;
mod route;
mod server;
mod service;
mod world;

pub use act::ActError;
pub use behaviour::{
    Behaviour, Combination, Variant, VariantError, VariantSetting, pairwise, variants,
};
pub use clock::Clock;
pub use config::{
    DeliveryTargets, EmulatorConfig, Exposure, KwikPaisaCredentials, PesapalCredentials,
    Redelivery, StartError, WebhookError,
};
pub use fault::{Fault, FaultError, FaultKind};
pub use gateway::{Gateway, Operation};
pub use order::OrderTruth;
pub use request_log::RequestRecord;
pub use server::Emulator;
