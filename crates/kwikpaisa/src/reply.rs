//! Reads replies: pure functions from what came back to what it means, or to an error.
//!
//! A yes or a no is only what a page documents. The HTTP status and the envelope must
//! agree; where they do not, or where nothing is documented, the outcome is open.

use duka_core::gateway::PaymentLink;
use duka_core::money::Currency;
use duka_core::{
    CancelAnswer, CreatedOrder, Delivery, Error, ErrorKind, Money, OrderId, StatusReading,
};
use duka_http::{Reply, excerpt};
use jiff::Timestamp;
use url::Url;

use crate::codes;
use crate::wire::{Envelope, OrderData, Says, Scalar};

/// How far our clock may be off before an authentication error mentions it, in seconds.
///
/// assumed: the gateway's own window is not documented (pages *timestamp* and *security*
/// say only that an old timestamp may be refused); a minute is well inside any.
const NOTABLE_SKEW: i64 = 60;

/// What a reply answers to.
pub(crate) struct Asked<'a> {
    pub(crate) order: &'a OrderId,
    /// By our clock, when the reply was there.
    pub(crate) now: Timestamp,
}

/// A reply whose HTTP status and envelope agree.
enum Opened {
    /// HTTP 2xx and a success envelope.
    Success(OrderData, Envelope),
    /// HTTP 2xx and an envelope that says failed.
    Failed(OrderData, Envelope),
    /// HTTP 400, 409 or 422 and the error envelope.
    Refused(Envelope),
}

/// Reads the reply to a create request (page *create-order*).
pub(crate) fn read_created(reply: &Reply, asked: &Asked<'_>) -> Result<CreatedOrder, Error> {
    let data = match open(reply, asked)? {
        Opened::Success(data, _) => data,
        Opened::Failed(_, envelope) => {
            return Err(unlisted(reply, "says failed to a create").with_message_of(&envelope));
        }
        Opened::Refused(envelope) if reply.status == 409 => {
            let error = failure(ErrorKind::Conflict, reply, message_of(&envelope));
            return Err(error.with_code_of(&envelope));
        }
        Opened::Refused(envelope) => return Err(rejected(reply, &envelope)),
    };
    // assumed: the JSON of this reply, which no page of version 3 shows, from the older
    // API. Only the link must be there.
    let link = data.payment_link.as_ref().and_then(Scalar::text);
    let link = link
        .and_then(|text| Url::parse(text).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| {
            unlisted(
                reply,
                "has no usable payment link; the order may exist, its status will tell",
            )
        })?;
    let status = match &data.order_status {
        Some(_) => Some(reading(reply, &data)?),
        None => None,
    };
    Ok(CreatedOrder {
        order: asked.order.clone(),
        gateway_id: data.gateway_id.as_ref().and_then(Scalar::text).map(excerpt),
        payment_link: PaymentLink::new(&link),
        status,
    })
}

/// Reads the reply to a status request (pages *check-status* and *failed-transactions*).
pub(crate) fn read_status(reply: &Reply, asked: &Asked<'_>) -> Result<StatusReading, Error> {
    match open(reply, asked)? {
        Opened::Success(data, _) => reading(reply, &data),
        // A failed *payment*, not a failed call.
        Opened::Failed(data, envelope) => {
            let failed = data.order_status.as_ref().and_then(Scalar::text) == Some("FAILED");
            if failed && envelope.code() == Some("200") {
                reading(reply, &data)
            } else {
                Err(unlisted(reply, "says failed and shows no failed payment")
                    .with_message_of(&envelope))
            }
        }
        Opened::Refused(envelope) => Err(rejected(reply, &envelope)),
    }
}

