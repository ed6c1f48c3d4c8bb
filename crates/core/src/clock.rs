//! The clock as a value that is handed in; nothing here reads one.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

/// Tells the time.
///
/// A program implements it once, over the machine's clock; a test over a number it
/// moves by hand. Any `Fn() -> Timestamp` is a clock, so `SharedClock::new(Timestamp::now)`
/// will do.
pub trait Clock: Send + Sync {
    /// The present moment, in UTC.
    fn now(&self) -> Timestamp;
}

impl<F> Clock for F
where
    F: Fn() -> Timestamp + Send + Sync,
{
    fn now(&self) -> Timestamp {
        self()
    }
}

/// A clock that can be shared and printed, for structs that derive `Debug`.
#[derive(Clone)]
pub struct SharedClock(Arc<dyn Clock>);

impl SharedClock {
    /// Shares `clock`.
    pub fn new(clock: impl Clock + 'static) -> Self {
        Self(Arc::new(clock))
    }

    /// The present moment, in UTC.
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }
}

impl fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedClock")
    }
}
