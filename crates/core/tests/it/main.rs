//! What the core promises, by subject.

mod cancel;
