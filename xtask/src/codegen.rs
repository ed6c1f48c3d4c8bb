//! `cargo xtask codegen`: what is made from the gateways' descriptions, each file by the template that looks like it
//! (`xtask/templates/`). Here the values for the templates are prepared; what they hold is decided there.

mod filters;
mod members;
mod statements;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, context};

use crate::openapi::{self, Assumption, Document, Header, Map, Response, calls};

/// The page that has a picture of the rules, and the marks that it stands between.
const PICTURE: (&str, &str, &str) = (
    "docs/cancelling.md",
    "<!-- generated: state picture -->\n",
    "<!-- end generated -->",
);

/// What a generated file is written from, and whether only to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Write what is out of date.
    Write,
    /// Write nothing, and fail where something is out of date.
    Check,
}

/// Makes every generated file, and writes those that are out of date or names them.
pub(crate) fn run(root: &Path, mode: Mode) -> Result<(), String> {
    let mut outdated = Vec::new();
    for (path, text) in files(root)? {
        let full = root.join(&path);
        if fs::read_to_string(&full).is_ok_and(|old| old == text) {
            continue;
        }
        println!("{path}");
        if mode == Mode::Write {
            fs::write(&full, text).map_err(|error| format!("{path}: {error}"))?;
        }
        outdated.push(path);
    }
    match mode {
        Mode::Check if !outdated.is_empty() => {
            Err("out of date: run `cargo xtask codegen`".to_owned())
        }
        Mode::Check | Mode::Write => Ok(()),
    }
}

/// The path and the text of every generated file.
fn files(root: &Path) -> Result<Vec<(String, String)>, String> {
    let mut documents: Vec<Document> = openapi::gateways(root)?
        .iter()
        .map(|gateway| openapi::read(root, gateway))
        .collect::<Result<_, _>>()?;
    statements::resolve(root, &mut documents)?;
    let mut files = Vec::new();
    for document in &documents {
        let gateway = &document.gateway;
        for (template, path) in [
            ("codes.rs", "src/codes.rs"),
            ("operations.rs", "src/operations.rs"),
            ("types.rs", "src/wire/types.rs"),
        ] {
            let text = rust(template, document)?;
            files.push((format!("crates/{gateway}/{path}"), text));
        }
        files.push((
            format!("docs/gateways/{gateway}.md"),
            gateway_page(document)?,
        ));
    }
    files.push((
        "docs/coverage.md".to_owned(),
        page("coverage.md", &documents)?,
    ));
    files.push((
        "docs/unverified.md".to_owned(),
        page("unverified.md", &documents)?,
    ));
    files.push((
        "crates/cli/src/commands/doctor/assumptions.json".to_owned(),
        assumptions(&documents)?,
    ));
    let (path, begin, end) = PICTURE;
    let text = fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))?;
    let picture = format!(
        "```mermaid\n{}\n```",
        duka_core::cancel::mermaid().trim_end()
    );
    files.push((path.to_owned(), replaced(&text, begin, end, &picture)?));
    Ok(files)
}

/// A Rust file, laid out by rustfmt.
fn rust(template: &str, document: &Document) -> Result<String, String> {
    let operations = calls(&document.paths);
    let bodies =
        members::bodies(document).map_err(|reason| format!("{}: {reason}", document.gateway))?;
    let text = render(
        template,
        context! { document => Serde(document), operations => Serde(operations), bodies => Serde(bodies) },
    )?;
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "newline_style=Unix"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("rustfmt: {error}"))?;
    let mut stdin = rustfmt.stdin.take().ok_or("rustfmt takes no input")?;
    stdin
        .write_all(text.as_bytes())
        .map_err(|error| format!("rustfmt: {error}"))?;
    drop(stdin);
    let output = rustfmt
        .wait_with_output()
        .map_err(|error| format!("rustfmt: {error}"))?;
    if output.status.success() {
        String::from_utf8(output.stdout).map_err(|error| format!("rustfmt: {error}"))
    } else {
        Err(format!("rustfmt refuses what {template}.j2 makes:\n{text}"))
    }
}

