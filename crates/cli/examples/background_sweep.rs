//! A service that sweeps: it cancels abandoned orders and settles what is in doubt, again and again,
//! until Ctrl-C.
//!
//! `cargo run -p duka-cli --example background_sweep` runs it on the emulator with a few orders that
//! their customers have left. With a real account, take the keys from the environment, leave
//! `base_url` out, and open the store of the program that creates the orders.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people"
)]
#![expect(clippy::disallowed_methods, reason = "a program reads the wall clock")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use duka_core::cancel::Outcome;
use duka_core::clock::SharedClock;
use duka_core::{AccountName, Customer, Gateway, Money, NewOrder, OrderId};
use duka_emulator::{Emulator, EmulatorConfig};
use duka_engine::sweep::{Bounds, Source, Summary, SweepEvent};
use duka_engine::{Canceller, CreateTerms, EngineError, Request, Settings, SqliteStore};
use duka_http::BaseUrl;
use duka_kwikpaisa::KwikPaisa;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use url::Url;

type AnyError = Box<dyn Error + Send + Sync>;

/// Sweeps once. `stop` ends it after the orders in flight; a later sweep goes on.
async fn sweep(
    canceller: &Canceller,
    bounds: &Bounds,
    stop: &CancellationToken,
) -> Result<Summary, EngineError> {
    let request = Request {
        reason: Some("abandoned".to_owned()),
        actor: "background sweep".to_owned(),
    };
    let on_event = |event: SweepEvent<'_>| match event {
        SweepEvent::Cancellation(record) => {
            let state = record.progress.state;
            let result = state.outcome().map_or(state.as_str(), Outcome::as_str);
            println!("{}: {result}", record.key);
        }
        SweepEvent::Failed(key, error) => eprintln!("{key}: {error}"),
        SweepEvent::AccountStopped(account, why) => eprintln!("{account}: {why}"),
        // Printing these is for a dry run or a progress bar.
        SweepEvent::Considered | SweepEvent::Plan(_) | SweepEvent::LeftAlone(_) | _ => {}
    };
    canceller
        .sweep(Source::Tracked, bounds, &request, stop, &on_event)
        .await
}

/// Sweeps every so often until it is stopped.
async fn sweep_until_stopped(
    canceller: Canceller,
    bounds: Bounds,
    every: Duration,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        match sweep(&canceller, &bounds, &stop).await {
            Ok(done) => println!(
                "{} considered, {} cancelled, {} in doubt",
                done.considered, done.confirmed, done.in_doubt
            ),
            // The next sweep may find the store in order again.
            Err(error) => eprintln!("error: {error}"),
        }
        // Nothing is lost if the service stops in the pause.
        let _ = tokio::time::timeout(every, stop.cancelled()).await;
    }
}

/// A shop with orders that their customers have left.
async fn shop(emulator: &Emulator, store: SqliteStore, orders: u32) -> Result<Canceller, AnyError> {
    let clock = SharedClock::new(Timestamp::now);
    let account = AccountName::new("shop-in")?;
    let gateway = KwikPaisa::builder(
        "pk_test_emulator".into(),
        "sk_test_emulator".into(),
        clock.clone(),
    )
    .account(account.clone())
    .default_service_type("DIGITAL")
    .base_url(BaseUrl::parse(&emulator.kwikpaisa_url())?)
    .build()?;
    let gateways = BTreeMap::from([(account.clone(), Arc::new(gateway) as Arc<dyn Gateway>)]);
    let settings = Settings::new("background sweep");
    let canceller = Canceller::new(Arc::new(store), gateways, clock.clone(), settings);
    for number in 1..=orders {
        let customer = Customer {
            name: Some("Asha".to_owned()),
            email: Some("asha@example.com".to_owned()),
            phone: Some("9999999999".to_owned()),
        };
        let money = Money::parse("105.50", "INR")?;
        let id = OrderId::text(format!("tea-{number}"))?;
        let return_url = Url::parse("https://shop.example/thanks")?;
        let order = NewOrder::new(id, money, "Tea", customer, return_url);
        canceller
            .create(&account, order, CreateTerms::default())
            .await?;
    }
    Ok(canceller)
}

/// How a real service sweeps is up to its checkout: here an order counts as abandoned at once, so that
/// the example has something to do.
fn bounds() -> Bounds {
    Bounds {
        min_age: Duration::ZERO,
        ..Bounds::default()
    }
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let folder = tempfile::tempdir()?;
    let emulator = Emulator::start(EmulatorConfig::new(Timestamp::now)).await?;
    let store = SqliteStore::open(
        folder.path().join("shop.db"),
        SharedClock::new(Timestamp::now),
    )?;
    let canceller = shop(&emulator, store, 3).await?;

    let stop = CancellationToken::new();
    let every = Duration::from_secs(10);
    let service = tokio::spawn(sweep_until_stopped(
        canceller,
        bounds(),
        every,
        stop.clone(),
    ));
    println!("sweeping every 10 s; Ctrl-C ends it");
    tokio::signal::ctrl_c().await?;
    stop.cancel();
    service.await?;
    emulator.shutdown().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sweep_cancels_the_orders_that_were_left_and_none_that_was_paid() {
        let folder = tempfile::tempdir().unwrap();
        let emulator = Emulator::start(EmulatorConfig::new(Timestamp::now))
            .await
            .unwrap();
        let store = SqliteStore::open(
            folder.path().join("shop.db"),
            SharedClock::new(Timestamp::now),
        )
        .unwrap();
        let canceller = shop(&emulator, store, 3).await.unwrap();
        emulator.pay("tea-2").unwrap();
        let stop = CancellationToken::new();
        let done = sweep(&canceller, &bounds(), &stop).await.unwrap();
        assert_eq!((done.confirmed, done.errors), (2, 0));
        let applied = emulator.orders().into_iter().map(|it| it.cancels_applied);
        assert_eq!(applied.collect::<Vec<_>>(), [1, 0, 1]);
        emulator.shutdown().await;
    }
}
