//! The suite that every gateway must pass, against the emulator. `variants` repeats it under
//! every assumption about the real gateway.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use duka_core::conformance::{Fault, Harness, Notification, RequestCounts, ServerState};
use duka_core::gateway::Operation;
use duka_core::{Customer, Gateway, NewOrder, OrderId, OrderStatus, Recurring};
use duka_emulator::{Emulator, EmulatorConfig, FaultKind, PesapalCredentials};
use duka_http::{BaseUrl, HttpTransport, RetryPolicy};
use duka_pesapal::{IpnMethod, Pesapal};

use crate::fake::{ByHand, full_order, new_order};
use crate::merchant::{Merchant, Received};

const KEY: &str = "a-key-of-the-suite";
const SECRET: &str = "a-secret-of-the-suite";

pub(crate) struct TestServer {
    emulator: Emulator,
    pesapal: Pesapal,
    clock: ByHand,
    transport: Arc<HttpTransport>,
    merchant: Merchant,
    /// The merchant's address, once for `GET` and once for `POST`.
    notification_ids: [String; 2],
    references: AtomicU32,
}

impl TestServer {
    async fn start() -> Self {
        let transport = transport();
        let (emulator, clock) = emulator().await;
        Self::at(emulator, clock, transport).await
    }

    /// An emulator whose variants are set already, with an account and two IPN addresses.
    pub(crate) async fn at(
        emulator: Emulator,
        clock: ByHand,
        transport: Arc<HttpTransport>,
    ) -> Self {
        let pesapal = account(&emulator.pesapal_url(), &clock, &transport);
        let merchant = Merchant::open().await;
        let url = merchant.url.parse().unwrap();
        let by_get = pesapal.register_ipn(&url, IpnMethod::Get).await.unwrap();
        let by_post = pesapal.register_ipn(&url, IpnMethod::Post).await.unwrap();
        assert_eq!(by_post.status.as_deref(), Some("Active"));
        let listed = pesapal.list_ipns().await.unwrap();
        // But for its date, which has no zone in the list.
        assert!(listed.iter().any(|ipn| ipn.id == by_post.id), "{listed:?}");
        Self {
            emulator,
            pesapal,
            clock,
            transport,
            merchant,
            notification_ids: [by_get.id, by_post.id],
            references: AtomicU32::new(0),
        }
    }

    /// The requests of this operation that name this id, or this receipt.
    fn received(&self, operation: duka_emulator::Operation, id: &str) -> u32 {
        let requests = self.emulator.requests();
        let of_order = |request: &&duka_emulator::RequestRecord| {
            request.operation == Some(operation) && request.body.contains(id)
        };
        u32::try_from(requests.iter().filter(of_order).count()).unwrap()
    }

    /// The refund requests of an order. They name its receipt.
    fn refunds(&self, truth: &duka_emulator::OrderTruth) -> RequestCounts {
        let refund = duka_emulator::Operation::Refund;
        let receipt = truth.receipt.as_deref();
        RequestCounts {
            received: receipt.map_or(0, |receipt| self.received(refund, receipt)),
            authenticated: truth.refund_requests,
            applied: u32::from(truth.refund_received),
        }
    }
}

/// An emulator with the suite's keys, and the clock that both sides use.
pub(crate) async fn emulator() -> (Emulator, ByHand) {
    let clock = ByHand::new();
    let theirs = clock.clone();
    let config = EmulatorConfig::new(move || theirs.now())
        .pesapal_credentials(PesapalCredentials::new(KEY, SECRET));
    (Emulator::start(config).await.unwrap(), clock)
}

pub(crate) fn transport() -> Arc<HttpTransport> {
    let transport = HttpTransport::builder()
        .total_timeout(Duration::from_secs(5))
        .build();
    Arc::new(transport.unwrap())
}

fn account(url: &str, clock: &ByHand, transport: &Arc<HttpTransport>) -> Pesapal {
    let briefly = Duration::from_millis(1);
    Pesapal::builder(KEY.into(), SECRET.into(), clock.shared())
        .base_url(BaseUrl::parse(url).unwrap())
        .transport(transport.clone())
        .retry(RetryPolicy::new(3, briefly, 2 * briefly))
        .build()
        .unwrap()
}

