//! Against the emulator, which has its own reading of the facts, over real sockets.

use std::sync::Arc;
use std::time::Duration;

use duka_core::{CancelAnswer, Delivery, ErrorKind, Gateway, OrderStatus};
use duka_emulator::{
    Behaviour, Emulator, EmulatorConfig, Fault, FaultKind, Operation, PesapalCredentials,
};
use duka_http::{BaseUrl, HttpTransport, RetryPolicy};
use duka_pesapal::{IpnMethod, Pesapal};
use jiff::SignedDuration;

use crate::fake::{ByHand, new_order};

struct Shop {
    emulator: Emulator,
    pesapal: Pesapal,
    clock: ByHand,
}

impl Shop {
    async fn open() -> Self {
        Self::at(Behaviour::default()).await
    }

    /// At an emulator with one variant chosen.
    async fn with(variant: &str, value: &str) -> Self {
        let mut behaviour = Behaviour::default();
        behaviour.set(variant, value).unwrap();
        Self::at(behaviour).await
    }

    async fn at(behaviour: Behaviour) -> Self {
        let clock = ByHand::new();
        let theirs = clock.clone();
        let config = EmulatorConfig::new(move || theirs.now())
            .pesapal_credentials(PesapalCredentials::new("a-key", "a-secret"))
            .behaviour(behaviour);
        let emulator = Emulator::start(config).await.unwrap();
        let pesapal = account(&emulator, &clock, "a-secret");
        Self {
            emulator,
            pesapal,
            clock,
        }
    }

    /// A registered address and an order that waits for its payment.
    async fn order(&self) -> duka_core::OrderId {
        let url = "http://127.0.0.1:9/ipn".parse().unwrap();
        let ipn = self
            .pesapal
            .register_ipn(&url, IpnMethod::Post)
            .await
            .unwrap();
        let order = new_order().notification_id(ipn.id);
        self.pesapal.create(&order).await.unwrap().order
    }

    async fn status(&self, order: &duka_core::OrderId) -> OrderStatus {
        self.pesapal.status(order).await.unwrap().status
    }

    fn received(&self, operation: Operation) -> usize {
        let requests = self.emulator.requests();
        let asked = |request: &&duka_emulator::RequestRecord| request.operation == Some(operation);
        requests.iter().filter(asked).count()
    }
}

fn account(emulator: &Emulator, clock: &ByHand, secret: &str) -> Pesapal {
    let transport = HttpTransport::builder()
        .total_timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    Pesapal::builder("a-key".into(), secret.into(), clock.shared())
        .base_url(BaseUrl::parse(&emulator.pesapal_url()).unwrap())
        .transport(Arc::new(transport))
        .retry(RetryPolicy::new(
            3,
            Duration::from_millis(1),
            Duration::from_millis(2),
        ))
        .build()
        .unwrap()
}

#[tokio::test]
async fn an_order_from_its_notification_address_to_its_cancellation() {
    let shop = Shop::open().await;
    let url = "http://127.0.0.1:9/ipn".parse().unwrap();
    let ipn = shop
        .pesapal
        .register_ipn(&url, IpnMethod::Get)
        .await
        .unwrap();
    assert_eq!(ipn.method, Some(IpnMethod::Get));
    let listed = shop.pesapal.list_ipns().await.unwrap();
    assert_eq!(listed.iter().map(|l| &l.id).collect::<Vec<_>>(), [&ipn.id]);

    let new = new_order().notification_id(ipn.id);
    let created = shop.pesapal.create(&new).await.unwrap();
    let reading = shop.pesapal.status(&created.order).await.unwrap();
    assert_eq!(reading.status, OrderStatus::Unpaid);
    assert_eq!(reading.money, Some(new.money));
    assert_eq!(reading.reference.as_deref(), Some("TEST1515111119"));

    let answer = shop.pesapal.cancel(&created.order).await.unwrap();
    assert!(
        matches!(answer, CancelAnswer::Accepted { .. }),
        "{answer:?}"
    );
    let truth = shop.emulator.order(created.order.as_str()).unwrap();
    assert_eq!((truth.cancel_requests, truth.cancels_applied), (1, 1));
    // Nothing shows that it was cancelled.
    assert_eq!(shop.status(&created.order).await, OrderStatus::Unpaid);
    // One token did for all.
    assert_eq!(shop.received(Operation::Token), 1);
}

