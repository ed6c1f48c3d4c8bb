//! Pesapal: tokens, notification addresses, submitting, the status and refunds.

use jiff::SignedDuration;

use crate::client::{Pesapal, TOKEN_BODY, config, request_token, send, start, verdict};
use duka_emulator::Emulator;

#[tokio::test]
async fn a_token_is_issued_for_the_merchants_keys_only() {
    let emulator = start().await;
    let reply = request_token(&emulator, TOKEN_BODY).await;
    assert_eq!(reply.json()["expiryDate"], "2026-05-13T09:10:35.0000000Z");
    let wrong = TOKEN_BODY.replace("emulator-secret", "guess");
    let reply = request_token(&emulator, &wrong).await;
    assert_eq!(reply.status, 401);
    assert!(verdict(&emulator).contains("consumer_secret is not the merchant's"));
}

#[tokio::test]
async fn a_token_is_good_until_it_expires() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    emulator.advance_clock(SignedDuration::from_secs(3599));
    assert_eq!(merchant.get("URLSetup/GetIpnList").await.status, 200);
    emulator.advance_clock(SignedDuration::from_secs(1));
    let reply = merchant.get("URLSetup/GetIpnList").await;
    assert_eq!(reply.status, 401);
    insta::assert_snapshot!(reply.text(), @r#"{"error":{"error_type":"authentication_error","code":"invalid_api_credentials_provided","message":"Invalid Access Token"},"status":null}"#);
    assert!(verdict(&emulator).contains("expired 0 s ago"));
}

#[tokio::test]
async fn the_life_of_a_token_is_a_setting() {
    let five_minutes = config().token_life(std::time::Duration::from_secs(300));
    let emulator = Emulator::start(five_minutes).await.unwrap();
    let merchant = Pesapal::sign_in(&emulator).await;
    emulator.advance_clock(SignedDuration::from_secs(301));
    assert_eq!(merchant.get("URLSetup/GetIpnList").await.status, 401);
}

#[tokio::test]
async fn an_unknown_or_missing_token_is_refused_and_says_which_in_the_log() {
    let emulator = start().await;
    let target = "/v3/api/URLSetup/GetIpnList";
    let cases = [
        (vec![], "absent"),
        (
            vec![("authorization", "Basic abc")],
            "does not begin with Bearer",
        ),
        (vec![("authorization", "Bearer eyJunknown")], "never issued"),
    ];
    for (headers, reason) in cases {
        let reply = send(emulator.addr(), "GET", target, &headers, "")
            .await
            .reply();
        assert_eq!(reply.status, 401);
        assert!(verdict(&emulator).contains(reason));
    }
}

#[tokio::test]
async fn both_prefixes_lead_to_the_same_gateway() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let bearer = format!("Bearer {}", merchant.token);
    let headers = [("authorization", bearer.as_str())];
    let target = "/v3/api/URLSetup/GetIpnList";
    let reply = send(emulator.addr(), "GET", target, &headers, "")
        .await
        .reply();
    assert_eq!(
        reply.json(),
        merchant.get("URLSetup/GetIpnList").await.json()
    );
}

#[tokio::test]
async fn a_registered_address_is_listed_in_a_bare_array() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let list = merchant.get("URLSetup/GetIpnList").await;
    assert_eq!(list.json()[0]["ipn_id"], merchant.ipn_id);
    let bad = r#"{"url":"not an address","ipn_notification_type":"GET"}"#;
    let reply = merchant.post("URLSetup/RegisterIPN", bad).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["error"]["code"], "invalid_url");
    let bad = r#"{"url":"http://a.example/","ipn_notification_type":"PUT"}"#;
    let reply = merchant.post("URLSetup/RegisterIPN", bad).await;
    assert_eq!(
        reply.json()["error"]["code"],
        "invalid_api_request_parameters"
    );
}

