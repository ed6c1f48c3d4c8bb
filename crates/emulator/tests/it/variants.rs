//! Each choice that the gateways' pages leave open changes what it names, and nothing else.

use std::time::Duration;

use duka_emulator::{Behaviour, Emulator};

use crate::client::{
    Pesapal, START, TOKEN_BODY, config, create_body, kwikpaisa, kwikpaisa_order, order_body,
    request_token, send, sign,
};

async fn with(choices: &[(&str, &str)]) -> Emulator {
    started(chosen(choices)).await
}

fn chosen(choices: &[(&str, &str)]) -> Behaviour {
    let mut behaviour = Behaviour::default();
    for (name, value) in choices {
        behaviour.set(name, value).unwrap();
    }
    behaviour
}

async fn started(behaviour: Behaviour) -> Emulator {
    Emulator::start(config().behaviour(behaviour))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_create_may_answer_201() {
    let emulator = with(&[("kwikpaisa.create_http", "created_201")]).await;
    let reply = kwikpaisa(&emulator, "create", &create_body("7")).await;
    assert_eq!(reply.status, 201);
    assert_eq!(reply.json()["code"], "201");
}

#[tokio::test]
async fn a_cancel_refusal_has_four_forms() {
    let forms = [
        ("http_422", 422),
        ("http_400", 400),
        ("http_409", 409),
        ("failed_envelope", 200),
    ];
    for (form, status) in forms {
        let emulator = with(&[("kwikpaisa.cancel_refusal", form)]).await;
        kwikpaisa_order(&emulator, "7").await;
        emulator.pay("7").unwrap();
        let reply = kwikpaisa(&emulator, "cancel", &order_body("7")).await;
        assert_eq!(reply.status, status);
        let envelope = reply.json()["status"].clone();
        let expected: serde_json::Value = if status == 200 {
            "failed".into()
        } else {
            false.into()
        };
        assert_eq!(envelope, expected);
        assert_eq!(emulator.order("7").unwrap().cancels_applied, 0);
    }
}

#[tokio::test]
async fn unpaid_fields_may_be_absent() {
    let emulator = with(&[("kwikpaisa.unpaid_fields", "absent")]).await;
    kwikpaisa_order(&emulator, "7").await;
    let status = kwikpaisa(&emulator, "status", &order_body("7"))
        .await
        .json();
    assert!(status["return_data"].get("transaction_id").is_none());
    emulator.fail("7").unwrap();
    let status = kwikpaisa(&emulator, "status", &order_body("7"))
        .await
        .json();
    assert!(
        status["return_data"]
            .get("transaction_id")
            .unwrap()
            .is_null()
    );
}

#[tokio::test]
async fn dates_may_be_indias() {
    let emulator = with(&[("kwikpaisa.date_zone", "india")]).await;
    let created = kwikpaisa_order(&emulator, "7").await;
    assert_eq!(created["created_at"], "13-05-2026 01:40 PM");
}

#[tokio::test]
async fn a_content_type_may_have_parameters() {
    let emulator = with(&[("kwikpaisa.content_type", "parameters_allowed")]).await;
    let body = order_body("7");
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        ("x-api-key", "pk_test_emulator"),
        ("x-timestamp", &START.to_string()),
        ("x-signature", &sign("sk_test_emulator", &body, START)),
    ];
    let target = "/api/v3/pg/order/status";
    let reply = send(emulator.addr(), "POST", target, &headers, &body).await;
    assert_eq!(reply.reply().status, 404);
}

#[tokio::test]
async fn authentication_may_be_refused_with_http_200_or_500() {
    let forms = [("http_200", 200), ("http_500", 500)];
    for (form, status) in forms {
        let emulator = with(&[
            ("pesapal.bad_token", form),
            ("pesapal.bad_consumer_keys", form),
        ])
        .await;
        let keys = request_token(&emulator, &TOKEN_BODY.replace("key", "x")).await;
        assert_eq!(keys.status, status);
        let mut merchant = Pesapal::sign_in(&emulator).await;
        merchant.token.push('x');
        let reply = merchant.get("URLSetup/GetIpnList").await;
        assert_eq!(reply.status, status);
        let code = &reply.json()["error"]["code"];
        assert_eq!(code, "invalid_api_credentials_provided");
    }
}

#[tokio::test]
async fn no_error_has_four_forms() {
    let forms = [
        ("as_observed", "null", "object"),
        ("null", "null", "null"),
        ("absent", "absent", "absent"),
        ("object_of_nulls", "object", "object"),
    ];
    for (form, in_token, in_status) in forms {
        let emulator = with(&[("pesapal.no_error", form)]).await;
        let token = request_token(&emulator, TOKEN_BODY).await.json();
        let merchant = Pesapal::sign_in(&emulator).await;
        let id = merchant.order("A1").await;
        emulator.pay(&id).unwrap();
        let status = merchant.status(&id).await;
        let kind = |reply: &serde_json::Value| match reply.get("error") {
            None => "absent",
            Some(error) if error.is_null() => "null",
            Some(error) => {
                assert!(error.as_object().unwrap().values().all(|it| it.is_null()));
                "object"
            }
        };
        assert_eq!(
            (kind(&token), kind(&status)),
            (in_token, in_status),
            "{form:?}"
        );
    }
}

#[tokio::test]
async fn the_status_after_a_cancel_has_three_forms_and_paid_wins_over_each() {
    let forms = [
        ("unchanged", 0, Some("payment_details_not_found")),
        ("invalid", 0, Some("order_cancelled")),
        ("failed", 2, None),
    ];
    for (form, number, code) in forms {
        let emulator = with(&[("pesapal.status_after_cancel", form)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let id = merchant.order("A1").await;
        merchant.cancel(&id).await;
        let status = merchant.status(&id).await;
        assert_eq!(status["status_code"], number);
        assert_eq!(status["error"]["code"].as_str(), code);
        emulator.pay_late(&id).unwrap();
        assert_eq!(merchant.status(&id).await["status_code"], 1);
    }
}

#[tokio::test]
async fn a_second_cancel_may_be_answered_yes_without_being_applied_twice() {
    let emulator = with(&[("pesapal.second_cancel", "accepted")]).await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    merchant.cancel(&id).await;
    assert_eq!(merchant.cancel(&id).await.json()["status"], "200");
    let order = emulator.order(&id).unwrap();
    assert_eq!((order.cancel_requests, order.cancels_applied), (2, 1));
}

#[tokio::test]
async fn a_young_order_may_be_refused_and_the_refusal_may_use_up_the_one_request() {
    for (form, later) in [("uses_up", "500"), ("free", "200")] {
        let mut behaviour = chosen(&[("pesapal.refused_cancel", form)]);
        behaviour.cancel_not_before = Duration::from_secs(600);
        let emulator = started(behaviour).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let id = merchant.order("A1").await;
        assert_eq!(merchant.cancel(&id).await.json()["status"], "500");
        emulator.advance_clock(jiff::SignedDuration::from_secs(600));
        assert_eq!(
            merchant.cancel(&id).await.json()["status"],
            later,
            "{form:?}"
        );
    }
}
