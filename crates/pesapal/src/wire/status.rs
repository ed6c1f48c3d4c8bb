//! `GetTransactionStatus` (page *Get Transaction Status*): where an order stands.

use duka_core::{Error, ErrorKind, OrderId, OrderStatus, PaymentDetails, StatusReading};
use duka_http::adapter::{Answer, DetailSettings, money};
use url::Url;

use super::envelope::{self, BodyStatus, Envelope};
use super::types::{PayerInfo, TransactionStatus};
use crate::codes;

/// How dates are written: as ISO 8601 without a zone, with up to seven digits of a fraction.
const DATE: &str = "%Y-%m-%dT%H:%M:%S%.f";

/// Reads the reply to a question about `tracking_id`, in its canonical form.
pub(crate) fn read(
    answer: &Answer,
    tracking_id: &OrderId,
    settings: &DetailSettings,
) -> Result<StatusReading, Error> {
    envelope::check_http(answer)?;
    let envelope = Envelope::read(answer)?;
    let body: TransactionStatus = answer.object()?;
    let number = body.status_code.anything();
    if answer.reply.status == 404 && number.is_none() {
        return Err(not_found(answer, &envelope));
    }
    if answer.reply.status >= 400 || number.is_none() {
        return Err(match &envelope.fault {
            // assumed: an error in place of a status is a refusal, and not yet *not found*.
            Some(fault) if !fault.has_code(codes::PENDING) => fault.error(answer),
            Some(_) | None => answer.unlisted_with("no status_code of an order", &envelope.words()),
        });
    }
    let named = named(&body, tracking_id);
    if named == Named::Another {
        return Err(answer.unlisted("the status of another order than the one asked for"));
    }
    let (status, raw_status) = meaning(answer, &body, &envelope);
    // Every recorded reply about an unpaid order names it, in one way or the other; those about
    // others do not always. A cancel leaves for a failed one too, whose recorded replies do not
    // always name it.
    let is_open = matches!(status, OrderStatus::Unpaid | OrderStatus::Processing);
    if is_open && named == Named::Nothing {
        return Err(answer.unlisted("the status of an unpaid order that is not named"));
    }
    let money = money(&body.amount, &body.currency);
    // Amounts are compared before a cancel leaves, and this one cannot be.
    let lets_one_leave = is_open || status == OrderStatus::Failed;
    if lets_one_leave && !body.amount.is_null() && money.is_none() {
        return Err(answer.unlisted("an open order with an amount that cannot be read"));
    }
    let details = details(answer, &body, &status, tracking_id, settings);
    Ok(StatusReading {
        status,
        raw_status,
        money,
        reference: body
            .merchant_reference
            .text()
            .map(|text| answer.shown(text)),
        details,
    })
}

/// Which order a status is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// The one asked for.
    It,
    Another,
    /// The reply does not say.
    Nothing,
}

/// Reads which order a status is about: by `order_tracking_id` or, without that, by the
/// parameter that the gateway puts into `call_back_url`.
///
/// assumed: case means nothing in a GUID. An address may hold a parameter of that name from the
/// merchant as well, so one of them must be the order's.
fn named(body: &TransactionStatus, tracking_id: &OrderId) -> Named {
    let is_it = |text: &str| super::canonical_id(text).as_ref() == Some(tracking_id);
    if let Some(own) = body.order_tracking_id.anything() {
        return if is_it(own) {
            Named::It
        } else {
            Named::Another
        };
    }
    let address = body.call_back_url.string();
    let Some(url) = address.and_then(|address| Url::parse(address).ok()) else {
        return Named::Nothing;
    };
    let mut ids = url
        .query_pairs()
        .filter(|(name, _)| name == "OrderTrackingId")
        .map(|(_, id)| is_it(&id))
        .peekable();
    if ids.peek().is_none() {
        Named::Nothing
    } else if ids.any(|is_it| is_it) {
        Named::It
    } else {
        Named::Another
    }
}

