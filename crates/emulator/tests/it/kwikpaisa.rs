//! KwikPaisa: the door, the three calls, and ids and amounts kept to the digit.

use duka_emulator::{Emulator, EmulatorConfig};
use jiff::Timestamp;

use crate::client::{
    START, create_body, kwikpaisa, kwikpaisa_order, kwikpaisa_signed, order_body, send, sign,
    start, verdict,
};

const NESTED: &str = r#"{"customer":{"email":"a@example.com","name":"Ajay","phone":"9999999999"},"order_amount":105,"order_currency":"INR","order_id":6116229263036,"order_note":"Additional order info","return_url":"https://merchant.example/return","service_type":"DIGITAL"}"#;

async fn with_vector_key() -> Emulator {
    let start = Timestamp::from_second(START).unwrap();
    let keys = duka_emulator::KwikPaisaCredentials::new("pk_test_emulator", "YOUR_SECRET_KEY");
    let config = EmulatorConfig::new(move || start).kwikpaisa_credentials(keys);
    Emulator::start(config).await.unwrap()
}

#[tokio::test]
async fn the_published_signatures_are_let_in_and_no_others() {
    let vectors = [
        (
            "status",
            r#"{"amount":"100","order_id":"123456"}"#,
            "6aafa6ffebb2465388bb65c4bcd41a125b218686fa305979d23b4c435af6d209",
            404,
        ),
        (
            "cancel",
            r#"{"order_id":6116229263036}"#,
            "cea778fa5a41f1fdb806384d9183202785390d7063d4d2cf83ad5ac28ae953ed",
            404,
        ),
        (
            "create",
            NESTED,
            "92507eebe062955461fc943e79f187ce4425a31fffd45448d14f53871d9ce2a9",
            200,
        ),
    ];
    let emulator = with_vector_key().await;
    let time = START.to_string();
    for (operation, body, signature, status) in vectors {
        let good = kwikpaisa_signed(&emulator, operation, body, &time, signature).await;
        assert_eq!(good.reply().status, status, "{body}");
        let other_body = body.replacen('{', "{ ", 1);
        let bad = kwikpaisa_signed(&emulator, operation, &other_body, &time, signature).await;
        assert_eq!(bad.reply().status, 401, "{body}");
    }
}

#[tokio::test]
async fn a_refusal_is_terse_on_the_wire_and_precise_in_the_log() {
    let emulator = start().await;
    let body = order_body("7");
    let time = START.to_string();
    let right = sign("sk_test_emulator", &body, START);
    let cases = [
        ("0".repeat(64), "does not match the body as received"),
        ("zz".repeat(32), "is not lowercase hex"),
        (right.to_uppercase(), "is right but not in lowercase"),
        ("abc".to_owned(), "does not have 64 characters"),
    ];
    for (signature, reason) in cases {
        let reply = kwikpaisa_signed(&emulator, "cancel", &body, &time, &signature)
            .await
            .reply();
        assert_eq!(reply.status, 401);
        assert_eq!(
            reply.text(),
            r#"{"status":false,"code":401,"message":"Invalid signature."}"#
        );
        let verdict = verdict(&emulator);
        assert!(verdict.contains(reason), "{verdict}");
        assert!(!verdict.contains(&right), "{verdict}");
    }
}

#[tokio::test]
async fn a_timestamp_may_be_off_by_the_window_either_way_and_no_more() {
    let emulator = start().await;
    let body = order_body("7");
    let expected = [
        (START - 300, 404, ""),
        (START + 300, 404, ""),
        (START - 301, 401, "301 s behind"),
        (START + 301, 401, "301 s ahead"),
    ];
    for (time, status, reason) in expected {
        let signature = sign("sk_test_emulator", &body, time);
        let text = time.to_string();
        let reply = kwikpaisa_signed(&emulator, "status", &body, &text, &signature).await;
        assert_eq!(reply.reply().status, status, "{time}");
        assert!(verdict(&emulator).contains(reason));
    }
    for nonsense in ["", "-5", "1778659835.0", "99999999999999999999"] {
        let reply = kwikpaisa_signed(&emulator, "status", &body, nonsense, "00").await;
        assert_eq!(reply.reply().status, 401, "{nonsense}");
    }
}

#[tokio::test]
async fn a_signature_of_another_second_is_refused() {
    let emulator = start().await;
    let body = order_body("7");
    let signature = sign("sk_test_emulator", &body, START);
    let later = (START + 1).to_string();
    let reply = kwikpaisa_signed(&emulator, "status", &body, &later, &signature).await;
    assert_eq!(reply.reply().status, 401);
}

