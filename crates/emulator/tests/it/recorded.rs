//! Pesapal's replies as they were recorded, to the byte but for ids, receipts and times.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::client::{Pesapal, TOKEN_BODY, choosing, get, request_token, send, start, verdict};

/// What a part of a JWT holds.
fn part(token: &str, place: usize) -> Value {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let text = token.split('.').nth(place).unwrap();
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let six = LETTERS.iter().position(|it| *it == letter).unwrap();
        held = held << 6 | u32::try_from(six).unwrap();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xFF).unwrap());
        }
    }
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn a_token_is_a_jwt_that_lives_an_hour() {
    let emulator = start().await;
    let token = request_token(&emulator, TOKEN_BODY).await.json()["token"].take();
    let token = token.as_str().unwrap();
    assert_eq!(token.split('.').count(), 3);
    assert_eq!(part(token, 0), json!({"alg": "HS256", "typ": "JWT"}));
    let claims = part(token, 1);
    let [from, to] = ["iat", "exp"].map(|it| claims[it].as_i64().unwrap());
    assert_eq!((from, to - from), (emulator.now().as_second(), 3600));
    let again = request_token(&emulator, TOKEN_BODY).await.json()["token"].take();
    assert_ne!(token, again.as_str().unwrap());
}

#[tokio::test]
async fn a_registration_has_no_number_and_no_error_since_2024() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    emulator.advance_clock(SignedDuration::from_millis(90));
    let body = r#"{"url":"https://shop.example/ipn","ipn_notification_type":"POST"}"#;
    let reply = merchant.post("URLSetup/RegisterIPN", body).await;
    let ipn_id = reply.json()["ipn_id"].as_str().unwrap().to_owned();
    let text = reply.text().replace(&ipn_id, "ID");
    insta::assert_snapshot!(text, @r#"{"url":"https://shop.example/ipn","created_date":"2026-05-13T08:10:35.09Z","ipn_id":"ID","notification_type":1,"ipn_notification_type_description":"POST","ipn_status":1,"ipn_status_decription":"Active","status":"200","message":"Request processed successfully"}"#);
    emulator
        .set_variant("pesapal.registration", "live")
        .unwrap();
    let live = merchant.post("URLSetup/RegisterIPN", body).await.json();
    assert!(live.get("created_date").is_none() && live.get("message").is_some());
    emulator
        .set_variant("pesapal.registration", "of_2024")
        .unwrap();
    let older = merchant.post("URLSetup/RegisterIPN", body).await.json();
    assert!(older["id"].is_u64() && older["error"].is_null() && older.get("error").is_some());
    assert!(older.get("message").is_none());
}

