//! Ids that a spreadsheet has changed.
//!
//! A spreadsheet takes an id of digits for a number: it rounds a long one, groups its digits, or gives
//! it decimal places; and what keeps a cell text ('17, ="17") comes along when it is copied or exported. Two
//! orders can become one this way. Such ids are refused where they come in without a type.
//!
//! An id that a merchant chose must not be refused, so `4E12` and `12E5` are ids: a spreadsheet writes a
//! sign behind the E, and a fraction before it unless all lost digits were zeros. What cannot be distinguished from an id is accepted:
//! zeros that were cut off in front, a date, digits behind the fifteenth that became zeros.

use std::fmt;

/// What a spreadsheet did to an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// `6.11623E+12`.
    Rounded,
    /// `6116229263036.0`.
    Fraction,
    /// `6,116,229,263,036`.
    Grouped,
    /// `+6116229263036`.
    Sign,
    /// `６１１６`, and an id of another script's digits alone.
    Digits,
    /// `'6116229263036`.
    Apostrophe,
    /// `="6116229263036"`.
    Formula,
    /// `"6116229263036"`, with quotes in the cell.
    Quoted,
    /// `#REF!`, `#####`.
    ErrorValue,
}

/// What a message says after the id.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rounded => {
                "is an id that became a number with an exponent, whose last digits are lost"
            }
            Self::Fraction => "is an id that became a number with decimal places",
            Self::Grouped => "is an id that became a number whose digits are in groups",
            Self::Sign => "is an id that became a number with a sign",
            Self::Digits => "is written in other digits than 0 to 9",
            Self::Apostrophe => "begins with the apostrophe that makes a cell text",
            Self::Formula => "is a formula and not its value",
            Self::Quoted => "stands in quotes that are part of it",
            Self::ErrorValue => "is what a cell shows where its value cannot be shown",
        })
    }
}

/// What to do about it in a list.
pub(crate) const EXPORT_AS_TEXT: &str =
    "in the spreadsheet, make that column text before the ids come into it, then export it again";

/// What to do about it on a command line.
pub(crate) const GIVE_AS_TEXT: &str =
    "give the id as the gateway has it, not as a spreadsheet shows it";

const ERROR_VALUES: [&str; 9] = [
    "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#N/A", "#NULL!", "#DIV/0!", "#SPILL!", "#CALC!",
];

/// What a spreadsheet did to this id, if that can be detected.
pub(crate) fn change(id: &str) -> Option<Change> {
    let id = id.trim();
    let first = id.chars().next()?;
    if matches!(
        first,
        '\'' | '\u{2018}'
            | '\u{2019}'
            | '\u{201b}'
            | '\u{2bc}'
            | '\u{2032}'
            | '\u{ff07}'
            | '`'
            | '´'
    ) {
        return Some(Change::Apostrophe);
    }
    if matches!(first, '=' | '\u{ff1d}') {
        return Some(Change::Formula);
    }
    if matches!(
        first,
        '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '«' | '\u{ff02}'
    ) {
        return Some(Change::Quoted);
    }
    if ERROR_VALUES.contains(&id) || id.len() > 1 && id.chars().all(|c| c == '#') {
        return Some(Change::ErrorValue);
    }
    if id.chars().any(|c| ('\u{ff10}'..='\u{ff19}').contains(&c))
        || !id.is_ascii() && id.chars().all(char::is_numeric)
    {
        return Some(Change::Digits);
    }
    number(id)
}

/// What makes this a number and no id any more.
fn number(text: &str) -> Option<Change> {
    let sign = text.starts_with(['+', '-', '\u{2212}']);
    let bare = text.trim_start_matches(['+', '-', '\u{2212}']);
    if is_rounded(bare) {
        return Some(Change::Rounded);
    }
    if has_no_decimals(bare) {
        return Some(Change::Fraction);
    }
    if is_grouped(bare) {
        return Some(Change::Grouped);
    }
    (sign && text.starts_with('+') && all_digits(bare)).then_some(Change::Sign)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `6.11623E+12`, `6E+12` and `1.2e3`; not `4E12`, which a merchant may have chosen.
fn is_rounded(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let (whole, fraction) = match mantissa.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let power = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    all_digits(whole) && all_digits(power) && fraction.map_or(exponent.starts_with('+'), all_digits)
}

/// `6116229263036.0`: an integer that was stored as a number with decimal places, all of them zero.
fn has_no_decimals(text: &str) -> bool {
    text.split_once(['.', ','])
        .is_some_and(|(whole, fraction)| {
            let zeros = fraction.bytes().all(|b| b == b'0');
            // `6,000` is six thousand.
            let thousands = text.contains(',') && fraction.len() == 3;
            all_digits(whole) && zeros && !thousands
        })
}

/// Digits and one kind of mark between them. A point may stand in an id of the merchant's, so it
/// counts only between groups of three, and where there are at least two.
fn is_grouped(text: &str) -> bool {
    // Decimal places after all groups: `6,116.00`, `6.116,00`.
    let (groups, decimals) = match text.rsplit_once(['.', ',']) {
        Some((groups, decimals)) if groups.contains(marks) && all_digits(decimals) => {
            let last = text[groups.len()..].chars().next();
            if groups.chars().any(|c| marks(c) && Some(c) != last) {
                (groups, true)
            } else {
                (text, false)
            }
        }
        _ => (text, false),
    };
    let Some(mark) = groups.chars().find(|c| marks(*c)) else {
        return false;
    };
    let parts: Vec<_> = groups.split(mark).collect();
    if !parts.iter().all(|part| all_digits(part)) {
        return false;
    }
    let in_threes = parts[0].len() <= 3 && parts[1..].iter().all(|part| part.len() == 3);
    match mark {
        '.' => in_threes && (parts.len() > 2 || decimals),
        _ => true,
    }
}

/// What stands between groups of digits somewhere in the world.
fn marks(c: char) -> bool {
    matches!(c, ',' | '.' | '\'' | '\u{2019}' | '\u{66c}') || c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_of_letters_digits_and_hyphens_is_taken_for_a_changed_one() {
        for id in [
            "6116229263036",
            "0017",
            "ORDER-12",
            "4E12",
            "12E5",
            "12e-5",
            "E+12",
            "A+1",
            "1.5",
            "1.2.3",
            "2026.05.13",
            "10.0.0.1",
            "order 17 / a",
            "O'NEIL-1",
            "17'",
            "#17",
            "#",
            "a=b",
            "आदेश-१७",
            "№17 🧾",
            "-17",
            "1-2",
            "1/2",
            "0x1F",
            "1_000",
            "12,A",
            "",
            "d0fa69d6-f3cd-433b-858e-df86555b86c8",
            "1.2E",
            "e5",
            "E5",
            "1e",
            "6.11623E+",
        ] {
            assert_eq!(change(id), None, "{id}");
        }
    }

    #[test]
    fn numbers_of_any_country_are_detected() {
        for (id, what) in [
            ("6,000", Change::Grouped),
            ("6.116.229", Change::Grouped),
            ("6.116,00", Change::Grouped),
            ("6116,00", Change::Fraction),
            ("٦١١٦", Change::Digits),
            ("6\u{2009}116", Change::Grouped),
            ("-6116.0", Change::Fraction),
            ("6.1E-5", Change::Rounded),
            ("`17", Change::Apostrophe),
        ] {
            assert_eq!(change(id), Some(what), "{id}");
        }
    }
}
