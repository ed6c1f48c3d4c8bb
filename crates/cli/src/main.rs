//! `duka`: creates, follows and safely cancels payment orders at KwikPaisa (India) and Pesapal (East Africa).
//!
//! A customer walks away from a checkout, and somebody has to cancel what is left open. The customer can pay while
//! the request is on its way, its reply can be lost, and Pesapal takes one cancel request per order, ever. `duka`
//! writes down what it is about to do, sends one request, asks the gateway what came of it, and says for each order
//! what happened, or that nobody can know yet.
//!
//! ```sh
//! cargo install duka-cli
//! duka demo          # 200 orders on built-in gateways: no account, nothing to set up
//! ```
//!
//! # What it does
//!
//! | command | |
//! |---|---|
//! | `demo` | the main job on built-in gateways, its report checked against the truth |
//! | `emulate` | both gateways on this machine, for trying the commands and for testing your own software |
//! | `create`, `status`, `cancel` | one order |
//! | `track`, `sweep` | follow the orders of a file; cancel those that were abandoned, and settle what is in doubt |
//! | `report`, `show` | what happened to each order; the whole timeline of one |
//! | `pending`, `resolve` | what only a person can decide, and the record of that decision |
//! | `refund` | asks Pesapal, once, for a payment to go back |
//! | `ipn` | Pesapal's notification addresses |
//! | `doctor` | checks configuration, store, gateways and clock, and says what to mend; `--probe` lists what nobody has verified yet and tries what is harmless |
//!
//! `duka COMMAND --help` says the rest; `duka completions SHELL` prints completions.
//!
//! # Your accounts
//!
//! The environment is enough for one account at each gateway; a file `duka.toml` holds several. Secrets come from
//! the environment or from files of their own. Both gateways are the sandboxes until you ask for `production`.
//!
//! ```sh
//! export DUKA_KWIKPAISA_API_KEY=pk_test_…   DUKA_KWIKPAISA_SECRET_KEY=sk_test_…
//! export DUKA_PESAPAL_CONSUMER_KEY=…        DUKA_PESAPAL_CONSUMER_SECRET=…
//! duka doctor
//! duka sweep --dry-run --min-age 30m        # what a sweep would do about each order, and why
//! ```
//!
//! A variable that is not UTF-8 text is refused, and a `DUKA_*` name that is not known is told on stderr. No command
//! that asks a gateway for one thing takes longer than `--give-up-after` (3 minutes, or `DUKA_GIVE_UP_AFTER`).
//!
//! # Exit codes
//!
//! | code | |
//! |---|---|
//! | 0 | done as asked |
//! | 1 | failed, with nothing known to be wrong with the request |
//! | 2 | bad usage or configuration |
//! | 3 | not eligible, or refused by the gateway |
//! | 4 | outcome unknown, or waiting for a person |
//!
//! Command names, options, exit codes and the keys of `--json` output are what a version promises.
//!
//! # What it cannot promise
//!
//! Parts of how the gateways answer are assumed, and listed in
//! [what nobody has verified yet](https://github.com/duka-rs/duka/blob/main/docs/unverified.md). Read that page, and
//! try its first lines with a sandbox account, before you point `duka` at real money.

mod accounts;
mod args;
mod bound;
mod commands;
mod config;
mod context;
#[cfg(all(feature = "crash-points", unix))]
mod crash;
mod environment;
mod failure;
mod orders_file;
mod output;
mod signals;
mod spreadsheet;
mod views;

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
            let _ = error.print();
            return if asked_for { Exit::Done } else { Exit::Usage }.code();
        }
    };
    args.color.choice().write_global();
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
    let stop = signals::listen(&runtime, &args.command, Output::of(&args));
    output::log_to_stderr(args.verbose, args.quiet);
    let context = Context::new(&args, stop);
    let ended = runtime.block_on(commands::run(args.command, &context));
    // A command that was stopped or gave up must not wait for what it left alone: a lock on the
    // store, an address that is looked up.
    runtime.shutdown_background();
    match ended {
        Ok(exit) => exit.code(),
        Err(failure) => {
            // Nothing is said to say where a reader of stdout has gone.
            let said = failure.to_string();
            if !said.is_empty() {
                output::print_error(&said);
            }
            failure.exit().code()
        }
    }
}
