//! Each of KwikPaisa's variants, set by name, changes what it names: authentication, orders and replies.

use serde_json::{Value, json};

use crate::client::{
    choosing, create_body, kwikpaisa, kwikpaisa_order, kwikpaisa_signed, order_body, sign, verdict,
};

const SECRET: &str = "sk_test_emulator";

#[tokio::test]
async fn a_second_cancel_may_be_answered_yes_without_being_applied_twice() {
    for (value, status) in [("refused", 422), ("accepted", 200)] {
        let emulator = choosing(&[("kwikpaisa.second_cancel", value)]).await;
        kwikpaisa_order(&emulator, "7").await;
        let first = kwikpaisa(&emulator, "cancel", &order_body("7")).await;
        let second = kwikpaisa(&emulator, "cancel", &order_body("7")).await;
        assert_eq!((first.status, second.status), (200, status));
        let order = emulator.order("7").unwrap();
        assert_eq!((order.cancel_requests, order.cancels_applied), (2, 1));
        // Paid late is paid, whatever was answered before.
        emulator.pay_late("7").unwrap();
        let third = kwikpaisa(&emulator, "cancel", &order_body("7")).await;
        assert_eq!(third.status, 422);
    }
}

#[tokio::test]
async fn a_cancellation_may_show_one_read_late() {
    let emulator = choosing(&[("kwikpaisa.cancel_shows", "after_a_read")]).await;
    let status = async |id: &str| {
        let reply = kwikpaisa(&emulator, "status", &order_body(id)).await;
        reply.json()["return_data"]["order_status"].take()
    };
    kwikpaisa_order(&emulator, "7").await;
    kwikpaisa_order(&emulator, "8").await;
    emulator.process("8").unwrap();
    for (id, before) in [("7", "UN_PAID"), ("8", "PROCESSING")] {
        assert_eq!(status(id).await, before);
        let reply = kwikpaisa(&emulator, "cancel", &order_body(id)).await;
        assert_eq!(reply.json()["return_data"]["order_status"], "CANCELLED");
        assert_eq!(emulator.order(id).unwrap().status, "CANCELLED");
        assert_eq!(status(id).await, before);
        assert_eq!(status(id).await, "CANCELLED");
        assert_eq!(status(id).await, "CANCELLED");
    }
    kwikpaisa_order(&emulator, "9").await;
    kwikpaisa(&emulator, "cancel", &order_body("9")).await;
    emulator.pay_late("9").unwrap();
    assert_eq!(status("9").await, "PAID");
}

#[tokio::test]
async fn the_reply_to_a_cancel_may_be_without_status_or_order() {
    let forms = [
        (
            "full",
            Some(
                json!({"order_id": 7, "order_status": "CANCELLED", "cancelled_at": "13-05-2026 08:10 AM"}),
            ),
        ),
        (
            "without_status",
            Some(json!({"order_id": 7, "cancelled_at": "13-05-2026 08:10 AM"})),
        ),
    ];
    for (value, data) in forms {
        let emulator = choosing(&[("kwikpaisa.cancel_reply", value)]).await;
        kwikpaisa_order(&emulator, "7").await;
        let reply = kwikpaisa(&emulator, "cancel", &order_body("7")).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json()["status"], "success");
        assert_eq!(reply.json().get("return_data"), data.as_ref());
    }
}

#[tokio::test]
async fn a_create_may_give_nothing_but_the_link() {
    let emulator = choosing(&[("kwikpaisa.create_reply", "link_only")]).await;
    let created = kwikpaisa_order(&emulator, "7").await;
    let members: Vec<_> = created.as_object().unwrap().keys().collect();
    assert_eq!(members, ["payment_link"]);
}

