//! The README of each crate, made from the crate's own documentation: what docs.rs and crates.io say is one text.

use crate::files::{File, Files};

use super::docs_rs::Links;
use super::{Output, markdown};

/// The README of every crate that is published.
pub(super) fn pages(files: &Files) -> Result<Vec<Output>, String> {
    let manifest = |text: &str| text.parse::<toml::Table>().unwrap_or_default();
    let root = files
        .get("Cargo.toml")
        .map(|file| manifest(&file.text))
        .unwrap_or_default();
    let links = Links::of(files);
    let mut outputs = Vec::new();
    for file in files.member_manifests() {
        let about = About::read(&manifest(&file.text), &root);
        let Some(about) = about.filter(|about| about.published) else {
            continue;
        };
        let folder = file.path.trim_end_matches("Cargo.toml");
        let source = ["src/lib.rs", "src/main.rs"]
            .iter()
            .find_map(|source| files.get(&format!("{folder}{source}")))
            .ok_or_else(|| format!("{folder} has neither src/lib.rs nor src/main.rs"))?;
        outputs.push(Output {
            path: format!("{folder}README.md"),
            text: page(&about, source, &links),
        });
    }
    Ok(outputs)
}

/// What a manifest says about its package.
#[derive(Debug)]
struct About {
    name: String,
    published: bool,
    repository: Option<String>,
    licence: Option<String>,
}

impl About {
    fn read(manifest: &toml::Table, root: &toml::Table) -> Option<Self> {
        let package = manifest.get("package")?;
        let shared = root.get("workspace").and_then(|all| all.get("package"));
        // Written there, or `KEY.workspace = true`.
        let value = |key: &str| {
            let own = package.get(key)?;
            let value = if own.is_table() {
                shared?.get(key)?
            } else {
                own
            };
            value.as_str().map(str::to_owned)
        };
        Some(Self {
            name: value("name")?,
            published: package.get("publish").and_then(toml::Value::as_bool) != Some(false),
            repository: value("repository"),
            licence: value("license"),
        })
    }
}

fn page(about: &About, source: &File, links: &Links) -> String {
    let name = &about.name;
    let file = source.path.rsplit("src/").next().unwrap_or_default();
    let stamp = markdown::stamp(&format!("the docs of src/{file}"));
    let body = rendered(&module_docs(&source.text));
    let mut text = format!("{stamp}\n\n# {name}\n\n{body}\n");
    let library = file == "lib.rs";
    let mut last = Vec::new();
    if let Some(repository) = &about.repository {
        last.push(format!("Part of [duka]({repository})."));
    }
    if library {
        last.push(format!("The API is on [docs.rs](https://docs.rs/{name})."));
    }
    if let Some(licence) = &about.licence {
        let named = licence.replace(" OR ", " or ");
        last.push(format!("Licensed under {named}, at your choice."));
    }
    if !last.is_empty() {
        text.push_str(&format!("\n---\n\n{}\n", last.join(" ")));
    }
    links.in_page(&text, &name.replace('-', "_"))
}

/// The `//!` lines that a file opens with.
fn module_docs(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let lines: Vec<&str> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    lines.join("\n")
}

/// The docs as part of a page: headings one step lower, and examples without what only the compiler needs to see.
fn rendered(docs: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut fence = Fence::None;
    for line in docs.lines() {
        let mark = line.trim_start().strip_prefix("```");
        match (fence, mark) {
            (Fence::None, Some(language)) => {
                let rust = is_rust(language);
                fence = if rust { Fence::Rust } else { Fence::Other };
                out.push(format!("```{}", if rust { "rust" } else { language }));
            }
            (Fence::Rust | Fence::Other, Some(_)) => {
                while out.last().is_some_and(String::is_empty) {
                    out.pop();
                }
                fence = Fence::None;
                out.push("```".to_owned());
            }
            (Fence::None, None) if line.starts_with('#') => out.push(format!("#{line}")),
            (Fence::None | Fence::Other, None) => out.push(line.to_owned()),
            (Fence::Rust, None) => {
                let after_gap = out
                    .last()
                    .is_some_and(|last| last.is_empty() || last == "```rust");
                let doubled = line.is_empty() && after_gap;
                if !is_hidden(line) && !doubled {
                    out.push(line.to_owned());
                }
            }
        }
    }
    out.join("\n").trim().to_owned()
}

