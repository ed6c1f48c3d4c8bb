//! The members of a request or a reply as a flat list, with all that the description says of each.

use crate::openapi::component_name;
use crate::openapi::document::{Document, Schema};
use crate::openapi::node::Node;

use super::markdown::listed;

/// Deeper than any reply goes; a schema that holds itself ends here.
const DEEPEST: usize = 6;

/// A member, by its path from the top: `order.id`, `orders[].id`.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    pub(super) path: String,
    pub(super) required: bool,
    /// What the description says where the member stands.
    pub(super) own: &'a Schema,
    /// What it refers to, or the same.
    pub(super) target: &'a Schema,
    /// The reason not to use it, of its own or of the member it is in.
    pub(super) unused: Option<&'a str>,
    /// Whether it stands in the component of this name, which every reply has.
    pub(super) shared: bool,
}

/// The component that every reply begins with.
pub(super) const ENVELOPE: &str = "Envelope";

/// All members of a schema, those of nested objects after the object itself.
pub(super) fn of<'a>(document: &'a Document, schema: &'a Schema) -> Vec<Field<'a>> {
    let mut walk = Walk {
        document,
        found: Vec::new(),
    };
    let top = Place {
        prefix: String::new(),
        unused: None,
        shared: false,
        depth: 0,
    };
    walk.schema(schema, &top);
    walk.found
}

struct Walk<'a> {
    document: &'a Document,
    found: Vec<Field<'a>>,
}

#[derive(Debug, Clone)]
struct Place<'a> {
    prefix: String,
    unused: Option<&'a str>,
    shared: bool,
    depth: usize,
}

impl<'a> Walk<'a> {
    fn schema(&mut self, schema: &'a Schema, place: &Place<'a>) {
        if place.depth > DEEPEST {
            return;
        }
        let named = schema.reference.as_deref().and_then(component_name);
        let place = &Place {
            shared: place.shared || named == Some(ENVELOPE),
            depth: place.depth + 1,
            ..place.clone()
        };
        let target = self.document.resolved(schema);
        for part in &target.all_of {
            self.schema(part, place);
        }
        if let Some(items) = &target.items {
            let inside = Place {
                prefix: format!("{}[].", place.prefix.trim_end_matches('.')),
                ..place.clone()
            };
            self.schema(items, &inside);
        }
        for (name, own) in &target.properties {
            let path = format!("{}{name}", place.prefix);
            let reason = own.unsent.as_deref().or(own.unread.as_deref());
            let unused = place.unused.or(reason);
            self.found.push(Field {
                path: path.clone(),
                required: target.required.contains(name),
                own,
                target: self.document.resolved(own),
                unused,
                shared: place.shared,
            });
            let inside = Place {
                prefix: format!("{path}."),
                unused,
                ..place.clone()
            };
            self.schema(own, &inside);
        }
    }
}

impl Field<'_> {
    /// What it is: its own description, or that of what it refers to.
    pub(super) fn description(&self) -> &str {
        if self.own.description.is_empty() {
            self.target.description.trim()
        } else {
            self.own.description.trim()
        }
    }
}

/// Which way a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To whoever checks it, so that its limits matter.
    There,
    /// To us, who take what comes.
    Back,
}

/// The type of a value in words, or the words that it may be; and its limits, where somebody checks them.
pub(super) fn kind(document: &Document, schema: &Schema, way: Way) -> String {
    let target = document.resolved(schema);
    let first = values(target).unwrap_or_else(|| types(document, target).join(" or "));
    let limits = match way {
        Way::There => limits(target),
        Way::Back => Vec::new(),
    };
    std::iter::once(first)
        .chain(limits)
        .collect::<Vec<_>>()
        .join(", ")
}

fn types(document: &Document, schema: &Schema) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |name: String| {
        if !found.contains(&name) {
            found.push(name);
        }
    };
    for part in &schema.any_of {
        for name in types_of(document, document.resolved(part)) {
            add(name);
        }
    }
    for name in types_of(document, schema) {
        add(name);
    }
    // What a value may lack comes after what it may be.
    found.sort_by_key(|name| name == "null");
    found
}

fn types_of(document: &Document, schema: &Schema) -> Vec<String> {
    let named = |name: &String| match (name.as_str(), &schema.items) {
        ("array", Some(items)) => {
            let inside = types(document, document.resolved(items)).join(" or ");
            format!(
                "array of {}",
                if inside.is_empty() { "object" } else { &inside }
            )
        }
        ("string", _) => match schema.format.as_deref() {
            Some("uuid") => "GUID".to_owned(),
            Some("uri") => "URL".to_owned(),
            Some(_) | None => "string".to_owned(),
        },
        (name, _) => name.to_owned(),
    };
    let names: Vec<String> = schema.kind.0.iter().map(named).collect();
    let composed = !schema.all_of.is_empty() || !schema.properties.is_empty();
    if names.is_empty() && composed {
        vec!["object".to_owned()]
    } else {
        names
    }
}

