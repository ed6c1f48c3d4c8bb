//! A merchant's own test: the gateway applies a cancel request and its reply is lost, at Pesapal,
//! which takes one request per order.
//!
//! The emulator runs inside the test, with a fault armed. `cargo run -p duka-cli --example
//! test_with_emulator` runs the same as a program; in a project of your own, only the test stays.

#![expect(clippy::print_stdout, reason = "a program for people")]
#![expect(clippy::disallowed_methods, reason = "a program reads the wall clock")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use duka_core::cancel::State;
use duka_core::clock::SharedClock;
use duka_core::{AccountName, Customer, Gateway, Money, NewOrder, OrderId};
use duka_emulator::{Emulator, EmulatorConfig, Fault, FaultKind, Gateway as Emulated, Operation};
use duka_engine::{Canceller, CreateTerms, Request, Settings, SqliteStore, TrackedOrder};
use duka_http::BaseUrl;
use duka_pesapal::{IpnMethod, Pesapal};
use jiff::Timestamp;
use url::Url;

type AnyError = Box<dyn Error + Send + Sync>;

/// What is known after the reply was lost, and how many requests the gateway got.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    state: State,
    cancel_requests: u32,
}

/// Cancels an order whose reply is lost, and asks for the cancellation a second time.
async fn cancel_twice_with_a_lost_reply() -> Result<Seen, AnyError> {
    let folder = tempfile::tempdir()?;
    let emulator = Emulator::start(EmulatorConfig::new(Timestamp::now)).await?;
    let clock = SharedClock::new(Timestamp::now);
    let account = AccountName::new("shop-ke")?;
    let builder = || {
        Ok::<_, AnyError>(
            Pesapal::builder(
                "emulator-key".into(),
                "emulator-secret".into(),
                clock.clone(),
            )
            .base_url(BaseUrl::parse(&emulator.pesapal_url())?),
        )
    };
    let ipn = Url::parse("https://shop.example/ipn")?;
    let ipn = builder()?
        .build()?
        .register_ipn(&ipn, IpnMethod::Get)
        .await?;
    let gateway = builder()?.notification_id(ipn.id).build()?;

    let customer = Customer {
        name: None,
        email: Some("asha@example.com".to_owned()),
        phone: None,
    };
    let money = Money::parse("1500", "KES")?;
    let return_url = Url::parse("https://shop.example/thanks")?;
    let order = NewOrder::new(OrderId::text("tea-1")?, money, "Tea", customer, return_url);
    let name = gateway.name();
    let gateways = BTreeMap::from([(account.clone(), Arc::new(gateway) as Arc<dyn Gateway>)]);
    let store = SqliteStore::open(folder.path().join("test.db"), clock.clone())?;
    let settings = Settings::new("test");
    let canceller = Canceller::new(Arc::new(store), gateways, clock.clone(), settings);
    let created = canceller
        .create(&account, order, CreateTerms::default())
        .await?;

    // Here the test begins: the request is applied, and its reply never arrives.
    emulator.arm(
        Fault::new(FaultKind::ReplyLost)
            .at(Emulated::Pesapal)
            .on(Operation::Cancel),
    )?;
    let id = created.key.order.to_string();
    let tracked = TrackedOrder::new(created.key, name, clock.now());
    let mut state = None;
    for _ in 0..2 {
        let request = Request {
            reason: None,
            actor: "test".to_owned(),
        };
        let cancelled = canceller.cancel(tracked.clone(), request, Duration::ZERO);
        state = Some(cancelled.await?.record.progress.state);
    }
    let truth = emulator
        .order(&id)
        .ok_or("the emulator has no such order")?;
    emulator.shutdown().await;
    Ok(Seen {
        state: state.ok_or("no cancellation was made")?,
        cancel_requests: truth.cancel_requests,
    })
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    println!("{:?}", cancel_twice_with_a_lost_reply().await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn after_a_lost_reply_the_outcome_is_in_doubt_and_no_second_request_leaves() {
        let expected = Seen {
            state: State::InDoubt,
            cancel_requests: 1,
        };
        let seen = cancel_twice_with_a_lost_reply().await.unwrap();
        assert_eq!(seen, expected);
    }
}
