//! The suite that every gateway must pass, against the emulator over real sockets, for every
//! answer of it that nobody knows of the real gateway.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use duka_core::conformance::{self, Armed, Bench, BenchError, Fault, RefundTruth, Truth};
use duka_core::gateway::Operation;
use duka_core::{Gateway, NewOrder, OrderId, OrderStatus};
use duka_emulator::{
    Behaviour, DoorRefusal, Emulator, EmulatorConfig, FaultKind, NoError, PesapalCredentials,
    RefusedRequest, SecondCancel, StatusAfterCancel,
};
use duka_http::{BaseUrl, ReqwestTransport, RetryPolicy};
use duka_pesapal::{IpnMethod, Pesapal};

use crate::fake::{ByHand, new_order};

const KEY: &str = "a-key-of-the-suite";
const SECRET: &str = "a-secret-of-the-suite";

struct Shop {
    emulator: Emulator,
    pesapal: Pesapal,
    clock: ByHand,
    notification_id: String,
    references: AtomicU32,
}

impl Shop {
    async fn open() -> Self {
        Self::with(Behaviour::default()).await
    }

    async fn with(behaviour: Behaviour) -> Self {
        let clock = ByHand::new();
        let theirs = clock.clone();
        let config = EmulatorConfig::new(move || theirs.now())
            .pesapal_credentials(PesapalCredentials::new(KEY, SECRET))
            .behaviour(behaviour);
        let emulator = Emulator::start(config).await.unwrap();
        let pesapal = account(&emulator.pesapal_url(), &clock);
        let url = "http://127.0.0.1:9/ipn".parse().unwrap();
        let ipn = pesapal.register_ipn(&url, IpnMethod::Post).await.unwrap();
        Self {
            emulator,
            pesapal,
            clock,
            notification_id: ipn.id,
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
        RefundTruth {
            received: receipt.map_or(0, |receipt| self.received(refund, receipt)),
            requests: truth.refund_requests,
            applied: u32::from(truth.refund_received),
        }
    }
}

fn account(url: &str, clock: &ByHand) -> Pesapal {
    let transport = ReqwestTransport::builder()
        .total_timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let briefly = Duration::from_millis(1);
    Pesapal::builder(KEY.into(), SECRET.into(), clock.shared())
        .base_url(BaseUrl::parse(url).unwrap())
        .transport(Arc::new(transport))
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
        let mut order = new_order().notification_id(&self.notification_id);
        order.reference = OrderId::text(format!("S-{number}")).map_err(BenchError::new)?;
        Ok(order)
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
            Fault::TurnedAway => FaultKind::TokenExpired,
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
        Ok(Truth {
            status,
            cancels_received: self.received(duka_emulator::Operation::Cancel, order.as_str()),
            cancel_requests: truth.cancel_requests,
            cancels_applied: truth.cancels_applied,
            paid_after_cancel: truth.paid_after_cancel,
            refunds: self.refunds(&truth),
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
        Some(Arc::new(account(&url, &self.clock)))
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

#[tokio::test]
async fn it_passes_whatever_the_real_gateway_turns_out_to_do() {
    let mut variants: Vec<Behaviour> = Vec::new();
    let mut variant = |change: fn(&mut Behaviour)| {
        let mut behaviour = Behaviour::default();
        change(&mut behaviour);
        variants.push(behaviour);
    };
    variant(|it| it.bad_token = DoorRefusal::Http200);
    variant(|it| it.bad_token = DoorRefusal::Http500);
    variant(|it| it.no_error = NoError::Null);
    variant(|it| it.no_error = NoError::Absent);
    variant(|it| it.no_error = NoError::ObjectOfNulls);
    variant(|it| it.status_after_cancel = StatusAfterCancel::Invalid);
    variant(|it| it.status_after_cancel = StatusAfterCancel::Failed);
    variant(|it| it.second_cancel = SecondCancel::AnsweredYes);
    variant(|it| it.refused_request = RefusedRequest::Free);
    for behaviour in variants {
        let report = conformance::check_all(&Shop::with(behaviour.clone()).await).await;
        assert!(report.is_clean(), "{behaviour:?}\n{report}");
    }
}
