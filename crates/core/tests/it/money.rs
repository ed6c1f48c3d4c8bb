//! Amounts: read exactly, equal by value, charged only in whole smallest units.

use std::collections::HashSet;

use duka_core::Money;
use duka_core::money::{Currency, Decimal, MoneyError};

fn money(amount: &str, currency: &str) -> Money {
    Money::parse(amount, currency).unwrap()
}

fn refusal(amount: &str, currency: &str) -> String {
    money(amount, currency)
        .chargeable()
        .unwrap_err()
        .to_string()
}

#[test]
fn equality_is_by_value_and_hashing_agrees() {
    let same = [
        money("105", "INR"),
        money("105.0", "INR"),
        money("105.00", "inr"),
    ];
    assert_eq!(same[0], same[1]);
    assert_eq!(same[1], same[2]);
    assert_eq!(HashSet::from(same).len(), 1);
    assert_ne!(money("105", "INR"), money("105", "KES"));
    assert_ne!(money("105", "INR"), money("105.01", "INR"));
}

#[test]
fn decimals_stay_exact() {
    let sum = money("0.1", "KES").amount() + money("0.2", "KES").amount();
    assert_eq!(sum, money("0.3", "KES").amount());
    let large = "79228162514264337593543950335";
    assert_eq!(money(large, "INR").amount().to_string(), large);
}

#[test]
fn an_amount_that_is_no_decimal_number_is_refused_by_name() {
    for text in [
        "", " 5", "5 ", "1,000", "1e3", "0x10", "five", "1.2.3", "NaN", "-", "₹5", "1_000", ".",
        "+",
    ] {
        let error = Money::parse(text, "INR").unwrap_err();
        assert_eq!(error, MoneyError::NotDecimal(text.to_owned()));
        let wanted = format!("amount {text:?} is not a decimal number such as 105.50");
        assert_eq!(error.to_string(), wanted);
    }
}

#[test]
fn digits_that_a_decimal_cannot_hold_are_refused_and_not_rounded() {
    let text = format!("1.{}1", "0".repeat(30));
    assert_eq!(
        Money::parse(&text, "INR"),
        Err(MoneyError::NotDecimal(text.clone()))
    );
    let text = "9".repeat(40);
    assert_eq!(
        Money::parse(&text, "INR"),
        Err(MoneyError::NotDecimal(text.clone()))
    );
}

#[test]
fn the_currency_is_an_iso_code_in_either_case() {
    assert_eq!(money("1", "kes").currency(), Currency::KES);
    for code in ["", "KE", "KESH", "Rs.", "ZZZ"] {
        let error = Money::parse("1", code).unwrap_err();
        assert_eq!(error, MoneyError::UnknownCurrency(code.to_owned()));
        let wanted = format!("currency {code:?} is not an ISO 4217 code such as INR or KES");
        assert_eq!(error.to_string(), wanted);
    }
}

#[test]
fn zero_and_negative_amounts_cannot_be_charged() {
    assert_eq!(refusal("0", "INR"), "amount 0 is not above zero");
    assert_eq!(refusal("-0.01", "KES"), "amount -0.01 is not above zero");
    assert_eq!(refusal("0.00", "JPY"), "amount 0.00 is not above zero");
}

#[test]
fn an_amount_is_no_finer_than_its_currency() {
    for (amount, currency) in [
        ("0.01", "INR"),
        ("105.50", "KES"),
        ("105.500", "KES"), // The last zero says nothing.
        ("105", "JPY"),
        ("105.00", "JPY"),
    ] {
        let money = money(amount, currency);
        assert_eq!(money.chargeable(), Ok(money), "{amount} {currency}");
    }
    assert_eq!(
        refusal("0.001", "INR"),
        "amount 0.001 has more than the 2 decimal places of INR"
    );
    assert_eq!(
        refusal("1.005", "KES"),
        "amount 1.005 has more than the 2 decimal places of KES"
    );
    assert_eq!(
        refusal("105.5", "JPY"),
        "amount 105.5 has more than the 0 decimal places of JPY"
    );
}

#[test]
fn it_shows_the_decimal_places_of_its_currency_and_never_fewer_than_it_has() {
    assert_eq!(money("105", "INR").to_string(), "105.00 INR");
    assert_eq!(money("105.5", "KES").to_string(), "105.50 KES");
    assert_eq!(money("105.000", "KES").to_string(), "105.00 KES");
    assert_eq!(money("105", "JPY").to_string(), "105 JPY");
    assert_eq!(money("0.4005", "USD").to_string(), "0.4005 USD");
    assert_eq!(
        Money::new(Decimal::from(-3), Currency::KES).to_string(),
        "-3.00 KES"
    );
}
