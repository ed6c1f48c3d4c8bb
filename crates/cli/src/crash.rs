//! Dies or stops at a named point of a cancellation, for tests of what is left behind. Only
//! in builds with the feature `crash-points`; users never meet it.
//!
//! The points are trace events of our crates with a field `point`, such as
//! `after_intent`. `DUKA_CRASH_AT=after_intent` kills the process the first time it gets
//! there, `after_intent:3` the third time; `DUKA_STOP_AT` stops it instead, until it
//! gets SIGCONT.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context as LayerContext;

use crate::environment;
use crate::output::print_error;

/// What the environment asks for, if it does.
pub(crate) fn asked_for() -> Option<CrashPoint> {
    [
        ("DUKA_CRASH_AT", Signal::KILL),
        ("DUKA_STOP_AT", Signal::STOP),
    ]
    .into_iter()
    .find_map(|(variable, signal)| {
        let text = match environment::variable(variable) {
            Ok(text) => text?,
            Err(failure) => {
                print_error(&failure.to_string());
                return None;
            }
        };
        let (point, passes) = text.split_once(':').unwrap_or((&text, "1"));
        let Ok(passes) = passes.parse() else {
            print_error(&format!("{variable}: {passes:?} is not a number"));
            return None;
        };
        Some(CrashPoint {
            point: point.to_owned(),
            passes_left: AtomicU64::new(passes),
            signal,
        })
    })
}

/// One point, and what happens there.
#[derive(Debug)]
pub(crate) struct CrashPoint {
    point: String,
    passes_left: AtomicU64,
    signal: Signal,
}

impl CrashPoint {
    /// Whether one of our own crates says that it is there. Another's field of that name
    /// means something else.
    fn is_at(&self, event: &Event<'_>) -> bool {
        let target = event.metadata().target();
        let mut is_here = IsHere(&self.point, false);
        event.record(&mut is_here);
        is_here.1 && (target == "duka" || target.starts_with("duka_"))
    }
}

impl<S: Subscriber> Layer<S> for CrashPoint {
    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        if self.is_at(event) && self.passes_left.fetch_sub(1, Ordering::Relaxed) == 1 {
            if let Err(error) = kill_process(getpid(), self.signal) {
                print_error(&format!("failed to stop at {}: {error}", self.point));
            }
            // Another thread may be the one that takes the signal; this one must not go on
            // until it has.
            thread::sleep(Duration::from_secs(1));
        }
    }
}

/// Whether an event's field `point` is the one that is looked for.
struct IsHere<'a>(&'a str, bool);

impl Visit for IsHere<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.1 |= field.name() == "point" && value == self.0;
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// Counts where a [`CrashPoint`] would end the process.
    struct Counts(CrashPoint, Arc<AtomicU64>);

    impl<S: Subscriber> Layer<S> for Counts {
        fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
            let here = u64::from(self.0.is_at(event));
            self.1.fetch_add(here, Ordering::Relaxed);
        }
    }

    #[test]
    fn only_our_own_crates_name_points() {
        let point = CrashPoint {
            point: "after_intent".to_owned(),
            passes_left: AtomicU64::new(1),
            signal: Signal::KILL,
        };
        let passes = Arc::new(AtomicU64::new(0));
        let counts = Counts(point, Arc::clone(&passes));
        let subscriber = tracing_subscriber::registry().with(counts);
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!(target: "hyper::proto", point = "after_intent");
            tracing::debug!(target: "dukascopy", point = "after_intent");
            tracing::debug!(target: "duka_http::client", point = "before_send");
            assert_eq!(passes.load(Ordering::Relaxed), 0);
            tracing::debug!(target: "duka", point = "after_intent");
            tracing::debug!(target: "duka_engine::driver", point = "after_intent");
            assert_eq!(passes.load(Ordering::Relaxed), 2);
        });
    }
}
