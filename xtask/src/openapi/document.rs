//! A gateway's description as it stands in its YAML: exactly the keys that we use, and no others. A misspelt one is
//! an error with a line, so that no statement gets lost.

use indexmap::IndexMap;
use serde::Deserialize;

use super::node::Node;

/// Members in the order in which the file has them, which is the order in which a person reads them.
pub(crate) type Map<T> = IndexMap<String, T>;

/// The whole of `openapi.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    /// The text that it was read from.
    #[serde(skip)]
    pub(crate) text: String,
    pub(crate) openapi: String,
    pub(crate) info: Info,
    pub(crate) servers: Vec<Server>,
    #[serde(default)]
    pub(crate) tags: Vec<Tag>,
    #[serde(default)]
    pub(crate) security: Option<Node>,
    pub(crate) paths: Map<PathItem>,
    #[serde(default)]
    pub(crate) webhooks: Map<PathItem>,
    pub(crate) components: Components,
    #[serde(rename = "x-gateway")]
    pub(crate) gateway: String,
    #[serde(rename = "x-sources")]
    pub(crate) sources: Map<Source>,
    #[serde(rename = "x-assumptions")]
    pub(crate) assumptions: Map<Assumption>,
    #[serde(default, rename = "x-out-of-scope")]
    pub(crate) out_of_scope: Vec<OutOfScope>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Info {
    pub(crate) title: String,
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) summary: Option<String>,
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) license: Option<Node>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tag {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
}

/// A page of the gateway's documentation, or a set of recorded replies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) url: Option<String>,
    pub(crate) read: String,
}

/// What is taken for true without a page or a recorded reply that says so.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assumption {
    pub(crate) assumed: String,
    pub(crate) about: String,
    #[serde(rename = "where")]
    pub(crate) place: String,
    pub(crate) tolerance: String,
    #[serde(rename = "try")]
    pub(crate) trial: String,
    #[serde(default)]
    pub(crate) money: bool,
    #[serde(default)]
    pub(crate) variant: OneOrMore,
    #[serde(default, rename = "no-variant")]
    pub(crate) no_variant: Option<String>,
    #[serde(default)]
    pub(crate) probe: Option<String>,
    #[serde(default, rename = "no-probe")]
    pub(crate) no_probe: Option<String>,
}

/// What a gateway offers and we leave alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutOfScope {
    pub(crate) what: String,
    pub(crate) why: String,
}

/// How a statement is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Evidence {
    Documented,
    Observed,
    Assumed,
}

/// A text, or a list of texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OneOrMore(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let refused = |what| serde::de::Error::custom(format!("{what} is not a text"));
        let text = |node: Node| node.text().map(str::to_owned).ok_or_else(|| refused(node));
        let node = Node::deserialize(deserializer)?;
        let texts = if let Node::List(items) = node {
            items.into_iter().map(text).collect::<Result<_, _>>()?
        } else {
            vec![text(node)?]
        };
        Ok(Self(texts))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) description: String,
    #[serde(rename = "x-evidence")]
    pub(crate) evidence: Option<Evidence>,
    #[serde(default, rename = "x-source")]
    pub(crate) source: Option<String>,
    #[serde(default, rename = "x-assumption")]
    pub(crate) assumption: OneOrMore,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PathItem {
    #[serde(default)]
    pub(crate) get: Option<Operation>,
    #[serde(default)]
    pub(crate) post: Option<Operation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    #[serde(rename = "operationId")]
    pub(crate) id: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default)]
    pub(crate) security: Option<Node>,
    #[serde(default)]
    pub(crate) parameters: Vec<Parameter>,
    #[serde(default, rename = "requestBody")]
    pub(crate) request_body: Option<RequestBody>,
    pub(crate) responses: Map<Response>,
    #[serde(default, rename = "x-intent")]
    pub(crate) intent: Option<Intent>,
    #[serde(default, rename = "x-repeat")]
    pub(crate) repeat: Option<Repeat>,
    #[serde(default, rename = "x-unsupported")]
    pub(crate) unsupported: Option<String>,
    #[serde(rename = "x-evidence")]
    pub(crate) evidence: Option<Evidence>,
    #[serde(default, rename = "x-source")]
    pub(crate) source: Option<String>,
    #[serde(default, rename = "x-assumption")]
    pub(crate) assumption: OneOrMore,
}

/// Whether a call changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Intent {
    Read,
    Mutation,
}

/// Whether a call may be made again, by what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Repeat {
    Harmless,
    Once,
    Unknown,
}

