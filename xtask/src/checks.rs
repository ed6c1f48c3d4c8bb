//! The steps of `cargo xtask test` and `cargo xtask ci`, cheapest first; one run shows everything that is wrong.
//!
//! All of them build with the same profile and the same `RUSTFLAGS`, so that each dependency is checked once
//! (for lints, features and docs) and compiled once (for the tests).

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use crate::args::{Codegen, Results, Soak};
use crate::cargo::{self, cargo, needs_component};
use crate::codegen::docs_rs;
use crate::descriptions;
use crate::files::Files;
use crate::left_out::LeftOut;
use crate::report::{Outcome, Report};
use crate::snapshots::{self, References};
use crate::tidy;

const TESTS: &str = "tests";

/// How many requests somebody else's tool makes up for each operation of a gateway; half a minute's worth for both.
pub(crate) const EXAMPLES: u32 = 40;

/// Runs every check, prints the table and says which steps failed.
pub(crate) fn test(root: &Path, results: Results) -> Result<(), String> {
    let mut report = Report::default();
    let said = checks(root, results, &mut report);
    finish(&report, &said)
}

/// The same, and packs every crate that is published.
pub(crate) fn ci(root: &Path) -> Result<(), String> {
    let mut report = Report::default();
    let said = checks(root, Results::AsTheyCome, &mut report);
    report.step("package", || done(package(root)));
    finish(&report, &said)
}

/// Runs the steps; returns what `cargo test` said, if that is to be shown later.
fn checks(root: &Path, results: Results, report: &mut Report) -> Vec<u8> {
    report.step("fmt", || done(fmt(root)));
    report.step("tidy", || {
        tidy::run(root).map_or_else(Outcome::Failed, Outcome::from_findings)
    });
    report.step("codegen", || done(codegen(root, Codegen::Check)));
    report.step("clippy", || done(clippy(root)));
    report.step("features", || features(root));
    report.step("docs", || done(docs(root)));
    let mut said = Vec::new();
    match Notes::start(root) {
        Ok(notes) => {
            report.step(TESTS, || done(tests(root, results, &notes, &mut said)));
            let passed = report.outcome(TESTS) == Some(&Outcome::Passed);
            report.step("snapshots", || snapshots(root, &notes.references, passed));
            report.step("tools", || notes.left_out.outcome());
        }
        Err(reason) => report.step(TESTS, || Outcome::Failed(reason)),
    }
    if Files::read(root).is_ok_and(|files| files.exists("xtask/outside")) {
        report.step("described", || descriptions::check(root, EXAMPLES));
    }
    said
}

/// What the tests write down for the steps after them.
struct Notes {
    references: References,
    left_out: LeftOut,
}

impl Notes {
    fn start(root: &Path) -> Result<Self, String> {
        Ok(Self {
            references: References::start(root)?,
            left_out: LeftOut::start(root)?,
        })
    }
}

fn finish(report: &Report, said: &[u8]) -> Result<(), String> {
    println!("\n{}", report.table());
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(said)
        .and_then(|()| stdout.flush())
        .map_err(|error| format!("cannot print: {error}"))?;
    match report.failed().as_slice() {
        [] => Ok(()),
        failed => Err(format!("failed: {}", failed.join(", "))),
    }
}

fn done(result: Result<(), String>) -> Outcome {
    match result {
        Ok(()) => Outcome::Passed,
        Err(reason) => {
            println!("{reason}");
            Outcome::Failed(reason)
        }
    }
}

fn fmt(root: &Path) -> Result<(), String> {
    needs_component(root, "fmt", "rustfmt")?;
    cargo::run(&mut cargo(root, &["fmt", "--all", "--check"]))
}

fn clippy(root: &Path) -> Result<(), String> {
    needs_component(root, "clippy", "clippy")?;
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--locked",
        "--",
        "-D",
        "warnings",
    ];
    cargo::run(&mut cargo(root, &arguments))
}

/// Writes generated text, or fails where it is out of date.
pub(crate) fn codegen(root: &Path, mode: Codegen) -> Result<(), String> {
    let changed = crate::codegen::run(root, mode)?;
    for place in &changed {
        println!("{place}");
    }
    match mode {
        Codegen::Check if !changed.is_empty() => {
            Err("out of date: run `cargo xtask codegen`".to_owned())
        }
        Codegen::Check | Codegen::Write => Ok(()),
    }
}

