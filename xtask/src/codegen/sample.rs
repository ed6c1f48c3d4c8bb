//! A small description with one of everything, for the tests of the generators.

use crate::openapi::{self, document::Document};

/// Reads it.
pub(super) fn document() -> Document {
    openapi::parse(include_str!("sample.yaml")).expect("the sample is well formed")
}
