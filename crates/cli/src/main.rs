#![doc = include_str!("../README.md")]
#![expect(
    clippy::disallowed_methods,
    reason = "the one crate that reads the environment and the wall clock"
)]

mod accounts;
mod args;
mod bound;
mod commands;
mod config;
mod context;
#[cfg(all(feature = "crash-points", unix))]
mod crash;
mod csv_rows;
mod environment;
mod failure;
mod filters;
#[cfg(test)]
#[path = "../../core/tests/it/fuzz.rs"]
mod fuzz;
mod gateways;
mod import;
mod logging;
mod output;
mod ranges;
mod signals;
mod small_file;
mod spreadsheet;
mod times;
mod views;

use std::env;
use std::io;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind as ClapErrorKind;

use crate::args::Args;
use crate::context::Context;
use crate::failure::Exit;
use crate::output::Output;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are asked for; everything else is a mistake in the call.
            let asked_for = matches!(
                error.kind(),
                ClapErrorKind::DisplayHelp | ClapErrorKind::DisplayVersion
            );
            if !asked_for && env::args_os().any(|arg| arg == "--json") {
                let text = error.render().to_string();
                let text = text.strip_prefix("error: ").unwrap_or(&text).trim();
                let (message, hint) = text.split_once("\n").unwrap_or((text, ""));
                let hint = Some(hint.trim()).filter(|hint| !hint.is_empty());
                output::print_json_error("usage", message, hint);
            }
            return match (asked_for, error.print()) {
                (false, _) => Exit::Usage,
                (true, Ok(())) => Exit::Done,
                (true, Err(error)) => {
                    if error.kind() != io::ErrorKind::BrokenPipe {
                        output::print_error(&format!("failed to print: {error}"));
                    }
                    Exit::Failed
                }
            }
            .code();
        }
    };
    args.color.choice().write_global();
    let results = Output::of(&args);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            output::print_error(&format!("failed to start: {error}"));
            return Exit::Failed.code();
        }
    };
    // Before anything that may take long, such as to wait for the store.
    let stop = signals::listen(&runtime, &args.command, results);
    logging::log_to_stderr(args.verbose, args.quiet);
    let context = Context::new(&args, stop);
    let ended = runtime.block_on(commands::run(args.command, &context));
    // A command that was stopped or gave up must not wait for what it left alone: a lock on the
    // store, an address that is looked up.
    runtime.shutdown_background();
    match ended {
        Ok(exit) => output::exit_of_printing(exit).code(),
        Err(failure) => {
            // Print nothing on a broken pipe.
            let said = failure.to_string();
            if !said.is_empty() {
                if results.is_json() {
                    output::print_json_error(failure.kind(), &said, failure.hint());
                }
                output::print_error(&said);
            }
            output::exit_of_printing(failure.exit()).code()
        }
    }
}
