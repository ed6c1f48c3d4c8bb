//! Rules about any text of the project, and about the file that CI starts.

use super::Finding;
use crate::files::{File, Files};

/// Places that mean something on one machine only; in pieces, so that this file does not break its own rule.
const ELSEWHERE: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("../", "shared"),
];

const CI: &str = ".ci/run";

/// No path of one machine, in no file whatsoever.
pub(super) fn stays_inside(files: &Files) -> Vec<Finding> {
    let broken = |line: &str| {
        ELSEWHERE
            .iter()
            .find(|place| line.contains(**place))
            .map(|place| format!("names `{place}`"))
    };
    files
        .iter()
        .flat_map(|file| each_line(file, broken))
        .collect()
}

/// No white space at the end of a line, and no tab in Rust. Snapshots, fixtures and licences are kept to the byte.
pub(super) fn is_clean(files: &Files) -> Vec<Finding> {
    let written = files.iter().filter(|file| !is_verbatim(file));
    written
        .flat_map(|file| each_line(file, |line| unclean(line, file.is_rust())))
        .collect()
}

fn unclean(line: &str, rust: bool) -> Option<String> {
    if line.ends_with(char::is_whitespace) {
        Some("ends in white space".to_owned())
    } else if rust && line.contains('\t') {
        Some("holds a tab".to_owned())
    } else {
        None
    }
}

fn is_verbatim(file: &File) -> bool {
    let fixture = file.path.split('/').any(|part| part == "fixtures");
    fixture || file.has_extension("snap") || file.path.starts_with("LICENSE-")
}

/// `.ci/run` has its executable bit.
pub(super) fn ci_is_executable(files: &Files) -> Vec<Finding> {
    match files.get(CI) {
        Some(file) if file.executable => Vec::new(),
        Some(_) => vec![Finding::in_file(CI, "is not executable")],
        None => vec![Finding::in_file(CI, "is missing")],
    }
}

fn each_line(file: &File, rule: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let broken = file
        .text
        .lines()
        .zip(1..)
        .filter_map(|(line, number)| Some((number, rule(line)?)));
    broken
        .map(|(number, message)| Finding::at_line(&file.path, number, message))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_found_in_any_file() {
        let text = format!("fine\nsee {}x\n", ELSEWHERE[0]);
        let expected = format!("docs/a.md:2: names `{}`", ELSEWHERE[0]);
        assert_eq!(
            findings(
                stays_inside,
                &[("docs/a.md", &text), ("docs/b.md", "the work/life balance")]
            ),
            [expected]
        );
    }

    #[test]
    fn white_space_at_the_end_is_found_but_not_in_snapshots() {
        let files = [
            ("docs/a.md", "a \nb\n"),
            ("crates/a/tests/it/snapshots/b.snap", "a \n"),
        ];
        assert_eq!(
            findings(is_clean, &files),
            ["docs/a.md:1: ends in white space"]
        );
    }

    #[test]
    fn tabs_are_for_other_languages() {
        let files = [("tools/a.c", "\tx\n"), ("xtask/src/a.rs", "\tx\n")];
        assert_eq!(
            findings(is_clean, &files),
            ["xtask/src/a.rs:1: holds a tab"]
        );
    }

    #[test]
    fn ci_must_be_there_and_executable() {
        assert_eq!(findings(ci_is_executable, &[]), [".ci/run: is missing"]);
        assert_eq!(
            findings(ci_is_executable, &[(CI, "")]),
            [".ci/run: is not executable"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_bit_is_read_from_the_file() {
        use std::fs;
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(".ci")).unwrap();
        fs::write(root.path().join(CI), "").unwrap();
        fs::set_permissions(root.path().join(CI), fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(ci_is_executable(&Files::read(root.path()).unwrap()), []);
    }
}
