//! A web shop with a checkout: it creates orders at both gateways, takes their notifications, and
//! cancels an order when its customer leaves.
//!
//! `cargo run -p duka-cli --example checkout` starts it on the emulator; open the address that it
//! prints. With a real account, take the keys from the environment, leave `base_url` out, and
//! register the notification addresses that the gateway can reach.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people"
)]
#![expect(clippy::disallowed_methods, reason = "a program reads the wall clock")]

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use duka_core::cancel::Outcome;
use duka_core::clock::SharedClock;
use duka_core::{AccountName, Customer, Gateway, Money, NewOrder, OrderId, OrderStatus};
use duka_emulator::{Emulator, EmulatorConfig};
use duka_engine::{Canceller, CreateTerms, OrderKey, Request, Settings, SqliteStore, TrackedOrder};
use duka_http::BaseUrl;
use duka_kwikpaisa::{KwikPaisa, WebhookError, WebhookVerifier};
use duka_pesapal::{Ipn, IpnMethod, IpnVerdict, Pesapal};
use jiff::Timestamp;
use tokio::net::TcpListener;
use url::Url;

type AnyError = Box<dyn Error + Send + Sync>;

const INDIA: &str = "shop-in";
const KENYA: &str = "shop-ke";

/// What every handler needs.
#[derive(Clone)]
struct Shop {
    canceller: Canceller,
    webhooks: WebhookVerifier,
    clock: SharedClock,
    /// Where customers reach the shop.
    address: Url,
    last_reference: Arc<AtomicI64>,
}

impl Shop {
    /// The shop's accounts at the emulator, and its store.
    async fn open(emulator: &Emulator, address: Url, store: SqliteStore) -> Result<Self, AnyError> {
        let clock = SharedClock::new(Timestamp::now);
        let (india, kenya) = (AccountName::new(INDIA)?, AccountName::new(KENYA)?);

        let kwikpaisa = KwikPaisa::builder(
            "pk_test_emulator".into(),
            "sk_test_emulator".into(),
            clock.clone(),
        )
        .account(india.clone())
        .default_service_type("DIGITAL")
        .base_url(BaseUrl::parse(&emulator.kwikpaisa_url())?)
        .build()?;
        emulator.set_webhook_url(Some(address.join("webhooks/kwikpaisa")?))?;

        let pesapal = || {
            Ok::<_, AnyError>(
                Pesapal::builder(
                    "emulator-key".into(),
                    "emulator-secret".into(),
                    clock.clone(),
                )
                .account(kenya.clone())
                .base_url(BaseUrl::parse(&emulator.pesapal_url())?),
            )
        };
        // Once for each address; keep the id in the settings.
        let ipn = address.join("ipn/pesapal")?;
        let ipn = pesapal()?
            .build()?
            .register_ipn(&ipn, IpnMethod::Get)
            .await?;
        let pesapal = pesapal()?.notification_id(ipn.id).build()?;

        let gateways = BTreeMap::from([
            (india, Arc::new(kwikpaisa) as Arc<dyn Gateway>),
            (kenya, Arc::new(pesapal) as Arc<dyn Gateway>),
        ]);
        let settings = Settings::new("checkout");
        Ok(Self {
            canceller: Canceller::new(Arc::new(store), gateways, clock.clone(), settings),
            webhooks: WebhookVerifier::new("sk_test_emulator".into(), clock.clone()),
            last_reference: Arc::new(AtomicI64::new(clock.now().as_millisecond())),
            clock,
            address,
        })
    }

    /// Creates an order, and returns it with the address at which the customer pays.
    async fn buy(&self, account: &str) -> Result<(OrderKey, String), AnyError> {
        let account = AccountName::new(account)?;
        let money = match account.as_str() {
            INDIA => Money::parse("105.50", "INR")?,
            _ => Money::parse("1500", "KES")?,
        };
        let number = self.last_reference.fetch_add(1, Ordering::Relaxed) + 1;
        let reference = OrderId::text(format!("tea-{number}"))?;
        let customer = Customer {
            name: Some("Asha Mwangi".to_owned()),
            email: Some("asha@example.com".to_owned()),
            phone: Some("9999999999".to_owned()),
        };
        let return_url = self.address.join("thanks")?;
        let order = NewOrder::new(reference, money, "Tea", customer, return_url);

        // From here on a sweep finds the order, also if the customer is never seen again.
        let created = self
            .canceller
            .create(&account, order, CreateTerms::default())
            .await?;
        let link = created.answer.payment_link.reveal().to_owned();
        Ok((created.key, link))
    }

    /// Reads the status of an order of the shop, and stores what it shows.
    async fn read_status(&self, key: &OrderKey) -> Result<Option<OrderStatus>, AnyError> {
        // A notification may name any order; only the shop's own are worth a request.
        if self.canceller.store().order(key).await?.is_none() {
            return Ok(None);
        }
        let (reading, _) = self.canceller.status(key).await?;
        Ok(Some(reading.status))
    }

    /// Cancels an order, and returns the result.
    async fn leave(&self, key: OrderKey) -> Result<String, AnyError> {
        let gateway = self.canceller.gateway(&key.account)?.name();
        let order = TrackedOrder::new(key, gateway, self.clock.now());
        let request = Request {
            reason: Some("customer left".to_owned()),
            actor: "checkout".to_owned(),
        };
        // If it is still in doubt after five seconds, a sweep settles it.
        let wait = Duration::from_secs(5);
        let outcome = self.canceller.cancel(order, request, wait).await?;
        let state = outcome.record.progress.state;
        let result = state.outcome().map_or(state.as_str(), Outcome::as_str);
        Ok(result.to_owned())
    }
}

