//! `cargo xtask`: the project's own chores. `cargo xtask help` lists them; `cargo xtask test` is what has to hold.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people, run from a terminal"
)]

mod bench;
mod checks;
mod codegen;
mod descriptions;
mod emulator;
mod openapi;
mod report;
mod sdks;
mod tools;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

/// The project's own chores. They need Rust (with rustfmt and clippy) and a C compiler; a check that needs another tool
/// says so, and is left out where the tool is missing
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
enum Command {
    /// Run every check, and end with a table of what passed, failed or was left out
    Test {
        /// Print what the tests said after the table, for a log that is read from its end
        #[arg(long)]
        results_last: bool,
    },
    /// Run only the checks that take seconds, which compile nothing but for clippy
    Tidy,
    /// Make what is generated: from crates/*/openapi.yaml the adapters' wire types and tables, the pages about the
    /// gateways and the list that `duka doctor` shows; and the picture in the docs
    Codegen {
        /// Write nothing, and fail where something is out of date
        #[arg(long)]
        check: bool,
    },
    /// Run the tests and list the snapshots that differ, or that no test refers to (needs cargo-insta)
    Snapshots {
        /// Take what the tests produced as the new snapshots, and delete those that no test refers to
        #[arg(long)]
        accept: bool,
    },
    /// Have SDKs by other people take every step that they have against the emulator; part of `test`
    Sdks,
    /// Have other people's tools judge the descriptions of the gateways, and the emulator by them; a short run is part
    /// of `test`
    Descriptions {
        /// Requests to make up for each operation
        #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
        examples: u32,
    },
    /// Measure how fast duka is beside programs without its guarantees, and write docs/performance.md; takes less than
    /// ten minutes
    Bench {
        /// How much to measure
        #[arg(default_value = "short")]
        size: bench::Size,
        /// Measure only rows 4 and 7, with each flush to the disk slowed by 0.5 and by 2 ms (Linux)
        #[arg(long)]
        slow_disk: bool,
    },
    /// Cancel 2,000 orders a minute with three workers that are killed and stopped, among faults of every kind, and
    /// compare the store with the truth; one round of it is part of `test`
    Soak {
        /// Play rounds for so long, each with the next seed
        #[arg(long, default_value_t = 10)]
        minutes: u64,
        /// Begin with this seed
        #[arg(long)]
        seed: Option<u64>,
    },
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = root.parent().expect("xtask has a folder above it");
    let result = match Command::parse() {
        Command::Test {
            results_last: false,
        } => checks::test(root, checks::Results::AsTheyCome),
        Command::Test { results_last: true } => checks::test(root, checks::Results::Last),
        Command::Tidy => checks::tidy(root),
        Command::Codegen { check: false } => codegen::run(root, codegen::Mode::Write),
        Command::Codegen { check: true } => codegen::run(root, codegen::Mode::Check),
        Command::Snapshots { accept } => snapshots(root, accept),
        Command::Sdks => match tools::missing(root, "pesapal-sdks") {
            Some(reason) => Err(reason),
            None => sdks::check(root),
        },
        Command::Descriptions { examples } => descriptions::check(root, examples),
        Command::Bench {
            size,
            slow_disk: false,
        } => bench::run(root, size, bench::Disk::Own),
        Command::Bench {
            size,
            slow_disk: true,
        } => bench::run(root, size, bench::Disk::Slowed),
        Command::Soak { minutes, seed } => checks::soak(root, minutes, seed),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn snapshots(root: &Path, accept: bool) -> Result<(), String> {
    let options = if accept {
        "--accept --unreferenced=delete"
    } else {
        "--unreferenced=reject"
    };
    match tools::missing(root, "cargo-insta") {
        Some(reason) => Err(reason),
        None => tools::run(&mut tools::command(
            root,
            &format!("{} {options}", tools::INSTA_TEST),
        )),
    }
}
