//! Rules about which crate depends on which, as cargo resolves them with every feature on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::Finding;
use crate::cargo;

/// What each crate of ours may depend on among our own, outside its tests. A crate without a row may not exist.
const ALLOWED: &[(&str, &[&str])] = &[
    ("duka-core", &[]),
    ("duka-http", &["duka-core"]),
    ("duka-kwikpaisa", &["duka-core", "duka-http"]),
    ("duka-pesapal", &["duka-core", "duka-http"]),
    ("duka-emulator", &[]),
    ("duka-cancellations", &["duka-core"]),
    (
        "duka-cli",
        &[
            "duka-core",
            "duka-http",
            "duka-kwikpaisa",
            "duka-pesapal",
            "duka-emulator",
            "duka-cancellations",
        ],
    ),
    (
        "xtask",
        &[
            "duka-core",
            "duka-http",
            "duka-kwikpaisa",
            "duka-pesapal",
            "duka-emulator",
            "duka-cancellations",
        ],
    ),
];

/// The emulator checks the adapters; not even its tests may share their reading of the facts.
const ALONE: &[&str] = &["duka-emulator"];

/// What `core` must not bring in, however deep.
const IMPURE: &[&str] = &["reqwest", "hyper", "tokio", "rusqlite", "axum"];

/// Who depends on whom.
#[derive(Debug, Default)]
pub(super) struct Graph {
    members: BTreeSet<String>,
    edges: BTreeMap<String, BTreeSet<Edge>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    to: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Normal,
    Build,
    Test,
}

/// No crate of ours depends on one of ours that its row does not name.
pub(super) fn follows_the_design(graph: &Graph) -> Vec<Finding> {
    let broken = |member: &String| -> Vec<Finding> {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| name == member) else {
            return vec![Finding::in_file(
                member,
                "has no row in the table of allowed dependencies",
            )];
        };
        let ours = graph
            .edges_of(member)
            .filter(|edge| graph.members.contains(&edge.to) && edge.to != *member);
        let counted =
            ours.filter(|edge| edge.kind != Kind::Test || ALONE.contains(&member.as_str()));
        let wrong = counted.filter(|edge| !allowed.contains(&edge.to.as_str()));
        wrong
            .map(|edge| Finding::in_file(member, format!("must not depend on {}", edge.to)))
            .collect()
    };
    graph.members.iter().flat_map(broken).collect()
}

/// Nothing that talks, waits, stores or serves stands below `core`.
pub(super) fn core_stays_pure(graph: &Graph) -> Vec<Finding> {
    let below = graph.below("duka-core");
    let impure = IMPURE.iter().filter(|name| below.contains(**name));
    impure
        .map(|name| Finding::in_file("duka-core", format!("brings in {name}")))
        .collect()
}

impl Graph {
    /// Asks cargo.
    pub(super) fn read(root: &Path) -> Result<Self, String> {
        let mut metadata = cargo::cargo(
            root,
            &["metadata", "--format-version", "1", "--all-features"],
        );
        let text = cargo::output_of(&mut metadata)?;
        let metadata: Value = serde_json::from_str(&text)
            .map_err(|error| format!("cannot read cargo metadata: {error}"))?;
        Self::from_metadata(&metadata)
            .ok_or_else(|| "cargo metadata looks unlike itself".to_owned())
    }

    fn from_metadata(metadata: &Value) -> Option<Self> {
        let packages = metadata["packages"].as_array()?.iter();
        let names: BTreeMap<&str, &str> = packages
            .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
            .collect();
        let member = |id: &Value| names.get(id.as_str()?).map(|name| (*name).to_owned());
        let mut graph = Self {
            members: metadata["workspace_members"]
                .as_array()?
                .iter()
                .filter_map(member)
                .collect(),
            edges: BTreeMap::new(),
        };
        for node in metadata["resolve"]["nodes"].as_array()? {
            let edges = node["deps"]
                .as_array()?
                .iter()
                .flat_map(|dependency| edges(dependency, &names));
            graph
                .edges
                .entry(member(&node["id"])?)
                .or_default()
                .extend(edges);
        }
        Some(graph)
    }

    fn edges_of(&self, name: &str) -> impl Iterator<Item = &Edge> {
        self.edges.get(name).into_iter().flatten()
    }

