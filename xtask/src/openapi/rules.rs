//! What a description must keep beyond the form of its keys: every statement says how it is known, every name that
//! is used exists, and every assumption is used, takes sides in the emulator, and says what to try.

use std::collections::BTreeSet;
use std::path::Path;

use super::document::{
    Component, Components, Document, Evidence, Header, Map, Operation, Parameter, Response, Row,
    Schema,
};
use super::document::{OneOrMore, PathItem};

/// The places where the rules are broken, with what is wrong there.
pub(crate) fn broken(document: &Document) -> Vec<String> {
    let mut check = Check {
        document,
        used: BTreeSet::new(),
        broken: Vec::new(),
    };
    check.document();
    check.broken
}

/// The assumptions that are said to be decided in a file or crate that does not exist.
pub(crate) fn nowhere(root: &Path, document: &Document) -> Vec<String> {
    let own = format!("crates/{}", document.gateway);
    let missing = document.assumptions.iter().filter(|(_, assumption)| {
        let place = &assumption.place;
        let path = match place.strip_prefix("duka-") {
            Some(name) => format!("crates/{name}"),
            None => format!("{own}/{place}"),
        };
        !root.join(path).exists()
    });
    missing
        .map(|(id, it)| format!("x-assumptions.{id} where: {} does not exist", it.place))
        .collect()
}

/// Whether this names a variant of the gateway, or one value of it. That they exist is tested beside the adapter.
fn is_variant_of(gateway: &str, variant: &str) -> bool {
    let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    let word = |text: &str| !text.is_empty() && text.chars().all(fits);
    let (name, value) = match variant.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (variant, None),
    };
    let own = name
        .split_once('.')
        .is_some_and(|(first, rest)| first == gateway && word(rest));
    own && value.is_none_or(word)
}

struct Check<'a> {
    document: &'a Document,
    used: BTreeSet<&'a str>,
    broken: Vec<String>,
}

const ORDER_STATUSES: [&str; 7] = [
    "unpaid",
    "processing",
    "paid",
    "failed",
    "expired",
    "cancelled",
    "reversed",
];

const ERROR_KINDS: [&str; 6] = [
    "authentication",
    "rejected",
    "not_found",
    "conflict",
    "rate_limited",
    "unavailable",
];

impl<'a> Check<'a> {
    fn document(&mut self) {
        let document = self.document;
        if !document.openapi.starts_with("3.1.") {
            self.wrong("openapi", "is not a version 3.1");
        }
        for server in &document.servers {
            let place = format!("server {}", server.url);
            let known = (server.evidence, server.source.as_deref());
            self.evidence(&place, known, &server.assumption);
        }
        self.paths(&document.paths);
        self.paths(&document.webhooks);
        self.components(&document.components);
        for (id, assumption) in &document.assumptions {
            let place = format!("x-assumptions.{id}");
            if !self.used.contains(id.as_str()) {
                self.wrong(&place, "is used by no statement");
            }
            if assumption.variant.0.is_empty() == assumption.no_variant.is_none() {
                self.wrong(&place, "needs either variant or no-variant");
            }
            for variant in &assumption.variant.0 {
                if !is_variant_of(&document.gateway, variant) {
                    let form = format!("{0}.NAME or {0}.NAME=VALUE", document.gateway);
                    self.wrong(&place, &format!("variant {variant} is not {form}"));
                }
            }
            if assumption.probe.is_none() == assumption.no_probe.is_none() {
                self.wrong(&place, "needs either probe or no-probe");
            }
        }
    }

    fn paths(&mut self, paths: &'a Map<PathItem>) {
        for (path, item) in paths {
            for (method, operation) in [("get", &item.get), ("post", &item.post)] {
                if let Some(operation) = operation {
                    self.operation(&format!("{path}.{method}"), operation);
                }
            }
        }
    }

    fn operation(&mut self, place: &str, operation: &'a Operation) {
        let known = (operation.evidence, operation.source.as_deref());
        self.evidence(place, known, &operation.assumption);
        for parameter in &operation.parameters {
            self.parameter(&format!("{place}.{}", parameter.name), parameter);
        }
        if let Some(body) = &operation.request_body {
            for media in body.content.values() {
                self.schema(&format!("{place}.requestBody"), &media.schema);
            }
        }
        for (status, response) in &operation.responses {
            self.response(&format!("{place}.{status}"), response);
        }
    }

