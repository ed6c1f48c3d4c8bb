//! Identifiers: what is one, in which form it goes out, and that ids compare as text.

use std::collections::HashSet;

use duka_core::id::{IdError, IdForm, MAX_ID_LEN};
use duka_core::{AccountName, CancellationId, GatewayName, OrderId};

fn problem<T: std::fmt::Debug>(outcome: Result<T, IdError>) -> String {
    outcome.expect_err("not an id").to_string()
}

#[test]
fn digits_beyond_a_float_survive_to_the_last() {
    // 2^53 + 1, the first integer that a float cannot hold, and one beyond any machine word.
    for digits in ["9007199254740993", "123456789012345678901234567890123"] {
        let id = OrderId::integer(digits).unwrap();
        assert_eq!(id.as_str(), digits);
        assert_eq!(id.to_string(), digits);
        assert_eq!(id.form(), IdForm::Integer);
    }
}

#[test]
fn an_integer_and_the_same_digits_as_text_name_one_order() {
    let integer = OrderId::integer("6116229263036").unwrap();
    let text = OrderId::text("6116229263036").unwrap();
    assert_eq!(integer, text);
    assert_eq!(integer.cmp(&text), std::cmp::Ordering::Equal);
    assert_ne!(integer.form(), text.form());
    let set = HashSet::from([integer, text]);
    assert_eq!(set.len(), 1);
}

#[test]
fn ids_are_ordered_as_text_and_not_by_value() {
    let nine = OrderId::integer("9").unwrap();
    let ten = OrderId::integer("10").unwrap();
    assert!(ten < nine);
}

#[test]
fn debug_shows_the_form_and_display_does_not() {
    let integer = OrderId::integer("17").unwrap();
    let text = OrderId::text("17").unwrap();
    assert_eq!(
        format!("{integer:?} {text:?}"),
        "OrderId(17) OrderId(\"17\")"
    );
    assert_eq!(format!("{integer} {text}"), "17 17");
}

#[test]
fn only_a_json_integer_goes_out_as_one() {
    for good in ["0", "7", "-7", "10"] {
        assert_eq!(OrderId::integer(good).unwrap().as_str(), good);
    }
    for bad in [
        "007", "00", "-0", "-", "-07", "+7", "1.0", "1e3", "0x1", "A-17", "٣", "1_000",
    ] {
        assert_eq!(
            problem(OrderId::integer(bad)),
            "order id is not an integer",
            "{bad}"
        );
    }
}

#[test]
fn a_guess_is_an_integer_only_where_no_digit_would_be_lost() {
    let form = |text: &str| OrderId::guess(text).unwrap().form();
    assert_eq!(form("6116229263036"), IdForm::Integer);
    assert_eq!(form("0"), IdForm::Integer);
    for text in ["007", "-7", "A-17", "1.5", "٣"] {
        assert_eq!(form(text), IdForm::Text, "{text}");
    }
}

#[test]
fn an_invalid_id_is_refused_with_the_reason() {
    assert_eq!(problem(OrderId::text("")), "order id is empty");
    assert_eq!(problem(OrderId::guess("")), "order id is empty");
    assert_eq!(problem(OrderId::integer("")), "order id is empty");
    let padded = "order id starts or ends with white space";
    for text in [" A", "A ", "A\n", "\u{a0}A", " "] {
        assert_eq!(problem(OrderId::text(text)), padded);
    }
    assert_eq!(
        problem(OrderId::text("A\u{7}B")),
        "order id holds a control character (U+0007)"
    );
    assert_eq!(
        problem(OrderId::text("A\nB")),
        "order id holds a control character (U+000A)"
    );
    let too_long = "order id is longer than 200 bytes";
    assert_eq!(problem(OrderId::text("x".repeat(MAX_ID_LEN + 1))), too_long);
    assert_eq!(
        problem(OrderId::integer("1".repeat(MAX_ID_LEN + 1))),
        too_long
    );
    // The limit is in bytes: this has 101 characters.
    assert_eq!(problem(OrderId::text("é".repeat(101))), too_long);
}

#[test]
fn a_text_with_hidden_characters_is_no_id_and_the_error_names_them() {
    for (c, said) in [
        ('\u{1b}', "a control character (U+001B)"),
        ('\u{9b}', "a control character (U+009B)"),
        ('\u{2028}', "a line separator (U+2028)"),
        (
            '\u{202e}',
            "a character that turns the direction of reading (U+202E)",
        ),
        (
            '\u{2066}',
            "a character that turns the direction of reading (U+2066)",
        ),
        (
            '\u{200f}',
            "a character that turns the direction of reading (U+200F)",
        ),
        ('\u{200b}', "an invisible character (U+200B)"),
        ('\u{200d}', "an invisible character (U+200D)"),
        ('\u{ad}', "an invisible character (U+00AD)"),
        ('\u{feff}', "an invisible character (U+FEFF)"),
        ('\u{e0041}', "an invisible character (U+E0041)"),
    ] {
        let text = format!("A{c}B");
        for (what, problem) in [
            ("order id", problem(OrderId::text(text.clone()))),
            ("order id", problem(OrderId::guess(text.clone()))),
            ("order id", problem(OrderId::integer(text.clone()))),
            ("account name", problem(AccountName::new(text.clone()))),
            ("gateway name", problem(GatewayName::new(text.clone()))),
        ] {
            assert_eq!(problem, format!("{what} holds {said}"));
        }
    }
    // Letters of any script, and what stands on them, are fine.
    for text in [
        "Ωμέγα-17",
        "आदेश-१७",
        "أمر-17",
        "訂單 17",
        "e\u{301}",
        "№17 🧾",
    ] {
        assert_eq!(OrderId::text(text).unwrap().as_str(), text);
    }
}

#[test]
fn the_longest_id_and_inner_spaces_are_fine() {
    let longest = "x".repeat(MAX_ID_LEN);
    assert_eq!(OrderId::text(longest.clone()).unwrap().as_str(), longest);
    assert_eq!(
        OrderId::text("order 17 / a").unwrap().as_str(),
        "order 17 / a"
    );
}

#[test]
fn names_follow_the_same_rules_and_say_which_name_it_was() {
    assert_eq!(AccountName::new("shop-ke").unwrap().to_string(), "shop-ke");
    assert_eq!(problem(AccountName::new("")), "account name is empty");
    assert_eq!(
        problem(GatewayName::new(" x")),
        "gateway name starts or ends with white space"
    );
    let known = GatewayName::from_static("pesapal");
    assert_eq!(known, GatewayName::new("pesapal").unwrap());
    assert_eq!(known.as_str(), "pesapal");
}

#[test]
fn a_cancellation_id_is_a_uuid_and_reads_back() {
    let text = "b945e4af-80a5-4ec1-8706-e03f8332fb04";
    let id: CancellationId = text.parse().unwrap();
    assert_eq!(id.to_string(), text);
    assert_eq!(CancellationId::from_uuid(*id.as_uuid()), id);
    assert_eq!(
        problem("17".parse::<CancellationId>()),
        "cancellation id is not a UUID"
    );
}
