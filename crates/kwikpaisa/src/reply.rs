//! Reads replies: pure functions from what came back to what it means, or to an error.
//!
//! A yes or a no is only what a page documents. The HTTP status and the envelope must
//! agree; where they do not, or where nothing is documented, the outcome is open.

use duka_core::evidence::Intent;
use duka_core::gateway::PaymentLink;
use duka_core::{
    CancelAnswer, CreatedOrder, Delivery, Error, ErrorKind, Money, OrderId, OrderStatus,
    StatusReading,
};
use duka_http::{Reply, plain_number, without_secrets, word_without_secrets};
use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

use crate::codes;
use crate::wire::{
    self, CancelReply, CreateReply, Envelope, OrderReply, OrderState, Says, Scalar, StatusReply,
};

/// How far our clock may be off before an authentication error mentions it, in seconds.
///
/// assumed: the gateway's own window is not documented (pages *timestamp* and *security*
/// say only that an old timestamp may be refused); a minute is well inside any.
const NOTABLE_SKEW: i64 = 60;

/// A reply, and what it answers to.
pub(crate) struct Answer<'a> {
    pub(crate) reply: &'a Reply,
    /// Whether the request changes anything.
    pub(crate) intent: Intent,
    /// The order asked about.
    pub(crate) order: &'a OrderId,
    /// By our clock, when the reply was there.
    pub(crate) now: Timestamp,
    /// A server may quote a key or a signature back; its words must not carry them on.
    pub(crate) secrets: &'a [SecretString],
}

/// A reply whose HTTP status and envelope agree.
enum Opened<T> {
    /// HTTP 2xx and a success envelope.
    Success(T, Envelope),
    /// HTTP 2xx and an envelope that says failed.
    Failed(T, Envelope),
    /// HTTP 400, 409 or 422 and the error envelope.
    Refused(Envelope),
}

/// Reads the reply to a create request (page *create-order*).
pub(crate) fn read_created(answer: &Answer<'_>) -> Result<CreatedOrder, Error> {
    let data = match answer.open::<CreateReply>()? {
        Opened::Success(data, _) => data,
        Opened::Failed(_, envelope) => {
            return Err(answer.unlisted_with("says failed to a create", &envelope));
        }
        Opened::Refused(envelope) if answer.reply.status == 409 => {
            return Err(answer.refusal(ErrorKind::Conflict, &envelope));
        }
        Opened::Refused(envelope) => return Err(answer.refusal(ErrorKind::Rejected, &envelope)),
    };
    // assumed: the JSON of this reply, which no page of version 3 shows, from the older
    // API. Only the link must be there.
    let link = data.payment_link.as_ref().and_then(Scalar::text);
    let link = link
        .and_then(|text| Url::parse(text).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| {
            answer.unlisted("has no usable payment link; the order may exist, its status will tell")
        })?;
    let status = match &data.order_status {
        Some(status) => Some(answer.reading(Some(status), data.order_id.as_ref(), None)?),
        None => None,
    };
    let gateway_id = data.kwik_x_order_id.as_ref().and_then(Scalar::text);
    Ok(CreatedOrder {
        order: answer.order.clone(),
        gateway_id: gateway_id.map(|id| answer.shown(id)),
        payment_link: PaymentLink::new(&link),
        status,
    })
}

/// Reads the reply to a status request (pages *check-status* and *failed-transactions*).
pub(crate) fn read_status(answer: &Answer<'_>) -> Result<StatusReading, Error> {
    let reading = |data: &OrderState| {
        // The page shows the order in every status. One that names none may be the late reply
        // to another question, and it is the status that lets a cancel leave or confirms it.
        if data.order_id.is_none() {
            return Err(answer.unlisted("does not name the order"));
        }
        let money = money(data.amount(), data.currency());
        let reading = answer.reading(data.order_status.as_ref(), data.order_id.as_ref(), money)?;
        // Amounts are compared before a cancel leaves, and this one cannot be.
        let lets_one_leave = matches!(
            reading.status,
            OrderStatus::Unpaid | OrderStatus::Processing
        );
        if lets_one_leave && data.amount().is_some() && money.is_none() {
            return Err(answer.unlisted("shows an open order with an amount that cannot be read"));
        }
        Ok(reading)
    };
    match answer.open::<StatusReply>()? {
        Opened::Success(data, _) => reading(&data),
        // The call went well; it is the *payment* that failed.
        Opened::Failed(data, envelope) => {
            let failed = data.order_status.as_ref().and_then(Scalar::text) == Some("FAILED");
            if failed && envelope.code() == Some("200") {
                reading(&data)
            } else {
                Err(answer.unlisted_with("says failed and shows no failed payment", &envelope))
            }
        }
        Opened::Refused(envelope) => Err(answer.refusal(ErrorKind::Rejected, &envelope)),
    }
}

