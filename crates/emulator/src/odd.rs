//! Replies that are nearly right: a gateway's reply under the wrong HTTP status, or with an invisible character in it.

use bytes::Bytes;
use hyper::StatusCode;

use crate::exchange::{HTML, JSON, Reply};

/// The members whose text decides what a reply means.
const WORDS: [&str; 4] = [
    "status",
    "order_status",
    "payment_status_description",
    "code",
];

/// HTTP 401 with the body of the reply, half of it, an HTML page, or no body.
pub(crate) fn odd_401(reply: &Reply, form: u32) -> Reply {
    let whole = reply.body.whole();
    let (content_type, body) = match form % 4 {
        0 => (JSON, whole),
        1 => (JSON, whole.slice(..whole.len() / 2)),
        2 => (
            HTML,
            Bytes::from_static(
                b"<!DOCTYPE html><html><head><title>401</title></head><body><h1>Sign in</h1></body></html>",
            ),
        ),
        _ => (JSON, Bytes::new()),
    };
    Reply::with_body(StatusCode::UNAUTHORIZED, content_type, body)
}

/// The reply with an additional character in each of its deciding words: a zero-width space inside, an escape
/// character after it, a right-to-left override before it, or a space after it.
pub(crate) fn odd_word(reply: &Reply, form: u32) -> Reply {
    let body = reply.body.whole();
    let body = std::str::from_utf8(&body).map_or_else(
        |_| body.clone(),
        |text| {
            Bytes::from(
                WORDS
                    .iter()
                    .fold(text.to_owned(), |it, name| within(&it, name, form)),
            )
        },
    );
    Reply::with_body(reply.status, reply.content_type, body)
}

/// Relies on bodies without white space between tokens, and on words without quotes.
fn within(text: &str, name: &str, form: u32) -> String {
    let opening = format!("\"{name}\":\"");
    let mut pieces = text.split(opening.as_str());
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (word, rest) = piece.split_once('"').unwrap_or((piece, ""));
        let (left, right) = word.split_at(word.len().min(2));
        let word = match form % 4 {
            0 => format!("{left}\\u200b{right}"),
            1 => format!("{word}\\u001b"),
            2 => format!("\\u202e{word}"),
            _ => format!("{word} "),
        };
        out.push_str(&opening);
        out.push_str(&word);
        out.push('"');
        out.push_str(rest);
    }
    out
}
