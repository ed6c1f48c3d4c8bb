//! `duka`: creates, follows and safely cancels payment orders at KwikPaisa and Pesapal.
//!
//! The only place of the workspace that prints, reads the environment and the wall clock,
//! and exits.

mod accounts;
mod args;
mod commands;
mod config;
mod context;
#[cfg(all(feature = "crash-points", unix))]
mod crash;
mod failure;
mod orders_file;
mod output;
mod views;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind as ClapErrorKind;

use crate::args::Args;
use crate::context::Context;
use crate::failure::Exit;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are asked for; everything else is a mistake in the call.
            let asked_for = matches!(
                error.kind(),
                ClapErrorKind::DisplayHelp | ClapErrorKind::DisplayVersion
            );
            let _ = error.print();
            return if asked_for { Exit::Done } else { Exit::Usage }.code();
        }
    };
    args.color.choice().write_global();
    output::log_to_stderr(args.verbose, args.quiet);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(&format!("failed to start: {error}"));
            return Exit::Failed.code();
        }
    };
    let context = Context::new(&args);
    match runtime.block_on(commands::run(args.command, &context)) {
        Ok(exit) => exit.code(),
        Err(failure) => {
            // Nothing is said to say where a reader of stdout has gone.
            let said = failure.to_string();
            if !said.is_empty() {
                output::complain(&said);
            }
            failure.exit().code()
        }
    }
}
