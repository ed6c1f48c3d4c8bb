//! An error with its causes, in one line for a person.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::{Error, ErrorKind};
use crate::text::harm;

/// The longest text of another library that is shown, in characters.
const LONGEST: usize = 200;
/// How libraries report a timeout; our own text already says *in time*.
const LATE: [&str; 3] = ["timed out", "operation timed out", "deadline has elapsed"];

/// An [`Error`]'s text, and after it what each cause adds. Made by [`Error::in_full`].
///
/// Each of our own errors among the causes is shown. Of the errors of other libraries only
/// the innermost is shown: the layers around it (*error sending request*, *client error*)
/// add nothing to the text before them. Repeated text is left out, and so are a URL's password and query, characters of any
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

/// The text of another library, on one line and safe to print.
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
    let (authority_and_path, query) = match rest.find(['?', '#']) {
        Some(at) => (&rest[..at], format!("{}…", &rest[at..=at])),
        None => (rest, String::new()),
    };
    let path = authority_and_path
        .find('/')
        .unwrap_or(authority_and_path.len());
    let shown = match authority_and_path[..path].rfind('@') {
        Some(at) => format!("…{}", &authority_and_path[at..]),
        None => authority_and_path.to_owned(),
    };
    format!("{scheme}://{shown}{query}")
}
