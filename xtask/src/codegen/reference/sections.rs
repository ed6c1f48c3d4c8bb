//! The parts of a reference page that are about the whole API.

use crate::openapi::Call;
use crate::openapi::document::{Document, Row, SecurityScheme, Tag};
use crate::openapi::node::Node;

use super::super::fields::{Way, word};
use super::super::markdown::{anchor, code, known, listed, point, sentence, table, wrapped};
use super::messages;

/// Where the API is.
pub(super) fn servers(document: &Document) -> String {
    let rows: Vec<Vec<String>> = document
        .servers
        .iter()
        .map(|server| {
            vec![
                code(&server.url),
                known(server.evidence, &server.assumption).to_owned(),
                server.description.trim().to_owned(),
            ]
        })
        .collect();
    section(
        "Servers",
        &[table(&["address", "known", "what it is"], &rows)],
    )
}

/// Keys, signatures and tokens, and the headers of every call.
pub(super) fn authentication(document: &Document) -> String {
    let schemes = document.components.security_schemes.values().map(scheme);
    let parameters = document.components.parameters.values();
    let rows: Vec<Vec<String>> = parameters
        .map(|parameter| messages::parameter(document, parameter, "", Way::There))
        .collect();
    let parts = [
        needed(document),
        schemes.collect::<Vec<_>>().join("\n"),
        table(&["header", "type", "known", "what it is"], &rows),
        messages::assumed(document, &["headers", "signing", "timestamp"]),
    ];
    section("Authentication and headers", &parts)
}

/// What a call needs that does not say otherwise.
fn needed(document: &Document) -> String {
    let mut names = Vec::new();
    for one in document.security.iter().flat_map(Node::items) {
        for id in one.keys() {
            let scheme = document.components.security_schemes.get(id);
            names.extend(scheme.map(|scheme| code(header_of(scheme))));
        }
    }
    if names.is_empty() {
        return String::new();
    }
    wrapped(&format!(
        "A call needs {}, where it does not say otherwise.",
        listed(names, "and")
    ))
}

fn header_of(scheme: &SecurityScheme) -> &str {
    scheme.name.as_deref().unwrap_or("Authorization")
}

fn scheme(scheme: &SecurityScheme) -> String {
    let place = match (&scheme.scheme, &scheme.location) {
        (Some(word), _) => format!("{} {word}", scheme.kind),
        (None, Some(place)) => place.clone(),
        (None, None) => scheme.kind.clone(),
    };
    let how = known(scheme.evidence, &scheme.assumption);
    let text = scheme.description.trim();
    point(
        "- ",
        &format!("{} ({place}, {how}): {text}", code(header_of(scheme))),
    )
}

/// All calls: a table for each tag.
pub(super) fn overview(document: &Document) -> String {
    let row = |call: Call<'_>| {
        let operation = call.operation;
        vec![
            format!("[{}](#{})", operation.summary, anchor(&operation.summary)),
            format!("`{} {}`", call.method, call.path),
            operation
                .repeat
                .map(messages::repeated)
                .unwrap_or_default()
                .to_owned(),
        ]
    };
    let head = ["to", "call", "repeat"];
    let tagged = |tag: &Tag| {
        let all = document.operations();
        let own = all.filter(|call| call.operation.tags.contains(&tag.name));
        let rows: Vec<Vec<String>> = own.map(row).collect();
        let about = wrapped(tag.description.as_deref().unwrap_or(&tag.name));
        let table = table(&head, &rows);
        // A tag of notifications has no call.
        (!rows.is_empty()).then(|| format!("{about}\n\n{table}"))
    };
    let mut parts: Vec<String> = document.tags.iter().filter_map(tagged).collect();
    let known = |name: &String| document.tags.iter().any(|tag| tag.name == *name);
    let untagged = document
        .operations()
        .filter(|call| !call.operation.tags.iter().any(known));
    parts.push(table(&head, &untagged.map(row).collect::<Vec<_>>()));
    section("All calls", &parts)
}

/// What the status of an order means.
pub(super) fn statuses(document: &Document) -> String {
    let schemas = ["OrderStatus", "StatusCode"].into_iter();
    let Some(schema) = schemas.filter_map(|name| document.schema(name)).next() else {
        return String::new();
    };
    let titled = schema.one_of.iter().any(|row| row.value.text().is_none());
    let rows: Vec<Vec<String>> = schema
        .one_of
        .iter()
        .map(|row| status(row, titled))
        .collect();
    let head = [
        "status",
        "the order is",
        "cancel?",
        "known",
        "what it means",
    ];
    section(
        "Statuses of an order",
        &[
            table(&head, &rows),
            wrapped(
                "Any other status is *unknown*: it is kept as it came, and nothing is done to such an order.",
            ),
        ],
    )
}

fn status(row: &Row, titled: bool) -> Vec<String> {
    let title = row.title.as_deref().filter(|_| titled);
    let value = word(&row.value);
    let only = row
        .only_with
        .as_ref()
        .map(|error| format!("only with `{error}`"));
    let cancellable = match row.cancellable {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    let parts = [title.map(code), only].into_iter().flatten();
    vec![
        std::iter::once(value)
            .chain(parts)
            .collect::<Vec<_>>()
            .join(" "),
        row.order_status.clone().unwrap_or_default(),
        cancellable.to_owned(),
        known(row.evidence, &row.assumption).to_owned(),
        row.description.trim().to_owned(),
    ]
}

/// The codes of errors, and what to do about each.
pub(super) fn error_codes(document: &Document) -> String {
    let Some(schema) = document.schema("ErrorCode") else {
        return String::new();
    };
    let rows: Vec<Vec<String>> = schema
        .one_of
        .iter()
        .map(|row| {
            vec![
                word(&row.value),
                known(row.evidence, &row.assumption).to_owned(),
                sentence(&row.description),
                sentence(row.caller_may.as_deref().unwrap_or_default()),
            ]
        })
        .collect();
    let head = ["code", "known", "what it means", "what you may do"];
    section(
        "Error codes",
        &[wrapped(&schema.description), table(&head, &rows)],
    )
}

/// What the gateway sends by itself.
pub(super) fn notifications(document: &Document) -> String {
    let all = document.notifications();
    let parts: Vec<String> = all
        .map(|call| messages::notification(document, call))
        .collect();
    section("Notifications", &parts)
}

/// What the description was written from.
pub(super) fn sources(document: &Document) -> String {
    let lines = document.sources.values().map(|source| {
        let title = match &source.url {
            Some(url) => format!("[{}]({url})", source.title),
            None => source.title.clone(),
        };
        point("- ", &format!("{title}: {}", source.read))
    });
    let intro = format!(
        "The gateway publishes no description of its API; this one is ours. What it was written from, and how much of \
         each we had ({}):",
        super::assumptions(document)
    );
    let licence = document.info.license.as_ref();
    let licence = licence
        .and_then(|licence| licence.get("name"))
        .and_then(Node::text)
        .map(|name| format!(" The description is licensed under {name}."));
    let end = format!(
        "It is about version {} of the API.{}",
        document.info.version,
        licence.unwrap_or_default()
    );
    let lines = lines.collect::<Vec<_>>().join("\n");
    section("Sources", &[wrapped(&intro), lines, wrapped(&end)])
}

fn section(title: &str, parts: &[String]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .map(|part| part.trim_end())
        .filter(|part| !part.is_empty())
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    format!("## {title}\n\n{}", parts.join("\n\n"))
}