/// The error for HTTP 404 without a status.
///
/// assumed: no recorded reply shows an unknown tracking id, so it would come in the form of
/// every other error, or of a refusal. Any other 404 says nothing: a proxy, a deploy or a
/// wrong address answers so to everything, and no order of the shop would exist any more.
fn not_found(answer: &Answer, envelope: &Envelope) -> Error {
    let kind = ErrorKind::NotFound;
    match (&envelope.status, &envelope.fault, &envelope.message) {
        (BodyStatus::Missing | BodyStatus::NotDone | BodyStatus::Other(_), Some(fault), _)
            if !fault.has_code(codes::PENDING) && fault.kind == ErrorKind::Rejected =>
        {
            answer.refusal(kind, &fault.words)
        }
        (BodyStatus::NotDone, None, Some(_)) => answer.refusal(kind, &envelope.words()),
        _ => answer.unlisted_with("HTTP 404 in no form of the API", &envelope.words()),
    }
}

/// The status and the gateway's own words for it.
///
/// assumed: the number decides, and only when nothing else in the reply (text, error,
/// status) contradicts it; what is left out contradicts nothing.
fn meaning(
    answer: &Answer,
    body: &TransactionStatus,
    envelope: &Envelope,
) -> (OrderStatus, String) {
    let number = body.status_code.anything().unwrap_or_default();
    let words = body.payment_status_description.anything();
    let raw = answer.shown_word(words.unwrap_or(number));
    let row = body.status_code.integer().and_then(codes::status_code);
    let Some(row) = row else {
        let unknown = match words {
            Some(words) => format!("{words} (status code {number})"),
            None => format!("status code {number}"),
        };
        return (OrderStatus::Unknown(answer.shown(&unknown)), raw);
    };
    if is_under_way(body, envelope) {
        return (OrderStatus::Processing, raw);
    }
    let contradicted = words.is_some_and(|words| !words.eq_ignore_ascii_case(row.text));
    let doubt = if contradicted {
        format!("{raw} with status code {number}")
    } else {
        match (row.only_with, &envelope.fault, &envelope.status) {
            (Some(needed), Some(fault), _) if fault.has_code(needed) => {
                return (row.status.clone(), raw);
            }
            (_, Some(fault), _) => {
                let code = fault.words.code.as_ref().or(fault.words.message.as_ref());
                format!("{raw} with error {}", code.map_or("", String::as_str))
            }
            (Some(_), None, _) => raw.clone(),
            (None, None, BodyStatus::Done | BodyStatus::Missing) => {
                return (row.status.clone(), raw);
            }
            (None, None, BodyStatus::NotDone) => format!("{raw} with status 500"),
            (None, None, BodyStatus::Other(text)) => format!("{raw} with status {text}"),
        }
    };
    (OrderStatus::Unknown(answer.shown(&doubt)), raw)
}

/// Whether a payment is under way: code 0 with the word *pending*, with the error of an unpaid
/// order or without any.
///
/// assumed: no recorded reply has this word; the gateway's forum and other clients know it.
fn is_under_way(body: &TransactionStatus, envelope: &Envelope) -> bool {
    let word = body.payment_status_description.anything();
    let fault = envelope.fault.as_ref();
    body.status_code.integer() == Some(0)
        && word.is_some_and(|word| word.eq_ignore_ascii_case("pending"))
        && fault.is_none_or(|fault| fault.has_code(codes::PENDING))
}

/// What a status tells of the payment. Its one date is the payment's once the order is paid, and the
/// order's until then.
///
/// assumed: that of a failed order, and of one in an unknown status, is the order's.
fn details(
    answer: &Answer,
    body: &TransactionStatus,
    status: &OrderStatus,
    tracking_id: &OrderId,
    settings: &DetailSettings,
) -> PaymentDetails {
    let date = settings.time(answer, &body.created_date, DATE);
    let (paid_at, created_at) = if status.was_paid() {
        (date, None)
    } else {
        (None, date)
    };
    PaymentDetails {
        gateway_id: Some(tracking_id.as_str().to_owned()),
        receipt: answer.receipt(&body.confirmation_code),
        method: answer.detail(&body.payment_method),
        payment_account: settings.personal(answer.detail(&body.payment_account)),
        payer: settings.personal(payer(answer, body)),
        customer_account: settings.personal(answer.detail(&body.account_number)),
        status_code: answer.detail(&body.payment_status_code),
        description: answer.detail(&body.description),
        created_at,
        paid_at,
        cancelled_at: None,
    }
}

/// The name of the payer, where both or either of its parts is there.
fn payer(answer: &Answer, body: &TransactionStatus) -> Option<String> {
    let name: PayerInfo = body.payer_info.parse()?;
    let parts = [&name.first_name, &name.last_name];
    let parts: Vec<_> = parts
        .into_iter()
        .filter_map(|it| answer.detail(it))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
