//! The variables of the environment: which there are, and what one holds.
//!
//! A value that cannot be read is refused and never taken for one that is not set: the settings would
//! fall back to the sandbox and to a new store. Values are never shown, since many of them are secrets.

use std::collections::BTreeSet;
use std::env::{self, VarError};

use crate::config::{Config, waits};
use crate::failure::Failure;
use crate::gateways::GatewayKind;

/// The variables that are about no gateway, and what each is, for `--help`.
const COMMON: [(&str, &str); 7] = [
    ("DUKA_STORE", "where cancellations are kept, as --store"),
    (
        "DUKA_SETTLE",
        "how long after a request a status that says open proves nothing [10s]",
    ),
    (
        "DUKA_REVIEW_AFTER",
        "what is in doubt for longer waits for a person [1h]",
    ),
    (
        "DUKA_LEASE",
        "how long a worker that died keeps a record [2m]",
    ),
    (
        "DUKA_TIMEOUT",
        "the longest that one request may take [30s]",
    ),
    (
        "DUKA_GIVE_UP_AFTER",
        "the longest that a command about one order may take [3m]",
    ),
    ("DUKA_PROXY", "the proxy that gateways are reached through"),
];

/// Every variable of ours that has an effect, and what it is.
fn described() -> Vec<(String, &'static str)> {
    let common = COMMON.map(|(name, words)| (name.to_owned(), words));
    let of_gateway = |kind: GatewayKind| {
        let [first, second] = kind.keys();
        let common = [
            (first, "a credential, with the next one"),
            (second, "the other one; both make an account"),
            ("environment", "sandbox or production [sandbox]"),
            ("base_url", "another address, such as the emulator's"),
        ];
        let own = kind
            .own_variable()
            .map(|setting| (setting, "from `duka ipn register`"));
        common
            .into_iter()
            .chain(own)
            .map(move |(setting, words)| (kind.variable(setting), words))
            .collect::<Vec<_>>()
    };
    common
        .into_iter()
        .chain(GatewayKind::ALL.into_iter().flat_map(of_gateway))
        .collect()
}

/// Every variable of ours that has an effect.
pub(crate) fn known() -> Vec<String> {
    described().into_iter().map(|(name, _)| name).collect()
}

/// The variables, for `--help`.
pub(crate) fn help() -> String {
    let described = described();
    let width = described.iter().map(|(name, _)| name.len()).max();
    let width = width.unwrap_or(0);
    let line = |(name, words): &(String, &str)| {
        let range = waits::RANGES.into_iter().find(|it| it.0 == name);
        let range = range.map(|(_, range)| format!(" {range}"));
        format!("\n  {name:width$}  {words}{}", range.unwrap_or_default())
    };
    let lines: String = described.iter().map(line).collect();
    format!("Environment variables:{lines}")
}

/// What the project's own tests and chores read; a developer may have set them for a whole session.
const FOR_TESTS: [&str; 10] = [
    "DUKA_CRASH_AT",
    "DUKA_STOP_AT",
    "DUKA_SOAK_MINUTES",
    "DUKA_SOAK_SEED",
    "DUKA_FUZZ_SECONDS",
    "DUKA_REQUIRE",
    "DUKA_LEFT_OUT",
    "DUKA_EMULATOR",
    "DUKA_GATEWAY",
    "DUKA_TEST_STORE",
];

/// A name with more slips than this is another name.
const NEAR: usize = 3;

/// A variable of the environment; one that is set to nothing counts as not set.
///
/// # Errors
/// When its value is not UTF-8 text.
pub(crate) fn variable(name: &str) -> Result<Option<String>, Failure> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Failure::usage(format!(
            "environment variable {name} is not UTF-8 text; set it anew, or unset it"
        ))),
    }
}

/// What to say about variables that look like ours and have no effect. Without settings, those that
/// a file may name for its secrets are not known, so only misspelt names are reported.
pub(crate) fn warnings(config: Option<&Config>) -> Vec<String> {
    let names = env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    let named: Option<BTreeSet<&str>> = config.map(|it| it.variables_named().collect());
    unknown(names.collect(), named.as_ref())
}

