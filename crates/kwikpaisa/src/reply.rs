//! Reads replies: pure functions from what came back to what it means, or to an error.
//!
//! A yes or a no is only what a page documents. The HTTP status and the envelope must
//! agree; where they do not, or where nothing is documented, the outcome is open.

use duka_core::evidence::Intent;
use duka_core::{
    CancelAnswer, CreatedOrder, Error, ErrorKind, OrderId, OrderStatus, PaymentDetails,
    StatusReading,
};
use duka_http::adapter::{Answer, DetailSettings, JsonScalar, money};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::codes;
use crate::wire::{
    self, AuthRefusal, CancelReply, CancelledOrder, CreateReply, Envelope, OrderState, Says,
    StatusReply,
};

/// How far our clock may be off before an authentication error mentions it, in seconds.
///
/// assumed: the gateway's own window is not documented (pages *timestamp* and *security*
/// say only that an old timestamp may be refused); a minute is well inside any.
const NOTABLE_SKEW: i64 = 60;

/// How times are written (page *check-status*): 13-05-2026 08:34 AM.
///
/// assumed: in no known zone, so they become moments only by a setting of the account.
const TIME: &str = "%d-%m-%Y %I:%M %p";

/// A reply whose HTTP status and envelope agree.
enum Opened<T> {
    /// HTTP 2xx and a success envelope.
    Success(T, Envelope),
    /// HTTP 2xx and an envelope that says failed.
    Failed(T, Envelope),
    /// HTTP 400, 409 or 422 and the error envelope.
    Refused(T, Envelope),
}

/// Reads the reply to a create request (page *create-order*).
pub(crate) fn read_created(
    answer: &Answer,
    order: &OrderId,
    settings: &DetailSettings,
) -> Result<CreatedOrder, Error> {
    let return_data = |reply: CreateReply| reply.return_data;
    let data = match open(answer, order, return_data, |it: &wire::CreatedOrder| {
        &it.order_id
    })? {
        Opened::Success(data, _) => data,
        Opened::Failed(_, envelope) => {
            return Err(answer.unlisted_with("a create that failed", &envelope.words()));
        }
        Opened::Refused(_, envelope) => {
            let kind = match answer.reply.status {
                409 => ErrorKind::Conflict,
                _ => ErrorKind::Rejected,
            };
            return Err(answer.refusal(kind, &envelope.words()));
        }
    };
    // assumed: the JSON of this reply, which no page of version 3 shows, from the older
    // API. Only the link must be there.
    let link = "payment_link (the order may exist; its status will tell)";
    let payment_link = answer.required(link, &data.payment_link, JsonScalar::payment_link)?;
    let details = PaymentDetails {
        gateway_id: answer.receipt(&data.kwik_x_order_id),
        created_at: settings.time(answer, &data.created_at, TIME),
        ..PaymentDetails::default()
    };
    let status = if data.order_status.is_null() {
        None
    } else {
        let reading = reading(answer, &data.order_status, &data.order_id)?;
        Some(StatusReading {
            details: details.clone(),
            ..reading
        })
    };
    Ok(CreatedOrder {
        order: order.clone(),
        details,
        payment_link,
        status,
    })
}

/// Reads the reply to a status request (pages *check-status* and *failed-transactions*).
pub(crate) fn read_status(
    answer: &Answer,
    order: &OrderId,
    settings: &DetailSettings,
) -> Result<StatusReading, Error> {
    let return_data = |reply: StatusReply| reply.return_data;
    match open(answer, order, return_data, |it: &OrderState| &it.order_id)? {
        Opened::Success(data, _) => shown(answer, &data, settings),
        // The call went well; it is the *payment* that failed.
        Opened::Failed(data, envelope) => {
            if data.order_status.text() == Some("FAILED") && envelope.has_code(&["200"]) {
                return shown(answer, &data, settings);
            }
            let problem = "a call that failed and shows no failed payment";
            Err(answer.unlisted_with(problem, &envelope.words()))
        }
        Opened::Refused(_, envelope) => Err(answer.refusal(ErrorKind::Rejected, &envelope.words())),
    }
}

