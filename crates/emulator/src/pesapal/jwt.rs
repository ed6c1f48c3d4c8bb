//! Bearer tokens in the form of the real ones: JWTs, which clients decode to learn when they end.

use jiff::Timestamp;

use crate::rng::Rng;

/// A token that says from when to when it is good. Its signature is made up: only the server could check it.
pub(super) fn token(rng: &mut Rng, from: Timestamp, life_seconds: i64) -> String {
    let from = from.as_second();
    let until = from.saturating_add(life_seconds);
    let uid = rng.guid();
    let header = base64url(br#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = format!(r#"{{"uid":"{uid}","nbf":{from},"exp":{until},"iat":{from}}}"#);
    let signature = rng.hex_token();
    format!(
        "{header}.{}.{}",
        base64url(claims.as_bytes()),
        base64url(signature.as_bytes())
    )
}

/// Base64 in the alphabet of addresses, without padding (RFC 4648, section 5).
fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut three = [0; 3];
        three[..chunk.len()].copy_from_slice(chunk);
        let [a, b, c] = three.map(usize::from);
        let letters = [
            a >> 2,
            (a << 4 | b >> 4) & 63,
            (b << 2 | c >> 6) & 63,
            c & 63,
        ];
        let used = chunk.len() + 1;
        text.extend(letters.iter().take(used).map(|it| char::from(LETTERS[*it])));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_in_the_rfc() {
        // RFC 4648, section 10, without the padding.
        for (text, expected) in [
            ("", ""),
            ("f", "Zg"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64url(text.as_bytes()), expected);
        }
        assert_eq!(base64url(&[0xFB, 0xFF]), "-_8");
    }
}
