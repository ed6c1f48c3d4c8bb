//! A short, printable piece of a gateway's text, with our own secrets redacted.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use duka_core::text::harm;
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded::byte_serialize;

/// The longest excerpt, in characters.
const LONGEST: usize = 200;

/// A secret shorter than this is not looked for: it would redact ordinary words.
const SHORTEST_SECRET: usize = 6;

/// The first 200 characters of `text`, fit for one line of an error message.
///
/// Characters of any [`Harm`](duka_core::text::Harm) are dropped, white
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
        if harm(c).is_some() {
            continue;
        }
        // One character is kept for the mark of the cut.
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

/// An [`excerpt`] of what a gateway says, with `…` wherever it quotes one of `secrets`.
///
/// Gateways do quote keys, tokens and signatures back, and what they say ends in errors,
/// stores and logs. A secret is found in letters of either case, with slashes escaped as
/// PHP writes them into JSON, percent-encoded, in base64 (also as a part of what is encoded), and
/// with invisible characters in between. One of less than six bytes is not looked for.
pub fn without_secrets(text: impl AsRef<[u8]>, secrets: &[SecretString]) -> String {
    excerpt(redact(text, secrets))
}

/// A word on which something is decided, as [`without_secrets`] shows it, and with a remark
/// where that is not the word that was sent.
///
/// What is cleaned for the screen must not decide: a word that looks like a documented one
/// and holds something invisible is another word, and stays another one here.
pub fn word_without_secrets(word: &str, secrets: &[SecretString]) -> String {
    let shown = without_secrets(word, secrets);
    if shown == word {
        shown
    } else {
        format!("{shown} (sent with other characters than are shown)")
    }
}

/// All of `text`, with `…` wherever it quotes one of `secrets`; found as
/// [`without_secrets`] finds them. For a person who asked to see a reply: what else is in
/// it is shown as well.
pub fn redact(text: impl AsRef<[u8]>, secrets: &[SecretString]) -> String {
    let decoded = String::from_utf8_lossy(text.as_ref());
    // First of all, or dropping them later would put a divided secret together again.
    let text: String = decoded
        .chars()
        .filter(|c| c.is_whitespace() || harm(*c).is_none())
        .collect();
    // Changes no length, so ranges in one are ranges in the other.
    let lower = text.to_ascii_lowercase();
    let mut found_at: Vec<Range<usize>> = Vec::new();
    for secret in secrets {
        let secret = secret.expose_secret();
        // No form of a secret is shorter than it is.
        if secret.len() < SHORTEST_SECRET || secret.len() > text.len() {
            continue;
        }
        for form in forms(secret) {
            let form = form.to_ascii_lowercase();
            let found = lower.match_indices(&form);
            found_at.extend(found.map(|(at, quoted)| at..at + quoted.len()));
        }
    }
    found_at.sort_unstable_by_key(|range| range.start);
    let mut out = String::with_capacity(text.len());
    let mut shown = 0;
    for range in found_at {
        // One secret may begin inside another: what either covers is not shown.
        if range.start >= shown {
            out.push_str(&text[shown..range.start]);
            out.push('…');
        }
        shown = shown.max(range.end);
    }
    out.push_str(&text[shown..]);
    out
}

/// How a text may quote a secret: as it is, or within something in base64, such as the credentials
/// of HTTP's basic authentication; each of these with its slashes escaped, or percent-encoded.
fn forms(secret: &str) -> Vec<String> {
    let mut plain = vec![secret.to_owned()];
    // Three bytes become four characters, so what precedes it decides what it looks like.
    for before in 0..3 {
        let bytes = [vec![0; before], secret.as_bytes().to_vec()].concat();
        // The characters that it does not share with what is beside it.
        let (from, to) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        for engine in [&STANDARD, &URL_SAFE] {
            plain.push(engine.encode(&bytes)[from..to].to_owned());
        }
    }
    let encoded = plain.iter().flat_map(|form| {
        let in_form: String = byte_serialize(form.as_bytes()).collect();
        [
            form.replace('/', "\\/"),
            in_form.replace('+', "%20"),
            in_form,
        ]
    });
    let mut forms: Vec<String> = encoded.collect();
    forms.append(&mut plain);
    forms.sort_unstable();
    forms.dedup();
    forms
}