/// A parameter in the path, the query or a header; or a reference to one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameter {
    #[serde(default, rename = "$ref")]
    pub(crate) reference: Option<String>,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default, rename = "in")]
    pub(crate) location: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(default)]
    pub(crate) schema: Option<Schema>,
    #[serde(default)]
    pub(crate) example: Option<Node>,
    #[serde(default, rename = "x-evidence")]
    pub(crate) evidence: Option<Evidence>,
    #[serde(default, rename = "x-source")]
    pub(crate) source: Option<String>,
    #[serde(default, rename = "x-assumption")]
    pub(crate) assumption: OneOrMore,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestBody {
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) content: Map<Media>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Media {
    pub(crate) schema: Schema,
    #[serde(default)]
    pub(crate) examples: Map<Example>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Example {
    #[serde(default)]
    pub(crate) summary: Option<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    pub(crate) value: Node,
}

/// What may come back; or a reference to it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Response {
    #[serde(default, rename = "$ref")]
    pub(crate) reference: Option<String>,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) headers: Map<Header>,
    #[serde(default)]
    pub(crate) content: Map<Media>,
    #[serde(default, rename = "x-evidence")]
    pub(crate) evidence: Option<Evidence>,
    #[serde(default, rename = "x-source")]
    pub(crate) source: Option<String>,
    #[serde(default, rename = "x-assumption")]
    pub(crate) assumption: OneOrMore,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    #[serde(default, rename = "$ref")]
    pub(crate) reference: Option<String>,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(default)]
    pub(crate) schema: Option<Schema>,
    #[serde(default, rename = "x-evidence")]
    pub(crate) evidence: Option<Evidence>,
    #[serde(default, rename = "x-source")]
    pub(crate) source: Option<String>,
    #[serde(default, rename = "x-assumption")]
    pub(crate) assumption: OneOrMore,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Components {
    #[serde(default)]
    pub(crate) schemas: Map<Schema>,
    #[serde(default)]
    pub(crate) parameters: Map<Parameter>,
    #[serde(default)]
    pub(crate) responses: Map<Response>,
    #[serde(default)]
    pub(crate) headers: Map<Header>,
    #[serde(default, rename = "securitySchemes")]
    pub(crate) security_schemes: Map<SecurityScheme>,
}

/// What may stand among the components, and be a reference to one of them elsewhere.
pub(crate) trait Component: Sized {
    /// `#/components/schemas/NAME` and the like, if it is a reference.
    fn reference(&self) -> Option<&str>;

    /// Those of its kind, by name.
    fn all(components: &Components) -> &Map<Self>;
}

macro_rules! component {
    ($kind:ident of $one:ident) => {
        impl Component for $one {
            fn reference(&self) -> Option<&str> {
                self.reference.as_deref()
            }

            fn all(components: &Components) -> &Map<Self> {
                &components.$kind
            }
        }
    };
}
component!(schemas of Schema);
component!(parameters of Parameter);
component!(responses of Response);
component!(headers of Header);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecurityScheme {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default, rename = "in")]
    pub(crate) location: Option<String>,
    #[serde(default)]
    pub(crate) scheme: Option<String>,
    #[serde(rename = "x-evidence")]
    pub(crate) evidence: Option<Evidence>,
    #[serde(default, rename = "x-source")]
    pub(crate) source: Option<String>,
    #[serde(default, rename = "x-assumption")]
    pub(crate) assumption: OneOrMore,
}

/// A JSON Schema, as far as we use it: an object, a scalar, a list, or a reference to a component.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schema {
    #[serde(default, rename = "$ref")]
    pub(crate) reference: Option<String>,
    #[serde(default, rename = "type")]
    pub(crate) kind: OneOrMore,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) properties: Map<Schema>,
    #[serde(default)]
    pub(crate) required: Vec<String>,
    #[serde(default)]
    pub(crate) items: Option<Box<Schema>>,
    #[serde(default, rename = "allOf")]
    pub(crate) all_of: Vec<Schema>,
    #[serde(default, rename = "anyOf")]
    pub(crate) any_of: Vec<Schema>,
    /// The rows of an enumeration.
    #[serde(default, rename = "oneOf")]
    pub(crate) one_of: Vec<Row>,
    #[serde(default, rename = "enum")]
    pub(crate) enumeration: Vec<Node>,
    #[serde(default, rename = "const")]
    pub(crate) constant: Option<Node>,
    #[serde(default)]
    pub(crate) format: Option<String>,
    #[serde(default)]
    pub(crate) pattern: Option<String>,
    #[serde(default, rename = "minLength")]
    pub(crate) min_length: Option<u64>,
    #[serde(default, rename = "maxLength")]
    pub(crate) max_length: Option<u64>,
    #[serde(default)]
    pub(crate) minimum: Option<Node>,
    #[serde(default)]
    pub(crate) maximum: Option<Node>,
    #[serde(default, rename = "exclusiveMinimum")]
    pub(crate) exclusive_minimum: Option<Node>,
    #[serde(default, rename = "x-exact")]
    pub(crate) exact: bool,
    #[serde(default, rename = "x-unsent")]
    pub(crate) unsent: Option<String>,
    #[serde(default, rename = "x-unread")]
    pub(crate) unread: Option<String>,
    #[serde(default, rename = "x-evidence")]
    pub(crate) evidence: Option<Evidence>,
    #[serde(default, rename = "x-source")]
    pub(crate) source: Option<String>,
    #[serde(default, rename = "x-assumption")]
    pub(crate) assumption: OneOrMore,
}

/// One value of an enumeration, with what it means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    #[serde(rename = "const")]
    pub(crate) value: Node,
    #[serde(default)]
    pub(crate) title: Option<String>,
    pub(crate) description: String,
    #[serde(default, rename = "x-order-status")]
    pub(crate) order_status: Option<String>,
    #[serde(default, rename = "x-cancellable")]
    pub(crate) cancellable: Option<bool>,
    #[serde(default, rename = "x-only-with")]
    pub(crate) only_with: Option<String>,
    #[serde(default, rename = "x-error-kind")]
    pub(crate) error_kind: Option<String>,
    #[serde(default, rename = "x-caller-may")]
    pub(crate) caller_may: Option<String>,
    #[serde(rename = "x-evidence")]
    pub(crate) evidence: Option<Evidence>,
    #[serde(default, rename = "x-source")]
    pub(crate) source: Option<String>,
    #[serde(default, rename = "x-assumption")]
    pub(crate) assumption: OneOrMore,
}