#[tokio::test]
async fn a_paid_order_is_not_cancelled() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    shop.emulator.pay(order.as_str()).unwrap();
    assert_eq!(shop.status(&order).await, OrderStatus::Paid);
    let answer = shop.pesapal.cancel(&order).await.unwrap();
    assert!(matches!(answer, CancelAnswer::Refused { .. }), "{answer:?}");
    assert_eq!(shop.status(&order).await, OrderStatus::Paid);
}

#[tokio::test]
async fn a_failed_order_can_be_cancelled_and_a_reversed_one_is_told_apart() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    shop.emulator.fail(order.as_str()).unwrap();
    assert_eq!(shop.status(&order).await, OrderStatus::Failed);
    let answer = shop.pesapal.cancel(&order).await.unwrap();
    assert!(
        matches!(answer, CancelAnswer::Accepted { .. }),
        "{answer:?}"
    );

    let shop = Shop::open().await;
    let order = shop.order().await;
    shop.emulator.pay(order.as_str()).unwrap();
    shop.emulator.reverse(order.as_str()).unwrap();
    assert_eq!(shop.status(&order).await, OrderStatus::Reversed);
}

#[tokio::test]
async fn a_second_cancel_is_refused() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    shop.pesapal.cancel(&order).await.unwrap();
    let second = shop.pesapal.cancel(&order).await.unwrap();
    assert!(matches!(second, CancelAnswer::Refused { .. }), "{second:?}");
}

#[tokio::test]
async fn a_wrong_key_is_refused_under_any_http_status() {
    for refusal in ["http_401", "http_200", "http_500"] {
        let shop = Shop::with("pesapal.bad_consumer_keys", refusal).await;
        let order = shop.order().await;
        let wrong = account(&shop.emulator, &shop.clock, "not-the-secret");
        let error = wrong.cancel(&order).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Authentication,
            "{refusal:?}: {error}"
        );
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(
            error.code(),
            Some("invalid_consumer_key_or_secret_provided")
        );
        assert_eq!(shop.received(Operation::Cancel), 0);
    }
}

#[tokio::test]
async fn a_token_that_has_run_out_is_renewed_in_time() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    shop.clock.advance(3600);
    shop.pesapal.cancel(&order).await.unwrap();
    assert_eq!(shop.received(Operation::Token), 2);
    assert_eq!(shop.received(Operation::Cancel), 1);
}

#[tokio::test]
async fn a_token_that_ran_out_unnoticed_is_renewed_at_the_door_under_any_http_status() {
    for refusal in ["http_401", "http_200", "http_500"] {
        let shop = Shop::with("pesapal.bad_token", refusal).await;
        let order = shop.order().await;
        // Only the emulator's clock: ours is slow.
        shop.emulator.advance_clock(SignedDuration::from_secs(3601));
        let answer = shop.pesapal.cancel(&order).await.unwrap();
        assert!(
            matches!(answer, CancelAnswer::Accepted { .. }),
            "{refusal:?}"
        );
        let truth = shop.emulator.order(order.as_str()).unwrap();
        assert_eq!(truth.cancel_requests, 1, "{refusal:?}");
        assert_eq!(shop.received(Operation::Cancel), 2, "{refusal:?}");
    }
}

