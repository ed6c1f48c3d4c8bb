//! Why a command ends, and the exit code that says so. The codes are API.

use std::fmt;
use std::process::ExitCode;

use duka_core::{Delivery, Error, ErrorKind};
use duka_engine::{EngineError, RequestKind, StoreError, StoreErrorKind};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done as asked.
    Done,
    /// Failed, and nothing is known to be wrong with the request.
    Failed,
    /// Bad usage or configuration.
    Usage,
    /// Not eligible, or refused by the gateway.
    Refused,
    /// The outcome is unknown, or waits for a person.
    Unknown,
}

impl Exit {
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(self.number())
    }

    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Unknown => 4,
        }
    }
}

/// What goes to stderr, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.into(),
        }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failed,
            message: message.into(),
        }
    }

    /// Not eligible, or refused: a final answer.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Refused,
            message: message.into(),
        }
    }

    /// Something may have been changed at a gateway.
    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Unknown,
            message: message.into(),
        }
    }

    /// As another part has ended.
    pub(crate) fn ended(exit: Exit, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { exit, message }
    }

    /// A gateway call that changes nothing.
    pub(crate) fn read(what: &str, error: &Error) -> Self {
        Self {
            exit: exit_of_read(error),
            message: format!("failed to {what}: {}", error.in_full()),
        }
    }

    /// A gateway call that may have changed something.
    pub(crate) fn mutation(what: &str, error: &Error) -> Self {
        let settled = match error.kind() {
            ErrorKind::InvalidRequest
            | ErrorKind::Configuration
            | ErrorKind::Unsupported
            | ErrorKind::Authentication
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::Rejected => true,
            ErrorKind::RateLimited
            | ErrorKind::Unavailable
            | ErrorKind::UnreadableReply
            | ErrorKind::UnlistedReply
            | _ => error.delivery() == Delivery::NotSent,
        };
        Self {
            exit: if settled {
                exit_of_read(error)
            } else {
                Exit::Unknown
            },
            message: format!("failed to {what}: {}", error.in_full()),
        }
    }

    pub(crate) fn engine(what: &str, error: &EngineError) -> Self {
        let message = format!("failed to {what}: {}", describe(error));
        match error {
            EngineError::Gateway(error) => Self {
                exit: exit_of_read(error),
                message,
            },
            EngineError::Store(error) => Self {
                exit: exit_of_store(error),
                message,
            },
            EngineError::NotStored { request, .. } => Self {
                exit: Exit::Unknown,
                message: match request {
                    RequestKind::Cancel => {
                        format!("{message}; fix the store, then run `duka sweep`")
                    }
                    RequestKind::Refund => {
                        format!("{message}; fix the store, then see `duka pending`")
                    }
                },
            },
            EngineError::Held { .. } => Self {
                exit: Exit::Refused,
                message: format!("{message}; nothing was sent; `duka release` ends the hold"),
            },
            EngineError::DoubleRequest(_) => Self {
                exit: Exit::Unknown,
                message: format!("{message}; see `duka pending`"),
            },
            // A request may have left.
            EngineError::ShutDown(_) => Self::unknown(message),
            EngineError::UnknownAccount(_)
            | EngineError::OtherGateway { .. }
            | EngineError::UnknownCancellation(_)
            | EngineError::UnknownRefund(_)
            | EngineError::NotAllowed(_)
            | EngineError::NothingToDecide(_) => Self::usage(message),
            _ => Self::failed(message),
        }
    }

    pub(crate) fn store(what: &str, error: &StoreError) -> Self {
        Self {
            exit: exit_of_store(error),
            message: format!("failed to {what}: {error}"),
        }
    }

    /// Its kind in JSON.
    pub(crate) fn kind(&self) -> &'static str {
        match self.exit {
            Exit::Done | Exit::Failed => "failed",
            Exit::Usage => "usage",
            Exit::Refused => "refused",
            Exit::Unknown => "unknown",
        }
    }

    /// What to do about it, where the message ends with that: what comes after its last semicolon.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.message.rsplit_once("; ").map(|(_, hint)| hint)
    }

    /// Adds what to do about it.
    pub(crate) fn with_advice(mut self, advice: &str) -> Self {
        self.message = format!("{}; {advice}", self.message);
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The text of an error, with its causes where it is the gateway's.
pub(crate) fn describe(error: &EngineError) -> String {
    if let EngineError::Gateway(error) = error {
        error.in_full().to_string()
    } else {
        error.to_string()
    }
}

pub(crate) fn exit_of_read(error: &Error) -> Exit {
    match error.kind() {
        ErrorKind::InvalidRequest
        | ErrorKind::Configuration
        | ErrorKind::Unsupported
        | ErrorKind::Authentication => Exit::Usage,
        ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Rejected => Exit::Refused,
        ErrorKind::RateLimited
        | ErrorKind::Unavailable
        | ErrorKind::UnreadableReply
        | ErrorKind::UnlistedReply
        | _ => Exit::Failed,
    }
}

fn exit_of_store(error: &StoreError) -> Exit {
    match error.kind() {
        StoreErrorKind::CannotOpen | StoreErrorKind::TooNew | StoreErrorKind::UnknownOrder => {
            Exit::Usage
        }
        StoreErrorKind::OnceUsed => Exit::Refused,
        StoreErrorKind::Busy
        | StoreErrorKind::Full
        | StoreErrorKind::ReadOnly
        | StoreErrorKind::Corrupt
        | StoreErrorKind::Internal
        | _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use duka_core::{AccountName, OrderId};
    use duka_engine::OrderKey;

    use super::*;

    #[test]
    fn work_that_was_shut_down_may_have_sent_a_request() {
        let order = OrderId::text("A-1").unwrap();
        let key = OrderKey::new(AccountName::new("shop").unwrap(), order);
        let failure = Failure::engine("cancel the order", &EngineError::ShutDown(key));
        assert_eq!(failure.exit(), Exit::Unknown);
    }
}