/// Each library by itself, so that none compiles only thanks to a feature that another one switches on.
fn features(root: &Path) -> Outcome {
    let files = match Files::read(root) {
        Ok(files) => files,
        Err(reason) => return Outcome::Failed(reason),
    };
    let failures = files
        .member_manifests()
        .flat_map(|file| feature_checks(&file.text))
        .filter(|arguments| {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            cargo::run(&mut cargo(root, &arguments))
                .inspect_err(|reason| println!("{reason}"))
                .is_err()
        });
    Outcome::from_findings(failures.count())
}

/// What to check for the package whose manifest this is: as it comes and, if that differs, without its default features.
fn feature_checks(manifest: &str) -> Vec<Vec<String>> {
    let manifest = manifest.parse::<toml::Table>().unwrap_or_default();
    let Some(name) = manifest
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(toml::Value::as_str)
    else {
        return Vec::new();
    };
    let check = |extra: &[&str]| {
        ["check", "--package", name, "--locked"]
            .iter()
            .chain(extra)
            .map(ToString::to_string)
            .collect()
    };
    let has_defaults = manifest
        .get("features")
        .is_some_and(|features| features.get("default").is_some());
    if has_defaults {
        vec![check(&[]), check(&["--no-default-features"])]
    } else {
        vec![check(&[])]
    }
}

/// Builds the API documentation; a broken link in it is an error, and so is one that leads there from a README.
pub(crate) fn docs(root: &Path) -> Result<(), String> {
    cargo::run(&mut doc_command(root, &[]))?;
    let files = Files::read(root)?;
    let folder = cargo::target(root).join("doc");
    let readmes = files
        .iter()
        .filter(|file| file.path.ends_with("/README.md"));
    let dead = readmes.flat_map(|file| {
        let links = docs_rs::dead_links(&file.text, &folder);
        links
            .into_iter()
            .map(|link| format!("{}: {link}", file.path))
    });
    match dead.collect::<Vec<_>>().as_slice() {
        [] => Ok(()),
        dead => Err(format!("lead nowhere:\n{}", dead.join("\n"))),
    }
}

/// Builds the API documentation and opens it in a browser.
pub(crate) fn open_docs(root: &Path) -> Result<(), String> {
    cargo::run(&mut doc_command(root, &["--open"]))
}

fn doc_command(root: &Path, extra: &[&str]) -> Command {
    let mut command = cargo(
        root,
        &[
            "doc",
            "--workspace",
            "--no-deps",
            "--all-features",
            "--locked",
        ],
    );
    command.args(extra).env("RUSTDOCFLAGS", "-D warnings");
    command
}

/// Compiles the tests first, in plain sight, and then runs them, those in the documentation included.
fn tests(root: &Path, results: Results, notes: &Notes, said: &mut Vec<u8>) -> Result<(), String> {
    let arguments = [
        "test",
        "--workspace",
        "--all-features",
        "--locked",
        "--no-fail-fast",
    ];
    cargo::run(cargo(root, &arguments).args(["--all-targets", "--no-run"]))?;
    let mut command = cargo(root, &arguments);
    command.env("INSTA_UPDATE", "no");
    notes.references.collect_from(&mut command);
    notes.left_out.collect_from(&mut command);
    match results {
        Results::AsTheyCome => cargo::run(&mut command),
        Results::Last => run_and_keep(&mut command, said),
    }
}

/// Has somebody else's tools judge the descriptions, and the emulator by them.
pub(crate) fn descriptions(root: &Path, examples: u32) -> Result<(), String> {
    match descriptions::check(root, examples) {
        Outcome::Passed => Ok(()),
        Outcome::Failed(reason) | Outcome::LeftOut(reason) => Err(reason),
    }
}

/// Plays rounds of the soak, which is one of the program's tests, and shows what they say.
pub(crate) fn soak(root: &Path, soak: Soak) -> Result<(), String> {
    let arguments = [
        "test",
        "--package",
        "duka-cli",
        "--all-features",
        "--locked",
        "--test",
        "it",
        "--",
        "soak::",
        "--nocapture",
    ];
    let mut command = cargo(root, &arguments);
    command.env("DUKA_SOAK_MINUTES", soak.minutes.to_string());
    if let Some(seed) = soak.seed {
        command.env("DUKA_SOAK_SEED", seed.to_string());
    }
    cargo::run(&mut command)
}

/// Runs `command` and keeps everything it prints, in the order in which it came.
fn run_and_keep(command: &mut Command, said: &mut Vec<u8>) -> Result<(), String> {
    println!("what the tests print follows after the table");
    let failed = |error: io::Error| format!("cannot run the tests: {error}");
    let (mut reader, writer) = io::pipe().map_err(failed)?;
    command
        .stdout(writer.try_clone().map_err(failed)?)
        .stderr(writer);
    let mut child = command.spawn().map_err(failed)?;
    // The command holds both writing ends; without them the pipe closes when the tests are done.
    command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    reader.read_to_end(said).map_err(failed)?;
    let status = child.wait().map_err(failed)?;
    if status.success() {
        Ok(())
    } else {
        Err("some tests failed".to_owned())
    }
}

