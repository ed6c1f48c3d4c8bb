//! Rules about Rust source.

use super::Finding;
use crate::codegen;
use crate::files::{File, Files};
use crate::source;

const LONGEST: usize = 600;

/// Macros and attributes that may stand in a working copy for an hour, and never in a commit.
const UNFINISHED: &[&str] = &["todo!", "unimplemented!", "dbg!", "#[ignore"];

/// Names that say nothing about what a module holds.
const EMPTY_NAMES: &[&str] = &[
    "utils", "util", "helpers", "helper", "common", "manager", "data",
];

/// What only the program may do; the monotonic `Instant::now` is nobody's wall clock and not among it.
const OUTSIDE: &[(&str, &str)] = &[
    ("print!", "prints"),
    ("println!", "prints"),
    ("eprint!", "prints"),
    ("eprintln!", "prints"),
    ("process::exit", "exits"),
    ("env::var", "reads the environment"),
    ("env::vars", "reads the environment"),
    ("env::var_os", "reads the environment"),
    ("env::vars_os", "reads the environment"),
    ("SystemTime::now", "reads the wall clock"),
    ("Timestamp::now", "reads the wall clock"),
    ("Zoned::now", "reads the wall clock"),
    ("Utc::now", "reads the wall clock"),
];

/// The members that are programs, and so may touch the outside.
const PROGRAMS: &[&str] = &["cli", "xtask"];

/// `//!` on the first line, in tests and in generated files as well.
pub(super) fn open_with_their_purpose(files: &Files) -> Vec<Finding> {
    let silent = files.rust().filter(|file| !file.text.starts_with("//!"));
    silent
        .map(|file| Finding::in_file(&file.path, "does not open with `//!`"))
        .collect()
}

/// At most 600 lines, unless a program wrote them.
pub(super) fn stay_short(files: &Files) -> Vec<Finding> {
    let lengths = files
        .rust()
        .filter(|file| !file.is_generated())
        .map(|file| (file, file.text.lines().count()));
    let long = lengths.filter(|&(_, lines)| lines > LONGEST);
    long.map(|(file, lines)| {
        Finding::in_file(&file.path, format!("{lines} lines, at most {LONGEST}"))
    })
    .collect()
}

/// Only what `cargo xtask codegen` writes says so: by hand, it would be a way around the other rules.
pub(super) fn are_not_called_generated(files: &Files) -> Vec<Finding> {
    let stamped = files.rust().filter(|file| file.is_generated());
    let alien = stamped.filter(|file| !codegen::rust::is_path(&file.path));
    alien
        .map(|file| {
            Finding::in_file(
                &file.path,
                "says that it is generated, and no program writes it",
            )
        })
        .collect()
}

/// No placeholder, debugging macro or skipped test, not even in tests.
pub(super) fn are_finished(files: &Files) -> Vec<Finding> {
    let in_file = |file: &File| -> Vec<Finding> {
        let lines = |word| {
            source::lines_with(&file.code, word)
                .into_iter()
                .map(move |line| (word, line))
        };
        let found = UNFINISHED.iter().copied().flat_map(lines);
        found
            .map(|(word, line)| Finding::at_line(&file.path, line, format!("`{word}`")))
            .collect()
    };
    files.rust().flat_map(in_file).collect()
}

/// No module called `utils` or the like, as a file, a folder or a block.
pub(super) fn have_telling_names(files: &Files) -> Vec<Finding> {
    let in_path = |file: &&File| {
        file.path
            .trim_end_matches(".rs")
            .split('/')
            .any(|part| EMPTY_NAMES.contains(&part))
    };
    let paths = files
        .rust()
        .filter(in_path)
        .map(|file| Finding::in_file(&file.path, "the name says nothing"));
    paths
        .chain(files.rust().flat_map(blocks_with_empty_names))
        .collect()
}

