//! An error with its causes, in one line for a person.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::{Error, ErrorKind};
use crate::text::harm;

/// The longest text of somebody else's that is shown, in characters.
const LONGEST: usize = 200;
/// What libraries call the end of a wait; our own text has said *in time* by then.
const LATE: [&str; 3] = ["timed out", "operation timed out", "deadline has elapsed"];

/// An [`Error`]'s text, and after it what each cause adds. Made by [`Error::in_full`].
///
/// Our own errors among the causes are told one by one. Of what other libraries have made
/// of a cause only the last is told: the layers above it (*error sending request*, *client
/// error*) say nothing that the text before them has not said. What has been said already
/// is left out, and so are a URL's password and query, characters of any
/// [`Harm`](crate::text::Harm), and all beyond 200 characters.
#[derive(Debug, Clone, Copy)]
pub struct InFull<'a>(pub(super) &'a Error);

impl fmt::Display for InFull<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        let mut kind = self.0.kind();
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let adds = match ours(error) {
                Some(ours) => {
                    let text = without_opening(ours, kind, &said);
                    kind = ours.kind();
                    text
                }
                None if error.source().is_none() => printable(&error.to_string()),
                None => String::new(),
            };
            if !adds.is_empty() && !is_said(&adds, &said) {
                said.push_str(": ");
                said.push_str(&adds);
            }
            cause = error.source();
        }
        f.write_str(&said)
    }
}

/// One of our own errors, also where several callers share it.
fn ours<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e Error> {
    let shared = || error.downcast_ref::<Arc<Error>>().map(Arc::as_ref);
    error.downcast_ref::<Error>().or_else(shared)
}

/// The text without its kind, where the error before it was of the same, and without what
/// the reply was marked with, where that stands there already.
fn without_opening(error: &Error, before: ErrorKind, said: &str) -> String {
    let opening = if error.kind() == before {
        String::new()
    } else {
        format!("{}: ", error.kind().as_str())
    };
    let answer = error.answer();
    let ending = if said.contains(&answer) { "" } else { &answer };
    format!("{opening}{}{ending}", error.0.message)
}

fn is_said(text: &str, said: &str) -> bool {
    let said = said.to_lowercase();
    let text = text.to_lowercase();
    said.contains(&text) || said.contains(" in time") && LATE.contains(&text.as_str())
}

/// Somebody else's text as one line of ours.
fn printable(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().map(without_query).collect();
    let text = words.join(" ");
    let mut text: String = text.chars().filter(|c| harm(*c).is_none()).collect();
    // The system's number for what the words before it say.
    if let Some((words, _)) = text.rsplit_once(" (os error ") {
        text = words.to_owned();
    }
    if text.chars().count() > LONGEST {
        text = text.chars().take(LONGEST - 1).chain(['…']).collect();
    }
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        // A sentence, and not an abbreviation.
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text,
    }
}

/// A URL without the password before its host and the query behind its path: an order's id
/// or a key may stand there. Any other word as it is.
fn without_query(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    let (place, query) = match rest.find(['?', '#']) {
        Some(at) => (&rest[..at], format!("{}…", &rest[at..=at])),
        None => (rest, String::new()),
    };
    let host = place.find('/').unwrap_or(place.len());
    let place = match place[..host].rfind('@') {
        Some(at) => format!("…{}", &place[at..]),
        None => place.to_owned(),
    };
    format!("{scheme}://{place}{query}")
}
