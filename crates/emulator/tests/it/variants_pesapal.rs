//! Each of Pesapal's variants, set by name, changes what it names: tokens, orders, refunds and addresses.

use serde_json::{Value, json};

use crate::client::{Pesapal, TOKEN_BODY, choosing, request_token, token, verdict};

const UNKNOWN: &str = "b945e4af-80a5-4ec1-8706-e03f8332fb04";

fn error_members(reply: &Value) -> Vec<&str> {
    reply["error"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn an_error_may_have_the_documented_form() {
    for (value, kind, beside) in [
        ("observed", "error_type", true),
        ("documented", "type", false),
    ] {
        let emulator = choosing(&[("pesapal.error_form", value)]).await;
        let bad_keys = request_token(&emulator, &TOKEN_BODY.replace("key", "x"))
            .await
            .json();
        let mut merchant = Pesapal::sign_in(&emulator).await;
        let refused = merchant.submit(&merchant.submit_body("A/1")).await.json();
        let unknown = merchant.status(UNKNOWN).await;
        let id = merchant.order("A1").await;
        let pending = merchant.status(&id).await;
        merchant.token.push('x');
        let bad_token = merchant.status(&id).await;
        for reply in [&bad_keys, &refused, &unknown, &bad_token] {
            assert!(error_members(reply).contains(&kind), "{reply}");
            assert_eq!(reply.get("status").is_some(), beside, "{reply}");
        }
        assert_eq!(bad_token["error"][kind], "authentication_error");
        assert!(bad_token["status"].is_null());
        // A status has a `status` in either form.
        assert!(error_members(&pending).contains(&kind), "{pending}");
        assert_eq!(pending["status"], "500");
    }
}

#[tokio::test]
async fn a_refused_token_may_be_the_text_of_a_message_under_an_http_error() {
    for (http, status) in [("http_401", 401), ("http_200", 400), ("http_500", 500)] {
        let emulator = choosing(&[
            ("pesapal.bad_token", http),
            ("pesapal.bad_token_body", "message"),
        ])
        .await;
        let mut merchant = Pesapal::sign_in(&emulator).await;
        merchant.token.push('x');
        let reply = merchant.get("URLSetup/GetIpnList").await;
        assert_eq!(reply.status, status);
        insta::allow_duplicates! {
            insta::assert_snapshot!(reply.text(), @r#"{"message":"{\"error\":{\"error_type\":\"authentication_error\",\"code\":\"invalid_api_credentials_provided\",\"message\":\"Invalid Access Token\"},\"status\":null}"}"#);
        }
    }
}

#[tokio::test]
async fn every_order_has_its_ids_behind_the_callback_address() {
    for keys in ["all", "few"] {
        let emulator = choosing(&[("pesapal.status_keys", keys)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let id = merchant.order("A1").await;
        let unpaid = merchant.status(&id).await;
        let address = unpaid["call_back_url"].as_str().unwrap();
        let ids = format!("?OrderTrackingId={id}&OrderMerchantReference=A1");
        assert!(address.ends_with(&ids), "{address}");
        assert_eq!(unpaid["error"]["call_back_url"], address);
        emulator.pay(&id).unwrap();
        let paid = merchant.status(&id).await;
        assert_eq!(paid["call_back_url"], address);
    }
}

#[tokio::test]
async fn an_error_may_be_text_where_no_client_needs_its_code() {
    let emulator = choosing(&[("pesapal.error_form", "text")]).await;
    let bad_keys = request_token(&emulator, &TOKEN_BODY.replace("key", "x")).await;
    let mut merchant = Pesapal::sign_in(&emulator).await;
    let refused = merchant.submit(&merchant.submit_body("A/1")).await.json();
    let unknown = merchant.status(UNKNOWN).await;
    assert!(refused["error"].is_string(), "{refused}");
    assert!(refused.get("order_tracking_id").is_none(), "{refused}");
    let wanted = json!({"error": "unknown orderTrackingId", "status": "500"});
    assert_eq!(unknown, wanted);
    let id = merchant.order("A1").await;
    let pending = merchant.status(&id).await;
    merchant.token.push('x');
    let bad_token = merchant.status(&id).await;
    for (reply, code) in [
        (bad_keys.json(), "invalid_consumer_key_or_secret_provided"),
        (bad_token, "invalid_api_credentials_provided"),
        (pending, "payment_details_not_found"),
    ] {
        assert_eq!(reply["error"]["code"], code, "{reply}");
    }
}

#[tokio::test]
async fn every_status_member_may_be_a_number() {
    for (value, done, not_done) in [
        ("text", json!("200"), json!("500")),
        ("number", json!(200), json!(500)),
    ] {
        let emulator = choosing(&[("pesapal.status_member", value)]).await;
        let token = request_token(&emulator, TOKEN_BODY).await.json();
        let merchant = Pesapal::sign_in(&emulator).await;
        let submitted = merchant.submit(&merchant.submit_body("A1")).await.json();
        let id = submitted["order_tracking_id"].as_str().unwrap();
        let pending = merchant.status(id).await;
        let cancelled = merchant.cancel(id).await.json();
        let refused = merchant.cancel(id).await.json();
        let unknown = merchant.status(UNKNOWN).await;
        let listed = merchant.get("URLSetup/GetIpnList").await.json()[0].take();
        assert_eq!(listed["status"].is_number(), value == "number", "{listed}");
        for reply in [&token, &submitted, &cancelled] {
            assert_eq!(reply["status"], done, "{reply}");
        }
        for reply in [&pending, &refused, &unknown] {
            assert_eq!(reply["status"], not_done, "{reply}");
        }
    }
}

#[tokio::test]
async fn a_mutation_may_succeed_with_201_and_a_read_never_does() {
    for (value, http) in [("ok_200", 200), ("created_201", 201)] {
        let emulator = choosing(&[("pesapal.success_http", value)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let register = r#"{"url":"http://127.0.0.1:9/b","ipn_notification_type":"POST"}"#;
        assert_eq!(
            merchant.post("URLSetup/RegisterIPN", register).await.status,
            http
        );
        let submitted = merchant.submit(&merchant.submit_body("A1")).await;
        assert_eq!(submitted.status, http);
        let id = merchant.order("A1").await;
        let read = format!("Transactions/GetTransactionStatus?orderTrackingId={id}");
        assert_eq!(merchant.get(&read).await.status, 200);
        assert_eq!(merchant.cancel(&id).await.status, http);
        assert_eq!(
            merchant.cancel(&id).await.status,
            200,
            "a refusal is no success"
        );
        let paid = merchant.order("A2").await;
        assert_eq!(refund(&merchant, &paid).await.status, http);
    }
}

/// Pays an order unless it is, and asks for its refund.
async fn refund(merchant: &Pesapal<'_>, id: &str) -> crate::client::Reply {
    let _ = merchant.emulator.pay(id);
    let status = merchant.status(id).await;
    let body = json!({
        "confirmation_code": status["confirmation_code"], "amount": 10.00,
        "username": "Ann", "remarks": "Out of stock",
    });
    merchant
        .post("Transactions/RefundRequest", &body.to_string())
        .await
}

#[tokio::test]
async fn a_refused_cancel_may_be_http_400() {
    for (value, http) in [("http_200", 200), ("http_400", 400)] {
        let emulator = choosing(&[("pesapal.cancel_refusal", value)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let id = merchant.order("A1").await;
        emulator.pay(&id).unwrap();
        let reply = merchant.cancel(&id).await;
        assert_eq!(
            (reply.status, &reply.json()["status"]),
            (http, &json!("500"))
        );
    }
}

#[tokio::test]
async fn a_failed_order_may_be_refused_its_cancel() {
    for (value, status, applied) in [("allowed", "200", 1), ("refused", "500", 0)] {
        let emulator = choosing(&[("pesapal.failed_cancel", value)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let (failed, open) = (merchant.order("A1").await, merchant.order("A2").await);
        emulator.fail(&failed).unwrap();
        assert_eq!(merchant.cancel(&failed).await.json()["status"], status);
        assert_eq!(emulator.order(&failed).unwrap().cancels_applied, applied);
        assert_eq!(merchant.cancel(&open).await.json()["status"], "200");
    }
}

#[tokio::test]
async fn an_unknown_order_has_four_forms() {
    for (value, http, has_error, cancel_http) in [
        ("error_200", 200, true, 200),
        ("http_404", 404, true, 404),
        ("status_500", 200, false, 200),
        ("foreign_404", 404, false, 404),
    ] {
        let emulator = choosing(&[("pesapal.unknown_order", value)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let read = format!("Transactions/GetTransactionStatus?orderTrackingId={UNKNOWN}");
        let reply = merchant.get(&read).await;
        assert_eq!(reply.status, http);
        assert_eq!(reply.json()["error"]["code"].is_string(), has_error);
        assert_eq!(reply.json()["message"].is_string(), !has_error);
        let foreign = value == "foreign_404";
        assert_eq!(reply.json().get("status").is_none(), foreign);
        let reply = merchant.cancel(UNKNOWN).await;
        assert_eq!(reply.status, cancel_http);
        let status = (!foreign).then(|| json!("500"));
        assert_eq!(reply.json().get("status"), status.as_ref());
        assert!(verdict(&emulator).contains("no order has this"));
    }
}

#[tokio::test]
async fn the_keys_of_a_status_come_and_go() {
    const KEYS: [&str; 3] = ["order_tracking_id", "account_number", "payment_status_code"];
    for (value, there) in [("all", true), ("few", false)] {
        let emulator = choosing(&[("pesapal.status_keys", value)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let id = merchant.order("A1").await;
        let status = merchant.status(&id).await;
        assert!(
            KEYS.iter().all(|it| status.get(*it).is_some() == there),
            "{status}"
        );
        assert_eq!(status["merchant_reference"], "A1");
    }
}

#[tokio::test]
async fn the_status_of_a_paid_order_may_name_who_paid() {
    for (value, payer) in [
        ("absent", Value::Null),
        (
            "present",
            json!({"first_name": "Achieng", "last_name": "Odhiambo"}),
        ),
    ] {
        let emulator = choosing(&[("pesapal.payer_info", value)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let id = merchant.order("A1").await;
        assert!(merchant.status(&id).await.get("payer_info").is_none());
        emulator.pay(&id).unwrap();
        assert_eq!(merchant.status(&id).await["payer_info"], payer);
    }
}

#[tokio::test]
async fn the_status_of_a_payment_under_way_may_say_pending() {
    for (value, word) in [("invalid", "INVALID"), ("pending", "PENDING")] {
        let emulator = choosing(&[("pesapal.pending_word", value)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let id = merchant.order("A1").await;
        let said = async || merchant.status(&id).await["payment_status_description"].clone();
        assert_eq!(said().await, "INVALID");
        emulator.process(&id).unwrap();
        assert_eq!(said().await, word);
    }
}

#[tokio::test]
async fn the_date_of_a_status_is_that_of_the_payment_once_there_is_one() {
    let emulator = choosing(&[]).await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    emulator.advance_clock(jiff::SignedDuration::from_mins(3));
    let dated = async || merchant.status(&id).await["created_date"].clone();
    assert_eq!(dated().await, "2026-05-13T11:10:35");
    emulator.fail(&id).unwrap();
    assert_eq!(dated().await, "2026-05-13T11:10:35");
    emulator.pay(&id).unwrap();
    assert_eq!(dated().await, "2026-05-13T11:13:35");
}

#[tokio::test]
async fn a_tracking_id_may_be_in_capitals_and_means_the_same() {
    let emulator = choosing(&[("pesapal.tracking_id_case", "upper")]).await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let submitted = merchant.submit(&merchant.submit_body("A1")).await.json();
    let id = submitted["order_tracking_id"].as_str().unwrap();
    assert_eq!(id, id.to_ascii_uppercase());
    assert!(submitted["redirect_url"].as_str().unwrap().ends_with(id));
    assert_eq!(
        merchant.status(&id.to_ascii_lowercase()).await["order_tracking_id"],
        id
    );
    assert_eq!(merchant.cancel(id).await.json()["status"], "200");
    assert_eq!(emulator.order(id).unwrap().order, id.to_ascii_lowercase());
}

#[tokio::test]
async fn a_tokens_end_has_three_forms() {
    for (value, written) in [
        ("seven_digits", Some("2026-05-13T09:10:35.0000000Z")),
        ("whole_seconds", Some("2026-05-13T09:10:35Z")),
        ("absent", None),
    ] {
        let emulator = choosing(&[("pesapal.expiry", value)]).await;
        let token = request_token(&emulator, TOKEN_BODY).await.json();
        assert_eq!(token.get("expiryDate").and_then(Value::as_str), written);
    }
}

#[tokio::test]
async fn a_token_may_come_without_a_status() {
    for (value, status) in [("present", Some("200")), ("absent", None)] {
        let emulator = choosing(&[("pesapal.token_status", value)]).await;
        let token = request_token(&emulator, TOKEN_BODY).await.json();
        assert_eq!(token.get("status").and_then(Value::as_str), status);
        assert!(token["token"].is_string());
    }
}

#[tokio::test]
async fn a_new_token_may_end_those_before_it() {
    for (value, http) in [("stay", 200), ("end", 401)] {
        let emulator = choosing(&[("pesapal.older_tokens", value)]).await;
        let mut merchant = Pesapal::sign_in(&emulator).await;
        let newer = token(&emulator).await;
        assert_eq!(merchant.get("URLSetup/GetIpnList").await.status, http);
        merchant.token = newer;
        assert_eq!(merchant.get("URLSetup/GetIpnList").await.status, 200);
    }
}

#[tokio::test]
async fn a_submit_may_leave_out_the_reference() {
    for (value, reference) in [("echoed", Some("A1")), ("absent", None)] {
        let emulator = choosing(&[("pesapal.submit_reference", value)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let submitted = merchant.submit(&merchant.submit_body("A1")).await.json();
        assert_eq!(
            submitted.get("merchant_reference").and_then(Value::as_str),
            reference
        );
    }
}

#[tokio::test]
async fn a_second_submit_of_an_id_may_be_refused() {
    let emulator = choosing(&[("pesapal.second_submit", "refused")]).await;
    let merchant = Pesapal::sign_in(&emulator).await;
    merchant.order("A1").await;
    let second = merchant.submit(&merchant.submit_body("A1")).await;
    assert_eq!(second.status, 200);
    assert!(verdict(&emulator).contains("id was submitted before"));
    assert!(second.json()["order_tracking_id"].is_null());
    assert_eq!(emulator.orders().len(), 1);
}

#[tokio::test]
async fn an_amount_may_be_refused_for_its_decimals() {
    for (value, finer) in [("any", "200"), ("two", "500")] {
        let emulator = choosing(&[("pesapal.decimals", value)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        for (id, amount, status) in [
            ("A1", "10.55", "200"),
            ("A2", "10.550", "200"),
            ("A3", "10.555", finer),
        ] {
            let body = merchant.submit_body(id).replace("10.00", amount);
            assert_eq!(
                merchant.submit(&body).await.json()["status"],
                status,
                "{amount}"
            );
        }
    }
}

#[tokio::test]
async fn a_second_registration_may_give_the_first_entry_back() {
    for (value, entries) in [("new_entry", 3), ("same_entry", 2)] {
        let emulator = choosing(&[("pesapal.second_registration", value)]).await;
        let merchant = Pesapal::with_ipn(&emulator, "http://127.0.0.1:9/a", "GET").await;
        let again = Pesapal::with_ipn(&emulator, "http://127.0.0.1:9/a", "GET").await;
        // Another method is another registration.
        let other = Pesapal::with_ipn(&emulator, "http://127.0.0.1:9/a", "POST").await;
        assert_eq!(merchant.ipn_id == again.ipn_id, value == "same_entry");
        assert_ne!(merchant.ipn_id, other.ipn_id);
        let listed = merchant.get("URLSetup/GetIpnList").await.json();
        assert_eq!(listed.as_array().unwrap().len(), entries);
    }
}

#[tokio::test]
async fn a_registered_address_may_have_a_date_without_a_zone_and_a_key_spelt_right() {
    let emulator = choosing(&[("pesapal.list_rows", "as_registered")]).await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let entry = async || merchant.get("URLSetup/GetIpnList").await.json()[0].take();
    let usual = entry().await;
    assert_eq!(usual["created_date"], "2026-05-13T08:10:35Z");
    assert_eq!(usual["ipn_status_decription"], "Active");
    assert!(usual.get("ipn_status_description").is_none());
    emulator.set_variant("pesapal.ipn_date", "no_zone").unwrap();
    emulator
        .set_variant("pesapal.ipn_spelling", "right")
        .unwrap();
    let other = entry().await;
    assert_eq!(other["created_date"], "2026-05-13T11:10:35");
    assert_eq!(other["ipn_status_description"], "Active");
    assert!(other.get("ipn_status_decription").is_none());
}

#[tokio::test]
async fn a_refused_refund_may_be_http_400() {
    for (value, http) in [("http_200", 200), ("http_400", 400)] {
        let emulator = choosing(&[("pesapal.refund_refusal", value)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let id = merchant.order("A1").await;
        assert_eq!(refund(&merchant, &id).await.status, 200);
        let second = refund(&merchant, &id).await;
        assert_eq!(
            (second.status, &second.json()["status"]),
            (http, &json!("500"))
        );
        assert!(verdict(&emulator).contains("requested before"));
    }
}

#[tokio::test]
async fn a_second_refund_may_be_received_again() {
    for (value, status) in [("refused", "500"), ("accepted", "200")] {
        let emulator = choosing(&[("pesapal.second_refund", value)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let id = merchant.order("A1").await;
        assert_eq!(refund(&merchant, &id).await.json()["status"], "200");
        assert_eq!(refund(&merchant, &id).await.json()["status"], status);
    }
}

#[tokio::test]
async fn a_refused_refund_may_use_up_the_one_request() {
    for (value, status) in [("free", "200"), ("uses_up", "500")] {
        let emulator = choosing(&[
            ("pesapal.refused_refund", value),
            ("pesapal.second_refund", "accepted"),
        ])
        .await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let id = merchant.order("A1").await;
        emulator.pay(&id).unwrap();
        let code = merchant.status(&id).await["confirmation_code"].take();
        let too_much = json!({
            "confirmation_code": code, "amount": 11, "username": "Ann", "remarks": "Out of stock",
        });
        let refused = merchant
            .post("Transactions/RefundRequest", &too_much.to_string())
            .await
            .json();
        assert_eq!(refused["status"], "500");
        assert_eq!(refund(&merchant, &id).await.json()["status"], status);
        assert_eq!(
            emulator.order(&id).unwrap().refund_received,
            status == "200"
        );
        // One that was received uses up nothing here: what follows it is another choice.
        let other = merchant.order("A2").await;
        for _ in 0..2 {
            assert_eq!(refund(&merchant, &other).await.json()["status"], "200");
        }
    }
}
