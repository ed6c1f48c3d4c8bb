//! A shop at each gateway, on the emulator, with a store of their own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use duka_core::clock::SharedClock;
use duka_core::{AccountName, Customer, Error, Gateway, Money, NewOrder, OrderId, WaitPolicy};
use duka_emulator::{Emulator, Gateway as Emulated};
use duka_engine::create::Duplicates;
use duka_engine::store::HoldChange;
use duka_engine::{Canceller, CreateTerms, OrderKey, Settings, SqliteStore, Store};
use duka_http::BaseUrl;
use duka_kwikpaisa::KwikPaisa;
use duka_pesapal::{IpnMethod, Pesapal};
use futures::stream::{self, StreamExt, TryStreamExt};
use indicatif::ProgressBar;
use url::Url;

use crate::failure::Failure;

/// Orders created at a time.
const AT_A_TIME: usize = 8;
/// KwikPaisa's order ids, of the length that its pages show.
const FIRST_ID: u64 = 6_116_229_263_036;

/// The fewest orders among which the [special ones](Part) are.
const FEWEST: u32 = 20;
/// How long an offer that is still open lasts: longer than any demo.
const OFFER: Duration = Duration::from_secs(60 * 60);

pub(super) struct Shops {
    canceller: Canceller,
    clock: SharedClock,
}

/// An order that the demo has created.
pub(super) struct DemoOrder {
    pub(super) gateway: Emulated,
    pub(super) key: OrderKey,
    pub(super) part: Part,
}

/// What an order shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What its customer does is left to chance.
    Chance,
    /// The first attempt for a shop order, whose offer is still open.
    FirstAttempt,
    /// The second attempt for it; the customer pays this one, and the shop sees that.
    SecondAttempt,
    /// Its offer has ended.
    OfferEnded,
    /// Its offer is still open.
    OfferOpen,
    /// The merchant holds it.
    Held,
}

impl Part {
    const SPECIAL: [Self; 5] = [
        Self::FirstAttempt,
        Self::SecondAttempt,
        Self::OfferEnded,
        Self::OfferOpen,
        Self::Held,
    ];

    /// Whether a sweep leaves the order alone.
    pub(super) fn is_left_alone(self) -> bool {
        match self {
            Self::SecondAttempt | Self::OfferOpen | Self::Held => true,
            Self::Chance | Self::FirstAttempt | Self::OfferEnded => false,
        }
    }
}

impl Shops {
    pub(super) async fn open(
        emulator: &Emulator,
        folder: &Path,
        clock: &SharedClock,
        wait_policy: WaitPolicy,
    ) -> Result<Self, Failure> {
        let setup = |error: Error| Failure::read("set up the demo's accounts", &error);
        let kwikpaisa = KwikPaisa::builder(
            "pk_test_emulator".into(),
            "sk_test_emulator".into(),
            clock.clone(),
        )
        .account(india())
        .default_service_type("DIGITAL")
        .base_url(BaseUrl::parse(&emulator.kwikpaisa_url()).map_err(setup)?)
        .build()
        .map_err(setup)?;

        let pesapal_at_emulator = || -> Result<_, Error> {
            let builder = Pesapal::builder(
                "emulator-key".into(),
                "emulator-secret".into(),
                clock.clone(),
            );
            let base_url = BaseUrl::parse(&emulator.pesapal_url())?;
            Ok(builder.account(kenya()).base_url(base_url))
        };
        let registrar = pesapal_at_emulator()
            .and_then(|b| b.build())
            .map_err(setup)?;
        let ipn = registrar
            .register_ipn(&address("ipn"), IpnMethod::Get)
            .await
            .map_err(setup)?;
        let pesapal = pesapal_at_emulator()
            .and_then(|builder| builder.notification_id(ipn.id).build())
            .map_err(setup)?;

        let store: Arc<dyn Store> = Arc::new(
            SqliteStore::open(folder.join("demo.db"), clock.clone())
                .map_err(|error| Failure::store("open the store", &error))?,
        );
        let gateways: BTreeMap<AccountName, Arc<dyn Gateway>> = BTreeMap::from([
            (india(), Arc::new(kwikpaisa) as Arc<dyn Gateway>),
            (kenya(), Arc::new(pesapal) as Arc<dyn Gateway>),
        ]);
        let settings = Settings::new("duka demo").wait_policy(wait_policy);
        Ok(Self {
            canceller: Canceller::new(store, gateways, clock.clone(), settings),
            clock: clock.clone(),
        })
    }