/// An error, whose text goes to the log and not to the browser.
struct Failed(AnyError);

impl<E: Into<AnyError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        eprintln!("error: {}", self.0);
        (StatusCode::BAD_GATEWAY, "please try again").into_response()
    }
}

async fn home() -> Html<String> {
    let button = |account, price| {
        format!("<form method=post action=/buy/{account}><button>Tea, {price}</button></form>")
    };
    let (india, kenya) = (button(INDIA, "INR 105.50"), button(KENYA, "KES 1500"));
    Html(format!("<h1>Tea</h1>{india}{kenya}"))
}

async fn buy(
    State(shop): State<Shop>,
    Path(account): Path<String>,
) -> Result<Html<String>, Failed> {
    let (key, link) = shop.buy(&account).await?;
    let leave = format!("/leave/{}/{}", key.account, key.order);
    Ok(Html(format!(
        "<a href=\"{link}\">Pay</a><form method=post action=\"{leave}\"><button>Leave</button></form>"
    )))
}

async fn leave(
    State(shop): State<Shop>,
    Path((account, order)): Path<(String, String)>,
) -> Result<String, Failed> {
    let key = OrderKey::new(AccountName::new(account)?, OrderId::text(order)?);
    Ok(shop.leave(key).await?)
}

/// KwikPaisa's webhook: signed, and still only a hint, so the status is read.
async fn kwikpaisa_webhook(
    State(shop): State<Shop>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (signature, timestamp) = (text("x-signature"), text("x-timestamp"));
    match shop.webhooks.verify(&body, &signature, &timestamp) {
        Ok(webhook) => {
            if let (Some(order), Ok(account)) = (webhook.order, AccountName::new(INDIA)) {
                // Answer at once; if the read fails, the next sweep reads the order.
                tokio::spawn(async move {
                    if let Err(error) = shop.read_status(&OrderKey::new(account, order)).await {
                        eprintln!("error: {error}");
                    }
                });
            }
            StatusCode::OK
        }
        // It is signed, and would be the same when sent again.
        Err(WebhookError::Unreadable) => StatusCode::OK,
        Err(_) => StatusCode::UNAUTHORIZED,
    }
}

/// Pesapal's notification: not signed, so it proves nothing but which order to look at.
async fn pesapal_ipn(State(shop): State<Shop>, RawQuery(query): RawQuery) -> Response {
    let (Ok(ipn), Ok(account)) = (
        Ipn::from_query(&query.unwrap_or_default()),
        AccountName::new(KENYA),
    ) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let key = OrderKey::new(account, ipn.order.clone());
    let verdict = match shop.read_status(&key).await {
        Ok(_) => IpnVerdict::Served,
        Err(error) => {
            eprintln!("error: {error}");
            IpnVerdict::NotServed
        }
    };
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, ipn.reply(verdict)).into_response()
}

fn routes(shop: Shop) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/thanks", get(|| async { "Thank you." }))
        .route("/buy/{account}", post(buy))
        .route("/leave/{account}/{order}", post(leave))
        .route("/webhooks/kwikpaisa", post(kwikpaisa_webhook))
        .route("/ipn/pesapal", get(pesapal_ipn))
        .with_state(shop)
}

/// Starts emulator and shop; the server runs until the runtime ends.
async fn start(store: SqliteStore) -> Result<(Emulator, Shop), AnyError> {
    let emulator = Emulator::start(EmulatorConfig::new(Timestamp::now)).await?;
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = Url::parse(&format!("http://{}/", listener.local_addr()?))?;
    let shop = Shop::open(&emulator, address, store).await?;
    let server = axum::serve(listener, routes(shop.clone()));
    tokio::spawn(server.into_future());
    Ok((emulator, shop))
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let folder = tempfile::tempdir()?;
    let (emulator, shop) = start(SqliteStore::open(
        folder.path().join("shop.db"),
        SharedClock::new(Timestamp::now),
    )?)
    .await?;
    println!("the shop is at {}; Ctrl-C ends it", shop.address);
    tokio::signal::ctrl_c().await?;
    emulator.shutdown().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits until the shop's store shows the order with this status.
    async fn until(shop: &Shop, key: &OrderKey, status: OrderStatus) {
        let seen = async {
            loop {
                let order = shop.canceller.store().order(key).await.unwrap().unwrap();
                if order.seen.is_some_and(|seen| seen.status == status) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let limit = Duration::from_secs(30);
        tokio::time::timeout(limit, seen).await.unwrap();
    }

    #[tokio::test]
    async fn a_payment_reaches_the_shop_by_notification_and_a_customer_who_leaves_is_cancelled() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(
            folder.path().join("shop.db"),
            SharedClock::new(Timestamp::now),
        )
        .unwrap();
        let (emulator, shop) = start(store).await.unwrap();
        for account in [INDIA, KENYA] {
            let (paid, _) = shop.buy(account).await.unwrap();
            emulator.pay(paid.order.as_str()).unwrap();
            until(&shop, &paid, OrderStatus::Paid).await;
            assert_eq!(shop.leave(paid.clone()).await.unwrap(), "skipped");
            let truth = emulator.order(paid.order.as_str()).unwrap();
            assert_eq!(truth.cancel_requests, 0);

            let (left, _) = shop.buy(account).await.unwrap();
            assert_eq!(shop.leave(left.clone()).await.unwrap(), "confirmed");
            let truth = emulator.order(left.order.as_str()).unwrap();
            assert_eq!((truth.cancel_requests, truth.cancels_applied), (1, 1));
        }
        emulator.shutdown().await;
    }
}
