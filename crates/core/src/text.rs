//! Which characters of a text from outside (a gateway, a library, a user) may not be printed as they are.

use std::fmt;

/// Why a character may not be printed as it is, or stand in an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Harm {
    /// It moves the cursor, sets a colour, ends a line or rings a bell: the control
    /// characters of ASCII and of Latin-1, line feed and tab among them.
    Control,
    /// It ends a line where a terminal or an editor honours it, and nowhere else: the line
    /// and the paragraph separator.
    Line,
    /// It turns the direction in which what follows is read, so that a line shows another
    /// text than it holds: marks, embeddings, overrides and isolates.
    Direction,
    /// It takes no room, so that two texts look alike, or one that is looked for is not
    /// found: spaces without a width, soft hyphens, byte order marks, tags.
    Invisible,
    /// It takes no room and joins, parts or chooses the shape of what is beside it: joiners
    /// and variation selectors. Malayalam and Persian are written with them, and so are many
    /// emoji; in an identifier they are as good as invisible.
    Joiner,
}

/// What is the matter with this character, if anything.
///
/// The one list of this workspace. An identifier takes none of them, an excerpt of a
/// gateway's words drops all of them, and what is printed for a person shows them as an
/// escape, joiners aside.
pub const fn harm(c: char) -> Option<Harm> {
    Some(match c {
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Harm::Control,
        '\u{2028}' | '\u{2029}' => Harm::Line,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Harm::Direction
        }
        '\u{34f}'
        | '\u{180b}'..='\u{180d}'
        | '\u{180f}'
        | '\u{200c}'
        | '\u{200d}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0100}'..='\u{e01ef}' => Harm::Joiner,
        '\u{ad}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e00ff}'
        | '\u{e01f0}'..='\u{e0fff}' => Harm::Invisible,
        _ => return None,
    })
}

/// In words that follow *holds*: *a control character*.
impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Control => "a control character",
            Self::Line => "a line separator",
            Self::Direction => "a character that turns the direction of reading",
            Self::Invisible | Self::Joiner => "an invisible character",
        })
    }
}

/// A text that is none of the words of a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {word:?} is not one of {words}")]
pub struct UnknownWord {
    what: &'static str,
    word: String,
    words: String,
}

impl UnknownWord {
    pub(crate) fn new(what: &'static str, word: &str, words: &[&str]) -> Self {
        Self {
            what,
            word: word.to_owned(),
            words: words.join(", "),
        }
    }
}

/// `Display` and `FromStr` of types whose values are words: `ALL` lists them, and `as_str` writes
/// each. The text is what an error calls such a word.
macro_rules! words {
    ($($type:ty: $what:literal;)+) => {$(
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::text::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.into_iter().find(|it| it.as_str() == word);
                found.ok_or_else(|| {
                    $crate::text::UnknownWord::new($what, word, &Self::ALL.map(Self::as_str))
                })
            }
        }
    )+};
}

pub(crate) use words;