fn blocks_with_empty_names(file: &File) -> Vec<Finding> {
    let declares = |name: &&&str| source::has_word(&file.code, &format!("mod {name} {{"));
    let empty = EMPTY_NAMES.iter().filter(declares);
    empty
        .map(|name| Finding::in_file(&file.path, format!("`mod {name}` says nothing")))
        .collect()
}

/// Neither `flatten` nor `untagged`: both make serde guess, and lose the reason when it fails.
pub(super) fn read_the_wire_strictly(files: &Files) -> Vec<Finding> {
    let in_file = |file: &File| -> Vec<Finding> {
        let attributes = source::arguments_of(&file.code, "serde");
        let guesses = |attribute: &str| {
            ["flatten", "untagged"]
                .into_iter()
                .find(|word| source::has_word(attribute, word))
        };
        let found = attributes
            .into_iter()
            .filter_map(|(line, attribute)| Some((line, guesses(attribute)?)));
        found
            .map(|(line, word)| Finding::at_line(&file.path, line, format!("`serde({word})`")))
            .collect()
    };
    files.rust().flat_map(in_file).collect()
}

/// Everything but the programs is given a clock and returns what it has to say.
pub(super) fn leave_the_outside_to_the_program(files: &Files) -> Vec<Finding> {
    let library = |file: &&File| {
        let build_script = file.path.ends_with("/build.rs");
        !build_script
            && file
                .member()
                .is_some_and(|member| !PROGRAMS.contains(&member))
    };
    files
        .rust()
        .filter(library)
        .flat_map(touches_the_outside)
        .collect()
}

fn touches_the_outside(file: &File) -> Vec<Finding> {
    let code = file.shipped_code();
    let lines = |&(word, does)| {
        source::lines_with(&code, word)
            .into_iter()
            .map(move |line| (word, does, line))
    };
    let found = OUTSIDE.iter().flat_map(lines);
    found
        .map(|(word, does, line)| Finding::at_line(&file.path, line, format!("{does}: `{word}`")))
        .collect()
}

