//! Faults: what goes wrong, at which call, and how often.

use std::fmt;
use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::gateway::{Gateway, Operation};
use crate::rng::Rng;

/// One thing a gateway, its network or a customer may do at a bad moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// The connection is reset once the request was received; nothing is applied.
    ResetBefore,
    /// The request is applied, then the connection closes without one byte of a reply.
    ReplyLost,
    /// The request waits (one second, or the fault's delay), then goes on as usual.
    ///
    /// It is applied even where the client has given up by then, as a slow gateway would.
    Delay,
    /// HTTP 429 with `Retry-After: 1`; nothing is applied.
    Http429,
    /// HTTP 500. The request **is applied first**, which is the worst case of a 500.
    Http500,
    /// HTTP 503; nothing is applied.
    Http503,
    /// The request is applied, then an HTML page with HTTP 200 is the reply.
    HtmlBody,
    /// The request is applied, then HTTP 200 has an empty body.
    EmptyBody,
    /// The request is applied, then the connection closes before the announced length is sent.
    TruncatedBody,
    /// The request is applied, then the body is bytes that are neither UTF-8 nor JSON.
    GarbageBody,
    /// The request is applied, then HTTP 401 stands around what would have been the reply.
    ///
    /// Form 0 is all of the body, 1 half of it, 2 an HTML page, 3 nothing.
    Odd401,
    /// The request is applied, then interim replies (HTTP 102) come without end, until the client goes away or a
    /// minute is over. The reply itself never comes.
    InterimFlood,
    /// The reply is sent as usual, and behind it a second whole one that belongs to no request: the status of another
    /// order, paid (form 0) or not (form 1).
    ///
    /// Without a delay both leave in one piece. With one, the second is sent that much later, unless the
    /// client has sent another request or closed the connection by then.
    StrayReply,
    /// The request is applied, and the words of the reply that decide (`status`, `order_status`,
    /// `payment_status_description`, `code`) hold a character that does not show.
    ///
    /// Form 0 is a space of no width within the word, 1 an escape behind it, 2 a mark that turns the direction of
    /// writing round before it, 3 a blank behind it. What is sent as a number stays as it is.
    OddWord,
    /// A good request is refused as if its token (Pesapal) or timestamp (KwikPaisa) were too old.
    TokenExpired,
    /// The customer pays just before the cancel is applied, which is then refused.
    PayBeforeApply,
    /// The cancel is applied and answered yes, then a payment that was on its way lands.
    PayAfterApply,
    /// The next notification is delivered twice.
    DuplicateNotification,
    /// The next notification is overtaken by the one after it.
    ReorderedNotification,
}

/// Where in the life of a request a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultPoint {
    BeforeAuthentication,
    Authentication,
    Cancel,
    Reply,
    Notification,
}

impl FaultKind {
    /// Every kind, in the order they are listed to people.
    pub const ALL: [Self; 19] = [
        Self::ResetBefore,
        Self::ReplyLost,
        Self::Delay,
        Self::Http429,
        Self::Http500,
        Self::Http503,
        Self::HtmlBody,
        Self::EmptyBody,
        Self::TruncatedBody,
        Self::GarbageBody,
        Self::Odd401,
        Self::InterimFlood,
        Self::StrayReply,
        Self::OddWord,
        Self::TokenExpired,
        Self::PayBeforeApply,
        Self::PayAfterApply,
        Self::DuplicateNotification,
        Self::ReorderedNotification,
    ];

    /// The kind's name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResetBefore => "reset_before",
            Self::ReplyLost => "reply_lost",
            Self::Delay => "delay",
            Self::Http429 => "http_429",
            Self::Http500 => "http_500",
            Self::Http503 => "http_503",
            Self::HtmlBody => "html_body",
            Self::EmptyBody => "empty_body",
            Self::TruncatedBody => "truncated_body",
            Self::GarbageBody => "garbage_body",
            Self::Odd401 => "odd_401",
            Self::InterimFlood => "interim_flood",
            Self::StrayReply => "stray_reply",
            Self::OddWord => "odd_word",
            Self::TokenExpired => "token_expired",
            Self::PayBeforeApply => "pay_before_apply",
            Self::PayAfterApply => "pay_after_apply",
            Self::DuplicateNotification => "duplicate_notification",
            Self::ReorderedNotification => "reordered_notification",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// The operations it can strike at a gateway, or at any.
    pub(crate) fn operations(self, gateway: Option<Gateway>) -> Vec<Operation> {
        let offered = gateway.map_or(&Operation::ALL[..], Gateway::operations);
        let strikes = |it: &Operation| match self.point() {
            FaultPoint::Cancel => *it == Operation::Cancel,
            // A token is refused where it is carried, not where it is issued.
            FaultPoint::Authentication => *it != Operation::Token,
            FaultPoint::BeforeAuthentication | FaultPoint::Reply | FaultPoint::Notification => true,
        };
        offered.iter().copied().filter(strikes).collect()
    }

