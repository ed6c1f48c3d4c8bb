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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi;

    /// The sample, as if it were the description of `gateway`.
    pub(super) fn sample(gateway: &str) -> Document {
        let text = include_str!("../sample.yaml").replace(", x-only-with: x", "");
        let owner = format!("x-gateway: {gateway}");
        openapi::parse(&text.replace("x-gateway: till", &owner)).unwrap()
    }

    /// The part of a generated file that begins with `start`, up to the next empty line.
    pub(super) fn part(file: &RustFile, start: &str) -> String {
        let text = cargo::formatted(Path::new("."), &file.text().unwrap()).unwrap();
        let at = text
            .find(start)
            .unwrap_or_else(|| panic!("no {start} in {text}"));
        let part = &text[at..];
        part.split("\n\n").next().unwrap().trim_end().to_owned()
    }

    #[test]
    fn a_file_opens_with_what_it_holds_and_with_the_stamp() {
        let file = RustFile {
            about: "Numbers: ".to_owned() + &"one and another ".repeat(9),
            items: vec![
                quote!(
                    const A: u8 = 1;
                ),
                quote!(
                    const B: u8 = 2;
                ),
            ],
        };
        insta::assert_snapshot!(file.text().unwrap(), @r"
        //! Numbers: one and another one and another one and another one and another one and another one and
        //! another one and another one and another one and another
        //!
        //! Generated by `cargo xtask codegen`; do not edit by hand.

        const A: u8 = 1;

        const B: u8 = 2;
        ");
    }

    #[test]
    fn long_texts_are_broken_and_say_the_same() {
        let said = r#"a "quoted" word, a back\slash, "#.to_owned() + &"and so on ".repeat(20);
        let token = literal(&said, 2).unwrap().to_string();
        assert!(token.lines().count() > 2, "{token}");
        assert!(token.lines().all(|line| line.chars().count() < WIDTH));
        let read: syn::LitStr = syn::parse_str(&token).unwrap();
        assert_eq!(read.value(), said.trim_end());
    }

    #[test]
    fn only_the_first_sentence_is_taken_and_a_stop_inside_it_is_none() {
        assert_eq!(first_sentence("How much. More."), "How much.");
        assert_eq!(
            first_sentence("letters and - _ . : only"),
            "letters and - _ . : only"
        );
    }

    #[test]
    fn words_become_names() {
        assert_eq!(pascal("register_ipn"), "RegisterIpn");
        assert_eq!(ident("type").to_string(), "r#type");
    }

    #[test]
    fn the_generated_files_are_known_by_their_paths() {
        assert!(is_path("crates/pesapal/src/wire/types.rs"));
        assert!(is_path("crates/kwikpaisa/src/codes.rs"));
        assert!(!is_path("crates/core/src/codes.rs"));
        assert!(!is_path("crates/pesapal/src/wire.rs"));
    }

    #[test]
    fn what_is_wrong_comes_with_the_file_it_is_wrong_in() {
        let text = include_str!("../sample.yaml").replace("x-gateway: till", "x-gateway: pesapal");
        let document = openapi::parse(&text).unwrap();
        let error = files(Path::new("."), &document).unwrap_err();
        assert_eq!(
            error,
            "crates/pesapal/src/codes.rs: \"PAID\": x-only-with x is no error code"
        );
    }
}