/// Reads the reply to a cancel request (page *cancel-order*).
pub(crate) fn read_cancel(reply: &Reply, asked: &Asked<'_>) -> Result<CancelAnswer, Error> {
    match open(reply, asked)? {
        Opened::Success(data, envelope) => {
            let status = data.order_status.as_ref().map(Scalar::text);
            match status {
                // assumed: an envelope without the order's status still means yes. The
                // status operation is asked afterwards in any case.
                None | Some(Some("CANCELLED")) => Ok(CancelAnswer::Accepted {
                    message: message_of(&envelope),
                }),
                Some(_) => Err(unlisted(
                    reply,
                    "says success and shows the order in another status than CANCELLED",
                )),
            }
        }
        // assumed: the form of "order cannot be cancelled", which the page names and does
        // not show. Either of the two is a no.
        Opened::Failed(_, envelope) | Opened::Refused(envelope) => Ok(CancelAnswer::Refused {
            message: message_of(&envelope),
        }),
    }
}

/// What every operation reads alike (page *error-codes*).
fn open(reply: &Reply, asked: &Asked<'_>) -> Result<Opened, Error> {
    match reply.status {
        // assumed: that whoever says 401 has looked no further, whatever the body is. Its
        // causes are not told apart by the message, which is no interface.
        401 => return Err(unauthorized(reply, asked.now)),
        429 => {
            let error = failure(ErrorKind::RateLimited, reply, "too many requests");
            return Err(with_retry_after(error, reply));
        }
        300..=399 => {
            let to = reply.location.as_deref().unwrap_or("nowhere");
            let to = excerpt(to);
            return Err(unlisted(
                reply,
                format!("redirects to {to}; nothing was followed"),
            ));
        }
        _ => {}
    }
    let envelope = match serde_json::from_slice::<Envelope>(&reply.body) {
        Ok(envelope) => envelope,
        Err(_) if reply.status >= 500 => return Err(unavailable(reply)),
        // The parser's own words would quote the body.
        Err(error) if error.is_data() => {
            return Err(unlisted(reply, "is JSON of another form"));
        }
        Err(_) => {
            let summary = reply.summary();
            let message = format!("the reply is not whole JSON ({summary})");
            return Err(failure(ErrorKind::UnreadableReply, reply, message));
        }
    };
    let says = envelope.says();
    match (reply.status, says) {
        (200..=299, Says::Success) => {
            let data = order_of(reply, &envelope, asked)?;
            Ok(Opened::Success(data, envelope))
        }
        // assumed: which codes a failed call may have inside a 200. 401 or 500 there would
        // contradict itself: it may or may not have been looked at.
        (200..=299, Says::Failed) if code_in(&envelope, &["200", "201", "400", "409", "422"]) => {
            let data = order_of(reply, &envelope, asked)?;
            Ok(Opened::Failed(data, envelope))
        }
        (400 | 409 | 422, Says::Failed)
            if code_in(&envelope, &["400", "409", "422"]) && has_message(&envelope) =>
        {
            order_of(reply, &envelope, asked)?;
            Ok(Opened::Refused(envelope))
        }
        (403, Says::Failed) => Err(rejected(reply, &envelope)),
        // assumed: that the API's own 404 comes in the error envelope. From anybody else it
        // says nothing: a proxy or a wrong address answers 404 to everything, and no order
        // of the shop would exist any more.
        (404, Says::Failed) => {
            Err(failure(ErrorKind::NotFound, reply, message_of(&envelope)).with_code_of(&envelope))
        }
        (500.., Says::Failed | Says::Neither) => Err(unavailable(reply).with_code_of(&envelope)),
        (_, Says::Success) => Err(unlisted(reply, "says success under a status of failure")),
        (_, Says::Failed) => {
            Err(unlisted(reply, "says failed in no documented way").with_message_of(&envelope))
        }
        (_, Says::Neither) => Err(unlisted(reply, "says neither success nor failed")),
    }
}

/// The order in a reply, once it is sure that it is the one asked about.
fn order_of(reply: &Reply, envelope: &Envelope, asked: &Asked<'_>) -> Result<OrderData, Error> {
    let data = envelope
        .order()
        .ok_or_else(|| unlisted(reply, "has a return_data of another form"))?;
    // An integer or a string, whichever was sent: compared as text, digit by digit.
    match data.order_id.as_ref().map(Scalar::text) {
        // assumed: that a reply may leave it out; the connection is proof enough then.
        None => Ok(data),
        Some(Some(echo)) if echo == asked.order.as_str() => Ok(data),
        Some(Some(echo)) => Err(unlisted(
            reply,
            format!("is about order {}, not {}", excerpt(echo), asked.order),
        )),
        Some(None) => Err(unlisted(reply, "has an order_id that is none")),
    }
}

