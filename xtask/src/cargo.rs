//! Runs cargo as if a person had: without what the `cargo run` around us has put into the environment.

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Set by `cargo run` for its program. Some build scripts (ring's) run again when they change,
/// so that passing them on would rebuild half the tree after every plain `cargo test`.
const SET_BY_CARGO_RUN: &[&str] = &[
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_PRIMARY_",
];

/// A cargo command, run at the root of the project.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if SET_BY_CARGO_RUN
            .iter()
            .any(|prefix| text.starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
    if cfg!(test) {
        // The projects that tests make up are built where they stand, and go away with what they built.
        command.env_remove("CARGO_TARGET_DIR");
    }
    command
}

/// Where cargo puts what it builds.
pub(crate) fn target(root: &Path) -> PathBuf {
    let elsewhere = env::var_os("CARGO_TARGET_DIR").filter(|_| !cfg!(test));
    elsewhere.map_or_else(|| root.join("target"), |folder| root.join(folder))
}

/// Runs `command`, showing what it prints; an error says what it was and how it ended.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    if cfg!(test) {
        // What our own tests provoke would read like real failures in the log of a test run.
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    let status = command
        .status()
        .map_err(|error| format!("cannot start {}: {error}", shown(command)))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{}` failed", shown(command)))
    }
}

/// Runs `command` and returns what it wrote to its standard output.
pub(crate) fn output_of(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| format!("cannot start {}: {error}", shown(command)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!(
        "`{}` failed: {}",
        shown(command),
        String::from_utf8_lossy(&output.stderr).trim()
    ))
}

/// `text` as rustfmt lays it out, with the settings that hold at `root`.
pub(crate) fn formatted(root: &Path, text: &str) -> Result<String, String> {
    let mut command = Command::new("rustfmt");
    command
        .args(["--edition", "2024"])
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let failed = |error: io::Error| format!("cannot run rustfmt: {error}");
    let mut child = command.spawn().map_err(failed)?;
    let mut stdin = child.stdin.take().ok_or("rustfmt takes no input")?;
    stdin.write_all(text.as_bytes()).map_err(failed)?;
    drop(stdin);
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let problem = String::from_utf8_lossy(&output.stderr);
        Err(format!("rustfmt refuses it: {}", problem.trim()))
    }
}

/// Whether the cargo subcommand `name` is installed.
pub(crate) fn has(root: &Path, name: &str) -> bool {
    let mut command = cargo(root, &[name, "--version"]);
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Fails with what mends it if the toolchain lacks the part that `cargo name` needs.
pub(crate) fn needs_component(root: &Path, name: &str, component: &str) -> Result<(), String> {
    if has(root, name) {
        Ok(())
    } else {
        Err(format!(
            "{component} is missing: run `rustup component add {component}`"
        ))
    }
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let words = command.get_args().map(|word| word.to_string_lossy());
    std::iter::once("cargo".into())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_run_has_set_is_not_passed_on() {
        let command = cargo(Path::new("."), &["--version"]);
        let removed: Vec<_> = command
            .get_envs()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| name)
            .collect();
        assert!(removed.contains(&"CARGO_PKG_NAME".as_ref()), "{removed:?}");
    }

    #[test]
    fn a_failure_names_the_command() {
        let error = output_of(&mut cargo(Path::new("."), &["no-such-command"])).unwrap_err();
        assert!(
            error.starts_with("`cargo no-such-command` failed: "),
            "{error}"
        );
    }

    #[test]
    fn a_missing_component_comes_with_what_mends_it() {
        let error = needs_component(Path::new("."), "no-such-command", "clippy").unwrap_err();
        assert_eq!(
            error,
            "clippy is missing: run `rustup component add clippy`"
        );
    }
}
