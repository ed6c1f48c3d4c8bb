//! `cargo xtask`: the project's own chores. `cargo xtask help` lists them; `cargo xtask test` is what has to hold.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people, run from a terminal"
)]

mod args;
mod cargo;
mod checks;
mod codegen;
mod descriptions;
mod files;
mod left_out;
mod openapi;
mod pictures;
#[cfg(test)]
mod project;
mod report;
mod snapshots;
mod source;
mod tidy;

use std::env;
use std::path::Path;
use std::process::ExitCode;

use args::Command;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let command = match args::parse(&arguments) {
        Ok(command) => command,
        Err(reason) => {
            eprintln!("error: {reason}\n\n{}", args::HELP);
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("xtask has no folder above it")?;
    match command {
        Command::Test { results } => checks::test(root, results),
        Command::Ci => checks::ci(root),
        Command::Tidy => match tidy::run(root)? {
            0 => Ok(()),
            count => Err(format!("house rules broken in {count} places")),
        },
        Command::Codegen(mode) => checks::codegen(root, mode),
        Command::Snapshots(mode) => snapshots::run(root, mode),
        Command::Descriptions { examples } => checks::descriptions(root, examples),
        Command::Soak(soak) => checks::soak(root, soak),
        Command::Docs { open: false } => checks::docs(root),
        Command::Docs { open: true } => checks::open_docs(root),
        Command::Help => {
            print!("{}", args::HELP);
            Ok(())
        }
    }
}
