//! What an adapter says of its gateway as tables: operations, assumptions, and how each statement is known.
//!
//! The tables stand in the adapters (`operations`, `assumptions`, `codes`) and are generated from their descriptions.

use crate::gateway::Operation;

/// How a statement about a gateway is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// This page of the gateway's documentation says so.
    Documented(&'static str),
    /// A reply of the real server shows it; where it was recorded.
    Observed(&'static str),
    /// Neither; the [`Assumption::id`] of what is taken for true.
    Assumed(&'static str),
}

/// Whether a call changes anything at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Intent {
    /// Repeating it is harmless: it changes nothing at the gateway.
    Read,
    /// It changes something: never repeated once it may have left.
    Mutation,
}

/// Whether a call that may have arrived could be made again, by what is known of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// It could: the second call changes nothing.
    Harmless,
    /// It must not: the gateway takes one per order or payment.
    Once,
    /// Nobody has said.
    Unknown,
}

/// One call that a gateway offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationInfo {
    /// Its name in messages and traces, such as `create`.
    pub name: &'static str,
    /// The same for [`Gateway::supports`](crate::Gateway::supports); `None` for what an adapter
    /// does by itself, such as fetching a token.
    pub operation: Option<Operation>,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path below the base URL, with its leading slash.
    pub path: &'static str,
    /// Whether it changes anything.
    pub intent: Intent,
    /// Whether it could be made again.
    pub repeat: Repeat,
    /// Why the adapter does not offer it; `None` where it does.
    pub unsupported: Option<&'static str>,
    /// How the call is known.
    pub evidence: Evidence,
}

/// Whether one of an adapter's `operations` is `operation`, and offered.
pub fn supports(operations: &[OperationInfo], operation: Operation) -> bool {
    operations
        .iter()
        .any(|info| info.operation == Some(operation) && info.unsupported.is_none())
}

/// How an assumption can be tried in one way, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried<T> {
    /// By this.
    By(T),
    /// Not at all.
    Not {
        /// The reason, as a clause.
        why: &'static str,
    },
}

impl<T> Tried<T> {
    /// By what; nothing where it is not tried.
    pub fn by(self) -> Option<T> {
        match self {
            Self::By(it) => Some(it),
            Self::Not { .. } => None,
        }
    }
}

/// What an adapter takes for true although no page and no recorded reply says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumption {
    /// Its name, unique in the adapter, such as `refused-cancel`.
    pub id: &'static str,
    /// What is assumed, in one sentence.
    pub assumed: &'static str,
    /// The operation or topic it is about, such as `cancel` or `signing`.
    pub about: &'static str,
    /// The file or crate that decides so.
    pub place: &'static str,
    /// What is tolerated, or which setting changes it.
    pub tolerance: &'static str,
    /// What to try with a sandbox account.
    pub trial: &'static str,
    /// Whether it decides about money: to be tried first.
    pub money: bool,
    /// The variants of the emulator that take its sides, each a `NAME`; or a `NAME=VALUE` where that one value
    /// contradicts it.
    pub variants: Tried<&'static [&'static str]>,
    /// The harmless call with real credentials that answers it.
    pub probe: Tried<&'static str>,
}
