//! What every gateway's reply says before its own envelope is read.

use std::time::Duration;

use duka_core::evidence::{Evidence, Intent, OperationInfo, Repeatability};
use duka_core::{Delivery, ErrorKind};
use duka_http::Reply;
use duka_http::adapter::{Answer, JsonScalar, Words};
use serde::Deserialize;

const CANCEL: OperationInfo = OperationInfo {
    name: "cancel",
    operation: None,
    method: "POST",
    path: "/cancel",
    intent: Intent::Mutation,
    repeat: Repeatability::Once,
    unsupported: None,
    evidence: Evidence::Assumed("a-test"),
};

#[derive(Debug, Deserialize)]
struct Body {
    status: JsonScalar,
}

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    Answer {
        operation: CANCEL,
        reply: Reply::new(status, body),
        secrets: vec!["s3cret-k3y".into()],
    }
}

fn words(code: Option<&str>, message: Option<&str>) -> Words {
    Words {
        code: code.map(str::to_owned),
        message: message.map(str::to_owned),
    }
}

/// What the HTTP status alone says, of a body with these words.
fn refused(status: u16, words: &Words) -> String {
    let answer = answer(status, "{}");
    let error = answer.check_status(|| Ok(words.clone())).unwrap_err();
    assert_eq!(error.delivery(), Delivery::Answered);
    assert_eq!(error.http_status(), Some(status));
    error.to_string()
}

#[test]
fn a_status_that_is_no_answer_is_an_error_of_its_kind() {
    use ErrorKind::{RateLimited, Unavailable, UnlistedReply};
    for (status, kind) in [
        (401, UnlistedReply),
        (429, RateLimited),
        (300, UnlistedReply),
        (304, UnlistedReply),
        (308, UnlistedReply),
        (500, Unavailable),
        (503, Unavailable),
        (599, Unavailable),
        (0, UnlistedReply),
        (103, UnlistedReply),
        (600, UnlistedReply),
    ] {
        let outcome = answer(status, "").check_status(|| Ok(Words::default()));
        assert_eq!(outcome.unwrap_err().kind(), kind, "{status}");
    }
    for status in [200, 201, 204, 299, 400, 403, 404, 422, 499] {
        let passed = answer(status, "").check_status(|| Ok(Words::default()));
        assert!(passed.is_ok(), "{status}");
    }
}

#[test]
fn an_error_names_the_operation_and_has_the_gateways_own_words() {
    let said = words(Some("E7"), Some("the key s3cret-k3y\n is unknown"));
    assert_eq!(
        refused(503, &said),
        "gateway out of reach: cancel: the server failed (no content type, 2 bytes): \
         the key … is unknown (HTTP 503, code E7)"
    );
    assert_eq!(
        refused(503, &Words::default()),
        "gateway out of reach: cancel: the server failed (no content type, 2 bytes) (HTTP 503)"
    );
    assert_eq!(
        refused(401, &said),
        "reply of an undocumented form: cancel: HTTP 401 in a form that does not tell whether the \
         request was looked at: the key … is unknown (HTTP 401, code E7)"
    );
}

#[test]
fn a_body_that_cannot_be_read_decides_the_error_of_a_401_and_not_that_of_a_5xx() {
    for (status, kind) in [
        (401, ErrorKind::UnreadableReply),
        (502, ErrorKind::Unavailable),
    ] {
        let answer = answer(status, "<html>");
        let read = || answer.object::<Body>().map(|_| Words::default());
        assert_eq!(answer.check_status(read).unwrap_err().kind(), kind);
    }
}

#[test]
fn a_refusal_is_told_by_its_message_or_else_its_code() {
    let told = |code, message| {
        let words = words(code, message);
        let error = answer(422, "{}").refusal(ErrorKind::Rejected, &words);
        error.to_string()
    };
    let text = |text: &str| format!("refused by the gateway: cancel: {text}");
    assert_eq!(
        told(Some("E7"), Some("Too late.")),
        text("Too late. (HTTP 422, code E7)")
    );
    for silent in [None, Some(""), Some(" "), Some("\u{200b}")] {
        assert_eq!(told(Some("E7"), silent), text("E7 (HTTP 422, code E7)"));
        assert_eq!(told(None, silent), text("no message (HTTP 422)"));
    }
}