/// The status that a reply shows.
fn shown(
    answer: &Answer,
    data: &OrderState,
    settings: &DetailSettings,
) -> Result<StatusReading, Error> {
    // The page shows the order in every status. One that names none may be the late reply
    // to another question, and it is the status that lets a cancel leave or confirms it.
    if data.order_id.text().is_none() {
        return Err(answer.unlisted("a status that does not name the order"));
    }
    let money = money(data.amount(), data.currency());
    let reading = reading(answer, &data.order_status, &data.order_id)?;
    // Amounts are compared before a cancel leaves, and this one cannot be.
    let lets_one_leave = matches!(
        reading.status,
        OrderStatus::Unpaid | OrderStatus::Processing
    );
    if lets_one_leave && !data.amount().is_null() && money.is_none() {
        return Err(answer.unlisted("an open order with an amount that cannot be read"));
    }
    let time = |member| settings.time(answer, member, TIME);
    Ok(StatusReading {
        money,
        details: PaymentDetails {
            gateway_id: answer.receipt(&data.kwik_x_order_id),
            receipt: answer.receipt(&data.transaction_id),
            method: answer.detail(&data.payment_method),
            created_at: time(&data.created_at),
            paid_at: time(&data.paid_at),
            ..PaymentDetails::default()
        },
        ..reading
    })
}

/// Reads the reply to a cancel request (page *cancel-order*).
pub(crate) fn read_cancel(
    answer: &Answer,
    order: &OrderId,
    settings: &DetailSettings,
) -> Result<CancelAnswer, Error> {
    let return_data = |reply: CancelReply| reply.return_data;
    let message = |envelope: &Envelope| match envelope.message.text().map(|it| answer.shown(it)) {
        Some(message) if !message.is_empty() => message,
        Some(_) | None => "no message".to_owned(),
    };
    let details = |data: &CancelledOrder| PaymentDetails {
        cancelled_at: settings.time(answer, &data.cancelled_at, TIME),
        ..PaymentDetails::default()
    };
    match open(answer, order, return_data, |it: &CancelledOrder| {
        &it.order_id
    })? {
        Opened::Success(data, envelope) => {
            if data.order_id.text().is_none() {
                return Err(answer.unlisted("a success that does not name the order"));
            }
            // assumed: an envelope without the order's status still means yes. The
            // status operation is asked afterwards in any case.
            if !data.order_status.is_null() && data.order_status.text() != Some("CANCELLED") {
                let problem = "a success with the order in another status than CANCELLED";
                return Err(answer.unlisted(problem));
            }
            Ok(CancelAnswer::Accepted {
                message: message(&envelope),
                details: details(&data),
            })
        }
        // assumed: the form of "order cannot be cancelled", which the page names and does
        // not show. Either of the two is a no.
        Opened::Failed(data, envelope) | Opened::Refused(data, envelope) => {
            Ok(CancelAnswer::Refused {
                message: message(&envelope),
                details: details(&data),
            })
        }
    }
}

