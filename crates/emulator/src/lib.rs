#![doc = include_str!("../README.md")]

mod call;
mod clock;
mod config;
mod control;
mod customer;
mod deliveries;
mod delivery_log;
mod exchange;
mod faults;
mod foreign;
mod gateway;
mod html;
mod json;
mod kwikpaisa;
mod notification;
mod odd;
mod order;
mod outcomes;
mod overview;
mod pages;
mod pesapal;
mod request_log;
mod reserialize;
mod rng;
mod routes;
mod server;
mod service;
mod snapshot;
mod state;
mod variants;

pub use clock::Clock;
pub use config::{
    DeliveryTargets, EmulatorConfig, Exposure, KwikPaisaCredentials, PesapalCredentials,
    Redelivery, StartError, WebhookError,
};
pub use customer::ActError;
pub use delivery_log::{AttemptRecord, DeliveryRecord};
pub use faults::{Fault, FaultError, FaultKind};
pub use gateway::{Gateway, Operation};
pub use order::OrderTruth;
pub use request_log::RequestRecord;
pub use server::Emulator;
pub use snapshot::StateError;
pub use variants::{Behaviour, Evidence, Variant, VariantError, VariantSetting, variants};
#[cfg(any(test, feature = "test-support"))]
pub use variants::{Combination, pairwise};
