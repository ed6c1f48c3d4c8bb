//! The example in the project's README names exactly the crates that it shows as dependencies.

use std::collections::BTreeSet;

const README: &str = include_str!("../../../../README.md");
const WORKSPACE: &str = include_str!("../../../../Cargo.toml");

/// The first block of this language that holds a text.
fn block<'a>(language: &str, holding: &str) -> &'a str {
    let start = format!("```{language}\n");
    let blocks = README.split(&start).skip(1);
    let mut bodies = blocks.filter_map(|rest| rest.split("```").next());
    bodies.find(|body| body.contains(holding)).unwrap()
}

#[test]
fn the_example_needs_exactly_the_dependencies_that_the_readme_shows() {
    let shown: toml::Table = toml::from_str(block("toml", "[dependencies]")).unwrap();
    let shown = shown["dependencies"].as_table().unwrap();
    let example = block("rust,no_run", "#[tokio::main]");
    let used = example.lines().filter_map(|line| {
        let path = line.trim_start().strip_prefix("use ");
        let path = path.or_else(|| line.trim_start().strip_prefix("#["))?;
        let name = path.split("::").next()?;
        (name != "std").then(|| name.replace('_', "-"))
    });
    let used: BTreeSet<String> = used.collect();
    let names: BTreeSet<String> = shown.keys().cloned().collect();
    assert_eq!(names, used);

    // Versions that the workspace does not have would not agree with its API.
    let workspace: toml::Table = toml::from_str(WORKSPACE).unwrap();
    let ours = workspace["workspace"]["dependencies"].as_table().unwrap();
    for (name, dependency) in shown {
        let version = |value: &toml::Value| {
            let value = value.get("version").unwrap_or(value);
            value.as_str().unwrap().to_owned()
        };
        let (shown, ours) = (version(dependency), version(&ours[name]));
        assert!(
            ours == shown || ours.starts_with(&format!("{shown}.")),
            "{name}: {shown} and {ours}"
        );
    }
}
