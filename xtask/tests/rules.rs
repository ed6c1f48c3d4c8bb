//! The house rules that no tool knows: which crate may depend on which, and what only this project asks of its files.

#![expect(
    clippy::unwrap_used,
    reason = "a rule that cannot be checked is broken"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// What each crate may depend on, outside its tests. A crate without a row may not exist.
const ALLOWED: &[(&str, &[&str])] = &[
    ("duka-core", &[]),
    ("duka-http", &["duka-core"]),
    ("duka-kwikpaisa", &["duka-core", "duka-http"]),
    ("duka-pesapal", &["duka-core", "duka-http"]),
    // It checks the adapters, so it shares no reading of the facts with them, not even in its tests.
    ("duka-emulator", &[]),
    ("duka-engine", &["duka-core"]),
    (
        "duka-cli",
        &[
            "duka-core",
            "duka-http",
            "duka-kwikpaisa",
            "duka-pesapal",
            "duka-emulator",
            "duka-engine",
        ],
    ),
    // Nothing depends on it.
    (
        "duka-bench",
        &[
            "duka-core",
            "duka-http",
            "duka-kwikpaisa",
            "duka-pesapal",
            "duka-engine",
        ],
    ),
    ("xtask", &["duka-core"]),
];

/// What the crate with the rules must not bring in, however deep.
const IMPURE: &[&str] = &["axum", "hyper", "reqwest", "rusqlite", "tokio"];

/// What may stand in no source: serde guesses there, and loses the reason when it fails. In pieces, for this file.
const GUESSES: &[&str] = &[concat!("serde(", "flatten"), concat!("serde(", "untagged")];

/// Names that say nothing about what a module holds.
const EMPTY_NAMES: &[&str] = &[
    "utils", "util", "helpers", "helper", "common", "manager", "data",
];

/// The standard output of a command, run at the root.
fn output(line: &str) -> String {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    let output = command.args(words).current_dir(root()).output().unwrap();
    assert!(
        output.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Every text file of the project, by its path from the root.
fn files() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![root().to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
            if ["target", ".git"].contains(&name) {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                found.insert(name.to_owned(), text);
            }
        }
    }
    found
}

fn rust() -> impl Iterator<Item = (String, String)> {
    files()
        .into_iter()
        .filter(|(path, _)| path.ends_with(".rs"))
}

#[test]
fn crates_depend_only_on_what_the_design_allows() {
    let metadata = output("cargo metadata --no-deps --locked --format-version 1");
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let ours: BTreeSet<_> = packages
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let row = ALLOWED.iter().find(|(member, _)| *member == name);
        let (_, allowed) = row.unwrap_or_else(|| panic!("{name} has no row in the table"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let other = dependency["name"].as_str().unwrap();
            let only_tests = dependency["kind"] == "dev" && name != "duka-emulator";
            let fine = only_tests || !ours.contains(other) || allowed.contains(&other);
            assert!(fine, "{name} must not depend on {other}");
        }
    }
}

#[test]
fn core_brings_in_no_client_runtime_database_or_server() {
    let tree = output(
        "cargo tree --package duka-core --all-features --edges normal --prefix none --locked",
    );
    for name in tree.lines().filter_map(|line| line.split(' ').next()) {
        assert!(!IMPURE.contains(&name), "duka-core brings in {name}");
    }
}

#[test]
fn every_member_follows_the_lints_of_the_workspace() {
    for (path, text) in files() {
        let member = path.ends_with("/Cargo.toml");
        assert!(
            !member || text.contains("[lints]\nworkspace = true\n"),
            "{path}"
        );
    }
}

#[test]
fn every_source_file_opens_with_what_it_is_for() {
    for (path, text) in rust() {
        let says = text.starts_with("//!") || text.starts_with("#![doc = include_str!(");
        assert!(says, "{path} does not open with `//!`");
    }
}

#[test]
fn modules_are_named_after_what_they_hold() {
    for (path, _) in rust() {
        let mut parts = path.trim_end_matches(".rs").split('/');
        assert!(
            !parts.any(|part| EMPTY_NAMES.contains(&part)),
            "{path}: the name says nothing"
        );
    }
}

#[test]
fn no_wire_type_makes_serde_guess() {
    for (path, text) in rust() {
        for guess in GUESSES {
            assert!(!text.contains(guess), "{path}: `{guess}`");
        }
    }
}

#[test]
fn no_text_names_a_place_of_one_machine() {
    let places = [
        concat!("/wo", "rk/"),
        concat!("../", "shared"),
        concat!("/tmp", "/wt"),
    ];
    for (path, text) in files() {
        for place in places {
            assert!(!text.contains(place), "{path} names {place}");
        }
    }
}
