//! What a row of the table of variants holds, and how a table is written.

use std::fmt;

use crate::gateway::Gateway;

/// A variant and, for each of its values, what the emulator makes of it.
pub(crate) struct Question<T: 'static> {
    pub(super) variant: Variant,
    /// As many as the variant has values, in the same order.
    pub(super) answers: &'static [T],
}

/// How it is known that a gateway answers as the default of a variant says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evidence {
    /// A page of the gateway says so.
    Documented,
    /// A reply of the real server was recorded.
    Observed,
    /// Neither; the default is one possible answer.
    Assumed,
}

/// A question that the gateway's pages leave open, and each answer the emulator can give.
#[derive(Clone, Copy)]
pub struct Variant {
    pub(super) name: &'static str,
    pub(super) gateway: Gateway,
    pub(super) evidence: Evidence,
    /// The first is the default.
    pub(super) values: &'static [&'static str],
    /// What each value means, in the same order.
    pub(super) meanings: &'static [&'static str],
    pub(super) about: &'static str,
}

impl Variant {
    /// Its dotted name, the gateway's first: `kwikpaisa.cancel_refusal`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The gateway whose answer it decides.
    #[must_use]
    pub const fn gateway(&self) -> Gateway {
        self.gateway
    }

    /// The names of its values, two at least, the default first.
    #[must_use]
    pub const fn values(&self) -> &'static [&'static str] {
        self.values
    }

    /// What each value means, in the order of [`values`](Self::values).
    #[must_use]
    pub const fn meanings(&self) -> &'static [&'static str] {
        self.meanings
    }

    /// How the default is known.
    #[must_use]
    pub const fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// The name of the value that holds unless another is set.
    #[must_use]
    pub const fn default(&self) -> &'static str {
        self.values[0]
    }

    /// What it decides, in a sentence or two.
    #[must_use]
    pub const fn about(&self) -> &'static str {
        self.about
    }
}

impl fmt::Debug for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variant")
            .field("name", &self.name)
            .field("values", &self.values)
            .finish_non_exhaustive()
    }
}

/// Writes the table of one gateway: a static for each question, and the list of their variants.
///
/// A row is `NAME: what the answers are = "name", evidence of the default, "about" { "value" => answer, "meaning"; … }`;
/// the first value is the default.
macro_rules! questions {
    ($gateway:ident: $(
        $question:ident: $answers:ty = $name:literal, $evidence:ident, $about:literal {
            $($(#[$condition:meta])? $value:literal => $answer:expr, $meaning:literal;)+
        }
    )+) => {
        $(
            #[doc = $about]
            pub(crate) static $question: $crate::variants::Question<$answers> = $crate::variants::Question {
                variant: $crate::variants::Variant {
                    name: $name,
                    gateway: $crate::gateway::Gateway::$gateway,
                    evidence: $crate::variants::Evidence::$evidence,
                    values: &[$($(#[$condition])? $value),+],
                    meanings: &[$($(#[$condition])? $meaning),+],
                    about: $about,
                },
                answers: &[$($(#[$condition])? $answer),+],
            };
        )+

        pub(super) static VARIANTS: &[$crate::variants::Variant] = &[$($question.variant),+];
    };
}
pub(super) use questions;
