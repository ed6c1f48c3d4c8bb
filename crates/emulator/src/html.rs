//! What the pages share: the frame, and texts made safe for it.

use hyper::StatusCode;

use crate::exchange::Reply;

/// No script runs and no resource is loaded, whatever text an order contains.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'";
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:3rem auto;padding:0 1rem;color:#1c2330}\
dl{display:grid;grid-template-columns:auto 1fr;gap:.3rem 1rem}dt{color:#5b6472}dd{margin:0;overflow-wrap:anywhere}\
.amount{font-size:2rem;margin:.5rem 0}form{display:inline}\
button{font:inherit;padding:.5rem 1.2rem;margin-right:.5rem;border:1px solid #1c2330;border-radius:.4rem;background:#fff;cursor:pointer}\
.pay{background:#14532d;border-color:#14532d;color:#fff}.state{padding:.6rem .8rem;border-radius:.4rem;background:#eef1f5}\
main{max-width:70rem}table{border-collapse:collapse;font-size:.9rem}td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top;overflow-wrap:anywhere}\
footer{margin-top:2rem;font-size:.85rem;color:#5b6472}";

/// What varies of a page; `head` and `body` are HTML.
pub(crate) struct Html {
    pub(crate) title: &'static str,
    pub(crate) head: String,
    pub(crate) body: String,
}

pub(crate) fn framed(status: StatusCode, page: &Html) -> Reply {
    let html = format!(
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{}</title><style>{STYLE}</style>{}</head><body>{}\
         <footer>An emulator: no money moves.</footer></body></html>",
        page.title, page.head, page.body
    );
    Reply::html(status, html).with_header("content-security-policy", POLICY)
}

pub(crate) fn encoded(segment: &str) -> String {
    percent_encoding::utf8_percent_encode(segment, percent_encoding::NON_ALPHANUMERIC).to_string()
}

pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(it),
        }
    }
    safe
}
