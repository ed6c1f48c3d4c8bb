//! The request log: the newest requests with their outcomes, without secrets.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use hyper::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::faults::FaultKind;
use crate::gateway::{Gateway, Operation};

const REDACTED: &str = "[redacted]";
const SECRET_HEADERS: [&str; 5] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-api-key",
    "x-signature",
];
const SECRET_MEMBERS: [&str; 6] = [
    "consumer_key",
    "consumer_secret",
    "api_key",
    "secret_key",
    "token",
    "password",
];
/// Bounds the log's memory; the requests of both gateways are far shorter.
const LONGEST_BODY: usize = 4096;

/// One request to either gateway's API. Control calls and checkout pages are not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RequestRecord {
    /// Counts all requests since the start, from 1: a first record above 1 means that older ones were dropped.
    pub number: u64,
    /// When it was received, by the emulator's clock.
    pub time: Timestamp,
    /// The gateway whose address was called.
    pub gateway: Gateway,
    /// The operation; None where the gateway has no such path or method.
    pub operation: Option<Operation>,
    /// The HTTP method.
    pub method: String,
    /// Path and query as sent.
    pub path: String,
    /// Headers in lowercase; keys, signatures and tokens are redacted.
    pub headers: BTreeMap<String, String>,
    /// The body, at most 4 KiB of it; secrets are redacted.
    pub body: String,
    /// What was decided and why, in words.
    pub verdict: String,
    /// The faults that struck, in order.
    pub faults: Vec<FaultKind>,
}

/// A ring of the newest records.
#[derive(Debug)]
pub(crate) struct RequestLog {
    capacity: usize,
    received: u64,
    newest: VecDeque<RequestRecord>,
}

impl RequestLog {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            received: 0,
            newest: VecDeque::new(),
        }
    }

    /// Records a request as soon as it is received; returns its number, with which `close` completes the record.
    pub(crate) fn open(&mut self, mut record: RequestRecord) -> u64 {
        self.received += 1;
        record.number = self.received;
        if self.newest.len() >= self.capacity {
            self.newest.pop_front();
        }
        if self.capacity > 0 {
            self.newest.push_back(record);
        }
        self.received
    }

    /// Adds the outcome of a request, unless its record was dropped from the ring (or reset) meanwhile.
    pub(crate) fn close(&mut self, number: u64, verdict: String, faults: Vec<FaultKind>) {
        let Some(first) = self.newest.front().map(|it| it.number) else {
            return;
        };
        let record = number
            .checked_sub(first)
            .and_then(|index| usize::try_from(index).ok())
            .and_then(|index| self.newest.get_mut(index));
        if let Some(record) = record {
            record.verdict = verdict;
            record.faults = faults;
        }
    }

    /// Forgets the records but goes on counting, so that a request under way does not close another request's record.
    pub(crate) fn clear(&mut self) {
        self.newest.clear();
    }

    pub(crate) fn snapshot(&self) -> Vec<RequestRecord> {
        self.newest.iter().cloned().collect()
    }
}

pub(crate) fn loggable_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| {
            let text = if SECRET_HEADERS.contains(&name.as_str()) {
                REDACTED.to_owned()
            } else {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            };
            (name.as_str().to_owned(), text)
        })
        .collect()
}

/// The body as text. A body with a secret member is parsed and redacted, or withheld if it cannot be parsed.
pub(crate) fn loggable_body(operation: Option<Operation>, body: &Bytes) -> String {
    let text = String::from_utf8_lossy(body);
    let secret = operation == Some(Operation::Token) || names_a_secret(&text);
    let text = if secret && !body.is_empty() {
        redact(body).into()
    } else {
        text
    };
    let end = text.floor_char_boundary(LONGEST_BODY);
    text[..end].to_owned()
}

/// Searches the text, so that bodies without secrets are kept byte for byte.
fn names_a_secret(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    SECRET_MEMBERS
        .iter()
        .any(|it| text.contains(&format!("\"{it}\"")))
}

fn redact(body: &Bytes) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value @ Value::Object(_)) => {
            redact_members(&mut value);
            value.to_string()
        }
        Ok(_) | Err(_) => REDACTED.to_owned(),
    }
}

fn redact_members(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                let name = name.to_ascii_lowercase();
                if SECRET_MEMBERS.contains(&name.as_str()) {
                    *member = Value::from(REDACTED);
                } else {
                    redact_members(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact_members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Bytes {
        Bytes::copy_from_slice(text.as_bytes())
    }

    #[test]
    fn a_body_without_secrets_is_kept_to_the_byte() {
        let text = r#"{ "order_id": 123456789012345678901234567890, "note": "a token of love" }"#;
        assert_eq!(loggable_body(Some(Operation::Cancel), &body(text)), text);
    }

    #[test]
    fn secrets_are_redacted_at_any_depth_and_in_any_case() {
        let text = r#"{"a":[{"Consumer_Secret":"s1"}],"token":{"b":"s2"},"c":1}"#;
        let kept = loggable_body(None, &body(text));
        assert_eq!(
            kept,
            r#"{"a":[{"Consumer_Secret":"[redacted]"}],"c":1,"token":"[redacted]"}"#
        );
    }

    #[test]
    fn a_token_request_that_cannot_be_read_is_withheld() {
        for text in ["s1", "\"s1\"", r#"{"consumer_secret":"s1""#, "[\"s1\"]"] {
            assert_eq!(loggable_body(Some(Operation::Token), &body(text)), REDACTED);
        }
        assert_eq!(loggable_body(Some(Operation::Token), &body("")), "");
    }

    fn record() -> RequestRecord {
        RequestRecord {
            number: 0,
            time: Timestamp::UNIX_EPOCH,
            gateway: Gateway::Pesapal,
            operation: None,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            headers: BTreeMap::new(),
            body: String::new(),
            verdict: "under way".to_owned(),
            faults: Vec::new(),
        }
    }

    #[test]
    fn a_request_that_ends_after_it_was_dropped_changes_no_other() {
        let mut log = RequestLog::new(2);
        let first = log.open(record());
        log.open(record());
        let third = log.open(record());
        log.close(first, "late".to_owned(), Vec::new());
        log.close(third, "done".to_owned(), vec![FaultKind::Delay]);
        let verdicts: Vec<_> = log.snapshot().into_iter().map(|it| it.verdict).collect();
        assert_eq!(verdicts, ["under way", "done"]);
        log.clear();
        log.close(third, "later".to_owned(), Vec::new());
        assert_eq!(log.open(record()), 4);
        assert_eq!(log.snapshot()[0].verdict, "under way");
    }
}
