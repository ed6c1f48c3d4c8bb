//! The few reply headers that matter, read without trusting them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use url::Url;

/// Reads an HTTP date, which is an RFC 2822 one that ends in `GMT`.
pub(crate) fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

/// Reads `Retry-After`: seconds, or a date, which counts from the reply's own `Date` since
/// the two clocks need not agree. A date in the past is no wait.
pub(crate) fn retry_after(text: &str, now: Option<Timestamp>) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit is a wait beyond any cap, not a header to be ignored.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let wait = date(text)?.duration_since(now?);
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO))
}

/// The host a `Location` points to. The path and query are left out: they may carry a token.
pub(crate) fn location_host(text: &str, asked: &Url) -> Option<String> {
    let target = asked.join(text).ok()?;
    target.host_str().map(str::to_owned)
}
