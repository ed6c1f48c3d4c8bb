//! The suite that every gateway must pass, against the emulator over real sockets. For every
//! answer of it that nobody knows of the real gateway, see `variants`.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use duka_core::conformance::{
    Armed, Bench, BenchError, Fault, FlawedOrder, Notified, RefundTruth, Sender, Truth,
};
use duka_core::gateway::Operation;
use duka_core::{Customer, Gateway, NewOrder, OrderId, OrderStatus, Recurring};
use duka_emulator::{Emulator, EmulatorConfig, FaultKind, PesapalCredentials};
use duka_http::{BaseUrl, ReqwestTransport, RetryPolicy};
use duka_pesapal::{IpnMethod, Pesapal};

use crate::fake::{ByHand, full_order, new_order};
use crate::merchant::{Merchant, Received};

const KEY: &str = "a-key-of-the-suite";
const SECRET: &str = "a-secret-of-the-suite";

pub(crate) struct Shop {
    emulator: Emulator,
    pesapal: Pesapal,
    clock: ByHand,
    transport: Arc<ReqwestTransport>,
    merchant: Merchant,
    /// The merchant's address, once for `GET` and once for `POST`.
    notification_ids: [String; 2],
    references: AtomicU32,
}

impl Shop {
    async fn open() -> Self {
        let transport = transport();
        let (emulator, clock) = emulator().await;
        Self::at(emulator, clock, transport).await
    }

    /// A shop at an emulator whose variants are set already.
    pub(crate) async fn at(
        emulator: Emulator,
        clock: ByHand,
        transport: Arc<ReqwestTransport>,
    ) -> Self {
        let pesapal = account(&emulator.pesapal_url(), &clock, &transport);
        let merchant = Merchant::open().await;
        let url = merchant.url.parse().unwrap();
        let by_get = pesapal.register_ipn(&url, IpnMethod::Get).await.unwrap();
        let by_post = pesapal.register_ipn(&url, IpnMethod::Post).await.unwrap();
        assert_eq!(by_post.status.as_deref(), Some("Active"));
        let listed = pesapal.list_ipns().await.unwrap();
        assert!(listed.contains(&by_post), "{listed:?}");
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

    /// What became of the refunds of an order. They name its receipt.
    fn refunds(&self, truth: &duka_emulator::OrderTruth) -> RefundTruth {
        let refund = duka_emulator::Operation::Refund;
        let receipt = truth.receipt.as_deref();
        let mut told = RefundTruth::default();
        told.received = receipt.map_or(0, |receipt| self.received(refund, receipt));
        told.requests = truth.refund_requests;
        told.applied = u32::from(truth.refund_received);
        told
    }
}

/// An emulator with the suite's keys, and the clock that both sides go by.
pub(crate) async fn emulator() -> (Emulator, ByHand) {
    let clock = ByHand::new();
    let theirs = clock.clone();
    let config = EmulatorConfig::new(move || theirs.now())
        .pesapal_credentials(PesapalCredentials::new(KEY, SECRET));
    (Emulator::start(config).await.unwrap(), clock)
}

pub(crate) fn transport() -> Arc<ReqwestTransport> {
    let transport = ReqwestTransport::builder()
        .total_timeout(Duration::from_secs(5))
        .build();
    Arc::new(transport.unwrap())
}

fn account(url: &str, clock: &ByHand, transport: &Arc<ReqwestTransport>) -> Pesapal {
    let briefly = Duration::from_millis(1);
    Pesapal::builder(KEY.into(), SECRET.into(), clock.shared())
        .base_url(BaseUrl::parse(url).unwrap())
        .transport(transport.clone())
        .retry(RetryPolicy::new(3, briefly, 2 * briefly))
        .build()
        .unwrap()
}

#[async_trait]
impl Bench for Shop {
    fn gateway(&self) -> Arc<dyn Gateway> {
        Arc::new(self.pesapal.clone())
    }

    async fn new_order(&self) -> Result<NewOrder, BenchError> {
        let number = self.references.fetch_add(1, Ordering::Relaxed);
        let [by_get, by_post] = &self.notification_ids;
        // Each for every other order.
        let ipn = if number & 1 == 0 { by_get } else { by_post };
        let mut order = new_order().notification_id(ipn);
        order.reference = OrderId::text(format!("S-{number}")).map_err(BenchError::new)?;
        Ok(order)
    }

