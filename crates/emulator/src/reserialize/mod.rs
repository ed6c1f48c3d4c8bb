//! A body as a server signs it that has read it and writes it again, as the two documented samples do.
//!
//! Both lose something on the way, which is the point: Node reads every number as a float, PHP every empty object
//! as an empty array. They are compiled in with the feature `reserialize`.

/// One way to write a body again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reserializer {
    /// The body as it is written again; None where it is no JSON.
    pub(crate) write: fn(&[u8]) -> Option<String>,
    /// How the log names what the signature is expected over.
    pub(crate) named: &'static str,
}

#[cfg(any(test, feature = "reserialize"))]
pub(crate) use languages::{NODE, PHP, PHP_ESCAPED};

#[cfg(any(test, feature = "reserialize"))]
mod languages;
