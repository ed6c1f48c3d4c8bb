//! Who may use what is no call of a gateway's: the control calls and the pages. There is no login, so a page of any other
//! site that a developer's browser shows must not reach them, under no name.

use std::net::{Ipv4Addr, Ipv6Addr};

use hyper::header::{HOST, ORIGIN};
use url::{Host, Url};

use crate::config::Exposure;
use crate::exchange::Received;

/// What is wrong with where a request comes from: the header, and why.
pub(crate) fn refusal(exposure: Exposure, received: &Received) -> Option<(&'static str, String)> {
    let is_ours = |url: &str| Url::parse(url).is_ok_and(|url| is_own(exposure, &url));
    // By this a browser names the site whose page sends the request.
    if received.headers.contains_key(ORIGIN) {
        let origin = received.header("origin").unwrap_or("several, or not ASCII");
        if !(origin.starts_with("http") && is_ours(origin)) {
            return Some((
                "origin",
                format!("a page of {origin:?} may not use the emulator"),
            ));
        }
    }
    // A name of another site may lead to this machine, and its pages count as of one origin with us then.
    let host = received.header(HOST.as_str()).unwrap_or_default();
    let is_bare = !host.contains(['/', '@', '?', '#', '\\']);
    if !(is_bare && is_ours(&format!("http://{host}/"))) {
        let names = match exposure {
            Exposure::LoopbackOnly => "localhost, 127.0.0.1 and [::1]",
            Exposure::AnyInterface => "IP addresses and names without a dot",
        };
        let problem = format!("the emulator answers to {names}, and not to {host:?}");
        return Some(("host", problem));
    }
    None
}

/// Whether an address is this machine's own; exposed, any that no other site can have.
fn is_own(exposure: Exposure, url: &Url) -> bool {
    let exposed = exposure == Exposure::AnyInterface;
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback() || exposed && ip != Ipv4Addr::UNSPECIFIED,
        Some(Host::Ipv6(ip)) => ip.is_loopback() || exposed && ip != Ipv6Addr::UNSPECIFIED,
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || exposed && !name.contains('.')
        }
        None => false,
    }
}