/// An adapter works with any transport; which one it is, only `http` knows.
pub(super) fn leave_reqwest_to_http(files: &Files) -> Vec<Finding> {
    let others = files.rust().filter(|file| file.member() != Some("http"));
    let places = others.flat_map(|file| {
        source::lines_with(&file.code, "reqwest")
            .into_iter()
            .map(move |line| (file, line))
    });
    places
        .map(|(file, line)| Finding::at_line(&file.path, line, "names reqwest"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    const LIB: &str = "crates/http/src/lib.rs";
    const NONE: [&str; 0] = [];

    #[test]
    fn a_file_without_a_header_is_named() {
        let found = findings(
            open_with_their_purpose,
            &[
                (LIB, "fn a() {}\n"),
                ("xtask/src/main.rs", "//! Purpose.\n"),
            ],
        );
        assert_eq!(found, ["crates/http/src/lib.rs: does not open with `//!`"]);
    }

    #[test]
    fn a_generated_file_may_be_long_and_has_a_header_all_the_same() {
        let rest = "x\n".repeat(LONGEST);
        let text = format!("// Do not edit by hand.\n{rest}");
        assert_eq!(findings(stay_short, &[(LIB, &text)]), NONE);
        assert_eq!(findings(open_with_their_purpose, &[(LIB, &text)]).len(), 1);
        let text = format!("//! Codes.\n//!\n//! Generated; do not edit by hand.\n{rest}");
        assert_eq!(findings(stay_short, &[(LIB, &text)]), NONE);
        assert_eq!(findings(open_with_their_purpose, &[(LIB, &text)]), NONE);
    }

    #[test]
    fn nobody_calls_a_file_generated_that_is_not() {
        let text = "//! Codes.\n//!\n//! Do not edit by hand.\n\nfn a() {}\n";
        let files = [("crates/pesapal/src/codes.rs", text), (LIB, text)];
        assert_eq!(
            findings(are_not_called_generated, &files),
            ["crates/http/src/lib.rs: says that it is generated, and no program writes it"]
        );
        let below = "//! Codes.\nfn a() {}\n// Do not edit by hand.\n";
        assert_eq!(findings(are_not_called_generated, &[(LIB, below)]), NONE);
    }

    #[test]
    fn the_last_line_allowed_is_the_six_hundredth() {
        assert_eq!(findings(stay_short, &[(LIB, &"x\n".repeat(600))]), NONE);
        assert_eq!(
            findings(stay_short, &[(LIB, &"x\n".repeat(601))]),
            ["crates/http/src/lib.rs: 601 lines, at most 600"]
        );
    }

    #[test]
    fn unfinished_code_is_found_in_tests_too() {
        let text = "//! todo!()\nfn a() { todo!() }\n#[ignore = \"slow\"]\nfn b() {}\n";
        let found = findings(are_finished, &[("crates/http/tests/it/main.rs", text)]);
        assert_eq!(
            found,
            [
                "crates/http/tests/it/main.rs:2: `todo!`",
                "crates/http/tests/it/main.rs:3: `#[ignore`"
            ]
        );
    }

    #[test]
    fn names_without_meaning_are_found_in_paths_and_blocks() {
        let files = [
            ("crates/a/src/utils.rs", ""),
            ("crates/a/tests/it/common/mod.rs", ""),
            ("crates/a/src/lib.rs", "mod helpers {}\nmod data_matrix {}"),
            ("crates/a/src/datum.rs", ""),
        ];
        let expected = [
            "crates/a/src/utils.rs: the name says nothing",
            "crates/a/tests/it/common/mod.rs: the name says nothing",
            "crates/a/src/lib.rs: `mod helpers` says nothing",
        ];
        assert_eq!(findings(have_telling_names, &files), expected);
    }

    #[test]
    fn guessing_attributes_are_found_wherever_they_stand() {
        let text = "#[serde(rename = \"flatten\")]\n#[serde(default, flatten)]\n#[cfg_attr(x, serde(untagged))]\nlet flatten = 1;";
        let found = findings(read_the_wire_strictly, &[(LIB, text)]);
        assert_eq!(
            found,
            [
                "crates/http/src/lib.rs:2: `serde(flatten)`",
                "crates/http/src/lib.rs:3: `serde(untagged)`"
            ]
        );
    }

    #[test]
    fn a_library_may_not_touch_the_outside() {
        let text = "fn a() { println!(\"x\"); }\nfn b() { std::env::var(\"X\"); }\nfn c() { jiff::Timestamp::now(); }\n";
        let expected = [
            "crates/http/src/lib.rs:1: prints: `println!`",
            "crates/http/src/lib.rs:2: reads the environment: `env::var`",
            "crates/http/src/lib.rs:3: reads the wall clock: `Timestamp::now`",
        ];
        assert_eq!(
            findings(leave_the_outside_to_the_program, &[(LIB, text)]),
            expected
        );
    }

    #[test]
    fn programs_tests_and_comments_may_touch_the_outside() {
        let prints = "fn a() { println!(\"x\"); }\n";
        let tested = format!(
            "/// Like `println!`.\nfn b() {{ Instant::now(); }}\n#[cfg(test)]\nmod tests {{\n{prints}}}\n"
        );
        let files = [
            ("crates/cli/src/main.rs", prints),
            ("xtask/src/main.rs", prints),
            ("crates/http/tests/it/main.rs", prints),
            (LIB, &tested),
        ];
        assert_eq!(findings(leave_the_outside_to_the_program, &files), NONE);
    }

    #[test]
    fn reqwest_is_named_by_http_alone() {
        let text = "//! Not a word about it.\nuse reqwest::Client;\n";
        let found = findings(
            leave_reqwest_to_http,
            &[(LIB, text), ("crates/pesapal/src/lib.rs", text)],
        );
        assert_eq!(found, ["crates/pesapal/src/lib.rs:2: names reqwest"]);
    }
}
