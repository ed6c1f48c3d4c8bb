//! The documented limits of an order: tables of what just keeps them and what just does
//! not. What does not is never sent, and its field is named.

use duka_core::{
    BillingAddress, Delivery, ErrorKind, Gateway, Money, NewOrder, OrderId, Recurring,
};

use crate::fake::{ByHand, Fake, KEY, SECRET, new_order, pesapal};
use crate::replies;

/// What is sent of this order.
async fn sent(order: NewOrder) -> String {
    let reference = order.reference.as_str();
    let fake = Fake::new().reply(200, replies::SUBMITTED.replace("TEST1515111119", reference));
    pesapal(&fake).create(&order).await.unwrap();
    fake.calls().remove(0).body
}

/// Fails unless this order is refused without a byte sent, for this reason.
async fn refused(order: NewOrder, field: &str, problem: &str) {
    let fake = Fake::new();
    let error = pesapal(&fake).create(&order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.field(), Some(field), "{error}");
    assert_eq!(
        error.to_string(),
        format!("invalid request: {field} {problem}")
    );
    assert!(fake.sent().is_empty());
}

fn named(id: &str) -> NewOrder {
    let mut order = new_order();
    order.reference = OrderId::text(id).unwrap();
    order
}

fn described(text: impl Into<String>) -> NewOrder {
    let mut order = new_order();
    order.description = text.into();
    order
}

fn reached(email: Option<&str>, phone: Option<&str>) -> NewOrder {
    let mut order = new_order();
    order.customer.email = email.map(str::to_owned);
    order.customer.phone = phone.map(str::to_owned);
    order
}

fn costing(amount: &str, currency: &str) -> NewOrder {
    let mut order = new_order();
    order.money = Money::parse(amount, currency).unwrap();
    order
}

fn at(address: BillingAddress) -> NewOrder {
    new_order().billing_address(address)
}