#[test]
fn every_error_passes_on_how_long_the_gateway_asks_to_wait() {
    let mut busy = answer(429, "");
    busy.reply.retry_after = Some(Duration::from_secs(7));
    let wait = Some(Duration::from_secs(7));
    let told = busy.check_status(|| Ok(Words::default())).unwrap_err();
    assert_eq!(told.retry_after(), wait);
    assert_eq!(busy.unlisted("x").retry_after(), wait);
}

#[test]
fn a_redirect_is_named_by_its_host_without_secrets() {
    let mut elsewhere = answer(302, "");
    elsewhere.reply.location = Some("s3cret-k3y.example".to_owned());
    let error = elsewhere.check_status(|| Ok(Words::default())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "reply of an undocumented form: cancel: a redirect to ….example, never followed; \
         is the base URL right? (HTTP 302)"
    );
}

#[test]
fn a_body_is_an_object_or_an_error_that_does_not_quote_it() {
    for good in [
        r#"{"status":"200"}"#,
        " {\"status\":200}\r\n",
        "\u{feff}{\"status\":\"200\"}",
        "\u{feff} {\"new\":{\"a\":[1]},\"status\":200}",
    ] {
        let body: Body = answer(200, good).object().unwrap();
        assert_eq!(body.status.text(), Some("200"), "{good}");
    }
    use ErrorKind::{UnlistedReply, UnreadableReply};
    for (bad, kind) in [
        ("", UnreadableReply),
        (" \n", UnreadableReply),
        ("\u{feff}", UnreadableReply),
        ("<html>private</html>", UnreadableReply),
        (r#"{"status":"private"#, UnreadableReply),
        (r#"{"status":"private"} {}"#, UnreadableReply),
        (r#"["private"#, UnreadableReply),
        // One of the two would have to be believed.
        (
            r#"{"status":"private","status":"private"}"#,
            UnreadableReply,
        ),
        (r#"["private"]"#, UnlistedReply),
        (r#""private""#, UnlistedReply),
        ("null", UnlistedReply),
    ] {
        let error = answer(200, bad).object::<Body>().unwrap_err();
        assert_eq!(error.kind(), kind, "{bad}: {error}");
        assert!(!format!("{error} {error:?}").contains("private"), "{error}");
    }
    let latin = b"{\"status\":\"\xff\"}".to_vec();
    let error = answer(200, latin).object::<Body>().unwrap_err();
    assert_eq!(error.kind(), UnreadableReply);
}

#[test]
fn a_list_is_an_array_and_nothing_else() {
    let list = |body: &str| answer(200, body).array::<JsonScalar>();
    assert_eq!(list("[1,\"x\",{}]").unwrap().unwrap().len(), 3);
    assert!(list(r#"{"a":[]}"#).unwrap().is_none());
    let error = list("[1,").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnreadableReply);
}

#[test]
fn a_missing_or_mistyped_member_is_named() {
    let answer = answer(200, "{}");
    let read = |member: &JsonScalar| {
        let outcome = answer.required("payment_link", member, JsonScalar::string);
        outcome.map(str::to_owned).map_err(|it| it.to_string())
    };
    let there = JsonScalar::Text("x".to_owned());
    assert_eq!(read(&there), Ok("x".to_owned()));
    let text = |text: &str| {
        Err(format!(
            "reply of an undocumented form: cancel: {text} (HTTP 200)"
        ))
    };
    assert_eq!(read(&JsonScalar::Null), text("no payment_link"));
    let number = JsonScalar::Number("7".to_owned());
    let mistyped = text("payment_link of an undocumented form");
    assert_eq!(read(&number), mistyped);
}

#[test]
fn only_a_401_without_a_body_is_an_empty_401() {
    assert!(answer(401, "").is_empty_401());
    assert!(answer(401, " \r\n").is_empty_401());
    assert!(!answer(401, "{}").is_empty_401());
    assert!(!answer(403, "").is_empty_401());
}
