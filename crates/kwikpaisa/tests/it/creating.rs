//! What can be created, and which reply means that it was.

use duka_core::{
    BillingAddress, CreatedOrder, Delivery, Error, ErrorKind, Gateway, Money, NewOrder,
    OrderStatus, PaymentDetails, Recurring, RedirectMode,
};
use duka_http::Reply;
use duka_kwikpaisa::KwikPaisa;

use crate::fake::{Fake, account, clock, new_order, order_id, reply};

/// As the older API shows it.
const CREATED: &str = r#"{"code":"200","status":"success","message":"Order created.","return_data":{"kwikX_order_id":"kp_40dec464","created_at":"13-05-2026 08:34 AM","order_id":6116229263036,"order_status":"UN_PAID","order_token":"t0k3n","payment_link":"https://pay.example/c/t0k3n"}}"#;

async fn create(reply: Reply) -> Result<CreatedOrder, Error> {
    account(Fake::new([Ok(reply)])).create(&new_order()).await
}

async fn refused(order: &NewOrder) -> Error {
    let error = account(Fake::new([])).create(order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.delivery(), Delivery::NotSent);
    error
}

#[tokio::test]
async fn a_created_order_has_its_link_its_ids_and_its_status() {
    for status in [200, 201] {
        let created = create(reply(status, CREATED)).await.unwrap();
        assert_eq!(created.order, order_id());
        let details = created.details;
        assert_eq!(details.gateway_id.as_deref(), Some("kp_40dec464"));
        assert_eq!(created.payment_link.reveal(), "https://pay.example/c/t0k3n");
        assert_eq!(created.status.unwrap().status, OrderStatus::Unpaid);
    }
}

#[tokio::test]
async fn all_but_the_link_may_be_absent() {
    let body =
        r#"{"code":201,"status":true,"return_data":{"payment_link":"https://pay.example/c"}}"#;
    let created = create(reply(201, body)).await.unwrap();
    assert_eq!(
        (created.details, created.status),
        (PaymentDetails::default(), None)
    );
    assert_eq!(created.order, order_id());
}

#[tokio::test]
async fn without_a_usable_link_nothing_is_sure() {
    for link in [
        "null",
        "\"\"",
        "17",
        "{}",
        "\"pay.example/c\"",
        "\"/c/t0k3n\"",
        "\"javascript:alert(1)\"",
        "\"ftp://pay.example/c\"",
    ] {
        let body = format!(
            r#"{{"code":"200","status":"success","return_data":{{"payment_link":{link}}}}}"#
        );
        let error = create(reply(200, &body)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnlistedReply, "{link}");
        assert_eq!(error.delivery(), Delivery::Answered);
    }
}

#[tokio::test]
async fn what_the_gateway_refuses_is_sorted_by_what_to_do_next() {
    let envelope = |code: u16| format!(r#"{{"status":false,"code":{code},"message":"No."}}"#);
    for (status, kind) in [
        (400, ErrorKind::Rejected),
        (401, ErrorKind::Authentication),
        (403, ErrorKind::Rejected),
        (409, ErrorKind::Conflict),
        (422, ErrorKind::Rejected),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Unavailable),
        (503, ErrorKind::Unavailable),
    ] {
        let error = create(reply(status, &envelope(status))).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        assert_eq!(error.http_status(), Some(status));
        assert_eq!(error.delivery(), Delivery::Answered);
        // The table that the pages list says the same.
        assert_eq!(
            duka_kwikpaisa::codes::error_code(status).unwrap().kind,
            kind
        );
    }
    let failed = r#"{"status":"failed","code":"200","message":"No."}"#;
    let error = create(reply(200, failed)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnlistedReply);
}

