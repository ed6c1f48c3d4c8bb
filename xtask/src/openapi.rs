//! Our descriptions of the gateways, `crates/GATEWAY/openapi.yaml`: plain structs with exactly the keys that we use, so
//! that a misspelt one is an error with its line. Once read, every `$ref` is replaced by what it refers to.

use std::fs;
use std::path::Path;

use indexmap::{IndexMap, IndexSet};
use minijinja::Value;
use serde::{Deserialize, Deserializer, Serialize};

/// The gateways that are described, each by the name of its crate's folder.
pub(crate) fn gateways(root: &Path) -> Result<Vec<String>, String> {
    let crates = fs::read_dir(root.join("crates")).map_err(|error| format!("crates: {error}"))?;
    let described = crates
        .flatten()
        .filter(|folder| folder.path().join("openapi.yaml").exists());
    let mut names: Vec<String> = described
        .map(|folder| folder.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// Members in the order of the file, which is the order in which a person reads them.
pub(crate) type Map<T> = IndexMap<String, T>;

macro_rules! description {
    ($($(#[$about:meta])* struct $name:ident $(, known $known:literal)? { $($(#[$field_about:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
        #[serde(default, deny_unknown_fields, rename_all = "camelCase")]
        pub(crate) struct $name {
            $($(#[$field_about])* pub(crate) $field: $kind,)*
            $(
                #[doc = $known]
                #[serde(rename = "x-source")]
                pub(crate) source: Option<String>,
                /// The assumptions that it rests on.
                #[serde(rename = "x-assumption", deserialize_with = "one_or_more")]
                pub(crate) assumption: Vec<String>,
            )?
        }
    )*};
}

description! {
    /// The whole of `openapi.yaml`.
    struct Document {
        /// The folder that it was read from.
        #[serde(skip_deserializing)]
        gateway: String,
        openapi: String,
        info: Info,
        servers: Vec<Server>,
        tags: Vec<Tag>,
        security: Vec<Map<Vec<String>>>,
        paths: Map<PathItem>,
        webhooks: Map<PathItem>,
        components: Components,
        #[serde(rename = "x-sources")]
        sources: Map<Source>,
        #[serde(rename = "x-assumptions")]
        assumptions: Map<Assumption>,
        /// What a page that we had whole says: by the page's name in `sources`, then by what it is about.
        #[serde(rename = "x-statements")]
        statements: Map<Map<Vec<Statement>>>,
        #[serde(rename = "x-out-of-scope")]
        out_of_scope: Vec<OutOfScope>,
    }
    struct Info {
        title: String,
        version: String,
        summary: String,
        description: String,
        license: License,
    }
    struct License {
        name: String,
        identifier: String,
    }
    struct Tag {
        name: String,
        description: String,
    }
    /// A page of the gateway's documentation, or a set of recorded replies.
    struct Source {
        title: String,
        url: Option<String>,
        /// How much of a page was read; or when the replies were `recorded`.
        read: String,
    }
    /// A statement of a page, and what becomes of it here.
    struct Statement {
        text: String,
        /// Where it is fulfilled: Markdown, with links as they stand in `docs/`.
        r#where: String,
        /// The tests that guard it: `CRATE::FUNCTION`, or `CRATE::MODULE::FUNCTION`.
        #[serde(deserialize_with = "one_or_more")]
        test: Vec<String>,
        /// The files that hold these tests.
        #[serde(skip_deserializing)]
        test_files: Vec<String>,
        #[serde(rename = "not-yet")]
        not_yet: Option<String>,
    }
    /// What a gateway offers and we leave alone.
    struct OutOfScope {
        what: String,
        why: String,
    }
    struct Server, known "The source that says so." {
        url: String,
        description: String,
    }
    struct PathItem {
        get: Option<Operation>,
        post: Option<Operation>,
    }
    struct Operation, known "The source that says so." {
        operation_id: String,
        summary: String,
        description: String,
        tags: Vec<String>,
        security: Option<Vec<Map<Vec<String>>>>,
        parameters: Vec<Parameter>,
        request_body: Option<RequestBody>,
        responses: Map<Response>,
        #[serde(rename = "x-effect")]
        effect: Option<Effect>,
    }
    /// A parameter in the path, the query or a header.
    struct Parameter, known "The source that says so." {
        #[serde(rename = "$ref")]
        reference: Option<String>,
        name: String,
        r#in: String,
        description: String,
        required: bool,
        schema: Schema,
        example: Option<Value>,
    }
    struct RequestBody {
        description: String,
        required: bool,
        content: Map<Media>,
    }
    struct Media {
        schema: Schema,
        examples: Map<Example>,
    }
    struct Example {
        summary: Option<String>,
        description: String,
        value: Value,
    }
    struct Response, known "The source that says so." {
        #[serde(rename = "$ref")]
        reference: Option<String>,
        description: String,
        headers: Map<Header>,
        content: Map<Media>,
    }
    struct Header, known "The source that says so." {
        #[serde(rename = "$ref")]
        reference: Option<String>,
        description: String,
        required: bool,
        schema: Schema,
    }
    struct Components {
        schemas: Map<Schema>,
        parameters: Map<Parameter>,
        responses: Map<Response>,
        headers: Map<Header>,
        security_schemes: Map<SecurityScheme>,
    }
    struct SecurityScheme, known "The source that says so." {
        r#type: String,
        description: String,
        name: Option<String>,
        r#in: Option<String>,
        scheme: Option<String>,
    }
    /// A JSON Schema, as far as we use it: an object, a scalar, a list, or a reference to a component.
    struct Schema, known "The source that says so." {
        #[serde(rename = "$ref")]
        reference: Option<String>,
        #[serde(deserialize_with = "one_or_more")]
        r#type: Vec<String>,
        description: String,
        properties: Map<Schema>,
        required: Vec<String>,
        items: Option<Box<Schema>>,
        all_of: Vec<Schema>,
        any_of: Vec<Schema>,
        /// The rows of an enumeration.
        one_of: Vec<Row>,
        r#enum: Vec<Value>,
        r#const: Option<Value>,
        format: Option<String>,
        pattern: Option<String>,
        min_length: Option<u64>,
        max_length: Option<u64>,
        minimum: Option<Value>,
        maximum: Option<Value>,
        exclusive_minimum: Option<Value>,
        #[serde(rename = "x-unused")]
        unused: Option<String>,
    }
    /// One value of an enumeration, with what it means.
    struct Row, known "The source that says so." {
        r#const: Value,
        title: Option<String>,
        description: String,
        #[serde(rename = "x-order-status")]
        order_status: Option<OrderStatus>,
        #[serde(rename = "x-cancellable")]
        cancellable: bool,
        #[serde(rename = "x-only-with")]
        only_with: Option<String>,
        #[serde(rename = "x-error-kind")]
        error_kind: Option<ErrorKind>,
        #[serde(rename = "x-caller-may")]
        caller_may: String,
    }
}

/// What is taken for true although no page and no recorded reply says so. Written out with the keys of the file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Assumption {
    pub(crate) assumed: String,
    pub(crate) about: String,
    pub(crate) r#where: String,
    pub(crate) tolerance: String,
    pub(crate) r#try: String,
    pub(crate) money: bool,
    #[serde(deserialize_with = "one_or_more")]
    pub(crate) variant: Vec<String>,
    pub(crate) no_variant: Option<String>,
    pub(crate) probe: Option<String>,
    pub(crate) no_probe: Option<String>,
}

macro_rules! words {
    ($($(#[$about:meta])* enum $name:ident { $($word:ident,)* })*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $($word,)* }
    )*};
}

words! {
    /// What a call changes at the gateway, and whether it may be made again.
    enum Effect { None, Repeatable, Once, Unknown, }
    /// The variants of `duka_core::OrderStatus`.
    enum OrderStatus { Unpaid, Processing, Paid, Failed, Expired, Cancelled, Reversed, }
    /// The variants of `duka_core::ErrorKind` that a code may stand for.
    enum ErrorKind { Authentication, Rejected, NotFound, Conflict, RateLimited, Unavailable, }
}

/// A text, or a list of texts.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    if let Some(text) = value.as_str() {
        return Ok(vec![text.to_owned()]);
    }
    Vec::deserialize(value).map_err(serde::de::Error::custom)
}

/// An operation, and where it is called; or a notification.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) operation: Operation,
}

/// All calls, in the order of the file.
pub(crate) fn calls(paths: &Map<PathItem>) -> Vec<Call> {
    let of = |(path, item): (&String, &PathItem)| {
        let methods = [("GET", item.get.clone()), ("POST", item.post.clone())];
        methods.map(|(method, operation)| {
            Some(Call {
                method,
                path: path.clone(),
                operation: operation?,
            })
        })
    };
    paths.iter().flat_map(of).flatten().collect()
}

/// Reads one gateway's description and checks what its structs cannot.
pub(crate) fn read(root: &Path, gateway: &str) -> Result<Document, String> {
    let path = format!("crates/{gateway}/openapi.yaml");
    let text = fs::read_to_string(root.join(&path)).map_err(|error| format!("{path}: {error}"))?;
    let mut document = parse(gateway, &text).map_err(|error| format!("{path}: {error}"))?;
    for (id, assumption) in &document.assumptions {
        let place = match assumption.r#where.strip_prefix("duka-") {
            Some(name) => root.join("crates").join(name),
            None => root.join("crates").join(gateway).join(&assumption.r#where),
        };
        if !place.exists() {
            return Err(format!(
                "{path}: x-assumptions.{id}: where: {} does not exist",
                assumption.r#where
            ));
        }
    }
    // Those that decide about money come first, wherever they stand in the file.
    document
        .assumptions
        .sort_by(|_, a, _, b| b.money.cmp(&a.money));
    Ok(document)
}

/// Reads a description, replaces its references and checks that its statements say how they are known.
pub(crate) fn parse(gateway: &str, text: &str) -> Result<Document, String> {
    let options = serde_saphyr::options! { with_snippet: false };
    let mut document: Document =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())?;
    gateway.clone_into(&mut document.gateway);
    let mut check = Check {
        components: document.components.clone(),
        document: document.clone(),
        ..Check::default()
    };
    check.all(&mut document);
    if check.wrong.is_empty() {
        Ok(document)
    } else {
        Err(check.wrong.join("\n  "))
    }
}

/// Replaces references and notes what is wrong; `place` says where, as `OPERATION.MEMBER`.
#[derive(Default)]
struct Check {
    document: Document,
    components: Components,
    /// The assumptions that some statement rests on.
    used: IndexSet<String>,
    /// The components that some operation or notification refers to.
    reached: IndexSet<String>,
    /// The components that the schema at hand is part of.
    inside: Vec<String>,
    wrong: Vec<String>,
}

impl Check {
    fn all(&mut self, document: &mut Document) {
        for server in &document.servers {
            self.known(&server.url, server.source.as_ref(), &server.assumption);
        }
        for (name, scheme) in &document.components.security_schemes {
            self.known(name, scheme.source.as_ref(), &scheme.assumption);
        }
        for item in document
            .paths
            .values_mut()
            .chain(document.webhooks.values_mut())
        {
            for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
                self.operation(operation);
            }
        }
        for (name, parameter) in &mut document.components.parameters {
            self.parameter(name, parameter);
        }
        for (name, schema) in &mut document.components.schemas {
            self.inside.push(name.clone());
            self.schema(name, schema);
            self.inside.clear();
            if !self.reached.contains(name) {
                self.wrong.push(format!(
                    "{name} is part of no operation and no notification"
                ));
            }
        }
        for (id, assumption) in &document.assumptions {
            self.assumption(id, assumption);
        }
        for (source, parts) in &document.statements {
            self.names("x-statements", Some(source), &[]);
            for statement in parts.values().flatten() {
                let fulfilled = !statement.r#where.is_empty() && !statement.test.is_empty();
                if !fulfilled && statement.not_yet.is_none() {
                    self.wrong.push(format!(
                        "x-statements.{source}: {} needs where and test, or not-yet",
                        statement.text
                    ));
                }
            }
        }
    }

    fn assumption(&mut self, id: &str, assumption: &Assumption) {
        let mut wrong = |what: &str| self.wrong.push(format!("x-assumptions.{id} {what}"));
        if !self.used.contains(id) {
            wrong("is used by no statement");
        }
        if assumption.variant.is_empty() == assumption.no_variant.is_none() {
            wrong("needs either variant or no-variant");
        }
        if assumption.probe.is_none() == assumption.no_probe.is_none() {
            wrong("needs either probe or no-probe");
        }
    }

    fn operation(&mut self, operation: &mut Operation) {
        let id = operation.operation_id.clone();
        self.known(&id, operation.source.as_ref(), &operation.assumption);
        if operation.effect.is_none() {
            self.wrong.push(format!("{id} has no x-effect"));
        }
        for parameter in &mut operation.parameters {
            let place = format!("{id}.{}", parameter.name);
            self.parameter(&place, parameter);
        }
        for media in operation
            .request_body
            .iter_mut()
            .flat_map(|body| body.content.values_mut())
        {
            self.schema(&id, &mut media.schema);
        }
        for (status, response) in &mut operation.responses {
            let place = format!("{id}.{status}");
            if let Some(reference) = &response.reference {
                let found = find(&self.components.responses, reference);
                let found = found.map(|found| Response {
                    reference: Some(reference.clone()),
                    ..found.clone()
                });
                self.replace(&place, response, found);
            }
            self.known(&place, response.source.as_ref(), &response.assumption);
            for (name, header) in &mut response.headers {
                let place = format!("{place}.{name}");
                if let Some(found) = header
                    .reference
                    .as_deref()
                    .map(|it| find(&self.components.headers, it).cloned())
                {
                    self.replace(&place, header, found);
                }
                self.known(&place, header.source.as_ref(), &header.assumption);
            }
            for media in response.content.values_mut() {
                self.schema(&place, &mut media.schema);
            }
        }
    }

    fn parameter(&mut self, place: &str, parameter: &mut Parameter) {
        if let Some(reference) = &parameter.reference {
            let found = find(&self.components.parameters, reference);
            let found = found.map(|found| Parameter {
                reference: Some(reference.clone()),
                ..found.clone()
            });
            self.replace(place, parameter, found);
        }
        self.known(place, parameter.source.as_ref(), &parameter.assumption);
        self.schema(place, &mut parameter.schema);
    }

    fn schema(&mut self, place: &str, schema: &mut Schema) {
        let depth = self.inside.len();
        if let Some(reference) = schema.reference.clone() {
            let name = reference.rsplit('/').next().unwrap_or_default().to_owned();
            if self.inside.contains(&name) {
                return self.wrong.push(format!("{place}: {name} holds itself"));
            }
            let own = schema.clone();
            let found = find(&self.components.schemas, &reference)
                .cloned()
                .map(|found| Schema {
                    // What stands beside a reference goes before what it leads to.
                    description: if own.description.is_empty() {
                        found.description
                    } else {
                        own.description
                    },
                    source: own.source.or(found.source),
                    assumption: if own.assumption.is_empty() {
                        found.assumption
                    } else {
                        own.assumption
                    },
                    unused: own.unused,
                    reference: Some(name.clone()),
                    ..found
                });
            self.replace(place, schema, found);
            self.reached.insert(name.clone());
            self.inside.push(name);
        }
        for name in &schema.required {
            if !schema.properties.contains_key(name) && schema.all_of.is_empty() {
                self.wrong
                    .push(format!("{place} requires {name}, which it does not have"));
            }
        }
        self.names(place, schema.source.as_ref(), &schema.assumption);
        for (name, property) in &mut schema.properties {
            let place = format!("{place}.{name}");
            let referred = property.reference.is_some();
            self.schema(&place, property);
            if !referred {
                self.known(&place, property.source.as_ref(), &property.assumption);
            }
        }
        let parts = schema.all_of.iter_mut().chain(&mut schema.any_of);
        for part in parts.chain(schema.items.as_deref_mut()) {
            self.schema(place, part);
        }
        for row in &schema.one_of {
            let place = format!("{place}.{}", row.r#const);
            self.known(&place, row.source.as_ref(), &row.assumption);
            if row.error_kind.is_some() == row.caller_may.is_empty() {
                self.wrong.push(format!(
                    "{place} needs both of x-error-kind and x-caller-may"
                ));
            }
        }
        self.inside.truncate(depth);
    }

    fn replace<T>(&mut self, place: &str, it: &mut T, found: Option<T>) {
        match found {
            Some(found) => *it = found,
            None => self
                .wrong
                .push(format!("{place}: what its $ref names does not exist")),
        }
    }

    /// A statement says where it is from, or what is assumed.
    fn known(&mut self, place: &str, source: Option<&String>, assumption: &[String]) {
        if source.is_none() && assumption.is_empty() {
            self.wrong
                .push(format!("{place} has neither x-source nor x-assumption"));
        }
        self.names(place, source, assumption);
    }

    fn names(&mut self, place: &str, source: Option<&String>, assumption: &[String]) {
        if let Some(source) = source.filter(|source| !self.document.sources.contains_key(*source)) {
            self.wrong
                .push(format!("{place}: x-source {source} is not in x-sources"));
        }
        for id in assumption {
            if !self.document.assumptions.contains_key(id) {
                self.wrong.push(format!(
                    "{place}: x-assumption {id} is not in x-assumptions"
                ));
            }
            self.used.insert(id.clone());
        }
    }
}

/// What `#/components/KIND/NAME` names.
fn find<'a, T>(components: &'a Map<T>, reference: &str) -> Option<&'a T> {
    components.get(reference.rsplit('/').next()?)
}
