//! What a JSON member counts as, whatever its type.

use duka_http::adapter::{JsonMembers, JsonScalar, money};
use serde::Deserialize;

#[derive(Deserialize)]
struct Body {
    member: JsonScalar,
    #[serde(rename = "besideIt")]
    beside_it: JsonScalar,
}

fn member(json: &str) -> JsonScalar {
    let body = format!(r#"{{"member":{json},"besideIt":"x"}}"#);
    let body: Body = serde_json::from_str(&body).unwrap();
    assert_eq!(body.beside_it.text(), Some("x"), "{json}");
    body.member
}

#[test]
fn only_strings_and_numbers_are_text_and_anything_can_be_shown() {
    let table = [
        // As it is sent, as text, as a string, and as it is shown.
        (r#""200""#, Some("200"), Some("200"), Some("200")),
        (r#""200 ""#, Some("200 "), Some("200 "), Some("200 ")),
        (r#""caf\u00e9""#, Some("café"), Some("café"), Some("café")),
        ("200", Some("200"), None, Some("200")),
        ("1.50e2", Some("1.50e2"), None, Some("1.50e2")),
        (
            "-9007199254740993",
            Some("-9007199254740993"),
            None,
            Some("-9007199254740993"),
        ),
        ("true", None, None, Some("true")),
        ("false", None, None, Some("false")),
        ("[]", None, None, Some("[]")),
        (r#"{"a": 1}"#, None, None, Some(r#"{"a": 1}"#)),
        ("null", None, None, None),
    ];
    for (json, text, string, shown) in table {
        let member = member(json);
        assert_eq!(member.text(), text, "{json}");
        assert_eq!(member.string(), string, "{json}");
        assert_eq!(member.anything(), shown, "{json}");
        assert_eq!(member.is_null(), json == "null", "{json}");
    }
}

#[test]
fn an_absent_member_is_read_as_null() {
    let body: Body = serde_json::from_str(r#"{"x":1}"#).unwrap();
    assert_eq!(body.member, JsonScalar::Null);
    assert!(body.beside_it.is_null());
}

/// Half of a surrogate pair is JSON by its grammar, and no text.
#[test]
fn a_string_that_cannot_be_decoded_leaves_the_reply_readable_and_is_no_text() {
    let broken = member(r#""CANCELLED\ud800""#);
    assert_eq!((broken.text(), broken.string()), (None, None));
    assert_eq!(broken.anything(), Some(r#""CANCELLED\ud800""#));
    assert!(!broken.is_null());
    assert!(broken.differs_from("CANCELLED"));
    assert!(broken.into_string().is_err());
}

#[test]
fn an_empty_string_says_nothing_and_is_there_all_the_same() {
    let empty = member(r#""""#);
    assert_eq!(
        (empty.text(), empty.string(), empty.anything()),
        (None, None, None)
    );
    assert!(!empty.is_null());
    assert!(!empty.differs_from("A1"));
    assert_eq!(empty.into_string(), Ok(Some(String::new())));
}

#[test]
fn an_echo_differs_unless_it_is_the_very_text_or_number() {
    for same in [r#""17""#, "17", "null", r#""""#] {
        assert!(!member(same).differs_from("17"), "{same}");
    }
    for other in [r#""17 ""#, "17.0", "1.7e1", "true", "{}", "[17]"] {
        assert!(member(other).differs_from("17"), "{other}");
    }
    // They look alike, and are not of one type.
    assert!(member("true").differs_from("true"));
    assert!(member("{}").differs_from("{}"));
}

#[test]
fn an_integer_is_written_with_exactly_its_digits() {
    for (json, number) in [("0", 0), ("200", 200), (r#""200""#, 200), ("-1", -1)] {
        assert_eq!(member(json).integer(), Some(number), "{json}");
    }
    for json in [
        "200.0",
        "2e2",
        "-0",
        "99999999999999999999",
        r#""0200""#,
        r#""+200""#,
        r#""200 ""#,
        r#""٢٠٠""#,
        "true",
        "null",
    ] {
        assert_eq!(member(json).integer(), None, "{json}");
    }
}

#[test]
fn only_a_string_or_nothing_is_taken_where_a_string_must_be() {
    assert_eq!(member("null").into_string(), Ok(None));
    assert_eq!(member(r#""x""#).into_string(), Ok(Some("x".to_owned())));
    for json in ["17", "true", "{}", "[]"] {
        assert!(member(json).into_string().is_err(), "{json}");
    }
}

#[test]
fn an_object_is_read_from_an_object_with_each_member_once() {
    let body = member(r#"{"member":7}"#).parse::<Body>().unwrap();
    assert_eq!(body.member.text(), Some("7"));
    for json in [
        r#"{"member":7,"member":8}"#,
        r#"[7,"x"]"#,
        r#""{}""#,
        "null",
    ] {
        assert!(member(json).parse::<Body>().is_none(), "{json}");
    }
}

#[test]
fn the_second_name_of_a_member_counts_where_the_first_is_absent_or_null() {
    let second = member("2");
    assert_eq!(member("null").or(&second), &second);
    for first in ["1", r#""""#, "{}"] {
        let first = member(first);
        assert_eq!(first.or(&second), &first);
    }
}

#[test]
fn a_payment_link_is_a_web_page_with_a_host() {
    for good in ["https://pay.example/c/1", "http://127.0.0.1:8080/c"] {
        let link = member(&format!(r#""{good}""#)).payment_link().unwrap();
        assert_eq!(link.reveal(), good);
    }
    for bad in [
        r#""""#,
        "17",
        r#""pay.example/c""#,
        r#""/c""#,
        r#""javascript:alert(1)""#,
        r#""ftp://pay.example/c""#,
        r#"{"href":"https://pay.example"}"#,
        "null",
    ] {
        assert!(member(bad).payment_link().is_none(), "{bad}");
    }
}

#[test]
fn money_is_read_exactly_or_not_at_all() {
    let read = |amount: &str, currency: &str| {
        money(&member(amount), &member(currency)).map(|money| money.to_string())
    };
    let inr = r#""INR""#;
    assert_eq!(read("1.05e2", inr).as_deref(), Some("105.00 INR"));
    assert_eq!(read(r#""105.00""#, inr).as_deref(), Some("105.00 INR"));
    for amount in ["null", r#""""#, r#""1,050.00""#, r#""+105""#, "{}", "true"] {
        assert_eq!(read(amount, inr), None, "{amount}");
    }
    assert_eq!(read("105", "null"), None);
}

#[test]
fn all_members_of_an_object_are_taken_out_each_once() {
    let mut members: JsonMembers =
        serde_json::from_str(r#"{"b":"","a":null,"code":"E7","b2":[]}"#).unwrap();
    let names: Vec<_> = members.0.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["b", "a", "code", "b2"]);
    assert_eq!(members.take("code").text(), Some("E7"));
    assert!(members.take("code").is_null());
    assert!(!members.are_empty());
    assert_eq!(members.take("b2").anything(), Some("[]"));
    assert!(members.are_empty());
    for twice in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":null,"b":1,"\u0061":null}"#,
        "[]",
    ] {
        assert!(
            serde_json::from_str::<JsonMembers>(twice).is_err(),
            "{twice}"
        );
    }
}
