//! Whether the page about settings has every one that is read.

use super::File;
use crate::environment;

const PAGE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/configuration.md"
));

/// The keys of a table, which the error about one that is not known lists.
fn keys(place: &str) -> Vec<String> {
    let text = format!("{place}\nno_such_key = 1\n");
    let error = toml::from_str::<File>(&text).unwrap_err().to_string();
    let (_, keys) = error
        .split_once("unknown field `no_such_key`, expected one of ")
        .unwrap_or_else(|| panic!("{error}"));
    keys.split(',')
        .map(|key| key.trim().trim_matches('`').to_owned())
        .collect()
}

fn section(heading: &str) -> &'static str {
    let heading = format!("\n## {heading}\n");
    let (_, rest) = PAGE
        .split_once(&heading)
        .unwrap_or_else(|| panic!("no section {heading}"));
    rest.split("\n## ").next().unwrap()
}

#[test]
fn every_setting_is_on_the_page_about_settings() {
    for (place, heading) in [
        ("", "Outside of tables"),
        ("[accounts.a]\ngateway = \"pesapal\"", "[accounts.NAME]"),
        ("[cancel]", "[cancel]"),
        ("[http]", "[http]"),
        ("[sweep]", "[sweep]"),
        ("[[sweep.rule]]", "[[sweep.rule]]"),
        ("[import.a]", "[import.NAME]"),
    ] {
        let section = section(heading);
        let keys = keys(place);
        assert!(keys.len() > 2, "{heading}: {keys:?}");
        for key in keys {
            assert!(section.contains(&format!("`{key}`")), "{heading}: {key}");
        }
    }
}

#[test]
fn every_variable_is_on_the_page_about_settings() {
    let section = section("Variables of the environment");
    for name in environment::known() {
        assert!(section.contains(&format!("`{name}`")), "{name}");
    }
}
