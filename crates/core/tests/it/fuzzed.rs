//! Ids, amounts and currencies with something changed in them are what stands there, or refused.

use duka_core::money::Decimal;
use duka_core::{Money, OrderId};
use proptest::prelude::*;

use crate::fuzz::{finds, holds, mutated};

const IDS: &[&str] = &[
    "6116229263036",
    "A-17",
    "96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11",
    "007",
];

const AMOUNTS: &[&str] = &["105.00", "1599", "0.4", "-1500.50", "1,500.00"];

/// Nothing but what is seen and plain.
fn cleaned(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).collect()
}

#[test]
fn a_mangled_id_is_itself_or_none() {
    type Read = fn(&str) -> Option<String>;
    let property = |read: Read, text: String| {
        if let Some(id) = read(&text) {
            prop_assert_eq!(&id, &text);
            let invisible = [
                '\u{200b}', '\u{ad}', '\u{feff}', '\u{202e}', '\u{2028}', '\0', '\n',
            ];
            prop_assert!(!id.contains(invisible) && id.trim() == id && id.len() <= 200);
        }
        Ok(())
    };
    let own = |id: OrderId| id.as_str().to_owned();
    holds("ids as text", 2000, &mutated(IDS), |it| {
        property(
            |text| OrderId::text(text).ok().map(|id| id.as_str().to_owned()),
            it,
        )
    });
    holds("ids of any form", 2000, &mutated(IDS), |text| {
        let (guessed, integer) = (OrderId::guess(text.clone()), OrderId::integer(text.clone()));
        for id in [guessed, integer].into_iter().flatten() {
            prop_assert_eq!(own(id), text.clone());
        }
        Ok(())
    });
    finds(2000, &mutated(IDS), |it| {
        property(|text| Some(cleaned(text)), it)
    });
    finds(2000, &mutated(IDS), |it| {
        property(|text| Some(text.to_owned()), it)
    });
}

/// An amount is digits with at most one point between or before them, behind at most one sign.
fn is_amount(read: fn(&str) -> Option<Decimal>, text: &str) -> Result<(), TestCaseError> {
    let Some(amount) = read(text) else {
        return Ok(());
    };
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = unsigned.chars().all(|it| it.is_ascii_digit() || it == '.');
    prop_assert!(
        plain && unsigned.matches('.').count() < 2,
        "{text:?} is read as {amount}"
    );
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    // Every digit that stands there counts.
    let digits = format!("{whole}{fraction}");
    let mantissa = amount.mantissa().unsigned_abs().to_string();
    prop_assert_eq!(
        mantissa.trim_start_matches('0'),
        digits.trim_start_matches('0')
    );
    prop_assert_eq!(amount.scale() as usize, fraction.len());
    prop_assert!(!text.starts_with('-') || amount <= Decimal::ZERO);
    Ok(())
}

#[test]
fn a_mangled_amount_is_the_number_that_stands_there_or_none() {
    let own = |text: &str| Money::parse(text, "KES").ok().map(|money| money.amount());
    holds("amounts", 4000, &mutated(AMOUNTS), |text| {
        is_amount(own, &text)
    });
    finds(4000, &mutated(AMOUNTS), |text| {
        is_amount(|text| cleaned(text).replace(',', "").parse().ok(), &text)
    });
    finds(4000, &mutated(AMOUNTS), |text| {
        is_amount(
            |text| {
                Decimal::from_scientific(&format!("{text}e0"))
                    .ok()
                    .map(|it| it.round_dp(2))
            },
            &text,
        )
    });
}

#[test]
fn a_mangled_currency_is_a_listed_code_or_none() {
    const CODES: &[&str] = &["KES", "INR", "ugx"];
    let property = |read: fn(&str) -> bool, text: String| {
        let code = text.len() == 3 && text.bytes().all(|it| it.is_ascii_alphabetic());
        prop_assert!(!read(&text) || code, "{text:?}");
        Ok(())
    };
    holds("currencies", 4000, &mutated(CODES), |it| {
        property(|text| Money::parse("1", text).is_ok(), it)
    });
    finds(4000, &mutated(CODES), |it| {
        property(|text| Money::parse("1", &cleaned(text)).is_ok(), it)
    });
}