#[tokio::test]
async fn a_submitted_order_is_pending_with_http_200_and_status_500() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let submitted = merchant.submit(&merchant.submit_body("A1")).await;
    let here = emulator.kwikpaisa_url();
    insta::assert_snapshot!(submitted.text().replace(&here, "http://ADDR"), @r#"{"order_tracking_id":"e099ec6c-d736-4ca5-85e7-bb0f12278575","merchant_reference":"A1","redirect_url":"http://ADDR/pesapaliframe/PesapalIframe3/Index?OrderTrackingId=e099ec6c-d736-4ca5-85e7-bb0f12278575","error":null,"status":"200"}"#);
    let id = submitted.json()["order_tracking_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("Transactions/GetTransactionStatus?orderTrackingId={id}");
    let status = merchant.get(&path).await;
    assert_eq!(status.status, 200);
    assert_eq!(status.json()["status"], "500");
    let upper = path.replace(&id, &id.to_uppercase());
    assert_eq!(merchant.get(&upper).await.text(), status.text());
}

#[tokio::test]
async fn a_paid_failed_or_reversed_order_says_so_by_number() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    emulator.process(&id).unwrap();
    assert_eq!(merchant.status(&id).await["status_code"], 0);
    emulator.fail(&id).unwrap();
    let failed = merchant.status(&id).await;
    assert_eq!(
        (&failed["status_code"], &failed["status"]),
        (&2.into(), &"200".into())
    );
    emulator.pay(&id).unwrap();
    assert_eq!(merchant.status(&id).await["status_code"], 1);
    emulator.reverse(&id).unwrap();
    assert_eq!(merchant.status(&id).await["status_code"], 3);
    assert_eq!(emulator.orders()[0].status, "REVERSED");
}

#[tokio::test]
async fn resubmitting_an_id_returns_the_first_order_with_its_first_values() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let first = merchant.submit(&merchant.submit_body("A1")).await;
    let other = merchant
        .submit_body("A1")
        .replace("10.00", "99.00")
        .replace("KES", "UGX");
    let second = merchant.submit(&other).await;
    assert_eq!(second.text(), first.text());
    let orders = emulator.orders();
    assert_eq!(orders.len(), 1);
    assert_eq!(
        (orders[0].amount.as_str(), orders[0].currency.as_str()),
        ("10.00", "KES")
    );
}

