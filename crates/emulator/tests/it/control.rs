//! The control calls, by the names and members that scripts rely on.

use serde_json::{Value, json};

use crate::client::{Pesapal, get, kwikpaisa, kwikpaisa_order, order_body, post, send, start};

#[tokio::test]
async fn the_orders_call_tells_the_truth_about_both_gateways() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "6116229263036").await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    merchant.cancel(&id).await;
    let orders = get(&emulator, "/_emulator/orders").await;
    assert_eq!(
        orders.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    let expected = json!([
        {
            "gateway": "kwikpaisa", "order": "6116229263036", "tracking_id": null,
            "reference": null, "status": "UN_PAID", "amount": "105.00", "currency": "INR",
            "cancel_requests": 0, "cancels_applied": 0, "paid_after_cancel": false,
            "receipt": null, "refund_requests": 0, "refund_received": false,
        },
        {
            "gateway": "pesapal", "order": id, "tracking_id": id, "reference": "A1",
            "status": "CANCELLED", "amount": "10.00", "currency": "KES",
            "cancel_requests": 1, "cancels_applied": 1, "paid_after_cancel": false,
            "receipt": null, "refund_requests": 0, "refund_received": false,
        },
    ]);
    assert_eq!(orders.json(), expected);
    let one = get(&emulator, &format!("/_emulator/orders/{id}")).await;
    assert_eq!(one.json(), expected[1]);
    assert_eq!(
        get(&emulator, "/_emulator/orders/unknown").await.status,
        404
    );
}

#[tokio::test]
async fn a_customer_acts_by_either_gateways_id() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let tracking_id = merchant.order("A1").await;
    kwikpaisa_order(&emulator, r#""a/b c""#).await;
    let steps = [
        ("a%2Fb%20c", "process", "PROCESSING"),
        ("a%2Fb%20c", "expire", "EXPIRED"),
        ("a%2Fb%20c", "pay_late", "PAID"),
        (tracking_id.as_str(), "fail", "FAILED"),
        (tracking_id.as_str(), "pay", "COMPLETED"),
        (tracking_id.as_str(), "reverse", "REVERSED"),
    ];
    for (id, act, status) in steps {
        let reply = post(&emulator, &format!("/_emulator/orders/{id}/{act}"), "").await;
        assert_eq!(reply.status, 200, "{act}");
        assert_eq!(reply.json()["status"], status);
    }
}

#[tokio::test]
async fn what_a_customer_cannot_do_is_a_conflict_that_names_the_state() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    emulator.pay("7").unwrap();
    let reply = post(&emulator, "/_emulator/orders/7/pay", "").await;
    assert_eq!(reply.status, 409);
    assert_eq!(
        reply.json()["error"]["message"],
        r#"cannot pay kwikpaisa order "7": it is PAID"#
    );
    assert_eq!(
        post(&emulator, "/_emulator/orders/8/pay", "").await.status,
        404
    );
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    assert!(emulator.expire(&id).is_err(), "pesapal has no such status");
    assert!(
        emulator.reverse("7").is_err(),
        "kwikpaisa has no such status"
    );
}

