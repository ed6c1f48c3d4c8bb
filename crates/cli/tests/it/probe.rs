//! `duka doctor --probe`: the list of what is not verified, and what the gateway really answers to the harmless part.

use duka_emulator::{Gateway, Operation};
use serde_json::Value;

use crate::shop::{CliFixture, INDIAN, Terminal};

fn probe<'a>(document: &'a Value, account: &str, name: &str) -> &'a Value {
    let probes = document["probes"].as_array().unwrap();
    let found = probes
        .iter()
        .find(|it| it["account"] == account && it["probe"] == name);
    found.unwrap_or_else(|| panic!("no {name} of {account} in {document:#}"))
}

#[test]
fn every_harmless_step_is_taken_and_answered_as_assumed_at_the_emulator() {
    let shop = CliFixture::open();
    shop.create("pesapal", "KANGA-1");
    let document = shop.duka(&["doctor", "--probe", "--json"]).exits(0).json();
    let probes = document["probes"].as_array().unwrap();
    assert_eq!(probes.len(), 10);
    for found in probes {
        assert_eq!(found["as_assumed"], true, "{found:#}");
        assert!(
            !found["answers"].as_array().unwrap().is_empty(),
            "{found:#}"
        );
    }
    let unknown = probe(&document, "kwikpaisa", "status_of_unknown_order");
    assert_eq!(unknown["answers"][0]["http_status"], 404);
    assert_eq!(
        unknown["answers"][0]["body"],
        r#"{"status":false,"code":404,"message":"Order not found."}"#
    );
    let token = probe(&document, "pesapal", "token");
    let body = token["answers"][0]["body"].as_str().unwrap();
    assert!(body.starts_with(r#"{"token":"…","expiryDate":"#), "{body}");
}

#[test]
fn every_step_that_names_a_probe_names_one_that_is_tried() {
    let shop = CliFixture::open();
    let document = shop.duka(&["doctor", "--probe", "--json"]).exits(0).json();
    let mut named = 0;
    for step in document["steps"].as_array().unwrap() {
        if let Some(name) = step["probe"].as_str() {
            probe(&document, step["gateway"].as_str().unwrap(), name);
            named += 1;
        }
    }
    assert!(named > 5, "{named} steps are taken");
}

#[test]
fn nothing_is_created_cancelled_refunded_or_registered_by_a_probe() {
    let shop = CliFixture::open();
    shop.create("kwikpaisa", INDIAN);
    let guid = shop.create("pesapal", "KANGA-1");
    let before = (shop.emulator.orders(), shop.emulator.requests().len());
    shop.duka(&["doctor", "--probe"]).exits(0);
    let requests = shop.emulator.requests();
    for request in &requests[before.1..] {
        let operation = request.operation.unwrap();
        let harmless = [Operation::Status, Operation::Token, Operation::ListIpns];
        assert!(harmless.contains(&operation), "{operation:?}");
    }
    let orders = shop.emulator.orders();
    assert_eq!(
        serde_json::to_value(&orders).unwrap(),
        serde_json::to_value(&before.0).unwrap()
    );
    assert!(shop.emulator.order(&guid).is_some());
}

#[test]
fn an_answer_that_is_not_as_assumed_is_said_to_be_none_and_shown() {
    let shop = CliFixture::only(Gateway::Pesapal);
    shop.emulator
        .set_variant("pesapal.older_tokens", "end")
        .unwrap();
    let document = shop.duka(&["doctor", "--probe", "--json"]).exits(0).json();
    assert_eq!(
        probe(&document, "pesapal", "two_tokens")["as_assumed"],
        false
    );
    let text = shop.duka(&["doctor", "--probe"]).exits(0).stdout;
    assert!(
        text.contains("NOT as assumed: the second token ended the first"),
        "{text}"
    );
    assert!(!text.contains("kwikpaisa"), "{text}");
}

#[test]
fn where_no_gateway_answers_nothing_is_proved() {
    let mut shop = CliFixture::open();
    for gateway in ["KWIKPAISA", "PESAPAL"] {
        let name = format!("DUKA_{gateway}_BASE_URL");
        shop.terminal.set(&name, "http://127.0.0.1:1");
    }
    let document = shop.duka(&["doctor", "--probe", "--json"]).exits(1).json();
    for found in document["probes"].as_array().unwrap() {
        assert_eq!(found["as_assumed"], Value::Null, "{found:#}");
    }
}

#[test]
fn with_keys_that_are_refused_only_what_is_wrong_on_purpose_proves_anything() {
    let mut shop = CliFixture::open();
    shop.terminal
        .set("DUKA_KWIKPAISA_SECRET_KEY", "sk_test_mistyped")
        .set("DUKA_PESAPAL_CONSUMER_SECRET", "mistyped-secret");
    let document = shop.duka(&["doctor", "--probe", "--json"]).exits(1).json();
    for found in document["probes"].as_array().unwrap() {
        let name = found["probe"].as_str().unwrap();
        // These are refused whatever the account's own keys are worth.
        let on_purpose = ["status_with_wrong_signature", "status_with_wrong_key"];
        let expected = if on_purpose.contains(&name) {
            Value::Bool(true)
        } else {
            Value::Null
        };
        assert_eq!(found["as_assumed"], expected, "{found:#}");
    }
}

#[test]
fn keys_that_cannot_be_are_named_once_and_the_other_account_is_probed_all_the_same() {
    let mut shop = CliFixture::open();
    shop.terminal
        .set("DUKA_KWIKPAISA_API_KEY", "sk_test_swapped")
        .set("DUKA_KWIKPAISA_SECRET_KEY", "pk_test_swapped");
    let document = shop.duka(&["doctor", "--probe", "--json"]).exits(1).json();
    let findings = document["findings"].as_array().unwrap();
    let wrong: Vec<_> = findings.iter().filter(|it| it["ok"] == false).collect();
    assert_eq!(wrong.len(), 1, "{wrong:#?}");
    assert!(!document["steps"].as_array().unwrap().is_empty());
    let probes = document["probes"].as_array().unwrap();
    assert!(
        probes.iter().all(|it| it["account"] == "pesapal"),
        "{probes:#?}"
    );
    assert_eq!(probes.len(), 6);
}

#[test]
fn what_is_wrong_on_purpose_is_not_tried_with_real_money() {
    let mut shop = CliFixture::open();
    for gateway in ["KWIKPAISA", "PESAPAL"] {
        let name = format!("DUKA_{gateway}_ENVIRONMENT");
        shop.terminal.set(&name, "production");
    }
    let document = shop.duka(&["doctor", "--probe", "--json"]).exits(0).json();
    for (account, name) in [
        ("kwikpaisa", "status_with_wrong_signature"),
        ("kwikpaisa", "status_with_wrong_key"),
        ("kwikpaisa", "status_with_old_timestamp"),
        ("pesapal", "status_with_made_up_token"),
    ] {
        let found = probe(&document, account, name);
        assert_eq!(found["as_assumed"], Value::Null, "{found:#}");
        assert_eq!(found["answers"], Value::Array(Vec::new()));
    }
    let refused = shop.emulator.requests();
    let refused = refused.iter().filter(|it| it.verdict.contains("401"));
    assert_eq!(refused.count(), 0);
}

#[test]
fn without_an_account_the_steps_are_listed_all_the_same_and_money_comes_first() {
    let terminal = Terminal::open();
    let document = terminal
        .duka(&["doctor", "--probe", "--json"])
        .exits(2)
        .json();
    assert_eq!(document["probes"], Value::Array(Vec::new()));
    let steps = document["steps"].as_array().unwrap();
    for gateway in ["kwikpaisa", "pesapal"] {
        let of = |step: &&Value| step["gateway"] == gateway;
        let money: Vec<bool> = steps
            .iter()
            .filter(of)
            .map(|it| it["money"] == true)
            .collect();
        assert!(money[0]);
        assert!(money.is_sorted_by(|a, b| a >= b), "{gateway}: {money:?}");
    }
    let text = terminal.duka(&["doctor", "--probe"]).exits(2).stdout;
    assert!(text.contains("  1. * cancel: "), "{text}");
    assert!(text.contains("       try: "), "{text}");
}

#[test]
fn without_the_flag_doctor_prints_what_it_always_did() {
    let shop = CliFixture::open();
    let findings = shop.duka(&["doctor", "--json"]).exits(0).json();
    assert!(findings.is_array());
    assert!(!shop.duka(&["doctor"]).exits(0).stdout.contains("try:"));
}