#[tokio::test]
async fn a_lost_reply_to_a_cancel_stays_unknown_and_is_not_repeated() {
    for kind in [FaultKind::ReplyLost, FaultKind::ResetBefore] {
        let shop = Shop::open().await;
        let order = shop.order().await;
        shop.emulator
            .arm(Fault::new(kind).on(Operation::Cancel))
            .unwrap();
        let error = shop.pesapal.cancel(&order).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown, "{kind:?}: {error}");
        assert_eq!(shop.received(Operation::Cancel), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn no_bad_day_of_the_gateway_makes_a_cancel_yes_or_no() {
    let faults = [
        (FaultKind::Http429, ErrorKind::RateLimited),
        (FaultKind::Http500, ErrorKind::Unavailable),
        (FaultKind::Http503, ErrorKind::Unavailable),
        (FaultKind::HtmlBody, ErrorKind::UnreadableReply),
        (FaultKind::EmptyBody, ErrorKind::UnreadableReply),
        (FaultKind::TruncatedBody, ErrorKind::UnreadableReply),
        (FaultKind::GarbageBody, ErrorKind::UnreadableReply),
    ];
    for (fault, kind) in faults {
        let shop = Shop::open().await;
        let order = shop.order().await;
        shop.emulator
            .arm(Fault::new(fault).on(Operation::Cancel))
            .unwrap();
        let error = shop.pesapal.cancel(&order).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
        assert_eq!(error.delivery(), Delivery::Answered, "{fault:?}: {error}");
        assert_eq!(shop.received(Operation::Cancel), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_cancel_without_a_token_never_leaves() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    shop.clock.advance(3600);
    let fault = Fault::new(FaultKind::ReplyLost)
        .on(Operation::Token)
        .times(3);
    shop.emulator.arm(fault).unwrap();
    let error = shop.pesapal.cancel(&order).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
    assert_eq!(shop.received(Operation::Cancel), 0);
}

#[tokio::test]
async fn a_payment_that_lands_just_before_wins() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let fault = Fault::new(FaultKind::PayBeforeApply).on(Operation::Cancel);
    shop.emulator.arm(fault).unwrap();
    let answer = shop.pesapal.cancel(&order).await.unwrap();
    assert!(matches!(answer, CancelAnswer::Refused { .. }), "{answer:?}");
    assert_eq!(shop.status(&order).await, OrderStatus::Paid);
}

#[tokio::test]
async fn a_lost_create_is_recovered_by_the_same_id() {
    let shop = Shop::open().await;
    let url = "http://127.0.0.1:9/ipn".parse().unwrap();
    let ipn = shop
        .pesapal
        .register_ipn(&url, IpnMethod::Get)
        .await
        .unwrap();
    let order = new_order().notification_id(ipn.id);
    let fault = Fault::new(FaultKind::ReplyLost).on(Operation::Create);
    shop.emulator.arm(fault).unwrap();
    let error = shop.pesapal.create(&order).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    let recovered = shop.pesapal.create(&order).await.unwrap();
    assert_eq!(shop.emulator.orders().len(), 1);
    assert!(shop.emulator.order(recovered.order.as_str()).is_some());
}

#[tokio::test]
async fn an_unknown_notification_id_is_refused() {
    let shop = Shop::open().await;
    let order = new_order().notification_id("1da86d1c-1e8c-4183-bdfd-dd759463e4ce");
    let error = shop.pesapal.create(&order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    assert!(error.code().is_some());
}

#[tokio::test]
async fn an_unknown_order_is_an_error_of_either_call() {
    let shop = Shop::open().await;
    let order = crate::fake::order();
    shop.pesapal.status(&order).await.unwrap_err();
    let cancel = shop.pesapal.cancel(&order).await;
    assert!(
        !matches!(cancel, Ok(CancelAnswer::Accepted { .. })),
        "{cancel:?}"
    );
}

#[tokio::test]
async fn every_form_of_no_error_is_read_the_same() {
    for form in ["as_observed", "null", "absent", "object_of_nulls"] {
        let shop = Shop::with("pesapal.no_error", form).await;
        let order = shop.order().await;
        shop.emulator.pay(order.as_str()).unwrap();
        assert_eq!(shop.status(&order).await, OrderStatus::Paid, "{form:?}");
    }
}

#[tokio::test]
async fn whatever_the_status_says_after_a_cancel_it_is_never_paid_or_cancelled() {
    let forms = [
        ("unchanged", "unpaid"),
        ("invalid", "unknown"),
        ("failed", "failed"),
    ];
    for (form, word) in forms {
        let shop = Shop::with("pesapal.status_after_cancel", form).await;
        let order = shop.order().await;
        shop.pesapal.cancel(&order).await.unwrap();
        assert_eq!(shop.status(&order).await.as_str(), word, "{form:?}");
    }
}
