//! The replies to a cancel request, as a table: what is a yes, what a no, and what leaves it open.

use duka_core::{CancelAnswer, Delivery, Error, ErrorKind, Gateway};
use duka_http::Reply;

use crate::fake::{Fake, account, order_id, reply};

enum Expect {
    Yes,
    No,
    Open(ErrorKind),
}

use ErrorKind::{
    Authentication, NotFound, RateLimited, Rejected, Unavailable, UnlistedReply, UnreadableReply,
};
use Expect::{No, Open, Yes};

/// As the page *cancel-order* shows it.
const SUCCESS: &str = r#"{"code":"200","status":"success","message":"Order cancelled successfully.","return_data":{"order_id":6116229263036,"order_status":"CANCELLED","cancelled_at":"13-05-2026 09:14 AM"}}"#;
const NOT_CANCELLABLE: &str =
    r#"{"status":false,"code":422,"message":"Order cannot be cancelled."}"#;

#[rustfmt::skip]
const TABLE: &[(u16, &str, Expect)] = &[
    // The documented yes, and its tolerated spellings.
    (200, SUCCESS, Yes),
    (201, SUCCESS, Yes),
    (200, r#"{"code":200,"status":true,"return_data":{"order_id":"6116229263036","order_status":"CANCELLED"}}"#, Yes),
    (200, r#"{"code":"200","status":"success","message":"ok","return_data":{"order_id":6116229263036}}"#, Yes),
    (200, r#"{"code":"200","status":"success","message":"ok","return_data":{"order_id":6116229263036},"new":{"a":[1]}}"#, Yes),
    // A member that decides nothing may be of any type, or hold half of a surrogate pair.
    (200, r#"{"code":"200","status":"success","message":"\ud800","return_data":{"order_id":6116229263036,"order_status":"CANCELLED"}}"#, Yes),
    (200, r#"{"code":"200","status":"success","message":{"en":"ok"},"return_data":{"order_id":6116229263036,"cancelled_at":"\udfff"}}"#, Yes),
    (200, "\u{feff}{\"code\":200,\"status\":true,\"return_data\":{\"order_id\":6116229263036}}\r\n", Yes),
    // A success that does not name the order.
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":"","order_status":"CANCELLED"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":"6116229263036\ud800","order_status":"CANCELLED"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":true,"order_status":"CANCELLED"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","message":"ok"}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","message":"ok","return_data":[]}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","message":"ok","return_data":null}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","message":"ok","return_data":{"order_status":"CANCELLED"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","message":"ok","return_data":{"order_id":null,"order_status":"CANCELLED"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":"6116229263036 ","order_status":"CANCELLED"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":"06116229263036","order_status":"CANCELLED"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":"6116229263036\u200b","order_status":"CANCELLED"}}"#, Open(UnlistedReply)),
    // Success, but of what?
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":6116229263036,"order_status":""}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":6116229263036,"order_status":"CANCELLED\ud800"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success\ud800","return_data":{"order_id":6116229263036,"order_status":"CANCELLED"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":""}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":"[]"}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":6116229263036,"order_status":"PAID"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":6116229263036,"order_status":"cancelled"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":6116229263036,"order_status":"CAN\u200bCELLED"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":6116229263036,"order_status":"CANCELLED\u001b"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":6116229263036,"order_status":" CANCELLED"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":6116229263036,"order_status":true}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":6116229263037,"order_status":"CANCELLED"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":6116229263036.0,"order_status":"CANCELLED"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_id":{},"order_status":"CANCELLED"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":"CANCELLED"}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","return_data":{"order_status":"CANCELLED","order_status":"PAID"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"success","status":"failed"}"#, Open(UnreadableReply)),
    (200, r#"{"status":"success","return_data":{"order_status":"CANCELLED"}}"#, Open(UnlistedReply)),
    (200, r#"{"code":"202","status":"success"}"#, Open(UnlistedReply)),
    (200, r#"{"code":"500","status":"success"}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"SUCCESS"}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","status":"pending"}"#, Open(UnlistedReply)),
    (200, r#"{"code":"200","message":"Order cancelled successfully."}"#, Open(UnlistedReply)),
    (200, "{}", Open(UnlistedReply)),
    (200, "[]", Open(UnlistedReply)),
    (200, "\"CANCELLED\"", Open(UnlistedReply)),
    (200, "null", Open(UnlistedReply)),
    // The no, in each form that is expected.
    (422, NOT_CANCELLABLE, No),
    (400, r#"{"status":false,"code":400,"message":"Order cannot be cancelled."}"#, No),
    (409, r#"{"status":false,"code":"409","message":"Order cannot be cancelled."}"#, No),
    (400, r#"{"status":"failed","code":"422","message":"Order cannot be cancelled."}"#, No),
    (200, r#"{"code":"200","status":"failed","message":"Order cannot be cancelled.","return_data":{"order_id":6116229263036,"order_status":"PAID"}}"#, No),
    (200, r#"{"code":"200","status":"failed","message":"Already cancelled.","return_data":{"order_status":"CANCELLED"}}"#, No),
    (200, r#"{"code":422,"status":false,"message":"Order cannot be cancelled."}"#, No),
    (422, r#"{"status":false,"code":422,"message":"Order cannot be cancelled.","return_data":{"order_id":""}}"#, No),
    // A no that is not one of them.
    (422, r#"{"status":false,"code":422,"message":"?","return_data":{"order_id":{}}}"#, Open(UnlistedReply)),
    (422, r#"{"status":false,"code":422,"message":"\ud800"}"#, Open(UnlistedReply)),
    (422, r#"{"status":false,"message":"Order cannot be cancelled."}"#, Open(UnlistedReply)),
    (422, r#"{"status":false,"code":422}"#, Open(UnlistedReply)),
    (422, r#"{"message":"The order id field is required.","errors":{"order_id":["required"]}}"#, Open(UnlistedReply)),
    (422, r#"{"status":false,"code":200,"message":"?"}"#, Open(UnlistedReply)),
    (422, r#"{"status":false,"code":500,"message":"?"}"#, Open(UnlistedReply)),
    (400, r#"{"status":false,"code":401,"message":"Invalid signature."}"#, Open(UnlistedReply)),
    (200, r#"{"status":false,"code":401,"message":"Invalid signature."}"#, Open(UnlistedReply)),
    (200, r#"{"status":false,"code":500,"message":"?"}"#, Open(UnlistedReply)),
    (200, r#"{"status":false,"message":"?"}"#, Open(UnlistedReply)),
    (422, r#"{"status":false,"code":422,"message":"?","return_data":{"order_id":1}}"#, Open(UnlistedReply)),
    (200, r#"{"status":"failed","code":"200","message":"?","return_data":{"order_id":1}}"#, Open(UnlistedReply)),
    (405, r#"{"status":false,"code":405,"message":"Method not allowed."}"#, Open(UnlistedReply)),
    (402, NOT_CANCELLABLE, Open(UnlistedReply)),
    // Status and envelope contradict each other.
    (400, SUCCESS, Open(UnlistedReply)),
    (404, SUCCESS, Open(UnlistedReply)),
    (422, SUCCESS, Open(UnlistedReply)),
    (500, SUCCESS, Open(UnlistedReply)),
    (503, SUCCESS, Open(UnlistedReply)),
    // Refused credentials, and refusals of other kinds.
    (401, r#"{"status":false,"code":401,"message":"Invalid signature."}"#, Open(Authentication)),
    (401, r#"{"message":"","code":"401","status":false}"#, Open(Authentication)),
    (401, "\u{feff}{\"status\":false,\"code\":401,\"message\":\"Invalid signature.\"}", Open(Authentication)),
    // A 401 that does not tell whether the request was looked at.
    (401, "<html>", Open(UnreadableReply)),
    (401, "", Open(UnreadableReply)),
    (401, " \n", Open(UnreadableReply)),
    (401, SUCCESS, Open(UnlistedReply)),
    (401, r#"{"code":"200","status":"success","message":"Order canc"#, Open(UnreadableReply)),
    (401, NOT_CANCELLABLE, Open(UnlistedReply)),
    (401, "[]", Open(UnlistedReply)),
    (401, "{}", Open(UnlistedReply)),
    (401, r#"[false,401,"Invalid signature."]"#, Open(UnlistedReply)),
    (401, r#"{"message":"Unauthorized"}"#, Open(UnlistedReply)),
    (401, r#"{"status":false,"status":false,"code":401,"message":"x"}"#, Open(UnreadableReply)),
    (401, r#"{"status":true,"code":401,"message":"x"}"#, Open(UnlistedReply)),
    (401, r#"{"status":"failed","code":401,"message":"x"}"#, Open(UnlistedReply)),
    (401, r#"{"status":"false","code":401,"message":"x"}"#, Open(UnlistedReply)),
    (401, r#"{"status":false,"code":"401 ","message":"x"}"#, Open(UnlistedReply)),
    (401, r#"{"status":false,"code":200,"message":"x"}"#, Open(UnlistedReply)),
    (401, r#"{"status":false,"code":401}"#, Open(UnlistedReply)),
    (401, r#"{"status":false,"code":401,"message":"\ud800"}"#, Open(UnlistedReply)),
    (401, r#"{"status":false,"code":401,"message":7}"#, Open(UnlistedReply)),
    (401, r#"{"status":false,"code":401,"message":null}"#, Open(UnlistedReply)),
    (401, r#"{"status":false,"code":401,"message":"x","return_data":{"order_status":"CANCELLED"}}"#, Open(UnlistedReply)),
    (401, r#"{"status":false,"code":401,"message":"x","return_data":null}"#, Open(UnlistedReply)),
    (401, r#"{"status":false,"code":401,"message":"x","order_id":6116229263036}"#, Open(UnlistedReply)),
    (400, r#"{"status":false,"code":"422 ","message":"x"}"#, Open(UnlistedReply)),
    (422, r#"{"status":false,"code":"+422","message":"x"}"#, Open(UnlistedReply)),
    (403, r#"{"status":false,"code":403,"message":"IP not allowed."}"#, Open(Rejected)),
    (403, "<html>blocked</html>", Open(UnreadableReply)),
    (404, r#"{"status":false,"code":404,"message":"Order not found."}"#, Open(NotFound)),
    (404, r#"{"message":"Not Found"}"#, Open(UnlistedReply)),
    (404, "<html>nginx</html>", Open(UnreadableReply)),
    (429, "", Open(RateLimited)),
    (429, r#"{"status":false,"code":429,"message":"Too many requests."}"#, Open(RateLimited)),
    (500, r#"{"status":false,"code":500,"message":"Server error."}"#, Open(Unavailable)),
    (500, "", Open(Unavailable)),
    (502, "<html>", Open(Unavailable)),
    (503, "{", Open(Unavailable)),
    (504, NOT_CANCELLABLE, Open(Unavailable)),
    (599, "", Open(Unavailable)),
    // No status of HTTP.
    (600, SUCCESS, Open(UnlistedReply)),
    (600, NOT_CANCELLABLE, Open(UnlistedReply)),
    (199, SUCCESS, Open(UnlistedReply)),
    // Not readable at all.
    (200, "", Open(UnreadableReply)),
    (204, "", Open(UnreadableReply)),
    (200, "<!doctype html><title>Order cancelled</title>", Open(UnreadableReply)),
    (200, r#"{"code":"200","status":"success","message":"Order canc"#, Open(UnreadableReply)),
    (200, "\u{0}\u{1}\u{2}", Open(UnreadableReply)),
    (422, "Order cannot be cancelled.", Open(UnreadableReply)),
    // Somewhere else.
    (301, "", Open(UnlistedReply)),
    (302, SUCCESS, Open(UnlistedReply)),
];

async fn cancel(reply: Reply) -> Result<CancelAnswer, Error> {
    let fake = Fake::new([Ok(reply)]);
    let answer = account(fake.clone()).cancel(&order_id()).await;
    assert_eq!(fake.requests().len(), 1, "a cancel is asked for once");
    answer
}

#[tokio::test]
async fn only_a_documented_answer_is_a_yes_or_a_no() {
    for (status, body, expect) in TABLE {
        let outcome = cancel(reply(*status, body)).await;
        match (expect, &outcome) {
            (Yes, Ok(CancelAnswer::Accepted { .. })) | (No, Ok(CancelAnswer::Refused { .. })) => {}
            (Open(kind), Err(error)) => {
                assert_eq!(error.kind(), *kind, "{status} {body}: {error}");
                assert_eq!(error.delivery(), Delivery::Answered);
                assert_eq!(error.http_status(), Some(*status));
            }
            _ => panic!("{status} {body}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_has_the_gateways_own_words() {
    let answer = cancel(reply(200, SUCCESS)).await.unwrap();
    assert_eq!(answer.message(), "Order cancelled successfully.");
    let answer = cancel(reply(422, NOT_CANCELLABLE)).await.unwrap();
    assert_eq!(answer.message(), "Order cannot be cancelled.");
    for silent in ["", " ", "\\u200b"] {
        let body = format!(r#"{{"status":false,"code":422,"message":"{silent}"}}"#);
        let answer = cancel(reply(422, &body)).await.unwrap();
        assert_eq!(answer.message(), "no message", "{silent:?}");
    }
    let long = "very ".repeat(1000);
    let body = format!(r#"{{"status":false,"code":422,"message":"{long}"}}"#);
    let answer = cancel(reply(422, &body)).await.unwrap();
    assert!(answer.message().chars().count() <= 200);
}

#[tokio::test]
async fn a_body_that_is_not_utf8_is_unreadable() {
    let bytes = [
        br#"{"code":"200","status":"success","message":""#.as_slice(),
        b"\xff\"}",
    ]
    .concat();
    let error = cancel(Reply::new(200, bytes)).await.unwrap_err();
    assert_eq!(error.kind(), UnreadableReply, "{error}");
}

#[tokio::test]
async fn a_cancel_that_may_have_left_is_not_repeated() {
    for delivery in [Delivery::Unknown, Delivery::Answered] {
        let lost = Error::new(Unavailable, delivery, "lost");
        let fake = Fake::new([Err(lost)]);
        let error = account(fake).cancel(&order_id()).await.unwrap_err();
        assert_eq!(error.delivery(), delivery);
    }
}

#[tokio::test]
async fn a_redirect_is_named_by_its_host() {
    let mut elsewhere = reply(307, "");
    elsewhere.location = Some("evil.example".to_owned());
    let error = cancel(elsewhere).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "reply of an undocumented form: cancel: a redirect to evil.example, never followed; is the base URL right? (HTTP 307)"
    );
}

#[tokio::test]
async fn a_yes_tells_when_the_order_was_cancelled() {
    let cancelled_at = |answer: CancelAnswer| answer.details().cancelled_at.clone();
    let at = cancelled_at(cancel(reply(200, SUCCESS)).await.unwrap());
    assert_eq!(at.unwrap().text, "13-05-2026 09:14 AM");
    for other in ["null", "17", "{}", r#""""#, r#""\ud800""#] {
        let body = SUCCESS.replace("\"13-05-2026 09:14 AM\"", other);
        let answer = cancel(reply(200, &body)).await.unwrap();
        assert!(matches!(answer, CancelAnswer::Accepted { .. }), "{other}");
        assert_eq!(cancelled_at(answer), None, "{other}");
    }
}

#[tokio::test]
async fn a_no_tells_when_the_order_was_cancelled_before() {
    let body = SUCCESS.replace("\"success\"", "\"failed\"");
    let answer = cancel(reply(200, &body)).await.unwrap();
    assert!(matches!(answer, CancelAnswer::Refused { .. }));
    let at = answer.details().cancelled_at.as_ref();
    assert_eq!(at.unwrap().text, "13-05-2026 09:14 AM");
}
