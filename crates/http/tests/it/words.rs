//! What of a gateway's text gets into ours.

use duka_http::{
    Header, Method, Reply, Request, excerpt, plain_number, without_secrets, word_without_secrets,
};
use secrecy::SecretString;

#[test]
fn an_excerpt_is_short_and_printable() {
    assert_eq!(
        excerpt("Order cannot be cancelled."),
        "Order cannot be cancelled."
    );
    assert_eq!(excerpt("  two\r\n\tlines  "), "two lines");
    assert_eq!(excerpt("a\u{1b}[31mred\u{0}"), "a[31mred");
    assert_eq!(excerpt("\u{202e}evil\u{200b}\u{feff}"), "evil");
    assert_eq!(excerpt(b"caf\xc3\xa9 \xff".as_slice()), "café \u{fffd}");
    assert_eq!(excerpt(""), "");
    assert_eq!(excerpt("\u{0} \u{1}"), "");
}

#[test]
fn an_excerpt_is_cut_to_two_hundred_characters() {
    let short = "é".repeat(199);
    assert_eq!(excerpt(&short), short);
    for long in [
        "é".repeat(500),
        "ab ".repeat(500),
        "very ".repeat(500),
        "x".repeat(1_000_000),
    ] {
        let cut = excerpt(&long);
        assert!(cut.chars().count() <= 200, "{}", cut.chars().count());
        assert!(cut.ends_with('…'));
    }
}

fn hiding(text: &str, secrets: &[&str]) -> String {
    let secrets: Vec<SecretString> = secrets.iter().map(|it| (*it).into()).collect();
    without_secrets(text, &secrets)
}

#[test]
fn a_secret_that_is_quoted_back_is_redacted_and_the_rest_is_shown() {
    let secrets = ["pk_test_1", "s3cr3t"];
    assert_eq!(
        hiding("pk_test_1 and s3cr3t, pk_test_1", &secrets),
        "… and …, …"
    );
    assert_eq!(hiding("no such order\n", &secrets), "no such order");
    assert_eq!(hiding("caf\u{e9} s3cr3t\u{e9}", &secrets), "café …é");
    assert_eq!(hiding("s3cr3ts3cr3t", &secrets), "……");
    assert_eq!(hiding("anything", &[]), "anything");
}

#[test]
fn a_secret_is_found_in_another_spelling() {
    assert_eq!(
        hiding("signature 6AAFA6FF is wrong", &["6aafa6ff"]),
        "signature … is wrong"
    );
    assert_eq!(hiding("6aafa6ff", &["6AAFA6FF"]), "…");
    assert_eq!(hiding(r"key ab\/cd\/ef=", &["ab/cd/ef="]), "key …");
    assert_eq!(hiding("s3\u{200b}cr\u{0}3t", &["s3cr3t"]), "…");
}

#[test]
fn of_secrets_that_overlap_nothing_is_left() {
    assert_eq!(hiding("x abcdefghij y", &["abcdef", "abcdefghij"]), "x … y");
    assert_eq!(hiding("x abcdefghij y", &["abcdefg", "efghij"]), "x … y");
}

#[test]
fn a_word_that_is_shown_otherwise_than_it_was_sent_says_so_and_is_no_other_word() {
    assert_eq!(word_without_secrets("CANCELLED", &[]), "CANCELLED");
    for odd in [
        "CAN\u{200b}CELLED",
        "CANCELLED\u{1b}",
        "\u{202e}CANCELLED",
        " CANCELLED",
        "CANCELLED\n",
        "CANCELLED\u{a0}",
        "\u{feff}CANCELLED",
    ] {
        assert_eq!(
            word_without_secrets(odd, &[]),
            "CANCELLED (sent with other characters than are shown)"
        );
    }
    let secrets = ["s3cr3t".into()];
    let shown = word_without_secrets("PAID s3cr\u{0}3t", &secrets);
    assert_eq!(shown, "PAID … (sent with other characters than are shown)");
}