/// What the line at hand stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fence {
    None,
    Rust,
    Other,
}

/// Whether rustdoc takes a code block with this after its fence for Rust.
fn is_rust(language: &str) -> bool {
    let words = [
        "",
        "rust",
        "no_run",
        "ignore",
        "should_panic",
        "compile_fail",
    ];
    language.split(',').all(|word| words.contains(&word.trim()))
}

/// Whether rustdoc compiles the line and does not show it.
fn is_hidden(line: &str) -> bool {
    let line = line.trim_start();
    line == "#" || line.starts_with("# ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "[workspace.package]\nlicense = \"MIT OR Apache-2.0\"\nrepository = \"https://example.com/duka\"\n";
    const MANIFEST: &str =
        "[package]\nname = \"duka-till\"\nlicense.workspace = true\nrepository.workspace = true\n";
    const LIB: &str = r#"//! A till.
//!
//! [`Till::open`] opens it, see
//! [the drawer](drawer).
//!
//! ```no_run
//! use duka_till::Till;
//!
//! # fn main() {
//! let till = Till::open();
//! # drop(till);
//! # }
//! ```
//!
//! # Over HTTP
//!
//! ```sh
//! # a comment
//! curl localhost
//! ```

pub mod drawer;
//! not part of it

pub struct Till;
"#;

    fn pages_of(more: &[(&str, &str)]) -> Vec<Output> {
        let mut all = vec![
            ("Cargo.toml", ROOT),
            ("crates/till/Cargo.toml", MANIFEST),
            ("crates/till/src/lib.rs", LIB),
        ];
        all.extend(more);
        pages(&Files::of(&all)).unwrap()
    }

    #[test]
    fn a_readme_says_what_the_crate_docs_say() {
        let pages = pages_of(&[]);
        assert_eq!(pages.len(), 1);
        assert_eq!(pages[0].path, "crates/till/README.md");
        insta::assert_snapshot!(pages[0].text, @"
        <!-- Generated by `cargo xtask codegen` from the docs of src/lib.rs; do not edit by hand. -->

        # duka-till

        A till.

        [`Till::open`] opens it, see
        [the drawer][drawer].

        ```rust
        use duka_till::Till;

        let till = Till::open();
        ```

        ## Over HTTP

        ```sh
        # a comment
        curl localhost
        ```

        ---

        Part of [duka](https://example.com/duka). The API is on [docs.rs](https://docs.rs/duka-till). Licensed under MIT or Apache-2.0, at your choice.

        [`Till::open`]: https://docs.rs/duka-till/latest/duka_till/struct.Till.html#method.open
        [drawer]: https://docs.rs/duka-till/latest/duka_till/drawer/index.html
        ");
    }

    #[test]
    fn a_program_is_described_in_its_main_file() {
        let pages = pages_of(&[
            ("crates/cli/Cargo.toml", "[package]\nname = \"duka-cli\"\n"),
            ("crates/cli/src/main.rs", "//! Sells.\n\nfn main() {}\n"),
        ]);
        insta::assert_snapshot!(pages[1].text, @"
        <!-- Generated by `cargo xtask codegen` from the docs of src/main.rs; do not edit by hand. -->

        # duka-cli

        Sells.
        ");
    }

    #[test]
    fn what_is_not_published_needs_no_readme() {
        let manifest = "[package]\nname = \"xtask\"\npublish = false\n";
        let pages = pages_of(&[("xtask/Cargo.toml", manifest)]);
        assert_eq!(pages.len(), 1);
    }

    #[test]
    fn a_package_without_a_source_is_named() {
        let files = Files::of(&[("crates/till/Cargo.toml", MANIFEST)]);
        let error = pages(&files).unwrap_err();
        assert_eq!(error, "crates/till/ has neither src/lib.rs nor src/main.rs");
    }
}
