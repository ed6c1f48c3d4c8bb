//! Our descriptions of the gateways: reads `crates/GATEWAY/openapi.yaml` and refuses one that breaks the vocabulary.
//! What is made from them is in `codegen`.

pub(crate) mod document;
pub(crate) mod node;
mod rules;

use std::fs;
use std::path::Path;

use document::{Component, Document, Map, Operation, Schema};

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
    let mut broken = rules::broken(&document);
    broken.extend(rules::nowhere(root, &document));
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

    /// The component that this refers to; none where it is no reference, or one that leads nowhere.
    pub(crate) fn component<T: Component>(&self, it: &T) -> Option<&T> {
        let name = it.reference().and_then(component_name)?;
        T::all(&self.components).get(name)
    }

    /// The component that this refers to, or this itself.
    pub(crate) fn resolved<'a, T: Component>(&'a self, it: &'a T) -> &'a T {
        self.component(it).unwrap_or(it)
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

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../codegen/sample.yaml");

    #[test]
    fn a_misspelt_key_is_named_with_its_line() {
        let line = SAMPLE.lines().position(|line| line.contains("x-unread"));
        let text = SAMPLE.replace("x-unread", "x-unraed");
        let error = parse(&text).unwrap_err();
        assert!(error.contains("x-unraed"), "{error}");
        let place = format!("line {}", line.unwrap() + 1);
        assert!(error.contains(&place), "{error} has no {place}");
    }

    #[test]
    fn a_description_of_another_gateway_is_not_taken_for_this_one() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("crates/pesapal")).unwrap();
        fs::write(root.path().join(path("pesapal")), SAMPLE).unwrap();
        assert_eq!(
            read(root.path(), "pesapal").unwrap_err(),
            "crates/pesapal/openapi.yaml: x-gateway is till, not pesapal"
        );
        let text = SAMPLE.replace("x-gateway: till", "x-gateway: pesapal");
        fs::write(root.path().join(path("pesapal")), text).unwrap();
        let error = read(root.path(), "pesapal").unwrap_err();
        assert!(error.contains("src/reply.rs does not exist"), "{error}");
    }

    #[test]
    fn calls_come_in_the_order_of_the_file() {
        let document = parse(SAMPLE).unwrap();
        let calls: Vec<_> = document
            .operations()
            .map(|call| format!("{} {} {}", call.operation.id, call.method, call.path))
            .collect();
        assert_eq!(
            calls,
            [
                "status GET /order/{id}",
                "cancel POST /cancel",
                "refund POST /payout"
            ]
        );
        let sent: Vec<_> = document.notifications().map(|call| call.path).collect();
        assert_eq!(sent, ["changed"]);
    }

    #[test]
    fn a_reference_is_followed_to_its_component_and_no_further() {
        let document = parse(SAMPLE).unwrap();
        assert_eq!(component_name("#/components/schemas/Order"), Some("Order"));
        assert_eq!(component_name("#/components/schemas/Order/id"), None);
        assert_eq!(component_name("#/paths/~1order"), None);
        let cancel = document.operations().nth(1).unwrap().operation;
        let body = &cancel.request_body.as_ref().unwrap().content["application/json"];
        assert!(
            document
                .resolved(&body.schema)
                .properties
                .contains_key("note")
        );
    }
}