fn reading(reply: &Reply, data: &OrderData) -> Result<StatusReading, Error> {
    let raw = data.order_status.as_ref().and_then(|it| match it {
        Scalar::Text(text) => Some(excerpt(text)),
        Scalar::Number(_) | Scalar::Bool(_) | Scalar::Other => None,
    });
    let raw_status = raw
        .filter(|text| !text.is_empty())
        .ok_or_else(|| unlisted(reply, "has no order_status"))?;
    Ok(StatusReading {
        status: codes::order_status(&raw_status),
        raw_status,
        money: money(data.amount(), data.currency()),
        reference: data
            .order_id
            .as_ref()
            .and_then(Scalar::text)
            .map(str::to_owned),
    })
}

/// Amount and currency, where both are there and can be read exactly.
pub(crate) fn money(amount: Option<&Scalar>, currency: Option<&Scalar>) -> Option<Money> {
    let currency = Currency::from_code(currency?.text()?)?;
    Some(Money::new(amount?.decimal()?, currency))
}

fn code_in(envelope: &Envelope, codes: &[&str]) -> bool {
    envelope.code().is_some_and(|code| codes.contains(&code))
}

fn has_message(envelope: &Envelope) -> bool {
    matches!(&envelope.message, Some(Scalar::Text(_)))
}

fn message_of(envelope: &Envelope) -> String {
    let text = envelope.message.as_ref().and_then(Scalar::text);
    match text.map(excerpt) {
        Some(message) if !message.is_empty() => message,
        Some(_) | None => "no message".to_owned(),
    }
}

fn failure(kind: ErrorKind, reply: &Reply, message: impl Into<String>) -> Error {
    Error::new(kind, Delivery::Answered, message).with_http_status(reply.status)
}

fn unlisted(reply: &Reply, problem: impl AsRef<str>) -> Error {
    let message = format!("the reply {}", problem.as_ref());
    failure(ErrorKind::UnlistedReply, reply, message)
}

fn rejected(reply: &Reply, envelope: &Envelope) -> Error {
    failure(ErrorKind::Rejected, reply, message_of(envelope)).with_code_of(envelope)
}

fn unavailable(reply: &Reply) -> Error {
    let message = format!("the gateway has failed ({})", reply.summary());
    with_retry_after(failure(ErrorKind::Unavailable, reply, message), reply)
}

fn unauthorized(reply: &Reply, now: Timestamp) -> Error {
    let skew = reply
        .date
        .map(|theirs| theirs.as_second() - now.as_second());
    let message = match skew {
        Some(ahead) if ahead > NOTABLE_SKEW => format!("our clock is {ahead} s behind theirs"),
        Some(behind) if behind < -NOTABLE_SKEW => {
            format!("our clock is {} s ahead of theirs", -behind)
        }
        Some(_) | None => "the API key, the signature or the timestamp is not accepted".to_owned(),
    };
    failure(ErrorKind::Authentication, reply, message)
}

fn with_retry_after(error: Error, reply: &Reply) -> Error {
    match reply.retry_after {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}

/// Adds what an envelope says of itself.
trait Quote: Sized {
    fn with_code_of(self, envelope: &Envelope) -> Self;
    fn with_message_of(self, envelope: &Envelope) -> Self;
}

impl Quote for Error {
    fn with_code_of(self, envelope: &Envelope) -> Self {
        match envelope.code() {
            Some(code) => self.with_code(excerpt(code)),
            None => self,
        }
    }

    fn with_message_of(self, envelope: &Envelope) -> Self {
        let words = message_of(envelope);
        self.with_code_of(envelope).with_source(GatewaySays(words))
    }
}

/// The gateway's own words, as the cause of an error.
#[derive(Debug, thiserror::Error)]
#[error("the gateway says: {0}")]
struct GatewaySays(String);
