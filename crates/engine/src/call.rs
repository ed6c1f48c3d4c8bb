//! What a failed call to a gateway says about the request that it was to send.

use std::future::Future;
use std::pin::Pin;

use duka_core::cancel::Event;
use duka_core::refund::RefundEvent;
use duka_core::{Delivery, Error, ErrorKind};

use crate::deadline::Deadline;

/// What is known of a request whose call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailedRequest {
    /// It is proved that the request was not sent.
    NotSent,
    /// The gateway refused the credentials, and did not process the request.
    Unauthenticated,
    /// The gateway may have processed the request.
    Unclear,
}

impl FailedRequest {
    pub(crate) fn of(error: &Error) -> Self {
        match (error.delivery(), error.kind()) {
            (Delivery::NotSent, _) => Self::NotSent,
            (Delivery::Answered, ErrorKind::Authentication) => Self::Unauthenticated,
            (Delivery::Unknown | Delivery::Answered, _) => Self::Unclear,
        }
    }
}

impl From<FailedRequest> for Event {
    fn from(failed: FailedRequest) -> Self {
        match failed {
            FailedRequest::NotSent => Self::NotSent,
            FailedRequest::Unauthenticated => Self::Unauthenticated,
            FailedRequest::Unclear => Self::Unclear,
        }
    }
}

impl From<FailedRequest> for RefundEvent {
    fn from(failed: FailedRequest) -> Self {
        match failed {
            FailedRequest::NotSent => Self::NotSent,
            FailedRequest::Unauthenticated => Self::Unauthenticated,
            FailedRequest::Unclear => Self::Unclear,
        }
    }
}

/// Runs a call to a gateway until `deadline`. A call that is given up there may have reached
/// the gateway.
pub(crate) async fn call<'a, T>(
    deadline: &Deadline,
    call: Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>,
) -> Result<T, Error> {
    let given_up = "no answer before the lease on this record ended";
    let ended = deadline.run(call).await;
    ended.unwrap_or_else(|| {
        let (kind, delivery) = (ErrorKind::Unavailable, Delivery::Unknown);
        Err(Error::new(kind, delivery, given_up))
    })
}
