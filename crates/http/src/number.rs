//! Numbers as JSON writes them, for readers of decimals that know no exponent.

/// More zeros than an amount of money can have; a longer one need not be written out.
const MOST_ZEROS: u32 = 64;

/// A decimal number without its exponent, with exactly its digits: `1.05e2` is `105`.
///
/// A number without an exponent is given back as it is. `None` for what JSON would not take
/// for a number (`+5`, ` 5`, `05`, `5.`, `1,000`), and for an exponent that is too large or
/// small for any amount of money.
pub fn plain_number(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (sign, number) = match mantissa.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", mantissa),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_padded = whole.len() > 1 && whole.starts_with('0');
    if !is_digits(whole) || !is_digits(fraction) || is_padded {
        return None;
    }
    let Some(exponent) = exponent else {
        return Some(text.to_owned());
    };
    let exponent: i32 = exponent.parse().ok()?;
    if exponent.unsigned_abs() > MOST_ZEROS {
        return None;
    }
    let zeros = "0".repeat(usize::try_from(exponent.unsigned_abs()).ok()?);
    // Enough digits on the side to which the point moves.
    let (whole, fraction) = if exponent < 0 {
        (format!("{zeros}{whole}"), fraction.to_owned())
    } else {
        (whole.to_owned(), format!("{fraction}{zeros}"))
    };
    let point = if exponent < 0 {
        whole.len() - zeros.len()
    } else {
        whole.len() + zeros.len()
    };
    let digits = format!("{whole}{fraction}");
    let (whole, fraction) = digits.split_at(point);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    Some(match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    })
}
