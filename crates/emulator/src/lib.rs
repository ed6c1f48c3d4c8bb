//! KwikPaisa and Pesapal on one loopback port, for merchants who develop and test offline.
//!
//! [`Emulator::start`] opens a port and answers both gateways' calls on it: KwikPaisa at the root
//! (`/api/v3/pg/order/…`), Pesapal under `/pesapalv3` and `/v3`. Signatures and tokens are really checked,
//! orders have a state, each has a checkout page a browser can use, and webhooks and IPNs are delivered and
//! redelivered. What a real gateway does on a bad day is armed as a [`Fault`].
//!
//! It is its own reading of what is known about the two gateways and shares no type with any client: a client
//! that misreads a page is caught here rather than agreed with.
//!
//! The library never reads the wall clock: it is given a [`Clock`], and [`Emulator::advance_clock`] moves it.
//!
//! ```
//! use duka_emulator::{Emulator, EmulatorConfig, Fault, FaultKind, Gateway, Operation};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::start(EmulatorConfig::new(jiff::Timestamp::now)).await?;
//! println!("KwikPaisa at {}, Pesapal at {}", emulator.kwikpaisa_url(), emulator.pesapal_url());
//!
//! // The next cancellation at Pesapal is applied, but its reply never arrives.
//! emulator.arm(Fault::new(FaultKind::ReplyLost).at(Gateway::Pesapal).on(Operation::Cancel))?;
//!
//! assert!(emulator.orders().is_empty());
//! emulator.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Without writing Rust
//!
//! `duka emulate`, of the program in `duka-cli`, runs the same thing in the foreground and prints the addresses and
//! credentials to use. Whatever talks HTTP can then be tested against it:
//!
//! ```sh
//! cargo install duka-cli
//! duka emulate
//! curl -X POST localhost:4010/_emulator/orders/6116229263036/pay
//! ```
//!
//! # Over HTTP
//!
//! The same controls are calls under `/_emulator`, for programs in any language: `GET /orders`, `GET /orders/{id}`,
//! `POST /orders/{id}/{pay|fail|expire|process|reverse|pay_late}`, `GET`, `POST` and `DELETE /faults`,
//! `GET /requests`, `GET` and `POST /variants`, `POST /clock`, `POST /webhook`, `POST /reset`. An `id` is KwikPaisa's order id or Pesapal's
//! tracking id, percent-encoded where it must be.
//!
//! A fault is armed with `{"kind": "reply_lost", "gateway": "pesapal", "operation": "cancel", "times": 1}`; all but the kind may be
//! left out. [`FaultKind`] tells each kind and its name, [`Fault`] what else can be said (`probability`, `delay_ms`, `form`). Among
//! the kinds are replies that are nearly right: `odd_401`, `odd_word`, `interim_flood`, `stray_reply`.
//!
//! # Where the gateways are silent
//!
//! Neither gateway says all that a client has to know: how a refusal looks, whether an id comes back as a number,
//! what a second cancel is answered. Here each such question is a *variant*, with a dotted name, two or more
//! answers and a default; [`variants`] lists them. A choice is made before the start ([`EmulatorConfig::behaviour`]),
//! at run time ([`Emulator::set_variant`]), or by a program in any language, any number at once, all or none:
//!
//! ```text
//! GET  /_emulator/variants   [{"name":"pesapal.second_cancel","gateway":"pesapal","values":["refused","accepted"],
//!                              "default":"refused","value":"refused","about":"The answer to a second cancel of …"}, …]
//! POST /_emulator/variants   {"pesapal.second_cancel":"accepted","kwikpaisa.cancel_refusal":"http_409"}
//! ```
//!
//! `POST /_emulator/reset` goes back to those of the start. A client should work under each of them; [`pairwise`]
//! gives the few dozen combinations in which every two answers to any two questions meet:
//!
//! ```
//! use duka_emulator::{Emulator, EmulatorConfig, Gateway, pairwise};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::start(EmulatorConfig::new(jiff::Timestamp::now)).await?;
//! for combination in pairwise(Gateway::Pesapal) {
//!     emulator.reset();
//!     for (name, value) in combination.iter() {
//!         emulator.set_variant(name, value)?;
//!     }
//!     // Here the client's own tests; `combination` shows which answers they met.
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What is refused, and why
//!
//! A request that fails authentication gets the gateway's own terse HTTP 401. The precise reason stands in the
//! `verdict` of [`Emulator::requests`] (`GET /_emulator/requests`); secrets, tokens and signatures never do.

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
