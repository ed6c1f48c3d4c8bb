//! Our descriptions of the gateways: reads `crates/GATEWAY/openapi.yaml` and refuses one that breaks the vocabulary.
//! What is made from them is in `codegen`.

pub(crate) mod document;
pub(crate) mod node;
mod rules;

use std::fs;
use std::path::Path;

use document::{Document, Header, Map, Operation, Parameter, Response, Schema};

/// The gateways that are described.
pub(crate) const GATEWAYS: [&str; 2] = ["kwikpaisa", "pesapal"];

/// Where a gateway's description is, from the root.
pub(crate) fn path(gateway: &str) -> String {
    format!("crates/{gateway}/openapi.yaml")
}

/// Reads one gateway's description and checks it.
pub(crate) fn read(root: &Path, gateway: &str) -> Result<Document, String> {
    let path = path(gateway);
    let text = fs::read_to_string(root.join(&path))
        .map_err(|error| format!("cannot read {path}: {error}"))?;
    let document = parse(&text).map_err(|error| format!("{path}: {error}"))?;
    if document.gateway != gateway {
        let named = &document.gateway;
        return Err(format!("{path}: x-gateway is {named}, not {gateway}"));
    }
    let broken = rules::broken(&document);
    if broken.is_empty() {
        Ok(document)
    } else {
        Err(format!("{path}:\n  {}", broken.join("\n  ")))
    }
}

/// Reads a description without looking at the rules.
pub(crate) fn parse(text: &str) -> Result<Document, String> {
    let options = serde_saphyr::options! { with_snippet: false };
    let document: Result<Document, _> = serde_saphyr::from_str_with_options(text, options);
    let mut document = document.map_err(|error| error.to_string())?;
    text.clone_into(&mut document.text);
    Ok(document)
}

/// An operation, where it is called and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) method: &'static str,
    /// The path below a server's address, or the name of a notification.
    pub(crate) path: &'a str,
    pub(crate) operation: &'a Operation,
}

impl Document {
    /// What we can ask of the gateway, in the order of the file.
    pub(crate) fn operations(&self) -> impl Iterator<Item = Call<'_>> {
        calls(&self.paths)
    }

    /// What the gateway sends by itself.
    pub(crate) fn notifications(&self) -> impl Iterator<Item = Call<'_>> {
        calls(&self.webhooks)
    }

    /// The component that a schema refers to, or the schema itself.
    pub(crate) fn resolved<'a>(&'a self, schema: &'a Schema) -> &'a Schema {
        let named = schema.reference.as_deref().and_then(component_name);
        named
            .and_then(|name| self.components.schemas.get(name))
            .unwrap_or(schema)
    }

    /// The parameter itself, where this one refers to it.
    pub(crate) fn parameter<'a>(&'a self, parameter: &'a Parameter) -> &'a Parameter {
        let named = parameter.reference.as_deref().and_then(component_name);
        named
            .and_then(|name| self.components.parameters.get(name))
            .unwrap_or(parameter)
    }

    /// The response itself, where this one refers to it.
    pub(crate) fn response<'a>(&'a self, response: &'a Response) -> &'a Response {
        let named = response.reference.as_deref().and_then(component_name);
        named
            .and_then(|name| self.components.responses.get(name))
            .unwrap_or(response)
    }

    /// The header itself, where this one refers to it.
    pub(crate) fn header<'a>(&'a self, header: &'a Header) -> &'a Header {
        let named = header.reference.as_deref().and_then(component_name);
        named
            .and_then(|name| self.components.headers.get(name))
            .unwrap_or(header)
    }

    /// The schema of a component, by its name.
    pub(crate) fn schema(&self, name: &str) -> Option<&Schema> {
        self.components.schemas.get(name)
    }
}

fn calls(paths: &Map<document::PathItem>) -> impl Iterator<Item = Call<'_>> {
    paths.iter().flat_map(|(path, item)| {
        let get = item.get.as_ref().map(|operation| ("GET", operation));
        let post = item.post.as_ref().map(|operation| ("POST", operation));
        get.into_iter()
            .chain(post)
            .map(move |(method, operation)| Call {
                method,
                path,
                operation,
            })
    })
}

/// The name at the end of `#/components/schemas/NAME`.
pub(crate) fn component_name(reference: &str) -> Option<&str> {
    let mut parts = reference.strip_prefix("#/components/")?.split('/');
    let (_, name) = (parts.next()?, parts.next()?);
    parts.next().is_none().then_some(name)
}
