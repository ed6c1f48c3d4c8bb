//! Steps and assertions that several promises share.

use std::error::Error as _;
use std::fmt::Debug;

use super::harness::{Fault, Harness, RequestCounts};
use crate::error::{Delivery, Error, ErrorKind};
use crate::id::OrderId;
use crate::order::{OrderStatus, StatusReading};

/// A new order that is not paid.
pub(super) async fn open_order(harness: &dyn Harness) -> OrderId {
    let order = harness.new_order().await;
    let created = harness.gateway().create(&order).await;
    created
        .unwrap_or_else(|error| panic!("a new order could not be created: {error}"))
        .order
}

/// A new order that is paid.
pub(super) async fn paid_order(harness: &dyn Harness) -> OrderId {
    let order = open_order(harness).await;
    harness.pay(&order).await;
    let state = harness.server_state(&order).await;
    assert_eq!(
        state.status,
        OrderStatus::Paid,
        "the harness's payment failed"
    );
    order
}

/// The status, without any fault.
pub(super) async fn read_status(harness: &dyn Harness, order: &OrderId) -> StatusReading {
    let read = harness.gateway().status(order).await;
    read.unwrap_or_else(|error| panic!("the status of {order} could not be read: {error}"))
}

/// The error of a call that must fail.
#[track_caller]
pub(super) fn expect_error<T: Debug>(result: Result<T, Error>, what: &str) -> Error {
    match result {
        Ok(answer) => panic!("{what} must be an error, and was {answer:?}"),
        Err(error) => error,
    }
}

/// The error says that no request left.
#[track_caller]
pub(super) fn assert_not_sent(error: &Error) {
    assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
}

/// The error says no more about the delivery than this fault allows the client to know, and
/// does not blame the request for it.
#[track_caller]
pub(super) fn assert_error_after(harness: &dyn Harness, fault: Fault, error: &Error) {
    assert_hides_secrets(harness, error);
    let possible = possible_deliveries(fault);
    let delivery = error.delivery();
    assert!(
        possible.contains(&delivery),
        "after {fault:?} the delivery is one of {possible:?}, and not {delivery:?}: {error}"
    );
    assert!(
        readable(fault) || !error.kind().is_callers_fault(),
        "after {fault:?} an error must not blame the request: {error}"
    );
}

/// What a client can know about the delivery of a request that met this fault.
const fn possible_deliveries(fault: Fault) -> &'static [Delivery] {
    match fault {
        Fault::ConnectionReset | Fault::ReplyLost => &[Delivery::Unknown],
        // The head of a reply came, and the rest did not.
        Fault::TruncatedReply => &[Delivery::Answered, Delivery::Unknown],
        Fault::HtmlReply
        | Fault::EmptyReply
        | Fault::GarbageReply
        | Fault::Status500
        | Fault::Status503
        | Fault::Status429
        | Fault::SuccessInStatus401
        | Fault::CredentialsRefused
        | Fault::PaidBeforeCancel
        | Fault::PaidAfterCancel => &[Delivery::Answered],
    }
}

/// Whether a readable, documented reply comes back in spite of this fault.
const fn readable(fault: Fault) -> bool {
    match fault {
        Fault::CredentialsRefused | Fault::PaidBeforeCancel | Fault::PaidAfterCancel => true,
        Fault::ConnectionReset
        | Fault::ReplyLost
        | Fault::HtmlReply
        | Fault::EmptyReply
        | Fault::TruncatedReply
        | Fault::GarbageReply
        | Fault::Status500
        | Fault::Status503
        | Fault::Status429
        | Fault::SuccessInStatus401 => false,
    }
}

/// A fault that did not happen proves nothing.
#[track_caller]
pub(super) fn assert_happened(fault: Fault, counts: RequestCounts) {
    let happened = match fault {
        Fault::ConnectionReset | Fault::Status503 | Fault::Status429 => {
            counts.received > counts.authenticated
        }
        Fault::ReplyLost
        | Fault::HtmlReply
        | Fault::EmptyReply
        | Fault::TruncatedReply
        | Fault::GarbageReply
        | Fault::SuccessInStatus401 => counts.applied == 1,
        Fault::Status500 => counts.received > 0,
        // The one that was processed must be a second one.
        Fault::CredentialsRefused => counts.received == counts.authenticated + 1,
        Fault::PaidBeforeCancel | Fault::PaidAfterCancel => true,
    };
    assert!(happened, "{fault:?} did not happen: {counts:?}");
}

/// One call has sent one request; two if the credentials of the first were refused.
#[track_caller]
pub(super) fn assert_sent_once(fault: Fault, counts: RequestCounts) {
    let most = if fault == Fault::CredentialsRefused {
        2
    } else {
        1
    };
    assert!(
        counts.received <= most && counts.authenticated <= 1 && counts.applied <= 1,
        "one call sent more than one request: {counts:?}"
    );
}

/// What an error says about the request agrees with what the server received.
#[track_caller]
pub(super) fn assert_agrees(error: &Error, counts: RequestCounts) {
    if error.delivery() == Delivery::NotSent {
        assert_eq!(counts.received, 0, "said to be not sent: {error}");
    }
    if error.kind() == ErrorKind::Authentication {
        assert_eq!(counts.authenticated, 0, "said to be refused: {error}");
    }
}

/// Neither the error nor any of its causes shows a secret.
#[track_caller]
pub(super) fn assert_hides_secrets(harness: &dyn Harness, error: &Error) {
    let mut texts = vec![format!("{error:?}"), error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        texts.push(cause.to_string());
        next = cause.source();
    }
    assert_no_secret_in(harness, &texts);
}

/// None of these texts shows a secret. The message does not repeat it.
#[track_caller]
pub(super) fn assert_no_secret_in(harness: &dyn Harness, texts: &[String]) {
    for (number, secret) in harness.secrets().iter().enumerate() {
        let shown = !secret.is_empty() && texts.iter().any(|text| text.contains(secret.as_str()));
        assert!(
            !shown,
            "a text shows number {number} of the harness's secrets"
        );
    }
}
