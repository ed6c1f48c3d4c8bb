//! The house rules, as data: each has a sentence and a function that lists what breaks it.
//! What rustc and clippy can check is left to them (see the lints in the root manifest).

mod links;
mod manifests;
mod ratio;
mod sources;
mod structure;
mod text;

use std::fmt;
use std::path::Path;

use crate::files::Files;
use structure::Graph;

/// A place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    line: Option<usize>,
    message: String,
}

type FileRule = fn(&Files) -> Vec<Finding>;
type GraphRule = fn(&Graph) -> Vec<Finding>;

const FILE_RULES: &[(&str, FileRule)] = &[
    (
        "every source file opens with what it is for",
        sources::open_with_their_purpose,
    ),
    (
        "no source file is longer than 600 lines",
        sources::stay_short,
    ),
    (
        "only generated files call themselves so",
        sources::are_not_called_generated,
    ),
    (
        "nothing is left unfinished or skipped",
        sources::are_finished,
    ),
    (
        "modules are named after what they hold",
        sources::have_telling_names,
    ),
    (
        "no wire type is flattened or untagged",
        sources::read_the_wire_strictly,
    ),
    (
        "only the program prints, exits, reads the environment or the wall clock",
        sources::leave_the_outside_to_the_program,
    ),
    ("only http names reqwest", sources::leave_reqwest_to_http),
    (
        "every member says why it exists",
        manifests::members_say_why,
    ),
    (
        "every package is named after its folder",
        manifests::packages_follow_folders,
    ),
    (
        "every member follows the workspace's lints, which forbid unsafe code",
        manifests::lints_hold_everywhere,
    ),
    (
        "every version stands in the root manifest",
        manifests::versions_stand_at_the_root,
    ),
    (
        "only http depends on reqwest",
        manifests::only_http_depends_on_reqwest,
    ),
    (
        "no text names a place outside the project",
        text::stays_inside,
    ),
    (
        "no line ends in white space, no source holds a tab",
        text::is_clean,
    ),
    (
        "the program that CI starts may be run",
        text::ci_is_executable,
    ),
    (
        "links in the documentation lead somewhere",
        links::lead_somewhere,
    ),
    ("there are enough tests", ratio::is_high_enough),
];

const GRAPH_RULES: &[(&str, GraphRule)] = &[
    (
        "crates depend only on what the design allows",
        structure::follows_the_design,
    ),
    (
        "core brings in no client, runtime, database or server",
        structure::core_stays_pure,
    ),
];

/// Checks every rule, prints what it finds and the test ratio, and returns the number of findings.
pub(crate) fn run(root: &Path) -> Result<usize, String> {
    let files = Files::read(root)?;
    let mut count = 0;
    for (sentence, rule) in FILE_RULES {
        count += show(sentence, &rule(&files));
    }
    let graph = Graph::read(root);
    for (sentence, rule) in GRAPH_RULES {
        let findings = match &graph {
            Ok(graph) => rule(graph),
            Err(reason) => vec![Finding::in_file("Cargo.toml", reason.clone())],
        };
        count += show(sentence, &findings);
    }
    print!("{}", ratio::figures(&files));
    Ok(count)
}

fn show(sentence: &str, findings: &[Finding]) -> usize {
    println!(
        "{:<6} {sentence}",
        if findings.is_empty() { "ok" } else { "BROKEN" }
    );
    for finding in findings {
        println!("       {finding}");
    }
    findings.len()
}

impl Finding {
    fn in_file(path: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            message: message.into(),
        }
    }

    fn at_line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: Some(line),
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

/// What a rule says of a project made up for a test, as printed.
#[cfg(test)]
fn findings(rule: FileRule, files: &[(&str, &str)]) -> Vec<String> {
    rule(&Files::of(files))
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{LIB, Project};

    #[test]
    fn a_project_that_keeps_the_rules_has_no_findings() {
        assert_eq!(run(Project::new().root()), Ok(0));
    }

    #[test]
    fn each_breach_is_found_once() {
        let breaches = [
            (LIB, "fn a() {}\n"),
            (LIB, "//! Doubles.\nfn a() {\n    dbg!(1);\n}\n"),
            (LIB, "//! Doubles.\nfn a() {\n    println!();\n}\n"),
            (LIB, "//! Doubles. \n"),
            ("crates/core/src/utils.rs", "//! Nothing in particular.\n"),
            (
                "crates/core/src/net.rs",
                "//! Requests.\nuse reqwest::Client;\n",
            ),
            (
                "crates/core/src/wire.rs",
                "//! Wire.\n#[serde(untagged)]\nenum A {}\n",
            ),
            ("docs/cancelling.md", "See [the design](design.md).\n"),
        ];
        for (path, text) in breaches {
            let project = Project::new();
            project.write(path, text);
            assert_eq!(run(project.root()), Ok(1), "{path}: {text}");
        }
    }

    #[test]
    fn code_without_tests_is_found() {
        let project = Project::new();
        project.append(LIB, &"// One more line of code.\n".repeat(5));
        assert_eq!(run(project.root()), Ok(1));
    }

    #[test]
    fn a_project_that_cargo_cannot_read_breaks_every_rule_about_its_structure() {
        let project = Project::new();
        project.append("Cargo.toml", "[workspace.package]\nversion = 1\n");
        assert_eq!(run(project.root()), Ok(GRAPH_RULES.len()));
    }

    #[test]
    fn a_finding_says_where_to_look() {
        assert_eq!(
            Finding::in_file("a.rs", "is odd").to_string(),
            "a.rs: is odd"
        );
        assert_eq!(
            Finding::at_line("a.rs", 3, "is odd").to_string(),
            "a.rs:3: is odd"
        );
    }
}
