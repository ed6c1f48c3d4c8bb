//! What an account may be made of, and what it can do.

use duka_core::gateway::Operation;
use duka_core::{
    AccountName, Delivery, ErrorKind, Gateway, OrderId, OrderStatus, RefundRequest, StatusReading,
};
use duka_http::BaseUrl;
use duka_kwikpaisa::{Builder, Environment, KwikPaisa};

use crate::fake::{Fake, account, builder, clock};

fn with_keys(api_key: &str, secret_key: &str) -> Builder {
    KwikPaisa::builder(api_key.into(), secret_key.into(), clock(0)).transport(Fake::new([]))
}

#[test]
fn an_api_key_of_the_other_environment_is_refused() {
    let mixed = [
        ("pk_live_1", Environment::Sandbox),
        ("pk_test_1", Environment::Production),
    ];
    for (key, environment) in mixed {
        let error = with_keys(key, "s")
            .environment(environment)
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(!error.to_string().contains(key), "{error}");

        let base = BaseUrl::parse("http://127.0.0.1:9999").unwrap();
        let elsewhere = with_keys(key, "s").environment(environment).base_url(base);
        assert!(elsewhere.build().is_ok());
    }
    // A key of no known kind is let through: the page shows two prefixes, not all.
    assert!(
        with_keys("key", "s")
            .environment(Environment::Production)
            .build()
            .is_ok()
    );
}

#[test]
fn keys_that_cannot_work_are_refused() {
    for (api_key, secret_key, problem) in [
        ("", "s", "the API key is empty"),
        ("k", "", "the secret key is empty"),
        ("pk_test_1\n", "s", "the API key holds white space"),
        ("k", " sk_test_1", "the secret key holds white space"),
        ("sk_test_1", "pk_test_1", "are swapped"),
        ("k", "pk_test_1", "are swapped"),
    ] {
        let error = with_keys(api_key, secret_key).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[test]
fn an_account_says_what_it_is_and_can_do() {
    let gateway = account(Fake::new([]));
    assert_eq!(gateway.name().as_str(), "kwikpaisa");
    assert_eq!(gateway.account(), None);
    let name = AccountName::new("shop-in").unwrap();
    let named = builder(Fake::new([]))
        .account(name.clone())
        .build()
        .unwrap();
    assert_eq!(named.account(), Some(&name));
    for operation in [Operation::Create, Operation::Status, Operation::Cancel] {
        assert!(gateway.supports(operation));
    }
    for operation in [
        Operation::Refund,
        Operation::RegisterIpn,
        Operation::ListIpns,
    ] {
        assert!(!gateway.supports(operation));
    }
}

#[tokio::test]
async fn a_refund_is_refused_by_name_before_anything_is_sent() {
    let fake = Fake::new([]);
    let order = OrderId::integer("6116229263036").unwrap();
    let paid = StatusReading::new(OrderStatus::Paid, "PAID");
    let request = RefundRequest::new(order, paid, "amina", "came back torn");
    let error = account(fake.clone()).refund(&request).await.unwrap_err();
    let checked = account(fake.clone()).check_refund(&request).unwrap_err();
    assert_eq!(checked.to_string(), error.to_string());
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(
        error.to_string(),
        "not supported: refund: kwikpaisa documents no refunds, so none was asked for order 6116229263036"
    );
    assert!(fake.requests().is_empty());
}

#[test]
fn unpaid_and_processing_orders_may_be_cancelled_and_no_others() {
    let gateway = account(Fake::new([]));
    let rules = gateway.cancel_rules();
    for status in [OrderStatus::Unpaid, OrderStatus::Processing] {
        assert!(rules.is_eligible(&status));
    }
    for status in [
        OrderStatus::Paid,
        OrderStatus::Failed,
        OrderStatus::Expired,
        OrderStatus::Cancelled,
        OrderStatus::Reversed,
        OrderStatus::Unknown("UN_PAID".to_owned()),
    ] {
        assert!(!rules.is_eligible(&status), "{status}");
    }
}

#[test]
fn without_a_transport_an_account_has_the_one_over_sockets() {
    let gateway = KwikPaisa::builder("k".into(), "s".into(), clock(0)).build();
    assert!(format!("{:?}", gateway.unwrap()).contains("HttpTransport"));
}
