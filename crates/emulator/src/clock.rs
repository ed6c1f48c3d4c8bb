//! Where the emulator's time comes from: a source given by the caller, plus how far it was moved since.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// A source of the present time. Any `Fn() -> Timestamp` is one, `jiff::Timestamp::now` among them.
pub trait Clock: Send + Sync + 'static {
    /// The present time.
    fn now(&self) -> Timestamp;
}

impl<F> Clock for F
where
    F: Fn() -> Timestamp + Send + Sync + 'static,
{
    fn now(&self) -> Timestamp {
        self()
    }
}

/// The caller's clock, shared.
#[derive(Clone)]
pub(crate) struct ClockSource(Arc<dyn Clock>);

impl ClockSource {
    pub(crate) fn new(clock: impl Clock) -> Self {
        Self(Arc::new(clock))
    }
}

impl fmt::Debug for ClockSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClockSource")
    }
}

/// The emulator's own time: the source plus an offset in milliseconds.
#[derive(Debug)]
pub(crate) struct EmulatorClock {
    source: ClockSource,
    offset_ms: AtomicI64,
}

impl EmulatorClock {
    pub(crate) const fn new(source: ClockSource) -> Self {
        Self {
            source,
            offset_ms: AtomicI64::new(0),
        }
    }

    /// Saturates at the ends of time rather than failing a request.
    pub(crate) fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_millis(self.offset_ms.load(Ordering::Relaxed));
        let now = self.source.0.now();
        now.checked_add(offset).unwrap_or(if offset.is_negative() {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(if by.is_negative() {
            i64::MIN
        } else {
            i64::MAX
        });
        // The closure always returns a value, so the update cannot fail.
        let _ = self
            .offset_ms
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| {
                Some(old.saturating_add(by))
            });
    }

    pub(crate) fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn set_offset_ms(&self, offset: i64) {
        self.offset_ms.store(offset, Ordering::Relaxed);
    }

    pub(crate) fn reset(&self) {
        self.set_offset_ms(0);
    }
}
