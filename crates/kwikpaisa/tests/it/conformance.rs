//! The suite that every gateway must pass, with the emulator on the other side. For every
//! answer of it that nobody knows of the real gateway, see `variants`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use duka_core::clock::SharedClock;
use duka_core::conformance::{
    Armed, Bench, BenchError, Fault, FlawedOrder, Notified, Sender, Truth, check_all,
};
use duka_core::gateway::Operation;
use duka_core::id::IdError;
use duka_core::{Gateway, NewOrder, OrderId, Recurring};
use duka_emulator::{Emulator, EmulatorConfig, FaultKind};
use duka_http::{BaseUrl, ReqwestTransport, RetryPolicy};
use duka_kwikpaisa::{KwikPaisa, SignedForm, Unicode, codes};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::fake::{NOW, new_order};
use crate::merchant::{Merchant, Received};

pub(crate) struct Shop {
    emulator: Emulator,
    gateway: Arc<KwikPaisa>,
    transport: Arc<ReqwestTransport>,
    merchant: Merchant,
    next: AtomicU64,
    ids: fn(String) -> Result<OrderId, IdError>,
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

pub(crate) async fn emulator() -> Emulator {
    Emulator::start(EmulatorConfig::new(now)).await.unwrap()
}

pub(crate) fn transport() -> Arc<ReqwestTransport> {
    Arc::new(ReqwestTransport::new().unwrap())
}

fn account(base: &str, transport: &Arc<ReqwestTransport>, unicode: Unicode) -> KwikPaisa {
    let keys = ("pk_test_emulator".into(), "sk_test_emulator".into());
    KwikPaisa::builder(keys.0, keys.1, SharedClock::new(now))
        .base_url(BaseUrl::parse(base).unwrap())
        .default_service_type("DIGITAL")
        .transport(transport.clone())
        .unicode(unicode)
        .retry(RetryPolicy::new(
            3,
            Duration::from_millis(1),
            Duration::from_millis(2),
        ))
        .build()
        .unwrap()
}

/// The value that a variant has at present.
fn chosen(emulator: &Emulator, name: &str) -> &'static str {
    let settings = emulator.variants();
    let found = settings.iter().find(|it| it.name == name);
    found.map_or_else(|| panic!("no variant {name}"), |it| it.value)
}

impl Shop {
    /// A shop at an emulator whose variants are set already.
    pub(crate) async fn at(emulator: Emulator, transport: Arc<ReqwestTransport>) -> Self {
        // The one setting of a merchant whose gateway escapes what it writes again.
        let unicode = if chosen(&emulator, "kwikpaisa.signed_over") == "php_escaped" {
            Unicode::Escaped
        } else {
            Unicode::Raw
        };
        let gateway = Arc::new(account(&emulator.kwikpaisa_url(), &transport, unicode));
        let merchant = Merchant::open().await;
        let webhooks = merchant.url.parse().unwrap();
        emulator.set_webhook_url(Some(webhooks)).unwrap();
        // Beyond 2^53, where a float would merge neighbours.
        let next = AtomicU64::new(9_007_199_254_740_993);
        Self {
            emulator,
            gateway,
            transport,
            merchant,
            next,
            ids: OrderId::integer,
        }
    }

    /// The same shop with ids of another form.
    pub(crate) fn with_ids(mut self, ids: fn(String) -> Result<OrderId, IdError>) -> Self {
        self.ids = ids;
        self
    }
}

