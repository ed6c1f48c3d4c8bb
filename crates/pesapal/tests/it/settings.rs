//! What an account is made of.

use std::time::Duration;

use duka_core::gateway::Operation;
use duka_core::{AccountName, Delivery, ErrorKind, Gateway};
use duka_http::BaseUrl;
use duka_pesapal::{Environment, Pesapal};

use crate::fake::{ByHand, Fake, SECRET, builder, order, pesapal};
use crate::replies;

#[test]
fn what_exists_is_known_before_any_socket_opens() {
    let pesapal = pesapal(&Fake::new());
    let exists = [
        Operation::Create,
        Operation::Status,
        Operation::Cancel,
        Operation::RegisterIpn,
        Operation::ListIpns,
    ];
    assert!(exists.iter().all(|operation| pesapal.supports(*operation)));
    assert!(pesapal.supports(Operation::Refund));
    assert_eq!(pesapal.name().as_str(), "pesapal");
}

#[tokio::test]
async fn each_environment_has_its_address() {
    let hosts = [
        (
            Environment::Sandbox,
            "https://cybqa.pesapal.com/pesapalv3/api/",
        ),
        (Environment::Production, "https://pay.pesapal.com/v3/api/"),
    ];
    for (environment, start) in hosts {
        let fake = Fake::new().reply(200, replies::UNPAID);
        let pesapal = builder(&fake, &ByHand::new()).environment(environment);
        pesapal.build().unwrap().status(&order()).await.unwrap();
        assert!(fake.sent().iter().all(|sent| sent.url.starts_with(start)));
    }
    assert_eq!(Environment::default(), Environment::Sandbox);
}

#[tokio::test]
async fn the_bearer_goes_to_the_configured_address_and_nowhere_else() {
    let fake = Fake::new()
        .reply(200, replies::UNPAID)
        .reply(200, replies::SUBMITTED)
        .reply(200, replies::CANCELLED);
    let base = BaseUrl::parse("http://127.0.0.1:4010/pesapalv3/").unwrap();
    let pesapal = builder(&fake, &ByHand::new())
        .environment(Environment::Production)
        .base_url(base)
        .build()
        .unwrap();
    pesapal.status(&order()).await.unwrap();
    pesapal.create(&crate::fake::new_order()).await.unwrap();
    pesapal.cancel(&order()).await.unwrap();
    assert_eq!(fake.sent().len(), 4);
    for sent in fake.sent() {
        assert!(
            sent.url.starts_with("http://127.0.0.1:4010/pesapalv3/api/"),
            "{}",
            sent.url
        );
        assert_eq!(sent.header("Authorization").is_none(), sent.is_token());
        assert!(!sent.url.contains("canary"));
    }
}

#[test]
fn a_key_that_is_empty_or_has_white_space_is_a_configuration_error() {
    let table = [
        ("", SECRET, "the consumer key is empty"),
        ("k", "", "the consumer secret is empty"),
        ("k", "canary\n", "the consumer secret holds white space"),
        ("k ", SECRET, "the consumer key holds white space"),
    ];
    for (key, secret, expected) in table {
        let error = Pesapal::builder(key.into(), secret.into(), ByHand::new().shared())
            .transport(Fake::new())
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(
            error.to_string(),
            format!("wrong configuration: {expected}")
        );
    }
}

#[test]
fn an_account_without_a_transport_gets_the_built_in_one_or_says_that_there_is_none() {
    let built = Pesapal::builder("k".into(), "s".into(), ByHand::new().shared()).build();
    if cfg!(feature = "transport") {
        assert!(built.is_ok());
    } else {
        assert_eq!(built.unwrap_err().kind(), ErrorKind::Configuration);
    }
}

#[test]
fn the_account_keeps_its_name() {
    let name = AccountName::new("shop-ke").unwrap();
    let pesapal = builder(&Fake::new(), &ByHand::new())
        .account(name.clone())
        .token_margin(Duration::from_secs(30));
    assert_eq!(pesapal.build().unwrap().account(), Some(&name));
}
