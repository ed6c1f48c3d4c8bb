//! Snapshots: which of them the tests refer to, which wait to be accepted, and how to accept them.
//!
//! insta appends every snapshot file that a test refers to to the file named by `INSTA_SNAPSHOT_REFERENCES_FILE`;
//! `cargo insta test --unreferenced=reject` does the same, and is not needed for it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Snapshots;
use crate::cargo::{self, cargo};
use crate::files;

const REFERENCES: &str = "INSTA_SNAPSHOT_REFERENCES_FILE";
const INSTALL: &str = "cargo install cargo-insta --locked";

/// Which snapshots a run of the tests has referred to.
#[derive(Debug)]
pub(crate) struct References(PathBuf);

impl References {
    /// Starts with none.
    pub(crate) fn start(root: &Path) -> Result<Self, String> {
        let folder = root.join("target/xtask");
        fs::create_dir_all(&folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        let path = folder.join(format!("snapshot-references-{}", std::process::id()));
        fs::write(&path, "")
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(Self(path))
    }

    /// Has the tests that `command` runs note what they refer to.
    pub(crate) fn collect_from(&self, command: &mut Command) {
        command.env(REFERENCES, &self.0);
    }

    /// The snapshot files, below `root`, that no test has referred to.
    pub(crate) fn unreferenced(&self, root: &Path) -> Result<Vec<String>, String> {
        let noted = fs::read_to_string(&self.0)
            .map_err(|error| format!("cannot read {}: {error}", self.0.display()))?;
        let referenced: BTreeSet<PathBuf> = noted
            .lines()
            .filter_map(|line| fs::canonicalize(line).ok())
            .collect();
        let snapshots = files::paths(root)?
            .into_iter()
            .filter(|path| is_snapshot(path));
        Ok(snapshots
            .filter(|path| !is_referenced(&root.join(path), &referenced))
            .collect())
    }
}

impl Drop for References {
    fn drop(&mut self) {
        // Left behind, it would only be a small file in `target`.
        fs::remove_file(&self.0).ok();
    }
}

/// The files in which insta keeps what differs from a snapshot until somebody accepts it.
pub(crate) fn pending(root: &Path) -> Result<Vec<String>, String> {
    Ok(files::paths(root)?
        .into_iter()
        .filter(|path| is_new_file(path) || is_new_inline(path))
        .collect())
}

/// Removes what earlier runs have left to be accepted: the tests write again what still differs.
fn forget_pending(root: &Path) -> Result<(), String> {
    for path in pending(root)? {
        fs::remove_file(root.join(&path))
            .map_err(|error| format!("cannot remove {path}: {error}"))?;
    }
    Ok(())
}

/// Runs the tests and lists what differs, or accepts it.
pub(crate) fn run(root: &Path, mode: Snapshots) -> Result<(), String> {
    forget_pending(root)?;
    let references = References::start(root)?;
    let mut tests = cargo(
        root,
        &[
            "test",
            "--workspace",
            "--all-features",
            "--all-targets",
            "--no-fail-fast",
        ],
    );
    references.collect_from(&mut tests);
    let update = match mode {
        Snapshots::List => "new",
        Snapshots::Accept => "always",
    };
    // With FORCE_PASS a difference is noted and the test goes on to its next snapshot.
    let passed = cargo::run(
        tests
            .env("INSTA_UPDATE", update)
            .env("INSTA_FORCE_PASS", "1"),
    );
    let mut open = pending(root)?;
    if mode == Snapshots::Accept
        && open.iter().any(|path| is_new_inline(path))
        && cargo::has(root, "insta")
    {
        cargo::run(&mut cargo(root, &["insta", "accept", "--workspace"]))?;
        open = pending(root)?;
    }
    list("differs from its snapshot", &open);
    let unreferenced = if passed.is_ok() {
        references.unreferenced(root)?
    } else {
        Vec::new()
    };
    list("no test refers to it; delete it", &unreferenced);
    passed.map_err(|reason| format!("{reason}, for another reason than snapshots"))?;
    verdict(mode, &open, &unreferenced)
}

fn verdict(mode: Snapshots, open: &[String], unreferenced: &[String]) -> Result<(), String> {
    if open.is_empty() && unreferenced.is_empty() {
        return Ok(());
    }
    let inline = open.iter().any(|path| is_new_inline(path));
    match mode {
        Snapshots::Accept if inline => Err(format!(
            "inline snapshots are accepted by cargo-insta: run `{INSTALL}`, then this again"
        )),
        Snapshots::List if !open.is_empty() => {
            Err("read the differences above, then `cargo xtask snapshots --accept`".to_owned())
        }
        Snapshots::List | Snapshots::Accept => Err("some snapshots are left over".to_owned()),
    }
}

fn list(what: &str, paths: &[String]) {
    for path in paths {
        println!("{path}: {what}");
    }
}

fn is_referenced(path: &Path, referenced: &BTreeSet<PathBuf>) -> bool {
    fs::canonicalize(path).is_ok_and(|path| referenced.contains(&path))
}

fn is_snapshot(path: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "snap")
}

