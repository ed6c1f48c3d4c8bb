//! The rule that there are at least 60 lines of test per 100 lines of code, blank lines apart.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Finding;
use crate::files::{File, Files};
use crate::source;

const LOWEST: usize = 60;

/// Lines that are not blank.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Lines {
    code: usize,
    test: usize,
}

/// The workspace as a whole has enough tests; a single crate may have fewer.
pub(super) fn is_high_enough(files: &Files) -> Vec<Finding> {
    let total = total(&by_member(files));
    if total.per_hundred() >= LOWEST {
        return Vec::new();
    }
    vec![Finding::in_file(
        "Cargo.toml",
        format!(
            "{} lines of test per 100 of code, at least {LOWEST}",
            total.per_hundred()
        ),
    )]
}

/// The figures, one line per member and one for all.
pub(super) fn figures(files: &Files) -> String {
    let members = by_member(files);
    let total = total(&members);
    let mut table = format!(
        "\n{:<14} {:>6} {:>6} {:>9}\n",
        "lines", "code", "test", "per 100"
    );
    for (name, lines) in members
        .iter()
        .map(|(name, lines)| (*name, *lines))
        .chain([("total", total)])
    {
        writeln!(
            table,
            "{name:<14} {:>6} {:>6} {:>9}",
            lines.code,
            lines.test,
            lines.per_hundred()
        )
        .expect("writing to a string never fails");
    }
    table
}

fn by_member(files: &Files) -> BTreeMap<&str, Lines> {
    let mut members = BTreeMap::<&str, Lines>::new();
    for file in files.rust().filter(|file| !file.is_generated()) {
        if let Some(member) = file.member() {
            let lines = members.entry(member).or_default();
            *lines = lines.plus(Lines::of(file));
        }
    }
    members
}

fn total(members: &BTreeMap<&str, Lines>) -> Lines {
    members
        .values()
        .copied()
        .fold(Lines::default(), Lines::plus)
}

impl Lines {
    fn of(file: &File) -> Self {
        let mask = source::test_lines(&file.code);
        let written = file
            .text
            .lines()
            .zip(mask)
            .filter(|(line, _)| !line.trim().is_empty());
        let (test, code): (Vec<_>, Vec<_>) =
            written.partition(|&(_, in_test)| in_test || file.is_test());
        Self {
            code: code.len(),
            test: test.len(),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            code: self.code + other.code,
            test: self.test + other.test,
        }
    }

    /// Lines of test per hundred lines of code; without code, nothing is missing.
    fn per_hundred(self) -> usize {
        (self.test * 100).checked_div(self.code).unwrap_or(100)
    }
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    fn project(code: usize, test: usize) -> Vec<(&'static str, String)> {
        vec![
            ("crates/a/src/lib.rs", "x\n\n".repeat(code)),
            ("crates/a/tests/it/main.rs", "y\n\n".repeat(test)),
        ]
    }

    fn found(code: usize, test: usize) -> Vec<String> {
        let project = project(code, test);
        let files: Vec<_> = project
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        findings(is_high_enough, &files)
    }

    #[test]
    fn sixty_per_hundred_are_enough() {
        assert_eq!(found(100, 60), [""; 0]);
    }

    #[test]
    fn fewer_are_not() {
        assert_eq!(
            found(100, 59),
            ["Cargo.toml: 59 lines of test per 100 of code, at least 60"]
        );
    }

    #[test]
    fn test_modules_count_as_tests() {
        let files = Files::of(&[(
            "xtask/src/a.rs",
            "//! a\nfn a() {}\n\n#[cfg(test)]\nmod tests {\n\n}\n",
        )]);
        assert_eq!(by_member(&files)["xtask"], Lines { code: 2, test: 3 });
    }

    #[test]
    fn generated_code_does_not_count() {
        let files = Files::of(&[(
            "crates/a/src/codes.rs",
            "//! Generated: do not edit by hand.\nfn a() {}\n",
        )]);
        assert_eq!(total(&by_member(&files)), Lines::default());
    }

    #[test]
    fn the_figures_name_every_member_and_the_whole() {
        let files = Files::of(&[
            ("crates/a/src/lib.rs", "x\n"),
            ("xtask/tests/it/main.rs", "y\n"),
        ]);
        let figures = figures(&files);
        for line in [
            "a                   1      0         0",
            "xtask               0      1       100",
            "total               1      1       100",
        ] {
            assert!(figures.contains(line), "{figures}");
        }
    }
}
