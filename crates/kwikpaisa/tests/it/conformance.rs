//! The suite that every gateway must pass, against the emulator. `variants` repeats it under
//! every assumption about the real gateway.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use duka_core::clock::SharedClock;
use duka_core::conformance::{Fault, Harness, Notification, ServerState};
use duka_core::gateway::Operation;
use duka_core::id::IdError;
use duka_core::{Gateway, NewOrder, OrderId, Recurring};
use duka_emulator::{Emulator, EmulatorConfig, FaultKind};
use duka_http::{BaseUrl, HttpTransport, RetryPolicy};
use duka_kwikpaisa::{KwikPaisa, SignedForm, Unicode, codes};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::fake::{NOW, new_order};
use crate::merchant::{Merchant, Received};

pub(crate) struct TestServer {
    emulator: Emulator,
    gateway: Arc<KwikPaisa>,
    transport: Arc<HttpTransport>,
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

pub(crate) fn transport() -> Arc<HttpTransport> {
    Arc::new(HttpTransport::new().unwrap())
}

fn account(base: &str, transport: &Arc<HttpTransport>, unicode: Unicode) -> KwikPaisa {
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

impl TestServer {
    async fn start() -> Self {
        Self::at(emulator().await, transport()).await
    }

    /// An emulator whose variants are set already, with an account and a webhook address.
    pub(crate) async fn at(emulator: Emulator, transport: Arc<HttpTransport>) -> Self {
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

    /// The same with ids of another form.
    pub(crate) fn with_ids(mut self, ids: fn(String) -> Result<OrderId, IdError>) -> Self {
        self.ids = ids;
        self
    }
}

/// A webhook that says the order was paid, signed with another key.
fn forged(order: &OrderId) -> Received {
    let body = format!(
        r#"{{"event":"payment.success","data":{{"order_id":"{order}","amount":"105.00","currency":"INR","status":"PAID"}}}}"#
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(b"sk_test_another").unwrap();
    mac.update(format!("{body}{NOW}").as_bytes());
    Received {
        signature: hex::encode(mac.finalize().into_bytes()),
        timestamp: NOW.to_string(),
        body: body.into_bytes(),
    }
}

#[async_trait]
impl Harness for TestServer {
    fn gateway(&self) -> Arc<dyn Gateway> {
        self.gateway.clone()
    }

    fn unreachable_gateway(&self) -> Option<Arc<dyn Gateway>> {
        // A port that was free a moment ago.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        Some(Arc::new(account(
            &format!("http://{address}"),
            &self.transport,
            Unicode::default(),
        )))
    }

    async fn new_order(&self) -> NewOrder {
        let id = self.next.fetch_add(1, Ordering::SeqCst).to_string();
        let mut order = new_order();
        order.reference = (self.ids)(id).unwrap();
        order
    }

    async fn full_order(&self) -> NewOrder {
        let order = self.new_order().await;
        order
            .service_type("PHYSICAL_GOODS")
            .order_note("Zoë's gift")
    }

    async fn invalid_orders(&self) -> Vec<(NewOrder, &'static str)> {
        let order = self.new_order().await;
        let invalid = |field, change: fn(&mut NewOrder)| {
            let mut order = order.clone();
            change(&mut order);
            (order, field)
        };
        vec![
            invalid("customer.name", |it| it.customer.name = None),
            invalid("customer.email", |it| it.customer.email = None),
            invalid("customer.phone", |it| it.customer.phone = None),
            invalid("return_url", |it| {
                it.return_url = "app://return".parse().unwrap();
            }),
            invalid("recurring", |it| it.recurring = Some(Recurring::new("17"))),
        ]
    }

    async fn creates_received(&self) -> Option<u32> {
        let requests = self.emulator.requests();
        let creates = requests
            .iter()
            .filter(|it| it.operation == Some(duka_emulator::Operation::Create));
        Some(u32::try_from(creates.count()).unwrap())
    }

    fn unknown_order(&self) -> OrderId {
        OrderId::integer("1").unwrap()
    }

    async fn pay(&self, order: &OrderId) {
        self.emulator.pay(order.as_str()).unwrap();
    }

    async fn fail_payment(&self, order: &OrderId) {
        self.emulator.fail(order.as_str()).unwrap();
    }

    async fn inject(&self, fault: Fault, operation: Operation) {
        let kind = match fault {
            Fault::ConnectionReset => FaultKind::ResetBefore,
            Fault::ReplyLost => FaultKind::ReplyLost,
            Fault::HtmlReply => FaultKind::HtmlBody,
            Fault::EmptyReply => FaultKind::EmptyBody,
            Fault::TruncatedReply => FaultKind::TruncatedBody,
            Fault::GarbageReply => FaultKind::GarbageBody,
            Fault::Status500 => FaultKind::Http500,
            Fault::Status503 => FaultKind::Http503,
            Fault::Status429 => FaultKind::Http429,
            Fault::SuccessInStatus401 => FaultKind::Odd401,
            Fault::CredentialsRefused => FaultKind::TokenExpired,
            Fault::PaidBeforeCancel => FaultKind::PayBeforeApply,
            Fault::PaidAfterCancel => FaultKind::PayAfterApply,
            other => panic!("the emulator has no fault {other:?}"),
        };
        let operation = match operation {
            Operation::Create => duka_emulator::Operation::Create,
            Operation::Status => duka_emulator::Operation::Status,
            Operation::Cancel => duka_emulator::Operation::Cancel,
            other @ (Operation::Refund | Operation::RegisterIpn | Operation::ListIpns | _) => {
                panic!("KwikPaisa has no operation {other:?}")
            }
        };
        let fault = duka_emulator::Fault::new(kind).on(operation);
        self.emulator.arm(fault).unwrap();
    }

    async fn clear_faults(&self) {
        self.emulator.clear_faults();
    }

    async fn server_state(&self, order: &OrderId) -> ServerState {
        let truth = self.emulator.order(order.as_str()).unwrap();
        let text = format!("\"order_id\":\"{}\"}}", order.as_str());
        let integer = format!("\"order_id\":{}}}", order.as_str());
        let received = self
            .emulator
            .requests()
            .iter()
            .filter(|it| it.operation == Some(duka_emulator::Operation::Cancel))
            .filter(|it| it.body.contains(&text) || it.body.contains(&integer))
            .count();
        let mut state = ServerState::new(codes::order_status(truth.status));
        state.cancels.received = u32::try_from(received).unwrap();
        state.cancels.authenticated = truth.cancel_requests;
        state.cancels.applied = truth.cancels_applied;
        state.paid_after_cancel = truth.paid_after_cancel;
        state
    }

    fn sends_notifications(&self) -> bool {
        true
    }

    async fn notification(&self, order: &OrderId) -> Option<Notification> {
        let webhook = self.merchant.last_with(&format!("\"{order}\"")).await;
        self.read(&webhook.expect("no webhook has come"))
    }

    async fn forged_notification(&self, order: &OrderId) -> Option<Notification> {
        self.read(&forged(order))
    }

    fn secrets(&self) -> Vec<String> {
        vec!["pk_test_emulator".to_owned(), "sk_test_emulator".to_owned()]
    }
}

impl TestServer {
    fn read(&self, webhook: &Received) -> Option<Notification> {
        let Received {
            body,
            signature,
            timestamp,
        } = webhook;
        let form = if chosen(&self.emulator, "kwikpaisa.webhook_signed") == "rewritten" {
            SignedForm::RawOrRewritten
        } else {
            SignedForm::RawBody
        };
        let verifier = self.gateway.webhooks().signed_form(form);
        let webhook = verifier.verify(body, signature, timestamp).ok()?;
        Some(Notification {
            order: webhook.order.expect("a webhook names its order"),
            status: webhook.status,
        })
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

duka_core::conformance_tests!(block_on = block_on, harness = TestServer::start);
