//! No `Debug` text holds a customer's data or the way to a checkout.

use duka_core::gateway::PaymentLink;
use duka_core::{
    BillingAddress, CreatedOrder, Customer, Money, NewOrder, OrderId, PaymentDetails, Recurring,
};
use url::Url;

const CANARY: &str = "canary";

fn customer() -> Customer {
    Customer {
        name: Some(format!("Name {CANARY}")),
        email: Some(format!("{CANARY}@example.com")),
        phone: Some(format!("0700 {CANARY}")),
    }
}

#[test]
fn a_customer_shows_only_which_fields_are_there() {
    let partly = Customer {
        phone: None,
        ..customer()
    };
    assert_eq!(
        format!("{partly:?}"),
        "Customer { name: Some(\"…\"), email: Some(\"…\"), phone: None }"
    );
}

#[test]
fn an_order_to_be_created_does_not_show_who_pays() {
    let order = NewOrder::new(
        OrderId::text("A-17").unwrap(),
        Money::parse("105", "KES").unwrap(),
        "socks",
        customer(),
        Url::parse("https://merchant.example/return").unwrap(),
    )
    .order_note(format!("for {CANARY}"))
    .recurring(Recurring::new(CANARY))
    .billing_address(
        BillingAddress::new()
            .first_name(CANARY)
            .middle_name(CANARY)
            .last_name(CANARY)
            .line_1(CANARY)
            .line_2(CANARY)
            .city(CANARY)
            .state(CANARY)
            .postal_code(CANARY)
            .zip_code(CANARY)
            .country_code(CANARY),
    );
    for shown in [format!("{order:?}"), format!("{order:#?}")] {
        assert!(shown.contains("A-17"), "{shown}");
        assert!(!shown.contains(CANARY), "{shown}");
    }
}

#[test]
fn a_payment_link_shows_nothing_and_reveals_all() {
    let url = format!("https://checkout.example/{CANARY}?token={CANARY}");
    let created = CreatedOrder {
        order: OrderId::text("A-17").unwrap(),
        details: PaymentDetails::default(),
        payment_link: PaymentLink::new(&Url::parse(&url).unwrap()),
        status: None,
    };
    for shown in [format!("{created:?}"), format!("{created:#?}")] {
        assert!(!shown.contains(CANARY), "{shown}");
    }
    assert_eq!(format!("{:?}", created.payment_link), "PaymentLink(…)");
    assert_eq!(created.payment_link.reveal(), url);
}
