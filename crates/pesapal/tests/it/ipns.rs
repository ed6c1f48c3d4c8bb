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
async fn the_recorded_registration() {
    let ipn = register(200, replies::REGISTERED).await.unwrap();
    assert_eq!(ipn.id, "1da86d1c-1e8c-4183-bdfd-dd759463e4ce");
    assert_eq!(ipn.url, "http://shop.example/ipn");
    assert_eq!(ipn.method, Some(IpnMethod::Get));
    assert_eq!(ipn.status.as_deref(), Some("Active"));
    let created = ipn.created_at.unwrap();
    assert_eq!(created.to_string(), "2024-03-18T15:25:46.2652354Z");
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
        ("1", Some(IpnMethod::Post)),
        (r#""1""#, Some(IpnMethod::Post)),
        ("2", None),
        ("null", None),
    ] {
        let body = replies::REGISTERED.replace(
            r#""notification_type":0"#,
            &format!(r#""notification_type":{number}"#),
        );
        assert_eq!(register(200, &body).await.unwrap().method, method);
    }
}

#[tokio::test]
async fn a_date_without_a_zone_is_no_date() {
    let body = replies::REGISTERED.replace("2652354Z", "2652354");
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
async fn the_list_is_a_bare_array() {
    let one = replies::REGISTERED;
    let two = one.replace("1da86d1c", "2da86d1c").replace(":0,", ":1,");
    let ipns = list(200, &format!(" [{one},{two}]")).await.unwrap();
    let ids: Vec<_> = ipns.iter().map(|ipn| (&ipn.id[..8], ipn.method)).collect();
    assert_eq!(
        ids,
        [
            ("1da86d1c", Some(IpnMethod::Get)),
            ("2da86d1c", Some(IpnMethod::Post))
        ]
    );
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
