//! The life of orders at the emulator, over real sockets: its reading of the pages against ours.

use std::time::Duration;

use duka_core::clock::SharedClock;
use duka_core::{CancelAnswer, Delivery, ErrorKind, Gateway, OrderId, OrderStatus};
use duka_emulator::{Behaviour, Emulator, EmulatorConfig, Fault, FaultKind, Operation};
use duka_http::{BaseUrl, RetryPolicy};
use duka_kwikpaisa::{KwikPaisa, Unicode};
use jiff::{SignedDuration, Timestamp};

use crate::fake::{NOW, new_order, order_id};

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

async fn start(behaviour: Behaviour) -> Emulator {
    let config = EmulatorConfig::new(now).behaviour(behaviour);
    Emulator::start(config).await.unwrap()
}

fn account(emulator: &Emulator, secret_key: &str) -> KwikPaisa {
    let base = BaseUrl::parse(&emulator.kwikpaisa_url()).unwrap();
    let clock = SharedClock::new(now);
    KwikPaisa::builder("pk_test_emulator".into(), secret_key.into(), clock)
        .base_url(base)
        .default_service_type("DIGITAL")
        .retry(RetryPolicy::new(
            2,
            Duration::from_millis(1),
            Duration::from_millis(2),
        ))
        .build()
        .unwrap()
}

async fn opened(behaviour: Behaviour) -> (Emulator, KwikPaisa) {
    let emulator = start(behaviour).await;
    let shop = account(&emulator, "sk_test_emulator");
    shop.create(&new_order()).await.unwrap();
    (emulator, shop)
}

/// Every documented or plausible way in which the real gateway may differ.
fn variants() -> Vec<Behaviour> {
    let refusals = ["http_422", "http_400", "http_409", "failed_envelope"];
    let mut all: Vec<_> = refusals
        .map(|it| vec![("kwikpaisa.cancel_refusal", it)])
        .into();
    all.push(vec![
        ("kwikpaisa.create_http", "created_201"),
        ("kwikpaisa.unpaid_fields", "absent"),
        ("kwikpaisa.content_type", "parameters_allowed"),
    ]);
    all.into_iter().map(chosen).collect()
}

fn chosen(values: Vec<(&str, &str)>) -> Behaviour {
    let mut behaviour = Behaviour::default();
    for (name, value) in values {
        behaviour.set(name, value).unwrap();
    }
    behaviour
}

#[tokio::test]
async fn an_order_is_created_read_cancelled_and_seen_to_be_cancelled() {
    for behaviour in variants() {
        let emulator = start(behaviour).await;
        let shop = account(&emulator, "sk_test_emulator");
        let created = shop.create(&new_order()).await.unwrap();
        assert!(created.payment_link.reveal().starts_with("http://"));
        assert_eq!(created.order, order_id());

        let reading = shop.status(&order_id()).await.unwrap();
        assert_eq!(reading.status, OrderStatus::Unpaid);
        assert_eq!(reading.money, Some(new_order().money));
        let answer = shop.cancel(&order_id()).await.unwrap();
        assert!(matches!(answer, CancelAnswer::Accepted { .. }));
        let reading = shop.status(&order_id()).await.unwrap();
        assert_eq!(reading.status, OrderStatus::Cancelled);
        // Once more: a no, whatever its form.
        let answer = shop.cancel(&order_id()).await.unwrap();
        assert!(matches!(answer, CancelAnswer::Refused { .. }));
        emulator.shutdown().await;
    }
}

#[tokio::test]
async fn a_paid_order_is_not_cancelled() {
    for behaviour in variants() {
        let (emulator, shop) = opened(behaviour).await;
        emulator.pay(order_id().as_str()).unwrap();
        let answer = shop.cancel(&order_id()).await.unwrap();
        assert!(matches!(answer, CancelAnswer::Refused { .. }), "{answer:?}");
        let reading = shop.status(&order_id()).await.unwrap();
        assert_eq!(reading.status, OrderStatus::Paid);
    }
}

#[tokio::test]
async fn every_state_of_an_order_can_be_read() {
    let id = order_id();
    let id = id.as_str();
    let (emulator, shop) = opened(Behaviour::default()).await;
    emulator.process(id).unwrap();
    let reading = shop.status(&order_id()).await.unwrap();
    assert_eq!(reading.status, OrderStatus::Processing);
    emulator.fail(id).unwrap();
    let reading = shop.status(&order_id()).await.unwrap();
    assert_eq!(reading.status, OrderStatus::Failed);

    let (emulator, shop) = opened(Behaviour::default()).await;
    emulator.expire(id).unwrap();
    let reading = shop.status(&order_id()).await.unwrap();
    assert_eq!(reading.status, OrderStatus::Expired);
}

