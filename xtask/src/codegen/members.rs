//! The members of requests and replies: as a flat list for the pages, and as structs for the wire types.

use indexmap::IndexMap;
use serde::Serialize;

use crate::openapi::{Document, Operation, Schema, calls};

/// The component that every reply begins with.
const ENVELOPE: &str = "Envelope";

/// A member, by its path from the top: `order.id`, `orders[].id`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Field {
    pub(super) path: String,
    pub(super) required: bool,
    pub(super) schema: Schema,
    /// The reason not to use it, of its own or of the member it is in.
    pub(super) unused: Option<String>,
    /// Whether every reply has it.
    pub(super) shared: bool,
}

/// All members of a schema, those of an object after the object itself.
pub(super) fn fields(schema: &Schema) -> Vec<Field> {
    let mut found = Vec::new();
    let top = Field {
        path: String::new(),
        required: false,
        schema: schema.clone(),
        unused: None,
        shared: false,
    };
    collect(&top, &mut found);
    found
}

fn collect(inside: &Field, found: &mut Vec<Field>) {
    let schema = &inside.schema;
    let shared = inside.shared || schema.reference.as_deref() == Some(ENVELOPE);
    let below = |schema: &Schema, path: String| Field {
        path,
        schema: schema.clone(),
        shared,
        ..inside.clone()
    };
    for part in &schema.all_of {
        collect(&below(part, inside.path.clone()), found);
    }
    if let Some(items) = &schema.items {
        collect(&below(items, format!("{}[]", inside.path)), found);
    }
    for (name, member) in &schema.properties {
        let dot = if inside.path.is_empty() { "" } else { "." };
        let field = Field {
            required: schema.required.contains(name),
            unused: inside.unused.clone().or(member.unused.clone()),
            ..below(member, format!("{}{dot}{name}", inside.path))
        };
        found.push(field.clone());
        collect(&field, found);
    }
}

/// A body as a struct.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Body {
    pub(super) name: String,
    /// Whether it is sent; it is read otherwise.
    pub(super) sent: bool,
    /// Whether it borrows a text from the caller.
    pub(super) borrows: bool,
    pub(super) members: Vec<Member>,
}

/// A member of a struct.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Member {
    /// Its name on the wire.
    pub(super) key: String,
    /// Its name in Rust.
    pub(super) field: String,
    pub(super) description: String,
    pub(super) required: bool,
    /// Its type where it is sent. What is read takes whatever comes.
    pub(super) kind: String,
}

/// The bodies of all operations and notifications, each before those that it is made of.
pub(super) fn bodies(document: &Document) -> Result<Vec<Body>, String> {
    let mut found = IndexMap::new();
    for call in calls(&document.paths) {
        operation(&call.operation, Way { asked: true }, &mut found)?;
    }
    for call in calls(&document.webhooks) {
        operation(&call.operation, Way { asked: false }, &mut found)?;
    }
    Ok(found.into_values().collect())
}

/// Whether we are the ones who ask.
#[derive(Debug, Clone, Copy)]
struct Way {
    asked: bool,
}

type Found = IndexMap<String, Body>;

fn operation(operation: &Operation, by_us: Way, found: &mut Found) -> Result<(), String> {
    let id = &operation.operation_id;
    let failed = |reason: String| format!("{id}: {reason}");
    for media in operation
        .request_body
        .iter()
        .flat_map(|body| body.content.values())
    {
        add(&media.schema, by_us.asked, found).map_err(failed)?;
    }
    for media in operation
        .responses
        .values()
        .flat_map(|response| response.content.values())
    {
        add(&media.schema, !by_us.asked, found).map_err(failed)?;
    }
    Ok(())
}

fn add(schema: &Schema, sent: bool, found: &mut Found) -> Result<(), String> {
    if let Some(name) = &schema.reference {
        match found.get(name) {
            Some(known) if known.sent == sent => return Ok(()),
            Some(_) => return Err(format!("{name} is both sent and read")),
            None if used(schema).next().is_none() => {}
            None => {
                let body = body(name, schema, sent).map_err(|reason| format!("{name}.{reason}"))?;
                found.insert(name.clone(), body);
            }
        }
    }
    let parts = schema.all_of.iter().chain(schema.items.as_deref());
    for part in parts.chain(used(schema).map(|(_, member)| member)) {
        add(part, sent, found)?;
    }
    Ok(())
}

fn body(name: &str, schema: &Schema, sent: bool) -> Result<Body, String> {
    let members = used(schema).map(|(key, member)| {
        let kind = if sent {
            sent_type(member).map_err(|reason| format!("{key} {reason}"))?
        } else {
            String::new()
        };
        Ok(Member {
            key: key.clone(),
            field: field_name(key),
            description: member.description.clone(),
            required: schema.required.contains(key),
            kind,
        })
    });
    Ok(Body {
        name: name.to_owned(),
        sent,
        borrows: borrows(schema),
        members: members.collect::<Result<_, String>>()?,
    })
}

/// The members of a body that are its own, which an envelope's are not, and that are not left alone.
fn used(schema: &Schema) -> impl Iterator<Item = (&String, &Schema)> {
    let inline = schema
        .all_of
        .iter()
        .filter(|part| part.reference.is_none())
        .flat_map(|part| &part.properties);
    schema
        .properties
        .iter()
        .chain(inline)
        .filter(|(_, member)| member.unused.is_none())
}

fn is_nested(member: &Schema) -> bool {
    !member.all_of.is_empty()
        || member
            .r#type
            .iter()
            .any(|kind| kind == "object" || kind == "array")
}

/// The type of a member that is sent: texts are borrowed, and what must keep its digits is written beforehand.
fn sent_type(member: &Schema) -> Result<String, String> {
    if let Some(items) = &member.items {
        return Ok(format!("Vec<{}>", sent_type(items)?));
    }
    if is_nested(member) {
        let name = member
            .reference
            .as_deref()
            .ok_or("is an object that is sent, and no component")?;
        return Ok(format!(
            "{name}{}",
            if borrows(member) { "<'a>" } else { "" }
        ));
    }
    match member.r#type.as_slice() {
        [] => Err("is sent and has no type".to_owned()),
        [kind] if kind == "string" => Ok("&'a str".to_owned()),
        [kind] if kind == "boolean" => Ok("bool".to_owned()),
        [kind] if kind == "integer" => Ok("i64".to_owned()),
        _ => Ok("Box<RawValue>".to_owned()),
    }
}

fn borrows(schema: &Schema) -> bool {
    used(schema).any(|(_, member)| sent_type(member).is_ok_and(|kind| kind.contains("'a")))
}

/// `expiryDate` as `expiry_date`; the letters of a keyword are taken for what they say.
fn field_name(key: &str) -> String {
    let mut name = String::new();
    let mut follows_small = false;
    for letter in key.chars() {
        if letter.is_ascii_uppercase() && follows_small {
            name.push('_');
        }
        follows_small = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        name.push(letter.to_ascii_lowercase());
    }
    if name == "type" {
        "r#type".to_owned()
    } else {
        name
    }
}