#[test]
fn a_secret_that_is_quoted_in_another_encoding_is_redacted() {
    let secret = "pk/Test+1=?";
    for quoted in [
        // In an address, in a form, and with every byte encoded that may be.
        "pk%2FTest%2B1%3D%3F",
        "pk%2fTest%2b1%3d%3f",
        // In base64: alone, for an address, and behind one, two or three other bytes.
        "cGsvVGVzdCsxPT8=",
        "cGsvVGVzdCsxPT8",
        "cGsvVGVzdCsxPT8%3D",
        "OnBrL1Rlc3QrMT0/",
        "OnBrL1Rlc3QrMT0_",
        "YTpway9UZXN0KzE9Pzpi",
        "YWI6cGsvVGVzdCsxPT8=",
        // As PHP escapes it, and within an address.
        "OnBrL1Rlc3QrMT0\\/",
        "OnBrL1Rlc3QrMT0%2F",
    ] {
        let shown = hiding(&format!("no key {quoted} here"), &[secret]);
        assert!(shown.contains('…'), "{quoted}: {shown}");
        let rest = shown
            .trim_start_matches("no key ")
            .trim_end_matches(" here");
        assert!(rest.len() <= 10, "{quoted}: {shown}");
    }
    assert_eq!(hiding("no key here", &[secret]), "no key here");
}

#[test]
fn a_secret_at_the_cut_is_hidden_before_the_cut() {
    let text = format!("{} s3cr3t-and-more", "x".repeat(195));
    let shown = hiding(&text, &["s3cr3t-and-more"]);
    assert_eq!(shown, format!("{} …", "x".repeat(195)));
    let far = format!("{}s3cr3t{}", " ".repeat(3197), "x".repeat(300));
    assert!(!hiding(&far, &["s3cr3t"]).contains("s3"));
}

#[test]
fn what_is_too_short_for_a_secret_hides_no_ordinary_word() {
    assert_eq!(
        hiding("the key is in use", &["key", "", "in"]),
        "the key is in use"
    );
}

#[test]
fn an_exponent_is_written_out_digit_by_digit() {
    let table = [
        ("105.00", Some("105.00")),
        ("0", Some("0")),
        ("-0.50", Some("-0.50")),
        ("", None),
        ("six", None),
        ("ten", None),
        ("+5", None),
        (" 5", None),
        ("5 ", None),
        ("5\n", None),
        ("05", None),
        ("-05.5", None),
        ("00", None),
        ("5.", None),
        (".5", None),
        ("1,000", None),
        ("1_000", None),
        ("5\u{200b}", None),
        ("٥", None),
        ("01e1", None),
        ("1e3", Some("1000")),
        ("1.05E+2", Some("105")),
        ("1.05e1", Some("10.5")),
        ("-12.5e-1", Some("-1.25")),
        ("5e-3", Some("0.005")),
        (
            "12345678901234567890.123456789e9",
            Some("12345678901234567890123456789"),
        ),
        ("0.10e0", Some("0.1")),
        ("0e64", Some("0")),
        ("1e65", None),
        ("1e-65", None),
        ("1e99999999999", None),
        ("1e", None),
        ("e1", None),
        ("1.e1", None),
        (".1e1", None),
        ("1_0e1", None),
        ("1e1.5", None),
        ("--1e1", None),
        ("1é1e1", None),
    ];
    for (text, expected) in table {
        assert_eq!(plain_number(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn a_reply_is_described_without_being_quoted() {
    let mut reply = Reply::new(502, "<html>token t0p</html>");
    assert_eq!(reply.summary(), "no content type, 22 bytes");
    reply.content_type = Some("text/html; charset=utf-8".to_owned());
    assert_eq!(reply.summary(), "text/html, 22 bytes");
    reply.body.truncate(1);
    assert_eq!(reply.summary(), "text/html, 1 byte");
    reply.body.clear();
    assert_eq!(reply.summary(), "text/html, empty");
}

#[test]
fn a_request_gives_back_what_was_put_in() {
    let url: url::Url = "https://gateway.example/x?order=1".parse().unwrap();
    let request = Request::post_json(url.clone(), b"{}".to_vec())
        .header("Accept", "application/json")
        .secret_header("X-API-KEY", "key".into());
    assert_eq!((request.method(), request.url()), (Method::Post, &url));
    assert_eq!(request.body(), Some(b"{}".as_slice()));
    let headers: Vec<_> = request
        .headers()
        .map(
            |Header {
                 name,
                 value,
                 secret,
             }| (name, value, secret),
        )
        .collect();
    assert_eq!(
        headers,
        [
            ("Content-Type", "application/json", false),
            ("Accept", "application/json", false),
            ("X-API-KEY", "key", true),
        ]
    );
    let get = Request::get(url);
    assert_eq!(
        (get.method(), get.headers().count(), get.into_body()),
        (Method::Get, 0, None)
    );
}
