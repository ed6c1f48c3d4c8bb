//! A small project that keeps every house rule, for tests that need a real one to break.

use crate::args::Codegen;
use crate::codegen;
use crate::pictures::PICTURES;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::cargo::{self, cargo};

/// What the project consists of.
const FILES: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\n    # The only one.\n    \"crates/core\",\n]\n\n\
         [workspace.lints.rust]\nunsafe_code = \"forbid\"\n",
    ),
    (
        "crates/core/Cargo.toml",
        "[package]\nname = \"duka-core\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [features]\ndefault = [\"thrice\"]\nthrice = []\n\n[lints]\nworkspace = true\n",
    ),
    (
        LIB,
        "//! Doubles.\n\n/// Twice `number`.\npub fn twice(number: u32) -> u32 {\n    number * 2\n}\n",
    ),
    (
        TESTS,
        "//! Tests.\n\n#[test]\nfn twice_two_is_four() {\n    assert_eq!(duka_core::twice(2), 4);\n}\n",
    ),
    (".ci/run", "#!/bin/sh\n"),
];

/// The source of its only library.
pub(crate) const LIB: &str = "crates/core/src/lib.rs";

/// The tests of its only library.
pub(crate) const TESTS: &str = "crates/core/tests/it/main.rs";

/// The project, in a folder that goes away with it.
#[derive(Debug)]
pub(crate) struct Project(TempDir);

impl Project {
    /// Writes it.
    pub(crate) fn new() -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        for (path, text) in FILES {
            project.write(path, text);
        }
        // Every generated part has a page with its mark, and is up to date.
        for (page, name, _) in PICTURES {
            let marks = format!("<!-- generated: {name} -->\n<!-- end generated -->\n");
            project.write(page, &marks);
        }
        codegen::run(project.root(), Codegen::Write).unwrap();
        make_executable(&project.root().join(".ci/run"));
        cargo::output_of(&mut cargo(
            project.root(),
            &["generate-lockfile", "--offline"],
        ))
        .unwrap();
        project
    }

    /// Where it stands.
    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    /// Writes one more file, or another text into one that is there.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes `to` wherever `from` stands in a file.
    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) {
        let before = fs::read_to_string(self.root().join(path)).unwrap();
        self.write(path, &before.replace(from, to));
    }

    /// Adds `text` to the end of a file.
    pub(crate) fn append(&self, path: &str, text: &str) {
        let before = fs::read_to_string(self.root().join(path)).unwrap();
        self.write(path, &(before + text));
    }
}

#[cfg(unix)]
fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Elsewhere there is no such bit.
#[cfg(not(unix))]
fn make_executable(_path: &Path) {}
