//! Each choice that the gateways' pages leave open changes what it names, and nothing else.

use std::time::Duration;

use duka_emulator::behaviour::kwikpaisa::{
    CancelRefusal, ContentTypeRule, CreateHttp, DateZone, UnpaidFields,
};
use duka_emulator::behaviour::pesapal::{
    BadConsumerKeys, BadToken, NoError, RefusedCancel, SecondCancel, StatusAfterCancel,
};
use duka_emulator::{Behaviour, Emulator};

use crate::client::{
    Pesapal, START, TOKEN_BODY, config, create_body, kwikpaisa, kwikpaisa_order, order_body,
    request_token, send, sign,
};

async fn with(change: impl FnOnce(&mut Behaviour)) -> Emulator {
    let mut behaviour = Behaviour::default();
    change(&mut behaviour);
    Emulator::start(config().behaviour(behaviour))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_create_may_answer_201() {
    let emulator = with(|it| it.kwikpaisa.create_http = CreateHttp::Created201).await;
    let reply = kwikpaisa(&emulator, "create", &create_body("7")).await;
    assert_eq!(reply.status, 201);
    assert_eq!(reply.json()["code"], "201");
}

#[tokio::test]
async fn a_cancel_refusal_has_four_forms() {
    let forms = [
        (CancelRefusal::Http422, 422),
        (CancelRefusal::Http400, 400),
        (CancelRefusal::Http409, 409),
        (CancelRefusal::FailedEnvelope, 200),
    ];
    for (form, status) in forms {
        let emulator = with(|it| it.kwikpaisa.cancel_refusal = form).await;
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
    let emulator = with(|it| it.kwikpaisa.unpaid_fields = UnpaidFields::Absent).await;
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
    let emulator = with(|it| it.kwikpaisa.date_zone = DateZone::India).await;
    let created = kwikpaisa_order(&emulator, "7").await;
    assert_eq!(created["created_at"], "13-05-2026 01:40 PM");
}

#[tokio::test]
async fn a_content_type_may_have_parameters() {
    let emulator = with(|it| it.kwikpaisa.content_type = ContentTypeRule::ParametersAllowed).await;
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
async fn a_door_may_refuse_with_http_200_or_500() {
    let forms = [
        (BadToken::Http200, BadConsumerKeys::Http200, 200),
        (BadToken::Http500, BadConsumerKeys::Http500, 500),
    ];
    for (bad_token, bad_consumer_keys, status) in forms {
        let emulator = with(|it| {
            it.pesapal.bad_token = bad_token;
            it.pesapal.bad_consumer_keys = bad_consumer_keys;
        })
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
        (NoError::AsObserved, "null", "object"),
        (NoError::Null, "null", "null"),
        (NoError::Absent, "absent", "absent"),
        (NoError::ObjectOfNulls, "object", "object"),
    ];
    for (form, in_token, in_status) in forms {
        let emulator = with(|it| it.pesapal.no_error = form).await;
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
        (
            StatusAfterCancel::Unchanged,
            0,
            Some("payment_details_not_found"),
        ),
        (StatusAfterCancel::Invalid, 0, Some("order_cancelled")),
        (StatusAfterCancel::Failed, 2, None),
    ];
    for (form, number, code) in forms {
        let emulator = with(|it| it.pesapal.status_after_cancel = form).await;
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
    let emulator = with(|it| it.pesapal.second_cancel = SecondCancel::Accepted).await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    merchant.cancel(&id).await;
    assert_eq!(merchant.cancel(&id).await.json()["status"], "200");
    let order = emulator.order(&id).unwrap();
    assert_eq!((order.cancel_requests, order.cancels_applied), (2, 1));
}

#[tokio::test]
async fn a_young_order_may_be_refused_and_the_refusal_may_use_up_the_one_request() {
    for (form, later) in [(RefusedCancel::UsesUp, "500"), (RefusedCancel::Free, "200")] {
        let emulator = with(|it| {
            it.cancel_not_before = Duration::from_secs(600);
            it.pesapal.refused_cancel = form;
        })
        .await;
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
