//! Phone numbers that decide what a customer does.

use crate::client::{Pesapal, create_body, kwikpaisa, order_body, start};

#[tokio::test]
async fn the_end_of_a_phone_number_decides_what_the_customer_does() {
    for (digits, at_kwikpaisa, at_pesapal) in [
        ("990000", "UN_PAID", "PENDING"),
        ("990001", "PAID", "COMPLETED"),
        ("990002", "FAILED", "FAILED"),
        ("990003", "PROCESSING", "PENDING"),
        // Pesapal's orders do not expire.
        ("990004", "EXPIRED", "PENDING"),
        ("990005", "UN_PAID", "PENDING"),
        ("990006", "UN_PAID", "PENDING"),
    ] {
        let emulator = start().await;
        let body = create_body("7").replace("9999999999", &format!("9999{digits}"));
        let created = kwikpaisa(&emulator, "create", &body).await.json();
        // It happens just after the order was created.
        assert_eq!(
            created["return_data"]["order_status"], "UN_PAID",
            "{created}"
        );
        assert_eq!(
            emulator.order("7").unwrap().status,
            at_kwikpaisa,
            "{digits}"
        );
        let merchant = Pesapal::sign_in(&emulator).await;
        let phone = format!(
            r#"{{"phone_number":"+254 7 {}-{}"}}"#,
            &digits[..3],
            &digits[3..]
        );
        let body = merchant.submit_body("A1");
        let submitted = merchant
            .submit(&body.replace(r#"{"email_address":"a@example.com"}"#, &phone))
            .await
            .json();
        let id = submitted["order_tracking_id"].as_str().unwrap();
        assert_eq!(emulator.order(id).unwrap().status, at_pesapal, "{digits}");
        // Submitted again, it is the first order, and nothing happens twice.
        merchant
            .submit(&body.replace(r#"{"email_address":"a@example.com"}"#, &phone))
            .await;
        assert_eq!(emulator.order(id).unwrap().status, at_pesapal, "{digits}");
    }
}

#[tokio::test]
async fn a_phone_number_may_pay_in_the_middle_of_a_cancel() {
    for (digits, applied, after) in [("990005", 0, false), ("990006", 1, true)] {
        let emulator = start().await;
        let body = create_body("7").replace("9999999999", &format!("9999{digits}"));
        kwikpaisa(&emulator, "create", &body).await;
        kwikpaisa(&emulator, "cancel", &order_body("7")).await;
        let merchant = Pesapal::sign_in(&emulator).await;
        let phone = format!(r#"{{"phone_number":"07{digits}"}}"#);
        let body = merchant.submit_body("A1");
        let submitted = merchant
            .submit(&body.replace(r#"{"email_address":"a@example.com"}"#, &phone))
            .await
            .json();
        let id = submitted["order_tracking_id"].as_str().unwrap();
        let answer = merchant.cancel(id).await.json();
        assert_eq!(answer["status"] == "200", applied == 1);
        for (id, status) in [("7", "PAID"), (id, "COMPLETED")] {
            let truth = emulator.order(id).unwrap();
            assert_eq!(truth.status, status, "{digits}");
            assert_eq!(
                (truth.cancels_applied, truth.paid_after_cancel),
                (applied, after),
                "{digits}"
            );
        }
    }
}

#[test]
fn every_number_is_in_the_table_of_the_page() {
    let page = include_str!("../../../../docs/emulator.md");
    for digits in 990_001..=990_006 {
        assert!(page.contains(&format!("| `{digits}` |")), "{digits}");
    }
}
