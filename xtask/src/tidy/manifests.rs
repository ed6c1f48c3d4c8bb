//! Rules about the manifests, as they are written; what cargo makes of them is in `structure`.

use toml::{Table, Value};

use super::Finding;
use crate::files::{File, Files};

const ROOT: &str = "Cargo.toml";

/// A comment above each line of `members`.
pub(super) fn members_say_why(files: &Files) -> Vec<Finding> {
    let Some(root) = files.get(ROOT) else {
        return vec![Finding::in_file(ROOT, "is missing")];
    };
    let lines: Vec<&str> = root.text.lines().map(str::trim).collect();
    let start = lines
        .iter()
        .position(|line| line.starts_with("members = ["))
        .map_or(lines.len(), |at| at + 1);
    let end = lines[start..]
        .iter()
        .position(|line| *line == "]")
        .map_or(lines.len(), |length| start + length);
    let unexplained =
        (start..end).filter(|&at| lines[at].starts_with('"') && !lines[at - 1].starts_with('#'));
    unexplained
        .map(|at| {
            Finding::at_line(
                ROOT,
                at + 1,
                format!("no reason above {}", lines[at].trim_end_matches(',')),
            )
        })
        .collect()
}

/// `crates/NAME` is the package `duka-NAME`.
pub(super) fn packages_follow_folders(files: &Files) -> Vec<Finding> {
    each_member(files, |folder, manifest| {
        let wanted = if folder == "xtask" {
            folder.to_owned()
        } else {
            format!("duka-{folder}")
        };
        let name = manifest
            .get("package")
            .and_then(|package| package.get("name"))
            .and_then(Value::as_str);
        if name == Some(&wanted) {
            Vec::new()
        } else {
            vec![format!("the package is not called `{wanted}`")]
        }
    })
}

/// `[lints] workspace = true` in every member, and `unsafe_code = "forbid"` in what it refers to.
pub(super) fn lints_hold_everywhere(files: &Files) -> Vec<Finding> {
    let mut findings = each_member(files, |_, manifest| {
        let inherits = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            == Some(&Value::Boolean(true));
        if inherits {
            Vec::new()
        } else {
            vec!["no `[lints] workspace = true`".to_owned()]
        }
    });
    if !files
        .get(ROOT)
        .is_some_and(|root| forbids_unsafe_code(&root.text))
    {
        findings.push(Finding::in_file(
            ROOT,
            "the lints do not forbid `unsafe_code`",
        ));
    }
    findings
}

fn forbids_unsafe_code(manifest: &str) -> bool {
    let manifest = manifest.parse::<Table>().unwrap_or_default();
    let lints = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("lints"));
    let lint = lints
        .and_then(|lints| lints.get("rust"))
        .and_then(|rust| rust.get("unsafe_code"));
    let level = lint.and_then(|lint| lint.get("level").or(Some(lint)));
    level.and_then(Value::as_str) == Some("forbid")
}

/// Members name what they need and leave its version or path to the root.
pub(super) fn versions_stand_at_the_root(files: &Files) -> Vec<Finding> {
    each_member(files, |_, manifest| {
        let dependencies = dependencies(manifest).into_iter();
        let own =
            dependencies.filter(|(_, value)| value.get("workspace") != Some(&Value::Boolean(true)));
        own.map(|(name, _)| format!("`{name}` does not say `workspace = true`"))
            .collect()
    })
}

/// Adapters work with any transport.
pub(super) fn only_http_depends_on_reqwest(files: &Files) -> Vec<Finding> {
    each_member(files, |folder, manifest| {
        let names_it = dependencies(manifest)
            .iter()
            .any(|(name, _)| name == "reqwest");
        if names_it && folder != "http" {
            vec!["depends on reqwest".to_owned()]
        } else {
            Vec::new()
        }
    })
}

/// What `rule` finds in each member's manifest, given the name of its folder.
fn each_member(files: &Files, rule: impl Fn(&str, &Table) -> Vec<String>) -> Vec<Finding> {
    let in_manifest = |file: &File| match file.text.parse::<Table>() {
        Ok(manifest) => rule(file.member().unwrap_or_default(), &manifest),
        Err(error) => vec![format!("cannot be read: {}", error.message())],
    };
    let messages = |file| {
        in_manifest(file)
            .into_iter()
            .map(|message| Finding::in_file(&file.path, message))
    };
    files.member_manifests().flat_map(messages).collect()
}