#[tokio::test]
async fn a_reference_has_1_to_50_letters_digits_and_four_signs() {
    for id in ["7", "-", "aZ0-_.:", &"x".repeat(50)] {
        let body = sent(named(id)).await;
        assert!(body.starts_with(&format!(r#"{{"id":"{id}","#)), "{body}");
    }
    for id in ["x".repeat(51), "é".repeat(51)] {
        let problem = format!("{id:?} is longer than the 50 characters allowed");
        refused(named(&id), "reference", &problem).await;
    }
    // 50 characters of which some are not allowed are counted as characters, not as bytes.
    for id in [
        "A/17",
        "A 17",
        "A+17",
        "Bestellung-ä",
        "A,17",
        &"é".repeat(50),
    ] {
        let problem = format!("{id:?} has characters other than letters, digits and - _ . :");
        refused(named(id), "reference", &problem).await;
    }
}

#[tokio::test]
async fn a_description_has_1_to_100_characters() {
    for text in ["x", &"x".repeat(100), &"é".repeat(100), &"😀".repeat(100)] {
        let body = sent(described(text)).await;
        assert!(
            body.contains(&format!(r#""description":"{text}","#)),
            "{body}"
        );
    }
    // The space around it is not sent, so it does not count.
    let padded = format!("  {}\n", "x".repeat(100));
    let body = sent(described(padded)).await;
    assert!(body.contains(&"x".repeat(100)), "{body}");
    for text in ["x".repeat(101), "é".repeat(101), "😀".repeat(101)] {
        let problem = "has 101 characters, at most 100 are allowed";
        refused(described(text), "description", problem).await;
    }
    for text in ["", " ", "\t\n"] {
        refused(described(text), "description", "is empty").await;
    }
}

#[tokio::test]
async fn a_customer_is_reached_by_email_or_by_phone() {
    let (email, phone) = ("achieng@example.com", "0723000000");
    for (order, wanted) in [
        (
            reached(Some(email), None),
            format!(r#"{{"email_address":"{email}","first_name""#),
        ),
        (
            reached(Some(" "), Some(phone)),
            format!(r#"{{"phone_number":"{phone}","first_name""#),
        ),
        (
            reached(Some(email), Some(phone)),
            format!(r#"{{"email_address":"{email}","phone_number":"{phone}","first_name""#),
        ),
    ] {
        let body = sent(order).await;
        assert!(body.contains(&wanted), "{body}");
    }
    for (email, phone) in [(None, None), (Some(""), None), (Some(" "), Some("\t"))] {
        let problem = "has neither an email address nor a phone number";
        refused(reached(email, phone), "customer", problem).await;
    }
}

#[tokio::test]
async fn a_state_has_at_most_3_characters() {
    for state in ["K", "KSM", "ééé", " KSM "] {
        let body = sent(at(BillingAddress::new().state(state))).await;
        let wanted = format!(r#""state":"{}""#, state.trim());
        assert!(body.contains(&wanted), "{body}");
    }
    for state in ["KSMU", "éééé", "K SM"] {
        let order = at(BillingAddress::new().state(state));
        let problem = "has 4 characters, at most 3 are allowed";
        refused(order, "billing_address.state", problem).await;
    }
}

#[tokio::test]
async fn a_country_is_two_letters() {
    for code in ["KE", "ke", " UG "] {
        let body = sent(at(BillingAddress::new().country_code(code))).await;
        let wanted = format!(r#""country_code":"{}""#, code.trim());
        assert!(body.contains(&wanted), "{body}");
    }
    for code in ["K", "KEN", "K1", "K ", "é", "éé", "254"] {
        let order = at(BillingAddress::new().country_code(code));
        let problem = format!("{:?} is not two letters, such as KE", code.trim());
        refused(order, "billing_address.country_code", &problem).await;
    }
}

#[tokio::test]
async fn an_amount_is_one_that_can_be_charged() {
    for (amount, currency) in [("0.01", "KES"), ("1", "UGX"), ("1000.55", "TZS")] {
        let body = sent(costing(amount, currency)).await;
        assert!(body.contains(&format!(r#""amount":{amount},"#)), "{body}");
    }
    for (amount, currency, problem) in [
        ("0", "KES", "amount 0 is not above zero"),
        ("-5", "KES", "amount -5 is not above zero"),
        (
            "1.005",
            "KES",
            "amount 1.005 has more than the 2 decimal places of KES",
        ),
    ] {
        let problem = format!("cannot be charged: {problem}");
        refused(costing(amount, currency), "money", &problem).await;
    }
}

#[tokio::test]
async fn an_account_number_is_not_blank() {
    for number in ["", "  "] {
        let order = new_order().recurring(Recurring::new(number));
        refused(order, "recurring.account_number", "is empty").await;
    }
}

#[tokio::test]
async fn a_notification_id_is_the_orders_or_the_accounts() {
    let fake = Fake::new();
    let pesapal = duka_pesapal::Pesapal::builder(KEY.into(), SECRET.into(), ByHand::new().shared())
        .transport(fake.clone())
        .build()
        .unwrap();
    for order in [new_order(), new_order().notification_id(" ")] {
        let error = pesapal.create(&order).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.field(), Some("notification_id"));
        assert!(
            error
                .to_string()
                .contains("register a notification address"),
            "{error}"
        );
    }
    assert!(fake.sent().is_empty());
}

#[tokio::test]
async fn the_customer_is_sent_to_web_pages_only() {
    for address in ["app://x", "javascript:alert(1)", "mailto:shop@example.com"] {
        let mut order = new_order();
        order.return_url = address.parse().unwrap();
        refused(order, "return_url", "is not an http or https address").await;
        let order = new_order().cancellation_url(address.parse().unwrap());
        refused(order, "cancellation_url", "is not an http or https address").await;
    }
    let mut order = new_order();
    order.return_url = "http://shop.example/thanks".parse().unwrap();
    let body = sent(order).await;
    assert!(body.contains("http://shop.example/thanks"), "{body}");
}