#[tokio::test]
async fn a_refusal_is_told_with_code_and_words() {
    let body = r#"{"status":false,"code":409,"message":"Duplicate order_id."}"#;
    let error = create(reply(409, body)).await.unwrap_err();
    let text = "order id already taken: create: Duplicate order_id. (HTTP 409, code 409)";
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn a_customer_needs_name_email_and_phone() {
    for (field, blank) in [("name", ""), ("email", " "), ("phone", "\t")] {
        for value in [None, Some(blank.to_owned())] {
            let mut order = new_order();
            match field {
                "name" => order.customer.name = value,
                "email" => order.customer.email = value,
                _ => order.customer.phone = value,
            }
            let error = refused(&order).await;
            assert_eq!(error.field(), Some(format!("customer.{field}").as_str()));
            assert_eq!(
                error.to_string(),
                format!("invalid request: customer.{field} is required by KwikPaisa")
            );
        }
    }
}

#[tokio::test]
async fn an_amount_must_be_one_that_can_be_charged() {
    for (amount, currency, problem) in [
        ("0", "INR", "above zero"),
        ("-1", "INR", "above zero"),
        ("1.005", "INR", "decimal places"),
        ("1.5", "JPY", "decimal places"),
        ("99999999999999.99", "INR", "more than 15 digits"),
    ] {
        let mut order = new_order();
        order.money = Money::parse(amount, currency).unwrap();
        let error = refused(&order).await;
        assert_eq!(error.field(), Some("money"));
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[tokio::test]
async fn a_browser_must_be_able_to_return() {
    let mut order = new_order();
    order.return_url = "app://return".parse().unwrap();
    assert_eq!(refused(&order).await.field(), Some("return_url"));
}

#[tokio::test]
async fn an_orders_own_service_type_wins_and_one_must_be_there() {
    let fake = Fake::new([Ok(reply(200, CREATED))]);
    let order = new_order().service_type("PHYSICAL_GOODS");
    account(fake.clone()).create(&order).await.unwrap();
    assert!(fake.body().contains(r#""service_type":"PHYSICAL_GOODS""#));

    let fake = Fake::new([Ok(reply(200, CREATED))]);
    let order = new_order().service_type(" ");
    account(fake.clone()).create(&order).await.unwrap();
    assert!(fake.body().contains(r#""service_type":"DIGITAL""#));

    let without = KwikPaisa::builder("k".into(), "s".into(), clock(0))
        .transport(Fake::new([]))
        .build()
        .unwrap();
    let error = without.create(&new_order()).await.unwrap_err();
    assert_eq!(error.field(), Some("service_type"));
}

#[tokio::test]
async fn an_orders_own_note_goes_before_its_description() {
    for (note, sent) in [
        ("  Gift, no invoice ", "Gift, no invoice"),
        (" ", "Additional order info"),
        ("", "Additional order info"),
    ] {
        let fake = Fake::new([Ok(reply(200, CREATED))]);
        let order = new_order().order_note(note);
        account(fake.clone()).create(&order).await.unwrap();
        let wanted = format!(r#""order_note":"{sent}""#);
        assert!(fake.body().contains(&wanted), "{}", fake.body());
    }
}

#[tokio::test]
async fn a_recurring_order_is_refused_before_it_is_charged_once() {
    let fake = Fake::new([]);
    let order = new_order().recurring(Recurring::new("ACC-17"));
    let error = account(fake.clone()).create(&order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.field(), Some("recurring"));
    assert_eq!(
        error.to_string(),
        "not supported: recurring payments are not known to KwikPaisa, where this order would be charged once"
    );
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn what_only_pesapal_knows_and_does_no_harm_is_left_out() {
    let (plain, with) = (
        Fake::new([Ok(reply(200, CREATED))]),
        Fake::new([Ok(reply(200, CREATED))]),
    );
    account(plain.clone()).create(&new_order()).await.unwrap();
    let order = new_order()
        .branch("Kisumu")
        .notification_id("fe078e53-78da-4a83-aa89-e7ded5c456e6")
        .cancellation_url("https://merchant.example/gave-up".parse().unwrap())
        .redirect_mode(RedirectMode::TopWindow)
        .billing_address(BillingAddress::new().city("Kisumu").state("too long"));
    account(with.clone()).create(&order).await.unwrap();
    assert_eq!(with.sent(), plain.sent());
}

#[tokio::test]
async fn without_note_and_description_no_note_is_sent() {
    let fake = Fake::new([Ok(reply(200, CREATED))]);
    let mut order = new_order();
    order.description = "  ".to_owned();
    account(fake.clone()).create(&order).await.unwrap();
    assert!(!fake.body().contains("order_note"), "{}", fake.body());
}