/// Every dependency of every kind, those of a platform as well.
fn dependencies(manifest: &Table) -> Vec<(String, Value)> {
    let platforms = manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(Table::values);
    let tables = platforms.filter_map(Value::as_table).chain([manifest]);
    let kinds = tables.flat_map(|table| {
        let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
        kinds
            .into_iter()
            .filter_map(|kind| table.get(kind))
            .filter_map(Value::as_table)
    });
    kinds
        .flatten()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    const MEMBER: &str = "crates/core/Cargo.toml";
    const NONE: [&str; 0] = [];

    #[test]
    fn a_member_without_a_reason_is_named() {
        let text =
            "[workspace]\nmembers = [\n    # Why.\n    \"crates/a\",\n    \"crates/b\",\n]\n";
        assert_eq!(
            findings(members_say_why, &[(ROOT, text)]),
            ["Cargo.toml:5: no reason above \"crates/b\""]
        );
    }

    #[test]
    fn a_package_named_otherwise_than_its_folder_is_found() {
        let files = [
            (MEMBER, "[package]\nname = \"duka-core\""),
            ("xtask/Cargo.toml", "[package]\nname = \"xtask\""),
            ("crates/cli/Cargo.toml", "[package]\nname = \"duka\""),
        ];
        let found = findings(packages_follow_folders, &files);
        assert_eq!(
            found,
            ["crates/cli/Cargo.toml: the package is not called `duka-cli`"]
        );
    }

    #[test]
    fn lints_must_be_inherited_and_forbid_unsafe_code() {
        let good = [
            (MEMBER, "[lints]\nworkspace = true"),
            (ROOT, "[workspace.lints.rust]\nunsafe_code = \"forbid\""),
        ];
        assert_eq!(findings(lints_hold_everywhere, &good), NONE);
        let bad = [
            (MEMBER, "[lints.rust]\nunsafe_code = \"forbid\""),
            (ROOT, "[workspace.lints.rust]\nunsafe_code = \"deny\""),
        ];
        let expected = [
            "crates/core/Cargo.toml: no `[lints] workspace = true`",
            "Cargo.toml: the lints do not forbid `unsafe_code`",
        ];
        assert_eq!(findings(lints_hold_everywhere, &bad), expected);
    }

    #[test]
    fn a_version_in_a_member_is_found_whatever_kind_of_dependency_it_is() {
        let text = "[dependencies]\na.workspace = true\nb = \"1\"\n\
            [dev-dependencies]\nc = { path = \"../c\" }\n\
            [target.'cfg(unix)'.dependencies]\nd = \"1\"\ne = { workspace = true, optional = true }\n";
        let expected = ["d", "b", "c"]
            .map(|name| format!("{MEMBER}: `{name}` does not say `workspace = true`"));
        assert_eq!(
            findings(versions_stand_at_the_root, &[(MEMBER, text)]),
            expected
        );
    }

    #[test]
    fn an_adapter_that_depends_on_reqwest_is_found() {
        let text = "[dependencies]\nreqwest.workspace = true\n";
        let files = [
            ("crates/http/Cargo.toml", text),
            ("crates/pesapal/Cargo.toml", text),
        ];
        assert_eq!(
            findings(only_http_depends_on_reqwest, &files),
            ["crates/pesapal/Cargo.toml: depends on reqwest"]
        );
    }

    #[test]
    fn a_feature_called_reqwest_is_no_dependency() {
        let text = "[features]\nreqwest = [\"duka-http/reqwest\"]\n";
        assert_eq!(
            findings(
                only_http_depends_on_reqwest,
                &[("crates/pesapal/Cargo.toml", text)]
            ),
            NONE
        );
    }

    #[test]
    fn an_unreadable_manifest_is_a_finding() {
        let found = findings(packages_follow_folders, &[(MEMBER, "[package")]);
        assert!(
            found[0].starts_with("crates/core/Cargo.toml: cannot be read: "),
            "{found:?}"
        );
    }
}