#[cfg(feature = "reserialize")]
#[tokio::test]
async fn a_signature_may_be_expected_over_what_node_or_php_writes_again() {
    // As sent; as Node and as PHP write it. The number, the line separator and the accent tell all four apart.
    let raw = "{\"order_id\":9007199254740993, \"b\":{\"z\":1.0,\"a\":\"\u{2028}é\"}}";
    let node = "{\"b\":{\"z\":1,\"a\":\"\u{2028}é\"},\"order_id\":9007199254740992}";
    let php = r#"{"b":{"a":"\u2028é","z":1},"order_id":9007199254740993}"#;
    let escaped = r#"{"b":{"a":"\u2028\u00e9","z":1},"order_id":9007199254740993}"#;
    for (value, good, named) in [
        ("raw_bytes", raw, "as received"),
        ("node", node, "as Node writes it again"),
        ("php", php, "as PHP writes it again followed"),
        ("php_escaped", escaped, "again with Unicode escaped"),
    ] {
        let emulator = choosing(&[("kwikpaisa.signed_over", value)]).await;
        let now = emulator.now().as_second();
        for signed in [raw, node, php, escaped] {
            let signature = sign(SECRET, signed, now);
            let time = now.to_string();
            let reply = kwikpaisa_signed(&emulator, "status", raw, &time, &signature).await;
            // Let in, there is no such order.
            let expected = if signed == good { 404 } else { 401 };
            assert_eq!(reply.reply().status, expected, "{value}: {signed}");
            assert_eq!(
                verdict(&emulator).contains(named),
                signed != good,
                "{value}"
            );
        }
    }
}

#[cfg(feature = "reserialize")]
#[tokio::test]
async fn a_sorted_compact_body_is_signed_right_in_every_reading() {
    for value in ["raw_bytes", "node", "php", "php_escaped"] {
        let emulator = choosing(&[("kwikpaisa.signed_over", value)]).await;
        let reply = kwikpaisa(&emulator, "create", &create_body("6116229263036")).await;
        assert_eq!(reply.status, 200, "{value}");
        // What is no JSON is compared as it came, and refused for what it is.
        assert_eq!(kwikpaisa(&emulator, "create", "{").await.status, 400);
    }
}

#[tokio::test]
async fn the_message_of_401_may_tell_the_cause_or_not() {
    for (value, messages) in [
        (
            "by_cause",
            ["Invalid signature.", "Request timestamp expired."],
        ),
        ("one_for_all", ["Unauthorized.", "Unauthorized."]),
    ] {
        let emulator = choosing(&[("kwikpaisa.door_message", value)]).await;
        let now = emulator.now().as_second().to_string();
        for (time, message) in [now.as_str(), "1"].into_iter().zip(messages) {
            let answer = kwikpaisa_signed(&emulator, "status", "{}", time, "x").await;
            let expected = json!({"status": false, "code": 401, "message": message});
            assert_eq!(answer.reply().json(), expected);
            // The log tells the cause in either case.
            let cause = if time == "1" {
                "TIMESTAMP"
            } else {
                "SIGNATURE"
            };
            assert!(verdict(&emulator).contains(cause), "{value}");
        }
    }
}

#[tokio::test]
async fn an_unauthorized_body_may_be_html_or_nothing() {
    for (value, begins, kind) in [
        (
            "envelope",
            "{\"status\":false",
            "application/json; charset=utf-8",
        ),
        ("html", "<!DOCTYPE html>", "text/html; charset=utf-8"),
        ("empty", "", "application/json; charset=utf-8"),
    ] {
        let emulator = choosing(&[("kwikpaisa.door_body", value)]).await;
        let answer = kwikpaisa_signed(&emulator, "status", "{}", "1", "x").await;
        let reply = answer.reply();
        assert_eq!(reply.status, 401);
        assert_eq!(reply.header("content-type"), Some(kind));
        assert!(reply.text().starts_with(begins));
        assert_eq!(reply.text().is_empty(), begins.is_empty());
        assert!(verdict(&emulator).contains("X-TIMESTAMP is "), "{value}");
    }
}

#[tokio::test]
async fn an_unknown_order_has_four_forms_in_status_and_cancel_alike() {
    let forms = [
        ("http_404", 404, json!(404), json!(false)),
        ("http_400", 400, json!(400), json!(false)),
        ("http_422", 422, json!(422), json!(false)),
        ("failed_envelope", 200, json!("404"), json!("failed")),
    ];
    for (value, http, code, status) in forms {
        let emulator = choosing(&[("kwikpaisa.unknown_order", value)]).await;
        for operation in ["status", "cancel"] {
            let reply = kwikpaisa(&emulator, operation, &order_body("7")).await;
            assert_eq!(reply.status, http);
            let expected = json!({"code": code, "status": status, "message": "Order not found."});
            assert_eq!(reply.json(), expected);
            assert!(verdict(&emulator).contains("no order has this order_id"));
        }
    }
}

