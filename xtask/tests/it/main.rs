//! `cargo xtask` as one runs it, and the one habit of insta's that the search for unreferenced snapshots relies on.

use std::env;
use std::fs;
use std::io;
use std::process::{Command, Output};

fn xtask(arguments: &[&str]) -> io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .output()
}

#[test]
fn help_lists_the_commands() {
    let output = xtask(&["help"]).unwrap();
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    insta::assert_snapshot!("help", help);
}

#[test]
fn no_arguments_ask_for_help() {
    assert_eq!(
        xtask(&[]).unwrap().stdout,
        xtask(&["--help"]).unwrap().stdout
    );
}

#[test]
fn a_command_line_that_makes_no_sense_is_told_apart_from_a_failure() {
    let output = xtask(&["tset"]).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("error: unknown command `tset`\n"),
        "{said}"
    );
    assert!(said.contains("Usage: cargo xtask"), "{said}");
}

#[test]
fn insta_notes_every_snapshot_file_that_a_test_reads() {
    let folder = tempfile::tempdir().unwrap();
    let notes = folder.path().join("references");
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "help_lists_the_commands"])
        .env("INSTA_SNAPSHOT_REFERENCES_FILE", &notes)
        .output()
        .unwrap();
    assert!(output.status.success());
    let noted = fs::read_to_string(notes).unwrap();
    let snapshot = fs::canonicalize(noted.trim_end()).unwrap();
    assert!(
        snapshot.ends_with("xtask/tests/it/snapshots/it__help.snap"),
        "{noted}"
    );
}
