//! Where an order stands, and when that cannot be said.

use duka_core::{
    Delivery, ErrorKind, Gateway, GatewayTime, Money, OrderId, OrderStatus, PaymentDetails,
    PersonalData, PersonalText, StatusReading,
};
use jiff::tz::{Offset, TimeZone};

use crate::fake::{ByHand, Fake, GUID, builder, order, pesapal};
use crate::replies;

async fn read(body: &str) -> StatusReading {
    let fake = Fake::new().reply(200, body);
    pesapal(&fake).status(&order()).await.unwrap()
}

async fn fails(status: u16, body: &str) -> duka_core::Error {
    let fake = Fake::new().reply(status, body).reply(status, body);
    let error = pesapal(&fake).status(&order()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Answered, "{error}");
    error
}

/// `unpaid`, `paid`, … or `unknown (what it says)`.
async fn word(members: &str) -> String {
    let body = format!(r#"{{{members},"order_tracking_id":"{GUID}"}}"#);
    read(&body).await.status.to_string()
}

#[tokio::test]
async fn every_combination_of_number_text_and_error_has_one_meaning() {
    const PENDING: &str = r#""error":{"error_type":"api_error","code":"payment_details_not_found","message":"Pending Payment"}"#;
    const OTHER: &str = r#""error":{"code":"internal_error","message":"oops"}"#;
    let table: &[(String, &str)] = &[
        (
            r#""status_code":1,"payment_status_description":"Completed","status":"200""#.into(),
            "paid",
        ),
        (
            r#""status_code":1,"payment_status_description":"COMPLETED","status":200"#.into(),
            "paid",
        ),
        (
            r#""status_code":"1","payment_status_description":"completed","status":null"#.into(),
            "paid",
        ),
        (r#""status_code":1"#.into(), "paid"),
        (
            r#""status_code":2,"payment_status_description":"Failed","status":"200""#.into(),
            "failed",
        ),
        (
            r#""status_code":3,"payment_status_description":"Reversed","status":"200""#.into(),
            "reversed",
        ),
        // Pending is a zero with one error code, and nothing else.
        (
            format!(
                r#""status_code":0,"payment_status_description":"INVALID",{PENDING},"status":"500""#
            ),
            "unpaid",
        ),
        (
            format!(
                r#""status_code":"0","payment_status_description":"invalid",{PENDING},"status":500"#
            ),
            "unpaid",
        ),
        (format!(r#""status_code":0,{PENDING}"#), "unpaid"),
        // With the word of the forum, a payment is under way.
        (
            format!(r#""status_code":0,"payment_status_description":"Pending",{PENDING}"#),
            "processing",
        ),
        (
            r#""status_code":0,"payment_status_description":"PENDING","error":null,"status":"200""#
                .into(),
            "processing",
        ),
        (
            format!(r#""status_code":0,"payment_status_description":"PENDING",{OTHER}"#),
            "unknown (PENDING with status code 0)",
        ),
        (
            r#""status_code":0,"payment_status_description":"INVALID","error":null,"status":"200""#
                .into(),
            "unknown (INVALID)",
        ),
        (
            r#""status_code":0,"payment_status_description":"INVALID","error":{"code":null}"#
                .into(),
            "unknown (INVALID)",
        ),
        (r#""status_code":0"#.into(), "unknown (0)"),
        (
            format!(r#""status_code":0,"payment_status_description":"INVALID",{OTHER}"#),
            "unknown (INVALID with error internal_error)",
        ),
        // Undocumented numbers.
        (
            r#""status_code":4,"payment_status_description":"Pending""#.into(),
            "unknown (Pending (status code 4))",
        ),
        (r#""status_code":-1"#.into(), "unknown (status code -1)"),
        (r#""status_code":1.0"#.into(), "unknown (status code 1.0)"),
        (
            r#""status_code":99999999999999999999"#.into(),
            "unknown (status code 99999999999999999999)",
        ),
        (
            r#""status_code":"COMPLETED""#.into(),
            "unknown (status code COMPLETED)",
        ),
        (r#""status_code":true"#.into(), "unknown (status code true)"),
        // A word that is no text contradicts, and one that says nothing does not.
        (
            r#""status_code":1,"payment_status_description":{}"#.into(),
            "unknown ({} with status code 1)",
        ),
        (
            r#""status_code":1,"payment_status_description":"Completed\ud800""#.into(),
            r#"unknown ("Completed\ud800" with status code 1)"#,
        ),
        (
            r#""status_code":1,"payment_status_description":"","payment_method":"\ud800""#.into(),
            "paid",
        ),
        // Number and text contradict.
        (
            r#""status_code":1,"payment_status_description":"FAILED""#.into(),
            "unknown (FAILED with status code 1)",
        ),
        (
            r#""status_code":2,"payment_status_description":"Completed""#.into(),
            "unknown (Completed with status code 2)",
        ),
        (
            format!(r#""status_code":0,"payment_status_description":"Completed",{PENDING}"#),
            "unknown (Completed with status code 0)",
        ),
        // Words and numbers that are nearly the listed ones.
        (
            r#""status_code":1,"payment_status_description":"Com\u200bpleted""#.into(),
            "unknown (Completed (sent with other characters than are shown) with status code 1)",
        ),
        (
            r#""status_code":1,"payment_status_description":"Completed ""#.into(),
            "unknown (Completed (sent with other characters than are shown) with status code 1)",
        ),
        (
            r#""status_code":0,"payment_status_description":"\u202eINVALID","error":null"#.into(),
            "unknown (INVALID (sent with other characters than are shown) with status code 0)",
        ),
        (
            format!(r#""status_code":"0 ","payment_status_description":"INVALID",{PENDING}"#),
            "unknown (INVALID (status code 0 ))",
        ),
        (
            format!(r#""status_code":"00","payment_status_description":"INVALID",{PENDING}"#),
            "unknown (INVALID (status code 00))",
        ),
        (
            format!(r#""status_code":-0,"payment_status_description":"INVALID",{PENDING}"#),
            "unknown (INVALID (status code -0))",
        ),
        (
            r#""status_code":"+1","payment_status_description":"Completed","status":"200""#.into(),
            "unknown (Completed (status code +1))",
        ),
        (
            r#""status_code":1,"payment_status_description":"Completed","status":"200 ""#.into(),
            "unknown (Completed with status 200)",
        ),
        (
            r#""status_code":1,"payment_status_description":"Completed","status":"""#.into(),
            "unknown (Completed with status)",
        ),
        (
            r#""status_code":0,"error":{"code":"payment_details_not_found\u200b"}"#.into(),
            "unknown (0 with error payment_details_not_found)",
        ),
        (
            r#""status_code":0,"error":{"code":"Payment_Details_Not_Found"}"#.into(),
            "unknown (0 with error Payment_Details_Not_Found)",
        ),
        // Number and error contradict.
        (
            format!(r#""status_code":1,"payment_status_description":"Completed",{PENDING}"#),
            "unknown (Completed with error payment_details_not_found)",
        ),
        (
            format!(r#""status_code":2,"payment_status_description":"Failed",{OTHER}"#),
            "unknown (Failed with error internal_error)",
        ),
        // Number and status contradict.
        (
            r#""status_code":1,"payment_status_description":"Completed","status":"500""#.into(),
            "unknown (Completed with status 500)",
        ),
        (
            r#""status_code":2,"payment_status_description":"Failed","status":"403""#.into(),
            "unknown (Failed with status 403)",
        ),
    ];
    for (members, expected) in table {
        assert_eq!(word(members).await, *expected, "{members}");
    }
}

#[tokio::test]
async fn the_recorded_unpaid_order() {
    let reading = read(replies::UNPAID).await;
    assert_eq!(
        reading,
        StatusReading {
            money: Some(Money::parse("10.00", "KES").unwrap()),
            reference: Some("98771cd2".to_owned()),
            details: PaymentDetails {
                gateway_id: Some(GUID.to_owned()),
                created_at: Some(time("2024-03-18T18:25:46.75", "2024-03-18T15:25:46.75Z")),
                ..PaymentDetails::default()
            },
            ..StatusReading::new(OrderStatus::Unpaid, "INVALID")
        }
    );
}

#[tokio::test]
async fn a_paid_order_whose_error_is_not_null_but_empty_is_paid() {
    let reading = read(replies::PAID).await;
    assert_eq!(reading.status, OrderStatus::Paid);
    assert_eq!(reading.raw_status, "Completed");
}

#[tokio::test]
async fn money_is_what_the_gateway_shows_after_card_conversion() {
    let money = read(replies::PAID).await.money.unwrap();
    assert_eq!(money, Money::parse("0.4", "USD").unwrap());
}

#[tokio::test]
async fn amounts_never_pass_through_a_float() {
    let table = [
        (
            r#""amount":9007199254740993.01,"currency":"KES""#,
            Some("9007199254740993.01 KES"),
        ),
        (r#""amount":0.1,"currency":"usd""#, Some("0.10 USD")),
        (r#""amount":"1000","currency":"UGX""#, Some("1000 UGX")),
        (r#""amount":1e3,"currency":"KES""#, Some("1000.00 KES")),
        (r#""amount":"1.05E+2","currency":"KES""#, Some("105.00 KES")),
        // More digits than are held exactly.
        (
            r#""amount":1.00000000000000000000000000000000000001e2,"currency":"KES""#,
            None,
        ),
        (r#""amount":"1_000","currency":"KES""#, None),
        (r#""amount":10.00"#, None),
        (r#""amount":10.00,"currency":"POUNDS""#, None),
        (r#""amount":null,"currency":"KES""#, None),
        (r#""amount":"ten","currency":"KES""#, None),
        (r#""amount":1e99,"currency":"KES""#, None),
        (r#""amount":{},"currency":"KES""#, None),
    ];
    for (members, expected) in table {
        let reading = read(&format!(r#"{{"status_code":1,{members}}}"#)).await;
        let shown = reading.money.map(|money| money.to_string());
        assert_eq!(shown.as_deref(), expected, "{members}");
    }
}

/// It could not be compared with what the merchant expects.
#[tokio::test]
async fn an_open_order_with_an_amount_that_cannot_be_read_is_no_reading() {
    let id = format!(r#","order_tracking_id":"{GUID}""#);
    for members in [
        r#","amount":"+10.00","currency":"KES""#,
        r#","amount":"10.00 ","currency":"KES""#,
        r#","amount":"1,000.00","currency":"KES""#,
        r#","amount":"","currency":"KES""#,
        r#","amount":10.00"#,
        r#","amount":10.00,"currency":"K\u200bES""#,
        r#","amount":{},"currency":"KES""#,
    ] {
        let members = format!("{members}{id}");
        for open in [AN_UNPAID, r#""status_code":2"#] {
            let doubt = Err(ErrorKind::UnlistedReply);
            assert_eq!(named(open, &members).await, doubt, "{open} {members}");
        }
        let over = named(r#""status_code":1"#, &members).await;
        assert_eq!(over, Ok(OrderStatus::Paid), "{members}");
    }
    for members in ["", r#","amount":null"#, r#","currency":"KES""#] {
        let members = format!("{members}{id}");
        let unpaid = named(AN_UNPAID, &members).await;
        assert_eq!(unpaid, Ok(OrderStatus::Unpaid), "{members}");
    }
}

#[tokio::test]
async fn an_added_key_of_any_type_breaks_nothing() {
    let body = r#"{"new":{"a":[1,2.5e300,{}]},"status_code":1,"created_date":7,"account_number":[],"payment_account":{"x":null}}"#;
    assert_eq!(read(body).await.status, OrderStatus::Paid);
}

#[tokio::test]
async fn a_recurring_order_reads_as_any_other_whatever_its_account_number() {
    let number = r#""account_number":null"#;
    assert!(replies::PAID.contains(number));
    let once = read(replies::PAID).await;
    for given in ["\"555-678\"", "555678", "\"\"", "{}"] {
        let body = replies::PAID.replace(number, &format!(r#""account_number":{given}"#));
        assert_eq!(read(&body).await, once, "{given}");
    }
    let unpaid = read(replies::UNPAID).await;
    let body = replies::UNPAID.replacen('{', r#"{"account_number":"555-678","#, 1);
    assert_eq!(read(&body).await, unpaid);
}

#[tokio::test]
async fn a_reference_that_is_empty_or_no_text_is_none() {
    for reference in [r#""""#, "{}", "true", r#""\ud800""#] {
        let body = format!(r#"{{"status_code":1,"merchant_reference":{reference}}}"#);
        assert_eq!(read(&body).await.reference, None, "{reference}");
    }
}

#[tokio::test]
async fn the_tracking_id_in_the_reply_is_compared_ignoring_case() {
    let body = |id: &str| format!(r#"{{"status_code":1,"order_tracking_id":"{id}"}}"#);
    assert_eq!(
        read(&body(&GUID.to_uppercase())).await.status,
        OrderStatus::Paid
    );
    assert_eq!(read(&body("")).await.status, OrderStatus::Paid);
    let error = fails(200, &body("b945e4af-80a5-4ec1-8706-e03f8332fb04")).await;
    assert_eq!(error.kind(), ErrorKind::UnlistedReply);
    assert!(error.to_string().contains("another order"), "{error}");
}

/// What `named` makes of a body that holds these members beside a status.
async fn named(status: &str, members: &str) -> Result<OrderStatus, ErrorKind> {
    let fake = Fake::new().reply(200, format!("{{{status}{members}}}"));
    let reading = pesapal(&fake).status(&order()).await;
    reading
        .map(|reading| reading.status)
        .map_err(|error| error.kind())
}

const AN_UNPAID: &str = r#""status_code":0,"error":{"code":"payment_details_not_found"}"#;

#[tokio::test]
async fn an_unpaid_order_is_believed_only_where_the_reply_names_it() {
    let another = "b945e4af-80a5-4ec1-8706-e03f8332fb04";
    let address =
        |query: &str| format!(r#","call_back_url":"https://shop.example/thanks?{query}""#);
    let capitals = GUID.to_uppercase();
    for good in [
        format!(r#","order_tracking_id":"{GUID}""#),
        address(&format!("OrderTrackingId={GUID}&OrderMerchantReference=A1")),
        address(&format!("a=b&OrderTrackingId={capitals}")),
        // The merchant's own address may have had one.
        address(&format!("OrderTrackingId={another}&OrderTrackingId={GUID}")),
        format!(r#"{},"order_tracking_id":"{GUID}""#, address("")),
        format!(
            r#"{},"order_tracking_id":"{GUID}""#,
            address(&format!("OrderTrackingId={another}"))
        ),
        format!(
            r#"{},"order_tracking_id":null"#,
            address(&format!("OrderTrackingId={GUID}"))
        ),
    ] {
        assert_eq!(
            named(AN_UNPAID, &good).await,
            Ok(OrderStatus::Unpaid),
            "{good}"
        );
    }
    for bad in [
        String::new(),
        r#","order_tracking_id":"""#.to_owned(),
        r#","merchant_reference":"A1""#.to_owned(),
        r#","call_back_url":"""#.to_owned(),
        r#","call_back_url":7"#.to_owned(),
        format!(r#","call_back_url":"OrderTrackingId={GUID}""#),
        address("OrderTrackingId="),
        address(&format!("OrderTrackingId={another}")),
        address(&format!("orderTrackingId={GUID}")),
        address(&format!("OrderTrackingId={GUID}%20")),
        address(&format!("x=OrderTrackingId={GUID}")),
        format!(
            r#"{},"order_tracking_id":"{another}""#,
            address(&format!("OrderTrackingId={GUID}"))
        ),
    ] {
        let doubt = Err(ErrorKind::UnlistedReply);
        assert_eq!(named(AN_UNPAID, &bad).await, doubt, "{bad}");
    }
}

/// Recorded replies about paid orders do without it.
#[tokio::test]
async fn another_status_may_name_no_order_and_never_another_one() {
    let another = "b945e4af-80a5-4ec1-8706-e03f8332fb04";
    for (status, meaning) in [
        (r#""status_code":1"#, OrderStatus::Paid),
        (r#""status_code":2"#, OrderStatus::Failed),
        (r#""status_code":3"#, OrderStatus::Reversed),
        (r#""status_code":0"#, OrderStatus::Unknown("0".to_owned())),
    ] {
        assert_eq!(named(status, "").await, Ok(meaning), "{status}");
        for other in [
            format!(r#","order_tracking_id":"{another}""#),
            format!(r#","call_back_url":"https://shop.example/?OrderTrackingId={another}""#),
        ] {
            let doubt = Err(ErrorKind::UnlistedReply);
            assert_eq!(named(status, &other).await, doubt, "{status} {other}");
        }
    }
}

#[tokio::test]
async fn whatever_holds_no_status_is_an_error_of_its_kind() {
    let table: &[(u16, &str, ErrorKind)] = &[
        (
            200,
            r#"{"error":{"code":"invalid_api_request_parameters","message":"Invalid ID"},"status":"500"}"#,
            ErrorKind::Rejected,
        ),
        (
            400,
            r#"{"error":{"type":"api_error","code":"brand_new","message":""}}"#,
            ErrorKind::Rejected,
        ),
        // An error that cannot be read, or that is about the token in no known form.
        (
            200,
            r#"{"error":{"code":"oops","code":"oops"},"status":"500"}"#,
            ErrorKind::UnlistedReply,
        ),
        (
            400,
            r#"{"error":{"type":"authentication_error","code":"brand_new"}}"#,
            ErrorKind::UnlistedReply,
        ),
        // A pending payment without a status code is no reading either.
        (
            200,
            r#"{"error":{"code":"payment_details_not_found","message":"Pending Payment"},"status":"500"}"#,
            ErrorKind::UnlistedReply,
        ),
        (400, replies::UNPAID, ErrorKind::UnlistedReply),
        (400, replies::PAID, ErrorKind::UnlistedReply),
        (
            200,
            r#"{"status_code":null,"status":"200"}"#,
            ErrorKind::UnlistedReply,
        ),
        (200, "{}", ErrorKind::UnlistedReply),
        (200, "[]", ErrorKind::UnlistedReply),
        (200, r#"[1,"Completed"]"#, ErrorKind::UnlistedReply),
        (200, "", ErrorKind::UnreadableReply),
        (200, replies::HTML, ErrorKind::UnreadableReply),
        (200, &replies::PAID[..100], ErrorKind::UnreadableReply),
        (429, "", ErrorKind::RateLimited),
        (500, replies::UNPAID, ErrorKind::Unavailable),
        (503, replies::HTML, ErrorKind::Unavailable),
        (302, "", ErrorKind::UnlistedReply),
    ];
    for (status, body, expected) in table {
        let error = fails(*status, body).await;
        assert_eq!(error.kind(), *expected, "HTTP {status} {body}: {error}");
        assert_eq!(error.http_status(), Some(*status));
    }
}

/// A page of a deploy, of a firewall or behind a wrong path says nothing about an order.
#[tokio::test]
async fn only_the_gateways_own_404_means_that_there_is_no_such_order() {
    let own = [
        r#"{"error":{"error_type":"api_error","code":"brand_new","message":"No such order"},"status":"500"}"#,
        r#"{"error":{"type":"api_error","code":"brand_new","message":""},"status":null}"#,
        r#"{"error":"no such order"}"#,
        r#"{"status":"500","message":"No such order"}"#,
    ];
    for body in own {
        let error = fails(404, body).await;
        assert_eq!(error.kind(), ErrorKind::NotFound, "{body}: {error}");
        assert_eq!(error.http_status(), Some(404));
    }
    let anybodys = [
        ("", ErrorKind::UnreadableReply),
        (replies::HTML, ErrorKind::UnreadableReply),
        (&own[0][..40], ErrorKind::UnreadableReply),
        ("[]", ErrorKind::UnlistedReply),
        ("{}", ErrorKind::UnlistedReply),
        (
            r#"{"message":"No HTTP resource was found"}"#,
            ErrorKind::UnlistedReply,
        ),
        (
            r#"{"type":"https://tools.ietf.org/html/rfc9110","title":"Not Found","status":404}"#,
            ErrorKind::UnlistedReply,
        ),
        (r#"{"status":"500"}"#, ErrorKind::UnlistedReply),
        (
            r#"{"status":"200","message":"ok"}"#,
            ErrorKind::UnlistedReply,
        ),
        (
            r#"{"status":"200","error":{"code":"oops"}}"#,
            ErrorKind::UnlistedReply,
        ),
        // About the token, in no known form.
        (
            r#"{"error":{"type":"authentication_error","code":"brand_new"},"status":"500"}"#,
            ErrorKind::UnlistedReply,
        ),
        // These show an order.
        (replies::UNPAID, ErrorKind::UnlistedReply),
        (replies::PAID, ErrorKind::UnlistedReply),
        (
            r#"{"error":{"code":"payment_details_not_found","message":"Pending Payment"},"status":"500"}"#,
            ErrorKind::UnlistedReply,
        ),
        (
            r#"{"status_code":0,"error":{"code":"oops"}}"#,
            ErrorKind::Rejected,
        ),
    ];
    for (body, kind) in anybodys {
        let error = fails(404, body).await;
        assert_eq!(error.kind(), kind, "{body}: {error}");
    }
}

#[tokio::test]
async fn an_error_without_a_message_shows_its_code() {
    let error = fails(
        200,
        r#"{"error":{"error_type":"x","code":"InvalidIpnId","message":""}}"#,
    )
    .await;
    assert_eq!(error.code(), Some("InvalidIpnId"));
    assert_eq!(
        error.to_string(),
        "refused by the gateway: status: InvalidIpnId (HTTP 200, code InvalidIpnId)"
    );
}

#[tokio::test]
async fn the_message_of_an_asp_net_error_is_shown() {
    let error = fails(400, r#"{"message":"The request is invalid."}"#).await;
    assert_eq!(
        error.to_string(),
        "reply of an undocumented form: status: no status_code of an order: The request is invalid. (HTTP 400)"
    );
}

#[tokio::test]
async fn an_unreadable_body_is_described_and_not_quoted() {
    for body in [replies::HTML, r#"{"status_code":1,"x":"private"#] {
        let error = fails(200, body).await;
        let text = format!("{error} {error:?}");
        assert!(
            !text.contains("Gateway</body>") && !text.contains("private"),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_when_the_server_fails() {
    let fake = Fake::new()
        .reply(503, "")
        .fail(Delivery::Unknown)
        .reply(200, replies::PAID);
    let patient = builder(&fake, &ByHand::new()).retry(duka_http::RetryPolicy::default());
    let reading = patient.build().unwrap().status(&order()).await.unwrap();
    assert_eq!(reading.status, OrderStatus::Paid);
}

#[tokio::test]
async fn a_tracking_id_in_capitals_asks_about_the_same_order() {
    let fake = Fake::new().reply(200, replies::UNPAID);
    let id = OrderId::text(GUID.to_uppercase()).unwrap();
    let reading = pesapal(&fake).status(&id).await.unwrap();
    assert_eq!(reading.status, OrderStatus::Unpaid);
}

fn time(text: &str, moment: &str) -> GatewayTime {
    GatewayTime {
        text: text.to_owned(),
        moment: Some(moment.parse().unwrap()),
    }
}

/// The details of a reply, read by an account that keeps personal data.
async fn details(body: &str) -> PaymentDetails {
    let fake = Fake::new().reply(200, body);
    let account = builder(&fake, &ByHand::new()).personal_data(PersonalData::Keep);
    let reading = account.build().unwrap().status(&order()).await.unwrap();
    reading.details
}

const WITH_PAYER: &str =
    r#""payer_info":{"first_name":"Achieng","last_name":"Odhiambo"},"account_number":"555-678""#;

fn with_payer() -> String {
    let named = replies::PAID.replace(r#""account_number":null"#, WITH_PAYER);
    named.replace(
        r#""payment_status_code":"""#,
        r#""payment_status_code":"7""#,
    )
}

#[tokio::test]
async fn the_recorded_paid_order_is_read_whole_with_its_date_as_that_of_the_payment() {
    let whole = PaymentDetails {
        gateway_id: Some(GUID.to_owned()),
        receipt: Some("6513008693186320103009".to_owned()),
        method: Some("Visa".to_owned()),
        payment_account: Some(PersonalText::new("476173XXXXXX0010")),
        payer: Some(PersonalText::new("Achieng Odhiambo")),
        customer_account: Some(PersonalText::new("555-678")),
        status_code: Some("7".to_owned()),
        description: Some("Transaction successfully processed.".to_owned()),
        paid_at: Some(time("2024-03-18T18:25:46.75", "2024-03-18T15:25:46.75Z")),
        ..PaymentDetails::default()
    };
    assert_eq!(details(&with_payer()).await, whole);
}

#[tokio::test]
async fn a_failed_order_has_a_receipt_too() {
    for (body, receipt, words) in [
        (replies::FAILED_BY_MPESA, "40718263", None),
        (
            replies::FAILED_BY_CARD,
            "6513008693186320100001",
            Some("Invalid amount provided.Please provide original amount"),
        ),
    ] {
        let reading = read(body).await;
        assert_eq!(reading.status, OrderStatus::Failed);
        assert_eq!(reading.details.receipt.as_deref(), Some(receipt));
        assert_eq!(reading.details.description.as_deref(), words);
        assert!(reading.details.paid_at.is_none() && reading.details.created_at.is_some());
    }
}

#[tokio::test]
async fn a_payment_by_mobile_money_has_the_operators_receipt_and_no_description() {
    let reading = read(replies::PAID_BY_MPESA).await;
    assert_eq!(reading.status, OrderStatus::Paid);
    assert_eq!(reading.money, Some(Money::parse("1500.00", "KES").unwrap()));
    let details = details(replies::PAID_BY_MPESA).await;
    assert_eq!(details.receipt.as_deref(), Some("TIE4K7X2QA"));
    assert_eq!(details.method.as_deref(), Some("MpesaKE"));
    assert_eq!(details.description, None);
    assert_eq!(details.payment_account.unwrap().reveal(), "2547xxx00000");
    let paid_at = details.paid_at.unwrap();
    assert_eq!(
        paid_at.moment.unwrap().to_string(),
        "2025-09-14T08:08:02.187Z"
    );
}

#[tokio::test]
async fn the_recorded_unpaid_order_of_2025_is_unpaid() {
    let reading = read(replies::UNPAID_IN_2025).await;
    assert_eq!(reading.status, OrderStatus::Unpaid);
    let created_at = reading.details.created_at.unwrap();
    assert_eq!(
        created_at.moment.unwrap().to_string(),
        "2025-09-14T08:02:31.443Z"
    );
}

#[tokio::test]
async fn personal_data_are_left_out_unless_the_account_keeps_them() {
    let details = read(&with_payer()).await.details;
    let personal = [
        details.payment_account,
        details.payer,
        details.customer_account,
    ];
    assert_eq!(personal, [None, None, None]);
}

#[tokio::test]
async fn the_time_zone_of_an_account_takes_the_place_of_east_africa_time() {
    let date = |text: &str| replies::PAID.replace("2024-03-18T18:25:46.75", text);
    let table = [
        ("2024-03-18T18:25:46", Some("2024-03-18T12:55:46Z")),
        (
            "2024-03-18T18:25:46.7532354",
            Some("2024-03-18T12:55:46.7532354Z"),
        ),
        // It names its zone.
        ("2024-03-18T18:25:46Z", Some("2024-03-18T18:25:46Z")),
        ("2024-03-18", None),
        ("18/03/2024", None),
    ];
    for (text, moment) in table {
        let fake = Fake::new().reply(200, date(text));
        let zone = TimeZone::fixed(Offset::from_seconds(19_800).unwrap());
        let account = builder(&fake, &ByHand::new()).time_zone(zone);
        let reading = account.build().unwrap().status(&order()).await.unwrap();
        let paid_at = reading.details.paid_at.unwrap();
        assert_eq!(paid_at.text, text);
        let shown = paid_at.moment.map(|moment| moment.to_string());
        assert_eq!(shown.as_deref(), moment, "{text}");
    }
}

/// The reply stays what it is: nothing of this decides anything.
#[tokio::test]
async fn a_detail_of_another_form_is_left_out() {
    let whole = details(&with_payer()).await;
    let payer = r#"{"first_name":"Achieng","last_name":"Odhiambo"}"#;
    let cases = [
        ("payment_method", r#""Visa""#, "{}"),
        ("created_date", r#""2024-03-18T18:25:46.75""#, "17"),
        ("created_date", r#""2024-03-18T18:25:46.75""#, r#""\ud800""#),
        ("payment_account", r#""476173XXXXXX0010""#, "[]"),
        ("account_number", r#""555-678""#, "{}"),
        ("payment_status_code", r#""7""#, "[]"),
        (
            "description",
            r#""Transaction successfully processed.""#,
            "true",
        ),
        ("payer_info", payer, r#""Achieng""#),
        (
            "payer_info",
            payer,
            r#"{"first_name":1.5e400,"first_name":2}"#,
        ),
        ("payer_info", payer, r#"{"first_name":{},"last_name":null}"#),
    ];
    for (name, member, other) in cases {
        let (from, to) = (
            format!(r#""{name}":{member}"#),
            format!(r#""{name}":{other}"#),
        );
        let body = with_payer().replace(&from, &to);
        assert_ne!(body, with_payer(), "{name}");
        let mut wanted = whole.clone();
        match name {
            "payment_method" => wanted.method = None,
            "created_date" => wanted.paid_at = None,
            "payment_account" => wanted.payment_account = None,
            "account_number" => wanted.customer_account = None,
            "payment_status_code" => wanted.status_code = None,
            "description" => wanted.description = None,
            _ => wanted.payer = None,
        }
        assert_eq!(details(&body).await, wanted, "{name}: {other}");
    }
    let first = with_payer().replace(payer, r#"{"first_name":"Achieng"}"#);
    let payer = details(&first).await.payer.unwrap();
    assert_eq!(payer.reveal(), "Achieng");
}