#[tokio::test]
async fn a_bad_order_request_is_refused_with_http_200_and_the_documented_code() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let good = merchant.submit_body("A1");
    let address = r#"{"email_address":"a@example.com"}"#;
    let parameters = "invalid_api_request_parameters";
    let cases = [
        (
            good.replace(address, "{}"),
            "missing_mandatory_billing_address",
        ),
        (
            good.replace(address, "null"),
            "missing_mandatory_billing_address",
        ),
        (
            good.replace(&merchant.ipn_id, "00000000-0000-4000-8000-000000000000"),
            parameters,
        ),
        (good.replace("\"A1\"", "\"A 1\""), parameters),
        (
            good.replace("\"A1\"", &format!("\"{}\"", "x".repeat(51))),
            parameters,
        ),
        (good.replace("Two shirts", &"x".repeat(101)), parameters),
        (good.replace("10.00", "-1"), parameters),
        (good.replace("KES", "kes"), parameters),
        (good.replace("http://127.0.0.1:9/back", ""), parameters),
        (
            good.replace(address, r#"{"phone_number":"1","state":"ABCD"}"#),
            parameters,
        ),
        (
            good.replace(address, r#"{"phone_number":"1","country_code":"KEN"}"#),
            parameters,
        ),
        (
            good.replace("\"id\"", "\"redirect_mode\":\"POPUP\",\"id\""),
            parameters,
        ),
    ];
    for (body, code) in cases {
        let reply = merchant.submit(&body).await;
        assert_eq!(reply.status, 200);
        let reply = reply.json();
        assert_eq!(reply["error"]["code"], code, "{body}");
        assert_eq!(reply["status"], "500");
        assert!(reply["order_tracking_id"].is_null());
    }
    assert!(emulator.orders().is_empty());
    assert_eq!(merchant.submit("{").await.status, 400);
}

/// A submit with every member that the pages list.
fn full_body(merchant: &Pesapal<'_>) -> String {
    let address = r#"{"email_address":"a@example.com","phone_number":"0723000000","country_code":"KE","first_name":"Achieng","middle_name":"Grace","last_name":"Odhiambo","line_1":"Oginga Odinga Street 12","line_2":"","city":"Kisumu","state":"KSM","postal_code":"40100","zip_code":"40100"}"#;
    let more = r#"{"redirect_mode":"PARENT_WINDOW","branch":"Kisumu","cancellation_url":"http://127.0.0.1:9/gave-up","account_number":"555-678","subscription_details":{"start_date":"01-06-2026","end_date":"31-05-2027","frequency":"MONTHLY"},"#;
    merchant
        .submit_body("A1")
        .replace(r#"{"email_address":"a@example.com"}"#, address)
        .replacen('{', more, 1)
}

#[tokio::test]
async fn every_documented_member_is_taken_and_the_account_number_shown() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let submitted = merchant.submit(&full_body(&merchant)).await.json();
    assert_eq!(submitted["status"], "200", "{submitted}");
    let id = submitted["order_tracking_id"].as_str().unwrap();
    assert_eq!(merchant.status(id).await["account_number"], "555-678");
    emulator.pay(id).unwrap();
    assert_eq!(merchant.status(id).await["account_number"], "555-678");
    // Any other order has none.
    let once = merchant.order("A2").await;
    let status = merchant.status(&once).await;
    assert_eq!(status["merchant_reference"], "A2");
    assert!(status["account_number"].is_null(), "{status}");
}

#[tokio::test]
async fn a_bad_member_of_a_recurring_order_is_refused_and_named_in_the_log() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let good = full_body(&merchant);
    for (member, bad, named) in [
        (r#""account_number":"555-678","#, "", "account_number"),
        (
            r#""account_number":"555-678""#,
            r#""account_number":" ""#,
            "account_number",
        ),
        ("01-06-2026", "2026-06-01", "start_date"),
        ("01-06-2026", "1-6-2026", "start_date"),
        ("31-05-2027", "31-06-2027", "end_date"),
        ("31-05-2027", "01-06-2026", "end_date"),
        ("31-05-2027", "31-05-2026", "end_date"),
        ("MONTHLY", "monthly", "frequency"),
        (r#","frequency":"MONTHLY""#, "", "frequency"),
        ("http://127.0.0.1:9/gave-up", "gave-up", "cancellation_url"),
        ("PARENT_WINDOW", "parent_window", "redirect_mode"),
    ] {
        assert!(good.contains(member), "{member}");
        let reply = merchant.submit(&good.replace(member, bad)).await.json();
        assert_eq!(
            reply["error"]["code"], "invalid_api_request_parameters",
            "{member}"
        );
        let reason = verdict(&emulator);
        assert!(reason.contains(named), "{member}: {reason}");
    }
    for (member, bad) in [
        (r#""branch":"Kisumu""#, r#""branch":7"#),
        (r#""zip_code":"40100""#, r#""zip_code":["40100"]"#),
        (r#""line_2":"""#, r#""line_2":[]"#),
    ] {
        assert!(good.contains(member), "{member}");
        let reply = merchant.submit(&good.replace(member, bad)).await;
        assert_eq!(reply.status, 400, "{member}");
    }
    assert!(emulator.orders().is_empty());
}

#[tokio::test]
async fn an_unknown_tracking_id_is_an_error_in_the_body() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let status = merchant
        .status("b945e4af-80a5-4ec1-8706-e03f8332fb04")
        .await;
    assert_eq!(status["status"], "500");
    assert_eq!(status["error"]["code"], "invalid_api_request_parameters");
}

#[tokio::test]
async fn a_body_that_is_not_announced_as_json_is_refused() {
    let emulator = start().await;
    let target = "/pesapalv3/api/Auth/RequestToken";
    let reply = send(emulator.addr(), "POST", target, &[], TOKEN_BODY).await;
    assert_eq!(reply.reply().status, 415);
}

fn refund_body(code: &str, amount: &str) -> String {
    format!(
        r#"{{"confirmation_code":"{code}","amount":{amount},"username":"Asha","remarks":"returned"}}"#
    )
}

#[tokio::test]
async fn a_refund_is_received_once_and_for_no_more_than_was_paid() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    emulator.pay(&id).unwrap();
    let paid = merchant.status(&id).await;
    let code = paid["confirmation_code"].as_str().unwrap();
    let cases = [
        (
            refund_body("NOSUCHCODE", "1"),
            "500",
            "Invalid refund request",
        ),
        (
            refund_body(code, "10.01"),
            "500",
            "Invalid amount provided. Please check your transaction details",
        ),
        (
            refund_body(code, "0"),
            "500",
            "Invalid amount provided. Please check your transaction details",
        ),
        (
            refund_body(code, "\"4.00\""),
            "200",
            "Refund request successfully",
        ),
        (
            refund_body(code, "4.00"),
            "500",
            "Refund request has been received already",
        ),
    ];
    for (body, status, message) in cases {
        let reply = merchant.post("Transactions/RefundRequest", &body).await;
        let expected = format!(r#"{{"status":"{status}","message":"{message}"}}"#);
        assert_eq!(reply.text(), expected);
    }
    // Received is not refunded: the merchant approves it elsewhere.
    assert_eq!(merchant.status(&id).await["status_code"], 1);
    // One of the five named another payment.
    let truth = emulator.order(&id).unwrap();
    assert_eq!((truth.refund_requests, truth.refund_received), (4, true));
}