/// What every operation reads alike (page *error-codes*). An operation tells where its reply
/// has its order, and where that has its id.
fn open<R: DeserializeOwned, T: DeserializeOwned>(
    answer: &Answer,
    order: &OrderId,
    return_data: impl FnOnce(R) -> JsonScalar,
    order_id: impl FnOnce(&T) -> &JsonScalar,
) -> Result<Opened<T>, Error> {
    let http = answer.reply.status;
    let envelope = answer.object::<Envelope>();
    let says = envelope.as_ref().map_or(Says::Neither, Envelope::says);
    if http >= 500 && says == Says::Success {
        return Err(answer.unlisted(AROUND_SUCCESS));
    }
    answer.check_status(|| Ok(answer.object::<Envelope>()?.words()))?;
    let envelope = envelope?;
    let data = return_data(answer.object()?);
    let data = || order_of(answer, order, wire::order_in(&data), order_id);
    match (http, says) {
        (200..=299, Says::Success) => Ok(Opened::Success(data()?, envelope)),
        // assumed: which codes a failed call may have inside a 200. 401 or 500 there would
        // contradict itself: it may or may not have been looked at.
        (200..=299, Says::Failed) if envelope.has_code(&["200", "201", "400", "409", "422"]) => {
            Ok(Opened::Failed(data()?, envelope))
        }
        (400 | 409 | 422, Says::Failed)
            if envelope.has_code(&["400", "409", "422"])
                && matches!(envelope.message, JsonScalar::Text(_)) =>
        {
            Ok(Opened::Refused(data()?, envelope))
        }
        (403, Says::Failed) => Err(answer.refusal(ErrorKind::Rejected, &envelope.words())),
        // assumed: that the API's own 404 comes in the error envelope. From any other server it
        // says nothing: a proxy or a wrong address answers 404 to everything, and no order
        // of the shop would exist any more.
        (404, Says::Failed) => Err(answer.refusal(ErrorKind::NotFound, &envelope.words())),
        (_, Says::Success) => Err(answer.unlisted(AROUND_SUCCESS)),
        (_, Says::Failed) => {
            let problem = "a failure in no documented form";
            Err(answer.unlisted_with(problem, &envelope.words()))
        }
        (_, Says::Neither) => Err(answer.unlisted("neither success nor failure")),
    }
}

const AROUND_SUCCESS: &str = "an HTTP error around a success";

/// The order in a reply, once it is sure that it is the one asked about.
fn order_of<T>(
    answer: &Answer,
    order: &OrderId,
    data: Option<T>,
    order_id: impl FnOnce(&T) -> &JsonScalar,
) -> Result<T, Error> {
    let data = data.ok_or_else(|| answer.unlisted("return_data of an undocumented form"))?;
    let id = order_id(&data);
    // An integer or a string, whichever was sent: compared as text, digit by digit.
    // assumed: that a refusal and the reply to a create may leave it out.
    if id.differs_from(order.as_str()) {
        let echo = answer.shown(id.anything().unwrap_or_default());
        return Err(answer.unlisted(format_args!("a reply about order {echo}, not {order}")));
    }
    Ok(data)
}

fn reading(
    answer: &Answer,
    order_status: &JsonScalar,
    order_id: &JsonScalar,
) -> Result<StatusReading, Error> {
    let word = answer.required("order_status", order_status, JsonScalar::string)?;
    let raw_status = answer.shown_word(word);
    Ok(StatusReading {
        reference: order_id.text().map(|text| answer.shown(text)),
        ..StatusReading::new(codes::order_status(&raw_status), raw_status)
    })
}

/// Refuses a reply that refuses the credentials; `now` is our time when it was there.
///
/// Only the documented envelope under HTTP 401, with nothing beside it, proves that the request
/// was not looked at. An empty body does for a read, where nothing hangs on it; after a create or
/// a cancel it leaves the outcome open, and the status tells.
pub(crate) fn check_auth(answer: &Answer, now: Timestamp) -> Result<(), Error> {
    let is_empty = match answer.operation.intent {
        Intent::Read => answer.is_empty_401(),
        Intent::Mutation => false,
    };
    let is_documented = || {
        let body = answer.object::<AuthRefusal>();
        body.is_ok_and(|body| body.is_documented())
    };
    if !is_empty && (answer.reply.status != 401 || !is_documented()) {
        return Ok(());
    }
    // Its causes are not told apart by the message, which is no interface.
    let theirs = answer.reply.date.map(Timestamp::as_second);
    let skew = theirs.map_or(0, |theirs| theirs - now.as_second());
    let problem = if skew > NOTABLE_SKEW {
        format!("our clock is {skew} s behind theirs")
    } else if skew < -NOTABLE_SKEW {
        format!("our clock is {} s ahead of theirs", -skew)
    } else {
        "the API key, the signature or the timestamp is not accepted".to_owned()
    };
    Err(answer.error(ErrorKind::Authentication, problem))
}