#[tokio::test]
async fn a_wrong_key_is_refused_at_the_door() {
    let (emulator, _) = opened(Behaviour::default()).await;
    let stranger = account(&emulator, "sk_test_other");
    let error = stranger.cancel(&order_id()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    let text = "the API key, the signature or the timestamp is not accepted";
    assert!(error.to_string().contains(text), "{error}");
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named_as_the_reason() {
    let (emulator, shop) = opened(Behaviour::default()).await;
    emulator.advance_clock(SignedDuration::from_secs(900));
    let error = shop.status(&order_id()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(
        error.to_string().contains("our clock is 900 s behind"),
        "{error}"
    );
}

#[tokio::test]
async fn an_order_that_does_not_exist_is_not_found_and_one_that_does_is_a_conflict() {
    let (_emulator, shop) = opened(Behaviour::default()).await;
    let other = OrderId::integer("1").unwrap();
    let error = shop.status(&other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = shop.create(&new_order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn text_ids_and_names_outside_ascii_pass_in_either_spelling() {
    for unicode in [Unicode::Raw, Unicode::Escaped] {
        let emulator = start(Behaviour::default()).await;
        let base = BaseUrl::parse(&emulator.kwikpaisa_url()).unwrap();
        let clock = SharedClock::new(now);
        let keys = ("pk_test_emulator".into(), "sk_test_emulator".into());
        let shop = KwikPaisa::builder(keys.0, keys.1, clock)
            .base_url(base)
            .unicode(unicode)
            .build()
            .unwrap();
        let mut order = new_order().service_type("DIGITAL");
        order.reference = OrderId::text("Tee/17 😀").unwrap();
        order.customer.name = Some("Zoë \"Z\" दुकान".to_owned());
        shop.create(&order).await.unwrap();
        let reading = shop.status(&order.reference).await.unwrap();
        assert_eq!(reading.reference.as_deref(), Some("Tee/17 😀"));
    }
}

#[tokio::test]
async fn whatever_goes_wrong_with_a_cancel_it_is_asked_for_once_and_never_taken_for_an_answer() {
    let faults = [
        (
            FaultKind::ResetBefore,
            ErrorKind::Unavailable,
            Delivery::Unknown,
        ),
        (
            FaultKind::ReplyLost,
            ErrorKind::Unavailable,
            Delivery::Unknown,
        ),
        (
            FaultKind::Http429,
            ErrorKind::RateLimited,
            Delivery::Answered,
        ),
        (
            FaultKind::Http500,
            ErrorKind::Unavailable,
            Delivery::Answered,
        ),
        (
            FaultKind::Http503,
            ErrorKind::Unavailable,
            Delivery::Answered,
        ),
        (
            FaultKind::HtmlBody,
            ErrorKind::UnreadableReply,
            Delivery::Answered,
        ),
        (
            FaultKind::EmptyBody,
            ErrorKind::UnreadableReply,
            Delivery::Answered,
        ),
        (
            FaultKind::TruncatedBody,
            ErrorKind::UnreadableReply,
            Delivery::Answered,
        ),
        (
            FaultKind::GarbageBody,
            ErrorKind::UnreadableReply,
            Delivery::Answered,
        ),
        (
            FaultKind::TokenExpired,
            ErrorKind::Authentication,
            Delivery::Answered,
        ),
    ];
    for (fault, kind, delivery) in faults {
        let (emulator, shop) = opened(Behaviour::default()).await;
        emulator
            .arm(Fault::new(fault).on(Operation::Cancel))
            .unwrap();
        let error = shop.cancel(&order_id()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (kind, delivery),
            "{fault:?}: {error}"
        );
        let cancels = emulator.requests();
        let cancels = cancels.iter().filter(|it| it.path.ends_with("/cancel"));
        assert_eq!(cancels.count(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_payment_that_lands_in_the_middle_of_a_cancel_is_seen() {
    let (emulator, shop) = opened(Behaviour::default()).await;
    let fault = Fault::new(FaultKind::PayBeforeApply).on(Operation::Cancel);
    emulator.arm(fault).unwrap();
    let answer = shop.cancel(&order_id()).await.unwrap();
    assert!(matches!(answer, CancelAnswer::Refused { .. }));
    let reading = shop.status(&order_id()).await.unwrap();
    assert_eq!(reading.status, OrderStatus::Paid);
}
