//! JSON as a reader sees it that looks at a few members only. The tests of the adapters share this file.

/// The value of a reply, as far as it matters: in a member that is not looked at, a text that cannot
/// be decoded does no harm, nor does a value that is nested deeply or a number of any size.
pub(crate) fn value_of(body: &str) -> serde_json::Value {
    let mut text = String::new();
    let (mut rest, mut digits) = (body.trim_start_matches('\u{feff}'), 0);
    let mut exponent = false;
    while let Some(letter) = rest.chars().next() {
        // An escaped backslash begins no other escape.
        if let Some(behind) = rest.strip_prefix(r"\\") {
            text.push_str(r"\\");
            (rest, digits, exponent) = (behind, 0, false);
            continue;
        }
        let escape = rest.as_bytes().get(..6).filter(|it| it.starts_with(b"\\u"));
        let half = escape.is_some_and(|it| {
            let is_half = matches!(
                it[2..4],
                [b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F']
            );
            is_half && it[4..].iter().all(u8::is_ascii_hexdigit)
        });
        let length = if half { 6 } else { letter.len_utf8() };
        if letter.is_ascii_digit() {
            digits += 1;
        } else {
            exponent = match letter {
                'e' | 'E' => digits > 0,
                '+' | '-' => exponent && digits == 0,
                _ => false,
            };
            digits = 0;
        }
        let most = if exponent { 2 } else { 200 };
        if half {
            text.push('?');
        } else if digits <= most {
            text.push(letter);
        }
        rest = &rest[length..];
    }
    while text.contains("[[") || text.contains("]]") {
        text = text.replace("[[", "[").replace("]]", "]");
    }
    serde_json::from_str(&text).unwrap_or_default()
}