/// The page about one gateway.
fn gateway_page(document: &Document) -> Result<String, String> {
    let operations = calls(&document.paths);
    let mut common: Map<Response> = Map::new();
    let mut headers: Map<Header> = Map::new();
    for (status, response) in operations.iter().flat_map(|call| &call.operation.responses) {
        headers.extend(response.headers.clone());
        if response.reference.is_some() {
            common.insert(status.clone(), response.clone());
        }
    }
    common.sort_keys();
    let notifications = calls(&document.webhooks);
    let values = context! {
        document => Serde(document),
        operations => Serde(operations),
        notifications => Serde(notifications),
        common => Serde(common),
        headers => Serde(headers),
    };
    render("gateway.md", values)
}

/// A page about all gateways.
fn page(template: &str, documents: &[Document]) -> Result<String, String> {
    // What is assumed of every gateway in the same words stands once.
    let (first, others) = documents.split_first().ok_or("no gateway is described")?;
    let everywhere = |(id, entry): &(&String, &Assumption)| {
        !others.is_empty()
            && others
                .iter()
                .all(|other| other.assumptions.get(*id) == Some(*entry))
    };
    let shared: Map<&Assumption> = first
        .assumptions
        .iter()
        .filter(everywhere)
        .map(|(id, entry)| (id.clone(), entry))
        .collect();
    let gateway = |document: &Document| {
        let operations = calls(&document.paths);
        let notifications = calls(&document.webhooks);
        let own: Vec<&Assumption> = document
            .assumptions
            .iter()
            .filter(|(id, _)| !shared.contains_key(*id))
            .map(|(_, entry)| entry)
            .collect();
        context! {
            document => Serde(document),
            operations => Serde(operations),
            notifications => Serde(notifications),
            own => Serde(own),
        }
    };
    let all: Vec<_> = documents.iter().map(gateway).collect();
    render(
        template,
        context! { all, shared => Serde(shared.values().collect::<Vec<_>>()) },
    )
}

/// What `duka doctor --probe` lists, for the program to read.
fn assumptions(documents: &[Document]) -> Result<String, String> {
    let all: Map<_> = documents
        .iter()
        .map(|it| (it.gateway.clone(), &it.assumptions))
        .collect();
    serde_json::to_string_pretty(&all)
        .map(|text| text + "\n")
        .map_err(|error| error.to_string())
}

/// What a template makes of these values.
pub(crate) fn render(template: &str, values: minijinja::Value) -> Result<String, String> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    templates.set_syntax(syntax.map_err(|error| error.to_string())?);
    templates.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    filters::add_to(&mut templates);
    let failed = |error: minijinja::Error| format!("{template}.j2: {error}");
    for (name, source) in [
        ("macros", include_str!("../templates/macros.j2")),
        ("codes.rs", include_str!("../templates/codes.rs.j2")),
        (
            "operations.rs",
            include_str!("../templates/operations.rs.j2"),
        ),
        ("types.rs", include_str!("../templates/types.rs.j2")),
        ("gateway.md", include_str!("../templates/gateway.md.j2")),
        ("performance", include_str!("../templates/performance.j2")),
        ("coverage.md", include_str!("../templates/coverage.md.j2")),
        (
            "unverified.md",
            include_str!("../templates/unverified.md.j2"),
        ),
    ] {
        templates.add_template(name, source).map_err(failed)?;
    }
    let text = templates
        .get_template(template)
        .and_then(|it| it.render(values))
        .map_err(failed)?;
    // A part that a template leaves out leaves its empty lines behind.
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    Ok(lines.join("\n").trim().to_owned() + "\n")
}

/// `text` with what stands between two marks replaced.
pub(crate) fn replaced(text: &str, begin: &str, end: &str, by: &str) -> Result<String, String> {
    let (before, rest) = text
        .split_once(begin)
        .ok_or_else(|| format!("no mark {begin}"))?;
    let (_, after) = rest
        .split_once(end)
        .ok_or_else(|| format!("no mark {end}"))?;
    Ok(format!("{before}{begin}{}\n{end}{after}", by.trim_end()))
}
