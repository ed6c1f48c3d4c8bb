//! What a run costs: time, CPU time and memory of this process.

use std::fs;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

/// What a run has cost.
#[derive(Debug, Clone, Serialize)]
pub struct Cost {
    /// How often it was done.
    pub calls: usize,
    /// How long that took.
    pub seconds: f64,
    /// Of all cores, and of the system on its behalf.
    pub cpu_seconds: f64,
    /// The most memory that was resident since the process began, in KiB; known on Linux only.
    pub peak_kib: Option<u64>,
}

/// A run under way.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    started: Instant,
    cpu: Duration,
}

impl Run {
    /// Starts the clocks.
    #[must_use]
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            cpu: cpu_time(),
        }
    }

    /// What it has cost to do something so often.
    #[must_use]
    pub fn end(self, calls: usize) -> Cost {
        Cost {
            calls,
            seconds: self.started.elapsed().as_secs_f64(),
            cpu_seconds: (cpu_time() - self.cpu).as_secs_f64(),
            peak_kib: peak_kib(),
        }
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