#[tokio::test]
async fn a_wrong_key_a_missing_header_or_another_content_type_is_refused() {
    let emulator = start().await;
    let body = order_body("7");
    let time = START.to_string();
    let signature = sign("sk_test_emulator", &body, START);
    let good = [
        ("content-type", "application/json"),
        ("x-api-key", "pk_test_emulator"),
        ("x-timestamp", time.as_str()),
        ("x-signature", signature.as_str()),
    ];
    let target = "/api/v3/pg/order/status";
    for (index, expected) in [400, 401, 401, 401].into_iter().enumerate() {
        let mut headers = good.to_vec();
        headers.remove(index);
        let reply = send(emulator.addr(), "POST", target, &headers, &body).await;
        assert_eq!(reply.reply().status, expected, "without {}", good[index].0);
    }
    let mut headers = good;
    headers[1].1 = "pk_test_another_shop";
    let reply = send(emulator.addr(), "POST", target, &headers, &body).await;
    assert_eq!(reply.reply().json()["message"], "Invalid API key.");
    headers = good;
    headers[0].1 = "application/json; charset=utf-8";
    let reply = send(emulator.addr(), "POST", target, &headers, &body).await;
    assert_eq!(reply.reply().status, 400);
}

#[tokio::test]
async fn a_created_order_can_be_asked_for_and_cancelled() {
    let emulator = start().await;
    let reply = kwikpaisa(&emulator, "create", &create_body("6116229263036")).await;
    let here = emulator.kwikpaisa_url();
    insta::assert_snapshot!(reply.text().replace(&here, "http://ADDR"), @r#"{"code":"200","status":"success","message":"Order created successfully.","return_data":{"kwikX_order_id":"kp_910a2dec-8902-4cc1-beeb-8da1658eec67","created_at":"13-05-2026 08:10 AM","order_id":6116229263036,"order_status":"UN_PAID","order_token":"f893a2eefb32555e71c18690ee42c90b","payment_link":"http://ADDR/checkout/f893a2eefb32555e71c18690ee42c90b"}}"#);
    let created = &reply.json()["return_data"];
    let link = created["payment_link"].as_str().unwrap();
    let token = created["order_token"].as_str().unwrap();
    assert_eq!(link, format!("{here}/checkout/{token}"));
    let body = order_body("6116229263036");
    let status = kwikpaisa(&emulator, "status", &body).await;
    insta::assert_snapshot!(status.text(), @r#"{"code":"200","status":"success","message":"Order status fetched successfully.","return_data":{"kwikX_order_id":"kp_910a2dec-8902-4cc1-beeb-8da1658eec67","order_id":6116229263036,"order_amount":"105.00","currency":"INR","order_status":"UN_PAID","payment_method":null,"transaction_id":null,"created_at":"13-05-2026 08:10 AM","paid_at":null}}"#);
    let cancelled = kwikpaisa(&emulator, "cancel", &body).await;
    insta::assert_snapshot!(cancelled.text(), @r#"{"code":"200","status":"success","message":"Order cancelled successfully.","return_data":{"order_id":6116229263036,"order_status":"CANCELLED","cancelled_at":"13-05-2026 08:10 AM"}}"#);
    let again = kwikpaisa(&emulator, "cancel", &body).await;
    assert_eq!(again.status, 422);
    insta::assert_snapshot!(again.text(), @r#"{"status":false,"code":422,"message":"Order cannot be cancelled."}"#);
    let order = emulator.order("6116229263036").unwrap();
    assert_eq!((order.cancel_requests, order.cancels_applied), (2, 1));
}

#[tokio::test]
async fn a_paid_order_shows_how_it_was_paid() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    emulator.advance_clock(jiff::SignedDuration::from_secs(180));
    emulator.pay("7").unwrap();
    let status = kwikpaisa(&emulator, "status", &order_body("7")).await;
    insta::assert_snapshot!(status.text(), @r#"{"code":"200","status":"success","message":"Order status fetched successfully.","return_data":{"kwikX_order_id":"kp_910a2dec-8902-4cc1-beeb-8da1658eec67","order_id":7,"order_amount":"105.00","currency":"INR","order_status":"PAID","payment_method":"UPI","transaction_id":"TXN71BB54D8D101B5B9","created_at":"13-05-2026 08:10 AM","paid_at":"13-05-2026 08:13 AM"}}"#);
}

#[tokio::test]
async fn a_failed_payment_is_a_failed_envelope_with_http_200() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    emulator.fail("7").unwrap();
    let status = kwikpaisa(&emulator, "status", &order_body("7")).await;
    assert_eq!(status.status, 200);
    insta::assert_snapshot!(status.text(), @r#"{"code":"200","status":"failed","message":"Payment failed.","return_data":{"kwikX_order_id":"kp_910a2dec-8902-4cc1-beeb-8da1658eec67","order_id":7,"order_amount":"105.00","currency":"INR","order_status":"FAILED","payment_method":null,"transaction_id":null,"created_at":"13-05-2026 08:10 AM","paid_at":null}}"#);
}

#[tokio::test]
async fn only_unpaid_and_processing_orders_can_be_cancelled() {
    let emulator = start().await;
    type Act = fn(&Emulator, &str) -> Result<(), duka_emulator::ActError>;
    let cases: [(&str, Option<Act>, u16); 5] = [
        ("1", None, 200),
        ("2", Some(Emulator::process), 200),
        ("3", Some(Emulator::pay), 422),
        ("4", Some(Emulator::fail), 422),
        ("5", Some(Emulator::expire), 422),
    ];
    for (id, act, expected) in cases {
        kwikpaisa_order(&emulator, id).await;
        if let Some(act) = act {
            act(&emulator, id).unwrap();
        }
        let before = emulator.order(id).unwrap().status;
        let reply = kwikpaisa(&emulator, "cancel", &order_body(id)).await;
        assert_eq!(reply.status, expected, "{before}");
        let after = emulator.order(id).unwrap();
        let cancelled = after.status == "CANCELLED";
        assert_eq!(
            cancelled,
            expected == 200,
            "{before} became {}",
            after.status
        );
        assert_eq!(after.cancel_requests, 1);
    }
}

#[tokio::test]
async fn an_id_keeps_its_type_and_every_digit() {
    let emulator = start().await;
    for id in [
        "9007199254740993",
        "123456789012345678901234567890",
        r#""42""#,
        r#""a/b é""#,
    ] {
        kwikpaisa_order(&emulator, id).await;
        for operation in ["status", "cancel"] {
            let reply = kwikpaisa(&emulator, operation, &order_body(id)).await;
            let expected = format!(r#""order_id":{id},"#);
            assert!(reply.text().contains(&expected), "{}", reply.text());
        }
    }
    // Compared as text: the same digits in another type are the same order.
    let reply = kwikpaisa(&emulator, "status", &order_body("42")).await;
    assert!(reply.text().contains(r#""order_id":"42""#));
    assert_eq!(emulator.orders()[0].order, "9007199254740993");
}

#[tokio::test]
async fn a_duplicate_id_is_refused_and_leaves_the_first_order_alone() {
    let emulator = start().await;
    kwikpaisa_order(&emulator, "7").await;
    let reply = kwikpaisa(&emulator, "create", &create_body(r#""7""#)).await;
    assert_eq!(reply.status, 409);
    assert_eq!(emulator.orders().len(), 1);
}

#[tokio::test]
async fn an_unknown_order_is_not_found() {
    let emulator = start().await;
    for operation in ["status", "cancel"] {
        let reply = kwikpaisa(&emulator, operation, &order_body("7")).await;
        assert_eq!(reply.status, 404);
        assert_eq!(reply.json()["status"], false);
        assert_eq!(reply.json()["code"], 404);
    }
}

#[tokio::test]
async fn amounts_keep_their_decimals_and_get_at_least_two() {
    let emulator = start().await;
    let sent = [
        "105",
        "105.5",
        r#""105.50""#,
        "0.001",
        "12345678901234567.89",
        "1e2",
    ];
    let shown = [
        "105.00",
        "105.50",
        "105.50",
        "0.001",
        "12345678901234567.89",
        "100.00",
    ];
    for (index, (sent, shown)) in sent.into_iter().zip(shown).enumerate() {
        let id = index.to_string();
        let amount = format!(r#""order_amount":{sent},"#);
        let body = create_body(&id).replace(r#""order_amount":105,"#, &amount);
        assert_eq!(kwikpaisa(&emulator, "create", &body).await.status, 200);
        assert_eq!(emulator.order(&id).unwrap().amount, shown);
    }
}

#[tokio::test]
async fn a_bad_create_is_refused_with_its_reason_in_the_log() {
    let emulator = start().await;
    let good = create_body("7");
    let cases = [
        ("{".to_owned(), 400, "not the JSON wanted"),
        (
            good.replace(r#""order_id":7,"#, ""),
            400,
            "order_id is missing",
        ),
        (
            good.replace(":7,", ":7.5,"),
            400,
            "neither an integer nor text",
        ),
        (
            good.replace(r#""7""#, r#""""#).replace(":7,", r#":"","#),
            400,
            "neither",
        ),
        (
            good.replace("\"phone\":\"9999999999\"", "\"phone\":\"\""),
            400,
            "customer.phone",
        ),
        (good.replace("105", "0"), 422, "above zero"),
        (good.replace("105", "\"x\""), 422, "above zero"),
        (good.replace("INR", "inr"), 422, "order_currency"),
        (
            good.replace("https://merchant.example/return", "back"),
            422,
            "return_url",
        ),
        (good.replace("DIGITAL", ""), 400, "service_type"),
    ];
    for (body, status, reason) in cases {
        let reply = kwikpaisa(&emulator, "create", &body).await;
        assert_eq!(reply.status, status, "{body}");
        assert!(
            verdict(&emulator).contains(reason),
            "{}",
            verdict(&emulator)
        );
    }
    assert!(emulator.orders().is_empty());
}

#[tokio::test]
async fn another_path_or_method_of_the_api_is_refused_and_logged() {
    let emulator = start().await;
    let reply = send(
        emulator.addr(),
        "POST",
        "/api/v3/pg/order/refund",
        &[],
        "{}",
    )
    .await;
    assert_eq!(reply.reply().status, 404);
    let reply = send(emulator.addr(), "GET", "/api/v3/pg/order/status", &[], "").await;
    assert_eq!(reply.reply().status, 405);
    assert_eq!(emulator.requests().len(), 2);
    assert_eq!(emulator.requests()[0].operation, None);
}
