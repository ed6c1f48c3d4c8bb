//! A shop at each gateway, on the emulator, with a store of their own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use duka_core::clock::SharedClock;
use duka_core::{AccountName, Customer, Error, Gateway, Money, NewOrder, OrderId, WaitPolicy};
use duka_emulator::{Emulator, Gateway as Emulated};
use duka_engine::{Canceller, CreateTerms, Settings, SqliteStore, Store};
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

pub(super) struct Shops {
    canceller: Canceller,
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
        })
    }

    pub(super) fn canceller(&self) -> &Canceller {
        &self.canceller
    }

    /// Creates and tracks so many orders, by turns at either gateway. Returns their ids in
    /// the order of their numbers, so that a seed plays the same customers again.
    pub(super) async fn create(
        &self,
        orders: u32,
        bar: &ProgressBar,
    ) -> Result<Vec<(Emulated, String)>, Failure> {
        stream::iter(0..orders)
            .map(|number| self.create_one(number, bar))
            .buffered(AT_A_TIME)
            .try_collect()
            .await
    }

    async fn create_one(
        &self,
        number: u32,
        bar: &ProgressBar,
    ) -> Result<(Emulated, String), Failure> {
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
        let created = self
            .canceller
            .create(&account, order, CreateTerms::default())
            .await;
        let created = created.map_err(|error| {
            Failure::failed(format!("failed to create the demo's orders: {error}"))
        })?;
        let id = created.key.order.to_string();
        bar.inc(1);
        Ok((emulated, id))
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
