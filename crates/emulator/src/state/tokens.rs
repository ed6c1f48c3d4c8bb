//! Pesapal's bearer tokens that are known here, and when each ends.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use jiff::Timestamp;

/// Keeps memory flat for a client that fetches a token for every call.
const MOST_TOKENS: usize = 10_000;

/// The newest tokens and when each ends.
#[derive(Default)]
pub(crate) struct Tokens {
    expiry: HashMap<String, Timestamp>,
    oldest_first: VecDeque<String>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("issued", &self.expiry.len())
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// When a token that was issued here ends.
    pub(crate) fn expiry(&self, token: &str) -> Option<Timestamp> {
        self.expiry.get(token).copied()
    }

    /// Every token and when it ends, oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        let known = |token: &'_ String| self.expiry.get(token).copied();
        self.oldest_first
            .iter()
            .filter_map(move |token| Some((token.as_str(), known(token)?)))
    }

    pub(crate) fn add(&mut self, token: String, expiry: Timestamp) {
        if self.oldest_first.len() >= MOST_TOKENS
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.expiry.remove(&oldest);
        }
        self.oldest_first.push_back(token.clone());
        self.expiry.insert(token, expiry);
    }
}