    pub(super) fn canceller(&self) -> &Canceller {
        &self.canceller
    }

    /// Creates and tracks so many orders, by turns at either gateway. Returns them in
    /// the order of their numbers, so that a seed plays the same customers again. The last of
    /// them are the special ones, each kind at both gateways.
    pub(super) async fn create(
        &self,
        orders: u32,
        bar: &ProgressBar,
    ) -> Result<Vec<DemoOrder>, Failure> {
        let special: Vec<Part> = if orders < FEWEST {
            Vec::new()
        } else {
            Part::SPECIAL
                .into_iter()
                .flat_map(|part| [part; 2])
                .collect()
        };
        let by_chance = orders - u32::try_from(special.len()).unwrap_or(orders);
        let mut created: Vec<DemoOrder> = stream::iter(0..by_chance)
            .map(|number| self.create_one(number, Part::Chance, bar))
            .buffered(AT_A_TIME)
            .try_collect()
            .await?;
        // One after the other: the second attempt comes after the first.
        for (number, part) in (by_chance..).zip(special) {
            created.push(self.create_one(number, part, bar).await?);
        }
        Ok(created)
    }

    async fn create_one(
        &self,
        number: u32,
        part: Part,
        bar: &ProgressBar,
    ) -> Result<DemoOrder, Failure> {
        let (emulated, account, reference, money) = if number.is_multiple_of(2) {
            let id = FIRST_ID + u64::from(number);
            (
                Emulated::KwikPaisa,
                india(),
                OrderId::integer(id.to_string()),
                ("105.50", "INR"),
            )
        } else {
            let id = format!("DEMO-{number}");
            (
                Emulated::Pesapal,
                kenya(),
                OrderId::text(id),
                ("1500", "KES"),
            )
        };
        let reference = reference.expect("the demo's ids are well formed");
        let money = Money::parse(money.0, money.1).expect("the demo's amounts are well formed");
        let customer = Customer {
            name: Some("Asha Mwangi".to_owned()),
            email: Some("asha@example.com".to_owned()),
            phone: Some("9999999999".to_owned()),
        };
        let order = NewOrder::new(
            reference,
            money,
            format!("Demo order {number}"),
            customer,
            address("return"),
        );
        let created = self.canceller.create(&account, order, self.terms(part));
        let created = created.await.map_err(|error| {
            Failure::failed(format!("failed to create the demo's orders: {error}"))
        })?;
        if part == Part::Held {
            let hold = HoldChange::Place {
                by: "Asha".to_owned(),
                note: "the customer has called and pays by bank transfer".to_owned(),
            };
            let held = self.canceller.store().change_hold(&created.key, hold);
            held.await
                .map_err(|error| Failure::store("hold one of the demo's orders", &error))?;
        }
        bar.inc(1);
        Ok(DemoOrder {
            gateway: emulated,
            key: created.key,
            part,
        })
    }

    fn terms(&self, part: Part) -> CreateTerms {
        let now = self.clock.now();
        let later = now.checked_add(OFFER).unwrap_or(now);
        let shop_order = Some("demo-1001".to_owned());
        match part {
            Part::Chance | Part::Held => CreateTerms::default(),
            Part::FirstAttempt => CreateTerms {
                shop_order,
                expires_at: Some(later),
                ..CreateTerms::default()
            },
            Part::SecondAttempt => CreateTerms {
                shop_order,
                expires_at: Some(later),
                duplicates: Duplicates::Allow,
            },
            Part::OfferEnded => CreateTerms {
                expires_at: Some(now),
                ..CreateTerms::default()
            },
            Part::OfferOpen => CreateTerms {
                expires_at: Some(later),
                ..CreateTerms::default()
            },
        }
    }
}

fn india() -> AccountName {
    AccountName::new("shop-in").expect("a constant name is well formed")
}

fn kenya() -> AccountName {
    AccountName::new("shop-ke").expect("a constant name is well formed")
}

fn address(path: &str) -> Url {
    Url::parse(&format!("https://merchant.example/{path}"))
        .expect("the demo's addresses are well formed")
}
