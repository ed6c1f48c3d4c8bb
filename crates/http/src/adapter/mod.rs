//! What adapters share: an account's settings, its calls, and the reading of a reply up to the point
//! where the gateways differ. What differs stays in the adapter.

mod answer;
mod builder;
mod details;
mod json;

pub use answer::{Answer, Words};
pub use builder::{AccountSettings, ApiUrls, Connection, Environment, check_key, misconfigured};
pub use details::DetailSettings;
pub use json::{JsonMembers, JsonScalar, money};
