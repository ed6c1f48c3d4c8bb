//! What tests could not try because the machine lacks a tool that is not ours: they note it, and the table shows it.
//!
//! A test appends a line to the file that `DUKA_LEFT_OUT` names. Where `DUKA_REQUIRE` names the tool (`node,php`, say) the
//! test fails instead; `.ci/run` sets it, so that nothing is left out there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::report::Outcome;

const LIST: &str = "DUKA_LEFT_OUT";

/// What a run of the tests has left out.
#[derive(Debug)]
pub(crate) struct LeftOut(PathBuf);

impl LeftOut {
    /// Starts with nothing.
    pub(crate) fn start(root: &Path) -> Result<Self, String> {
        let folder = root.join("target/xtask");
        fs::create_dir_all(&folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        let path = folder.join(format!("left-out-{}", std::process::id()));
        fs::write(&path, "")
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(Self(path))
    }

    /// Has the tests that `command` runs note what they leave out.
    pub(crate) fn collect_from(&self, command: &mut Command) {
        command.env(LIST, &self.0);
    }

    /// Left out if anything was, each thing once; passed if every tool was there.
    pub(crate) fn outcome(&self) -> Outcome {
        let noted = match fs::read_to_string(&self.0) {
            Ok(noted) => noted,
            Err(error) => {
                return Outcome::Failed(format!("cannot read {}: {error}", self.0.display()));
            }
        };
        let once: BTreeSet<&str> = noted.lines().collect();
        if once.is_empty() {
            return Outcome::Passed;
        }
        Outcome::LeftOut(Vec::from_iter(once).join("; "))
    }
}

impl Drop for LeftOut {
    fn drop(&mut self) {
        // Left behind, it would only be a small file in `target`.
        fs::remove_file(&self.0).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_twice_is_shown_once() {
        let root = tempfile::tempdir().unwrap();
        let left_out = LeftOut::start(root.path()).unwrap();
        assert_eq!(left_out.outcome(), Outcome::Passed);
        fs::write(&left_out.0, "b: no php\na: no node\nb: no php\n").unwrap();
        let both = "a: no node; b: no php".to_owned();
        assert_eq!(left_out.outcome(), Outcome::LeftOut(both));
    }

    #[test]
    fn a_list_that_is_gone_is_no_success() {
        let root = tempfile::tempdir().unwrap();
        let left_out = LeftOut::start(root.path()).unwrap();
        fs::remove_file(&left_out.0).unwrap();
        assert!(matches!(left_out.outcome(), Outcome::Failed(_)));
    }
}
