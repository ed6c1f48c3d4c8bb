//! What the gateways' pages say: that each test and each place that a statement names exists.

use std::fs;
use std::path::Path;

use super::filters;
use crate::openapi::Document;

/// Finds the tests of all statements, and fails for what does not exist.
pub(super) fn resolve(root: &Path, documents: &mut [Document]) -> Result<(), String> {
    let sources = sources(root)?;
    for document in documents {
        let all = document.statements.values_mut();
        for statement in all.flat_map(|parts| parts.values_mut()).flatten() {
            let found = statement.test.iter().map(|test| file(&sources, test));
            let found = places(root, &statement.r#where).and_then(|()| found.collect());
            statement.test_files = found.map_err(|reason| {
                let gateway = &document.gateway;
                format!("{gateway}: x-statements: {}: {reason}", statement.text)
            })?;
        }
    }
    Ok(())
}

/// Every Rust file of the crates, by its path from the root, and its text.
fn sources(root: &Path) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let mut open = vec![root.join("crates")];
    while let Some(folder) = open.pop() {
        let failed = |error| format!("{}: {error}", folder.display());
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(&path).map_err(failed)?;
                let name = path.strip_prefix(root).unwrap_or(&path);
                found.push((name.to_string_lossy().into_owned(), text));
            }
        }
    }
    Ok(found)
}

/// The one file that holds a test: `CRATE::FUNCTION`, or `CRATE::MODULE::FUNCTION` where the crate has the name twice.
fn file(sources: &[(String, String)], test: &str) -> Result<String, String> {
    let (package, name) = test.split_once("::").unwrap_or(("", test));
    let (module, name) = name.rsplit_once("::").unwrap_or(("", name));
    let (folder, module) = (format!("crates/{package}/"), format!("{module}.rs"));
    let function = format!("fn {name}(");
    let has = |(path, text): &&(String, String)| {
        path.starts_with(&folder) && path.ends_with(&module) && text.contains(&function)
    };
    let mut found = sources.iter().filter(has).map(|(path, _)| path);
    match (found.next(), found.next()) {
        (Some(path), None) => Ok(path.clone()),
        (None, _) => Err(format!("there is no test {test}")),
        (Some(one), Some(other)) => Err(format!("{test} is in {one} and in {other}")),
    }
}

/// The links of a text lead to a file, and to a heading if they name one.
fn places(root: &Path, text: &str) -> Result<(), String> {
    let targets = text.split("](").skip(1);
    for target in targets.filter_map(|rest| rest.split(')').next()) {
        let (path, place) = target.split_once('#').unwrap_or((target, ""));
        let page = fs::read_to_string(root.join("docs").join(path))
            .map_err(|error| format!("{target}: {error}"))?;
        let is_place = |line: &str| {
            line.starts_with('#') && filters::anchor(line.trim_start_matches('#').trim()) == place
        };
        if !place.is_empty() && !page.lines().any(is_place) {
            return Err(format!("{target}: the page has no such heading"));
        }
    }
    Ok(())
}