fn limits(schema: &Schema) -> Vec<String> {
    let mut limits = Vec::new();
    match (schema.min_length, schema.max_length) {
        (Some(least), Some(most)) if least == most => limits.push(format!("{least} characters")),
        (Some(least), Some(most)) => limits.push(format!("{least} to {most} characters")),
        (None, Some(most)) => limits.push(format!("at most {most} characters")),
        (Some(1), None) => limits.push("not empty".to_owned()),
        (Some(least), None) => limits.push(format!("at least {least} characters")),
        (None, None) => {}
    }
    match schema.pattern.as_deref() {
        Some(r"\S") => limits.push("not blank".to_owned()),
        Some(pattern) => limits.push(format!("`{pattern}`")),
        None => {}
    }
    let bounds = [
        ("at least", &schema.minimum),
        ("at most", &schema.maximum),
        ("above", &schema.exclusive_minimum),
    ];
    for (word, bound) in bounds {
        limits.extend(bound.as_ref().map(|bound| format!("{word} {bound}")));
    }
    limits
}

/// The only values that there are.
fn values(schema: &Schema) -> Option<String> {
    if let Some(constant) = &schema.constant {
        return Some(format!("always {}", word(constant)));
    }
    let rows = schema.one_of.iter().map(|row| &row.value);
    let values: Vec<String> = schema.enumeration.iter().chain(rows).map(word).collect();
    (!values.is_empty()).then(|| listed(values, "or"))
}

/// A value as code, without the quotation marks of a text.
pub(super) fn word(value: &Node) -> String {
    let text = value
        .text()
        .map_or_else(|| value.to_string(), str::to_owned);
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn shown(component: &str) -> Vec<String> {
        let document = sample::document();
        let schema = document.schema(component).unwrap();
        let shown = |field: &Field<'_>| {
            let required = if field.required { " required" } else { "" };
            let unused = field.unused.map(|reason| format!(" unused: {reason}"));
            format!(
                "{}: {}{required}{}",
                field.path,
                kind(&document, field.own, Way::There),
                unused.unwrap_or_default()
            )
        };
        of(&document, schema).iter().map(shown).collect()
    }

    #[test]
    fn a_reply_has_the_members_of_its_parts() {
        let expected = [
            "code: integer or string required",
            "order: object",
            "order.id: integer or string",
            "order.amount: number, above 0",
            "order.status: string",
            "order.paid_by: string or null unused: nothing is decided by it",
        ];
        assert_eq!(shown("StatusReply"), expected);
    }

    #[test]
    fn limits_are_said_in_words() {
        let expected = [
            "id: string or integer, 1 to 50 characters, `^(A|B)` required",
            "note: string unused: nobody reads it",
        ];
        assert_eq!(shown("CancelRequest"), expected);
    }

    #[test]
    fn what_comes_back_is_taken_as_it_is() {
        let document = sample::document();
        let schema = |name| document.schema(name).unwrap();
        let id = &schema("CancelRequest").properties["id"];
        assert_eq!(kind(&document, id, Way::Back), "string or integer");
        let status = kind(&document, schema("OrderStatus"), Way::Back);
        assert_eq!(status, "`OPEN` or `PAID`");
    }

    #[test]
    fn the_members_of_a_list_are_named_after_it() {
        let shown = shown("ChangedBody");
        assert_eq!(
            shown[..2],
            ["orders: array of object", "orders[].id: integer or string"]
        );
    }

    #[test]
    fn what_every_reply_has_is_told_apart() {
        let document = sample::document();
        let reply = document.schema("StatusReply").unwrap();
        let shared: Vec<_> = of(&document, reply)
            .into_iter()
            .filter(|field| field.shared)
            .collect();
        assert_eq!(shared.len(), 1);
        assert_eq!(shared[0].path, "code");
        assert_eq!(shared[0].description(), "How the call went.");
    }

    #[test]
    fn a_schema_that_holds_itself_ends() {
        let mut document = sample::document();
        let own = document.components.schemas["ChangedBody"].properties["orders"]
            .items
            .as_mut()
            .unwrap();
        own.reference = Some("#/components/schemas/ChangedBody".to_owned());
        let body = document.schema("ChangedBody").unwrap();
        assert!(of(&document, body).len() < 10);
    }
}
