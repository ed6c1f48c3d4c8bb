//! What an adapter says of its gateway as tables: operations, codes, and how each statement is known.
//!
//! The tables stand in the adapters (`operations`, `codes`) and are generated from their descriptions.

use crate::gateway::Operation;

/// How a statement about a gateway is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// This page of the gateway's documentation says so.
    Documented(&'static str),
    /// A reply of the real server shows it; where it was recorded.
    Observed(&'static str),
    /// Neither; the name of what is taken for true, as under `x-assumptions` of the adapter's description.
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
pub enum Repeatability {
    /// It could: the second call changes nothing.
    Harmless,
    /// It must not: the gateway takes one per order or payment.
    Once,
    /// Not known.
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
    pub repeat: Repeatability,
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