    const fn point(self) -> FaultPoint {
        match self {
            Self::ResetBefore | Self::Delay | Self::Http429 | Self::Http503 => {
                FaultPoint::BeforeAuthentication
            }
            Self::TokenExpired => FaultPoint::Authentication,
            Self::PayBeforeApply | Self::PayAfterApply => FaultPoint::Cancel,
            Self::ReplyLost
            | Self::Http500
            | Self::HtmlBody
            | Self::EmptyBody
            | Self::TruncatedBody
            | Self::GarbageBody
            | Self::Odd401
            | Self::InterimFlood
            | Self::StrayReply
            | Self::OddWord => FaultPoint::Reply,
            Self::DuplicateNotification | Self::ReorderedNotification => FaultPoint::Notification,
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for FaultKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A [`FaultKind`] with where and how often it strikes: by default at once, once, anywhere.
///
/// Faults strike in the order they were armed. One request can meet one fault at each of: before authentication
/// (`reset_before`, `delay`, 429, 503), in authentication (`token_expired`), in a cancel (`pay_before_apply`,
/// `pay_after_apply`) and in the reply (the rest), so a delay and a lost reply can be combined. Those of the
/// last three groups are kept for requests that pass authentication.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fault {
    kind: FaultKind,
    gateway: Option<Gateway>,
    operation: Option<Operation>,
    times: u32,
    probability: f64,
    delay: Duration,
    form: u32,
}

impl Fault {
    /// A fault that strikes the next request (or notification) it fits, once.
    #[must_use]
    pub const fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            gateway: None,
            operation: None,
            times: 1,
            probability: 1.0,
            delay: Duration::ZERO,
            form: 0,
        }
    }

    /// Only at this gateway.
    #[must_use]
    pub const fn at(mut self, gateway: Gateway) -> Self {
        self.gateway = Some(gateway);
        self
    }

    /// Only in this operation.
    #[must_use]
    pub const fn on(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// How many times it strikes before it is spent, at least 1.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// The chance, from 0 to 1, that it strikes when it could. Drawn from the emulator's seed.
    #[must_use]
    pub const fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// How long the request is held up in real time before the fault strikes; with
    /// [`StrayReply`](FaultKind::StrayReply), how long the second reply is.
    #[must_use]
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The form in which a kind that has several begins; each strike takes the next, and the first follows the last.
    #[must_use]
    pub const fn form(mut self, form: u32) -> Self {
        self.form = form;
        self
    }

    /// What goes wrong.
    #[must_use]
    pub const fn kind(&self) -> FaultKind {
        self.kind
    }

    /// Refuses a fault that could never strike: a test that relied on it would pass without it.
    fn check(&self) -> Result<(), FaultError> {
        if self.times == 0 {
            return Err(FaultError::Times);
        }
        if !(self.probability > 0.0 && self.probability <= 1.0) {
            return Err(FaultError::Probability);
        }
        let Some(operation) = self.operation else {
            return Ok(());
        };
        if self.kind.operations(self.gateway).contains(&operation) {
            Ok(())
        } else {
            Err(FaultError::Operation {
                kind: self.kind,
                operation,
            })
        }
    }

    fn fits(&self, gateway: Gateway, operation: Option<Operation>) -> bool {
        let here = self.gateway.is_none_or(|it| it == gateway);
        // A notification belongs to no operation, so none can keep a fault from it.
        here && match (self.operation, operation) {
            (Some(wanted), Some(actual)) => wanted == actual,
            (None, _) | (_, None) => true,
        }
    }

    fn hold(&self) -> Duration {
        if self.kind == FaultKind::Delay && self.delay.is_zero() {
            Duration::from_secs(1)
        } else {
            self.delay
        }
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Fault", 7)?;
        fields.serialize_field("gateway", &self.gateway)?;
        fields.serialize_field("operation", &self.operation)?;
        fields.serialize_field("kind", &self.kind)?;
        fields.serialize_field("times", &self.times)?;
        fields.serialize_field("probability", &self.probability)?;
        let delay_ms = u64::try_from(self.delay.as_millis()).unwrap_or(u64::MAX);
        fields.serialize_field("delay_ms", &delay_ms)?;
        fields.serialize_field("form", &self.form)?;
        fields.end()
    }
}

/// Why a fault was not armed: it could never strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FaultError {
    /// `times` is zero.
    #[error("times must be at least 1")]
    Times,
    /// `probability` is not above 0 and at most 1.
    #[error("probability must be above 0 and at most 1")]
    Probability,
    /// The kind does not happen in that operation, or the gateway does not have it.
    #[error("{kind} never happens in operation {operation} there")]
    Operation {
        /// What was to go wrong.
        kind: FaultKind,
        /// Where it cannot.
        operation: Operation,
    },
}

/// A fault that has just struck.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Struck {
    pub(crate) kind: FaultKind,
    pub(crate) hold: Duration,
    pub(crate) form: u32,
}

/// The armed faults; each carries in `times` how often it may still strike.
#[derive(Debug, Default)]
pub(crate) struct ArmedFaults(Vec<Fault>);

impl ArmedFaults {
    pub(crate) fn arm(&mut self, fault: Fault) -> Result<(), FaultError> {
        fault.check()?;
        self.0.push(fault);
        Ok(())
    }

    pub(crate) fn clear(&mut self) -> usize {
        let cleared = self.0.len();
        self.0.clear();
        cleared
    }

    pub(crate) fn armed(&self) -> &[Fault] {
        &self.0
    }

    /// Uses up one strike of the first fault that fits and whose chance comes up.
    pub(crate) fn strike(
        &mut self,
        rng: &mut Rng,
        point: FaultPoint,
        gateway: Gateway,
        operation: Option<Operation>,
    ) -> Option<Struck> {
        let index = self.0.iter().position(|it| {
            it.kind.point() == point
                && it.fits(gateway, operation)
                && operation.is_none_or(|op| it.kind.operations(Some(gateway)).contains(&op))
                && rng.chance(it.probability)
        })?;
        let fault = &mut self.0[index];
        let struck = Struck {
            kind: fault.kind,
            hold: fault.hold(),
            form: fault.form,
        };
        fault.form = fault.form.wrapping_add(1);
        fault.times -= 1;
        if fault.times == 0 {
            self.0.remove(index);
        }
        Some(struck)
    }
}