#[async_trait]
impl Harness for TestServer {
    fn gateway(&self) -> Arc<dyn Gateway> {
        Arc::new(self.pesapal.clone())
    }

    fn unreachable_gateway(&self) -> Option<Arc<dyn Gateway>> {
        // A port that was free a moment ago.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let url = format!("http://{address}/pesapalv3");
        Some(Arc::new(account(&url, &self.clock, &self.transport)))
    }

    async fn new_order(&self) -> NewOrder {
        let number = self.references.fetch_add(1, Ordering::Relaxed);
        let [by_get, by_post] = &self.notification_ids;
        // Each for every other order.
        let ipn = if number & 1 == 0 { by_get } else { by_post };
        let mut order = new_order().notification_id(ipn);
        order.reference = OrderId::text(format!("S-{number}")).unwrap();
        order
    }

    async fn full_order(&self) -> NewOrder {
        let mut order = full_order().notification_id(&self.notification_ids[0]);
        order.reference = self.new_order().await.reference;
        order
    }

    async fn invalid_orders(&self) -> Vec<(NewOrder, &'static str)> {
        let order = self.new_order().await;
        let invalid = |field, change: fn(&mut NewOrder)| {
            let mut order = order.clone();
            change(&mut order);
            (order, field)
        };
        vec![
            invalid("reference", |it| {
                it.reference = OrderId::text("x".repeat(51)).unwrap();
            }),
            invalid("reference", |it| {
                it.reference = OrderId::text("A/17").unwrap();
            }),
            invalid("description", |it| it.description = "x".repeat(101)),
            invalid("description", |it| it.description.clear()),
            invalid("customer", |it| it.customer = Customer::default()),
            invalid("billing_address.state", |it| {
                it.billing_address.state = Some("KSMU".to_owned());
            }),
            invalid("billing_address.country_code", |it| {
                it.billing_address.country_code = Some("KEN".to_owned());
            }),
            invalid("notification_id", |it| it.notification_id = None),
            invalid("recurring.account_number", |it| {
                it.recurring = Some(Recurring::new(" "));
            }),
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
        OrderId::text("00000000-0000-4000-8000-000000000000").unwrap()
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
            Operation::Refund => duka_emulator::Operation::Refund,
            other @ (Operation::RegisterIpn | Operation::ListIpns | _) => {
                panic!("the suite injects no fault into {other:?}")
            }
        };
        let fault = duka_emulator::Fault::new(kind)
            .at(duka_emulator::Gateway::Pesapal)
            .on(operation);
        self.emulator.arm(fault).unwrap();
    }

    async fn clear_faults(&self) {
        self.emulator.clear_faults();
    }

    async fn server_state(&self, order: &OrderId) -> ServerState {
        let truth = self.emulator.order(order.as_str()).unwrap();
        let status = match truth.status {
            "PENDING" => OrderStatus::Unpaid,
            "COMPLETED" => OrderStatus::Paid,
            "FAILED" => OrderStatus::Failed,
            "REVERSED" => OrderStatus::Reversed,
            "CANCELLED" => OrderStatus::Cancelled,
            other => OrderStatus::Unknown(other.to_owned()),
        };
        let mut state = ServerState::new(status);
        state.cancels = RequestCounts {
            received: self.received(duka_emulator::Operation::Cancel, order.as_str()),
            authenticated: truth.cancel_requests,
            applied: truth.cancels_applied,
        };
        state.refunds = self.refunds(&truth);
        state.paid_after_cancel = truth.paid_after_cancel;
        state
    }

    fn sends_notifications(&self) -> bool {
        true
    }

    async fn notification(&self, order: &OrderId) -> Option<Notification> {
        let last = self.merchant.last_about(order).await;
        Some(read(&last.expect("no notification has come")))
    }

    async fn forged_notification(&self, order: &OrderId) -> Option<Notification> {
        // No different from a genuine one, so the adapter believes no status of either.
        Some(read(&Received::Get(format!(
            "OrderTrackingId={order}&OrderMerchantReference=S-1&OrderNotificationType=IPNCHANGE"
        ))))
    }

    fn secrets(&self) -> Vec<String> {
        vec![KEY.to_owned(), SECRET.to_owned()]
    }
}

fn read(received: &Received) -> Notification {
    Notification {
        order: received.read().unwrap().order,
        status: None,
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