fn unknown(names: BTreeSet<String>, named: Option<&BTreeSet<&str>>) -> Vec<String> {
    let all = known();
    let is_known = |name: &String| {
        let same = |known: &str| {
            // On Windows the names of variables are not case-sensitive.
            name == known || cfg!(windows) && name.eq_ignore_ascii_case(known)
        };
        all.iter().map(String::as_str).chain(FOR_TESTS).any(same)
            || named.is_some_and(|named| named.iter().any(|it| same(it)))
    };
    let ours = |name: &String| name.to_ascii_uppercase().starts_with("DUKA_");
    names
        .into_iter()
        .filter(|name| ours(name) && !is_known(name))
        .filter_map(|name| {
            let said = format!(
                "warning: environment variable {} is not known and has no effect",
                name.escape_debug()
            );
            match closest(&name) {
                Some(known) => Some(format!("{said}; did you mean {known}?")),
                None => named.map(|_| said),
            }
        })
        .collect()
}

/// The known name that this one may have been meant for.
fn closest(name: &str) -> Option<String> {
    let name = name.to_ascii_uppercase();
    let slips = known()
        .into_iter()
        .map(|known| (slips(&name, &known), known));
    let (slips, known) = slips.min()?;
    (slips <= NEAR).then_some(known)
}

/// How many letters must be put in, left out or changed to make one of the other (Levenshtein).
fn slips(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, c) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, d) in other.iter().enumerate() {
            let changed = diagonal + usize::from(c != *d);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn warning(name: &str, named: Option<&[&str]>) -> Option<String> {
        let named = named.map(|names| names.iter().copied().collect());
        let mut warnings = unknown(BTreeSet::from([name.to_owned()]), named.as_ref());
        assert!(warnings.len() <= 1);
        warnings.pop()
    }

    #[test]
    fn a_misspelt_name_is_reported_with_the_name_that_was_meant() {
        for (slip, meant) in [
            ("DUKA_KWIKPAISA_APIKEY", "DUKA_KWIKPAISA_API_KEY"),
            ("DUKA_KWIKPAISA_BASEURL", "DUKA_KWIKPAISA_BASE_URL"),
            ("DUKA_PESAPAL_ENVIROMENT", "DUKA_PESAPAL_ENVIRONMENT"),
            ("DUKA_PESEPAL_BASE_URL", "DUKA_PESAPAL_BASE_URL"),
            ("DUKA_STORES", "DUKA_STORE"),
        ] {
            let said = format!(
                "warning: environment variable {slip} is not known and has no effect; did you mean {meant}?"
            );
            assert_eq!(warning(slip, Some(&[])), Some(said.clone()));
            assert_eq!(warning(slip, None), Some(said));
        }
    }

    #[test]
    fn a_name_like_no_other_is_reported_once_the_settings_are_known() {
        let said =
            "warning: environment variable DUKA_COLOUR_OF_TEA is not known and has no effect";
        assert_eq!(
            warning("DUKA_COLOUR_OF_TEA", Some(&[])),
            Some(said.to_owned())
        );
        assert_eq!(warning("DUKA_COLOUR_OF_TEA", None), None);
    }

    #[test]
    fn a_name_that_has_an_effect_or_is_another_programs_is_not_reported() {
        let all = known();
        for name in all.iter().map(String::as_str).chain(FOR_TESTS) {
            assert_eq!(warning(name, Some(&[])), None, "{name}");
        }
        assert_eq!(warning("DUKA_SHOP_KEY", Some(&["DUKA_SHOP_KEY"])), None);
        for name in ["DUKASCOPY_KEY", "PATH", "MY_DUKA_STORE"] {
            assert_eq!(warning(name, Some(&[])), None, "{name}");
        }
    }

    #[test]
    fn the_help_says_what_every_variable_is_and_groups_the_global_options() {
        let help = <crate::args::Args as clap::CommandFactory>::command()
            .render_help()
            .to_string();
        for name in known() {
            let mut lines = help.lines().map(str::trim);
            let words = lines.find_map(|line| line.strip_prefix(&format!("{name} ")));
            assert!(words.is_some_and(|it| it.len() > 10), "{name}: {help}");
        }
        assert!(help.contains("Global options:"), "{help}");
    }

    #[test]
    fn the_known_names_are_those_that_the_settings_are_read_from() {
        let asked = RefCell::new(BTreeSet::new());
        let read = |name: &str| {
            asked.borrow_mut().insert(name.to_owned());
            // Enough for both accounts to be made.
            Ok(name
                .contains("_KEY")
                .then(|| "k".to_owned())
                .or_else(|| name.contains("_SECRET").then(|| "s".to_owned())))
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("empty.toml");
        std::fs::write(&file, "").unwrap();
        Config::load(Some(&file), None, &read).unwrap();
        let known: BTreeSet<String> = known().into_iter().collect();
        assert_eq!(asked.into_inner(), known);
    }
}
