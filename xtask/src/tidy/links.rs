//! The rule that links between the project's own pages lead somewhere. Links to other sites are not followed.

use super::Finding;
use crate::files::{File, Files};

/// Every relative link in Markdown names a file or folder of the project, and a heading of that page if it names one.
pub(super) fn lead_somewhere(files: &Files) -> Vec<Finding> {
    let pages = files
        .iter()
        .filter(|file| file.has_extension("md") && !file.is_test());
    let links = pages.flat_map(|page| {
        links(&page.text)
            .into_iter()
            .map(move |(line, target)| (page, line, target))
    });
    let broken = links.filter(|(page, _, target)| !leads_somewhere(files, page, target));
    broken
        .map(|(page, line, target)| {
            Finding::at_line(&page.path, line, format!("`{target}` leads nowhere"))
        })
        .collect()
}

fn leads_somewhere(files: &Files, page: &File, target: &str) -> bool {
    if target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let Some(path) = resolve(&page.path, path) else {
        return false;
    };
    match files.get(&path) {
        Some(file) if !heading.is_empty() && file.has_extension("md") => {
            anchors(&file.text).iter().any(|a| a == heading)
        }
        Some(_) => true,
        None => files.exists(&path),
    }
}

/// The path from the root that `target` means on `page`; none if it leaves the project.
fn resolve(page: &str, target: &str) -> Option<String> {
    if target.is_empty() {
        return Some(page.to_owned());
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The targets of the links in `text`, with their lines, counted from one.
fn links(text: &str) -> Vec<(usize, String)> {
    let targets = |(number, line): (usize, String)| {
        let after: Vec<String> = line
            .split("](")
            .skip(1)
            .map(|rest| target(rest).to_owned())
            .collect();
        after.into_iter().map(move |target| (number, target))
    };
    prose(text).into_iter().flat_map(targets).collect()
}

/// What stands before the closing parenthesis, without a title.
fn target(rest: &str) -> &str {
    let inside = rest.split(')').next().unwrap_or_default();
    inside
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .trim_matches(['<', '>'])
}

/// The lines outside code, counted from one; code within a line is cut out.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        if !fenced && !fence {
            lines.push((number, line.split('`').step_by(2).collect()));
        }
    }
    lines
}

/// The anchors that a renderer gives to the headings of `text`.
fn anchors(text: &str) -> Vec<String> {
    let fenced = text.lines().scan(false, |fenced, line| {
        *fenced ^= line.trim_start().starts_with("```");
        Some((*fenced, line))
    });
    let headings = fenced.filter(|(fenced, line)| !fenced && line.starts_with('#'));
    headings
        .map(|(_, line)| anchor(line.trim_start_matches('#').trim()))
        .collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|&c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    #[test]
    fn a_link_to_a_missing_page_is_found() {
        let files = [
            (
                "docs/a.md",
                "see\n[b](b.md) and [c](../docs/a.md) and [d](nowhere.md)",
            ),
            ("docs/b.md", ""),
        ];
        assert_eq!(
            findings(lead_somewhere, &files),
            ["docs/a.md:2: `nowhere.md` leads nowhere"]
        );
    }

    #[test]
    fn a_link_to_a_missing_heading_is_found() {
        let files = [(
            "a.md",
            "# The `life` of it, in short\n[a](#the-life-of-it-in-short) [b](a.md#gone)",
        )];
        assert_eq!(
            findings(lead_somewhere, &files),
            ["a.md:2: `a.md#gone` leads nowhere"]
        );
    }

    #[test]
    fn a_link_out_of_the_project_leads_nowhere() {
        assert_eq!(
            findings(lead_somewhere, &[("a.md", "[x](../x)")]),
            ["a.md:1: `../x` leads nowhere"]
        );
    }

    #[test]
    fn folders_sites_titles_and_code_are_no_broken_links() {
        let text = "[d](docs) [s](https://example.com/) [t](docs/b.md \"Title\")\n`[x](y)`\n```\n[x](y)\n```\n";
        let found = findings(lead_somewhere, &[("a.md", text), ("docs/b.md", "")]);
        assert!(found.is_empty(), "{found:?}");
    }
}
