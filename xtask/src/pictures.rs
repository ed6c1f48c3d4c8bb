//! Generated parts of the documentation, each between two marks in a page that people write:
//! `<!-- generated: NAME -->` and `<!-- end generated -->`. The rest of the page is left alone.

use std::fs;
use std::path::Path;

use crate::args::Codegen;

/// A page, the name in its opening mark, and what belongs after it.
pub(crate) type Picture = (&'static str, &'static str, fn() -> String);

/// Every generated part.
pub(crate) const PICTURES: &[Picture] = &[("docs/cancelling.md", "state picture", || {
    fenced("mermaid", &duka_core::cancel::mermaid())
})];

const END: &str = "<!-- end generated -->";

/// Writes the parts that are out of date, or only compares; the lines say what was or would be changed.
pub(crate) fn run(root: &Path, pictures: &[Picture], mode: Codegen) -> Result<Vec<String>, String> {
    let mut changed = Vec::new();
    for (page, name, render) in pictures {
        let path = root.join(page);
        let text =
            fs::read_to_string(&path).map_err(|error| format!("cannot read {page}: {error}"))?;
        let wanted =
            replaced(&text, name, &render()).map_err(|reason| format!("{page}: {reason}"))?;
        if wanted == text {
            continue;
        }
        changed.push(format!("{page}: {name}"));
        if mode == Codegen::Write {
            fs::write(&path, wanted).map_err(|error| format!("cannot write {page}: {error}"))?;
        }
    }
    Ok(changed)
}

/// A Markdown code block.
pub(crate) fn fenced(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```", text.trim_end())
}

/// `text` with what stands between the marks of `name` replaced by `content`.
fn replaced(text: &str, name: &str, content: &str) -> Result<String, String> {
    let opening = format!("<!-- generated: {name} -->");
    let (before, rest) = text
        .split_once(&opening)
        .ok_or_else(|| format!("no mark `{opening}`"))?;
    let (_, after) = rest
        .split_once(END)
        .ok_or_else(|| format!("no mark `{END}` after `{opening}`"))?;
    if after.contains(&opening) {
        return Err(format!("the mark `{opening}` stands there twice"));
    }
    Ok(format!(
        "{before}{opening}\n{}\n{END}{after}",
        content.trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Page\n<!-- generated: picture -->\nold\n<!-- end generated -->\nrest\n";
    const TABLE: &[Picture] = &[("page.md", "picture", || fenced("mermaid", "a --> b\n"))];

    fn page() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("page.md"), PAGE).unwrap();
        root
    }

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let expected = "# Page\n<!-- generated: picture -->\nnew\n<!-- end generated -->\nrest\n";
        assert_eq!(replaced(PAGE, "picture", "new\n"), Ok(expected.to_owned()));
    }

    #[test]
    fn a_missing_mark_is_named() {
        let missing = replaced(PAGE, "other", "").unwrap_err();
        assert_eq!(missing, "no mark `<!-- generated: other -->`");
        let open = replaced("<!-- generated: picture -->\n", "picture", "").unwrap_err();
        assert_eq!(
            open,
            "no mark `<!-- end generated -->` after `<!-- generated: picture -->`"
        );
    }

    #[test]
    fn a_mark_that_stands_twice_is_refused() {
        assert!(
            replaced(&PAGE.repeat(2), "picture", "")
                .unwrap_err()
                .contains("twice")
        );
    }

    #[test]
    fn checking_reports_and_writes_nothing() {
        let root = page();
        assert_eq!(
            run(root.path(), TABLE, Codegen::Check).unwrap(),
            ["page.md: picture"]
        );
        assert_eq!(
            fs::read_to_string(root.path().join("page.md")).unwrap(),
            PAGE
        );
    }

    #[test]
    fn writing_twice_changes_nothing_the_second_time() {
        let root = page();
        assert_eq!(
            run(root.path(), TABLE, Codegen::Write).unwrap(),
            ["page.md: picture"]
        );
        assert_eq!(run(root.path(), TABLE, Codegen::Write).unwrap(), [""; 0]);
        let text = fs::read_to_string(root.path().join("page.md")).unwrap();
        assert!(
            text.contains("-->\n```mermaid\na --> b\n```\n<!-- end"),
            "{text}"
        );
    }

    #[test]
    fn a_page_that_is_not_there_is_named() {
        let root = tempfile::tempdir().unwrap();
        assert!(
            run(root.path(), TABLE, Codegen::Check)
                .unwrap_err()
                .starts_with("cannot read page.md: ")
        );
    }
}