fn snapshots(root: &Path, references: &References, tests_passed: bool) -> Outcome {
    let pending = match snapshots::pending(root) {
        Ok(pending) => pending,
        Err(reason) => return Outcome::Failed(reason),
    };
    if !pending.is_empty() {
        pending
            .iter()
            .for_each(|path| println!("{path}: waits to be accepted"));
        return Outcome::from_findings(pending.len());
    }
    if !tests_passed {
        return Outcome::LeftOut(
            "a test that stops early hides which snapshots are in use".to_owned(),
        );
    }
    references
        .unreferenced(root)
        .map_or_else(Outcome::Failed, |unreferenced| {
            unreferenced
                .iter()
                .for_each(|path| println!("{path}: no test refers to it"));
            Outcome::from_findings(unreferenced.len())
        })
}

/// Packs what would be published, which checks the manifests; uploads nothing and compiles nothing.
fn package(root: &Path) -> Result<(), String> {
    let arguments = [
        "package",
        "--workspace",
        "--exclude",
        "xtask",
        "--no-verify",
        "--allow-dirty",
        "--locked",
    ];
    cargo::run(&mut cargo(root, &arguments))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{LIB, Project, TESTS as PROJECT_TESTS};

    const FAILING_TEST: &str =
        "\n#[test]\nfn twice_two_is_five() {\n    assert_eq!(duka_core::twice(2), 5);\n}\n";

    fn tested(project: &Project) -> (Result<(), String>, String) {
        let notes = Notes::start(project.root()).unwrap();
        let mut said = Vec::new();
        let result = tests(project.root(), Results::Last, &notes, &mut said);
        (result, String::from_utf8(said).unwrap())
    }

    #[test]
    fn a_project_that_keeps_the_rules_passes_every_step() {
        let project = Project::new();
        let mut report = Report::default();
        let said = checks(project.root(), Results::Last, &mut report);
        assert_eq!(report.failed(), [""; 0], "{}", report.table());
        assert_eq!(report.outcome("snapshots"), Some(&Outcome::Passed));
        assert!(
            String::from_utf8(said)
                .unwrap()
                .contains("test twice_two_is_four ... ok")
        );
    }

    #[test]
    fn what_a_test_leaves_out_is_in_the_table() {
        let project = Project::new();
        project.append(
            PROJECT_TESTS,
            "\n#[test]\nfn needs_a_tool() {\n    let list = std::env::var(\"DUKA_LEFT_OUT\").unwrap();\n    \
             std::fs::write(list, \"cogs: no mill\\n\").unwrap();\n}\n",
        );
        let mut report = Report::default();
        checks(project.root(), Results::Last, &mut report);
        assert_eq!(report.failed(), [""; 0], "{}", report.table());
        let left_out = Outcome::LeftOut("cogs: no mill".to_owned());
        assert_eq!(report.outcome("tools"), Some(&left_out));
    }

    #[test]
    fn one_run_shows_everything_that_is_wrong() {
        let project = Project::new();
        project.append(LIB, "pub  fn broken() -> Nothing {}\n");
        project.write("docs/a.md", "[nowhere](b.md)\n");
        let mut report = Report::default();
        checks(project.root(), Results::Last, &mut report);
        let expected = ["fmt", "tidy", "clippy", "features", "docs", "tests"];
        assert_eq!(report.failed(), expected, "{}", report.table());
        assert!(matches!(
            report.outcome("snapshots"),
            Some(Outcome::LeftOut(_))
        ));
    }

    #[test]
    fn a_failing_test_fails_the_step_and_does_not_stop_the_others() {
        let project = Project::new();
        project.append(PROJECT_TESTS, FAILING_TEST);
        let (result, said) = tested(&project);
        assert_eq!(result, Err("some tests failed".to_owned()));
        assert!(said.contains("test twice_two_is_five ... FAILED"), "{said}");
        assert!(said.contains("Doc-tests duka_core"), "{said}");
    }

    #[test]
    fn a_warning_is_an_error_for_clippy_only() {
        let project = Project::new();
        project.append(LIB, "\nfn unused() {}\n");
        assert!(clippy(project.root()).is_err());
        assert_eq!(tested(&project).0, Ok(()));
    }

    #[test]
    fn a_broken_link_in_the_documentation_is_an_error() {
        let project = Project::new();
        project.append(LIB, "\n/// See [`thrice`].\npub fn once() {}\n");
        assert!(docs(project.root()).is_err());
    }

    #[test]
    fn a_link_from_a_readme_leads_to_a_page_of_the_documentation() {
        let project = Project::new();
        project.replace(LIB, "//! Doubles.", "//! Doubles: [`twice`].");
        crate::codegen::run(project.root(), Codegen::Write).unwrap();
        assert_eq!(docs(project.root()), Ok(()));
        project.replace("crates/core/README.md", "fn.twice", "fn.thrice");
        let error = docs(project.root()).unwrap_err();
        assert!(
            error.contains("core/README.md: duka-core/latest/duka_core/fn.thrice.html"),
            "{error}"
        );
    }

    #[test]
    fn code_that_needs_a_default_feature_is_found() {
        let project = Project::new();
        project.append(
            LIB,
            "\n#[cfg(not(feature = \"thrice\"))]\ncompile_error!(\"thrice is missing\");\n",
        );
        assert_eq!(
            features(project.root()),
            Outcome::Failed("1 finding".to_owned())
        );
    }

    #[test]
    fn crates_are_packed_without_being_built() {
        let project = Project::new();
        project.append(LIB, "this does not compile\n");
        assert_eq!(package(project.root()), Ok(()));
        assert!(
            project
                .root()
                .join("target/package/duka-core-0.1.0.crate")
                .exists()
        );
    }

    #[test]
    fn a_crate_that_could_not_be_published_is_found() {
        let project = Project::new();
        let manifest = "[package]\nname = \"duka-http\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
            [dependencies]\nduka-core = { path = \"../core\" }\n";
        project.write("crates/http/Cargo.toml", manifest);
        project.write("crates/http/src/lib.rs", "//! Requests.\n");
        project.replace(
            "Cargo.toml",
            "\"crates/core\"",
            "\"crates/core\", \"crates/http\"",
        );
        assert!(package(project.root()).is_err());
    }

    #[test]
    fn what_fails_is_named_at_the_end() {
        let mut report = Report::default();
        report.step("fmt", || Outcome::Failed("x".to_owned()));
        report.step("tidy", || Outcome::Passed);
        report.step("docs", || Outcome::Failed("x".to_owned()));
        assert_eq!(finish(&report, b""), Err("failed: fmt, docs".to_owned()));
    }

    #[test]
    fn a_crate_with_default_features_is_checked_twice() {
        let checks =
            feature_checks("[package]\nname = \"a\"\n[features]\ndefault = [\"x\"]\nx = []\n");
        assert_eq!(
            checks,
            [
                vec!["check", "--package", "a", "--locked"],
                vec![
                    "check",
                    "--package",
                    "a",
                    "--locked",
                    "--no-default-features"
                ]
            ]
        );
    }

    #[test]
    fn a_crate_whose_features_are_off_is_checked_once() {
        assert_eq!(
            feature_checks("[package]\nname = \"a\"\n[features]\nx = []\n").len(),
            1
        );
    }

    #[test]
    fn a_manifest_without_a_package_needs_no_check() {
        assert!(feature_checks("[workspace]\n").is_empty());
    }

    #[test]
    fn what_a_command_prints_is_kept_and_its_failure_noticed() {
        let mut said = Vec::new();
        let root = Path::new(".");
        assert_eq!(
            run_and_keep(&mut cargo(root, &["--version"]), &mut said),
            Ok(())
        );
        assert!(said.starts_with(b"cargo "));
        said.clear();
        assert_eq!(
            run_and_keep(&mut cargo(root, &["no-such-command"]), &mut said),
            Err("some tests failed".to_owned())
        );
        assert!(said.starts_with(b"error"), "standard error is kept as well");
    }

    #[test]
    fn unreferenced_snapshots_are_not_judged_by_tests_that_failed() {
        let root = tempfile::tempdir().unwrap();
        let references = References::start(root.path()).unwrap();
        std::fs::write(root.path().join("a.snap"), "").unwrap();
        assert!(matches!(
            snapshots(root.path(), &references, false),
            Outcome::LeftOut(_)
        ));
        assert_eq!(
            snapshots(root.path(), &references, true),
            Outcome::Failed("1 finding".to_owned())
        );
    }

    #[test]
    fn a_pending_snapshot_fails_even_when_tests_failed() {
        let root = tempfile::tempdir().unwrap();
        let references = References::start(root.path()).unwrap();
        std::fs::write(root.path().join("a.snap.new"), "").unwrap();
        assert_eq!(
            snapshots(root.path(), &references, false),
            Outcome::Failed("1 finding".to_owned())
        );
    }
}
