//! What came of the suite: every rule that was broken, with what was expected and seen.

use std::fmt;

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The case that found it.
    pub case: String,
    /// What should have been.
    pub expected: String,
    /// What was instead.
    pub seen: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            case,
            expected,
            seen,
        } = self;
        write!(f, "{case}: expected {expected}; saw {seen}")
    }
}

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The rule holds.
    Passed,
    /// It could not be tried, and why.
    LeftOut(String),
    /// It is broken, at least once.
    Violated(Vec<Violation>),
}

impl Verdict {
    /// Does nothing unless the rule is broken.
    ///
    /// # Panics
    /// With every violation, if it is.
    #[track_caller]
    pub fn assert_not_violated(&self) {
        if let Self::Violated(violations) = self {
            let lines: Vec<_> = violations.iter().map(ToString::to_string).collect();
            panic!("{}", lines.join("\n"));
        }
    }
}

/// What came of all cases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Report {
    /// The names of the cases that passed.
    pub passed: Vec<String>,
    /// The names of those that could not be tried, each with the reason.
    pub left_out: Vec<(String, String)>,
    /// What was found.
    pub violations: Vec<Violation>,
}

impl Report {
    /// Whether no rule is broken.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    /// The names of the cases with a violation, each once.
    pub fn violated(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.violations.iter().map(|v| v.case.as_str()).collect();
        names.dedup();
        names
    }

    pub(super) fn add(&mut self, case: &str, verdict: Verdict) {
        match verdict {
            Verdict::Passed => self.passed.push(case.to_owned()),
            Verdict::LeftOut(reason) => self.left_out.push((case.to_owned(), reason)),
            Verdict::Violated(violations) => self.violations.extend(violations),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for violation in &self.violations {
            writeln!(f, "{violation}")?;
        }
        for (case, reason) in &self.left_out {
            writeln!(f, "{case}: left out, {reason}")?;
        }
        let (passed, broken) = (self.passed.len(), self.violated().len());
        write!(f, "{passed} cases passed, {broken} are violated")
    }
}
