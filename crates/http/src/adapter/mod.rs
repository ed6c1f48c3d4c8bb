//! What adapters share: an account's settings. What differs from gateway to gateway stays in the
//! adapter.

mod builder;

pub use builder::{AccountSettings, ApiUrls, Connection, Environment, check_key, misconfigured};
