//! What a gateway tells about an order beside its status is kept for the merchant's books.

use duka_core::{GatewayTime, OrderStatus, PaymentDetails};

use crate::fixture::{Fixture, LONG, key, order};
use crate::scripted::{Answer, Scripted};

fn time(text: &str) -> Option<GatewayTime> {
    Some(GatewayTime {
        text: text.to_owned(),
        moment: None,
    })
}

fn created() -> PaymentDetails {
    PaymentDetails {
        gateway_id: Some("kp_1".to_owned()),
        created_at: time("13-05-2026 08:34 AM"),
        ..PaymentDetails::default()
    }
}

fn cancelled() -> PaymentDetails {
    PaymentDetails {
        cancelled_at: time("13-05-2026 09:14 AM"),
        ..PaymentDetails::default()
    }
}

async fn details(fixture: &Fixture) -> PaymentDetails {
    let order = fixture.store().order(&key("shop", "A-1")).await;
    order.unwrap().unwrap().seen.unwrap().details
}

#[tokio::test(start_paused = true)]
async fn what_the_gateway_tells_with_its_answer_is_kept_with_the_order_and_in_the_log() {
    for (gateway, answer, line) in [
        (
            Scripted::repeatable(),
            Answer::Yes,
            "answered yes: Order successfully cancelled (cancelled_at 13-05-2026 09:14 AM)",
        ),
        (
            Scripted::once_only(),
            Answer::No,
            "answered no: Order cannot be cancelled (cancelled_at 13-05-2026 09:14 AM)",
        ),
    ] {
        let fixture = Fixture::new(gateway.will_answer([answer]));
        fixture.gateway.tell(created(), cancelled());
        let record = fixture.cancel(LONG).await;
        // The status that verifies the answer does not tell it, and does not erase it.
        let wanted = cancelled().or(created());
        assert_eq!(record.terms.seen.unwrap().details, wanted);
        assert_eq!(details(&fixture).await, wanted);
        let log = fixture.store().log(record.id).await.unwrap();
        let told = log.iter().filter_map(|entry| entry.detail.as_deref());
        assert!(told.into_iter().any(|detail| detail == line), "{log:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_status_tells_of_a_payment_is_kept_with_the_order() {
    let fixture = Fixture::new(Scripted::repeatable());
    let orders = vec![order("shop", "A-1")];
    fixture.store().track(orders).await.unwrap();
    fixture.gateway.set("A-1", OrderStatus::Paid);
    let paid = PaymentDetails {
        receipt: Some("TXN1".to_owned()),
        method: Some("UPI".to_owned()),
        paid_at: time("13-05-2026 08:37 AM"),
        ..created()
    };
    for told in [paid.clone(), PaymentDetails::default()] {
        fixture.gateway.tell(told, PaymentDetails::default());
        let key = key("shop", "A-1");
        let (reading, seen) = fixture.canceller.status(&key).await.unwrap();
        assert_eq!(reading.details, seen.details);
        assert_eq!(details(&fixture).await, paid);
    }
    let record = fixture.cancel(LONG).await;
    assert_eq!(record.terms.seen.unwrap().details, paid);
}
