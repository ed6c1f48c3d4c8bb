//! What the templates can do with a text or a value, beside what minijinja has: `{{ text | sentence }}`.

use minijinja::value::{Kwargs, Serde};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::members;
use crate::openapi::Schema;

/// The longest value that is shown on one line.
const ONE_LINE: usize = 80;
/// The longest line of a comment, as far as words can be kept apart.
const COMMENT: usize = 100;

pub(super) fn add_to(templates: &mut Environment<'_>) {
    templates.add_filter("anchor", anchor);
    templates.add_filter("cell", cell);
    templates.add_filter("code", |text: Value| format!("`{text}`"));
    templates.add_filter("doc", doc);
    templates.add_filter("fields", |schema: Serde<Schema>| {
        Value::from(Serde(members::fields(&schema)))
    });
    templates.add_filter("first_sentence", |text: &str| {
        first_sentence(text).to_owned()
    });
    templates.add_filter("json", json);
    templates.add_filter("kind", kind);
    templates.add_filter("known", known);
    templates.add_filter("literal", |text: &str| format!("{text:?}"));
    templates.add_filter("pascal", pascal);
    templates.add_filter("sentence", sentence);
    templates.add_filter("small", small);
}

/// The place of a heading on its page, as GitHub names it.
pub(super) fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|&c| c.is_alphanumeric() || " -_".contains(c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// Text as it may stand in a table: on one line, and without a bar that would end the cell.
pub(super) fn cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

/// Lines of documentation, broken at spaces.
fn doc(text: &str, indent: Option<usize>) -> String {
    let indent = " ".repeat(indent.unwrap_or(0));
    let mut lines = vec![format!("{indent}///")];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("it begins with one");
        if last.chars().count() + 1 + word.chars().count() <= COMMENT {
            *last += " ";
            *last += word;
        } else {
            lines.push(format!("{indent}/// {word}"));
        }
    }
    lines.join("\n")
}

/// Up to the first stop that another sentence follows.
pub(super) fn first_sentence(text: &str) -> &str {
    let begins = |rest: &str| rest.starts_with(|c: char| c.is_uppercase() || c == '`' || c == '*');
    let mut ends = text.match_indices(". ").map(|(end, _)| end);
    let end = ends.find(|end| begins(&text[end + 2..]));
    end.map_or(text, |end| &text[..=end]).trim()
}

/// An example, on one line where that is short.
fn json(value: Value) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(&value)
        .map_err(|error| Error::new(ErrorKind::BadSerialization, "no JSON").with_source(error))?;
    let line = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    Ok(if line.chars().count() <= ONE_LINE {
        line
    } else {
        text
    })
}

/// The type of a value in words, or the words that it may be; `limits=true` adds what its receiver checks.
fn kind(schema: Serde<Schema>, options: Kwargs) -> Result<String, Error> {
    let shown = |value: &Value| format!("`{value}`");
    let limited = options.get::<Option<bool>>("limits")?.unwrap_or(false);
    options.assert_all_used()?;
    let rows = schema.one_of.iter().map(|row| &row.r#const);
    let values: Vec<String> = schema.r#enum.iter().chain(rows).map(shown).collect();
    let mut parts = vec![match (&schema.r#const, values.as_slice()) {
        (Some(value), _) => format!("always {}", shown(value)),
        (None, []) => types(&schema).join(" or "),
        (None, [one]) => one.clone(),
        (None, [before @ .., last]) => format!("{} or {last}", before.join(", ")),
    }];
    if limited {
        parts.extend(limits(&schema));
    }
    Ok(parts.join(", "))
}

fn types(schema: &Schema) -> Vec<String> {
    let named = |name: &String| match (name.as_str(), &schema.items, schema.format.as_deref()) {
        ("array", Some(items), _) => format!("array of {}", types(items).join(" or ")),
        ("string", _, Some("uuid")) => "GUID".to_owned(),
        ("string", _, Some("uri")) => "URL".to_owned(),
        (name, ..) => name.to_owned(),
    };
    let mut found: Vec<String> = schema.any_of.iter().flat_map(types).collect();
    found.extend(schema.r#type.iter().map(named));
    if found.is_empty() && !(schema.all_of.is_empty() && schema.properties.is_empty()) {
        found.push("object".to_owned());
    }
    let all = found.clone();
    let mut at = 0;
    found.retain(|name| {
        at += 1;
        !all[..at - 1].contains(name)
    });
    // What a value may lack comes after what it may be.
    found.sort_by_key(|name| name == "null");
    found
}

fn limits(schema: &Schema) -> Vec<String> {
    let length = match (schema.min_length, schema.max_length) {
        (Some(least), Some(most)) if least == most => Some(format!("{least} characters")),
        (Some(least), Some(most)) => Some(format!("{least} to {most} characters")),
        (None, Some(most)) => Some(format!("at most {most} characters")),
        (Some(1), None) => Some("not empty".to_owned()),
        (Some(least), None) => Some(format!("at least {least} characters")),
        (None, None) => None,
    };
    let pattern = schema.pattern.as_deref().map(|pattern| match pattern {
        r"\S" => "not blank".to_owned(),
        other => format!("`{other}`"),
    });
    let bounds = [
        ("at least", &schema.minimum),
        ("at most", &schema.maximum),
        ("above", &schema.exclusive_minimum),
    ];
    let bounds = bounds
        .into_iter()
        .filter_map(|(word, bound)| Some(format!("{word} {}", bound.as_ref()?)));
    length.into_iter().chain(pattern).chain(bounds).collect()
}

/// How a statement is known: `page`, `seen` or `assumed`, with a mark where something is left open there.
fn known(state: &State<'_, '_>, statement: Value) -> Result<String, Error> {
    let source = statement.get_attr("x-source")?;
    let open = statement.get_attr("x-assumption")?.is_true();
    if source.is_none() {
        return Ok(if open { "assumed" } else { "" }.to_owned());
    }
    let sources = state
        .lookup("document")
        .unwrap_or_default()
        .get_attr("x-sources")?;
    let read = sources.get_item(&source)?.get_attr("read")?;
    let word = if read
        .as_str()
        .is_some_and(|read| read.starts_with("recorded"))
    {
        "seen"
    } else {
        "page"
    };
    Ok(format!("{word}{}", if open { "†" } else { "" }))
}

/// `register_ipn` as `RegisterIpn`.
fn pascal(word: &str) -> String {
    word.split('_')
        .map(|part| capital(part, char::to_ascii_uppercase))
        .collect()
}

/// A fragment as a sentence: a capital first, a full stop last.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim();
    let stop = if text.ends_with(['.', '?', '!', ':', '…']) {
        ""
    } else {
        "."
    };
    capital(text, char::to_ascii_uppercase) + stop
}

/// A sentence as a fragment: a small letter first, unless the word is an abbreviation, and no full stop.
pub(super) fn small(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let word = text.split_whitespace().next().unwrap_or_default();
    if word.chars().skip(1).any(char::is_uppercase) {
        return text.to_owned();
    }
    capital(text, char::to_ascii_lowercase)
}

fn capital(text: &str, change: fn(&char) -> char) -> String {
    let mut letters = text.chars();
    letters.next().iter().map(change).chain(letters).collect()
}
