//! A short, printable piece of somebody else's text.

/// The longest excerpt, in characters.
const LONGEST: usize = 200;

/// The first 200 characters of `text`, fit for one line of an error message.
///
/// Control characters and the invisible ones that reverse or hide text are dropped, white
/// space is folded into single spaces, and what is not UTF-8 is replaced. Use it for a
/// field that is *meant* to be read, such as a gateway's `message`; a whole reply may hold
/// a token or a customer's data, and [`Reply::summary`](crate::Reply::summary) describes it
/// instead.
pub fn excerpt(text: impl AsRef<[u8]>) -> String {
    let bytes = text.as_ref();
    // Long white space aside, this is far more than is shown; the rest need not be decoded.
    let head = &bytes[..bytes.len().min(LONGEST * 16)];
    let decoded = String::from_utf8_lossy(head);
    let mut out = String::new();
    let mut count = 0;
    let mut gap = false;
    for c in decoded.chars() {
        if c.is_whitespace() {
            gap = count > 0;
            continue;
        }
        if !is_visible(c) {
            continue;
        }
        // One place is kept for the mark of the cut.
        if count + usize::from(gap) >= LONGEST - 1 {
            out.push('…');
            return out;
        }
        if gap {
            out.push(' ');
            count += 1;
            gap = false;
        }
        out.push(c);
        count += 1;
    }
    out
}

fn is_visible(c: char) -> bool {
    let hides_or_reverses = matches!(c,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !c.is_control() && !hides_or_reverses
}