    fn components(&mut self, components: &'a Components) {
        for (name, schema) in &components.schemas {
            self.schema(name, schema);
        }
        for (name, parameter) in &components.parameters {
            self.parameter(name, parameter);
        }
        for (name, response) in &components.responses {
            self.response(name, response);
        }
        for (name, header) in &components.headers {
            self.header(name, header);
        }
        for (name, scheme) in &components.security_schemes {
            let known = (scheme.evidence, scheme.source.as_deref());
            self.evidence(name, known, &scheme.assumption);
        }
    }

    fn parameter(&mut self, place: &str, parameter: &'a Parameter) {
        if self.refers(place, parameter) {
            return;
        }
        let known = (parameter.evidence, parameter.source.as_deref());
        self.evidence(place, known, &parameter.assumption);
    }

    fn header(&mut self, place: &str, header: &'a Header) {
        if self.refers(place, header) {
            return;
        }
        let known = (header.evidence, header.source.as_deref());
        self.evidence(place, known, &header.assumption);
    }

    fn response(&mut self, place: &str, response: &'a Response) {
        if self.refers(place, response) {
            return;
        }
        let known = (response.evidence, response.source.as_deref());
        self.evidence(place, known, &response.assumption);
        for (name, header) in &response.headers {
            self.header(&format!("{place}.{name}"), header);
        }
        for media in response.content.values() {
            self.schema(place, &media.schema);
        }
    }

    /// A schema's own references, properties and rows. Whether the schema itself says how it is known is asked of
    /// properties only: a body is known as its operation is.
    fn schema(&mut self, place: &str, schema: &'a Schema) {
        if self.refers(place, schema) {
            return;
        }
        self.note(place, schema.source.as_deref(), &schema.assumption);
        for (name, property) in &schema.properties {
            let place = format!("{place}.{name}");
            if property.reference.is_none() || property.evidence.is_some() {
                let known = (property.evidence, property.source.as_deref());
                self.evidence(&place, known, &property.assumption);
            }
            self.schema(&place, property);
        }
        for name in &schema.required {
            let own = schema.properties.contains_key(name);
            if !own && schema.all_of.is_empty() {
                self.wrong(place, &format!("requires {name}, which it does not have"));
            }
        }
        let parts = schema.all_of.iter().chain(&schema.any_of);
        for part in parts.chain(schema.items.as_deref()) {
            self.schema(place, part);
        }
        for row in &schema.one_of {
            self.row(&format!("{place}.{}", row.value), row);
        }
    }

    fn row(&mut self, place: &str, row: &'a Row) {
        let known = (row.evidence, row.source.as_deref());
        self.evidence(place, known, &row.assumption);
        if let Some(status) = &row.order_status {
            if !ORDER_STATUSES.contains(&status.as_str()) {
                self.wrong(place, &format!("x-order-status {status} is none"));
            }
            if row.cancellable.is_none() {
                self.wrong(place, "has no x-cancellable");
            }
        }
        if let Some(kind) = &row.error_kind {
            if !ERROR_KINDS.contains(&kind.as_str()) {
                self.wrong(place, &format!("x-error-kind {kind} is none"));
            }
            if row.caller_may.is_none() {
                self.wrong(place, "has no x-caller-may");
            }
        }
    }

