//! What every transport puts into the head of a request.

use duka_core::Error;
use hyper::header::{HeaderName, HeaderValue};
use url::Url;

use crate::message::Request;

/// The program that sends, for the gateway's logs.
pub(crate) const USER_AGENT: &str = concat!("duka/", env!("CARGO_PKG_VERSION"));

/// The headers of a request, as HTTP takes them.
pub(crate) fn headers_of(
    request: &Request,
) -> impl Iterator<Item = Result<(HeaderName, HeaderValue), Error>> {
    request.headers().map(|header| {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let value = HeaderValue::from_str(header.value);
        let (Ok(name), Ok(mut value)) = (name, value) else {
            let field = format!("header {}", header.name);
            let problem = "holds a character that HTTP does not allow";
            return Err(Error::invalid_field(&field, problem));
        };
        value.set_sensitive(header.secret);
        Ok((name, value))
    })
}

/// Host and port, as a `Host` header and messages have them.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or("the gateway");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