fn is_new_file(path: &str) -> bool {
    path.ends_with(".snap.new")
}

fn is_new_inline(path: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "pending-snap")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: &str = "crates/a/tests/it/snapshots/kept.snap";
    const LEFT: &str = "crates/a/src/snapshots/left.snap";

    fn project() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for path in [
            KEPT,
            LEFT,
            "crates/a/src/snapshots/b.snap.new",
            "crates/a/src/.lib.rs.pending-snap",
        ] {
            fs::create_dir_all(root.path().join(path).parent().unwrap()).unwrap();
            fs::write(root.path().join(path), "").unwrap();
        }
        root
    }

    #[test]
    fn a_snapshot_that_no_test_names_is_unreferenced() {
        let root = project();
        let references = References::start(root.path()).unwrap();
        let roundabout = root
            .path()
            .join("crates/a/tests/../tests/it/snapshots/kept.snap");
        fs::write(&references.0, format!("{}\n", roundabout.display())).unwrap();
        assert_eq!(references.unreferenced(root.path()).unwrap(), [LEFT]);
    }

    #[test]
    fn without_references_every_snapshot_is_left_over() {
        let root = project();
        let references = References::start(root.path()).unwrap();
        assert_eq!(references.unreferenced(root.path()).unwrap(), [LEFT, KEPT]);
    }

    #[test]
    fn the_tests_are_told_where_to_note_references() {
        let root = project();
        let references = References::start(root.path()).unwrap();
        let mut command = Command::new("true");
        references.collect_from(&mut command);
        assert!(
            command
                .get_envs()
                .any(|(name, value)| name == REFERENCES && value == Some(references.0.as_os_str()))
        );
    }

    #[test]
    fn both_kinds_of_pending_snapshot_are_found() {
        let root = project();
        let expected = [
            "crates/a/src/.lib.rs.pending-snap",
            "crates/a/src/snapshots/b.snap.new",
        ];
        assert_eq!(pending(root.path()).unwrap(), expected);
    }

    #[test]
    fn what_earlier_runs_left_is_forgotten_and_snapshots_stay() {
        let root = project();
        forget_pending(root.path()).unwrap();
        assert_eq!(pending(root.path()).unwrap(), [""; 0]);
        assert!(root.path().join(KEPT).exists());
    }

    #[test]
    fn snapshots_without_a_difference_need_no_decision() {
        let project = crate::project::Project::new();
        assert_eq!(run(project.root(), Snapshots::List), Ok(()));
        project.write("crates/core/tests/it/snapshots/left.snap", "");
        let leftover = Err("some snapshots are left over".to_owned());
        assert_eq!(run(project.root(), Snapshots::Accept), leftover);
    }

    #[test]
    fn the_verdict_says_what_to_do_next() {
        let inline = ["src/.lib.rs.pending-snap".to_owned()];
        assert_eq!(verdict(Snapshots::List, &[], &[]), Ok(()));
        assert!(
            verdict(Snapshots::Accept, &inline, &[])
                .unwrap_err()
                .contains(INSTALL)
        );
        assert!(
            verdict(Snapshots::List, &inline, &[])
                .unwrap_err()
                .contains("--accept")
        );
        assert_eq!(
            verdict(Snapshots::List, &[], &inline),
            Err("some snapshots are left over".to_owned())
        );
    }
}