    /// A statement says how it is known: where it was seen, or what is assumed.
    fn evidence(
        &mut self,
        place: &str,
        known: (Option<Evidence>, Option<&'a str>),
        assumption: &'a OneOrMore,
    ) {
        let (evidence, source) = known;
        match evidence {
            None => self.wrong(place, "has no x-evidence"),
            Some(Evidence::Documented | Evidence::Observed) if source.is_none() => {
                self.wrong(place, "has no x-source");
            }
            Some(Evidence::Assumed) if assumption.0.is_empty() => {
                self.wrong(place, "is assumed and has no x-assumption");
            }
            Some(Evidence::Documented | Evidence::Observed | Evidence::Assumed) => {}
        }
        self.note(place, source, assumption);
    }

    /// Source and assumptions exist; notes that the assumptions are used.
    fn note(&mut self, place: &str, source: Option<&str>, assumption: &'a OneOrMore) {
        if let Some(source) = source
            && !self.document.sources.contains_key(source)
        {
            self.wrong(place, &format!("x-source {source} is not in x-sources"));
        }
        for id in &assumption.0 {
            if !self.document.assumptions.contains_key(id) {
                self.wrong(place, &format!("x-assumption {id} is not in x-assumptions"));
            }
            self.used.insert(id);
        }
    }

    /// Whether it is a reference, which has to lead to a component of its kind.
    fn refers<T: Component>(&mut self, place: &str, it: &T) -> bool {
        let Some(reference) = it.reference() else {
            return false;
        };
        if self.document.component(it).is_none() {
            self.wrong(place, &format!("{reference} does not exist"));
        }
        true
    }

    fn wrong(&mut self, place: &str, problem: &str) {
        self.broken.push(format!("{place} {problem}"));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::openapi;

    const SAMPLE: &str = include_str!("../codegen/sample.yaml");

    /// What is wrong with the sample once `from` has become `to`.
    fn broken_by(from: &str, to: &str) -> String {
        assert!(SAMPLE.contains(from), "{from}");
        let document = openapi::parse(&SAMPLE.replacen(from, to, 1)).unwrap();
        broken(&document).join("\n")
    }

    #[test]
    fn the_sample_keeps_every_rule() {
        assert_eq!(broken_by("Till", "Till"), "");
    }

    #[test]
    fn every_statement_says_how_it_is_known() {
        let property = "description: How much., x-evidence: observed, x-source: recordings";
        insta::assert_snapshot!(broken_by(property, "description: How much."), @"Order.amount has no x-evidence");
        let without_source = "description: How much., x-evidence: observed";
        insta::assert_snapshot!(broken_by(property, without_source), @"Order.amount has no x-source");
        let assumed = "description: How much., x-evidence: assumed";
        insta::assert_snapshot!(broken_by(property, assumed), @"Order.amount is assumed and has no x-assumption");
    }

    #[test]
    fn names_lead_somewhere() {
        insta::assert_snapshot!(
            broken_by("x-source: orders", "x-source: order"),
            @"server https://sandbox.till.example x-source order is not in x-sources"
        );
        insta::assert_snapshot!(
            broken_by("x-assumption: unknown-order", "x-assumption: unknown"),
            @"/order/{id}.get x-assumption unknown is not in x-assumptions"
        );
        insta::assert_snapshot!(
            broken_by("#/components/schemas/CancelRequest", "#/components/schemas/Cancel"),
            @"/cancel.post.requestBody #/components/schemas/Cancel does not exist"
        );
        insta::assert_snapshot!(
            broken_by("required: [id]", "required: [id, amount]"),
            @"CancelRequest requires amount, which it does not have"
        );
    }

    #[test]
    fn an_assumption_is_used_and_takes_sides() {
        let idle = "x-assumptions:\n  idle: {assumed: a, about: all, where: src/a.rs, tolerance: none, try: it, \
                    no-variant: a, no-probe: a}\n";
        insta::assert_snapshot!(
            broken_by("x-assumptions:\n", idle),
            @"x-assumptions.idle is used by no statement"
        );
        insta::assert_snapshot!(
            broken_by("    variant: [till.cancel_shows=late, till.slow]\n", ""),
            @"x-assumptions.soon needs either variant or no-variant"
        );
        insta::assert_snapshot!(
            broken_by("    no-probe: cancels an order\n", ""),
            @"x-assumptions.soon needs either probe or no-probe"
        );
    }

    #[test]
    fn a_variant_is_a_name_of_the_gateways_or_a_name_and_a_value() {
        let named = |variant: &str| broken_by("till.slow", variant);
        assert_eq!(named("till.slow=2s"), "");
        for wrong in [
            "slow",
            "shop.slow",
            "till.",
            "till.slow=",
            "till.Slow",
            "till.a=b=c",
        ] {
            let said = format!("variant {wrong} is not till.NAME or till.NAME=VALUE");
            assert_eq!(named(wrong), format!("x-assumptions.soon {said}"));
        }
    }

    #[test]
    fn rows_mean_something_and_say_what_follows() {
        insta::assert_snapshot!(
            broken_by("x-order-status: paid", "x-order-status: payed"),
            @"OrderStatus.\"PAID\" x-order-status payed is none"
        );
        insta::assert_snapshot!(
            broken_by(", x-caller-may: check the id", ""),
            @"ErrorCode.404 has no x-caller-may"
        );
    }

    #[test]
    fn the_place_of_an_assumption_is_a_file_or_a_crate_that_exists() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("crates/core")).unwrap();
        let document = openapi::parse(SAMPLE).unwrap();
        let missing = ["x-assumptions.unknown-order where: src/reply.rs does not exist"];
        assert_eq!(nowhere(root.path(), &document), missing);
        fs::create_dir_all(root.path().join("crates/till/src")).unwrap();
        fs::write(root.path().join("crates/till/src/reply.rs"), "").unwrap();
        assert_eq!(nowhere(root.path(), &document), [""; 0]);
    }
}