    /// Everything that `name` needs in order to run, however deep.
    fn below<'a>(&'a self, name: &'a str) -> BTreeSet<&'a str> {
        let mut below = BTreeSet::new();
        let mut open = vec![name];
        while let Some(next) = open.pop() {
            let normal = self.edges_of(next).filter(|edge| edge.kind == Kind::Normal);
            open.extend(
                normal
                    .map(|edge| edge.to.as_str())
                    .filter(|to| below.insert(*to)),
            );
        }
        below
    }
}

/// The edges that one dependency of one package stands for: one per kind.
fn edges(dependency: &Value, names: &BTreeMap<&str, &str>) -> Vec<Edge> {
    let to = dependency["pkg"]
        .as_str()
        .and_then(|id| names.get(id))
        .copied()
        .unwrap_or_default();
    let kinds = dependency["dep_kinds"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| match entry["kind"].as_str() {
            Some("dev") => Kind::Test,
            Some("build") => Kind::Build,
            Some(_) | None => Kind::Normal,
        });
    kinds
        .map(|kind| Edge {
            to: to.to_owned(),
            kind,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(members: &[&str], edges: &[(&str, &str, Kind)]) -> Graph {
        let mut graph = Graph {
            members: members.iter().map(|name| (*name).to_owned()).collect(),
            ..Graph::default()
        };
        for (from, to, kind) in edges {
            let edge = Edge {
                to: (*to).to_owned(),
                kind: *kind,
            };
            graph
                .edges
                .entry((*from).to_owned())
                .or_default()
                .insert(edge);
        }
        graph
    }

    fn shown(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn adapters_do_not_know_each_other() {
        let graph = graph(
            &["duka-kwikpaisa", "duka-pesapal", "duka-core"],
            &[
                ("duka-pesapal", "duka-core", Kind::Normal),
                ("duka-pesapal", "duka-kwikpaisa", Kind::Normal),
            ],
        );
        assert_eq!(
            shown(&follows_the_design(&graph)),
            ["duka-pesapal: must not depend on duka-kwikpaisa"]
        );
    }

    #[test]
    fn tests_may_know_more_except_in_the_emulator() {
        let graph = graph(
            &[
                "duka-cancellations",
                "duka-emulator",
                "duka-core",
                "duka-pesapal",
            ],
            &[
                ("duka-cancellations", "duka-pesapal", Kind::Test),
                ("duka-emulator", "duka-core", Kind::Test),
            ],
        );
        assert_eq!(
            shown(&follows_the_design(&graph)),
            ["duka-emulator: must not depend on duka-core"]
        );
    }

    #[test]
    fn a_crate_that_nobody_thought_about_is_found() {
        let found = shown(&follows_the_design(&graph(&["duka-new"], &[])));
        assert_eq!(
            found,
            ["duka-new: has no row in the table of allowed dependencies"]
        );
    }

    #[test]
    fn core_is_checked_however_deep_but_not_in_its_tests() {
        let edges = [
            ("duka-core", "innocent", Kind::Normal),
            ("innocent", "hyper", Kind::Normal),
            ("duka-core", "tokio", Kind::Test),
            ("innocent", "rusqlite", Kind::Build),
        ];
        assert_eq!(
            shown(&core_stays_pure(&graph(&["duka-core"], &edges))),
            ["duka-core: brings in hyper"]
        );
    }

    #[test]
    fn metadata_is_read_by_package_not_by_the_name_in_the_source() {
        let metadata = serde_json::json!({
            "packages": [{"id": "a#1", "name": "duka-core"}, {"id": "b#1", "name": "tokio"}],
            "workspace_members": ["a#1"],
            "resolve": {"nodes": [
                {"id": "a#1", "deps": [{"name": "renamed", "pkg": "b#1", "dep_kinds": [{"kind": null}, {"kind": "dev"}]}]},
                {"id": "b#1", "deps": []},
            ]},
        });
        let graph = Graph::from_metadata(&metadata).unwrap();
        assert_eq!(
            shown(&core_stays_pure(&graph)),
            ["duka-core: brings in tokio"]
        );
        assert_eq!(graph.edges_of("duka-core").count(), 2);
    }

    #[test]
    fn metadata_of_another_shape_is_refused() {
        assert!(Graph::from_metadata(&serde_json::json!({"packages": []})).is_none());
    }
}
