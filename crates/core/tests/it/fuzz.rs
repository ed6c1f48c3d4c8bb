//! Properties of what reads bytes from outside, tried on texts with something changed in them. The
//! tests of other crates share this file.
//!
//! `DUKA_FUZZ_SECONDS` says for how long each property is tried; without it, a fixed number of
//! cases is.

use std::io::{self, Write};
use std::ops::Range;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{TestError, TestRng, TestRunner};

/// What is not seen, or hardly, as it stands and as JSON may write it; and what has a meaning of
/// its own in the forms that are read here.
const ODD: [&str; 26] = [
    "\u{200b}", "\u{ad}", "\u{feff}", "\u{202e}", "\u{301}", "\u{a0}", "\u{2028}", "\0", "\t", " ",
    "+", "-", ".", ",", ";", "%00", "&", "\"", "\\", "\n", "\r", r"\u200b", r"\u0000", r"\ud800",
    r"\n", "0",
];

/// Letters and digits, each with another that looks like it.
const TWINS: [(char, char); 22] = [
    ('A', 'А'),
    ('C', 'С'),
    ('E', 'Е'),
    ('I', 'І'),
    ('M', 'М'),
    ('O', 'О'),
    ('P', 'Р'),
    ('S', 'Ѕ'),
    ('T', 'Т'),
    ('D', 'Ｄ'),
    ('L', 'Ｌ'),
    ('N', 'Ｎ'),
    ('R', 'Ｒ'),
    ('a', 'а'),
    ('c', 'с'),
    ('e', 'е'),
    ('i', 'ı'),
    ('o', 'о'),
    ('s', 'ſ'),
    ('0', '٠'),
    ('1', '１'),
    ('2', '２'),
];

/// Values of another type, or of another size, than any reader expects.
const VALUES: [&str; 18] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "2",
    "200",
    "\"\"",
    "\"200\"",
    "\"500\"",
    "[]",
    "{}",
    "[[1]]",
    "1e999",
    "-0.0",
    "99999999999999999999999999999999999999999",
    "\"\\ud800\"",
    "\"1\"",
];

/// Tries a property on as many cases, or for as long as the environment says.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment may ask for a long run"
)]
pub(crate) fn holds<S: Strategy>(
    name: &str,
    cases: u32,
    inputs: &S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let seconds = std::env::var("DUKA_FUZZ_SECONDS").ok();
    let seconds: Option<u64> = seconds.map(|text| text.parse().expect("a number of seconds"));
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut tried = 0_u64;
    loop {
        let mut runner = TestRunner::new(config(cases));
        if let Err(error) = runner.run(inputs, &property) {
            panic!("{name}: {error}");
        }
        tried += u64::from(cases);
        if end.is_none_or(|end| Instant::now() >= end) {
            break;
        }
    }
    if seconds.is_some() {
        let said = writeln!(io::stdout(), "{name}: {tried} cases");
        said.expect("the cases are printed");
    }
}

/// Asserts that the property does not hold: the cases find what a broken reader gets wrong.
pub(crate) fn finds<S: Strategy>(
    cases: u32,
    inputs: &S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let random = TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config(cases), random);
    let outcome = runner.run(inputs, &property);
    assert!(
        matches!(outcome, Err(TestError::Fail(..))),
        "the cases do not find the fault of a broken reader"
    );
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..ProptestConfig::with_cases(cases)
    }
}

/// One of the texts with up to three changes in it.
pub(crate) fn mutated(texts: &'static [&'static str]) -> impl Strategy<Value = String> + use<> {
    let changes = prop::collection::vec((0_u8..10, any::<Index>(), any::<Index>()), 0..4);
    (prop::sample::select(texts), changes).prop_map(move |(text, changes)| {
        let text = text.to_owned();
        changes.into_iter().fold(text, |text, (kind, at, what)| {
            changed(text, texts, kind, at, what)
        })
    })
}

fn changed(text: String, texts: &[&str], kind: u8, at: Index, what: Index) -> String {
    let letters: Vec<_> = text.char_indices().collect();
    if letters.is_empty() {
        return text;
    }
    let (place, letter) = *at.get(&letters);
    let with = |range: Range<usize>, put: &str| {
        format!("{}{put}{}", &text[..range.start], &text[range.end..])
    };
    let here = place..place + letter.len_utf8();
    match kind {
        // Twice as often as the others, and only in what is a word.
        0 | 1 => {
            let inside: Vec<_> = letters
                .iter()
                .filter(|(_, it)| it.is_alphanumeric())
                .collect();
            let place = if inside.is_empty() {
                place
            } else {
                at.get(&inside).0
            };
            with(place..place, what.get::<&str>(&ODD))
        }
        2 => {
            let twin = |it: char| {
                TWINS
                    .iter()
                    .find(|(own, _)| *own == it)
                    .map(|(_, twin)| *twin)
            };
            let places: Vec<_> = letters
                .iter()
                .filter_map(|(at, it)| Some((*at, twin(*it)?)))
                .collect();
            if places.is_empty() {
                return text;
            }
            let (place, twin) = *at.get(&places);
            with(place..place + 1, &twin.to_string())
        }
        3 if letter.is_ascii_uppercase() => with(here, &letter.to_ascii_lowercase().to_string()),
        3 => with(here, &letter.to_ascii_uppercase().to_string()),
        4 => with(here, ""),
        5 => text[..place].to_owned(),
        6 | 7 => {
            let values = values(&text);
            if values.is_empty() {
                return with(here, what.get::<&str>(&ODD));
            }
            let depth = 1 << (what.index(12));
            let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let put = if kind == 6 {
                *what.get(&VALUES)
            } else {
                nested.as_str()
            };
            with(at.get(&values).clone(), put)
        }
        8 => {
            let members: Vec<_> = texts.iter().flat_map(|text| members(text)).collect();
            let objects: Vec<_> = text.match_indices('{').map(|(at, _)| at + 1).collect();
            if members.is_empty() || objects.is_empty() {
                return with(here.clone(), &text[here].repeat(2));
            }
            let place = *at.get(&objects);
            with(place..place, &format!("{},", what.get(&members)))
        }
        _ => with(here, &letter.to_string().repeat(1 + what.index(300))),
    }
}

/// Where values of JSON members stand, those that are no objects and no arrays.
fn values(text: &str) -> Vec<Range<usize>> {
    let behind = text.match_indices("\":").map(|(at, _)| at + 2);
    let end = |from: usize| {
        let rest = &text[from..];
        let length = match rest.strip_prefix('"') {
            Some(inside) => inside.find('"').map(|length| length + 2),
            None => rest.find([',', '}', ']']),
        };
        from + length.unwrap_or(rest.len())
    };
    behind
        .filter(|from| !text[*from..].starts_with(['{', '[']))
        .map(|from| from..end(from))
        .collect()
}

/// The members with such values, each with its name.
fn members(text: &str) -> Vec<&str> {
    let name = |value: &Range<usize>| text[..value.start - 2].rfind('"');
    values(text)
        .into_iter()
        .filter_map(|value| Some(&text[name(&value)?..value.end]))
        .collect()
}