#[tokio::test]
async fn a_row_of_the_list_has_a_status_of_its_own_and_a_date_without_zone() {
    let emulator = start().await;
    emulator.advance_clock(SignedDuration::from_millis(270));
    let merchant = Pesapal::sign_in(&emulator).await;
    let text = merchant.get("URLSetup/GetIpnList").await.text();
    let text = text.replace(&merchant.ipn_id, "ID");
    insta::assert_snapshot!(text, @r#"[{"url":"http://127.0.0.1:9/ipn","created_date":"2026-05-13T11:10:35.27","ipn_id":"ID","notification_type":0,"ipn_notification_type_description":"GET","ipn_status":1,"ipn_status_decription":"Active","status":"1","message":null}]"#);
    emulator
        .set_variant("pesapal.list_rows", "as_registered")
        .unwrap();
    let row = merchant.get("URLSetup/GetIpnList").await.json()[0].take();
    assert_eq!(row["status"], "200");
}

#[tokio::test]
async fn an_address_that_no_server_has_is_registered_without_complaint() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let register = async |url: &str| {
        let body = json!({"url": url, "ipn_notification_type": "GET"}).to_string();
        merchant.post("URLSetup/RegisterIPN", &body).await
    };
    for url in ["localhost:3000/payment", "http://127.0.0.0.1:8000/payment"] {
        let reply = register(url).await.json();
        assert_eq!(reply["url"], url, "{reply}");
        let body = merchant.submit_body(url.get(..4).unwrap());
        let ipn_id = reply["ipn_id"].as_str().unwrap();
        let submitted = merchant
            .submit(&body.replace(&merchant.ipn_id, ipn_id))
            .await
            .json();
        // Nothing can be sent there, and paying works all the same.
        emulator
            .pay(submitted["order_tracking_id"].as_str().unwrap())
            .unwrap();
    }
    for url in [
        "",
        "payment",
        "http://",
        "javascript:alert(1)",
        "ftp://shop.example/ipn",
        "a b.example",
    ] {
        let text = register(url).await.text();
        assert_eq!(
            text,
            r#"{"error":{"error_type":"api_error","code":"invalid_url","message":"The specified url provided is invalid"},"status":"500"}"#,
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_refused_request_is_an_error_and_a_status_and_nothing_else() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let good = merchant.submit_body("A1");
    let cases = [
        (
            good.replace(&merchant.ipn_id, "f32c5368-6af3-44cb-ab8c-daa38c4baa37"),
            r#"{"error":{"error_type":"invalid_request_error","code":"invalid_api_request_parameters","message":"Invalid IPN URL ID provided.Check format and try again"},"status":"500"}"#,
            "notification_id",
        ),
        (
            good.replace(r#"{"email_address":"a@example.com"}"#, "{}"),
            r#"{"error":{"error_type":"api_error","code":"missing_mandatory_billing_address","message":"Please provide billing details information on your API request."},"status":"500"}"#,
            "email_address",
        ),
        (
            good.replace("KES", "shillings"),
            r#"{"error":{"error_type":"invalid_request_error","code":"invalid_api_request_parameters","message":"Invalid API request."},"status":"500"}"#,
            "currency",
        ),
    ];
    for (body, expected, reason) in &cases {
        let reply = merchant.submit(body).await;
        assert_eq!((reply.status, reply.text().as_str()), (200, *expected));
        // The gateway does not say which member; the log does.
        assert!(
            verdict(&emulator).contains(reason),
            "{}",
            verdict(&emulator)
        );
    }
    emulator
        .set_variant("pesapal.refused_request", "among_nulls")
        .unwrap();
    let reply = merchant.submit(&cases[0].0).await.text();
    assert!(
        reply.starts_with(r#"{"order_tracking_id":null,"merchant_reference":null,"#),
        "{reply}"
    );
    let keys = TOKEN_BODY.replace("emulator-secret", "guess");
    assert_eq!(
        request_token(&emulator, &keys).await.text(),
        r#"{"error":{"error_type":"api_error","code":"invalid_consumer_key_or_secret_provided","message":""},"status":"500"}"#
    );
}

#[tokio::test]
async fn a_refund_with_wrong_members_is_refused_like_any_other_request() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    emulator.pay(&id).unwrap();
    let code = merchant.status(&id).await["confirmation_code"].take();
    for body in [
        json!({"confirmationCode": code, "amount": 1, "username": "a", "remarks": "b"}),
        json!({"confirmation_code": code, "username": "a", "remarks": "b"}),
        json!({"confirmation_code": code, "amount": 1, "remarks": "b"}),
        json!({"confirmation_code": code, "amount": 1, "username": "a"}),
    ] {
        let reply = merchant
            .post("Transactions/RefundRequest", &body.to_string())
            .await;
        assert_eq!(
            (reply.status, reply.text().as_str()),
            (
                200,
                r#"{"error":{"error_type":"invalid_request_error","code":"invalid_api_request_parameters","message":"Invalid API request."},"status":"500"}"#
            ),
            "{body}"
        );
    }
    let truth = emulator.order(&id).unwrap();
    assert!(!truth.refund_received);
}

#[tokio::test]
async fn a_form_is_read_like_json() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    emulator.pay(&id).unwrap();
    let receipt = emulator.order(&id).unwrap().receipt.unwrap();
    let bearer = format!("Bearer {}", merchant.token);
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("authorization", bearer.as_str()),
    ];
    let target = "/pesapalv3/api/Transactions/RefundRequest";
    let body = format!("confirmation_code={receipt}&amount=4.00&username=amina&remarks=came+back");
    let answer = send(emulator.addr(), "POST", target, &headers, &body).await;
    assert_eq!(answer.reply().json()["status"], "200");
}

#[tokio::test]
async fn numbers_for_codes_and_an_amount_with_thousands_commas_are_taken() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let submit = async |id: &str, amount: &str| {
        let body = merchant.submit_body(id).replace("10.00", amount).replace(
            r#"{"email_address":"#,
            r#"{"zip_code":40100,"postal_code":100,"email_address":"#,
        );
        merchant.submit(&body).await.json()
    };
    for (number, (amount, read)) in [
        (r#""1,500.00""#, "1500.00"),
        (r#""1,234,567""#, "1234567.00"),
        (r#""1500.5""#, "1500.50"),
        ("1500", "1500.00"),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = submit(&format!("A{number}"), amount).await;
        let id = reply["order_tracking_id"].as_str().unwrap();
        assert_eq!(emulator.order(id).unwrap().amount, read, "{amount}");
    }
    for amount in [
        r#""1,50""#,
        r#""1500,00""#,
        r#"",500""#,
        r#""1,,500""#,
        r#""1,500.0,0""#,
    ] {
        let reply = submit("B1", amount).await;
        assert_eq!(
            reply["error"]["code"], "invalid_api_request_parameters",
            "{amount}"
        );
    }
}

const IDS: &str = "http://127.0.0.1:9/back?OrderTrackingId=ID&OrderMerchantReference=A1";

/// A status as text, without its id and receipt, which is returned beside it.
async fn status(merchant: &Pesapal<'_>, id: &str) -> (String, String) {
    let path = format!("Transactions/GetTransactionStatus?orderTrackingId={id}");
    let reply = merchant.get(&path).await;
    let receipt = reply.json()["confirmation_code"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut text = reply.text().replace(id, "ID");
    if !receipt.is_empty() {
        text = text.replace(&receipt, "CODE");
    }
    (text.replace(IDS, "BACK"), receipt)
}

fn digits(text: &str) -> usize {
    assert!(text.bytes().all(|it| it.is_ascii_digit()), "{text}");
    text.len()
}

#[tokio::test]
async fn a_status_of_a_card_is_as_recorded() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    emulator.advance_clock(SignedDuration::from_millis(750));
    let id = merchant.order("A1").await;
    let (text, receipt) = status(&merchant, &id).await;
    assert_eq!(receipt, "");
    insta::assert_snapshot!(text, @r#"{"payment_method":"","amount":10.00,"created_date":"2026-05-13T11:10:35.75","confirmation_code":"","order_tracking_id":"ID","payment_status_description":"INVALID","description":null,"message":"Request processed successfully","payment_account":"","call_back_url":"BACK","status_code":0,"merchant_reference":"A1","account_number":null,"payment_status_code":"","currency":"KES","error":{"error_type":"api_error","code":"payment_details_not_found","message":"Pending Payment","call_back_url":"BACK"},"status":"500"}"#);
    emulator.fail(&id).unwrap();
    let (text, receipt) = status(&merchant, &id).await;
    assert_eq!(digits(&receipt), 22);
    insta::assert_snapshot!(text, @r#"{"payment_method":"Visa","amount":10.00,"created_date":"2026-05-13T11:10:35.75","confirmation_code":"CODE","order_tracking_id":"ID","payment_status_description":"Failed","description":"Invalid amount provided.Please provide original amount","message":"Request processed successfully","payment_account":"476173XXXXXX0010","call_back_url":"BACK","status_code":2,"merchant_reference":"A1","account_number":null,"payment_status_code":"","currency":"KES","error":{"error_type":null,"code":null,"message":null},"status":"200"}"#);
    emulator.advance_clock(SignedDuration::from_secs(180));
    emulator.pay(&id).unwrap();
    let (text, receipt) = status(&merchant, &id).await;
    assert_eq!(digits(&receipt), 22);
    insta::assert_snapshot!(text, @r#"{"payment_method":"Visa","amount":10.00,"created_date":"2026-05-13T11:13:35.75","confirmation_code":"CODE","order_tracking_id":"ID","payment_status_description":"Completed","description":"Transaction successfully processed.","message":"Request processed successfully","payment_account":"476173XXXXXX0010","call_back_url":"BACK","status_code":1,"merchant_reference":"A1","account_number":null,"payment_status_code":"","currency":"KES","error":{"error_type":null,"code":null,"message":null},"status":"200"}"#);
}

#[tokio::test]
async fn a_status_of_mobile_money_has_no_description_and_the_operators_receipt() {
    for (value, word) in [
        ("mpesa_ke", "MpesaKE"),
        ("tigo_tz", "TIGOTZ"),
        ("airtel_tz", "AIRTELTZ"),
    ] {
        let emulator = choosing(&[("pesapal.payment_method", value)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let id = merchant.order("A1").await;
        emulator.fail(&id).unwrap();
        let failed = merchant.status(&id).await;
        assert_eq!(failed["payment_method"], word);
        assert!(failed["description"].is_null());
        assert_eq!(digits(failed["confirmation_code"].as_str().unwrap()), 8);
        emulator.pay(&id).unwrap();
        let paid = merchant.status(&id).await;
        assert!(paid["description"].is_null());
        assert_eq!(paid["payment_account"], "2547xxx00000");
        let receipt = paid["confirmation_code"].as_str().unwrap();
        assert_eq!(receipt.len(), 10);
        assert!(
            receipt
                .bytes()
                .all(|it| it.is_ascii_digit() || it.is_ascii_uppercase())
        );
        emulator.set_variant("pesapal.payer_phone", "bare").unwrap();
        assert_eq!(
            merchant.status(&id).await["payment_account"],
            "254700000000"
        );
        // Mobile money goes back whole or not at all.
        let refund = async |amount: &str| {
            let body = json!({"confirmation_code": receipt, "amount": amount, "username": "a", "remarks": "b"});
            merchant
                .post("Transactions/RefundRequest", &body.to_string())
                .await
                .json()
        };
        assert_eq!(refund("4").await["status"], "500");
        assert_eq!(refund("10").await["status"], "200");
    }
    let emulator = choosing(&[("pesapal.payment_method", "mastercard")]).await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    emulator.pay(&id).unwrap();
    assert_eq!(merchant.status(&id).await["payment_method"], "MasterCard");
}

#[tokio::test]
async fn the_error_of_a_paid_order_is_as_documented_where_that_is_chosen() {
    let emulator = choosing(&[("pesapal.no_error", "as_documented")]).await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    emulator.pay(&id).unwrap();
    let error = merchant.status(&id).await["error"].take();
    assert_eq!(
        error,
        json!({"error_type": null, "code": null, "message": null, "call_back_url": null})
    );
}

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_have_the_servers_own_words() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let reply = merchant.post("Transactions/Cancel?x=1", "{}").await;
    let uri = format!(
        "http://{}/pesapalv3/api/Transactions/Cancel?x=1",
        emulator.addr()
    );
    let words = format!("No HTTP resource was found that matches the request URI '{uri}'.");
    assert_eq!(
        (reply.status, reply.json()),
        (404, json!({"message": words}))
    );
    let reply = merchant.post("URLSetup/GetIpnList", "{}").await;
    let words = "The requested resource does not support http method 'POST'.";
    assert_eq!(
        (reply.status, reply.json()),
        (405, json!({"message": words}))
    );
}

#[tokio::test]
async fn a_browser_comes_back_without_a_type_of_notification() {
    for (value, behind) in [
        ("no_type", ""),
        ("callbackurl", "&OrderNotificationType=CALLBACKURL"),
    ] {
        let emulator = choosing(&[("pesapal.browser_return", value)]).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let id = merchant.order("A1").await;
        emulator.pay(&id).unwrap();
        let page = get(&emulator, &format!("/checkout/{id}")).await.text();
        let address = format!("{}{behind}", IDS.replace("ID&", &format!("{id}&")));
        let link = format!("<a href=\"{}\">", address.replace('&', "&amp;"));
        assert!(page.contains(&link), "{page}");
    }
}
