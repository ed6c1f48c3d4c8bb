//! The checkout page as a browser meets it.

use duka_emulator::{Emulator, Fault, FaultKind};

use crate::client::{
    Pesapal, Reply, create_body, get, kwikpaisa, kwikpaisa_order, order_body, post, start,
};

/// The path of the page a create or submit led to.
fn path<'a>(emulator: &Emulator, link: &'a str) -> &'a str {
    link.strip_prefix(&emulator.kwikpaisa_url()).unwrap()
}

async fn page_of(emulator: &Emulator, id: &str) -> String {
    let created = kwikpaisa_order(emulator, id).await;
    path(emulator, created["payment_link"].as_str().unwrap()).to_owned()
}

fn has_buttons(page: &Reply) -> (bool, bool) {
    let text = page.text();
    (text.contains("/pay\">"), text.contains("/fail\">"))
}

#[tokio::test]
async fn a_customer_pays_by_pressing_the_button() {
    let emulator = start().await;
    let page_path = page_of(&emulator, "7").await;
    let page = get(&emulator, &page_path).await;
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page.text().contains("INR 105.00"));
    assert_eq!(has_buttons(&page), (true, true));
    let pressed = post(&emulator, &format!("{page_path}/pay"), "").await;
    assert_eq!(pressed.status, 303);
    assert_eq!(pressed.header("location"), Some(page_path.as_str()));
    assert_eq!(emulator.orders()[0].status, "PAID");
    let paid = get(&emulator, &page_path).await;
    assert_eq!(has_buttons(&paid), (false, false));
    assert!(paid.text().contains("This order was paid."));
    assert!(
        paid.text()
            .contains(r#"url=https://merchant.example/return""#)
    );
}

#[tokio::test]
async fn a_customer_fails_by_pressing_the_other_button() {
    let emulator = start().await;
    let page_path = page_of(&emulator, "7").await;
    let pressed = post(&emulator, &format!("{page_path}/fail"), "").await;
    assert_eq!(pressed.status, 303);
    assert_eq!(emulator.orders()[0].status, "FAILED");
}

#[tokio::test]
async fn a_cancelled_order_has_no_buttons_and_cannot_be_paid() {
    let emulator = start().await;
    let page_path = page_of(&emulator, "7").await;
    kwikpaisa(&emulator, "cancel", &order_body("7")).await;
    let page = get(&emulator, &page_path).await;
    assert!(page.text().contains("This order was cancelled."));
    assert_eq!(has_buttons(&page), (false, false));
    let pressed = post(&emulator, &format!("{page_path}/pay"), "").await;
    assert_eq!(pressed.status, 409);
    assert_eq!(emulator.orders()[0].status, "CANCELLED");
}

#[tokio::test]
async fn pesapals_page_leads_back_with_the_ids_of_the_order() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let submitted = merchant.submit(&merchant.submit_body("A1")).await.json();
    let link = submitted["redirect_url"].as_str().unwrap();
    let id = submitted["order_tracking_id"].as_str().unwrap();
    let page = get(&emulator, path(&emulator, link)).await;
    assert_eq!(has_buttons(&page), (true, true));
    let back =
        format!("http://127.0.0.1:9/back?OrderTrackingId={id}&amp;OrderMerchantReference=A1\"");
    assert!(page.text().contains(&back), "{}", page.text());
    let encoded = id.replace('-', "%2D");
    assert!(page.text().contains(&format!("/checkout/{encoded}/pay")));
    let pressed = post(&emulator, &format!("/checkout/{encoded}/pay"), "").await;
    assert_eq!(pressed.status, 303);
    assert_eq!(emulator.order(id).unwrap().status, "COMPLETED");
}

#[tokio::test]
async fn a_customer_who_gives_up_is_sent_to_the_cancellation_address_and_nothing_is_cancelled() {
    let emulator = start().await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let body = merchant.submit_body("A1").replacen(
        '{',
        r#"{"cancellation_url":"http://127.0.0.1:9/gave-up","#,
        1,
    );
    let submitted = merchant.submit(&body).await.json();
    let link = submitted["redirect_url"].as_str().unwrap();
    let page = get(&emulator, path(&emulator, link)).await;
    assert!(page.text().contains("http://127.0.0.1:9/gave-up?"));
    assert_eq!(emulator.orders()[0].status, "PENDING");
}

#[tokio::test]
async fn what_a_merchant_writes_is_text_on_the_page_and_never_markup() {
    let emulator = start().await;
    let nasty = "<script>alert('x')</script>&";
    let body = create_body(&format!("{nasty:?}"))
        .replace("Two shirts", nasty)
        .replace("https://merchant.example/return", "javascript:alert(1)");
    let reply = kwikpaisa(&emulator, "create", &body).await.json();
    let link = reply["return_data"]["payment_link"].as_str().unwrap();
    let page = get(&emulator, path(&emulator, link)).await;
    let text = page.text();
    assert!(!text.contains("<script"), "{text}");
    let safe = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;";
    assert_eq!(text.matches(safe).count(), 2, "{text}");
    assert!(!text.contains("javascript:"), "{text}");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"));
}

#[tokio::test]
async fn an_unknown_page_button_or_method_is_refused() {
    let emulator = start().await;
    let page_path = page_of(&emulator, "7").await;
    assert_eq!(get(&emulator, "/checkout/nothing").await.status, 404);
    assert_eq!(
        post(&emulator, "/checkout/nothing/pay", "").await.status,
        404
    );
    assert_eq!(
        post(&emulator, &format!("{page_path}/steal"), "")
            .await
            .status,
        404
    );
    // A link that a browser prefetches must not pay.
    assert_eq!(
        get(&emulator, &format!("{page_path}/pay")).await.status,
        405
    );
    assert_eq!(post(&emulator, &page_path, "").await.status, 405);
    assert_eq!(emulator.orders()[0].status, "UN_PAID");
}

#[tokio::test]
async fn the_first_page_shows_orders_deliveries_faults_and_variants() {
    let emulator = start().await;
    let empty = get(&emulator, "/").await;
    assert_eq!(empty.status, 200);
    assert_eq!(
        empty.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(empty.header("content-security-policy").is_some());
    let checkout = page_of(&emulator, r#""<7>""#).await;
    let merchant = Pesapal::sign_in(&emulator).await;
    let id = merchant.order("A1").await;
    emulator.pay(&id).unwrap();
    emulator.arm(Fault::new(FaultKind::ReplyLost)).unwrap();
    emulator
        .set_variant("pesapal.payment_method", "mpesa_ke")
        .unwrap();
    let page = get(&emulator, "/").await.text();
    for text in [
        format!("<a href=\"{checkout}\">&lt;7&gt;</a>"),
        id.replace('-', "%2D"),
        "COMPLETED".to_owned(),
        "127.0.0.1:9/ipn".to_owned(),
        "reply_lost".to_owned(),
        "<td>mpesa_ke<td>changed".to_owned(),
        "POST /_emulator/reset".to_owned(),
    ] {
        assert!(page.contains(&text), "{text}: {page}");
    }
    // A program that has lost its way is still told so.
    assert_eq!(get(&emulator, "/nowhere").await.status, 404);
}
