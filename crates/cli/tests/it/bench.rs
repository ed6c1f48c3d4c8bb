//! The whole chain inside this process: adapters, store and worker on an emulator.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use duka_core::clock::SharedClock;
use duka_core::{
    AccountName, Customer, ErrorKind, Gateway, Money, NewOrder, OrderId, State, WaitPolicy,
};
use duka_emulator::{Emulator, EmulatorConfig, Gateway as Side, Redelivery};
use duka_engine::store::{ReportFilter, ReportPage};
use duka_engine::sweep::{Bounds, Source};
use duka_engine::{
    Canceller, OrderKey, Record, Request, Settings, SqliteStore, Store, TrackedOrder,
};
use duka_http::{BaseUrl, HttpTransport, RetryPolicy, Transport};
use duka_kwikpaisa::KwikPaisa;
use duka_pesapal::{IpnMethod, Pesapal};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use url::Url;

/// An emulator, an adapter for each gateway, and a folder for the store.
pub(crate) struct Bench {
    pub(crate) emulator: Emulator,
    pub(crate) pesapal: Pesapal,
    kwikpaisa: KwikPaisa,
    folder: TempDir,
    wait_policy: WaitPolicy,
}

/// A transport that gives up after this long.
pub(crate) fn transport(total: Duration) -> Arc<dyn Transport> {
    let transport = HttpTransport::builder().total_timeout(total).build();
    Arc::new(transport.unwrap())
}

pub(crate) fn url(path: &str) -> Url {
    Url::parse(&format!("https://merchant.example/{path}")).unwrap()
}

pub(crate) fn account(side: Side) -> AccountName {
    AccountName::new(side.as_str()).unwrap()
}

/// Both gateways on an emulator with its default credentials.
pub(crate) fn adapters(
    emulator: &Emulator,
    transport: &Arc<dyn Transport>,
    clock: &SharedClock,
) -> (KwikPaisa, Pesapal) {
    // A pause of the gateway's that is longer than these ends a call.
    let retry = RetryPolicy::new(3, Duration::from_millis(5), Duration::from_millis(40));
    let base = BaseUrl::parse(&emulator.kwikpaisa_url()).unwrap();
    let keys = ("pk_test_emulator".into(), "sk_test_emulator".into());
    let kwikpaisa = KwikPaisa::builder(keys.0, keys.1, clock.clone())
        .default_service_type("DIGITAL")
        .base_url(base)
        .transport(Arc::clone(transport))
        .retry(retry)
        .build();
    let base = BaseUrl::parse(&emulator.pesapal_url()).unwrap();
    let keys = ("emulator-key".into(), "emulator-secret".into());
    let pesapal = Pesapal::builder(keys.0, keys.1, clock.clone())
        .base_url(base)
        .transport(Arc::clone(transport))
        .retry(retry)
        .build();
    (kwikpaisa.unwrap(), pesapal.unwrap())
}

/// A worker on this store, whose clock is ahead by so much.
pub(crate) fn worker_ahead(emulator: &Emulator, file: &Path, by: SignedDuration) -> Canceller {
    let clock = SharedClock::new(move || Timestamp::now() + by);
    let transport = transport(Duration::from_secs(30));
    let (kwikpaisa, pesapal) = adapters(emulator, &transport, &clock);
    let gateways: BTreeMap<_, Arc<dyn Gateway>> = BTreeMap::from([
        (account(Side::KwikPaisa), Arc::new(kwikpaisa) as _),
        (account(Side::Pesapal), Arc::new(pesapal) as _),
    ]);
    let wait_policy = WaitPolicy {
        settle: Duration::from_millis(300),
        review_after: Duration::from_secs(1),
    };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(file, clock.clone()).unwrap());
    let settings = Settings::new("later").wait_policy(wait_policy);
    Canceller::new(store, gateways, clock, settings)
}

impl Bench {
    pub(crate) async fn open(
        transport: &Arc<dyn Transport>,
        wait_policy: WaitPolicy,
        seed: u64,
    ) -> Self {
        let config = EmulatorConfig::new(Timestamp::now)
            .seed(seed)
            .hold_back(Duration::from_millis(200))
            .redelivery(Redelivery::new(1, Duration::ZERO));
        let emulator = Emulator::start(config).await.unwrap();
        let clock = SharedClock::new(Timestamp::now);
        let (kwikpaisa, pesapal) = adapters(&emulator, transport, &clock);
        Self {
            emulator,
            pesapal,
            kwikpaisa,
            folder: tempfile::tempdir().unwrap(),
            wait_policy,
        }
    }

