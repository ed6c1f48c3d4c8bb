//! Which addresses a gateway may have.

use duka_core::{Delivery, ErrorKind};
use duka_http::BaseUrl;

#[test]
fn https_is_accepted_anywhere_and_plain_http_on_this_machine() {
    for address in [
        "https://api.kwikpaisa.com",
        "https://pay.pesapal.com/v3",
        "https://10.0.0.1:8443",
        "http://127.0.0.1:8080",
        "http://127.9.8.7",
        "http://[::1]:8080/pesapalv3",
        "http://localhost:8080",
        "HTTP://LocalHost",
        // As browsers read it, this is 127.0.0.1.
        "http://0x7f.1",
    ] {
        assert!(BaseUrl::parse(address).is_ok(), "{address}");
    }
}

#[test]
fn everything_else_is_a_configuration_error_that_quotes_nothing() {
    for address in [
        "",
        "api.kwikpaisa.com",
        "//api.kwikpaisa.com",
        "http://api.kwikpaisa.com",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://[::]",
        "http://[::ffff:127.0.0.1]",
        "http://localhost.",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://api.localhost",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "data:text/plain,x",
        "https://",
        "https://user@gateway.example",
        "https://:s3cret@gateway.example",
        "https://gateway.example/?key=s3cret",
        "https://gateway.example/#s3cret",
    ] {
        let error = BaseUrl::parse(address).expect_err(address);
        assert_eq!(error.kind(), ErrorKind::Configuration, "{address}");
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(
            !format!("{error} {error:?}").contains("s3cret"),
            "{error:?}"
        );
    }
}

#[test]
fn joining_keeps_the_path_of_the_base() {
    let cases = [
        ("https://a.example", "/v3/x", "https://a.example/v3/x"),
        ("https://a.example/", "v3/x", "https://a.example/v3/x"),
        (
            "https://a.example/pesapalv3",
            "/api/x",
            "https://a.example/pesapalv3/api/x",
        ),
        (
            "https://a.example/pesapalv3/",
            "api/x",
            "https://a.example/pesapalv3/api/x",
        ),
        ("https://a.example", "/x?y#z", "https://a.example/x%3Fy%23z"),
    ];
    for (base, path, whole) in cases {
        let base: BaseUrl = base.parse().unwrap();
        assert_eq!(base.join(path).as_str(), whole);
    }
}

#[test]
fn an_address_shows_itself_as_it_was_understood() {
    let base = BaseUrl::parse("HTTPS://Pay.Pesapal.com/v3").unwrap();
    assert_eq!(base.to_string(), "https://pay.pesapal.com/v3");
    assert_eq!(base.as_url().host_str(), Some("pay.pesapal.com"));
}