#[tokio::test]
async fn an_order_id_may_be_echoed_in_one_type() {
    let ids = ["7", r#""8""#, r#""A-9""#];
    let forms = [
        (
            "as_sent",
            [Some(json!(7)), Some(json!("8")), Some(json!("A-9"))],
        ),
        (
            "text",
            [Some(json!("7")), Some(json!("8")), Some(json!("A-9"))],
        ),
        (
            "integer",
            [Some(json!(7)), Some(json!(8)), Some(json!("A-9"))],
        ),
    ];
    for (value, echoes) in forms {
        let emulator = choosing(&[("kwikpaisa.order_id_echo", value)]).await;
        for (id, echo) in ids.iter().zip(&echoes) {
            let created = kwikpaisa_order(&emulator, id).await;
            assert_eq!(created.get("order_id"), echo.as_ref());
            for operation in ["status", "cancel"] {
                let reply = kwikpaisa(&emulator, operation, &order_body(id)).await;
                assert_eq!(reply.json()["return_data"].get("order_id"), echo.as_ref());
            }
        }
    }
}

#[tokio::test]
async fn an_amount_may_be_a_number() {
    for (value, written) in [("text", r#""105.00""#), ("number", "105.00")] {
        let emulator = choosing(&[("kwikpaisa.amounts", value)]).await;
        kwikpaisa_order(&emulator, "7").await;
        let reply = kwikpaisa(&emulator, "status", &order_body("7")).await;
        let expected = format!(r#""order_amount":{written},"#);
        assert!(reply.text().contains(&expected), "{}", reply.text());
    }
}

#[tokio::test]
async fn an_errors_code_may_be_text_even_where_a_fault_makes_the_error() {
    for (value, code) in [("number", json!(409)), ("text", json!("409"))] {
        let emulator = choosing(&[("kwikpaisa.error_code", value)]).await;
        kwikpaisa_order(&emulator, "7").await;
        let reply = kwikpaisa(&emulator, "create", &create_body("7")).await;
        assert_eq!(reply.json()["code"], code);
        let fault = duka_emulator::Fault::new(duka_emulator::FaultKind::Http503);
        emulator.arm(fault).unwrap();
        let reply = kwikpaisa(&emulator, "status", &order_body("7")).await;
        assert_eq!(reply.json()["code"].is_string(), code.is_string());
    }
}

#[tokio::test]
async fn the_timestamp_window_may_be_a_minute_or_an_hour() {
    for (value, window) in [("60s", 60), ("300s", 300), ("3600s", 3600)] {
        let emulator = choosing(&[("kwikpaisa.timestamp_window", value)]).await;
        let now = emulator.now().as_second();
        let body = order_body("7");
        for (age, status) in [
            (window, 404),
            (window + 1, 401),
            (-window, 404),
            (-window - 1, 401),
        ] {
            let time = now - age;
            let signature = sign(SECRET, &body, time);
            let answer =
                kwikpaisa_signed(&emulator, "status", &body, &time.to_string(), &signature).await;
            assert_eq!(answer.reply().status, status, "{value}, {age} s");
        }
    }
}

#[tokio::test]
async fn a_service_type_may_have_to_be_a_listed_one() {
    for (value, odd) in [("any", 200), ("listed", 422)] {
        let emulator = choosing(&[("kwikpaisa.service_type", value)]).await;
        let types = [("DIGITAL", 200), ("PHYSICAL_GOODS", 200), ("SERVICES", odd)];
        for (id, (service_type, status)) in types.into_iter().enumerate() {
            let body = create_body(&id.to_string()).replace("DIGITAL", service_type);
            let reply = kwikpaisa(&emulator, "create", &body).await;
            assert_eq!(reply.status, status, "{value}: {service_type}");
        }
    }
}

#[tokio::test]
async fn a_variant_set_in_the_middle_holds_from_the_next_request_on() {
    let emulator = choosing(&[]).await;
    kwikpaisa_order(&emulator, "7").await;
    emulator.pay("7").unwrap();
    let mut seen: Vec<Value> = Vec::new();
    for value in ["http_422", "http_400", "http_409", "failed_envelope"] {
        emulator
            .set_variant("kwikpaisa.cancel_refusal", value)
            .unwrap();
        let reply = kwikpaisa(&emulator, "cancel", &order_body("7")).await;
        seen.push(reply.status.into());
    }
    assert_eq!(seen, [422, 400, 409, 200]);
}
