//! The suite that every gateway must pass, with the emulator on the other side.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use duka_core::clock::SharedClock;
use duka_core::conformance::{Armed, Bench, BenchError, Fault, RefundTruth, Truth, check_all};
use duka_core::gateway::Operation;
use duka_core::{Gateway, NewOrder, OrderId};
use duka_emulator::{
    Behaviour, CancelRefusal, CreateHttp, DateZone, Emulator, EmulatorConfig, FaultKind,
    UnpaidFields,
};
use duka_http::{BaseUrl, RetryPolicy};
use duka_kwikpaisa::{KwikPaisa, codes};
use jiff::Timestamp;

use crate::fake::{NOW, new_order};

struct Shop {
    emulator: Emulator,
    gateway: Arc<KwikPaisa>,
    next: AtomicU64,
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn account(base: &str) -> KwikPaisa {
    let keys = ("pk_test_emulator".into(), "sk_test_emulator".into());
    KwikPaisa::builder(keys.0, keys.1, SharedClock::new(now))
        .base_url(BaseUrl::parse(base).unwrap())
        .default_service_type("DIGITAL")
        .retry(RetryPolicy::new(
            3,
            Duration::from_millis(1),
            Duration::from_millis(2),
        ))
        .build()
        .unwrap()
}

impl Shop {
    async fn open() -> Self {
        Self::with(Behaviour::default()).await
    }

    async fn with(behaviour: Behaviour) -> Self {
        let config = EmulatorConfig::new(now).behaviour(behaviour);
        let emulator = Emulator::start(config).await.unwrap();
        let gateway = Arc::new(account(&emulator.kwikpaisa_url()));
        // Beyond 2^53, where a float would merge neighbours.
        let next = AtomicU64::new(9_007_199_254_740_993);
        Self {
            emulator,
            gateway,
            next,
        }
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
        order.reference = OrderId::integer(id).map_err(BenchError::new)?;
        Ok(order)
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
            Fault::TurnedAway => FaultKind::TokenExpired,
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
        let names_it = format!("\"order_id\":{}}}", order.as_str());
        let received = self
            .emulator
            .requests()
            .iter()
            .filter(|it| it.operation == Some(duka_emulator::Operation::Cancel))
            .filter(|it| it.body.contains(&names_it))
            .count();
        Ok(Truth {
            status: codes::order_status(truth.status),
            cancels_received: u32::try_from(received).map_err(BenchError::new)?,
            cancel_requests: truth.cancel_requests,
            cancels_applied: truth.cancels_applied,
            paid_after_cancel: truth.paid_after_cancel,
            refunds: RefundTruth::default(),
        })
    }

    fn secrets(&self) -> Vec<String> {
        vec!["pk_test_emulator".to_owned(), "sk_test_emulator".to_owned()]
    }

    fn unreachable(&self) -> Option<Arc<dyn Gateway>> {
        // A port that was free a moment ago.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").ok()?;
        let address = listener.local_addr().ok()?;
        Some(Arc::new(account(&format!("http://{address}"))))
    }
}

#[tokio::test]
async fn kwikpaisa_keeps_every_rule() {
    let report = check_all(&Shop::open().await).await;
    assert!(report.is_clean(), "{report}");
}

#[tokio::test]
async fn it_keeps_them_whatever_the_real_gateway_turns_out_to_do() {
    let changes: [fn(&mut Behaviour); 6] = [
        |it| it.create_http = CreateHttp::Created,
        |it| it.cancel_refusal = CancelRefusal::Http400,
        |it| it.cancel_refusal = CancelRefusal::Http409,
        |it| it.cancel_refusal = CancelRefusal::FailedEnvelope,
        |it| it.unpaid_fields = UnpaidFields::Absent,
        |it| it.date_zone = DateZone::India,
    ];
    for change in changes {
        let mut behaviour = Behaviour::default();
        change(&mut behaviour);
        let report = check_all(&Shop::with(behaviour.clone()).await).await;
        assert!(report.is_clean(), "{behaviour:?}\n{report}");
    }
}
