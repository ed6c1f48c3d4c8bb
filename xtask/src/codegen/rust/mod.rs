//! The Rust files of an adapter, made from its description: what each holds is decided in the modules beside this one,
//! how one is written down is decided here.

mod assumptions;
mod codes;
mod operations;
mod wire;

use std::path::Path;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

use super::{Output, STAMP};
use crate::cargo;
use crate::openapi::document::{Document, Evidence, OneOrMore};

/// Where in an adapter the generated files are.
const FILES: [(&str, Generate); 4] = [
    ("src/codes.rs", codes::file),
    ("src/operations.rs", operations::file),
    ("src/assumptions.rs", assumptions::file),
    ("src/wire/types.rs", wire::file),
];

type Generate = fn(&Document) -> Result<RustFile, String>;

/// No line is longer where it can be broken.
const WIDTH: usize = 100;

/// What stands before and after the text of a member that begins on its line: `caller_may: "` and `" \`.
const MEMBER: usize = 17;

/// All Rust files of one adapter.
pub(super) fn files(root: &Path, document: &Document) -> Result<Vec<Output>, String> {
    let folder = format!("crates/{}", document.gateway);
    let output = |(name, generate): &(&str, Generate)| {
        let path = format!("{folder}/{name}");
        let failed = |reason| format!("{path}: {reason}");
        let plain = generate(document).and_then(|file| file.text());
        let text = plain.and_then(|text| cargo::formatted(root, &text));
        let text = text.map_err(failed)?;
        Ok(Output { path, text })
    };
    FILES.iter().map(output).collect()
}

/// Whether a file of this path is one of those.
pub(crate) fn is_path(path: &str) -> bool {
    let inside = |gateway: &&str| path.strip_prefix(&format!("crates/{gateway}/"));
    let inside = crate::openapi::GATEWAYS.iter().find_map(inside);
    inside.is_some_and(|path| FILES.iter().any(|(name, _)| *name == path))
}

/// A file before it is written down.
#[derive(Debug)]
struct RustFile {
    /// What it holds, for its first lines.
    about: String,
    /// Its parts, with an empty line between any two.
    items: Vec<TokenStream>,
}

impl RustFile {
    /// The whole text, as far as it can be laid out without rustfmt.
    fn text(&self) -> Result<String, String> {
        let mut text = String::new();
        for line in wrapped(&self.about, WIDTH - 4) {
            text.push_str(&format!("//! {line}\n"));
        }
        text.push_str(&format!("//!\n//! {STAMP}\n"));
        for item in &self.items {
            let file = syn::parse2(item.clone()).map_err(|error| format!("{error}: {item}"))?;
            text.push('\n');
            text.push_str(&prettyplease::unparse(&file));
        }
        Ok(text)
    }
}

/// Documentation, indented `depth` times.
fn doc(text: &str, depth: usize) -> TokenStream {
    let lines = wrapped(text, WIDTH - 4 - 4 * depth);
    let attribute = |line: String| {
        let line = format!(" {line}");
        quote!(#[doc = #line])
    };
    lines.into_iter().map(attribute).collect()
}

/// A literal of a text, broken where it is long; `depth` is that of the member it is the value of.
fn literal(text: &str, depth: usize) -> Result<Literal, String> {
    let escape = |line: String| line.replace('\\', "\\\\").replace('"', "\\\"");
    let lines: Vec<String> = wrapped(text, WIDTH - 4 * depth - MEMBER)
        .into_iter()
        .map(escape)
        .collect();
    let indent = " ".repeat(4 * (depth + 1));
    let source = format!("\"{}\"", lines.join(&format!(" \\\n{indent}")));
    source
        .parse()
        .map_err(|_| format!("no literal can be made of {text:?}"))
}

/// The first sentence of a text.
fn first_sentence(text: &str) -> &str {
    let begins = |rest: &str| rest.starts_with(|c: char| c.is_uppercase() || c == '`' || c == '*');
    let mut ends = text.match_indices(". ").map(|(end, _)| end);
    let end = ends.find(|end| begins(&text[end + 2..]));
    end.map_or(text, |end| &text[..=end])
}

/// Lines of at most so many characters, broken at spaces; a longer word stands alone.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("it begins with one");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// The length of a table.
fn length(count: usize) -> Literal {
    Literal::usize_unsuffixed(count)
}

/// `register_ipn` as `RegisterIpn`.
fn pascal(word: &str) -> Ident {
    let capital = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    ident(&word.split('_').map(capital).collect::<String>())
}

/// A name of ours; the letters of a keyword are taken for what they say.
fn ident(name: &str) -> Ident {
    match syn::parse_str::<Ident>(name) {
        Ok(plain) => plain,
        Err(_) => Ident::new_raw(name, Span::call_site()),
    }
}

/// How a statement is known, as it stands in a table.
fn evidence(
    known: Option<Evidence>,
    source: Option<&str>,
    assumption: &OneOrMore,
) -> Result<TokenStream, String> {
    let first = assumption.0.first().map(String::as_str);
    let (variant, place) = match known {
        Some(Evidence::Documented) => (quote!(Documented), source),
        Some(Evidence::Observed) => (quote!(Observed), source),
        Some(Evidence::Assumed) => (quote!(Assumed), first),
        None => return Err("a statement does not say how it is known".to_owned()),
    };
    let place = place.ok_or("a statement does not say where it is known from")?;
    Ok(quote!(Evidence::#variant(#place)))
}