/// A webhook that says the order was paid, signed with another key.
fn made_up(order: &OrderId) -> Received {
    let body = format!(
        r#"{{"event":"payment.success","data":{{"order_id":"{order}","amount":"105.00","currency":"INR","status":"PAID"}}}}"#
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(b"sk_test_stranger").unwrap();
    mac.update(format!("{body}{NOW}").as_bytes());
    Received {
        signature: hex::encode(mac.finalize().into_bytes()),
        timestamp: NOW.to_string(),
        body: body.into_bytes(),
    }
}

#[async_trait]
impl Bench for Shop {
    fn gateway(&self) -> Arc<dyn Gateway> {
        self.gateway.clone()
    }

    async fn new_order(&self) -> Result<NewOrder, BenchError> {
        let id = self.next.fetch_add(1, Ordering::SeqCst).to_string();
        let mut order = new_order();
        order.reference = (self.ids)(id).map_err(BenchError::new)?;
        Ok(order)
    }

    async fn full_order(&self) -> Result<NewOrder, BenchError> {
        let order = self.new_order().await?;
        Ok(order
            .service_type("PHYSICAL_GOODS")
            .order_note("Zoë's gift"))
    }

    async fn flawed_orders(&self) -> Result<Vec<FlawedOrder>, BenchError> {
        let order = self.new_order().await?;
        let flawed =
            |field, change: fn(&mut NewOrder)| FlawedOrder::new(order.clone(), field, change);
        Ok(vec![
            flawed("customer.name", |it| it.customer.name = None),
            flawed("customer.email", |it| it.customer.email = None),
            flawed("customer.phone", |it| it.customer.phone = None),
            flawed("return_url", |it| {
                it.return_url = "app://return".parse().unwrap();
            }),
            flawed("recurring", |it| it.recurring = Some(Recurring::new("17"))),
        ])
    }

    async fn creates_received(&self) -> Result<Option<u32>, BenchError> {
        let requests = self.emulator.requests();
        let creates = requests
            .iter()
            .filter(|it| it.operation == Some(duka_emulator::Operation::Create));
        Ok(Some(
            u32::try_from(creates.count()).map_err(BenchError::new)?,
        ))
    }

    fn unknown_order(&self) -> OrderId {
        OrderId::integer("1").unwrap()
    }

    async fn customer_pays(&self, order: &OrderId) -> Result<(), BenchError> {
        self.emulator.pay(order.as_str()).map_err(BenchError::new)
    }

    async fn customer_fails(&self, order: &OrderId) -> Result<(), BenchError> {
        self.emulator.fail(order.as_str()).map_err(BenchError::new)
    }

    async fn arm(&self, fault: Fault, operation: Operation) -> Result<Armed, BenchError> {
        let kind = match fault {
            Fault::ResetBefore => FaultKind::ResetBefore,
            Fault::ReplyLost => FaultKind::ReplyLost,
            Fault::HtmlBody => FaultKind::HtmlBody,
            Fault::EmptyBody => FaultKind::EmptyBody,
            Fault::TruncatedBody => FaultKind::TruncatedBody,
            Fault::GarbageBody => FaultKind::GarbageBody,
            Fault::ServerError => FaultKind::Http500,
            Fault::Unavailable => FaultKind::Http503,
            Fault::TooManyRequests => FaultKind::Http429,
            Fault::Unauthenticated => FaultKind::TokenExpired,
            Fault::PayBeforeApply => FaultKind::PayBeforeApply,
            Fault::PayAfterApply => FaultKind::PayAfterApply,
            _ => return Ok(Armed::NotPossible),
        };
        let operation = match operation {
            Operation::Create => duka_emulator::Operation::Create,
            Operation::Status => duka_emulator::Operation::Status,
            Operation::Cancel => duka_emulator::Operation::Cancel,
            Operation::Refund | Operation::RegisterIpn | Operation::ListIpns | _ => {
                return Ok(Armed::NotPossible);
            }
        };
        let fault = duka_emulator::Fault::new(kind).on(operation);
        self.emulator.arm(fault).map_err(BenchError::new)?;
        Ok(Armed::Yes)
    }

    async fn disarm(&self) -> Result<(), BenchError> {
        self.emulator.clear_faults();
        Ok(())
    }

    async fn truth(&self, order: &OrderId) -> Result<Truth, BenchError> {
        let found = self.emulator.order(order.as_str());
        let truth = found.ok_or_else(|| BenchError::new("no such order"))?;
        let text = format!("\"order_id\":\"{}\"}}", order.as_str());
        let integer = format!("\"order_id\":{}}}", order.as_str());
        let received = self
            .emulator
            .requests()
            .iter()
            .filter(|it| it.operation == Some(duka_emulator::Operation::Cancel))
            .filter(|it| it.body.contains(&text) || it.body.contains(&integer))
            .count();
        let mut told = Truth::new(codes::order_status(truth.status));
        told.cancels_received = u32::try_from(received).map_err(BenchError::new)?;
        told.cancel_requests = truth.cancel_requests;
        told.cancels_applied = truth.cancels_applied;
        told.paid_after_cancel = truth.paid_after_cancel;
        Ok(told)
    }

    async fn notification(&self, order: &OrderId, from: Sender) -> Result<Notified, BenchError> {
        let webhook = match from {
            Sender::Gateway => {
                let names_it = format!("\"{order}\"");
                let last = self.merchant.last_with(&names_it).await;
                last.ok_or_else(|| BenchError::new("no webhook has come"))?
            }
            Sender::Stranger => made_up(order),
        };
        let Received {
            body,
            signature,
            timestamp,
        } = &webhook;
        let form = if chosen(&self.emulator, "kwikpaisa.webhook_signed") == "rewritten" {
            SignedForm::RawOrRewritten
        } else {
            SignedForm::RawBody
        };
        let verifier = self.gateway.webhooks().signed_form(form);
        match verifier.verify(body, signature, timestamp) {
            Ok(webhook) => Ok(Notified::Read {
                order: webhook.order.ok_or_else(|| BenchError::new("no order"))?,
                status: webhook.status,
            }),
            Err(_) => Ok(Notified::Refused),
        }
    }

    fn secrets(&self) -> Vec<String> {
        vec!["pk_test_emulator".to_owned(), "sk_test_emulator".to_owned()]
    }

    fn unreachable(&self) -> Option<Arc<dyn Gateway>> {
        // A port that was free a moment ago.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").ok()?;
        let address = listener.local_addr().ok()?;
        Some(Arc::new(account(
            &format!("http://{address}"),
            &self.transport,
            Unicode::default(),
        )))
    }
}

#[tokio::test]
async fn kwikpaisa_keeps_every_rule() {
    let report = check_all(&Shop::at(emulator().await, transport()).await).await;
    assert!(report.is_clean(), "{report}");
}