    pub(crate) fn gateway(&self, side: Side) -> Arc<dyn Gateway> {
        match side {
            Side::KwikPaisa => Arc::new(self.kwikpaisa.clone()),
            Side::Pesapal => Arc::new(self.pesapal.clone()),
            _ => unreachable!("there are two gateways"),
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("duka.db")
    }

    /// A worker with a handle of its own on the one store file.
    pub(crate) fn worker(&self, name: &str) -> Canceller {
        let clock = SharedClock::new(Timestamp::now);
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(self.file(), clock.clone()).unwrap());
        let gateways: BTreeMap<_, _> = Side::ALL
            .iter()
            .map(|side| (account(*side), self.gateway(*side)))
            .collect();
        let settings = Settings::new(name).wait_policy(self.wait_policy);
        Canceller::new(store, gateways, clock, settings)
    }

    /// The id of a registered notification address: looks before it registers once more.
    pub(crate) async fn ipn(&self, address: &Url) -> String {
        for _ in 0..20 {
            let listed = self.pesapal.list_ipns().await.unwrap_or_default();
            if let Some(known) = listed.into_iter().find(|it| it.url == address.as_str()) {
                return known.id;
            }
            let _ = self.pesapal.register_ipn(address, IpnMethod::Post).await;
        }
        panic!("no notification address after 20 tries");
    }

    /// Creates an order as a merchant who does not give up, and tracks it.
    pub(crate) async fn create(
        &self,
        store: &dyn Store,
        side: Side,
        number: u64,
        ipn: &str,
    ) -> OrderKey {
        let (reference, money) = match side {
            Side::KwikPaisa => (
                OrderId::integer((6_116_229_263_036 + number).to_string()),
                Money::parse("105.50", "INR"),
            ),
            _ => (
                OrderId::text(format!("KANGA-{number}")),
                Money::parse("1500", "KES"),
            ),
        };
        let reference = reference.unwrap();
        let customer = Customer {
            name: Some("Asha Mwangi".to_owned()),
            email: Some("asha@example.com".to_owned()),
            phone: Some("9999999999".to_owned()),
        };
        let order = NewOrder::new(
            reference.clone(),
            money.unwrap(),
            "Two kangas",
            customer,
            url("return"),
        )
        .notification_id(ipn);
        let gateway = self.gateway(side);
        for _ in 0..20 {
            let id = match gateway.create(&order).await {
                Ok(created) => created.order,
                // It was made the last time, and the reply lost.
                Err(error) if error.kind() == ErrorKind::Conflict => reference.clone(),
                Err(_) => continue,
            };
            let key = OrderKey::new(account(side), id);
            let order = TrackedOrder::new(key.clone(), gateway.name(), Timestamp::now());
            store.track(vec![order]).await.unwrap();
            return key;
        }
        panic!("order {number} could not be created in 20 tries");
    }
}

pub(crate) fn request() -> Request {
    Request {
        reason: Some("abandoned".to_owned()),
        actor: "amina".to_owned(),
    }
}

/// One sweep of every tracked order.
pub(crate) async fn sweep(worker: &Canceller, wait: Duration) {
    let bounds = Bounds {
        min_age: Duration::ZERO,
        wait,
        ..Bounds::default()
    };
    let stop = CancellationToken::new();
    worker
        .sweep(Source::Tracked, &bounds, &request(), &stop, &|_| {})
        .await
        .unwrap();
}

pub(crate) async fn everything(store: &dyn Store) -> Vec<Record> {
    let page = ReportPage {
        which: ReportFilter::All,
        limit: u32::MAX,
        ..ReportPage::default()
    };
    store.report(page).await.unwrap()
}

pub(crate) fn is_over(record: &Record) -> bool {
    matches!(record.progress.state, State::Done(_) | State::NeedsReview)
}

/// Sweeps with all workers at once, again and again, until each of so many orders has a
/// cancellation and all of them are over.
pub(crate) async fn sweep_until_settled(workers: &[Canceller], orders: usize) -> Vec<Record> {
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        let wait = Duration::from_secs(4);
        futures::future::join_all(workers.iter().map(|worker| sweep(worker, wait))).await;
        let records = everything(workers[0].store().as_ref()).await;
        let seen: std::collections::HashSet<_> = records.iter().map(|it| &it.key).collect();
        if seen.len() == orders && records.iter().all(is_over) {
            return records;
        }
        assert!(Instant::now() < deadline, "not settled: {records:#?}");
    }
}
