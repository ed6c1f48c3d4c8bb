//! What is easy to get wrong about this API, one test each.

use duka_core::{CancelAnswer, Gateway, Money, OrderStatus};

use crate::fake::{Fake, account, order_id, reply};

async fn read(body: &str) -> duka_core::StatusReading {
    let fake = Fake::new([Ok(reply(200, body))]);
    account(fake).status(&order_id()).await.unwrap()
}

#[tokio::test]
async fn trap_1_an_id_is_the_same_as_an_integer_and_as_a_string() {
    for id in ["6116229263036", "\"6116229263036\""] {
        let body = format!(
            r#"{{"code":"200","status":"success","return_data":{{"order_id":{id},"order_status":"PAID"}}}}"#
        );
        assert_eq!(
            read(&body).await.reference.as_deref(),
            Some("6116229263036")
        );
    }
}

#[tokio::test]
async fn trap_2_amount_and_currency_go_by_two_names_and_the_envelopes_status_is_not_the_orders() {
    for members in [
        r#""order_amount":"105.00","currency":"INR""#,
        r#""amount":"105.00","order_currency":"INR""#,
        r#""order_amount":105,"amount":1,"currency":"INR""#,
    ] {
        let body = format!(
            r#"{{"code":"200","status":"success","return_data":{{"order_id":6116229263036,{members},"order_status":"UN_PAID"}}}}"#
        );
        let reading = read(&body).await;
        assert_eq!(reading.money, Some(Money::parse("105", "INR").unwrap()));
        assert_eq!(reading.status, OrderStatus::Unpaid);
    }
}

#[tokio::test]
async fn trap_3_an_amount_is_a_number_or_a_string_and_always_exact() {
    for (amount, value) in [
        ("105", "105"),
        ("105.00", "105"),
        ("\"105.50\"", "105.5"),
        ("0.1", "0.1"),
        // As a float this would end in 1.
        ("90071992547409.93", "90071992547409.93"),
        ("9007199254740993", "9007199254740993"),
    ] {
        let body = format!(
            r#"{{"code":"200","status":"success","return_data":{{"order_id":6116229263036,"order_amount":{amount},"currency":"INR","order_status":"PAID"}}}}"#
        );
        let expected = Money::parse(value, "INR").unwrap();
        assert_eq!(read(&body).await.money, Some(expected), "{amount}");
    }
    // What cannot be read exactly is no amount, and no reason to lose the status.
    for amount in ["null", "\"1,05\"", "[]", "\"\"", "1e400"] {
        let body = format!(
            r#"{{"code":"200","status":"success","return_data":{{"order_id":6116229263036,"order_amount":{amount},"currency":"INR","order_status":"PAID"}}}}"#
        );
        let reading = read(&body).await;
        assert_eq!(
            (reading.money, reading.status),
            (None, OrderStatus::Paid),
            "{amount}"
        );
    }
}

#[tokio::test]
async fn trap_4_success_needs_the_http_status_the_code_and_the_word() {
    let order = r#""return_data":{"order_id":6116229263036,"order_status":"CANCELLED"}"#;
    for code in ["200", "\"200\"", "201", "\"201\""] {
        for word in ["true", "\"success\""] {
            let body = format!(r#"{{"code":{code},"status":{word},{order}}}"#);
            let fake = Fake::new([Ok(reply(200, &body))]);
            let answer = account(fake).cancel(&order_id()).await;
            assert!(
                matches!(answer, Ok(CancelAnswer::Accepted { .. })),
                "{body}"
            );
        }
    }
    for (http, code, word) in [
        (200, "200", "\"ok\""),
        (200, "200", "1"),
        (200, "200", "null"),
        (200, "200.0", "true"),
        (200, "2000", "true"),
        (200, "\"200 \"", "true"),
        (200, "\" 200\"", "true"),
        (200, "\"+200\"", "true"),
        (200, "\"0200\"", "true"),
        (200, "\"200\\n\"", "true"),
        (200, "\"2\\u200b00\"", "true"),
        (200, "200", "\"success \""),
        (200, "200", "\"suc\\u200bcess\""),
        (200, "200", "\"true\""),
        (200, "null", "true"),
        (200, "true", "true"),
        (400, "200", "true"),
    ] {
        let body = format!(r#"{{"code":{code},"status":{word},{order}}}"#);
        let fake = Fake::new([Ok(reply(http, &body))]);
        let answer = account(fake).cancel(&order_id()).await;
        assert!(answer.is_err(), "{http} {body}");
    }
}

#[tokio::test]
async fn trap_5_a_cancel_only_asks_and_leaves_the_truth_to_the_status() {
    let body = r#"{"code":"200","status":"success","return_data":{"order_id":6116229263036,"order_status":"CANCELLED"}}"#;
    let fake = Fake::new([Ok(reply(200, body))]);
    account(fake.clone()).cancel(&order_id()).await.unwrap();
    let paths: Vec<_> = fake
        .requests()
        .iter()
        .map(|(request, _)| request.url().path().to_owned())
        .collect();
    assert_eq!(paths, ["/api/v3/pg/order/cancel"]);
}

#[tokio::test]
async fn trap_6_only_version_3_of_the_api_is_spoken_to() {
    let fake = Fake::new((0..3).map(|_| Ok(reply(400, "{}"))));
    let account = account(fake.clone());
    account.create(&crate::fake::new_order()).await.unwrap_err();
    account.status(&order_id()).await.unwrap_err();
    account.cancel(&order_id()).await.unwrap_err();
    for (request, _) in fake.requests() {
        assert!(request.url().path().starts_with("/api/v3/"));
        assert!(
            request
                .headers()
                .all(|it| !it.name.eq_ignore_ascii_case("x-client-secret"))
        );
    }
}
