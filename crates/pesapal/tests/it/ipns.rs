//! Registering and listing notification addresses.

use duka_core::{Delivery, Error, ErrorKind};
use duka_pesapal::{IpnMethod, RegisteredIpn};

use crate::fake::{Fake, pesapal};
use crate::replies;

async fn register(status: u16, body: &str) -> Result<RegisteredIpn, Error> {
    let fake = Fake::new().reply(status, body);
    let url = "http://shop.example/ipn".parse().unwrap();
    let outcome = pesapal(&fake).register_ipn(&url, IpnMethod::Get).await;
    assert_eq!(fake.calls().len(), 1);
    outcome
}

async fn list(status: u16, body: &str) -> Result<Vec<RegisteredIpn>, Error> {
    let fake = Fake::new().reply(status, body);
    pesapal(&fake).list_ipns().await
}

#[tokio::test]
async fn each_recorded_registration_is_read() {
    let table = [
        (
            replies::REGISTERED_IN_2024,
            "1da86d1c",
            IpnMethod::Get,
            Some("2024-03-18T15:25:46.2652354Z"),
        ),
        (
            replies::REGISTERED,
            "f32c5368",
            IpnMethod::Post,
            Some("2026-03-10T15:22:29.090556Z"),
        ),
        (replies::REGISTERED_LIVE, "0c1b7a55", IpnMethod::Get, None),
    ];
    for (body, id, method, created) in table {
        let ipn = register(200, body).await.unwrap();
        assert_eq!(&ipn.id[..8], id);
        assert!(ipn.url.ends_with("://shop.example/ipn"), "{body}");
        assert_eq!(ipn.method, Some(method));
        assert_eq!(ipn.status.as_deref(), Some("Active"));
        let shown = ipn.created_at.map(|moment| moment.to_string());
        assert_eq!(shown.as_deref(), created);
    }
}

#[tokio::test]
async fn both_spellings_of_the_status_key_are_read() {
    let right = replies::REGISTERED.replace("decription", "description");
    let ipn = register(200, &right).await.unwrap();
    assert_eq!(ipn.status.as_deref(), Some("Active"));
}

#[tokio::test]
async fn the_notification_type_is_a_number_and_an_unknown_one_is_none() {
    for (number, method) in [
        ("0", Some(IpnMethod::Get)),
        (r#""1""#, Some(IpnMethod::Post)),
        ("2", None),
        ("null", None),
    ] {
        let body = replies::REGISTERED.replace(
            r#""notification_type":1"#,
            &format!(r#""notification_type":{number}"#),
        );
        assert_eq!(register(200, &body).await.unwrap().method, method);
    }
}

#[tokio::test]
async fn a_date_without_a_zone_is_no_date() {
    let body = replies::REGISTERED.replace("090556Z", "090556");
    assert_eq!(register(200, &body).await.unwrap().created_at, None);
}

#[tokio::test]
async fn a_bad_address_is_refused_in_http_200() {
    let error = register(200, replies::BAD_URL).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.code(), Some("invalid_url"));
    assert_eq!(error.delivery(), Delivery::Answered);
}

#[tokio::test]
async fn a_registration_without_status_200_or_without_an_id_is_unlisted() {
    let table = [
        (
            200,
            replies::REGISTERED.replace(r#""status":"200""#, r#""status":"500""#),
        ),
        (200, replies::REGISTERED.replace("\"ipn_id\"", "\"other\"")),
        (400, replies::REGISTERED.to_owned()),
        (200, "{}".to_owned()),
    ];
    for (status, body) in table {
        let error = register(status, &body).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnlistedReply, "{body}");
    }
}

#[tokio::test]
async fn the_recorded_list_is_a_bare_array_whose_rows_have_a_status_of_their_own() {
    let ipns = list(200, replies::LISTED).await.unwrap();
    let ids: Vec<_> = ipns.iter().map(|ipn| (&ipn.id[..8], ipn.method)).collect();
    assert_eq!(
        ids,
        [
            ("1da86d1c", Some(IpnMethod::Get)),
            ("2d9be0a1", Some(IpnMethod::Post))
        ]
    );
    // Registered without a scheme, and shown as it is.
    assert_eq!(ipns[1].url, "localhost:3000/payment");
    assert!(ipns.iter().all(|ipn| ipn.created_at.is_none()));
    let of_2024 = format!(" [{}]", replies::REGISTERED_IN_2024);
    assert!(list(200, &of_2024).await.unwrap()[0].created_at.is_some());
    assert!(list(200, "[]").await.unwrap().is_empty());
}

#[tokio::test]
async fn an_error_in_place_of_the_list_is_an_error() {
    let error = list(200, replies::BAD_IPN_ID).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.code(), Some("invalid_api_request_parameters"));
}

#[tokio::test]
async fn what_is_no_list_is_never_an_empty_one() {
    let table = [
        (
            200,
            r#"{"status":"200","error":null}"#,
            ErrorKind::UnlistedReply,
        ),
        (200, "null", ErrorKind::UnlistedReply),
        (200, "[7]", ErrorKind::UnlistedReply),
        (200, r#"[["a","b"]]"#, ErrorKind::UnlistedReply),
        (
            200,
            r#"[{"url":"http://shop.example"}]"#,
            ErrorKind::UnlistedReply,
        ),
        (400, "[]", ErrorKind::UnlistedReply),
        (200, "[{", ErrorKind::UnreadableReply),
        (200, "", ErrorKind::UnreadableReply),
        (503, "[]", ErrorKind::Unavailable),
    ];
    for (status, body, expected) in table {
        let error = list(status, body).await.unwrap_err();
        assert_eq!(error.kind(), expected, "HTTP {status} {body}: {error}");
    }
}

#[tokio::test]
async fn an_address_that_is_not_of_the_web_is_refused_before_anything_is_sent() {
    for address in [
        "javascript:alert(1)",
        "ftp://shop.example/ipn",
        "data:text/html,x",
    ] {
        let fake = Fake::new();
        let url = address.parse().unwrap();
        let refused = pesapal(&fake).register_ipn(&url, IpnMethod::Get).await;
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
        assert_eq!(fake.sent().len(), 0);
    }
}