/// Reads the reply to a cancel request (page *cancel-order*).
pub(crate) fn read_cancel(answer: &Answer<'_>) -> Result<CancelAnswer, Error> {
    match answer.open::<CancelReply>()? {
        Opened::Success(data, _) if data.order_id.is_none() => {
            Err(answer.unlisted("says success and does not name the order"))
        }
        Opened::Success(data, envelope) => {
            let status = data.order_status.as_ref().map(Scalar::text);
            match status {
                // assumed: an envelope without the order's status still means yes. The
                // status operation is asked afterwards in any case.
                None | Some(Some("CANCELLED")) => Ok(CancelAnswer::Accepted {
                    message: answer.message_of(&envelope),
                }),
                Some(_) => Err(answer
                    .unlisted("says success and shows the order in another status than CANCELLED")),
            }
        }
        // assumed: the form of "order cannot be cancelled", which the page names and does
        // not show. Either of the two is a no.
        Opened::Failed(_, envelope) | Opened::Refused(envelope) => Ok(CancelAnswer::Refused {
            message: answer.message_of(&envelope),
        }),
    }
}

impl Answer<'_> {
    /// What every operation reads alike (page *error-codes*).
    fn open<R: OrderReply>(&self) -> Result<Opened<R::Order>, Error> {
        match self.reply.status {
            401 => return Err(self.unauthenticated()),
            429 => {
                let error = self.failure(ErrorKind::RateLimited, "too many requests");
                return Err(self.with_retry_after(error));
            }
            300..=399 => {
                let to = self.shown(self.reply.location.as_deref().unwrap_or("nowhere"));
                return Err(self.unlisted(format!("redirects to {to}; nothing was followed")));
            }
            _ => {}
        }
        let body = &self.reply.body;
        let parsed = wire::object(body).and_then(|it: Envelope| Ok((it, wire::object::<R>(body)?)));
        let (envelope, reply) = match parsed {
            Ok(parsed) => parsed,
            Err(_) if self.reply.status >= 500 => return Err(self.unavailable()),
            Err(error) => return Err(self.unreadable(&error)),
        };
        let says = envelope.says();
        match (self.reply.status, says) {
            (200..=299, Says::Success) => {
                let data = self.order_of(&reply)?;
                Ok(Opened::Success(data, envelope))
            }
            // assumed: which codes a failed call may have inside a 200. 401 or 500 there would
            // contradict itself: it may or may not have been looked at.
            (200..=299, Says::Failed)
                if code_in(&envelope, &["200", "201", "400", "409", "422"]) =>
            {
                let data = self.order_of(&reply)?;
                Ok(Opened::Failed(data, envelope))
            }
            (400 | 409 | 422, Says::Failed)
                if code_in(&envelope, &["400", "409", "422"]) && has_message(&envelope) =>
            {
                self.order_of(&reply)?;
                Ok(Opened::Refused(envelope))
            }
            (403, Says::Failed) => Err(self.refusal(ErrorKind::Rejected, &envelope)),
            // assumed: that the API's own 404 comes in the error envelope. From any other server it
            // says nothing: a proxy or a wrong address answers 404 to everything, and no order
            // of the shop would exist any more.
            (404, Says::Failed) => Err(self.refusal(ErrorKind::NotFound, &envelope)),
            (500.., Says::Failed | Says::Neither) => {
                Err(self.with_code_of(self.unavailable(), &envelope))
            }
            (_, Says::Success) => Err(self.unlisted("says success under a status of failure")),
            (_, Says::Failed) => {
                Err(self.unlisted_with("says failed in no documented way", &envelope))
            }
            (_, Says::Neither) => Err(self.unlisted("says neither success nor failed")),
        }
    }

    /// The order in a reply, once it is sure that it is the one asked about.
    fn order_of<R: OrderReply>(&self, reply: &R) -> Result<R::Order, Error> {
        let data = reply
            .order()
            .ok_or_else(|| self.unlisted("has a return_data of another form"))?;
        // An integer or a string, whichever was sent: compared as text, digit by digit.
        match R::order_id(&data).map(Scalar::text) {
            // assumed: that a refusal and the reply to a create may leave it out.
            None => Ok(data),
            Some(Some(echo)) if echo == self.order.as_str() => Ok(data),
            Some(Some(echo)) => Err(self.unlisted(format!(
                "is about order {}, not {}",
                self.shown(echo),
                self.order
            ))),
            Some(None) => Err(self.unlisted("has an order_id that is none")),
        }
    }

    fn reading(
        &self,
        order_status: Option<&Scalar>,
        order_id: Option<&Scalar>,
        money: Option<Money>,
    ) -> Result<StatusReading, Error> {
        let word = order_status.and_then(|it| match it {
            Scalar::Text(text) => Some(text),
            Scalar::Number(_) | Scalar::Bool(_) | Scalar::Other => None,
        });
        let word = word
            .filter(|text| !text.is_empty())
            .ok_or_else(|| self.unlisted("has no order_status"))?;
        let raw_status = word_without_secrets(word, self.secrets);
        Ok(StatusReading {
            status: codes::order_status(&raw_status),
            raw_status,
            money,
            reference: order_id.and_then(Scalar::text).map(|text| self.shown(text)),
            // Refunds, which would need them, are not documented.
            confirmation_code: None,
            payment_method: None,
        })
    }

    /// The gateway's own words: one line, cut, without secrets.
    fn shown(&self, text: impl AsRef<[u8]>) -> String {
        without_secrets(text, self.secrets)
    }

    fn message_of(&self, envelope: &Envelope) -> String {
        let text = envelope.message.as_ref().and_then(Scalar::text);
        match text.map(|text| self.shown(text)) {
            Some(message) if !message.is_empty() => message,
            Some(_) | None => "no message".to_owned(),
        }
    }

    fn failure(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, Delivery::Answered, message).with_http_status(self.reply.status)
    }

    /// The error for a body that is not what it should be. The parser's own words would
    /// quote it.
    fn unreadable(&self, error: &serde_json::Error) -> Error {
        if error.is_data() {
            return self.unlisted("is JSON of another form");
        }
        let summary = self.shown(self.reply.summary());
        let message = format!("the reply is not whole JSON ({summary})");
        self.failure(ErrorKind::UnreadableReply, message)
    }

    fn unlisted(&self, problem: impl AsRef<str>) -> Error {
        let message = format!("the reply {}", problem.as_ref());
        self.failure(ErrorKind::UnlistedReply, message)
    }

    /// The same, with the gateway's own words as the cause.
    fn unlisted_with(&self, problem: &str, envelope: &Envelope) -> Error {
        let error = self.with_code_of(self.unlisted(problem), envelope);
        error.with_source(GatewaySays(self.message_of(envelope)))
    }

    fn refusal(&self, kind: ErrorKind, envelope: &Envelope) -> Error {
        self.with_code_of(self.failure(kind, self.message_of(envelope)), envelope)
    }

    fn unavailable(&self) -> Error {
        let summary = self.shown(self.reply.summary());
        let message = format!("the gateway has failed ({summary})");
        self.with_retry_after(self.failure(ErrorKind::Unavailable, message))
    }

    /// The error for HTTP 401.
    ///
    /// Only the documented envelope, with nothing beside it, proves that the request was not
    /// looked at. An empty body does for a read, where nothing hangs on it; after a create or
    /// a cancel it leaves the outcome open, and the status tells.
    fn unauthenticated(&self) -> Error {
        let body = &self.reply.body;
        let is_refusal = match self.intent {
            Intent::Read => body.trim_ascii().is_empty() || wire::is_auth_refusal(body),
            Intent::Mutation => wire::is_auth_refusal(body),
        };
        if is_refusal {
            return self.unauthorized();
        }
        match wire::object::<Envelope>(body) {
            Ok(envelope) => self.unlisted_with(
                "is HTTP 401 in a form that does not tell whether the request was looked at",
                &envelope,
            ),
            Err(error) => self.unreadable(&error),
        }
    }

    /// The refusal of the credentials. Its causes are not told apart by the message, which is no
    /// interface.
    fn unauthorized(&self) -> Error {
        let skew = self
            .reply
            .date
            .map(|theirs| theirs.as_second() - self.now.as_second());
        let message = match skew {
            Some(ahead) if ahead > NOTABLE_SKEW => format!("our clock is {ahead} s behind theirs"),
            Some(behind) if behind < -NOTABLE_SKEW => {
                format!("our clock is {} s ahead of theirs", -behind)
            }
            Some(_) | None => {
                "the API key, the signature or the timestamp is not accepted".to_owned()
            }
        };
        self.failure(ErrorKind::Authentication, message)
    }

    fn with_retry_after(&self, error: Error) -> Error {
        match self.reply.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }

    fn with_code_of(&self, error: Error, envelope: &Envelope) -> Error {
        match envelope.code() {
            Some(code) => error.with_code(self.shown(code)),
            None => error,
        }
    }
}

/// Amount and currency, where both are there and can be read exactly.
pub(crate) fn money(amount: Option<&Scalar>, currency: Option<&Scalar>) -> Option<Money> {
    let amount = plain_number(amount?.text()?)?;
    Money::parse(&amount, currency?.text()?).ok()
}

fn code_in(envelope: &Envelope, codes: &[&str]) -> bool {
    envelope.code().is_some_and(|code| codes.contains(&code))
}

fn has_message(envelope: &Envelope) -> bool {
    matches!(&envelope.message, Some(Scalar::Text(_)))
}

/// The gateway's own words, as the cause of an error.
#[derive(Debug, thiserror::Error)]
#[error("the gateway says: {0}")]
struct GatewaySays(String);
