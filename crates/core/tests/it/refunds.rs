//! A refund request: how much it is for, and why it may be for nothing.

use duka_core::{Delivery, ErrorKind, Money, OrderId, OrderStatus, RefundRequest, StatusReading};

fn paid(amount: &str, currency: &str) -> StatusReading {
    StatusReading {
        money: Some(Money::parse(amount, currency).unwrap()),
        ..StatusReading::new(OrderStatus::Paid, "Completed")
    }
}

fn of(paid: StatusReading) -> RefundRequest {
    let order = OrderId::text("b945e4af-80a5-4ec1-8706-e03f8332fb04").unwrap();
    RefundRequest::new(order, paid, "amina", "came back torn")
}

#[test]
fn without_an_amount_the_whole_payment_is_refunded_to_its_last_digit() {
    for (amount, currency) in [("1500.00", "KES"), ("0.4", "USD"), ("38.4615", "USD")] {
        let request = of(paid(amount, currency));
        assert_eq!(request.money().unwrap().amount().to_string(), amount);
        assert!(!request.is_partial());
    }
}

#[test]
fn an_amount_is_in_the_currency_of_the_status_whatever_was_submitted() {
    let part = of(paid("0.4", "USD")).amount("0.15".parse().unwrap());
    assert_eq!(part.money().unwrap(), Money::parse("0.15", "USD").unwrap());
    assert!(part.is_partial());
}

#[test]
fn the_whole_amount_in_other_digits_is_no_part() {
    let all = of(paid("1500", "KES")).amount("1500.00".parse().unwrap());
    assert!(!all.is_partial());
    assert_eq!(all.money().unwrap(), Money::parse("1500", "KES").unwrap());
}

#[test]
fn only_a_paid_order_is_refunded() {
    for status in [
        OrderStatus::Unpaid,
        OrderStatus::Processing,
        OrderStatus::Failed,
        OrderStatus::Expired,
        OrderStatus::Cancelled,
        OrderStatus::Reversed,
        OrderStatus::Unknown("PARTLY".to_owned()),
    ] {
        let mut request = of(paid("1500", "KES"));
        request.paid.status = status.clone();
        let error = request.money().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(error.to_string().contains(&status.to_string()), "{error}");
    }
}
