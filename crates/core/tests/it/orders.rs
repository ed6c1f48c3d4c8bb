//! Statuses as words, and how sights of one order merge, over all small combinations.

use duka_core::money::Money;
use duka_core::{GatewayTime, Observation, OrderStatus, PaymentDetails, PersonalText};
use jiff::Timestamp;

fn statuses() -> Vec<OrderStatus> {
    vec![
        OrderStatus::Unknown("ON_HOLD".to_owned()),
        OrderStatus::Unpaid,
        OrderStatus::Processing,
        OrderStatus::Failed,
        OrderStatus::Expired,
        OrderStatus::Cancelled,
        OrderStatus::Paid,
        OrderStatus::Reversed,
    ]
}

fn receipt(receipt: &str) -> PaymentDetails {
    PaymentDetails {
        receipt: Some(receipt.to_owned()),
        ..PaymentDetails::default()
    }
}

fn method(method: &str) -> PaymentDetails {
    PaymentDetails {
        method: Some(method.to_owned()),
        ..PaymentDetails::default()
    }
}

fn time(text: &str) -> GatewayTime {
    GatewayTime {
        text: text.to_owned(),
        moment: None,
    }
}

fn sight(status: OrderStatus, second: i64, details: PaymentDetails) -> Observation {
    Observation {
        raw_status: status.to_string(),
        status,
        money: None,
        details,
        observed_at: Timestamp::from_second(second).unwrap(),
    }
}

/// Every status at two moments, and, for some of them, other words, amounts and details.
fn sights() -> Vec<Observation> {
    let mut sights = Vec::new();
    for status in statuses() {
        for second in [0, 1] {
            sights.push(Observation {
                raw_status: status.to_string(),
                status: status.clone(),
                money: None,
                details: PaymentDetails::default(),
                observed_at: Timestamp::from_second(second).unwrap(),
            });
        }
    }
    for of in [0, 3, 7, 12, 15] {
        let other: Observation = sights[of].clone();
        let money = Some(Money::parse("105", "KES").unwrap());
        sights.push(Observation {
            raw_status: "other".to_owned(),
            ..other.clone()
        });
        sights.push(Observation {
            money,
            ..other.clone()
        });
        for details in [receipt("R-1"), method("UPI")] {
            sights.push(Observation {
                details,
                ..other.clone()
            });
        }
    }
    sights.push(Observation {
        status: OrderStatus::Unknown("DISPUTED".to_owned()),
        ..sights[0].clone()
    });
    sights
}

fn place(status: &OrderStatus) -> usize {
    let word = status.as_str();
    statuses().iter().position(|s| s.as_str() == word).unwrap()
}

#[test]
fn every_status_word_reads_back() {
    for status in statuses() {
        let raw = if let OrderStatus::Unknown(raw) = &status {
            raw.clone()
        } else {
            "whatever".to_owned()
        };
        assert_eq!(OrderStatus::from_word(status.as_str(), &raw), Some(status));
    }
}

#[test]
fn no_other_word_is_a_status() {
    for word in ["", "Paid", "PAID", "canceled", "pending", "unpaid "] {
        assert_eq!(OrderStatus::from_word(word, word), None);
    }
}

#[test]
fn an_unknown_status_shows_its_own_text() {
    let shown: Vec<_> = statuses().iter().map(ToString::to_string).collect();
    let wanted =
        "unknown (ON_HOLD), unpaid, processing, failed, expired, cancelled, paid, reversed";
    assert_eq!(shown.join(", "), wanted);
}

#[test]
fn merging_does_not_depend_on_which_came_first() {
    let sights = sights();
    for a in &sights {
        for b in &sights {
            assert_eq!(
                a.clone().merge(b.clone()),
                b.clone().merge(a.clone()),
                "{a:?} and {b:?}"
            );
        }
    }
}

#[test]
fn merging_does_not_depend_on_how_it_is_grouped() {
    let sights = sights();
    for a in &sights {
        for b in &sights {
            let ab = a.clone().merge(b.clone());
            for c in &sights {
                let left = ab.clone().merge(c.clone());
                let right = a.clone().merge(b.clone().merge(c.clone()));
                assert_eq!(left, right, "{a:?}, {b:?} and {c:?}");
            }
        }
    }
}

#[test]
fn a_repeated_notification_changes_nothing() {
    let sights = sights();
    for a in &sights {
        assert_eq!(a.clone().merge(a.clone()), *a);
        for b in &sights {
            let once = a.clone().merge(b.clone());
            assert_eq!(once.clone().merge(b.clone()), once);
        }
    }
}

#[test]
fn merging_never_moves_an_order_back_and_invents_nothing() {
    let sights = sights();
    for a in &sights {
        for b in &sights {
            let merged = a.clone().merge(b.clone());
            assert!(place(&merged.status) >= place(&a.status), "{a:?} and {b:?}");
            let details = merged.details.clone();
            let with = |seen: &Observation| Observation {
                details: details.clone(),
                ..seen.clone()
            };
            assert!(merged == with(a) || merged == with(b));
        }
    }
}