#[tokio::test]
async fn a_fault_is_armed_listed_and_cleared_over_http() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    let fault = json!({
        "gateway": "kwikpaisa", "operation": "cancel", "kind": "http_503",
        "times": 2, "probability": 1.0, "delay_ms": 0, "form": 0,
    });
    let armed = post(&emulator, "/_emulator/faults", &fault.to_string()).await;
    assert_eq!((armed.status, armed.json()), (200, fault.clone()));
    assert_eq!(
        kwikpaisa(&emulator, "cancel", &order_body("7"))
            .await
            .status,
        503
    );
    let left = get(&emulator, "/_emulator/faults").await.json();
    assert_eq!(left[0]["times"], 1);
    let cleared = send(emulator.addr(), "DELETE", "/_emulator/faults", &[], "").await;
    assert_eq!(cleared.reply().json(), json!({"cleared": 1}));
    assert_eq!(
        kwikpaisa(&emulator, "cancel", &order_body("7"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_fault_needs_no_more_than_its_kind() {
    let emulator = start().await;
    let kinds = [
        "reset_before",
        "reply_lost",
        "delay",
        "http_429",
        "http_500",
        "http_503",
        "html_body",
        "empty_body",
        "truncated_body",
        "garbage_body",
        "odd_401",
        "interim_flood",
        "stray_reply",
        "odd_word",
        "token_expired",
        "pay_before_apply",
        "pay_after_apply",
        "duplicate_notification",
        "reordered_notification",
    ];
    for kind in kinds {
        let body = json!({"kind": kind, "gateway": "*", "operation": null});
        let reply = post(&emulator, "/_emulator/faults", &body.to_string()).await;
        assert_eq!(reply.status, 200, "{kind}");
        assert_eq!(reply.json()["kind"], kind);
        assert_eq!(reply.json()["gateway"], Value::Null);
    }
    assert_eq!(emulator.faults().len(), kinds.len());
}

#[tokio::test]
async fn a_bad_fault_is_refused_with_the_field_and_the_valid_values() {
    let emulator = start().await;
    let cases = [
        (r#"{"kind":"explode"}"#, "kind", "reply_lost"),
        (r#"{}"#, "kind", "reply_lost"),
        (r#"{"kind":"*"}"#, "kind", "reply_lost"),
        (
            r#"{"kind":"delay","gateway":"stripe"}"#,
            "gateway",
            "pesapal",
        ),
        (
            r#"{"kind":"delay","operation":"void"}"#,
            "operation",
            "cancel",
        ),
        (r#"{"kind":"delay","operation":7}"#, "operation", "cancel"),
        (r#"{"kind":"delay","time":1}"#, "time", "times"),
        (
            r#"{"kind":"pay_after_apply","operation":"status"}"#,
            "operation",
            "cancel",
        ),
        (
            r#"{"kind":"delay","gateway":"kwikpaisa","operation":"refund"}"#,
            "operation",
            "create",
        ),
        (r#"{"kind":"delay","times":0}"#, "times", ""),
        (r#"{"kind":"delay","times":"many"}"#, "times", ""),
        (r#"{"kind":"delay","probability":2}"#, "probability", ""),
        (r#"{"kind":"delay","delay_ms":-1}"#, "delay_ms", ""),
        ("[]", "body", ""),
        ("{", "body", ""),
    ];
    for (body, field, valid) in cases {
        let reply = post(&emulator, "/_emulator/faults", body).await;
        assert_eq!(reply.status, 400, "{body}");
        let error = reply.json()["error"].take();
        assert_eq!(error["field"], field, "{body}");
        if !valid.is_empty() {
            let listed = error["valid"].as_array().unwrap();
            assert!(listed.contains(&valid.into()), "{error}");
        }
    }
    assert!(emulator.faults().is_empty());
}

#[tokio::test]
async fn the_requests_call_shows_what_was_received_and_what_became_of_it() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    kwikpaisa(&emulator, "cancel", &order_body("7")).await;
    let requests = get(&emulator, "/_emulator/requests").await.json();
    assert_eq!(
        requests.as_array().unwrap().len(),
        2,
        "control calls are left out"
    );
    let cancel = &requests[1];
    assert_eq!(cancel["number"], 2);
    assert_eq!(cancel["time"], "2026-05-13T08:10:35Z");
    assert_eq!(cancel["gateway"], "kwikpaisa");
    assert_eq!(cancel["operation"], "cancel");
    assert_eq!(cancel["method"], "POST");
    assert_eq!(cancel["path"], "/api/v3/pg/order/cancel");
    assert_eq!(cancel["headers"]["x-timestamp"], "1778659835");
    assert_eq!(cancel["body"], r#"{"order_id":7}"#);
    assert_eq!(cancel["verdict"], "answered HTTP 200: cancelled");
    assert_eq!(cancel["faults"], json!([]));
}

#[tokio::test]
async fn a_reset_forgets_everything_but_the_settings() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    post(&emulator, "/_emulator/faults", r#"{"kind":"delay"}"#).await;
    post(&emulator, "/_emulator/clock", r#"{"advance_seconds":5}"#).await;
    let start_time = crate::client::START;
    assert_eq!(post(&emulator, "/_emulator/reset", "").await.status, 200);
    assert!(emulator.orders().is_empty());
    assert!(emulator.faults().is_empty());
    assert!(emulator.requests().is_empty());
    assert_eq!(emulator.now().as_second(), start_time);
    assert_eq!(
        merchant.cancel(&id).await.status,
        401,
        "tokens are forgotten too"
    );
    let merchant = Pesapal::sign_in(&emulator).await;
    assert_ne!(merchant.order("A1").await, id);
}

#[tokio::test]
async fn an_unknown_call_lists_those_there_are() {
    let emulator = start().await;
    let reply = get(&emulator, "/_emulator/everything").await;
    assert_eq!(reply.status, 404);
    assert!(reply.text().contains("POST /_emulator/clock"));
    assert_eq!(get(&emulator, "/_emulator/clock").await.status, 405);
    assert_eq!(get(&emulator, "/somewhere").await.status, 404);
    let reply = post(&emulator, "/_emulator/clock", r#"{"advance_seconds":"x"}"#).await;
    assert_eq!(reply.json()["error"]["field"], "advance_seconds");
    kwikpaisa_order(&emulator, "7").await;
    let reply = post(&emulator, "/_emulator/orders/7/steal", "").await;
    assert_eq!(
        (reply.status, &reply.json()["error"]["field"]),
        (400, &"act".into())
    );
}

#[tokio::test]
async fn the_variants_call_lists_every_choice_with_its_values_and_what_is_chosen() {
    let emulator = start().await;
    let listed = get(&emulator, "/_emulator/variants").await.json();
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), duka_emulator::variants().len());
    let refusal = listed
        .iter()
        .find(|it| it["name"] == "kwikpaisa.cancel_refusal");
    let expected = json!({
        "name": "kwikpaisa.cancel_refusal", "gateway": "kwikpaisa",
        "values": ["http_422", "http_400", "http_409", "failed_envelope"],
        "default": "http_422", "value": "http_422",
        "about": "The form of \"order cannot be cancelled\", which no page shows.",
    });
    assert_eq!(refusal, Some(&expected));
    assert!(listed.iter().all(|it| it["value"] == it["default"]));
}

#[tokio::test]
async fn variants_are_set_over_http_and_put_back_by_a_reset_to_those_of_the_start() {
    let mut behaviour = duka_emulator::Behaviour::default();
    behaviour.set("kwikpaisa.date_zone", "india").unwrap();
    let config = crate::client::config().behaviour(behaviour);
    let emulator = duka_emulator::Emulator::start(config).await.unwrap();
    let chosen = |name: &str| {
        let settings = emulator.variants();
        settings.iter().find(|it| it.name == name).unwrap().value
    };
    let body = json!({"kwikpaisa.date_zone": "utc", "pesapal.no_error": "absent"});
    let reply = post(&emulator, "/_emulator/variants", &body.to_string()).await;
    assert_eq!(reply.status, 200);
    let names: Vec<_> = reply
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].clone())
        .collect();
    assert_eq!(names, ["kwikpaisa.date_zone", "pesapal.no_error"]);
    assert_eq!(chosen("kwikpaisa.date_zone"), "utc");
    assert_eq!(chosen("pesapal.no_error"), "absent");
    emulator.set_variant("pesapal.no_error", "null").unwrap();
    assert_eq!(chosen("pesapal.no_error"), "null");
    post(&emulator, "/_emulator/reset", "").await;
    assert_eq!(chosen("kwikpaisa.date_zone"), "india");
    assert_eq!(chosen("pesapal.no_error"), "as_observed");
}

#[tokio::test]
async fn a_wrong_variant_is_refused_with_the_valid_ones_and_nothing_else_is_set_either() {
    let emulator = start().await;
    let cases = [
        (
            json!({"kwikpaisa.date_zone": "india", "kwikpaisa.zone": "india"}),
            "kwikpaisa.zone",
            "kwikpaisa.date_zone",
        ),
        (
            json!({"kwikpaisa.date_zone": "india", "pesapal.no_error": "nil"}),
            "pesapal.no_error",
            "object_of_nulls",
        ),
        (
            json!({"kwikpaisa.date_zone": "india", "pesapal.no_error": null}),
            "pesapal.no_error",
            "absent",
        ),
        (
            json!({"kwikpaisa.date_zone": ["india"]}),
            "kwikpaisa.date_zone",
            "india",
        ),
    ];
    for (body, field, valid) in cases {
        let reply = post(&emulator, "/_emulator/variants", &body.to_string()).await;
        assert_eq!(reply.status, 400, "{body}");
        let error = reply.json()["error"].take();
        assert_eq!(error["field"], field);
        assert!(
            error["valid"].as_array().unwrap().contains(&valid.into()),
            "{error}"
        );
    }
    let reply = post(&emulator, "/_emulator/variants", "[]").await;
    assert_eq!(reply.json()["error"]["field"], "body");
    assert!(emulator.variants().iter().all(|it| it.value == it.default));
    assert!(emulator.set_variant("pesapal.no_error", "nil").is_err());
}
