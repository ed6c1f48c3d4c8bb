//! Which components of a description belong to some operation or notification.

use std::collections::BTreeSet;

use crate::openapi::component_name;
use crate::openapi::document::{Document, Schema};

use super::super::markdown::count;

/// Every component is part of some operation: one that none has would be neither used nor explained.
pub(super) fn everything(document: &Document) -> Result<(), String> {
    let mut reached = BTreeSet::new();
    for call in document.operations().chain(document.notifications()) {
        for body in call
            .operation
            .request_body
            .iter()
            .flat_map(|body| body.content.values())
        {
            reach(document, &body.schema, &mut reached);
        }
        for response in call.operation.responses.values() {
            for media in document.resolved(response).content.values() {
                reach(document, &media.schema, &mut reached);
            }
        }
        for parameter in &call.operation.parameters {
            if let Some(schema) = &document.resolved(parameter).schema {
                reach(document, schema, &mut reached);
            }
        }
    }
    let names = document.components.schemas.keys();
    let lost: Vec<&str> = names
        .map(String::as_str)
        .filter(|name| !reached.contains(name))
        .collect();
    if lost.is_empty() {
        Ok(())
    } else {
        let lost = count(lost.len(), "schema", "schemas") + ": " + &lost.join(", ");
        Err(format!(
            "{}: in no operation and no notification, {lost}",
            document.gateway
        ))
    }
}

fn reach<'a>(document: &'a Document, schema: &'a Schema, reached: &mut BTreeSet<&'a str>) {
    if let Some(name) = schema.reference.as_deref().and_then(component_name) {
        if reached.insert(name) {
            reach(document, document.resolved(schema), reached);
        }
        return;
    }
    let parts = schema.all_of.iter().chain(&schema.any_of);
    let parts = parts
        .chain(schema.items.as_deref())
        .chain(schema.properties.values());
    for part in parts {
        reach(document, part, reached);
    }
}
