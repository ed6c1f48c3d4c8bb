//! The exact bytes of every operation.

use duka_core::{
    BillingAddress, Frequency, Gateway, NewOrder, Recurring, RedirectMode, Subscription,
};
use duka_http::Intent;
use duka_pesapal::IpnMethod;
use insta::assert_snapshot;
use jiff::civil::date;

use crate::fake::{Fake, Sent, full_order, new_order, order, pesapal};
use crate::replies;

async fn created(order: NewOrder) -> Sent {
    let fake = Fake::new().reply(200, replies::SUBMITTED);
    pesapal(&fake).create(&order).await.unwrap();
    fake.calls().remove(0)
}

#[tokio::test]
async fn the_first_call_fetches_a_token_and_the_second_uses_it() {
    let fake = Fake::new()
        .reply(200, replies::UNPAID)
        .reply(200, replies::UNPAID);
    let pesapal = pesapal(&fake);
    pesapal.status(&order()).await.unwrap();
    pesapal.status(&order()).await.unwrap();
    let sent = fake.sent();
    assert_eq!(sent.len(), 3);
    assert_eq!(sent[0].intent, Intent::Read);
    assert_snapshot!(sent[0].text(), @r#"
    POST https://cybqa.pesapal.com/pesapalv3/api/Auth/RequestToken
    Accept: application/json
    Content-Type: application/json

    {"consumer_key":"canary-consumer-key","consumer_secret":"canary-consumer-secret"}
    "#);
}

#[tokio::test]
async fn a_status_request() {
    let fake = Fake::new().reply(200, replies::UNPAID);
    pesapal(&fake).status(&order()).await.unwrap();
    let sent = &fake.calls()[0];
    assert_eq!(sent.intent, Intent::Read);
    assert_snapshot!(sent.text(), @r"
    GET https://cybqa.pesapal.com/pesapalv3/api/Transactions/GetTransactionStatus?orderTrackingId=96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11
    Accept: application/json
    Authorization: Bearer canary-token-1
    Content-Type: application/json
    ");
}

#[tokio::test]
async fn a_cancel_request_names_the_order_in_snake_case() {
    let fake = Fake::new().reply(200, replies::CANCELLED);
    pesapal(&fake).cancel(&order()).await.unwrap();
    let sent = &fake.calls()[0];
    assert_eq!(sent.intent, Intent::Mutation);
    assert_snapshot!(sent.text(), @r#"
    POST https://cybqa.pesapal.com/pesapalv3/api/Transactions/CancelOrder
    Accept: application/json
    Authorization: Bearer canary-token-1
    Content-Type: application/json

    {"order_tracking_id":"96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11"}
    "#);
}

#[tokio::test]
async fn an_order_with_every_field() {
    let sent = created(full_order()).await;
    assert_eq!(sent.intent, Intent::Mutation);
    assert_snapshot!(sent.text(), @r#"
    POST https://cybqa.pesapal.com/pesapalv3/api/Transactions/SubmitOrderRequest
    Accept: application/json
    Authorization: Bearer canary-token-1
    Content-Type: application/json

    {"id":"TEST1515111119","currency":"KES","amount":1000.50,"description":"Two baskets","redirect_mode":"PARENT_WINDOW","callback_url":"https://shop.example/thanks","cancellation_url":"https://shop.example/gave-up","notification_id":"1da86d1c-1e8c-4183-bdfd-dd759463e4ce","branch":"Kisumu, Mega Plaza","billing_address":{"email_address":"achieng@example.com","phone_number":"0723000000","country_code":"KE","first_name":"Achieng","middle_name":"Grace","last_name":"Odhiambo","line_1":"Oginga Odinga Street 12","line_2":"2nd floor","city":"Kisumu","state":"KSM","postal_code":"40100","zip_code":"40100"},"account_number":"555-678","subscription_details":{"start_date":"01-06-2026","end_date":"31-05-2027","frequency":"MONTHLY"}}
    "#);
}

#[tokio::test]
async fn an_order_as_most_shops_make_it() {
    assert_snapshot!(created(new_order()).await.body, @r#"{"id":"TEST1515111119","currency":"KES","amount":1000.50,"description":"Two baskets","callback_url":"https://shop.example/thanks","notification_id":"fe078e53-78da-4a83-aa89-e7ded5c456e6","billing_address":{"email_address":"achieng@example.com","phone_number":"0723000000","first_name":"Achieng","last_name":"Grace Odhiambo"}}"#);
}

#[tokio::test]
async fn blank_fields_are_left_out_and_space_around_a_text_is_not_sent() {
    let blank = BillingAddress::new()
        .first_name("")
        .middle_name(" ")
        .last_name("\t")
        .line_1("")
        .line_2("  ")
        .state(" ")
        .postal_code("")
        .zip_code("")
        .country_code(" ")
        .city("  Kisumu ");
    let order = new_order().branch(" ").billing_address(blank);
    assert_snapshot!(created(order).await.body, @r#"{"id":"TEST1515111119","currency":"KES","amount":1000.50,"description":"Two baskets","callback_url":"https://shop.example/thanks","notification_id":"fe078e53-78da-4a83-aa89-e7ded5c456e6","billing_address":{"email_address":"achieng@example.com","phone_number":"0723000000","first_name":"Achieng","last_name":"Grace Odhiambo","city":"Kisumu"}}"#);
}

#[tokio::test]
async fn a_subscription_is_sent_with_two_digits_of_day_and_month_and_four_of_the_year() {
    for (start, end, frequency, sent) in [
        (
            date(2026, 6, 1),
            date(2027, 12, 31),
            Frequency::Daily,
            r#"{"start_date":"01-06-2026","end_date":"31-12-2027","frequency":"DAILY"}"#,
        ),
        (
            date(2026, 10, 9),
            date(2026, 10, 10),
            Frequency::Weekly,
            r#"{"start_date":"09-10-2026","end_date":"10-10-2026","frequency":"WEEKLY"}"#,
        ),
        (
            date(2028, 2, 29),
            date(9999, 12, 31),
            Frequency::Monthly,
            r#"{"start_date":"29-02-2028","end_date":"31-12-9999","frequency":"MONTHLY"}"#,
        ),
        (
            date(1, 1, 1),
            date(999, 1, 1),
            Frequency::Yearly,
            r#"{"start_date":"01-01-0001","end_date":"01-01-0999","frequency":"YEARLY"}"#,
        ),
    ] {
        let subscription = Subscription::new(start, end, frequency).unwrap();
        let recurring = Recurring::new(" 555-678 ").subscription(subscription);
        let body = created(new_order().recurring(recurring)).await.body;
        let wanted = format!(r#""account_number":"555-678","subscription_details":{sent}}}"#);
        assert!(body.ends_with(&wanted), "{body}");
    }
}

#[tokio::test]
async fn an_account_number_alone_lets_the_customer_choose_when_to_pay() {
    let body = created(new_order().recurring(Recurring::new("555-678")))
        .await
        .body;
    assert!(body.ends_with(r#","account_number":"555-678"}"#), "{body}");
}

#[tokio::test]
async fn both_windows_have_their_word() {
    for (mode, word) in [
        (RedirectMode::TopWindow, "TOP_WINDOW"),
        (RedirectMode::ParentWindow, "PARENT_WINDOW"),
    ] {
        let body = created(new_order().redirect_mode(mode)).await.body;
        let wanted = format!(r#""redirect_mode":"{word}","#);
        assert!(body.contains(&wanted), "{body}");
    }
}

#[tokio::test]
async fn where_a_part_of_the_name_is_given_the_whole_name_is_not_taken_apart() {
    let address = BillingAddress::new().middle_name("Grace");
    let body = created(new_order().billing_address(address)).await.body;
    assert!(body.contains(r#""middle_name":"Grace"}"#), "{body}");
    assert!(!body.contains("Achieng"), "{body}");
}

#[tokio::test]
async fn what_only_kwikpaisa_knows_is_left_out() {
    let order = new_order().service_type("DIGITAL").order_note("a note");
    let plain = created(new_order()).await;
    assert_eq!(created(order).await.body, plain.body);
}

#[tokio::test]
async fn an_order_with_as_little_as_possible() {
    let mut order = new_order();
    order.customer.name = None;
    order.customer.email = Some("  ".to_owned());
    assert_snapshot!(created(order).await.body, @r#"{"id":"TEST1515111119","currency":"KES","amount":1000.50,"description":"Two baskets","callback_url":"https://shop.example/thanks","notification_id":"fe078e53-78da-4a83-aa89-e7ded5c456e6","billing_address":{"phone_number":"0723000000"}}"#);
}

#[tokio::test]
async fn a_single_name_is_the_first_name() {
    let mut order = new_order();
    order.customer.name = Some(" Wanjiku ".to_owned());
    let body = created(order).await.body;
    assert!(body.contains(r#""first_name":"Wanjiku"}"#), "{body}");
}

#[tokio::test]
async fn registering_an_address() {
    let fake = Fake::new()
        .reply(200, replies::REGISTERED)
        .reply(200, replies::REGISTERED);
    let pesapal = pesapal(&fake);
    let url = "http://shop.example/ipn".parse().unwrap();
    pesapal.register_ipn(&url, IpnMethod::Get).await.unwrap();
    pesapal.register_ipn(&url, IpnMethod::Post).await.unwrap();
    let sent = fake.calls();
    assert_eq!(sent[0].intent, Intent::Mutation);
    assert_snapshot!(sent[0].text(), @r#"
    POST https://cybqa.pesapal.com/pesapalv3/api/URLSetup/RegisterIPN
    Accept: application/json
    Authorization: Bearer canary-token-1
    Content-Type: application/json

    {"url":"http://shop.example/ipn","ipn_notification_type":"GET"}
    "#);
    assert!(sent[1].body.contains(r#""ipn_notification_type":"POST""#));
}

#[tokio::test]
async fn listing_addresses() {
    let fake = Fake::new().reply(200, "[]");
    pesapal(&fake).list_ipns().await.unwrap();
    let sent = &fake.calls()[0];
    assert_eq!(sent.intent, Intent::Read);
    assert_snapshot!(sent.text(), @r"
    GET https://cybqa.pesapal.com/pesapalv3/api/URLSetup/GetIpnList
    Accept: application/json
    Authorization: Bearer canary-token-1
    Content-Type: application/json
    ");
}