#[test]
fn between_equals_the_later_wins() {
    let sights = sights();
    for a in &sights {
        for b in &sights {
            if place(&a.status) == place(&b.status) {
                let latest = a.observed_at.max(b.observed_at);
                assert_eq!(a.clone().merge(b.clone()).observed_at, latest);
            }
        }
    }
}

#[test]
fn paid_wins_over_everything_but_its_own_reversal_however_early_it_was_seen() {
    for paid in sights()
        .into_iter()
        .filter(|s| s.status == OrderStatus::Paid)
    {
        for other in sights() {
            let reversed = other.status == OrderStatus::Reversed;
            let merged = other.merge(paid.clone()).status;
            let wanted = if reversed {
                OrderStatus::Reversed
            } else {
                OrderStatus::Paid
            };
            assert_eq!(merged, wanted);
        }
    }
}

#[test]
fn an_order_to_be_created_prints_no_address_and_no_customer() {
    let url = |path: &str| format!("https://shop.example/{path}?session=canary").parse();
    let customer = duka_core::Customer {
        email: Some("canary@example.com".to_owned()),
        ..duka_core::Customer::default()
    };
    let order = duka_core::NewOrder::new(
        duka_core::OrderId::text("A-17").unwrap(),
        Money::parse("105.50", "INR").unwrap(),
        "Tea",
        customer,
        url("thanks").unwrap(),
    )
    .cancellation_url(url("gave-up").unwrap());
    let shown = format!("{order:?}");
    assert!(shown.contains("A-17"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn a_later_sight_of_a_payment_does_not_erase_its_receipt() {
    let first = PaymentDetails {
        method: Some("UPI".to_owned()),
        paid_at: Some(time("13-05-2026 08:37 AM")),
        payer: Some(PersonalText::new("Asha")),
        ..receipt("TXN1")
    };
    for later in [OrderStatus::Paid, OrderStatus::Reversed] {
        let seen = sight(OrderStatus::Paid, 1, first.clone());
        let merged = seen.merge(sight(later, 2, method("CARD")));
        let wanted = PaymentDetails {
            method: Some("CARD".to_owned()),
            ..first.clone()
        };
        assert_eq!(merged.details, wanted);
    }
}

#[test]
fn a_payment_does_not_take_over_the_receipt_of_the_attempt_that_failed() {
    let failed = PaymentDetails {
        gateway_id: Some("kp_1".to_owned()),
        method: Some("MpesaKE".to_owned()),
        created_at: Some(time("13-05-2026 08:34 AM")),
        cancelled_at: Some(time("13-05-2026 09:14 AM")),
        paid_at: Some(time("13-05-2026 08:36 AM")),
        ..receipt("12345678")
    };
    let seen = sight(OrderStatus::Failed, 1, failed.clone());
    let merged = seen.merge(sight(OrderStatus::Paid, 2, PaymentDetails::default()));
    let of_the_order = PaymentDetails {
        receipt: None,
        method: None,
        paid_at: None,
        ..failed.clone()
    };
    assert_eq!(merged.details, of_the_order);

    // Nor does a second failed attempt.
    let seen = sight(OrderStatus::Failed, 1, failed);
    let merged = seen.merge(sight(OrderStatus::Failed, 2, receipt("87654321")));
    let second = PaymentDetails {
        receipt: Some("87654321".to_owned()),
        ..of_the_order
    };
    assert_eq!(merged.details, second);
}

#[test]
fn the_time_of_an_order_is_that_of_its_payment_before_any_other() {
    let mut details = PaymentDetails::default();
    assert_eq!(details.time(), None);
    details.created_at = Some(time("created"));
    assert_eq!(details.time(), Some(&time("created")));
    details.cancelled_at = Some(time("cancelled"));
    assert_eq!(details.time(), Some(&time("cancelled")));
    details.paid_at = Some(time("paid"));
    assert_eq!(details.time(), Some(&time("paid")));
}

#[test]
fn details_in_a_log_are_named_and_hold_no_personal_data() {
    let details = PaymentDetails {
        gateway_id: Some("kp_1".to_owned()),
        method: Some("UPI".to_owned()),
        payment_account: Some(PersonalText::new("canary")),
        payer: Some(PersonalText::new("canary")),
        customer_account: Some(PersonalText::new("canary")),
        status_code: Some("7".to_owned()),
        description: Some("done".to_owned()),
        created_at: Some(time("1")),
        paid_at: Some(time("2")),
        cancelled_at: Some(time("3")),
        ..receipt("TXN1")
    };
    assert_eq!(
        details.to_string(),
        "gateway id kp_1, receipt TXN1, method UPI, status code 7, description done, created_at 1, paid_at 2, cancelled_at 3"
    );
    assert!(!format!("{details:?}").contains("canary"));
    assert_eq!(PaymentDetails::default().to_string(), "");
}
