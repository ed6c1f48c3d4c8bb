//! Where trace events go: to stderr, and to the points at which a test kills the program.

use std::io;

use anstream::{AutoStream, ColorChoice};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[cfg(all(feature = "crash-points", unix))]
use crate::crash;

/// Sends the workspace's own traces to stderr; other crates' may hold secrets, so they are left out.
pub(crate) fn log_to_stderr(verbose: u8, quiet: bool) {
    let level = match (quiet, verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, 2) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    let ours = [
        "duka",
        "duka_engine",
        "duka_core",
        "duka_emulator",
        "duka_http",
        "duka_kwikpaisa",
        "duka_pesapal",
    ];
    let targets = ours
        .iter()
        .fold(Targets::new(), |t, name| t.with_target(*name, level));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(AutoStream::choice(&io::stderr()) != ColorChoice::Never);
    let registry = tracing_subscriber::registry().with(lines.with_filter(targets));
    #[cfg(all(feature = "crash-points", unix))]
    let registry = registry.with(crash::asked_for());
    registry.init();
}
