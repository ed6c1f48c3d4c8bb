//! What of somebody else's text gets into ours.

use duka_http::{Header, Method, Reply, Request, excerpt};

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
