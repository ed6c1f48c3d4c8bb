//! Amounts as lists write them. A comma is a decimal comma or stands between thousands only where
//! the user says so: `1,599` is one of two amounts.

use std::borrow::Cow;

use crate::config::import::Numbers;

/// The amount with a decimal point, or what is wrong with it.
pub(super) fn read(text: &str, numbers: Numbers) -> Result<Cow<'_, str>, String> {
    match numbers {
        Numbers::Plain if !text.contains(',') => Ok(Cow::Borrowed(text)),
        Numbers::Plain => {
            let (decimal, thousands) = (with_decimal_comma(text), without_thousands(text));
            Err(match (decimal, thousands) {
                (Some(decimal), Some(thousands)) => format!(
                    "{text:?} has a comma; --decimal-comma reads it as {decimal}, --thousands-comma as {thousands}"
                ),
                (Some(decimal), None) => {
                    format!("{text:?} has a decimal comma; --decimal-comma reads it as {decimal}")
                }
                (None, Some(thousands)) => format!(
                    "{text:?} has commas between thousands; --thousands-comma reads it as {thousands}"
                ),
                (None, None) => format!("{text:?} is not a decimal number such as 105.50"),
            })
        }
        Numbers::DecimalComma => with_decimal_comma(text).map(Cow::Owned).ok_or_else(|| {
            format!(
                "{text:?} is not a number with a decimal comma such as 105,50, which --decimal-comma asks for"
            )
        }),
        Numbers::ThousandsComma => without_thousands(text).map(Cow::Owned).ok_or_else(|| {
            format!(
                "{text:?} is not a number such as 1,599.00, which --thousands-comma asks for"
            )
        }),
    }
}

fn with_decimal_comma(text: &str) -> Option<String> {
    let (whole, fraction) = match text.split_once(',') {
        Some((whole, fraction)) => (whole, fraction),
        None => (text, "0"),
    };
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    (digits(unsigned) && digits(fraction)).then(|| match text.contains(',') {
        true => format!("{whole}.{fraction}"),
        false => whole.to_owned(),
    })
}

/// Groups of three, and in India of two before the last three.
fn without_thousands(text: &str) -> Option<String> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    let groups: Vec<_> = unsigned.split(',').collect();
    let fits = match groups.as_slice() {
        [] => false,
        [one] => digits(one),
        [first, middle @ .., last] => {
            (1..=3).contains(&first.len())
                && last.len() == 3
                && (middle.iter().all(|it| it.len() == 3)
                    || first.len() < 3 && middle.iter().all(|it| it.len() == 2))
                && groups.iter().all(|it| digits(it))
        }
    };
    (fits && fraction.is_none_or(digits)).then(|| text.replace(',', ""))
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_is_read_only_as_the_user_says() {
        for (text, plain, decimal, thousands) in [
            ("105.50", Some("105.50"), None, Some("105.50")),
            ("105", Some("105"), Some("105"), Some("105")),
            ("105,50", None, Some("105.50"), None),
            ("1,599", None, Some("1.599"), Some("1599")),
            ("1,599.00", None, None, Some("1599.00")),
            ("1,05,999.00", None, None, Some("105999.00")),
            ("1,234,567.5", None, None, Some("1234567.5")),
            ("1,23,4567", None, None, None),
            ("1.599,00", None, None, None),
            ("1,5,0", None, None, None),
            (",50", None, None, None),
            ("-1,50", None, Some("-1.50"), None),
        ] {
            for (numbers, expected) in [
                (Numbers::Plain, plain),
                (Numbers::DecimalComma, decimal),
                (Numbers::ThousandsComma, thousands),
            ] {
                let read = read(text, numbers);
                assert_eq!(read.as_deref().ok(), expected, "{text} {numbers:?}");
            }
        }
    }
}
