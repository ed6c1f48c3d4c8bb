//! Operations and notifications: what is sent, what comes back, and examples of both.

use crate::openapi::Call;
use crate::openapi::document::{
    Document, Intent, Media, Parameter, Repeat, RequestBody, Response, Schema,
};
use crate::pictures::fenced;

use super::super::fields::{self, Field, Way};
use super::super::markdown::{code, known, point, sentence, table, wrapped};

/// A description longer than this is told below the table, and its first sentence in it.
const SHORT: usize = 130;

/// The section of an operation.
pub(super) fn operation(document: &Document, call: Call<'_>) -> String {
    let operation = call.operation;
    let mut facts = vec![format!("`{} {}`", call.method, call.path)];
    facts.extend(operation.intent.map(|intent| match intent {
        Intent::Read => "changes nothing".to_owned(),
        Intent::Mutation => "changes something".to_owned(),
    }));
    let open = operation
        .security
        .as_ref()
        .filter(|needed| needed.items().is_empty());
    facts.extend(open.map(|_| "without authentication".to_owned()));
    facts.extend(operation.repeat.map(|repeat| repeated(repeat).to_owned()));
    let source = operation
        .source
        .as_ref()
        .and_then(|id| document.sources.get(id));
    facts.extend(source.map(|source| format!("page *{}*", source.title)));
    let mut parts = vec![
        format!("## {}", operation.summary),
        facts.join(" · "),
        wrapped(&operation.description),
    ];
    if let Some(reason) = &operation.unsupported {
        parts.push(wrapped(&format!("`duka` does not use it: {reason}.")));
    }
    parts.extend(first(document, call, "Request", Way::There));
    parts.extend(second(document, call, "Reply", Way::Back));
    parts.push(assumed(document, &[&operation.id]));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// The section of a notification: the gateway asks, and the merchant answers.
pub(super) fn notification(document: &Document, call: Call<'_>) -> String {
    let operation = call.operation;
    let mut parts = vec![
        format!("### {}", operation.summary),
        format!("`{}` to the merchant's address", call.method),
        wrapped(&operation.description),
    ];
    parts.extend(first(document, call, "What comes", Way::Back));
    parts.extend(second(document, call, "Your answer", Way::There));
    parts.push(assumed(document, &[&operation.id]));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// Whether a call may be made again, in words.
pub(super) fn repeated(repeat: Repeat) -> &'static str {
    match repeat {
        Repeat::Harmless => "may be repeated",
        Repeat::Once => "once only",
        Repeat::Unknown => "not known to be safe",
    }
}

/// What is asked, by whoever calls.
fn first(document: &Document, call: Call<'_>, title: &str, way: Way) -> Vec<String> {
    let mut parts = Vec::new();
    let own = call
        .operation
        .parameters
        .iter()
        .filter(|own| own.reference.is_none());
    let rows: Vec<Vec<String>> = own
        .map(|own| parameter(document, own, &own.location, way))
        .collect();
    let body = call.operation.request_body.as_ref();
    if rows.is_empty() && body.is_none() {
        return parts;
    }
    parts.push(format!("**{title}**"));
    parts.push(
        table(&["parameter", "type", "known", "what it is"], &rows)
            .trim_end()
            .to_owned(),
    );
    if let Some(body) = body {
        parts.extend(request_body(document, body, way));
    }
    parts
}

/// A row of a table of parameters.
pub(super) fn parameter(
    document: &Document,
    parameter: &Parameter,
    place: &str,
    way: Way,
) -> Vec<String> {
    let kind = parameter
        .schema
        .as_ref()
        .map(|schema| fields::kind(document, schema, way));
    vec![
        code(&parameter.name),
        describe(place, &kind.unwrap_or_default(), parameter.required, way),
        known(parameter.evidence, &parameter.assumption).to_owned(),
        match &parameter.example {
            Some(example) => {
                let text = parameter.description.trim();
                format!("{text} Such as {}.", fields::word(example))
            }
            None => parameter.description.trim().to_owned(),
        },
    ]
}

/// Such as `header, string, not empty, required`.
fn describe(place: &str, kind: &str, required: bool, way: Way) -> String {
    let required = match way {
        _ if !required => "",
        Way::There => "**required**",
        Way::Back => "always there",
    };
    let parts = [place, kind, required]
        .into_iter()
        .filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(", ")
}

fn request_body(document: &Document, body: &RequestBody, way: Way) -> Vec<String> {
    let mut about = body.description.clone().unwrap_or_default();
    if !body.required {
        about.push_str(" The body may be left out.");
    }
    let mut parts = vec![wrapped(&about)];
    for media in body.content.values() {
        parts.extend(members(document, &media.schema, Shared::Shown, way));
        parts.extend(examples(document, media, None));
    }
    parts
}

/// What is answered, by whoever was called.
fn second(document: &Document, call: Call<'_>, title: &str, way: Way) -> Vec<String> {
    let responses = &call.operation.responses;
    let own: Vec<(&String, &Response)> = responses
        .iter()
        .filter(|(_, response)| response.reference.is_none())
        .collect();
    let mut parts = vec![format!("**{title}**")];
    let mut shown: Vec<&str> = Vec::new();
    for (_, response) in own.iter().filter(|(status, _)| status.starts_with('2')) {
        for media in response.content.values() {
            let reference = media.schema.reference.as_deref().unwrap_or_default();
            if !shown.contains(&reference) {
                shown.push(reference);
                parts.extend(members(document, &media.schema, Shared::Linked, way));
            }
        }
    }
    parts.push(statuses(&own));
    let elsewhere: Vec<String> = responses
        .iter()
        .filter(|(_, response)| response.reference.is_some())
        .map(|(status, _)| status.clone())
        .collect();
    if !elsewhere.is_empty() {
        parts.push(wrapped(&format!(
            "And as for any call: {} ([below](#what-every-reply-has)).",
            elsewhere.join(", ")
        )));
    }
    for (status, response) in own {
        for media in response.content.values() {
            parts.extend(examples(document, media, Some(status)));
        }
    }
    parts
}

/// A table of HTTP statuses.
fn statuses(responses: &[(&String, &Response)]) -> String {
    let row = |(status, response): &(&String, &Response)| {
        let headers: Vec<String> = response.headers.keys().map(|name| code(name)).collect();
        let headers = match headers.as_slice() {
            [] => String::new(),
            names => format!(" With {}, perhaps.", names.join(", ")),
        };
        vec![
            (*status).clone(),
            known(response.evidence, &response.assumption).to_owned(),
            format!("{}{headers}", response.description.trim()),
        ]
    };
    let rows: Vec<Vec<String>> = responses.iter().map(row).collect();
    table(&["HTTP", "known", "what it means"], &rows)
        .trim_end()
        .to_owned()
}

/// What any reply has, and the HTTP statuses that mean the same for all calls.
pub(super) fn every_reply(document: &Document) -> String {
    let mut common: Vec<(&String, &Response)> = Vec::new();
    for call in document.operations() {
        for (status, response) in &call.operation.responses {
            let known = common.iter().any(|(same, _)| *same == status);
            if response.reference.is_some() && !known {
                common.push((status, document.resolved(response)));
            }
        }
    }
    common.sort_by_key(|(status, _)| *status);
    let mut parts = vec!["## What every reply has".to_owned()];
    if let Some(envelope) = document.schema(fields::ENVELOPE) {
        parts.push(wrapped(&envelope.description));
        parts.extend(members(document, envelope, Shared::Shown, Way::Back));
    }
    parts.push(statuses(&common));
    parts.push(headers(document));
    for (status, response) in common {
        for media in response.content.values() {
            parts.extend(examples(document, media, Some(status)));
        }
    }
    parts.push(assumed(document, &["all"]));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// The headers that a reply may have.
fn headers(document: &Document) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let responses = document
        .operations()
        .flat_map(|call| call.operation.responses.values());
    for (name, header) in responses.flat_map(|response| &document.resolved(response).headers) {
        let header = document.resolved(header);
        let schema = header.schema.as_ref();
        let kind = schema.map(|schema| fields::kind(document, schema, Way::Back));
        let row = vec![
            code(name),
            describe("", &kind.unwrap_or_default(), header.required, Way::Back),
            known(header.evidence, &header.assumption).to_owned(),
            header.description.trim().to_owned(),
        ];
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    table(&["header", "type", "known", "what it is"], &rows)
        .trim_end()
        .to_owned()
}

/// What to do with the members that every reply has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shared {
    Shown,
    Linked,
}

/// The table of a schema's members, with what does not fit into it below.
fn members(document: &Document, schema: &Schema, shared: Shared, way: Way) -> Vec<String> {
    let own = |field: &Field<'_>| shared == Shared::Shown || !field.shared;
    let all = fields::of(document, schema);
    let linked = all.iter().any(|field| !own(field));
    let fields: Vec<&Field<'_>> = all.iter().filter(|field| own(field)).collect();
    let rows: Vec<Vec<String>> = fields
        .iter()
        .map(|field| member(document, field, way))
        .collect();
    let mut parts = Vec::new();
    if linked {
        let also = if rows.is_empty() { "Only" } else { "Beside" };
        parts.push(format!(
            "{also} [what every reply has](#what-every-reply-has)."
        ));
    }
    parts.push(
        table(&["field", "type", "known", "what it is"], &rows)
            .trim_end()
            .to_owned(),
    );
    let long = fields.iter().filter_map(|field| {
        let (_, rest) = split(field.description());
        let text = format!("{}: {rest}", code(&field.path));
        (!rest.is_empty()).then(|| point("- ", &text))
    });
    parts.push(long.collect::<Vec<_>>().join("\n"));
    parts.push(words(&fields));
    parts.retain(|part| !part.is_empty());
    parts
}

fn member(document: &Document, field: &Field<'_>, way: Way) -> Vec<String> {
    let evidence = field.own.evidence.or(field.target.evidence);
    vec![
        code(&field.path),
        describe(
            "",
            &fields::kind(document, field.own, way),
            field.required,
            way,
        ),
        known(evidence, &field.own.assumption).to_owned(),
        split(field.description()).0.to_owned(),
    ]
}

/// The words that a member may be, where each has a meaning of its own.
fn words(fields: &[&Field<'_>]) -> String {
    let with_rows = fields.iter().filter(|field| !field.own.one_of.is_empty());
    let lines = with_rows.map(|field| {
        let rows = field.own.one_of.iter().map(|row| {
            let meaning = row.description.trim().trim_end_matches('.');
            format!("{} ({})", fields::word(&row.value), lower_first(meaning))
        });
        point(
            "- ",
            &format!(
                "{}: {}.",
                code(&field.path),
                rows.collect::<Vec<_>>().join(", ")
            ),
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_lowercase)
        .collect();
    format!("{first}{}", letters.as_str())
}

/// The first sentence and the rest, where the whole would make a table wide.
fn split(text: &str) -> (&str, &str) {
    if text.chars().count() <= SHORT {
        return (text, "");
    }
    match text.find(". ") {
        Some(end) => (&text[..=end], text[end + 2..].trim()),
        None => (text, ""),
    }
}

/// The examples of a body, as JSON with the digits that the description has.
fn examples(document: &Document, media: &Media, status: Option<&str>) -> Vec<String> {
    let mut parts = Vec::new();
    for (key, example) in &media.examples {
        let title = example
            .summary
            .clone()
            .unwrap_or_else(|| key.replace('_', " "));
        let title = match status {
            Some(status) => format!("HTTP {status}: {}", lower_first_word(&title)),
            None => format!("Example: {}", lower_first_word(&title)),
        };
        parts.push(format!("*{title}*"));
        parts.extend(example.description.as_deref().map(wrapped));
        parts.push(fenced("json", &example.value.pretty(&document.text)));
    }
    parts
}

/// A title after a colon: without its capital, unless the word is an abbreviation.
fn lower_first_word(title: &str) -> String {
    let word = title.split_whitespace().next().unwrap_or_default();
    let shouted = word.chars().skip(1).any(char::is_uppercase);
    if shouted {
        title.to_owned()
    } else {
        lower_first(title)
    }
}

/// What is assumed about a part of the API; what decides about money has a star.
pub(super) fn assumed(document: &Document, about: &[&str]) -> String {
    let rows = document
        .assumptions
        .values()
        .filter(|row| about.contains(&row.about.as_str()));
    let lines: Vec<String> = rows
        .map(|row| {
            let star = if row.money { "★ " } else { "" };
            point("- ", &format!("{star}{}", sentence(&row.assumed)))
        })
        .collect();
    if lines.is_empty() {
        String::new()
    } else {
        format!(
            "**Assumed** ([what to try](../unverified.md))\n\n{}",
            lines.join("\n")
        )
    }
}