    async fn full_order(&self) -> Result<NewOrder, BenchError> {
        let mut order = full_order().notification_id(&self.notification_ids[0]);
        order.reference = self.new_order().await?.reference;
        Ok(order)
    }

    async fn flawed_orders(&self) -> Result<Vec<FlawedOrder>, BenchError> {
        let order = self.new_order().await?;
        let flawed =
            |field, change: fn(&mut NewOrder)| FlawedOrder::new(order.clone(), field, change);
        Ok(vec![
            flawed("reference", |it| {
                it.reference = OrderId::text("x".repeat(51)).unwrap();
            }),
            flawed("reference", |it| {
                it.reference = OrderId::text("A/17").unwrap();
            }),
            flawed("description", |it| it.description = "x".repeat(101)),
            flawed("description", |it| it.description.clear()),
            flawed("customer", |it| it.customer = Customer::default()),
            flawed("billing_address.state", |it| {
                it.billing_address.state = Some("KSMU".to_owned());
            }),
            flawed("billing_address.country_code", |it| {
                it.billing_address.country_code = Some("KEN".to_owned());
            }),
            flawed("notification_id", |it| it.notification_id = None),
            flawed("recurring.account_number", |it| {
                it.recurring = Some(Recurring::new(" "));
            }),
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
        OrderId::text("00000000-0000-4000-8000-000000000000").unwrap()
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
            other => return Err(BenchError::new(format!("what is {other:?} here?"))),
        };
        let operation = match operation {
            Operation::Create => duka_emulator::Operation::Create,
            Operation::Status => duka_emulator::Operation::Status,
            Operation::Cancel => duka_emulator::Operation::Cancel,
            Operation::Refund => duka_emulator::Operation::Refund,
            other @ (Operation::RegisterIpn | Operation::ListIpns | _) => {
                return Err(BenchError::new(format!("what is {other:?} here?")));
            }
        };
        let fault = duka_emulator::Fault::new(kind)
            .at(duka_emulator::Gateway::Pesapal)
            .on(operation);
        self.emulator.arm(fault).map_err(BenchError::new)?;
        Ok(Armed::Yes)
    }

    async fn disarm(&self) -> Result<(), BenchError> {
        self.emulator.clear_faults();
        Ok(())
    }

    async fn truth(&self, order: &OrderId) -> Result<Truth, BenchError> {
        let truth = self
            .emulator
            .order(order.as_str())
            .ok_or_else(|| BenchError::new("the emulator knows no such order"))?;
        let status = match truth.status {
            "PENDING" => OrderStatus::Unpaid,
            "COMPLETED" => OrderStatus::Paid,
            "FAILED" => OrderStatus::Failed,
            "REVERSED" => OrderStatus::Reversed,
            "CANCELLED" => OrderStatus::Cancelled,
            other => OrderStatus::Unknown(other.to_owned()),
        };
        let mut told = Truth::new(status);
        told.cancels_received = self.received(duka_emulator::Operation::Cancel, order.as_str());
        told.cancel_requests = truth.cancel_requests;
        told.cancels_applied = truth.cancels_applied;
        told.paid_after_cancel = truth.paid_after_cancel;
        told.refunds = self.refunds(&truth);
        Ok(told)
    }

    async fn notification(&self, order: &OrderId, from: Sender) -> Result<Notified, BenchError> {
        let received = match from {
            Sender::Gateway => {
                let last = self.merchant.last_about(order).await;
                last.ok_or_else(|| BenchError::new("no notification has come"))?
            }
            // No different from the real one, so nothing is believed of either.
            Sender::Stranger => Received::Get(format!(
                "OrderTrackingId={order}&OrderMerchantReference=S-1&OrderNotificationType=IPNCHANGE"
            )),
        };
        let ipn = received.read().map_err(BenchError::new)?;
        Ok(Notified::Read {
            order: ipn.order,
            status: None,
        })
    }

    fn secrets(&self) -> Vec<String> {
        vec![KEY.to_owned(), SECRET.to_owned()]
    }

    fn unreachable(&self) -> Option<Arc<dyn Gateway>> {
        // Bound and let go: for a moment nobody else gets this port.
        let listener = TcpListener::bind("127.0.0.1:0").ok()?;
        let address = listener.local_addr().ok()?;
        drop(listener);
        let url = format!("http://{address}/pesapalv3");
        Some(Arc::new(account(&url, &self.clock, &self.transport)))
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

duka_core::conformance_tests!(block_on = block_on, bench = Shop::open);
